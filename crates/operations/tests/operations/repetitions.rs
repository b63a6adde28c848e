//! Idempotency, unknown outcomes, and many requests at once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::world::{BANK, World, cny, key, now};
use bank::Fault;
use ledger::Timestamp;
use operations::refund::RefundRequest;
use operations::start_up_check::{self, Report};
use operations::{OperationError, Reason};
use records::operations::OperationState;
use records::simulated::SimulatedRecords;
use wallet::ids::PrincipalId;

#[test]
fn the_same_key_with_another_body_is_refused_for_every_kind() {
    let world = World::new();
    world.top_up("k", 100).unwrap();
    world.withdraw("k", 100).unwrap();
    world.transfer("k", 100).unwrap();
    world.pay("k", 100).unwrap();
    world.refund("k", 100).unwrap();
    let before = world.money();
    assert_eq!(world.top_up("k", 101), Err(OperationError::KeyReused));
    assert_eq!(world.withdraw("k", 101), Err(OperationError::KeyReused));
    assert_eq!(world.transfer("k", 101), Err(OperationError::KeyReused));
    assert_eq!(world.pay("k", 101), Err(OperationError::KeyReused));
    assert_eq!(world.refund("k", 101), Err(OperationError::KeyReused));
    assert_eq!(world.money(), before);
}

#[test]
fn the_ledger_refuses_a_reused_key_even_where_the_records_have_forgotten_it() {
    let mut world = World::new();
    let backup = world.records.image().unwrap();
    let before = world.money();
    world.top_up("k", 100).unwrap();
    world.withdraw("k", 100).unwrap();
    world.transfer("k", 100).unwrap();
    let paid = world.pay("k", 100).unwrap();
    world.refund("k", 100).unwrap();
    let after = world.money();
    assert_ne!(after, before);
    let forgetful = SimulatedRecords::from_image(&backup, Box::new(|_| false)).unwrap();
    world.restart(Arc::new(forgetful));
    assert_eq!(world.top_up("k", 101), Err(OperationError::KeyReused));
    assert_eq!(world.withdraw("k", 101), Err(OperationError::KeyReused));
    assert_eq!(world.transfer("k", 101), Err(OperationError::KeyReused));
    assert_eq!(world.pay("k", 101), Err(OperationError::KeyReused));
    assert_eq!(world.refund("k", 101), Err(OperationError::KeyReused));
    assert_eq!(world.money(), after);
    // The records have learnt from the ledger what the key stands for.
    assert_eq!(world.row(paid.id).unwrap().amount, cny(100));
    assert_eq!(world.pay("k", 100).unwrap().state, OperationState::Completed);
    now(start_up_check::run(&world.operations)).unwrap();
    assert_eq!(world.money(), after);
    world.check_equation();
}

#[test]
fn more_lost_records_than_one_batch_of_the_ledger_can_name_are_rebuilt() {
    let mut world = World::new();
    let backup = world.records.image().unwrap();
    let lost = 4_200;
    for number in 0..lost {
        world.pay(&format!("payment-{number}"), 1).unwrap();
    }
    let forgetful = SimulatedRecords::from_image(&backup, Box::new(|_| false)).unwrap();
    world.restart(Arc::new(forgetful));
    assert_eq!(now(start_up_check::run(&world.operations)).unwrap().rebuilt, lost);
}

#[test]
fn records_restored_from_a_backup_get_back_what_the_ledger_knows() {
    let mut world = World::new();
    let backup = world.records.image().unwrap();
    let receipts = [
        world.top_up("a", 100).unwrap(),
        world.withdraw("b", 200).unwrap(),
        world.transfer("c", 300).unwrap(),
        world.pay("d", 400).unwrap(),
        world.refund("e", 500).unwrap(),
    ];
    let rows: Vec<_> = receipts.iter().map(|receipt| world.row(receipt.id).unwrap()).collect();
    let restored = SimulatedRecords::from_image(&backup, Box::new(|_| false)).unwrap();
    world.restart(Arc::new(restored));
    let report = now(start_up_check::run(&world.operations)).unwrap();
    assert_eq!(report, Report { rebuilt: 5, resumed: 2, unknown: 0 });
    for (receipt, lost) in receipts.iter().zip(&rows) {
        let row = world.row(receipt.id).unwrap();
        let facts = |row: &records::operations::Operation| {
            let parties = (row.payer, row.payee, row.merchant, row.card, row.parent);
            (row.kind, row.state, parties, row.amount, row.fingerprint)
        };
        assert_eq!(facts(&row), facts(lost));
    }
    assert_eq!(now(start_up_check::run(&world.operations)).unwrap(), Report::default());
}

#[test]
fn an_unreachable_bank_leaves_the_amount_held_until_it_answers() {
    let world = World::new();
    let before = world.money();
    // The answer to the charge is lost, and so are both questions afterwards.
    let dark = operations_with_dark_bank(&world);
    let request = operations::cards::CardRequest { holder: world.alice, card: world.card, amount: cny(700) };
    let receipt = now(operations::withdrawal::start(&dark, &key("k"), request)).unwrap();
    assert_eq!(receipt.state, OperationState::Unknown);
    assert_eq!(world.money().alice, before.alice - 700);
    let totals = now(operations::totals::count(&world.operations)).unwrap();
    let cny_totals = totals.currencies.iter().find(|totals| totals.currency == crate::world::CNY).unwrap();
    assert_eq!((cny_totals.leaving, cny_totals.difference()), (700, 0));
    let report = now(start_up_check::resume_open(&dark, Timestamp::LAST)).unwrap();
    assert_eq!(report, Report { unknown: 1, ..Report::default() });
    let report = now(start_up_check::resume_open(&world.operations, Timestamp::LAST)).unwrap();
    assert_eq!(report, Report { resumed: 1, ..Report::default() });
    assert_eq!(world.money(), before);
    let ended = world.withdraw("k", 700).unwrap();
    assert_eq!((ended.state, ended.reason), (OperationState::Reversed, Some(Reason::BankUnreachable)));
    world.check_equation();
}

/// A second server that cannot reach the bank.
fn operations_with_dark_bank(world: &World) -> operations::Operations {
    struct Dark;
    impl operations::BankConnector for Dark {
        fn call(&self, _: wallet::ids::BankId, _: bank::Request, reply: operations::BankReply) {
            reply(Err(operations::BankUnavailable));
        }
    }
    let services = world.operations.services().clone();
    operations::Operations::shared(operations::Services { bank: Arc::new(Dark), ..services })
}

#[test]
fn a_client_that_repeats_an_unknown_top_up_gets_it_done_once() {
    let world = World::new();
    let before = world.money();
    let dark = operations_with_dark_bank(&world);
    let request = operations::cards::CardRequest { holder: world.alice, card: world.card, amount: cny(700) };
    let receipt = now(operations::top_up::start(&dark, &key("k"), request)).unwrap();
    assert_eq!(receipt.state, OperationState::Unknown);
    assert_eq!(world.money().alice, before.alice);
    assert_eq!(world.top_up("k", 700).unwrap().state, OperationState::Completed);
    assert_eq!(world.top_up("k", 700).unwrap().state, OperationState::Completed);
    assert_eq!(world.money().charged, before.charged + 700);
    world.check_equation();
}

/// What a slow bank has still to do.
type Held = Arc<Mutex<Vec<Box<dyn FnOnce() + Send>>>>;

/// A bank that keeps its first answer to a charge until told to give it.
struct SlowBank {
    bank: Arc<operations::embedded_bank::EmbeddedBank>,
    held: Held,
}

impl operations::BankConnector for SlowBank {
    fn call(&self, bank: wallet::ids::BankId, request: bank::Request, reply: operations::BankReply) {
        let real = Arc::clone(&self.bank);
        if matches!(request, bank::Request::Charge { .. }) {
            let late = move || operations::BankConnector::call(&*real, bank, request, reply);
            self.held.lock().unwrap().push(Box::new(late));
            return;
        }
        operations::BankConnector::call(&*real, bank, request, reply);
    }
}

#[test]
fn a_charge_that_reaches_the_bank_after_the_check_gave_it_up_moves_nothing() {
    let world = World::new();
    let before = world.money();
    let held = Held::default();
    let slow = SlowBank { bank: Arc::clone(&world.bank), held: Arc::clone(&held) };
    let services = world.operations.services().clone();
    let first_server =
        operations::Operations::shared(operations::Services { bank: Arc::new(slow), ..services });
    let request = operations::cards::CardRequest { holder: world.alice, card: world.card, amount: cny(700) };
    let key = key("k");
    let mut charging = std::pin::pin!(operations::top_up::start(&first_server, &key, request));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(charging.as_mut().poll(&mut context).is_pending());
    // The same request again on the same server has to wait for the first.
    let repeated = now(operations::top_up::start(&first_server, &key, request));
    assert_eq!(repeated, Err(OperationError::KeyInProgress));
    // A second server believes that the first one is dead and ends the operation.
    let report = now(start_up_check::resume_open(&world.operations, Timestamp::LAST)).unwrap();
    assert_eq!(report.resumed, 1);
    for answer in held.lock().unwrap().drain(..) {
        answer();
    }
    let receipt = now(charging);
    assert_eq!(receipt.unwrap().state, OperationState::Reversed);
    assert_eq!(world.money(), before);
    world.check_equation();
}

#[test]
fn sixty_four_refunds_at_once_never_exceed_the_payment() {
    let world = Arc::new(World::new());
    let completed = AtomicUsize::new(0);
    thread::scope(|scope| {
        for index in 0..64 {
            let (world, completed) = (&world, &completed);
            scope.spawn(move || {
                let request = RefundRequest {
                    principal: PrincipalId::new(77),
                    merchant: world.shop,
                    payment: world.payment,
                    amount: Some(cny(100)),
                    memo: String::new(),
                };
                let key = key(&format!("refund-{index}"));
                let receipt = now(operations::refund::start(&world.operations, &key, request)).unwrap();
                if receipt.state == OperationState::Completed {
                    completed.fetch_add(1, Ordering::Relaxed);
                } else {
                    assert!(matches!(
                        receipt.reason,
                        Some(Reason::RefundExceedsPayment | Reason::MerchantBalanceShort)
                    ));
                }
            });
        }
    });
    assert_eq!(completed.load(Ordering::Relaxed), 30);
    assert_eq!(world.money().shop, 0);
    world.check_equation();
}

#[test]
fn sixty_four_refunds_at_once_stop_at_the_payment_even_where_the_merchant_has_more() {
    let world = Arc::new(World::new());
    world.pay("more", 5_000).unwrap();
    thread::scope(|scope| {
        for index in 0..64 {
            let world = &world;
            scope.spawn(move || world.refund(&format!("refund-{index}"), 700).unwrap());
        }
    });
    // Four times 7.00 fit into 30.00.
    assert_eq!(world.money().shop, 8_000 - 2_800);
    let refunds = now(operations::history::refunds(&world.operations, world.payment)).unwrap();
    let completed = refunds.iter().filter(|row| row.state == OperationState::Completed).count();
    assert_eq!((refunds.len(), completed), (64, 4));
    world.check_equation();
}

#[test]
fn one_key_from_sixty_four_threads_has_one_effect_and_one_answer() {
    let world = Arc::new(World::new());
    let before = world.money();
    let answers = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| answers.lock().unwrap().push(world.pay("k", 100).unwrap()));
        }
    });
    let answers = answers.into_inner().unwrap();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.money().alice, before.alice - 100);
}

#[test]
fn sixty_four_payments_at_once_never_overdraw_the_wallet() {
    let world = Arc::new(World::new());
    thread::scope(|scope| {
        for index in 0..64 {
            let world = &world;
            scope.spawn(move || world.pay(&format!("pay-{index}"), 300).unwrap());
        }
    });
    assert_eq!(world.money().alice, 10_000 % 300);
    world.check_equation();
}

#[test]
fn a_withdrawal_through_a_bank_without_the_operators_money_is_declined() {
    let world = World::new();
    let other = wallet::ids::BankId::new(0xb2);
    world.bank.found(other, [8; 32]).unwrap();
    let new = operations::merchants::NewBank {
        id: other,
        code: "other".to_owned(),
        name_zh: "另".to_owned(),
        name_en: "Other".to_owned(),
    };
    now(operations::merchants::add_bank(&world.operations, new)).unwrap();
    let pan = bank::Pan::with_check_digit("400000000000001").unwrap();
    let expiry = bank::Expiry { year: 2030, month: 1 };
    let orders = vec![
        bank::Order::OpenAccount(bank::AccountNumber(1), cny(0)),
        bank::Order::IssueCard {
            pan: pan.clone(),
            holder_name: "LI LEI".to_owned(),
            expiry,
            account: bank::AccountNumber(1),
            limits: crate::world::limits(1_000, 1_000),
        },
    ];
    world.bank.orders(other, orders).unwrap();
    let bind = operations::cards::BindRequest {
        bank: other,
        pan: pan.digits().to_owned(),
        expiry,
        ..crate::world::bind_request(world.alice)
    };
    let card = now(operations::cards::bind(&world.operations, bind)).unwrap();
    let request = operations::cards::CardRequest { holder: world.alice, card: card.id, amount: cny(100) };
    let receipt = now(operations::withdrawal::start(&world.operations, &key("k"), request)).unwrap();
    assert_eq!((receipt.state, receipt.reason), (OperationState::Declined, Some(Reason::BankFloatShort)));
    world.bank.inject(BANK, Fault::Decline).unwrap();
    assert_eq!(world.withdraw("d", 100).unwrap().reason, Some(Reason::BankDeclined));
    world.check_equation();
}

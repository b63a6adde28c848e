//! Orders and escrow: what happens once, and what never exceeds what was paid, whoever tries at the same time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use crate::world::{World, cny, key, now, person};
use operations::closing::{self, StillOpen};
use operations::duties;
use operations::escrow::{self, EscrowRefundRequest};
use operations::orders::{self, NewOrder, PayRequest};
use operations::{OperationError, Origin, Reason, Receipt, refund, start_up_check, webhooks};
use records::operations::OperationState;
use records::orders::{Order, OrderEventKind, OrderFilter, OrderSource, OrderState};
use records::simulated::SimulatedRecords;
use wallet::ids::{HolderId, OrderId, PrincipalId};

const STAFF: PrincipalId = PrincipalId::new(77);
const FIRST_OPERATOR: PrincipalId = PrincipalId::new(78);
const SECOND_OPERATOR: PrincipalId = PrincipalId::new(79);
const MANY: usize = 64;

fn new_order(world: &World, minor: u64, escrow: bool) -> NewOrder {
    NewOrder {
        merchant: world.shop,
        created_by: STAFF,
        source: OrderSource::Api,
        amount: cny(minor),
        lines: Vec::new(),
        reference: String::new(),
        description: "a kettle".to_owned(),
        escrow,
        return_url: String::new(),
        open_seconds: 3_600,
        hold_seconds: 7_200,
    }
}

fn make(world: &World, name: &str, minor: u64, escrow: bool) -> Order {
    now(orders::create(&world.operations, &key(name), new_order(world, minor, escrow))).unwrap()
}

fn pay(world: &World, name: &str, payer: HolderId, order: &Order) -> Result<Receipt, OperationError> {
    let request = PayRequest { payer, order: order.id, origin: Origin::default() };
    now(orders::pay(&world.operations, &key(name), request))
}

fn fresh(world: &World, id: OrderId) -> Order {
    now(orders::get(&world.operations, id)).unwrap()
}

/// An order of Alice's whose money waits in escrow.
fn held(world: &World, minor: u64) -> Order {
    let order = make(world, "held", minor, true);
    pay(world, "held", world.alice, &order).unwrap();
    fresh(world, order.id)
}

fn give_back(world: &World, name: &str, order: &Order, minor: u64) -> Result<Receipt, OperationError> {
    let request = EscrowRefundRequest { principal: STAFF, amount: Some(cny(minor)), memo: String::new() };
    now(escrow::give_back(&world.operations, &key(name), order, request))
}

fn story(world: &World, order: &Order) -> Vec<OrderEventKind> {
    let told = now(orders::story(&world.operations, order.clone())).unwrap();
    told.events.iter().map(|event| event.kind).collect()
}

/// Runs `attempt` in many threads at once and counts those that moved value.
fn count_successes(attempt: impl Fn(usize) -> bool + Sync) -> usize {
    std::thread::scope(|scope| {
        let attempt = &attempt;
        let threads: Vec<_> = (0..MANY).map(|number| scope.spawn(move || attempt(number))).collect();
        threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
    })
}

fn completed(answer: &Result<Receipt, OperationError>) -> bool {
    matches!(answer, Ok(receipt) if receipt.state == OperationState::Completed)
}

#[test]
fn an_order_is_paid_once_whoever_tries_at_the_same_time() {
    let world = World::new();
    world.transfer("pocket-money", 5_000).unwrap();
    let order = make(&world, "o", 500, false);
    let paid = count_successes(|number| {
        let payer = if number % 2 == 0 { world.alice } else { world.bob };
        completed(&pay(&world, &format!("p-{number}"), payer, &order))
    });
    assert_eq!(paid, 1);
    assert_eq!(world.money().shop, 3_500);
    assert_eq!(fresh(&world, order.id).state, OrderState::Paid);
    assert_eq!(story(&world, &order), [OrderEventKind::Created, OrderEventKind::Paid]);
    world.check_equation();
}

#[test]
fn a_payer_who_had_too_little_may_pay_the_order_later() {
    let world = World::new();
    let order = make(&world, "o", 500, false);
    let short = pay(&world, "first", world.bob, &order).unwrap();
    assert_eq!(short.reason, Some(Reason::InsufficientFunds));
    world.transfer("pocket-money", 5_000).unwrap();
    assert!(completed(&pay(&world, "second", world.bob, &order)));
}

#[test]
fn the_same_key_pays_once_and_answers_alike() {
    let world = World::new();
    let order = make(&world, "o", 500, false);
    let first = pay(&world, "p", world.alice, &order).unwrap();
    assert_eq!(pay(&world, "p", world.alice, &order).unwrap(), first);
    assert_eq!(pay(&world, "q", world.alice, &order), Err(OperationError::OrderEnded));
}

#[test]
fn an_order_made_twice_with_one_key_is_one_order_and_a_reference_names_one() {
    let world = World::new();
    let first = make(&world, "o", 500, false);
    assert_eq!(make(&world, "o", 500, false).id, first.id);
    let other = now(orders::create(&world.operations, &key("o"), new_order(&world, 501, false)));
    assert_eq!(other, Err(OperationError::KeyReused));
    let named = |name: &str| {
        let new = NewOrder { reference: "A-1".to_owned(), ..new_order(&world, 500, false) };
        now(orders::create(&world.operations, &key(name), new))
    };
    assert!(named("a").is_ok());
    assert_eq!(named("b"), Err(OperationError::Taken { field: "reference" }));
}

#[test]
fn a_cancelled_order_is_never_paid() {
    let world = World::new();
    let order = make(&world, "o", 500, false);
    now(orders::cancel(&world.operations, STAFF, &order)).unwrap();
    assert_eq!(pay(&world, "p", world.alice, &order), Err(OperationError::OrderEnded));
    assert_eq!(fresh(&world, order.id).state, OrderState::Cancelled);
}

#[test]
fn an_order_is_either_paid_or_cancelled_never_both() {
    for _ in 0..4 {
        let world = World::new();
        let order = make(&world, "o", 500, false);
        let paid = count_successes(|number| {
            if number % 2 == 0 {
                let _whoever_was_first = now(orders::cancel(&world.operations, STAFF, &order));
                return false;
            }
            completed(&pay(&world, &format!("p-{number}"), world.alice, &order))
        });
        let state = fresh(&world, order.id).state;
        let expected = if paid == 1 { OrderState::Paid } else { OrderState::Cancelled };
        assert!(paid <= 1 && state == expected, "{paid} {state:?}");
        assert_eq!(world.money().shop, 3_000 + if paid == 1 { 500 } else { 0 });
    }
}

#[test]
fn an_order_that_nobody_pays_expires() {
    let world = World::new();
    let order = make(&world, "o", 500, false);
    world.clock.pass(3_601);
    assert_eq!(now(orders::run_due(&world.operations)).unwrap().expired, 1);
    assert_eq!(fresh(&world, order.id).state, OrderState::Expired);
    assert_eq!(now(orders::run_due(&world.operations)).unwrap().expired, 0);
}

#[test]
fn a_refund_of_its_payment_shows_on_the_order() {
    let world = World::new();
    let order = make(&world, "o", 500, false);
    let payment = pay(&world, "p", world.alice, &order).unwrap().id;
    let give = |name: &str, minor| {
        let request = refund::RefundRequest {
            principal: STAFF,
            merchant: world.shop,
            payment,
            amount: Some(cny(minor)),
            memo: "chipped".to_owned(),
        };
        now(refund::start(&world.operations, &key(name), request)).unwrap()
    };
    give("r1", 200);
    let partly = fresh(&world, order.id);
    assert_eq!((partly.state, partly.refunded), (OrderState::PartlyRefunded, cny(200)));
    give("r2", 300);
    assert_eq!(fresh(&world, order.id).state, OrderState::Refunded);
}

#[test]
fn money_in_escrow_is_nobodys_until_the_buyer_confirms() {
    let world = World::new();
    let order = held(&world, 500);
    assert_eq!(order.state, OrderState::Held);
    let money = world.money();
    assert_eq!((money.alice, money.shop), (9_500, 3_000));
    let totals = now(operations::totals::count(&world.operations)).unwrap();
    assert_eq!(totals.currencies.iter().map(|sum| sum.escrow).sum::<i128>(), 500);
    world.check_equation();
    let confirmed = now(escrow::confirm_receipt(&world.operations, &key("c"), world.alice, &order));
    assert!(completed(&confirmed));
    assert_eq!(world.money().shop, 3_500);
    assert_eq!(fresh(&world, order.id).state, OrderState::Released);
    world.check_equation();
}

#[test]
fn a_buyer_whose_money_waits_in_escrow_cannot_close_the_account() {
    let world = World::new();
    let order = held(&world, 500);
    let close = |name: &str| {
        now(closing::close(&world.operations, &key(name), world.alice, Some(world.card))).unwrap()
    };
    assert_eq!(close("a"), Err(StillOpen::InEscrow(cny(500))));
    now(escrow::dispute(&world.operations, world.alice, &order, "never came".to_owned())).unwrap();
    assert_eq!(close("b"), Err(StillOpen::InEscrow(cny(500))));
    assert_eq!(world.money().paid_out, 0, "nothing was paid out meanwhile");
    now(escrow::concede(&world.operations, STAFF, &fresh(&world, order.id))).unwrap();
    assert_eq!(close("c"), Ok(()));
    assert_eq!((world.money().alice, world.money().paid_out), (0, 10_000));
    world.check_equation();
}

#[test]
fn a_released_escrow_cannot_be_refunded_or_disputed() {
    let world = World::new();
    let order = held(&world, 500);
    now(escrow::confirm_receipt(&world.operations, &key("c"), world.alice, &order)).unwrap();
    let refused = give_back(&world, "r", &order, 1).unwrap();
    assert_eq!(refused.reason, Some(Reason::EscrowShort));
    let dispute = now(escrow::dispute(&world.operations, world.alice, &order, "late".to_owned()));
    assert_eq!(dispute, Err(OperationError::NotInEscrow));
}

#[test]
fn an_escrow_is_released_by_itself_when_its_deadline_passes() {
    let world = World::new();
    let order = held(&world, 500);
    assert_eq!(now(orders::run_due(&world.operations)).unwrap().released, 0);
    world.clock.pass(7_201);
    assert_eq!(now(orders::run_due(&world.operations)).unwrap().released, 1);
    assert_eq!(fresh(&world, order.id).state, OrderState::Released);
    assert_eq!(world.money().shop, 3_500);
}

#[test]
fn of_many_releases_at_once_exactly_one_wins() {
    let world = World::new();
    let order = held(&world, 500);
    let released = count_successes(|number| {
        let name = key(&format!("c-{number}"));
        completed(&now(escrow::confirm_receipt(&world.operations, &name, world.alice, &order)))
    });
    assert_eq!(released, 1);
    assert_eq!(world.money().shop, 3_500);
    world.check_equation();
}

#[test]
fn many_refunds_at_once_give_back_what_was_paid_and_no_more() {
    let world = World::new();
    let order = held(&world, 500);
    let given = count_successes(|number| completed(&give_back(&world, &format!("r-{number}"), &order, 70)));
    assert_eq!(given, 7);
    assert_eq!(world.money().alice, 10_000 - 500 + 490);
    assert_eq!(fresh(&world, order.id).refunded, cny(490));
    assert_eq!(fresh(&world, order.id).state, OrderState::Held);
    world.check_equation();
}

#[test]
fn releases_and_refunds_at_once_share_out_exactly_what_was_paid() {
    let world = World::new();
    let order = held(&world, 500);
    count_successes(|number| {
        if number % 8 == 7 {
            let name = key(&format!("c-{number}"));
            return completed(&now(escrow::confirm_receipt(&world.operations, &name, world.alice, &order)));
        }
        completed(&give_back(&world, &format!("r-{number}"), &order, 30))
    });
    let last = now(escrow::confirm_receipt(&world.operations, &key("last"), world.alice, &order));
    assert!(completed(&last) || last == Err(OperationError::NotInEscrow), "{last:?}");
    let money = world.money();
    assert_eq!(money.alice + money.shop, 9_500 + 3_000 + 500);
    world.check_equation();
}

#[test]
fn a_dispute_holds_the_money_until_two_operators_decide() {
    let world = World::new();
    let order = held(&world, 500);
    give_back(&world, "r", &order, 100).unwrap();
    now(escrow::dispute(&world.operations, world.alice, &order, "it leaks".to_owned())).unwrap();
    let order = fresh(&world, order.id);
    assert_eq!(order.state, OrderState::Disputed);
    assert_eq!(give_back(&world, "r2", &order, 1).unwrap().reason, Some(Reason::EscrowShort));
    world.clock.pass(7_201);
    assert_eq!(now(orders::run_due(&world.operations)).unwrap().released, 0);
    now(escrow::answer(&world.operations, STAFF, &order, "it was dropped".to_owned())).unwrap();
    let share = cny(150);
    let nobody = now(escrow::propose(&world.operations, STAFF, &order, share, "me".to_owned()));
    assert_eq!(nobody.unwrap_err(), OperationError::NotPermitted, "who is no operator decides nothing");
    for (operator, login) in [(FIRST_OPERATOR, "first"), (SECOND_OPERATOR, "second")] {
        now(duties::hire_founder(&world.operations, operator, person(login))).unwrap();
    }
    now(escrow::propose(&world.operations, FIRST_OPERATOR, &order, share, "both".to_owned())).unwrap();
    let alone = now(escrow::confirm(&world.operations, FIRST_OPERATOR, &order));
    assert_eq!(alone, Err(OperationError::SamePerson));
    now(escrow::confirm(&world.operations, SECOND_OPERATOR, &order)).unwrap();
    let money = world.money();
    assert_eq!((money.shop, money.alice), (3_150, 10_000 - 500 + 100 + 250));
    let ended = fresh(&world, order.id);
    assert_eq!((ended.state, ended.refunded), (OrderState::Released, cny(350)));
    now(escrow::confirm(&world.operations, SECOND_OPERATOR, &order)).unwrap();
    assert_eq!(world.money(), money, "the same decision once more moves nothing");
    world.check_equation();
}

#[test]
fn of_many_decisions_at_once_exactly_one_wins() {
    let world = World::new();
    let order = held(&world, 500);
    now(escrow::dispute(&world.operations, world.alice, &order, "it leaks".to_owned())).unwrap();
    let order = fresh(&world, order.id);
    let decided = count_successes(|number| {
        if number % 2 == 0 {
            let staff = PrincipalId::new(1_000 + number as u128);
            return completed(&now(escrow::concede(&world.operations, staff, &order)));
        }
        let name = key(&format!("c-{number}"));
        completed(&now(escrow::confirm_receipt(&world.operations, &name, world.alice, &order)))
    });
    let money = world.money();
    assert!((money.alice, money.shop) == (10_000, 3_000) || (money.alice, money.shop) == (9_500, 3_500));
    assert!(decided >= 1, "{decided}");
    world.check_equation();
}

#[test]
fn what_happened_to_orders_is_rebuilt_from_the_ledger() {
    let mut world = World::new();
    let (order, other) = (make(&world, "held", 500, true), make(&world, "direct", 300, false));
    let image = world.records.image().unwrap();
    let payment = pay(&world, "p", world.alice, &order).unwrap();
    pay(&world, "q", world.alice, &other).unwrap();
    let order = fresh(&world, order.id);
    let refund = give_back(&world, "r", &order, 200).unwrap();
    let released = now(escrow::confirm_receipt(&world.operations, &key("c"), world.alice, &order)).unwrap();
    let before = [payment.id, refund.id, released.id].map(|id| world.row(id).unwrap());
    let restored = SimulatedRecords::from_image(&image, Box::new(|_| false)).unwrap();
    world.restart(Arc::new(restored));
    now(start_up_check::run(&world.operations)).unwrap();
    for row in before {
        let again = world.row(row.id).unwrap();
        assert_eq!(
            (again.kind, again.payer, again.payee, again.merchant, again.parent, again.amount),
            (row.kind, row.payer, row.payee, row.merchant, row.parent, row.amount)
        );
        assert_eq!(again.state, OperationState::Completed);
        assert_eq!(again.fingerprint, row.fingerprint);
    }
    assert_eq!(now(orders::run_due(&world.operations)).unwrap().found_paid, 2);
    assert_eq!(fresh(&world, other.id).state, OrderState::Paid);
    world.clock.pass(7_201);
    now(orders::run_due(&world.operations)).unwrap();
    let again = fresh(&world, order.id);
    assert_eq!((again.state, again.refunded), (OrderState::Released, cny(200)));
    world.check_equation();
}

#[test]
fn orders_are_found_by_state_and_words() {
    let world = World::new();
    let order = make(&world, "o", 500, false);
    let new = NewOrder { reference: "TEA-7".to_owned(), ..new_order(&world, 300, false) };
    now(orders::create(&world.operations, &key("t"), new)).unwrap();
    pay(&world, "p", world.alice, &order).unwrap();
    let find = |filter: OrderFilter| now(orders::list(&world.operations, filter, 10)).unwrap().len();
    let all = OrderFilter { merchant: Some(world.shop), ..OrderFilter::default() };
    assert_eq!(find(all.clone()), 2);
    assert_eq!(find(OrderFilter { state: Some(OrderState::Paid), ..all.clone() }), 1);
    assert_eq!(find(OrderFilter { text: Some("tea-".to_owned()), ..all.clone() }), 1);
    assert_eq!(find(OrderFilter { text: Some("100%".to_owned()), ..all }), 0);
}

#[test]
fn a_message_is_written_with_the_state_it_tells_of_and_tried_again_later_and_later() {
    let world = World::new();
    let url = "https://shop.example/hook".to_owned();
    now(webhooks::add_endpoint(&world.operations, world.shop, url)).unwrap();
    let order = make(&world, "o", 500, false);
    assert_eq!(now(webhooks::due(&world.operations)).unwrap().len(), 0);
    pay(&world, "p", world.alice, &order).unwrap();
    let mut pauses = Vec::new();
    for _ in 0..10 {
        let due = now(webhooks::due(&world.operations)).unwrap();
        let [(delivery, endpoint)] = due.as_slice() else { panic!("{due:?}") };
        assert_eq!(delivery.message.kind, "order.paid");
        assert!(delivery.message.body.contains(&order.id.to_string()));
        let failed = webhooks::Outcome { status: Some(503), code: "status", milliseconds: 3 };
        now(webhooks::note_attempt(&world.operations, delivery, endpoint, &failed)).unwrap();
        let id = (delivery.message.id, endpoint.id);
        let (delivery, attempts) = now(webhooks::delivery(&world.operations, world.shop, id)).unwrap();
        let seconds = delivery.next_at.0.saturating_sub(attempts.last().unwrap().at.0) / 1_000_000_000;
        pauses.push(seconds);
        world.clock.pass(seconds + 1);
    }
    assert!(pauses[..9].windows(2).all(|pair| pair[0] < pair[1]), "{pauses:?}");
    assert_eq!(now(webhooks::due(&world.operations)).unwrap().len(), 0);
    let log = now(webhooks::log(&world.operations, world.shop, 10)).unwrap();
    let id = (log[0].message.id, log[0].endpoint);
    now(webhooks::send_again(&world.operations, world.shop, id)).unwrap();
    assert_eq!(now(webhooks::due(&world.operations)).unwrap().len(), 1);
}

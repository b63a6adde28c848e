//! The rules: each broken one is named, and nothing moves.

use crate::world::{ACCOUNT, BANK, CNY, World, alices_pan, bind_request, cny, holder, key, now};
use bank::{Decline, Expiry, Order};
use money::{Amount, Currency};
use operations::cards::{BindRequest, CardRequest};
use operations::payment::PaymentRequest;
use operations::refund::RefundRequest;
use operations::transfer::TransferRequest;
use operations::{OperationError, Party, Reason, Receipt};
use records::merchants::MerchantStatus;
use records::operations::{Filter, OperationState};
use records::principals::{Language, PrincipalStatus, Profile, Theme};
use records::wallets::WalletStatus;
use wallet::ids::{CardId, HolderId, MerchantId, OperationId, PrincipalId};

fn refused(world: &World, result: Result<Receipt, OperationError>, rule: OperationError) {
    let before = world.transfers();
    assert_eq!(result, Err(rule));
    assert_eq!(world.transfers(), before);
}

#[test]
fn an_amount_is_more_than_nothing_and_within_the_limit() {
    let world = World::new();
    let most = 100_000_000;
    let too_large = OperationError::AmountTooLarge { most };
    refused(&world, world.pay("a", 0), OperationError::AmountZero);
    refused(&world, world.pay("b", most + 1), too_large);
    refused(&world, world.top_up("c", 0), OperationError::AmountZero);
    refused(&world, world.withdraw("d", 0), OperationError::AmountZero);
    refused(&world, world.transfer("e", most + 1), too_large);
    refused(&world, world.refund("f", 0), OperationError::AmountZero);
    refused(&world, world.refund("g", 3_001), OperationError::AmountTooLarge { most: 3_000 });
}

#[test]
fn a_payer_needs_an_open_wallet_in_the_currency_of_the_payment() {
    let world = World::new();
    let pay = |minor, currency| {
        let request = PaymentRequest {
            payer: world.alice,
            merchant: world.shop,
            amount: Amount::from_minor(minor, currency).unwrap(),
            memo: String::new(),
            origin: operations::Origin::default(),
        };
        now(operations::payment::start(&world.operations, &key("k"), request))
    };
    refused(&world, pay(1, Currency::CLF), OperationError::CurrencyNotSupported);
    refused(&world, pay(1, Currency::EUR), OperationError::NoWallet(Party::Holder));
    now(operations::holders::open_wallet(&world.operations, world.alice, Currency::EUR)).unwrap();
    let receipt = pay(1, Currency::EUR).unwrap();
    assert_eq!((receipt.state, receipt.reason), (OperationState::Declined, Some(Reason::InsufficientFunds)));
    let freeze = |status| {
        let set = operations::holders::set_wallet_status(&world.operations, world.alice, CNY, status);
        now(set).unwrap();
    };
    freeze(WalletStatus::Frozen);
    refused(&world, world.pay("frozen", 1), OperationError::NotActive(Party::Wallet));
    assert_eq!(world.top_up("frozen", 100).unwrap().state, OperationState::Completed);
    freeze(WalletStatus::Closed);
    refused(&world, world.top_up("closed", 100), OperationError::NoWallet(Party::Holder));
}

#[test]
fn a_locked_holder_spends_nothing_from_the_next_request_on() {
    let world = World::new();
    world.pay("before", 1).unwrap();
    let set = |status| {
        now(operations::holders::set_status(&world.operations, world.alice, status)).unwrap();
    };
    set(PrincipalStatus::Locked);
    let locked = OperationError::NotActive(Party::Holder);
    refused(&world, world.pay("a", 1), locked);
    refused(&world, world.transfer("b", 1), locked);
    refused(&world, world.withdraw("c", 1), locked);
    refused(&world, world.top_up("d", 1), locked);
    set(PrincipalStatus::Active);
    assert_eq!(world.pay("e", 1).unwrap().state, OperationState::Completed);
}

#[test]
fn a_suspended_merchant_is_not_paid_but_gives_money_back() {
    let world = World::new();
    let set = |status| {
        now(operations::merchants::set_status(&world.operations, world.shop, status)).unwrap();
    };
    set(MerchantStatus::Suspended);
    refused(&world, world.pay("a", 1), OperationError::NotActive(Party::Merchant));
    assert_eq!(world.refund("b", 100).unwrap().state, OperationState::Completed);
    set(MerchantStatus::Closed);
    refused(&world, world.refund("c", 100), OperationError::NotActive(Party::Merchant));
}

#[test]
fn a_payment_that_went_through_is_confirmed_even_after_the_merchant_has_closed() {
    let world = World::new();
    let receipt = world.pay("k", 100).unwrap();
    let closed = operations::merchants::set_status(&world.operations, world.shop, MerchantStatus::Closed);
    now(closed).unwrap();
    assert_eq!(world.pay("k", 100), Ok(receipt));
    refused(&world, world.pay("k", 101), OperationError::KeyReused);
    refused(&world, world.pay("new", 100), OperationError::NotActive(Party::Merchant));
}

#[test]
fn nobody_pays_into_the_void() {
    let world = World::new();
    let request = PaymentRequest {
        payer: world.alice,
        merchant: MerchantId::new(404),
        amount: cny(1),
        memo: String::new(),
        origin: operations::Origin::default(),
    };
    let paid = now(operations::payment::start(&world.operations, &key("a"), request.clone()));
    refused(&world, paid, OperationError::NotFound(Party::Merchant));
    let stranger = PaymentRequest { payer: HolderId::new(404), merchant: world.shop, ..request };
    let paid = now(operations::payment::start(&world.operations, &key("a"), stranger));
    refused(&world, paid, OperationError::NotFound(Party::Holder));
}

#[test]
fn a_payee_is_found_by_login_or_phone_and_shown_with_a_masked_name() {
    let world = World::new();
    let mut carol = holder("carol", "欧阳娜娜");
    carol.phone = Some("13800000000".to_owned());
    carol.latin_name = Some("Ouyang Nana".to_owned());
    let carol = now(operations::holders::register(&world.operations, carol)).unwrap();
    let find = |text| now(operations::payees::find(&world.operations, world.alice, text));
    let by_phone = find("13800000000").unwrap();
    assert_eq!(by_phone.holder, carol);
    assert_eq!(by_phone.name, "欧**娜");
    assert_eq!(by_phone.latin_name.as_deref(), Some("O**** N***"));
    assert_eq!(find(" Carol ").unwrap(), by_phone);
    assert_eq!(find("nobody"), Err(OperationError::NotFound(Party::Payee)));
    assert_eq!(find("alice"), Err(OperationError::PayeeIsPayer));
}

#[test]
fn a_transfer_goes_only_to_the_name_that_was_confirmed() {
    let world = World::new();
    let payee = now(operations::payees::find(&world.operations, world.alice, "bob")).unwrap();
    let request = TransferRequest {
        payer: world.alice,
        payee: payee.holder,
        name_check: payee.name_check,
        amount: cny(100),
        memo: "lunch".to_owned(),
        origin: operations::Origin::default(),
    };
    let send = |name: &str, request: &TransferRequest| {
        now(operations::transfer::start(&world.operations, &key(name), request.clone()))
    };
    let of_another_payer =
        now(operations::payees::find(&world.operations, HolderId::new(9), "bob")).unwrap().name_check;
    let stolen = TransferRequest { name_check: of_another_payer, ..request.clone() };
    refused(&world, send("a", &stolen), OperationError::NameCheckFailed);
    let to_self = TransferRequest { payee: world.alice, ..request.clone() };
    refused(&world, send("b", &to_self), OperationError::PayeeIsPayer);
    assert_eq!(send("c", &request).unwrap().state, OperationState::Completed);
    let profile = Profile {
        phone: None,
        name: "王芳".to_owned(),
        latin_name: None,
        language: Language::Chinese,
        theme: Theme::System,
    };
    now(operations::holders::change_profile(&world.operations, world.bob, profile)).unwrap();
    refused(&world, send("d", &request), OperationError::NameCheckFailed);
    // The transfer that went through before is still confirmed.
    assert_eq!(send("c", &request).unwrap().state, OperationState::Completed);
}

#[test]
fn a_card_is_used_only_by_its_holder_and_not_after_it_was_deleted() {
    let world = World::new();
    let top_up = |holder, card| {
        let request = CardRequest { holder, card, amount: cny(100) };
        now(operations::top_up::start(&world.operations, &key("k"), request))
    };
    let not_found = OperationError::NotFound(Party::Card);
    refused(&world, top_up(world.bob, world.card), not_found);
    refused(&world, top_up(world.alice, CardId::new(404)), not_found);
    let receipt = top_up(world.alice, world.card).unwrap();
    now(operations::cards::delete(&world.operations, world.alice, world.card)).unwrap();
    let listed = now(operations::cards::list(&world.operations, world.alice)).unwrap();
    assert!(listed.is_empty());
    refused(&world, world.top_up("other", 100), not_found);
    // Its transactions stay, and so do their answers.
    assert_eq!(top_up(world.alice, world.card), Ok(receipt));
    assert_eq!(world.row(receipt.id).unwrap().card, Some(world.card));
}

#[test]
fn binding_a_card_again_gives_the_same_card() {
    let world = World::new();
    let again = now(operations::cards::bind(&world.operations, bind_request(world.alice))).unwrap();
    assert_eq!(again.id, world.card);
    assert_eq!(again.masked_number, format!("**** {}", alices_pan().last_four()));
    let wrong = BindRequest { expiry: Expiry { year: 2031, month: 1 }, ..bind_request(world.alice) };
    let refused = now(operations::cards::bind(&world.operations, wrong)).unwrap_err();
    assert_eq!(refused, OperationError::CardRefused(Decline::UnknownCard));
}

#[test]
fn what_the_bank_says_about_a_card_is_shown_on_it() {
    let world = World::new();
    let set = |state| {
        world.bank.orders(BANK, vec![Order::SetCardState(alices_pan(), state)]).unwrap();
    };
    let shown = || now(operations::cards::list(&world.operations, world.alice)).unwrap()[0].state;
    set(bank::CardState::Frozen);
    let receipt = world.top_up("a", 100).unwrap();
    assert_eq!((receipt.state, receipt.reason), (OperationState::Declined, Some(Reason::CardFrozen)));
    assert_eq!(shown(), records::cards::CardState::Frozen);
    set(bank::CardState::Active);
    assert_eq!(world.top_up("b", 100).unwrap().state, OperationState::Completed);
    assert_eq!(shown(), records::cards::CardState::Active);
    // Declined stays declined under the same key.
    assert_eq!(world.top_up("a", 100), Ok(receipt));
}

#[test]
fn the_bank_decides_limits_and_funds_of_the_card() {
    let world = World::new();
    for (name, minor, reason) in
        [("a", 200_001, Reason::CardLimitPerCharge), ("b", 90_001, Reason::CardFundsShort)]
    {
        let receipt = world.top_up(name, minor).unwrap();
        assert_eq!((receipt.state, receipt.reason), (OperationState::Declined, Some(reason)));
    }
    let balance = now(operations::cards::balance(&world.operations, world.alice, world.card)).unwrap();
    assert_eq!(balance, cny(90_000));
    assert_eq!(world.bank.with_bank(BANK, |bank| bank.balance(ACCOUNT)).flatten(), Some(cny(90_000)));
    world.check_equation();
}

#[test]
fn only_a_completed_payment_of_the_same_merchant_is_refunded() {
    let world = World::new();
    let declined = world.pay("declined", 99_999).unwrap();
    let refund = |merchant, payment| {
        let request = RefundRequest {
            principal: PrincipalId::new(1),
            merchant,
            payment,
            amount: None,
            memo: String::new(),
        };
        now(operations::refund::start(&world.operations, &key("k"), request))
    };
    let not_found = OperationError::NotFound(Party::Operation);
    refused(&world, refund(MerchantId::new(404), world.payment), not_found);
    refused(&world, refund(world.shop, OperationId::new(404)), not_found);
    refused(&world, refund(world.shop, declined.id), OperationError::NotRefundable);
    let receipt = refund(world.shop, world.payment).unwrap();
    assert_eq!((receipt.state, receipt.amount), (OperationState::Completed, cny(3_000)));
}

#[test]
fn a_merchant_without_money_cannot_refund() {
    let world = World::new();
    world.refund("whole", 3_000).unwrap();
    let payment = world.pay("second", 500).unwrap();
    // The second payment's money is there; the first one's is given back already.
    let over = world.refund("again", 1).unwrap();
    assert_eq!(over.reason, Some(Reason::RefundExceedsPayment));
    let request = RefundRequest {
        principal: PrincipalId::new(1),
        merchant: world.shop,
        payment: payment.id,
        amount: None,
        memo: String::new(),
    };
    now(operations::refund::start(&world.operations, &key("k"), request)).unwrap();
    assert_eq!(world.money().shop, 0);
    world.check_equation();
}

#[test]
fn a_login_or_phone_number_belongs_to_one_holder() {
    let world = World::new();
    let register = |new| now(operations::holders::register(&world.operations, new));
    assert_eq!(register(holder("ALICE", "x")), Err(OperationError::Taken { field: "login" }));
    let mut carol = holder("carol", "卡罗");
    carol.phone = Some("+8613800000000".to_owned());
    register(carol.clone()).unwrap();
    carol.login = "carol2".to_owned();
    assert_eq!(register(carol.clone()), Err(OperationError::Taken { field: "phone" }));
    carol.phone = Some("one".to_owned());
    assert_eq!(register(carol), Err(OperationError::TextLength { field: "phone" }));
    assert_eq!(register(holder("a b", "x")), Err(OperationError::TextLength { field: "login" }));
    assert_eq!(register(holder("dora", " ")), Err(OperationError::TextLength { field: "name" }));
}

#[test]
fn history_shows_an_operation_to_its_parties_only() {
    let world = World::new();
    let receipt = world.transfer("k", 200).unwrap();
    let get = |viewer| now(operations::history::get(&world.operations, viewer, receipt.id));
    assert_eq!(get(Some(world.alice.into())).unwrap().id, receipt.id);
    assert_eq!(get(Some(world.bob.into())).unwrap().id, receipt.id);
    assert_eq!(get(Some(world.shop.into())), Err(OperationError::NotFound(Party::Operation)));
    assert_eq!(get(None).unwrap().id, receipt.id);
    let filter = Filter { party: Some(world.alice.into()), ..Filter::default() };
    let page = now(operations::history::page(&world.operations, filter, None, 10)).unwrap();
    let named = now(operations::history::named(&world.operations, page.operations)).unwrap();
    let names: Vec<(&str, &str)> = named
        .iter()
        .map(|row| (row.payer.as_ref().unwrap().name.as_str(), row.payee.as_ref().unwrap().name.as_str()))
        .collect();
    assert_eq!(names, [("李雷雷", "韩梅梅"), ("李雷雷", "柳茶"), ("青柳银行", "李雷雷")]);
}

#[test]
fn the_sum_of_a_statement_is_the_balance() {
    let world = World::new();
    world.transfer("a", 1_234).unwrap();
    world.pay("declined", 99_999).unwrap();
    world.refund("b", 234).unwrap();
    let span = (ledger::Timestamp(0), ledger::Timestamp::LAST);
    let csv = now(operations::statement::csv(&world.operations, world.alice, CNY, span)).unwrap();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some(operations::statement::HEADER.trim_end()));
    let cents: Vec<i64> =
        lines.map(|line| line.rsplit(',').next().unwrap().replace('.', "").parse().unwrap()).collect();
    assert_eq!(cents, [13_000, -3_000, -1_234, 234]);
    assert_eq!(world.money().alice, 9_000);
}

//! The bank as its customers and the operator see it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use bank::{
    AccountNumber, Bank, CardLimits, CardState, Decline, Event, Expiry, Fault, OperationRef, Order,
    OrderRefused, Outcome, Pan, Request, Response, Token,
};
use ledger::Timestamp;
use money::{Amount, Currency};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000_000);
const DAY: u64 = 86_400_000_000_000;

fn cny(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::CNY).unwrap()
}

fn pan(serial: u32) -> Pan {
    Pan::with_check_digit(&format!("62220000{serial:07}")).unwrap()
}

fn expiry() -> Expiry {
    "12/30".parse().unwrap()
}

fn issue(serial: u32, account: u64) -> Order {
    Order::IssueCard {
        pan: pan(serial),
        holder_name: "LI LEI".to_owned(),
        expiry: expiry(),
        account: AccountNumber(account),
        limits: CardLimits { per_charge: cny(500), per_day: cny(800) },
    }
}

/// A bank with an account of 10.00, its card, and the events so far.
fn founded() -> (Bank, Token, Vec<Event>) {
    let mut bank = Bank::new([1; 32]);
    let events = [Order::OpenAccount(AccountNumber(1), cny(1_000)), issue(1, 1)]
        .map(|order| bank.order(order).unwrap())
        .to_vec();
    let token = bind(&mut bank, 1).unwrap();
    (bank, token, events)
}

fn bind(bank: &mut Bank, serial: u32) -> Result<Token, Decline> {
    let request = Request::Bind {
        pan: pan(serial).digits().to_owned(),
        expiry: expiry(),
        holder_name: " li lei".to_owned(),
    };
    match bank.handle(NOW, &request).response {
        Some(Response::Bound { token, .. }) => Ok(token),
        Some(Response::Refused(reason)) => Err(reason),
        other => panic!("{other:?}"),
    }
}

fn outcome(bank: &mut Bank, now: Timestamp, request: &Request) -> Outcome {
    match bank.handle(now, request).response {
        Some(Response::Operation(outcome)) => outcome,
        other => panic!("{other:?}"),
    }
}

fn charge(id: u128, token: Token, minor: u64) -> Request {
    Request::Charge { operation: OperationRef(id), token, amount: cny(minor) }
}

fn pay_out(id: u128, token: Token, minor: u64) -> Request {
    Request::PayOut { operation: OperationRef(id), token, amount: cny(minor) }
}

#[test]
fn a_repeated_charge_moves_money_once() {
    let (mut bank, token, _) = founded();
    for _ in 0..3 {
        assert_eq!(outcome(&mut bank, NOW, &charge(1, token, 300)), Outcome::Done);
    }
    assert_eq!(bank.balance(AccountNumber(1)), Some(cny(700)));
    assert_eq!(bank.statement(Currency::CNY).charged, cny(300));
}

#[test]
fn the_same_operation_with_other_contents_is_refused() {
    let (mut bank, token, _) = founded();
    outcome(&mut bank, NOW, &charge(1, token, 300));
    for other in [charge(1, token, 301), pay_out(1, token, 300), charge(1, Token(5), 300)] {
        let handled = bank.handle(NOW, &other);
        assert_eq!(handled.response, Some(Response::Refused(Decline::OperationDiffers)));
        assert_eq!(handled.event, None);
    }
}

#[test]
fn what_was_reversed_before_it_arrived_never_happens() {
    let (mut bank, token, _) = founded();
    let reverse = Request::Reverse { operation: OperationRef(1) };
    assert_eq!(outcome(&mut bank, NOW, &reverse), Outcome::Reversed);
    assert_eq!(outcome(&mut bank, NOW, &charge(1, token, 300)), Outcome::Reversed);
    assert_eq!(bank.balance(AccountNumber(1)), Some(cny(1_000)));
}

#[test]
fn what_has_happened_is_not_reversed() {
    let (mut bank, token, _) = founded();
    outcome(&mut bank, NOW, &charge(1, token, 300));
    assert_eq!(outcome(&mut bank, NOW, &Request::Reverse { operation: OperationRef(1) }), Outcome::Done);
    assert_eq!(bank.balance(AccountNumber(1)), Some(cny(700)));
}

#[test]
fn what_is_authorised_is_held_until_captured_or_reversed() {
    let (mut bank, token, _) = founded();
    let authorise = |id, minor| Request::Authorise { operation: OperationRef(id), token, amount: cny(minor) };
    assert_eq!(outcome(&mut bank, NOW, &authorise(1, 400)), Outcome::Authorised);
    assert_eq!(bank.balance(AccountNumber(1)), Some(cny(1_000)));
    assert_eq!(outcome(&mut bank, NOW, &authorise(2, 500)), Outcome::Declined(Decline::OverDailyLimit));
    assert_eq!(outcome(&mut bank, NOW, &Request::Reverse { operation: OperationRef(1) }), Outcome::Reversed);
    assert_eq!(outcome(&mut bank, NOW, &authorise(3, 500)), Outcome::Authorised);
    let capture = Request::Capture { operation: OperationRef(3) };
    assert_eq!(outcome(&mut bank, NOW, &capture), Outcome::Done);
    assert_eq!(outcome(&mut bank, NOW, &capture), Outcome::Done);
    assert_eq!(bank.balance(AccountNumber(1)), Some(cny(500)));
    let unknown = Request::Capture { operation: OperationRef(9) };
    assert_eq!(outcome(&mut bank, NOW, &unknown), Outcome::NotFound);
}

#[test]
fn held_money_is_not_charged_again() {
    let (mut bank, token, _) = founded();
    bank.order(Order::OpenAccount(AccountNumber(2), cny(600))).unwrap();
    bank.order(issue(2, 2)).unwrap();
    let second = bind(&mut bank, 2).unwrap();
    let authorise = Request::Authorise { operation: OperationRef(1), token: second, amount: cny(400) };
    outcome(&mut bank, NOW, &authorise);
    let charged = outcome(&mut bank, NOW, &charge(2, second, 300));
    assert_eq!(charged, Outcome::Declined(Decline::InsufficientFunds));
    assert_eq!(outcome(&mut bank, NOW, &charge(3, token, 300)), Outcome::Done);
}

#[test]
fn limits_are_per_charge_and_per_day() {
    let (mut bank, token, _) = founded();
    assert_eq!(outcome(&mut bank, NOW, &charge(1, token, 501)), Outcome::Declined(Decline::OverChargeLimit));
    assert_eq!(outcome(&mut bank, NOW, &charge(2, token, 500)), Outcome::Done);
    assert_eq!(outcome(&mut bank, NOW, &charge(3, token, 301)), Outcome::Declined(Decline::OverDailyLimit));
    let tomorrow = Timestamp(NOW.0 + DAY);
    assert_eq!(outcome(&mut bank, tomorrow, &charge(4, token, 301)), Outcome::Done);
    // Declined stays declined.
    assert_eq!(
        outcome(&mut bank, tomorrow, &charge(3, token, 301)),
        Outcome::Declined(Decline::OverDailyLimit)
    );
}

#[test]
fn a_card_that_may_not_be_used_is_declined_with_the_reason() {
    let (mut bank, token, _) = founded();
    for (id, state, reason) in
        [(1, CardState::Frozen, Decline::CardFrozen), (2, CardState::Blacklisted, Decline::CardBlacklisted)]
    {
        bank.order(Order::SetCardState(pan(1), state)).unwrap();
        assert_eq!(outcome(&mut bank, NOW, &charge(id, token, 1)), Outcome::Declined(reason));
        assert_eq!(bind(&mut bank, 1), Err(reason));
    }
    bank.order(Order::SetCardState(pan(1), CardState::Active)).unwrap();
    let later = Timestamp(NOW.0 + 5 * 365 * DAY);
    assert_eq!(outcome(&mut bank, later, &charge(3, token, 1)), Outcome::Declined(Decline::CardExpired));
    assert_eq!(outcome(&mut bank, NOW, &charge(4, Token(5), 1)), Outcome::Declined(Decline::UnknownCard));
    let usd = Amount::from_minor(1, Currency::USD).unwrap();
    let request = Request::Charge { operation: OperationRef(5), token, amount: usd };
    assert_eq!(outcome(&mut bank, NOW, &request), Outcome::Declined(Decline::OtherCurrency));
}

#[test]
fn the_operator_pays_out_no_more_than_it_charged() {
    let (mut bank, token, _) = founded();
    assert_eq!(outcome(&mut bank, NOW, &pay_out(1, token, 1)), Outcome::Declined(Decline::OperatorShort));
    outcome(&mut bank, NOW, &charge(2, token, 300));
    assert_eq!(outcome(&mut bank, NOW, &pay_out(3, token, 200)), Outcome::Done);
    assert_eq!(outcome(&mut bank, NOW, &pay_out(4, token, 101)), Outcome::Declined(Decline::OperatorShort));
    let statement = bank.statement(Currency::CNY);
    assert_eq!((statement.charged, statement.paid_out), (cny(300), cny(200)));
}

#[test]
fn a_fault_on_demand_strikes_once() {
    let (mut bank, token, _) = founded();
    bank.inject(Fault::TimeOutBefore);
    bank.inject(Fault::TimeOutAfter);
    bank.inject(Fault::Decline);
    assert_eq!(bank.handle(NOW, &charge(1, token, 10)).response, None);
    assert_eq!(bank.outcome(OperationRef(1)), Outcome::NotFound);
    assert_eq!(bank.handle(NOW, &charge(2, token, 10)).response, None);
    assert_eq!(bank.outcome(OperationRef(2)), Outcome::Done);
    assert_eq!(outcome(&mut bank, NOW, &charge(3, token, 10)), Outcome::Declined(Decline::Unspecified));
    assert_eq!(outcome(&mut bank, NOW, &charge(4, token, 10)), Outcome::Done);
    assert_eq!(bank.faults_left(), 0);
}

#[test]
fn the_staff_cannot_contradict_itself() {
    let (mut bank, _, _) = founded();
    let open = Order::OpenAccount(AccountNumber(1), cny(5));
    assert_eq!(bank.order(open), Err(OrderRefused::Exists));
    assert_eq!(bank.order(issue(1, 1)), Err(OrderRefused::Exists));
    assert_eq!(bank.order(issue(2, 2)), Err(OrderRefused::NotFound));
    assert_eq!(bank.order(Order::Deposit(AccountNumber(2), cny(5))), Err(OrderRefused::NotFound));
    let usd = Amount::from_minor(1, Currency::USD).unwrap();
    assert_eq!(bank.order(Order::Deposit(AccountNumber(1), usd)), Err(OrderRefused::Amount));
    assert_eq!(bank.order(Order::SetCardState(pan(9), CardState::Frozen)), Err(OrderRefused::NotFound));
    assert!(bank.order(Order::Deposit(AccountNumber(1), cny(5))).is_ok());
    assert_eq!(bank.balance(AccountNumber(1)), Some(cny(1_005)));
}

#[test]
fn an_event_reads_back_from_json_as_it_was() {
    let (mut bank, token, mut events) = founded();
    events.extend(bank.handle(NOW, &charge(u128::MAX - 1, token, 7)).event);
    events.extend(bank.handle(NOW, &charge(2, token, 501)).event);
    for event in events {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }
}

/// A bank that asks before a charge above 3.00.
fn asking() -> (Bank, Token, Vec<Event>) {
    let (mut bank, token, mut events) = founded();
    events.push(bank.order(Order::AskAbove(pan(1), cny(300))).unwrap());
    (bank, token, events)
}

fn answer(bank: &mut Bank, operation: u128, consent: bool) -> Result<Event, OrderRefused> {
    bank.order(Order::Answer { operation: OperationRef(operation), consent, now: NOW })
}

#[test]
fn a_charge_that_the_customer_is_asked_about_moves_with_their_word_and_once() {
    let (mut bank, token, _) = asking();
    assert_eq!(outcome(&mut bank, NOW, &charge(1, token, 300)), Outcome::Done);
    assert_eq!(outcome(&mut bank, NOW, &charge(2, token, 301)), Outcome::Asked);
    assert_eq!(bank.balance(AccountNumber(1)), Some(cny(700)));
    assert_eq!(outcome(&mut bank, NOW, &charge(2, token, 301)), Outcome::Asked);
    answer(&mut bank, 2, true).unwrap();
    assert_eq!(answer(&mut bank, 2, true), Err(OrderRefused::NotAsked));
    assert_eq!(answer(&mut bank, 2, false), Err(OrderRefused::NotAsked));
    assert_eq!(bank.balance(AccountNumber(1)), Some(cny(399)));
    assert_eq!(bank.outcome(OperationRef(2)), Outcome::Done);
}

#[test]
fn a_customer_who_says_no_or_nothing_is_not_charged() {
    let (mut bank, token, _) = asking();
    outcome(&mut bank, NOW, &charge(1, token, 400));
    answer(&mut bank, 1, false).unwrap();
    assert_eq!(bank.outcome(OperationRef(1)), Outcome::Declined(Decline::RefusedByCustomer));
    outcome(&mut bank, NOW, &charge(2, token, 400));
    let reverse = Request::Reverse { operation: OperationRef(2) };
    assert_eq!(outcome(&mut bank, NOW, &reverse), Outcome::Reversed);
    assert_eq!(answer(&mut bank, 2, true), Err(OrderRefused::NotAsked));
    assert_eq!(answer(&mut bank, 3, true), Err(OrderRefused::NotAsked));
    assert_eq!(bank.balance(AccountNumber(1)), Some(cny(1_000)));
}

#[test]
fn what_was_allowed_when_the_bank_asked_is_checked_again() {
    let (mut bank, token, _) = asking();
    outcome(&mut bank, NOW, &charge(1, token, 400));
    bank.order(Order::SetCardState(pan(1), CardState::Frozen)).unwrap();
    answer(&mut bank, 1, true).unwrap();
    assert_eq!(bank.outcome(OperationRef(1)), Outcome::Declined(Decline::CardFrozen));
}

#[test]
fn a_question_says_what_would_be_charged_and_only_the_bank_knows_its_ticket() {
    let (mut bank, token, _) = asking();
    assert_eq!(bank.question(OperationRef(1)), None);
    outcome(&mut bank, NOW, &charge(1, token, 400));
    let question = bank.question(OperationRef(1)).unwrap();
    assert_eq!((question.amount, question.outcome), (cny(400), Outcome::Asked));
    assert_eq!(question.last_four, pan(1).last_four());
    answer(&mut bank, 1, true).unwrap();
    assert_eq!(bank.question(OperationRef(1)).unwrap().outcome, Outcome::Done);
    outcome(&mut bank, NOW, &charge(2, token, 100));
    assert_eq!(bank.question(OperationRef(2)), None, "nobody was asked");
    assert_ne!(bank.ticket(OperationRef(1)), bank.ticket(OperationRef(2)));
    assert_ne!(bank.ticket(OperationRef(1)), Bank::new([2; 32]).ticket(OperationRef(1)));
}

#[test]
fn asking_begins_in_the_currency_of_the_account_and_for_a_card_that_exists() {
    let (mut bank, _, _) = founded();
    let usd = Amount::from_minor(1, Currency::USD).unwrap();
    assert_eq!(bank.order(Order::AskAbove(pan(1), usd)), Err(OrderRefused::Amount));
    assert_eq!(bank.order(Order::AskAbove(pan(9), cny(1))), Err(OrderRefused::NotFound));
}

/// Any request about one of a few operations, so that repetitions and clashes are common.
fn requests(token: Token) -> impl Strategy<Value = Request> {
    let operation = (0..6_u128).prop_map(OperationRef);
    let amount = (1..600_u64).prop_map(cny);
    (0..6_u8, operation, amount).prop_map(move |(kind, operation, amount)| match kind {
        0 => Request::Charge { operation, token, amount },
        1 => Request::PayOut { operation, token, amount },
        2 => Request::Authorise { operation, token, amount },
        3 => Request::Capture { operation },
        4 => Request::Reverse { operation },
        _ => Request::Inquire { operation },
    })
}

proptest! {
    #[test]
    fn in_any_order_of_requests_no_money_appears_and_no_answer_is_taken_back(
        requests in prop::collection::vec((requests(founded().1), 0..3_u8, 0..12_u128), 1..60)
    ) {
        let (mut bank, _, mut events) = asking();
        for (request, fault, answered) in requests {
            match fault {
                1 => bank.inject(Fault::TimeOutBefore),
                2 => bank.inject(Fault::TimeOutAfter),
                _ => {}
            }
            let before: Vec<Outcome> = (0..6).map(|id| bank.outcome(OperationRef(id))).collect();
            let handled = bank.handle(NOW, &request);
            events.extend(handled.event);
            events.extend(answer(&mut bank, answered / 2, answered % 2 == 0));
            let statement = bank.statement(Currency::CNY);
            let float = statement.charged.checked_sub(statement.paid_out).unwrap();
            let owned = bank.balance(AccountNumber(1)).unwrap();
            prop_assert_eq!(owned.checked_add(float).unwrap(), cny(1_000));
            for (id, before) in (0..6).zip(before) {
                if !matches!(before, Outcome::NotFound | Outcome::Authorised | Outcome::Asked) {
                    prop_assert_eq!(bank.outcome(OperationRef(id)), before);
                }
            }
        }
        let mut again = Bank::new([1; 32]);
        events.iter().for_each(|event| again.apply(event));
        for id in 0..6 {
            prop_assert_eq!(again.outcome(OperationRef(id)), bank.outcome(OperationRef(id)));
        }
        prop_assert_eq!(again.balance(AccountNumber(1)), bank.balance(AccountNumber(1)));
        prop_assert_eq!(again.statement(Currency::CNY), bank.statement(Currency::CNY));
    }
}

//! Whoever stands between card and host holds messages back and sends them in another order. Nothing says which MAC1 of one
//! sequence the card made first. However they come, no load is both on the card and back in the wallet, and no unload is both
//! paid out and on the card still.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use issuer::{
    key_store::Direction::{self, Load, Unload},
    online::{OnlineRefusal, Request},
};
use messages::card::CardStatus;
use proptest::prelude::*;
use purse::fields::{Asn, DateTime, Mac};
use wallet::{
    chart,
    ids::{HolderId, OperationId},
};
use world::{Fate, WINDOW, World, balance};

/// One card with 1,000 on it.
fn funded() -> (World, Asn) {
    let mut world = World::new(1, 1);
    world.online(0, Load, 1_000, Fate::Well).unwrap();
    let asn = world.plastic[0].0;
    (world, asn)
}

fn wallet(world: &mut World) -> i128 {
    world.ledger_balance(chart::wallet_id(HolderId::new(1), money::Currency::CNY))
}

/// The card begins twice. The host hears of the second and signs it; then it hears of the first; then the card gets the MAC2 of
/// the second. The two requests, and what the card answered.
fn swapped(world: &mut World, first: (Direction, u32), second: (Direction, u32)) -> ([Request; 2], Mac) {
    let asn = world.plastic[0].0;
    let first = world.initialise(0, first.0, first.1).unwrap();
    let second = world.initialise(0, second.0, second.1).unwrap();
    world.host_begins(asn, &second).unwrap();
    let answer = world.host_answers(asn, second.operation);
    world.host_begins(asn, &first).unwrap();
    world.host_answers(asn, first.operation);
    let code = world.deliver(0, second.operation, answer).unwrap();
    ([first, second], code)
}

#[test]
fn a_load_is_not_returned_because_another_mac1_has_its_sequence() {
    let (mut world, _) = funded();
    swapped(&mut world, (Load, 1), (Load, 500));
    assert_eq!((balance(&world.plastic[0].1), wallet(&mut world)), (1_500, -1_501));
    world.audit();
    world.online(0, Load, 7, Fate::Well).unwrap();
    assert_eq!((balance(&world.plastic[0].1), wallet(&mut world)), (1_507, -1_507));
    world.audit();
}

#[test]
fn an_unload_is_not_paid_because_a_smaller_one_bore_its_sequence() {
    let (mut world, _) = funded();
    swapped(&mut world, (Unload, 1_000), (Unload, 1));
    world.online(0, Load, 7, Fate::Well).unwrap();
    assert_eq!((balance(&world.plastic[0].1), wallet(&mut world)), (1_006, -1_006));
    world.audit();
}

#[test]
fn an_unload_is_not_paid_because_a_load_bore_its_sequence() {
    let (mut world, _) = funded();
    swapped(&mut world, (Unload, 1_000), (Load, 5));
    world.online(0, Load, 7, Fate::Well).unwrap();
    assert_eq!((balance(&world.plastic[0].1), wallet(&mut world)), (1_012, -1_012));
    world.audit();
}

#[test]
fn a_load_is_not_returned_because_an_unload_has_its_sequence() {
    let (mut world, _) = funded();
    swapped(&mut world, (Unload, 1), (Load, 500));
    world.online(0, Load, 7, Fate::Well).unwrap();
    assert_eq!((balance(&world.plastic[0].1), wallet(&mut world)), (1_507, -1_507));
    world.audit();
}

/// The proof names the one that was done; the money of the other goes back with it.
#[test]
fn after_several_operations_a_card_has_to_prove_which_it_did() {
    let (mut world, asn) = funded();
    let ([first, second], _) = swapped(&mut world, (Load, 1), (Load, 500));
    let next = world.initialise(0, Load, 7).unwrap();
    assert_eq!(world.host_begins(asn, &next), Err(OnlineRefusal::Unproven));
    let in_doubt: Vec<_> = world.cards[&asn].in_doubt().map(|attempt| attempt.operation).collect();
    assert_eq!(in_doubt, [second.operation, first.operation]);
    world.prove(0);
    assert_eq!(world.cards[&asn].in_doubt().count(), 0);
    assert_eq!((wallet(&mut world), world.equation().waiting_loads), (-1_500, 0));
    world.audit();
}

#[test]
fn a_code_of_one_operation_proves_no_other() {
    let (mut world, asn) = funded();
    let ([first, second], code) = swapped(&mut world, (Load, 1), (Load, 500));
    assert_eq!(world.host_hears(asn, first.operation, code), Err(OnlineRefusal::Mac));
    world.host_hears(asn, second.operation, code).unwrap();
    world.audit();
}

/// Without it the second load would need money that is reserved already.
#[test]
fn a_load_that_is_begun_again_uses_the_money_that_is_reserved() {
    let (mut world, asn) = funded();
    world.online(0, Load, 500, Fate::AnswerLost).unwrap();
    let mut again = world.initialise(0, Load, 500).unwrap();
    let reserved = world.cards[&asn].online().unwrap().operation;
    assert_eq!(world.host_begins(asn, &again), Err(OnlineRefusal::Reserved(reserved)));
    again.operation = reserved;
    world.host_begins(asn, &again).unwrap();
    assert_eq!(wallet(&mut world), -1_500);
    let answer = world.host_answers(asn, reserved);
    let code = world.deliver(0, reserved, answer).unwrap();
    world.host_hears(asn, reserved, code).unwrap();
    assert_eq!((balance(&world.plastic[0].1), wallet(&mut world)), (1_500, -1_500));
    world.audit();
}

/// Its MAC1 is still good while the card stands at its sequence.
#[test]
fn a_load_that_was_returned_does_not_begin_again() {
    let (mut world, asn) = funded();
    let first = world.initialise(0, Load, 500).unwrap();
    world.host_begins(asn, &first).unwrap();
    let second = world.initialise(0, Load, 1).unwrap();
    world.host_begins(asn, &second).unwrap();
    assert_eq!(wallet(&mut world), -1_001, "no MAC2 had left");
    assert_eq!(world.host_begins(asn, &first), Err(OnlineRefusal::Stage));
    let third = Request { operation: first.operation, ..world.initialise(0, Load, 500).unwrap() };
    assert_eq!(world.host_begins(asn, &third), Err(OnlineRefusal::OtherOperation));
    world.audit();
}

/// A load waits for the ledger while the card proves another one of its sequence.
#[test]
fn a_load_that_was_overtaken_gets_no_mac2() {
    let (mut world, asn) = funded();
    let waiting = world.initialise(0, Load, 9).unwrap();
    let done = world.initialise(0, Load, 500).unwrap();
    world.host_begins(asn, &done).unwrap();
    let answer = world.host_answers(asn, done.operation);
    let (keys, now) = (world.keys.clone(), world.now());
    world.card(asn).begin(&keys, &waiting, now).unwrap();
    assert_eq!(world.card(asn).funded(OperationId::new(1)), Err(OnlineRefusal::OtherOperation));
    let code = world.deliver(0, done.operation, answer).unwrap();
    world.host_hears(asn, done.operation, code).unwrap();
    // Now the ledger's word comes.
    world.host_begins(asn, &waiting).unwrap();
    assert_eq!(world.card(asn).answer(&keys, waiting.operation), Err(OnlineRefusal::Stage));
    let back = world.card(asn).abandon(waiting.operation).unwrap();
    world.post(&back);
    assert_eq!(wallet(&mut world), -1_500);
    world.audit();
}

#[test]
fn attempts_at_one_sequence_are_counted_and_the_next_sequence_frees_the_card() {
    let (mut world, asn) = funded();
    for _ in 0..63 {
        world.online(0, Load, 500, Fate::AnswerLost).unwrap();
    }
    world.online(0, Load, 500, Fate::CodeLost).unwrap();
    let one_more = world.initialise(0, Load, 2).unwrap();
    world.host_begins(asn, &one_more).unwrap();
    world.online(0, Load, 3, Fate::AnswerLost).unwrap();
    for _ in 0..62 {
        world.online(0, Load, 3, Fate::AnswerLost).unwrap();
    }
    assert_eq!(world.online(0, Load, 4, Fate::Well), Err(OnlineRefusal::Attempts));
    world.audit();
}

#[test]
fn loads_in_doubt_of_a_lost_card_are_all_its_holders() {
    let (mut world, asn) = funded();
    world.online(0, Load, 500, Fate::AnswerLost).unwrap();
    world.online(0, Load, 40, Fate::AnswerLost).unwrap();
    world.online(0, Unload, 3, Fate::AnswerLost).unwrap();
    assert_eq!(wallet(&mut world), -1_540);
    let now = world.now();
    world.card(asn).list(CardStatus::Lost, now);
    world.seconds += WINDOW.0;
    let now = world.now();
    let transfers = world.card(asn).refund_lost(now, WINDOW).unwrap();
    world.post(&transfers);
    assert_eq!((wallet(&mut world), world.ledger_sum()), (0, 0));
}

/// What whoever stands between card and host can do. A number says which of the messages that he has.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The card begins.
    Begin(Direction, u32),
    /// The host hears that it began; under another operation, where the host says that it reserved the money.
    Tell(usize),
    /// The host gives MAC2.
    Ask(usize),
    /// The card gets a MAC2.
    Deliver(usize),
    /// The host hears a code.
    Confirm(usize),
    /// The host gives up.
    Abandon(usize),
    /// An honest desk asks the card for its proof.
    Prove,
}

fn steps() -> impl Strategy<Value = Step> {
    let direction = prop_oneof![Just(Load), Just(Unload)];
    let one = 0..5_usize;
    prop_oneof![
        3 => (direction, 1..4_u32).prop_map(|(direction, amount)| Step::Begin(direction, amount)),
        5 => one.clone().prop_map(Step::Tell),
        5 => one.clone().prop_map(Step::Ask),
        4 => one.clone().prop_map(Step::Deliver),
        2 => one.clone().prop_map(Step::Confirm),
        1 => one.prop_map(Step::Abandon),
        1 => Just(Step::Prove),
    ]
}

/// The messages that somebody holds, the newest last.
#[derive(Default)]
struct Held {
    requests: Vec<Request>,
    answers: Vec<(OperationId, (DateTime, Mac))>,
    codes: Vec<(OperationId, Mac)>,
}

/// One of the newest.
fn pick<T: Copy>(messages: &[T], number: usize) -> Option<T> {
    messages.iter().rev().nth(number).copied()
}

impl Held {
    fn take(&mut self, world: &mut World, asn: Asn, step: Step) {
        match step {
            Step::Begin(direction, amount) => self.requests.extend(world.initialise(0, direction, amount)),
            Step::Tell(number) => {
                let Some(mut request) = pick(&self.requests, number) else { return };
                if let Err(OnlineRefusal::Reserved(operation)) = world.host_begins(asn, &request) {
                    request.operation = operation;
                    let _refused = world.host_begins(asn, &request);
                    self.requests.push(request);
                }
            }
            Step::Ask(number) => {
                let Some(request) = pick(&self.requests, number) else { return };
                let keys = world.keys.clone();
                let answer = world.card(asn).answer(&keys, request.operation);
                self.answers.extend(answer.ok().map(|answer| (request.operation, answer)));
            }
            Step::Deliver(number) => {
                let Some((operation, answer)) = pick(&self.answers, number) else { return };
                let code = world.deliver(0, operation, answer);
                self.codes.extend(code.map(|code| (operation, code)));
            }
            Step::Confirm(number) => {
                let Some((operation, code)) = pick(&self.codes, number) else { return };
                let _refused = world.host_hears(asn, operation, code);
            }
            Step::Abandon(number) => {
                let Some(request) = pick(&self.requests, number) else { return };
                let back = world.card(asn).abandon(request.operation).unwrap_or_default();
                world.post(&back);
            }
            Step::Prove => world.prove(0),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, max_shrink_iters: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_withheld_and_sent_in_whatever_order_no_value_is_created(
        steps in proptest::collection::vec(steps(), 1..60),
    ) {
        let (mut world, asn) = funded();
        let mut held = Held::default();
        for step in steps {
            held.take(&mut world, asn, step);
            world.audit();
        }
        // The card comes to an honest desk: what is on it is what has left the wallet, and nothing waits.
        world.online(0, Load, 7, Fate::Well).unwrap();
        world.audit();
        let on_card = i128::from(balance(&world.plastic[0].1));
        let is_locked = world.cards[&asn].online().is_none_or(|last| last.stage != issuer::online::Stage::Done);
        prop_assert!(is_locked || wallet(&mut world) == -on_card, "{} on the card", on_card);
        prop_assert!(is_locked || world.equation().waiting_loads == 0);
    }
}

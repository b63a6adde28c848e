//! Random lives of cards, terminals and host: whatever is torn, lost, late, cut, repeated or copied, every unit is accounted
//! for after every event, and whoever copies is found.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use issuer::{key_store::Direction, online::Stage};
use messages::card::receipt::RecordVerdict;
use proptest::prelude::*;
use world::{Fate, World, sale::Mishap};

/// One event.
#[derive(Clone, Debug)]
enum Event {
    Online { card: usize, direction: Direction, amount: u32, fate: Fate },
    LateCode,
    Sale { card: usize, terminal: usize, amount: u32, mishap: Mishap },
    Cancel { terminal: usize, mishap: Mishap },
    Upload { terminal: usize, from: usize, bytes_max: usize },
    Copy { card: usize },
}

fn fates() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Well),
        1 => Just(Fate::NeverAnswered),
        1 => Just(Fate::AnswerLost),
        2 => (0..60_u32).prop_map(Fate::Torn),
        1 => Just(Fate::CodeLost),
        1 => Just(Fate::CodeLate),
    ]
}

fn mishaps() -> impl Strategy<Value = Mishap> {
    prop_oneof![
        6 => Just(Mishap::None),
        2 => (0..60_u32).prop_map(Mishap::Torn),
        1 => (0..60_u32).prop_map(Mishap::TappedAgain),
        1 => Just(Mishap::Unheard),
    ]
}

fn events(copies: u32) -> impl Strategy<Value = Event> {
    let direction = prop_oneof![3 => Just(Direction::Load), 1 => Just(Direction::Unload)];
    let bytes = prop_oneof![2 => Just(usize::MAX), 1 => 0..1_000_usize];
    prop_oneof![
        4 => (0..4_usize, direction, 1..1_000_u32, fates())
            .prop_map(|(card, direction, amount, fate)| Event::Online { card, direction, amount, fate }),
        1 => Just(Event::LateCode),
        6 => (0..4_usize, 0..3_usize, 1..400_u32, mishaps())
            .prop_map(|(card, terminal, amount, mishap)| Event::Sale { card, terminal, amount, mishap }),
        2 => (0..3_usize, mishaps()).prop_map(|(terminal, mishap)| Event::Cancel { terminal, mishap }),
        3 => (0..3_usize, 0..20_usize, bytes)
            .prop_map(|(terminal, from, bytes_max)| Event::Upload { terminal, from, bytes_max }),
        copies => (0..4_usize).prop_map(|card| Event::Copy { card }),
    ]
}

fn happen(world: &mut World, event: &Event) {
    let cards = world.plastic.len();
    match *event {
        Event::Online { card, direction, amount, fate } => {
            let refusal = world.online(card % cards, direction, amount, fate);
            assert!(refusal.is_ok() || cards > world.cards.len(), "an honest card is refused: {refusal:?}");
        }
        Event::LateCode => world.late_code(),
        Event::Sale { card, terminal, amount, mishap } => world.sell(card % cards, terminal, amount, mishap),
        Event::Cancel { terminal, mishap } => world.cancel(terminal, mishap),
        Event::Upload { terminal, from, bytes_max } => {
            let _verdicts = world.upload(terminal, from, bytes_max);
        }
        Event::Copy { card } => world.copy(card % cards),
    }
}

fn upload_all(world: &mut World) {
    for terminal in 0..world.terminals.len() {
        world.upload(terminal, 0, usize::MAX);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, max_shrink_iters: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn every_unit_is_accounted_for_after_every_event(events in proptest::collection::vec(events(0), 1..60)) {
        let mut world = World::new(2, 3);
        for event in &events {
            happen(&mut world, event);
            world.restart();
            world.audit();
        }
        // Every card comes by once more, and every terminal uploads: nothing is in flight any more.
        upload_all(&mut world);
        for card in 0..world.plastic.len() {
            world.online(card, Direction::Load, 1, Fate::Well).unwrap();
        }
        world.audit();
        let silent = world.cards.iter().filter(|(_, card)| card.online().is_some_and(|it| it.stage != Stage::Done));
        let silent: Vec<_> = silent.map(|(asn, _)| *asn).collect();
        let has_refunds = !silent.is_empty();
        silent.into_iter().for_each(|asn| world.give_up(asn));
        let equation = world.equation();
        prop_assert_eq!(equation.waiting_loads, 0);
        prop_assert!(has_refunds || world.cards.values().all(|card| card.listed().is_none()), "an honest card is listed");
        prop_assert_eq!((world.ledger_sum(), equation.inferred_wrongly), (0, 0));
        // Uploading all of it again moves nothing.
        for terminal in 0..world.terminals.len() {
            let (verdicts, findings) = world.upload(terminal, 3, usize::MAX);
            prop_assert!(verdicts.iter().all(|verdict| *verdict == RecordVerdict::AlreadyKnown));
            prop_assert!(findings.is_empty());
        }
        prop_assert!(has_refunds || world.equation() == equation);
    }

    #[test]
    fn copies_are_accounted_for_and_found(events in proptest::collection::vec(events(1), 1..60)) {
        let mut world = World::new(2, 3);
        for event in &events {
            happen(&mut world, event);
            let equation = world.equation();
            prop_assert_eq!(equation.difference(), 0, "{:?}", equation);
            prop_assert_eq!(world.ledger_sum(), 0);
        }
        upload_all(&mut world);
        // Cards of one number that both spent at one sequence, with TACs: the number is listed.
        let twice = world.cards.keys().copied().filter(|asn| world.spent_one_sequence_twice(*asn));
        for asn in twice {
            prop_assert!(world.cards[&asn].listed().is_some(), "a clone is not found");
        }
    }
}

//! What must hold in every state, and what must be reached.

use stateright::Property;

use super::{
    card::{Done, done},
    issuer::Load,
    model::{Desk, World},
    till::{Record, Till},
    *,
};

pub(super) const CREATED: &str = "no value is created";
pub(super) const ACCOUNTED: &str = "all value is accounted for";
pub(super) const ONCE: &str = "nothing is booked twice";
pub(super) const CLOSED_ONCE: &str = "an open split closes exactly once";
pub(super) const COLLECTED: &str = "a split closes only when its part was collected";
pub(super) const BLOCKED: &str = "an open split blocks a second";

/// What must hold in every state.
pub(super) const ALWAYS: [&str; 6] = [CREATED, ACCOUNTED, ONCE, CLOSED_ONCE, COLLECTED, BLOCKED];

pub(super) fn all() -> Vec<Property<Desk>> {
    vec![
        Property::always(CREATED, |desk: &Desk, world: &World| {
            let claims: i64 = world.tills.iter().map(Till::claim).sum();
            balance(desk, world) + claims <= world.issuer.paid()
        }),
        Property::always(ACCOUNTED, |desk: &Desk, world: &World| is_accounted(desk, world)),
        Property::always(ONCE, |_: &Desk, world: &World| is_booked_once(world)),
        Property::always(CLOSED_ONCE, |desk: &Desk, world: &World| {
            let is_open = usize::from(desk.card(world).contents().split().is_open);
            splits(&done(&desk.card(world))) == usize::from(world.closings) + is_open
        }),
        Property::always(COLLECTED, |desk: &Desk, world: &World| {
            let card = desk.card(world);
            let split = card.contents().split();
            let sale = (split.order.0[0], split.sequence);
            split.is_open || split.due == Amount::ZERO || world.issuer.collected.contains(&sale)
        }),
        Property::always(BLOCKED, |desk: &Desk, world: &World| {
            splits(&done(&desk.card(world))) <= usize::from(world.closings) + 1
        }),
        Property::sometimes("a load is settled", |desk: &Desk, world: &World| {
            desk.lacks(Kind::LoadPurse) || world.issuer.loads.iter().any(|load| load.is_settled)
        }),
        Property::sometimes("a purchase is booked", |desk: &Desk, world: &World| {
            is_booked(desk, world, Kind::Purchase)
        }),
        Property::sometimes("a cancel is booked", |desk: &Desk, world: &World| {
            is_booked(desk, world, Kind::Cancel)
        }),
        Property::sometimes("a split is booked", |desk: &Desk, world: &World| {
            is_booked(desk, world, Kind::CompoundPurchase)
        }),
        Property::sometimes("a split is closed", |desk: &Desk, world: &World| {
            desk.lacks(Kind::CompoundPurchase) || world.closings > 0
        }),
        Property::sometimes(
            "power goes, and a transaction is proved all the same",
            |_: &Desk, world: &World| {
                let mut records = world.tills.iter().flat_map(|till| &till.records);
                let is_proved = records.any(|record| record.is_booked);
                world.tears > 0 && (is_proved || world.issuer.loads.iter().any(|load| load.is_settled))
            },
        ),
    ]
}

/// Whether a transaction of a kind is booked, where any may be begun.
fn is_booked(desk: &Desk, world: &World, kind: Kind) -> bool {
    let mut records = world.tills.iter().flat_map(|till| &till.records);
    desk.lacks(kind) || records.any(|record| record.is_booked && record.wish.kind == kind)
}

fn balance(desk: &Desk, world: &World) -> i64 {
    i64::from(desk.card(world).contents().purse.balance.units())
}

fn splits(done: &[Done]) -> usize {
    done.iter().filter(|one| one.kind == Kind::CompoundPurchase).count()
}

/// Whether the records of card, tills and issuer explain each other: what the card did is what it holds; somebody has
/// recorded each of its transactions; and whatever is settled or booked, the card did.
fn is_accounted(desk: &Desk, world: &World) -> bool {
    let card = desk.card(world);
    let done = done(&card);
    let moved = done.iter().map(|one| match one.kind {
        Kind::LoadPurse | Kind::Cancel => i64::from(one.amount),
        _ => -i64::from(one.amount),
    });
    let records = || world.tills.iter().flat_map(|till| &till.records);
    let is_recorded = |one: &Done| match one.kind {
        Kind::LoadPurse => {
            world.issuer.loads.iter().any(|load| (load.sequence, load.amount) == (one.sequence, one.amount))
        }
        _ => records().any(|record| is_of(record, one)),
    };
    let settled = world.issuer.loads.iter().filter(|load| load.is_settled);
    let is_loaded =
        |load: &Load| done.iter().any(|one| one.kind == Kind::LoadPurse && one.sequence == load.sequence);
    balance(desk, world) == moved.sum::<i64>()
        && done.iter().all(is_recorded)
        && settled.into_iter().all(is_loaded)
        && records().filter(|record| record.is_booked).all(|record| done.iter().any(|one| is_of(record, one)))
}

fn is_of(record: &Record, one: &Done) -> bool {
    let recorded = (record.sequence, record.wish.kind, record.wish.amount, terminal(record.wish.till));
    recorded == (one.sequence, one.kind, one.amount, one.terminal)
}

/// Whether each transaction of the card is booked at most once, each load reserved once, and each part collected once.
fn is_booked_once(world: &World) -> bool {
    let booked = world.tills.iter().flat_map(|till| &till.records).filter(|record| record.is_booked);
    let loads = world.issuer.loads.iter().map(|load| load.sequence);
    are_distinct(booked.map(|record| record.sequence).collect())
        && are_distinct(loads.collect())
        && are_distinct(world.issuer.collected.clone())
}

fn are_distinct<T: Ord>(mut all: Vec<T>) -> bool {
    all.sort_unstable();
    all.windows(2).all(|pair| pair[0] != pair[1])
}

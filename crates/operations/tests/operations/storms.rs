//! Random lives: many operations, with lost messages, crashes, faults of the bank and restored backups among them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use crate::world::{BANK, Fate, Money, World, now};
use bank::Fault;
use operations::start_up_check;
use proptest::prelude::*;
use records::operations::{Filter, Operation, OperationKind, OperationState};
use records::simulated::SimulatedRecords;

/// What the storm does next.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A request of this kind under one of a few keys: repetitions are common, and so are reused keys.
    Request { kind: u8, key: u8, minor: u64, strike: Option<(u64, bool)> },
    /// The bank's next charge or pay-out goes wrong.
    BankFault(Fault),
    /// The process is killed between requests. The flag: jobs that nobody awaited are lost.
    Kill { lose_unawaited: bool },
    /// The records are restored from the last backup.
    Restore,
    /// A backup is taken.
    Backup,
}

fn events() -> impl Strategy<Value = Event> {
    let strike = prop_oneof![
        3 => Just(None),
        1 => (1..14_u64, any::<bool>()).prop_map(Some),
    ];
    let request = (0..5_u8, 0..6_u8, 1..4_000_u64, strike);
    let fault = prop_oneof![Just(Fault::Decline), Just(Fault::TimeOutBefore), Just(Fault::TimeOutAfter)];
    prop_oneof![
        12 => request.prop_map(|(kind, key, minor, strike)| Event::Request { kind, key, minor, strike }),
        2 => fault.prop_map(Event::BankFault),
        1 => any::<bool>().prop_map(|lose_unawaited| Event::Kill { lose_unawaited }),
        1 => Just(Event::Restore),
        1 => Just(Event::Backup),
    ]
}

fn request(world: &World, kind: u8, key: u8, minor: u64) {
    let name = format!("key-{key}");
    // Whatever the answer is, the records and the ledger have to agree on it afterwards.
    let _any_answer = match kind {
        0 => world.top_up(&name, minor),
        1 => world.withdraw(&name, minor),
        2 => world.transfer(&name, minor),
        3 => world.pay(&name, minor),
        _ => world.refund(&name, minor % 3_000 + 1),
    };
}

fn restart(world: &mut World, lose_unawaited: bool) {
    let records = Arc::clone(&world.records);
    let keep = if lose_unawaited { records.durable_jobs() } else { records.jobs() };
    records.crash(keep).unwrap();
    world.restart(records);
    now(start_up_check::run(&world.operations)).unwrap();
}

fn all_operations(world: &World) -> Vec<Operation> {
    let mut rows = Vec::new();
    let mut cursor = None;
    loop {
        let page = now(operations::history::page(&world.operations, Filter::default(), cursor, 100)).unwrap();
        rows.extend(page.operations);
        cursor = page.next;
        if cursor.is_none() {
            return rows;
        }
    }
}

/// Where the money must be by what the records say.
fn told_by(rows: &[Operation]) -> Money {
    let mut sums = [0_i64; 5];
    for row in rows.iter().filter(|row| row.state == OperationState::Completed) {
        let amount = i64::try_from(row.amount.minor()).unwrap();
        let [alice, bob, shop, charged, paid_out] = &mut sums;
        match row.kind {
            OperationKind::TopUp => {
                *alice += amount;
                *charged += amount;
            }
            OperationKind::Withdrawal => {
                *alice -= amount;
                *paid_out += amount;
            }
            OperationKind::Transfer => {
                *alice -= amount;
                *bob += amount;
            }
            OperationKind::Payment => {
                *alice -= amount;
                *shop += amount;
            }
            OperationKind::Refund => {
                *shop -= amount;
                *alice += amount;
            }
            OperationKind::EscrowPayment
            | OperationKind::EscrowRelease
            | OperationKind::EscrowRefund
            | OperationKind::CardLoad
            | OperationKind::CardUnload
            | OperationKind::CardRest
            | OperationKind::CardDue
            | OperationKind::TransferPurseLoad
            | OperationKind::TransferPurseUnload
            | OperationKind::CardTakings
            | OperationKind::CardReturns
            | OperationKind::VoucherSale
            | OperationKind::VoucherRedemption
            | OperationKind::VoucherReturn
            | OperationKind::Adjustment => {
                unreachable!("no orders are paid and nothing is corrected in storms")
            }
        }
    }
    let [alice, bob, shop, charged, paid_out] = sums.map(|sum| u64::try_from(sum).unwrap());
    Money { alice, bob, shop, charged, paid_out }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]
    #[test]
    fn after_any_storm_records_ledger_and_bank_tell_the_same(
        storm in prop::collection::vec(events(), 1..50)
    ) {
        let mut world = World::new();
        let mut backup = world.records.image().unwrap();
        world.arm_records();
        for event in storm {
            match event {
                Event::Request { kind, key, minor, strike } => {
                    if let Some((moment, crash)) = strike {
                        world.faults.strike(moment, if crash { Fate::Crash } else { Fate::Lost });
                    }
                    request(&world, kind, key, minor);
                    let crashed = world.faults.struck() && strike.is_some_and(|(_, crash)| crash);
                    world.faults.rest();
                    if crashed {
                        restart(&mut world, key % 2 == 0);
                    }
                }
                Event::BankFault(fault) => world.bank.inject(BANK, fault).unwrap(),
                Event::Kill { lose_unawaited } => restart(&mut world, lose_unawaited),
                Event::Backup => backup = world.records.image().unwrap(),
                Event::Restore => {
                    let restored = SimulatedRecords::from_image(&backup, Box::new(|_| false)).unwrap();
                    world.restart(Arc::new(restored));
                    now(start_up_check::run(&world.operations)).unwrap();
                }
            }
            let report = start_up_check::resume_open(&world.operations, ledger::Timestamp::LAST);
            prop_assert_eq!(now(report).unwrap().unknown, 0);
            world.check_equation();
            prop_assert_eq!(world.money(), told_by(&all_operations(&world)));
        }
    }
}

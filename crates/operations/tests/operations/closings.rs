//! Accounts that are closed: the ledger itself keeps them closed, and no moment of it loses what somebody sends.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Arc, Mutex};

use ledger::{AccountFlags, CreateTransferStatus as Status, Engine, Timestamp};
use operations::closing::{self, StillOpen};
use operations::{OperationError, Reason, start_up_check};
use records::operations::OperationState;
use records::principals::{self, PrincipalStatus};
use records::wallets::{self, WalletStatus};
use wallet::chart;
use wallet::closing_postings::wallet_closed;
use wallet::ids::{HolderId, OperationId};
use wallet::postings::{Fingerprint, WalletTransfer, transferred};

use crate::crashes::{Records, restart};
use crate::world::{CNY, Fate, World, cny, key, now};

/// What Bob has, to send some of it.
const BOBS: u64 = 2_000;
/// What Bob sends.
const SENT: u64 = 500;

fn close(world: &World, name: &str) -> Result<Result<(), StillOpen>, OperationError> {
    now(closing::close(&world.operations, &key(name), world.alice, Some(world.card)))
}

/// The next tries of whoever was interrupted: under the same key, and under a new one where that pay-out came to nothing.
fn close_in_the_end(world: &World) -> Result<(), StillOpen> {
    match close(world, "c").unwrap() {
        Err(StillOpen::PayOutFailed) => close(world, "c2").unwrap(),
        closed => closed,
    }
}

/// Whether the ledger has closed the wallet.
fn is_closed(world: &World) -> bool {
    let ids = [chart::wallet_id(world.alice, CNY)];
    world.engine.lock().unwrap().lookup_accounts(&ids).unwrap()[0].flags.contains(AccountFlags::CLOSED)
}

fn statuses(world: &World) -> (PrincipalStatus, WalletStatus) {
    let alice = world.alice;
    let read = world.operations.services().records.read(move |sql| {
        let principal = principals::get(sql, alice.into())?.unwrap();
        Ok((principal.status, wallets::get(sql, alice, CNY)?.unwrap().status))
    });
    now(read).unwrap()
}

const CLOSED: (PrincipalStatus, WalletStatus) = (PrincipalStatus::Closed, WalletStatus::Closed);
const OPEN: (PrincipalStatus, WalletStatus) = (PrincipalStatus::Active, WalletStatus::Open);

/// What a request of Bob does in the ledger that was checked before anybody thought of closing.
fn sent(payer: HolderId, payee: HolderId) -> ledger::Transfer {
    transferred(&WalletTransfer {
        operation: OperationId::new(0xb0b),
        payer,
        payee,
        amount: cny(SENT),
        fingerprint: Fingerprint(1),
    })
}

/// Alice has 80.00, Bob has 20.00, and the records count moments too.
fn scene() -> World {
    let world = World::new();
    assert_eq!(world.transfer("to-bob", BOBS).unwrap().state, OperationState::Completed);
    world.faults.rest();
    world.arm_records();
    world
}

#[test]
fn a_closed_account_is_closed_in_the_ledger() {
    let world = World::new();
    assert_eq!(close(&world, "c"), Ok(Ok(())));
    assert!(is_closed(&world));
    assert_eq!(statuses(&world), CLOSED);
    let results =
        world.engine.lock().unwrap().create_transfers(Timestamp(1), &[sent(world.bob, world.alice)]).unwrap();
    assert_eq!(results[0].status, Status::CreditAccountAlreadyClosed);
    assert_eq!((world.money().alice, world.money().paid_out), (0, 10_000));
    world.check_equation();
}

#[test]
fn what_somebody_sends_at_any_moment_of_a_closing_is_refused_or_paid_out_and_never_lost() {
    let (mut refused, mut came) = (0, 0);
    for moment in 1.. {
        let world = scene();
        let status = Arc::new(Mutex::new(None));
        let (engine, told) = (Arc::clone(&world.engine), Arc::clone(&status));
        let transfer = sent(world.bob, world.alice);
        world.faults.meanwhile(moment, move || {
            let results = engine.lock().unwrap().create_transfers(Timestamp(1), &[transfer]).unwrap();
            *told.lock().unwrap() = Some(results[0].status);
        });
        let closed = close(&world, "c").unwrap();
        let Some(status) = *status.lock().unwrap() else { break };
        match (status, closed) {
            (Status::Created, Ok(())) => {}
            (Status::CreditAccountAlreadyClosed, Ok(())) => refused += 1,
            (Status::Created, Err(StillOpen::MoneyCame)) => {
                came += 1;
                assert!(!is_closed(&world), "moment {moment}");
                assert_eq!(statuses(&world), OPEN);
                assert_eq!(world.money().alice, SENT);
                assert_eq!(close(&world, "c2"), Ok(Ok(())));
            }
            other => panic!("moment {moment}: {other:?}"),
        }
        let money = world.money();
        let sent = if status == Status::Created { SENT } else { 0 };
        assert_eq!((money.alice, money.bob), (0, BOBS - sent), "moment {moment}");
        assert_eq!(money.paid_out, 10_000 - BOBS + sent, "moment {moment}");
        assert!(is_closed(&world) && statuses(&world) == CLOSED, "moment {moment}");
        world.check_equation();
    }
    assert!(refused > 0 && came > 0, "{refused} refused, {came} came");
}

#[test]
fn a_crash_at_any_moment_of_a_closing_ends_in_an_open_account_or_a_closed_one() {
    for left in [Records::All, Records::Awaited, Records::Backup] {
        for moment in 1.. {
            let context = format!("crash at {moment}, {left:?}");
            let mut world = World::new();
            let backup = world.records.image().unwrap();
            world.arm_records();
            world.faults.strike(moment, Fate::Crash);
            let _interrupted = close(&world, "c");
            if !world.faults.struck() {
                break;
            }
            restart(&mut world, &backup, left);
            now(start_up_check::run(&world.operations)).unwrap();
            match (is_closed(&world), statuses(&world)) {
                (true, CLOSED) => {}
                (false, OPEN) => assert_eq!(close_in_the_end(&world), Ok(()), "{context}"),
                other => panic!("{context}: {other:?}"),
            }
            assert_eq!((world.money().alice, world.money().paid_out), (0, 10_000), "{context}");
            world.check_equation();
        }
    }
}

#[test]
fn a_closing_that_lost_a_message_is_made_good_by_the_next_try() {
    for moment in 1.. {
        let world = World::new();
        world.arm_records();
        world.faults.strike(moment, Fate::Lost);
        let first = close(&world, "c");
        if !world.faults.struck() && world.faults.moments() < moment {
            break;
        }
        world.faults.rest();
        now(start_up_check::run(&world.operations)).unwrap();
        if first != Ok(Ok(())) && statuses(&world) != CLOSED {
            assert_eq!(close_in_the_end(&world), Ok(()), "loses the message at {moment}");
        }
        assert_eq!((world.money().alice, world.money().paid_out), (0, 10_000), "moment {moment}");
        assert!(is_closed(&world) && statuses(&world) == CLOSED, "moment {moment}");
        world.check_equation();
    }
}

#[test]
fn wallets_that_a_closing_left_closed_with_money_in_them_are_opened_again() {
    let world = World::new();
    let left = wallet_closed(world.alice, CNY, Timestamp(1));
    let mut engine = world.engine.lock().unwrap();
    engine.create_accounts(Timestamp(1), &[chart::closings(CNY)]).unwrap();
    assert_eq!(engine.create_transfers(Timestamp(1), &[left]).unwrap()[0].status, Status::Created);
    drop(engine);
    assert!(is_closed(&world));
    let refused = world.pay("meanwhile", 100).unwrap();
    assert_eq!((refused.state, refused.reason), (OperationState::Declined, Some(Reason::AccountClosed)));
    assert_eq!(close(&world, "c"), Ok(Ok(())));
    assert_eq!((world.money().alice, world.money().paid_out), (0, 10_000));
    assert!(is_closed(&world));
    world.check_equation();
}

#[test]
fn an_account_that_only_the_ledger_remembers_as_closed_is_closed_by_the_next_start() {
    let mut world = World::new();
    let backup = world.records.image().unwrap();
    assert_eq!(close(&world, "c"), Ok(Ok(())));
    restart(&mut world, &backup, Records::Backup);
    assert_eq!(statuses(&world), OPEN);
    let declined = world.pay("from-closed", 100).unwrap();
    assert_eq!(declined.state, OperationState::Declined);
    now(start_up_check::run(&world.operations)).unwrap();
    assert_eq!(statuses(&world), CLOSED);
    world.check_equation();
}

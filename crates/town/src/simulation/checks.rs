//! What must hold: after every event, after every recovery, and at rest.

use std::collections::BTreeMap;

use bank::{OperationRef, Outcome};
use ledger::{AccountFlags, BATCH_MAX, Request, Response, TransferId};
use money::Currency;
use records::operations::OperationState;
use wallet::postings;

use super::clients::Final;
use super::report::{Balance, CurrencyCode};
use super::run::Run;
use super::world::Trouble;
use crate::economy::CURRENCIES;
use crate::poll::poll_once;

/// At most so many operations of a run are looked up in the records one by one.
const RECORDS_LOOKED_UP_MAX: usize = 800;

/// The equation in one currency, from the banks' books and the simulation's own.
fn balance(run: &Run, currency: Currency) -> Balance {
    let ledger = wallet::chart::money_ledger(currency);
    let accounted = run.world.ledger.with_books(|books| {
        let in_flight = books.reservations().filter(|reserved| reserved.ledger == ledger).map(|reserved| {
            let moved = run.world.bank.outcome(OperationRef(reserved.transfer.0)) == Outcome::Done;
            let amount = i128::try_from(reserved.amount).unwrap_or(i128::MAX);
            match (moved, reserved.is_top_up) {
                (false, _) => 0,
                (true, true) => amount,
                (true, false) => -amount,
            }
        });
        books.owned(currency) + in_flight.sum::<i128>()
    });
    let issued = run.world.bank.issued(currency);
    Balance { issued, accounted, difference: issued - accounted }
}

/// The equation in every currency of the town.
pub(super) fn balances(run: &Run) -> BTreeMap<CurrencyCode, Balance> {
    CURRENCIES.into_iter().map(|currency| (CurrencyCode(currency), balance(run, currency))).collect()
}

/// Checks the equation in every currency.
///
/// # Errors
/// Says where it does not hold.
pub(super) fn equation(run: &Run) -> Result<(), Trouble> {
    for currency in CURRENCIES {
        let Balance { issued, accounted, difference } = balance(run, currency);
        if difference != 0 {
            return Err(format!(
                "{currency}: issued {issued}, accounted {accounted}, difference {difference}"
            ));
        }
    }
    Ok(())
}

/// Open reservations: whether each is a top-up, and whether the bank has done its part.
pub(super) fn reservations(run: &Run) -> Vec<(bool, bool)> {
    run.world.ledger.with_books(|books| {
        let state = |reserved: &super::books::Reservation| {
            let outcome = run.world.bank.outcome(OperationRef(reserved.transfer.0));
            (reserved.is_top_up, outcome == Outcome::Done)
        };
        books.reservations().map(state).collect()
    })
}

/// Reads every account of the ledger and compares it with the books, the sums and, where no client waits, with what the
/// clients were told.
///
/// # Errors
/// Says what differs.
pub(super) fn full(run: &Run) -> Result<(), Trouble> {
    equation(run)?;
    let ids: Vec<_> = run.world.ledger.with_books(|books| books.accounts().collect());
    let mut sums = [0_u128; 4];
    for batch in ids.chunks(BATCH_MAX) {
        let Response::Accounts(accounts) = run.world.ask(&Request::LookupAccounts(batch.to_vec()))? else {
            return Err("the ledger answered another question".to_owned());
        };
        if accounts.len() != batch.len() {
            return Err(format!("{} of {} accounts are gone", batch.len() - accounts.len(), batch.len()));
        }
        for account in accounts {
            run.world.ledger.with_books(|books| books.compare(&account)).map_err(|mismatch| mismatch.0)?;
            let limited = account.flags.contains(AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS);
            if limited && account.debits_posted.0 + account.debits_pending.0 > account.credits_posted.0 {
                return Err(format!("account {:032x} is below zero", account.id.0));
            }
            sums[0] += account.debits_pending.0;
            sums[1] += account.debits_posted.0;
            sums[2] += account.credits_pending.0;
            sums[3] += account.credits_posted.0;
        }
    }
    if sums[0] != sums[2] || sums[1] != sums[3] {
        return Err(format!("debits and credits differ: {sums:?}"));
    }
    if run.clients.anybody_waits() { Ok(()) } else { as_told(run) }
}

/// Compares every balance with what the clients were told.
fn as_told(run: &Run) -> Result<(), Trouble> {
    run.world.ledger.with_books(|books| {
        for (account, told) in run.clients.balances() {
            let has = books.balance(account);
            if has != told {
                return Err(format!(
                    "account {:032x} has {has}, but its clients were told {told}",
                    account.0
                ));
            }
        }
        Ok(())
    })
}

/// Checks a system at rest: nothing open anywhere, every acknowledged operation there with its content, the journal
/// sound from end to end.
///
/// # Errors
/// Says what does not hold.
pub(super) fn at_rest(run: &Run) -> Result<(), Trouble> {
    if run.clients.anybody_waits() {
        return Err("a client never got a final answer".to_owned());
    }
    let open = run.world.ledger.with_books(|books| books.reservations().count());
    if open > 0 {
        return Err(format!("{open} reservations never ended"));
    }
    acknowledged_are_in_ledger(run)?;
    acknowledged_are_in_records(run)?;
    run.world.verify_ledger()
}

fn acknowledged_are_in_ledger(run: &Run) -> Result<(), Trouble> {
    let completed: Vec<_> = run
        .clients
        .requests()
        .filter_map(|request| match request.told {
            Some(Final::Completed(operation)) => {
                Some((postings::decision_id(operation), request.ask.amount()))
            }
            _ => None,
        })
        .collect();
    for batch in completed.chunks(BATCH_MAX) {
        let ids: Vec<TransferId> = batch.iter().map(|(id, _)| *id).collect();
        let Response::Transfers(found) = run.world.ask(&Request::LookupTransfers(ids))? else {
            return Err("the ledger answered another question".to_owned());
        };
        let is_same = |((id, amount), transfer): (&(TransferId, money::Amount), &ledger::Transfer)| {
            transfer.id == *id
                && transfer.amount.0 == u128::from(amount.minor())
                && transfer.ledger == wallet::chart::money_ledger(amount.currency())
        };
        if found.len() != batch.len() || !batch.iter().zip(&found).all(is_same) {
            return Err(
                "an acknowledged operation is not in the ledger, or has another content there".to_owned()
            );
        }
    }
    Ok(())
}

fn acknowledged_are_in_records(run: &Run) -> Result<(), Trouble> {
    let every = run.clients.count() / RECORDS_LOOKED_UP_MAX + 1;
    let completed: Vec<_> = run
        .clients
        .requests()
        .step_by(every)
        .filter_map(|request| match request.told {
            Some(Final::Completed(operation)) => Some((operation, request.ask.amount())),
            _ => None,
        })
        .collect();
    let reading = run.world.operations.services().records.read(move |sql| {
        if records::operations::count_open(sql)? > 0 {
            return Ok(Some("an operation is still open in the records".to_owned()));
        }
        for (operation, amount) in completed {
            let row = records::operations::get(sql, operation)?;
            let is_same = |row: &records::operations::Operation| {
                row.state == OperationState::Completed && row.amount == amount
            };
            if !row.as_ref().is_some_and(is_same) {
                return Ok(Some(format!(
                    "the records have {row:?} for an acknowledged operation of {amount}"
                )));
            }
        }
        Ok(None)
    });
    match poll_once(reading) {
        Some(Ok(None)) => Ok(()),
        Some(Ok(Some(what))) => Err(what),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the records do not answer".to_owned()),
    }
}

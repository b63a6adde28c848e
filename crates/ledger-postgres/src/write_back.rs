//! What a round changed, written with one statement for each table.

use ledger::memory::{Clock, Entry};
use ledger::{Account, AccountFlags, PendingStatus, Timestamp, Transfer, TransferFlags, TransferId};

use crate::copy::CopyRows;
use crate::rows;
use crate::session::Turn;
use crate::words::{Number, Wide};
use crate::working_set::{LockedClock, WorkingSet};

const COPY_ACCOUNTS: &str = "COPY ledger_accounts (id, timestamp, user_data_64, user_data_32, ledger, code, flags, \
    debits_pending, debits_posted, credits_pending, credits_posted, user_data_128) FROM STDIN BINARY";
const COPY_TRANSFERS: &str = "COPY ledger_transfers (id, debit_account_id, credit_account_id, timestamp, \
    user_data_64, user_data_32, timeout, ledger, code, flags, amount, pending_id, user_data_128, debit_balances, \
    credit_balances) FROM STDIN BINARY";
const COPY_PENDINGS: &str = "COPY ledger_pendings (id, timestamp, expires_at, status) FROM STDIN BINARY";

/// Writes the difference between what was loaded and what is now.
///
/// # Errors
/// Those of the server; a unique violation where an id that was taken to be new is not.
pub(crate) fn write_back(turn: &mut Turn<'_>, set: &WorkingSet) -> Result<(), postgres::Error> {
    insert_accounts(turn, &set.store.accounts()[set.loaded.len()..])?;
    insert_transfers(turn, set.store.entries())?;
    insert_pendings(turn, set)?;
    insert_failed(turn, set.store.failed())?;
    update_accounts(turn, set)?;
    update_pendings(turn, set)
}

/// Writes the clock, and with it ends the round.
pub(crate) fn write_clock(turn: &mut Turn<'_>, locked: &LockedClock) -> Result<(), postgres::Error> {
    let Clock { last, last_account, last_transfer } = locked.clock;
    let [last, account, transfer, expiry] =
        [last, last_account, last_transfer, locked.next_expiry].map(|moment| moment.0.cast_signed());
    turn.transaction
        .execute(&turn.statements.update_clock, &[&locked.round, &last, &account, &transfer, &expiry])
        .map(drop)
}

/// When the first of the pending transfers of this round expires.
pub(crate) fn first_new_expiry(set: &WorkingSet) -> Timestamp {
    let expiries = set.store.entries().iter().filter(|entry| is_pending(&entry.transfer));
    expiries.filter_map(|entry| entry.transfer.expires_at()).min().unwrap_or(Timestamp::LAST)
}

fn is_pending(transfer: &Transfer) -> bool {
    transfer.flags.contains(TransferFlags::PENDING)
}

fn insert_accounts(turn: &mut Turn<'_>, accounts: &[Account]) -> Result<(), postgres::Error> {
    if accounts.is_empty() {
        return Ok(());
    }
    let mut copy = CopyRows::new(12, accounts.len());
    for account in accounts {
        copy.begin_row();
        copy.wide(account.id.0);
        copy.i64(account.timestamp.0.cast_signed());
        copy.i64(account.user_data_64.cast_signed());
        copy.i32(account.user_data_32.cast_signed());
        copy.i32(account.ledger.0.cast_signed());
        copy.i32(i32::from(account.code.0));
        copy.i32(i32::from(account.flags.0));
        copy.number(account.debits_pending.0);
        copy.number(account.debits_posted.0);
        copy.number(account.credits_pending.0);
        copy.number(account.credits_posted.0);
        copy.wide_or_null(account.user_data_128);
    }
    copy.send(&mut turn.transaction, COPY_ACCOUNTS)
}

fn insert_transfers(turn: &mut Turn<'_>, entries: &[Entry]) -> Result<(), postgres::Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut copy = CopyRows::new(15, entries.len());
    let mut packed = Vec::with_capacity(4 * 17);
    for Entry { transfer, debit, credit } in entries {
        copy.begin_row();
        copy.wide(transfer.id.0);
        copy.wide(transfer.debit_account_id.0);
        copy.wide(transfer.credit_account_id.0);
        copy.i64(transfer.timestamp.0.cast_signed());
        copy.i64(transfer.user_data_64.cast_signed());
        copy.i32(transfer.user_data_32.cast_signed());
        copy.i32(transfer.timeout.cast_signed());
        copy.i32(transfer.ledger.0.cast_signed());
        copy.i32(i32::from(transfer.code.0));
        copy.i32(i32::from(transfer.flags.0));
        copy.number(transfer.amount.0);
        copy.wide_or_null(transfer.pending_id.0);
        copy.wide_or_null(transfer.user_data_128);
        for account in [debit, credit] {
            if account.flags.contains(AccountFlags::HISTORY) {
                rows::pack_balances(account, &mut packed);
                copy.bytes(&packed);
            } else {
                copy.null();
            }
        }
    }
    copy.send(&mut turn.transaction, COPY_TRANSFERS)
}

fn insert_pendings(turn: &mut Turn<'_>, set: &WorkingSet) -> Result<(), postgres::Error> {
    let pending = |entry: &&Entry| is_pending(&entry.transfer);
    let count = set.store.entries().iter().filter(pending).count();
    if count == 0 {
        return Ok(());
    }
    let mut copy = CopyRows::new(4, count);
    for Entry { transfer, .. } in set.store.entries().iter().filter(pending) {
        copy.begin_row();
        copy.wide(transfer.id.0);
        copy.i64(transfer.timestamp.0.cast_signed());
        match transfer.expires_at() {
            Some(at) => copy.i64(at.0.cast_signed()),
            None => copy.null(),
        }
        copy.i16(rows::status_code(set.store.status(transfer.id).unwrap_or(PendingStatus::Pending)));
    }
    copy.send(&mut turn.transaction, COPY_PENDINGS)
}

fn insert_failed(turn: &mut Turn<'_>, failed: &[(TransferId, Timestamp)]) -> Result<(), postgres::Error> {
    if failed.is_empty() {
        return Ok(());
    }
    let ids: Vec<Wide> = failed.iter().map(|(id, _)| Wide(id.0)).collect();
    let timestamps: Vec<i64> = failed.iter().map(|(_, timestamp)| timestamp.0.cast_signed()).collect();
    turn.transaction.execute(&turn.statements.insert_failed, &[&ids, &timestamps]).map(drop)
}

fn update_accounts(turn: &mut Turn<'_>, set: &WorkingSet) -> Result<(), postgres::Error> {
    let pairs = set.loaded.iter().zip(set.store.accounts());
    let changed: Vec<(&Account, &Account)> = pairs.filter(|(before, after)| before != after).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let ids: Vec<Wide> = changed.iter().map(|(_, after)| Wide(after.id.0)).collect();
    let side =
        |of: fn(&Account) -> u128| changed.iter().map(|(_, after)| Number(of(after))).collect::<Vec<_>>();
    let debits_posted = side(|account| account.debits_posted.0);
    let credits_posted = side(|account| account.credits_posted.0);
    if changed.iter().all(|(before, after)| differ_in_posted_only(before, after)) {
        let statement = &turn.statements.update_posted;
        return turn.transaction.execute(statement, &[&ids, &debits_posted, &credits_posted]).map(drop);
    }
    let debits_pending = side(|account| account.debits_pending.0);
    let credits_pending = side(|account| account.credits_pending.0);
    let flags: Vec<i32> = changed.iter().map(|(_, after)| i32::from(after.flags.0)).collect();
    turn.transaction
        .execute(
            &turn.statements.update_accounts,
            &[&ids, &debits_pending, &debits_posted, &credits_pending, &credits_posted, &flags],
        )
        .map(drop)
}

/// As after a batch without pending transfers: the commonest batch, which has half as much to send.
fn differ_in_posted_only(before: &Account, after: &Account) -> bool {
    before.debits_pending == after.debits_pending
        && before.credits_pending == after.credits_pending
        && before.flags == after.flags
}

fn update_pendings(turn: &mut Turn<'_>, set: &WorkingSet) -> Result<(), postgres::Error> {
    let mut ids = Vec::new();
    let mut statuses = Vec::new();
    for (id, before) in &set.pendings {
        let now = set.store.status(*id).unwrap_or(*before);
        if now != *before {
            ids.push(Wide(id.0));
            statuses.push(rows::status_code(now));
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    turn.transaction.execute(&turn.statements.update_pendings, &[&ids, &statuses]).map(drop)
}

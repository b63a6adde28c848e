//! History: walks along the back-pointers of an account's records, and scans of the whole journal.

use std::collections::VecDeque;

use ledger::{
    Account, AccountBalance, AccountFilter, AccountFilterFlags, QueryFilter, QueryFilterFlags, Transfer,
    TransferFlags,
};

use crate::frame::FrameHeader;
use crate::record::{Position, Previous, Record};
use crate::segments::{ReadError, Segments, segment_name};
use crate::storage::Storage;

/// Collects the rows of a walk that goes backwards in time: the newest `limit`, or the oldest.
struct Rows<T> {
    kept: VecDeque<T>,
    limit: usize,
    newest_first: bool,
}

impl<T> Rows<T> {
    fn new(limit: usize, newest_first: bool) -> Self {
        Self { kept: VecDeque::new(), limit, newest_first }
    }

    /// Takes a row; tells whether more are wanted.
    fn push(&mut self, row: T) -> bool {
        if self.newest_first {
            self.kept.push_back(row);
            return self.kept.len() < self.limit;
        }
        self.kept.push_front(row);
        self.kept.truncate(self.limit);
        true
    }

    fn finish(self) -> Vec<T> {
        self.kept.into()
    }
}

fn damaged(position: Position) -> ReadError {
    ReadError::Damaged(format!(
        "the chain of an account meets a wrong record at offset {}",
        position.offset()
    ))
}

/// The movement at a position, and the position of the account's record before it.
fn step<S: Storage>(
    segments: &Segments<S>,
    position: Position,
    account: ledger::AccountId,
) -> Result<(Record, Transfer, Previous, Position), ReadError> {
    let record = segments.record(position)?;
    let (Record::Transfer(movement, previous) | Record::Expired(movement, previous)) = record else {
        return Err(damaged(position));
    };
    let next = if movement.debit_account_id == account {
        previous.debit
    } else if movement.credit_account_id == account {
        previous.credit
    } else {
        return Err(damaged(position));
    };
    if next >= position {
        return Err(damaged(position));
    }
    Ok((record, movement, previous, next))
}

/// See [`ledger::Engine::get_account_transfers`]. `head` is the account's last record.
pub(crate) fn account_transfers<S: Storage>(
    segments: &Segments<S>,
    head: Position,
    filter: &AccountFilter,
) -> Result<Vec<Transfer>, ReadError> {
    let mut rows = Rows::new(filter.row_limit(), filter.flags.contains(AccountFilterFlags::REVERSED));
    let mut position = head;
    while !position.is_none() {
        let (record, movement, _, next) = step(segments, position, filter.account_id)?;
        if movement.timestamp < filter.timestamp_min {
            break;
        }
        let wanted = matches!(record, Record::Transfer(..)) && filter.accepts(&movement);
        if wanted && !rows.push(movement) {
            break;
        }
        position = next;
    }
    Ok(rows.finish())
}

/// See [`ledger::Engine::get_account_balances`]. `account` and `head` are the account and its last record at one moment.
pub(crate) fn account_balances<S: Storage>(
    segments: &Segments<S>,
    account: Account,
    head: Position,
    filter: &AccountFilter,
) -> Result<Vec<AccountBalance>, ReadError> {
    let mut rows = Rows::new(filter.row_limit(), filter.flags.contains(AccountFilterFlags::REVERSED));
    let mut after = account;
    let mut position = head;
    while !position.is_none() {
        let (record, movement, previous, next) = step(segments, position, filter.account_id)?;
        let is_transfer = matches!(record, Record::Transfer(..));
        if is_transfer && filter.accepts(&movement) && !rows.push(after.balance(movement.timestamp)) {
            break;
        }
        let pending =
            if previous.pending.is_none() { None } else { Some(segments.record(previous.pending)?) };
        undo(&mut after, &record, pending.as_ref()).ok_or_else(|| damaged(position))?;
        position = next;
    }
    Ok(rows.finish())
}

/// Takes the effect of a record off the account's balances. `None` where that cannot be its effect.
fn undo(account: &mut Account, record: &Record, pending: Option<&Record>) -> Option<()> {
    let (Record::Transfer(movement, _) | Record::Expired(movement, _)) = record else { return None };
    let is_debit = movement.debit_account_id == account.id;
    let (pending_sum, posted_sum) = if is_debit {
        (&mut account.debits_pending, &mut account.debits_posted)
    } else {
        (&mut account.credits_pending, &mut account.credits_posted)
    };
    match (record, pending) {
        (Record::Transfer(t, _), None) if t.flags.contains(TransferFlags::PENDING) => {
            *pending_sum = pending_sum.checked_sub(t.amount)?;
        }
        (Record::Transfer(t, _), None) => *posted_sum = posted_sum.checked_sub(t.amount)?,
        (Record::Transfer(t, _), Some(Record::Transfer(reserved, _))) => {
            if t.flags.contains(TransferFlags::POST_PENDING_TRANSFER) {
                *posted_sum = posted_sum.checked_sub(t.amount)?;
            }
            *pending_sum = pending_sum.checked_add(reserved.amount)?;
        }
        (Record::Expired(released, _), _) => *pending_sum = pending_sum.checked_add(released.amount)?,
        _ => return None,
    }
    Some(())
}

/// Every frame of the journal up to `end`, oldest first, to `visit`, which tells whether to go on.
pub(crate) fn for_each_record<S: Storage>(
    segments: &Segments<S>,
    from_segment: u64,
    end: u64,
    mut visit: impl FnMut(&FrameHeader, Position, Record) -> bool,
) -> Result<(), ReadError> {
    for number in from_segment..end.div_ceil(segments.segment_bytes()) {
        let start = number * segments.segment_bytes();
        let bytes = segments.bytes(number, end)?;
        let mut local = 0;
        while local < bytes.len() {
            let offset = start + local as u64;
            let place = |error: &dyn std::fmt::Display| {
                ReadError::Damaged(format!("{} at byte {local}: {error}", segment_name(number)))
            };
            let next = FrameHeader::next(&bytes[local..], offset).map_err(|error| place(&error))?;
            let Some((header, body)) = next else { break };
            for (position, record) in header.records(body) {
                let record = record.map_err(|error| place(&error))?;
                if !visit(&header, position, record) {
                    return Ok(());
                }
            }
            local += usize::try_from(header.bytes()).unwrap_or(usize::MAX);
        }
    }
    Ok(())
}

/// Whether any record of the journal is of that kind.
pub(crate) fn any_record<S: Storage>(
    segments: &Segments<S>,
    end: u64,
    wanted: impl Fn(&Record) -> bool,
) -> Result<bool, ReadError> {
    let mut found = false;
    for_each_record(segments, 0, end, |_, _, record| {
        found = wanted(&record);
        !found
    })?;
    Ok(found)
}

/// The first segment whose records may be as young as `timestamp_min`: its successor begins later than that.
fn first_segment<S: Storage>(
    segments: &Segments<S>,
    end: u64,
    filter: &QueryFilter,
) -> Result<u64, ReadError> {
    let count = end.div_ceil(segments.segment_bytes());
    let (mut low, mut high) = (0, count.saturating_sub(1));
    while low < high {
        let middle = u64::midpoint(low, high) + 1;
        let start = middle * segments.segment_bytes();
        let bytes = segments.bytes(middle, start + crate::frame::HEADER_BYTES as u64)?;
        let header = FrameHeader::peek(&bytes, start)
            .map_err(|error| ReadError::Damaged(format!("{} at byte 0: {error}", segment_name(middle))))?;
        // The engine's time after the first frame bounds every record of the segments before.
        if header.timestamp < filter.timestamp_min { low = middle } else { high = middle - 1 }
    }
    Ok(low)
}

/// See [`ledger::Engine::query_transfers`]: a scan of the journal up to `end`, from the first segment that matters.
pub(crate) fn transfers<S: Storage>(
    segments: &Segments<S>,
    end: u64,
    filter: &QueryFilter,
) -> Result<Vec<Transfer>, ReadError> {
    let newest_first = filter.flags.contains(QueryFilterFlags::REVERSED);
    let limit = filter.row_limit();
    let mut found = VecDeque::new();
    let first = first_segment(segments, end, filter)?;
    for_each_record(segments, first, end, |_, _, record| {
        let Record::Transfer(transfer, _) = record else { return true };
        if !filter.accepts_transfer(&transfer) {
            return true;
        }
        found.push_back(transfer);
        if newest_first && found.len() > limit {
            found.pop_front();
        }
        newest_first || found.len() < limit
    })?;
    if newest_first {
        found.make_contiguous().reverse();
    }
    Ok(found.into())
}

/// See [`ledger::Engine::query_accounts`].
pub(crate) fn accounts<'a>(all: impl Iterator<Item = &'a Account>, filter: &QueryFilter) -> Vec<Account> {
    let wanted = all.filter(|account| filter.accepts_account(account)).copied();
    if filter.flags.contains(QueryFilterFlags::REVERSED) {
        let mut newest: VecDeque<Account> = VecDeque::new();
        for account in wanted {
            newest.push_front(account);
            newest.truncate(filter.row_limit());
        }
        return newest.into();
    }
    wanted.take(filter.row_limit()).collect()
}

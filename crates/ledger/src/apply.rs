//! The state machine: all checks first, in the model's order of precedence, then only writes.
//!
//! Source of the rules: the public reference of TigerBeetle (`create_accounts`, `create_transfers`), release 0.17.

use crate::{
    Account, AccountFlags, Amount, CreateAccountResult, CreateAccountStatus, CreateTransferResult,
    CreateTransferStatus, Existing, PendingStatus, Store, Timestamp, Transfer, TransferFlags,
};

use CreateAccountStatus as A;
use CreateTransferStatus as T;

/// The timestamp of the last event of a batch of `len` that starts at `now`.
fn batch_timestamp<S: Store>(store: &S, now: Timestamp, len: usize) -> Timestamp {
    let len = u64::try_from(len).unwrap_or(u64::MAX);
    Timestamp(now.0.max(store.last_timestamp().0.saturating_add(len)))
}

/// Creates accounts, expiring first what is due.
///
/// # Errors
/// Those of the store.
pub fn create_accounts<S: Store>(
    store: &mut S,
    now: Timestamp,
    accounts: &[Account],
) -> Result<Vec<CreateAccountResult>, S::Error> {
    expire_due(store, now)?;
    execute(store, now, accounts)
}

/// Creates transfers, expiring first what is due.
///
/// # Errors
/// Those of the store.
pub fn create_transfers<S: Store>(
    store: &mut S,
    now: Timestamp,
    transfers: &[Transfer],
) -> Result<Vec<CreateTransferResult>, S::Error> {
    expire_due(store, now)?;
    execute(store, now, transfers)
}

/// Expires every pending transfer whose timeout has passed at `now`.
///
/// # Errors
/// Those of the store.
pub fn expire_due<S: Store>(store: &mut S, now: Timestamp) -> Result<(), S::Error> {
    while let Some(pending) = store.next_expired(now) {
        let timestamp = batch_timestamp(store, now, 1);
        let debit_slot = slot_of(store, pending.debit_account_id);
        let credit_slot = slot_of(store, pending.credit_account_id);
        let (debit, credit) = released(store.account(debit_slot), store.account(credit_slot), &pending);
        store.expire(&pending, timestamp, (debit_slot, &debit), (credit_slot, &credit));
    }
    Ok(())
}

/// The slot of an account that a stored transfer names.
fn slot_of<S: Store>(store: &S, id: crate::AccountId) -> S::Slot {
    store.find_account(id).expect("accounts are never deleted, so those of a stored transfer exist")
}

/// Both accounts without what `pending` reserved, reopened where it had closed them.
fn released(debit: &Account, credit: &Account, pending: &Transfer) -> (Account, Account) {
    let (mut debit, mut credit) = (*debit, *credit);
    debit.debits_pending = debit.debits_pending.minus(pending.amount);
    credit.credits_pending = credit.credits_pending.minus(pending.amount);
    if pending.flags.contains(TransferFlags::CLOSING_DEBIT) {
        debit.flags = debit.flags.without(AccountFlags::CLOSED);
    }
    if pending.flags.contains(TransferFlags::CLOSING_CREDIT) {
        credit.flags = credit.flags.without(AccountFlags::CLOSED);
    }
    (debit, credit)
}

/// What accounts and transfers have in common as events of a batch.
trait Event<S: Store>: Copy {
    type Status: Copy + PartialEq;
    type Outcome;
    const CREATED: Self::Status;
    const LINKED_EVENT_FAILED: Self::Status;
    const LINKED_EVENT_CHAIN_OPEN: Self::Status;
    const IMPORTED_EVENT_EXPECTED: Self::Status;
    const IMPORTED_EVENT_NOT_EXPECTED: Self::Status;
    const TIMESTAMP_MUST_BE_ZERO: Self::Status;
    const IMPORTED_TIMESTAMP_OUT_OF_RANGE: Self::Status;
    const IMPORTED_TIMESTAMP_MUST_NOT_ADVANCE: Self::Status;

    fn is_linked(&self) -> bool;
    fn is_imported(&self) -> bool;
    fn timestamp(&self) -> Timestamp;
    fn stamped(&self, timestamp: Timestamp) -> Self;
    fn create(&self, store: &mut S) -> Result<(Self::Status, Timestamp), S::Error>;
    fn expect(store: &S, events: &[Self]);
    fn note_failure(&self, store: &mut S, status: Self::Status, timestamp: Timestamp);
    fn outcome(status: Self::Status, timestamp: Timestamp) -> Self::Outcome;
    fn fail(outcome: &mut Self::Outcome);
}

macro_rules! event {
    ($event:ty, $flags:ty, $status:ident, $outcome:ident) => {
        type Status = $status;
        type Outcome = $outcome;
        const CREATED: $status = $status::Created;
        const LINKED_EVENT_FAILED: $status = $status::LinkedEventFailed;
        const LINKED_EVENT_CHAIN_OPEN: $status = $status::LinkedEventChainOpen;
        const IMPORTED_EVENT_EXPECTED: $status = $status::ImportedEventExpected;
        const IMPORTED_EVENT_NOT_EXPECTED: $status = $status::ImportedEventNotExpected;
        const TIMESTAMP_MUST_BE_ZERO: $status = $status::TimestampMustBeZero;
        const IMPORTED_TIMESTAMP_OUT_OF_RANGE: $status = $status::ImportedEventTimestampOutOfRange;
        const IMPORTED_TIMESTAMP_MUST_NOT_ADVANCE: $status = $status::ImportedEventTimestampMustNotAdvance;

        fn is_linked(&self) -> bool {
            self.flags.contains(<$flags>::LINKED)
        }
        fn is_imported(&self) -> bool {
            self.flags.contains(<$flags>::IMPORTED)
        }
        fn timestamp(&self) -> Timestamp {
            self.timestamp
        }
        fn stamped(&self, timestamp: Timestamp) -> Self {
            Self { timestamp, ..*self }
        }
        fn outcome(status: $status, timestamp: Timestamp) -> $outcome {
            $outcome { status, timestamp }
        }
        fn fail(outcome: &mut $outcome) {
            outcome.status = $status::LinkedEventFailed;
        }
    };
}

impl<S: Store> Event<S> for Account {
    event!(Account, AccountFlags, CreateAccountStatus, CreateAccountResult);

    fn create(&self, store: &mut S) -> Result<(A, Timestamp), S::Error> {
        create_account(store, self)
    }
    fn expect(_: &S, _: &[Self]) {}
    fn note_failure(&self, _: &mut S, _: A, _: Timestamp) {}
}

impl<S: Store> Event<S> for Transfer {
    event!(Transfer, TransferFlags, CreateTransferStatus, CreateTransferResult);

    fn create(&self, store: &mut S) -> Result<(T, Timestamp), S::Error> {
        create_transfer(store, self)
    }
    fn expect(store: &S, events: &[Self]) {
        store.expect_transfers(events);
    }
    fn note_failure(&self, store: &mut S, status: T, timestamp: Timestamp) {
        if status.is_transient() {
            store.insert_failed(self.id, timestamp);
        }
    }
}

/// The chain of linked events that the batch is in.
#[derive(Clone, Copy, PartialEq)]
enum Chain {
    None,
    Open { start: usize },
    Broken,
}

/// So many events the store is told of before they are decided: few enough that what it brings near stays there.
const AHEAD: usize = 32;

/// Runs a batch: chains, timestamps and the import mode are the same for accounts and transfers.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a batch ends no earlier than its length, and no index passes it"
)]
fn execute<S: Store, E: Event<S>>(
    store: &mut S,
    now: Timestamp,
    events: &[E],
) -> Result<Vec<E::Outcome>, S::Error> {
    let last = batch_timestamp(store, now, events.len());
    let mut timestamp = Timestamp(last.0 - u64::try_from(events.len()).unwrap_or(u64::MAX));
    let mut outcomes = Vec::with_capacity(events.len());
    let mut chain = Chain::None;
    for (index, event) in events.iter().enumerate() {
        if index.is_multiple_of(AHEAD) {
            E::expect(store, &events[index..events.len().min(index + AHEAD)]);
        }
        timestamp.0 += 1;
        let last_of_batch = index + 1 == events.len();
        if event.is_linked() && chain == Chain::None {
            chain = Chain::Open { start: index };
            store.scope_open();
        }
        let (status, stamp) = if event.is_linked() && last_of_batch {
            (E::LINKED_EVENT_CHAIN_OPEN, timestamp)
        } else if chain == Chain::Broken {
            (E::LINKED_EVENT_FAILED, timestamp)
        } else {
            create_event(store, &events[0], event, timestamp, last)?
        };
        if status != E::CREATED {
            if let Chain::Open { start } = chain {
                store.scope_discard();
                outcomes[start..].iter_mut().for_each(E::fail);
                chain = Chain::Broken;
            }
            event.note_failure(store, status, timestamp);
        }
        outcomes.push(E::outcome(status, stamp));
        if !event.is_linked() || last_of_batch {
            if matches!(chain, Chain::Open { .. }) {
                store.scope_persist();
            }
            chain = Chain::None;
        }
    }
    Ok(outcomes)
}

/// The checks that come before the event's own: import mode and timestamp.
fn create_event<S: Store, E: Event<S>>(
    store: &mut S,
    first: &E,
    event: &E,
    timestamp: Timestamp,
    batch: Timestamp,
) -> Result<(E::Status, Timestamp), S::Error> {
    if event.is_imported() != first.is_imported() {
        let status =
            if event.is_imported() { E::IMPORTED_EVENT_NOT_EXPECTED } else { E::IMPORTED_EVENT_EXPECTED };
        return Ok((status, timestamp));
    }
    if !event.is_imported() {
        if !event.timestamp().is_zero() {
            return Ok((E::TIMESTAMP_MUST_BE_ZERO, timestamp));
        }
        return event.stamped(timestamp).create(store);
    }
    if event.timestamp() < Timestamp::FIRST || event.timestamp() > Timestamp::LAST {
        return Ok((E::IMPORTED_TIMESTAMP_OUT_OF_RANGE, timestamp));
    }
    if event.timestamp() >= batch {
        return Ok((E::IMPORTED_TIMESTAMP_MUST_NOT_ADVANCE, timestamp));
    }
    event.create(store)
}

/// Leaves with a status and the event's own timestamp where the condition holds.
macro_rules! refuse {
    ($event:ident: $($condition:expr => $status:expr,)+) => {
        $(if $condition {
            return Ok(($status, $event.timestamp));
        })+
    };
}

fn create_account<S: Store>(store: &mut S, a: &Account) -> Result<(A, Timestamp), S::Error> {
    refuse! { a:
        a.reserved != 0 => A::ReservedField,
        a.flags.has_padding() => A::ReservedFlag,
        a.id.is_zero() => A::IdMustNotBeZero,
        a.id.is_max() => A::IdMustNotBeIntMax,
    }
    if let Some(slot) = store.find_account(a.id) {
        let existing = store.account(slot);
        return Ok((account_exists(a, existing), existing.timestamp));
    }
    let both = AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS;
    refuse! { a:
        a.flags.contains(both) => A::FlagsAreMutuallyExclusive,
        !a.debits_pending.is_zero() => A::DebitsPendingMustBeZero,
        !a.debits_posted.is_zero() => A::DebitsPostedMustBeZero,
        !a.credits_pending.is_zero() => A::CreditsPendingMustBeZero,
        !a.credits_posted.is_zero() => A::CreditsPostedMustBeZero,
        a.ledger.is_zero() => A::LedgerMustNotBeZero,
        a.code.is_zero() => A::CodeMustNotBeZero,
    }
    if a.flags.contains(AccountFlags::IMPORTED) {
        refuse! { a:
            a.timestamp <= store.last_account_timestamp() => A::ImportedEventTimestampMustNotRegress,
            store.transfer_exists_at(a.timestamp)? => A::ImportedEventTimestampMustNotRegress,
        }
    }

    // After this point, the account must be created.
    store.insert_account(a);
    Ok((A::Created, a.timestamp))
}

fn account_exists(a: &Account, e: &Account) -> A {
    // Exactly the model's rule: an account closed since then has other flags than the request that made it.
    if a.flags != e.flags {
        return A::ExistsWithDifferentFlags;
    }
    if a.user_data_128 != e.user_data_128 {
        return A::ExistsWithDifferentUserData128;
    }
    if a.user_data_64 != e.user_data_64 {
        return A::ExistsWithDifferentUserData64;
    }
    if a.user_data_32 != e.user_data_32 {
        return A::ExistsWithDifferentUserData32;
    }
    if a.ledger != e.ledger {
        return A::ExistsWithDifferentLedger;
    }
    if a.code != e.code {
        return A::ExistsWithDifferentCode;
    }
    A::Exists
}

fn create_transfer<S: Store>(store: &mut S, t: &Transfer) -> Result<(T, Timestamp), S::Error> {
    refuse! { t:
        t.flags.has_padding() => T::ReservedFlag,
        t.id.is_zero() => T::IdMustNotBeZero,
        t.id.is_max() => T::IdMustNotBeIntMax,
    }
    match store.find_transfer(t.id)? {
        Existing::Found(existing) => return Ok((transfer_exists(store, t, &existing)?, existing.timestamp)),
        Existing::Failed => return Ok((T::IdAlreadyFailed, t.timestamp)),
        Existing::NotFound => {}
    }
    if t.resolves_pending() {
        return post_or_void(store, t);
    }
    let closing = TransferFlags::CLOSING_DEBIT | TransferFlags::CLOSING_CREDIT;
    let pending = t.flags.contains(TransferFlags::PENDING);
    refuse! { t:
        t.debit_account_id.is_zero() => T::DebitAccountIdMustNotBeZero,
        t.debit_account_id.is_max() => T::DebitAccountIdMustNotBeIntMax,
        t.credit_account_id.is_zero() => T::CreditAccountIdMustNotBeZero,
        t.credit_account_id.is_max() => T::CreditAccountIdMustNotBeIntMax,
        t.credit_account_id == t.debit_account_id => T::AccountsMustBeDifferent,
        !t.pending_id.is_zero() => T::PendingIdMustBeZero,
        !pending && t.timeout != 0 => T::TimeoutReservedForPendingTransfer,
        !pending && t.flags.intersects(closing) => T::ClosingTransferMustBePending,
        t.ledger.is_zero() => T::LedgerMustNotBeZero,
        t.code.is_zero() => T::CodeMustNotBeZero,
    }
    let Some(debit_slot) = store.find_account(t.debit_account_id) else {
        return Ok((T::DebitAccountNotFound, t.timestamp));
    };
    let Some(credit_slot) = store.find_account(t.credit_account_id) else {
        return Ok((T::CreditAccountNotFound, t.timestamp));
    };
    let debit = *store.account(debit_slot);
    let credit = *store.account(credit_slot);
    refuse! { t:
        debit.ledger != credit.ledger => T::AccountsMustHaveTheSameLedger,
        t.ledger != debit.ledger => T::TransferMustHaveTheSameLedgerAsAccounts,
    }
    if t.flags.contains(TransferFlags::IMPORTED) {
        refuse! { t:
            t.timestamp <= store.last_transfer_timestamp() => T::ImportedEventTimestampMustNotRegress,
            store.account_exists_at(t.timestamp) => T::ImportedEventTimestampMustNotRegress,
            t.timestamp <= debit.timestamp => T::ImportedEventTimestampMustPostdateDebitAccount,
            t.timestamp <= credit.timestamp => T::ImportedEventTimestampMustPostdateCreditAccount,
            t.timeout != 0 => T::ImportedEventTimeoutMustBeZero,
        }
    }
    refuse! { t:
        debit.is_closed() => T::DebitAccountAlreadyClosed,
        credit.is_closed() => T::CreditAccountAlreadyClosed,
    }
    let amount = balanced_amount(t, &debit, &credit);
    if let Some(status) = limit_broken(t, amount, &debit, &credit) {
        return Ok((status, t.timestamp));
    }

    // After this point, the transfer must be created.
    let transfer = Transfer { amount, ..*t };
    let (mut new_debit, mut new_credit) = (debit, credit);
    if pending {
        new_debit.debits_pending = debit.debits_pending.plus(amount);
        new_credit.credits_pending = credit.credits_pending.plus(amount);
    } else {
        new_debit.debits_posted = debit.debits_posted.plus(amount);
        new_credit.credits_posted = credit.credits_posted.plus(amount);
    }
    if t.flags.contains(TransferFlags::CLOSING_DEBIT) {
        new_debit.flags |= AccountFlags::CLOSED;
    }
    if t.flags.contains(TransferFlags::CLOSING_CREDIT) {
        new_credit.flags |= AccountFlags::CLOSED;
    }
    store.insert_transfer(&transfer, None, (debit_slot, &new_debit), (credit_slot, &new_credit));
    Ok((T::Created, transfer.timestamp))
}

/// The amount that a transfer really moves: a balancing one moves no more than there is.
fn balanced_amount(t: &Transfer, debit: &Account, credit: &Account) -> Amount {
    let mut amount = t.amount;
    if t.flags.contains(TransferFlags::BALANCING_DEBIT) {
        let out = debit.debits();
        amount = amount.min(debit.credits_posted.saturating_sub(out));
    }
    if t.flags.contains(TransferFlags::BALANCING_CREDIT) {
        let into = credit.credits();
        amount = amount.min(credit.debits_posted.saturating_sub(into));
    }
    amount
}

/// The first sum that would not fit, or balance limit that would break.
fn limit_broken(t: &Transfer, amount: Amount, debit: &Account, credit: &Account) -> Option<T> {
    if t.flags.contains(TransferFlags::PENDING) {
        if amount.sum_overflows(debit.debits_pending) {
            return Some(T::OverflowsDebitsPending);
        }
        if amount.sum_overflows(credit.credits_pending) {
            return Some(T::OverflowsCreditsPending);
        }
    }
    if amount.sum_overflows(debit.debits_posted) {
        return Some(T::OverflowsDebitsPosted);
    }
    if amount.sum_overflows(credit.credits_posted) {
        return Some(T::OverflowsCreditsPosted);
    }
    // Pending and posted together never overflow, because this check holds them under it.
    if amount.sum_overflows(debit.debits()) {
        return Some(T::OverflowsDebits);
    }
    if amount.sum_overflows(credit.credits()) {
        return Some(T::OverflowsCredits);
    }
    if t.timestamp.checked_add_seconds(t.timeout).is_none() {
        return Some(T::OverflowsTimeout);
    }
    if debit.debits_exceed_credits(amount) {
        return Some(T::ExceedsCredits);
    }
    if credit.credits_exceed_debits(amount) {
        return Some(T::ExceedsDebits);
    }
    None
}

fn transfer_exists<S: Store>(store: &S, t: &Transfer, e: &Transfer) -> Result<T, S::Error> {
    // The flags decide how the other fields compare, so they come first.
    if t.flags != e.flags {
        return Ok(T::ExistsWithDifferentFlags);
    }
    if t.pending_id != e.pending_id {
        return Ok(T::ExistsWithDifferentPendingId);
    }
    if t.timeout != e.timeout {
        return Ok(T::ExistsWithDifferentTimeout);
    }
    let expected = if t.resolves_pending() {
        let Existing::Found(pending) = store.find_transfer(t.pending_id)? else {
            unreachable!("a stored post or void has a stored pending transfer");
        };
        resolution_repeated(t, &pending)
    } else {
        // A balancing transfer moved at most what was asked for: any request that allows it is the same one.
        let balancing = TransferFlags::BALANCING_DEBIT | TransferFlags::BALANCING_CREDIT;
        let amount = if t.flags.intersects(balancing) { t.amount.min(e.amount) } else { t.amount };
        Transfer { amount, ..*t }
    };
    Ok(first_difference(&expected, e))
}

/// The request with the defaults that a post or void takes from its pending transfer filled in.
fn resolution_repeated(t: &Transfer, p: &Transfer) -> Transfer {
    let whole = if t.flags.contains(TransferFlags::VOID_PENDING_TRANSFER) {
        t.amount.is_zero()
    } else {
        t.amount.is_max()
    };
    Transfer {
        debit_account_id: if t.debit_account_id.is_zero() { p.debit_account_id } else { t.debit_account_id },
        credit_account_id: if t.credit_account_id.is_zero() {
            p.credit_account_id
        } else {
            t.credit_account_id
        },
        amount: if whole { p.amount } else { t.amount },
        user_data_128: if t.user_data_128 == 0 { p.user_data_128 } else { t.user_data_128 },
        user_data_64: if t.user_data_64 == 0 { p.user_data_64 } else { t.user_data_64 },
        user_data_32: if t.user_data_32 == 0 { p.user_data_32 } else { t.user_data_32 },
        ledger: if t.ledger.is_zero() { p.ledger } else { t.ledger },
        code: if t.code.is_zero() { p.code } else { t.code },
        ..*t
    }
}

fn first_difference(t: &Transfer, e: &Transfer) -> T {
    if t.debit_account_id != e.debit_account_id {
        T::ExistsWithDifferentDebitAccountId
    } else if t.credit_account_id != e.credit_account_id {
        T::ExistsWithDifferentCreditAccountId
    } else if t.amount != e.amount {
        T::ExistsWithDifferentAmount
    } else if t.user_data_128 != e.user_data_128 {
        T::ExistsWithDifferentUserData128
    } else if t.user_data_64 != e.user_data_64 {
        T::ExistsWithDifferentUserData64
    } else if t.user_data_32 != e.user_data_32 {
        T::ExistsWithDifferentUserData32
    } else if t.ledger != e.ledger {
        T::ExistsWithDifferentLedger
    } else if t.code != e.code {
        T::ExistsWithDifferentCode
    } else {
        T::Exists
    }
}

fn post_or_void<S: Store>(store: &mut S, t: &Transfer) -> Result<(T, Timestamp), S::Error> {
    let void = t.flags.contains(TransferFlags::VOID_PENDING_TRANSFER);
    let post = t.flags.contains(TransferFlags::POST_PENDING_TRANSFER);
    let others = TransferFlags::PENDING
        | TransferFlags::BALANCING_DEBIT
        | TransferFlags::BALANCING_CREDIT
        | TransferFlags::CLOSING_DEBIT
        | TransferFlags::CLOSING_CREDIT;
    refuse! { t:
        post && void => T::FlagsAreMutuallyExclusive,
        t.flags.intersects(others) => T::FlagsAreMutuallyExclusive,
        t.pending_id.is_zero() => T::PendingIdMustNotBeZero,
        t.pending_id.is_max() => T::PendingIdMustNotBeIntMax,
        t.pending_id == t.id => T::PendingIdMustBeDifferent,
        t.timeout != 0 => T::TimeoutReservedForPendingTransfer,
    }
    let Existing::Found(p) = store.find_transfer(t.pending_id)? else {
        return Ok((T::PendingTransferNotFound, t.timestamp));
    };
    let resolved = resolution_repeated(t, &p);
    refuse! { t:
        !p.flags.contains(TransferFlags::PENDING) => T::PendingTransferNotPending,
        resolved.debit_account_id != p.debit_account_id => T::PendingTransferHasDifferentDebitAccountId,
        resolved.credit_account_id != p.credit_account_id => T::PendingTransferHasDifferentCreditAccountId,
        resolved.ledger != p.ledger => T::PendingTransferHasDifferentLedger,
        resolved.code != p.code => T::PendingTransferHasDifferentCode,
        resolved.amount > p.amount => T::ExceedsPendingTransferAmount,
        void && resolved.amount < p.amount => T::PendingTransferHasDifferentAmount,
    }
    match store.pending_status(&p)? {
        PendingStatus::Pending => {}
        PendingStatus::Posted => return Ok((T::PendingTransferAlreadyPosted, t.timestamp)),
        PendingStatus::Voided => return Ok((T::PendingTransferAlreadyVoided, t.timestamp)),
        PendingStatus::Expired => return Ok((T::PendingTransferExpired, t.timestamp)),
    }
    refuse! { t:
        p.expires_at().is_some_and(|at| at <= t.timestamp) => T::PendingTransferExpired,
    }
    if t.flags.contains(TransferFlags::IMPORTED) {
        refuse! { t:
            t.timestamp <= store.last_transfer_timestamp() => T::ImportedEventTimestampMustNotRegress,
            store.account_exists_at(t.timestamp) => T::ImportedEventTimestampMustNotRegress,
        }
    }
    let debit_slot = slot_of(store, p.debit_account_id);
    let credit_slot = slot_of(store, p.credit_account_id);
    let (debit, credit) = (store.account(debit_slot), store.account(credit_slot));
    refuse! { t:
        debit.is_closed() && !void => T::DebitAccountAlreadyClosed,
        credit.is_closed() && !void => T::CreditAccountAlreadyClosed,
    }

    // After this point, the transfer must be created.
    let (mut new_debit, mut new_credit) = if void {
        released(debit, credit, &p)
    } else {
        let unclosing = Transfer { flags: TransferFlags::PENDING, ..p };
        released(debit, credit, &unclosing)
    };
    if post {
        new_debit.debits_posted = new_debit.debits_posted.plus(resolved.amount);
        new_credit.credits_posted = new_credit.credits_posted.plus(resolved.amount);
    }
    store.insert_transfer(&resolved, Some(&p), (debit_slot, &new_debit), (credit_slot, &new_credit));
    Ok((T::Created, resolved.timestamp))
}

//! The rules as lists: the first that is broken is the answer.

use super::books::{Books, end_of};
use crate::{
    Account, AccountFlags, Amount, CreateAccountStatus as A, CreateTransferStatus as T, PendingStatus,
    Timestamp, Transfer, TransferFlags as F,
};

/// Why an event is not created, and the moment that the answer carries.
pub(super) struct Refusal<S> {
    pub(super) status: S,
    pub(super) timestamp: Timestamp,
}

/// The first status whose condition holds.
fn first<S: Copy, const N: usize>(rules: [(bool, S); N]) -> Option<S> {
    rules.into_iter().find(|(broken, _)| *broken).map(|(_, status)| status)
}

fn refuse<S>(status: Option<S>, timestamp: Timestamp) -> Result<(), Refusal<S>> {
    status.map_or(Ok(()), |status| Err(Refusal { status, timestamp }))
}

pub(super) fn account_refusal(books: &Books, a: &Account) -> Option<Refusal<A>> {
    let at = a.timestamp;
    let form = first([
        (a.reserved != 0, A::ReservedField),
        (a.flags.has_padding(), A::ReservedFlag),
        (a.id.is_zero(), A::IdMustNotBeZero),
        (a.id.is_max(), A::IdMustNotBeIntMax),
    ]);
    if let Some(status) = form {
        return Some(Refusal { status, timestamp: at });
    }
    if let Some(existing) = books.account(a.id) {
        return Some(Refusal { status: account_repeated(a, &existing), timestamp: existing.timestamp });
    }
    let imported = a.flags.contains(AccountFlags::IMPORTED);
    let taken = || books.transfers().any(|(_, transfer)| transfer.timestamp == at);
    let status = first([
        (
            a.flags.contains(AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS)
                && a.flags.contains(AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS),
            A::FlagsAreMutuallyExclusive,
        ),
        (!a.debits_pending.is_zero(), A::DebitsPendingMustBeZero),
        (!a.debits_posted.is_zero(), A::DebitsPostedMustBeZero),
        (!a.credits_pending.is_zero(), A::CreditsPendingMustBeZero),
        (!a.credits_posted.is_zero(), A::CreditsPostedMustBeZero),
        (a.ledger.is_zero(), A::LedgerMustNotBeZero),
        (a.code.is_zero(), A::CodeMustNotBeZero),
        (imported && (at <= books.last_account() || taken()), A::ImportedEventTimestampMustNotRegress),
    ]);
    status.map(|status| Refusal { status, timestamp: at })
}

/// How a repeated account compares with the stored one as it is now: closing it since then makes a difference.
fn account_repeated(a: &Account, now: &Account) -> A {
    first([
        (a.flags != now.flags, A::ExistsWithDifferentFlags),
        (a.user_data_128 != now.user_data_128, A::ExistsWithDifferentUserData128),
        (a.user_data_64 != now.user_data_64, A::ExistsWithDifferentUserData64),
        (a.user_data_32 != now.user_data_32, A::ExistsWithDifferentUserData32),
        (a.ledger != now.ledger, A::ExistsWithDifferentLedger),
        (a.code != now.code, A::ExistsWithDifferentCode),
    ])
    .unwrap_or(A::Exists)
}

/// The transfer as it will be stored, or why it is not.
pub(super) fn transfer_verdict(books: &Books, t: &Transfer) -> Result<Transfer, Refusal<T>> {
    refuse(
        first([
            (t.flags.has_padding(), T::ReservedFlag),
            (t.id.is_zero(), T::IdMustNotBeZero),
            (t.id.is_max(), T::IdMustNotBeIntMax),
        ]),
        t.timestamp,
    )?;
    if let Some(existing) = books.transfer(t.id) {
        return Err(Refusal {
            status: transfer_repeated(books, t, &existing),
            timestamp: existing.timestamp,
        });
    }
    refuse(books.failed.contains_key(&t.id).then_some(T::IdAlreadyFailed), t.timestamp)?;
    if t.flags.intersects(F::POST_PENDING_TRANSFER | F::VOID_PENDING_TRANSFER) {
        resolution_verdict(books, t)
    } else {
        movement_verdict(books, t)
    }
}

fn movement_verdict(books: &Books, t: &Transfer) -> Result<Transfer, Refusal<T>> {
    let at = t.timestamp;
    let pending = t.flags.contains(F::PENDING);
    let closing = t.flags.intersects(F::CLOSING_DEBIT | F::CLOSING_CREDIT);
    let (debit, credit) = (books.account(t.debit_account_id), books.account(t.credit_account_id));
    refuse(
        first([
            (t.debit_account_id.is_zero(), T::DebitAccountIdMustNotBeZero),
            (t.debit_account_id.is_max(), T::DebitAccountIdMustNotBeIntMax),
            (t.credit_account_id.is_zero(), T::CreditAccountIdMustNotBeZero),
            (t.credit_account_id.is_max(), T::CreditAccountIdMustNotBeIntMax),
            (t.debit_account_id == t.credit_account_id, T::AccountsMustBeDifferent),
            (!t.pending_id.is_zero(), T::PendingIdMustBeZero),
            (t.timeout != 0 && !pending, T::TimeoutReservedForPendingTransfer),
            (closing && !pending, T::ClosingTransferMustBePending),
            (t.ledger.is_zero(), T::LedgerMustNotBeZero),
            (t.code.is_zero(), T::CodeMustNotBeZero),
            (debit.is_none(), T::DebitAccountNotFound),
            (credit.is_none(), T::CreditAccountNotFound),
        ]),
        at,
    )?;
    let (debit, credit) = (debit.expect("checked above"), credit.expect("checked above"));
    let imported = t.flags.contains(F::IMPORTED);
    refuse(
        first([
            (debit.ledger != credit.ledger, T::AccountsMustHaveTheSameLedger),
            (debit.ledger != t.ledger, T::TransferMustHaveTheSameLedgerAsAccounts),
            (imported && regresses(books, at), T::ImportedEventTimestampMustNotRegress),
            (imported && at <= debit.timestamp, T::ImportedEventTimestampMustPostdateDebitAccount),
            (imported && at <= credit.timestamp, T::ImportedEventTimestampMustPostdateCreditAccount),
            (imported && t.timeout != 0, T::ImportedEventTimeoutMustBeZero),
            (debit.is_closed(), T::DebitAccountAlreadyClosed),
            (credit.is_closed(), T::CreditAccountAlreadyClosed),
        ]),
        at,
    )?;
    let moved = Transfer { amount: at_most(t, &debit, &credit), ..*t };
    refuse(sum_refusal(&moved, &debit, &credit), at)?;
    Ok(moved)
}

/// The amount asked for, or as much of it as the balances leave.
fn at_most(t: &Transfer, debit: &Account, credit: &Account) -> Amount {
    let left =
        |has: Amount, used: [Amount; 2]| used.iter().fold(has, |left, part| left.saturating_sub(*part));
    let of_debit = left(debit.credits_posted, [debit.debits_posted, debit.debits_pending]);
    let of_credit = left(credit.debits_posted, [credit.credits_posted, credit.credits_pending]);
    let mut amount = t.amount;
    if t.flags.contains(F::BALANCING_DEBIT) {
        amount = amount.min(of_debit);
    }
    if t.flags.contains(F::BALANCING_CREDIT) {
        amount = amount.min(of_credit);
    }
    amount
}

fn sum_refusal(t: &Transfer, debit: &Account, credit: &Account) -> Option<T> {
    let pending = t.flags.contains(F::PENDING);
    let total = |sums: &[Amount]| sums.iter().try_fold(t.amount, |total, sum| total.checked_add(*sum));
    let overflows = |sums: &[Amount]| total(sums).is_none();
    let debits = [debit.debits_pending, debit.debits_posted];
    let credits = [credit.credits_pending, credit.credits_posted];
    let debit_limited = debit.flags.contains(AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS);
    let credit_limited = credit.flags.contains(AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS);
    first([
        (pending && overflows(&[debit.debits_pending]), T::OverflowsDebitsPending),
        (pending && overflows(&[credit.credits_pending]), T::OverflowsCreditsPending),
        (overflows(&[debit.debits_posted]), T::OverflowsDebitsPosted),
        (overflows(&[credit.credits_posted]), T::OverflowsCreditsPosted),
        (overflows(&debits), T::OverflowsDebits),
        (overflows(&credits), T::OverflowsCredits),
        (end_of(t).is_none(), T::OverflowsTimeout),
        (debit_limited && total(&debits) > Some(debit.credits_posted), T::ExceedsCredits),
        (credit_limited && total(&credits) > Some(credit.debits_posted), T::ExceedsDebits),
    ])
}

/// Whether an imported transfer would come before another, or at the moment of an account.
fn regresses(books: &Books, at: Timestamp) -> bool {
    at <= books.last_transfer() || books.accounts.values().any(|account| account.timestamp == at)
}

fn resolution_verdict(books: &Books, t: &Transfer) -> Result<Transfer, Refusal<T>> {
    let at = t.timestamp;
    let posts = t.flags.contains(F::POST_PENDING_TRANSFER);
    let voids = t.flags.contains(F::VOID_PENDING_TRANSFER);
    let foreign =
        F::PENDING | F::BALANCING_DEBIT | F::BALANCING_CREDIT | F::CLOSING_DEBIT | F::CLOSING_CREDIT;
    let hold = books.transfer(t.pending_id);
    refuse(
        first([
            ((posts && voids) || t.flags.intersects(foreign), T::FlagsAreMutuallyExclusive),
            (t.pending_id.is_zero(), T::PendingIdMustNotBeZero),
            (t.pending_id.is_max(), T::PendingIdMustNotBeIntMax),
            (t.pending_id == t.id, T::PendingIdMustBeDifferent),
            (t.timeout != 0, T::TimeoutReservedForPendingTransfer),
            (hold.is_none(), T::PendingTransferNotFound),
        ]),
        at,
    )?;
    let hold = hold.expect("checked above");
    let whole = filled_in(t, &hold);
    refuse(
        first([
            (!hold.flags.contains(F::PENDING), T::PendingTransferNotPending),
            (whole.debit_account_id != hold.debit_account_id, T::PendingTransferHasDifferentDebitAccountId),
            (
                whole.credit_account_id != hold.credit_account_id,
                T::PendingTransferHasDifferentCreditAccountId,
            ),
            (whole.ledger != hold.ledger, T::PendingTransferHasDifferentLedger),
            (whole.code != hold.code, T::PendingTransferHasDifferentCode),
            (whole.amount > hold.amount, T::ExceedsPendingTransferAmount),
            (voids && whole.amount != hold.amount, T::PendingTransferHasDifferentAmount),
        ]),
        at,
    )?;
    let fate = books.fate(hold.id);
    let over = hold.timeout > 0 && end_of(&hold).is_some_and(|end| at >= end);
    let closed = |id| books.account(id).is_some_and(|account| account.is_closed());
    let imported = t.flags.contains(F::IMPORTED);
    refuse(
        first([
            (fate == PendingStatus::Posted, T::PendingTransferAlreadyPosted),
            (fate == PendingStatus::Voided, T::PendingTransferAlreadyVoided),
            (fate == PendingStatus::Expired || over, T::PendingTransferExpired),
            (imported && regresses(books, at), T::ImportedEventTimestampMustNotRegress),
            (posts && closed(hold.debit_account_id), T::DebitAccountAlreadyClosed),
            (posts && closed(hold.credit_account_id), T::CreditAccountAlreadyClosed),
        ]),
        at,
    )?;
    Ok(whole)
}

/// A post or void with what it leaves to the pending transfer.
fn filled_in(t: &Transfer, hold: &Transfer) -> Transfer {
    fn or<V: PartialEq + Default>(given: V, otherwise: V) -> V {
        if given == V::default() { otherwise } else { given }
    }
    let everything = if t.flags.contains(F::VOID_PENDING_TRANSFER) { Amount::ZERO } else { Amount::MAX };
    Transfer {
        debit_account_id: or(t.debit_account_id, hold.debit_account_id),
        credit_account_id: or(t.credit_account_id, hold.credit_account_id),
        amount: if t.amount == everything { hold.amount } else { t.amount },
        user_data_128: or(t.user_data_128, hold.user_data_128),
        user_data_64: or(t.user_data_64, hold.user_data_64),
        user_data_32: or(t.user_data_32, hold.user_data_32),
        ledger: or(t.ledger, hold.ledger),
        code: or(t.code, hold.code),
        ..*t
    }
}

fn transfer_repeated(books: &Books, t: &Transfer, existing: &Transfer) -> T {
    let apart = first([
        (t.flags != existing.flags, T::ExistsWithDifferentFlags),
        (t.pending_id != existing.pending_id, T::ExistsWithDifferentPendingId),
        (t.timeout != existing.timeout, T::ExistsWithDifferentTimeout),
    ]);
    if let Some(status) = apart {
        return status;
    }
    let resolves = t.flags.intersects(F::POST_PENDING_TRANSFER | F::VOID_PENDING_TRANSFER);
    let hold = books.transfer(t.pending_id).filter(|_| resolves);
    let t = hold.map_or(*t, |hold| filled_in(t, &hold));
    let balancing = t.flags.intersects(F::BALANCING_DEBIT | F::BALANCING_CREDIT);
    let other_amount = if balancing { t.amount < existing.amount } else { t.amount != existing.amount };
    first([
        (t.debit_account_id != existing.debit_account_id, T::ExistsWithDifferentDebitAccountId),
        (t.credit_account_id != existing.credit_account_id, T::ExistsWithDifferentCreditAccountId),
        (other_amount, T::ExistsWithDifferentAmount),
        (t.user_data_128 != existing.user_data_128, T::ExistsWithDifferentUserData128),
        (t.user_data_64 != existing.user_data_64, T::ExistsWithDifferentUserData64),
        (t.user_data_32 != existing.user_data_32, T::ExistsWithDifferentUserData32),
        (t.ledger != existing.ledger, T::ExistsWithDifferentLedger),
        (t.code != existing.code, T::ExistsWithDifferentCode),
    ])
    .unwrap_or(T::Exists)
}

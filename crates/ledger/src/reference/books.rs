//! The facts, and what can be read off them.

use std::collections::BTreeMap;

use crate::{
    Account, AccountBalance, AccountFlags, AccountId, Amount, PendingStatus, Timestamp, Transfer,
    TransferFlags, TransferId,
};

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fact {
    Made(Transfer),
    Expired { pending: TransferId, at: Timestamp },
}

/// Everything the ledger knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    /// As they were asked for: without balances.
    pub(super) accounts: BTreeMap<AccountId, Account>,
    /// In the order in which they happened.
    pub(super) facts: Vec<Fact>,
    /// Transfers that failed for a passing reason.
    pub(super) failed: BTreeMap<TransferId, Timestamp>,
}

impl Books {
    /// The transfers in order of time, with their place among the facts.
    pub(super) fn transfers(&self) -> impl Iterator<Item = (usize, Transfer)> {
        self.facts.iter().enumerate().filter_map(|(place, fact)| match fact {
            Fact::Made(transfer) => Some((place, *transfer)),
            Fact::Expired { .. } => None,
        })
    }

    pub(super) fn transfer(&self, id: TransferId) -> Option<Transfer> {
        self.transfers().map(|(_, transfer)| transfer).find(|transfer| transfer.id == id)
    }

    /// The account with its balances and whether it is closed now.
    pub(super) fn account(&self, id: AccountId) -> Option<Account> {
        let asked_for = *self.accounts.get(&id)?;
        let balances = self.balances(id, self.facts.len());
        let mut flags = asked_for.flags;
        if self.closed_by_transfer(id) {
            flags |= AccountFlags::CLOSED;
        }
        Some(Account {
            debits_pending: balances.debits_pending,
            debits_posted: balances.debits_posted,
            credits_pending: balances.credits_pending,
            credits_posted: balances.credits_posted,
            flags,
            ..asked_for
        })
    }

    /// Balances after the first `count` facts. The timestamp is left to the caller.
    pub(super) fn balances(&self, id: AccountId, count: usize) -> AccountBalance {
        let mut balance = AccountBalance::default();
        for fact in &self.facts[..count] {
            match fact {
                Fact::Made(t) if t.debit_account_id == id => {
                    let (pending, posted) = (&mut balance.debits_pending, &mut balance.debits_posted);
                    self.follow(t, pending, posted);
                }
                Fact::Made(t) if t.credit_account_id == id => {
                    let (pending, posted) = (&mut balance.credits_pending, &mut balance.credits_posted);
                    self.follow(t, pending, posted);
                }
                Fact::Made(_) => {}
                Fact::Expired { pending, .. } => self.release(*pending, id, &mut balance),
            }
        }
        balance
    }

    /// What a transfer does to the pending and posted sums of one of its sides.
    fn follow(&self, t: &Transfer, pending: &mut Amount, posted: &mut Amount) {
        if t.flags.contains(TransferFlags::PENDING) {
            *pending = plus(*pending, t.amount);
            return;
        }
        if !t.pending_id.is_zero() {
            let hold = self.transfer(t.pending_id).expect("a resolved transfer was made");
            *pending = minus(*pending, hold.amount);
        }
        if !t.flags.contains(TransferFlags::VOID_PENDING_TRANSFER) {
            *posted = plus(*posted, t.amount);
        }
    }

    fn release(&self, pending: TransferId, id: AccountId, balance: &mut AccountBalance) {
        let hold = self.transfer(pending).expect("an expired transfer was made");
        if hold.debit_account_id == id {
            balance.debits_pending = minus(balance.debits_pending, hold.amount);
        }
        if hold.credit_account_id == id {
            balance.credits_pending = minus(balance.credits_pending, hold.amount);
        }
    }

    /// What became of a pending transfer.
    pub(super) fn fate(&self, id: TransferId) -> PendingStatus {
        let fates = self.facts.iter().find_map(|fact| match fact {
            Fact::Expired { pending, .. } if *pending == id => Some(PendingStatus::Expired),
            Fact::Made(t) if t.pending_id == id && t.flags.contains(TransferFlags::VOID_PENDING_TRANSFER) => {
                Some(PendingStatus::Voided)
            }
            Fact::Made(t) if t.pending_id == id => Some(PendingStatus::Posted),
            _ => None,
        });
        fates.unwrap_or(PendingStatus::Pending)
    }

    /// Whether a closing transfer of this account was neither voided nor expired.
    fn closed_by_transfer(&self, id: AccountId) -> bool {
        self.transfers().any(|(_, t)| {
            let closes_debit = t.flags.contains(TransferFlags::CLOSING_DEBIT) && t.debit_account_id == id;
            let closes_credit = t.flags.contains(TransferFlags::CLOSING_CREDIT) && t.credit_account_id == id;
            let stands = || matches!(self.fate(t.id), PendingStatus::Pending | PendingStatus::Posted);
            (closes_debit || closes_credit) && stands()
        })
    }

    /// Expires what is due, the earliest end first.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let holds =
            self.transfers().filter(|(_, t)| t.flags.contains(TransferFlags::PENDING) && t.timeout > 0);
        let mut due: Vec<(Timestamp, Timestamp, TransferId)> = holds
            .filter_map(|(_, t)| Some((end_of(&t)?, t.timestamp, t.id)))
            .filter(|(end, _, id)| *end <= now && self.fate(*id) == PendingStatus::Pending)
            .collect();
        due.sort_unstable();
        for (_, _, pending) in due {
            let at = Timestamp(now.0.max(self.last().0.saturating_add(1)));
            self.facts.push(Fact::Expired { pending, at });
        }
    }

    /// The latest moment at which anything happened.
    pub(super) fn last(&self) -> Timestamp {
        let facts = self.facts.iter().map(|fact| match fact {
            Fact::Made(transfer) => transfer.timestamp,
            Fact::Expired { at, .. } => *at,
        });
        let failures = self.failed.values().copied();
        facts.chain(failures).chain([self.last_account()]).max().unwrap_or_default()
    }

    pub(super) fn last_account(&self) -> Timestamp {
        self.accounts.values().map(|account| account.timestamp).max().unwrap_or_default()
    }

    pub(super) fn last_transfer(&self) -> Timestamp {
        self.transfers().map(|(_, transfer)| transfer.timestamp).max().unwrap_or_default()
    }
}

/// When a pending transfer with a timeout expires, or `None` beyond the last moment.
pub(super) fn end_of(t: &Transfer) -> Option<Timestamp> {
    let nanoseconds = u128::from(t.timeout).checked_mul(1_000_000_000)?;
    let end = u128::from(t.timestamp.0).checked_add(nanoseconds)?;
    u64::try_from(end).ok().map(Timestamp).filter(|end| *end <= Timestamp::LAST)
}

fn plus(sum: Amount, amount: Amount) -> Amount {
    sum.checked_add(amount).expect("no transfer is made that overflows a sum")
}

fn minus(sum: Amount, amount: Amount) -> Amount {
    sum.checked_sub(amount).expect("what is released was reserved")
}

//! The accounts of the last rounds, which need no loading while no other server has decided in between.

use std::collections::HashMap;

use ledger::{Account, AccountId};

/// How many accounts are remembered before all are forgotten: about 40 MB.
const REMEMBERED_MAX: usize = 200_000;

/// Accounts as they were after a certain round. Every round of every server raises `ledger_clock.round`, so whoever
/// holds the clock's lock and finds this very number there knows that nobody has changed an account since.
#[derive(Debug, Default)]
pub(crate) struct RecentAccounts {
    round: i64,
    accounts: HashMap<AccountId, Account>,
}

impl RecentAccounts {
    /// Forgets everything unless `round` is still the last one.
    pub(crate) fn check(&mut self, round: i64) {
        if self.round != round {
            self.accounts.clear();
        }
    }

    pub(crate) fn forget(&mut self) {
        self.accounts.clear();
    }

    pub(crate) fn get(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// Remembers accounts as a committed round left them.
    pub(crate) fn remember(&mut self, round: i64, accounts: &[Account]) {
        if self.accounts.len() + accounts.len() > REMEMBERED_MAX {
            self.accounts.clear();
        }
        self.round = round;
        self.accounts.extend(accounts.iter().map(|account| (account.id, *account)));
    }
}

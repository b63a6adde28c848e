//! Who stands behind a token, remembered for at most one second, so that the store is not asked for every request.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use wallet::ids::PrincipalId;

use super::caller::Caller;
use super::token::TokenHash;

/// How long an answer of the store is believed. Another server's revocation takes effect after at most this time;
/// this server's own takes effect at once.
const TTL_NANOSECONDS: u64 = NANOSECONDS_PER_SECOND;
/// Tokens remembered at the same time; beyond, all are forgotten and asked for again.
const ENTRIES_MAX: usize = 65_536;

#[derive(Debug, Default)]
pub(crate) struct CallerCache {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: HashMap<TokenHash, Entry>,
    /// Counts revocations, so that what was read before one is not remembered after it.
    revocations: u64,
}

#[derive(Debug)]
struct Entry {
    caller: Caller,
    read_at: Timestamp,
}

/// The moment before a token was looked up in the store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BeforeLookup {
    revocations: u64,
}

impl CallerCache {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Each change below is complete in one statement, so a panic elsewhere leaves nothing half done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The caller behind a token, or the moment to pass to [`CallerCache::remember`] after asking the store.
    pub(crate) fn get(&self, token: &TokenHash, now: Timestamp) -> Result<Caller, BeforeLookup> {
        let inner = self.lock();
        match inner.entries.get(token) {
            Some(entry) if now.0.saturating_sub(entry.read_at.0) < TTL_NANOSECONDS => {
                Ok(entry.caller.clone())
            }
            _ => Err(BeforeLookup { revocations: inner.revocations }),
        }
    }

    /// Remembers what the store said, unless something was revoked while it was asked.
    pub(crate) fn remember(&self, before: BeforeLookup, token: TokenHash, caller: Caller, now: Timestamp) {
        let mut inner = self.lock();
        if inner.revocations != before.revocations {
            return;
        }
        if inner.entries.len() >= ENTRIES_MAX {
            inner.entries.clear();
        }
        inner.entries.insert(token, Entry { caller, read_at: now });
    }

    /// Forgets every token of a principal. Call it after the store has changed and before the answer is sent.
    pub(crate) fn forget(&self, principal: PrincipalId) {
        let mut inner = self.lock();
        inner.revocations = inner.revocations.wrapping_add(1);
        inner.entries.retain(|_, entry| entry.caller.principal != principal);
    }
}

//! One caller's view of the ledger in PostgreSQL.

use std::convert::Infallible;

use ledger::{
    Account, AccountBalance, AccountFilter, AccountId, BATCH_MAX, CreateAccountResult, CreateTransferResult,
    Engine, EngineError, QueryFilter, Timestamp, Transfer, TransferId, apply,
};
use postgres::error::SqlState;

use crate::questions;
use crate::session::{Session, Turn, unavailable};
use crate::working_set::{Batch, LockedClock, WorkingSet, lock_clock};
use crate::write_back::{first_new_expiry, write_back, write_clock};

/// Rounds with no more events than this always look every id up. Greater ones take the ids of new transfers to be new,
/// as they nearly always are, which saves the dearest look-up: where a single transfer is not created, or the primary
/// key refuses one, the round is decided again with every id looked up, before anything is committed.
const THOROUGH_UP_TO: usize = 256;

/// The ledger on a PostgreSQL database that any number of engines, in any number of servers, may share.
#[derive(Debug)]
pub struct PostgresEngine {
    url: String,
    session: Option<Session>,
}

/// The answer to one batch of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accounts(Vec<CreateAccountResult>),
    Transfers(Vec<CreateTransferResult>),
}

/// Why a round did not end.
enum Broken {
    /// An id that was taken to be new is not.
    NotNew,
    Server(postgres::Error),
}

impl From<postgres::Error> for Broken {
    fn from(error: postgres::Error) -> Self {
        if error.code() == Some(&SqlState::UNIQUE_VIOLATION) { Self::NotNew } else { Self::Server(error) }
    }
}

impl PostgresEngine {
    /// Connects to the database and brings its tables to the newest version.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] where the server cannot be reached; [`EngineError::Stopped`] where the tables
    /// are of a newer program.
    pub fn connect(url: &str) -> Result<Self, EngineError> {
        let session = Session::open(url)?;
        Ok(Self { url: url.to_owned(), session: Some(session) })
    }

    /// Decides several batches in one transaction, each by itself and in order.
    pub(crate) fn round(
        &mut self,
        now: Timestamp,
        batches: &[Batch<'_>],
    ) -> Result<Vec<Outcome>, EngineError> {
        let events: usize = batches.iter().map(Batch::len).sum();
        let session = self.session()?;
        let outcomes = match decide(session, now, batches, events <= THOROUGH_UP_TO) {
            Err(Broken::NotNew) => decide(session, now, batches, true),
            decided => decided,
        };
        outcomes.map_err(|broken| match broken {
            Broken::NotNew => EngineError::Stopped("the ledger's tables contradict each other".to_owned()),
            Broken::Server(error) => self.note(&error),
        })
    }

    fn session(&mut self) -> Result<&mut Session, EngineError> {
        if self.session.as_ref().is_some_and(|session| session.client.is_closed()) {
            self.session = None;
        }
        match &mut self.session {
            Some(session) => Ok(session),
            empty => Ok(empty.insert(Session::open(&self.url)?)),
        }
    }

    /// Asks a question, and once more on a new connection where the old one turns out to be dead: reading changes
    /// nothing, so it may be repeated.
    fn ask<T>(
        &mut self,
        question: impl Fn(&mut Session) -> Result<T, postgres::Error>,
    ) -> Result<T, EngineError> {
        match question(self.session()?) {
            Err(error) if error.is_closed() => {
                self.session = None;
                question(self.session()?).map_err(|error| self.note(&error))
            }
            answer => answer.map_err(|error| self.note(&error)),
        }
    }

    /// After an error nothing is known of the connection: the next call makes a new one.
    fn note(&mut self, error: &postgres::Error) -> EngineError {
        self.session = None;
        unavailable(error)
    }
}

impl Batch<'_> {
    const fn len(&self) -> usize {
        match self {
            Self::Accounts(accounts) => accounts.len(),
            Self::Transfers(transfers) => transfers.len(),
        }
    }
}

/// One transaction: lock, expire, load, apply, write back, commit.
fn decide(
    session: &mut Session,
    now: Timestamp,
    batches: &[Batch<'_>],
    thorough: bool,
) -> Result<Vec<Outcome>, Broken> {
    let mut turn = session.begin()?;
    let mut locked = lock_clock(&mut turn)?;
    turn.recent.check(locked.round);
    expire_due(&mut turn, &mut locked, now)?;
    let mut set = WorkingSet::load(&mut turn, locked.clock, batches, thorough)?;
    let mut outcomes = apply_all(&mut set, now, batches);
    if !thorough && !outcomes.iter().all(Outcome::is_all_created) {
        set = WorkingSet::load(&mut turn, locked.clock, batches, true)?;
        outcomes = apply_all(&mut set, now, batches);
    }
    write_back(&mut turn, &set)?;
    locked.clock = set.store.clock();
    locked.next_expiry = locked.next_expiry.min(first_new_expiry(&set));
    locked.round += 1;
    write_clock(&mut turn, &locked)?;
    turn.transaction.commit()?;
    turn.recent.remember(locked.round, set.store.accounts());
    Ok(outcomes)
}

impl Outcome {
    fn is_all_created(&self) -> bool {
        match self {
            Self::Accounts(_) => true,
            Self::Transfers(results) => {
                results.iter().all(|result| result.status == ledger::CreateTransferStatus::Created)
            }
        }
    }
}

fn apply_all(set: &mut WorkingSet, now: Timestamp, batches: &[Batch<'_>]) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(batches.len());
    for batch in batches {
        outcomes.push(match batch {
            Batch::Accounts(accounts) => {
                Outcome::Accounts(certain(apply::create_accounts(&mut set.store, now, accounts)))
            }
            Batch::Transfers(transfers) => {
                Outcome::Transfers(certain(apply::create_transfers(&mut set.store, now, transfers)))
            }
        });
    }
    outcomes
}

/// Expires what is due, a working set at a time, and finds out when the next is due.
fn expire_due(turn: &mut Turn<'_>, locked: &mut LockedClock, now: Timestamp) -> Result<(), postgres::Error> {
    if locked.next_expiry > now {
        return Ok(());
    }
    // What expires is written before the round is sure to be committed.
    turn.recent.forget();
    loop {
        let mut set = WorkingSet::load_due(turn, locked.clock, now)?;
        if set.pendings.is_empty() {
            break;
        }
        certain(apply::expire_due(&mut set.store, now));
        write_back(turn, &set)?;
        locked.clock = set.store.clock();
    }
    let first: Option<i64> = turn.transaction.query_one(&turn.statements.first_expiry, &[])?.get(0);
    locked.next_expiry = first.map_or(Timestamp::LAST, crate::rows::timestamp);
    Ok(())
}

fn certain<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
        Err(never) => match never {},
    }
}

/// Refuses a batch that is too large for any engine.
pub(crate) fn within_batch<T>(events: &[T]) -> Result<(), EngineError> {
    if events.len() > BATCH_MAX { Err(EngineError::BatchTooLarge) } else { Ok(()) }
}

impl Engine for PostgresEngine {
    fn create_accounts(
        &mut self,
        now: Timestamp,
        accounts: &[Account],
    ) -> Result<Vec<CreateAccountResult>, EngineError> {
        within_batch(accounts)?;
        match self.round(now, &[Batch::Accounts(accounts)])?.pop() {
            Some(Outcome::Accounts(results)) => Ok(results),
            _ => unreachable!("a round answers each batch in kind"),
        }
    }

    fn create_transfers(
        &mut self,
        now: Timestamp,
        transfers: &[Transfer],
    ) -> Result<Vec<CreateTransferResult>, EngineError> {
        within_batch(transfers)?;
        match self.round(now, &[Batch::Transfers(transfers)])?.pop() {
            Some(Outcome::Transfers(results)) => Ok(results),
            _ => unreachable!("a round answers each batch in kind"),
        }
    }

    fn lookup_accounts(&mut self, ids: &[AccountId]) -> Result<Vec<Account>, EngineError> {
        within_batch(ids)?;
        self.ask(|session| questions::lookup_accounts(session, ids))
    }

    fn lookup_transfers(&mut self, ids: &[TransferId]) -> Result<Vec<Transfer>, EngineError> {
        within_batch(ids)?;
        self.ask(|session| questions::lookup_transfers(session, ids))
    }

    fn get_account_transfers(&mut self, filter: &AccountFilter) -> Result<Vec<Transfer>, EngineError> {
        self.ask(|session| questions::account_transfers(session, filter))
    }

    fn get_account_balances(&mut self, filter: &AccountFilter) -> Result<Vec<AccountBalance>, EngineError> {
        self.ask(|session| questions::account_balances(session, filter))
    }

    fn query_accounts(&mut self, filter: &QueryFilter) -> Result<Vec<Account>, EngineError> {
        self.ask(|session| questions::query_accounts(session, filter))
    }

    fn query_transfers(&mut self, filter: &QueryFilter) -> Result<Vec<Transfer>, EngineError> {
        self.ask(|session| questions::query_transfers(session, filter))
    }

    fn advance(&mut self, now: Timestamp) -> Result<(), EngineError> {
        self.round(now, &[]).map(drop)
    }
}

//! One connection with its prepared statements.

use ledger::EngineError;
use postgres::{Client, NoTls, Statement, Transaction};

use crate::recent::RecentAccounts;
use crate::rows::{ACCOUNT, TRANSFER};
use crate::schema;

/// Everything that a round may say, prepared once for each connection.
#[derive(Debug)]
pub(crate) struct Statements {
    pub(crate) lock_clock: Statement,
    pub(crate) due: Statement,
    pub(crate) transfers: Statement,
    pub(crate) transfers_at: Statement,
    pub(crate) failed: Statement,
    pub(crate) any_failed: Statement,
    pub(crate) accounts: Statement,
    pub(crate) accounts_at: Statement,
    pub(crate) update_accounts: Statement,
    pub(crate) update_posted: Statement,
    pub(crate) update_pendings: Statement,
    pub(crate) insert_failed: Statement,
    pub(crate) update_clock: Statement,
    pub(crate) first_expiry: Statement,
}

const UPDATE_ACCOUNTS: &str = "UPDATE ledger_accounts AS a SET debits_pending = n.debits_pending, \
    debits_posted = n.debits_posted, credits_pending = n.credits_pending, credits_posted = n.credits_posted, \
    flags = n.flags \
    FROM unnest($1::UUID[], $2::NUMERIC[], $3::NUMERIC[], $4::NUMERIC[], $5::NUMERIC[], $6::INTEGER[]) \
    AS n (id, debits_pending, debits_posted, credits_pending, credits_posted, flags) WHERE a.id = n.id";

const UPDATE_POSTED: &str = "UPDATE ledger_accounts AS a SET debits_posted = n.debits, credits_posted = n.credits \
    FROM unnest($1::UUID[], $2::NUMERIC[], $3::NUMERIC[]) AS n (id, debits, credits) WHERE a.id = n.id";

impl Statements {
    fn prepare(client: &mut Client) -> Result<Self, postgres::Error> {
        let status = "(SELECT status FROM ledger_pendings AS p WHERE p.id = t.id)";
        let transfers = format!("SELECT {TRANSFER}, {status} FROM ledger_transfers AS t");
        Ok(Self {
            lock_clock: client.prepare(
                "SELECT round, last_timestamp, last_account_timestamp, last_transfer_timestamp, next_expiry \
                 FROM ledger_clock FOR UPDATE",
            )?,
            due: client.prepare(
                "SELECT id FROM ledger_pendings WHERE status = 0 AND expires_at <= $1 \
                 ORDER BY expires_at, timestamp LIMIT $2",
            )?,
            transfers: client.prepare(&format!("{transfers} WHERE id = ANY($1)"))?,
            transfers_at: client.prepare(&format!("{transfers} WHERE timestamp = ANY($1)"))?,
            failed: client.prepare("SELECT id FROM ledger_failed WHERE id = ANY($1)")?,
            any_failed: client
                .prepare("SELECT EXISTS (SELECT FROM ledger_failed WHERE id BETWEEN $1 AND $2)")?,
            accounts: client.prepare(&format!("SELECT {ACCOUNT} FROM ledger_accounts WHERE id = ANY($1)"))?,
            accounts_at: client.prepare("SELECT id FROM ledger_accounts WHERE timestamp = ANY($1)")?,
            update_accounts: client.prepare(UPDATE_ACCOUNTS)?,
            update_posted: client.prepare(UPDATE_POSTED)?,
            update_pendings: client.prepare(
                "UPDATE ledger_pendings AS p SET status = n.status \
                 FROM unnest($1::UUID[], $2::SMALLINT[]) AS n (id, status) WHERE p.id = n.id",
            )?,
            insert_failed: client.prepare(
                "INSERT INTO ledger_failed (id, timestamp) SELECT * FROM unnest($1::UUID[], $2::BIGINT[])",
            )?,
            update_clock: client.prepare(
                "UPDATE ledger_clock SET round = $1, last_timestamp = $2, last_account_timestamp = $3, \
                 last_transfer_timestamp = $4, next_expiry = $5",
            )?,
            first_expiry: client.prepare(
                "SELECT min(expires_at) FROM ledger_pendings WHERE status = 0 AND expires_at IS NOT NULL",
            )?,
        })
    }
}

/// A connection that is ready to serve.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) statements: Statements,
    pub(crate) recent: RecentAccounts,
}

/// One transaction of a session.
pub(crate) struct Turn<'a> {
    pub(crate) transaction: Transaction<'a>,
    pub(crate) statements: &'a Statements,
    pub(crate) recent: &'a mut RecentAccounts,
}

impl Session {
    /// Connects, and brings the tables to the newest version.
    pub(crate) fn open(url: &str) -> Result<Self, EngineError> {
        let mut client = Client::connect(url, NoTls).map_err(|error| unavailable(&error))?;
        schema::migrate(&mut client)?;
        // A batch is acknowledged when it is on the disk, whatever the server's own settings say.
        client.batch_execute("SET synchronous_commit = on").map_err(|error| unavailable(&error))?;
        let statements = Statements::prepare(&mut client).map_err(|error| unavailable(&error))?;
        Ok(Self { client, statements, recent: RecentAccounts::default() })
    }

    pub(crate) fn begin(&mut self) -> Result<Turn<'_>, postgres::Error> {
        Ok(Turn {
            transaction: self.client.transaction()?,
            statements: &self.statements,
            recent: &mut self.recent,
        })
    }
}

impl core::fmt::Debug for Session {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

/// A failure of the connection or the server: what it was doing may or may not have happened.
pub(crate) fn unavailable(error: &postgres::Error) -> EngineError {
    let detail = error.as_db_error().map_or_else(String::new, |db| format!(": {}", db.message()));
    EngineError::Unavailable(format!("PostgreSQL: {error}{detail}"))
}

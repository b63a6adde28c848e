//! The tables, by version.

use ledger::EngineError;
use postgres::Client;

use crate::session::unavailable;

/// Each migration, in order; the first is version 1. A migration that was released is never edited.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001_ledger.sql")];

/// One server migrates at a time: any number that no other program uses on this database.
const MIGRATION_LOCK: i64 = 0x5359_4345_455f_4c44;

/// Brings the tables to the newest version.
///
/// # Errors
/// [`EngineError::Stopped`] where the tables are of a newer program.
pub(crate) fn migrate(client: &mut Client) -> Result<(), EngineError> {
    let mut transaction = client.transaction().map_err(|error| unavailable(&error))?;
    transaction
        .batch_execute(&format!(
            "SELECT pg_advisory_xact_lock({MIGRATION_LOCK}); \
             CREATE TABLE IF NOT EXISTS ledger_migrations (version BIGINT PRIMARY KEY)"
        ))
        .map_err(|error| unavailable(&error))?;
    let row = transaction
        .query_one("SELECT coalesce(max(version), 0) FROM ledger_migrations", &[])
        .map_err(|error| unavailable(&error))?;
    let version: i64 = row.get(0);
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    let Some(missing) = MIGRATIONS.get(done..) else {
        return Err(EngineError::Stopped(format!(
            "the ledger's tables have version {version}, this program knows {}: use the newer program",
            MIGRATIONS.len()
        )));
    };
    for (version, migration) in (version + 1..).zip(missing) {
        transaction.batch_execute(migration).map_err(|error| unavailable(&error))?;
        transaction
            .execute("INSERT INTO ledger_migrations (version) VALUES ($1)", &[&version])
            .map_err(|error| unavailable(&error))?;
    }
    transaction.commit().map_err(|error| unavailable(&error))
}

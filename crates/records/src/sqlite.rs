//! SQLite: one file, write-ahead log, every commit synced.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, MAIN_DB, OpenFlags, ffi};

use crate::group_commit::GroupCommit;
use crate::migrations::{self, Dialect};
use crate::transaction::{Session, Step};
use crate::{ReadJob, Records, RecordsError, Row, Sql, Value};

/// Connections that read, beside the one that writes.
const READERS: usize = 3;

/// Statements that each connection keeps prepared.
const STATEMENTS_KEPT: usize = 256;

/// Files up to this size are checked whole before they are used; a larger one shows damage when it is met.
const CHECKED_WHEN_OPENED_MAX_BYTES: u64 = 64 << 20;

/// How long a statement waits for another connection's lock.
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// Opens, migrates and starts the threads: see [`Records::open_sqlite`].
pub(crate) fn open(path: &Path) -> Result<Records, RecordsError> {
    let (writer, lock) = open_for_writing(path)?;
    let readers = (0..READERS).map(|_| SqliteSession::open_reader(path)).collect::<Result<Vec<_>, _>>()?;
    Ok(Records::new(Arc::new(GroupCommit::start(writer, readers, Some(lock))?)))
}

/// The migrated connection that writes, and the lock that keeps others out.
pub(crate) fn open_for_writing(path: &Path) -> Result<(SqliteSession, File), RecordsError> {
    let lock = lock_file(path)?;
    let mut session = SqliteSession::open_writer(path)?;
    migrations::migrate(&mut session, Dialect::Sqlite)?;
    Ok((session, lock))
}

/// Reads the whole file and checks its structure.
///
/// # Errors
/// [`RecordsError::Damaged`] says what is wrong; [`RecordsError::InUse`] where a server has it open.
pub fn verify(path: &Path) -> Result<(), RecordsError> {
    if !path.is_file() {
        return Err(RecordsError::Unavailable(format!("{} does not exist", path.display())));
    }
    let _lock = lock_file(path)?;
    SqliteSession::open_reader(path)?.check("PRAGMA integrity_check(1)")
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// SQLite's own locks would let two servers share the file; each would miss what the other holds in memory.
fn lock_file(path: &Path) -> Result<File, RecordsError> {
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(lock_path(path))
        .map_err(|error| RecordsError::Unavailable(format!("cannot open {}: {error}", path.display())))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(RecordsError::InUse(path.display().to_string())),
        Err(TryLockError::Error(error)) => {
            Err(RecordsError::Unavailable(format!("cannot lock {}: {error}", path.display())))
        }
    }
}

/// One SQLite connection.
pub(crate) struct SqliteSession {
    connection: Connection,
    /// Refuses to write.
    reading: bool,
    /// Whether a commit is synced.
    synced: bool,
}

impl SqliteSession {
    fn open_writer(path: &Path) -> Result<Self, RecordsError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let session = Self::connect(path, flags)?;
        session.pragmas(
            // Pages of one block of the file system: smaller ones make it read before it writes, larger ones write more,
            // because ids derived by hashing touch pages all over. A long log (64 MiB): its checkpoint writes a page
            // once, however often it has changed since the last.
            "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 16000; PRAGMA cache_size = -65536; \
             PRAGMA temp_store = MEMORY;",
        )?;
        if std::fs::metadata(path).is_ok_and(|file| file.len() <= CHECKED_WHEN_OPENED_MAX_BYTES) {
            session.check("PRAGMA quick_check(1)")?;
        }
        Ok(session)
    }

    fn open_reader(path: &Path) -> Result<Self, RecordsError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut session = Self::connect(path, flags)?;
        session.reading = true;
        session.pragmas("PRAGMA query_only = ON; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;")?;
        Ok(session)
    }

    /// A new, migrated database in memory.
    pub(crate) fn in_memory() -> Result<Self, RecordsError> {
        let mut session = Self::on(Connection::open_in_memory().map_err(explain)?);
        // Small pages: a transaction of the simulation copies each page that it touches, to be able to take it back.
        session.pragmas("PRAGMA page_size = 1024; PRAGMA foreign_keys = ON;")?;
        migrations::migrate(&mut session, Dialect::Sqlite)?;
        Ok(session)
    }

    /// A database in memory that begins as `image`.
    pub(crate) fn from_image(image: &[u8]) -> Result<Self, RecordsError> {
        let mut session = Self::on(Connection::open_in_memory().map_err(explain)?);
        session.connection.deserialize_read_exact(MAIN_DB, image, image.len(), false).map_err(explain)?;
        session.pragmas("PRAGMA foreign_keys = ON;")?;
        session.check("PRAGMA quick_check(1)")?;
        migrations::migrate(&mut session, Dialect::Sqlite)?;
        Ok(session)
    }

    /// The whole database; no transaction is open.
    pub(crate) fn image(&mut self) -> Result<Vec<u8>, RecordsError> {
        self.connection.serialize(MAIN_DB).map(|data| data.to_vec()).map_err(explain)
    }

    pub(crate) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Runs a reading job on whatever this connection sees, uncommitted writes of its own included.
    pub(crate) fn read_only(&mut self, job: Box<dyn ReadJob>) {
        self.reading = true;
        job.run(Ok(self));
        self.reading = false;
    }

    fn on(connection: Connection) -> Self {
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // One plan per statement, whatever is bound: without this, SQLite prepares a statement anew for other values
        // wherever a partial index might serve them. Where it cannot be set, everything still works.
        let _is_stable = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true);
        Self { connection, reading: false, synced: true }
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self, RecordsError> {
        let connection = Connection::open_with_flags(path, flags).map_err(explain)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(explain)?;
        Ok(Self::on(connection))
    }

    fn pragmas(&self, sql: &str) -> Result<(), RecordsError> {
        self.connection.execute_batch(sql).map_err(explain)
    }

    /// In WAL mode a commit that is not synced loses no more than itself: the log is synced with the next that is, and
    /// before a checkpoint.
    fn set_synced(&mut self, synced: bool) -> Result<(), RecordsError> {
        if self.synced != synced {
            self.pragmas(if synced { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" })?;
            self.synced = synced;
        }
        Ok(())
    }

    fn check(&self, pragma: &str) -> Result<(), RecordsError> {
        let finding: String = self.connection.query_row(pragma, [], |row| row.get(0)).map_err(explain)?;
        if finding == "ok" { Ok(()) } else { Err(RecordsError::Damaged(finding)) }
    }

    fn prepared(&self, sql: &str, params: &[Value]) -> Result<CachedStatement<'_>, RecordsError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(explain)?;
        if self.reading && !statement.readonly() {
            return Err(RecordsError::Statement("a reading job tried to write".to_owned()));
        }
        bind(&mut statement, params)?;
        Ok(statement)
    }
}

impl Sql for SqliteSession {
    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, RecordsError> {
        let changed = self.prepared(sql, params)?.raw_execute().map_err(explain)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, RecordsError> {
        let mut statement = self.prepared(sql, params)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        let mut answer = Vec::new();
        while let Some(row) = rows.next().map_err(explain)? {
            let mut values = Vec::with_capacity(columns);
            for column in 0..columns {
                values.push(value(row.get_ref(column).map_err(explain)?)?);
            }
            answer.push(Row::new(values));
        }
        Ok(answer)
    }
}

impl Session for SqliteSession {
    fn make_ready(&mut self) -> Result<(), RecordsError> {
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), RecordsError> {
        if matches!(step, Step::Begin | Step::BeginUnsynced) {
            self.set_synced(step == Step::Begin)?;
        }
        let sql = match step {
            Step::Begin | Step::BeginUnsynced => "BEGIN IMMEDIATE",
            Step::BeginRead => "BEGIN",
            Step::Commit => "COMMIT",
            Step::Rollback => "ROLLBACK",
            Step::Savepoint => "SAVEPOINT job",
            Step::Release => "RELEASE job",
            Step::RollbackToSavepoint => "ROLLBACK TO job",
        };
        let mut statement = self.connection.prepare_cached(sql).map_err(explain)?;
        statement.raw_execute().map(|_| ()).map_err(explain)
    }
}

/// Binds by the number in the name: to SQLite `$2` is a name, and its place is where it first appears.
fn bind(statement: &mut CachedStatement<'_>, params: &[Value]) -> Result<(), RecordsError> {
    if statement.parameter_count() != params.len() {
        return Err(RecordsError::Statement(format!(
            "{} placeholders, but {} values",
            statement.parameter_count(),
            params.len()
        )));
    }
    for index in 1..=params.len() {
        let number =
            statement.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let param = number
            .and_then(|number| params.get(number.checked_sub(1)?))
            .ok_or_else(|| RecordsError::Statement(format!("placeholder {index} is not one of $1, $2, …")))?;
        statement.raw_bind_parameter(index, param).map_err(explain)?;
    }
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Id(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn value(stored: ValueRef<'_>) -> Result<Value, RecordsError> {
    match stored {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Text(text) => std::str::from_utf8(text)
            .map(Value::from)
            .map_err(|_| RecordsError::Unreadable("text is not UTF-8".to_owned())),
        ValueRef::Blob(bytes) => Ok(Value::from_slice(bytes)),
        ValueRef::Real(_) => Err(RecordsError::Unreadable("a floating-point number".to_owned())),
    }
}

/// What an error of SQLite means to the caller.
fn explain(error: rusqlite::Error) -> RecordsError {
    let message = error.to_string();
    let Some(failure) = error.sqlite_error() else {
        return RecordsError::Statement(message);
    };
    match failure.code {
        ErrorCode::ConstraintViolation => match failure.extended_code {
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                RecordsError::Conflict(constraint_name(&message))
            }
            _ => RecordsError::Statement(message),
        },
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => RecordsError::Damaged(message),
        ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::ReadOnly
        | ErrorCode::FileLockingProtocolFailed => RecordsError::Stopped(message),
        ErrorCode::CannotOpen
        | ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::OutOfMemory => RecordsError::Unavailable(message),
        _ => RecordsError::Statement(message),
    }
}

/// SQLite names the columns, `… failed: wallets.holder_id, wallets.currency`; this gives the name that PostgreSQL would
/// give the constraint, `wallets_holder_id_currency_key`.
fn constraint_name(message: &str) -> String {
    let columns = message.rsplit(": ").next().unwrap_or_default();
    let mut name = String::new();
    for column in columns.split(", ") {
        match column.split_once('.') {
            Some((table, column)) if name.is_empty() => name = format!("{table}_{column}"),
            Some((_, column)) => {
                name.push('_');
                name.push_str(column);
            }
            None => return columns.to_owned(),
        }
    }
    name + "_key"
}

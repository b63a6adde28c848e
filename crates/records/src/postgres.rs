//! PostgreSQL: the same jobs for several servers at once.

use std::collections::HashMap;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use postgres::error::{DbError, SqlState};
use postgres::types::private::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Config, NoTls, Statement};

use crate::group_commit::GroupCommit;
use crate::migrations::{self, Dialect};
use crate::transaction::{Session, Step};
use crate::{Records, RecordsError, Row, Sql, Value};

/// Connections that read, beside the one that writes.
const READERS: usize = 4;

/// Statements that each connection keeps prepared; beyond it, all are prepared anew.
const STATEMENTS_KEPT: usize = 256;

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Migrates and starts the threads: see [`Records::open_postgres`].
pub(crate) fn open(url: &str) -> Result<Records, RecordsError> {
    let mut config: Config = url.parse().map_err(|error| {
        RecordsError::Unavailable(format!("not the URL of a PostgreSQL database: {error}"))
    })?;
    config.connect_timeout(CONNECT_TIMEOUT).application_name("sycee records");
    let migrated = in_own_thread({
        let config = config.clone();
        move || migrations::migrate(&mut PostgresSession::connected(config)?, Dialect::Postgres)
    })?;
    migrated?;
    let readers = (0..READERS).map(|_| PostgresSession::new(config.clone())).collect();
    Ok(Records::new(Arc::new(GroupCommit::start(PostgresSession::new(config), readers, None)?)))
}

/// The client blocks on a runtime of its own, which must not be done on a thread that is inside one.
fn in_own_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, RecordsError> {
    let (reply, answer) = mpsc::channel();
    std::thread::spawn(move || reply.send(work()));
    answer.recv().map_err(|_| RecordsError::Unavailable("connecting to the database failed".to_owned()))
}

/// One PostgreSQL connection, made when first needed and again after it broke.
struct PostgresSession {
    config: Config,
    client: Option<Client>,
    statements: HashMap<String, Statement>,
}

impl PostgresSession {
    fn new(config: Config) -> Self {
        Self { config, client: None, statements: HashMap::new() }
    }

    fn connected(config: Config) -> Result<Self, RecordsError> {
        let mut session = Self::new(config);
        session.make_ready()?;
        Ok(session)
    }

    fn client(&mut self) -> Result<&mut Client, RecordsError> {
        self.client.as_mut().ok_or_else(|| RecordsError::Unavailable("not connected".to_owned()))
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, RecordsError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS_KEPT {
            self.statements.clear();
        }
        let statement = self.client()?.prepare(sql).map_err(explain)?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl Sql for PostgresSession {
    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, RecordsError> {
        let statement = self.prepared(sql)?;
        check_count(&statement, params)?;
        self.client()?.execute(&statement, &borrowed(params)).map_err(explain)
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, RecordsError> {
        let statement = self.prepared(sql)?;
        check_count(&statement, params)?;
        let rows = self.client()?.query(&statement, &borrowed(params)).map_err(explain)?;
        rows.iter().map(row).collect()
    }
}

impl Session for PostgresSession {
    fn make_ready(&mut self) -> Result<(), RecordsError> {
        if self.client.as_ref().is_some_and(|client| !client.is_closed()) {
            return Ok(());
        }
        self.statements.clear();
        self.client = None;
        let mut client = self.config.connect(NoTls).map_err(explain)?;
        // Whatever the server's default is, an answer means durable.
        client.batch_execute("SET synchronous_commit = on").map_err(explain)?;
        self.client = Some(client);
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), RecordsError> {
        let sql = match step {
            Step::Begin => "BEGIN ISOLATION LEVEL READ COMMITTED",
            Step::BeginUnsynced => "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off",
            Step::BeginRead => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Step::Commit => "COMMIT",
            Step::Rollback => "ROLLBACK",
            Step::Savepoint => "SAVEPOINT job",
            Step::Release => "RELEASE SAVEPOINT job",
            Step::RollbackToSavepoint => "ROLLBACK TO SAVEPOINT job",
        };
        self.client()?.batch_execute(sql).map_err(explain)
    }
}

fn check_count(statement: &Statement, params: &[Value]) -> Result<(), RecordsError> {
    let placeholders = statement.params().len();
    if placeholders == params.len() {
        return Ok(());
    }
    Err(RecordsError::Statement(format!("{placeholders} placeholders, but {} values", params.len())))
}

fn borrowed(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self, ty) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(number), &Type::INT8) => number.to_sql(ty, out),
            (Self::Text(text), &Type::TEXT) => text.as_ref().to_sql(ty, out),
            (Self::Bytes(bytes), &Type::BYTEA) => bytes.as_slice().to_sql(ty, out),
            (Self::Id(bytes), &Type::BYTEA) => bytes.as_slice().to_sql(ty, out),
            (value, ty) => Err(format!("{value:?} where the statement wants {ty}").into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::TEXT | Type::BYTEA)
    }

    to_sql_checked!();
}

fn row(row: &postgres::Row) -> Result<Row, RecordsError> {
    let values = row.columns().iter().enumerate().map(|(index, column)| match *column.type_() {
        Type::INT8 => {
            Ok(row.try_get::<_, Option<i64>>(index).map_err(explain)?.map_or(Value::Null, Value::Int))
        }
        Type::TEXT => {
            Ok(row.try_get::<_, Option<&str>>(index).map_err(explain)?.map_or(Value::Null, Value::from))
        }
        Type::BYTEA => Ok(row
            .try_get::<_, Option<&[u8]>>(index)
            .map_err(explain)?
            .map_or(Value::Null, Value::from_slice)),
        ref other => Err(RecordsError::Statement(format!("column {} has type {other}", column.name()))),
    });
    Ok(Row::new(values.collect::<Result<_, _>>()?))
}

/// What an error of PostgreSQL means to the caller.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn explain(error: postgres::Error) -> RecordsError {
    let Some(failure) = error.as_db_error() else {
        let message = error.to_string();
        let connection = error.is_closed() || error.code().is_none() && is_io(&error);
        return if connection {
            RecordsError::Unavailable(message)
        } else {
            RecordsError::Statement(message)
        };
    };
    let code = failure.code();
    let message = failure.message().to_owned();
    if *code == SqlState::UNIQUE_VIOLATION {
        return RecordsError::Conflict(constraint_name(failure));
    }
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        return RecordsError::Contended;
    }
    match code.code().get(..2) {
        // Insufficient resources (disk full among them), system error, and damage: nothing more may be promised.
        Some("58" | "XX") => RecordsError::Stopped(message),
        Some("53") if *code == SqlState::DISK_FULL => RecordsError::Stopped(message),
        // Connection, resources, operator's intervention, wrong password or database.
        Some("08" | "53" | "57" | "28" | "3D") => RecordsError::Unavailable(message),
        _ => RecordsError::Statement(message),
    }
}

/// Whether the connection failed, rather than a value that could not be sent or read.
fn is_io(error: &postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if inner.is::<std::io::Error>() {
            return true;
        }
        source = inner.source();
    }
    false
}

/// The name of the constraint; a primary key of one column `id` gets the name that SQLite's message leads to.
fn constraint_name(failure: &DbError) -> String {
    let name = failure.constraint().unwrap_or_default();
    match name.strip_suffix("_pkey") {
        Some(table) => format!("{table}_id_key"),
        None => name.to_owned(),
    }
}

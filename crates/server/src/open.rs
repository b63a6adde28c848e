//! Opening a data directory: ledger, records and embedded banks, and what a crash left.
//!
//! `DATA/ledger/` is the journal, `DATA/records.sqlite` the records, `DATA/bank.sqlite` the embedded banks,
//! `DATA/audit-log.key` the key of the audit log, `DATA/keys/` master keys that are open and shares that wait for their
//! custodians.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use ledger::Submit;
use ledger_embedded::EmbeddedLedger;
use ledger_embedded::storage::create_directory;
use ledger_postgres::PostgresLedger;
use operations::embedded_bank::{EmbeddedBank, EmbeddedBankError};
use operations::{
    Clock, Entropy, OperationError, Operations, Policy, Services, sealed_secrets, start_up_check,
};
use records::{Records, RecordsError};

use crate::key_files::KeyFiles;
use crate::system::{OsEntropy, SystemClock};
use crate::{App, Settings, audit_key};

/// Where the ledger is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LedgerChoice {
    /// In the data directory.
    #[default]
    Embedded,
    /// In the PostgreSQL database with this URL.
    Postgres(String),
}

/// Where the records are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RecordsChoice {
    /// In the data directory.
    #[default]
    Sqlite,
    /// In the PostgreSQL database with this URL.
    Postgres(String),
}

/// What a server is opened with.
#[derive(Clone)]
pub struct ServeOptions {
    /// The data directory; created where it does not exist.
    pub data: PathBuf,
    /// Where the ledger is.
    pub ledger: LedgerChoice,
    /// Where the records are.
    pub records: RecordsChoice,
    /// Sessions and cookies.
    pub settings: Settings,
    /// What the operator allows.
    pub policy: Policy,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where tokens and salts come from: must be unpredictable.
    pub entropy: Arc<dyn Entropy>,
}

impl ServeOptions {
    /// Everything embedded in this directory, on the system's clock and entropy.
    #[must_use]
    pub fn embedded(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            ledger: LedgerChoice::Embedded,
            records: RecordsChoice::Sqlite,
            settings: Settings::default(),
            policy: Policy::default(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
        }
    }
}

impl fmt::Debug for ServeOptions {
    // The URLs may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServeOptions").field("data", &self.data).finish_non_exhaustive()
    }
}

/// Why a server was not opened: a sentence that says what to do.
#[derive(Debug)]
pub enum OpenError {
    /// The data directory cannot be made.
    Directory(PathBuf, std::io::Error),
    /// The embedded ledger was not opened.
    Ledger(ledger_embedded::OpenError),
    /// The key of the audit log cannot be read or made.
    AuditKey(std::io::Error),
    /// The ledger on PostgreSQL was not opened.
    PostgresLedger(ledger::EngineError),
    /// The records were not opened.
    Records(RecordsError),
    /// The embedded banks were not opened.
    Bank(EmbeddedBankError),
    /// What a crash left could not be finished.
    StartUpCheck(OperationError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path, error) => {
                write!(
                    f,
                    "cannot use the data directory {}: {error}. Choose one that can be written",
                    path.display()
                )
            }
            Self::Ledger(error) => error.fmt(f),
            Self::AuditKey(error) => write!(f, "cannot use the key of the audit log: {error}"),
            Self::PostgresLedger(error) => error.fmt(f),
            Self::Records(error) => error.fmt(f),
            Self::Bank(error) => error.fmt(f),
            Self::StartUpCheck(error) => {
                write!(
                    f,
                    "interrupted operations cannot be finished: {error}. Nothing is served until they can"
                )
            }
        }
    }
}

impl std::error::Error for OpenError {}

/// Opens the stores and finishes what a crash left.
///
/// # Errors
/// See [`OpenError`]: in use, written by a newer version, damaged, or out of reach.
///
/// # Panics
/// Outside a tokio runtime.
pub async fn open(options: ServeOptions) -> Result<App, OpenError> {
    let settings = options.settings;
    // Opening reads files and waits for databases.
    let opened = tokio::task::spawn_blocking(move || open_stores(options)).await;
    let (operations, bank) = opened.expect("opening does not panic and is not cancelled")?;
    start_up_check::run(&operations).await.map_err(OpenError::StartUpCheck)?;
    sealed_secrets::seal_older(&operations).await.map_err(OpenError::StartUpCheck)?;
    Ok(App::new(operations, settings, Some(bank)))
}

fn open_stores(options: ServeOptions) -> Result<(Operations, Arc<EmbeddedBank>), OpenError> {
    let directory = |error| OpenError::Directory(options.data.clone(), error);
    create_directory(&options.data).map_err(directory)?;
    let ledger = open_ledger(&options)?;
    let records = match &options.records {
        RecordsChoice::Sqlite => Records::open_sqlite(&options.data.join("records.sqlite")),
        RecordsChoice::Postgres(url) => Records::open_postgres(url),
    };
    let records = records.map_err(OpenError::Records)?;
    let bank = EmbeddedBank::open(&options.data.join("bank.sqlite"), Arc::clone(&options.clock));
    let bank = Arc::new(bank.map_err(OpenError::Bank)?);
    let keeper =
        audit_key::audit_log_keeper(&options.data, &*options.entropy).map_err(OpenError::AuditKey)?;
    let services = Services {
        ledger,
        records,
        bank: Arc::clone(&bank) as _,
        clock: options.clock,
        entropy: options.entropy,
        policy: options.policy,
    };
    // Other servers may write to the same PostgreSQL; an SQLite file is this server's alone.
    let operations = match options.records {
        RecordsChoice::Sqlite => Operations::new(services),
        RecordsChoice::Postgres(_) => Operations::shared(services),
    };
    operations.keep_log(keeper);
    operations.keep_keys(Arc::new(KeyFiles::of(&options.data)));
    Ok((operations, bank))
}

fn open_ledger(options: &ServeOptions) -> Result<Arc<dyn Submit>, OpenError> {
    match &options.ledger {
        LedgerChoice::Embedded => {
            let clock = Arc::clone(&options.clock);
            let now = Arc::new(move || clock.now());
            let ledger =
                EmbeddedLedger::open(&options.data.join("ledger"), now).map_err(OpenError::Ledger)?;
            Ok(Arc::new(ledger))
        }
        LedgerChoice::Postgres(url) => {
            let clock = Arc::clone(&options.clock);
            let ledger = PostgresLedger::open(url, move || clock.now()).map_err(OpenError::PostgresLedger)?;
            Ok(Arc::new(ledger))
        }
    }
}

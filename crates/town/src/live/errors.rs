//! Why a town does not open: a sentence that says what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use ledger::EngineError;
use ledger_embedded::storage::StorageError;
use operations::OperationError;
use operations::embedded_bank::EmbeddedBankError;
use records::RecordsError;

/// Why a town does not open, or stopped.
#[derive(Debug)]
pub enum LiveError {
    /// The embedded banks could not be written.
    Bank(EmbeddedBankError),
    /// The cards or terminals cannot be made or opened.
    Cards(String),
    /// The data directory cannot be used.
    Directory(PathBuf, String),
    /// The ledger failed.
    Engine(EngineError),
    /// The ledger was not opened.
    Ledger(ledger_embedded::OpenError),
    /// The port is taken, or the terminal is gone.
    Listener(String),
    /// A store that answers at once did not.
    NeverAnswered,
    /// The directory holds no town, or one of another seed.
    NotThisTown(String),
    /// The system refused what the town needs.
    Operations(OperationError),
    /// The records were not opened.
    Records(RecordsError),
    /// The server was not opened.
    Server(server::OpenError),
}

impl LiveError {
    pub(super) fn directory(path: &Path, error: &io::Error) -> Self {
        Self::Directory(path.to_owned(), error.to_string())
    }
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bank(error) => error.fmt(f),
            Self::Cards(error) => write!(f, "the town's card purses do not work: {error}"),
            Self::Directory(path, error) => {
                write!(f, "cannot use the directory {}: {error}. Choose another with --data", path.display())
            }
            Self::Engine(error) => error.fmt(f),
            Self::Ledger(error) => error.fmt(f),
            Self::Listener(error) => f.write_str(error),
            Self::NeverAnswered => f.write_str("a store did not answer while the town was founded"),
            Self::NotThisTown(what) => f.write_str(what),
            Self::Operations(error) => write!(f, "the town cannot be founded: {error}"),
            Self::Records(error) => error.fmt(f),
            Self::Server(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LiveError {}

impl From<OperationError> for LiveError {
    fn from(error: OperationError) -> Self {
        Self::Operations(error)
    }
}

impl From<StorageError> for LiveError {
    fn from(error: StorageError) -> Self {
        Self::Ledger(ledger_embedded::OpenError::Storage(error))
    }
}

impl From<server::OpenError> for LiveError {
    fn from(error: server::OpenError) -> Self {
        Self::Server(error)
    }
}

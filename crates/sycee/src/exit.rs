//! How a command ends badly: one sentence for people, one status of `sysexits.h` for scripts.

use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    status: u8,
    message: String,
}

impl Failure {
    /// The command ran and found something wrong in what it examined: status 1.
    pub(crate) fn findings(message: impl Into<String>) -> Self {
        Self { status: 1, message: message.into() }
    }

    /// The input has mistakes: `EX_DATAERR`.
    pub(crate) fn bad_data(message: impl Into<String>) -> Self {
        Self { status: 65, message: message.into() }
    }

    /// Something needed is not there, such as a data directory or a database: `EX_UNAVAILABLE`.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self { status: 69, message: message.into() }
    }

    /// The program contradicts itself: `EX_SOFTWARE`.
    pub(crate) fn software(message: impl Into<String>) -> Self {
        Self { status: 70, message: message.into() }
    }

    /// Reading or writing failed: `EX_IOERR`.
    pub(crate) fn io(message: impl Into<String>) -> Self {
        Self { status: 74, message: message.into() }
    }

    /// The sentence for people.
    #[must_use]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The status for scripts.
    #[must_use]
    pub(crate) fn status(&self) -> ExitCode {
        ExitCode::from(self.status)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::io(error.to_string())
    }
}

impl From<ledger::EngineError> for Failure {
    fn from(error: ledger::EngineError) -> Self {
        match error {
            ledger::EngineError::Stopped(_) => Self::io(error.to_string()),
            ledger::EngineError::BatchTooLarge | ledger::EngineError::Unavailable(_) => {
                Self::unavailable(error.to_string())
            }
        }
    }
}

impl From<ledger_embedded::OpenError> for Failure {
    fn from(error: ledger_embedded::OpenError) -> Self {
        use ledger_embedded::OpenError;
        match error {
            OpenError::Storage(_) => Self::unavailable(error.to_string()),
            OpenError::Damaged(_) | OpenError::NewerVersion(_) => Self::bad_data(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::io(format!("SQLite: {error}"))
    }
}

impl From<postgres::Error> for Failure {
    fn from(error: postgres::Error) -> Self {
        Self::unavailable(format!("PostgreSQL: {error}"))
    }
}

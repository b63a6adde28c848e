//! The auditor: reads the journal of an embedded ledger, keeps books of its own, and compares.
//!
//! It shares the format of frames and records with the engine, and the words of the model, but none of the code that
//! decides or posts: a mistake there shows as a difference here.

mod books;
mod comparison;
mod finding;
mod journal;

use std::fmt;
use std::path::Path;

use ledger_embedded::storage::FileStorage;
use ledger_embedded::{EmbeddedEngine, OpenError};

pub use books::LedgerTotals;
pub use finding::Finding;

use books::Books;

/// What an audit saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Frames of the journal.
    pub frames: u64,
    /// Records of the journal.
    pub records: u64,
    /// Accounts created.
    pub accounts: u64,
    /// Transfers created.
    pub transfers: u64,
    /// Pending transfers that are neither posted, voided nor expired.
    pub open_pendings: u64,
    /// Per ledger, in order of its number.
    pub ledgers: Vec<LedgerTotals>,
    /// What is wrong, in the order it was met; only the first [`AuditReport::FINDINGS_MAX`] are kept.
    pub findings: Vec<Finding>,
}

impl AuditReport {
    /// One mistake early in a journal has thousands of consequences; nobody reads them all.
    pub const FINDINGS_MAX: usize = 100;

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    pub(crate) fn find(&mut self, finding: Finding) {
        if self.findings.len() < Self::FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

/// Why there could be no audit.
#[derive(Debug)]
pub enum AuditError {
    /// The engine refuses the directory; its sentence says why.
    Refused(String),
    /// A file could not be read.
    Io(std::io::Error),
}

impl fmt::Display for AuditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => f.write_str(why),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AuditError {}

impl From<std::io::Error> for AuditError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<OpenError> for AuditError {
    fn from(error: OpenError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// Audits the data directory of an embedded ledger, which nobody else may have open.
///
/// # Errors
/// [`AuditError`] where the directory cannot be read at all. What is wrong inside is in the report.
pub fn audit(directory: &Path) -> Result<AuditReport, AuditError> {
    let storage = FileStorage::open(directory).map_err(|error| AuditError::Refused(error.to_string()))?;
    // The engine first: it holds the directory, and cuts what a crash left half-written.
    let mut engine = EmbeddedEngine::open(storage)?;
    let mut report = AuditReport::default();
    let mut books = Books::default();
    journal::read(directory, &mut books, &mut report)?;
    books.close(&mut report);
    comparison::compare(&mut engine, &books, &mut report);
    Ok(report)
}

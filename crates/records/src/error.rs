//! Why the records did not do what was asked.

use std::fmt;

/// Why a job was not done. Unless a variant says otherwise, nothing of the job persists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordsError {
    /// A row with the same unique value exists. Names the constraint, the same on every database:
    /// `principals_login_key`.
    Conflict(String),
    /// The transaction met another one again and again. Try later.
    Contended,
    /// The simulation has pulled the plug. Whether the job persists is for the simulation to say.
    Crashed,
    /// The data file is not one, or is corrupt. Says where.
    Damaged(String),
    /// Another process has the data file open. Names it.
    InUse(String),
    /// The data was written by a newer version of the program.
    NewerVersion {
        /// The schema version of the data.
        found: u32,
        /// The newest schema version that this program knows.
        known: u32,
    },
    /// The database refused a statement: a fault of the program.
    Statement(String),
    /// Storage failed. The records acknowledge nothing more until they are opened again.
    Stopped(String),
    /// The database cannot be reached, or too much is waiting. Where the connection broke during the commit, the job may
    /// have persisted: repeat it with the same ids.
    Unavailable(String),
    /// A stored value is not what its column holds.
    Unreadable(String),
}

impl RecordsError {
    /// Whether this is a conflict with the unique constraint of that name.
    #[must_use]
    pub fn is_conflict(&self, constraint: &str) -> bool {
        matches!(self, Self::Conflict(name) if name == constraint)
    }

    /// Whether the store can do nothing more after this.
    pub(crate) const fn is_final(&self) -> bool {
        matches!(self, Self::Damaged(_) | Self::Stopped(_) | Self::Crashed)
    }

    /// Whether the connection is to blame, so that the neighbours of a job fail with it.
    pub(crate) const fn breaks_the_group(&self) -> bool {
        self.is_final() || matches!(self, Self::Unavailable(_) | Self::Contended)
    }
}

impl fmt::Display for RecordsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(constraint) => write!(f, "a row with this value exists already ({constraint})"),
            Self::Contended => f.write_str("other transactions were in the way; try again"),
            Self::Crashed => f.write_str("simulated crash"),
            Self::Damaged(what) => {
                write!(
                    f,
                    "the records are damaged: {what}. Restore the file from a backup; nothing was changed"
                )
            }
            Self::InUse(path) => {
                write!(
                    f,
                    "{path} is in use by another process. Stop that process, or choose another data directory"
                )
            }
            Self::NewerVersion { found, known } => write!(
                f,
                "the records have schema version {found}, but this program knows versions up to {known}. \
                 Use the newer program that wrote them; nothing was changed"
            ),
            Self::Statement(message) => write!(f, "the database refused a statement: {message}"),
            Self::Stopped(why) => {
                write!(
                    f,
                    "the records have stopped after a storage error: {why}. Mend the storage, then restart"
                )
            }
            Self::Unavailable(why) => write!(f, "the records cannot be reached: {why}"),
            Self::Unreadable(what) => write!(f, "a stored value cannot be read: {what}"),
        }
    }
}

impl std::error::Error for RecordsError {}

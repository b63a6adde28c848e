//! Why there is no server.

use std::io;
use std::path::Path;

/// Why there is no server, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterError {
    /// No PostgreSQL is installed on this machine.
    NotInstalled,
    /// A file or a program could not be used.
    Io(String),
    /// The server did not start.
    NotReady(String),
    /// A database or a schema could not be made.
    Database(String),
}

impl ClusterError {
    pub(crate) fn io(path: &Path, error: &io::Error) -> Self {
        Self::Io(format!("{}: {error}", path.display()))
    }
}

impl core::fmt::Display for ClusterError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotInstalled => f.write_str(
                "no PostgreSQL server is installed; `cargo xtask test` installs one, \
                 or set SYCEE_TEST_POSTGRES to the URL of a server where databases may be created",
            ),
            Self::Io(why) | Self::Database(why) => f.write_str(why),
            Self::NotReady(why) => write!(f, "PostgreSQL did not start: {why}"),
        }
    }
}

impl core::error::Error for ClusterError {}

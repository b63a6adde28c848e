//! Where the engine's bytes live: a directory of files, real or simulated.

mod file_storage;
mod sim_disk;

pub use file_storage::{FileStorage, create_directory};
pub use sim_disk::{DiskFault, SimDisk, SyncSite};

use std::fmt;

/// Why the storage failed. The engine stops at the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageError {
    /// What was tried, such as "sync journal-00000003".
    pub action: String,
    /// What the operating system said.
    pub cause: String,
}

impl StorageError {
    pub(crate) fn new(action: impl Into<String>, cause: impl fmt::Display) -> Self {
        Self { action: action.into(), cause: cause.to_string() }
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.action, self.cause)
    }
}

impl std::error::Error for StorageError {}

/// A flat directory of files. Written bytes survive a crash only after [`Storage::sync`] of their file, and created or
/// renamed names only after [`Storage::sync_directory`].
pub trait Storage: Send + Sync + 'static {
    /// An open file, cheap to clone, usable from several threads.
    type File: Clone + Send + Sync + 'static;

    /// The names of all files, sorted.
    ///
    /// # Errors
    /// Those of the medium.
    fn list(&self) -> Result<Vec<String>, StorageError>;
    /// Creates an empty file, replacing one of that name.
    ///
    /// # Errors
    /// Those of the medium.
    fn create(&self, name: &str) -> Result<Self::File, StorageError>;
    /// Opens a file that exists.
    ///
    /// # Errors
    /// Those of the medium.
    fn open(&self, name: &str) -> Result<Self::File, StorageError>;
    /// The length in bytes.
    ///
    /// # Errors
    /// Those of the medium.
    fn length(&self, file: &Self::File) -> Result<u64, StorageError>;
    /// Fills the buffer from `offset`; fails where the file ends before.
    ///
    /// # Errors
    /// Those of the medium.
    fn read_at(&self, file: &Self::File, offset: u64, buffer: &mut [u8]) -> Result<(), StorageError>;
    /// Writes all bytes at `offset`, growing the file where needed.
    ///
    /// # Errors
    /// Those of the medium.
    fn write_at(&self, file: &Self::File, offset: u64, bytes: &[u8]) -> Result<(), StorageError>;
    /// Cuts the file to `length`.
    ///
    /// # Errors
    /// Those of the medium.
    fn truncate(&self, file: &Self::File, length: u64) -> Result<(), StorageError>;
    /// Makes everything written to the file durable.
    ///
    /// # Errors
    /// Those of the medium. After an error, what of the file is durable is unknown.
    fn sync(&self, file: &Self::File) -> Result<(), StorageError>;
    /// Renames a file, replacing one of the new name.
    ///
    /// # Errors
    /// Those of the medium.
    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError>;
    /// Removes a file.
    ///
    /// # Errors
    /// Those of the medium.
    fn remove(&self, name: &str) -> Result<(), StorageError>;
    /// Makes created, renamed and removed names durable.
    ///
    /// # Errors
    /// Those of the medium.
    fn sync_directory(&self) -> Result<(), StorageError>;
}

/// Writes a file so that under its name there is either all of it or what was there before. The name itself is durable
/// only after [`Storage::sync_directory`].
pub(crate) fn replace_file<S: Storage>(storage: &S, name: &str, bytes: &[u8]) -> Result<(), StorageError> {
    let aside = format!("{name}{ASIDE}");
    let file = storage.create(&aside)?;
    storage.write_at(&file, 0, bytes)?;
    storage.sync(&file)?;
    storage.rename(&aside, name)
}

/// Ends the name of a file that is not whole yet.
pub(crate) const ASIDE: &str = ".new";

/// All bytes of a file.
pub(crate) fn read_file<S: Storage>(storage: &S, name: &str) -> Result<Vec<u8>, StorageError> {
    let file = storage.open(name)?;
    let mut bytes = vec![0; usize::try_from(storage.length(&file)?).unwrap_or(usize::MAX)];
    storage.read_at(&file, 0, &mut bytes)?;
    Ok(bytes)
}

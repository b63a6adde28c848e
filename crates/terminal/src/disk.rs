//! Where a terminal's files live: a directory, real or simulated.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use crate::journal::JournalError;

/// Why a file cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskError {
    /// There is no room. What was to be written may be there in part.
    Full,
    /// The medium failed; its own words. What of the last write is durable is not known.
    Failed(String),
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("disk is full"),
            Self::Failed(cause) => write!(f, "disk failed: {cause}"),
        }
    }
}

impl std::error::Error for DiskError {}

impl From<DiskError> for JournalError {
    fn from(error: DiskError) -> Self {
        match error {
            DiskError::Full => Self::Full,
            DiskError::Failed(cause) => Self::Failed(cause),
        }
    }
}

/// A flat directory of files. What was written survives a crash only after [`Disk::sync`].
pub trait Disk {
    /// All bytes of a file, `None` where there is none of that name.
    ///
    /// # Errors
    /// [`DiskError::Failed`].
    fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, DiskError>;

    /// Writes all bytes at `offset`, creating the file and growing it where needed.
    ///
    /// # Errors
    /// [`DiskError`].
    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> Result<(), DiskError>;

    /// Makes everything written to the file, and its name, durable.
    ///
    /// # Errors
    /// [`DiskError`].
    fn sync(&mut self, name: &str) -> Result<(), DiskError>;

    /// Puts a whole file under a name, durably: after a crash there is all of it, or all that was there before.
    ///
    /// # Errors
    /// [`DiskError`]; the old file is there still, or the new one.
    fn replace(&mut self, name: &str, bytes: &[u8]) -> Result<(), DiskError>;
}

/// The file whose lock says that the directory is in use.
const LOCK: &str = "lock";
/// Ends the name of a file that is not whole yet.
const ASIDE: &str = ".new";

/// A directory of the file system. One process at a time can have it open.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    handle: File,
    files: BTreeMap<String, File>,
    _lock: File,
}

impl Directory {
    /// Opens the directory, creating it where it does not exist.
    ///
    /// # Errors
    /// [`DiskError::Failed`], also where another process has it open.
    pub fn open(path: &Path) -> Result<Self, DiskError> {
        fs::create_dir_all(path).map_err(failed)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK));
        let lock = lock.map_err(failed)?;
        lock.try_lock()
            .map_err(|_| DiskError::Failed("directory is in use by another process".to_owned()))?;
        let handle = File::open(path).map_err(failed)?;
        Ok(Self { path: path.to_owned(), handle, files: BTreeMap::new(), _lock: lock })
    }

    fn file(&mut self, name: &str) -> Result<&File, DiskError> {
        if !self.files.contains_key(name) {
            let path = self.path.join(name);
            let is_new = !path.exists();
            let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path);
            self.files.insert(name.to_owned(), file.map_err(failed)?);
            if is_new {
                self.handle.sync_all().map_err(failed)?;
            }
        }
        self.files.get(name).ok_or_else(|| DiskError::Failed("file is not open".to_owned()))
    }
}

fn failed(error: io::Error) -> DiskError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => DiskError::Full,
        _ => DiskError::Failed(error.to_string()),
    }
}

impl Disk for Directory {
    fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, DiskError> {
        match fs::read(self.path.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.file(name)?.write_all_at(bytes, offset).map_err(failed)
    }

    fn sync(&mut self, name: &str) -> Result<(), DiskError> {
        self.file(name)?.sync_data().map_err(failed)
    }

    fn replace(&mut self, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
        let aside = self.path.join(format!("{name}{ASIDE}"));
        let write = || {
            let file = File::create(&aside)?;
            file.write_all_at(bytes, 0)?;
            file.sync_all()
        };
        if let Err(error) = write() {
            // The half-written file only takes room; whether it goes changes nothing.
            let _ = fs::remove_file(&aside);
            return Err(failed(error));
        }
        self.files.remove(name);
        fs::rename(&aside, self.path.join(name)).map_err(failed)?;
        self.handle.sync_all().map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_keeps_what_was_written_and_is_held_once() {
        let place = tempfile::tempdir().unwrap();
        let mut disk = Directory::open(place.path()).unwrap();
        assert_eq!(disk.read("journal"), Ok(None));
        disk.write_at("journal", 3, b"def").unwrap();
        disk.write_at("journal", 0, b"abc").unwrap();
        disk.sync("journal").unwrap();
        disk.replace("list", b"one").unwrap();
        disk.replace("list", b"two").unwrap();
        disk.write_at("list", 3, b"!").unwrap();
        assert!(Directory::open(place.path()).is_err(), "in use");
        drop(disk);
        let mut disk = Directory::open(place.path()).unwrap();
        assert_eq!(disk.read("journal").unwrap().unwrap(), b"abcdef");
        assert_eq!(disk.read("list").unwrap().unwrap(), b"two!");
    }
}

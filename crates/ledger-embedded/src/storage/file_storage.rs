//! A directory of the file system, held exclusively.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Storage, StorageError};

/// The file whose lock says that the directory is in use.
const LOCK: &str = "lock";

/// A directory of the file system. Only one process at a time can have it open.
#[derive(Debug)]
pub struct FileStorage {
    directory: PathBuf,
    handle: File,
    _lock: File,
}

impl FileStorage {
    /// Opens the directory, creating it where it does not exist.
    ///
    /// # Errors
    /// A [`StorageError`] whose text says what to do: the directory is in use, or cannot be created.
    pub fn open(directory: &Path) -> Result<Self, StorageError> {
        let action = || format!("open {}", directory.display());
        create_directory(directory).map_err(|e| StorageError::new(action(), e))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join(LOCK))
            .map_err(|e| StorageError::new(action(), e))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => StorageError::new(
                action(),
                "the directory is in use by another process; stop that process or choose another directory",
            ),
            TryLockError::Error(e) => StorageError::new(action(), e),
        })?;
        let handle = File::open(directory).map_err(|e| StorageError::new(action(), e))?;
        Ok(Self { directory: directory.to_owned(), handle, _lock: lock })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn failed(&self, verb: &str, name: &str, cause: &io::Error) -> StorageError {
        StorageError::new(format!("{verb} {}", self.path(name).display()), cause)
    }
}

/// Creates a directory with those above it, so that no loss of power takes away what did not exist before: each new name is on
/// the disk when this returns.
///
/// # Errors
/// Those of the file system.
pub fn create_directory(directory: &Path) -> io::Result<()> {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let missing: Vec<&Path> = directory.ancestors().take_while(is_missing).collect();
    fs::create_dir_all(directory)?;
    // The highest first: a name counts for nothing while the directory that holds it may vanish.
    missing.into_iter().rev().filter_map(Path::parent).try_for_each(|holder| {
        let holder = if holder.as_os_str().is_empty() { Path::new(".") } else { holder };
        File::open(holder)?.sync_all()
    })
}

/// An open file with its name for messages.
#[derive(Clone, Debug)]
pub struct NamedFile {
    file: Arc<File>,
    name: Arc<str>,
}

impl Storage for FileStorage {
    type File = NamedFile;

    fn list(&self) -> Result<Vec<String>, StorageError> {
        let read = |e| self.failed("list", "", &e);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(read)? {
            let name = entry.map_err(read)?.file_name();
            if name != LOCK {
                names.push(name.to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    fn create(&self, name: &str) -> Result<NamedFile, StorageError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(self.path(name))
            .map_err(|e| self.failed("create", name, &e))?;
        Ok(NamedFile { file: Arc::new(file), name: name.into() })
    }

    fn open(&self, name: &str) -> Result<NamedFile, StorageError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.path(name))
            .map_err(|e| self.failed("open", name, &e))?;
        Ok(NamedFile { file: Arc::new(file), name: name.into() })
    }

    fn length(&self, file: &NamedFile) -> Result<u64, StorageError> {
        let metadata = file.file.metadata().map_err(|e| self.failed("stat", &file.name, &e))?;
        Ok(metadata.len())
    }

    fn read_at(&self, file: &NamedFile, offset: u64, buffer: &mut [u8]) -> Result<(), StorageError> {
        file.file.read_exact_at(buffer, offset).map_err(|e| self.failed("read", &file.name, &e))
    }

    fn write_at(&self, file: &NamedFile, offset: u64, bytes: &[u8]) -> Result<(), StorageError> {
        file.file.write_all_at(bytes, offset).map_err(|e| self.failed("write", &file.name, &e))
    }

    fn truncate(&self, file: &NamedFile, length: u64) -> Result<(), StorageError> {
        file.file.set_len(length).map_err(|e| self.failed("truncate", &file.name, &e))
    }

    fn sync(&self, file: &NamedFile) -> Result<(), StorageError> {
        file.file.sync_data().map_err(|e| self.failed("sync", &file.name, &e))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        fs::rename(self.path(from), self.path(to)).map_err(|e| self.failed("rename", from, &e))
    }

    fn remove(&self, name: &str) -> Result<(), StorageError> {
        fs::remove_file(self.path(name)).map_err(|e| self.failed("remove", name, &e))
    }

    fn sync_directory(&self) -> Result<(), StorageError> {
        self.handle.sync_all().map_err(|e| self.failed("sync", "", &e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_created_with_those_above_it_and_may_be_there() {
        let above = std::env::temp_dir().join(format!("sycee-create-{}", std::process::id()));
        let wanted = above.join("one/two");
        for _ in 0..2 {
            create_directory(&wanted).expect("it can be created");
            assert!(wanted.is_dir());
        }
        fs::remove_dir_all(above).expect("it is there");
    }

    /// A device that the system refuses to sync: whether it was asked shows in its refusal.
    fn unsyncable() -> File {
        OpenOptions::new().read(true).write(true).open("/dev/null").expect("every system has it")
    }

    #[test]
    fn syncing_a_file_or_the_directory_asks_the_operating_system() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut storage = FileStorage::open(directory.path()).expect("opens");
        let file = storage.create("file").expect("creates");
        assert_eq!((storage.sync(&file), storage.sync_directory()), (Ok(()), Ok(())));
        let device = NamedFile { file: Arc::new(unsyncable()), name: "device".into() };
        assert!(storage.sync(&device).is_err());
        storage.handle = unsyncable();
        assert!(storage.sync_directory().is_err());
    }
}

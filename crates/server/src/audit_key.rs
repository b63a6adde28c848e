//! The audit log's key and its newest head, in files beside the records.
//!
//! `DATA/audit-log.key` is the key, which only the server's own user may read; `DATA/audit-log.head` is the newest signed
//! head, so that an end of the log that was cut off in the records is noticed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use audit_log::{HEAD_BYTES, LogKey, SignedHead};
use operations::Entropy;
use operations::audit_log::{HeadWitness, LogKeeper};

const KEY_FILE: &str = "audit-log.key";
const HEAD_FILE: &str = "audit-log.head";

/// The keeper of the log of this data directory; its key is made where there is none.
///
/// # Errors
/// Where a file cannot be read or written, or is not a key.
pub fn audit_log_keeper(data: &Path, entropy: &dyn Entropy) -> io::Result<LogKeeper> {
    let key = match read_log_key(data)? {
        Some(key) => key,
        None => make_key(data, entropy)?,
    };
    let witness = HeadFile { path: data.join(HEAD_FILE), newest: Mutex::new(read_log_head(data)?) };
    Ok(LogKeeper::new(key, Some(Arc::new(witness))))
}

/// The key of a data directory. Nothing where it has none.
///
/// # Errors
/// Where the file cannot be read or is not a key.
pub fn read_log_key(data: &Path) -> io::Result<Option<LogKey>> {
    match fs::read(data.join(KEY_FILE)) {
        Ok(bytes) => {
            let seed: [u8; 32] = bytes
                .try_into()
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "audit-log.key is not 32 bytes"))?;
            Ok(Some(LogKey::from_seed(seed)))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The newest head that was kept outside the records. Nothing where none was.
///
/// # Errors
/// Where the file cannot be read or is not a head.
pub fn read_log_head(data: &Path) -> io::Result<Option<SignedHead>> {
    match fs::read(data.join(HEAD_FILE)) {
        Ok(bytes) => {
            let bytes: [u8; HEAD_BYTES] = bytes.try_into().map_err(|_| {
                io::Error::new(io::ErrorKind::InvalidData, "audit-log.head has another length")
            })?;
            Ok(Some(SignedHead::from_bytes(&bytes)))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn make_key(data: &Path, entropy: &dyn Entropy) -> io::Result<LogKey> {
    let mut seed = [0; 32];
    entropy.fill(&mut seed);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(data.join(KEY_FILE))?;
    file.write_all(&seed)?;
    file.sync_all()?;
    Ok(LogKey::from_seed(seed))
}

/// The newest head in a file of its own.
struct HeadFile {
    path: PathBuf,
    newest: Mutex<Option<SignedHead>>,
}

impl HeadFile {
    fn replace(&self, head: &SignedHead) -> io::Result<()> {
        let fresh = self.path.with_extension("head.new");
        let mut file = File::create(&fresh)?;
        file.write_all(&head.to_bytes())?;
        file.sync_data()?;
        fs::rename(&fresh, &self.path)
    }
}

impl HeadWitness for HeadFile {
    fn newest(&self) -> Option<SignedHead> {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, head: &SignedHead) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.is_some_and(|newest| head.head.size <= newest.head.size) {
            return;
        }
        // An older head still tells of a cut end, so a full disk is no reason to stop.
        if self.replace(head).is_ok() {
            *newest = Some(*head);
        }
    }
}

#[cfg(test)]
mod tests {
    use audit_log::{Head, LogKey};
    use ledger::Timestamp;

    use super::*;

    #[test]
    fn a_server_that_starts_again_keeps_no_head_of_a_shorter_log() {
        let data = std::env::temp_dir().join(format!("sycee-head-{}", std::process::id()));
        drop(fs::remove_dir_all(&data));
        fs::create_dir_all(&data).expect("the directory can be made");
        let key = LogKey::from_seed([7; 32]);
        let head = |size| key.sign(Head { size, at: Timestamp(size), root: [1; 32] });
        let witness = || {
            let newest = Mutex::new(read_log_head(&data).expect("it can be read"));
            HeadFile { path: data.join(HEAD_FILE), newest }
        };
        witness().keep(&head(5));
        witness().keep(&head(3));
        assert_eq!(read_log_head(&data).expect("it can be read"), Some(head(5)));
        witness().keep(&head(6));
        assert_eq!(witness().newest(), Some(head(6)));
        drop(fs::remove_dir_all(&data));
    }
}

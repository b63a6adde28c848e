//! Secret keys in files: `DATA/keys/NAME`, which only the server's own user may read. A copy of the records tells none of
//! them; a copy of the whole directory does, so that it is kept like a key.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use operations::{KeyKeeper, KeysUnavailable};
use zeroize::Zeroizing;

/// The keys of one data directory.
pub(crate) struct KeyFiles {
    directory: PathBuf,
    /// One change at a time, so that two of them do not share the file in which a new secret is written first.
    change: Mutex<()>,
}

impl KeyFiles {
    /// The keys of this data directory.
    pub(crate) fn of(data: &Path) -> Self {
        Self { directory: data.join("keys"), change: Mutex::default() }
    }

    fn write(&self, name: &str, secret: &[u8]) -> io::Result<()> {
        let _one = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        fs::create_dir_all(&self.directory)?;
        let fresh = self.directory.join("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&fresh)?;
        file.write_all(secret)?;
        file.sync_all()?;
        fs::rename(&fresh, self.directory.join(name))?;
        self.sync()
    }

    fn read(&self, name: &str) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        match fs::read(self.directory.join(name)) {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn forget(&self, name: &str) -> io::Result<()> {
        let _one = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        match fs::remove_file(self.directory.join(name)) {
            Ok(()) => self.sync(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes the names in the directory durable.
    fn sync(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
}

/// A name that is a file of the directory and nothing else.
fn checked(name: &str) -> Result<&str, KeysUnavailable> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = !name.is_empty() && name != "new" && name.bytes().all(plain);
    if is_name { Ok(name) } else { Err(KeysUnavailable) }
}

fn told(error: io::Error) -> KeysUnavailable {
    eprintln!("sycee: cannot reach the place of secret keys: {error}");
    KeysUnavailable
}

impl KeyKeeper for KeyFiles {
    fn put(&self, name: &str, secret: &[u8]) -> Result<(), KeysUnavailable> {
        self.write(checked(name)?, secret).map_err(told)
    }

    fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeysUnavailable> {
        self.read(checked(name)?).map_err(told)
    }

    fn remove(&self, name: &str) -> Result<(), KeysUnavailable> {
        self.forget(checked(name)?).map_err(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory that is gone afterwards.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("sycee-keys-{name}-{}", std::process::id()));
            drop(fs::remove_dir_all(&path));
            fs::create_dir_all(&path).expect("the directory can be made");
            Self(path)
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn a_key_is_there_until_it_is_forgotten_and_nobody_else_may_read_it() {
        let place = Place::new("life");
        let keys = KeyFiles::of(&place.0);
        assert_eq!(keys.get("key-1"), Ok(None));
        keys.put("key-1", b"first").expect("it can be kept");
        keys.put("key-1", b"second").expect("it can be replaced");
        assert_eq!(
            *KeyFiles::of(&place.0).get("key-1").expect("a later server reads it").expect("it"),
            b"second"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let file = fs::metadata(place.0.join("keys/key-1")).expect("the file");
            assert_eq!(file.permissions().mode() & 0o077, 0);
        }
        keys.remove("key-1").expect("it can be forgotten");
        keys.remove("key-1").expect("twice, too");
        assert_eq!(keys.get("key-1"), Ok(None));
    }

    #[test]
    fn a_name_cannot_lead_out_of_the_directory() {
        let place = Place::new("names");
        let keys = KeyFiles::of(&place.0);
        for name in ["", "new", "../records", "a/b", "A", "key_1", ".."] {
            assert_eq!(keys.put(name, b"secret"), Err(KeysUnavailable), "{name}");
            assert_eq!(keys.get(name), Err(KeysUnavailable), "{name}");
        }
    }
}

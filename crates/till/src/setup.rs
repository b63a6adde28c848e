//! What a terminal is set up with, as two files of its directory: its key, and `setup.json`, which says whose lists it takes and
//! what its cards and security module are like.

use card_reader::reader::Reader;
use std::{
    fmt, fs,
    io::{self, ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use pki::{KeyPair, PublicKey, SubjectId};
use purse::fields::TerminalId;
use serde::{Deserialize, Serialize};
use terminal::{
    security_module::ModuleProfile,
    simulated_disk::SimulatedDisk,
    terminal::{Settings, StartError, Terminal},
};

use crate::{
    hex::{from_hex, to_hex},
    slot::ModuleReader,
};

const KEY_FILE: &str = "key";
const SETUP_FILE: &str = "setup.json";

/// What is written about a terminal beside its key. Numbers of bytes are hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// Application identifier of the purses that it takes.
    pub aid: String,
    /// File identifier of the security module's application.
    pub module_file: String,
    /// Levels of diversification of its cards' keys.
    pub levels: u8,
    /// Whose lists it takes: 16 bytes.
    pub issuer: String,
    /// The issuer's key: 32 bytes.
    pub issuer_key: String,
}

/// Why a terminal's files are none.
#[derive(Debug)]
pub enum SetupError {
    /// A file cannot be read or written; which.
    File(&'static str, io::Error),
    /// There is a key already: a terminal has one for ever.
    Made,
    /// The directory is none of a terminal.
    NotMade,
    /// The content of a file is wrong; which, and how.
    Content(&'static str, String),
    /// The system has no randomness.
    Randomness,
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(name, error) => write!(f, "{name}: {error}"),
            Self::Made => f.write_str("the directory has a terminal's key already"),
            Self::NotMade => {
                f.write_str("the directory has no terminal's key; make one with `sycee terminal init`")
            }
            Self::Content(name, why) => write!(f, "{name}: {why}"),
            Self::Randomness => f.write_str("the system has no randomness"),
        }
    }
}

impl std::error::Error for SetupError {}

/// Makes a terminal's key and writes both files; the public key.
///
/// # Errors
/// [`SetupError`]; a key that is there already stays.
pub fn make(directory: &Path, setup: &Setup) -> Result<PublicKey, SetupError> {
    settings_of(setup, KeyPair::from_seed(&[0; 32]))?;
    fs::create_dir_all(directory).map_err(|error| SetupError::File("directory", error))?;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| SetupError::Randomness)?;
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(directory.join(KEY_FILE));
    let mut file = file.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => SetupError::Made,
        _ => SetupError::File(KEY_FILE, error),
    })?;
    let written = file.write_all(to_hex(&seed).as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| SetupError::File(KEY_FILE, error))?;
    let text = serde_json::to_string_pretty(setup)
        .map_err(|error| SetupError::Content(SETUP_FILE, error.to_string()))?;
    fs::write(directory.join(SETUP_FILE), text).map_err(|error| SetupError::File(SETUP_FILE, error))?;
    Ok(KeyPair::from_seed(&seed).public())
}

/// Reads a terminal's settings from its directory.
///
/// # Errors
/// [`SetupError`].
pub fn read(directory: &Path) -> Result<Settings, SetupError> {
    let text = |name: &'static str| {
        fs::read_to_string(directory.join(name)).map_err(|error| match error.kind() {
            ErrorKind::NotFound => SetupError::NotMade,
            _ => SetupError::File(name, error),
        })
    };
    let seed = from_hex(text(KEY_FILE)?.trim());
    let seed = seed.ok_or_else(|| SetupError::Content(KEY_FILE, "not 64 hexadecimal digits".to_owned()))?;
    let setup: Setup = serde_json::from_str(&text(SETUP_FILE)?)
        .map_err(|error| SetupError::Content(SETUP_FILE, error.to_string()))?;
    settings_of(&setup, KeyPair::from_seed(&seed))
}

/// The number of the terminal whose security module sits in a reader.
///
/// # Errors
/// [`StartError`].
pub fn number_of(module: Box<dyn Reader + Send>, settings: Settings) -> Result<TerminalId, StartError> {
    let started = Terminal::start(SimulatedDisk::new(), ModuleReader(module), settings);
    started.map(|terminal| terminal.id()).map_err(|(error, _, _)| error)
}

/// Bytes as people compare them.
#[must_use]
pub fn in_hex(bytes: &[u8]) -> String {
    to_hex(bytes)
}

fn settings_of(setup: &Setup, key: KeyPair) -> Result<Settings, SetupError> {
    let wrong = |what: &str| SetupError::Content(SETUP_FILE, format!("{what} is not of its form"));
    let issuer_key = from_hex(&setup.issuer_key).and_then(|bytes| PublicKey::from_bytes(&bytes));
    Ok(Settings {
        aid: aid_of(&setup.aid).ok_or_else(|| wrong("aid"))?,
        module: ModuleProfile {
            file_identifier: from_hex(&setup.module_file).ok_or_else(|| wrong("module_file"))?,
            levels: setup.levels,
        },
        issuer: from_hex(&setup.issuer).map(SubjectId).ok_or_else(|| wrong("issuer"))?,
        issuer_key: issuer_key.ok_or_else(|| wrong("issuer_key"))?,
        key,
        idle_days_max: 60,
        done_days: 3,
        open_days: 14,
    })
}

/// An application identifier of 5 to 16 bytes.
fn aid_of(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| from_hex::<1>(std::str::from_utf8(pair).ok()?).map(|[byte]| byte));
    let bytes = bytes.collect::<Option<Vec<u8>>>()?;
    (5..=16).contains(&bytes.len()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup() -> Setup {
        Setup {
            aid: "a000000386980701".to_owned(),
            module_file: "df01".to_owned(),
            levels: 1,
            issuer: "07".repeat(16),
            issuer_key: to_hex(&KeyPair::from_seed(&[0x15; 32]).public().to_bytes()),
        }
    }

    #[test]
    fn a_terminal_is_read_as_it_was_made_and_made_once() {
        let place = tempfile::tempdir().unwrap();
        assert!(matches!(read(place.path()), Err(SetupError::NotMade)));
        let public = make(place.path(), &setup()).unwrap();
        let settings = read(place.path()).unwrap();
        assert_eq!(settings.key.public(), public);
        assert_eq!((settings.issuer, settings.aid.len()), (SubjectId([7; 16]), 8));
        assert!(matches!(make(place.path(), &setup()), Err(SetupError::Made)));
    }

    #[test]
    fn a_setup_that_is_wrong_makes_nothing() {
        let place = tempfile::tempdir().unwrap();
        for wrong in [
            Setup { aid: "a0".to_owned(), ..setup() },
            Setup { issuer: "07".to_owned(), ..setup() },
            Setup { issuer_key: "00".to_owned(), ..setup() },
            Setup { module_file: "df0".to_owned(), ..setup() },
        ] {
            assert!(matches!(make(place.path(), &wrong), Err(SetupError::Content(..))), "{wrong:?}");
        }
        assert!(matches!(read(place.path()), Err(SetupError::NotMade)));
    }
}

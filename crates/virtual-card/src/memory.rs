//! The memory of a card in a file, word by word.
//!
//! # What it guarantees
//!
//! Each write of a word is one write of four aligned bytes to the file, and the next one begins when the operating system
//! has taken it. So a process that is killed at any moment, by whatever signal, leaves the writes up to one of them and none
//! after it: what a card leaves that lost power there. The journals of the card's applications are made for that.
//!
//! Against a loss of power of the whole machine it guarantees less, as one `fsync` for each word would take longer than the
//! cell of a card does: words may reach the disk in another order. They are all on it after [`Memory::sync`], which the card
//! calls whenever the reader takes its power. What was written since may be lost or torn after such a loss; then the card is
//! as it was, or mute, or an older copy of itself, which the issuer sees by its counters.
//!
//! One process at a time has the memory: a second one is refused as long as the first lives. The file holds keys, and only
//! its owner can read it.

use std::{
    fmt, fs,
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use purse::nvm::{ERASED, Fault, Nvm, Word};
use zeroize::Zeroize;

use crate::kind::CardKind;

/// What a file of memory begins with.
const MAGIC: [u8; 8] = *b"SYCEENVM";
/// Version of the layout.
const VERSION: u8 = 1;
/// Magic, version, kind, zeros: a page, so that regions begin on pages.
const HEADER_BYTES: usize = 64;

/// How many regions a card has: its directory and two applets.
pub const REGIONS: usize = 3;

/// The memory of one card.
#[derive(Debug)]
pub struct Memory {
    file: Arc<File>,
    path: PathBuf,
    writes: Arc<AtomicU64>,
}

/// Why a file is not the memory of a card.
#[derive(Debug)]
pub enum MemoryError {
    /// It cannot be read or written.
    Io(io::Error),
    /// Another process has it.
    InUse,
    /// It was not written as a memory, or is longer or shorter than one.
    NotAMemory,
}

impl From<io::Error> for MemoryError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::InUse => f.write_str("another process runs this card; end that one first"),
            Self::NotAMemory => f.write_str("this is not the memory of a card"),
        }
    }
}

impl std::error::Error for MemoryError {}

impl Memory {
    /// Makes an erased memory in a new file; what was there under the name goes.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub fn create(path: &Path, kind: CardKind) -> Result<(Self, [Region; REGIONS]), MemoryError> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).mode(0o600).open(path)?;
        lock(&file)?;
        let mut image = vec![0; HEADER_BYTES];
        image.splice(..MAGIC.len(), MAGIC);
        image.splice(8..10, [VERSION, kind.byte()]);
        image.resize(HEADER_BYTES + 4 * kind.regions().iter().sum::<usize>(), ERASED[0]);
        file.write_all_at(&image, 0)?;
        Self::open_locked(file, path, kind)
    }

    /// Opens the memory of a card that was made before.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub fn open(path: &Path) -> Result<(Self, CardKind, [Region; REGIONS]), MemoryError> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        lock(&file)?;
        let mut header = [0; HEADER_BYTES];
        file.read_exact_at(&mut header, 0).map_err(|_| MemoryError::NotAMemory)?;
        let kind = match header {
            [b'S', b'Y', b'C', b'E', b'E', b'N', b'V', b'M', VERSION, kind, rest @ ..] if rest == [0; 54] => {
                CardKind::from_byte(kind).ok_or(MemoryError::NotAMemory)?
            }
            _ => return Err(MemoryError::NotAMemory),
        };
        let (memory, regions) = Self::open_locked(file, path, kind)?;
        Ok((memory, kind, regions))
    }

    fn open_locked(
        file: File,
        path: &Path,
        kind: CardKind,
    ) -> Result<(Self, [Region; REGIONS]), MemoryError> {
        let mut image = Vec::new();
        io::Read::read_to_end(&mut &file, &mut image)?;
        let memory = Self { file: Arc::new(file), path: path.to_owned(), writes: Arc::default() };
        let mut rest = image.get(HEADER_BYTES..).ok_or(MemoryError::NotAMemory)?;
        let mut begin = HEADER_BYTES;
        let mut regions = Vec::with_capacity(REGIONS);
        for words in kind.regions() {
            let (own, after) = rest.split_at_checked(4 * words).ok_or(MemoryError::NotAMemory)?;
            regions.push(Region {
                file: Arc::clone(&memory.file),
                writes: Arc::clone(&memory.writes),
                begin,
                words: own.as_chunks().0.to_vec(),
            });
            begin += own.len();
            rest = after;
        }
        let is_whole = rest.is_empty();
        image.zeroize();
        let regions = regions.try_into().map_err(|_| MemoryError::NotAMemory)?;
        if is_whole { Ok((memory, regions)) } else { Err(MemoryError::NotAMemory) }
    }

    /// Gives the memory its final name, when the card in it is finished; whatever had that name goes.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn rename(&mut self, path: &Path) -> io::Result<()> {
        self.sync()?;
        fs::rename(&self.path, path)?;
        path.clone_into(&mut self.path);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many words were written since the memory was opened.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// Waits until every write is on the disk.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn lock(file: &File) -> Result<(), MemoryError> {
    file.try_lock().map_err(|error| match error {
        fs::TryLockError::WouldBlock => MemoryError::InUse,
        fs::TryLockError::Error(error) => MemoryError::Io(error),
    })
}

/// A part of the memory, for one journal.
pub struct Region {
    file: Arc<File>,
    writes: Arc<AtomicU64>,
    /// Where it begins in the file, in bytes.
    begin: usize,
    /// What the file holds there.
    words: Vec<Word>,
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Region({} words)", self.words.len())
    }
}

/// The words are keys, among others.
impl Drop for Region {
    fn drop(&mut self) {
        self.words.iter_mut().for_each(|word| word.zeroize());
    }
}

impl Nvm for Region {
    fn words(&self) -> usize {
        self.words.len()
    }

    fn read_word(&mut self, at: usize) -> Word {
        self.words.get(at).copied().unwrap_or(ERASED)
    }

    fn write_word(&mut self, at: usize, word: Word) -> Result<(), Fault> {
        let place = self.words.get_mut(at).ok_or(Fault::WornOut)?;
        let offset = u64::try_from(self.begin + 4 * at).map_err(|_| Fault::WornOut)?;
        self.file.write_all_at(&word, offset).map_err(|_| Fault::WornOut)?;
        *place = word;
        self.writes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_there_when_the_file_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory");
        let (memory, [_, mut second, _]) = Memory::create(&path, CardKind::User).unwrap();
        second.write_word(3, [1, 2, 3, 4]).unwrap();
        assert_eq!(memory.writes(), 1);
        drop((memory, second));
        let (_, kind, [mut first, mut second, _]) = Memory::open(&path).unwrap();
        assert_eq!((kind, first.read_word(3), second.read_word(3)), (CardKind::User, ERASED, [1, 2, 3, 4]));
    }

    #[test]
    fn a_memory_in_use_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory");
        let _first = Memory::create(&path, CardKind::User).unwrap();
        assert!(matches!(Memory::open(&path), Err(MemoryError::InUse)));
    }

    #[test]
    fn other_files_are_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory");
        drop(Memory::create(&path, CardKind::User).unwrap());
        let good = fs::read(&path).unwrap();
        for (at, cut) in [(0, 0), (8, 0), (9, 0), (10, 0), (63, 0), (usize::MAX, 1)] {
            let mut wrong = good.clone();
            wrong.truncate(good.len() - cut);
            wrong.get_mut(at).into_iter().for_each(|byte| *byte ^= 0x40);
            fs::write(&path, &wrong).unwrap();
            assert!(matches!(Memory::open(&path), Err(MemoryError::NotAMemory)), "{at} {cut}");
        }
    }

    #[test]
    fn a_word_outside_is_erased_and_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let (_memory, [mut first, ..]) = Memory::create(&folder.path().join("m"), CardKind::User).unwrap();
        let words = first.words();
        assert_eq!((first.read_word(words), first.write_word(words, [0; 4])), (ERASED, Err(Fault::WornOut)));
    }
}

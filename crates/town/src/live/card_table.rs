//! Cards on a table, and the readers of terminals that a visitor lays them on. What happens to a card in the air happens here:
//! one that is taken away gets no further command, and what it answered reaches nobody.

use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use card_reader::reader::{Reader, ReaderError};
use globalplatform::apdu::{Command, Response};
use purse::amount::Amount;
use purse::fields::{Asn, Sequence};
use till::Slot;
use virtual_card::plugged::{PlugError, PluggedCard};
use virtual_card::reader::Inserted;

/// When a card is taken away by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pull {
    /// It stays.
    #[default]
    Never,
    /// Before the command reaches it that moves value.
    BeforeCommand,
    /// When it has carried that out, before its answer leaves.
    AfterCommand,
}

/// CLA and INS of DEBIT FOR PURCHASE.
const DEBIT: [u8; 2] = [0x80, 0x54];

/// The field of a reader.
#[derive(Debug, Default)]
pub(super) struct Field {
    card: Option<(String, PluggedCard)>,
    is_powered: bool,
    pull: Pull,
    /// CLA and INS of the command at which the card is pulled away.
    pull_at: [u8; 2],
    /// Whether the card is asked what it holds and nothing else: then its memory has nothing to write down.
    is_only_asked: bool,
}

impl Field {
    fn take_away(&mut self) {
        // A card that leaves a field loses power at once: nothing is written to its memory after that.
        self.card = None;
        self.is_powered = false;
        self.pull = Pull::Never;
    }
}

impl Reader for Field {
    fn is_card_present(&mut self) -> Result<bool, ReaderError> {
        Ok(self.card.is_some())
    }

    fn power_on(&mut self) -> Result<(), ReaderError> {
        let (_, card) = self.card.as_mut().ok_or(ReaderError::NoCard)?;
        card.reset();
        self.is_powered = true;
        Ok(())
    }

    fn power_off(&mut self) {
        match self.card.as_mut() {
            Some((_, card)) if self.is_only_asked => card.reset(),
            Some((_, card)) => card.power_off(),
            None => {}
        }
        self.is_powered = false;
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<Response, ReaderError> {
        let bytes = command.to_bytes();
        let bytes = bytes.as_slice();
        let pull = if bytes.starts_with(&self.pull_at) { self.pull } else { Pull::Never };
        if pull == Pull::BeforeCommand {
            self.take_away();
        }
        let (_, card) = self.card.as_mut().ok_or(ReaderError::NoCard)?;
        if !self.is_powered {
            return Err(ReaderError::Lost);
        }
        let answer = card.answer(bytes);
        if pull == Pull::AfterCommand {
            self.take_away();
            return Err(ReaderError::Lost);
        }
        let settled = answer.and_then(|answer| card.settle().map(|()| answer));
        settled.map_err(|_| ReaderError::Lost)
    }
}

/// The reader of one terminal.
#[derive(Debug)]
pub(super) struct TableReader(Arc<Mutex<Field>>);

impl Slot for TableReader {
    fn with_reader(&self, work: &mut dyn FnMut(&mut dyn Reader)) {
        work(&mut *lock(&self.0));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why something does not work with a card.
#[derive(Debug)]
pub(super) enum TableError {
    /// There is no such card or reader.
    NoSuch,
    /// The card lies on a reader, or the reader has a card.
    Busy,
    /// The card's file.
    Card(PlugError),
    /// Its directory.
    Files(io::Error),
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuch => f.write_str("there is no such card or reader"),
            Self::Busy => f.write_str("take away the card that lies there first"),
            Self::Card(error) => error.fmt(f),
            Self::Files(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TableError {}

impl From<PlugError> for TableError {
    fn from(error: PlugError) -> Self {
        Self::Card(error)
    }
}

impl From<io::Error> for TableError {
    fn from(error: io::Error) -> Self {
        Self::Files(error)
    }
}

/// A card as it lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LyingCard {
    /// The name of its file.
    pub(super) name: String,
    /// Its number.
    pub(super) asn: Asn,
    /// What it says that it holds.
    pub(super) balance: Amount,
    /// The sequence of its next purchase, and of its next load.
    pub(super) sequences: (Sequence, Sequence),
    /// The reader that it lies on.
    pub(super) reader: Option<usize>,
    /// Whether it was made by copying another.
    pub(super) is_copy: bool,
    /// What it held then.
    pub(super) copied: Option<Amount>,
}

/// The cards of the town, one file each, and the readers of its terminals.
pub(super) struct CardTable {
    directory: PathBuf,
    aid: Vec<u8>,
    readers: Vec<Arc<Mutex<Field>>>,
}

/// What the file of a card ends with, and that of a copy.
const ENDING: &str = ".memory";
const COPY_ENDING: &str = "-copy.memory";

impl CardTable {
    /// The cards in a directory, with purses of this name, and so many readers.
    pub(super) fn open(directory: PathBuf, aid: &[u8], readers: usize) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        let readers = (0..readers).map(|_| Arc::default()).collect();
        Ok(Self { directory, aid: aid.to_vec(), readers })
    }

    /// Where the file of a card is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}{ENDING}"))
    }

    /// The reader of a terminal.
    pub(super) fn reader(&self, number: usize) -> Option<TableReader> {
        self.readers.get(number).map(|field| TableReader(Arc::clone(field)))
    }

    /// Every card, by name. A card whose memory cannot be believed is mute and left out.
    pub(super) fn cards(&self) -> Result<Vec<LyingCard>, TableError> {
        let mut cards = Vec::new();
        for name in self.names()? {
            cards.extend(self.card(&name).ok());
        }
        Ok(cards)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let file = entry?.file_name();
            names.extend(file.to_str().and_then(|file| file.strip_suffix(ENDING)).map(str::to_owned));
        }
        names.sort_unstable();
        Ok(names)
    }

    fn known(&self, name: &str) -> Result<(), TableError> {
        if self.names()?.iter().any(|known| known == name) { Ok(()) } else { Err(TableError::NoSuch) }
    }

    /// The reader that a card lies on.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        let lies =
            |field: &Arc<Mutex<Field>>| lock(field).card.as_ref().is_some_and(|(card, _)| card == name);
        self.readers.iter().position(lies)
    }

    /// A card, asked for its number and balance.
    fn card(&self, name: &str) -> Result<LyingCard, TableError> {
        let reader = self.place(name);
        let asked = match reader.and_then(|number| self.readers.get(number)) {
            Some(field) => match lock(field).card.as_mut() {
                Some((_, card)) => ask(card, &self.aid),
                None => None,
            },
            None => ask(&mut PluggedCard::open(&self.path(name))?, &self.aid),
        };
        let Asked { asn, balance, sequences } = asked.ok_or(TableError::NoSuch)?;
        let is_copy = name.ends_with("-copy");
        let copied = self.copied(name);
        Ok(LyingCard { name: name.to_owned(), asn, balance, sequences, reader, is_copy, copied })
    }

    /// Lays a card on a reader; it is taken away by itself when `pull` says so.
    pub(super) fn lay(&self, name: &str, reader: usize, pull: Pull) -> Result<(), TableError> {
        self.known(name)?;
        let field = self.readers.get(reader).ok_or(TableError::NoSuch)?;
        if let Some(before) = self.place(name) {
            self.take_away(before)?;
        }
        let mut field = lock(field);
        if field.card.is_some() {
            return Err(TableError::Busy);
        }
        drop(std::mem::replace(&mut *field, self.held(name, pull, DEBIT)?));
        Ok(())
    }

    /// Asks a card what it holds, wherever it lies.
    pub(super) fn with_card<T>(
        &self,
        name: &str,
        ask: impl FnOnce(&mut dyn Reader) -> T,
    ) -> Result<T, TableError> {
        match self.place(name).and_then(|number| self.readers.get(number)) {
            Some(field) => Ok(ask(&mut *lock(field))),
            None => Ok(ask(&mut Field { is_only_asked: true, ..self.held(name, Pull::Never, DEBIT)? })),
        }
    }

    /// A card in somebody's hand, to be pulled away at a command.
    pub(super) fn held(&self, name: &str, pull: Pull, pull_at: [u8; 2]) -> Result<Field, TableError> {
        self.known(name)?;
        let card = PluggedCard::open(&self.path(name))?;
        Ok(Field {
            card: Some((name.to_owned(), card)),
            is_powered: false,
            pull,
            pull_at,
            is_only_asked: false,
        })
    }

    /// Takes the card from a reader.
    pub(super) fn take_away(&self, reader: usize) -> Result<(), TableError> {
        lock(self.readers.get(reader).ok_or(TableError::NoSuch)?).take_away();
        Ok(())
    }

    /// Copies a card bit for bit, once, as nobody can who has no more than the card.
    pub(super) fn copy(&self, name: &str) -> Result<(), TableError> {
        self.known(name)?;
        if name.ends_with("-copy") || self.units_path(name).exists() {
            return Err(TableError::NoSuch);
        }
        if self.place(name).is_some() {
            return Err(TableError::Busy);
        }
        let original = self.card(name)?;
        fs::copy(self.path(name), self.directory.join(format!("{name}{COPY_ENDING}")))?;
        Ok(fs::write(self.units_path(name), original.balance.units().to_string())?)
    }

    /// What a copy held when it was made.
    fn copied(&self, copy: &str) -> Option<Amount> {
        let name = copy.strip_suffix("-copy")?;
        fs::read_to_string(self.units_path(name)).ok()?.parse().ok().map(Amount::new)
    }

    fn units_path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}-copy.units"))
    }
}

/// What a card says about itself.
struct Asked {
    asn: Asn,
    balance: Amount,
    sequences: (Sequence, Sequence),
}

/// SELECT, the public information, and the beginnings of a purchase and a load, which show balance and sequences and change
/// nothing.
fn ask(card: &mut PluggedCard, aid: &[u8]) -> Option<Asked> {
    card.reset();
    let mut send = |header: [u8; 4], data: &[u8]| {
        let command = Command::new(header, data, Some(256)).ok()?;
        let answer = card.answer(command.to_bytes().as_slice()).ok()?;
        card.settle().ok()?;
        answer.status().is_success().then(|| answer.data().to_vec())
    };
    let initialise = [&[1][..], &1_u32.to_be_bytes(), &[0; 6]].concat();
    let selected = send([0x00, 0xA4, 0x04, 0x00], aid);
    let public = selected.and_then(|_| send([0x00, 0xB0, 0x95, 0x00], &[]));
    let balance = send([0x80, 0x5C, 0x00, 0x02], &[]);
    let purchase = send([0x80, 0x50, 0x01, 0x02], &initialise);
    let load = send([0x80, 0x50, 0x00, 0x02], &initialise);
    card.reset();
    let sequence = |answer: Option<Vec<u8>>| {
        let bytes = answer.and_then(|answer| answer.get(4..6)?.try_into().ok());
        // A purchase of one unit is refused where there is none; then nothing waits to be cleared, either.
        bytes.map_or(Sequence(0), |bytes: [u8; 2]| Sequence(u16::from_be_bytes(bytes)))
    };
    Some(Asked {
        asn: Asn(public?.get(10..20)?.try_into().ok()?),
        balance: Amount::from_bytes(balance?.get(..4)?.try_into().ok()?),
        sequences: (sequence(purchase), sequence(load)),
    })
}

impl fmt::Debug for CardTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardTable").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// A reader that a security module never leaves.
pub(super) fn module_reader(module: PluggedCard) -> Box<dyn Reader + Send> {
    Box::new(Field { card: Some((String::new(), module)), ..Field::default() })
}

/// The name of a card's file: its number.
pub(super) fn file_name(asn: Asn) -> String {
    operations::card_purses::issuing::digits(&asn.0)
}

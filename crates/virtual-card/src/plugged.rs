//! A card with the file of its memory, ready for the slot of a reader.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use globalplatform::{
    aid::Aid,
    apdu::{Command, Response},
    domain::Entropy,
};
use purse::journal::OpenError;

use crate::{
    card::Card,
    issuance::{IssuanceError, issue},
    kind::CardKind,
    memory::{Memory, MemoryError, Region},
    personalisation::Personalisation,
    reader::{CardGone, Inserted},
};

/// Random bytes of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system has random bytes, or nothing here would be safe");
    }
}

/// A card with its memory.
#[derive(Debug)]
pub struct PluggedCard {
    card: Card<Region, SystemEntropy>,
    memory: Memory,
    kind: CardKind,
}

/// Why there is no card.
#[derive(Debug)]
pub enum PlugError {
    /// The file of the memory.
    Memory(MemoryError),
    /// What the file holds cannot be believed: the card is mute.
    Mute(OpenError),
    /// The card cannot be made.
    Issuance(IssuanceError),
}

impl fmt::Display for PlugError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(error) => error.fmt(f),
            Self::Mute(error) => write!(f, "{error}: this card is mute for ever"),
            Self::Issuance(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PlugError {}

impl From<MemoryError> for PlugError {
    fn from(error: MemoryError) -> Self {
        Self::Memory(error)
    }
}

impl PluggedCard {
    /// Makes a card in a new file. Its name appears when the card is finished, so whoever is interrupted begins again.
    ///
    /// # Errors
    /// [`PlugError`].
    pub fn make(personalisation: &Personalisation, path: &Path) -> Result<Self, PlugError> {
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".unfinished");
        let unfinished = PathBuf::from(unfinished);
        let kind = personalisation.kind();
        let (mut memory, regions) = Memory::create(&unfinished, kind)?;
        let card = issue(personalisation, regions, SystemEntropy, &mut SystemEntropy);
        let card = card.map_err(PlugError::Issuance)?;
        memory.rename(path).map_err(MemoryError::Io)?;
        Ok(Self { card, memory, kind })
    }

    /// Powers up the card of a file: what a kill left is repaired.
    ///
    /// # Errors
    /// [`PlugError`].
    pub fn open(path: &Path) -> Result<Self, PlugError> {
        let (memory, kind, regions) = Memory::open(path)?;
        let card = Card::power_on(kind, regions, SystemEntropy).map_err(PlugError::Mute)?;
        Ok(Self { card, memory, kind })
    }

    /// Whether this is the card of a personalisation file: the same kind, and the same serial number where it has one.
    pub fn is_of(&mut self, personalisation: &Personalisation) -> bool {
        let serial = personalisation.applets().first().and_then(|applet| self.serial(&applet.aid));
        self.card.reset();
        self.kind == personalisation.kind()
            && (personalisation.serial().is_none() || serial == personalisation.serial())
    }

    /// The serial number in the file 15 of an applet: of the purse's public information, or a module's own.
    fn serial(&mut self, aid: &Aid) -> Option<[u8; 10]> {
        let select = Command::new([0x00, 0xA4, 0x04, 0x00], aid.as_slice(), Some(256)).ok()?;
        let selected = self.card.step(select.to_bytes().as_slice()).ok()?;
        let file = self.card.step(&[0x00, 0xB0, 0x95, 0x00, 0x00]).ok()?;
        let begin = if self.kind == CardKind::User { 10 } else { 0 };
        let serial = file.data().get(begin..begin + 10).filter(|_| selected.status().is_success())?;
        serial.try_into().ok()
    }

    /// What the card is.
    #[must_use]
    pub const fn kind(&self) -> CardKind {
        self.kind
    }

    /// The card itself.
    #[must_use]
    pub const fn card(&self) -> &Card<Region, SystemEntropy> {
        &self.card
    }

    /// Its memory.
    #[must_use]
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }
}

impl Inserted for PluggedCard {
    fn reset(&mut self) {
        self.card.reset();
    }

    fn power_off(&mut self) {
        self.card.reset();
        // What a failing disk did not take, it says again at the next write, and the card answers 6581.
        let _ = self.memory.sync();
    }

    fn answer(&mut self, command: &[u8]) -> Result<Response, CardGone> {
        self.card.answer(command)
    }

    fn settle(&mut self) -> Result<(), CardGone> {
        self.card.settle()
    }
}

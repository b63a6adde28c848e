//! The terminal: its journal, its security module, its lists, and what must hold before anything is asked of a card.

use card_reader::reader::Reader;
use std::collections::BTreeSet;

use messages::card::TerminalParameters;
use pki::{KeyPair, PublicKey, SubjectId};
use purse::fields::{Asn, TerminalId};

use crate::{
    book::{Book, KeptSince},
    card::ExchangeError,
    clock::{Now, day},
    disk::Disk,
    entry::{Entry, RecordNumber},
    journal::{Journal, JournalError, SALE_ROOM_BYTES, UPKEEP_ROOM_BYTES},
    lists::Lists,
    refusal::{Failure, Refusal},
    security_module::{Module, ModuleProfile, ModuleTotals},
};

/// What a terminal is set up with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Application identifier of the purses that it takes.
    pub aid: Vec<u8>,
    /// What its security module is like.
    pub module: ModuleProfile,
    /// Whose lists it takes, and who answers for its batches.
    pub issuer: SubjectId,
    /// The issuer's key.
    pub issuer_key: PublicKey,
    /// Its own key, which signs its batches.
    pub key: KeyPair,
    /// After so many days without anything its clock has to be confirmed.
    pub idle_days_max: u32,
    /// So many days a sale that the issuer has is known here, so that its till can ask again.
    pub done_days: u32,
    /// So many days an open record that the issuer has waits for its card.
    pub open_days: u32,
}

/// Whether the host can be reached now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// It can.
    Up,
    /// It cannot.
    Down,
}

/// What a terminal is told at every tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// The time.
    pub now: Now,
    /// Whether the host can be reached.
    pub network: Network,
}

/// A terminal.
#[derive(Debug)]
pub struct Terminal<D, M> {
    pub(crate) settings: Settings,
    pub(crate) journal: Journal<D>,
    pub(crate) book: Book,
    pub(crate) lists: Lists,
    module: M,
    is_module_open: bool,
    id: TerminalId,
    /// The last record before the terminal started: its receipt may never have been shown.
    pub(crate) unshown: Option<RecordNumber>,
    /// Cards whose answer to DEBIT was wrong: no more of the module's tries for them until the terminal starts again.
    pub(crate) suspects: BTreeSet<Asn>,
    /// Records whose proof was wrong: as of suspects.
    pub(crate) disproved: BTreeSet<RecordNumber>,
}

/// Why a terminal does not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartError {
    /// The journal cannot be read.
    Journal(JournalError),
    /// The security module does not work.
    Module(ExchangeError),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Journal(error) => error.fmt(f),
            Self::Module(error) => write!(f, "security module: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl<D: Disk, M: Reader> Terminal<D, M> {
    /// Starts a terminal: reads its journal and lists, repairs what a power loss left, opens its security module.
    ///
    /// # Errors
    /// [`StartError`], with disk and module.
    pub fn start(disk: D, mut module: M, settings: Settings) -> Result<Self, (StartError, D, M)> {
        let (mut journal, entries) = match Journal::open(disk) {
            Ok(opened) => opened,
            Err((error, disk)) => return Err((StartError::Journal(error), disk, module)),
        };
        let mut book = Book::default();
        for (position, bytes) in entries.iter().enumerate() {
            let is_taken = Entry::parse(bytes).is_some_and(|entry| book.apply(&entry).is_ok());
            if !is_taken {
                let error = StartError::Journal(JournalError::Damaged(position));
                return Err((error, journal.into_disk(), module));
            }
        }
        let lists = match Lists::load(journal.disk_mut(), &book, &settings) {
            Ok(lists) => lists,
            Err(error) => return Err((StartError::Journal(error.into()), journal.into_disk(), module)),
        };
        let opened = Module { reader: &mut module, profile: settings.module }.open();
        let id = match opened {
            Ok(id) => id,
            Err(error) => return Err((StartError::Module(error), journal.into_disk(), module)),
        };
        let unshown = book.records().next_back().map(|record| record.intent.number);
        let (suspects, disproved) = Default::default();
        Ok(Self {
            settings,
            journal,
            book,
            lists,
            module,
            is_module_open: true,
            id,
            unshown,
            suspects,
            disproved,
        })
    }

    /// Stops; disk and module can be started with again.
    pub fn stop(self) -> (D, M) {
        (self.journal.into_disk(), self.module)
    }

    /// Number of the terminal, as its security module says.
    #[must_use]
    pub const fn id(&self) -> TerminalId {
        self.id
    }

    /// What it knows.
    #[must_use]
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// The disk, to plan its faults in a simulation.
    pub const fn disk_mut(&mut self) -> &mut D {
        self.journal.disk_mut()
    }

    /// The reader of the security module, to plan its faults in a simulation.
    pub const fn module_reader_mut(&mut self) -> &mut M {
        &mut self.module
    }

    /// What the security module says about itself.
    ///
    /// # Errors
    /// [`Failure::Module`].
    pub fn module_totals(&mut self) -> Result<ModuleTotals, Failure> {
        self.with_module(|module| module.totals())
    }

    /// The parameters, where they hold and everything else is as it must be before a card is asked: the journal has room,
    /// the clock can be believed, the lists are not too old.
    pub(crate) fn ready(&mut self, now: &Now) -> Result<TerminalParameters, Failure> {
        self.journal.reserve(SALE_ROOM_BYTES)?;
        now.check(&self.book.summary().latest, self.settings.idle_days_max).map_err(Refusal::Clock)?;
        Ok(self.lists.parameters_now(now)?)
    }

    /// Whether it would sell now, as far as clock and lists go.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn check_ready(&self, now: &Now) -> Result<(), Refusal> {
        now.check(&self.book.summary().latest, self.settings.idle_days_max).map_err(Refusal::Clock)?;
        self.lists.parameters_now(now).map(|_| ())
    }

    /// Writes an entry down, durably, and takes it over.
    pub(crate) fn note(&mut self, entry: &Entry) -> Result<(), JournalError> {
        // What contradicts the book must never get into the file: it could not be read again. Where the file fails, nothing
        // goes on before the book is read from it anew.
        self.book.apply(entry).map_err(|error| JournalError::Failed(error.to_string()))?;
        self.journal.append(&entry.to_bytes())
    }

    /// Speaks with the security module, which is opened again after it went silent.
    pub(crate) fn with_module<T>(
        &mut self,
        ask: impl FnOnce(&mut Module<'_>) -> Result<T, ExchangeError>,
    ) -> Result<T, Failure> {
        let mut module = Module { reader: &mut self.module, profile: self.settings.module };
        if !self.is_module_open {
            let id = module.open().map_err(Failure::Module)?;
            if id != self.id {
                return Err(Refusal::OtherModule.into());
            }
            self.is_module_open = true;
        }
        let answer = ask(&mut module);
        self.is_module_open = !matches!(answer, Err(ExchangeError::Unanswered(_)));
        answer.map_err(Failure::Module)
    }

    /// The host or an operator confirms the time; also to go back behind a clock that was too far ahead.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn confirm_time(&mut self, now: &Now) -> Result<(), Failure> {
        self.journal.reserve(UPKEEP_ROOM_BYTES)?;
        now.check(&purse::fields::DateTime::default(), u32::MAX).map_err(Refusal::Clock)?;
        Ok(self.note(&Entry::Time(now.local))?)
    }

    /// Begins a new shift: its sums are zero.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn begin_shift(&mut self, now: &Now) -> Result<(), Failure> {
        self.journal.reserve(UPKEEP_ROOM_BYTES)?;
        now.check(&self.book.summary().latest, self.settings.idle_days_max).map_err(Refusal::Clock)?;
        Ok(self.note(&Entry::Shift(now.local))?)
    }

    /// Rewrites the journal without what is settled.
    ///
    /// # Errors
    /// [`JournalError::Full`] where there is no room for a second file; nothing is lost, and it can wait.
    pub fn tidy_up(&mut self, now: &Now) -> Result<(), JournalError> {
        let today = day(now.local.date()).unwrap_or(0);
        let kept = self.book.kept(&KeptSince {
            done: today.saturating_sub(self.settings.done_days),
            open: today.saturating_sub(self.settings.open_days),
        });
        let bytes: Vec<Vec<u8>> = kept.iter().map(Entry::to_bytes).collect();
        let mut book = Book::default();
        kept.iter()
            .try_for_each(|entry| book.apply(entry))
            .map_err(|error| JournalError::Failed(error.to_string()))?;
        self.journal.rewrite(&bytes)?;
        self.book = book;
        Ok(())
    }
}

//! The issuer's lists as the terminal holds them: newest version for ever, no roll-back.
//!
//! A list is written beside the old one, then its version and digest into the journal, then in the place of the old one. So
//! after a crash there is a file that is the newest list by the journal; a file that is not is no list at all, and until the
//! next download the terminal goes without.

use card_reader::reader::Reader;
use std::fmt;

use messages::card::{
    Asn, CardStatus, Completion, ListVersion, ParametersList, Seconds, StatusList, TerminalParameters,
    WhiteList,
    signed_list::{self, Entry as ListEntry, ListHours, ListRefusal, ListTrust, SignedList},
};
use purse::fields;

use crate::{
    book::Book,
    clock::{ClockError, Now},
    disk::{Disk, DiskError},
    entry::{Entry, List, Newest},
    journal::{JournalError, UPKEEP_ROOM_BYTES},
    refusal::Refusal,
    terminal::{Settings, Terminal},
};

/// Why a list is not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListError {
    /// It breaks a rule of lists.
    Refused(ListRefusal),
    /// It cannot be kept.
    Disk(DiskError),
    /// Its version cannot be kept.
    Journal(JournalError),
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Disk(error) => error.fmt(f),
            Self::Journal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ListError {}

/// A list that the terminal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListHeld {
    /// From when to when it is good.
    pub hours: ListHours,
    /// How many entries it has.
    pub entries: usize,
}

/// The lists that the terminal holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    status: Option<StatusList>,
    white: Option<WhiteList>,
    parameters: Option<ParametersList>,
}

impl Lists {
    /// Reads the lists that the journal speaks of.
    pub(crate) fn load<D: Disk>(disk: &mut D, book: &Book, settings: &Settings) -> Result<Self, DiskError> {
        Ok(Self {
            status: stored(disk, List::Status, book, settings)?,
            white: stored(disk, List::White, book, settings)?,
            parameters: stored(disk, List::Parameters, book, settings)?,
        })
    }

    /// The parameters, where they and the status list are good now.
    pub(crate) fn parameters_now(&self, now: &Now) -> Result<TerminalParameters, Refusal> {
        let list = self.parameters.as_ref().ok_or(Refusal::Parameters)?;
        let status = self.status.as_ref().ok_or(Refusal::StatusList)?;
        if now.utc < list.hours().issued || now.utc < status.hours().issued {
            return Err(Refusal::Clock(ClockError::SetBack));
        }
        let parameters = *list.parameters().ok_or(Refusal::Parameters)?;
        if now.utc >= list.hours().expires {
            return Err(Refusal::Parameters);
        }
        let age = now.utc.0.saturating_sub(status.hours().issued.0);
        if now.utc >= status.hours().expires || age > parameters.status_list_age_max.0 {
            return Err(Refusal::StatusList);
        }
        Ok(parameters)
    }

    pub(crate) fn status_of(&self, card: fields::Asn) -> Option<CardStatus> {
        self.status.as_ref().and_then(|list| list.status(&Asn(card.0)))
    }

    /// What closes splits of a card.
    pub(crate) fn completions(&self, card: fields::Asn) -> Vec<Completion> {
        let entries = self.white.as_ref().map(WhiteList::entries).unwrap_or_default();
        let from = entries.partition_point(|entry| entry.asn.0 < card.0);
        let own = entries.get(from..).unwrap_or_default().iter();
        own.take_while(|entry| entry.asn.0 == card.0).copied().collect()
    }

    /// When the status list was issued.
    pub(crate) fn status_issued(&self) -> Option<Seconds> {
        self.status.as_ref().map(|list| list.hours().issued)
    }
}

fn beside(list: List) -> String {
    format!("{}.next", list.file())
}

fn trust(settings: &Settings, newest: Newest, now: Seconds) -> ListTrust<'_> {
    let newest = signed_list::Newest { version: ListVersion(newest.version), digest: newest.digest };
    ListTrust { issuer: settings.issuer, key: &settings.issuer_key, newest, now }
}

/// The list of the journal's version and digest, in one of its two places.
fn stored<D: Disk, E: ListEntry>(
    disk: &mut D,
    list: List,
    book: &Book,
    settings: &Settings,
) -> Result<Option<SignedList<E>>, DiskError> {
    let newest = book.newest(list);
    for name in [list.file().to_owned(), beside(list)] {
        let Some(bytes) = disk.read(&name)? else { continue };
        let Some(read) = SignedList::<E>::parse(&bytes) else { continue };
        let found = signed_list::accept::<E>(&bytes, &trust(settings, newest, read.hours().issued));
        if let Ok((read, found)) = found
            && found.version.0 == newest.version
        {
            return Ok(Some(read));
        }
    }
    Ok(None)
}

impl<D: Disk, M: Reader> Terminal<D, M> {
    /// Takes a list over that came from the host, or by hand.
    ///
    /// # Errors
    /// [`ListError`]; the list before stays.
    pub fn take_list(&mut self, list: List, bytes: &[u8], now: &Now) -> Result<Newest, ListError> {
        match list {
            List::Status => {
                let (read, newest) = self.taken(list, bytes, now)?;
                self.lists.status = Some(read);
                Ok(newest)
            }
            List::White => {
                let (read, newest) = self.taken(list, bytes, now)?;
                self.lists.white = Some(read);
                Ok(newest)
            }
            List::Parameters => {
                let (read, newest) = self.taken(list, bytes, now)?;
                self.lists.parameters = Some(read);
                Ok(newest)
            }
        }
    }

    fn taken<E: ListEntry>(
        &mut self,
        list: List,
        bytes: &[u8],
        now: &Now,
    ) -> Result<(SignedList<E>, Newest), ListError> {
        let known = self.book.newest(list);
        let (read, newest) = signed_list::accept::<E>(bytes, &trust(&self.settings, known, now.utc))
            .map_err(ListError::Refused)?;
        let newest = Newest { version: newest.version.0, digest: newest.digest };
        if newest.version > known.version {
            self.journal.reserve(UPKEEP_ROOM_BYTES).map_err(ListError::Journal)?;
            self.journal.disk_mut().replace(&beside(list), bytes).map_err(ListError::Disk)?;
            self.note(&Entry::Accepted(list, newest)).map_err(ListError::Journal)?;
        }
        self.journal.disk_mut().replace(list.file(), bytes).map_err(ListError::Disk)?;
        Ok((read, newest))
    }

    /// The list of this kind, where there is one. Its version is that of [`Book::newest`].
    #[must_use]
    pub fn list_held(&self, list: List) -> Option<ListHeld> {
        fn held<E: ListEntry>(list: Option<&SignedList<E>>) -> Option<ListHeld> {
            list.map(|list| ListHeld { hours: list.hours(), entries: list.entries().len() })
        }
        match list {
            List::Status => held(self.lists.status.as_ref()),
            List::White => held(self.lists.white.as_ref()),
            List::Parameters => held(self.lists.parameters.as_ref()),
        }
    }

    /// The parameters, whether they hold now or not.
    #[must_use]
    pub fn parameters(&self) -> Option<TerminalParameters> {
        self.lists.parameters.as_ref().and_then(|list| list.parameters().copied())
    }

    /// How many seconds ago the status list was issued; `None` where there is none.
    #[must_use]
    pub fn status_list_age(&self, now: &Now) -> Option<Seconds> {
        self.lists.status_issued().map(|issued| Seconds(now.utc.0.saturating_sub(issued.0)))
    }
}

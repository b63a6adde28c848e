//! A card: security domains beside applets, in one memory. SELECT chooses who answers; the issuer's security domain does
//! after a reset.
//!
//! # Specification
//!
//! * [`Card::step`] takes the bytes of a command and answers. It depends on nothing but the memory, what a reset forgets, and
//!   fresh random bytes.
//! * SELECT by name is the security domains' (they know locks and life cycles); then the selected applet gets every command.
//!   SELECT by file identifier (00 A4 00 00) selects the applet of that identifier, as terminals of PBOC ask for it.
//! * Everything that changes the card's content is one commit of its [directory](crate::directory), before the answer leaves.
//!   An applet that is being personalised is written before that commit, and counts as nothing without it.
//! * An applet whose last block of personalisation came and of which something is missing is refused with 6985, and its domain
//!   takes nothing of it.
//!
//! # What a power loss leaves
//!
//! Each of directory and applets as before or after its own one commit. [`Card::mirror`] follows each answer.

use globalplatform::{
    aid::Aid,
    apdu::{Command, Response},
    domain::{Answer, Card as Domains, Entropy, Session},
    registry::{Blank, Registry},
    status::StatusWord,
};
use purse::{
    journal::{Journal, OpenError},
    nvm::{Fault, Nvm},
};

use crate::{
    applet::Applets,
    directory::{Directory, Instance},
    kind::CardKind,
    memory::REGIONS,
};

/// A card that has power.
#[derive(Debug)]
pub struct Card<N, E> {
    directory: Journal<N, Directory>,
    applets: Applets<N>,
    session: Session,
    entropy: E,
    /// Once memory has failed, nothing else is done.
    fault: Option<Fault>,
}

impl<N: Nvm, E: Entropy> Card<N, E> {
    /// Makes a blank card: the issuer's security domain, and places for applets.
    ///
    /// # Errors
    /// [`OpenError`]: the memory failed; make it again.
    pub fn make(kind: CardKind, memory: [N; REGIONS], blank: Blank, entropy: E) -> Result<Self, OpenError> {
        let [first, rest @ ..] = memory;
        let directory = Directory { registry: Registry::new(blank), instances: Default::default() };
        let directory = Journal::format(first, directory)?;
        Self::of(directory, kind, rest, entropy)
    }

    /// Power comes: repairs what a loss of power left.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::Mute`] is for ever.
    pub fn power_on(kind: CardKind, memory: [N; REGIONS], entropy: E) -> Result<Self, OpenError> {
        let [first, rest @ ..] = memory;
        let directory = Journal::open(first).map_err(|(error, _)| error)?;
        Self::of(directory, kind, rest, entropy)
    }

    fn of(
        directory: Journal<N, Directory>,
        kind: CardKind,
        memory: [N; 2],
        entropy: E,
    ) -> Result<Self, OpenError> {
        let instances: [Instance; 2] = directory.state().instances;
        let places = kind.modules().into_iter().zip(instances).zip(memory);
        let places = places.filter_map(|((module, instance), memory)| Some((module?, instance, memory)));
        let applets = Applets::power_on(places)?;
        Ok(Self { directory, applets, session: Session::new(), entropy, fault: None })
    }

    /// What the card's security domains hold.
    #[must_use]
    pub const fn registry(&self) -> &Registry {
        &self.directory.state().registry
    }

    /// A reset: selection, channel and everything begun are forgotten.
    pub fn reset(&mut self) {
        self.session = Session::new();
        self.applets.reset();
    }

    /// Finishes in memory what the last command left for after its answer.
    ///
    /// # Errors
    /// [`Fault`], as of [`Card::step`].
    pub fn mirror(&mut self) -> Result<(), Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let mirrored = self.directory.mirror().and_then(|()| self.applets.mirror());
        mirrored.inspect_err(|fault| self.fault = Some(*fault))
    }

    /// Takes a command in bytes and answers.
    ///
    /// # Errors
    /// [`Fault::PowerLost`]: there is no answer, and none comes before [`Card::power_on`]. A worn out memory is answered by
    /// 6581, also from then on.
    pub fn step(&mut self, apdu: &[u8]) -> Result<Response, Fault> {
        let answer = match self.fault {
            Some(fault) => Err(fault),
            None => self.answer(apdu).inspect_err(|fault| self.fault = Some(*fault)),
        };
        match answer {
            Err(Fault::WornOut) => Ok(StatusWord::MEMORY_FAILURE.into()),
            answer => answer,
        }
    }

    fn answer(&mut self, apdu: &[u8]) -> Result<Response, Fault> {
        let Ok(command) = Command::parse(apdu) else { return self.manage(apdu) };
        let by_file = command.header() == [0x00, 0xA4, 0x00, 0x00];
        match self.applets.of_file(command.data()).filter(|_| by_file) {
            Some(aid) => {
                let by_name = Command::new([0x00, 0xA4, 0x04, 0x00], aid.as_slice(), Some(256));
                by_name.map_or_else(|error| Ok(error.into()), |select| self.select(&select, apdu))
            }
            None => self.manage(apdu),
        }
    }

    /// Selects the applet of a file identifier: the security domains decide whether it may be, and it sees the SELECT as it
    /// came.
    fn select(&mut self, by_name: &Command<'_>, as_it_came: &[u8]) -> Result<Response, Fault> {
        match self.decide(by_name.to_bytes().as_slice())? {
            Answer::Selected(aid) => self.apply(&aid, as_it_came),
            Answer::Response(response) => Ok(response),
            Answer::ForApplication(_) => Ok(StatusWord::FILE_NOT_FOUND.into()),
        }
    }

    fn manage(&mut self, apdu: &[u8]) -> Result<Response, Fault> {
        match self.decide(apdu)? {
            Answer::Response(response) => Ok(response),
            Answer::ForApplication(aid) => self.apply(&aid, apdu),
            Answer::Selected(aid) => {
                let le = Command::parse(apdu).ok().and_then(|command| command.le());
                match self.applets.selection(&aid, le) {
                    Some(select) => self.apply(&aid, select.as_slice()),
                    None => Ok(StatusWord::FILE_NOT_FOUND.into()),
                }
            }
        }
    }

    /// What the security domains say, and the commit of what it changes.
    fn decide(&mut self, apdu: &[u8]) -> Result<Answer, Fault> {
        let mut next = self.directory.state().clone();
        let mut domains = Domains {
            registry: &mut next.registry,
            session: &mut self.session,
            applications: &mut self.applets,
            entropy: &mut self.entropy,
        };
        let answer = domains.step(apdu);
        if matches!(answer, Answer::ForApplication(_)) {
            return Ok(answer);
        }
        if self.applets.finish(&next.registry)?.is_err() {
            self.session = Session::new();
            return Ok(Answer::Response(StatusWord::CONDITIONS_NOT_MET.into()));
        }
        next.instances = self.applets.instances();
        self.directory.commit(next)?;
        Ok(answer)
    }

    fn apply(&mut self, aid: &Aid, apdu: &[u8]) -> Result<Response, Fault> {
        let mut random = [0; 8];
        self.entropy.fill(&mut random);
        match Command::parse(apdu) {
            Ok(command) => self.applets.step(aid, &command, random),
            Err(error) => Ok(error.into()),
        }
    }
}

//! Load and unload: what a terminal with a network asks of the card before and after the issuer's host has answered.
//!
//! The card signs (MAC1), the host answers (MAC2), the card moves its value and proves it: a load by a TAC, an unload by MAC3.
//! Between the two commands the card keeps its power, and nothing else is asked of it. What becomes of one that breaks is the
//! host's to decide, by what the card proves later (docs/spec/issuer-host.md).

use card_reader::reader::Reader;
use globalplatform::status::StatusWord;
use purse::{
    amount::Amount,
    fields::{Asn, DateTime, Kind, Mac, Random, Sequence, TerminalId},
};

use crate::{
    card::{Card, ExchangeError, PublicInformation, exchange, parse},
    clock::Now,
    disk::Disk,
    journal::UPKEEP_ROOM_BYTES,
    refusal::{Failure, from_card},
    terminal::Terminal,
};

/// Which way value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the wallet onto the card.
    Load,
    /// From the card to the wallet.
    Unload,
}

impl Direction {
    /// What the card's codes name it by.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Load => Kind::LoadPurse,
            Self::Unload => Kind::Unload,
        }
    }

    /// P1 of 80 50.
    const fn initialise_p1(self) -> u8 {
        match self {
            Self::Load => 0x00,
            Self::Unload => 0x05,
        }
    }

    /// Instruction and P1 that process it.
    const fn process_header(self) -> [u8; 4] {
        match self {
            Self::Load => [0x80, 0x52, 0x00, 0x00],
            Self::Unload => [0x80, 0x54, 0x03, 0x00],
        }
    }
}

/// A load or unload that a card has begun, as its host has to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnlineBegun {
    /// Which way value goes.
    pub direction: Direction,
    /// Which card.
    pub card: Asn,
    /// Who issued it.
    pub issuer: [u8; 8],
    /// How much.
    pub amount: Amount,
    /// What the card holds before.
    pub balance: Amount,
    /// The online sequence that the transaction will bear.
    pub sequence: Sequence,
    /// What makes the session unlike others.
    pub random: Random,
    /// Version of the card's key.
    pub key_version: u8,
    /// Its algorithm.
    pub algorithm: u8,
    /// The card's code over all this.
    pub mac1: Mac,
}

/// Why the card's value did not move, or is not known to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnlineFailure {
    /// The card said no: nothing moved.
    Refused(StatusWord),
    /// The card did not answer: it may have moved, and the card has to come back.
    Unknown,
}

impl Card<'_> {
    /// Initialises a load or unload of the purse under the first key.
    fn initialise_online(
        &mut self,
        public: &PublicInformation,
        (direction, amount): (Direction, Amount),
        terminal: TerminalId,
    ) -> Result<OnlineBegun, ExchangeError> {
        let header = [0x80, 0x50, direction.initialise_p1(), 0x02];
        let answer = exchange(self.0, header, &[&[1], &amount.to_bytes(), &terminal.0], Some(16))?;
        parse(answer.data(), |reader| {
            let balance = Amount::from_bytes(reader.take()?);
            let sequence = Sequence::from_bytes(reader.take()?);
            let [key_version, algorithm] = reader.take()?;
            let (random, mac1) = (Random(reader.take()?), Mac(reader.take()?));
            let (card, issuer) = (public.asn, public.issuer);
            Some(OnlineBegun {
                direction,
                card,
                issuer,
                amount,
                balance,
                sequence,
                random,
                key_version,
                algorithm,
                mac1,
            })
        })
    }
}

impl<D: Disk, M: Reader> Terminal<D, M> {
    /// Powers the card and says which it is. Its open records are settled first, and one that may not be served is refused.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn meet(&mut self, reader: &mut dyn Reader, now: &Now) -> Result<PublicInformation, Failure> {
        self.journal.reserve(UPKEEP_ROOM_BYTES)?;
        let mut card = Card(reader);
        let public = card.select(&self.settings.aid).map_err(from_card)?;
        self.recover(&mut card, &public)?;
        self.admit(&public, now)?;
        Ok(public)
    }

    /// Has the card that was met begin a load or unload. It keeps its power, for [`Terminal::finish_online`].
    ///
    /// # Errors
    /// [`Failure`]; nothing has moved.
    pub fn begin_online(
        &self,
        reader: &mut dyn Reader,
        public: &PublicInformation,
        what: (Direction, Amount),
    ) -> Result<OnlineBegun, Failure> {
        Card(reader).initialise_online(public, what, self.id()).map_err(from_card)
    }

    /// Gives the card what its host answered; the card's TAC or MAC3.
    ///
    /// # Errors
    /// [`OnlineFailure`].
    pub fn finish_online(
        &self,
        reader: &mut dyn Reader,
        direction: Direction,
        (when, mac2): (DateTime, Mac),
    ) -> Result<Mac, OnlineFailure> {
        let answer = exchange(reader, direction.process_header(), &[&when.0, &mac2.0], Some(4));
        match answer.and_then(|answer| parse(answer.data(), |reader| reader.take().map(Mac))) {
            Ok(code) => Ok(code),
            Err(ExchangeError::Refused(status)) if status != StatusWord::MEMORY_FAILURE => {
                Err(OnlineFailure::Refused(status))
            }
            Err(_) => Err(OnlineFailure::Unknown),
        }
    }

    /// Asks the card that was met for the code of its last load or unload; `None` where that was not the one with this
    /// sequence. The question kills what was begun.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn prove_online(
        &self,
        reader: &mut dyn Reader,
        (direction, sequence): (Direction, Sequence),
    ) -> Result<Option<Mac>, Failure> {
        match Card(reader).prove(direction.kind(), sequence) {
            Ok(codes) => Ok(codes.map(|codes| match direction {
                Direction::Load => codes.tac.0,
                Direction::Unload => codes.mac2,
            })),
            Err(ExchangeError::Refused(_)) => Ok(None),
            Err(error) => Err(from_card(error)),
        }
    }
}

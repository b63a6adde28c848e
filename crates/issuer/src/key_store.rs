//! What the issuer's keys do. They never leave their store: it is asked whether a code is right, or for one to send.
//!
//! A card's key is its issuer's master key, diversified by the last eight bytes of the card's serial number and, with two
//! levels, by the issuer's identifier.

use core::fmt;

use purse::{
    amount::Amount,
    ep::{Grade, Split},
    fields::{Asn, DateTime, Kind, Mac, OrderId, Random, Sequence, Tac, TerminalTransaction, Terms},
    pboc::key::Algorithm,
};

/// Which card's key, and which of its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyName {
    /// The card.
    pub asn: Asn,
    /// Its issuer, the factor of the second level.
    pub issuer: [u8; 8],
    /// How many levels lie between master key and card: 1 or 2.
    pub levels: u8,
    /// Version of the key, as the card says.
    pub version: u8,
    /// What the card's algorithm means.
    pub algorithm: Algorithm,
}

impl KeyName {
    /// What each level is diversified by, the first level first.
    pub fn factors(&self) -> impl Iterator<Item = [u8; 8]> {
        [self.asn.factor(), self.issuer].into_iter().take(usize::from(self.levels))
    }
}

/// Which way value goes online.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Onto the card.
    Load,
    /// From the card.
    Unload,
}

impl Direction {
    /// The kind in the card's messages.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Load => Kind::LoadPurse,
            Self::Unload => Kind::Unload,
        }
    }
}

/// What a card answered to INITIALIZE FOR LOAD or UNLOAD, and what it had been asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OnlineSession {
    /// Which way.
    pub direction: Direction,
    /// Amount, kind and terminal.
    pub terms: Terms,
    /// Balance before.
    pub old_balance: Amount,
    /// Online sequence before.
    pub sequence: Sequence,
    /// The card's random number.
    pub random: Random,
}

impl OnlineSession {
    /// Balance after; `None` where there is none.
    #[must_use]
    pub const fn new_balance(&self) -> Option<Amount> {
        match self.direction {
            Direction::Load => self.old_balance.checked_add(self.terms.amount),
            Direction::Unload => self.old_balance.checked_sub(self.terms.amount),
        }
    }
}

/// What the TAC of a debit covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DebitTerms {
    /// Amount, kind and terminal.
    pub terms: Terms,
    /// The security module's transaction.
    pub transaction: TerminalTransaction,
    /// When, by the terminal's clock.
    pub when: DateTime,
}

/// Why a store does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// There is no key of this version, or none any more.
    NoKey,
    /// The store does not work now. Nothing was decided; ask again.
    Unavailable,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => "there is no key of this version",
            Self::Unavailable => "key store does not answer",
        })
    }
}

impl core::error::Error for KeyError {}

/// The issuer's keys. Comparisons take the same time wherever codes differ.
pub trait KeyStore {
    /// Whether MAC1 of a load or unload is the card's.
    ///
    /// # Errors
    /// [`KeyError`].
    fn is_mac1(&self, key: &KeyName, session: &OnlineSession, mac1: Mac) -> Result<bool, KeyError>;

    /// MAC2 that lets the card go on. The same arguments give the same MAC2.
    ///
    /// # Errors
    /// [`KeyError`].
    fn mac2(&self, key: &KeyName, session: &OnlineSession, when: &DateTime) -> Result<Mac, KeyError>;

    /// Whether this is the card's code that it went on: the TAC of a load, MAC3 of an unload.
    ///
    /// # Errors
    /// [`KeyError`].
    fn is_done(
        &self,
        key: &KeyName,
        session: &OnlineSession,
        when: &DateTime,
        code: Mac,
    ) -> Result<bool, KeyError>;

    /// Whether this is the card's TAC of a debit. A card does not say which version its TAC key has: every version counts that
    /// has not been aged out.
    ///
    /// # Errors
    /// [`KeyError`].
    fn is_debit_tac(&self, key: &KeyName, debit: &DebitTerms, tac: Tac) -> Result<bool, KeyError>;

    /// Whether this is the card's TAC of a split.
    ///
    /// # Errors
    /// [`KeyError`].
    fn is_split_tac(&self, key: &KeyName, split: &Split, tac: Tac) -> Result<bool, KeyError>;

    /// The MAC by which a card's open split is closed.
    ///
    /// # Errors
    /// [`KeyError`].
    fn completion_mac(&self, key: &KeyName, order: &OrderId, sequence: Sequence)
    -> Result<[u8; 8], KeyError>;

    /// The MAC by which a card takes a grade.
    ///
    /// # Errors
    /// [`KeyError`].
    fn grade_mac(&self, key: &KeyName, grade: &Grade) -> Result<[u8; 8], KeyError>;
}

//! What the issuer's keys do. They never leave their store: it is asked whether a code is right, or for one to send.
//!
//! A card's key is its issuer's master key, diversified by the last eight bytes of the card's serial number and, with two
//! levels, by the issuer's identifier.

use core::fmt;
use std::collections::BTreeMap;

use purse::{
    amount::Amount,
    ep::Split,
    fields::{Asn, DateTime, Kind, Mac, OrderId, Random, Sequence, Tac, TerminalTransaction, Terms},
    own,
    pboc::{
        key::{self, Algorithm, Key, Purpose},
        session::SessionKey,
        transaction,
    },
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
}

/// Master keys of one purpose by version.
#[derive(Clone)]
struct Ring<P>(BTreeMap<u8, Key<P>>);

impl<P: Purpose> Ring<P> {
    const fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn card_key(&self, name: &KeyName) -> Result<Key<P>, KeyError> {
        self.0.get(&name.version).map(|master| diversified(master, name)).ok_or(KeyError::NoKey)
    }

    /// Whether any version's key of the card satisfies; newest first.
    fn any(&self, name: &KeyName, is_right: impl Fn(&Key<P>) -> bool) -> Result<bool, KeyError> {
        if self.0.is_empty() {
            return Err(KeyError::NoKey);
        }
        Ok(self.0.values().rev().any(|master| is_right(&diversified(master, name))))
    }

    fn age_out(&mut self, lowest: u8) {
        self.0 = self.0.split_off(&lowest);
    }
}

fn diversified<P: Purpose>(master: &Key<P>, name: &KeyName) -> Key<P> {
    let factors = [name.asn.factor(), name.issuer];
    let levels = factors.get(..usize::from(name.levels)).unwrap_or(&factors);
    master.diversified_by(name.algorithm, levels)
}

/// Keys in the memory of this process, wiped when they go.
#[derive(Clone)]
pub struct SoftwareKeyStore {
    load: Ring<key::Load>,
    unload: Ring<key::Unload>,
    codes: Ring<key::TransactionCode>,
    completion: Ring<key::Completion>,
}

impl fmt::Debug for SoftwareKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SoftwareKeyStore")
    }
}

/// The master keys of one version.
#[derive(Clone)]
pub struct MasterKeys {
    /// Signs loads.
    pub load: Key<key::Load>,
    /// Signs unloads.
    pub unload: Key<key::Unload>,
    /// Makes TACs.
    pub codes: Key<key::TransactionCode>,
    /// Signs completions.
    pub completion: Key<key::Completion>,
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKeys")
    }
}

impl Default for SoftwareKeyStore {
    fn default() -> Self {
        Self { load: Ring::new(), unload: Ring::new(), codes: Ring::new(), completion: Ring::new() }
    }
}

impl SoftwareKeyStore {
    /// Takes up a version of keys, in place of what it had of this version.
    pub fn put(&mut self, version: u8, keys: &MasterKeys) {
        self.load.0.insert(version, keys.load.clone());
        self.unload.0.insert(version, keys.unload.clone());
        self.codes.0.insert(version, keys.codes.clone());
        self.completion.0.insert(version, keys.completion.clone());
    }

    /// Wipes the keys of online transactions below a version: a card that has no newer ones gets nothing more. Its debits are
    /// still cleared.
    pub fn age_out_online(&mut self, lowest: u8) {
        self.load.age_out(lowest);
        self.unload.age_out(lowest);
        self.completion.age_out(lowest);
    }

    /// Wipes the keys that check TACs below a version, when the clearing window of what they made is over.
    pub fn age_out_codes(&mut self, lowest: u8) {
        self.codes.age_out(lowest);
    }

    fn session(&self, name: &KeyName, session: &OnlineSession) -> Result<SessionKey, KeyError> {
        let (random, sequence) = (session.random, session.sequence);
        Ok(match session.direction {
            Direction::Load => {
                SessionKey::online(&self.load.card_key(name)?, name.algorithm, random, sequence)
            }
            Direction::Unload => {
                SessionKey::online(&self.unload.card_key(name)?, name.algorithm, random, sequence)
            }
        })
    }
}

impl KeyStore for SoftwareKeyStore {
    fn is_mac1(&self, key: &KeyName, session: &OnlineSession, mac1: Mac) -> Result<bool, KeyError> {
        let right = transaction::load_mac1(&self.session(key, session)?, session.old_balance, &session.terms);
        Ok(right == mac1)
    }

    fn mac2(&self, key: &KeyName, session: &OnlineSession, when: &DateTime) -> Result<Mac, KeyError> {
        Ok(transaction::load_mac2(&self.session(key, session)?, &session.terms, when))
    }

    fn is_done(
        &self,
        key: &KeyName,
        session: &OnlineSession,
        when: &DateTime,
        code: Mac,
    ) -> Result<bool, KeyError> {
        let Some(balance) = session.new_balance() else { return Ok(false) };
        let (sequence, terms) = (session.sequence, &session.terms);
        match session.direction {
            Direction::Load => self.codes.any(key, |dtk| {
                let codes = SessionKey::of_transaction_codes(dtk, key.algorithm);
                transaction::load_tac(&codes, balance, sequence, terms, when) == Tac(code)
            }),
            Direction::Unload => {
                let keys = self.session(key, session)?;
                Ok(transaction::unload_mac3(&keys, balance, sequence, terms, when) == code)
            }
        }
    }

    fn is_debit_tac(&self, key: &KeyName, debit: &DebitTerms, tac: Tac) -> Result<bool, KeyError> {
        self.codes.any(key, |dtk| {
            let codes = SessionKey::of_transaction_codes(dtk, key.algorithm);
            transaction::purchase_tac(&codes, &debit.terms, debit.transaction, &debit.when) == tac
        })
    }

    fn is_split_tac(&self, key: &KeyName, split: &Split, tac: Tac) -> Result<bool, KeyError> {
        self.codes.any(key, |dtk| {
            own::split_tac(&SessionKey::of_transaction_codes(dtk, key.algorithm), split) == tac
        })
    }

    fn completion_mac(
        &self,
        key: &KeyName,
        order: &OrderId,
        sequence: Sequence,
    ) -> Result<[u8; 8], KeyError> {
        Ok(own::completion_mac(&self.completion.card_key(key)?, &key.asn, order, sequence))
    }
}

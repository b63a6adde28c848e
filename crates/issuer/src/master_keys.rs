//! Master keys by purpose and version, wherever they are, and the key store that they make.
//!
//! [`MasterKeyStore`] derives a card's key; all codes are computed with that, for one call, and it is wiped. Master keys are in
//! memory ([`SoftwareKeyStore`]), or in a token that does not give them away.

use core::fmt;
use std::collections::BTreeMap;

use purse::{
    ep::{Grade, Split},
    fields::{DateTime, Mac, OrderId, Sequence, Tac},
    key_table::KeyRecord,
    own,
    pboc::{
        key::{self, Key, Purpose},
        session::SessionKey,
        transaction,
    },
};

use crate::key_store::{DebitTerms, Direction, KeyError, KeyName, KeyStore, OnlineSession};

/// Master keys by purpose and version.
pub trait MasterKeyStore {
    /// The versions that there are of a purpose, newest first.
    fn versions<P: Purpose>(&self) -> impl Iterator<Item = u8>;

    /// The card's key under a version's master key.
    ///
    /// # Errors
    /// [`KeyError`].
    fn card_key<P: Purpose>(&self, name: &KeyName, version: u8) -> Result<Key<P>, KeyError>;
}

/// Whether the TAC key of any version satisfies.
fn any_codes(
    keys: &impl MasterKeyStore,
    name: &KeyName,
    is_right: impl Fn(&SessionKey) -> bool,
) -> Result<bool, KeyError> {
    let mut found = Err(KeyError::NoKey);
    for version in keys.versions::<key::TransactionCode>() {
        let dtk = keys.card_key(name, version)?;
        if is_right(&SessionKey::of_transaction_codes(&dtk, name.algorithm)) {
            return Ok(true);
        }
        found = Ok(false);
    }
    found
}

fn online(
    keys: &impl MasterKeyStore,
    name: &KeyName,
    session: &OnlineSession,
) -> Result<SessionKey, KeyError> {
    let (random, sequence, algorithm) = (session.random, session.sequence, name.algorithm);
    Ok(match session.direction {
        Direction::Load => {
            let dlk = keys.card_key::<key::Load>(name, name.version)?;
            SessionKey::online(&dlk, algorithm, random, sequence)
        }
        Direction::Unload => {
            let dulk = keys.card_key::<key::Unload>(name, name.version)?;
            SessionKey::online(&dulk, algorithm, random, sequence)
        }
    })
}

impl<T: MasterKeyStore> KeyStore for T {
    fn is_mac1(&self, key: &KeyName, session: &OnlineSession, mac1: Mac) -> Result<bool, KeyError> {
        let keys = online(self, key, session)?;
        Ok(transaction::load_mac1(&keys, session.old_balance, &session.terms) == mac1)
    }

    fn mac2(&self, key: &KeyName, session: &OnlineSession, when: &DateTime) -> Result<Mac, KeyError> {
        Ok(transaction::load_mac2(&online(self, key, session)?, &session.terms, when))
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
            Direction::Load => any_codes(self, key, |codes| {
                transaction::load_tac(codes, balance, sequence, terms, when) == Tac(code)
            }),
            Direction::Unload => {
                let keys = online(self, key, session)?;
                Ok(transaction::unload_mac3(&keys, balance, sequence, terms, when) == code)
            }
        }
    }

    fn is_debit_tac(&self, key: &KeyName, debit: &DebitTerms, tac: Tac) -> Result<bool, KeyError> {
        any_codes(self, key, |codes| {
            transaction::purchase_tac(codes, &debit.terms, debit.transaction, &debit.when) == tac
        })
    }

    fn is_split_tac(&self, key: &KeyName, split: &Split, tac: Tac) -> Result<bool, KeyError> {
        any_codes(self, key, |codes| own::split_tac(codes, split) == tac)
    }

    fn completion_mac(
        &self,
        key: &KeyName,
        order: &OrderId,
        sequence: Sequence,
    ) -> Result<[u8; 8], KeyError> {
        let dsk = self.card_key::<key::Completion>(key, key.version)?;
        Ok(own::completion_mac(&dsk, &key.asn, order, sequence))
    }

    fn grade_mac(&self, key: &KeyName, grade: &Grade) -> Result<[u8; 8], KeyError> {
        let dgk = self.card_key::<key::Grade>(key, key.version)?;
        Ok(own::grade_mac(&dgk, &key.asn, grade))
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
    /// Signs grades.
    pub grade: Key<key::Grade>,
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKeys")
    }
}

/// Master keys in the memory of this process, wiped when they go.
#[derive(Clone, Default)]
pub struct SoftwareKeyStore(BTreeMap<(u8, u8), KeyRecord>);

impl fmt::Debug for SoftwareKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SoftwareKeyStore")
    }
}

impl SoftwareKeyStore {
    /// Takes up a version of keys, in place of what it had of this version.
    pub fn put(&mut self, version: u8, keys: &MasterKeys) {
        self.put_one(version, &keys.load);
        self.put_one(version, &keys.unload);
        self.put_one(version, &keys.codes);
        self.put_one(version, &keys.completion);
        self.put_one(version, &keys.grade);
    }

    fn put_one<P: Purpose>(&mut self, version: u8, key: &Key<P>) {
        self.0.insert((P::USAGE, version), KeyRecord::new(key, 0, version, 0));
    }

    /// Wipes the keys of online transactions below a version: a card that has no newer ones gets nothing more. Its debits are
    /// still cleared.
    pub fn age_out_online(&mut self, lowest: u8) {
        self.0.retain(|(usage, version), _| *usage == key::TransactionCode::USAGE || *version >= lowest);
    }

    /// Wipes the keys that check TACs below a version, when the clearing window of what they made is over.
    pub fn age_out_codes(&mut self, lowest: u8) {
        self.0.retain(|(usage, version), _| *usage != key::TransactionCode::USAGE || *version >= lowest);
    }
}

impl MasterKeyStore for SoftwareKeyStore {
    fn versions<P: Purpose>(&self) -> impl Iterator<Item = u8> {
        let all = (P::USAGE, u8::MIN)..=(P::USAGE, u8::MAX);
        self.0.range(all).rev().map(|((_, version), _)| *version)
    }

    fn card_key<P: Purpose>(&self, name: &KeyName, version: u8) -> Result<Key<P>, KeyError> {
        let master = self.0.get(&(P::USAGE, version)).and_then(KeyRecord::key::<P>);
        let master = master.ok_or(KeyError::NoKey)?;
        Ok(name.factors().fold(master, |key, factor| key.diversified(name.algorithm, factor)))
    }
}

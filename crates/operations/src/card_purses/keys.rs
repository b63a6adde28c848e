//! The issuer's keys: the master keys of cards follow from the keys of ceremonies that are open, one for each purpose; lists
//! and receipts are signed with a key that was drawn here once.
//!
//! Invariants: no key is in the records; nothing of a card is checked or signed while no ceremony's key is open.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use issuer::master_keys::{MasterKeys, SoftwareKeyStore};
use pki::{KeyPair, PublicKey, SubjectId};
use purse::pboc::key::{self, Key, Purpose as CardPurpose};
use zeroize::Zeroizing;

use super::{CardPurseRefusal, ISSUER};
use crate::kept_key::KeptKey;
use crate::key_ceremony::{self, Purpose};
use crate::{OperationError, Operations};

/// The master keys that are open, by version.
pub struct IssuerKeys {
    store: SoftwareKeyStore,
    secrets: BTreeMap<u8, Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for IssuerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuerKeys")
    }
}

impl IssuerKeys {
    /// The issuer's key store.
    #[must_use]
    pub const fn store(&self) -> &SoftwareKeyStore {
        &self.store
    }

    /// The versions that are open, oldest first.
    pub(super) fn versions(&self) -> impl Iterator<Item = u8> + '_ {
        self.secrets.keys().copied()
    }

    /// The newest version: what new cards get.
    pub(super) fn newest(&self) -> Result<u8, OperationError> {
        let newest = self.secrets.last_key_value().map(|(version, _)| *version);
        newest.ok_or(OperationError::CardPurse(CardPurseRefusal::NoKeyOpen))
    }

    /// The master key of a purpose.
    pub(super) fn master<P: CardPurpose>(&self, version: u8) -> Result<Key<P>, OperationError> {
        self.secret(version).map(master)
    }

    /// Sixteen bytes that a context and a subject have of their own.
    pub(super) fn own(
        &self,
        version: u8,
        context: &'static str,
        subject: &[u8],
    ) -> Result<Zeroizing<[u8; 16]>, OperationError> {
        let key = Zeroizing::new(blake3::derive_key(context, self.secret(version)?));
        let mut bytes = Zeroizing::new([0; 16]);
        blake3::Hasher::new_keyed(&key).update(subject).finalize_xof().fill(&mut *bytes);
        Ok(bytes)
    }

    /// The seed of a key that a context and a subject have of their own.
    pub(super) fn seed(
        &self,
        version: u8,
        context: &'static str,
        subject: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, OperationError> {
        let key = Zeroizing::new(blake3::derive_key(context, self.secret(version)?));
        Ok(Zeroizing::new(*blake3::keyed_hash(&key, subject).as_bytes()))
    }

    fn secret(&self, version: u8) -> Result<&[u8], OperationError> {
        let secret = self.secrets.get(&version).map(|secret| secret.as_slice());
        secret.ok_or(OperationError::CardPurse(CardPurseRefusal::NoKey))
    }
}

/// The master key of a purpose that follows from the key of a ceremony.
fn master<P: CardPurpose>(secret: &[u8]) -> Key<P> {
    let mut hasher = blake3::Hasher::new_derive_key("sycee card purse master key v1");
    hasher.update(&[P::USAGE]).update(secret);
    let mut bytes = Zeroizing::new([0; 16]);
    hasher.finalize_xof().fill(&mut *bytes);
    Key::new(*bytes)
}

/// The issuer's keys, from all keys of ceremonies that are open.
///
/// # Errors
/// [`CardPurseRefusal::NoKeyOpen`], or what could not be reached.
pub async fn open(operations: &Operations) -> Result<IssuerKeys, OperationError> {
    let mut keys = IssuerKeys { store: SoftwareKeyStore::default(), secrets: BTreeMap::new() };
    for (version, secret) in key_ceremony::open_keys(operations, Purpose::CardPurses).await? {
        let Ok(version) = u8::try_from(version) else { continue };
        let masters = MasterKeys {
            load: master::<key::Load>(&secret),
            unload: master::<key::Unload>(&secret),
            codes: master::<key::TransactionCode>(&secret),
            completion: master::<key::Completion>(&secret),
            grade: master::<key::Grade>(&secret),
        };
        keys.store.put(version, &masters);
        keys.secrets.insert(version, secret);
    }
    keys.newest()?;
    Ok(keys)
}

/// Keys that were drawn here once, as soon as they were read.
#[derive(Default)]
pub(crate) struct KeptKeys {
    lists: OnceLock<KeyPair>,
    scheme: OnceLock<KeyPair>,
    purses: OnceLock<KeyPair>,
}

/// The name under which lists are signed.
#[must_use]
pub fn issuer_name() -> SubjectId {
    let mut name = [0; 16];
    name.iter_mut().zip(ISSUER.0).for_each(|(place, byte)| *place = byte);
    SubjectId(name)
}

/// What lists and receipts are verified with.
///
/// # Errors
/// What could not be reached.
pub async fn public_key(operations: &Operations) -> Result<PublicKey, OperationError> {
    Ok(signing_key(operations).await?.public())
}

const LOST: OperationError =
    OperationError::Inconsistent("a key that signs for card purses is not the one of before");

/// A key pair that was drawn here; its public half is its fingerprint.
const fn key_pair(name: &'static str, noted_as: &'static str) -> KeptKey<KeyPair> {
    KeptKey {
        name,
        noted_as,
        of_seed: KeyPair::from_seed,
        fingerprint: |seed| KeyPair::from_seed(seed).public().to_bytes(),
        lost: LOST,
    }
}

const LISTS: KeptKey<KeyPair> = key_pair("card-purse-signing-key", "card_signing_key");
const SCHEME: KeptKey<KeyPair> = key_pair("purse-scheme-key", "purse_scheme_key");
const PURSES: KeptKey<KeyPair> = key_pair("purse-issuer-key", "purse_issuer_key");

/// The key that signs lists and receipts.
pub(super) async fn signing_key(operations: &Operations) -> Result<&KeyPair, OperationError> {
    LISTS.get(operations, &operations.inner.card_keys.lists).await
}

/// The scheme's key: whom purses that pay each other believe.
pub(super) async fn scheme_key(operations: &Operations) -> Result<&KeyPair, OperationError> {
    SCHEME.get(operations, &operations.inner.card_keys.scheme).await
}

/// The issuer's key for purses that pay each other: it certifies them, and signs their loads.
pub(super) async fn purse_issuer_key(operations: &Operations) -> Result<&KeyPair, OperationError> {
    PURSES.get(operations, &operations.inner.card_keys.purses).await
}

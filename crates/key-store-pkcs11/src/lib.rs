//! The issuer's master keys in a token behind PKCS#11 (a hardware security module, or SoftHSM), which never gives them away.
//!
//! A master key is a secret key of two or three DES keys (the third equal to the first), with the label [`LABEL`] and an id of
//! two bytes: purpose (usage byte of PBOC key records) and version. One `C_Encrypt` with `CKM_DES3_ECB` of factor ‖ complement
//! gives a card's key of one level.
//!
//! Card keys are in this process for one computation, and wiped; whoever may use the token can derive them. A token could keep
//! them inside (`CKM_DES3_ECB_ENCRYPT_DATA`), but not compute on: the TAC key is two halves XORed. Keys of SM4 cards are not in
//! tokens.

use core::fmt;
use std::{collections::BTreeMap, path::Path};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    mechanism::Mechanism,
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    types::AuthPin,
};
use issuer::{
    key_store::{KeyError, KeyName},
    master_keys::MasterKeyStore,
};
use purse::pboc::key::{Algorithm, Key, Purpose};
use zeroize::Zeroizing;

/// The label of every master key in a token.
pub const LABEL: &str = "sycee purse master key";

/// Why a token cannot be used.
#[derive(Debug)]
pub enum TokenError {
    /// There is no token of this name.
    NoToken,
    /// Another key of this purpose and version is there.
    Taken,
    /// The token or its module refused.
    Module(cryptoki::error::Error),
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoToken => f.write_str("there is no token of this name"),
            Self::Taken => f.write_str("there is a key of this purpose and version"),
            Self::Module(error) => write!(f, "token refused: {error}"),
        }
    }
}

impl core::error::Error for TokenError {}

impl From<cryptoki::error::Error> for TokenError {
    fn from(error: cryptoki::error::Error) -> Self {
        Self::Module(error)
    }
}

/// Master keys in a token. One session, one thread at a time.
pub struct TokenKeyStore {
    session: Session,
    /// By usage and version.
    masters: BTreeMap<(u8, u8), ObjectHandle>,
}

impl fmt::Debug for TokenKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeyStore").field("masters", &self.masters.keys()).finish_non_exhaustive()
    }
}

impl TokenKeyStore {
    /// Logs in to the token of this name, through the module (a shared library) of its maker.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn open(module: &Path, token: &str, pin: &str) -> Result<Self, TokenError> {
        let module = Pkcs11::new(module)?;
        module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
        let mut slots = module.get_slots_with_initialized_token()?.into_iter();
        let slot = slots.find(|slot| module.get_token_info(*slot).is_ok_and(|info| info.label() == token));
        let session = module.open_rw_session(slot.ok_or(TokenError::NoToken)?)?;
        session.login(UserType::User, Some(&AuthPin::new(pin.into())))?;
        let mut store = Self { session, masters: BTreeMap::new() };
        store.find_masters()?;
        Ok(store)
    }

    fn find_masters(&mut self) -> Result<(), TokenError> {
        let wanted = [Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Label(LABEL.into())];
        for object in self.session.find_objects(&wanted)? {
            let attributes = self.session.get_attributes(object, &[AttributeType::Id])?;
            if let [Attribute::Id(id)] = attributes.as_slice()
                && let [usage, version] = id.as_slice()
            {
                self.masters.insert((*usage, *version), object);
            }
        }
        Ok(())
    }

    /// Brings a master key into the token, for ever: it cannot be read back.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn put<P: Purpose>(&mut self, version: u8, key: &Key<P>) -> Result<(), TokenError> {
        if self.masters.contains_key(&(P::USAGE, version)) {
            return Err(TokenError::Taken);
        }
        let object = self.session.create_object(&[
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::DES2),
            Attribute::Label(LABEL.into()),
            Attribute::Id(vec![P::USAGE, version]),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Value(key.expose().to_vec()),
        ])?;
        self.masters.insert((P::USAGE, version), object);
        Ok(())
    }

    /// Destroys the keys of a purpose below a version.
    ///
    /// # Errors
    /// [`TokenError`]; keys that are not destroyed yet still work.
    pub fn age_out<P: Purpose>(&mut self, lowest: u8) -> Result<(), TokenError> {
        while let Some((name, object)) = self.masters.range((P::USAGE, 0)..(P::USAGE, lowest)).next() {
            let (name, object) = (*name, *object);
            self.session.destroy_object(object)?;
            self.masters.remove(&name);
        }
        Ok(())
    }
}

impl MasterKeyStore for TokenKeyStore {
    fn versions<P: Purpose>(&self) -> impl Iterator<Item = u8> {
        let all = (P::USAGE, u8::MIN)..=(P::USAGE, u8::MAX);
        self.masters.range(all).rev().map(|((_, version), _)| *version)
    }

    fn card_key<P: Purpose>(&self, name: &KeyName, version: u8) -> Result<Key<P>, KeyError> {
        if name.algorithm != Algorithm::TripleDes {
            return Err(KeyError::NoKey);
        }
        let master = *self.masters.get(&(P::USAGE, version)).ok_or(KeyError::NoKey)?;
        let mut factors = name.factors();
        let first = factors.next().ok_or(KeyError::NoKey)?;
        let block = [first, first.map(|byte| !byte)].concat();
        let card = self.session.encrypt(&Mechanism::Des3Ecb, master, &block);
        let card = Zeroizing::new(card.map_err(|_| KeyError::Unavailable)?);
        let first = Key::new(card.first_chunk().copied().ok_or(KeyError::Unavailable)?);
        Ok(factors.fold(first, |key, factor| key.diversified(name.algorithm, factor)))
    }
}

//! The three kinds of key of a card. Each is a type of its own, and none becomes another: the issuer's root keys guard the
//! card's content, a security domain's keys guard its provider's applications, an application's keys guard value.

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    block_cipher::{AesKey, CheckValue, DesKey},
    secure_channel::StaticKeys,
};

/// The longest application key.
pub const APPLICATION_KEY_BYTES_MAX: usize = 240;

/// A key version number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyVersion(u8);

impl KeyVersion {
    /// The version of the keys that a card is made with, until the issuer puts its own.
    pub const INITIAL: Self = Self(0xFF);
    /// The version of the key that signs load files (section C.1.3).
    pub const DAP: Self = Self(0x73);

    /// A version: 01 to 7F, or FF.
    #[must_use]
    pub const fn new(byte: u8) -> Option<Self> {
        match byte {
            0x01..=0x7F | 0xFF => Some(Self(byte)),
            _ => None,
        }
    }

    /// As commands have it.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.0
    }
}

/// The keys of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    pub(crate) version: KeyVersion,
    pub(crate) keys: StaticKeys,
}

impl KeySet {
    pub(crate) const fn new(version: KeyVersion, keys: StaticKeys) -> Self {
        Self { version, keys }
    }

    /// Key version number.
    #[must_use]
    pub const fn version(&self) -> KeyVersion {
        self.version
    }

    /// The check values of Key-ENC, Key-MAC and Key-DEK.
    #[must_use]
    pub fn check_values(&self) -> [CheckValue; 3] {
        check_values(&self.keys)
    }

    /// The type byte of GlobalPlatform (80 DES, 88 AES) and the length of each key.
    #[must_use]
    pub const fn kind_and_length(&self) -> (u8, u8) {
        match &self.keys {
            StaticKeys::Scp02(_) => (DES_TYPE, 16),
            StaticKeys::Scp03(keys) => match keys.enc.length() {
                16 => (AES_TYPE, 16),
                24 => (AES_TYPE, 24),
                _ => (AES_TYPE, 32),
            },
        }
    }
}

/// Type byte of DES keys (table 11-16).
pub(crate) const DES_TYPE: u8 = 0x80;
/// Type byte of AES keys.
pub(crate) const AES_TYPE: u8 = 0x88;

pub(crate) fn check_values(keys: &StaticKeys) -> [CheckValue; 3] {
    match keys {
        StaticKeys::Scp02(keys) => [&keys.enc, &keys.mac, &keys.dek].map(DesKey::check_value),
        StaticKeys::Scp03(keys) => [&keys.enc, &keys.mac, &keys.dek].map(AesKey::check_value),
    }
}

/// Root keys: of the issuer's security domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKeySet(pub(crate) KeySet);

impl RootKeySet {
    /// The root keys that a card is made with.
    #[must_use]
    pub const fn initial(version: KeyVersion, keys: StaticKeys) -> Self {
        Self(KeySet::new(version, keys))
    }

    /// Version, check values, lengths.
    #[must_use]
    pub const fn key_set(&self) -> &KeySet {
        &self.0
    }
}

/// Keys of a supplementary security domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainKeySet(pub(crate) KeySet);

impl DomainKeySet {
    /// Version, check values, lengths.
    #[must_use]
    pub const fn key_set(&self) -> &KeySet {
        &self.0
    }
}

/// A key, or data as secret as a key, on its way to an application: it travelled under the DEK of a secure channel, and
/// the card keeps no copy. Wiped when dropped, never shown.
pub struct ApplicationKey {
    bytes: [u8; APPLICATION_KEY_BYTES_MAX],
    length: usize,
}

impl ApplicationKey {
    pub(crate) fn new(key: &[u8]) -> Option<Self> {
        let mut bytes = [0; APPLICATION_KEY_BYTES_MAX];
        bytes.get_mut(..key.len())?.copy_from_slice(key);
        Some(Self { bytes, length: key.len() })
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Drop for ApplicationKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl ZeroizeOnDrop for ApplicationKey {}

impl fmt::Debug for ApplicationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApplicationKey({} bytes)", self.length)
    }
}

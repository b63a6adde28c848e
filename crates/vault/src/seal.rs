//! How items are sealed, and how their key hangs on a PIN.
//!
//! ```text
//! PIN + salt ──Argon2id──▶ wrapping key ──opens──▶ vault key ──opens──▶ items
//! ```
//!
//! Everything is sealed with XChaCha20-Poly1305; the associated data of an item binds its owner, its id and its version,
//! so that no sealed item can stand in the place of another or of a newer one. A sealed text is a byte for the format,
//! the nonce of 24 bytes, then the ciphertext with its tag.
//!
//! A PIN has few possibilities: whoever steals the store can try them all, each try costing [`MEMORY_KIB`] and some
//! hundredths of a second. A long word is allowed as a PIN, and better.

use core::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;
/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 24;
/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Memory that one try of a PIN costs.
pub const MEMORY_KIB: u32 = 19_456;
/// The least and the most characters of a PIN.
pub const PIN_CHARACTERS: core::ops::RangeInclusive<usize> = 6..=64;

const PASSES: u32 = 2;
const FORMAT: u8 = 1;
/// Sealed texts of the same size hide how long an item is, up to this.
const PADDING_BYTES: usize = 64;

/// What a sealed thing is: bound to it, so that it opens as nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// The vault key of this owner.
    VaultKey {
        /// Whose vault.
        owner: u128,
    },
    /// An item.
    Item {
        /// Whose vault.
        owner: u128,
        /// Which item.
        item: u128,
        /// Which version of it.
        version: u32,
    },
    /// What the one-time passwords of a principal follow from. Not of a vault: the server uses it.
    OneTimePasswords {
        /// Whose.
        principal: u128,
    },
    /// What webhooks are signed with. Not of a vault: the server uses it.
    Webhooks {
        /// To which endpoint.
        endpoint: u128,
    },
}

impl Label {
    fn bytes(self) -> Vec<u8> {
        let (kind, owner, id, version): (u8, u128, u128, u32) = match self {
            Self::VaultKey { owner } => (1, owner, 0, 0),
            Self::Item { owner, item, version } => (2, owner, item, version),
            Self::OneTimePasswords { principal } => (3, principal, 0, 0),
            Self::Webhooks { endpoint } => (4, endpoint, 0, 0),
        };
        let mut bytes = b"sycee vault v1".to_vec();
        bytes.push(kind);
        bytes.extend(owner.to_be_bytes());
        bytes.extend(id.to_be_bytes());
        bytes.extend(version.to_be_bytes());
        bytes
    }
}

/// A key, wiped from memory when it is dropped.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// It does not open: wrong key, wrong label, or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotOpened;

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sealed text does not open with this key")
    }
}

impl core::error::Error for NotOpened {}

/// The PIN has too few or too many characters, or is one that everybody tries first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeakPin;

impl Key {
    /// The key of these random bytes.
    #[must_use]
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The key that a PIN stands for. Costs memory and time on purpose.
    ///
    /// # Panics
    /// Never: the parameters are within what Argon2 allows.
    #[must_use]
    pub fn from_pin(pin: &str, salt: &[u8; SALT_BYTES]) -> Self {
        let params =
            Params::new(MEMORY_KIB, PASSES, 1, Some(KEY_BYTES)).expect("constants within Argon2's limits");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        argon2
            .hash_password_into(pin.as_bytes(), salt, bytes.as_mut())
            .expect("a salt of 16 bytes and a key of 32 are within Argon2's limits");
        Self(bytes)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }

    /// Seals a text under a label. The nonce is random and used once.
    ///
    /// # Panics
    /// Never: texts are far shorter than what the cipher allows.
    #[must_use]
    pub fn seal(&self, label: Label, nonce: [u8; NONCE_BYTES], text: &[u8]) -> Vec<u8> {
        let mut padded = Zeroizing::new(text.to_vec());
        padded.push(0x80);
        while !padded.len().is_multiple_of(PADDING_BYTES) {
            padded.push(0);
        }
        let payload = Payload { msg: &padded, aad: &label.bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).expect("texts are short");
        let mut bytes = vec![FORMAT];
        bytes.extend(nonce);
        bytes.extend(sealed);
        bytes
    }

    /// Opens what was sealed under this label.
    ///
    /// # Errors
    /// [`NotOpened`].
    pub fn open(&self, label: Label, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        let rest = sealed.strip_prefix(&[FORMAT]).ok_or(NotOpened)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(NotOpened)?;
        let payload = Payload { msg: sealed, aad: &label.bytes() };
        let opened = self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| NotOpened)?;
        let mut opened = Zeroizing::new(opened);
        while opened.last() == Some(&0) {
            opened.pop();
        }
        if opened.pop() == Some(0x80) { Ok(opened) } else { Err(NotOpened) }
    }

    /// Seals this key under another.
    #[must_use]
    pub fn wrapped(&self, by: &Self, owner: u128, nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
        by.seal(Label::VaultKey { owner }, nonce, &*self.0)
    }

    /// Opens a key that was sealed under this one.
    ///
    /// # Errors
    /// [`NotOpened`]: the PIN behind this key is wrong.
    pub fn unwrap_key(&self, owner: u128, wrapped: &[u8]) -> Result<Self, NotOpened> {
        let opened = self.open(Label::VaultKey { owner }, wrapped)?;
        let bytes = <[u8; KEY_BYTES]>::try_from(opened.as_slice()).map_err(|_| NotOpened)?;
        Ok(Self::new(bytes))
    }
}

/// Refuses PINs of a wrong length, and those that everybody tries first.
///
/// # Errors
/// [`WeakPin`].
pub fn check_pin(pin: &str) -> Result<(), WeakPin> {
    if !PIN_CHARACTERS.contains(&pin.chars().count()) || pin.chars().any(char::is_control) {
        return Err(WeakPin);
    }
    let numbers: Vec<u32> = pin.chars().map(u32::from).collect();
    let steps = |step: i64| numbers.windows(2).all(|pair| i64::from(pair[1]) - i64::from(pair[0]) == step);
    let pairs =
        numbers.chunks(2).all(|pair| Some(pair) == numbers.get(..2).map(|first| &first[..pair.len()]));
    if steps(0) || steps(1) || steps(-1) || pairs { Err(WeakPin) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ITEM: Label = Label::Item { owner: 1, item: 2, version: 3 };

    fn key() -> Key {
        Key::new([7; KEY_BYTES])
    }

    #[test]
    fn an_item_opens_only_as_the_version_of_the_item_of_the_owner() {
        let sealed = key().seal(ITEM, [9; NONCE_BYTES], "字".as_bytes());
        assert_eq!(key().open(ITEM, &sealed).unwrap().as_slice(), "字".as_bytes());
        for other in [
            Label::Item { owner: 2, item: 2, version: 3 },
            Label::Item { owner: 1, item: 3, version: 3 },
            Label::Item { owner: 1, item: 2, version: 2 },
            Label::VaultKey { owner: 1 },
            Label::OneTimePasswords { principal: 1 },
            Label::Webhooks { endpoint: 1 },
        ] {
            assert_eq!(key().open(other, &sealed).err(), Some(NotOpened), "{other:?}");
        }
        assert!(Key::new([8; KEY_BYTES]).open(ITEM, &sealed).is_err());
    }

    #[test]
    fn every_changed_byte_is_found() {
        let sealed = key().seal(ITEM, [9; NONCE_BYTES], b"text");
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(key().open(ITEM, &changed).is_err(), "byte {index}");
            assert!(key().open(ITEM, &sealed[..index]).is_err(), "length {index}");
        }
    }

    #[test]
    fn texts_of_similar_length_look_equally_long() {
        let length = |text: &[u8]| key().seal(ITEM, [9; NONCE_BYTES], text).len();
        assert_eq!(length(b""), length(&[0; 60]));
        assert_ne!(length(b""), length(&[0; 64]));
    }

    #[test]
    fn a_vault_key_opens_with_its_pin_and_no_other() {
        let salt = [5; SALT_BYTES];
        let wrapped = key().wrapped(&Key::from_pin("427193", &salt), 1, [1; NONCE_BYTES]);
        let opened = Key::from_pin("427193", &salt).unwrap_key(1, &wrapped).unwrap();
        assert_eq!(opened.0, key().0);
        assert!(Key::from_pin("427194", &salt).unwrap_key(1, &wrapped).is_err());
        assert!(Key::from_pin("427193", &salt).unwrap_key(2, &wrapped).is_err());
        assert!(Key::from_pin("427193", &[6; SALT_BYTES]).unwrap_key(1, &wrapped).is_err());
    }

    #[test]
    fn pins_that_everybody_tries_first_are_refused() {
        for weak in
            ["", "12345", "111111", "123456", "654321", "121212", "1212121", &"x".repeat(65), "12\u{0}456"]
        {
            assert_eq!(check_pin(weak), Err(WeakPin), "{weak:?}");
        }
        for good in ["427193", "柳树下的第七块石头", "abc123"] {
            assert_eq!(check_pin(good), Ok(()), "{good}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_comes_back(text in prop::collection::vec(any::<u8>(), 0..300), nonce: [u8; NONCE_BYTES]) {
            let sealed = key().seal(ITEM, nonce, &text);
            prop_assert_eq!(key().open(ITEM, &sealed).unwrap().to_vec(), text);
        }
    }
}

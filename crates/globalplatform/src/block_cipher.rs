//! Keys of AES and two-key Triple-DES, and the few modes that secure channels use.

use core::fmt;

use aes::{
    Aes128, Aes192, Aes256,
    cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};
use cmac::{Cmac, Mac};
use des::{Des, TdesEde2};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A block of AES.
pub const AES_BLOCK: usize = 16;
/// A block of DES.
pub const DES_BLOCK: usize = 8;

/// The first three bytes of a block encrypted under a key: tells whether a key arrived as it was sent.
pub type CheckValue = [u8; 3];

/// An AES key of 128, 192 or 256 bits. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct AesKey {
    /// The first `length` bytes are the key, the others are zero.
    bytes: [u8; 32],
    length: usize,
}

impl AesKey {
    /// The key of these bytes. `None` unless they are 16, 24 or 32.
    #[must_use]
    pub fn new(key: &[u8]) -> Option<Self> {
        if !matches!(key.len(), 16 | 24 | 32) {
            return None;
        }
        let mut bytes = [0; 32];
        bytes.get_mut(..key.len())?.copy_from_slice(key);
        Some(Self { bytes, length: key.len() })
    }

    /// The bytes of the key: a secret.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// In bytes: 16, 24 or 32.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }

    /// The first three bytes of sixteen bytes 01, encrypted (GlobalPlatform 2.3.1, section B.6).
    #[must_use]
    pub fn check_value(&self) -> CheckValue {
        let mut block = [1; AES_BLOCK];
        self.encrypt(&mut block);
        first(&block)
    }

    /// Encrypts one block.
    pub(crate) fn encrypt(&self, block: &mut [u8; AES_BLOCK]) {
        let key = self.expose();
        if let Ok(cipher) = Aes128::new_from_slice(key) {
            cipher.encrypt_block(block.into());
        } else if let Ok(cipher) = Aes192::new_from_slice(key) {
            cipher.encrypt_block(block.into());
        } else if let Ok(cipher) = Aes256::new_from_slice(key) {
            cipher.encrypt_block(block.into());
        }
    }

    fn decrypt(&self, block: &mut [u8; AES_BLOCK]) {
        let key = self.expose();
        if let Ok(cipher) = Aes128::new_from_slice(key) {
            cipher.decrypt_block(block.into());
        } else if let Ok(cipher) = Aes192::new_from_slice(key) {
            cipher.decrypt_block(block.into());
        } else if let Ok(cipher) = Aes256::new_from_slice(key) {
            cipher.decrypt_block(block.into());
        }
    }

    /// CMAC (NIST SP 800-38B) over the parts one after the other.
    #[must_use]
    pub fn cmac(&self, parts: &[&[u8]]) -> [u8; AES_BLOCK] {
        fn over<M: Mac<OutputSize = aes::cipher::consts::U16>>(
            mut mac: M,
            parts: &[&[u8]],
        ) -> [u8; AES_BLOCK] {
            parts.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes().into()
        }
        let key = self.expose();
        if let Ok(mac) = <Cmac<Aes128> as KeyInit>::new_from_slice(key) {
            over(mac, parts)
        } else if let Ok(mac) = <Cmac<Aes192> as KeyInit>::new_from_slice(key) {
            over(mac, parts)
        } else if let Ok(mac) = <Cmac<Aes256> as KeyInit>::new_from_slice(key) {
            over(mac, parts)
        } else {
            // Not reached: the constructor lets only the three lengths pass.
            [0; AES_BLOCK]
        }
    }

    /// CBC over whole blocks; a rest shorter than a block is left as it is.
    pub(crate) fn cbc_encrypt(&self, initial: [u8; AES_BLOCK], bytes: &mut [u8]) {
        cbc_encrypt(initial, bytes, |block| self.encrypt(block));
    }

    /// The inverse of [`Self::cbc_encrypt`].
    pub(crate) fn cbc_decrypt(&self, initial: [u8; AES_BLOCK], bytes: &mut [u8]) {
        cbc_decrypt(initial, bytes, |block| self.decrypt(block));
    }
}

/// A two-key Triple-DES key of 16 bytes. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct DesKey([u8; 16]);

impl DesKey {
    /// The key of these bytes. `None` unless they are 16.
    #[must_use]
    pub fn new(key: &[u8]) -> Option<Self> {
        key.try_into().ok().map(Self)
    }

    /// The bytes of the key: a secret.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// The first three bytes of eight bytes 00, encrypted (GlobalPlatform 2.3.1, section B.6).
    #[must_use]
    pub fn check_value(&self) -> CheckValue {
        let mut block = [0; DES_BLOCK];
        self.encrypt(&mut block);
        first(&block)
    }

    /// Triple-DES over one block.
    pub(crate) fn encrypt(&self, block: &mut [u8; DES_BLOCK]) {
        if let Ok(cipher) = TdesEde2::new_from_slice(&self.0) {
            cipher.encrypt_block(block.into());
        }
    }

    fn decrypt(&self, block: &mut [u8; DES_BLOCK]) {
        if let Ok(cipher) = TdesEde2::new_from_slice(&self.0) {
            cipher.decrypt_block(block.into());
        }
    }

    /// Single DES over one block, under the first half of the key.
    pub(crate) fn encrypt_single(&self, block: &mut [u8; DES_BLOCK]) {
        let (first, _) = self.0.split_at(DES_BLOCK);
        if let Ok(cipher) = Des::new_from_slice(first) {
            cipher.encrypt_block(block.into());
        }
    }

    /// CBC over whole blocks; a rest shorter than a block is left as it is.
    pub(crate) fn cbc_encrypt(&self, initial: [u8; DES_BLOCK], bytes: &mut [u8]) {
        cbc_encrypt(initial, bytes, |block| self.encrypt(block));
    }

    /// The inverse of [`Self::cbc_encrypt`].
    pub(crate) fn cbc_decrypt(&self, initial: [u8; DES_BLOCK], bytes: &mut [u8]) {
        cbc_decrypt(initial, bytes, |block| self.decrypt(block));
    }

    /// Each whole block for itself.
    pub(crate) fn ecb_encrypt(&self, bytes: &mut [u8]) {
        bytes.as_chunks_mut().0.iter_mut().for_each(|block| self.encrypt(block));
    }

    /// The inverse of [`Self::ecb_encrypt`].
    pub(crate) fn ecb_decrypt(&self, bytes: &mut [u8]) {
        bytes.as_chunks_mut().0.iter_mut().for_each(|block| self.decrypt(block));
    }

    /// The MAC of full Triple-DES (GlobalPlatform 2.3.1, section B.1.2.1), padded, from an ICV of zeros.
    pub(crate) fn full_mac(&self, parts: &[&[u8]]) -> [u8; DES_BLOCK] {
        cbc_mac([0; DES_BLOCK], parts, |block| self.encrypt(block))
    }

    /// The MAC of single DES plus final Triple-DES (section B.1.2.2), padded.
    pub(crate) fn retail_mac(&self, initial: [u8; DES_BLOCK], parts: &[&[u8]]) -> [u8; DES_BLOCK] {
        let mut mac = cbc_mac(initial, parts, |block| self.encrypt_single(block));
        // The last step of the chain was E(first half); what is left of EDE is D(second half), E(first half).
        let (_, second) = self.0.split_at(DES_BLOCK);
        if let Ok(cipher) = Des::new_from_slice(second) {
            cipher.decrypt_block((&mut mac).into());
        }
        self.encrypt_single(&mut mac);
        mac
    }
}

/// CBC-MAC over the parts and their padding 80 00 ….
fn cbc_mac(
    initial: [u8; DES_BLOCK],
    parts: &[&[u8]],
    encrypt: impl Fn(&mut [u8; DES_BLOCK]),
) -> [u8; DES_BLOCK] {
    let mut state = initial;
    let mut filled = 0_usize;
    for byte in parts.iter().copied().flatten().chain(&[0x80]) {
        if let Some(place) = state.get_mut(filled) {
            *place ^= byte;
        }
        filled = filled.saturating_add(1);
        if filled == DES_BLOCK {
            encrypt(&mut state);
            filled = 0;
        }
    }
    if filled > 0 {
        encrypt(&mut state);
    }
    state
}

fn cbc_encrypt<const N: usize>(initial: [u8; N], bytes: &mut [u8], encrypt: impl Fn(&mut [u8; N])) {
    let mut before = initial;
    for block in bytes.as_chunks_mut().0 {
        xor(block, &before);
        encrypt(block);
        before = *block;
    }
}

fn cbc_decrypt<const N: usize>(initial: [u8; N], bytes: &mut [u8], decrypt: impl Fn(&mut [u8; N])) {
    let mut before = initial;
    for block in bytes.as_chunks_mut().0 {
        let encrypted = *block;
        decrypt(block);
        xor(block, &before);
        before = encrypted;
    }
}

fn xor<const N: usize>(block: &mut [u8; N], other: &[u8; N]) {
    block.iter_mut().zip(other).for_each(|(byte, other)| *byte ^= other);
}

fn first<const N: usize>(block: &[u8; N]) -> CheckValue {
    block.first_chunk().copied().unwrap_or_default()
}

/// The length of what is left without its padding 80 00 …. `None` where there is no such padding.
pub(crate) fn unpadded(bytes: &[u8]) -> Option<usize> {
    let last = bytes.iter().rposition(|byte| *byte != 0)?;
    (bytes.get(last) == Some(&0x80)).then_some(last)
}

impl Drop for AesKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl ZeroizeOnDrop for AesKey {}

impl PartialEq for AesKey {
    fn eq(&self, other: &Self) -> bool {
        self.length == other.length && bool::from(self.bytes.ct_eq(&other.bytes))
    }
}

impl Eq for AesKey {}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AesKey({} bytes)", self.length)
    }
}

impl Drop for DesKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for DesKey {}

impl PartialEq for DesKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for DesKey {}

impl fmt::Debug for DesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DesKey")
    }
}

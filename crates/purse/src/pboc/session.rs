//! Session keys, and the MAC under them.

use core::fmt;

use des::cipher::{Block, BlockCipherEncrypt, KeyInit};
use sm4::Sm4;
use zeroize::Zeroize;

use super::key::{Algorithm, Dtk, Key, Purpose, single_des, sm4, triple_des};
use crate::fields::{Mac, Random, Sequence, Tac, TerminalTransaction};

/// A key for one session. Wiped from memory when it goes, and never shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionKey {
    algorithm: Algorithm,
    /// DES uses the first eight.
    bytes: [u8; 16],
}

impl Drop for SessionKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey({:?})", self.algorithm)
    }
}

impl SessionKey {
    /// The session key of a load, unload, update or other online transaction: rand ‖ online sequence ‖ 8000.
    #[must_use]
    pub fn online<P: Purpose>(
        key: &Key<P>,
        algorithm: Algorithm,
        random: Random,
        sequence: Sequence,
    ) -> Self {
        Self::of_block(key.expose(), algorithm, session_block(random, sequence, [0x80, 0x00]))
    }

    /// The session key of a purchase or other offline transaction: rand ‖ offline sequence ‖ low bytes of the terminal's
    /// transaction number.
    #[must_use]
    pub fn offline<P: Purpose>(
        key: &Key<P>,
        algorithm: Algorithm,
        random: Random,
        sequence: Sequence,
        transaction: TerminalTransaction,
    ) -> Self {
        Self::of_block(key.expose(), algorithm, session_block(random, sequence, transaction.low()))
    }

    /// The key of a grey lock: a temporary key as of a purchase, which enciphers the terminal's random ‖ 80000000.
    #[must_use]
    pub fn grey_lock<P: Purpose>(
        key: &Key<P>,
        algorithm: Algorithm,
        block: [u8; 8],
        terminal_random: Random,
    ) -> Self {
        let temporary = Self::of_block(key.expose(), algorithm, block);
        let [a, b, c, d] = terminal_random.0;
        temporary.next([a, b, c, d, 0x80, 0, 0, 0])
    }

    /// The key that makes TACs: under 3DES both halves of DTK XORed, under SM4 DTK itself.
    #[must_use]
    pub fn of_transaction_codes(key: &Dtk, algorithm: Algorithm) -> Self {
        let mut bytes = *key.expose();
        if algorithm == Algorithm::TripleDes {
            bytes = halves_xored(&bytes);
        }
        Self { algorithm, bytes }
    }

    /// The MAC key that PIN reload makes of DRPK: both halves XORed.
    #[must_use]
    pub fn of_halves<P: Purpose>(key: &Key<P>) -> Self {
        Self { algorithm: Algorithm::TripleDes, bytes: halves_xored(key.expose()) }
    }

    /// A key as it came out of memory or a test vector; under DES the first eight bytes count.
    #[must_use]
    pub const fn from_bytes(algorithm: Algorithm, bytes: [u8; 16]) -> Self {
        Self { algorithm, bytes }
    }

    /// The bytes, eight under DES.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        match self.algorithm {
            Algorithm::TripleDes => self.bytes.get(..8).unwrap_or_default(),
            Algorithm::Sm4Own => &self.bytes,
        }
    }

    fn of_block(key: &[u8; 16], algorithm: Algorithm, block: [u8; 8]) -> Self {
        let mut bytes = [0; 16];
        let (left, right) = bytes.split_at_mut(8);
        match algorithm {
            Algorithm::TripleDes => left.copy_from_slice(&triple_des(key, block)),
            Algorithm::Sm4Own => {
                left.copy_from_slice(&block);
                if let Some(first) = right.first_mut() {
                    *first = 0x80;
                }
                bytes = sm4(key, bytes);
            }
        }
        Self { algorithm, bytes }
    }

    /// The key that this one makes of a block.
    fn next(&self, block: [u8; 8]) -> Self {
        match self.algorithm {
            Algorithm::Sm4Own => Self::of_block(&self.bytes, self.algorithm, block),
            Algorithm::TripleDes => {
                let [a, b, c, d, e, f, g, h, ..] = self.bytes;
                let mut block = block.into();
                single_des([a, b, c, d, e, f, g, h]).encrypt_block(&mut block);
                let mut bytes = [0; 16];
                bytes.split_at_mut(8).0.copy_from_slice(&block);
                Self { algorithm: self.algorithm, bytes }
            }
        }
    }

    /// CBC-MAC of the parts, one after the other, from a zero vector, with padding 80 00 …; its first four bytes.
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> Mac {
        let [a, b, c, d, e, f, g, h, ..] = self.bytes;
        let last = match self.algorithm {
            Algorithm::TripleDes => {
                let cipher = single_des([a, b, c, d, e, f, g, h]);
                let block = cbc([0; 8], parts, |block| {
                    let mut cipher_block: Block<des::Des> = block.into();
                    cipher.encrypt_block(&mut cipher_block);
                    cipher_block.into()
                });
                block.first_chunk::<4>().copied()
            }
            Algorithm::Sm4Own => {
                let cipher = Sm4::new(&self.bytes.into());
                let block = cbc([0; 16], parts, |block| {
                    let mut cipher_block: Block<Sm4> = block.into();
                    cipher.encrypt_block(&mut cipher_block);
                    cipher_block.into()
                });
                block.first_chunk::<4>().copied()
            }
        };
        Mac(last.unwrap_or_default())
    }

    /// The same as [`Self::mac`], for what the issuer pays for.
    #[must_use]
    pub fn tac(&self, parts: &[&[u8]]) -> Tac {
        Tac(self.mac(parts))
    }
}

/// Chains blocks of `N` bytes from a vector over the padded parts: the last block.
pub(super) fn cbc<const N: usize>(
    vector: [u8; N],
    parts: &[&[u8]],
    encrypt: impl Fn([u8; N]) -> [u8; N],
) -> [u8; N] {
    let padding = core::iter::once(0x80).chain(core::iter::repeat(0));
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let padded = (length + 1).next_multiple_of(N);
    let mut chain = vector;
    let mut at = 0;
    for byte in parts.iter().copied().flatten().copied().chain(padding).take(padded) {
        if let Some(place) = chain.get_mut(at) {
            *place ^= byte;
        }
        at += 1;
        if at == N {
            chain = encrypt(chain);
            at = 0;
        }
    }
    chain
}

/// The block that a session key is made of.
pub(crate) fn session_block(random: Random, sequence: Sequence, tail: [u8; 2]) -> [u8; 8] {
    let ([a, b, c, d], [e, f], [g, h]) = (random.0, sequence.to_bytes(), tail);
    [a, b, c, d, e, f, g, h]
}

fn halves_xored(key: &[u8; 16]) -> [u8; 16] {
    let (left, right) = key.split_at(8);
    let mut bytes = [0; 16];
    for (place, (left, right)) in bytes.iter_mut().zip(left.iter().zip(right)) {
        *place = left ^ right;
    }
    bytes
}

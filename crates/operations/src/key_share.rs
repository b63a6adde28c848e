//! Shares of a master key on paper: any [`THRESHOLD`] of [`SHARES`] give the key, fewer tell nothing about it (Shamir,
//! How to share a secret, 1979, byte by byte over GF(2^8)).
//!
//! A share is written as nine groups of eight hexadecimal digits: its number (1 byte), 32 bytes, and three bytes of a hash
//! over both, so that a slip of the pen is noticed.

use core::convert::Infallible;

use blahaj::{Share, Sharks};
use rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

use crate::Entropy;

/// How many shares a key has.
pub const SHARES: usize = 3;
/// How many of them give the key.
pub const THRESHOLD: u8 = 2;

/// The length of a key.
pub(crate) const KEY_BYTES: usize = 32;
const CHECKED_BYTES: usize = 1 + KEY_BYTES;
const BYTES: usize = CHECKED_BYTES + 3;
/// Digits of one group.
const GROUP: usize = 8;

/// One share: its number and its bytes. Wiped from memory.
#[derive(Clone)]
pub(crate) struct KeyShare(Zeroizing<[u8; CHECKED_BYTES]>);

impl KeyShare {
    /// The share as it is written down.
    pub(crate) fn text(&self) -> Zeroizing<String> {
        let check = self.hash("sycee key share check v1");
        let bytes = self.0.iter().chain(&check.as_bytes()[..BYTES - CHECKED_BYTES]);
        let mut text = String::with_capacity(BYTES * 2 + BYTES * 2 / GROUP);
        for (index, byte) in bytes.enumerate() {
            if index > 0 && index * 2 % GROUP == 0 {
                text.push(' ');
            }
            for digit in [byte >> 4, byte & 0x0f] {
                text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
            }
        }
        Zeroizing::new(text)
    }

    /// The share that was typed; spaces and capitals do not matter. `None`: a slip of the pen.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let digits: Zeroizing<Vec<u8>> = Zeroizing::new(
            text.chars()
                .filter(|letter| !letter.is_whitespace() && *letter != '-')
                .map(|letter| letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
                .collect::<Option<_>>()?,
        );
        if digits.len() != BYTES * 2 {
            return None;
        }
        let mut bytes = Zeroizing::new([0; BYTES]);
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        let mut share = Self(Zeroizing::new([0; CHECKED_BYTES]));
        share.0.copy_from_slice(&bytes[..CHECKED_BYTES]);
        (*share.text() == *Self::grouped(&digits)).then_some(share)
    }

    /// The digits as they are written down.
    fn grouped(digits: &[u8]) -> Zeroizing<String> {
        let groups = digits.chunks(GROUP).map(|group| {
            group.iter().map(|digit| char::from(b"0123456789abcdef"[usize::from(*digit)])).collect::<String>()
        });
        Zeroizing::new(groups.collect::<Vec<_>>().join(" "))
    }

    /// What only this share gives, and what tells nothing about it.
    pub(crate) fn fingerprint(&self) -> String {
        self.hash("sycee key share fingerprint v1").to_hex()[..16].to_owned()
    }

    /// The number of the share, from 1.
    pub(crate) fn number(&self) -> u32 {
        u32::from(self.0[0])
    }

    /// The bytes that [`KeyShare::from_bytes`] takes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &*self.0
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    fn hash(&self, context: &'static str) -> blake3::Hash {
        blake3::Hash::from_bytes(blake3::derive_key(context, &*self.0))
    }
}

/// Splits a key into its shares.
pub(crate) fn split(key: &[u8; KEY_BYTES], entropy: &dyn Entropy) -> Vec<KeyShare> {
    let mut dice = Dice(entropy);
    let dealt = Sharks(THRESHOLD).dealer_rng(key, &mut dice).take(SHARES);
    dealt.filter_map(|share| KeyShare::from_bytes(&Zeroizing::new(Vec::<u8>::from(&share)))).collect()
}

/// The key that different shares give: the right one where all of them are of one key. `None`: too few.
pub(crate) fn join(shares: &[KeyShare]) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let read = |share: &KeyShare| Share::try_from(share.bytes()).ok();
    let shares: Vec<Share> = shares.iter().map(read).collect::<Option<_>>()?;
    let key = Zeroizing::new(Sharks(THRESHOLD).recover(&shares).ok()?);
    let mut joined = Zeroizing::new([0; KEY_BYTES]);
    if key.len() != KEY_BYTES {
        return None;
    }
    joined.copy_from_slice(&key);
    Some(joined)
}

/// What only the right key gives, and what tells nothing about it.
pub(crate) fn check_value(key: &[u8; KEY_BYTES]) -> String {
    blake3::Hash::from_bytes(blake3::derive_key("sycee master key check value v1", key)).to_hex()[..16]
        .to_owned()
}

/// Entropy for the library.
struct Dice<'a>(&'a dyn Entropy);

impl TryRng for Dice<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Dice<'_> {}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use proptest::prelude::*;

    use super::*;

    struct Stirred(AtomicU8);

    impl Entropy for Stirred {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                let next = self.0.fetch_add(1, Ordering::Relaxed);
                *byte = blake3::hash(&[next]).as_bytes()[0];
            }
        }
    }

    proptest! {
        #[test]
        fn any_two_shares_give_the_key_and_survive_paper(key in any::<[u8; 32]>(), stir in any::<u8>()) {
            let shares = split(&key, &Stirred(AtomicU8::new(stir)));
            prop_assert_eq!(shares.len(), SHARES);
            for [first, second] in [[0, 1], [0, 2], [2, 1]] {
                let typed = [first, second].map(|index: usize| {
                    KeyShare::read(&shares[index].text().to_uppercase()).expect("it was written down well")
                });
                prop_assert_eq!(*join(&typed).expect("two are enough"), key);
            }
            prop_assert!(join(&shares[..1]).is_none(), "one share is not enough");
            prop_assert!(join(&[shares[0].clone(), shares[0].clone()]).is_none(), "nor is the same twice");
        }

        #[test]
        fn a_slip_of_the_pen_is_noticed(key in any::<[u8; 32]>(), place in 0..72_usize, digit in 0..16_u32) {
            let text = split(&key, &Stirred(AtomicU8::new(0)))[1].text();
            let mut letters: Vec<char> = text.chars().filter(|letter| *letter != ' ').collect();
            let wrong = char::from_digit(digit, 16).expect("a digit");
            prop_assume!(letters[place] != wrong);
            letters[place] = wrong;
            prop_assert!(KeyShare::read(&letters.iter().collect::<String>()).is_none());
        }
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for text in ["", "xyz", "00", &"0".repeat(71), &"0".repeat(73), &"é".repeat(72)] {
            assert!(KeyShare::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn shares_of_two_keys_do_not_give_either() {
        let one = split(&[1; 32], &Stirred(AtomicU8::new(1)));
        let two = split(&[2; 32], &Stirred(AtomicU8::new(9)));
        let mixed = join(&[one[0].clone(), two[1].clone()]).expect("it is some key");
        assert!(*mixed != [1; 32] && *mixed != [2; 32]);
        assert_ne!(check_value(&mixed), check_value(&[1; 32]));
    }
}

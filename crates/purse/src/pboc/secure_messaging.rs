//! Secure messaging of PBOC: a MAC over command header and data, and PINs under a key.

use des::{
    Des,
    cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};

use super::{
    key::{Key, Purpose},
    session::cbc,
};
use crate::fields::Mac;

/// The MAC over a command, four bytes: CBC from challenge ‖ 00000000 under the left half of the key, the last block
/// deciphered under the right half and enciphered under the left (ISO/IEC 9797-1, algorithm 3).
#[must_use]
pub fn command_mac<P: Purpose>(key: &Key<P>, challenge: [u8; 4], parts: &[&[u8]]) -> Mac {
    let [a, b, c, d] = challenge;
    let [first, second, third, fourth, ..] = retail_mac(key, [a, b, c, d, 0, 0, 0, 0], parts);
    Mac([first, second, third, fourth])
}

/// A MAC of eight bytes over a token that waits offline for its card, from a zero vector.
#[must_use]
pub fn token_mac<P: Purpose>(key: &Key<P>, parts: &[&[u8]]) -> [u8; 8] {
    retail_mac(key, [0; 8], parts)
}

/// Whether two MACs of eight bytes are equal, in the same time wherever they differ.
#[must_use]
pub const fn is_equal_token_mac(one: [u8; 8], other: [u8; 8]) -> bool {
    u64::from_be_bytes(one) == u64::from_be_bytes(other)
}

fn retail_mac<P: Purpose>(key: &Key<P>, vector: [u8; 8], parts: &[&[u8]]) -> [u8; 8] {
    let (left, right) = halves(key);
    let last = cbc(vector, parts, |block| {
        let mut cipher_block: Block<Des> = block.into();
        left.encrypt_block(&mut cipher_block);
        cipher_block.into()
    });
    let mut block: Block<Des> = last.into();
    right.decrypt_block(&mut block);
    left.encrypt_block(&mut block);
    block.into()
}

/// A PIN of two to six bytes in one enciphered block: length ‖ PIN ‖ 80 00 ….
#[must_use]
pub fn encipher_pin<P: Purpose>(key: &Key<P>, pin: &[u8]) -> Option<[u8; 8]> {
    let mut block = [0; 8];
    let (first, rest) = block.split_first_mut()?;
    *first = u8::try_from(pin.len()).ok().filter(|length| (2..=6).contains(length))?;
    rest.get_mut(..pin.len())?.copy_from_slice(pin);
    if let Some(end) = rest.get_mut(pin.len()) {
        *end = 0x80;
    }
    Some(super::key::triple_des(key.expose(), block))
}

/// The block of an enciphered PIN: length ‖ PIN ‖ 80 00 ….
#[must_use]
pub fn decipher_pin_block<P: Purpose>(key: &Key<P>, block: [u8; 8]) -> [u8; 8] {
    let (left, right) = halves(key);
    let mut block: Block<Des> = block.into();
    left.decrypt_block(&mut block);
    right.encrypt_block(&mut block);
    left.decrypt_block(&mut block);
    block.into()
}

fn halves<P: Purpose>(key: &Key<P>) -> (Des, Des) {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *key.expose();
    (Des::new(&[a, b, c, d, e, f, g, h].into()), Des::new(&[i, j, k, l, m, n, o, p].into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pboc::key::Dpuk;

    #[test]
    fn an_enciphered_pin_is_read_as_the_same() {
        let key = Dpuk::new(0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF_u128.to_be_bytes());
        let block = encipher_pin(&key, &[0x12, 0x34, 0x56]).unwrap();
        assert_eq!(decipher_pin_block(&key, block), [3, 0x12, 0x34, 0x56, 0x80, 0, 0, 0]);
        assert_eq!((encipher_pin(&key, &[1]), encipher_pin(&key, &[1; 7])), (None, None));
    }
}

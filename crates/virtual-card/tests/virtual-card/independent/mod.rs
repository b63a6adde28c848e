//! The same cryptography a second time, from block ciphers up, for comparison.

pub(crate) mod purse;
pub(crate) mod scp02;
pub(crate) mod scp03;

use aes::{Aes128, Aes192, Aes256};
use des::{
    Des,
    cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn des(key: &[u8], block: &[u8]) -> Vec<u8> {
    let mut block: [u8; 8] = block.try_into().unwrap();
    Des::new_from_slice(key).unwrap().encrypt_block((&mut block).into());
    block.to_vec()
}

pub(crate) fn des_inverse(key: &[u8], block: &[u8]) -> Vec<u8> {
    let mut block: [u8; 8] = block.try_into().unwrap();
    Des::new_from_slice(key).unwrap().decrypt_block((&mut block).into());
    block.to_vec()
}

/// Encrypt, decrypt, encrypt.
pub(crate) fn triple_des(key: &[u8], block: &[u8]) -> Vec<u8> {
    des(&key[..8], &des_inverse(&key[8..], &des(&key[..8], block)))
}

pub(crate) fn aes(key: &[u8], block: &[u8]) -> Vec<u8> {
    let mut block: [u8; 16] = block.try_into().unwrap();
    match key.len() {
        16 => Aes128::new_from_slice(key).unwrap().encrypt_block((&mut block).into()),
        24 => Aes192::new_from_slice(key).unwrap().encrypt_block((&mut block).into()),
        _ => Aes256::new_from_slice(key).unwrap().encrypt_block((&mut block).into()),
    }
    block.to_vec()
}

pub(crate) fn xor(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one ^ other).collect()
}

/// 80, then zeros up to a whole block.
pub(crate) fn padded(data: &[u8], block: usize) -> Vec<u8> {
    let mut data = data.to_vec();
    data.push(0x80);
    while !data.len().is_multiple_of(block) {
        data.push(0);
    }
    data
}

/// Cipher block chaining over whole blocks.
pub(crate) fn cbc(vector: &[u8], data: &[u8], encrypt: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let (mut chain, mut all) = (vector.to_vec(), Vec::new());
    for block in data.chunks(vector.len()) {
        chain = encrypt(&xor(&chain, block));
        all.extend_from_slice(&chain);
    }
    all
}

pub(crate) fn last(bytes: &[u8], count: usize) -> Vec<u8> {
    bytes[bytes.len() - count..].to_vec()
}

/// Header, Lc where there is data, data, Le where there is one.
pub(crate) fn apdu(header: [u8; 4], data: &[u8], le: Option<u8>) -> Vec<u8> {
    let mut bytes = header.to_vec();
    if !data.is_empty() {
        bytes.push(u8::try_from(data.len()).unwrap());
        bytes.extend_from_slice(data);
    }
    bytes.extend(le);
    bytes
}

/// A command before it is protected.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    pub(crate) header: [u8; 4],
    pub(crate) data: Vec<u8>,
    pub(crate) has_le: bool,
}

impl Plain {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        apdu(self.header, &self.data, self.has_le.then_some(0))
    }

    /// The header of the protected command and its Lc.
    pub(crate) fn protected_header(&self, length: usize) -> Vec<u8> {
        let [cla, ins, p1, p2] = self.header;
        vec![cla | 0x04, ins, p1, p2, u8::try_from(length + 8).unwrap()]
    }
}

//! Codes of the purse.

use super::{cbc, des, hex, padded, triple_des, xor};

pub(crate) fn session(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    triple_des(key, &parts.concat())
}

/// Four bytes, as entries write them.
pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> String {
    let blocks = cbc(&[0; 8], &padded(&parts.concat(), 8), |block| des(key, block));
    hex(&blocks[blocks.len() - 8..][..4])
}

pub(crate) fn code_key(dtk: &[u8]) -> Vec<u8> {
    xor(&dtk[..8], &dtk[8..])
}

pub(crate) fn diversified(master: &[u8], factors: &[[u8; 8]]) -> Vec<u8> {
    factors.iter().fold(master.to_vec(), |key, factor| {
        let complement: Vec<u8> = factor.iter().map(|byte| 255 - byte).collect();
        [triple_des(&key, factor), triple_des(&key, &complement)].concat()
    })
}

//! Keys, one type for each purpose, so that a load key cannot sign a purchase.

use core::{fmt, hash::Hash, marker::PhantomData};

use des::{
    Des, TdesEde2,
    cipher::{Block, BlockCipherEncrypt, KeyInit},
};
use sm4::Sm4;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Which cipher a key is for. The identifier that a card shows is mapped to it by the issuer's profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// 3DES-EDE2 and single DES, as PBOC 2.0.
    #[default]
    TripleDes,
    /// This system's own variant with SM4.
    Sm4Own,
}

/// What a key is for.
pub trait Purpose: Copy + Eq + Hash + fmt::Debug {
    /// The usage byte of a key record (FMCOS); below 30 this system's own.
    const USAGE: u8;
    /// The name in PBOC.
    const NAME: &'static str;
}

macro_rules! purposes {
    ($($(#[$doc:meta])* $marker:ident, $key:ident, $usage:literal, $name:literal;)*) => {$(
        #[doc = concat!("Purpose of ", $name, ".")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $marker {}

        impl Purpose for $marker {
            const USAGE: u8 = $usage;
            const NAME: &'static str = $name;
        }

        $(#[$doc])*
        pub type $key = Key<$marker>;
    )*};
}

purposes! {
    /// Signs loads, DLK.
    Load, Dlk, 0x3F, "DLK";
    /// Signs purchases, DPK.
    Purchase, Dpk, 0x3E, "DPK";
    /// Signs unloads and online unlocks, DULK.
    Unload, Dulk, 0x3D, "DULK";
    /// Signs new overdraft limits, DUK.
    Overdraft, Duk, 0x3C, "DUK";
    /// Makes TACs, DTK.
    TransactionCode, Dtk, 0x34, "DTK";
    /// Protects maintenance of the application and its files, DAMK.
    Maintenance, Damk, 0x36, "DAMK";
    /// Unblocks a PIN, DPUK.
    PinUnblock, Dpuk, 0x37, "DPUK";
    /// Replaces a PIN, DRPK.
    PinReload, Drpk, 0x38, "DRPK";
    /// Signs cancels of a purchase.
    Cancel, Dck, 0x21, "DCK";
    /// Signs conversions between pockets.
    Conversion, Dxk, 0x22, "DXK";
    /// Signs new parameters of the purse.
    Parameters, Dmk, 0x23, "DMK";
    /// Signs completions of an open split.
    Completion, Dsk, 0x24, "DSK";
    /// Signs credit grades.
    Grade, Dgk, 0x25, "DGK";
}

/// A 16-byte key for one purpose. Wiped from memory when it goes, and never shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key<P> {
    bytes: [u8; 16],
    purpose: PhantomData<P>,
}

impl<P> Drop for Key<P> {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl<P> ZeroizeOnDrop for Key<P> {}

impl<P: Purpose> fmt::Debug for Key<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(P::NAME)
    }
}

impl<P> Key<P> {
    /// A key of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self { bytes, purpose: PhantomData }
    }

    /// The bytes, for a key record.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 16] {
        &self.bytes
    }

    /// The key of one level below: the left half enciphers the factor, the right half its complement.
    #[must_use]
    pub fn diversified(&self, algorithm: Algorithm, factor: [u8; 8]) -> Self {
        let complement = factor.map(|byte| !byte);
        let mut bytes = [0; 16];
        let (left, right) = bytes.split_at_mut(8);
        left.copy_from_slice(&factor);
        right.copy_from_slice(&complement);
        match algorithm {
            Algorithm::TripleDes => {
                left.copy_from_slice(&triple_des(&self.bytes, factor));
                right.copy_from_slice(&triple_des(&self.bytes, complement));
            }
            Algorithm::Sm4Own => bytes = sm4(&self.bytes, bytes),
        }
        Self::new(bytes)
    }

    /// The key after one level for each factor, in order.
    #[must_use]
    pub fn diversified_by(&self, algorithm: Algorithm, factors: &[[u8; 8]]) -> Self
    where
        P: Clone,
    {
        factors.iter().fold(self.clone(), |key, factor| key.diversified(algorithm, *factor))
    }

    /// Whether both halves are equal, parity bits aside: then 3DES is single DES, and the TAC key of such a DTK is zero.
    #[must_use]
    pub fn has_equal_halves(&self) -> bool {
        let (left, right) = self.bytes.split_at(8);
        left.iter().zip(right).all(|(left, right)| (left ^ right) & 0xFE == 0)
    }
}

/// One block under 3DES-EDE2.
pub(crate) fn triple_des(key: &[u8; 16], block: [u8; 8]) -> [u8; 8] {
    let mut block: Block<TdesEde2> = block.into();
    TdesEde2::new(&(*key).into()).encrypt_block(&mut block);
    block.into()
}

/// The cipher of one MAC, with its key schedule.
pub(crate) fn single_des(key: [u8; 8]) -> Des {
    Des::new(&key.into())
}

/// One block under SM4.
pub(crate) fn sm4(key: &[u8; 16], block: [u8; 16]) -> [u8; 16] {
    let mut block: Block<Sm4> = block.into();
    Sm4::new(&(*key).into()).encrypt_block(&mut block);
    block.into()
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    /// GB/T 32907-2016, appendix A.1: the example block.
    #[test]
    fn sm4_gives_the_standards_example() {
        let key = 0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210_u128.to_be_bytes();
        assert_eq!(sm4(&key, key), 0x681E_DF34_D206_965E_86B3_E94F_536E_4246_u128.to_be_bytes());
    }

    /// GB/T 32907-2016, appendix A.2: the same, a million times.
    #[test]
    fn sm4_gives_the_standards_example_after_a_million_rounds() {
        let key = 0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210_u128.to_be_bytes();
        let last = (0..1_000_000).fold(key, |block, _| sm4(&key, block));
        assert_eq!(last, 0x5952_98C7_C6FD_271F_0402_F804_C33D_3F66_u128.to_be_bytes());
    }

    #[test]
    fn a_key_does_not_show_itself() {
        assert_eq!(format!("{:?}", Dlk::new([0xAB; 16])), "DLK");
    }

    #[test]
    fn equal_halves_are_found_whatever_their_parity() {
        assert!(Dtk::new([0x34; 16]).has_equal_halves());
        let mut bytes = [0x34; 16];
        bytes[15] = 0x35;
        assert!(Dtk::new(bytes).has_equal_halves());
        bytes[15] = 0x36;
        assert!(!Dtk::new(bytes).has_equal_halves());
    }
}

use core::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use ledger::Timestamp;

use crate::tree::Hash;

/// What every signed text begins with.
const CONTEXT: &[u8] = b"sycee audit head v1\n";

/// The length of a stored head with its signature.
pub const HEAD_BYTES: usize = 8 + 8 + 32 + 64;

/// How long the log was at a moment, and the root of its tree then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many entries.
    pub size: u64,
    /// When.
    pub at: Timestamp,
    /// The root of the tree over them.
    pub root: Hash,
}

impl Head {
    fn signed_bytes(&self) -> Vec<u8> {
        [CONTEXT, &self.size.to_be_bytes(), &self.at.0.to_be_bytes(), &self.root].concat()
    }
}

/// A head with the log's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// What is signed.
    pub head: Head,
    /// Ed25519 (RFC 8032) over the context line, size and time as 8 bytes each, big-endian, and the root.
    pub signature: [u8; 64],
}

/// The signature is not the log's over this head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("signature of the tree head is not the log's")
    }
}

impl core::error::Error for BadSignature {}

impl SignedHead {
    /// Size, time, root and signature, one after the other.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[..8].copy_from_slice(&self.head.size.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.head.at.0.to_be_bytes());
        bytes[16..48].copy_from_slice(&self.head.root);
        bytes[48..].copy_from_slice(&self.signature);
        bytes
    }

    /// The head with this [`SignedHead::to_bytes`]; its signature is still to be verified.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; HEAD_BYTES]) -> Self {
        let (size, rest) = bytes.split_first_chunk::<8>().expect("112 bytes have 8");
        let (at, rest) = rest.split_first_chunk::<8>().expect("104 bytes have 8");
        let (root, rest) = rest.split_first_chunk::<32>().expect("96 bytes have 32");
        let signature = rest.first_chunk::<64>().expect("64 bytes are left");
        let head =
            Head { size: u64::from_be_bytes(*size), at: Timestamp(u64::from_be_bytes(*at)), root: *root };
        Self { head, signature: *signature }
    }
}

/// The key that signs heads.
#[derive(Clone)]
pub struct LogKey(SigningKey);

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogKey")
    }
}

impl LogKey {
    /// The key made of 32 bytes that nobody else knows.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// What others verify with.
    #[must_use]
    pub fn public(&self) -> LogPublicKey {
        LogPublicKey(self.0.verifying_key())
    }

    /// Signs a head.
    #[must_use]
    pub fn sign(&self, head: Head) -> SignedHead {
        SignedHead { head, signature: self.0.sign(&head.signed_bytes()).to_bytes() }
    }
}

/// The key that verifies heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPublicKey(VerifyingKey);

impl LogPublicKey {
    /// The key with these bytes. `None` where they are no point of the curve.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        VerifyingKey::from_bytes(bytes).ok().map(Self)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Whether the log signed this head.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, signed: &SignedHead) -> Result<(), BadSignature> {
        let signature = Signature::from_bytes(&signed.signature);
        self.0.verify_strict(&signed.head.signed_bytes(), &signature).map_err(|_| BadSignature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_verified_by_the_key_that_signed_it_only() {
        let key = LogKey::from_seed([7; 32]);
        let signed = key.sign(Head { size: 5, at: Timestamp(9), root: [1; 32] });
        assert_eq!(key.public().verify(&signed), Ok(()));
        assert_eq!(SignedHead::from_bytes(&signed.to_bytes()), signed);
        assert_eq!(LogKey::from_seed([8; 32]).public().verify(&signed), Err(BadSignature));
        for at in 0..HEAD_BYTES {
            let mut bytes = signed.to_bytes();
            bytes[at] ^= 1;
            assert_eq!(key.public().verify(&SignedHead::from_bytes(&bytes)), Err(BadSignature), "byte {at}");
        }
    }
}

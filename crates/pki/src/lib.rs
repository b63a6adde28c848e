//! What purses and terminals prove themselves with: Ed25519 keys and certificates of 148 bytes, from the scheme over an
//! issuer to a purse, terminal or PSAM. No heap, no clock, no randomness: seeds and the day come in as arguments.
//!
//! * [`KeyPair`], [`PublicKey`]: sign and verify under a [`Context`], so that no signature means two things.
//! * [`Certificate`]: one fixed encoding; [`KeyPair::issue`] makes one.
//! * [`Trust`]: which chains are believed today.
//!
//! Invariants:
//! * a certificate has one encoding, and whatever differs from it by one bit is refused;
//! * a kind is issued by one other kind only, so no purse can issue and no issuer can pay;
//! * secrets are wiped when dropped, and never shown.
#![no_std]

#[cfg(test)]
extern crate std;

mod certificate;
mod key;
mod trust;

pub use certificate::{
    CERTIFICATE_BYTES, Certificate, CertificateBody, Day, Generation, IssueError, Kind, Malformed, Serial,
    SubjectId,
};
pub use key::{BadSignature, Context, KeyPair, MESSAGE_BYTES_MAX, MessageTooLong, PublicKey, Signature};
pub use trust::{Anchor, CertificateChain, Link, Reason, Refusal, Revoked, Trust};

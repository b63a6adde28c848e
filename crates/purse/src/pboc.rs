//! The cryptography of PBOC 2.0 purses (electronic deposit and electronic purse) as real cards compute it.
//!
//! * [`key`]: keys by purpose, their diversification for a card; [`session`]: session keys and the MAC under them.
//! * [`transaction`]: the MACs and TACs of each transaction, as pure functions.
//! * [`secure_messaging`]: the MAC over a command, and enciphered PINs.
//!
//! The session key is 3DES-EDE2 of one block under a 16-byte key; the MAC is single-DES CBC-MAC from a zero vector with
//! padding 80 00 …, its first four bytes; the TAC is such a MAC under the two halves of DTK, XORed.
//!
//! [`key::Algorithm::Sm4Own`] is this system's own variant with SM4 (GB/T 32907) and 16-byte blocks. No public vector of
//! any other SM4 purse is known, and compatibility with one is not claimed: the session input is padded with 80 00 … to a
//! block; the MAC is SM4-CBC-MAC with the same padding rule; the TAC key is DTK as it is; the diversified key is SM4 of
//! factor ‖ complement of the factor.

pub mod grey_lock;
pub mod key;
pub mod secure_messaging;
pub mod session;
pub mod transaction;

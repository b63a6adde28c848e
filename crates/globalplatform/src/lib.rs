//! Cards as GlobalPlatform has them. No heap, no clock, no randomness, no outside world: bytes in, bytes out.
//!
//! * [`apdu`]: commands and responses of ISO/IEC 7816-4 in their short form; [`status`]: status words.
//! * [`tlv`]: BER-TLV, read and written in slices.
//! * [`block_cipher`]: keys of AES and Triple-DES, check values.
//! * [`secure_channel`]: SCP03 and SCP02, host and card.
//!
//! Nothing here panics on bytes from outside, and whatever is refused has changed nothing.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod apdu;
pub mod block_cipher;
pub mod secure_channel;
pub mod status;
pub mod tlv;

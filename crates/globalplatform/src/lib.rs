//! Cards as GlobalPlatform has them. No heap, no clock, no randomness, no outside world: bytes in, bytes out.
//!
//! * [`apdu`]: commands and responses of ISO/IEC 7816-4 in their short form; [`status`]: status words.
//! * [`tlv`]: BER-TLV, read and written in slices.
//!
//! Nothing here panics on bytes from outside, and whatever is refused has changed nothing.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod apdu;
pub mod status;
pub mod tlv;

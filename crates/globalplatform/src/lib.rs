//! Cards as GlobalPlatform has them. No heap, no clock, no randomness, no outside world: bytes in, bytes out.
//!
//! * [`apdu`]: commands and responses of ISO/IEC 7816-4 in their short form; [`status`]: status words.
//! * [`tlv`]: BER-TLV, read and written in slices.
//! * [`block_cipher`]: keys of AES and Triple-DES, check values.
//! * [`secure_channel`]: SCP03 and SCP02, host and card.
//! * [`keys`]: root keys, keys of security domains, keys of applications; [`put_key`] carries them.
//! * [`registry`]: what a card holds; [`life_cycle`]: how far it has come.
//! * [`domain`]: the security domains' one `step` from a command to an answer.
//!
//! Nothing here panics on bytes from outside, and whatever is refused has changed nothing.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod aid;
pub mod apdu;
pub mod block_cipher;
pub mod domain;
pub mod keys;
pub mod life_cycle;
pub mod put_key;
pub mod registry;
pub mod secure_channel;
pub mod status;
pub mod tlv;

//! Secure channels between a host and a security domain: SCP03 (GlobalPlatform, Amendment D 1.1.2) and, for old cards,
//! SCP02 (GlobalPlatform 2.3.1, annex E; options i=15 and i=55). Both sides, so that each is tested against the other.
//!
//! Definitions: a channel is *opened* by INITIALIZE UPDATE and EXTERNAL AUTHENTICATE; its *level* says what protects the
//! commands and responses after that.
//!
//! Invariants:
//! * a message that is changed, repeated, left out or out of order is refused, and the channel has ended with it;
//! * why a protected message was refused is not told to whom sent it: MAC and padding give the same status word;
//! * responses with an error status carry neither data nor MAC (Amendment D, section 6.2.5).

mod card;
mod error;
mod host;
mod level;
pub mod scp02;
pub mod scp03;

pub use card::{CardChannel, CardOpening, KeyIdentity};
pub use error::ChannelError;
pub use host::{HostChannel, HostOpening};
pub use level::SecurityLevel;

use crate::apdu::Command;

/// INS of INITIALIZE UPDATE.
pub const INITIALIZE_UPDATE: u8 = 0x50;
/// INS of EXTERNAL AUTHENTICATE.
pub const EXTERNAL_AUTHENTICATE: u8 = 0x82;
/// A challenge of the host, and of the card in SCP03.
pub type Challenge = [u8; 8];
/// What proves that one side knows the keys.
pub type Cryptogram = [u8; 8];

/// The bit of CLA that says that the message is protected.
const PROTECTED: u8 = 0x04;
/// The MACs of messages, S8 mode of SCP03.
const MAC_BYTES: usize = 8;

/// The keys of one version, for one protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StaticKeys {
    /// Triple-DES.
    Scp02(scp02::StaticKeys),
    /// AES.
    Scp03(scp03::StaticKeys),
}

/// Data and MAC of a protected command.
fn split_mac<'a>(command: &Command<'a>) -> Result<(&'a [u8], &'a [u8; MAC_BYTES]), ChannelError> {
    if command.cla & PROTECTED == 0 {
        return Err(ChannelError::NotProtected);
    }
    command.data().split_last_chunk().ok_or(ChannelError::NotProtected)
}

/// Le of a protected command: any length, where the command asks for data.
fn le_of(command: &Command<'_>) -> Option<u16> {
    command.le().map(|_| 256)
}

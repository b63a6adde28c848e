//! The three messages of a transfer, and what else a purse signs.

use pki::{Context, KeyPair, PublicKey, Signature};

use super::pay_details::PayDetails;

/// Entries of an exception log are signed under this: purse 16 ‖ entry 49.
pub const EXCEPTION: Context = Context::new("sycee vtp exception v1");
/// Reports are signed under this: purse 16 ‖ challenge 16 ‖ report 90.
pub const REPORT: Context = Context::new("sycee vtp report v1");
/// What the issuer signs for one purse.
pub(super) const AUTHORITY: Context = Context::new("sycee vtp issuer v1");

/// Which message of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageKind {
    /// The payee asks for the value.
    Req,
    /// The payer's debit is in memory.
    Val,
    /// The payee's credit is in memory.
    Ack,
}

impl MessageKind {
    const fn context(self) -> Context {
        match self {
            Self::Req => Context::new("sycee vtp req v1"),
            Self::Val => Context::new("sycee vtp val v1"),
            Self::Ack => Context::new("sycee vtp ack v1"),
        }
    }

    /// The identifier in the answer of RESUME.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Req => 1,
            Self::Val => 2,
            Self::Ack => 3,
        }
    }
}

/// Pay details and the signature of the purse that sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Message {
    /// What it speaks of.
    pub details: PayDetails,
    /// Over the details, under the context of its kind.
    pub signature: Signature,
}

impl Message {
    /// Its size.
    pub const BYTES: usize = PayDetails::BYTES + 64;

    /// Signs a message. `None` never happens: pay details are short enough to be signed.
    pub(super) fn signed(kind: MessageKind, details: PayDetails, key: &KeyPair) -> Option<Self> {
        let signature = key.sign(kind.context(), &details.to_bytes()).ok()?;
        Some(Self { details, signature })
    }

    /// Whether this key signed it as a message of this kind.
    #[must_use]
    pub fn is_signed(&self, kind: MessageKind, key: &PublicKey) -> bool {
        key.verify(kind.context(), &self.details.to_bytes(), &self.signature).is_ok()
    }

    /// Details 48 ‖ signature 64.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let all = self.details.to_bytes().into_iter().chain(self.signature);
        bytes.iter_mut().zip(all).for_each(|(place, byte)| *place = byte);
        bytes
    }

    /// Reads [`Message::to_bytes`]. Nothing about it is believed before its signature is checked.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let (details, signature) = bytes.split_last_chunk::<64>()?;
        Some(Self { details: PayDetails::from_bytes(details.try_into().ok()?)?, signature: *signature })
    }
}

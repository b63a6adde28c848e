//! Ids of everything that records describe, and how ledger ids are derived from facts.

use core::fmt;
use core::str::FromStr;

use ledger::{AccountId, TransferId};

/// The text is not 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("id is not 32 lowercase hexadecimal digits")
    }
}

impl core::error::Error for NotAnId {}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// The id with these bits.
            #[must_use]
            pub const fn new(bits: u128) -> Self {
                Self(bits)
            }

            /// The bits.
            #[must_use]
            pub const fn bits(self) -> u128 {
                self.0
            }

            /// The canonical 16 bytes, big-endian.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }

            /// From the canonical 16 bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(u128::from_be_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:032x})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                if text.len() != 32 || !text.bytes().all(digits) {
                    return Err(NotAnId);
                }
                u128::from_str_radix(text, 16).map(Self).map_err(|_| NotAnId)
            }
        }
    )*};
}

id! {
    /// A person or role that can log in: holder, merchant staff or operator.
    PrincipalId;
    /// A wallet holder. The same bits as the holder's [`PrincipalId`].
    HolderId;
    /// A merchant.
    MerchantId;
    /// A bank behind the bank connector.
    BankId;
    /// A bank card bound to a wallet.
    CardId;
    /// One durable operation: a top-up, withdrawal, transfer, payment or refund.
    OperationId;
    /// A login on one device.
    SessionId;
    /// A key of the HTTP API.
    ApiKeyId;
    /// What a merchant asks somebody to pay.
    OrderId;
    /// Something a merchant sells, as a key of its till.
    ItemId;
    /// Where a merchant wants to be told of what happens.
    EndpointId;
    /// One thing that merchants are told of.
    MessageId;
    /// Money that one holder asks another for.
    RequestId;
    /// A bill that several people share.
    SplitId;
    /// What a biller asks a holder for.
    BillId;
    /// An offer or want on the neighbours' board.
    PostId;
    /// A question that only the payer can answer, asked before something risky.
    ChallengeId;
    /// Something that one person asked for and another has to approve.
    ApprovalId;
    /// A rule of risk.
    RuleId;
    /// A statement file of a bank.
    StatementId;
    /// One thing in a holder's vault.
    VaultItemId;
    /// A passkey of somebody who can log in.
    PasskeyId;
    /// A voucher: the bits of the operation that sold it.
    VoucherId;
    /// A master key, of which custodians hold shares.
    MasterKeyId;
    /// Card purses that were made together.
    IssueBatchId;
    /// What a holder wants on a card purse, the next time it is at a terminal that is online.
    LoadOrderId;
    /// The part of a split sale that a holder's wallet owes.
    CardDueId;
    /// Transfers of card purses that were decided together, and are to be made.
    PostingsId;
}

impl From<HolderId> for PrincipalId {
    fn from(holder: HolderId) -> Self {
        Self(holder.0)
    }
}

/// 128 bits that stand for a fact: BLAKE3 in key-derivation mode, `domain` as context, each part with its length before
/// it, so that no two lists of parts give the same bytes. Never 0 and never all ones.
#[must_use]
pub fn derive(domain: &'static str, parts: &[&[u8]]) -> u128 {
    let mut hasher = blake3::Hasher::new_derive_key(domain);
    for part in parts {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        hasher.update(&length.to_be_bytes());
        hasher.update(part);
    }
    let hash = hasher.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    u128::from_be_bytes(bytes).clamp(1, u128::MAX - 1)
}

/// The ledger account that stands for a fact, such as "the wallet of this holder in this currency".
#[must_use]
pub fn derive_account(domain: &'static str, parts: &[&[u8]]) -> AccountId {
    AccountId(derive(domain, parts))
}

/// The transfer that stands for a fact, such as "the posting of this top-up".
#[must_use]
pub fn derive_transfer(domain: &'static str, parts: &[&[u8]]) -> TransferId {
    TransferId(derive(domain, parts))
}

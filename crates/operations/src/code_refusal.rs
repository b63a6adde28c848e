//! Why a code to pay by is refused.

use core::fmt;

/// Why a code to pay by is refused. Nothing was moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodeRefusal {
    /// It is not a code to pay by at all.
    NotACode,
    /// Its checksum is wrong: it was damaged, or changed by hand.
    Damaged,
    /// It asks to be paid in another system.
    Foreign,
    /// It is not signed by this operator: somebody made or changed it.
    Forged,
    /// Its time is over.
    Expired,
    /// It was used before.
    Used,
    /// The amount is above what the code allows.
    OverLimit {
        /// The most, in minor units.
        most: u64,
    },
    /// The payer has yet to confirm this amount on their own device.
    NotConfirmed,
    /// The payer said no.
    Rejected,
    /// No code could be found in the picture.
    NothingSeen,
}

impl fmt::Display for CodeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACode => f.write_str("code is not one to pay by"),
            Self::Damaged => f.write_str("code is damaged: its checksum is wrong"),
            Self::Foreign => f.write_str("code belongs to another payment system"),
            Self::Forged => f.write_str("code is not signed by this operator"),
            Self::Expired => f.write_str("code has expired"),
            Self::Used => f.write_str("code was used before"),
            Self::OverLimit { most } => write!(f, "amount is above the code's limit of {most} minor units"),
            Self::NotConfirmed => f.write_str("payer has yet to confirm"),
            Self::Rejected => f.write_str("payer rejected the charge"),
            Self::NothingSeen => f.write_str("no code was found in the picture"),
        }
    }
}

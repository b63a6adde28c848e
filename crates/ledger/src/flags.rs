//! The flag words of accounts, transfers and filters. Bit positions are those of the public TigerBeetle model.

use core::ops::{BitOr, BitOrAssign};

macro_rules! flags {
    ($(#[$doc:meta])* $name:ident($int:ty) { $($(#[$flag_doc:meta])* $flag:ident = $bit:expr, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
        pub struct $name(pub $int);

        impl $name {
            /// No flag set.
            pub const NONE: Self = Self(0);
            $($(#[$flag_doc])* pub const $flag: Self = Self(1 << $bit);)*
            /// Every flag that has a meaning.
            pub const KNOWN: Self = Self(0 $(| (1 << $bit))*);
            /// Each flag with its name in the model, lowest bit first.
            pub const NAMES: &'static [(Self, &'static str)] = &[$((Self::$flag, $text)),*];

            /// Whether every flag of `other` is set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether any flag of `other` is set.
            #[must_use]
            pub const fn intersects(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }

            /// Whether a bit without a meaning is set.
            #[must_use]
            pub const fn has_padding(self) -> bool {
                self.0 & !Self::KNOWN.0 != 0
            }

            /// These flags without those of `other`.
            #[must_use]
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// The flag of that name in the model.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::NAMES.iter().find(|(_, text)| *text == name).map(|(flag, _)| *flag)
            }
        }

        impl BitOr for $name {
            type Output = Self;
            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl BitOrAssign for $name {
            fn bitor_assign(&mut self, other: Self) {
                self.0 |= other.0;
            }
        }
    };
}

flags! {
    /// Flags of an account.
    AccountFlags(u16) {
        /// Succeeds or fails together with the next event of the batch.
        LINKED = 0, "linked";
        /// `debits_pending + debits_posted ≤ credits_posted`: the account may not be overdrawn.
        DEBITS_MUST_NOT_EXCEED_CREDITS = 1, "debits_must_not_exceed_credits";
        /// `credits_pending + credits_posted ≤ debits_posted`.
        CREDITS_MUST_NOT_EXCEED_DEBITS = 2, "credits_must_not_exceed_debits";
        /// Balances after each transfer can be asked for.
        HISTORY = 3, "history";
        /// Carries a timestamp of the past, given by the client.
        IMPORTED = 4, "imported";
        /// Takes no transfer but the voiding of a pending one.
        CLOSED = 5, "closed";
    }
}

flags! {
    /// Flags of a transfer.
    TransferFlags(u16) {
        /// Succeeds or fails together with the next event of the batch.
        LINKED = 0, "linked";
        /// Reserves the amount until it is posted, voided or expired.
        PENDING = 1, "pending";
        /// Posts the pending transfer `pending_id`, in whole or in part.
        POST_PENDING_TRANSFER = 2, "post_pending_transfer";
        /// Voids the pending transfer `pending_id`.
        VOID_PENDING_TRANSFER = 3, "void_pending_transfer";
        /// Moves at most `amount`, and no more than the debit account has.
        BALANCING_DEBIT = 4, "balancing_debit";
        /// Moves at most `amount`, and no more than the credit account owes.
        BALANCING_CREDIT = 5, "balancing_credit";
        /// Closes the debit account until the pending transfer is voided.
        CLOSING_DEBIT = 6, "closing_debit";
        /// Closes the credit account until the pending transfer is voided.
        CLOSING_CREDIT = 7, "closing_credit";
        /// Carries a timestamp of the past, given by the client.
        IMPORTED = 8, "imported";
    }
}

flags! {
    /// Flags of an [`AccountFilter`](crate::AccountFilter).
    AccountFilterFlags(u32) {
        /// Transfers that debit the account.
        DEBITS = 0, "debits";
        /// Transfers that credit the account.
        CREDITS = 1, "credits";
        /// Newest first.
        REVERSED = 2, "reversed";
    }
}

flags! {
    /// Flags of a [`QueryFilter`](crate::QueryFilter).
    QueryFilterFlags(u32) {
        /// Newest first.
        REVERSED = 0, "reversed";
    }
}

//! Why an operation did not happen.

use bank::Decline;

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)*) => {
        /// Why an operation was declined or reversed. The code is kept in the records and is part of the API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$doc])* $variant,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code of the reason.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }
        }
    };
}

reasons! {
    /// The payer has less than the amount.
    InsufficientFunds = "insufficient_funds",
    /// A wallet or merchant account is closed.
    AccountClosed = "account_closed",
    /// A wallet or merchant account was never opened in the ledger.
    AccountMissing = "account_missing",
    /// The operator's money at that bank does not cover the withdrawal.
    BankFloatShort = "bank_float_short",
    /// More than what is left of the payment after earlier refunds.
    RefundExceedsPayment = "refund_exceeds_payment",
    /// The merchant has less than the refund.
    MerchantBalanceShort = "merchant_balance_short",
    /// The order was paid by somebody else, has expired, or was cancelled.
    OrderEnded = "order_ended",
    /// Less waits in escrow than asked for: it left before, or a dispute holds it.
    EscrowShort = "escrow_short",
    /// Refused before; the reason of then was lost in an interruption.
    RefusedEarlier = "refused_earlier",
    /// Interrupted before anything was decided, and given up.
    Interrupted = "interrupted",
    /// The bank could not be reached in time; the operation was stopped there.
    BankUnreachable = "bank_unreachable",
    /// The bank does not know the card.
    CardUnknown = "card_unknown",
    /// The card is frozen.
    CardFrozen = "card_frozen",
    /// The card has expired.
    CardExpired = "card_expired",
    /// The card is on the black list.
    CardBlacklisted = "card_blacklisted",
    /// The card's account has less than the amount.
    CardFundsShort = "card_funds_short",
    /// Above the card's limit for one charge.
    CardLimitPerCharge = "card_limit_per_charge",
    /// Above the card's limit for one day.
    CardLimitPerDay = "card_limit_per_day",
    /// The card's account is in another currency.
    CardCurrency = "card_currency",
    /// More than what is left of the holder's own limit for the day.
    OverDailyLimit = "over_daily_limit",
    /// What it would pay has been paid by another operation.
    PaidBefore = "paid_before",
    /// The holder said no when the bank asked.
    RefusedAtBank = "refused_at_bank",
    /// The bank asks the holder at its own page before it charges the card: the one reason of an outcome that is still
    /// unknown.
    BankAsks = "bank_asks",
    /// The holder gave the bank no answer in time.
    BankNotAnswered = "bank_not_answered",
    /// The bank declined without a reason.
    BankDeclined = "bank_declined",
    /// A person looked at it and declined.
    DeclinedAfterReview = "declined_after_review",
    /// Nobody decided about it in time.
    ReviewExpired = "review_expired",
}

impl Reason {
    /// The reason with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}

impl From<Decline> for Reason {
    fn from(decline: Decline) -> Self {
        match decline {
            Decline::UnknownCard => Self::CardUnknown,
            Decline::CardFrozen => Self::CardFrozen,
            Decline::CardExpired => Self::CardExpired,
            Decline::CardBlacklisted => Self::CardBlacklisted,
            Decline::InsufficientFunds => Self::CardFundsShort,
            Decline::OverChargeLimit => Self::CardLimitPerCharge,
            Decline::OverDailyLimit => Self::CardLimitPerDay,
            Decline::OtherCurrency => Self::CardCurrency,
            Decline::RefusedByCustomer => Self::RefusedAtBank,
            Decline::OperatorShort => Self::BankFloatShort,
            Decline::OperationDiffers | Decline::Unspecified => Self::BankDeclined,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_found_by_its_code() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
        }
        assert_eq!(Reason::from_code("because"), None);
    }
}

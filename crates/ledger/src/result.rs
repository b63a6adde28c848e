//! Every answer the ledger can give. Names, numbers and precedence are those of the public TigerBeetle model.

use crate::Timestamp;

macro_rules! results {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $number:expr, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every outcome, in order of precedence.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in the model.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// The number in the model.
            #[must_use]
            pub const fn number(self) -> u32 {
                match self {
                    $(Self::$variant => $number,)*
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

results! {
    /// The outcome of one account of a `create_accounts` batch, in order of precedence: the first that applies is the answer.
    CreateAccountStatus {
        /// Created now.
        Created = 0xFFFF_FFFF, "created";
        /// Another event of the same chain failed.
        LinkedEventFailed = 1, "linked_event_failed";
        /// The last event of the batch is still linked.
        LinkedEventChainOpen = 2, "linked_event_chain_open";
        /// Imported event expected.
        ImportedEventExpected = 22, "imported_event_expected";
        /// Imported event not expected.
        ImportedEventNotExpected = 23, "imported_event_not_expected";
        /// Timestamp must be zero.
        TimestampMustBeZero = 3, "timestamp_must_be_zero";
        /// Imported event timestamp out of range.
        ImportedEventTimestampOutOfRange = 24, "imported_event_timestamp_out_of_range";
        /// Imported event timestamp must not advance.
        ImportedEventTimestampMustNotAdvance = 25, "imported_event_timestamp_must_not_advance";
        /// Reserved field.
        ReservedField = 4, "reserved_field";
        /// Reserved flag.
        ReservedFlag = 5, "reserved_flag";
        /// Id must not be zero.
        IdMustNotBeZero = 6, "id_must_not_be_zero";
        /// Id must not be int max.
        IdMustNotBeIntMax = 7, "id_must_not_be_int_max";
        /// Exists with different flags.
        ExistsWithDifferentFlags = 15, "exists_with_different_flags";
        /// Exists with different user data 128.
        ExistsWithDifferentUserData128 = 16, "exists_with_different_user_data_128";
        /// Exists with different user data 64.
        ExistsWithDifferentUserData64 = 17, "exists_with_different_user_data_64";
        /// Exists with different user data 32.
        ExistsWithDifferentUserData32 = 18, "exists_with_different_user_data_32";
        /// Exists with different ledger.
        ExistsWithDifferentLedger = 19, "exists_with_different_ledger";
        /// Exists with different code.
        ExistsWithDifferentCode = 20, "exists_with_different_code";
        /// The same event was created before; nothing changed.
        Exists = 21, "exists";
        /// Flags are mutually exclusive.
        FlagsAreMutuallyExclusive = 8, "flags_are_mutually_exclusive";
        /// Debits pending must be zero.
        DebitsPendingMustBeZero = 9, "debits_pending_must_be_zero";
        /// Debits posted must be zero.
        DebitsPostedMustBeZero = 10, "debits_posted_must_be_zero";
        /// Credits pending must be zero.
        CreditsPendingMustBeZero = 11, "credits_pending_must_be_zero";
        /// Credits posted must be zero.
        CreditsPostedMustBeZero = 12, "credits_posted_must_be_zero";
        /// Ledger must not be zero.
        LedgerMustNotBeZero = 13, "ledger_must_not_be_zero";
        /// Code must not be zero.
        CodeMustNotBeZero = 14, "code_must_not_be_zero";
        /// Imported event timestamp must not regress.
        ImportedEventTimestampMustNotRegress = 26, "imported_event_timestamp_must_not_regress";
    }
}

results! {
    /// The outcome of one transfer of a `create_transfers` batch, in order of precedence: the first that applies is the answer.
    CreateTransferStatus {
        /// Created now.
        Created = 0xFFFF_FFFF, "created";
        /// Another event of the same chain failed.
        LinkedEventFailed = 1, "linked_event_failed";
        /// The last event of the batch is still linked.
        LinkedEventChainOpen = 2, "linked_event_chain_open";
        /// Imported event expected.
        ImportedEventExpected = 56, "imported_event_expected";
        /// Imported event not expected.
        ImportedEventNotExpected = 57, "imported_event_not_expected";
        /// Timestamp must be zero.
        TimestampMustBeZero = 3, "timestamp_must_be_zero";
        /// Imported event timestamp out of range.
        ImportedEventTimestampOutOfRange = 58, "imported_event_timestamp_out_of_range";
        /// Imported event timestamp must not advance.
        ImportedEventTimestampMustNotAdvance = 59, "imported_event_timestamp_must_not_advance";
        /// Reserved flag.
        ReservedFlag = 4, "reserved_flag";
        /// Id must not be zero.
        IdMustNotBeZero = 5, "id_must_not_be_zero";
        /// Id must not be int max.
        IdMustNotBeIntMax = 6, "id_must_not_be_int_max";
        /// Exists with different flags.
        ExistsWithDifferentFlags = 36, "exists_with_different_flags";
        /// Exists with different pending id.
        ExistsWithDifferentPendingId = 40, "exists_with_different_pending_id";
        /// Exists with different timeout.
        ExistsWithDifferentTimeout = 44, "exists_with_different_timeout";
        /// Exists with different debit account id.
        ExistsWithDifferentDebitAccountId = 37, "exists_with_different_debit_account_id";
        /// Exists with different credit account id.
        ExistsWithDifferentCreditAccountId = 38, "exists_with_different_credit_account_id";
        /// Exists with different amount.
        ExistsWithDifferentAmount = 39, "exists_with_different_amount";
        /// Exists with different user data 128.
        ExistsWithDifferentUserData128 = 41, "exists_with_different_user_data_128";
        /// Exists with different user data 64.
        ExistsWithDifferentUserData64 = 42, "exists_with_different_user_data_64";
        /// Exists with different user data 32.
        ExistsWithDifferentUserData32 = 43, "exists_with_different_user_data_32";
        /// Exists with different ledger.
        ExistsWithDifferentLedger = 67, "exists_with_different_ledger";
        /// Exists with different code.
        ExistsWithDifferentCode = 45, "exists_with_different_code";
        /// The same event was created before; nothing changed.
        Exists = 46, "exists";
        /// The id belongs to a transfer that failed for a passing reason; retry under a new id.
        IdAlreadyFailed = 68, "id_already_failed";
        /// Flags are mutually exclusive.
        FlagsAreMutuallyExclusive = 7, "flags_are_mutually_exclusive";
        /// Debit account id must not be zero.
        DebitAccountIdMustNotBeZero = 8, "debit_account_id_must_not_be_zero";
        /// Debit account id must not be int max.
        DebitAccountIdMustNotBeIntMax = 9, "debit_account_id_must_not_be_int_max";
        /// Credit account id must not be zero.
        CreditAccountIdMustNotBeZero = 10, "credit_account_id_must_not_be_zero";
        /// Credit account id must not be int max.
        CreditAccountIdMustNotBeIntMax = 11, "credit_account_id_must_not_be_int_max";
        /// Accounts must be different.
        AccountsMustBeDifferent = 12, "accounts_must_be_different";
        /// Pending id must be zero.
        PendingIdMustBeZero = 13, "pending_id_must_be_zero";
        /// Pending id must not be zero.
        PendingIdMustNotBeZero = 14, "pending_id_must_not_be_zero";
        /// Pending id must not be int max.
        PendingIdMustNotBeIntMax = 15, "pending_id_must_not_be_int_max";
        /// Pending id must be different.
        PendingIdMustBeDifferent = 16, "pending_id_must_be_different";
        /// Timeout reserved for pending transfer.
        TimeoutReservedForPendingTransfer = 17, "timeout_reserved_for_pending_transfer";
        /// Closing transfer must be pending.
        ClosingTransferMustBePending = 64, "closing_transfer_must_be_pending";
        /// Ledger must not be zero.
        LedgerMustNotBeZero = 19, "ledger_must_not_be_zero";
        /// Code must not be zero.
        CodeMustNotBeZero = 20, "code_must_not_be_zero";
        /// Debit account not found.
        DebitAccountNotFound = 21, "debit_account_not_found";
        /// Credit account not found.
        CreditAccountNotFound = 22, "credit_account_not_found";
        /// Accounts must have the same ledger.
        AccountsMustHaveTheSameLedger = 23, "accounts_must_have_the_same_ledger";
        /// Transfer must have the same ledger as accounts.
        TransferMustHaveTheSameLedgerAsAccounts = 24, "transfer_must_have_the_same_ledger_as_accounts";
        /// Pending transfer not found.
        PendingTransferNotFound = 25, "pending_transfer_not_found";
        /// Pending transfer not pending.
        PendingTransferNotPending = 26, "pending_transfer_not_pending";
        /// Pending transfer has different debit account id.
        PendingTransferHasDifferentDebitAccountId = 27, "pending_transfer_has_different_debit_account_id";
        /// Pending transfer has different credit account id.
        PendingTransferHasDifferentCreditAccountId = 28, "pending_transfer_has_different_credit_account_id";
        /// Pending transfer has different ledger.
        PendingTransferHasDifferentLedger = 29, "pending_transfer_has_different_ledger";
        /// Pending transfer has different code.
        PendingTransferHasDifferentCode = 30, "pending_transfer_has_different_code";
        /// Exceeds pending transfer amount.
        ExceedsPendingTransferAmount = 31, "exceeds_pending_transfer_amount";
        /// Pending transfer has different amount.
        PendingTransferHasDifferentAmount = 32, "pending_transfer_has_different_amount";
        /// Pending transfer already posted.
        PendingTransferAlreadyPosted = 33, "pending_transfer_already_posted";
        /// Pending transfer already voided.
        PendingTransferAlreadyVoided = 34, "pending_transfer_already_voided";
        /// Pending transfer expired.
        PendingTransferExpired = 35, "pending_transfer_expired";
        /// Imported event timestamp must not regress.
        ImportedEventTimestampMustNotRegress = 60, "imported_event_timestamp_must_not_regress";
        /// Imported event timestamp must postdate debit account.
        ImportedEventTimestampMustPostdateDebitAccount = 61, "imported_event_timestamp_must_postdate_debit_account";
        /// Imported event timestamp must postdate credit account.
        ImportedEventTimestampMustPostdateCreditAccount = 62, "imported_event_timestamp_must_postdate_credit_account";
        /// Imported event timeout must be zero.
        ImportedEventTimeoutMustBeZero = 63, "imported_event_timeout_must_be_zero";
        /// Debit account already closed.
        DebitAccountAlreadyClosed = 65, "debit_account_already_closed";
        /// Credit account already closed.
        CreditAccountAlreadyClosed = 66, "credit_account_already_closed";
        /// Overflows debits pending.
        OverflowsDebitsPending = 47, "overflows_debits_pending";
        /// Overflows credits pending.
        OverflowsCreditsPending = 48, "overflows_credits_pending";
        /// Overflows debits posted.
        OverflowsDebitsPosted = 49, "overflows_debits_posted";
        /// Overflows credits posted.
        OverflowsCreditsPosted = 50, "overflows_credits_posted";
        /// Overflows debits.
        OverflowsDebits = 51, "overflows_debits";
        /// Overflows credits.
        OverflowsCredits = 52, "overflows_credits";
        /// Overflows timeout.
        OverflowsTimeout = 53, "overflows_timeout";
        /// Exceeds credits.
        ExceedsCredits = 54, "exceeds_credits";
        /// Exceeds debits.
        ExceedsDebits = 55, "exceeds_debits";
    }
}

impl CreateAccountStatus {
    /// Whether the account is there now.
    #[must_use]
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Created | Self::Exists)
    }
}

impl CreateTransferStatus {
    /// Whether the transfer is there now, created by this request or by an earlier one.
    #[must_use]
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Created | Self::Exists)
    }

    /// Whether the same request might succeed later. The ledger remembers the id as failed, so that a late
    /// retry can never succeed behind the back of a client that was told "no".
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::DebitAccountNotFound
                | Self::CreditAccountNotFound
                | Self::PendingTransferNotFound
                | Self::ExceedsCredits
                | Self::ExceedsDebits
                | Self::DebitAccountAlreadyClosed
                | Self::CreditAccountAlreadyClosed
        )
    }
}

/// The answer to one account of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateAccountResult {
    /// What happened.
    pub status: CreateAccountStatus,
    /// When the account was created, or when the request was refused.
    pub timestamp: Timestamp,
}

/// The answer to one transfer of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateTransferResult {
    /// What happened.
    pub status: CreateTransferStatus,
    /// When the transfer was created, or when the request was refused.
    pub timestamp: Timestamp,
}

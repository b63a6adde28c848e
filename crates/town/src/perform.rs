//! What a client asks for, and how the operations receive it.

use ledger::AccountId;
use money::Amount;
use operations::cards::CardRequest;
use operations::payees;
use operations::payment::{self, PaymentRequest};
use operations::refund::{self, RefundRequest};
use operations::transfer::{self, TransferRequest};
use operations::{IdempotencyKey, OperationError, Operations, Origin, Receipt, top_up, withdrawal};
use wallet::chart;
use wallet::ids::{CardId, HolderId, MerchantId, OperationId, PrincipalId};

/// What a client asks for, in ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A payment.
    Pay {
        /// Who pays.
        payer: HolderId,
        /// Who is paid.
        merchant: MerchantId,
        /// How much.
        amount: Amount,
        /// What for.
        memo: &'static str,
    },
    /// A refund.
    Refund {
        /// Who gives back.
        merchant: MerchantId,
        /// Who once paid.
        payer: HolderId,
        /// The operation of the payment.
        operation: OperationId,
        /// How much.
        amount: Amount,
    },
    /// A top-up.
    TopUp {
        /// Whose wallet.
        holder: HolderId,
        /// From which card.
        card: CardId,
        /// How much.
        amount: Amount,
    },
    /// A transfer.
    Transfer {
        /// Who sends.
        payer: HolderId,
        /// Who receives.
        payee: HolderId,
        /// How much.
        amount: Amount,
        /// What for.
        memo: &'static str,
    },
    /// A withdrawal.
    Withdraw {
        /// Whose wallet.
        holder: HolderId,
        /// To which card.
        card: CardId,
        /// How much.
        amount: Amount,
    },
}

impl Ask {
    /// The word for this kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Pay { .. } => "payment",
            Self::Refund { .. } => "refund",
            Self::TopUp { .. } => "top_up",
            Self::Transfer { .. } => "transfer",
            Self::Withdraw { .. } => "withdrawal",
        }
    }

    /// How much.
    #[must_use]
    pub const fn amount(&self) -> Amount {
        match self {
            Self::Pay { amount, .. }
            | Self::Refund { amount, .. }
            | Self::TopUp { amount, .. }
            | Self::Transfer { amount, .. }
            | Self::Withdraw { amount, .. } => *amount,
        }
    }

    /// The same request with another amount.
    #[must_use]
    pub fn with_amount(mut self, other: Amount) -> Self {
        match &mut self {
            Self::Pay { amount, .. }
            | Self::Refund { amount, .. }
            | Self::TopUp { amount, .. }
            | Self::Transfer { amount, .. }
            | Self::Withdraw { amount, .. } => *amount = other,
        }
        self
    }

    /// The account that has less after it, unless that is a bank's.
    pub(crate) fn giver(&self) -> Option<AccountId> {
        let currency = self.amount().currency();
        match self {
            Self::Pay { payer, .. } | Self::Transfer { payer, .. } => {
                Some(chart::wallet_id(*payer, currency))
            }
            Self::Refund { merchant, .. } => Some(chart::merchant_id(*merchant, currency)),
            Self::TopUp { .. } => None,
            Self::Withdraw { holder, .. } => Some(chart::wallet_id(*holder, currency)),
        }
    }

    /// The account that has more after it, unless that is a bank's.
    pub(crate) fn receiver(&self) -> Option<AccountId> {
        let currency = self.amount().currency();
        match self {
            Self::Pay { merchant, .. } => Some(chart::merchant_id(*merchant, currency)),
            Self::Refund { payer, .. } => Some(chart::wallet_id(*payer, currency)),
            Self::TopUp { holder, .. } => Some(chart::wallet_id(*holder, currency)),
            Self::Transfer { payee, .. } => Some(chart::wallet_id(*payee, currency)),
            Self::Withdraw { .. } => None,
        }
    }
}

/// Who sends the request, and under which key.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The idempotency key.
    pub key: IdempotencyKey,
    /// The staff of the merchant, for a refund.
    pub staff: PrincipalId,
    /// The login of the payee, for a transfer.
    pub payee_login: String,
}

/// Sends the request.
///
/// # Errors
/// As for the operation.
pub async fn perform(
    operations: Operations,
    envelope: Envelope,
    ask: Ask,
) -> Result<Receipt, OperationError> {
    let key = &envelope.key;
    match ask {
        Ask::Pay { payer, merchant, amount, memo } => {
            let request =
                PaymentRequest { payer, merchant, amount, memo: memo.to_owned(), origin: Origin::default() };
            payment::start(&operations, key, request).await
        }
        Ask::Refund { merchant, operation, amount, .. } => {
            let (principal, memo) = (envelope.staff, String::new());
            let request =
                RefundRequest { principal, merchant, payment: operation, amount: Some(amount), memo };
            refund::start(&operations, key, request).await
        }
        Ask::TopUp { holder, card, amount } => {
            top_up::start(&operations, key, CardRequest { holder, card, amount }).await
        }
        Ask::Transfer { payer, payee, amount, memo } => {
            let name_check = payees::find(&operations, payer, &envelope.payee_login).await?.name_check;
            let request = TransferRequest {
                payer,
                payee,
                name_check,
                amount,
                memo: memo.to_owned(),
                origin: Origin::default(),
            };
            transfer::start(&operations, key, request).await
        }
        Ask::Withdraw { holder, card, amount } => {
            withdrawal::start(&operations, key, CardRequest { holder, card, amount }).await
        }
    }
}

//! One request of a client, as the operations receive it.

use operations::cards::CardRequest;
use operations::payees;
use operations::payment::{self, PaymentRequest};
use operations::refund::{self, RefundRequest};
use operations::transfer::{self, TransferRequest};
use operations::{IdempotencyKey, OperationError, Operations, Receipt, top_up, withdrawal};
use wallet::ids::PrincipalId;

use super::clients::Ask;

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
pub async fn perform(operations: Operations, envelope: Envelope, ask: Ask) -> Result<Receipt, OperationError> {
    let key = &envelope.key;
    match ask {
        Ask::Pay { payer, merchant, amount, memo } => {
            let request = PaymentRequest { payer, merchant, amount, memo: memo.to_owned() };
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
            let request = TransferRequest { payer, payee, name_check, amount, memo: memo.to_owned() };
            transfer::start(&operations, key, request).await
        }
        Ask::Withdraw { holder, card, amount } => {
            withdrawal::start(&operations, key, CardRequest { holder, card, amount }).await
        }
    }
}

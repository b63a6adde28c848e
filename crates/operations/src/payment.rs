//! Payment: a holder pays a merchant.

use money::Amount;
use records::operations::{NewOperation, Operation, OperationKind};
use wallet::ids::{HolderId, MerchantId, PrincipalId, derive};
use wallet::postings::{self, Fingerprint, MerchantPayment};

use crate::key::operation_id;
use crate::{IdempotencyKey, OperationError, Operations, Receipt, directory, intent, memo, one_step};

/// What a holder asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRequest {
    /// Who pays, and asks.
    pub payer: HolderId,
    /// Who is paid.
    pub merchant: MerchantId,
    /// How much.
    pub amount: Amount,
    /// What for; at most 140 characters, may be empty.
    pub memo: String,
}

fn fingerprint(request: &PaymentRequest) -> Fingerprint {
    let parts: [&[u8]; 4] = [
        &request.merchant.to_bytes(),
        &request.amount.minor().to_be_bytes(),
        request.amount.currency().code().as_bytes(),
        request.memo.as_bytes(),
    ];
    Fingerprint(derive("sycee fingerprint payment v1", &parts))
}

/// Pays, or answers as before where the key was used before.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn start(
    operations: &Operations,
    key: &IdempotencyKey,
    request: PaymentRequest,
) -> Result<Receipt, OperationError> {
    let id = operation_id(PrincipalId::from(request.payer), "payment", key);
    let fingerprint = fingerprint(&request);
    if let Err(rule) = check(operations, &request).await {
        return intent::refuse(operations, id, fingerprint.0, rule).await;
    }
    let posting = postings::paid(&MerchantPayment {
        operation: id,
        payer: request.payer,
        merchant: request.merchant,
        amount: request.amount,
        fingerprint,
    });
    let new = NewOperation {
        id,
        kind: OperationKind::Payment,
        payer: Some(request.payer.into()),
        payee: Some(request.merchant.into()),
        merchant: Some(request.merchant),
        card: None,
        parent: None,
        amount: request.amount,
        memo: request.memo,
        fingerprint: fingerprint.0,
        created_at: operations.now(),
    };
    one_step::run(operations, new, posting).await
}

async fn check(operations: &Operations, request: &PaymentRequest) -> Result<(), OperationError> {
    operations.policy().check_amount(request.amount)?;
    memo::check(&request.memo)?;
    directory::payable(operations, request.merchant).await?;
    directory::spender(operations, request.payer, request.amount.currency()).await
}

/// Ends an interrupted payment: completed where the ledger has it, else declined for ever.
///
/// # Errors
/// What could not be reached.
pub async fn resume(operations: &Operations, row: &Operation) -> Result<Receipt, OperationError> {
    one_step::resume(operations, row).await
}

//! Payment: a holder pays a merchant.

use money::Amount;
use records::operations::{NewOperation, Operation, OperationKind};
use wallet::ids::{HolderId, MerchantId, OperationId, PrincipalId, derive};
use wallet::limit_postings::Claim;
use wallet::postings::{self, Fingerprint, MerchantPayment};

use crate::key::operation_id;
use crate::spending::{self, Origin, Spending};
use crate::{
    IdempotencyKey, OperationError, Operations, Receipt, directory, intent, memo, one_step, review, tied,
};

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
    /// Where the request comes from.
    pub origin: Origin,
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
    carry_out(operations, id, request, None).await
}

/// Pays under this id; where there is a claim, only if nobody else has made it.
pub(crate) async fn carry_out(
    operations: &Operations,
    id: OperationId,
    request: PaymentRequest,
    claim: Option<Claim>,
) -> Result<Receipt, OperationError> {
    let fingerprint = fingerprint(&request);
    start_as(operations, id, fingerprint, request, claim).await
}

/// As [`carry_out`], with a fingerprint of the caller's: the id may stand for a fact that is to happen at most once,
/// whoever asks for it.
///
/// # Errors
/// As for [`start`]; [`OperationError::KeyReused`] where the id stands for a request with another fingerprint.
pub(crate) async fn start_as(
    operations: &Operations,
    id: OperationId,
    fingerprint: Fingerprint,
    request: PaymentRequest,
    claim: Option<Claim>,
) -> Result<Receipt, OperationError> {
    let held = match check(operations, id, &request).await {
        Ok(()) => false,
        Err(OperationError::HeldForReview) if claim.is_none() => true,
        Err(rule) => return Box::pin(intent::refuse(operations, id, fingerprint.0, rule)).await,
    };
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
    if held {
        return Box::pin(review::hold(operations, new, posting)).await;
    }
    match tied::run(operations, new, posting, claim).await {
        Err(OperationError::KeyReused) => Box::pin(review::repeated(operations, id, fingerprint.0)).await,
        answer => answer,
    }
}

/// Whether the payment may be made, as far as the records know.
pub(crate) async fn check(
    operations: &Operations,
    id: OperationId,
    request: &PaymentRequest,
) -> Result<(), OperationError> {
    operations.policy().check_amount(request.amount)?;
    memo::check(&request.memo)?;
    directory::payable(operations, request.merchant).await?;
    directory::spender(operations, request.payer, request.amount.currency()).await?;
    let spending = Spending {
        operation: id,
        kind: OperationKind::Payment,
        payer: request.payer,
        payee: request.merchant.into(),
        amount: request.amount,
        origin: request.origin,
    };
    spending::check(operations, &spending).await
}

/// Ends an interrupted payment: completed where the ledger has it, else declined for ever.
///
/// # Errors
/// What could not be reached.
pub async fn resume(operations: &Operations, row: &Operation) -> Result<Receipt, OperationError> {
    one_step::resume(operations, row).await
}

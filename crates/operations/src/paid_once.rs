//! What may be paid once: the order behind a merchant's reference, whoever pays it and however often it is tried.
//!
//! The transfer of an attempt has an id derived from merchant, reference and the number of the attempt. Attempt 1 is only
//! made under an id that the ledger keeps apart from attempt 0, and only when the ledger refuses attempt 0 for ever, as
//! it does after a payer had too little. So at most one attempt can ever succeed, and a poor payer does not use up the
//! order.

use ledger::Transfer;
use records::operations;
use wallet::ids::{MerchantId, OperationId, derive};
use wallet::postings::{self, Fingerprint};

use crate::payment::{self, PaymentRequest};
use crate::{IdempotencyKey, OperationError, Operations, Reason, Receipt, rebuild};

/// The most attempts: then the merchant makes a new order.
const ATTEMPTS_MAX: u32 = 32;

/// The operation that this attempt to pay the order is.
#[must_use]
pub fn attempt_id(merchant: MerchantId, reference: &str, attempt: u32) -> OperationId {
    let parts: [&[u8]; 3] = [&merchant.to_bytes(), reference.as_bytes(), &attempt.to_be_bytes()];
    OperationId::new(derive("sycee payment once v1", &parts))
}

/// Pays the merchant's order with this reference, unless somebody has; or answers as before where the payer used the key
/// before.
///
/// # Errors
/// [`OperationError::AlreadyPaid`]; which rule the request breaks; or what could not be reached.
pub async fn start(
    operations: &Operations,
    key: &IdempotencyKey,
    reference: &str,
    request: PaymentRequest,
) -> Result<Receipt, OperationError> {
    let fingerprint = fingerprint(key, &request);
    for attempt in 0..ATTEMPTS_MAX {
        let id = attempt_id(request.merchant, reference, attempt);
        match payment::start_as(operations, id, fingerprint, request.clone(), None).await {
            // Refused earlier, for somebody whose record is lost.
            Ok(receipt) if receipt.reason == Some(Reason::RefusedEarlier) => {}
            Err(OperationError::KeyReused) => match decided(operations, id).await? {
                // Somebody else's attempt, or an earlier one of the payer's, that the ledger refused for ever.
                None => {}
                // This very attempt: another one had been recorded, but the ledger decided for this.
                Some(transfer) if transfer.user_data_128 == fingerprint.0 => {
                    return recorded(operations, id).await;
                }
                Some(_) => return Err(OperationError::AlreadyPaid),
            },
            answer => return answer,
        }
    }
    Err(OperationError::AlreadyPaid)
}

/// The payment of the merchant's order with this reference, where there is one. The ledger says.
///
/// # Errors
/// What could not be reached.
pub async fn find(
    operations: &Operations,
    merchant: MerchantId,
    reference: &str,
) -> Result<Option<OperationId>, OperationError> {
    let ids = (0..ATTEMPTS_MAX).map(|attempt| attempt_id(merchant, reference, attempt));
    let transfers = operations.ledger().lookup_transfers(ids.map(postings::decision_id).collect()).await?;
    Ok(transfers.first().map(|transfer| OperationId::new(transfer.id.0)))
}

/// The transfer that paid the order in this attempt; nothing where none ever will.
async fn decided(operations: &Operations, id: OperationId) -> Result<Option<Transfer>, OperationError> {
    let found = operations.ledger().lookup_transfers(vec![postings::decision_id(id)]).await?;
    if let Some(transfer) = found.into_iter().next() {
        return Ok(Some(transfer));
    }
    // An attempt that is recorded as open may still be decided: its own caller will say.
    let row = operations.records().read(move |sql| operations::get(sql, id)).await?;
    if row.is_some_and(|row| row.state.is_open()) { Err(OperationError::KeyInProgress) } else { Ok(None) }
}

async fn recorded(operations: &Operations, id: OperationId) -> Result<Receipt, OperationError> {
    rebuild::correct(operations, id).await?;
    let row = operations.records().read(move |sql| operations::get(sql, id)).await?;
    row.map(|row| Receipt::from(&row)).ok_or(OperationError::Inconsistent("payment was not recorded"))
}

/// The key is part of the body: a payer who had too little may try again with another one.
fn fingerprint(key: &IdempotencyKey, request: &PaymentRequest) -> Fingerprint {
    let parts: [&[u8]; 6] = [
        &request.payer.to_bytes(),
        &request.merchant.to_bytes(),
        &request.amount.minor().to_be_bytes(),
        request.amount.currency().code().as_bytes(),
        request.memo.as_bytes(),
        key.as_str().as_bytes(),
    ];
    Fingerprint(derive("sycee fingerprint payment once v1", &parts))
}

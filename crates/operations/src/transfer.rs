//! Transfer: a holder sends money to another.

use money::Amount;
use records::operations::{NewOperation, Operation, OperationKind};
use wallet::ids::{HolderId, PrincipalId, derive};
use wallet::postings::{self, Fingerprint, WalletTransfer};

use crate::key::operation_id;
use crate::payees::NameCheck;
use crate::{IdempotencyKey, OperationError, Operations, Party, Receipt, directory, intent, memo, one_step};

/// What a holder asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferRequest {
    /// Who pays, and asks.
    pub payer: HolderId,
    /// Who receives.
    pub payee: HolderId,
    /// What [`crate::payees::find`] gave with the name that the payer confirmed.
    pub name_check: NameCheck,
    /// How much.
    pub amount: Amount,
    /// What for; at most 140 characters, may be empty.
    pub memo: String,
}

fn fingerprint(request: &TransferRequest) -> Fingerprint {
    let parts: [&[u8]; 4] = [
        &request.payee.to_bytes(),
        &request.amount.minor().to_be_bytes(),
        request.amount.currency().code().as_bytes(),
        request.memo.as_bytes(),
    ];
    Fingerprint(derive("sycee fingerprint transfer v1", &parts))
}

/// Sends money, or answers as before where the key was used before.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn start(
    operations: &Operations,
    key: &IdempotencyKey,
    request: TransferRequest,
) -> Result<Receipt, OperationError> {
    let id = operation_id(PrincipalId::from(request.payer), "transfer", key);
    let fingerprint = fingerprint(&request);
    if let Err(rule) = check(operations, &request).await {
        return intent::refuse(operations, id, fingerprint.0, rule).await;
    }
    let posting = postings::transferred(&WalletTransfer {
        operation: id,
        payer: request.payer,
        payee: request.payee,
        amount: request.amount,
        fingerprint,
    });
    let new = NewOperation {
        id,
        kind: OperationKind::Transfer,
        payer: Some(request.payer.into()),
        payee: Some(request.payee.into()),
        merchant: None,
        card: None,
        parent: None,
        amount: request.amount,
        memo: request.memo,
        fingerprint: fingerprint.0,
        created_at: operations.now(),
    };
    one_step::run(operations, new, posting).await
}

async fn check(operations: &Operations, request: &TransferRequest) -> Result<(), OperationError> {
    let currency = request.amount.currency();
    operations.policy().check_amount(request.amount)?;
    memo::check(&request.memo)?;
    if request.payee == request.payer {
        return Err(OperationError::PayeeIsPayer);
    }
    let payee = directory::holder(operations, request.payee).await?;
    let payee = payee.ok_or(OperationError::NotFound(Party::Payee))?;
    payee.may_receive(currency, Party::Payee)?;
    if NameCheck::of(request.payer, &payee.principal) != request.name_check {
        return Err(OperationError::NameCheckFailed);
    }
    directory::spender(operations, request.payer, currency).await
}

/// Ends an interrupted transfer: completed where the ledger has it, else declined for ever.
///
/// # Errors
/// What could not be reached.
pub async fn resume(operations: &Operations, row: &Operation) -> Result<Receipt, OperationError> {
    one_step::resume(operations, row).await
}

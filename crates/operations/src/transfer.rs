//! Transfer: a holder sends money to another.

use money::Amount;
use records::notifications::NoticeKind;
use records::operations::{NewOperation, Operation, OperationKind, OperationState};
use wallet::ids::{HolderId, OperationId, PrincipalId, derive};
use wallet::limit_postings::Claim;
use wallet::postings::{self, Fingerprint, WalletTransfer};

use crate::key::operation_id;
use crate::notifications::{self, Notice};
use crate::payees::NameCheck;
use crate::spending::{self, Origin, Spending};
use crate::{
    IdempotencyKey, OperationError, Operations, Party, Receipt, directory, intent, memo, one_step, review,
    tied,
};

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
    /// Where the request comes from.
    pub origin: Origin,
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
    carry_out(operations, id, request, None).await
}

/// Sends money under this id; where there is a claim, only if nobody else has made it.
pub(crate) async fn carry_out(
    operations: &Operations,
    id: OperationId,
    request: TransferRequest,
    claim: Option<Claim>,
) -> Result<Receipt, OperationError> {
    let fingerprint = fingerprint(&request);
    let held = match check(operations, id, &request).await {
        Ok(()) => false,
        Err(OperationError::HeldForReview) if claim.is_none() => true,
        Err(rule) => return intent::refuse(operations, id, fingerprint.0, rule).await,
    };
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
    let notice = Notice {
        kind: NoticeKind::MoneyReceived,
        subject: id.bits(),
        actor: Some(request.payer.into()),
        amount: Some(request.amount),
    };
    if held {
        return review::hold(operations, new, posting).await;
    }
    let receipt = match tied::run(operations, new, posting, claim).await {
        Err(OperationError::KeyReused) => review::repeated(operations, id, fingerprint.0).await?,
        answer => answer?,
    };
    if receipt.state == OperationState::Completed {
        notifications::tell(operations, request.payee.into(), notice);
    }
    Ok(receipt)
}

async fn check(
    operations: &Operations,
    id: OperationId,
    request: &TransferRequest,
) -> Result<(), OperationError> {
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
    directory::spender(operations, request.payer, currency).await?;
    let spending = Spending {
        operation: id,
        kind: OperationKind::Transfer,
        payer: request.payer,
        payee: request.payee.into(),
        amount: request.amount,
        origin: request.origin,
    };
    spending::check(operations, &spending).await
}

/// Ends an interrupted transfer: completed where the ledger has it, else declined for ever.
///
/// # Errors
/// What could not be reached.
pub async fn resume(operations: &Operations, row: &Operation) -> Result<Receipt, OperationError> {
    one_step::resume(operations, row).await
}

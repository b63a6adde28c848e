//! Refund: a merchant gives back a payment, in whole or in part.
//!
//! What may still be given back is the balance of an account of the payment's own, so refunds at the same time, on any
//! number of servers, never exceed it together.

use ledger::{AccountId, CreateTransferStatus as Status};
use money::Amount;
use records::merchants::MerchantStatus;
use records::notifications::NoticeKind;
use records::operations::{self, NewOperation, Operation, OperationKind, OperationState};
use wallet::chart;
use wallet::ids::{HolderId, MerchantId, OperationId, PrincipalId, derive};
use wallet::postings::{self, Fingerprint, PaymentRefund};

use crate::intent::{self, Begun, begin, conclude};
use crate::key::operation_id;
use crate::notifications::{self, Notice};
use crate::one_step::{self, Verdict, verdict};
use crate::{
    IdempotencyKey, OperationError, Operations, Party, Reason, Receipt, directory, memo, orders, rebuild,
};

/// What a merchant asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRequest {
    /// Who asks: staff of the merchant, or whoever its API key stands for.
    pub principal: PrincipalId,
    /// The merchant.
    pub merchant: MerchantId,
    /// The payment.
    pub payment: OperationId,
    /// How much of it; `None`: the whole.
    pub amount: Option<Amount>,
    /// Why; at most 140 characters, may be empty.
    pub memo: String,
}

/// What stands for a refund's request: it can be computed again from the ledger's transfer.
pub(crate) fn fingerprint(payment: OperationId, amount: Amount) -> Fingerprint {
    let parts: [&[u8]; 3] =
        [&payment.to_bytes(), &amount.minor().to_be_bytes(), amount.currency().code().as_bytes()];
    Fingerprint(derive("sycee fingerprint refund v1", &parts))
}

/// Refunds, or answers as before where the key was used before.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn start(
    operations: &Operations,
    key: &IdempotencyKey,
    request: RefundRequest,
) -> Result<Receipt, OperationError> {
    let payment = payment(operations, &request).await?;
    let amount = request.amount.unwrap_or(payment.amount);
    let payer = payment.payer.ok_or(OperationError::Inconsistent("payment without a payer"))?.holder();
    let id = operation_id(request.principal, "refund", key);
    let fingerprint = fingerprint(payment.id, amount);
    if let Err(rule) = check(operations, &request, &payment, amount).await {
        return intent::refuse(operations, id, fingerprint.0, rule).await;
    }
    let new = NewOperation {
        id,
        kind: OperationKind::Refund,
        payer: Some(request.merchant.into()),
        payee: Some(payer.into()),
        merchant: Some(request.merchant),
        card: None,
        parent: Some(payment.id),
        amount,
        memo: request.memo.clone(),
        fingerprint: fingerprint.0,
        created_at: operations.now(),
    };
    let recorded = new.clone();
    let facts = match begin(operations, new).await? {
        Begun::Ended(receipt) => return Ok(receipt),
        Begun::Open(facts) => facts,
    };
    let refund = Refund { id, payment: payment.id, merchant: request.merchant, payer, amount };
    match decide(operations, refund).await? {
        Verdict::Created | Verdict::Existed => {
            let receipt = conclude(operations, facts, OperationState::Completed, None);
            orders::note_refund(operations, &recorded, request.principal).await?;
            tell_payer(operations, payer, (id, request.merchant, amount));
            Ok(receipt)
        }
        Verdict::Refused(reason) => Ok(conclude(operations, facts, OperationState::Declined, Some(reason))),
        Verdict::Another => {
            rebuild::correct(operations, id).await?;
            Err(OperationError::KeyReused)
        }
    }
}

/// Tells who had paid that money came back: by which operation, from whom, how much.
pub(crate) fn tell_payer(
    operations: &Operations,
    payer: HolderId,
    (id, merchant, amount): (OperationId, MerchantId, Amount),
) {
    let notice = Notice {
        kind: NoticeKind::RefundReceived,
        subject: id.bits(),
        actor: Some(merchant.into()),
        amount: Some(amount),
    };
    notifications::tell(operations, payer.into(), notice);
}

/// The payment, which is this merchant's.
async fn payment(operations: &Operations, request: &RefundRequest) -> Result<Operation, OperationError> {
    let id = request.payment;
    let found = operations.records().read(move |sql| operations::get(sql, id)).await?;
    found
        .filter(|row| row.merchant == Some(request.merchant) && row.kind == OperationKind::Payment)
        .ok_or(OperationError::NotFound(Party::Operation))
}

async fn check(
    operations: &Operations,
    request: &RefundRequest,
    payment: &Operation,
    amount: Amount,
) -> Result<(), OperationError> {
    operations.policy().check_amount(amount)?;
    memo::check(&request.memo)?;
    if payment.state != OperationState::Completed {
        return Err(OperationError::NotRefundable);
    }
    if amount.currency() != payment.amount.currency() {
        return Err(OperationError::CurrencyNotSupported);
    }
    if amount > payment.amount {
        return Err(OperationError::AmountTooLarge { most: payment.amount.minor() });
    }
    let merchant = directory::merchant(operations, request.merchant).await?;
    let merchant = merchant.ok_or(OperationError::NotFound(Party::Merchant))?;
    // A suspended merchant still gives money back.
    match merchant.status {
        MerchantStatus::Active | MerchantStatus::Suspended => Ok(()),
        MerchantStatus::Closed => Err(OperationError::NotActive(Party::Merchant)),
    }
}

/// The facts that decide a refund.
struct Refund {
    id: OperationId,
    payment: OperationId,
    merchant: MerchantId,
    payer: HolderId,
    amount: Amount,
}

/// Opens the payment's cap, once, and takes the refund from it and from the merchant together.
async fn decide(operations: &Operations, refund: Refund) -> Result<Verdict, OperationError> {
    let currency = refund.amount.currency();
    let (from, to) =
        (chart::merchant_id(refund.merchant, currency), chart::wallet_id(refund.payer, currency));
    let cap = paid_amount(operations, &refund, (to, from)).await?;
    let accounts = vec![chart::refund_control(currency), chart::refund_cap(refund.payment, currency)];
    operations.ledger().open_accounts(accounts).await?;
    let [money, used] = postings::refunded(&PaymentRefund {
        operation: refund.id,
        payment: refund.payment,
        from,
        to,
        amount: refund.amount,
    });
    let batch = vec![postings::refund_cap_opened(refund.payment, cap), money, used];
    let statuses = operations.ledger().create_transfers(batch).await?;
    let &[opened, money, used] = statuses.as_slice() else {
        return Err(OperationError::Inconsistent("ledger answered another question"));
    };
    if !opened.is_done() {
        return Err(OperationError::Inconsistent("refund cap was opened with another amount"));
    }
    match (money, used) {
        (Status::LinkedEventFailed, Status::ExceedsCredits | Status::IdAlreadyFailed) => {
            Ok(Verdict::Refused(Reason::RefundExceedsPayment))
        }
        (Status::ExceedsCredits, _) => Ok(Verdict::Refused(Reason::MerchantBalanceShort)),
        (money, _) => verdict(money),
    }
}

/// What the ledger says was paid: it, not the record, limits the refunds.
async fn paid_amount(
    operations: &Operations,
    refund: &Refund,
    (payer, merchant): (AccountId, AccountId),
) -> Result<Amount, OperationError> {
    let id = postings::decision_id(refund.payment);
    let found = operations.ledger().lookup_transfers(vec![id]).await?;
    let paid = found.first().filter(|paid| {
        paid.code == chart::PAYMENT && paid.debit_account_id == payer && paid.credit_account_id == merchant
    });
    let paid = paid.ok_or(OperationError::Inconsistent("ledger does not have the payment"))?;
    rebuild::amount_of(paid)
}

/// Ends an interrupted refund: completed where the ledger has it, else declined for ever.
///
/// # Errors
/// What could not be reached.
pub async fn resume(operations: &Operations, row: &Operation) -> Result<Receipt, OperationError> {
    one_step::resume(operations, row).await
}

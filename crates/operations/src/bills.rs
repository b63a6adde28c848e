//! Bills of property management, electricity and the like: issued by a merchant, paid once by the holder.

use ledger::Timestamp;
use money::Amount;
use records::bills::{self, Bill, BillKind, BillState};
use records::merchants::Merchant;
use records::notifications::NoticeKind;
use std::sync::Arc;
use wallet::ids::{BillId, HolderId, MerchantId, PrincipalId, derive};
use wallet::limit_postings::Claim;

use crate::key::operation_id;
use crate::notifications::{self, Notice};
use crate::payment::{self, PaymentRequest};
use crate::requests::settled_by;
use crate::spending::Origin;
use crate::{IdempotencyKey, OperationError, Operations, Party, Receipt, directory, memo};

/// A bill as its biller makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBill {
    /// Who asks.
    pub merchant: MerchantId,
    /// Who is asked.
    pub holder: HolderId,
    /// What for.
    pub kind: BillKind,
    /// The holder's number at the biller; at most 32 characters.
    pub account_number: String,
    /// The time it is for, as the biller writes it; at most 32 characters.
    pub period: String,
    /// How much.
    pub amount: Amount,
    /// By when: days since 1970-01-01.
    pub due_day: u32,
}

/// A bill with its biller.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The bill.
    pub bill: Bill,
    /// Who asks.
    pub merchant: Option<Arc<Merchant>>,
}

/// Makes a bill. The same biller, account number and period give the same bill.
///
/// # Errors
/// Which rule the bill breaks, [`OperationError::Taken`] where there is a bill of another content for that account number
/// and period, or what could not be reached.
pub async fn issue(operations: &Operations, new: NewBill) -> Result<BillId, OperationError> {
    operations.policy().check_amount(new.amount)?;
    memo::check_name("account_number", &new.account_number, 32)?;
    memo::check_name("period", &new.period, 32)?;
    directory::payable(operations, new.merchant).await?;
    let entry = directory::holder(operations, new.holder).await?;
    let entry = entry.ok_or(OperationError::NotFound(Party::Payee))?;
    entry.may_receive(new.amount.currency(), Party::Payee)?;
    let parts: [&[u8]; 3] = [&new.merchant.to_bytes(), new.account_number.as_bytes(), new.period.as_bytes()];
    let bill = Bill {
        id: BillId::new(derive("sycee bill v1", &parts)),
        merchant: new.merchant,
        holder: new.holder,
        kind: new.kind,
        account_number: new.account_number,
        period: new.period,
        amount: new.amount,
        due_day: new.due_day,
        state: BillState::Due,
        operation: None,
        created_at: operations.now(),
    };
    let wanted = bill.clone();
    let recorded = operations.records().write(move |sql| {
        bills::insert(sql, &bill)?;
        bills::get(sql, bill.id)
    });
    let recorded = recorded.await?.ok_or(OperationError::Inconsistent("bill is neither new nor there"))?;
    if (recorded.holder, recorded.amount) != (wanted.holder, wanted.amount) {
        return Err(OperationError::Taken { field: "period" });
    }
    let notice = Notice {
        kind: NoticeKind::BillDue,
        subject: recorded.id.bits(),
        actor: Some(recorded.merchant.into()),
        amount: Some(recorded.amount),
    };
    notifications::tell(operations, recorded.holder.into(), notice);
    Ok(recorded.id)
}

/// The bills of a holder: those that are due first, the most urgent on top.
///
/// # Errors
/// What could not be reached.
pub async fn list(operations: &Operations, holder: HolderId) -> Result<Vec<Shown>, OperationError> {
    let found = operations.records().read(move |sql| bills::list(sql, holder)).await?;
    let mut shown = Vec::with_capacity(found.len());
    for bill in found {
        let merchant = directory::merchant(operations, bill.merchant).await?;
        shown.push(Shown { bill, merchant });
    }
    Ok(shown)
}

/// The bills that a merchant has made, newest first.
///
/// # Errors
/// What could not be reached.
pub async fn of_merchant(operations: &Operations, merchant: MerchantId) -> Result<Vec<Bill>, OperationError> {
    Ok(operations.records().read(move |sql| bills::of_merchant(sql, merchant)).await?)
}

/// One bill of a holder.
///
/// # Errors
/// [`OperationError::NotFound`] for anybody else, or what could not be reached.
pub async fn get(operations: &Operations, holder: HolderId, id: BillId) -> Result<Shown, OperationError> {
    let found = operations.records().read(move |sql| bills::get(sql, id)).await?;
    let bill =
        found.filter(|bill| bill.holder == holder).ok_or(OperationError::NotFound(Party::Operation))?;
    let merchant = directory::merchant(operations, bill.merchant).await?;
    Ok(Shown { bill, merchant })
}

/// Pays a bill from the wallet: a payment that claims the bill in the ledger, so that it happens once.
///
/// # Errors
/// Which rule the request breaks, [`OperationError::NotOpen`], or what could not be reached.
pub async fn pay(
    operations: &Operations,
    key: &IdempotencyKey,
    (holder, id): (HolderId, BillId),
    origin: Origin,
) -> Result<Receipt, OperationError> {
    let bill = get(operations, holder, id).await?.bill;
    let operation = operation_id(PrincipalId::from(holder), "bill payment", key);
    if bill.state != BillState::Due && bill.operation != Some(operation) {
        return Err(OperationError::NotOpen);
    }
    let request = PaymentRequest {
        payer: holder,
        merchant: bill.merchant,
        amount: bill.amount,
        memo: format!("{} {}", bill.account_number, bill.period),
        origin,
    };
    let claim = Claim::Bill(id);
    let receipt = payment::carry_out(operations, operation, request, Some(claim)).await?;
    if let Some(paid_by) = settled_by(operations, claim, &receipt).await? {
        let now: Timestamp = operations.now();
        operations.records().write(move |sql| bills::note_paid(sql, id, paid_by, now)).await?;
    }
    Ok(receipt)
}

//! What happened, newest first, and to whom.

use std::collections::BTreeMap;

use ledger::Timestamp;
use records::banks;
use records::operations::{self, Cursor, Filter, Operation, OperationKind, Page, PartyId};
use wallet::ids::{BankId, HolderId, OperationId};

use crate::{OperationError, Operations, Party, directory};

/// A page of operations. The server sets [`Filter::party`] to whoever asks; only the operator sees all.
///
/// # Errors
/// What could not be reached.
pub async fn page(
    operations: &Operations,
    filter: Filter,
    cursor: Option<Cursor>,
    limit: u32,
) -> Result<Page, OperationError> {
    let read = operations.records().read(move |sql| operations::history(sql, &filter, cursor, limit));
    Ok(read.await?)
}

/// One operation as `viewer` may see it; `None` is the operator, who sees all.
///
/// # Errors
/// [`OperationError::NotFound`], also where the viewer is no party of it, or what could not be reached.
pub async fn get(
    operations: &Operations,
    viewer: Option<PartyId>,
    id: OperationId,
) -> Result<Operation, OperationError> {
    let found = operations.records().read(move |sql| operations::get(sql, id)).await?;
    let visible = |row: &Operation| {
        // The merchant of an escrow is a party before the money reaches it.
        let parties = [row.payer, row.payee, row.merchant.map(PartyId::from)];
        viewer.is_none_or(|viewer| parties.contains(&Some(viewer)))
    };
    found.filter(visible).ok_or(OperationError::NotFound(Party::Operation))
}

/// The refunds of a payment, oldest first, whatever their state.
///
/// # Errors
/// What could not be reached.
pub async fn refunds(
    operations: &Operations,
    payment: OperationId,
) -> Result<Vec<Operation>, OperationError> {
    Ok(operations.records().read(move |sql| operations::refunds_of(sql, payment)).await?)
}

/// The names of a party.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartyName {
    /// As written at home.
    pub name: String,
    /// In Latin letters, where there is one.
    pub latin_name: Option<String>,
}

/// An operation with the names of its sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The operation.
    pub operation: Operation,
    /// Whose value it takes. `None`: no longer known.
    pub payer: Option<PartyName>,
    /// Who gets the value. `None`: no longer known.
    pub payee: Option<PartyName>,
}

#[derive(Clone, Copy)]
enum Side {
    Holder,
    Merchant,
    Bank,
    /// Whoever it is: holder, merchant or bank.
    Any,
}

/// Who stands on the two sides of an operation: payer, payee.
const fn sides(kind: OperationKind) -> (Side, Side) {
    match kind {
        OperationKind::TopUp => (Side::Bank, Side::Holder),
        OperationKind::Withdrawal => (Side::Holder, Side::Bank),
        OperationKind::Transfer => (Side::Holder, Side::Holder),
        OperationKind::Payment => (Side::Holder, Side::Merchant),
        OperationKind::Refund | OperationKind::EscrowRefund => (Side::Merchant, Side::Holder),
        OperationKind::EscrowPayment | OperationKind::EscrowRelease => (Side::Holder, Side::Merchant),
        OperationKind::VoucherSale => (Side::Merchant, Side::Any),
        OperationKind::VoucherRedemption => (Side::Merchant, Side::Holder),
        OperationKind::VoucherReturn => (Side::Any, Side::Merchant),
        OperationKind::CardLoad | OperationKind::CardDue | OperationKind::TransferPurseLoad => {
            (Side::Holder, Side::Any)
        }
        OperationKind::CardUnload | OperationKind::CardRest | OperationKind::TransferPurseUnload => {
            (Side::Any, Side::Holder)
        }
        OperationKind::CardTakings => (Side::Any, Side::Merchant),
        OperationKind::CardReturns => (Side::Merchant, Side::Any),
        OperationKind::Adjustment => (Side::Any, Side::Any),
    }
}

/// Adds the names of both sides.
///
/// # Errors
/// What could not be reached.
pub async fn named(operations: &Operations, rows: Vec<Operation>) -> Result<Vec<Named>, OperationError> {
    let banks: BTreeMap<BankId, PartyName> = operations
        .records()
        .read(banks::list)
        .await?
        .into_iter()
        .map(|bank| (bank.id, PartyName { name: bank.name_zh, latin_name: Some(bank.name_en) }))
        .collect();
    let mut named = Vec::with_capacity(rows.len());
    for operation in rows {
        let (payer, payee) = sides(operation.kind);
        // Where value waits in escrow, the merchant stands for it.
        let merchant = operation.merchant.map(PartyId::from);
        let of = |side, party: Option<PartyId>| match side {
            Side::Merchant => party.or(merchant),
            Side::Holder | Side::Bank | Side::Any => party,
        };
        named.push(Named {
            payer: name(operations, &banks, payer, of(payer, operation.payer)).await?,
            payee: name(operations, &banks, payee, of(payee, operation.payee)).await?,
            operation,
        });
    }
    Ok(named)
}

async fn name(
    operations: &Operations,
    banks: &BTreeMap<BankId, PartyName>,
    side: Side,
    party: Option<PartyId>,
) -> Result<Option<PartyName>, OperationError> {
    let Some(party) = party else { return Ok(None) };
    Ok(match side {
        Side::Bank => banks.get(&party.bank()).cloned(),
        Side::Holder => holder_name(operations, party).await?,
        Side::Merchant => merchant_name(operations, party).await?,
        Side::Any => match banks.get(&party.bank()) {
            Some(name) => Some(name.clone()),
            None => match merchant_name(operations, party).await? {
                Some(name) => Some(name),
                None => holder_name(operations, party).await?,
            },
        },
    })
}

async fn holder_name(operations: &Operations, party: PartyId) -> Result<Option<PartyName>, OperationError> {
    let found = directory::holder(operations, party.holder()).await?;
    Ok(found.map(|entry| PartyName {
        name: entry.principal.name.clone(),
        latin_name: entry.principal.latin_name.clone(),
    }))
}

async fn merchant_name(operations: &Operations, party: PartyId) -> Result<Option<PartyName>, OperationError> {
    let found = directory::merchant(operations, party.merchant()).await?;
    Ok(found.map(|merchant| PartyName {
        name: merchant.name_zh.clone(),
        latin_name: Some(merchant.name_en.clone()),
    }))
}

/// Every operation of a holder in a span of time, oldest first: for statements.
pub(crate) async fn all(
    operations: &Operations,
    holder: HolderId,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<Operation>, OperationError> {
    let filter =
        Filter { party: Some(holder.into()), from: Some(from), until: Some(until), ..Filter::default() };
    let mut rows = Vec::new();
    let mut cursor = None;
    loop {
        let page = page(operations, filter.clone(), cursor, operations::PAGE_MAX).await?;
        rows.extend(page.operations);
        cursor = page.next;
        if cursor.is_none() {
            rows.reverse();
            return Ok(rows);
        }
    }
}

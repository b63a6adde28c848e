//! The till: items, shifts with their sums, the last sales and their undoing, who may stand there.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use money::{Amount, Currency};
use records::operations::{Cursor, Filter, Operation, OperationKind, OperationState, Volume, VolumeQuery};
use records::principals::{self, Principal, PrincipalStatus};
use records::till::{self, Item, Shift, StaffEntry, StaffRole};
use wallet::ids::{ItemId, MerchantId, OperationId, PrincipalId};

use crate::history;
use crate::refund::{self, RefundRequest};
use crate::{IdempotencyKey, OperationError, Operations, Party, Receipt, balances, directory, memo, totals};

/// For how long after a sale a cashier may undo it.
pub const UNDO_SECONDS: u64 = 10 * 60;
/// The most items of a till.
const ITEMS_MAX: usize = 200;

/// An item to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewItem {
    /// Its name in Chinese.
    pub name_zh: String,
    /// Its name in English.
    pub name_en: String,
    /// Its group; may be empty.
    pub category: String,
    /// The price of one.
    pub price: Amount,
}

/// Adds an item to the till.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn add_item(
    operations: &Operations,
    merchant: MerchantId,
    new: NewItem,
) -> Result<ItemId, OperationError> {
    operations.policy().check_amount(new.price)?;
    memo::check_name("name_zh", &new.name_zh, 40)?;
    memo::check_name("name_en", &new.name_en, 40)?;
    memo::check(&new.category).map_err(|_| OperationError::TextLength { field: "category" })?;
    if items(operations, merchant).await?.len() >= ITEMS_MAX {
        return Err(OperationError::OutOfRange { field: "name_zh" });
    }
    let item = Item {
        id: ItemId::new(operations.fresh_bits()),
        merchant,
        name_zh: new.name_zh,
        name_en: new.name_en,
        category: new.category,
        price: new.price,
        created_at: operations.now(),
    };
    let id = item.id;
    operations.records().write(move |sql| till::insert_item(sql, &item)).await?;
    Ok(id)
}

/// What a merchant's till sells.
///
/// # Errors
/// What could not be reached.
pub async fn items(operations: &Operations, merchant: MerchantId) -> Result<Vec<Item>, OperationError> {
    Ok(operations.records().read(move |sql| till::items(sql, merchant)).await?)
}

/// Removes an item.
///
/// # Errors
/// What could not be reached.
pub async fn remove_item(
    operations: &Operations,
    merchant: MerchantId,
    id: ItemId,
) -> Result<(), OperationError> {
    let now = operations.now();
    operations.records().write(move |sql| till::remove_item(sql, merchant, id, now).map(drop)).await?;
    Ok(())
}

/// The last completed sales of a merchant, newest first, at most `limit`.
///
/// # Errors
/// What could not be reached.
pub async fn last_sales(
    operations: &Operations,
    merchant: MerchantId,
    limit: u32,
) -> Result<Vec<Operation>, OperationError> {
    let filter = Filter {
        party: Some(merchant.into()),
        kind: Some(OperationKind::Payment),
        state: Some(OperationState::Completed),
        ..Filter::default()
    };
    Ok(history::page(operations, filter, None::<Cursor>, limit).await?.operations)
}

/// Whether a sale is young enough for a cashier to undo.
#[must_use]
pub fn may_undo(sale: &Operation, now: Timestamp) -> bool {
    is_young(sale.created_at, now)
}

/// Whether a cashier may still undo what was done at that time.
pub(crate) const fn is_young(done_at: Timestamp, now: Timestamp) -> bool {
    now.0.saturating_sub(done_at.0) < UNDO_SECONDS.saturating_mul(NANOSECONDS_PER_SECOND)
}

/// Undoes a sale of the last minutes: all of it goes back. Once, whoever asks: the key is the sale's own.
///
/// # Errors
/// [`OperationError::NotRefundable`] where it is too old or was given back in part; or what could not be reached.
pub async fn undo(
    operations: &Operations,
    cashier: PrincipalId,
    merchant: MerchantId,
    sale: OperationId,
) -> Result<Receipt, OperationError> {
    let row = history::get(operations, Some(merchant.into()), sale).await?;
    if row.kind != OperationKind::Payment || !may_undo(&row, operations.now()) {
        return Err(OperationError::NotRefundable);
    }
    let key: IdempotencyKey = format!("undo-{sale}").parse().map_err(|_| OperationError::NotRefundable)?;
    let request =
        RefundRequest { principal: cashier, merchant, payment: sale, amount: None, memo: String::new() };
    refund::start(operations, &key, request).await
}

/// What a shift brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShiftSums {
    /// How many sales.
    pub sales: u64,
    /// Their sum in minor units, with what came out of escrow.
    pub sold: u128,
    /// How many refunds.
    pub refunds: u64,
    /// Their sum in minor units.
    pub refunded: u128,
    /// What vouchers were sold for, in cash.
    pub vouchers_sold: u128,
    /// What vouchers were taken back for, in cash.
    pub vouchers_returned: u128,
}

/// The open shift of a merchant: opened now where none is, from the end of the one before.
///
/// # Errors
/// What could not be reached.
pub async fn open_shift(
    operations: &Operations,
    merchant: MerchantId,
    by: PrincipalId,
) -> Result<Shift, OperationError> {
    let newest = operations.records().read(move |sql| till::newest_shift(sql, merchant)).await?;
    let (number, from) = match newest {
        Some(shift) if shift.closed_at.is_none() => return Ok(shift),
        Some(shift) => (shift.number.saturating_add(1), shift.closed_at.unwrap_or(shift.opened_at)),
        None => (1, Timestamp::ZERO),
    };
    let written = operations.records().write(move |sql| {
        till::open_shift(sql, merchant, number, (by, from))?;
        till::newest_shift(sql, merchant)
    });
    written.await?.ok_or(OperationError::Inconsistent("a shift was opened and is not there"))
}

/// A closed shift of a merchant.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn closed_shift(
    operations: &Operations,
    merchant: MerchantId,
    number: u64,
) -> Result<Shift, OperationError> {
    let closed = closed_shifts(operations, merchant).await?;
    closed.into_iter().find(|shift| shift.number == number).ok_or(OperationError::NotFound(Party::Operation))
}

/// The latest closed shifts, newest first.
///
/// # Errors
/// What could not be reached.
pub async fn closed_shifts(
    operations: &Operations,
    merchant: MerchantId,
) -> Result<Vec<Shift>, OperationError> {
    Ok(operations.records().read(move |sql| till::closed_shifts(sql, merchant, 100)).await?)
}

/// Closes the open shift: its Z report.
///
/// # Errors
/// What could not be reached.
pub async fn close_shift(
    operations: &Operations,
    merchant: MerchantId,
    by: PrincipalId,
) -> Result<Shift, OperationError> {
    let shift = open_shift(operations, merchant, by).await?;
    let (number, now) = (shift.number, operations.now());
    let written = operations.records().write(move |sql| till::close_shift(sql, merchant, number, (by, now)));
    written.await?;
    Ok(Shift { closed_at: Some(now), ..shift })
}

/// Sales and refunds of a merchant in a span of time.
///
/// # Errors
/// What could not be reached.
pub async fn sums(
    operations: &Operations,
    merchant: MerchantId,
    currency: Currency,
    (from, until): (Timestamp, Timestamp),
) -> Result<ShiftSums, OperationError> {
    // One span that is longer than any shift.
    let query = VolumeQuery { from, until, span_seconds: u32::MAX, ahead_of_utc_seconds: 0 };
    let volumes = totals::merchant_volumes(operations, merchant, query).await?;
    Ok(sums_of(&volumes, currency))
}

/// What these volumes bring to a merchant in a currency.
#[must_use]
pub fn sums_of(volumes: &[Volume], currency: Currency) -> ShiftSums {
    let mut sums = ShiftSums::default();
    for volume in volumes.iter().filter(|volume| volume.currency == currency) {
        match volume.kind {
            OperationKind::Payment | OperationKind::EscrowRelease | OperationKind::CardTakings => {
                sums.sales = sums.sales.saturating_add(volume.count);
                sums.sold = sums.sold.saturating_add(volume.sum.0);
            }
            OperationKind::Refund | OperationKind::CardReturns => {
                sums.refunds = sums.refunds.saturating_add(volume.count);
                sums.refunded = sums.refunded.saturating_add(volume.sum.0);
            }
            OperationKind::VoucherSale => {
                sums.vouchers_sold = sums.vouchers_sold.saturating_add(volume.sum.0);
            }
            OperationKind::VoucherReturn => {
                sums.vouchers_returned = sums.vouchers_returned.saturating_add(volume.sum.0);
            }
            _ => {}
        }
    }
    sums
}

/// Whether all sales of a merchant, less all refunds and the vouchers that it sold, are what the ledger says that it holds.
///
/// # Errors
/// What could not be reached.
pub async fn equals_ledger(
    operations: &Operations,
    merchant: MerchantId,
    currency: Currency,
) -> Result<bool, OperationError> {
    let all = sums(operations, merchant, currency, (Timestamp::ZERO, Timestamp::LAST)).await?;
    let held = balances::of_merchant(operations, merchant).await?;
    let held = held.iter().find(|(of, _)| *of == currency).map_or(0, |(_, held)| held.available.minor());
    let came = all.sold.saturating_add(all.vouchers_returned);
    let went = all.refunded.saturating_add(all.vouchers_sold);
    Ok(came.checked_sub(went) == Some(u128::from(held)))
}

/// What a member of staff may do.
///
/// # Errors
/// What could not be reached.
pub async fn staff_entry(
    operations: &Operations,
    principal: PrincipalId,
) -> Result<StaffEntry, OperationError> {
    Ok(operations.records().read(move |sql| till::staff_entry(sql, principal)).await?)
}

/// Changes what a member of the merchant's staff may do.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn set_role(
    operations: &Operations,
    merchant: MerchantId,
    principal: PrincipalId,
    role: StaffRole,
) -> Result<(), OperationError> {
    let written = operations.records().write(move |sql| {
        let known = principals::get(sql, principal)?.filter(|staff| staff.merchant == Some(merchant));
        if known.is_none() {
            return Ok(false);
        }
        let entry = till::staff_entry(sql, principal)?;
        till::put_staff_entry(sql, principal, &StaffEntry { role, ..entry })?;
        Ok(true)
    });
    if written.await? { Ok(()) } else { Err(OperationError::NotFound(Party::Holder)) }
}

/// Keeps the hash of a member's PIN, or that it was wrong once more, or right.
///
/// # Errors
/// What could not be reached.
pub async fn put_entry(
    operations: &Operations,
    principal: PrincipalId,
    entry: StaffEntry,
) -> Result<(), OperationError> {
    Ok(operations.records().write(move |sql| till::put_staff_entry(sql, principal, &entry)).await?)
}

/// The active staff of a merchant with what they may do.
///
/// # Errors
/// What could not be reached.
pub async fn staff(
    operations: &Operations,
    merchant: MerchantId,
) -> Result<Vec<(Principal, StaffEntry)>, OperationError> {
    if directory::merchant(operations, merchant).await?.is_none() {
        return Err(OperationError::NotFound(Party::Merchant));
    }
    let read = operations.records().read(move |sql| {
        let mut found = Vec::new();
        for principal in principals::staff_of(sql, merchant)? {
            if principal.status == PrincipalStatus::Active {
                let entry = till::staff_entry(sql, principal.id)?;
                found.push((principal, entry));
            }
        }
        Ok(found)
    });
    Ok(read.await?)
}

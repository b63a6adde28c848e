//! The till: charge by a code to scan or by the payer's code, the last sales, shifts, items, and who stands there.

use std::collections::BTreeMap;

use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use money::{Amount, Currency};
use operations::merchant_code::{self, NewCode};
use operations::orders::{self, NewOrder};
use operations::payer_code::{self, ChargeRequest, Charged};
use operations::{IdempotencyKey, OperationError, merchants, till};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use pages::till::{ItemForm, LastSale, SaleFailure, SaleState, Till, TillItem, TillReport, TillSale};
use records::operations::{OperationState, refunded};
use records::orders::{OrderLine, OrderSource, OrderState};
use records::till::{Item, Shift, StaffRole};
use serde::Deserialize;
use wallet::ids::{ItemId, MerchantId, OperationId, OrderId};

use super::merchant::{main_currency, minor_amount};
use super::own_form::OwnForm;
use super::stop::Stop;
use super::trouble::problem_of;
use super::visit::{StaffVisit, page, page_with_problems, see_other};
use super::{amounts, describe, staff_role};
use crate::auth;
use crate::fields::Secret;
use crate::request::PathId;

/// How many sales the till shows.
const LAST: u32 = 8;
/// How long a sale at the till can be paid, in seconds.
const OPEN_SECONDS: u32 = 10 * 60;

/// The fields of the till; those of items are `item_` and the id.
#[derive(Deserialize, Default)]
pub(super) struct TillForm {
    #[serde(flatten)]
    fields: BTreeMap<String, String>,
}

impl TillForm {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map(String::as_str).unwrap_or_default().trim()
    }

    fn quantity(&self, item: &Item) -> u32 {
        self.field(&format!("item_{}", item.id)).parse().unwrap_or(0)
    }
}

/// `GET /till`
pub(super) async fn show(staff: StaffVisit) -> Result<Response, Stop> {
    let view = view(&staff, &TillForm::default(), Vec::new()).await?;
    Ok(page(pages::till::till(&staff.visit.frame(), &view)))
}

async fn again(staff: &StaffVisit, form: &TillForm, problem: Problem) -> Result<Response, Stop> {
    let view = view(staff, form, vec![problem]).await?;
    Ok(page_with_problems(pages::till::till(&staff.visit.frame(), &view)))
}

async fn view(staff: &StaffVisit, form: &TillForm, problems: Vec<Problem>) -> Result<Till, Stop> {
    let StaffVisit { visit, merchant } = staff;
    let operations = visit.app.operations();
    let shop = visit.need(merchants::get(operations, *merchant).await)?;
    let currency = main_currency(visit);
    let items = own_items(staff, currency).await?;
    let (me, _) = staff_role::of(visit).await?;
    let colleagues = visit.need(till::staff(operations, *merchant).await)?;
    let cashier = visit.member.as_ref().map(|member| describe::own_name(visit.locale, &member.principal));
    Ok(Till {
        shop: describe::pick(visit.locale, &shop.name_zh, Some(&shop.name_en)).to_owned(),
        cashier: cashier.unwrap_or_default(),
        currency,
        quantities: items.iter().map(|item| form.quantity(item)).collect(),
        items: items.iter().map(|item| shown(staff, item)).collect(),
        amount: form.field("amount").to_owned(),
        code: form.field("code").to_owned(),
        last: last_sales(staff).await?,
        colleagues: colleagues
            .iter()
            .filter(|(principal, entry)| principal.id != me && entry.pin_hash.is_some())
            .map(|(principal, _)| (principal.login.clone(), describe::own_name(visit.locale, principal)))
            .collect(),
        attempt: visit.attempt(),
        problems,
    })
}

async fn own_items(staff: &StaffVisit, currency: Currency) -> Result<Vec<Item>, Stop> {
    let found = till::items(staff.visit.app.operations(), staff.merchant).await;
    let mut items = staff.visit.need(found)?;
    items.retain(|item| item.price.currency() == currency);
    Ok(items)
}

fn shown(staff: &StaffVisit, item: &Item) -> TillItem {
    TillItem {
        id: item.id,
        name: describe::pick(staff.visit.locale, &item.name_zh, Some(&item.name_en)).to_owned(),
        category: item.category.clone(),
        price: item.price,
    }
}

async fn last_sales(staff: &StaffVisit) -> Result<Vec<LastSale>, Stop> {
    let visit = &staff.visit;
    let operations = visit.app.operations();
    let rows = visit.need(till::last_sales(operations, staff.merchant, LAST).await)?;
    let ids: Vec<OperationId> = rows.iter().map(|row| row.id).collect();
    let read = visit
        .app
        .records()
        .read(move |sql| ids.iter().map(|id| refunded(sql, *id)).collect::<Result<Vec<_>, _>>());
    let given_back = visit.need_records(read.await)?;
    let now = visit.app.now();
    let named = visit.need(operations::history::named(operations, rows).await)?;
    let sale = |(row, refunded): (operations::history::Named, ledger::Amount)| LastSale {
        payment: row.operation.id,
        at: row.operation.created_at,
        payer: operations::masked(&describe::party(visit.locale, row.payer.as_ref())),
        amount: row.operation.amount,
        refunded: minor_amount(refunded.0, row.operation.amount.currency()),
        can_undo: refunded.0 == 0 && till::may_undo(&row.operation, now),
    };
    Ok(named.into_iter().zip(given_back).map(sale).collect())
}

/// What is to be paid: the items, and the amount typed beside them.
fn total(form: &TillForm, items: &[Item], currency: Currency) -> Result<(Amount, Vec<OrderLine>), Problem> {
    let wrong = |trouble| Problem { field: "amount", trouble };
    let mut lines = Vec::new();
    let mut sum = Amount::zero(currency);
    for item in items {
        let quantity = form.quantity(item);
        if quantity > 0 {
            let part = item.price.checked_mul(u64::from(quantity)).map_err(|_| wrong(Trouble::TooLarge))?;
            sum = sum.checked_add(part).map_err(|_| wrong(Trouble::TooLarge))?;
            lines.push(OrderLine { name: item.name_zh.clone(), quantity, price: item.price });
        }
    }
    if !form.field("amount").is_empty() || lines.is_empty() {
        let typed = amounts::typed(form.field("amount"), currency.code())?;
        sum = sum.checked_add(typed).map_err(|_| wrong(Trouble::TooLarge))?;
        if !lines.is_empty() {
            lines.push(OrderLine { name: "+".to_owned(), quantity: 1, price: typed });
        }
    }
    Ok((sum, lines))
}

fn description(lines: &[OrderLine]) -> String {
    let words: Vec<String> = lines
        .iter()
        .filter(|line| line.name != "+")
        .map(|line| format!("{} × {}", line.name, line.quantity))
        .collect();
    words.join("，").chars().take(140).collect()
}

/// `POST /till/charge`: a code to scan.
pub(super) async fn charge(staff: StaffVisit, OwnForm(form): OwnForm<TillForm>) -> Result<Response, Stop> {
    let principal = staff_role::require(&staff, StaffRole::Cashier).await?;
    let visit = &staff.visit;
    let key = form.field("idempotency_key").parse::<IdempotencyKey>();
    let key = key.map_err(|_| visit.stop(Fault::BadRequest))?;
    let currency = main_currency(visit);
    let items = own_items(&staff, currency).await?;
    let (amount, lines) = match total(&form, &items, currency) {
        Ok(total) => total,
        Err(problem) => return again(&staff, &form, problem).await,
    };
    let new = NewOrder {
        merchant: staff.merchant,
        created_by: principal,
        source: OrderSource::Till,
        amount,
        description: description(&lines),
        lines,
        reference: String::new(),
        escrow: false,
        return_url: String::new(),
        open_seconds: OPEN_SECONDS,
        hold_seconds: OPEN_SECONDS,
    };
    match orders::create(visit.app.operations(), &key, new).await {
        Ok(order) => Ok(see_other(&format!("/till/sales/{}", order.id))),
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.stop_for(error))?;
            again(&staff, &form, problem).await
        }
    }
}

/// `GET /till/sales/{order}`
pub(super) async fn sale(PathId(id): PathId<OrderId>, staff: StaffVisit) -> Result<Response, Stop> {
    let visit = &staff.visit;
    let operations = visit.app.operations();
    let order = visit.need(orders::of_merchant(operations, staff.merchant, id).await)?;
    let state = match order.state {
        OrderState::Open => {
            let code = NewCode {
                merchant: staff.merchant,
                currency: order.amount.currency(),
                amount: Some(order.amount),
                once: Some((orders::code_reference(id), order.expires_at)),
            };
            SaleState::Waiting(visit.need(merchant_code::create(operations, &code).await)?)
        }
        OrderState::Paid => SaleState::Paid(order.payment),
        OrderState::Refunded => SaleState::Undone,
        state if state.is_paid() => SaleState::Paid(None),
        _ => SaleState::Failed(SaleFailure::Ended),
    };
    let view = TillSale { order: Some(id), amount: order.amount, state };
    Ok(page(pages::till::sale(&visit.frame(), &view)))
}

#[derive(Deserialize)]
pub(super) struct NoFields {}

/// `POST /till/sales/{order}/cancel`
pub(super) async fn cancel(
    PathId(id): PathId<OrderId>,
    staff: StaffVisit,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    let principal = staff_role::require(&staff, StaffRole::Cashier).await?;
    let visit = &staff.visit;
    let order = visit.need(orders::of_merchant(visit.app.operations(), staff.merchant, id).await)?;
    match orders::cancel(visit.app.operations(), principal, &order).await {
        Ok(()) => Ok(see_other("/till")),
        // The customer was faster: the sale's page says so.
        Err(OperationError::OrderEnded) => Ok(see_other(&format!("/till/sales/{id}"))),
        Err(error) => Err(visit.stop_for(error)),
    }
}

/// `POST /till/scan`: charges the payer's code.
pub(super) async fn scan(staff: StaffVisit, OwnForm(form): OwnForm<TillForm>) -> Result<Response, Stop> {
    staff_role::require(&staff, StaffRole::Cashier).await?;
    let visit = &staff.visit;
    let currency = main_currency(visit);
    let items = own_items(&staff, currency).await?;
    let (amount, lines) = match total(&form, &items, currency) {
        Ok(total) => total,
        Err(problem) => return again(&staff, &form, problem).await,
    };
    if form.field("code").is_empty() {
        return again(&staff, &form, Problem { field: "code", trouble: Trouble::Missing }).await;
    }
    let request = ChargeRequest {
        merchant: staff.merchant,
        digits: form.field("code").to_owned(),
        amount,
        memo: description(&lines),
    };
    let state = match payer_code::charge(visit.app.operations(), request).await {
        Ok(Charged::Waiting { id, .. }) => return Ok(see_other(&format!("/till/charges/{id}"))),
        Ok(Charged::Ended(receipt)) if receipt.state == OperationState::Completed => {
            SaleState::Paid(Some(receipt.id))
        }
        Ok(Charged::Ended(_)) => SaleState::Failed(SaleFailure::Declined),
        Err(OperationError::CodeRefused(_)) => SaleState::Failed(SaleFailure::CodeRefused),
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.stop_for(error))?;
            return again(&staff, &form, problem).await;
        }
    };
    Ok(page(pages::till::sale(&visit.frame(), &TillSale { order: None, amount, state })))
}

/// `GET /till/charges/{id}`: a charge that the payer confirms.
pub(super) async fn charged(PathId(id): PathId<OperationId>, staff: StaffVisit) -> Result<Response, Stop> {
    let visit = &staff.visit;
    let operations = visit.app.operations();
    let (amount, state) = match payer_code::outcome(operations, staff.merchant, id).await {
        Ok((charge, None)) => (charge.amount, SaleState::Confirming),
        Ok((charge, Some(receipt))) if receipt.state == OperationState::Completed => {
            (charge.amount, SaleState::Paid(Some(receipt.id)))
        }
        Ok((charge, Some(_))) => (charge.amount, SaleState::Failed(SaleFailure::Declined)),
        Err(OperationError::CodeRefused(_)) => {
            let charge = visit.need(payer_code::waiting(operations, id).await)?;
            (charge.amount, SaleState::Failed(SaleFailure::CodeRefused))
        }
        Err(error) => return Err(visit.stop_for(error)),
    };
    Ok(page(pages::till::sale(&visit.frame(), &TillSale { order: None, amount, state })))
}

/// `POST /till/undo/{payment}`
pub(super) async fn undo(
    PathId(payment): PathId<OperationId>,
    staff: StaffVisit,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    let principal = staff_role::require(&staff, StaffRole::Cashier).await?;
    let visit = &staff.visit;
    let undone = till::undo(visit.app.operations(), principal, staff.merchant, payment).await;
    match undone {
        Ok(receipt) if receipt.state == OperationState::Completed => {
            Ok(see_other(&format!("/till?notice={}", Notice::Refunded.code())))
        }
        Ok(_) | Err(OperationError::NotRefundable | OperationError::KeyReused) => {
            let problem = Problem { field: "amount", trouble: Trouble::OverRefund };
            again(&staff, &TillForm::default(), problem).await
        }
        Err(error) => Err(visit.stop_for(error)),
    }
}

#[derive(Deserialize)]
pub(super) struct ReportQuery {
    shift: Option<u64>,
}

/// `GET /till/report`
pub(super) async fn report(staff: StaffVisit, Query(query): Query<ReportQuery>) -> Result<Response, Stop> {
    let visit = &staff.visit;
    let operations = visit.app.operations();
    let (me, role) = staff_role::of(visit).await?;
    let shift = match query.shift {
        Some(number) => visit.need(till::closed_shift(operations, staff.merchant, number).await)?,
        None => visit.need(till::open_shift(operations, staff.merchant, me).await)?,
    };
    let view = report_view(&staff, shift, role >= StaffRole::Manager).await?;
    Ok(page(pages::till::report(&visit.frame(), &view)))
}

async fn report_view(staff: &StaffVisit, shift: Shift, can_close: bool) -> Result<TillReport, Stop> {
    let visit = &staff.visit;
    let operations = visit.app.operations();
    let currency = main_currency(visit);
    let until = shift.closed_at.unwrap_or(ledger::Timestamp::LAST);
    let span = (shift.opened_at, until);
    let sums = visit.need(till::sums(operations, staff.merchant, currency, span).await)?;
    let equals_ledger = visit.need(till::equals_ledger(operations, staff.merchant, currency).await)?;
    let earlier = visit.need(till::closed_shifts(operations, staff.merchant).await)?;
    let (sold, refunded) = (minor_amount(sums.sold, currency), minor_amount(sums.refunded, currency));
    let vouchers = minor_amount(sums.vouchers_sold, currency)
        .to_delta()
        .checked_add(minor_amount(sums.vouchers_returned, currency).to_delta().negated())
        .unwrap_or(Amount::zero(currency).to_delta());
    let net = sold
        .to_delta()
        .checked_add(refunded.to_delta().negated())
        .and_then(|net| net.checked_add(vouchers.negated()));
    Ok(TillReport {
        shift: shift.number,
        from: shift.opened_at,
        closed_at: shift.closed_at,
        sales: sums.sales,
        sold,
        refunds: sums.refunds,
        refunded,
        vouchers,
        net: net.unwrap_or(sold.to_delta()),
        equals_ledger,
        earlier: earlier.iter().filter_map(|shift| Some((shift.number, shift.closed_at?))).collect(),
        can_close,
    })
}

/// `POST /till/report`: the Z report closes the shift.
pub(super) async fn close(
    staff: StaffVisit,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    let principal = staff_role::require(&staff, StaffRole::Manager).await?;
    let visit = &staff.visit;
    let closed = till::close_shift(visit.app.operations(), staff.merchant, principal).await;
    let shift = visit.need(closed)?;
    Ok(see_other(&format!("/till/report?shift={}", shift.number)))
}

#[derive(Deserialize)]
pub(super) struct NewItemForm {
    #[serde(default)]
    name_zh: String,
    #[serde(default)]
    name_en: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    amount: String,
}

/// `GET /till/items`
pub(super) async fn items(staff: StaffVisit) -> Result<Response, Stop> {
    let view = ItemForm { items: shown_items(&staff).await?, ..ItemForm::default() };
    Ok(page(pages::till::items(&staff.visit.frame(), &view)))
}

async fn shown_items(staff: &StaffVisit) -> Result<Vec<TillItem>, Stop> {
    let items = own_items(staff, main_currency(&staff.visit)).await?;
    Ok(items.iter().map(|item| shown(staff, item)).collect())
}

/// `POST /till/items`
pub(super) async fn add_item(
    staff: StaffVisit,
    OwnForm(form): OwnForm<NewItemForm>,
) -> Result<Response, Stop> {
    staff_role::require(&staff, StaffRole::Manager).await?;
    let visit = &staff.visit;
    let problem = match amounts::typed(&form.amount, main_currency(visit).code()) {
        Err(problem) => problem,
        Ok(price) => {
            let new = till::NewItem {
                name_zh: form.name_zh.trim().to_owned(),
                name_en: form.name_en.trim().to_owned(),
                category: form.category.trim().to_owned(),
                price,
            };
            match till::add_item(visit.app.operations(), staff.merchant, new).await {
                Ok(_) => return Ok(see_other(&format!("/till/items?notice={}", Notice::Saved.code()))),
                Err(OperationError::TextLength { field }) => Problem { field, trouble: Trouble::TooLong(40) },
                Err(error) => problem_of(error).ok_or_else(|| visit.stop_for(error))?,
            }
        }
    };
    let view = ItemForm {
        items: shown_items(&staff).await?,
        name_zh: form.name_zh,
        name_en: form.name_en,
        category: form.category,
        price: form.amount,
        problems: vec![problem],
    };
    Ok(page_with_problems(pages::till::items(&visit.frame(), &view)))
}

/// `POST /till/items/{item}/remove`
pub(super) async fn remove_item(
    PathId(item): PathId<ItemId>,
    staff: StaffVisit,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    staff_role::require(&staff, StaffRole::Manager).await?;
    let visit = &staff.visit;
    visit.need(till::remove_item(visit.app.operations(), staff.merchant, item).await)?;
    Ok(see_other("/till/items"))
}

#[derive(Deserialize)]
pub(super) struct SwitchForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    pin: String,
}

/// Wrong PINs after which only the password helps.
const PIN_FAILURES_MAX: u32 = 5;

/// `POST /till/switch`: a colleague takes over with their PIN.
pub(super) async fn switch(staff: StaffVisit, OwnForm(form): OwnForm<SwitchForm>) -> Result<Response, Stop> {
    let visit = &staff.visit;
    let Some(principal) = verified(&staff, staff.merchant, form).await? else {
        let problem = Problem { field: "pin", trouble: Trouble::WrongPin };
        return again(&staff, &TillForm::default(), problem).await;
    };
    let opened = visit.app.open_session(principal).await?;
    Ok((auth::session_cookies(&visit.app, &opened), see_other("/till")).into_response())
}

/// The colleague whose PIN this is. Each wrong one is counted before it is looked at.
async fn verified(
    staff: &StaffVisit,
    merchant: MerchantId,
    form: SwitchForm,
) -> Result<Option<wallet::ids::PrincipalId>, Stop> {
    let visit = &staff.visit;
    let operations = visit.app.operations();
    let everybody = visit.need(till::staff(operations, merchant).await)?;
    let found = everybody.into_iter().find(|(principal, _)| principal.login == form.login);
    let Some((principal, entry)) = found.filter(|(_, entry)| entry.pin_failures < PIN_FAILURES_MAX) else {
        return Ok(None);
    };
    let counted = records::till::StaffEntry { pin_failures: entry.pin_failures + 1, ..entry.clone() };
    visit.need(till::put_entry(operations, principal.id, counted).await)?;
    if !visit.app.passwords().verify(Secret::from(form.pin), entry.pin_hash.clone()).await? {
        return Ok(None);
    }
    let right = records::till::StaffEntry { pin_failures: 0, ..entry };
    visit.need(till::put_entry(operations, principal.id, right).await)?;
    Ok(Some(principal.id))
}

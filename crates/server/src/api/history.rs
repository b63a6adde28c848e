//! What happened: the operations that the caller is a party of.

use axum::extract::State;
use axum::response::Response;
use operations::history::{self, Named, PartyName};
use operations::masked;
use records::Code;
use records::operations::{Cursor, Filter, Operation, OperationKind, PAGE_MAX, PartyId};
use records::principals::Role;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wallet::ids::{CardId, HolderId, MerchantId, OperationId};

use super::refusals::Read;
use crate::App;
use crate::auth::Caller;
use crate::fields::{AnyId, CurrencyCode, Id, parse_id};
use crate::json;
use crate::problem::Problem;
use crate::request::{PathId, Query};
use crate::rfc3339;

const PAGE_DEFAULT: u32 = 50;

/// One side of an operation as the caller may see it.
#[derive(Serialize, ToSchema)]
pub(super) struct PartyView {
    /// The name; of another holder only its ends.
    #[schema(example = "韩*梅")]
    pub(super) name: String,
    /// The name in Latin letters.
    pub(super) latin_name: Option<String>,
}

/// One operation.
#[derive(Serialize, ToSchema)]
pub(super) struct OperationView {
    #[schema(value_type = AnyId)]
    pub(super) id: Id<OperationId>,
    /// `top_up`, `withdrawal`, `transfer`, `payment` or `refund`.
    #[schema(example = "payment")]
    pub(super) kind: &'static str,
    /// `started`, `completed`, `declined`, `reversed` or `unknown`.
    #[schema(example = "completed")]
    pub(super) state: &'static str,
    /// Why it was declined or reversed; `bank_asks` where it is unknown because the bank waits for the holder's answer.
    reason: Option<String>,
    /// Minor units.
    #[schema(example = 1250)]
    amount: u64,
    currency: CurrencyCode,
    /// `in` where the caller is paid, `out` where the caller pays; absent for the operator.
    direction: Option<&'static str>,
    pub(super) payer: Option<PartyView>,
    pub(super) payee: Option<PartyView>,
    #[schema(value_type = Option<AnyId>)]
    merchant: Option<Id<MerchantId>>,
    /// The bank card of a top-up or withdrawal.
    #[schema(value_type = Option<AnyId>)]
    card: Option<Id<CardId>>,
    /// The payment that a refund is for.
    #[schema(value_type = Option<AnyId>)]
    payment: Option<Id<OperationId>>,
    pub(super) memo: String,
    #[schema(format = DateTime)]
    pub(super) created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A page of operations, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Operations {
    operations: Vec<OperationView>,
    /// `cursor` of the next page, where there is one.
    next: Option<String>,
}

/// One operation with its refunds.
#[derive(Serialize, ToSchema)]
pub(super) struct OperationDetail {
    operation: OperationView,
    /// The page where the holder's bank waits for an answer, for the holder alone.
    bank_page: Option<String>,
    /// The refunds of a payment, oldest first.
    refunds: Vec<OperationView>,
}

/// Which operations, and where the page begins.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// `top_up`, `withdrawal`, `transfer`, `payment` or `refund`.
    kind: Option<String>,
    /// `started`, `completed`, `declined`, `reversed` or `unknown`.
    state: Option<String>,
    currency: Option<String>,
    /// The id of a merchant.
    merchant: Option<String>,
    /// The first day, `YYYY-MM-DD` in UTC.
    from: Option<String>,
    /// The last day, `YYYY-MM-DD` in UTC.
    to: Option<String>,
    /// Text of the memo; for a holder also of their own note and of the other side's name.
    q: Option<String>,
    /// One of a holder's own tags.
    tag: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// 1 to 100; 50 where left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// The number of rows of a page.
pub(super) fn page_limit(wanted: Option<u32>) -> Result<u32, Problem> {
    let limit = wanted.unwrap_or(PAGE_DEFAULT);
    if (1..=PAGE_MAX).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::invalid("limit", format!("limit must be 1 to {PAGE_MAX}")))
    }
}

/// A parameter that must be one of some words, or an id, or a day.
pub(super) fn parameter<T>(
    name: &'static str,
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    text.map(|text| parse(text).ok_or_else(|| Problem::invalid(name, format!("{name} is not understood"))))
        .transpose()
}

impl HistoryQuery {
    fn filter(&self, party: Option<PartyId>, holder: Option<HolderId>) -> Result<Filter, Problem> {
        let text = self.q.clone().filter(|text| !text.is_empty());
        let (text, search) = match holder {
            Some(holder) => (None, text.map(|text| (holder, text))),
            None => (text, None),
        };
        Ok(Filter {
            party,
            kind: parameter("kind", self.kind.as_deref(), OperationKind::from_code)?,
            state: parameter("state", self.state.as_deref(), Code::from_code)?,
            currency: parameter("currency", self.currency.as_deref(), |code| {
                money::Currency::from_code(code).ok()
            })?,
            merchant: parameter("merchant", self.merchant.as_deref(), parse_id)?,
            card: None,
            from: parameter("from", self.from.as_deref(), rfc3339::parse_day)?,
            until: parameter("to", self.to.as_deref(), rfc3339::parse_day)?.map(rfc3339::next_day),
            text,
            search,
            tag: holder.zip(self.tag.clone()),
        })
    }
}

/// A cursor is opaque to clients: a version digit and the place in hexadecimal.
fn write_cursor(cursor: Cursor) -> String {
    format!("1{:016x}", cursor.0)
}

fn read_cursor(text: &str) -> Option<Cursor> {
    let digits = text.strip_prefix('1').filter(|digits| digits.len() == 16 && !digits.contains('+'))?;
    let place = u64::from_str_radix(digits, 16).ok()?;
    i64::try_from(place).ok().map(Cursor)
}

/// The party as which a caller looks at history; `None` is the operator, who sees all.
pub(super) fn viewer(caller: &Caller) -> Option<PartyId> {
    match caller.role {
        Role::Holder => Some(caller.principal.into()),
        // Staff always has a merchant; one without would see only its own principal, which is no party of anything.
        Role::MerchantStaff => Some(caller.merchant.map_or_else(|| caller.principal.into(), PartyId::from)),
        Role::Operator => None,
    }
}

/// An operation as `viewer` may see it: names of other holders are masked.
pub(super) fn view(named: Named, viewer: Option<PartyId>) -> OperationView {
    let row = named.operation;
    let (payer_is_holder, payee_is_holder) = holders(row.kind);
    let payment = row.refunded_payment();
    let side = |name: Option<PartyName>, party: Option<PartyId>, is_holder: bool| {
        let hidden = is_holder && viewer.is_some() && viewer != party;
        name.map(|PartyName { name, latin_name }| {
            if hidden {
                PartyView { name: masked(&name), latin_name: latin_name.as_deref().map(masked) }
            } else {
                PartyView { name, latin_name }
            }
        })
    };
    OperationView {
        id: Id(row.id),
        kind: row.kind.code(),
        state: row.state.code(),
        reason: row.reason,
        amount: row.amount.minor(),
        currency: CurrencyCode(row.amount.currency()),
        direction: viewer.map(|viewer| if row.payer == Some(viewer) { "out" } else { "in" }),
        payer: side(named.payer, row.payer, payer_is_holder),
        payee: side(named.payee, row.payee, payee_is_holder),
        merchant: row.merchant.map(Id),
        card: row.card.map(Id),
        payment: payment.map(Id),
        memo: row.memo,
        created_at: rfc3339::format(row.created_at),
        updated_at: rfc3339::format(row.updated_at),
    }
}

/// Whether payer and payee of such an operation are holders.
const fn holders(kind: OperationKind) -> (bool, bool) {
    match kind {
        OperationKind::TopUp
        | OperationKind::Refund
        | OperationKind::EscrowRefund
        | OperationKind::VoucherRedemption
        | OperationKind::CardUnload
        | OperationKind::CardRest
        | OperationKind::TransferPurseUnload => (false, true),
        OperationKind::Withdrawal
        | OperationKind::Payment
        | OperationKind::EscrowPayment
        | OperationKind::CardLoad
        | OperationKind::CardDue
        | OperationKind::TransferPurseLoad => (true, false),
        OperationKind::EscrowRelease
        | OperationKind::VoucherSale
        | OperationKind::VoucherReturn
        | OperationKind::CardTakings
        | OperationKind::CardReturns
        | OperationKind::Adjustment => (false, false),
        OperationKind::Transfer => (true, true),
    }
}

async fn views(
    app: &App,
    rows: Vec<Operation>,
    viewer: Option<PartyId>,
) -> Result<Vec<OperationView>, Problem> {
    let named = history::named(app.operations(), rows).await?;
    Ok(named.into_iter().map(|named| view(named, viewer)).collect())
}

/// List operations.
///
/// Holders see their own, staff those of their merchant, the operator all.
#[utoipa::path(
    get, path = "/api/v1/operations", tag = "History", params(HistoryQuery),
    responses((status = 200, description = "A page of operations, newest first", body = Operations), Read)
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    let viewer = viewer(&caller);
    let holder = (caller.role == Role::Holder).then(|| HolderId::new(caller.principal.bits()));
    let filter = query.filter(viewer, holder)?;
    let cursor = parameter("cursor", query.cursor.as_deref(), read_cursor)?;
    let page = history::page(app.operations(), filter, cursor, page_limit(query.limit)?).await?;
    let next = page.next.map(write_cursor);
    Ok(json::ok(&Operations { operations: views(&app, page.operations, viewer).await?, next }))
}

/// See one operation with its refunds.
#[utoipa::path(
    get, path = "/api/v1/operations/{id}", tag = "History", params(("id" = AnyId, Path, description = "The operation")),
    responses((status = 200, description = "The operation", body = OperationDetail), Read)
)]
pub(super) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<OperationId>,
) -> Result<Response, Problem> {
    let viewer = viewer(&caller);
    let row = history::get(app.operations(), viewer, id).await?;
    let refunds = history::refunds(app.operations(), row.id).await?;
    let own = viewer.is_some() && viewer == row.payee;
    let bank_page = operations::customer_page(app.operations(), &row).filter(|_| own);
    let mut all = views(&app, std::iter::once(row).chain(refunds).collect(), viewer).await?;
    let operation = all.remove(0);
    Ok(json::ok(&OperationDetail { operation, bank_page, refunds: all }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_as_itself_and_nothing_else_is_one() {
        for place in [0, 1, 4_711, i64::MAX] {
            assert_eq!(read_cursor(&write_cursor(Cursor(place))), Some(Cursor(place)));
        }
        for bad in
            ["", "1", "1ffffffffffffffff", "2000000000000000a", "1+00000000000000a", "10000000000000000a"]
        {
            assert_eq!(read_cursor(bad), None, "{bad}");
        }
    }
}

//! A holder's card purses: bind one, order loads, report it lost.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use messages::card::Asn;
use operations::Origin;
use operations::card_purses::dues::{self, CardDue};
use operations::card_purses::grades::{self, CreditGrade, Reason};
use operations::card_purses::loads::{self, OrderLoad};
use operations::card_purses::view::{self, CardPurse};
use operations::card_purses::{CardPurseState, binding, lost};
use records::load_orders::{LoadOrder, LoadOrderState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wallet::ids::{CardDueId, ChallengeId, HolderId, LoadOrderId, MerchantId};

use super::refusals::{Change, Read, Write};
use crate::App;
use crate::auth::Holder;
use crate::fields::{AnyId, CurrencyCode, Id, Minor, Secret};
use crate::hex_digits::Hex;
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::request::{Key, PathParts};
use crate::rfc3339;

/// A load order.
#[derive(Serialize, ToSchema)]
pub(super) struct LoadOrderView {
    #[schema(value_type = AnyId)]
    id: Id<LoadOrderId>,
    /// Minor units.
    amount: u64,
    currency: CurrencyCode,
    /// `waiting`, `begun`, `done` or `withdrawn`.
    state: &'static str,
    #[schema(format = DateTime)]
    ordered_at: String,
}

impl From<LoadOrder> for LoadOrderView {
    fn from(order: LoadOrder) -> Self {
        Self {
            id: Id(order.id),
            amount: order.amount.minor(),
            currency: CurrencyCode(order.amount.currency()),
            state: order.state.code(),
            ordered_at: rfc3339::format(order.ordered_at),
        }
    }
}

/// The part of a sale that a card did not hold.
#[derive(Serialize, ToSchema)]
pub(super) struct CardDueView {
    #[schema(value_type = AnyId)]
    id: Id<CardDueId>,
    /// The card number.
    card: Hex<10>,
    #[schema(value_type = AnyId)]
    merchant: Id<MerchantId>,
    /// Minor units.
    amount: u64,
    currency: CurrencyCode,
    /// `unproven`, `owed`, `collected` or `disowned`.
    state: &'static str,
    #[schema(format = DateTime)]
    owed_since: String,
}

impl From<CardDue> for CardDueView {
    fn from(due: CardDue) -> Self {
        Self {
            id: Id(due.id),
            card: Hex(due.asn.0),
            merchant: Id(due.merchant),
            amount: due.amount.minor(),
            currency: CurrencyCode(due.amount.currency()),
            state: due.state.code(),
            owed_since: rfc3339::format(due.owed_since),
        }
    }
}

/// What the caller's wallets owe.
#[derive(Serialize, ToSchema)]
pub(super) struct CardDueList {
    dues: Vec<CardDueView>,
}

/// Why a grade is not higher.
#[derive(Serialize, ToSchema)]
pub(super) struct GradeReasonView {
    /// The key of the message.
    #[schema(example = "grade.points.repayment")]
    key: &'static str,
    /// Its numbers: points and how many there are, or days.
    numbers: Vec<u32>,
}

/// How far the issuer trusts the holder of a card.
#[derive(Serialize, ToSchema)]
pub(super) struct GradeView {
    /// 0 to 5.
    level: u8,
    /// The sum of all points, at most 100.
    score: u8,
    /// The most that may be owed of one sale, in minor units.
    due_max: u64,
    /// The last day that it holds.
    #[schema(format = Date)]
    expiry: String,
    /// Whether a terminal has said that the card bears it.
    is_borne: bool,
    /// What keeps the level down, the heaviest first.
    reasons: Vec<GradeReasonView>,
}

impl From<CreditGrade> for GradeView {
    fn from(grade: CreditGrade) -> Self {
        let reason = |reason: Reason| GradeReasonView { key: reason.key(), numbers: reason.numbers() };
        Self {
            level: grade.level.number(),
            score: grade.score,
            due_max: grade.due_max.minor(),
            expiry: grade.last_day(),
            is_borne: grade.is_borne,
            reasons: grade.reasons.into_iter().map(reason).collect(),
        }
    }
}

/// A card purse with its grade.
#[derive(Serialize, ToSchema)]
pub(super) struct GradedCardPurse {
    #[serde(flatten)]
    purse: CardPurseView,
    /// None of a card that terminals do not take.
    grade: Option<GradeView>,
}

/// A card purse, as its issuer knows it.
#[derive(Serialize, ToSchema)]
pub(super) struct CardPurseView {
    /// The card number.
    card: Hex<10>,
    /// `bound`, `listed` or `closed`.
    state: &'static str,
    currency: CurrencyCode,
    /// What was loaded less what was cleared, in minor units. The card may hold less: terminals upload later.
    balance: u64,
    /// What it spent beyond that.
    excess: u64,
    /// Of payments that were uploaded without a proof.
    held: u64,
    /// Of loads and unloads that only the card can confirm.
    in_doubt: u64,
    /// Why terminals do not take it: `lost`, `cloned` or `counterfeit`.
    listed: Option<&'static str>,
    /// Load orders that wait or have begun.
    load_orders: Vec<LoadOrderView>,
    /// When a terminal or the host heard from it last.
    #[schema(format = DateTime)]
    last_seen: Option<String>,
}

impl From<CardPurse> for CardPurseView {
    fn from(card: CardPurse) -> Self {
        let open = |order: &LoadOrder| matches!(order.state, LoadOrderState::Waiting | LoadOrderState::Begun);
        Self {
            card: Hex(card.asn.0),
            state: card.state.code(),
            currency: CurrencyCode(card.currency),
            balance: card.shadow.minor(),
            excess: card.excess.minor(),
            held: card.held.minor(),
            in_doubt: card.in_doubt.iter().fold(0, |sum, doubt| sum.saturating_add(doubt.amount.minor())),
            listed: card.listed.map(|(listing, _)| listing.code()),
            load_orders: card.orders.into_iter().filter(open).map(LoadOrderView::from).collect(),
            last_seen: card.last_seen.map(rfc3339::format),
        }
    }
}

/// The caller's card purses.
#[derive(Serialize, ToSchema)]
pub(super) struct CardPurseList {
    card_purses: Vec<CardPurseView>,
}

/// The card, where it is this holder's. Others' are not found.
async fn own(app: &App, holder: HolderId, card: Hex<10>) -> Result<CardPurse, Problem> {
    let found = view::get(app.operations(), Asn(card.0)).await?;
    if found.holder == Some(holder) { Ok(found) } else { Err(Problem::not_found()) }
}

/// List the caller's card purses.
#[utoipa::path(
    get, path = "/api/v1/card-purses", tag = "Card purses",
    responses((status = 200, description = "The card purses of the caller", body = CardPurseList), Read)
)]
pub(super) async fn list(State(app): State<App>, holder: Holder) -> Result<Response, Problem> {
    let found = view::of_holder(app.operations(), holder.id).await?;
    Ok(json::ok(&CardPurseList { card_purses: found.into_iter().map(CardPurseView::from).collect() }))
}

/// Show a card purse.
#[utoipa::path(
    get, path = "/api/v1/card-purses/{card}", tag = "Card purses",
    params(("card" = Hex<10>, Path, description = "The card number")),
    responses((status = 200, description = "The card purse and its grade", body = GradedCardPurse), Read)
)]
pub(super) async fn show(
    State(app): State<App>,
    holder: Holder,
    PathParts(card): PathParts<Hex<10>>,
) -> Result<Response, Problem> {
    let found = own(&app, holder.id, card).await?;
    let grade = match found.state {
        CardPurseState::Bound => grades::grade_of(app.operations(), found.asn).await?,
        _ => None,
    };
    Ok(json::ok(&GradedCardPurse { purse: found.into(), grade: grade.map(GradeView::from) }))
}

/// Which card becomes the caller's.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Binding {
    /// The card number.
    card: Hex<10>,
    /// The activation code of the letter that came with it: 8 digits.
    #[schema(value_type = String, example = "20417733")]
    code: Secret,
}

/// Bind a card purse: loads come from the caller's wallet, and what is left goes back to it.
#[utoipa::path(
    post, path = "/api/v1/card-purses", tag = "Card purses", request_body = Binding,
    responses((status = 201, description = "Bound", body = CardPurseView), Write)
)]
pub(super) async fn bind(
    State(app): State<App>,
    holder: Holder,
    Body(body): Body<Binding>,
) -> Result<Response, Problem> {
    binding::bind(app.operations(), holder.id, Asn(body.card.0), body.code.expose()).await?;
    Ok(json::created(&CardPurseView::from(own(&app, holder.id, body.card).await?)))
}

/// How much is to be loaded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoadOrderRequest {
    amount: Minor,
    currency: CurrencyCode,
    /// A proven challenge for this card and amount, where one was asked for.
    #[schema(value_type = Option<AnyId>)]
    challenge: Option<Id<ChallengeId>>,
}

impl LoadOrderRequest {
    /// As the operations want it.
    pub(super) fn of(self, holder: &Holder, card: Asn) -> OrderLoad {
        let origin = Origin { step_up: self.challenge.map(|challenge| challenge.0), ..holder.origin };
        OrderLoad { holder: holder.id, card, amount: self.amount.of(self.currency), origin }
    }
}

/// Order a load. Nothing moves until the card is held to a terminal that is online; in the spending limits it counts at once.
#[utoipa::path(
    post, path = "/api/v1/card-purses/{card}/load-orders", tag = "Card purses", request_body = LoadOrderRequest,
    params(
        ("card" = Hex<10>, Path, description = "The card number"),
        ("Idempotency-Key" = String, Header, description = "A new one for each intended effect")
    ),
    responses((status = 201, description = "Ordered", body = LoadOrderView), Write)
)]
pub(super) async fn order(
    State(app): State<App>,
    holder: Holder,
    PathParts(card): PathParts<Hex<10>>,
    Key(key): Key,
    Body(body): Body<LoadOrderRequest>,
) -> Result<Response, Problem> {
    let card = own(&app, holder.id, card).await?;
    let order = loads::order(app.operations(), &key, body.of(&holder, card.asn)).await?;
    Ok(json::created(&LoadOrderView::from(order)))
}

/// Withdraw a load order that waits.
#[utoipa::path(
    delete, path = "/api/v1/card-purses/{card}/load-orders/{id}", tag = "Card purses",
    params(
        ("card" = Hex<10>, Path, description = "The card number"),
        ("id" = AnyId, Path, description = "The load order")
    ),
    responses((status = 204, description = "Withdrawn"), Change)
)]
pub(super) async fn withdraw(
    State(app): State<App>,
    holder: Holder,
    PathParts((card, order)): PathParts<(Hex<10>, Id<LoadOrderId>)>,
) -> Result<StatusCode, Problem> {
    own(&app, holder.id, card).await?;
    loads::withdraw(app.operations(), holder.id, order.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Report a card purse lost. It cannot be undone.
///
/// Terminals refuse the card as soon as they have the next status list, which is issued at once.
#[utoipa::path(
    post, path = "/api/v1/card-purses/{card}/loss", tag = "Card purses",
    params(("card" = Hex<10>, Path, description = "The card number")),
    responses((status = 200, description = "On the status list", body = CardPurseView), Change)
)]
pub(super) async fn report(
    State(app): State<App>,
    holder: Holder,
    PathParts(card): PathParts<Hex<10>>,
) -> Result<Response, Problem> {
    let found = own(&app, holder.id, card).await?;
    lost::report(app.operations(), holder.id, found.asn).await?;
    Ok(json::ok(&CardPurseView::from(own(&app, holder.id, card).await?)))
}

/// List what the caller's wallets owe of sales that a card paid a part of, and what no card has confirmed yet.
///
/// What is owed is collected as soon as the wallet has as much.
#[utoipa::path(
    get, path = "/api/v1/card-dues", tag = "Card purses",
    responses((status = 200, description = "What is not paid yet, oldest first", body = CardDueList), Read)
)]
pub(super) async fn open_dues(State(app): State<App>, holder: Holder) -> Result<Response, Problem> {
    let open = dues::open_of(app.operations(), holder.id).await?;
    Ok(json::ok(&CardDueList { dues: open.into_iter().map(CardDueView::from).collect() }))
}

/// Whether a part is the caller's.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DueAnswer {
    /// Whether the caller's card was there.
    is_mine: bool,
}

/// Answer for a card that left before it could confirm a sale.
///
/// What is the caller's is owed from now on. What was answered, or confirmed by the card, stays as it is.
#[utoipa::path(
    post, path = "/api/v1/card-dues/{id}", tag = "Card purses", request_body = DueAnswer,
    params(("id" = AnyId, Path, description = "The part of a sale")),
    responses((status = 200, description = "As it is now", body = CardDueView), Write)
)]
pub(super) async fn answer_due(
    State(app): State<App>,
    holder: Holder,
    PathParts(id): PathParts<Id<CardDueId>>,
    Body(body): Body<DueAnswer>,
) -> Result<Response, Problem> {
    let answered = dues::answer(app.operations(), holder.id, id.0, body.is_mine).await?;
    Ok(json::ok(&CardDueView::from(answered)))
}

//! Control: reviews of held payments, approvals by two people, the audit log.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use operations::approvals::{self, Action, Corrected};
use operations::audit_log;
use operations::duties::{self, Permission};
use operations::review::{self, Choice};
use records::approvals::Approval;
use records::audit_log::AuditFilter;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wallet::adjustment::Direction;
use wallet::ids::{ApprovalId, HolderId, OperationId};

use super::refusals::{Read, Write};
use crate::App;
use crate::auth::Operator;
use crate::fields::{AnyId, CurrencyCode, Id, Minor, Text};
use crate::hex_digits::digits;
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::request::{PathId, Query};
use crate::rfc3339;

/// How many rows one answer holds.
const ROWS: u32 = 100;

/// An operation that waits for a person.
#[derive(Serialize, ToSchema)]
pub(super) struct ReviewView {
    #[schema(value_type = AnyId)]
    operation: Id<OperationId>,
    /// Minor units.
    amount: u64,
    currency: CurrencyCode,
    /// The rules that held it back, one on each line: name, a tab, conditions.
    reasons: String,
    #[schema(format = DateTime)]
    since: String,
    /// Until when somebody must decide; then the value goes back.
    #[schema(format = DateTime)]
    deadline: String,
}

/// The queue of held operations, oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct ReviewQueue {
    reviews: Vec<ReviewView>,
}

/// List held operations.
#[utoipa::path(
    get, path = "/api/v1/operator/reviews", tag = "Operator",
    responses((status = 200, description = "What waits for a person", body = ReviewQueue), Read)
)]
pub(super) async fn reviews(State(app): State<App>, _: Operator) -> Result<Response, Problem> {
    let queue = review::queue(app.operations(), true, ROWS).await?;
    let view = |one: review::Queued| ReviewView {
        operation: Id(one.operation.id),
        amount: one.operation.amount.minor(),
        currency: CurrencyCode(one.operation.amount.currency()),
        reasons: one.decision.map(|decision| decision.reasons).unwrap_or_default(),
        since: rfc3339::format(one.review.created_at),
        deadline: rfc3339::format(one.review.deadline),
    };
    Ok(json::ok(&ReviewQueue { reviews: queue.into_iter().map(view).collect() }))
}

/// What a person decides, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Verdict {
    /// Whether it goes ahead.
    approved: bool,
    #[schema(value_type = String, min_length = 1, max_length = 140, example = "known customer")]
    reason: Text<1, 140>,
}

/// How it ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Ended {
    /// `released` or `declined` for a review; `executed`, `rejected` or `failed` for an approval.
    state: &'static str,
}

/// Decide about a held operation.
///
/// Of all decisions about one operation exactly one is carried out; the others are told that it was decided before.
#[utoipa::path(
    post, path = "/api/v1/operator/reviews/{id}", tag = "Operator", request_body = Verdict,
    params(("id" = AnyId, Path, description = "The operation")),
    responses((status = 200, description = "Decided", body = Ended), Write)
)]
pub(super) async fn decide_review(
    State(app): State<App>,
    operator: Operator,
    PathId(id): PathId<OperationId>,
    Body(body): Body<Verdict>,
) -> Result<Response, Problem> {
    duties::require(app.operations(), operator.id, Permission::Review).await?;
    let (choice, state) =
        if body.approved { (Choice::Release, "released") } else { (Choice::Decline, "declined") };
    review::decide(app.operations(), operator.id, id, choice, &body.reason.into_string()).await?;
    Ok(json::ok(&Ended { state }))
}

/// Something that one person asked for and another decides.
#[derive(Serialize, ToSchema)]
pub(super) struct ApprovalView {
    #[schema(value_type = AnyId)]
    id: Id<ApprovalId>,
    /// `correct`, `admit`, `close`, `switch_on` or `refund_card`.
    action: String,
    /// `waiting`, `executed`, `rejected`, `expired` or `failed`.
    state: &'static str,
    #[schema(value_type = AnyId)]
    maker: Id<wallet::ids::PrincipalId>,
    maker_reason: String,
    #[schema(value_type = Option<AnyId>)]
    checker: Option<Id<wallet::ids::PrincipalId>>,
    checker_reason: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

impl From<Approval> for ApprovalView {
    fn from(approval: Approval) -> Self {
        Self {
            id: Id(approval.id),
            action: approval.action,
            state: approval.state.code(),
            maker: Id(approval.maker),
            maker_reason: approval.maker_reason,
            checker: approval.checker.map(Id),
            checker_reason: approval.checker_reason,
            created_at: rfc3339::format(approval.created_at),
            expires_at: rfc3339::format(approval.expires_at),
        }
    }
}

/// The newest approvals.
#[derive(Serialize, ToSchema)]
pub(super) struct ApprovalList {
    approvals: Vec<ApprovalView>,
}

/// List approvals.
#[utoipa::path(
    get, path = "/api/v1/operator/approvals", tag = "Operator",
    responses((status = 200, description = "The newest approvals, newest first", body = ApprovalList), Read)
)]
pub(super) async fn approvals(State(app): State<App>, _: Operator) -> Result<Response, Problem> {
    let list = approvals::list(app.operations(), ROWS).await?;
    Ok(json::ok(&ApprovalList { approvals: list.into_iter().map(ApprovalView::from).collect() }))
}

/// A correction of a holder's balance that another person has to approve.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CorrectionOrder {
    #[schema(value_type = AnyId)]
    holder: Id<HolderId>,
    amount: Minor,
    currency: CurrencyCode,
    /// Whether the holder gets it, rather than gives it.
    to_holder: bool,
    #[schema(value_type = String, min_length = 1, max_length = 140, example = "paid twice at the counter")]
    reason: Text<1, 140>,
}

/// What was asked for.
#[derive(Serialize, ToSchema)]
pub(super) struct Asked {
    #[schema(value_type = AnyId)]
    id: Id<ApprovalId>,
}

/// Ask for a correction.
///
/// Nothing moves until another person approves.
#[utoipa::path(
    post, path = "/api/v1/operator/approvals", tag = "Operator", request_body = CorrectionOrder,
    responses((status = 201, description = "Waits for another person", body = Asked), Write)
)]
pub(super) async fn ask(
    State(app): State<App>,
    operator: Operator,
    Body(body): Body<CorrectionOrder>,
) -> Result<Response, Problem> {
    let direction = if body.to_holder { Direction::ToParty } else { Direction::FromParty };
    let amount = body.amount.of(body.currency);
    let action = Action::Correct { party: Corrected::Holder(body.holder.0), direction, amount };
    let id = approvals::ask(app.operations(), operator.id, action, &body.reason.into_string()).await?;
    Ok(json::with_status(StatusCode::CREATED, &Asked { id: Id(id) }))
}

/// Decide about what another person asked for.
///
/// Of all decisions exactly one is carried out. Who asked never approves, but may withdraw.
#[utoipa::path(
    post, path = "/api/v1/operator/approvals/{id}", tag = "Operator", request_body = Verdict,
    params(("id" = AnyId, Path, description = "The approval")),
    responses((status = 200, description = "Decided", body = Ended), Write)
)]
pub(super) async fn decide_approval(
    State(app): State<App>,
    operator: Operator,
    PathId(id): PathId<ApprovalId>,
    Body(body): Body<Verdict>,
) -> Result<Response, Problem> {
    let reason = body.reason.into_string();
    let state = approvals::decide(app.operations(), operator.id, id, body.approved, &reason).await?;
    Ok(json::ok(&Ended { state: state.code() }))
}

/// Which entries to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct LogQuery {
    /// Those before this place.
    before: Option<u64>,
    /// Those about this subject.
    #[serde(default)]
    subject: String,
}

/// One entry of the audit log.
#[derive(Serialize, ToSchema)]
pub(super) struct EntryView {
    /// Its place in the log, counted from 0.
    place: u64,
    #[schema(format = DateTime)]
    at: String,
    /// The id of a principal, or `system`.
    actor: String,
    /// What was done, as a code.
    action: String,
    /// What it was done to.
    subject: String,
    /// The canonical bytes that the tree is over, in hexadecimal.
    body: String,
}

/// A page of the audit log with the key of its signed heads.
#[derive(Serialize, ToSchema)]
pub(super) struct LogPage {
    /// Newest first.
    entries: Vec<EntryView>,
    /// The key that verifies heads (Ed25519), in hexadecimal.
    public_key: String,
}

/// Read the audit log.
#[utoipa::path(
    get, path = "/api/v1/operator/audit-log", tag = "Operator", params(LogQuery),
    responses((status = 200, description = "Entries, newest first", body = LogPage), Read)
)]
pub(super) async fn log(
    State(app): State<App>,
    _: Operator,
    Query(query): Query<LogQuery>,
) -> Result<Response, Problem> {
    if query.before.is_some_and(|place| i64::try_from(place).is_err()) {
        return Err(Problem::invalid("before", "no log has that many entries"));
    }
    let filter = AuditFilter { subject: query.subject, before: query.before, ..AuditFilter::default() };
    let found = audit_log::search(app.operations(), filter, ROWS).await?;
    let view = |entry: ::audit_log::Entry| EntryView {
        place: entry.index,
        at: rfc3339::format(entry.at),
        body: digits(&entry.to_bytes()),
        actor: entry.actor,
        action: entry.action,
        subject: entry.subject,
    };
    let public_key = digits(&audit_log::public_key(app.operations()).to_bytes());
    Ok(json::ok(&LogPage { entries: found.into_iter().map(view).collect(), public_key }))
}

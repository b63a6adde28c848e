//! The operator's part in card purses: issue batches, terminals, exceptions.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use messages::card::{Asn, Sequence, TerminalId};
use money::Amount;
use operations::approvals::{self, Action};
use operations::card_purses::Direction;
use operations::card_purses::exceptions::{self, Exceptions, FoundAt, HeldDebit, RefusedRecord};
use operations::card_purses::issuing::{self, BatchRequest, IssueBatch};
use operations::card_purses::terminals::{self, NewTerminal, Terminal};
use operations::card_purses::view::InDoubt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wallet::ids::{ApprovalId, IssueBatchId, MerchantId, OperationId};

use super::refusals::{Read, Write};
use crate::App;
use crate::auth::Operator;
use crate::card_words::refusal_code;
use crate::fields::{AnyId, CurrencyCode, Id, Text};
use crate::hex_digits::Hex;
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::request::{Key, PathParts};
use crate::rfc3339;

/// A batch of card purses to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BatchOrder {
    /// How many cards.
    #[schema(minimum = 1, maximum = 500)]
    count: u32,
    currency: CurrencyCode,
    /// What the operator calls it.
    #[schema(value_type = String, min_length = 1, max_length = 80, example = "students 2026")]
    label: Text<1, 80>,
    /// For how many years the cards are good.
    #[schema(minimum = 1, maximum = 20)]
    valid_years: u32,
}

/// An issue batch.
#[derive(Serialize, ToSchema)]
pub(super) struct BatchView {
    #[schema(value_type = AnyId)]
    id: Id<IssueBatchId>,
    label: String,
    currency: CurrencyCode,
    /// How many cards.
    count: u32,
    /// The version of the master key that the cards have keys of.
    key_version: u8,
    #[schema(format = DateTime)]
    made_at: String,
}

impl From<IssueBatch> for BatchView {
    fn from(batch: IssueBatch) -> Self {
        Self {
            id: Id(batch.id),
            label: batch.label,
            currency: CurrencyCode(batch.currency),
            count: batch.cards,
            key_version: batch.key_version,
            made_at: rfc3339::format(batch.made_at),
        }
    }
}

/// Issue batches, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct BatchList {
    card_batches: Vec<BatchView>,
}

/// Make a batch of card purses. A master key of card purses has to be open.
#[utoipa::path(
    post, path = "/api/v1/operator/card-batches", tag = "Operator", request_body = BatchOrder,
    params(("Idempotency-Key" = String, Header, description = "A new one for each intended effect")),
    responses((status = 201, description = "Made", body = BatchView), Write)
)]
pub(super) async fn order_batch(
    State(app): State<App>,
    operator: Operator,
    Key(key): Key,
    Body(body): Body<BatchOrder>,
) -> Result<Response, Problem> {
    let BatchOrder { count, currency, label, valid_years } = body;
    let request = BatchRequest { count, currency: currency.0, label: label.into_string(), valid_years };
    let batch = issuing::order_batch(app.operations(), operator.id, &key, request).await?;
    Ok(json::created(&BatchView::from(batch)))
}

/// List the issue batches.
#[utoipa::path(
    get, path = "/api/v1/operator/card-batches", tag = "Operator",
    responses((status = 200, description = "The batches, newest first", body = BatchList), Read)
)]
pub(super) async fn batches(State(app): State<App>, _: Operator) -> Result<Response, Problem> {
    let found = issuing::batches(app.operations()).await?;
    Ok(json::ok(&BatchList { card_batches: found.into_iter().map(BatchView::from).collect() }))
}

/// A terminal to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Registration {
    /// The terminal's number.
    id: Hex<6>,
    #[schema(value_type = AnyId)]
    merchant: Id<MerchantId>,
    /// What its merchant calls it.
    #[schema(value_type = String, min_length = 1, max_length = 80, example = "counter 1")]
    label: Text<1, 80>,
    /// What its batches are signed with (Ed25519).
    public_key: Hex<32>,
}

/// A terminal.
#[derive(Serialize, ToSchema)]
pub(super) struct TerminalView {
    /// The terminal's number.
    id: Hex<6>,
    #[schema(value_type = AnyId)]
    merchant: Id<MerchantId>,
    label: String,
    /// Whether nothing is taken from it.
    blocked: bool,
    /// When it was heard from last.
    #[schema(format = DateTime)]
    last_seen: Option<String>,
}

impl From<Terminal> for TerminalView {
    fn from(terminal: Terminal) -> Self {
        Self {
            id: Hex(terminal.id.0),
            merchant: Id(terminal.merchant),
            label: terminal.label,
            blocked: terminal.is_blocked,
            last_seen: terminal.last_seen.map(rfc3339::format),
        }
    }
}

/// Register a terminal of a merchant.
#[utoipa::path(
    post, path = "/api/v1/operator/terminals", tag = "Operator", request_body = Registration,
    responses((status = 201, description = "Registered", body = TerminalView), Write)
)]
pub(super) async fn register(
    State(app): State<App>,
    operator: Operator,
    Body(body): Body<Registration>,
) -> Result<Response, Problem> {
    let new = NewTerminal {
        id: TerminalId(body.id.0),
        merchant: body.merchant.0,
        label: body.label.into_string(),
        public_key: body.public_key.0,
    };
    let terminal = terminals::register(app.operations(), operator.id, new).await?;
    Ok(json::with_status(StatusCode::CREATED, &TerminalView::from(terminal)))
}

/// Why the rest of a lost card is to go back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RestOrder {
    #[schema(value_type = String, min_length = 1, max_length = 140, example = "reported lost at the counter")]
    reason: Text<1, 140>,
}

/// What was asked for.
#[derive(Serialize, ToSchema)]
pub(super) struct RestAsked {
    /// The approval, which another person decides.
    #[schema(value_type = AnyId)]
    id: Id<ApprovalId>,
}

/// Ask for the rest of a lost card to go back to its holder.
///
/// Nothing moves until another person approves. While that waits, asking again answers the same.
#[utoipa::path(
    post, path = "/api/v1/operator/card-purses/{card}/refund", tag = "Operator", request_body = RestOrder,
    params(("card" = Hex<10>, Path, description = "The card number")),
    responses((status = 201, description = "Waits for another person", body = RestAsked), Write)
)]
pub(super) async fn ask_refund(
    State(app): State<App>,
    operator: Operator,
    PathParts(Hex(card)): PathParts<Hex<10>>,
    Body(body): Body<RestOrder>,
) -> Result<Response, Problem> {
    let action = Action::RefundCard(Asn(card));
    let id = approvals::ask(app.operations(), operator.id, action, &body.reason.into_string()).await?;
    Ok(json::with_status(StatusCode::CREATED, &RestAsked { id: Id(id) }))
}

/// A load or unload of which only the card knows whether it did it.
#[derive(Serialize, ToSchema)]
pub(super) struct DoubtView {
    card: Hex<10>,
    #[schema(value_type = AnyId)]
    operation: Id<OperationId>,
    /// `load` or `unload`.
    direction: &'static str,
    /// Minor units.
    amount: u64,
    currency: CurrencyCode,
    #[schema(format = DateTime)]
    begun_at: String,
}

/// A debit that was uploaded without a proof.
#[derive(Serialize, ToSchema)]
pub(super) struct HeldView {
    card: Hex<10>,
    sequence: u16,
    terminal: Hex<6>,
    /// Minor units.
    amount: u64,
    currency: CurrencyCode,
    #[schema(format = DateTime)]
    at: String,
}

/// A record that was not paid.
#[derive(Serialize, ToSchema)]
pub(super) struct RefusedView {
    card: Hex<10>,
    terminal: Hex<6>,
    /// The number of the batch.
    batch: u32,
    /// The place of the record in it, from 0.
    place: u32,
    /// As the receipt has it.
    reason: &'static str,
    #[schema(format = DateTime)]
    refused_at: String,
}

/// Offline sequences that no terminal has uploaded.
#[derive(Serialize, ToSchema)]
pub(super) struct GapView {
    card: Hex<10>,
    first: u16,
    last: u16,
}

/// A card that spent what nobody loaded.
#[derive(Serialize, ToSchema)]
pub(super) struct CounterfeitView {
    card: Hex<10>,
    /// Minor units.
    excess: u64,
    currency: CurrencyCode,
}

/// What clearing found out.
#[derive(Serialize, ToSchema)]
pub(super) struct FindingView {
    card: Hex<10>,
    sequence: u16,
    finding: &'static str,
    #[schema(format = DateTime)]
    found_at: String,
}

/// What a person should look at.
#[derive(Serialize, ToSchema)]
pub(super) struct ExceptionsView {
    in_doubt: Vec<DoubtView>,
    held: Vec<HeldView>,
    refused: Vec<RefusedView>,
    gaps: Vec<GapView>,
    counterfeits: Vec<CounterfeitView>,
    findings: Vec<FindingView>,
}

impl From<Exceptions> for ExceptionsView {
    fn from(found: Exceptions) -> Self {
        Self {
            in_doubt: found.in_doubt.into_iter().map(|(card, _, doubt)| doubt_view(card, doubt)).collect(),
            held: found.held.into_iter().map(held_view).collect(),
            refused: found.refused.into_iter().map(refused_view).collect(),
            gaps: found.gaps.into_iter().map(gap_view).collect(),
            counterfeits: found.counterfeits.into_iter().map(counterfeit_view).collect(),
            findings: found.findings.into_iter().map(finding_view).collect(),
        }
    }
}

fn doubt_view(card: Asn, doubt: InDoubt) -> DoubtView {
    DoubtView {
        card: Hex(card.0),
        operation: Id(doubt.operation),
        direction: match doubt.direction {
            Direction::Load => "load",
            Direction::Unload => "unload",
        },
        amount: doubt.amount.minor(),
        currency: CurrencyCode(doubt.amount.currency()),
        begun_at: rfc3339::format(doubt.begun_at),
    }
}

fn held_view(debit: HeldDebit) -> HeldView {
    HeldView {
        card: Hex(debit.asn.0),
        sequence: debit.sequence.0,
        terminal: Hex(debit.terminal.0),
        amount: debit.amount.minor(),
        currency: CurrencyCode(debit.amount.currency()),
        at: rfc3339::format(debit.at),
    }
}

fn refused_view(refused: RefusedRecord) -> RefusedView {
    RefusedView {
        card: Hex(refused.asn.0),
        terminal: Hex(refused.terminal.0),
        batch: refused.number.0,
        place: refused.place,
        reason: refusal_code(refused.reason),
        refused_at: rfc3339::format(refused.refused_at),
    }
}

fn gap_view((card, first, last): (Asn, Sequence, Sequence)) -> GapView {
    GapView { card: Hex(card.0), first: first.0, last: last.0 }
}

fn counterfeit_view((card, excess): (Asn, Amount)) -> CounterfeitView {
    let currency = CurrencyCode(excess.currency());
    CounterfeitView { card: Hex(card.0), excess: excess.minor(), currency }
}

fn finding_view(found: FoundAt) -> FindingView {
    FindingView {
        card: Hex(found.asn.0),
        sequence: found.sequence.0,
        finding: found.finding.code(),
        found_at: rfc3339::format(found.found_at),
    }
}

/// List what a person should look at about card purses.
#[utoipa::path(
    get, path = "/api/v1/operator/card-exceptions", tag = "Operator",
    responses((status = 200, description = "Everything to look at", body = ExceptionsView), Read)
)]
pub(super) async fn list_exceptions(State(app): State<App>, _: Operator) -> Result<Response, Problem> {
    Ok(json::ok(&ExceptionsView::from(exceptions::list(app.operations()).await?)))
}

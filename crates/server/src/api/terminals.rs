//! What a merchant's terminals ask of the issuer of card purses: batches, lists, loads and unloads.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use messages::card::{AlgorithmId, Asn, IssuerId, KeyVersion, ListVersion, Sequence, TerminalId, Units};
use operations::card_purses::loads::{self, BeginLoad};
use operations::card_purses::{Direction, clearing, grades, lists, terminals};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wallet::ids::{LoadOrderId, OperationId};

use super::refusals::{Read, Upload, Write};
use crate::App;
use crate::auth::Staff;
use crate::fields::{AnyId, CurrencyCode, Id};
use crate::hex_digits::Hex;
use crate::json::{self, Body};
use crate::octets::{self, OctetSchema, Octets};
use crate::problem::Problem;
use crate::request::{PathParts, Query};
use crate::rfc3339;

/// The terminal, where it is the merchant's whose staff asks. Others' are not found.
async fn own(app: &App, staff: &Staff, terminal: Hex<6>) -> Result<TerminalId, Problem> {
    let found = terminals::get(app.operations(), TerminalId(terminal.0)).await?;
    if found.merchant == staff.merchant { Ok(found.id) } else { Err(Problem::not_found()) }
}

/// Upload a batch of purse records.
///
/// Clears it and answers the signed receipt. The same batch again gets the same receipt.
#[utoipa::path(
    post, path = "/api/v1/terminals/{terminal}/batches", tag = "Terminals",
    params(("terminal" = Hex<6>, Path, description = "The terminal")),
    request_body(content = OctetSchema, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "The receipt", body = OctetSchema, content_type = "application/octet-stream"),
        Upload
    )
)]
pub(super) async fn upload(
    State(app): State<App>,
    staff: Staff,
    PathParts(terminal): PathParts<Hex<6>>,
    Octets(batch): Octets,
) -> Result<Response, Problem> {
    let terminal = own(&app, &staff, terminal).await?;
    clearing::upload(app.operations(), terminal, &batch).await.map(octets::ok).map_err(Problem::from)
}

/// Which list a terminal asks for.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ListName {
    /// Cards that terminals do not take.
    Status,
    /// Open splits that any terminal may close.
    White,
    /// What a terminal may do on its own.
    Parameters,
}

/// What the terminal has.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Held {
    /// The version that the terminal has; 0 for none.
    newer_than: u32,
}

/// Download the newest version of a list.
#[utoipa::path(
    get, path = "/api/v1/terminals/{terminal}/lists/{list}", tag = "Terminals",
    params(
        ("terminal" = Hex<6>, Path, description = "The terminal"),
        ("list" = inline(ListName), Path, description = "The list"),
        Held
    ),
    responses(
        (status = 200, description = "The signed list", body = OctetSchema, content_type = "application/octet-stream"),
        (status = 204, description = "There is no newer version"),
        Read
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    staff: Staff,
    PathParts((terminal, list)): PathParts<(Hex<6>, ListName)>,
    Query(held): Query<Held>,
) -> Result<Response, Problem> {
    let terminal = own(&app, &staff, terminal).await?;
    let (operations, held) = (app.operations(), ListVersion(held.newer_than));
    let newer = match list {
        ListName::Status => lists::status(operations, held).await?,
        ListName::White => lists::white(operations, held).await?,
        ListName::Parameters => lists::parameters(operations, held).await?,
    };
    let Some(signed) = newer else {
        terminals::seen(operations, terminal);
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    terminals::was_given(operations, terminal, signed.list, signed.version);
    Ok(octets::ok(signed.content))
}

/// A load that the holder of a card ordered.
#[derive(Serialize, ToSchema)]
pub(super) struct WaitingLoad {
    #[schema(value_type = AnyId)]
    id: Id<LoadOrderId>,
    /// Minor units.
    amount: u64,
    currency: CurrencyCode,
    #[schema(format = DateTime)]
    ordered_at: String,
}

/// The loads that wait for a card, oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct WaitingLoads {
    load_orders: Vec<WaitingLoad>,
}

/// List the loads that wait for a card.
#[utoipa::path(
    get, path = "/api/v1/terminals/{terminal}/cards/{card}/load-orders", tag = "Terminals",
    params(
        ("terminal" = Hex<6>, Path, description = "The terminal"),
        ("card" = Hex<10>, Path, description = "The card number")
    ),
    responses((status = 200, description = "The loads that wait", body = WaitingLoads), Read)
)]
pub(super) async fn waiting(
    State(app): State<App>,
    staff: Staff,
    PathParts((terminal, card)): PathParts<(Hex<6>, Hex<10>)>,
) -> Result<Response, Problem> {
    let terminal = own(&app, &staff, terminal).await?;
    terminals::seen(app.operations(), terminal);
    let orders = loads::waiting(app.operations(), Asn(card.0)).await?;
    let view = |order: loads::LoadOrder| WaitingLoad {
        id: Id(order.id),
        amount: order.amount.minor(),
        currency: CurrencyCode(order.amount.currency()),
        ordered_at: rfc3339::format(order.ordered_at),
    };
    Ok(json::ok(&WaitingLoads { load_orders: orders.into_iter().map(view).collect() }))
}

/// What the card bears.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct BorneGrade {
    /// The version of the grade that the card bears; 0 for none.
    version: u16,
}

/// What brings a card its grade.
#[derive(Serialize, ToSchema)]
pub(super) struct GradeAnswer {
    /// For the card's command 80 DA 00 00.
    token: Hex<19>,
}

/// Get what brings a card its credit grade, where there is one that is newer than it bears.
#[utoipa::path(
    get, path = "/api/v1/terminals/{terminal}/cards/{card}/grade", tag = "Terminals",
    params(
        ("terminal" = Hex<6>, Path, description = "The terminal"),
        ("card" = Hex<10>, Path, description = "The card number"),
        BorneGrade
    ),
    responses(
        (status = 200, description = "The grade, signed for the card", body = GradeAnswer),
        (status = 204, description = "There is no newer one"),
        Read
    )
)]
pub(super) async fn grade(
    State(app): State<App>,
    staff: Staff,
    PathParts((terminal, card)): PathParts<(Hex<6>, Hex<10>)>,
    Query(borne): Query<BorneGrade>,
) -> Result<Response, Problem> {
    let terminal = own(&app, &staff, terminal).await?;
    terminals::seen(app.operations(), terminal);
    Ok(match grades::token(app.operations(), Asn(card.0), borne.version).await? {
        Some(token) => json::ok(&GradeAnswer { token: Hex(token) }),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// Which way value goes.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    /// Onto the card.
    Load,
    /// Back to the holder's wallet.
    Unload,
}

impl From<Way> for Direction {
    fn from(way: Way) -> Self {
        match way {
            Way::Load => Self::Load,
            Way::Unload => Self::Unload,
        }
    }
}

/// What a card said when it initialised a load or unload.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoadRequest {
    direction: Way,
    /// The load that the holder ordered; of an unload, none.
    #[schema(value_type = Option<AnyId>)]
    order: Option<Id<LoadOrderId>>,
    /// The card number.
    card: Hex<10>,
    /// The issuer, as the card says.
    issuer: Hex<8>,
    /// How much, in minor units.
    amount: u32,
    /// The balance on the card before.
    old_balance: u32,
    /// The card's online sequence before.
    sequence: u16,
    /// The card's random number.
    random: Hex<4>,
    /// The version of the key that the card used.
    key_version: u8,
    /// The algorithm that the card used.
    algorithm: u8,
    /// How the card signed it.
    mac1: Hex<4>,
}

/// What lets the card go on.
#[derive(Serialize, ToSchema)]
pub(super) struct LoadAnswer {
    /// The operation; it may be one that was begun before.
    #[schema(value_type = AnyId)]
    operation: Id<OperationId>,
    mac2: Hex<4>,
    /// The host's date and time, which MAC2 covers: `YYYYMMDDHHMMSS` by the clock on the operator's wall.
    date_time: Hex<7>,
}

/// Begin a load or unload that a card has initialised, or go on with it.
///
/// Where the answer is lost, the same request gets it again. A refusal has a `code`: `card_not_served`, `amount`, `no_key`,
/// `mac_wrong`, `card_behind`, `card_ahead`, `reserved` with the `operation` to go on with, `unproven` with the `sequence` to
/// prove, `attempts`, `insufficient_funds`, `order_gone`.
#[utoipa::path(
    post, path = "/api/v1/terminals/{terminal}/loads", tag = "Terminals", request_body = LoadRequest,
    params(("terminal" = Hex<6>, Path, description = "The terminal")),
    responses((status = 200, description = "The card may go on", body = LoadAnswer), Write)
)]
pub(super) async fn begin(
    State(app): State<App>,
    staff: Staff,
    PathParts(terminal): PathParts<Hex<6>>,
    Body(body): Body<LoadRequest>,
) -> Result<Response, Problem> {
    let terminal = own(&app, &staff, terminal).await?;
    match (body.direction, body.order) {
        (Way::Load, None) => return Err(Problem::invalid("order", "a load is for an order")),
        (Way::Unload, Some(_)) => return Err(Problem::invalid("order", "an unload has no order")),
        (Way::Load, Some(_)) | (Way::Unload, None) => {}
    }
    let request = BeginLoad {
        direction: body.direction.into(),
        order: body.order.map(|order| order.0),
        card: Asn(body.card.0),
        issuer: IssuerId(body.issuer.0),
        amount: Units(body.amount),
        old_balance: Units(body.old_balance),
        sequence: Sequence(body.sequence),
        random: body.random.0,
        key_version: KeyVersion(body.key_version),
        algorithm: AlgorithmId(body.algorithm),
        mac1: body.mac1.0,
    };
    let answer = loads::begin(app.operations(), terminal, request).await?;
    let (operation, date_time) = (Id(answer.operation), Hex(answer.when.0));
    Ok(json::ok(&LoadAnswer { operation, mac2: Hex(answer.mac2), date_time }))
}

/// What a card says when it is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    /// The TAC of a load, MAC3 of an unload.
    code: Hex<4>,
}

/// That a load or unload is done.
#[derive(Serialize, ToSchema)]
pub(super) struct Confirmed {
    /// `done`.
    state: &'static str,
}

/// Confirm a load or unload with the card's code.
///
/// Doing it again has the same answer.
#[utoipa::path(
    post, path = "/api/v1/terminals/{terminal}/loads/{operation}/confirmation", tag = "Terminals",
    request_body = Confirmation,
    params(
        ("terminal" = Hex<6>, Path, description = "The terminal"),
        ("operation" = AnyId, Path, description = "The operation")
    ),
    responses((status = 200, description = "Done", body = Confirmed), Write)
)]
pub(super) async fn confirm(
    State(app): State<App>,
    staff: Staff,
    PathParts((terminal, operation)): PathParts<(Hex<6>, Id<OperationId>)>,
    Body(body): Body<Confirmation>,
) -> Result<Response, Problem> {
    let terminal = own(&app, &staff, terminal).await?;
    loads::confirm(app.operations(), terminal, operation.0, body.code.0).await?;
    Ok(json::ok(&Confirmed { state: "done" }))
}

/// What a card answered to GET TRANSACTION PROVE.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CardProof {
    /// The card number.
    card: Hex<10>,
    /// The issuer, as the card says.
    issuer: Hex<8>,
    direction: Way,
    /// The sequence that was asked for.
    sequence: u16,
    /// What the card gave.
    code: Hex<4>,
}

/// What a card's proof decided.
#[derive(Serialize, ToSchema)]
pub(super) struct Proven {
    #[schema(value_type = AnyId)]
    operation: Id<OperationId>,
    /// `done`.
    state: &'static str,
}

/// Decide what is in doubt by a card's proof.
#[utoipa::path(
    post, path = "/api/v1/terminals/{terminal}/proofs", tag = "Terminals", request_body = CardProof,
    params(("terminal" = Hex<6>, Path, description = "The terminal")),
    responses((status = 200, description = "Done", body = Proven), Write)
)]
pub(super) async fn prove(
    State(app): State<App>,
    staff: Staff,
    PathParts(terminal): PathParts<Hex<6>>,
    Body(body): Body<CardProof>,
) -> Result<Response, Problem> {
    let terminal = own(&app, &staff, terminal).await?;
    let (card, what) =
        ((Asn(body.card.0), IssuerId(body.issuer.0)), (body.direction.into(), Sequence(body.sequence)));
    let operation = loads::prove(app.operations(), terminal, card, what, body.code.0).await?;
    Ok(json::ok(&Proven { operation: Id(operation), state: "done" }))
}

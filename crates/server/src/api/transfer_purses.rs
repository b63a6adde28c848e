//! The part of a card purse that pays other cards: load it, and let it fetch what it was loaded with.

use axum::extract::State;
use axum::response::Response;
use messages::card::Asn;
use operations::business_days::BusinessDay;
use operations::card_purses::transfer_purse;
use operations::card_purses::transfer_purse_renewal::{self, CertificateChain};
use operations::card_purses::transfer_purse_visit::{self, EXCEPTIONS_MAX, IssuerMessage, Visit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::card_purses::LoadOrderRequest;
use super::outcome::{Outcome, answer};
use super::refusals::Write;
use crate::App;
use crate::auth::Holder;
use crate::fields::{CurrencyCode, Minor};
use crate::hex_digits::{Hex, HexUpTo};
use crate::json::{self, Body};
use crate::problem::{Kind, Problem};
use crate::request::{Key, PathParts};

/// Load a card to pay other cards with.
///
/// The wallet pays at once, and it cannot be taken back. The card fetches it when it next has a network.
#[utoipa::path(
    post, path = "/api/v1/card-purses/{card}/transfer-loads", tag = "Card purses", request_body = LoadOrderRequest,
    params(
        ("card" = Hex<10>, Path, description = "The card number"),
        ("Idempotency-Key" = String, Header, description = "A new one for each intended effect")
    ),
    responses((status = 201, description = "Paid; the card may fetch it", body = Outcome), Write)
)]
pub(super) async fn load(
    State(app): State<App>,
    holder: Holder,
    PathParts(card): PathParts<Hex<10>>,
    Key(key): Key,
    Body(body): Body<LoadOrderRequest>,
) -> Result<Response, Problem> {
    answer(&transfer_purse::load(app.operations(), &key, body.of(&holder, Asn(card.0))).await?)
}

/// An entry of a card's log of exceptions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoggedException {
    /// Side 1 byte (00 payer, 01 payee), pay details 48 bytes.
    entry: Hex<49>,
    /// How the card signed it.
    signature: Hex<64>,
}

/// What a card says of itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PurseReport {
    /// Its issuer's certificate.
    issuer_certificate: Hex<148>,
    /// Its own.
    certificate: Hex<148>,
    /// Seconds since 1970 in UTC, 8 bytes, and 8 bytes of any kind.
    challenge: Hex<16>,
    /// What it answered.
    report: Hex<90>,
    /// How it signed that.
    signature: Hex<64>,
    /// Its log of exceptions, in order. Left out, or not whole: it is not cleared.
    #[serde(default)]
    #[schema(max_items = 5)]
    exceptions: Vec<LoggedException>,
}

/// A message for a card.
#[derive(Serialize, ToSchema)]
pub(super) struct IssuerMessageView {
    /// P1 of the command 90 34.
    kind: u8,
    /// Its data.
    data: HexUpTo<255>,
}

/// What a card has not taken yet.
#[derive(Serialize, ToSchema)]
pub(super) struct IssuerMessages {
    /// In the order in which the card takes them.
    messages: Vec<IssuerMessageView>,
    /// New certificates, where those of the card end soon or have ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    renewed: Option<RenewedCertificates>,
}

/// New certificates for a card's own key: the data of the commands 90 36 00 and 90 36 01.
#[derive(Serialize, ToSchema)]
struct RenewedCertificates {
    /// Its issuer's.
    issuer_certificate: Hex<148>,
    /// Its own.
    certificate: Hex<148>,
    /// The last day on which they are good.
    valid_until: String,
}

/// Fetch what a card has not taken yet: its loads, what comes back to it, new sums, a code to clear its log, new certificates.
///
/// The report shows that the card is there; it may be ten minutes old. The same report gets the same messages. Exceptions
/// that the card shows are noted; where the other card has shown the same transfer, its value comes back to the payer.
#[utoipa::path(
    post, path = "/api/v1/transfer-purses/messages", tag = "Card purses", security(()), request_body = PurseReport,
    responses((status = 200, description = "What the card waits for", body = IssuerMessages), Write)
)]
pub(super) async fn messages(
    State(app): State<App>,
    Body(body): Body<PurseReport>,
) -> Result<Response, Problem> {
    let visit = body.visit()?;
    let messages = transfer_purse_visit::receive(app.operations(), &visit).await?;
    let renewed = transfer_purse_renewal::renewal(app.operations(), &visit).await?;
    Ok(told(&messages, renewed.as_ref()))
}

/// An amount that a card shall give back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnloadRequest {
    amount: Minor,
    currency: CurrencyCode,
    /// What the card says of itself, now.
    report: PurseReport,
}

/// Let a card give back an amount, to the wallet of its holder.
///
/// The answer is the message for that. The wallet has the amount once the card has taken the message and fetches its messages
/// again. The same report and amount get the same messages.
#[utoipa::path(
    post, path = "/api/v1/transfer-purses/unloads", tag = "Card purses", security(()), request_body = UnloadRequest,
    responses((status = 200, description = "What the card shall take", body = IssuerMessages), Write)
)]
pub(super) async fn unload(
    State(app): State<App>,
    Body(body): Body<UnloadRequest>,
) -> Result<Response, Problem> {
    let amount = body.amount.of(body.currency);
    let messages = transfer_purse_visit::unload(app.operations(), &body.report.visit()?, amount).await?;
    Ok(told(&messages, None))
}

impl PurseReport {
    fn visit(&self) -> Result<Visit, Problem> {
        if self.exceptions.len() > EXCEPTIONS_MAX {
            return Err(Problem::new(Kind::INVALID, "a card has at most five exceptions").at("exceptions"));
        }
        Ok(Visit {
            certificates: [self.issuer_certificate.0.to_vec(), self.certificate.0.to_vec()],
            challenge: self.challenge.0,
            report: self.report.0,
            signature: self.signature.0,
            exceptions: self.exceptions.iter().map(|one| (one.entry.0, one.signature.0)).collect(),
        })
    }
}

fn told(messages: &[IssuerMessage], renewed: Option<&CertificateChain>) -> Response {
    let messages = messages
        .iter()
        .map(|message| IssuerMessageView { kind: message.kind.byte(), data: HexUpTo(message.to_bytes()) });
    json::ok(&IssuerMessages { messages: messages.collect(), renewed: renewed.map(RenewedCertificates::of) })
}

impl RenewedCertificates {
    fn of(chain: &CertificateChain) -> Self {
        Self {
            issuer_certificate: Hex(chain.issuer.to_bytes()),
            certificate: Hex(chain.subject.to_bytes()),
            valid_until: BusinessDay::of(chain.subject.body().valid_until.0).date,
        }
    }
}

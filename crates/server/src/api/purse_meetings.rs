//! Meetings of two purses at two places: the server as blind carrier.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::refusals::{Change, PublicRead, Write};
use crate::App;
use crate::auth::Caller;
use crate::hex_digits::HexUpTo;
use crate::json::{self, Body};
use crate::problem::{Kind, Problem};
use crate::purse_meetings::{MeetingCode, MeetingRefusal, MeetingSide};
use crate::request::PathParts;
use crate::rfc3339;

/// A meeting just opened.
#[derive(Serialize, ToSchema)]
pub(super) struct OpenedMeeting {
    /// Whoever has it may send and fetch frames.
    #[schema(example = "7K3QF-2M9XD")]
    code: String,
    /// When the server forgets it.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Which device a frame comes from.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Side {
    /// That of the purse that pays.
    Payer,
    /// That of the purse that receives.
    Payee,
}

impl From<Side> for MeetingSide {
    fn from(side: Side) -> Self {
        match side {
            Side::Payer => Self::Payer,
            Side::Payee => Self::Payee,
        }
    }
}

/// A frame, which only the other device understands.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CarriedFrame {
    frame: HexUpTo<1024>,
}

/// A frame, where it has come.
#[derive(Serialize, ToSchema)]
pub(super) struct FetchedFrame {
    /// Null while it is not there.
    frame: Option<HexUpTo<1024>>,
}

impl From<MeetingRefusal> for Problem {
    fn from(refusal: MeetingRefusal) -> Self {
        match refusal {
            MeetingRefusal::Unknown => Self::not_found(),
            MeetingRefusal::Full => {
                Self::new(Kind::UNAVAILABLE, "too many meetings are open; try again in some minutes")
            }
            MeetingRefusal::OtherFrame => Self::new(Kind::CONFLICT, "another frame has this number"),
            MeetingRefusal::Number => Self::new(
                Kind::CONFLICT,
                "frames of a side are numbered from 0 without gaps, and there are eight at most",
            ),
            MeetingRefusal::Length => Self::new(Kind::INVALID, "a frame has 1 to 1024 bytes").at("frame"),
        }
    }
}

/// Open a meeting of two purses that are at two places.
///
/// Their devices exchange frames through it for ten minutes. The server understands nothing of them and keeps them in memory
/// only. A ninth meeting of one caller closes the first.
#[utoipa::path(
    post, path = "/api/v1/purse-meetings", tag = "Card purses",
    responses((status = 201, description = "Opened", body = OpenedMeeting), Change)
)]
pub(super) async fn open(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let mut random = [0; 10];
    app.entropy().fill(&mut random);
    let code = MeetingCode::drawn(random);
    let ends = app.purse_meetings().open(caller.principal, code, app.now())?;
    Ok(json::created(&OpenedMeeting { code: code.to_string(), expires_at: rfc3339::format(ends) }))
}

/// Send a frame to the other device. The same frame again changes nothing.
#[utoipa::path(
    put, path = "/api/v1/purse-meetings/{code}/{side}/{number}", tag = "Card purses", security(()),
    request_body = CarriedFrame,
    params(
        ("code" = String, Path, description = "The code of the meeting"),
        ("side" = inline(Side), Path, description = "The own side"),
        ("number" = u32, Path, description = "0 for the first frame of this side, then 1, and so on")
    ),
    responses((status = 204, description = "Kept for the other device"), Write)
)]
pub(super) async fn put(
    State(app): State<App>,
    PathParts((code, side, number)): PathParts<(MeetingCode, Side, u32)>,
    Body(body): Body<CarriedFrame>,
) -> Result<StatusCode, Problem> {
    app.purse_meetings().put((code, side.into(), number), body.frame.0, app.now())?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fetch a frame of the other device.
#[utoipa::path(
    get, path = "/api/v1/purse-meetings/{code}/{side}/{number}", tag = "Card purses", security(()),
    params(
        ("code" = String, Path, description = "The code of the meeting"),
        ("side" = inline(Side), Path, description = "The other side"),
        ("number" = u32, Path, description = "0 for the first frame of that side, then 1, and so on")
    ),
    responses((status = 200, description = "The frame, or null while it is not there", body = FetchedFrame), PublicRead)
)]
pub(super) async fn get(
    State(app): State<App>,
    PathParts((code, side, number)): PathParts<(MeetingCode, Side, u32)>,
) -> Result<Response, Problem> {
    let frame = app.purse_meetings().get((code, side.into(), number), app.now())?;
    Ok(json::ok(&FetchedFrame { frame: frame.map(HexUpTo) }))
}

//! The neighbours' board.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use operations::board::{self, NewPost, Shown};
use records::Code;
use records::board::PostKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wallet::ids::{OperationId, PostId};

use super::outcome::{Outcome, answer};
use super::refusals::{Change, Read, Write};
use crate::App;
use crate::auth::Holder;
use crate::fields::{AnyId, CurrencyCode, Id, Minor, Text};
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::request::{Key, PathId};
use crate::rfc3339;

/// A post as its author writes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PostOrder {
    /// `offer`: the author is paid; `want`: the author pays.
    kind: String,
    #[schema(value_type = String, min_length = 1, max_length = 60)]
    title: Text<1, 60>,
    #[schema(value_type = Option<String>, max_length = 400)]
    words: Option<Text<0, 400>>,
    /// The price.
    amount: Minor,
    currency: CurrencyCode,
}

/// A post.
#[derive(Serialize, ToSchema)]
pub(super) struct PostView {
    #[schema(value_type = AnyId)]
    id: Id<PostId>,
    kind: &'static str,
    title: String,
    words: String,
    amount: u64,
    currency: CurrencyCode,
    /// Who wrote it.
    author: String,
    /// Whether that is the caller.
    own: bool,
    /// `open`, `agreed`, `settled` or `withdrawn`.
    state: &'static str,
    /// The transfer that settled it.
    #[schema(value_type = Option<AnyId>)]
    operation: Option<Id<OperationId>>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// What everybody offers and wants, and what the caller wrote or agreed to; newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct BoardView {
    open: Vec<PostView>,
    own: Vec<PostView>,
}

/// A post that was put on the board.
#[derive(Serialize, ToSchema)]
pub(super) struct Posted {
    #[schema(value_type = AnyId)]
    id: Id<PostId>,
}

fn view(shown: &Shown, holder: &Holder) -> PostView {
    let row = &shown.post;
    PostView {
        id: Id(row.id),
        kind: row.kind.code(),
        title: row.title.clone(),
        words: row.words.clone(),
        amount: row.amount.minor(),
        currency: CurrencyCode(row.amount.currency()),
        author: operations::masked(&shown.author.name),
        own: row.author == holder.id,
        state: row.state.code(),
        operation: row.operation.map(Id),
        created_at: rfc3339::format(row.created_at),
    }
}

/// See the board.
#[utoipa::path(
    get, path = "/api/v1/board", tag = "Board",
    responses((status = 200, description = "Open posts, and the caller's own", body = BoardView), Read)
)]
pub(super) async fn list(State(app): State<App>, holder: Holder) -> Result<Response, Problem> {
    let open = board::open(app.operations()).await?;
    let own = board::of_holder(app.operations(), holder.id).await?;
    let views = |shown: &[Shown]| shown.iter().map(|shown| view(shown, &holder)).collect();
    Ok(json::ok(&BoardView { open: views(&open), own: views(&own) }))
}

/// Put a post on the board.
#[utoipa::path(
    post, path = "/api/v1/board", tag = "Board", request_body = PostOrder,
    params(("Idempotency-Key" = String, Header, description = "A new one for each intended effect")),
    responses((status = 201, description = "On the board", body = Posted), Write)
)]
pub(super) async fn create(
    State(app): State<App>,
    holder: Holder,
    Key(key): Key,
    Body(body): Body<PostOrder>,
) -> Result<Response, Problem> {
    let kind = PostKind::from_code(&body.kind)
        .ok_or_else(|| Problem::invalid("kind", "kind must be offer or want"))?;
    let new = NewPost {
        author: holder.id,
        kind,
        title: body.title.into_string(),
        words: body.words.map(Text::into_string).unwrap_or_default(),
        amount: body.amount.of(body.currency),
    };
    let id = board::write(app.operations(), &key, new).await?;
    Ok(json::created(&Posted { id: Id(id) }))
}

/// Agree to a post.
#[utoipa::path(
    post, path = "/api/v1/board/{id}/agreement", tag = "Board",
    params(("id" = AnyId, Path, description = "The post")),
    responses(
        (status = 204, description = "Agreed"),
        (status = 422, description = "Refused", body = crate::problem::ProblemBody<'static>, content_type = "application/problem+json"),
        Change
    )
)]
pub(super) async fn agree(
    State(app): State<App>,
    holder: Holder,
    PathId(id): PathId<PostId>,
) -> Result<StatusCode, Problem> {
    match board::agree(app.operations(), holder.id, id).await {
        Err(operations::OperationError::PayeeIsPayer) => {
            Err(Problem::new(crate::problem::Kind::CONFLICT, "it is your own post"))
        }
        agreed => Ok(agreed.map(|()| StatusCode::NO_CONTENT)?),
    }
}

/// Pay for what was agreed, once.
#[utoipa::path(
    post, path = "/api/v1/board/{id}/settlement", tag = "Board",
    params(
        ("id" = AnyId, Path, description = "The post"),
        ("Idempotency-Key" = String, Header, description = "A new one for each intended effect"),
    ),
    responses((status = 201, description = "Paid", body = Outcome), Write)
)]
pub(super) async fn settle(
    State(app): State<App>,
    holder: Holder,
    PathId(id): PathId<PostId>,
    Key(key): Key,
) -> Result<Response, Problem> {
    answer(&board::settle(app.operations(), &key, (holder.id, id), holder.origin).await?)
}

/// Take a post or an agreement back.
#[utoipa::path(
    delete, path = "/api/v1/board/{id}", tag = "Board",
    params(("id" = AnyId, Path, description = "The post")),
    responses((status = 204, description = "Taken back"), Change)
)]
pub(super) async fn withdraw(
    State(app): State<App>,
    holder: Holder,
    PathId(id): PathId<PostId>,
) -> Result<StatusCode, Problem> {
    board::withdraw(app.operations(), holder.id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

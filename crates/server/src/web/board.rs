//! The neighbours' board.

use axum::response::Response;
use operations::board::{self, NewPost, Shown};
use operations::{IdempotencyKey, OperationError};
use pages::board::{Board, Post, PostForm, PostPage, PostState};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use records::board as recorded;
use serde::Deserialize;
use wallet::ids::{HolderId, PostId};

use super::amounts;
use super::cards::Bare;
use super::describe::party;
use super::own_form::OwnForm;
use super::requests::Attempt;
use super::step_up;
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{HolderVisit, Visit, page, page_with_problems, see_other};
use crate::auth::Site;
use crate::request::PathId;

/// `GET /board`
pub(super) async fn list(HolderVisit { visit, holder }: HolderVisit) -> Result<Response, Stop> {
    let operations = visit.app.operations();
    let (open, own) = (board::open(operations).await, board::of_holder(operations, holder).await);
    let posts = |shown: Vec<Shown>| shown.iter().map(|shown| post(&visit, holder, shown)).collect();
    let view = Board { open: posts(visit.need(open)?), own: posts(visit.need(own)?) };
    Ok(page(pages::board::board(&visit.frame(), &view)))
}

fn post(visit: &Visit, viewer: HolderId, shown: &Shown) -> Post {
    let row = &shown.post;
    let state = match row.state {
        recorded::PostState::Open => PostState::Open,
        recorded::PostState::Agreed => PostState::Agreed,
        recorded::PostState::Settled => PostState::Settled,
        recorded::PostState::Withdrawn => PostState::Withdrawn,
    };
    Post {
        id: row.id,
        offer: row.kind == recorded::PostKind::Offer,
        title: row.title.clone(),
        words: row.words.clone(),
        amount: row.amount,
        author: party(visit.locale, Some(&shown.author)),
        partner: shown.partner.as_ref().map(|partner| party(visit.locale, Some(partner))),
        state,
        at: row.created_at,
        operation: row.operation,
        own: row.author == viewer,
    }
}

#[derive(Deserialize, Default)]
pub(super) struct PostFields {
    #[serde(default)]
    idempotency_key: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    currency: String,
}

/// `GET /board/new`
pub(super) async fn show_write(visit: HolderVisit) -> Result<Response, Stop> {
    let view = form_view(&visit, PostFields::default(), Vec::new()).await?;
    Ok(page(pages::board::write(&visit.visit.frame(), &view)))
}

async fn form_view(visit: &HolderVisit, form: PostFields, problems: Vec<Problem>) -> Result<PostForm, Stop> {
    let available = amounts::available(&visit.visit, visit.holder).await?;
    let currency = if form.currency.is_empty() { amounts::first_currency(&available) } else { form.currency };
    Ok(PostForm {
        available,
        kind: form.kind,
        title: form.title,
        words: form.words,
        amount: form.amount,
        currency,
        attempt: visit.visit.attempt(),
        problems,
    })
}

/// `POST /board/new`
pub(super) async fn write(visit: HolderVisit, OwnForm(form): OwnForm<PostFields>) -> Result<Response, Stop> {
    let key: IdempotencyKey =
        form.idempotency_key.parse().map_err(|_| visit.visit.stop(Fault::BadRequest))?;
    let kind = if form.kind == "want" { recorded::PostKind::Want } else { recorded::PostKind::Offer };
    let problem = match amounts::typed(&form.amount, &form.currency) {
        Err(problem) => problem,
        Ok(amount) => {
            let new = NewPost {
                author: visit.holder,
                kind,
                title: form.title.trim().to_owned(),
                words: form.words.trim().to_owned(),
                amount,
            };
            match board::write(visit.visit.app.operations(), &key, new).await {
                Ok(_) => return Ok(see_other(&format!("/board?notice={}", Notice::Posted.code()))),
                Err(OperationError::TextLength { field: "title" }) if form.title.trim().is_empty() => {
                    Problem { field: "title", trouble: Trouble::Missing }
                }
                Err(OperationError::TextLength { field: "title" }) => {
                    Problem { field: "title", trouble: Trouble::TooLong(60) }
                }
                Err(OperationError::TextLength { .. }) => {
                    Problem { field: "words", trouble: Trouble::TooLong(400) }
                }
                Err(error) => problem_of(error).ok_or_else(|| visit.visit.stop_for(error))?,
            }
        }
    };
    let view = form_view(&visit, form, vec![problem]).await?;
    Ok(page_with_problems(pages::board::write(&visit.visit.frame(), &view)))
}

/// `GET /board/{id}`
pub(super) async fn show(PathId(id): PathId<PostId>, visit: HolderVisit) -> Result<Response, Stop> {
    let view = post_page(&visit, id, Vec::new()).await?;
    Ok(page(pages::board::post(&visit.visit.frame(), &view)))
}

async fn post_page(visit: &HolderVisit, id: PostId, problems: Vec<Problem>) -> Result<PostPage, Stop> {
    let found = board::get(visit.visit.app.operations(), visit.holder, id).await;
    let shown = visit.visit.need(found)?;
    let (row, holder) = (&shown.post, visit.holder);
    let involved = row.author == holder || row.partner == Some(holder);
    let agreed = row.state == recorded::PostState::Agreed;
    Ok(PostPage {
        may_agree: row.state == recorded::PostState::Open && row.author != holder,
        may_settle: agreed && row.sides().is_some_and(|(payer, _)| payer == holder),
        may_withdraw: (agreed && involved)
            || (row.state == recorded::PostState::Open && row.author == holder),
        post: post(&visit.visit, holder, &shown),
        attempt: visit.visit.attempt(),
        problems,
    })
}

async fn refused(visit: &HolderVisit, id: PostId, error: OperationError) -> Result<Response, Stop> {
    let problem = problem_of(error).ok_or_else(|| visit.visit.stop_for(error))?;
    let view = post_page(visit, id, vec![problem]).await?;
    Ok(page_with_problems(pages::board::post(&visit.visit.frame(), &view)))
}

/// `POST /board/{id}/agree`
pub(super) async fn agree(
    PathId(id): PathId<PostId>,
    visit: HolderVisit,
    OwnForm(Bare {}): OwnForm<Bare>,
) -> Result<Response, Stop> {
    match board::agree(visit.visit.app.operations(), visit.holder, id).await {
        Ok(()) => Ok(see_other(&format!("/board/{id}?notice={}", Notice::Told.code()))),
        Err(error) => refused(&visit, id, error).await,
    }
}

/// `POST /board/{id}/withdraw`
pub(super) async fn withdraw(
    PathId(id): PathId<PostId>,
    visit: HolderVisit,
    OwnForm(Bare {}): OwnForm<Bare>,
) -> Result<Response, Stop> {
    match board::withdraw(visit.visit.app.operations(), visit.holder, id).await {
        Ok(()) => Ok(see_other(&format!("/board?notice={}", Notice::Saved.code()))),
        Err(error) => refused(&visit, id, error).await,
    }
}

/// `POST /board/{id}/settle`
pub(super) async fn settle(
    PathId(id): PathId<PostId>,
    visit: HolderVisit,
    site: Site,
    OwnForm(form): OwnForm<Attempt>,
) -> Result<Response, Stop> {
    let key: IdempotencyKey =
        form.idempotency_key.parse().map_err(|_| visit.visit.stop(Fault::BadRequest))?;
    let operations = visit.visit.app.operations();
    let origin = match step_up::origin(&visit, &site, &form.step_up).await {
        Ok(origin) => origin,
        Err(problem) => return confirm_first(&visit, &site, id, form, Some(problem)).await,
    };
    let holder = visit.holder;
    match settled(|| board::settle(operations, &key, (holder, id), origin)).await {
        Ok(receipt) => Ok(see_other(&format!("/transactions/{}", receipt.id))),
        Err(OperationError::StepUpRequired) => confirm_first(&visit, &site, id, form, None).await,
        Err(error) => refused(&visit, id, error).await,
    }
}

/// The page that asks for payment PIN or passkey and then sends this form again.
async fn confirm_first(
    visit: &HolderVisit,
    site: &Site,
    id: PostId,
    form: Attempt,
    problem: Option<Problem>,
) -> Result<Response, Stop> {
    let found = board::get(visit.visit.app.operations(), visit.holder, id).await;
    let shown = visit.visit.need(found)?;
    let other = if shown.post.author == visit.holder { shown.post.partner } else { Some(shown.post.author) };
    let name = if shown.post.author == visit.holder { shown.partner.as_ref() } else { Some(&shown.author) };
    let payee = other.ok_or_else(|| visit.visit.stop(Fault::BadRequest))?;
    let asked = step_up::Asked {
        action: format!("/board/{id}/settle"),
        back: format!("/board/{id}"),
        payee: payee.into(),
        payee_name: party(visit.visit.locale, name),
        amount: shown.post.amount,
        fields: vec![("idempotency_key", form.idempotency_key)],
    };
    step_up::ask(visit, site, asked, problem).await
}

//! Top-up and withdrawal.

use axum::response::Response;
use operations::cards::CardRequest;
use operations::{IdempotencyKey, OperationError, Receipt, top_up as top_ups, withdrawal};
use pages::card_move::{CardMove, Direction};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use serde::Deserialize;

use super::own_form::OwnForm;
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{HolderVisit, page, page_with_problems, see_other};
use super::{amounts, cards};
use crate::fields::parse_id;

/// The fields of both forms.
#[derive(Deserialize, Default)]
pub(super) struct CardMoveForm {
    #[serde(default)]
    idempotency_key: String,
    #[serde(default)]
    card: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    currency: String,
}

/// `GET /top-up`
pub(super) async fn show_top_up(visit: HolderVisit) -> Result<Response, Stop> {
    show(visit, Direction::TopUp).await
}

/// `GET /withdraw`
pub(super) async fn show_withdrawal(visit: HolderVisit) -> Result<Response, Stop> {
    show(visit, Direction::Withdrawal).await
}

/// `POST /top-up`
pub(super) async fn top_up(
    visit: HolderVisit,
    OwnForm(form): OwnForm<CardMoveForm>,
) -> Result<Response, Stop> {
    submit(visit, Direction::TopUp, form).await
}

/// `POST /withdraw`
pub(super) async fn withdraw(
    visit: HolderVisit,
    OwnForm(form): OwnForm<CardMoveForm>,
) -> Result<Response, Stop> {
    submit(visit, Direction::Withdrawal, form).await
}

async fn show(visit: HolderVisit, direction: Direction) -> Result<Response, Stop> {
    let view = view(&visit, direction, CardMoveForm::default(), Vec::new()).await?;
    Ok(page(pages::card_move::card_move(&visit.visit.frame(), &view)))
}

async fn submit(visit: HolderVisit, direction: Direction, form: CardMoveForm) -> Result<Response, Stop> {
    let key: IdempotencyKey =
        form.idempotency_key.parse().map_err(|_| visit.visit.stop(Fault::BadRequest))?;
    let problem = match request(&visit, &form) {
        Err(problem) => problem,
        Ok(request) => match carry_out(&visit, direction, &key, request).await {
            Ok(receipt) => return Ok(see_other(&format!("/transactions/{}", receipt.id))),
            Err(error) => problem_of(error).ok_or_else(|| visit.visit.stop_for(error))?,
        },
    };
    let view = view(&visit, direction, form, vec![problem]).await?;
    Ok(page_with_problems(pages::card_move::card_move(&visit.visit.frame(), &view)))
}

fn request(visit: &HolderVisit, form: &CardMoveForm) -> Result<CardRequest, Problem> {
    let amount = amounts::typed(&form.amount, &form.currency)?;
    let card = parse_id(&form.card).ok_or(Problem { field: "card", trouble: Trouble::NoCard })?;
    Ok(CardRequest { holder: visit.holder, card, amount })
}

async fn carry_out(
    visit: &HolderVisit,
    direction: Direction,
    key: &IdempotencyKey,
    request: CardRequest,
) -> Result<Receipt, OperationError> {
    let operations = visit.visit.app.operations();
    match direction {
        Direction::TopUp => settled(|| top_ups::start(operations, key, request)).await,
        Direction::Withdrawal => settled(|| withdrawal::start(operations, key, request)).await,
    }
}

async fn view(
    visit: &HolderVisit,
    direction: Direction,
    form: CardMoveForm,
    problems: Vec<Problem>,
) -> Result<CardMove, Stop> {
    let available = amounts::available(&visit.visit, visit.holder).await?;
    let currency = if form.currency.is_empty() { amounts::first_currency(&available) } else { form.currency };
    Ok(CardMove {
        direction,
        cards: cards::bound(&visit.visit, visit.holder).await?,
        available,
        card: form.card,
        amount: form.amount,
        currency,
        attempt: visit.visit.attempt(),
        problems,
    })
}

//! A holder's card purses: the list, binding, one purse with its load orders and its log, loss.

use axum::extract::Query;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use messages::card::Asn;
use money::Amount;
use operations::card_purses::issuing::{BALANCE_MAX, number_text, read_number};
use operations::card_purses::loads::{self, OrderLoad};
use operations::card_purses::view::{self, CardPurse};
use operations::card_purses::{CardPurseState, binding, dues, lost};
use operations::{IdempotencyKey, OperationError, Party};
use pages::card_purse::{BindPurse, CreditGrade, LoadOrder, OrderStage, PurseDetail};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use records::load_orders::LoadOrderState;
use serde::Deserialize;
use wallet::ids::{CardDueId, HolderId, LoadOrderId};

use super::card_grade;
use super::card_purse_views as views;
use super::own_form::OwnForm;
use super::step_up::{self, StepUpForm};
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{HolderVisit, Visit, page, page_with_problems, see_other};
use super::{amounts, cards::Bare};
use crate::auth::Site;
use crate::fields::{Id, Secret};
use crate::hex_digits::Hex;
use crate::request::PathParts;

/// `GET /card-purses`
pub(super) async fn list(HolderVisit { visit, holder }: HolderVisit) -> Result<Response, Stop> {
    let mut purses = Vec::new();
    for card in visit.need(view::of_holder(visit.app.operations(), holder).await)? {
        purses.push(views::purse(&visit, &card).await?);
    }
    Ok(page(pages::card_purse::purses(&visit.frame(), &purses)))
}

/// `GET /card-purses/bind`
pub(super) async fn show_bind(HolderVisit { visit, .. }: HolderVisit) -> Response {
    page(pages::card_purse::bind(&visit.frame(), &BindPurse::default()))
}

#[derive(Deserialize)]
pub(super) struct BindForm {
    #[serde(default)]
    number: String,
    code: Secret,
}

/// `POST /card-purses/bind`
pub(super) async fn bind(
    HolderVisit { visit, holder }: HolderVisit,
    OwnForm(form): OwnForm<BindForm>,
) -> Result<Response, Stop> {
    let problem = match read_number(&form.number) {
        None => Problem { field: "number", trouble: Trouble::PurseNumber },
        Some(card) => match binding::bind(visit.app.operations(), holder, card, form.code.expose()).await {
            Ok(()) => {
                let (number, notice) = (number_text(card), Notice::PurseBound.code());
                return Ok(see_other(&format!("/card-purses/{number}?notice={notice}")));
            }
            Err(error) => problem_of(error).ok_or_else(|| visit.stop_for(error))?,
        },
    };
    let view = BindPurse { number: form.number, problems: vec![problem] };
    Ok(page_with_problems(pages::card_purse::bind(&visit.frame(), &view)))
}

/// The card in the path, where it is this holder's. Others' are not found.
pub(super) async fn own(visit: &Visit, holder: HolderId, card: Hex<10>) -> Result<CardPurse, Stop> {
    let found = visit.need(view::get(visit.app.operations(), Asn(card.0)).await)?;
    if found.holder == Some(holder) {
        Ok(found)
    } else {
        Err(visit.stop_for(OperationError::NotFound(Party::CardPurse)))
    }
}

/// Where in a log to go on.
#[derive(Deserialize, Default)]
pub(super) struct LogQuery {
    before: Option<u64>,
}

/// `GET /card-purses/{card}`
pub(super) async fn show(
    PathParts(card): PathParts<Hex<10>>,
    HolderVisit { visit, holder }: HolderVisit,
    Query(query): Query<LogQuery>,
) -> Result<Response, Stop> {
    let card = own(&visit, holder, card).await?;
    let view = detail(&visit, holder, &card, query.before).await?;
    Ok(page(pages::card_purse::purse(&visit.frame(), &view)))
}

async fn detail(
    visit: &Visit,
    holder: HolderId,
    card: &CardPurse,
    before: Option<u64>,
) -> Result<PurseDetail, Stop> {
    let available = amounts::available(visit, holder).await?;
    let available = available.into_iter().find(|held| held.currency() == card.currency);
    let log = views::log(visit, card.asn, before).await?;
    Ok(PurseDetail {
        purse: views::purse(visit, card).await?,
        in_doubt: views::in_doubt(card),
        held: card.held,
        excess: card.excess,
        orders: open_orders(card),
        available: available.unwrap_or(Amount::zero(card.currency)),
        order_max: order_max(card),
        amount: String::new(),
        attempt: visit.attempt(),
        dues: views::dues(visit, card.asn).await?,
        refund_from: views::refund_from(visit, card),
        grade: graded(visit, card).await?,
        log: log.entries,
        older: log.older,
        problems: Vec::new(),
    })
}

/// The grade of a card; none of one that terminals do not take.
async fn graded(visit: &Visit, card: &CardPurse) -> Result<Option<CreditGrade>, Stop> {
    if card.state == CardPurseState::Bound { card_grade::of_card(visit, card.asn).await } else { Ok(None) }
}

/// What the card can still take, as far as its issuer knows.
fn order_max(card: &CardPurse) -> Option<Amount> {
    Amount::from_minor(u64::from(BALANCE_MAX), card.currency).ok()?.checked_sub(card.shadow).ok()
}

/// The load orders that are not over, oldest first.
fn open_orders(card: &CardPurse) -> Vec<LoadOrder> {
    let shown = |order: &records::load_orders::LoadOrder| {
        let stage = match order.state {
            LoadOrderState::Waiting => OrderStage::Waiting,
            LoadOrderState::Begun => OrderStage::Begun,
            LoadOrderState::Done | LoadOrderState::Withdrawn => return None,
        };
        let id = order.id.to_string();
        Some(LoadOrder { id, amount: order.amount, ordered_at: order.ordered_at, stage })
    };
    card.orders.iter().rev().filter_map(shown).collect()
}

/// The page of the card again, with good news or with what is wrong.
async fn after(
    visit: &Visit,
    holder: HolderId,
    card: &CardPurse,
    outcome: Result<Notice, (Problem, String)>,
) -> Result<Response, Stop> {
    match outcome {
        Ok(notice) => {
            let number = number_text(card.asn);
            Ok(see_other(&format!("/card-purses/{number}?notice={}", notice.code())))
        }
        Err((problem, amount)) => {
            let mut view = detail(visit, holder, card, None).await?;
            (view.problems, view.amount) = (vec![problem], amount);
            Ok(page_with_problems(pages::card_purse::purse(&visit.frame(), &view)))
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct OrderForm {
    pub(super) idempotency_key: String,
    pub(super) amount: String,
    #[serde(flatten)]
    pub(super) step_up: StepUpForm,
}

/// `POST /card-purses/{card}/load-orders`
pub(super) async fn order(
    PathParts(card): PathParts<Hex<10>>,
    holder: HolderVisit,
    site: Site,
    OwnForm(form): OwnForm<OrderForm>,
) -> Result<Response, Stop> {
    let visit = &holder.visit;
    let card = own(visit, holder.holder, card).await?;
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| visit.stop(Fault::BadRequest))?;
    let amount = match amounts::typed(&form.amount, card.currency.code()) {
        Ok(amount) => amount,
        Err(problem) => return after(visit, holder.holder, &card, Err((problem, form.amount))).await,
    };
    let origin = match step_up::origin(&holder, &site, &form.step_up).await {
        Ok(origin) => origin,
        Err(problem) => {
            return confirm_first(&holder, &site, (&card, LoadAction::Order), (amount, form), Some(problem))
                .await;
        }
    };
    let request = OrderLoad { holder: holder.holder, card: card.asn, amount, origin };
    let ordered = match settled(|| loads::order(visit.app.operations(), &key, request)).await {
        Ok(_) => Ok(Notice::LoadOrdered),
        Err(OperationError::StepUpRequired) => {
            return confirm_first(&holder, &site, (&card, LoadAction::Order), (amount, form), None).await;
        }
        Err(error) => Err((problem_of(error).ok_or_else(|| visit.stop_for(error))?, form.amount)),
    };
    after(visit, holder.holder, &card, ordered).await
}

/// What a form with an amount asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum LoadAction {
    /// A load at a terminal.
    Order,
    /// A load to pay other cards with.
    Transfer,
}

/// The page that asks for payment PIN or passkey and then sends this form again.
pub(super) async fn confirm_first(
    visit: &HolderVisit,
    site: &Site,
    (card, action): (&CardPurse, LoadAction),
    (amount, form): (Amount, OrderForm),
    problem: Option<Problem>,
) -> Result<Response, Stop> {
    let number = number_text(card.asn);
    let purse = views::purse(&visit.visit, card).await?;
    let (action, back) = match action {
        LoadAction::Order => ("load-orders", ""),
        LoadAction::Transfer => ("transfer-loads", "/transfer-loads"),
    };
    let asked = step_up::Asked {
        action: format!("/card-purses/{number}/{action}"),
        back: format!("/card-purses/{number}{back}"),
        payee: operations::step_up::loaded_card(card.asn),
        payee_name: purse.title(&visit.visit.frame()),
        amount,
        fields: vec![("idempotency_key", form.idempotency_key), ("amount", form.amount)],
    };
    step_up::ask(visit, site, asked, problem).await
}

/// `POST /card-purses/{card}/load-orders/{id}/withdraw`
pub(super) async fn withdraw(
    PathParts((card, order)): PathParts<(Hex<10>, Id<LoadOrderId>)>,
    HolderVisit { visit, holder }: HolderVisit,
    OwnForm(Bare {}): OwnForm<Bare>,
) -> Result<Response, Stop> {
    let card = own(&visit, holder, card).await?;
    let withdrawn = match loads::withdraw(visit.app.operations(), holder, order.0).await {
        Ok(()) => Ok(Notice::LoadWithdrawn),
        Err(error) => Err((problem_of(error).ok_or_else(|| visit.stop_for(error))?, String::new())),
    };
    after(&visit, holder, &card, withdrawn).await
}

#[derive(Deserialize)]
pub(super) struct DueForm {
    answer: String,
}

/// `POST /card-purses/{card}/dues/{id}`
pub(super) async fn answer_due(
    PathParts((card, due)): PathParts<(Hex<10>, Id<CardDueId>)>,
    HolderVisit { visit, holder }: HolderVisit,
    OwnForm(form): OwnForm<DueForm>,
) -> Result<Response, Stop> {
    let card = own(&visit, holder, card).await?;
    let is_theirs = match form.answer.as_str() {
        "mine" => true,
        "not_mine" => false,
        _ => return Err(visit.stop(Fault::BadRequest)),
    };
    visit.need(dues::answer(visit.app.operations(), holder, due.0, is_theirs).await)?;
    after(&visit, holder, &card, Ok(Notice::DueAnswered)).await
}

/// `POST /card-purses/{card}/lost`
pub(super) async fn report(
    PathParts(card): PathParts<Hex<10>>,
    HolderVisit { visit, holder }: HolderVisit,
    OwnForm(Bare {}): OwnForm<Bare>,
) -> Result<Response, Stop> {
    let card = own(&visit, holder, card).await?;
    visit.need(lost::report(visit.app.operations(), holder, card.asn).await)?;
    after(&visit, holder, &card, Ok(Notice::PurseReported)).await
}

/// `GET /card-purses/{card}/log.csv`
pub(super) async fn csv(
    PathParts(card): PathParts<Hex<10>>,
    HolderVisit { visit, holder }: HolderVisit,
) -> Result<Response, Stop> {
    let card = own(&visit, holder, card).await?;
    let text = views::log_csv(&visit, card.asn).await?;
    let name = format!("attachment; filename=\"card-purse-{}.csv\"", number_text(card.asn));
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, text).into_response())
}

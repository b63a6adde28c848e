//! Card purses as the operator sees them: all of them, and one by its number.

use axum::extract::Query;
use axum::response::Response;
use messages::card::Asn;
use money::{Amount, Currency, Delta};
use operations::approvals::{self, Action};
use operations::card_purses::equation::{self, PurseFigures};
use operations::card_purses::grades::Identity;
use operations::card_purses::issuing::{number_text, read_number};
use operations::card_purses::view::{self, CardPurse};
use operations::card_purses::{CardListing, Direction, binding, identity, lost};
use operations::{OperationError, Party};
use pages::card_purse::KnownBy;
use pages::control::card_purse::{CardView, OpenLoad, Refund};
use pages::control::card_purses::{CardPurses, CardSum};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use records::Code;
use records::principals::{self, Role};
use serde::Deserialize;
use wallet::ids::{HolderId, PrincipalId};

use super::{mendable, name_of, own_id};
use crate::hex_digits::Hex;
use crate::request::PathParts;
use crate::web::card_grade;
use crate::web::card_purse_views as views;
use crate::web::own_form::OwnForm;
use crate::web::stop::Stop;
use crate::web::visit::{OperatorVisit, Visit, page, page_with_problems, see_other};

#[derive(Deserialize, Default)]
pub(super) struct Search {
    number: Option<String>,
}

/// `GET /operator/card-purses`
pub(super) async fn overview(
    OperatorVisit { visit }: OperatorVisit,
    Query(search): Query<Search>,
) -> Result<Response, Stop> {
    let number = search.number.unwrap_or_default();
    let trouble = match read_number(&number) {
        _ if number.is_empty() => None,
        None => Some(Trouble::PurseNumber),
        Some(card) => match view::get(visit.app.operations(), card).await {
            Ok(_) => return Ok(see_other(&path(card))),
            Err(OperationError::NotFound(_)) => Some(Trouble::SubjectUnknown),
            Err(error) => return Err(visit.stop_for(error)),
        },
    };
    let problems: Vec<Problem> =
        trouble.into_iter().map(|trouble| Problem { field: "number", trouble }).collect();
    let is_wrong = !problems.is_empty();
    let operations = visit.app.operations();
    let sums = visit.need(equation::figures(operations).await)?.iter().map(sum).collect();
    let counts = visit.need(view::counts(operations).await)?;
    let counts = counts.into_iter().map(|count| (views::state(count.state, count.listed), count.cards));
    let view = CardPurses { sums, counts: counts.collect(), number, problems };
    let markup = pages::control::card_purses::card_purses(&visit.frame(), &view);
    Ok(if is_wrong { page_with_problems(markup) } else { page(markup) })
}

fn path(card: Asn) -> String {
    format!("/operator/card-purses/{}", number_text(card))
}

fn sum(figures: &PurseFigures) -> CardSum {
    let currency = figures.currency;
    CardSum {
        purses: amount(figures.purses, currency),
        loads: amount(figures.loads, currency),
        excess: amount(figures.excess, currency),
        float: delta(figures.float(), currency),
        shadows: delta(figures.shadows, currency),
        held: amount(figures.held, currency),
        in_doubt: amount(figures.loads_in_doubt.saturating_add(figures.unloads_in_doubt), currency),
        difference: delta(figures.difference(), currency),
    }
}

/// Minor units as an amount; the most that there is where it is more.
fn amount(minor: i128, currency: Currency) -> Amount {
    let minor = u64::try_from(minor.max(0)).unwrap_or(money::MAX_MINOR).min(money::MAX_MINOR);
    Amount::from_minor(minor, currency).unwrap_or(Amount::zero(currency))
}

fn delta(minor: i128, currency: Currency) -> Delta {
    let magnitude = amount(i128::try_from(minor.unsigned_abs()).unwrap_or(i128::MAX), currency).to_delta();
    if minor < 0 { magnitude.negated() } else { magnitude }
}

#[derive(Deserialize, Default)]
pub(super) struct LogQuery {
    before: Option<u64>,
}

/// `GET /operator/card-purses/{card}`
pub(super) async fn show(
    PathParts(Hex(card)): PathParts<Hex<10>>,
    OperatorVisit { visit }: OperatorVisit,
    Query(query): Query<LogQuery>,
) -> Result<Response, Stop> {
    let view = detail(&visit, Asn(card), query.before).await?;
    Ok(page(pages::control::card_purse::card(&visit.frame(), &view)))
}

async fn detail(visit: &Visit, card: Asn, before: Option<u64>) -> Result<CardView, Stop> {
    let card = visit.need(view::get(visit.app.operations(), card).await)?;
    let log = views::log(visit, card.asn, before).await?;
    let holder = match card.holder {
        Some(holder) => name_of(visit, PrincipalId::from(holder)).await?,
        None => String::new(),
    };
    Ok(CardView {
        purse: views::purse(visit, &card).await?,
        batch: card.batch.to_string(),
        holder,
        excess: card.excess,
        held: card.held,
        listed_at: card.listed.map(|(_, since)| views::moment(since)),
        refund: refund_of(visit, &card).await?,
        gaps: card.gaps.iter().map(|(first, last)| (first.0, last.0)).collect(),
        open: card.in_doubt.iter().map(open_load).collect(),
        grade: card_grade::of_card(visit, card.asn).await?,
        log: log.entries,
        older: log.older,
        login: String::new(),
        reason: String::new(),
        problems: Vec::new(),
    })
}

fn open_load(doubt: &view::InDoubt) -> OpenLoad {
    OpenLoad {
        operation: doubt.operation.to_string(),
        is_load: matches!(doubt.direction, Direction::Load),
        amount: doubt.amount,
        at: doubt.begun_at,
    }
}

async fn refund_of(visit: &Visit, card: &CardPurse) -> Result<Refund, Stop> {
    let is_listed = views::state(card.state, card.listed.map(|(listing, _)| listing)).is_listed();
    Ok(match views::refund_from(visit, card) {
        Some(from) if is_listed && from > visit.app.now() => Refund::From(from),
        Some(_) if is_listed => {
            let waits = visit.need(approvals::of_card(visit.app.operations(), card.asn).await)?;
            if waits.is_some() { Refund::Asked } else { Refund::Now }
        }
        _ => Refund::NotDue,
    })
}

/// The page of the card again, with good news or with what is wrong.
async fn after(
    visit: &Visit,
    card: Asn,
    outcome: Result<Notice, (Problem, String)>,
) -> Result<Response, Stop> {
    match outcome {
        Ok(notice) => Ok(see_other(&format!("{}?notice={}", path(card), notice.code()))),
        Err((problem, login)) => {
            let mut view = detail(visit, card, None).await?;
            (view.problems, view.login) = (vec![problem], login);
            Ok(page_with_problems(pages::control::card_purse::card(&visit.frame(), &view)))
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ListForm {
    status: String,
}

/// `POST /operator/card-purses/{card}/list`
pub(super) async fn put_on_list(
    PathParts(Hex(card)): PathParts<Hex<10>>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<ListForm>,
) -> Result<Response, Stop> {
    let listing = CardListing::from_code(&form.status).ok_or_else(|| visit.stop(Fault::BadRequest))?;
    let listed = match lost::list(visit.app.operations(), own_id(&visit)?, Asn(card), listing).await {
        Ok(()) => Ok(Notice::CardListed),
        Err(error) => {
            let problem = Problem { field: "status", ..mendable(&visit, error)? };
            Err((problem, String::new()))
        }
    };
    after(&visit, Asn(card), listed).await
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RefundForm {
    reason: String,
}

/// `POST /operator/card-purses/{card}/refund`: ask for it; another person approves.
pub(super) async fn ask_refund(
    PathParts(Hex(card)): PathParts<Hex<10>>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<RefundForm>,
) -> Result<Response, Stop> {
    let action = Action::RefundCard(Asn(card));
    let trouble = match approvals::ask(visit.app.operations(), own_id(&visit)?, action, &form.reason).await {
        Ok(_) => return after(&visit, Asn(card), Ok(Notice::AskedForApproval)).await,
        Err(OperationError::TextLength { .. }) => Trouble::Missing,
        Err(error) => mendable(&visit, error)?.trouble,
    };
    let mut view = detail(&visit, Asn(card), None).await?;
    (view.problems, view.reason) = (vec![Problem { field: "reason", trouble }], form.reason);
    Ok(page_with_problems(pages::control::card_purse::card(&visit.frame(), &view)))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct IdentityForm {
    identity: String,
}

/// `POST /operator/card-purses/{card}/identity`
pub(super) async fn check_identity(
    PathParts(Hex(card)): PathParts<Hex<10>>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<IdentityForm>,
) -> Result<Response, Stop> {
    let known = KnownBy::ALL.into_iter().find(|known| known.code() == form.identity);
    let identity = match known.ok_or_else(|| visit.stop(Fault::BadRequest))? {
        KnownBy::Nothing => Identity::Unverified,
        KnownBy::Phone => Identity::Phone,
        KnownBy::Document => Identity::Document,
    };
    let operations = visit.app.operations();
    let found = visit.need(view::get(operations, Asn(card)).await)?;
    let holder = found.holder.ok_or_else(|| visit.stop_for(OperationError::NotFound(Party::Holder)))?;
    let checked = match identity::check(operations, own_id(&visit)?, holder, identity).await {
        Ok(()) => Ok(Notice::Saved),
        Err(error) => {
            let problem = Problem { field: "identity", ..mendable(&visit, error)? };
            Err((problem, String::new()))
        }
    };
    after(&visit, Asn(card), checked).await
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct GiveForm {
    login: String,
}

/// `POST /operator/card-purses/{card}/give`
pub(super) async fn give(
    PathParts(Hex(card)): PathParts<Hex<10>>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<GiveForm>,
) -> Result<Response, Stop> {
    let who = own_id(&visit)?;
    let given = match holder_called(&visit, &form.login).await? {
        None => Err(OperationError::NotFound(Party::Holder)),
        Some(holder) => binding::give(visit.app.operations(), who, Asn(card), holder).await,
    };
    let trouble = match given {
        Ok(()) => return after(&visit, Asn(card), Ok(Notice::PurseBound)).await,
        Err(OperationError::NotFound(Party::Holder)) => Trouble::SubjectUnknown,
        Err(error) => mendable(&visit, error)?.trouble,
    };
    after(&visit, Asn(card), Err((Problem { field: "login", trouble }, form.login))).await
}

/// The holder who logs in so.
async fn holder_called(visit: &Visit, login: &str) -> Result<Option<HolderId>, Stop> {
    let login = login.trim().to_lowercase();
    let found = visit.app.records().read(move |sql| principals::find_by_login(sql, &login)).await;
    let found = visit.need_records(found)?.filter(|principal| principal.role == Role::Holder);
    Ok(found.map(|principal| HolderId::new(principal.id.bits())))
}

//! Bound bank cards: the list in three views, one card, and what a holder does with it.

use axum::response::Response;
use bank::Expiry;
use money::Amount;
use operations::cards::{self, BindRequest};
use operations::{merchants, settings};
use pages::bank_card::{BankCard, BindCard, CardDetail, CardState, Cards, CardsView};
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use records::banks::Bank;
use records::cards::{Card, CardBrand};
use records::holder_settings;
use serde::Deserialize;
use wallet::ids::{CardId, HolderId};

use super::describe::{own_name, pick};
use super::own_form::OwnForm;
use super::stop::Stop;
use super::trouble::problem_of;
use super::visit::{HolderVisit, Visit, page, page_with_problems, see_other};
use crate::fields::parse_id;
use crate::request::PathId;

/// The holder's cards as pages show them.
pub(super) async fn bound(visit: &Visit, holder: HolderId) -> Result<Vec<BankCard>, Stop> {
    let operations = visit.app.operations();
    let found = visit.need(cards::list(operations, holder).await)?;
    let default_card = visit.need(settings::get(operations, holder).await)?.default_card;
    let banks = visit.need(merchants::list_banks(operations).await)?;
    Ok(found.into_iter().map(|card| shown(visit, &banks, card, default_card)).collect())
}

fn shown(visit: &Visit, banks: &[Bank], card: Card, default_card: Option<CardId>) -> BankCard {
    let holder_name = visit.member.as_ref().map(|member| own_name(visit.locale, &member.principal));
    BankCard {
        id: card.id,
        bank: card.bank,
        bank_name: bank_name(visit, banks, card.bank),
        brand: brand(card.brand),
        last4: card.masked_number.trim_start_matches(['*', ' ']).to_owned(),
        expiry: Expiry { year: card.expiry.year, month: card.expiry.month }.to_string(),
        holder_name: holder_name.unwrap_or_default(),
        state: state(visit, &card),
        bound_at: card.created_at,
        is_default: default_card == Some(card.id),
        name: card.label,
    }
}

/// What holds a card back the most.
fn state(visit: &Visit, card: &Card) -> CardState {
    use records::cards::CardState as Recorded;
    let over = Expiry { year: card.expiry.year, month: card.expiry.month }.is_past(visit.app.now());
    match card.state {
        Recorded::Revoked => CardState::Revoked,
        Recorded::Blacklisted => CardState::Blacklisted,
        Recorded::Expired => CardState::Expired,
        _ if over => CardState::Expired,
        _ if card.frozen_at.is_some() => CardState::Frozen,
        Recorded::Frozen => CardState::Stopped,
        Recorded::Active => CardState::Valid,
    }
}

const fn brand(brand: CardBrand) -> &'static str {
    match brand {
        CardBrand::AmericanExpress => "American Express",
        CardBrand::Jcb => "JCB",
        CardBrand::Mastercard => "Mastercard",
        CardBrand::Other => "",
        CardBrand::UnionPay => "UnionPay",
        CardBrand::Visa => "Visa",
    }
}

fn bank_name(visit: &Visit, banks: &[Bank], id: wallet::ids::BankId) -> String {
    let bank = banks.iter().find(|bank| bank.id == id);
    bank.map(|bank| pick(visit.locale, &bank.name_zh, Some(&bank.name_en)).to_owned()).unwrap_or_default()
}

/// `GET /cards`
pub(super) async fn list(HolderVisit { visit, holder }: HolderVisit) -> Result<Response, Stop> {
    let chosen = visit.need(settings::get(visit.app.operations(), holder).await)?.cards_view;
    let view = match chosen {
        holder_settings::CardsView::Pictures => CardsView::Pictures,
        holder_settings::CardsView::Details => CardsView::Details,
        holder_settings::CardsView::Icons => CardsView::Icons,
    };
    let view = Cards { view, cards: bound(&visit, holder).await? };
    Ok(page(pages::bank_card::cards(&visit.frame(), &view)))
}

#[derive(Deserialize)]
pub(super) struct ViewForm {
    #[serde(default)]
    view: String,
}

/// `POST /cards/view`
pub(super) async fn choose_view(
    HolderVisit { visit, holder }: HolderVisit,
    OwnForm(form): OwnForm<ViewForm>,
) -> Result<Response, Stop> {
    if let Some(view) = <holder_settings::CardsView as records::Code>::from_code(&form.view) {
        visit.need(settings::show_cards_as(visit.app.operations(), holder, view).await)?;
    }
    Ok(see_other("/cards"))
}

/// `GET /cards/{card}`
pub(super) async fn show(
    PathId(card): PathId<CardId>,
    HolderVisit { visit, holder }: HolderVisit,
) -> Result<Response, Stop> {
    let view = detail(&visit, holder, card, None, Vec::new()).await?;
    Ok(page(pages::bank_card::card(&visit.frame(), &view)))
}

async fn detail(
    visit: &Visit,
    holder: HolderId,
    card: CardId,
    balance: Option<Amount>,
    problems: Vec<Problem>,
) -> Result<CardDetail, Stop> {
    let operations = visit.app.operations();
    let found = visit.need(cards::own(operations, holder, card).await)?;
    let default_card = visit.need(settings::get(operations, holder).await)?.default_card;
    let banks = visit.need(merchants::list_banks(operations).await)?;
    Ok(CardDetail { card: shown(visit, &banks, found, default_card), balance, problems })
}

/// `POST /cards/{card}/balance`: the bank's answer is shown once and kept nowhere.
pub(super) async fn balance(
    PathId(card): PathId<CardId>,
    HolderVisit { visit, holder }: HolderVisit,
    OwnForm(Bare {}): OwnForm<Bare>,
) -> Result<Response, Stop> {
    match cards::balance(visit.app.operations(), holder, card).await {
        Ok(amount) => {
            let view = detail(&visit, holder, card, Some(amount), Vec::new()).await?;
            Ok(page(pages::bank_card::card(&visit.frame(), &view)))
        }
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.stop_for(error))?;
            let problem = Problem { field: "card", ..problem };
            let view = detail(&visit, holder, card, None, vec![problem]).await?;
            Ok(page_with_problems(pages::bank_card::card(&visit.frame(), &view)))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct LabelForm {
    #[serde(default)]
    label: String,
}

/// `POST /cards/{card}/label`
pub(super) async fn rename(
    PathId(card): PathId<CardId>,
    HolderVisit { visit, holder }: HolderVisit,
    OwnForm(form): OwnForm<LabelForm>,
) -> Result<Response, Stop> {
    let label = form.label.trim().to_owned();
    match cards::rename(visit.app.operations(), holder, card, label.clone()).await {
        Ok(()) => Ok(see_other(&format!("/cards/{card}?notice={}", Notice::Saved.code()))),
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.stop_for(error))?;
            let problem = Problem { field: "label", ..problem };
            let mut view = detail(&visit, holder, card, None, vec![problem]).await?;
            view.card.name = label;
            Ok(page_with_problems(pages::bank_card::card(&visit.frame(), &view)))
        }
    }
}

/// `POST /cards/{card}/freeze`
pub(super) async fn freeze(
    PathId(card): PathId<CardId>,
    HolderVisit { visit, holder }: HolderVisit,
    OwnForm(Bare {}): OwnForm<Bare>,
) -> Result<Response, Stop> {
    visit.need(cards::freeze(visit.app.operations(), holder, card, true).await)?;
    Ok(see_other(&format!("/cards/{card}?notice={}", Notice::CardFrozen.code())))
}

/// `POST /cards/{card}/unfreeze`
pub(super) async fn unfreeze(
    PathId(card): PathId<CardId>,
    HolderVisit { visit, holder }: HolderVisit,
    OwnForm(Bare {}): OwnForm<Bare>,
) -> Result<Response, Stop> {
    visit.need(cards::freeze(visit.app.operations(), holder, card, false).await)?;
    Ok(see_other(&format!("/cards/{card}?notice={}", Notice::CardUnfrozen.code())))
}

#[derive(Deserialize)]
pub(super) struct PayWithForm {
    #[serde(default)]
    instrument: String,
}

/// `POST /pay-with`: what one click charges.
pub(super) async fn pay_with(
    HolderVisit { visit, holder }: HolderVisit,
    OwnForm(form): OwnForm<PayWithForm>,
) -> Result<Response, Stop> {
    let card: Option<CardId> = parse_id(&form.instrument);
    visit.need(settings::pay_with(visit.app.operations(), holder, card).await)?;
    Ok(see_other(&format!("/cards?notice={}", Notice::Saved.code())))
}

#[derive(Deserialize, Default)]
pub(super) struct BindForm {
    #[serde(default)]
    bank: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    expiry: String,
    #[serde(default)]
    holder_name: String,
    #[serde(default)]
    label: String,
}

/// `GET /cards/new`
pub(super) async fn show_bind(HolderVisit { visit, .. }: HolderVisit) -> Result<Response, Stop> {
    let view = view(&visit, BindForm::default(), Vec::new()).await?;
    Ok(page(pages::bank_card::bind(&visit.frame(), &view)))
}

/// `POST /cards/new`
pub(super) async fn bind(holder: HolderVisit, OwnForm(form): OwnForm<BindForm>) -> Result<Response, Stop> {
    let HolderVisit { visit, holder } = holder;
    let problems = match request(holder, &form) {
        Err(problems) => problems,
        Ok(request) => match cards::bind(visit.app.operations(), request).await {
            Ok(_) => return Ok(see_other(&format!("/cards?notice={}", Notice::CardBound.code()))),
            Err(error) => vec![problem_of(error).ok_or_else(|| visit.stop_for(error))?],
        },
    };
    let view = view(&visit, form, problems).await?;
    Ok(page_with_problems(pages::bank_card::bind(&visit.frame(), &view)))
}

fn request(holder: HolderId, form: &BindForm) -> Result<BindRequest, Vec<Problem>> {
    let bank = parse_id(&form.bank).ok_or(Problem { field: "bank", trouble: Trouble::Missing });
    let number: String = form.number.chars().filter(|character| !character.is_whitespace()).collect();
    let digits = (12..=19).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    let number =
        if digits { Ok(number) } else { Err(Problem { field: "number", trouble: Trouble::CardNumber }) };
    let expiry = form.expiry.trim().parse::<Expiry>();
    let expiry = expiry.map_err(|_| Problem { field: "expiry", trouble: Trouble::Expiry });
    match (bank, number, expiry) {
        (Ok(bank), Ok(pan), Ok(expiry)) => {
            let (holder_name, label) = (form.holder_name.trim().to_owned(), form.label.trim().to_owned());
            Ok(BindRequest { holder, bank, pan, expiry, holder_name, label })
        }
        (bank, number, expiry) => {
            Err([bank.err(), number.err(), expiry.err()].into_iter().flatten().collect())
        }
    }
}

async fn view(visit: &Visit, form: BindForm, problems: Vec<Problem>) -> Result<BindCard, Stop> {
    let banks = visit.need(merchants::list_banks(visit.app.operations()).await)?;
    let named =
        banks.iter().map(|bank| (bank.id, pick(visit.locale, &bank.name_zh, Some(&bank.name_en)).to_owned()));
    Ok(BindCard {
        banks: named.collect(),
        bank: form.bank,
        holder_name: form.holder_name,
        expiry: form.expiry,
        label: form.label,
        problems,
    })
}

/// Nothing but the session's token.
#[derive(Deserialize)]
pub(super) struct Bare {}

/// `POST /cards/{card}/remove`
pub(super) async fn remove(
    PathId(card): PathId<CardId>,
    holder: HolderVisit,
    OwnForm(Bare {}): OwnForm<Bare>,
) -> Result<Response, Stop> {
    let HolderVisit { visit, holder } = holder;
    visit.need(cards::delete(visit.app.operations(), holder, card).await)?;
    Ok(see_other(&format!("/cards?notice={}", Notice::CardRemoved.code())))
}

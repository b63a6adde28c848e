//! Bound bank cards.

use axum::response::Response;
use bank::Expiry;
use operations::cards::{self, BindRequest};
use operations::merchants;
use pages::bank_card::{BankCard, BindCard, Cards};
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use records::banks::Bank;
use serde::Deserialize;
use wallet::ids::{CardId, HolderId};

use super::describe::{own_name, pick};
use super::own_form::OwnForm;
use super::stop::Stop;
use super::trouble::problem_of;
use super::visit::{HolderVisit, Visit, page, page_with_problems, see_other};
use crate::fields::parse_id;
use crate::request::PathId;

/// The holder's usable cards as pages show them.
pub(super) async fn bound(visit: &Visit, holder: HolderId) -> Result<Vec<BankCard>, Stop> {
    let operations = visit.app.operations();
    let cards = visit.need(cards::list(operations, holder).await)?;
    let banks = visit.need(merchants::list_banks(operations).await)?;
    let holder_name = visit.member.as_ref().map(|member| own_name(visit.locale, &member.principal));
    let holder_name = holder_name.unwrap_or_default();
    let shown = cards.into_iter().map(|card| BankCard {
        id: card.id,
        bank: card.bank,
        bank_name: bank_name(visit, &banks, card.bank),
        last4: card.masked_number.trim_start_matches(['*', ' ']).to_owned(),
        expiry: Expiry { year: card.expiry.year, month: card.expiry.month }.to_string(),
        holder_name: holder_name.clone(),
    });
    Ok(shown.collect())
}

fn bank_name(visit: &Visit, banks: &[Bank], id: wallet::ids::BankId) -> String {
    let bank = banks.iter().find(|bank| bank.id == id);
    bank.map(|bank| pick(visit.locale, &bank.name_zh, Some(&bank.name_en)).to_owned()).unwrap_or_default()
}

/// `GET /cards`
pub(super) async fn list(HolderVisit { visit, holder }: HolderVisit) -> Result<Response, Stop> {
    let view = Cards { cards: bound(&visit, holder).await? };
    Ok(page(pages::bank_card::cards(&visit.frame(), &view)))
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
            let holder_name = form.holder_name.trim().to_owned();
            Ok(BindRequest { holder, bank, pan, expiry, holder_name, label: String::new() })
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

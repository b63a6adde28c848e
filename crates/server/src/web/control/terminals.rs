//! The terminals of card purses: the fleet, registering one, blocking, its security module.

use axum::response::Response;
use messages::card::TerminalId;
use operations::OperationError;
use operations::card_purses::terminals::{self as fleet, NewTerminal};
use operations::card_purses::{issuing, keys};
use operations::merchants;
use pages::control::terminals::{TerminalLine, Terminals};
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use serde::Deserialize;

use super::card_batches::file;
use super::{mendable, own_id, permitted};
use crate::fields::parse_id;
use crate::hex_digits::Hex;
use crate::request::PathParts;
use crate::web::cards::Bare;
use crate::web::describe::pick;
use crate::web::own_form::OwnForm;
use crate::web::stop::Stop;
use crate::web::terminal_lines;
use crate::web::visit::{OperatorVisit, Visit, page, page_with_problems, see_other};

/// How many merchants the form offers.
const MERCHANTS: u32 = 500;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct TerminalForm {
    id: String,
    merchant: String,
    label: String,
    public_key: String,
}

/// `GET /operator/terminals`
pub(super) async fn list(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let view = view(&visit, TerminalForm::default(), Vec::new()).await?;
    Ok(page(pages::control::terminals::terminals(&visit.frame(), &view)))
}

async fn view(visit: &Visit, form: TerminalForm, problems: Vec<Problem>) -> Result<Terminals, Stop> {
    let operations = visit.app.operations();
    let found = visit.need(fleet::list(operations).await)?;
    let terminals: Vec<TerminalLine> = terminal_lines::lines(visit, found).await?;
    let merchants = visit.need(merchants::list(operations, "", MERCHANTS).await)?;
    let named = |merchant: records::merchants::Merchant| {
        let name = pick(visit.locale, &merchant.name_zh, Some(&merchant.name_en)).to_owned();
        (merchant.id.to_string(), name)
    };
    let issuer_key = visit.need(keys::public_key(operations).await)?;
    let issuer = (issuing::digits(&keys::issuer_name().0), issuing::digits(&issuer_key.to_bytes()));
    Ok(Terminals {
        terminals,
        issuer,
        merchants: merchants.into_iter().map(named).collect(),
        id: form.id,
        merchant: form.merchant,
        label: form.label,
        public_key: form.public_key,
        problems,
    })
}

/// `POST /operator/terminals`
pub(super) async fn register(
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<TerminalForm>,
) -> Result<Response, Stop> {
    let problems = match request(&form) {
        Err(problems) => problems,
        Ok(new) => match fleet::register(visit.app.operations(), own_id(&visit)?, new).await {
            Ok(_) => return Ok(see_other(&format!("/operator/terminals?notice={}", Notice::Saved.code()))),
            Err(OperationError::OutOfRange { field }) => {
                vec![Problem { field, trouble: Trouble::Unreadable }]
            }
            Err(OperationError::TextLength { field }) => vec![Problem { field, trouble: Trouble::Missing }],
            Err(error) => vec![mendable(&visit, error)?],
        },
    };
    let view = view(&visit, form, problems).await?;
    Ok(page_with_problems(pages::control::terminals::terminals(&visit.frame(), &view)))
}

fn request(form: &TerminalForm) -> Result<NewTerminal, Vec<Problem>> {
    let unreadable = |field| Problem { field, trouble: Trouble::Unreadable };
    let id = form.id.trim().parse::<Hex<6>>().map_err(|_| unreadable("id"));
    let public_key = form.public_key.trim().parse::<Hex<32>>().map_err(|_| unreadable("public_key"));
    let merchant = parse_id(&form.merchant).ok_or(Problem { field: "merchant", trouble: Trouble::Missing });
    match (id, merchant, public_key) {
        (Ok(id), Ok(merchant), Ok(public_key)) => Ok(NewTerminal {
            id: TerminalId(id.0),
            merchant,
            label: form.label.trim().to_owned(),
            public_key: public_key.0,
        }),
        (id, merchant, public_key) => {
            Err([id.err(), merchant.err(), public_key.err()].into_iter().flatten().collect())
        }
    }
}

/// `POST /operator/terminals/{terminal}/block`
pub(super) async fn block(
    PathParts(Hex(terminal)): PathParts<Hex<6>>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(Bare {}): OwnForm<Bare>,
) -> Result<Response, Stop> {
    let who = own_id(&visit)?;
    permitted(&visit, fleet::block(visit.app.operations(), who, TerminalId(terminal)).await)?;
    Ok(see_other(&format!("/operator/terminals?notice={}", Notice::Saved.code())))
}

/// `POST /operator/terminals/{terminal}/unblock`
pub(super) async fn unblock(
    PathParts(Hex(terminal)): PathParts<Hex<6>>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(Bare {}): OwnForm<Bare>,
) -> Result<Response, Stop> {
    let who = own_id(&visit)?;
    permitted(&visit, fleet::unblock(visit.app.operations(), who, TerminalId(terminal)).await)?;
    Ok(see_other(&format!("/operator/terminals?notice={}", Notice::Saved.code())))
}

/// `GET /operator/terminals/{terminal}/security-module.json`
pub(super) async fn security_module(
    PathParts(Hex(terminal)): PathParts<Hex<6>>,
    OperatorVisit { visit }: OperatorVisit,
) -> Result<Response, Stop> {
    let (operations, terminal) = (visit.app.operations(), TerminalId(terminal));
    let text = permitted(&visit, issuing::security_module(operations, own_id(&visit)?, terminal).await)?;
    Ok(file(&format!("security-module-{}.json", fleet::name(terminal)), "application/json", text))
}

//! What terminals are told: versions of the lists, and the parameters.

use axum::response::Response;
use messages::card::{GRADES, KeyVersion, Seconds, TerminalParameters, Units, WhiteList};
use money::{Amount, Currency};
use operations::OperationError;
use operations::card_purses::lists::{self, CardList, SignedVersion};
use operations::card_purses::terminals::{self, Terminal};
use pages::control::card_lists::{DUE_MAX, ListKind, ListLine, Lists, Parameters};
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use serde::Deserialize;

use super::{mendable, own_id, permitted};
use crate::web::amounts;
use crate::web::cards::Bare;
use crate::web::own_form::OwnForm;
use crate::web::stop::Stop;
use crate::web::terminal_lines;
use crate::web::visit::{OperatorVisit, Visit, page, page_with_problems, see_other};

const SECONDS_PER_HOUR: u64 = 3_600;
/// The levels of the credit grade at which something may be owed.
const LEVELS: [u8; 5] = [1, 2, 3, 4, 5];

/// `GET /operator/card-lists`
pub(super) async fn list(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let current = visit.need(lists::current_parameters(visit.app.operations()).await)?;
    let view = view(&visit, shown(&current), Vec::new()).await?;
    Ok(page(pages::control::card_lists::lists(&visit.frame(), &view)))
}

async fn view(visit: &Visit, parameters: Parameters, problems: Vec<Problem>) -> Result<Lists, Stop> {
    let fleet = visit.need(terminals::list(visit.app.operations()).await)?;
    let newest = terminal_lines::newest(visit).await?;
    let numbered = newest.into_iter().enumerate();
    let versions = numbered.filter_map(|(place, signed)| Some(line(&signed?, &fleet, place))).collect();
    Ok(Lists { versions, parameters, problems })
}

fn line(signed: &SignedVersion, fleet: &[Terminal], place: usize) -> ListLine {
    let has = |terminal: &&Terminal| terminal.lists.get(place).is_some_and(|held| *held >= signed.version);
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    ListLine {
        kind: match signed.list {
            CardList::Status => ListKind::Status,
            CardList::White => ListKind::White,
            CardList::Parameters => ListKind::Parameters,
        },
        version: signed.version.0.into(),
        entries: count(entries(signed)),
        issued_at: signed.issued_at,
        held: (count(fleet.iter().filter(has).count()), count(fleet.len())),
    }
}

fn entries(signed: &SignedVersion) -> usize {
    match signed.list {
        CardList::Status => lists::listed(signed).map_or(0, |list| list.entries().len()),
        CardList::White => WhiteList::parse(&signed.content).map_or(0, |list| list.entries().len()),
        CardList::Parameters => 1,
    }
}

fn shown(parameters: &TerminalParameters) -> Parameters {
    let currency = Currency::from_numeric(parameters.currency).unwrap_or(Currency::CNY);
    let text = |units: Units| {
        let amount = Amount::from_minor(units.0.into(), currency);
        amount.map(|amount| amount.decimal().to_string()).unwrap_or_default()
    };
    Parameters {
        floor_limit: text(parameters.floor_limit),
        sale_limit: text(parameters.sale_limit),
        key_version: parameters.key_version_min.0.to_string(),
        list_age_hours: (parameters.status_list_age_max.0 / SECONDS_PER_HOUR).to_string(),
        due_max: LEVELS.map(|level| text(parameters.due_max(level))),
    }
}

/// `POST /operator/card-lists/issue`
pub(super) async fn issue(
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(Bare {}): OwnForm<Bare>,
) -> Result<Response, Stop> {
    permitted(&visit, lists::issue_now(visit.app.operations(), own_id(&visit)?).await)?;
    Ok(see_other(&format!("/operator/card-lists?notice={}", Notice::Saved.code())))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ParametersForm {
    floor_limit: String,
    sale_limit: String,
    key_version: String,
    list_age_hours: String,
    due_max_1: String,
    due_max_2: String,
    due_max_3: String,
    due_max_4: String,
    due_max_5: String,
}

impl ParametersForm {
    fn due_max(&self) -> [&str; 5] {
        [&self.due_max_1, &self.due_max_2, &self.due_max_3, &self.due_max_4, &self.due_max_5]
    }
}

/// `POST /operator/card-lists/parameters`
pub(super) async fn set_parameters(
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<ParametersForm>,
) -> Result<Response, Stop> {
    let operations = visit.app.operations();
    let current = visit.need(lists::current_parameters(operations).await)?;
    let problems = match changed(&form, current) {
        Err(problems) => problems,
        Ok(parameters) => match lists::set_parameters(operations, own_id(&visit)?, parameters).await {
            Ok(_) => return Ok(see_other(&format!("/operator/card-lists?notice={}", Notice::Saved.code()))),
            Err(OperationError::OutOfRange { field: "status_list_age_max" }) => {
                vec![Problem { field: "list_age_hours", trouble: Trouble::Refused }]
            }
            Err(OperationError::OutOfRange { field: "due_max" }) => {
                vec![Problem { field: "due_max_5", trouble: Trouble::Refused }]
            }
            Err(error) => vec![mendable(&visit, error)?],
        },
    };
    let due_max = form.due_max().map(str::to_owned);
    let ParametersForm { floor_limit, sale_limit, key_version, list_age_hours, .. } = form;
    let typed = Parameters { floor_limit, sale_limit, key_version, list_age_hours, due_max };
    let view = view(&visit, typed, problems).await?;
    Ok(page_with_problems(pages::control::card_lists::lists(&visit.frame(), &view)))
}

/// The parameters in force, with what was typed in place of theirs.
fn changed(form: &ParametersForm, current: TerminalParameters) -> Result<TerminalParameters, Vec<Problem>> {
    let currency = Currency::from_numeric(current.currency).unwrap_or(Currency::CNY);
    let units = |field, text: &str| {
        let amount = amounts::typed(text, currency.code()).map_err(|problem| Problem { field, ..problem })?;
        let units = u32::try_from(amount.minor());
        units.map(Units).map_err(|_| Problem { field, trouble: Trouble::TooLarge })
    };
    let not_a_number = |field| Problem { field, trouble: Trouble::NotANumber };
    let floor_limit = units("floor_limit", &form.floor_limit);
    let sale_limit = units("sale_limit", &form.sale_limit);
    let key_version = form.key_version.trim().parse::<u8>().map_err(|_| not_a_number("key_version"));
    let hours = form.list_age_hours.trim().parse::<u32>().map_err(|_| not_a_number("list_age_hours"));
    let due_max = due_max_of(form.due_max().iter().zip(DUE_MAX).map(|(text, field)| units(field, text)));
    match (floor_limit, sale_limit, key_version, hours, due_max) {
        (Ok(floor_limit), Ok(sale_limit), Ok(key_version), Ok(hours), Ok(due_max)) => {
            Ok(TerminalParameters {
                due_max,
                key_version_min: KeyVersion(key_version),
                floor_limit,
                sale_limit,
                status_list_age_max: Seconds(u64::from(hours).saturating_mul(SECONDS_PER_HOUR)),
                ..current
            })
        }
        (floor, sale, version, hours, due_max) => {
            let problems = [floor.err(), sale.err(), version.err(), hours.err(), due_max.err()];
            Err(problems.into_iter().flatten().collect())
        }
    }
}

/// What may be owed by grade: nothing for 0, as typed for 1 to 5, and for those above, of which there are none, as for 5.
fn due_max_of(typed: impl Iterator<Item = Result<Units, Problem>>) -> Result<[Units; GRADES], Problem> {
    let mut due_max = [Units::default(); GRADES];
    let mut last = Units::default();
    let mut typed = typed.fuse();
    for place in due_max.iter_mut().skip(1) {
        last = typed.next().transpose()?.unwrap_or(last);
        *place = last;
    }
    Ok(due_max)
}

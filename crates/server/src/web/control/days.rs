//! Day close.

use axum::extract::{Path, Query};
use axum::response::Response;
use money::{Currency, Delta};
use operations::OperationError;
use operations::business_days::{self, BusinessDay};
use pages::control::days::{ClosedDay, DayReport, Days, ReportLine};
use pages::fault::Fault;
use pages::figures;
use pages::frame::Notice;
use records::control::DayClose;
use serde::Deserialize;

use super::{csv, name_of, own_id};
use crate::web::own_form::OwnForm;
use crate::web::stop::Stop;
use crate::web::visit::{OperatorVisit, Visit, page, page_with_problems, see_other};

/// How many reports the page shows.
const ROWS: u32 = 100;

/// `GET /operator/days`
pub(super) async fn list(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let view = view(&visit, false).await?;
    Ok(page(pages::control::days::days(&visit.frame(), &view)))
}

async fn view(visit: &Visit, refused: bool) -> Result<Days, Stop> {
    let operations = visit.app.operations();
    let today = BusinessDay::at(visit.app.now());
    let so_far = visit.need(business_days::report(operations, &today).await)?;
    let mut closed = Vec::new();
    for close in visit.need(business_days::list(operations, ROWS).await)? {
        closed.push(closed_day(visit, &close).await?);
    }
    let today_closed = closed.iter().any(|day| day.date == today.date && !day.reopened);
    Ok(Days { closed, today: today.date, so_far: lines(&so_far), today_closed, refused })
}

async fn closed_day(visit: &Visit, close: &DayClose) -> Result<ClosedDay, Stop> {
    Ok(ClosedDay {
        date: close.day.clone(),
        revision: close.revision,
        by: name_of(visit, close.closed_by).await?,
        at: close.closed_at,
        reopened: close.reopened_at.is_some(),
    })
}

/// The lines of a kept report.
fn lines(report: &str) -> Vec<ReportLine> {
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let &[section, name, currency, count, minor] = fields.as_slice() else { return None };
        let delta = Currency::from_code(currency)
            .ok()
            .and_then(|currency| Delta::from_minor(minor.parse().ok()?, currency).ok());
        Some(ReportLine {
            section: section.to_owned(),
            name: name.to_owned(),
            currency: currency.to_owned(),
            count: count.parse().ok()?,
            sum: delta.map(sum).unwrap_or_default(),
        })
    };
    report.lines().skip(1).filter_map(line).collect()
}

fn sum(delta: Delta) -> String {
    if delta.minor() < 0 { figures::signed_text(delta) } else { figures::text(delta.magnitude()) }
}

#[derive(Deserialize)]
pub(super) struct DayForm {
    #[serde(default)]
    date: String,
}

async fn refused(visit: &Visit) -> Result<Response, Stop> {
    let view = view(visit, true).await?;
    Ok(page_with_problems(pages::control::days::days(&visit.frame(), &view)))
}

/// `POST /operator/days`
pub(super) async fn close(
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<DayForm>,
) -> Result<Response, Stop> {
    let Some(day) = BusinessDay::parse(&form.date) else { return refused(&visit).await };
    match business_days::close(visit.app.operations(), own_id(&visit)?, &day).await {
        Ok(close) => Ok(see_other(&format!(
            "/operator/days/{}?revision={}&notice={}",
            close.day,
            close.revision,
            Notice::Saved.code()
        ))),
        Err(OperationError::NotPermitted | OperationError::DecidedBefore | OperationError::NotFound(_)) => {
            refused(&visit).await
        }
        Err(error) => Err(visit.stop_for(error)),
    }
}

#[derive(Deserialize)]
pub(super) struct Revision {
    revision: Option<u32>,
}

/// `GET /operator/days/{date}`, and the same with `.csv`
pub(super) async fn show(
    OperatorVisit { visit }: OperatorVisit,
    Path(path): Path<String>,
    Query(query): Query<Revision>,
) -> Result<Response, Stop> {
    let (date, as_csv) = match path.strip_suffix(".csv") {
        Some(date) => (date, true),
        None => (path.as_str(), false),
    };
    let closes = visit.need(business_days::list(visit.app.operations(), ROWS).await)?;
    let wanted = |close: &DayClose| {
        close.day == date && query.revision.is_none_or(|revision| revision == close.revision)
    };
    let close = closes.into_iter().find(wanted).ok_or_else(|| visit.stop(Fault::NotFound))?;
    if as_csv {
        return Ok(csv(close.report));
    }
    let view = DayReport { day: closed_day(&visit, &close).await?, lines: lines(&close.report) };
    Ok(page(pages::control::days::day(&visit.frame(), &view)))
}

#[derive(Deserialize)]
pub(super) struct ReasonForm {
    #[serde(default)]
    reason: String,
}

/// `POST /operator/days/{date}/reopen`
pub(super) async fn reopen(
    OperatorVisit { visit }: OperatorVisit,
    Path(date): Path<String>,
    OwnForm(form): OwnForm<ReasonForm>,
) -> Result<Response, Stop> {
    let Some(day) = BusinessDay::parse(&date) else { return Err(visit.stop(Fault::NotFound)) };
    match business_days::reopen(visit.app.operations(), own_id(&visit)?, &day, &form.reason).await {
        Ok(()) => Ok(see_other(&format!("/operator/days?notice={}", Notice::Saved.code()))),
        Err(_) => refused(&visit).await,
    }
}

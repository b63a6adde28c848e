//! The pages of the operator's people besides the first.

mod approvals;
mod audit_log;
mod days;
mod explain;
mod keys;
mod merchants;
mod people;
mod reconciliation;
mod risk;
mod rules;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use operations::OperationError;
use pages::fault::Fault;
use pages::form::Problem;
use records::principals;
use wallet::ids::PrincipalId;

use super::describe;
use super::sign_in::password_trouble;
use super::stop::Stop;
use super::trouble::problem_of;
use super::visit::{OperatorVisit, Visit, page};
use crate::fields::Secret;
use crate::route_table::RouteTable;

pub(super) fn routes() -> RouteTable {
    RouteTable::new()
        .route("/operator/control", get(overview))
        .route("/operator/risk", get(risk::queue))
        .route("/operator/risk/{id}", post(risk::decide))
        .route("/operator/rules", get(rules::list).post(rules::create))
        .route("/operator/rules/{id}", get(rules::show).post(rules::change))
        .route("/operator/rules/{id}/on", post(rules::ask_on))
        .route("/operator/rules/{id}/off", post(rules::switch_off))
        .route("/operator/black-list", get(risk::black_list).post(risk::put_on_list))
        .route("/operator/black-list/remove", post(risk::take_off_list))
        .route("/operator/approvals", get(approvals::list).post(approvals::ask))
        .route("/operator/approvals/{id}", post(approvals::decide))
        .route("/operator/people", get(people::list).post(people::hire))
        .route("/operator/people/{id}", post(people::assign))
        .route("/operator/people/{id}/suspend", post(people::suspend))
        .route("/operator/merchants", get(merchants::list).post(merchants::admit))
        .route("/operator/merchants/{id}/status", post(merchants::change_status))
        .route("/operator/merchants/{id}/close", post(merchants::close))
        .route("/operator/audit-log", get(audit_log::list))
        .route("/operator/audit-log.csv", get(audit_log::export))
        .route("/operator/audit-log/{place}", get(audit_log::proof))
        .route("/operator/explain/{id}", get(explain::show))
        .route("/transactions/{id}/explain", get(explain::show_own))
        .route("/operator/keys", get(keys::list).post(keys::begin))
        .route("/operator/keys/{id}", get(keys::show))
        .route("/operator/keys/{id}/share", post(keys::keep_share))
        .route("/operator/keys/{id}/open", post(keys::bring_share))
        .route("/operator/keys/{id}/close", post(keys::close))
        .route("/operator/keys/{id}/abandon", post(keys::abandon))
        .route("/operator/keys/{id}/protocol", get(keys::protocol))
        .route("/operator/days", get(days::list).post(days::close))
        .route("/operator/days/{date}", get(days::show))
        .route("/operator/days/{date}/reopen", post(days::reopen))
        .route("/operator/reconciliation", get(reconciliation::list).post(reconciliation::import))
        .route("/operator/reconciliation/{file}", get(reconciliation::show))
        .route("/operator/reconciliation/{file}/{number}", post(reconciliation::resolve))
        .route("/operator/reconciliation/statement/{bank}", get(reconciliation::export))
}

/// `GET /operator/control`
async fn overview(OperatorVisit { visit }: OperatorVisit) -> Response {
    page(pages::control::overview(&visit.frame()))
}

/// The operator's person who visits.
fn own_id(visit: &Visit) -> Result<PrincipalId, Stop> {
    visit.member.as_ref().map(|member| member.principal.id).ok_or_else(|| visit.stop(Fault::Forbidden))
}

/// The name of a principal; their id where they are no longer known.
async fn name_of(visit: &Visit, id: PrincipalId) -> Result<String, Stop> {
    let found = visit.need_records(visit.app.records().read(move |sql| principals::get(sql, id)).await)?;
    Ok(found.map_or_else(|| id.to_string(), |principal| describe::own_name(visit.locale, &principal)))
}

/// What is wrong with the form that asked for this, where the visitor can mend it.
fn mendable(visit: &Visit, error: OperationError) -> Result<Problem, Stop> {
    problem_of(error).ok_or_else(|| visit.stop_for(error))
}

/// Why a first password was refused.
fn wrong_password(password: &Secret) -> Problem {
    Problem { field: "password", trouble: password_trouble(password.expose()) }
}

/// A CSV file to keep.
fn csv(text: String) -> Response {
    ([(CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response()
}

/// Bytes in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

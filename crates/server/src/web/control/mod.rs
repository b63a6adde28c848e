//! The pages of the operator's people besides the first.

mod approvals;
mod audit_log;
mod card_batches;
mod card_exceptions;
mod card_lists;
mod card_purses;
mod days;
mod explain;
mod keys;
mod merchants;
mod people;
mod reconciliation;
mod risk;
mod rules;
mod terminals;

use axum::extract::DefaultBodyLimit;
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
    let reconciliations = get(reconciliation::list)
        .merge(post(reconciliation::import).layer(DefaultBodyLimit::max(reconciliation::FORM_BYTES_MAX)));
    RouteTable::new()
        .merge(card_purse_routes())
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
        .route("/operator/reconciliation", reconciliations)
        .route("/operator/reconciliation/{file}", get(reconciliation::show))
        .route("/operator/reconciliation/{file}/{number}", post(reconciliation::resolve))
        .route("/operator/reconciliation/statement/{bank}", get(reconciliation::export))
}

/// The pages of the issuer of card purses.
fn card_purse_routes() -> RouteTable {
    RouteTable::new()
        .route("/operator/card-purses", get(card_purses::overview))
        .route("/operator/card-purses/{card}", get(card_purses::show))
        .route("/operator/card-purses/{card}/give", post(card_purses::give))
        .route("/operator/card-purses/{card}/list", post(card_purses::put_on_list))
        .route("/operator/card-purses/{card}/refund", post(card_purses::ask_refund))
        .route("/operator/card-purses/{card}/identity", post(card_purses::check_identity))
        .route("/operator/card-purses/{card}/card.json", get(card_batches::card_file))
        .route("/operator/card-batches", get(card_batches::list).post(card_batches::order))
        .route("/operator/card-batches/{id}", get(card_batches::show))
        .route("/operator/card-batches/{id}/cards.jsonl", get(card_batches::card_files))
        .route("/operator/card-batches/{id}/letters", get(card_batches::letters))
        .route("/operator/terminals", get(terminals::list).post(terminals::register))
        .route("/operator/terminals/{terminal}/block", post(terminals::block))
        .route("/operator/terminals/{terminal}/unblock", post(terminals::unblock))
        .route("/operator/terminals/{terminal}/security-module.json", get(terminals::security_module))
        .route("/operator/card-lists", get(card_lists::list))
        .route("/operator/card-lists/issue", post(card_lists::issue))
        .route("/operator/card-lists/parameters", post(card_lists::set_parameters))
        .route("/operator/card-exceptions", get(card_exceptions::list))
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

/// The result, or the page for what went wrong: that the visitor's duties do not cover it, too.
fn permitted<T>(visit: &Visit, result: Result<T, OperationError>) -> Result<T, Stop> {
    match result {
        Err(OperationError::NotPermitted) => Err(visit.stop(Fault::Forbidden)),
        result => visit.need(result),
    }
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

//! The JSON API. One file per capability; a handler authenticates, parses, calls one operation and answers.

mod api_keys;
mod banks;
mod cards;
#[expect(unused_qualifications, reason = "the description macro writes parameters with their path")]
mod history;
mod holders;
#[expect(unused_qualifications, reason = "the description macro writes parameters with their path")]
mod merchants;
mod operator;
mod operator_merchants;
mod outcome;
mod payees;
mod payments;
mod profile;
mod receipt;
mod refunds;
mod refusals;
mod sessions;
#[expect(unused_qualifications, reason = "the description macro writes parameters with their path")]
mod statement;
mod top_ups;
mod transfers;
mod wallets;
mod withdrawals;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::openapi::Description;

/// Every route of the API with its description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(holders::register))
        .routes(routes!(sessions::open, sessions::list, sessions::close_others))
        .routes(routes!(sessions::close_current))
        .routes(routes!(sessions::close))
        .routes(routes!(profile::show, profile::change))
        .routes(routes!(profile::change_own_password))
        .routes(routes!(api_keys::create, api_keys::list))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(wallets::list, wallets::open))
        .routes(routes!(banks::list))
        .routes(routes!(cards::bind, cards::list))
        .routes(routes!(cards::delete))
        .routes(routes!(top_ups::create))
        .routes(routes!(withdrawals::create))
        .routes(routes!(payees::find))
        .routes(routes!(transfers::create))
        .routes(routes!(merchants::list))
        .routes(routes!(merchants::show))
        .routes(routes!(merchants::own_balances))
        .routes(routes!(payments::create))
        .routes(routes!(refunds::create))
        .routes(routes!(history::list))
        .routes(routes!(history::show))
        .routes(routes!(receipt::show))
        .routes(routes!(statement::download))
        .routes(routes!(operator::show))
        .routes(routes!(operator_merchants::admit))
        .routes(routes!(operator_merchants::change_status))
}

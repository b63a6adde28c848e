//! The JSON API. One file per capability; a handler authenticates, parses, calls one operation and answers.

mod api_keys;
mod banks;
mod bills;
mod board;
mod card_payments;
mod card_purses;
mod cards;
mod challenges;
#[expect(unused_qualifications, reason = "the description macro writes parameters with their path")]
mod history;
#[expect(unused_qualifications, reason = "the description macro writes parameters with their path")]
mod holder_keeps;
mod holders;
mod limits;
#[expect(unused_qualifications, reason = "the description macro writes parameters with their path")]
mod merchants;
mod money_requests;
mod operator;
mod operator_cards;
#[expect(unused_qualifications, reason = "the description macro writes parameters with their path")]
mod operator_control;
mod operator_merchants;
#[expect(unused_qualifications, reason = "the description macro writes parameters with their path")]
pub(crate) mod orders;
mod outcome;
mod pay_by_code;
mod payees;
mod payments;
mod profile;
mod purse_meetings;
mod receipt;
mod refunds;
mod refusals;
mod security;
mod sessions;
#[expect(unused_qualifications, reason = "the description macro writes parameters with their path")]
mod statement;
#[expect(unused_qualifications, reason = "the description macro writes parameters with their path")]
mod terminals;
mod top_ups;
mod transfer_purses;
mod transfers;
#[expect(unused_qualifications, reason = "the description macro writes parameters with their path")]
mod vault;
mod vouchers;
mod wallets;
mod webhooks;
mod withdrawals;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::openapi::Description;

/// Every route of the API with its description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(access())
        .routes(routes!(wallets::list, wallets::open))
        .routes(routes!(banks::list))
        .routes(routes!(cards::bind, cards::list))
        .routes(routes!(cards::delete, cards::change))
        .routes(routes!(cards::balance))
        .routes(routes!(card_payments::create))
        .routes(routes!(limits::show, limits::change))
        .routes(routes!(limits::stop))
        .routes(routes!(money_requests::create, money_requests::list))
        .routes(routes!(money_requests::pay))
        .routes(routes!(money_requests::decline))
        .routes(routes!(money_requests::withdraw))
        .routes(routes!(bills::list))
        .routes(routes!(bills::pay))
        .routes(routes!(bills::issue, bills::issued))
        .routes(routes!(board::create, board::list))
        .routes(routes!(board::agree))
        .routes(routes!(board::settle))
        .routes(routes!(board::withdraw))
        .routes(routes!(holder_keeps::annotation, holder_keeps::annotate))
        .routes(routes!(holder_keeps::list_favourites, holder_keeps::add_favourite))
        .routes(routes!(holder_keeps::remove_favourite))
        .routes(routes!(holder_keeps::list_notifications, holder_keeps::mark_read))
        .routes(routes!(holder_keeps::months))
        .routes(routes!(top_ups::create))
        .routes(routes!(withdrawals::create))
        .merge(codes_and_vault())
        .merge(card_purse_routes())
        .routes(routes!(payees::find))
        .routes(routes!(transfers::create))
        .routes(routes!(merchants::list))
        .routes(routes!(merchants::show))
        .routes(routes!(merchants::own_balances))
        .routes(routes!(payments::create))
        .routes(routes!(refunds::create))
        .merge(orders_and_webhooks())
        .routes(routes!(history::list))
        .routes(routes!(history::show))
        .routes(routes!(receipt::show))
        .routes(routes!(statement::download))
        .routes(routes!(operator::show))
        .routes(routes!(operator_control::reviews))
        .routes(routes!(operator_control::decide_review))
        .routes(routes!(operator_control::approvals, operator_control::ask))
        .routes(routes!(operator_control::decide_approval))
        .routes(routes!(operator_control::log))
        .routes(routes!(operator_merchants::admit))
        .routes(routes!(operator_merchants::change_status))
}

/// What merchants connect their shops with.
fn orders_and_webhooks() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(orders::create, orders::list))
        .routes(routes!(orders::show))
        .routes(routes!(orders::cancel))
        .routes(routes!(orders::give_back))
        .routes(routes!(orders::pay))
        .routes(routes!(orders::confirm_receipt))
        .routes(routes!(orders::dispute))
        .routes(routes!(vouchers::sell, vouchers::list))
        .routes(routes!(vouchers::take_back))
        .routes(routes!(vouchers::redeem))
        .routes(routes!(webhooks::create, webhooks::list))
        .routes(routes!(webhooks::remove))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::send_again))
}

/// Card purses: their holders, the terminals that take them, their issuer.
fn card_purse_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(card_purses::list, card_purses::bind))
        .routes(routes!(card_purses::show))
        .routes(routes!(card_purses::order))
        .routes(routes!(card_purses::withdraw))
        .routes(routes!(card_purses::report))
        .routes(routes!(card_purses::open_dues))
        .routes(routes!(card_purses::answer_due))
        .routes(routes!(transfer_purses::load))
        .routes(routes!(transfer_purses::messages))
        .routes(routes!(transfer_purses::unload))
        .routes(routes!(purse_meetings::open))
        .routes(routes!(purse_meetings::put, purse_meetings::get))
        .routes(routes!(terminals::upload))
        .routes(routes!(terminals::list))
        .routes(routes!(terminals::waiting))
        .routes(routes!(terminals::grade))
        .routes(routes!(terminals::begin))
        .routes(routes!(terminals::confirm))
        .routes(routes!(terminals::prove))
        .routes(routes!(operator_cards::order_batch, operator_cards::batches))
        .routes(routes!(operator_cards::register))
        .routes(routes!(operator_cards::ask_refund))
        .routes(routes!(operator_cards::list_exceptions))
}

/// Who somebody is, how they prove it, and what acts in their name.
fn access() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(holders::register))
        .routes(routes!(sessions::open, sessions::list, sessions::close_others))
        .routes(routes!(sessions::close_current))
        .routes(routes!(security::log_in))
        .routes(routes!(security::log_in_options))
        .routes(routes!(security::lock))
        .routes(routes!(security::unlock))
        .routes(routes!(security::authenticate))
        .routes(routes!(security::confirm_options))
        .routes(routes!(security::show))
        .routes(routes!(security::passkey_options))
        .routes(routes!(security::new_passkey))
        .routes(routes!(security::rename_passkey, security::delete_passkey))
        .routes(routes!(security::put_pin, security::delete_pin))
        .routes(routes!(security::offer_codes, security::delete_codes))
        .routes(routes!(security::confirm_codes))
        .routes(routes!(security::new_recovery_codes))
        .routes(routes!(security::export))
        .routes(routes!(security::close))
        .routes(routes!(challenges::ask))
        .routes(routes!(challenges::prove))
        .routes(routes!(sessions::close))
        .routes(routes!(profile::show, profile::change))
        .routes(routes!(profile::change_own_password))
        .routes(routes!(api_keys::create, api_keys::list))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(api_keys::rotate))
}

/// Codes to pay by, and the vault.
fn codes_and_vault() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(pay_by_code::create))
        .routes(routes!(pay_by_code::read))
        .routes(routes!(pay_by_code::pay))
        .routes(routes!(pay_by_code::show))
        .routes(routes!(pay_by_code::charge))
        .routes(routes!(pay_by_code::waiting))
        .routes(routes!(pay_by_code::confirm))
        .routes(routes!(pay_by_code::reject))
        .routes(routes!(vault::show, vault::create))
        .routes(routes!(vault::open, vault::lock))
        .routes(routes!(vault::change_pin))
        .routes(routes!(vault::reset))
        .routes(routes!(vault::list, vault::add))
        .routes(routes!(vault::show_item, vault::change, vault::remove))
        .routes(routes!(vault::add_set))
        .routes(routes!(vault::export))
}

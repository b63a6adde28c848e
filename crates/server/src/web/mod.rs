//! The web pages: one file per page or family of pages. A handler finds out who visits, calls one operation, fills the
//! view of a page and renders it. Forms answer a good request with a redirect, a bad one with themselves.

mod amounts;
mod assets;
mod bills;
mod board;
mod card_grade;
mod card_move;
mod card_purse_views;
mod card_purses;
mod cards;
mod checkout;
mod closing;
mod control;
mod describe;
mod developer;
mod documents;
mod history;
mod holder_routes;
mod home;
mod landing;
mod limits;
mod lock;
mod merchant;
mod merchant_routes;
mod merchant_terminals;
mod months;
mod notifications;
mod office;
mod operator;
mod orders;
mod own_form;
mod own_parts;
pub(crate) mod passkey;
mod pay;
mod pay_by_code_routes;
mod payer_code;
mod qr_picture;
mod requests;
mod scan;
mod security;
mod settings;
mod sign_in;
mod spans;
pub(crate) mod staff_role;
mod step_up;
mod stop;
mod terminal_lines;
mod till;
mod town;
mod transaction;
mod transfer;
mod transfer_purses;
mod trouble;
mod vault;
mod vault_passkey;
mod visit;
mod vouchers;

use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use pages::fault::Fault;

use crate::route_table::RouteTable;

pub use town::{TownLogin, TownView};
pub(crate) use visit::Visit;

/// Every page.
pub(crate) fn routes() -> RouteTable {
    RouteTable::new()
        .merge(pay_by_code_routes::codes())
        .merge(pay_by_code_routes::vaults())
        .merge(access())
        .merge(merchant_routes::routes())
        .route("/", get(landing::landing))
        .route("/assets/{name}", get(assets::asset))
        .route("/town/live.json", get(town::live))
        .route("/town/login/{who}", get(town::log_in).post(town::log_in))
        .route("/login", get(sign_in::show_log_in).post(sign_in::log_in))
        .route("/register", get(sign_in::show_register).post(sign_in::register))
        .route("/logout", post(sign_in::log_out))
        .route("/settings", get(settings::show))
        .route("/settings/language", post(settings::language))
        .route("/settings/theme", post(settings::theme))
        .route("/settings/profile", post(settings::profile))
        .route("/settings/wallets", post(settings::open_wallet))
        .route("/home", get(home::home))
        .route("/top-up", get(card_move::show_top_up).post(card_move::top_up))
        .route("/withdraw", get(card_move::show_withdrawal).post(card_move::withdraw))
        .route("/transfer", get(transfer::show).post(transfer::check))
        .route("/transfer/confirm", post(transfer::confirm))
        .route("/pay", get(pay::directory))
        .route("/pay/{merchant}", get(pay::show).post(pay::check))
        .route("/pay/{merchant}/confirm", post(pay::confirm))
        .route("/cards", get(cards::list))
        .route("/cards/new", get(cards::show_bind).post(cards::bind))
        .merge(holder_routes::routes())
        .route("/history", get(history::history))
        .route("/history.csv", get(history::csv))
        .route("/transactions/{id}", get(transaction::show))
        .route("/transactions/{id}/receipt", get(transaction::receipt))
        .route("/transactions/{id}/refund", post(transaction::refund))
        .route("/merchant", get(merchant::merchant))
        .merge(control::routes())
        .route("/operator", get(operator::operator))
}

/// The pages about getting in, and about the lock.
fn access() -> RouteTable {
    let at = |path: &str| format!("/settings/security{path}");
    RouteTable::new()
        .route("/login/code", get(sign_in::show_code).post(sign_in::send_code))
        .route("/login/passkey", post(sign_in::log_in_with_passkey))
        .route("/lock", get(lock::show).post(lock::lock))
        .route("/lock/leave", post(lock::leave))
        .route("/unlock", post(lock::unlock))
        .route("/session/state", get(lock::state))
        .route("/session/active", post(lock::active))
        .route(&at(""), get(security::overview))
        .route(&at("/confirm"), get(security::show_confirm).post(security::confirm))
        .route(&at("/password"), get(security::show_password).post(security::change_password))
        .route(&at("/pin"), get(security::show_pin).post(security::change_pin))
        .route(&at("/pin/remove"), post(security::forget_pin))
        .route(&at("/authenticator"), get(security::show_authenticator).post(security::confirm_authenticator))
        .route(&at("/authenticator/remove"), post(security::remove_authenticator))
        .route(&at("/recovery-codes"), post(security::new_recovery_codes))
        .route(&at("/passkeys"), get(security::show_passkeys).post(security::new_passkey))
        .route(&at("/passkeys/{id}"), post(security::rename_passkey))
        .route(&at("/passkeys/{id}/remove"), post(security::delete_passkey))
        .route(&at("/devices"), get(security::show_devices))
        .route(&at("/devices/end-others"), post(security::end_other_devices))
        .route(&at("/devices/{id}/end"), post(security::end_device))
        .route(&at("/data"), get(security::show_data))
        .route(&at("/data.json"), get(security::download_data))
        .route(&at("/close"), get(closing::show).post(closing::close))
}

/// The page for a path that leads nowhere.
pub(crate) fn not_found(visit: &Visit) -> Response {
    visit.stop(Fault::NotFound).into_response()
}

//! The web pages: one file per page or family of pages. A handler finds out who visits, calls one operation, fills the
//! view of a page and renders it. Forms answer a good request with a redirect, a bad one with themselves.

mod amounts;
mod assets;
mod card_move;
mod cards;
mod describe;
mod history;
mod home;
mod landing;
mod merchant;
mod operator;
mod own_form;
mod pay;
mod settings;
mod sign_in;
mod spans;
mod stop;
mod town;
mod transaction;
mod transfer;
mod trouble;
mod visit;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use pages::fault::Fault;

use crate::App;

pub use town::{TownLogin, TownView};
pub(crate) use visit::Visit;

/// Every page.
pub(crate) fn routes() -> Router<App> {
    Router::new()
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
        .route("/cards/{card}/remove", post(cards::remove))
        .route("/history", get(history::history))
        .route("/history.csv", get(history::csv))
        .route("/transactions/{id}", get(transaction::show))
        .route("/transactions/{id}/receipt", get(transaction::receipt))
        .route("/transactions/{id}/refund", post(transaction::refund))
        .route("/merchant", get(merchant::merchant))
        .route("/operator", get(operator::operator))
}

/// The page for a path that leads nowhere.
pub(crate) fn not_found(visit: &Visit) -> Response {
    visit.stop(Fault::NotFound).into_response()
}

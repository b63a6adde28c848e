//! The till's pages and forms.
//!
//! * A form that begins something carries the name of the tap that it begins, made when it was rendered: sent twice, it is one
//!   tap.
//! * GET changes nothing.

use std::sync::Arc;

use ::terminal::entry::RecordNumber;
use axum::{
    Form, Json, Router,
    extract::{OriginalUri, Path, State},
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use pages::{
    fault::Fault,
    frame::Theme,
    locale::Locale,
    terminal::{self, items::ItemList, state},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Mode,
    guard::guard,
    pages_of,
    site::Shared,
    visit::{LANGUAGE_COOKIE, THEME_COOKIE, Visit, kept_choice, page, see_other},
};

mod card;
mod counter;
mod edit_items;
mod gate;
mod taps;

/// All pages.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let router = Router::new()
        .route("/receipts/{record}", get(receipt))
        .route("/report", get(report))
        .route("/report/close", post(close_shift))
        .route("/reports/{shift}", get(closed_report))
        .route("/items", get(items).post(edit_items::save))
        .route("/card", get(card::desk))
        .route("/card/enquiry", post(card::enquiry))
        .route("/card/load", post(card::load))
        .route("/card/unload", post(card::unload))
        .route("/taps/{name}", get(taps::show))
        .route("/taps/{name}/again", post(taps::again))
        .route("/taps/{name}/aside", post(taps::aside))
        .route("/cancel", post(taps::cancel))
        .route("/state", get(state_page))
        .route("/sync", post(sync))
        .route("/network", post(network))
        .route("/news.json", get(news))
        .route("/settings/language", post(language))
        .route("/settings/theme", post(theme))
        .route("/assets/{name}", get(asset))
        .fallback(nothing_here);
    let router = match shared.mode {
        Mode::Counter => router.route("/", get(counter::show)).route("/sales", post(counter::sell)),
        Mode::Gate(_) => router.route("/", get(gate::show)).route("/gate", post(gate::turn)),
    };
    router.layer(middleware::from_fn(guard)).with_state(shared)
}

type Site = State<Arc<Shared>>;

/// The page, or that of a terminal that has stopped.
fn done(shared: &Shared, visit: &Visit, asked: Result<(), crate::worker::Stopped>, to: &str) -> Response {
    match asked {
        Ok(()) => see_other(to),
        Err(_) => visit.stop(shared, Fault::Internal),
    }
}

/// `GET /receipts/{record}`
async fn receipt(State(shared): Site, visit: Visit, Path(record): Path<u32>) -> Response {
    let shown = shared.shown();
    match pages_of::receipt(&shared, &shown, RecordNumber(record), visit.locale()) {
        Some(view) => page(StatusCode::OK, &terminal::receipt::receipt(&visit.frame(&shared), &view)),
        None => visit.stop(&shared, Fault::NotFound),
    }
}

/// `GET /report`
async fn report(State(shared): Site, visit: Visit) -> Response {
    let view = pages_of::running_shift(&shared, &shared.shown());
    page(StatusCode::OK, &terminal::report::report(&visit.frame(&shared), &view))
}

/// `GET /reports/{shift}`
async fn closed_report(State(shared): Site, visit: Visit, Path(shift): Path<u32>) -> Response {
    match pages_of::closed_shift(&shared, &shared.shown(), shift) {
        Some(view) => page(StatusCode::OK, &terminal::report::report(&visit.frame(&shared), &view)),
        None => visit.stop(&shared, Fault::NotFound),
    }
}

#[derive(Deserialize)]
struct CloseForm {
    shift: u32,
}

/// `POST /report/close`: closed twice, the shift of the form is closed once.
async fn close_shift(State(shared): Site, visit: Visit, Form(form): Form<CloseForm>) -> Response {
    match shared.worker.ask(move |machine| machine.close_shift(form.shift)).await {
        Ok(Ok(())) => {
            // What the shift sold goes up as soon as it can.
            shared.line.ring();
            see_other(&format!("/reports/{}", form.shift))
        }
        Ok(Err(_)) => see_other("/report"),
        Err(_) => visit.stop(&shared, Fault::Internal),
    }
}

/// `GET /items`
async fn items(State(shared): Site, visit: Visit) -> Response {
    let shown = shared.shown();
    let text = edit_items::written(shared.items(&shown), shared.currency);
    let view = ItemList { line: pages_of::line(&shared, &shown), text, wrong_line: None };
    page(StatusCode::OK, &terminal::items::items(&visit.frame(&shared), &view))
}

/// `GET /state`
async fn state_page(State(shared): Site, visit: Visit) -> Response {
    let view = pages_of::state(&shared, &shared.shown());
    page(StatusCode::OK, &state::state(&visit.frame(&shared), &view))
}

/// `POST /sync`
async fn sync(State(shared): Site) -> Response {
    shared.line.ring();
    see_other("/state")
}

#[derive(Deserialize)]
struct NetworkForm {
    /// `on` or `off`.
    network: String,
}

/// `POST /network`
async fn network(State(shared): Site, Form(form): Form<NetworkForm>) -> Response {
    shared.line.allow(form.network == "on");
    see_other("/state")
}

/// `GET /news.json`: what pages renew themselves by.
async fn news(State(shared): Site, visit: Visit) -> Response {
    let shown = shared.shown();
    let line = terminal::line(&visit.frame(&shared), &pages_of::line(&shared, &shown));
    Json(json!({ "stamp": shown.stamp, "line": line.into_string() })).into_response()
}

#[derive(Deserialize)]
struct LanguageForm {
    language: String,
    #[serde(default)]
    return_to: String,
}

/// `POST /settings/language`
async fn language(visit: Visit, Form(form): Form<LanguageForm>) -> Response {
    let locale = Locale::from_tag(&form.language).unwrap_or(visit.locale());
    kept_choice(LANGUAGE_COOKIE, locale.tag(), &form.return_to)
}

#[derive(Deserialize)]
struct ThemeForm {
    theme: String,
    #[serde(default)]
    return_to: String,
}

/// `POST /settings/theme`
async fn theme(Form(form): Form<ThemeForm>) -> Response {
    let theme = Theme::from_code(&form.theme).unwrap_or(Theme::System);
    kept_choice(THEME_COOKIE, theme.code(), &form.return_to)
}

/// The name holds a hash of the bytes, so they never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// `GET /assets/{name}`
async fn asset(State(shared): Site, visit: Visit, OriginalUri(uri): OriginalUri) -> Response {
    match pages::assets::find(uri.path()) {
        Some(asset) => {
            let headers = [(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, FOR_EVER)];
            (headers, asset.body.as_str()).into_response()
        }
        None => visit.stop(&shared, Fault::NotFound),
    }
}

async fn nothing_here(State(shared): Site, visit: Visit) -> Response {
    visit.stop(&shared, Fault::NotFound)
}

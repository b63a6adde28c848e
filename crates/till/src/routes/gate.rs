//! The gate's page, and which way it lets people.

use axum::{Form, extract::State, http::StatusCode, response::Response};
use pages::{
    fault::Fault,
    terminal::gate::{Gate, GateWay, gate},
};
use serde::Deserialize;

use super::{Site, done};
use crate::{
    Mode, pages_of,
    visit::{Visit, page},
    words::money_of,
};

/// `GET /` of a gate
pub(super) async fn show(State(shared): Site, visit: Visit) -> Response {
    let (Mode::Gate(own), shown) = (shared.mode, shared.shown()) else {
        return visit.stop(&shared, Fault::NotFound);
    };
    let money = |amount| money_of(shared.currency, amount);
    let view = Gate {
        line: pages_of::line(&shared, &shown),
        name: shared.name.clone(),
        station: (own.station.line, own.station.station),
        fare: (money(own.fare.base), money(own.fare.step)),
        way: shown.way,
        last: shown.passage.as_ref().map(|passage| pages_of::passage(&shared, passage)),
        stamp: shown.stamp,
    };
    page(StatusCode::OK, &gate(&visit.frame(&shared), &view))
}

#[derive(Deserialize)]
pub(super) struct WayForm {
    /// `in`, `out` or `shut`.
    way: String,
}

/// `POST /gate`
pub(super) async fn turn(State(shared): Site, visit: Visit, Form(form): Form<WayForm>) -> Response {
    let way = [GateWay::In, GateWay::Out].into_iter().find(|way| way.code() == form.way);
    done(&shared, &visit, shared.worker.ask(move |machine| machine.open_gate(way)).await, "/")
}

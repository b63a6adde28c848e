//! A tap's own page; cancel of the last sale.

use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use pages::{
    fault::Fault,
    terminal::{
        Trouble,
        tap::{Progress, Purpose as PagePurpose, TapView, tap},
    },
};
use serde::Deserialize;
use terminal::{
    book::{Record, State as RecordState},
    entry::{RecordNumber, SaleId},
    sale::Shortfall,
};

use super::{Site, counter::tap_of, done};
use crate::{
    hex::{from_hex, to_hex},
    machine::{Shown, asked},
    pages_of,
    site::Shared,
    tap::{Purpose, Tap},
    visit::{Visit, page, see_other},
};

/// `GET /taps/{name}`
pub(super) async fn show(State(shared): Site, visit: Visit, Path(name): Path<String>) -> Response {
    let (shown, frame) = (shared.shown(), visit.frame(&shared));
    let found = from_hex(&name).map(SaleId).and_then(|name| look_up(&shared, &shown, name));
    let Some((purpose, progress, waits)) = found else { return visit.stop(&shared, Fault::NotFound) };
    let (line, stamp) = (pages_of::line(&shared, &shown), waits.then_some(shown.stamp));
    let view = TapView { id: name, purpose, progress, stamp, line };
    page(StatusCode::OK, &tap(&frame, &view))
}

/// The tap, or what the journal and the baskets say about a sale of this name from before the terminal started.
fn look_up(shared: &Shared, shown: &Shown, name: SaleId) -> Option<(PagePurpose, Progress, bool)> {
    if let Some(tap) = shown.taps.get(name) {
        let purpose = pages_of::purpose(shared, tap.purpose);
        return Some((purpose, pages_of::progress(shared, &tap.progress), tap.waits));
    }
    let tap = known_sale(shown, name)?;
    let progress = match last_record(shown, name) {
        None => Progress::PutAside,
        Some(record) => match record.state {
            RecordState::Done(_) => Progress::Paid(pages_of::paid_by_record(shared, record)),
            RecordState::Open(_) => Progress::Failed(Trouble::MayHavePaid(record.intent.number.0)),
            RecordState::MovedOn(_) => Progress::Failed(Trouble::SaleUnknown(record.intent.number.0)),
            RecordState::NotDone(_) => Progress::PutAside,
        },
    };
    Some((pages_of::purpose(shared, tap.purpose), progress, false))
}

fn last_record(shown: &Shown, sale: SaleId) -> Option<&Record> {
    shown.book.of_sale(sale).rev().find(|record| record.intent.cancels.is_none())
}

/// A sale that was asked for before the terminal started.
fn known_sale(shown: &Shown, name: SaleId) -> Option<Tap> {
    if let Some(basket) = shown.kept.basket(name) {
        return Some(tap_of(basket));
    }
    let intent = last_record(shown, name)?.intent;
    let due = intent.due.map(|due| due.amount);
    let shortfall = if due.is_some() { Shortfall::Owe } else { Shortfall::Refuse };
    Some(Tap::new(name, Purpose::Sale(asked(intent.amount, due), shortfall)))
}

/// `POST /taps/{name}/again`
pub(super) async fn again(State(shared): Site, visit: Visit, Path(name): Path<String>) -> Response {
    let Some(sale) = from_hex(&name).map(SaleId) else { return visit.stop(&shared, Fault::NotFound) };
    let shown = shared.shown();
    let known = if shown.taps.get(sale).is_none() { known_sale(&shown, sale) } else { None };
    let asked = shared.worker.ask(move |machine| match known {
        Some(tap) => machine.begin(tap),
        None => machine.again(sale),
    });
    done(&shared, &visit, asked.await, &format!("/taps/{name}"))
}

/// `POST /taps/{name}/aside`
pub(super) async fn aside(State(shared): Site, visit: Visit, Path(name): Path<String>) -> Response {
    let Some(sale) = from_hex(&name).map(SaleId) else { return visit.stop(&shared, Fault::NotFound) };
    let asked = shared.worker.ask(move |machine| {
        if machine.taps.waiting().is_some_and(|tap| tap.name == sale) {
            machine.put_aside();
        }
    });
    done(&shared, &visit, asked.await, &format!("/taps/{name}"))
}

#[derive(Deserialize)]
pub(super) struct CancelForm {
    tap: String,
    record: u32,
}

/// `POST /cancel`: the record of the form is given back, and no other; sent twice, once.
pub(super) async fn cancel(State(shared): Site, visit: Visit, Form(form): Form<CancelForm>) -> Response {
    let shown = shared.shown();
    let number = RecordNumber(form.record);
    let amount = shown.book.record(number).map(|record| record.intent.amount);
    let Some((name, amount)) = from_hex(&form.tap).map(SaleId).zip(amount) else {
        return visit.stop(&shared, Fault::BadRequest);
    };
    begin(&shared, &visit, Tap::new(name, Purpose::Cancel(number, amount))).await
}

/// Begins a tap and goes to its page. A name that is that of another kind of tap is refused.
pub(super) async fn begin(shared: &Shared, visit: &Visit, tap: Tap) -> Response {
    let shown = shared.shown();
    let is_other = shown.taps.get(tap.name).is_some_and(|known| known.purpose != tap.purpose);
    if is_other || shown.kept.basket(tap.name).is_some() {
        return visit.stop(shared, Fault::Refused(pages::form::Trouble::KeyReused));
    }
    let path = format!("/taps/{}", to_hex(&tap.name.0));
    match shared.worker.ask(move |machine| machine.begin(tap)).await {
        Ok(()) => see_other(&path),
        Err(_) => visit.stop(shared, Fault::Internal),
    }
}

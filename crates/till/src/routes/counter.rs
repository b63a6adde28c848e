//! The till's own page, and the form that makes a sale.

use std::collections::BTreeMap;

use axum::{Form, extract::State, http::StatusCode, response::Response};
use money::{Amount, MoneyError};
use pages::{
    fault::Fault,
    form::{Problem, Trouble},
    terminal::counter::{Counter, counter},
};
use terminal::{entry::SaleId, sale::Shortfall};

use super::Site;
use crate::{
    Item,
    hex::{from_hex, to_hex},
    kept::{Basket, BasketLine},
    machine::Shown,
    pages_of,
    site::Shared,
    tap::{Purpose, Tap},
    visit::{Visit, fresh_name, page, see_other},
};

/// The most of one item in a basket.
const QUANTITY_MAX: u32 = 999;

/// What was typed, as it is shown again.
#[derive(Default)]
struct Typed {
    quantities: Vec<u32>,
    amount: String,
    may_owe: bool,
    problems: Vec<Problem>,
}

/// `GET /`
pub(super) async fn show(State(shared): Site, visit: Visit) -> Response {
    rendered(&shared, &visit, Typed::default())
}

fn rendered(shared: &Shared, visit: &Visit, typed: Typed) -> Response {
    let Some(tap) = fresh_name() else { return visit.stop(shared, Fault::Internal) };
    let (shown, frame) = (shared.shown(), visit.frame(shared));
    let status = if typed.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = Counter {
        line: pages_of::line(shared, &shown),
        name: shared.name.clone(),
        currency: shared.currency,
        items: pages_of::items(shared, &shown, visit.locale()),
        quantities: typed.quantities,
        amount: typed.amount,
        may_owe: typed.may_owe,
        tap,
        problems: typed.problems,
        last: pages_of::last(shared, &shown),
    };
    page(status, &counter(&frame, &view))
}

/// `POST /sales`: the sale has the name that its form was rendered with. Sent twice, it is one sale; sent again with another
/// amount, it is refused.
pub(super) async fn sell(
    State(shared): Site,
    visit: Visit,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let text = |key: &str| form.get(key).map(|text| text.trim()).unwrap_or_default();
    let Some(sale) = from_hex(text("tap")).map(SaleId) else { return visit.stop(&shared, Fault::BadRequest) };
    let shown = shared.shown();
    let quantities = quantities_of(shared.items(&shown), &form);
    let may_owe = form.contains_key("may_owe");
    let lines = lines_of(shared.items(&shown), &quantities);
    let amount = match total(&shared, text("amount"), &lines) {
        Ok(amount) => amount,
        Err(trouble) => {
            let problems = vec![Problem { field: "amount", trouble }];
            let amount = text("amount").to_owned();
            return rendered(&shared, &visit, Typed { quantities, amount, may_owe, problems });
        }
    };
    if is_other_sale(&shown, sale, amount) {
        return visit.stop(&shared, Fault::Refused(Trouble::KeyReused));
    }
    let basket = Basket { sale, amount, may_owe, lines };
    match shared.worker.ask(move |machine| machine.begin_sale(basket)).await {
        Ok(()) => see_other(&format!("/taps/{}", to_hex(&sale.0))),
        Err(_) => visit.stop(&shared, Fault::Internal),
    }
}

/// Whether the name is that of a sale of another amount.
fn is_other_sale(shown: &Shown, sale: SaleId, amount: u32) -> bool {
    let begun = shown.kept.basket(sale).is_some_and(|basket| basket.amount != amount);
    let is_sale = |tap: &Tap| matches!(tap.purpose, Purpose::Sale(..));
    begun || shown.taps.get(sale).is_some_and(|tap| !is_sale(tap))
}

fn quantities_of(items: &[Item], form: &BTreeMap<String, String>) -> Vec<u32> {
    let quantity =
        |index: usize| form.get(&format!("item_{index}")).and_then(|text| text.trim().parse().ok());
    (0..items.len()).map(|index| quantity(index).unwrap_or(0_u32).min(QUANTITY_MAX)).collect()
}

fn lines_of(items: &[Item], quantities: &[u32]) -> Vec<BasketLine> {
    let line = |(item, quantity): (&Item, &u32)| BasketLine { item: item.clone(), quantity: *quantity };
    items.iter().zip(quantities).filter(|(_, quantity)| **quantity > 0).map(line).collect()
}

/// What was typed and what is in the basket, in minor units.
fn total(shared: &Shared, typed: &str, lines: &[BasketLine]) -> Result<u32, Trouble> {
    let typed = match typed {
        "" => 0,
        text => Amount::parse(text, shared.currency).map_err(of_amount)?.minor(),
    };
    let line = |line: &BasketLine| u64::from(line.item.price) * u64::from(line.quantity);
    let total = lines.iter().map(line).try_fold(typed, u64::checked_add).ok_or(Trouble::TooLarge)?;
    match u32::try_from(total) {
        Ok(0) => Err(Trouble::Zero),
        Ok(total) => Ok(total),
        Err(_) => Err(Trouble::TooLarge),
    }
}

/// What is wrong with an amount as typed.
pub(super) fn of_amount(error: MoneyError) -> Trouble {
    match error {
        MoneyError::OutOfRange => Trouble::TooLarge,
        _ => Trouble::NotANumber,
    }
}

/// The tap of a sale as it was asked for.
pub(super) fn tap_of(basket: &Basket) -> Tap {
    let shortfall = if basket.may_owe { Shortfall::Owe } else { Shortfall::Refuse };
    Tap::new(basket.sale, Purpose::Sale(purse::amount::Amount::new(basket.amount), shortfall))
}

impl crate::machine::Machine {
    /// Begins a sale, and keeps what is in its basket; where there is no room for that, the sale itself will say so.
    fn begin_sale(&mut self, basket: Basket) {
        let tap = tap_of(&basket);
        self.kept.add_basket(basket);
        let _ = self.keep();
        self.begin(tap);
    }
}

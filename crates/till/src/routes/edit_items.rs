//! What the till sells, as text: `中文名 | English name | 8.50`, one item on each line.

use axum::{Form, extract::State, http::StatusCode, response::Response};
use money::{Amount, Currency};
use pages::{
    fault::Fault,
    terminal::items::{ItemList, items},
};
use serde::Deserialize;

use super::Site;
use crate::{
    Item, pages_of,
    visit::{Visit, page, see_other},
    words::minor,
};

/// So many items a till has at most.
const ITEMS_MAX: usize = 200;
/// So long a name is at most, in characters.
const NAME_MAX: usize = 40;

#[derive(Deserialize)]
pub(super) struct ItemsForm {
    items: String,
}

/// `POST /items`
pub(super) async fn save(State(shared): Site, visit: Visit, Form(form): Form<ItemsForm>) -> Response {
    let read = match read(&form.items, shared.currency) {
        Ok(read) => read,
        Err(wrong) => {
            let line = pages_of::line(&shared, &shared.shown());
            let view = ItemList { line, text: form.items, wrong_line: Some(wrong) };
            return page(StatusCode::UNPROCESSABLE_ENTITY, &items(&visit.frame(&shared), &view));
        }
    };
    let saved = shared.worker.ask(move |machine| {
        machine.kept.items = Some(read);
        machine.keep()
    });
    match saved.await {
        Ok(Ok(())) => see_other("/"),
        _ => visit.stop(&shared, Fault::Internal),
    }
}

/// The items as they are edited.
pub(super) fn written(items: &[Item], currency: Currency) -> String {
    let line = |item: &Item| {
        let price = minor(currency, u64::from(item.price)).decimal().to_string();
        format!("{} | {} | {price}\n", item.zh, item.en)
    };
    items.iter().map(line).collect()
}

/// The items of a text, or the number of the first line that is none.
fn read(text: &str, currency: Currency) -> Result<Vec<Item>, usize> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = lines.map(|(index, line)| read_line(line, currency).ok_or(index + 1));
    let read = read.collect::<Result<Vec<_>, _>>()?;
    if read.len() > ITEMS_MAX { Err(ITEMS_MAX + 1) } else { Ok(read) }
}

fn read_line(line: &str, currency: Currency) -> Option<Item> {
    let mut parts = line.split(['|', '｜']).map(str::trim);
    let (zh, en, price) = (parts.next()?, parts.next()?, parts.next()?);
    let is_name = |name: &str| !name.is_empty() && name.chars().count() <= NAME_MAX;
    if parts.next().is_some() || !is_name(zh) || !is_name(en) {
        return None;
    }
    let price = u32::try_from(Amount::parse(price, currency).ok()?.minor()).ok()?;
    (price > 0).then(|| Item { zh: zh.to_owned(), en: en.to_owned(), price })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read_as_they_were_written_and_a_wrong_line_is_named() {
        let text = "牛肉面 | Beef noodles | 8.50\n豆浆 | Soy milk | 2.00\n";
        let read_items = read(text, Currency::CNY).unwrap();
        assert_eq!(read_items.iter().map(|item| item.price).collect::<Vec<_>>(), [850, 200]);
        assert_eq!(written(&read_items, Currency::CNY), text);
        for wrong in
            ["豆浆 | 2.00", "豆浆 | Soy milk | 0", "豆浆 | Soy milk | 2.005", "| a | 1", "a | b | 1 | 2"]
        {
            assert_eq!(read(&format!("{text}\n{wrong}"), Currency::CNY), Err(4), "{wrong}");
        }
    }
}

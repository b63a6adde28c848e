//! What was computed for an entry, and what was not.

use super::{entry::EntryError, hexadecimal, ordered_json::Json};

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Computed {
    values: Vec<(String, Json)>,
    missing: Vec<String>,
    keys_from: Vec<(String, Json)>,
    warnings: Vec<Json>,
}

impl Computed {
    /// A computed value.
    pub(super) fn value(&mut self, name: &str, bytes: &[u8]) {
        self.json(name, Json::Text(hexadecimal::text(bytes)));
    }

    /// A computed value that is more than one text.
    pub(super) fn json(&mut self, name: &str, value: Json) {
        self.values.push((name.to_owned(), value));
    }

    /// The value of a field that something needs; without it, the field is noted as missing.
    pub(super) fn need<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.missing.iter().any(|missing| missing == name) {
            self.missing.push(name.to_owned());
        }
        value
    }

    /// A key came from another entry.
    pub(super) fn key_from(&mut self, name: &str, id: Json) {
        self.keys_from.push((name.to_owned(), id));
    }

    /// Something that did not stand in the way and may be a mistake.
    pub(super) fn warn(&mut self, message: &str) {
        self.warnings.push(Json::Text(message.to_owned()));
    }
}

/// An entry of the report.
pub(super) fn answer(id: Json, result: Result<Computed, EntryError>) -> Json {
    let mut fields = vec![("id".to_owned(), id)];
    match result {
        Ok(Computed { values, missing, keys_from, warnings }) => {
            fields.extend(values);
            let lists = [
                ("missing", Json::List(missing.into_iter().map(Json::Text).collect())),
                ("keys_from", Json::Object(keys_from)),
                ("warnings", Json::List(warnings)),
            ];
            fields.extend(lists.into_iter().filter(is_filled).map(|(name, value)| (name.to_owned(), value)));
        }
        Err(error) => fields.push(("error".to_owned(), Json::Text(error.to_string()))),
    }
    Json::Object(fields)
}

fn is_filled((_, value): &(&str, Json)) -> bool {
    match value {
        Json::List(values) => !values.is_empty(),
        Json::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

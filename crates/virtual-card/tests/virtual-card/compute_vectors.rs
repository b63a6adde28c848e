//! Sessions and transactions of real cards, from `vectors/card.json`, which names the source of each: computed from
//! their inputs, with everything they expect taken away before.

use serde_json::{Map, Value, json};
use virtual_card::compute::compute;

const VECTORS: &str = include_str!("vectors/card.json");
/// What entries expect, wherever it is a field of its own.
const EXPECTED: [&str; 15] = [
    "SESLK",
    "SESPK",
    "MAC1",
    "MAC2",
    "MAC3",
    "TAC",
    "TAC_key",
    "diversified",
    "session",
    "EXT_AUTH",
    "wrapped",
    "resp_plain",
    "card_cryptogram",
    "host_cryptogram",
    "wrap",
];

fn vectors() -> Vec<Map<String, Value>> {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    file["vectors"].as_array().unwrap().iter().map(|entry| entry.as_object().unwrap().clone()).collect()
}

fn answers(entries: &Value) -> Vec<Value> {
    let report = serde_json::to_value(compute(&entries.to_string()).unwrap()).unwrap();
    report["vectors"].as_array().unwrap().clone()
}

/// The entry without what it expects; MACs and TACs inside its trace are zero, the card's cryptogram is too.
fn inputs_of(entry: &Map<String, Value>) -> (Value, Map<String, Value>) {
    let (mut inputs, mut removed) = (entry.clone(), Map::new());
    for name in EXPECTED {
        if let Some(value) = inputs.remove(name) {
            removed.insert(name.to_owned(), value);
        }
    }
    if let Some(Value::String(authenticate)) = removed.get("EXT_AUTH") {
        inputs.insert("level".to_owned(), json!(authenticate[4..6]));
    }
    if removed.contains_key("wrap") {
        inputs.insert("wrap".to_owned(), json!(commands_in_file(entry)));
    }
    if let Some(Value::Array(lines)) = inputs.get_mut("apdus") {
        for name in ["MAC1", "MAC2", "TAC"] {
            let code = removed[name].as_str().unwrap();
            for line in lines.iter_mut() {
                *line = json!(line.as_str().unwrap().to_lowercase().replace(code, "00000000"));
            }
        }
    }
    (Value::Object(inputs), removed)
}

/// The plain commands of `wrap` in the order of the file, which a map does not keep.
fn commands_in_file(entry: &Map<String, Value>) -> Vec<&str> {
    let mut commands: Vec<&str> = entry["wrap"].as_object().unwrap().keys().map(String::as_str).collect();
    commands.sort_by_key(|plain| VECTORS.find(&format!("\"{plain}\":")).unwrap());
    commands
}

#[test]
fn what_real_cards_answered_is_computed_from_their_inputs() {
    let (inputs, removed): (Vec<Value>, Vec<_>) = vectors().iter().map(inputs_of).unzip();
    let answers = answers(&json!({ "vectors": inputs }));
    assert_eq!(answers.len(), 8);
    let mut values = 0;
    for (answer, removed) in answers.iter().zip(removed) {
        let id = answer["id"].as_str().unwrap();
        assert_eq!(answer.get("error"), None, "{id}");
        if id == "capp-psam-tac-real-keys-unknown" {
            assert_eq!(answer["missing"], json!(["DPK", "rand", "offline_seq", "DTK"]));
            continue;
        }
        assert_eq!(answer.get("missing"), None, "{id}");
        for (name, value) in removed {
            assert_eq!(answer[&name], value, "{id}: {name}");
            values += 1;
        }
    }
    assert_eq!(values, 23);
}

#[test]
fn expected_values_are_not_looked_at() {
    let mut entries = vectors();
    let right = answers(&json!(entries));
    for entry in &mut entries {
        for name in EXPECTED.into_iter().filter(|name| !["wrap", "EXT_AUTH"].contains(name)) {
            if let Some(value) = entry.get_mut(name) {
                *value = json!("no value at all");
            }
        }
        if let Some(Value::Object(wrap)) = entry.get_mut("wrap") {
            wrap.values_mut().for_each(|value| *value = Value::Null);
        }
        if let Some(Value::String(authenticate)) = entry.get_mut("EXT_AUTH") {
            authenticate.truncate(6);
        }
    }
    assert_eq!(answers(&json!(entries)), right);
}

#[test]
fn a_trace_of_the_same_card_uses_the_keys_of_the_entry_before() {
    let answers = answers(&json!(vectors()));
    assert_eq!(answers[1]["keys_from"], json!({ "DLK": "real-card-A-load" }));
    assert_eq!(answers[2]["keys_from"], json!({ "DTK": "real-card-A-load" }));
    let alone = self::answers(&json!([vectors()[1]]));
    assert_eq!(alone, [json!({ "id": "real-card-A-load-aborted", "missing": ["DLK"] })]);
}

#[test]
fn macs_may_be_cut_off_a_trace() {
    let whole = answers(&json!(vectors()))[2].clone();
    let mut entry = vectors()[2].clone();
    entry.insert("DTK".to_owned(), vectors()[0]["DTK"].clone());
    entry["apdus"] = json!([
        "> 00A40000023F00",
        "< 9000",
        ">805001020B00 00000001 001122334455 0F",
        "<00002000 0000 000000 0000 584633C9 9000",
        "> 805401000F 00000000 20161216134600",
    ]);
    let cut = answers(&json!(entry))[0].clone();
    for name in ["SESPK", "MAC1", "MAC2", "TAC"] {
        assert_eq!(cut[name], whole[name], "{name}");
    }
}

#[test]
fn commands_are_protected_in_the_order_they_are_written() {
    let entry = vectors()[6].clone();
    let from_file = answers(&serde_json::from_str(VECTORS).unwrap());
    assert_ne!(from_file[6]["wrap"], entry["wrap"], "a map that sorts changes the order");
    let report = serde_json::to_value(compute(VECTORS).unwrap()).unwrap();
    assert_eq!(report["vectors"][6]["wrap"], entry["wrap"]);
}

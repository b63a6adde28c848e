//! What happens to entries that have a mistake or lack something, and to input that is no list of entries.

use proptest::prelude::*;
use serde_json::{Value, json};
use virtual_card::compute::compute;

fn vector(id: &str) -> Value {
    let file: Value = serde_json::from_str(include_str!("vectors/card.json")).unwrap();
    file["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == id).unwrap().clone()
}

fn answers(entries: &Value) -> Vec<Value> {
    let report = serde_json::to_value(compute(&entries.to_string()).unwrap()).unwrap();
    report["vectors"].as_array().unwrap().clone()
}

fn answer(entry: &Value) -> Value {
    answers(entry).remove(0)
}

/// The vector with one field replaced: the message of its error.
fn error(id: &str, field: &str, value: Value) -> String {
    let mut entry = vector(id);
    entry[field] = value;
    let answer = answer(&entry);
    assert_eq!(answer["id"], id);
    assert_eq!(answer.as_object().unwrap().len(), 2, "nothing beside the error: {answer}");
    answer["error"].as_str().unwrap().to_owned()
}

const LOAD: &str = "real-card-A-load";
const SCP02: &str = "gp-scp02";
const SCP03: &str = "gp-scp03-aes128-33";

#[test]
fn malformed_hexadecimal_names_its_field() {
    for (id, field) in [
        (LOAD, "DLK"),
        (LOAD, "DTK"),
        ("real-card-A-load-aborted", "rand"),
        ("diversify", "master"),
        ("diversify", "factor"),
        (SCP02, "ENC"),
        (SCP02, "INIT_UPDATE"),
        (SCP02, "RESP"),
        (SCP03, "plain"),
        (SCP03, "resp_wrapped"),
    ] {
        let message = error(id, field, json!("0x12"));
        assert!(message.starts_with(field) && message.ends_with(": not hexadecimal"), "{message}");
        assert!(error(id, field, json!(12)).starts_with(field));
    }
    assert_eq!(error(LOAD, "apdus", json!(["> 80 5"])), "apdus[0]: not hexadecimal");
    assert_eq!(error(SCP02, "wrap", json!({ "80f2zz": null })), "wrap[0]: not hexadecimal");
}

#[test]
fn wrong_lengths_name_their_field() {
    assert_eq!(error(LOAD, "DLK", json!("0011")), "DLK: 2 bytes where 16 belong");
    assert_eq!(error(SCP02, "MAC", json!("00".repeat(24))), "MAC: 24 bytes where 16 belong");
    assert_eq!(error(SCP03, "MAC", json!("00".repeat(17))), "MAC: 17 bytes where 16, 24 or 32 belong");
    assert_eq!(error("diversify", "factor", json!("0011")), "factor: 2 bytes where 8 for each level belong");
    assert_eq!(error(SCP03, "plain", json!("8050")), "plain[0]: command is shorter than its header");
    let apdus = json!(["> 805000020B 01 00002000 0011223344"]);
    assert_eq!(error(LOAD, "apdus", apdus), "apdus[0]: 10 bytes where 11 belong");
}

#[test]
fn a_trace_that_is_no_transaction_is_refused() {
    let apdus = |lines: &[&str]| error(LOAD, "apdus", json!(lines));
    assert_eq!(apdus(&["805000020B"]), "apdus[0]: begins with neither > nor <");
    assert_eq!(apdus(&[]), "apdus: no command begins a known transaction");
    assert_eq!(apdus(&["> 00A4040000"]), "apdus: no command begins a known transaction");
    let refused = ["> 805000020B 01 00002000 001122334455 10", "< 9402"];
    assert_eq!(apdus(&refused), "apdus[1]: the card answered 9402");
}

#[test]
fn fields_that_contradict_each_other_are_refused() {
    assert_eq!(error(LOAD, "amount", json!("00000001")), "amount: differs from apdus");
    assert_eq!(error(LOAD, "type", json!("06")), "type: differs from apdus");
    assert_eq!(error(LOAD, "type", json!("91")), "type: no known value");
    assert_eq!(error(SCP02, "level", json!("03")), "level: differs from P1 of EXT_AUTH");
    assert_eq!(
        error("real-card-A-load-aborted", "date", json!("20200101")),
        "date: means nothing without time"
    );
    let twice = answer(&serde_json::from_str::<Value>("{}").unwrap());
    assert!(twice["error"].as_str().unwrap().starts_with("entry: "));
    let report = compute(r#"{"id":"a","DLK":"00","type":"02","DLK":"01"}"#).unwrap();
    assert_eq!(report.refused(), 1);
    assert!(serde_json::to_string(&report).unwrap().contains("DLK: given twice"));
}

#[test]
fn lists_of_commands_and_factors_are_checked() {
    let commands = json!(["80f22002", "80ca006600", "80f22002"]);
    assert_eq!(error(SCP02, "wrap", commands), "wrap[2]: given twice");
    assert_eq!(error(SCP02, "wrap", json!("80f22002")), "wrap: not a list");
    assert_eq!(error(SCP02, "wrap", json!([1])), "wrap: not a hexadecimal text");
    let longest = format!("80e20000ff{}", "00".repeat(255));
    assert!(error(SCP02, "wrap", json!([longest])).starts_with("wrap[0]: protected message does not fit"));
    let responses = json!(["00", "00"]);
    assert!(error(SCP03, "resp_wrapped", responses).starts_with("resp_wrapped: means nothing without"));
    assert_eq!(error("diversify", "factors", json!(["0011223344556677"])), "factors: given twice");
    assert_eq!(
        error(SCP02, "INIT_UPDATE", json!("80f2200008000102030405060700")),
        "INIT_UPDATE: no known value"
    );
    let short = "INIT_UPDATE: 4 bytes where 8 of a challenge belong";
    assert_eq!(error(SCP02, "INIT_UPDATE", json!("80502000040001020300")), short);
    let answer = "000000000000000000007009001b4524abee7cf32ea3838bc148f300";
    assert_eq!(error(SCP02, "RESP", json!(answer)), "RESP: no known value");
    assert!(error(SCP02, "RESP", json!("6a88")).starts_with("RESP: 2 bytes where"));
}

#[test]
fn a_balance_that_would_leave_its_four_bytes_is_refused() {
    let message = |kind: &str, key: &str, balance: &str, amount: &str| {
        answer(&json!({
            "type": kind, key: "00112233445566778899aabbccddeeff", "DTK": "00112233445566778899aabbccddeeff",
            "rand": "00000000", "seq": "0000", "old_balance": balance, "amount": amount,
            "term": "000000000000", "datetime": "20200101000000",
        }))["error"]
            .clone()
    };
    let refused = json!("old_balance: the balance would leave its four bytes");
    assert_eq!(message("02", "DLK", "ffffffff", "00000001"), refused);
    assert_eq!(message("03", "DULK", "00000000", "00000001"), refused);
    assert_eq!(message("02", "DLK", "fffffffe", "00000001"), Value::Null);
}

#[test]
fn a_level_that_the_card_does_not_offer_is_refused() {
    let mut entry = vector(SCP02);
    entry["EXT_AUTH"] = json!("84823300");
    assert_eq!(answer(&entry)["error"], "EXT_AUTH: card does not offer this security level");
    entry["EXT_AUTH"] = json!("84827700");
    assert_eq!(answer(&entry)["error"], "EXT_AUTH: no known value");
}

#[test]
fn a_response_with_a_wrong_mac_is_refused() {
    let changed = vector(SCP03)["resp_wrapped"].as_str().unwrap().replace("f3ba", "f3bb");
    assert_eq!(error(SCP03, "resp_wrapped", json!(changed)), "resp_wrapped[0]: MAC is wrong");
}

#[test]
fn a_card_with_another_cryptogram_is_computed_with_a_warning() {
    let (right, mut entry) = (answer(&vector(SCP02)), vector(SCP02));
    assert_eq!(right.get("warnings"), None);
    let cryptogram = right["card_cryptogram"].as_str().unwrap();
    let other = entry["RESP"].as_str().unwrap().replace(cryptogram, "0000000000000000");
    entry["RESP"] = json!(other);
    let mut warned = answer(&entry);
    assert_eq!(warned["warnings"].as_array().unwrap().len(), 1);
    warned.as_object_mut().unwrap().remove("warnings");
    assert_eq!(warned, right);
}

#[test]
fn what_is_missing_is_named_and_the_rest_is_computed() {
    let missing = |id: &str, fields: &[&str]| {
        let mut entry = vector(id);
        fields.iter().for_each(|field| drop(entry.as_object_mut().unwrap().remove(*field)));
        answer(&entry)
    };
    let without_dtk = missing(LOAD, &["DTK"]);
    assert_eq!((&without_dtk["missing"], &without_dtk["MAC2"]), (&json!(["DTK"]), &json!("8afa5718")));
    let without_dlk = missing(LOAD, &["DLK"]);
    assert_eq!((&without_dlk["missing"], &without_dlk["TAC"]), (&json!(["DLK"]), &json!("fa00066d")));
    assert_eq!(missing("diversify", &["master"]), json!({ "id": "diversify", "missing": ["master"] }));
    let without_dek = missing(SCP02, &["DEK"]);
    assert_eq!(without_dek["missing"], json!(["DEK"]));
    assert_eq!(without_dek["session"].get("S-DEK"), None);
    assert_eq!(without_dek["EXT_AUTH"], vector(SCP02)["EXT_AUTH"]);
    let without_level = missing(SCP02, &["EXT_AUTH"]);
    assert_eq!(without_level["missing"], json!(["level"]));
    assert_eq!(without_level["host_cryptogram"], "ba6961667737c5bc");
    assert_eq!(missing(SCP03, &["ENC"])["missing"], json!(["ENC"]));
    assert_eq!(missing(SCP03, &["plain"])["missing"], json!(["plain"]));
}

#[test]
fn a_mistake_does_not_stop_the_others() {
    let mut wrong = vector(LOAD);
    wrong["DLK"] = json!("zz");
    let entries = json!([wrong, 7, vector(SCP03)]);
    let report = compute(&entries.to_string()).unwrap();
    assert_eq!((report.entries(), report.refused()), (3, 2));
    let answers = answers(&entries);
    assert_eq!(answers[1], json!({ "id": null, "error": "entry: not an object" }));
    assert_eq!(answers[2]["wrapped"], vector(SCP03)["wrapped"]);
}

#[test]
fn keys_of_another_source_are_not_used() {
    let mut other = vector("real-card-A-load-aborted");
    other["src"] = json!("another card");
    let answers = answers(&json!([vector(LOAD), other]));
    assert_eq!(answers[1]["missing"], json!(["DLK"]));
}

#[test]
fn input_that_is_no_list_of_entries_is_refused() {
    for wrong in ["", "{", "7", "null", r#"{"vectors":{}}"#] {
        assert!(compute(wrong).is_err(), "{wrong}");
    }
    assert_eq!(compute("[]").unwrap().entries(), 0);
    assert!(compute(&"[".repeat(100_000)).is_err(), "depth is bounded");
}

proptest! {
    /// Whatever an entry holds in any field, there is an answer for it.
    #[test]
    fn any_value_in_any_field_gets_an_answer(
        which in 0_usize..8,
        field in any::<prop::sample::Index>(),
        text in prop_oneof!["[0-9a-f]{0,80}", "[<> ]?[0-9A-F ]{0,60}", ".{0,20}"],
        is_list: bool,
    ) {
        let file: Value = serde_json::from_str(include_str!("vectors/card.json")).unwrap();
        let mut entry = file["vectors"][which].clone();
        let fields = entry.as_object_mut().unwrap();
        let name = field.get(&fields.keys().cloned().collect::<Vec<_>>()).clone();
        fields.insert(name, if is_list { json!([text]) } else { json!(text) });
        prop_assert_eq!(answers(&entry).len(), 1);
    }
}

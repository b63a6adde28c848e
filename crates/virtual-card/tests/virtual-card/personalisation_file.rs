//! Mistakes in personalisation files are refused, and the refusal names the field.

use serde_json::{Value, json};
use virtual_card::{example, kind::CardKind, personalisation::Personalisation};

fn refusal(file: &Value) -> String {
    Personalisation::read(&file.to_string()).unwrap_err().to_string()
}

/// What is said of the example card after a value was replaced.
fn with(pointer: &str, value: Value) -> String {
    let mut file = example::card(1).unwrap();
    *file.pointer_mut(pointer).unwrap() = value;
    refusal(&file)
}

#[test]
fn the_example_files_are_read() {
    let card = Personalisation::read(&example::card(1).unwrap().to_string()).unwrap();
    assert_eq!((card.kind(), card.serial()), (CardKind::User, Some(example::asn(1).0)));
    let module = Personalisation::read(&example::security_module().to_string()).unwrap();
    assert_eq!(module.kind(), CardKind::SecurityModule);
}

#[test]
fn unknown_fields_are_refused_by_name() {
    for (pointer, path) in [
        ("", "`colour`"),
        ("/issuer_domain", "issuer_domain.colour"),
        ("/issuer_domain/keys", "unknown field `colour`"),
        ("/purse", "purse.colour"),
        ("/purse/limits", "purse.limits.colour"),
        ("/purse/profile", "purse.profile.colour"),
        ("/purse/keys/0", "unknown field `colour`"),
        ("/purse/files/0", "purse.files[0].colour"),
        ("/transfer", "transfer.colour"),
        ("/transfer/pockets/1", "transfer.pockets[1].colour"),
        ("/transfer/credentials/0", "transfer.credentials[0].colour"),
    ] {
        let mut file = example::card(1).unwrap();
        let object = file.pointer_mut(pointer).and_then(Value::as_object_mut).unwrap();
        object.insert("colour".to_owned(), json!("red"));
        let said = refusal(&file);
        assert!(said.contains(path) && said.contains("colour"), "{pointer}: {said}");
    }
}

#[test]
fn wrong_lengths_and_letters_are_refused_with_the_fields_name() {
    for (pointer, value, said) in [
        ("/purse/asn", "00", "purse.asn: 1 bytes instead of 10"),
        ("/purse/file_identifier", "100", "purse.file_identifier: not a text of hexadecimal bytes"),
        ("/purse/aid", "A0000000", "purse.aid: 4 bytes instead of 5 to 16"),
        ("/purse/start", "20261301", "purse.start: not a day YYYYMMDD"),
        ("/purse/expiry", "2026010A", "purse.expiry: not a day YYYYMMDD"),
        ("/purse/pin", "12345A", "purse.pin: not a text of decimal digits"),
        ("/purse/currencies/1", "978", "purse.currencies[1]: not a text of hexadecimal bytes"),
        ("/transfer/credentials/1/seed", "AB", "transfer.credentials[1].seed: 1 bytes instead of 32"),
        ("/transfer/scheme_key", "zz", "transfer.scheme_key: not a text of hexadecimal bytes"),
    ] {
        let refused = with(pointer, json!(value));
        assert!(refused.starts_with(said), "{refused}");
    }
    let of_keys = with("/purse/keys/3/key", json!("0011"));
    assert!(of_keys.starts_with("purse.keys[3]") && of_keys.contains("2 bytes instead of 16"), "{of_keys}");
}

#[test]
fn weak_keys_are_refused() {
    for (place, key, said) in [
        (3, "00112233445566770011223344556677", "key of DTK: both halves are equal"),
        (3, "00112233445566770110223344556677", "key of DTK: both halves are equal"),
        (0, "00112233445566770011223344556677", "key of DLK: both halves are equal"),
        (1, "00000000000000000000000000000000", "key of DPK: all bytes are the same"),
        (1, "E0FEE0FEF1FEF1FE0011223344556677", "key of DPK: one half is a weak key of DES"),
        (1, "0011223344556677E1FFE0FEF0FEF1FF", "key of DPK: one half is a weak key of DES"),
        (3, "0011223344556677FEEFDCCDBAAB9889", "key of DTK: the key that the halves make together"),
    ] {
        let refused = with(&format!("/purse/keys/{place}/key"), json!(key));
        assert!(refused.starts_with(&format!("purse.keys[{place}]")) && refused.contains(said), "{refused}");
    }
    let root = with("/issuer_domain/keys/mac", json!("11".repeat(16)));
    assert!(root.starts_with("issuer_domain.keys: mac: all bytes are the same"), "{root}");
}

#[test]
fn one_key_never_stands_for_two_kinds() {
    let file = example::card(1).unwrap();
    let at = |pointer: &str| file.pointer(pointer).unwrap().clone();
    let refused = with("/security_domain/keys/dek", at("/issuer_domain/keys/enc"));
    assert!(refused.contains("a root key is among them"), "{refused}");
    for pointer in ["/issuer_domain/keys/dek", "/security_domain/keys/mac"] {
        let refused = with("/purse/keys/0/key", at(pointer));
        assert!(refused.contains("a key of a security domain is among them"), "{refused}");
    }
    let refused = with("/issuer_domain/keys/enc", at("/issuer_domain/keys/mac"));
    assert!(refused.contains("two of enc, mac and dek are the same"), "{refused}");
    let mut file = file.clone();
    let keys = file.pointer_mut("/purse/keys/0").unwrap().as_object_mut().unwrap();
    keys.insert("name".to_owned(), json!("enc"));
    assert!(refusal(&file).contains("there is no key \"enc\""));
}

#[test]
fn what_a_card_cannot_be_is_refused() {
    assert!(with("/purse/pin_tries", json!(0)).contains("purse: PIN or its tries are out of range"));
    assert!(with("/purse/pin", json!("12")).contains("purse: PIN or its tries are out of range"));
    assert!(with("/purse/currencies", json!(["0840", "0978", "0392", "0156", "0826"])).contains("too many"));
    assert!(with("/purse/files/1/content", json!(["AA", "BB", "CC"])).contains("purse.files.content"));
    let file =
        json!({ "sfi": "16", "kind": "transparent", "record_bytes": 39, "content": ["00".repeat(40)] });
    assert!(with("/purse/files/0", file).contains("content does not fit the file 16"));
    assert!(with("/transfer/pin_tries", json!(0)).starts_with("transfer: "));
    assert!(with("/transfer/credentials/0/certificate", json!("00".repeat(148))).contains("grouping 0205"));
    let mut both = example::card(1).unwrap();
    both["security_module"] = example::security_module()["security_module"].clone();
    assert!(refusal(&both).contains("security_module: not in a card"));
    let mut none = example::security_module();
    none.as_object_mut().unwrap().remove("security_module");
    assert!(refusal(&none).contains("is missing"));
    let twice = example::card(1).unwrap().to_string().replacen("\"purse\":", "\"purse\":null,\"purse\":", 1);
    assert!(Personalisation::read(&twice).unwrap_err().to_string().contains("duplicate field"));
    let tail = example::card(1).unwrap().to_string() + "{}";
    assert!(Personalisation::read(&tail).is_err());
}

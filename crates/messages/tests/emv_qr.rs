//! Merchant codes, against published examples and random ones.

use messages::emv_qr::{
    AdditionalData, CodeError, DataObject, Initiation, LocalLanguage, MerchantCode, ObjectId, Template, Tip,
    crc_16_ccitt_false,
};
use money::{Amount, Currency};
use proptest::prelude::*;

/// The example of the specification, with a name in Chinese: lengths in characters, checksum over bytes.
const SPECIFICATION: &str = "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN\
     5914BEST TRANSPORT6007BEIJING64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***0708A60086670902\
     ME91320016A0112233449988770708123456786304A13A";
/// A code in use in Cambodia, as other libraries' tests have it. Its city is longer than the format allows.
const IN_USE: &str = "00020101021252044131153137210116372101160123456789ABCDE6016Banteay Meanchey5913Kuntheas Shop5802KH\
     540510.005303840621201081234567863041FF2";

fn id(number: u8) -> ObjectId {
    ObjectId::new(number).expect("a valid object")
}

fn object(number: u8, value: &str) -> DataObject {
    DataObject::new(id(number), value).expect("a valid object")
}

fn with_checksum(body: &str) -> String {
    let guarded = format!("{body}6304");
    format!("{guarded}{:04X}", crc_16_ccitt_false(guarded.as_bytes()))
}

fn tea() -> MerchantCode {
    MerchantCode {
        initiation: Some(Initiation::Dynamic),
        accounts: vec![object(26, "0004test0102ab")],
        category: "5812".to_owned(),
        currency: Currency::CNY,
        amount: Some(Amount::from_minor(850, Currency::CNY).expect("a valid object")),
        tip: None,
        country: "CN".to_owned(),
        name: "Willow Tea".to_owned(),
        city: "Qingliu".to_owned(),
        postal_code: None,
        additional: AdditionalData {
            reference_label: Some("order-7".to_owned()),
            ..AdditionalData::default()
        },
        local: Some(LocalLanguage { language: "zh".to_owned(), name: "柳下茶馆".to_owned(), city: None }),
        others: Vec::new(),
    }
}

#[test]
fn the_example_of_the_specification_is_read() {
    let code = MerchantCode::decode(SPECIFICATION).unwrap();
    assert_eq!(code.initiation, Some(Initiation::Dynamic));
    assert_eq!(
        code.accounts,
        [object(29, "0012D156000000000510A93FO3230Q"), object(31, "0012D15600000001030812345678")]
    );
    assert_eq!((code.category.as_str(), code.country.as_str()), ("4111", "CN"));
    assert_eq!((code.name.as_str(), code.city.as_str()), ("BEST TRANSPORT", "BEIJING"));
    assert_eq!(code.amount, Some(Amount::from_minor(2_372, Currency::CNY).unwrap()));
    assert_eq!(code.tip, Some(Tip::Asked));
    assert_eq!(code.additional.store_label.as_deref(), Some("1234"));
    assert_eq!(code.additional.terminal_label.as_deref(), Some("A6008667"));
    assert_eq!(code.additional.others, [object(6, "***"), object(9, "ME")]);
    let local =
        LocalLanguage { language: "ZH".into(), name: "最佳运输".into(), city: Some("北京".into()) };
    assert_eq!(code.local, Some(local));
    assert_eq!(code.others, [object(91, "0016A011223344998877070812345678")]);
    assert_eq!(MerchantCode::decode(&code.encode().unwrap()), Ok(code));
}

#[test]
fn a_code_in_use_is_read_though_its_city_is_too_long_to_be_written() {
    let code = MerchantCode::decode(IN_USE).unwrap();
    assert_eq!(code.amount, Some(Amount::from_minor(1_000, Currency::USD).unwrap()));
    assert_eq!(code.city, "Banteay Meanchey");
    assert_eq!(code.additional.bill_number.as_deref(), Some("12345678"));
    assert_eq!(code.encode(), Err(CodeError::Value(id(60))));
}

#[test]
fn what_is_written_is_read_as_the_same_code() {
    let text = tea().encode().unwrap();
    assert!(
        text.starts_with("000201010212") && text.contains("53031565404") && text.contains("0104柳下茶馆"),
        "{text}"
    );
    assert_eq!(MerchantCode::decode(&text), Ok(tea()));
}

#[test]
fn every_change_of_one_character_is_found() {
    let text = tea().encode().unwrap();
    for (index, character) in text.char_indices() {
        let mut changed = text.clone();
        changed.replace_range(index..index + character.len_utf8(), if character == '1' { "2" } else { "1" });
        assert!(MerchantCode::decode(&changed).is_err(), "{changed}");
    }
}

#[test]
fn a_wrong_checksum_is_told_from_a_missing_one_and_from_another_text() {
    let text = tea().encode().unwrap();
    let damaged = text.replace("Willow", "Wilted");
    assert_eq!(MerchantCode::decode(&damaged), Err(CodeError::ChecksumWrong));
    assert_eq!(MerchantCode::decode(&text[..text.len() - 8]), Err(CodeError::ChecksumMissing));
    assert_eq!(MerchantCode::decode("https://shop.test/1"), Err(CodeError::NotAMerchantCode));
    assert_eq!(MerchantCode::decode(""), Err(CodeError::NotAMerchantCode));
    assert_eq!(MerchantCode::decode(&"0".repeat(3_000)), Err(CodeError::TooLong));
}

#[test]
fn a_right_checksum_does_not_save_wrong_lengths() {
    for body in ["0002010199", "00020101", "000201529", "0002010100", "00020152044131520441315303156"] {
        let text = with_checksum(body);
        assert!(matches!(MerchantCode::decode(&text), Err(CodeError::Form(_))), "{text}");
    }
}

#[test]
fn a_missing_or_impossible_object_is_named() {
    let parts = ["2604abcd", "52045812", "5303156", "5802CN", "5903Tea", "6004City"];
    for (left_out, number) in [(1, 52), (2, 53), (3, 58), (4, 59), (5, 60)] {
        let kept = parts.iter().enumerate().filter(|(index, _)| *index != left_out).map(|(_, part)| *part);
        let text = with_checksum(&format!("000201{}", kept.collect::<String>()));
        assert_eq!(MerchantCode::decode(&text), Err(CodeError::Missing(id(number))), "{text}");
    }
    for (wrong, number) in
        [("5303999", 53), ("54040.00", 54), ("54051e100", 54), ("550204", 55), ("010213", 1)]
    {
        let text = with_checksum(&format!(
            "000201{}{wrong}",
            parts.concat().replace("5303156", if number == 53 { "" } else { "5303156" })
        ));
        assert_eq!(MerchantCode::decode(&text), Err(CodeError::Value(id(number))), "{text}");
    }
}

#[test]
fn the_checksum_is_the_last_object() {
    let text = tea().encode().unwrap();
    let more = with_checksum(&format!("{text}5802CN"));
    assert!(MerchantCode::decode(&more).is_err());
}

fn texts(most: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![prop::char::range(' ', '~'), prop::char::range('一', '龥')];
    prop::collection::vec(character, 1..=most).prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in ".{0,200}") {
        let _answer = MerchantCode::decode(&text);
        let _answer = MerchantCode::decode(&with_checksum(&format!("000201{text}")));
    }

    #[test]
    fn a_template_is_written_as_it_was_read(values in prop::collection::vec(texts(99), 0..8)) {
        let objects = values.iter().zip(0..).map(|(value, number)| object(number, value)).collect();
        let template = Template::new(objects).unwrap();
        prop_assert_eq!(Template::parse(&template.to_string()), Ok(template));
    }

    #[test]
    fn random_codes_come_back_as_they_were(
        minor in 1_u64..99_999_999,
        name in texts(25),
        city in texts(15),
        reference in texts(25),
        local in texts(25),
        is_static in any::<bool>(),
    ) {
        let initiation = if is_static { Initiation::Static } else { Initiation::Dynamic };
        let code = MerchantCode {
            initiation: Some(initiation),
            amount: Some(Amount::from_minor(minor, Currency::CNY).unwrap()),
            name,
            city,
            additional: AdditionalData { reference_label: Some(reference), ..AdditionalData::default() },
            local: Some(LocalLanguage { language: "zh".to_owned(), name: local, city: None }),
            ..tea()
        };
        prop_assert_eq!(MerchantCode::decode(&code.encode().unwrap()), Ok(code));
    }
}

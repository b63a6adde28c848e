//! Whatever bytes a reader sends, a card answers, and value neither comes nor goes.

use proptest::prelude::*;
use virtual_card::{
    example,
    reader::{InProcess, Inserted},
};

use crate::made::*;

/// Bytes, and commands that look right: classes, instructions and parameters of the card, with any data.
fn command() -> impl Strategy<Value = Vec<u8>> {
    let byte = |known: &'static [u8]| prop::sample::select(known);
    let known = (
        byte(&[0x00, 0x04, 0x80, 0x84, 0x90, 0xE0]),
        byte(&[
            0xA4, 0xB0, 0xB2, 0x84, 0x20, 0x24, 0x50, 0x52, 0x54, 0x58, 0x5A, 0x5C, 0x5E, 0xCA, 0xDA, 0xDC,
            0xDE, 0xE2, 0xE4, 0xE6, 0xE8, 0xF0, 0xF2, 0xD8, 0x82, 0x7A, 0x7C, 0x7E, 0x10, 0x12, 0x22, 0x2E,
        ]),
        byte(&[0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x0A, 0x0B, 0x0C, 0x40, 0x80, 0x95]),
        byte(&[0x00, 0x01, 0x02, 0x08, 0x0F, 0x11, 0x7F, 0xC4, 0xFF]),
        prop::collection::vec(any::<u8>(), 0..40),
        prop::option::of(any::<u8>()),
    );
    let known = known.prop_map(|(cla, ins, p1, p2, data, le)| {
        let mut bytes = vec![cla, ins, p1, p2];
        if !data.is_empty() {
            bytes.push(data.len() as u8);
            bytes.extend(data);
        }
        bytes.extend(le);
        bytes
    });
    let selects = prop::sample::select(vec![
        format!("00A4040008{}", hex(&example::PURSE_AID)),
        "00A40000021001".to_owned(),
        format!("00A4040007{}", hex(&purse::vtp::AID)),
        "00A4040000".to_owned(),
    ]);
    prop_oneof![
        6 => known,
        2 => selects.prop_map(|select| bytes(&select)),
        1 => prop::collection::vec(any::<u8>(), 0..280),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_of_a_stranger_move_value(commands in prop::collection::vec(command(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("card");
        let mut card = InProcess(made(&card_file(1), &path));
        load(&mut card, &example::asn(1), example::LOAD);
        for command in &commands {
            let answer = card.0.answer(command).unwrap();
            card.0.settle().unwrap();
            let status = answer.status().0 >> 12;
            prop_assert!(matches!(status, 0x6 | 0x9), "{}: {}", hex(command), answer.status());
        }
        card.0.reset();
        select_purse(&mut card);
        prop_assert_eq!(balance(&mut card), example::LOAD);
    }
}

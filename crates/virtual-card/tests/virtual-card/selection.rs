//! One card, several applications: who answers, and what the card is made of.

use globalplatform::{
    life_cycle::{CardState, Stage},
    registry::EntryKind,
    status::StatusWord,
};
use purse::{amount::Amount, vtp};
use virtual_card::{
    example,
    plugged::PluggedCard,
    reader::{InProcess, Inserted},
    tap::{Recovered, Sale, TapError, recover, tap},
};

use crate::made::*;

fn card() -> (tempfile::TempDir, InProcess<PluggedCard>) {
    let folder = tempfile::tempdir().unwrap();
    let card = made(&card_file(1), &folder.path().join("card"));
    (folder, InProcess(card))
}

#[test]
fn a_card_comes_out_of_its_making_secured_and_personalised() {
    let (_folder, InProcess(card)) = card();
    let registry = card.card().registry();
    assert_eq!(registry.state(), CardState::Secured);
    let stages: Vec<Option<Stage>> = registry
        .entries()
        .filter(|(_, entry)| !matches!(entry.kind, EntryKind::LoadFile { .. }))
        .map(|(_, entry)| entry.state().map(|state| state.stage))
        .collect();
    assert_eq!(stages, [Some(Stage::Personalised); 3]);
}

#[test]
fn after_a_reset_the_issuers_domain_answers() {
    let (_folder, mut card) = card();
    let recognition = ok(&say(&mut card, "80CA006600"));
    assert!(hex(&recognition).starts_with("66"));
    assert_eq!(say(&mut card, "805C000204").status(), StatusWord::INSTRUCTION_UNKNOWN);
}

#[test]
fn each_application_is_selected_by_its_name_and_answers_for_itself() {
    let (_folder, mut card) = card();
    select_purse(&mut card);
    assert_eq!(balance(&mut card), Amount::ZERO);
    ok(&say(&mut card, &format!("00A4040007{}00", hex(&vtp::AID))));
    assert_eq!(say(&mut card, "805C000204").status(), StatusWord::CLASS_UNKNOWN);
    assert!(!ok(&say(&mut card, "9010000000")).is_empty());
    ok(&say(&mut card, "00A4040000"));
    ok(&say(&mut card, "80CA006600"));
}

#[test]
fn a_purse_is_selected_by_its_file_identifier_and_by_the_beginning_of_its_name() {
    let (_folder, mut card) = card();
    ok(&say(&mut card, "00A40000021001"));
    assert_eq!(balance(&mut card), Amount::ZERO);
    assert_eq!(say(&mut card, "00A40000021002").status(), StatusWord::FILE_NOT_FOUND);
    card.0.reset();
    let fci = ok(&say(&mut card, "00A4040005A00000063200"));
    assert!(hex(&fci).contains(&hex(&example::PURSE_AID)));
}

#[test]
fn select_ends_what_an_application_had_begun() {
    let (_folder, mut card) = card();
    select_purse(&mut card);
    load(&mut card, &example::asn(1), Amount::new(1_000));
    ok(&say(&mut card, "805001020B01000000011000000000010F"));
    ok(&say(&mut card, "00A4040000"));
    select_purse(&mut card);
    let debit = format!("805401000F00000000{}0000000008", hex(&WHEN.0));
    assert_eq!(say(&mut card, &debit).status(), StatusWord::NOT_ACCEPTED);
}

#[test]
fn a_card_that_holds_value_cannot_be_ended_and_its_purse_not_deleted() {
    let (_folder, mut card) = card();
    select_purse(&mut card);
    load(&mut card, &example::asn(1), Amount::new(1));
    let mut issuer = channel(&mut card);
    assert_eq!(issuer.say([0x80, 0xF0, 0x80, 0xFF], &[]), StatusWord::CONDITIONS_NOT_MET);
    let name = [&[0x4F, 8][..], &example::PURSE_AID].concat();
    assert_eq!(issuer.say([0x80, 0xE4, 0, 0], &name), StatusWord::CONDITIONS_NOT_MET);
}

#[test]
fn a_purse_that_was_deleted_does_not_begin_again() {
    let (_folder, mut card) = card();
    let mut issuer = channel(&mut card);
    let name = [&[0x4F, 8][..], &example::PURSE_AID].concat();
    assert_eq!(issuer.say([0x80, 0xE4, 0, 0], &name), StatusWord::SUCCESS);
    let again = bytes("07F05359434545F007F05359434545F108A0000006320101050100000000");
    let again = &again[..again.len() - 1];
    assert_eq!(issuer.say([0x80, 0xE6, 0x0C, 0], again), StatusWord::NOT_ENOUGH_SPACE);
    assert_eq!(say(&mut card, "00A4040008A00000063201010500").status(), StatusWord::FILE_NOT_FOUND);
}

#[test]
fn a_locked_card_answers_only_its_issuer() {
    let (_folder, mut card) = card();
    let mut issuer = channel(&mut card);
    assert_eq!(issuer.say([0x80, 0xF0, 0x80, 0x7F], &[]), StatusWord::SUCCESS);
    assert_eq!(say(&mut card, "00A4040008A00000063201010500").status(), StatusWord::FUNCTION_NOT_SUPPORTED);
    assert_eq!(say(&mut card, "00A40000021001").status(), StatusWord::FUNCTION_NOT_SUPPORTED);
}

#[test]
fn a_card_pays_at_a_terminal_and_a_fake_one_does_not() {
    let (folder, mut card) = card();
    let mut module = InProcess(made(&module_file(), &folder.path().join("module")));
    select_module(&mut module);
    select_purse(&mut card);
    load(&mut card, &example::asn(1), Amount::new(1_000));
    let sale = Sale { amount: Amount::new(300), when: WHEN };
    let receipt = tap(&mut card, &mut module, &example::TILL, &sale).unwrap();
    assert_eq!((receipt.attempt.asn, receipt.attempt.balance.units()), (example::asn(1), 1_000));
    select_purse(&mut card);
    assert_eq!(balance(&mut card), Amount::new(700));

    let mut fake = InProcess(fake_card());
    let till = &example::TILL;
    let Err(TapError::Unproved(attempt)) = tap(&mut fake, &mut module, till, &sale) else {
        panic!("the security module took a wrong MAC2");
    };
    assert_eq!(recover(&mut fake, &mut module, till, &attempt), Ok(Recovered::NotPaid));
}

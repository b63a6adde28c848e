//! Issuing and binding.

use operations::OperationError;
use operations::card_purses::issuing::{self, BatchRequest};
use operations::card_purses::{CardPurseRefusal, CardPurseState, binding};
use virtual_card::personalisation::Personalisation;
use wallet::ids::IssueBatchId;

use super::stage::{FOUNDER, Stage, refused, stage};
use super::world::{CNY, key, now};

fn request(count: u32) -> BatchRequest {
    BatchRequest { count, currency: CNY, label: "autumn".to_owned(), valid_years: 3 }
}

fn ordered(stage: &Stage, name: &str, count: u32) -> IssueBatchId {
    now(issuing::order_batch(stage.operations(), FOUNDER, &key(name), request(count))).unwrap().id
}

#[test]
fn cards_of_a_batch_have_numbers_codes_and_files_of_their_own() {
    let stage = stage(0, 0);
    let (batch, cards) = now(issuing::batch(stage.operations(), ordered(&stage, "a", 3))).unwrap();
    let (next, others) = now(issuing::batch(stage.operations(), ordered(&stage, "b", 2))).unwrap();
    assert_eq!((batch.first_number, next.first_number, cards.len(), others.len()), (1, 4, 3, 2));
    let all: Vec<_> = cards.iter().chain(&others).collect();
    for (place, card) in all.iter().enumerate() {
        assert_eq!(card.state, CardPurseState::Made);
        assert_eq!(issuing::number_text(card.asn), format!("000031562027{:08}", place + 1));
        let file = now(issuing::personalisation(stage.operations(), FOUNDER, card.asn)).unwrap();
        assert_eq!(Personalisation::read(&file).unwrap().serial(), Some(card.asn.0));
        let is_own = |other: &&&issuing::IssuedCard| other.activation_code == card.activation_code;
        assert_eq!(all.iter().filter(is_own).count(), 1, "a code of its own");
    }
}

#[test]
fn a_batch_that_is_ordered_again_is_the_same_batch() {
    let stage = stage(0, 0);
    let first = ordered(&stage, "a", 3);
    assert_eq!(ordered(&stage, "a", 3), first);
    let other = now(issuing::order_batch(stage.operations(), FOUNDER, &key("a"), request(4)));
    assert_eq!(other.map(|batch| batch.id), Err(OperationError::KeyReused));
    assert_eq!(now(issuing::batches(stage.operations())).unwrap().len(), 1);
}

#[test]
fn a_security_modules_file_is_one() {
    let stage = stage(0, 1);
    let file = now(issuing::security_module(stage.operations(), FOUNDER, stage.tills[0].id)).unwrap();
    assert!(Personalisation::read(&file).is_ok(), "{file}");
}

#[test]
fn a_card_is_bound_by_its_code_and_then_has_no_file_any_more() {
    let stage = stage(0, 0);
    let (_, cards) = now(issuing::batch(stage.operations(), ordered(&stage, "a", 1))).unwrap();
    let (asn, code) = (cards[0].asn, cards[0].activation_code.clone().unwrap());
    let bind = |holder, code: &str| now(binding::bind(stage.operations(), holder, asn, code));
    assert_eq!(bind(stage.world.alice, "00000000"), refused(CardPurseRefusal::CodeWrong));
    assert_eq!(bind(stage.world.alice, &code), Ok(()));
    assert_eq!(bind(stage.world.alice, &code), Ok(()), "again");
    assert_eq!(bind(stage.world.bob, &code), refused(CardPurseRefusal::BoundBefore));
    let file = now(issuing::personalisation(stage.operations(), FOUNDER, asn));
    assert_eq!(file, refused(CardPurseRefusal::BoundBefore));
}

#[test]
fn after_five_wrong_codes_only_the_operator_gives_the_card() {
    let stage = stage(0, 0);
    let (_, cards) = now(issuing::batch(stage.operations(), ordered(&stage, "a", 1))).unwrap();
    let (asn, code) = (cards[0].asn, cards[0].activation_code.clone().unwrap());
    let bind = |code: &str| now(binding::bind(stage.operations(), stage.world.alice, asn, code));
    for _ in 0..5 {
        assert_eq!(bind("1"), refused(CardPurseRefusal::CodeWrong));
    }
    assert_eq!(bind(&code), refused(CardPurseRefusal::CodeWrong));
    now(binding::give(stage.operations(), FOUNDER, asn, stage.world.alice)).unwrap();
    let given = now(operations::card_purses::view::get(stage.operations(), asn)).unwrap();
    assert_eq!((given.state, given.holder), (CardPurseState::Bound, Some(stage.world.alice)));
}

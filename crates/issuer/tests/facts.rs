//! What the issuer's host does in the hard cases, each as a fact.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use issuer::{
    clearing::Finding,
    key_store::{Direction, KeyStore},
    lists::{ListIssuer, StatusBook, WhiteBook},
    lost_card::LostCardRefusal,
    online::{OnlineRefusal, Stage},
    postings,
};
use ledger::{CreateTransferStatus, Engine, Timestamp};
use messages::card::{
    self as wire, CardStatus, OrderId, Outcome, Seconds, Tac, Units,
    receipt::{RecordVerdict, RefusalReason},
    signed_list::ListHours,
};
use money::{Amount as Money, Currency};
use pki::{KeyPair, SubjectId};
use purse::{
    amount::Amount,
    ep::{Grade, Which},
    fields::{Asn, Date, Mac, Sequence},
    own,
    pboc::key::{self, Algorithm, Completion, Key},
};
use wallet::{chart, ids::HolderId, purse_chart};
use world::{Fate, WINDOW, World, balance, master, sale::Mishap};

/// One card with 1,000 on it, three terminals.
fn funded() -> World {
    let mut world = World::new(1, 3);
    load(&mut world, 0, 1_000);
    world
}

fn load(world: &mut World, card: usize, amount: u32) {
    world.online(card, Direction::Load, amount, Fate::Well).unwrap();
}

fn asn(world: &World) -> Asn {
    world.plastic[0].0
}

fn stage(world: &World) -> Stage {
    world.cards[&asn(world)].online().unwrap().stage
}

fn wallet(world: &mut World) -> i128 {
    world.ledger_balance(chart::wallet_id(HolderId::new(1), Currency::CNY))
}

fn paid(world: &mut World, terminal: usize) -> i128 {
    let account = world.terminals[terminal].account;
    world.ledger_balance(account)
}

fn shadow(world: &World) -> i128 {
    world.cards[&asn(world)].shadow().signed()
}

fn upload(world: &mut World, terminal: usize) -> (Vec<RecordVerdict>, Vec<Finding>) {
    let found = world.upload(terminal, 0, usize::MAX);
    world.audit();
    found
}

#[test]
fn a_load_that_the_card_credited_is_never_returned() {
    let mut world = World::new(1, 1);
    world.online(0, Direction::Load, 500, Fate::CodeLost).unwrap();
    let operation = world.moved[0].operation;
    let card = asn(&world);
    assert_eq!(stage(&world), Stage::InDoubt);
    assert_eq!(world.card(card).abandon(operation), Err(OnlineRefusal::Stage));
    assert_eq!(
        world.ledger_balance(purse_chart::load_id(operation)),
        500,
        "it waits, attributed to its load"
    );
    // The card speaks: its next sequence says that it credited.
    load(&mut world, 0, 1);
    assert_eq!((shadow(&world), wallet(&mut world)), (501, -501));
    world.audit();
}

#[test]
fn a_load_that_the_card_did_not_credit_goes_back_when_the_card_says_so() {
    let mut world = World::new(1, 1);
    world.online(0, Direction::Load, 500, Fate::AnswerLost).unwrap();
    assert_eq!((stage(&world), wallet(&mut world)), (Stage::InDoubt, -500));
    load(&mut world, 0, 1);
    assert_eq!((shadow(&world), wallet(&mut world)), (1, -1));
    world.audit();
}

#[test]
fn both_ends_of_a_load_are_one_transfer() {
    let mut world = World::new(1, 1);
    world.online(0, Direction::Load, 500, Fate::Well).unwrap();
    let (operation, card) = (world.moved[0].operation, asn(&world));
    let (account, wallet) = (world.cards[&card].identity().account(), world.cards[&card].identity().wallet);
    let returned = postings::load_returned(&account, operation, wallet, Amount::new(500));
    let result = world.ledger.create_transfers(Timestamp(1), &[returned]).unwrap();
    assert_ne!(result[0].status, CreateTransferStatus::Created);
    assert_eq!(result[0].status, CreateTransferStatus::ExistsWithDifferentCreditAccountId);
}

#[test]
fn a_load_whose_answer_never_left_is_given_up_once() {
    let mut world = World::new(1, 1);
    world.online(0, Direction::Load, 500, Fate::NeverAnswered).unwrap();
    let (operation, card) = (world.moved[0].operation, asn(&world));
    let back = world.card(card).abandon(operation).unwrap();
    world.post(&back);
    assert_eq!(world.card(card).abandon(operation), Ok(Vec::new()));
    let keys = world.keys.clone();
    assert_eq!(world.card(card).answer(&keys, operation), Err(OnlineRefusal::Stage), "no MAC2 any more");
    assert_eq!(wallet(&mut world), 0);
}

#[test]
fn a_code_that_is_not_the_cards_confirms_nothing() {
    let mut world = World::new(1, 1);
    world.online(0, Direction::Load, 500, Fate::CodeLost).unwrap();
    let (operation, now, card) = (world.moved[0].operation, world.now(), asn(&world));
    let keys = world.keys.clone();
    let wrong = world.card(card).confirm(&keys, operation, Mac([1, 2, 3, 4]), now);
    assert_eq!((wrong, stage(&world)), (Err(OnlineRefusal::Mac), Stage::InDoubt));
}

#[test]
fn an_unload_pays_once_the_card_proved_it() {
    let mut world = funded();
    world.online(0, Direction::Unload, 400, Fate::CodeLost).unwrap();
    assert_eq!(wallet(&mut world), -1_000);
    load(&mut world, 0, 1);
    assert_eq!((shadow(&world), wallet(&mut world)), (601, -601));
    world.online(0, Direction::Unload, 601, Fate::Well).unwrap();
    assert_eq!((shadow(&world), wallet(&mut world)), (0, 0));
    world.audit();
}

#[test]
fn a_card_with_keys_that_aged_out_gets_nothing_and_its_debits_are_cleared() {
    let mut world = funded();
    world.keys.age_out_online(2);
    let refusal = world.online(0, Direction::Load, 1, Fate::Well);
    assert!(matches!(refusal, Err(OnlineRefusal::Key(_))));
    world.sell(0, 0, 10, Mishap::None);
    assert_eq!(upload(&mut world, 0).0, [RecordVerdict::Accepted]);
    world.sell(0, 0, 10, Mishap::None);
    world.keys.age_out_codes(2);
    let refused = RecordVerdict::Refused(RefusalReason::KeyVersion);
    assert_eq!(upload(&mut world, 0).0, [RecordVerdict::AlreadyKnown, refused]);
}

#[test]
fn a_batch_that_is_uploaded_twice_cut_or_reordered_is_paid_once() {
    let mut world = funded();
    (0..5).for_each(|_| world.sell(0, 0, 10, Mishap::None));
    world.upload(0, 3, 250);
    assert_eq!(paid(&mut world, 0), 20);
    world.upload(0, 1, usize::MAX);
    assert_eq!(paid(&mut world, 0), 50);
    assert_eq!(upload(&mut world, 0).0, [RecordVerdict::AlreadyKnown; 5]);
    assert_eq!(world.cards[&asn(&world)].gaps().count(), 0);
}

#[test]
fn a_bad_record_never_blocks_the_rest() {
    let mut world = funded();
    (0..3).for_each(|_| world.sell(0, 0, 10, Mishap::None));
    let records = &mut world.terminals[0].records;
    records[1].amount = Units(900);
    let wrong = RecordVerdict::Refused(RefusalReason::WrongTac);
    assert_eq!(world.upload(0, 0, usize::MAX).0, [RecordVerdict::Accepted, wrong, RecordVerdict::Accepted]);
    assert_eq!(paid(&mut world, 0), 20);
    let gap = (Sequence(1), Sequence(1));
    assert_eq!(world.cards[&asn(&world)].gaps().collect::<Vec<_>>(), [gap]);
}

#[test]
fn a_tac_under_another_sequence_is_not_paid_again() {
    let mut world = funded();
    world.sell(0, 0, 10, Mishap::None);
    let mut again = world.terminals[0].records[0];
    again.sequence = wire::Sequence(7);
    world.terminals[0].records.push(again);
    let (verdicts, findings) = world.upload(0, 0, usize::MAX);
    assert_eq!(verdicts[1], RecordVerdict::Refused(RefusalReason::Clone));
    assert_eq!(findings, [Finding::NumberUsedTwice(Sequence(7))]);
    assert!(world.cards[&asn(&world)].listed().is_none(), "the terminal lies, not the card");
    assert_eq!(paid(&mut world, 0), 10);
}

#[test]
fn records_of_strangers_are_refused() {
    let mut world = funded();
    (0..5).for_each(|_| world.sell(0, 0, 10, Mishap::None));
    let records = &mut world.terminals[0].records;
    records[0].asn = wire::Asn([9; 10]);
    records[1].issuer = wire::IssuerId([9; 8]);
    records[2].terminal = wire::TerminalId([9; 6]);
    records[3].kind = wire::DebitKind::Cash;
    records[4].balance_before = Units(9);
    let reasons = [
        RefusalReason::UnknownCard,
        RefusalReason::UnknownCard,
        RefusalReason::WrongTerminal,
        RefusalReason::Kind,
        RefusalReason::Malformed,
    ];
    assert_eq!(world.upload(0, 0, usize::MAX).0, reasons.map(RecordVerdict::Refused));
    assert_eq!(paid(&mut world, 0), 0);
}

/// The debit was done, and the terminal did not hear it.
#[test]
fn an_unknown_outcome_is_settled_by_the_next_sellers_record() {
    let mut world = funded();
    world.sell(0, 0, 300, Mishap::Unheard);
    assert_eq!(upload(&mut world, 0), (vec![RecordVerdict::Accepted], vec![]));
    assert_eq!((paid(&mut world, 0), world.cards[&asn(&world)].held()), (0, Amount::new(300)));
    load(&mut world, 0, 50);
    world.sell(0, 1, 10, Mishap::None);
    assert_eq!(upload(&mut world, 1).1, [Finding::Inferred(Sequence(0))]);
    assert_eq!((paid(&mut world, 0), paid(&mut world, 1)), (300, 10));
}

#[test]
fn an_unknown_outcome_is_not_settled_by_its_own_seller() {
    let mut world = funded();
    world.sell(0, 0, 300, Mishap::Unheard);
    world.sell(0, 0, 10, Mishap::None);
    upload(&mut world, 0);
    assert_eq!(paid(&mut world, 0), 10);
}

#[test]
fn an_unknown_debit_that_was_not_is_told_by_the_debit_that_bore_its_sequence() {
    let mut world = funded();
    world.sell(0, 0, 300, Mishap::Torn(0));
    world.sell(0, 1, 20, Mishap::None);
    upload(&mut world, 0);
    upload(&mut world, 1);
    assert_eq!((paid(&mut world, 0), paid(&mut world, 1)), (0, 20));
    assert_eq!(world.cards[&asn(&world)].held(), Amount::ZERO);
    assert!(world.cards[&asn(&world)].listed().is_none());
}

/// Two debits of one amount: the one that was not is inferred, until the other's TAC comes.
#[test]
fn a_tac_overrules_what_was_inferred() {
    let mut world = funded();
    world.sell(0, 0, 300, Mishap::Torn(0));
    world.sell(0, 1, 300, Mishap::None);
    world.sell(0, 2, 10, Mishap::None);
    world.upload(0, 0, usize::MAX);
    assert_eq!(world.upload(2, 0, usize::MAX).1, [Finding::Inferred(Sequence(0))]);
    assert_eq!(paid(&mut world, 0), 300);
    assert_eq!(world.upload(1, 0, usize::MAX).1, [Finding::Overruled(Sequence(0))]);
    assert_eq!((paid(&mut world, 0), paid(&mut world, 1), shadow(&world)), (0, 300, 690));
    world.audit();
}

/// As before, but nobody knows the outcome of either.
#[test]
fn what_was_inferred_is_withdrawn_when_another_debit_fits_too() {
    let mut world = funded();
    world.sell(0, 0, 300, Mishap::Torn(0));
    world.sell(0, 1, 300, Mishap::Unheard);
    world.sell(0, 2, 10, Mishap::None);
    world.upload(0, 0, usize::MAX);
    world.upload(2, 0, usize::MAX);
    assert_eq!(paid(&mut world, 0), 300);
    assert_eq!(world.upload(1, 0, usize::MAX).1, [Finding::Ambiguous(Sequence(0))]);
    assert_eq!((paid(&mut world, 0), paid(&mut world, 1)), (0, 0));
    assert_eq!(world.cards[&asn(&world)].held(), Amount::new(300), "a person decides");
    world.audit();
}

#[test]
fn nothing_is_inferred_while_a_load_is_in_doubt() {
    let mut world = funded();
    world.sell(0, 0, 300, Mishap::Unheard);
    world.online(0, Direction::Load, 50, Fate::CodeLate).unwrap();
    world.sell(0, 1, 10, Mishap::None);
    world.upload(0, 0, usize::MAX);
    assert_eq!(world.upload(1, 0, usize::MAX).1, []);
    world.late_code();
    let (now, card) = (world.now(), asn(&world));
    let cleared = world.card(card).infer_held(now);
    assert_eq!(cleared.findings, [Finding::Inferred(Sequence(0))]);
    world.post(&cleared.transfers);
    world.audit();
}

/// What the load in doubt put onto the card makes the wrong one of two debits fit.
#[test]
fn a_load_in_doubt_lets_no_wrong_debit_fit() {
    let mut world = funded();
    world.sell(0, 0, 100, Mishap::Torn(0));
    world.sell(0, 1, 150, Mishap::Unheard);
    world.online(0, Direction::Load, 50, Fate::CodeLost).unwrap();
    world.sell(0, 2, 10, Mishap::None);
    world.upload(0, 0, usize::MAX);
    assert_eq!(world.upload(2, 0, usize::MAX).1, []);
    assert_eq!(paid(&mut world, 0), 0);
}

#[test]
fn a_debit_that_was_withdrawn_is_paid_when_its_tac_comes() {
    let mut world = funded();
    world.sell(0, 1, 300, Mishap::Torn(0));
    world.sell(0, 0, 300, Mishap::None);
    world.sell(0, 2, 10, Mishap::None);
    let done = std::mem::replace(&mut world.terminals[0].records[0].outcome, Outcome::Unknown);
    for terminal in [0, 2, 1] {
        world.upload(terminal, 0, usize::MAX);
    }
    assert_eq!(paid(&mut world, 0), 0, "two debits fit");
    world.terminals[0].records[0].outcome = done;
    assert_eq!(upload(&mut world, 0).0, [RecordVerdict::Accepted]);
    assert_eq!((paid(&mut world, 0), paid(&mut world, 1)), (300, 0));
}

#[test]
fn a_cancel_that_was_inferred_and_then_proven_takes_back_once() {
    let mut world = funded();
    world.sell(0, 0, 300, Mishap::None);
    world.sell(0, 0, 200, Mishap::None);
    world.cancel(0, Mishap::None);
    let proven = world.terminals[0].records[1].outcome;
    if let Outcome::Cancelled { debit, cancel, .. } = proven {
        world.terminals[0].records[1].outcome = Outcome::CancelUnknown { debit, cancel };
    }
    world.sell(0, 1, 10, Mishap::None);
    for terminal in [0, 1] {
        world.upload(terminal, 0, usize::MAX);
    }
    assert_eq!(paid(&mut world, 0), 300);
    world.terminals[0].records[1].outcome = proven;
    assert_eq!(upload(&mut world, 0).0, [RecordVerdict::AlreadyKnown, RecordVerdict::Accepted]);
    assert_eq!((paid(&mut world, 0), shadow(&world)), (300, 690));
}

#[test]
fn a_terminal_cannot_fill_a_sequence_with_inventions() {
    let mut world = funded();
    world.sell(0, 0, 10, Mishap::Unheard);
    let honest = world.terminals[0].records[0];
    for number in 0..20 {
        let transaction = wire::TerminalTransaction(100 + number);
        world.terminals[0].records.push(wire::PurseRecord { transaction, ..honest });
    }
    let (verdicts, findings) = world.upload(0, 0, usize::MAX);
    let refused = RecordVerdict::Refused(RefusalReason::Clone);
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == refused).count(), 5);
    assert_eq!(findings, [Finding::TooManyHeld(Sequence(0)); 5]);
    assert_eq!(paid(&mut world, 0), 0);
}

#[test]
fn a_cancel_takes_back_what_the_debit_paid_once() {
    let mut world = funded();
    world.sell(0, 0, 300, Mishap::None);
    upload(&mut world, 0);
    world.cancel(0, Mishap::None);
    assert!(matches!(world.terminals[0].records[0].outcome, Outcome::Cancelled { .. }));
    upload(&mut world, 0);
    assert_eq!((paid(&mut world, 0), shadow(&world)), (0, 1_000));
    assert_eq!(upload(&mut world, 0).0, [RecordVerdict::AlreadyKnown]);
}

#[test]
fn a_cancel_with_a_wrong_tac_takes_nothing_back() {
    let mut world = funded();
    world.sell(0, 0, 300, Mishap::None);
    world.cancel(0, Mishap::None);
    if let Outcome::Cancelled { given_back, .. } = &mut world.terminals[0].records[0].outcome {
        *given_back = Tac([1, 2, 3, 4]);
    }
    let refused = RecordVerdict::Refused(RefusalReason::WrongTac);
    assert_eq!(world.upload(0, 0, usize::MAX).0, [refused]);
}

#[test]
fn an_unknown_cancel_is_settled_by_the_next_sellers_record() {
    let mut world = funded();
    world.sell(0, 0, 300, Mishap::None);
    world.cancel(0, Mishap::Unheard);
    upload(&mut world, 0);
    assert_eq!(paid(&mut world, 0), 300);
    world.sell(0, 1, 10, Mishap::None);
    assert_eq!(upload(&mut world, 1).1, [Finding::CancelInferred(Sequence(0))]);
    assert_eq!((paid(&mut world, 0), shadow(&world)), (0, 990));
}

#[test]
fn a_cancel_that_is_uploaded_late_leaves_excess_for_a_while() {
    let mut world = funded();
    world.sell(0, 0, 1_000, Mishap::None);
    upload(&mut world, 0);
    world.cancel(0, Mishap::None);
    world.sell(0, 1, 800, Mishap::None);
    upload(&mut world, 1);
    let card = &world.cards[&asn(&world)];
    assert_eq!((card.shadow().excess(), card.counterfeit(world.now(), WINDOW)), (800, 0));
    assert_eq!(paid(&mut world, 1), 800, "the second seller is paid");
    upload(&mut world, 0);
    assert_eq!(shadow(&world), 200);
}

#[test]
fn a_clone_that_spends_the_same_sequence_is_found_and_listed() {
    let mut world = funded();
    world.copy(0);
    world.sell(0, 0, 100, Mishap::None);
    world.sell(1, 1, 60, Mishap::None);
    upload(&mut world, 0);
    let (verdicts, findings) = upload(&mut world, 1);
    assert_eq!(verdicts, [RecordVerdict::Refused(RefusalReason::Clone)]);
    assert_eq!(findings, [Finding::Clone(Sequence(0))]);
    assert_eq!(world.cards[&asn(&world)].listed().unwrap().0, CardStatus::Cloned);
    let mut book = StatusBook::default();
    assert!(book.note(&world.cards[&asn(&world)]));
    let list = book.issue(HOURS, &list_issuer()).unwrap();
    assert_eq!(list.status(&wire::Asn(asn(&world).0)), Some(CardStatus::Cloned));
    assert_eq!(world.online(0, Direction::Load, 1, Fate::Well), Err(OnlineRefusal::Card));
}

#[test]
fn a_copy_that_is_behind_its_card_online_gets_nothing() {
    let mut world = funded();
    world.copy(0);
    load(&mut world, 0, 10);
    assert_eq!(world.online(1, Direction::Load, 10, Fate::Well), Err(OnlineRefusal::Behind));
    world.audit();
}

/// A copy that never meets the same sequence twice spends what was never loaded.
#[test]
fn a_counterfeit_is_what_is_spent_beyond_the_shadow_balance_after_the_window() {
    let mut world = funded();
    world.copy(0);
    world.sell(0, 0, 900, Mishap::None);
    (0..3).for_each(|_| world.sell(1, 1, 300, Mishap::None));
    // The copy's owner keeps back the sale that would give it away.
    world.terminals[1].records.remove(0);
    world.upload(0, 0, usize::MAX);
    world.upload(1, 0, usize::MAX);
    let card = &world.cards[&asn(&world)];
    assert_eq!(card.counterfeit(world.now(), WINDOW), 0);
    assert_eq!(card.counterfeit(Seconds(world.now().0 + WINDOW.0), WINDOW), 500);
    assert_eq!(world.equation().difference(), 0);
}

const HOURS: ListHours = ListHours { issued: Seconds(0), expires: Seconds(86_400) };

fn list_issuer() -> ListIssuer {
    ListIssuer { name: SubjectId([1; 16]), key: KeyPair::from_seed(&[2; 32]) }
}

#[test]
fn each_list_is_a_version_of_its_own() {
    let mut world = funded();
    let mut book = StatusBook::default();
    assert!(!book.note(&world.cards[&asn(&world)]));
    let empty = book.issue(HOURS, &list_issuer()).unwrap();
    let card = asn(&world);
    world.card(card).list(CardStatus::Lost, Seconds(5));
    assert!(book.note(&world.cards[&card]) && !book.note(&world.cards[&card]));
    let list = book.issue(HOURS, &list_issuer()).unwrap();
    assert!(list.version() > empty.version());
    assert_eq!(list.entries().len(), 1);
}

#[test]
fn a_completion_of_the_white_list_is_the_one_that_the_card_accepts() {
    let world = funded();
    let (order, sequence) = (OrderId([7; 16]), wire::Sequence(3));
    let mut book = WhiteBook::default();
    book.paid(&world.keys, &world.cards[&asn(&world)], (1, 0), (order, sequence)).unwrap();
    let list = book.issue(HOURS, &list_issuer()).unwrap();
    let completion = list.completion(&wire::Asn(asn(&world).0), &order, sequence).unwrap();
    let key: Key<Completion> = master::<Completion>().diversified(Algorithm::TripleDes, asn(&world).factor());
    let token =
        own::completion_token(&key, &asn(&world), &purse::fields::OrderId(order.0), Sequence(sequence.0));
    assert_eq!(completion.token(), token);
    book.closed(wire::Asn(asn(&world).0), order, sequence);
    assert!(book.issue(HOURS, &list_issuer()).unwrap().entries().is_empty());
}

#[test]
fn the_mac_of_a_grade_is_the_one_that_the_card_accepts() {
    let world = funded();
    let grade =
        Grade { grade: 1, due_max: Amount::new(900), expiry: Date([0x20, 0x27, 0x01, 0x31]), version: 2 };
    let identity = world.cards[&asn(&world)].identity();
    let mac = world.keys.grade_mac(&identity.key(1, 0), &grade).unwrap();
    let key: Key<key::Grade> = master::<key::Grade>().diversified(Algorithm::TripleDes, asn(&world).factor());
    assert_eq!(own::grade_token(&key, &asn(&world), &grade)[11..], mac);
    assert!(world.keys.grade_mac(&identity.key(2, 0), &grade).is_err());
}

#[test]
fn a_lost_card_is_refunded_after_the_window_once_and_for_what_was_not_spent() {
    let mut world = funded();
    world.sell(0, 0, 100, Mishap::None);
    world.sell(0, 1, 50, Mishap::Unheard);
    let card = asn(&world);
    let now = world.now();
    assert_eq!(world.card(card).refund_lost(now, WINDOW), Err(LostCardRefusal::NotListed));
    world.card(card).list(CardStatus::Lost, now);
    assert_eq!(world.card(card).refund_lost(now, WINDOW), Err(LostCardRefusal::WindowOpen));
    world.upload(0, 0, usize::MAX);
    world.upload(1, 0, usize::MAX);
    let later = Seconds(now.0 + WINDOW.0);
    let transfers = world.card(card).refund_lost(later, WINDOW).unwrap();
    world.post(&transfers);
    assert_eq!(wallet(&mut world), -1_000 + 850, "what is held may still be the seller's");
    assert_eq!(world.card(card).refund_lost(later, WINDOW), Err(LostCardRefusal::Closed));
    // Who sells to a closed card is not paid.
    world.sell(0, 2, 10, Mishap::None);
    let closed = RecordVerdict::Refused(RefusalReason::CardClosed);
    assert_eq!(world.upload(2, 0, usize::MAX).0, [closed]);
}

#[test]
fn a_load_in_doubt_of_a_lost_card_is_its_holders() {
    let mut world = funded();
    world.online(0, Direction::Load, 500, Fate::AnswerLost).unwrap();
    world.give_up(asn(&world));
    assert_eq!((wallet(&mut world), world.ledger_sum()), (0, 0));
}

#[test]
fn a_merchant_pays_for_a_batch_once() {
    let mut world = funded();
    world.sell(0, 0, 100, Mishap::None);
    upload(&mut world, 0);
    world.ledger.create_accounts(Timestamp(1), &[purse_chart::fees(Currency::CNY)]).unwrap();
    let terminal = wire::TerminalId(world.terminals[0].id.0);
    let fee = Money::from_minor(3, Currency::CNY).unwrap();
    let fee = postings::batch_fee(terminal, wire::BatchNumber(1), world.terminals[0].account, fee);
    world.post(&[fee]);
    let again = world.ledger.create_transfers(Timestamp(1), &[fee]).unwrap();
    assert_eq!(again[0].status, CreateTransferStatus::Exists);
    assert_eq!(paid(&mut world, 0), 97);
}

#[test]
fn keys_do_not_show_themselves() {
    assert_eq!(format!("{:?}", World::new(0, 0).keys), "SoftwareKeyStore");
}

#[test]
fn value_on_the_card_is_the_shadow_balance_when_all_is_cleared() {
    let mut world = funded();
    world.sell(0, 0, 123, Mishap::TappedAgain(5));
    upload(&mut world, 0);
    assert_eq!(i128::from(balance(&world.plastic[0].1)), shadow(&world));
    assert_eq!(world.plastic[0].1.contents().pocket(Which::Purse).online, Sequence(1));
}

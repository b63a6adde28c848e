//! Clearing of batches.

use messages::card::receipt::{RecordVerdict as Verdict, RefusalReason};
use messages::card::{Outcome, TerminalId};
use operations::card_purses::view::{self, EntryKind};
use operations::card_purses::{CardPurseRefusal, clearing, exceptions, terminals};
use operations::{OperationError, Party};
use pki::KeyPair;
use records::operations::{Filter, OperationKind};

use super::stage::{FOUNDER, Stage, refused, stage};
use super::till::Mishap;
use super::world::{cny, now};

/// Two cards with 20.00 each, and two terminals.
fn market() -> Stage {
    let mut stage = stage(2, 2);
    stage.load("a", 0, 2_000);
    stage.load("b", 1, 2_000);
    stage
}

fn sell(stage: &mut Stage, till: usize, card: usize, amount: u32, mishap: Mishap) {
    stage.tills[till].sell(&mut stage.cards[card], amount, mishap);
}

fn takings(stage: &Stage) -> Vec<(OperationKind, u64)> {
    let filter = Filter { merchant: Some(stage.world.shop), ..Filter::default() };
    let page = now(operations::history::page(stage.operations(), filter, None, 100)).unwrap();
    let of_cards = |kind| matches!(kind, OperationKind::CardTakings | OperationKind::CardReturns);
    let rows = page.operations.iter().filter(|row| of_cards(row.kind));
    rows.map(|row| (row.kind, row.amount.minor())).collect()
}

#[test]
fn a_batch_is_paid_once_however_often_it_is_uploaded() {
    let mut stage = market();
    let before = stage.world.money().shop;
    sell(&mut stage, 0, 0, 300, Mishap::None);
    sell(&mut stage, 0, 1, 40, Mishap::None);
    sell(&mut stage, 0, 0, 5, Mishap::None);
    let batch = stage.tills[0].batch(1);
    let first = now(clearing::upload(stage.operations(), stage.tills[0].id, &batch)).unwrap();
    let moved = stage.world.transfers();
    for _ in 0..3 {
        let again = now(clearing::upload(stage.operations(), stage.tills[0].id, &batch)).unwrap();
        assert_eq!(again, first, "the same receipt");
    }
    assert_eq!(stage.world.transfers(), moved);
    assert_eq!(stage.upload(0, 2), Ok(vec![Verdict::AlreadyKnown; 3]), "under another number");
    assert_eq!(stage.world.transfers(), moved);
    assert_eq!(stage.world.money().shop, before + 345);
    assert_eq!(takings(&stage), [(OperationKind::CardTakings, 345)]);
    let log = now(view::log(stage.operations(), stage.cards[0].asn, None, 10)).unwrap();
    let debits: Vec<_> = log.iter().map(|entry| (entry.kind, entry.amount, entry.merchant)).collect();
    let shop = Some(stage.world.shop);
    let expected = [
        (EntryKind::Debit, cny(5), shop),
        (EntryKind::Debit, cny(300), shop),
        (EntryKind::Load, cny(2_000), None),
    ];
    assert_eq!(debits, expected);
    stage.check_settled();
}

#[test]
fn records_in_any_order_and_in_pieces_are_paid_the_same() {
    let mut stage = market();
    let before = stage.world.money().shop;
    for amount in 1..=9 {
        sell(&mut stage, 0, usize::from(amount % 2 == 0), amount, Mishap::None);
    }
    let mut records = stage.tills[0].records.clone();
    records.reverse();
    let batches = [
        stage.tills[0].batch_of(1, &records[..4]),
        stage.tills[0].batch_of(2, &records[2..]),
        stage.tills[0].batch_of(3, &records),
    ];
    for batch in &batches {
        assert!(
            stage
                .upload_bytes(0, batch)
                .unwrap()
                .iter()
                .all(|verdict| { matches!(verdict, Verdict::Accepted | Verdict::AlreadyKnown) })
        );
        stage.check();
    }
    assert_eq!(stage.world.money().shop, before + 45);
    stage.check_settled();
}

#[test]
fn a_cancelled_sale_goes_back_to_the_card() {
    let mut stage = market();
    let before = stage.world.money().shop;
    sell(&mut stage, 0, 0, 300, Mishap::None);
    stage.upload(0, 1).unwrap();
    assert_eq!(stage.world.money().shop, before + 300);
    let Stage { tills, cards, .. } = &mut stage;
    tills[0].cancel(&mut cards[0]);
    assert_eq!(stage.upload(0, 2), Ok(vec![Verdict::Accepted]));
    assert_eq!((stage.world.money().shop, stage.view(0).shadow), (before, cny(2_000)));
    assert_eq!(takings(&stage), [(OperationKind::CardReturns, 300), (OperationKind::CardTakings, 300)]);
    stage.check_settled();
}

#[test]
fn a_seller_that_has_too_little_to_give_back_leaves_it_to_suspense() {
    let mut stage = market();
    sell(&mut stage, 0, 0, 300, Mishap::None);
    stage.upload(0, 1).unwrap();
    let has = stage.world.money().shop;
    let request =
        operations::vouchers::SaleRequest { seller: FOUNDER, merchant: stage.world.shop, amount: cny(has) };
    now(operations::vouchers::sell(stage.operations(), &super::world::key("all"), request)).unwrap();
    let Stage { tills, cards, .. } = &mut stage;
    tills[0].cancel(&mut cards[0]);
    assert_eq!(stage.upload(0, 2), Ok(vec![Verdict::Accepted]));
    let totals = now(operations::totals::count(stage.operations())).unwrap();
    assert_eq!(totals.currencies[0].suspense, -300);
    stage.check_settled();
}

#[test]
fn a_debit_of_which_nobody_heard_is_held_until_the_next_seller_shows_it() {
    let mut stage = market();
    let before = stage.world.money().shop;
    sell(&mut stage, 0, 0, 300, Mishap::Unheard);
    stage.upload(0, 1).unwrap();
    assert_eq!((stage.world.money().shop, stage.view(0).held), (before, cny(300)));
    let held = now(exceptions::list(stage.operations())).unwrap().held;
    assert_eq!((held.len(), held[0].amount, held[0].merchant), (1, cny(300), Some(stage.world.shop)));
    stage.check();
    // Its own seller's next sale proves nothing; here both tills are the same shop's.
    sell(&mut stage, 1, 0, 20, Mishap::None);
    stage.upload(1, 1).unwrap();
    assert_eq!(stage.world.money().shop, before + 20);
    assert_eq!(stage.view(0).gaps, []);
    stage.check();
}

#[test]
fn a_torn_debit_is_what_the_card_says_it_is() {
    for at in 0..16 {
        let mut stage = market();
        sell(&mut stage, 0, 0, 300, Mishap::Torn(at));
        let was_done = stage.cards[0].offline_sequence() == 1;
        stage.upload(0, 1).unwrap();
        stage.check();
        if was_done {
            assert_eq!(stage.view(0).held, cny(300), "write {at}");
        }
    }
}

#[test]
fn what_is_no_batch_of_the_terminal_is_refused_whole() {
    let mut stage = market();
    let before = stage.world.transfers();
    sell(&mut stage, 0, 0, 300, Mishap::None);
    let batch = stage.tills[0].batch(1);
    let id = stage.tills[0].id;
    let upload = |id: TerminalId, bytes: &[u8]| now(clearing::upload(stage.operations(), id, bytes));
    assert_eq!(upload(id, &batch[..100]), refused(CardPurseRefusal::NotABatch));
    assert_eq!(upload(id, &batch[..batch.len() - 1]), refused(CardPurseRefusal::NotABatch));
    assert_eq!(upload(id, &[batch.as_slice(), &[0]].concat()), refused(CardPurseRefusal::NotABatch));
    assert_eq!(upload(stage.tills[1].id, &batch), refused(CardPurseRefusal::NotABatch), "another terminal's");
    for at in 0..batch.len() {
        let mut other = batch.clone();
        other[at] ^= 1;
        assert!(upload(id, &other).is_err(), "byte {at}");
    }
    let unknown = upload(TerminalId([0; 6]), &batch);
    assert_eq!(unknown, Err(OperationError::NotFound(Party::Terminal)));
    now(terminals::block(stage.operations(), FOUNDER, id)).unwrap();
    assert_eq!(upload(id, &batch), refused(CardPurseRefusal::TerminalBlocked));
    now(terminals::unblock(stage.operations(), FOUNDER, id)).unwrap();
    assert_eq!(stage.world.transfers(), before);
    assert_eq!(stage.upload(0, 1), Ok(vec![Verdict::Accepted]));
    stage.check_settled();
}

#[test]
fn a_batch_that_somebody_else_signed_or_under_a_used_number_is_refused() {
    let mut stage = market();
    sell(&mut stage, 0, 0, 300, Mishap::None);
    let right = std::mem::replace(&mut stage.tills[0].key, KeyPair::from_seed(&[77; 32]));
    assert_eq!(stage.upload(0, 1), refused(CardPurseRefusal::BadSignature));
    stage.tills[0].key = right;
    stage.upload(0, 1).unwrap();
    sell(&mut stage, 0, 0, 1, Mishap::None);
    assert_eq!(stage.upload(0, 1), refused(CardPurseRefusal::OtherBatch));
    assert_eq!(stage.upload(0, 2), Ok(vec![Verdict::AlreadyKnown, Verdict::Accepted]));
    stage.check_settled();
}

#[test]
fn one_bad_record_does_not_stop_the_others_and_is_kept_for_a_person() {
    let mut stage = market();
    sell(&mut stage, 0, 0, 300, Mishap::None);
    sell(&mut stage, 0, 1, 40, Mishap::None);
    let mut records = stage.tills[0].records.clone();
    let mut forged = records[0];
    forged.amount.0 += 1;
    let mut strange = records[1];
    strange.asn.0[9] = 0x77;
    records.splice(0..0, [forged, strange]);
    let verdicts = stage.upload_bytes(0, &stage.tills[0].batch_of(1, &records)).unwrap();
    let expected = [
        Verdict::Refused(RefusalReason::WrongTac),
        Verdict::Refused(RefusalReason::UnknownCard),
        Verdict::Accepted,
        Verdict::Accepted,
    ];
    assert_eq!(verdicts, expected);
    let refused = now(exceptions::list(stage.operations())).unwrap().refused;
    assert_eq!(refused.len(), 2);
    assert!(refused.iter().any(|record| record.asn == forged.asn && record.record == forged.to_bytes()));
    stage.check_settled();
}

#[test]
fn a_cloned_card_is_listed_at_once_and_its_second_debit_is_not_paid() {
    let mut stage = market();
    let before = stage.world.money().shop;
    let mut copy = stage.cards[0].clone();
    sell(&mut stage, 0, 0, 300, Mishap::None);
    stage.tills[1].sell(&mut copy, 500, Mishap::None);
    stage.upload(0, 1).unwrap();
    let verdicts = stage.upload(1, 1).unwrap();
    assert_eq!(verdicts, [Verdict::Refused(RefusalReason::Clone)]);
    assert_eq!(stage.world.money().shop, before + 300);
    let list = now(operations::card_purses::lists::status(stage.operations(), Default::default()));
    let list = operations::card_purses::lists::listed(&list.unwrap().unwrap()).unwrap();
    assert_eq!(list.status(&stage.cards[0].asn), Some(messages::card::CardStatus::Cloned));
    assert_eq!(now(exceptions::list(stage.operations())).unwrap().findings.len(), 1);
    stage.check_settled();
}

#[test]
fn of_many_who_upload_one_batch_at_once_one_is_paid() {
    let mut stage = market();
    let before = stage.world.money().shop;
    for amount in 1..=20 {
        sell(&mut stage, 0, usize::from(amount % 3 == 0), amount, Mishap::None);
    }
    let batch = stage.tills[0].batch(1);
    let receipts: Vec<_> = std::thread::scope(|scope| {
        let (stage, batch) = (&stage, &batch);
        let upload = move || now(clearing::upload(stage.operations(), stage.tills[0].id, batch));
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(upload)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
    });
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]), "one receipt");
    assert_eq!(stage.world.money().shop, before + 210);
    stage.check_settled();
}

#[test]
fn an_unknown_outcome_that_the_terminal_learns_is_paid_then() {
    let mut stage = market();
    let before = stage.world.money().shop;
    sell(&mut stage, 0, 0, 300, Mishap::Unheard);
    stage.upload(0, 1).unwrap();
    let proof = stage.cards[0].send([0x80, 0x5A, 0x00, 0x06], &[&1_u16.to_be_bytes()]).unwrap();
    assert_eq!(proof.status, 0x9000);
    stage.tills[0].records[0].outcome = Outcome::Done(messages::card::Tac(proof.part(4)));
    assert_eq!(stage.upload(0, 2), Ok(vec![Verdict::Accepted]));
    assert_eq!(stage.world.money().shop, before + 300);
    stage.check_settled();
}

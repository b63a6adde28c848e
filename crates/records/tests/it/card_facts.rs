//! What is true of card purses on every store.

use ledger::NANOSECONDS_PER_SECOND;
use messages::card::{
    Asn, BatchNumber, IssuerId, ListVersion, OrderId, Seconds, Sequence, TerminalId, TerminalTransaction,
};
use money::Currency;
use records::card_dues::{self, CardDue, CardDueState, DueCounts};
use records::card_lists::{self, CardList, SignedVersion};
use records::card_places::{self, CardPlace};
use records::card_postings::{self, CardPostings};
use records::card_purses::{self, CardListing, CardPurse, CardPurseState};
use records::card_uploads::{self, CardFinding, CardUpload, FoundAt, RefusedRecord, UploadReceipt};
use records::issue_batches::{self, IssueBatch};
use records::load_orders::{self, LoadOrder, LoadOrderState};
use records::terminals::{self, Terminal};
use records::{Sql, merchants};
use wallet::ids::{
    CardDueId, HolderId, IssueBatchId, LoadOrderId, MerchantId, OperationId, PostingsId, PrincipalId,
};

use crate::facts::{done, refused};
use crate::samples::{at, merchant, yuan};
use crate::stage::Stage;

const BATCH: IssueBatchId = IssueBatchId::new(7);
const TERMINAL: TerminalId = TerminalId([0x36, 4, 0x86, 0x60, 0, 1]);

pub(crate) fn asn(number: u8) -> Asn {
    Asn([0, 0, 0x31, 0x56, 0x20, 0x26, 0, 0, 0, number])
}

fn batch() -> IssueBatch {
    IssueBatch {
        id: BATCH,
        currency: Currency::CNY,
        label: "spring".to_owned(),
        first_number: 1,
        cards: 300,
        key_version: 1,
        valid_from: 20_000,
        valid_until: 21_000,
        made_by: PrincipalId::new(1),
        made_at: at(1),
    }
}

fn card(number: u8) -> CardPurse {
    CardPurse {
        asn: asn(number),
        issuer: IssuerId(*b"issuer 1"),
        batch: BATCH,
        currency: Currency::CNY,
        holder: None,
        code_attempts: 0,
        own: 0,
        excess: 0,
        excess_since: None,
        listed: None,
        is_closed: false,
        online_sequence: Sequence(0),
        online: Vec::new(),
        moved: Vec::new(),
        postings: None,
        last_seen: None,
        revision: 0,
    }
}

/// A batch with so many cards, the first of them with a holder.
pub(crate) async fn cards(stage: &Stage, count: u8) {
    done(stage, move |sql| {
        issue_batches::insert(sql, &batch())?;
        for number in 1..=count {
            let holder = (number == 1).then_some(HolderId::new(5));
            card_purses::insert(sql, &CardPurse { holder, ..card(number) })?;
        }
        Ok(())
    })
    .await;
}

pub(crate) async fn a_card_is_written_only_as_it_was_read(stage: Stage) {
    cards(&stage, 3).await;
    let read = stage.records.read(|sql| card_purses::get(sql, asn(2))).await.expect("reads");
    let read = read.expect("is there");
    assert_eq!(read, card(2));
    let changed = CardPurse {
        holder: Some(HolderId::new(9)),
        own: 500,
        excess: 0,
        excess_since: Some(Seconds(77)),
        listed: Some((CardListing::Cloned, Seconds(78))),
        online_sequence: Sequence(3),
        online: vec![1, 2, 3],
        moved: vec![4; 16],
        postings: Some(PostingsId::new(8)),
        last_seen: Some(at(9)),
        ..read
    };
    let row = changed.clone();
    assert!(done(&stage, move |sql| card_purses::update(sql, &row)).await);
    let row = changed.clone();
    assert!(!done(&stage, move |sql| card_purses::update(sql, &row)).await, "somebody was faster");
    let stage = stage.reopened();
    let (mut all, listed, of_nine, online, sums) = stage
        .records
        .read(|sql| {
            Ok((
                card_purses::get_all(sql, &[asn(2), asn(3), asn(99)])?,
                card_purses::listed(sql)?,
                card_purses::of_holder(sql, HolderId::new(9))?,
                card_purses::with_online(sql)?,
                card_purses::sums(sql)?,
            ))
        })
        .await
        .expect("reads");
    all.sort_by_key(|card| card.asn);
    let written = CardPurse { revision: 1, ..changed };
    assert_eq!(all.iter().map(|card| card.asn).collect::<Vec<_>>(), [asn(2), asn(3)]);
    assert_eq!((&listed, &of_nine, &online), (&vec![written.clone()], &listed, &listed));
    assert_eq!(written.state(), CardPurseState::Listed);
    assert_eq!((sums[0].bound, sums[0].own, sums.len()), (2, 500, 1));
}

pub(crate) async fn a_batch_of_cards_has_numbers_that_no_other_has(stage: Stage) {
    cards(&stage, 2).await;
    assert_eq!(done(&stage, |sql| issue_batches::next_number(sql)).await, 301);
    let other = IssueBatch { id: IssueBatchId::new(8), ..batch() };
    let why = refused(&stage, move |sql| issue_batches::insert(sql, &other)).await;
    assert!(why.is_conflict(issue_batches::NUMBER_TAKEN), "{why}");
    let listed = stage.records.read(issue_batches::list).await.expect("reads");
    assert_eq!(listed, [batch()]);
}

fn place(card: u8, sequence: u16) -> CardPlace {
    CardPlace {
        asn: asn(card),
        sequence: Sequence(sequence),
        content: vec![9; 45],
        number: Some((TERMINAL, TerminalTransaction(u32::from(sequence) + 1_000 * u32::from(card)))),
        amount: 30,
        happened_at: at(u64::from(sequence)),
        is_open: false,
    }
}

pub(crate) async fn places_of_a_card_are_found_by_sequence_and_by_number(stage: Stage) {
    done(&stage, |sql| {
        for number in 1..=3 {
            for sequence in 0..200 {
                card_places::put(sql, &place(number, sequence))?;
            }
        }
        let held = CardPlace { number: None, is_open: true, content: vec![1], ..place(2, 7) };
        card_places::put(sql, &held)
    })
    .await;
    let read = stage.records.read(|sql| {
        let ranges: Vec<_> = (0..150).map(|at| (asn(1), Sequence(at), Sequence(at))).collect();
        let numbers: Vec<u32> = (0..400).map(|at| 2_000 + at).collect();
        Ok((
            card_places::within(sql, &ranges)?.len(),
            card_places::within(sql, &[(asn(2), Sequence(6), Sequence(8))])?,
            card_places::with_numbers(sql, TERMINAL, &numbers)?.len(),
            card_places::newest(sql, asn(2), at(8), 2)?,
            (card_places::has_open(sql, asn(1))?, card_places::has_open(sql, asn(2))?),
            card_places::open(sql, 10)?.len(),
            card_places::count(sql)?,
        ))
    });
    let (many, mut around, numbered, newest, open, all_open, count) = read.await.expect("reads");
    around.sort_by_key(|place| place.sequence);
    // The last range of a statement is repeated to fill it; a row is found once all the same.
    assert_eq!((many, numbered, all_open, count), (150, 199, 1, 600));
    assert_eq!(around.iter().map(|place| place.sequence.0).collect::<Vec<_>>(), [6, 7, 8]);
    assert_eq!((around[0].number, around[1].number), (place(2, 6).number, None));
    assert_eq!(newest.iter().map(|place| place.sequence.0).collect::<Vec<_>>(), [7, 6]);
    assert_eq!(open, (false, true));
}

pub(crate) async fn a_load_order_changes_only_from_the_state_that_it_was_read_in(stage: Stage) {
    cards(&stage, 1).await;
    let order = LoadOrder {
        id: LoadOrderId::new(3),
        asn: asn(1),
        holder: HolderId::new(5),
        amount: yuan(50),
        state: LoadOrderState::Waiting,
        attempt: 0,
        operation: None,
        ordered_at: at(1),
        changed_at: at(1),
    };
    let begun = LoadOrder {
        state: LoadOrderState::Begun,
        attempt: 1,
        operation: Some(OperationId::new(4)),
        ..order.clone()
    };
    let (first, again) = (order.clone(), LoadOrder { amount: yuan(60), ..order });
    done(&stage, move |sql| load_orders::insert(sql, &first)).await;
    done(&stage, move |sql| load_orders::insert(sql, &again)).await;
    let row = begun.clone();
    assert!(done(&stage, move |sql| load_orders::change(sql, &row, LoadOrderState::Waiting)).await);
    let row = begun.clone();
    assert!(!done(&stage, move |sql| load_orders::change(sql, &row, LoadOrderState::Waiting)).await);
    let read = |sql: &mut dyn Sql| {
        Ok((load_orders::open(sql, asn(1))?, load_orders::of_operation(sql, OperationId::new(4))?))
    };
    let (open, of_operation) = stage.records.read(read).await.expect("reads");
    assert_eq!((open, of_operation), (vec![begun.clone()], Some(begun)));
}

/// A part of a split sale of card 1, owed since second `owed_since`.
fn due(number: u128, sequence: u16, owed_since: u64) -> CardDue {
    CardDue {
        id: CardDueId::new(number),
        asn: asn(1),
        order: OrderId([7; 16]),
        sequence: Sequence(sequence),
        key: (1, 0),
        holder: HolderId::new(5),
        merchant: MerchantId::new(9),
        terminal: TerminalId([1; 6]),
        amount: yuan(8),
        state: CardDueState::Owed,
        attempt: 0,
        operation: None,
        owed_since: at(owed_since),
        collected_at: None,
        is_listed: false,
    }
}

pub(crate) async fn an_owed_part_changes_only_from_where_it_was_read(stage: Stage) {
    cards(&stage, 1).await;
    for due in [due(1, 3, 10), due(2, 4, 20)] {
        let row = due.clone();
        assert!(done(&stage, move |sql| card_dues::insert(sql, &row)).await);
        assert!(!done(&stage, move |sql| card_dues::insert(sql, &due)).await);
    }
    let collected = CardDue {
        state: CardDueState::Collected,
        operation: Some(OperationId::new(4)),
        collected_at: Some(at(12)),
        is_listed: true,
        ..due(1, 3, 10)
    };
    for (attempt, expected) in [(1, false), (0, true), (0, false)] {
        let row = collected.clone();
        let from = (CardDueState::Owed, attempt);
        assert_eq!(done(&stage, move |sql| card_dues::change(sql, &row, from)).await, expected);
    }
    let read = |sql: &mut dyn Sql| {
        Ok((card_dues::owed(sql, CardDueId::new(0), 9)?, card_dues::listed(sql)?, card_dues::open(sql, 9)?))
    };
    let (owed, listed, open) = stage.records.read(read).await.expect("reads");
    assert_eq!((owed, listed), (vec![due(2, 4, 20)], vec![collected.clone()]));
    assert_eq!(open, vec![due(2, 4, 20)]);
    let of_card = stage.records.read(|sql| card_dues::of_card(sql, asn(1), 9)).await.expect("reads");
    assert_eq!(of_card, vec![due(2, 4, 20), collected]);
    assert_eq!(done(&stage, |sql| card_dues::unlist_before(sql, asn(1), Sequence(3))).await, 0);
    assert_eq!(done(&stage, |sql| card_dues::unlist_before(sql, asn(1), Sequence(4))).await, 1);
    assert_eq!(stage.records.read(card_dues::listed).await.expect("reads"), vec![]);
}

pub(crate) async fn owed_parts_are_counted_as_on_time_late_or_failed(stage: Stage) {
    cards(&stage, 1).await;
    let collected = |number, sequence, owed, at_second| CardDue {
        state: CardDueState::Collected,
        collected_at: Some(at(at_second)),
        ..due(number, sequence, owed)
    };
    let disowned = CardDue { state: CardDueState::Disowned, ..due(6, 8, 1) };
    let all = [collected(1, 3, 10, 15), collected(2, 4, 10, 16), due(3, 5, 20), due(4, 6, 30), disowned];
    for row in all {
        assert!(done(&stage, move |sql| card_dues::insert(sql, &row)).await);
    }
    let seconds = |seconds: u64| seconds * NANOSECONDS_PER_SECOND;
    let count = move |sql: &mut dyn Sql| card_dues::counts(sql, HolderId::new(5), seconds(5), at(25));
    let counts = stage.records.read(count).await.expect("reads");
    assert_eq!(counts, DueCounts { on_time: 1, late: 1, failed: 1, oldest_owed: Some(at(20)) });
    let nobody = move |sql: &mut dyn Sql| card_dues::counts(sql, HolderId::new(6), seconds(5), at(25));
    assert_eq!(stage.records.read(nobody).await.expect("reads"), DueCounts::default());
}

pub(crate) async fn a_version_of_a_list_is_kept_once(stage: Stage) {
    let signed = |version, content: u8| SignedVersion {
        list: CardList::Status,
        version: ListVersion(version),
        content: vec![content; 20],
        issued_at: at(1),
    };
    for (version, content, is_new) in [(1, 7, true), (2, 8, true), (2, 9, false)] {
        let row = signed(version, content);
        assert_eq!(done(&stage, move |sql| card_lists::insert(sql, &row)).await, is_new);
    }
    let newest = |list| stage.records.read(move |sql| card_lists::newest(sql, list));
    assert_eq!(newest(CardList::Status).await.expect("reads"), Some(signed(2, 8)));
    assert_eq!(newest(CardList::White).await.expect("reads"), None);
}

async fn terminal(stage: &Stage) {
    done(stage, |sql| {
        merchants::insert(sql, &merchant(1))?;
        let terminal = Terminal {
            id: TERMINAL,
            merchant: MerchantId::new(1),
            label: "by the door".to_owned(),
            public_key: [7; 32],
            is_blocked: false,
            registered_at: at(1),
            last_seen: None,
            lists: [ListVersion(0); 3],
        };
        terminals::insert(sql, &terminal)
    })
    .await;
}

pub(crate) async fn a_terminal_keeps_what_was_noted_of_it(stage: Stage) {
    terminal(&stage).await;
    done(&stage, |sql| {
        terminals::set_blocked(sql, TERMINAL, true)?;
        terminals::seen(sql, TERMINAL, at(5))?;
        terminals::has_list(sql, TERMINAL, CardList::White, ListVersion(3))
    })
    .await;
    let read = |sql: &mut dyn Sql| {
        let all = terminals::after(sql, TerminalId([0; 6]), 10)?;
        Ok((terminals::get(sql, TERMINAL)?, all, terminals::of_merchant(sql, MerchantId::new(1))?))
    };
    let (one, all, of_merchant) = stage.records.read(read).await.expect("reads");
    let one = one.expect("is there");
    assert_eq!((one.is_blocked, one.last_seen, one.lists.map(|list| list.0)), (true, Some(at(5)), [0, 3, 0]));
    assert_eq!((&all, &of_merchant), (&vec![one], &all));
}

pub(crate) async fn a_batch_of_a_terminal_has_one_receipt(stage: Stage) {
    terminal(&stage).await;
    let upload = |link: u8| CardUpload {
        terminal: TERMINAL,
        number: BatchNumber(1),
        link: [link; 32],
        records: 2,
        done: 30,
        unknown: 0,
        cancelled: 0,
        clock: at(3),
        uploaded_at: at(4),
        receipt: None,
    };
    let (first, other) = (upload(1), upload(2));
    assert_eq!(done(&stage, move |sql| card_uploads::begin(sql, &first)).await, upload(1));
    assert_eq!(done(&stage, move |sql| card_uploads::begin(sql, &other)).await, upload(1));
    let receipt = |content: u8| UploadReceipt {
        accepted: 1,
        already_known: 0,
        refused: 1,
        content: vec![content; 162],
    };
    let name = (TERMINAL, BatchNumber(1));
    for content in [5, 6] {
        let receipt_ = receipt(content);
        let kept = done(&stage, move |sql| card_uploads::finish(sql, name, &receipt_)).await;
        assert_eq!(kept.and_then(|upload| upload.receipt), Some(receipt(5)), "the first one stands");
    }
    let refused = RefusedRecord {
        terminal: TERMINAL,
        number: BatchNumber(1),
        place: 1,
        asn: asn(1),
        record: vec![1; 104],
        reason: 0x14,
        refused_at: at(5),
    };
    let found = FoundAt { asn: asn(1), sequence: Sequence(4), finding: CardFinding::Clone, found_at: at(5) };
    let row = refused.clone();
    done(&stage, move |sql| {
        for _ in 0..2 {
            card_uploads::refuse(sql, &row)?;
            card_uploads::find(sql, &found)?;
        }
        Ok(())
    })
    .await;
    let read = |sql: &mut dyn Sql| {
        let of_terminal = card_uploads::of_terminal(sql, TERMINAL, 10)?.len();
        Ok((card_uploads::refusals(sql, 10)?, card_uploads::findings(sql, 10)?, of_terminal))
    };
    let told = stage.records.read(read).await.expect("reads");
    assert_eq!(told, (vec![refused], vec![found], 1));
}

pub(crate) async fn transfers_that_are_to_be_made_are_told_in_their_order_until_they_are_made(stage: Stage) {
    done(&stage, |sql| {
        for number in [3_u8, 1, 2] {
            let postings = CardPostings {
                id: PostingsId::new(u128::from(number)),
                transfers: vec![number; 88],
                decided_at: at(u64::from(number)),
            };
            card_postings::insert(sql, &postings)?;
        }
        card_postings::delete(sql, PostingsId::new(2))
    })
    .await;
    let read = |sql: &mut dyn Sql| {
        let ids: Vec<PostingsId> = (1..=300).map(PostingsId::new).collect();
        Ok((card_postings::oldest(sql, 10)?, card_postings::get_all(sql, &ids)?))
    };
    let (oldest, all) = stage.records.read(read).await.expect("reads");
    assert_eq!(oldest.iter().map(|postings| postings.id.bits()).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(oldest, all);
}

//! What terminals and the issuer send each other: whatever is read is written as the same bytes, and nothing that somebody
//! changed, cut, swapped or kept back is believed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use messages::card::{
    AlgorithmId, Asn, BatchNumber, Cancel, CardStatus, Completion, DateTime, DebitKind, IssuerId, KeyVersion,
    ListVersion, MalformedRecord, OrderId, Outcome, ParametersList, PurseRecord, RECORD_BYTES, Seconds,
    Sequence, SplitPart, StatusEntry, StatusList, Tac, TerminalId, TerminalParameters, TerminalTransaction,
    Units, WhiteList,
    batch::{
        BatchClosing, BatchLink, BatchReader, BatchTally, HEADER_BYTES, ListsHeld, NotTheBatch, OutcomeSums,
        SignedHeader,
    },
    receipt::{BatchReceipt, NotTheReceipt, RecordVerdict, RefusalReason},
    signed_list::{Entry, LIST_HEADER_BYTES, ListHours, ListRefusal, ListTrust, Newest, SignedList, accept},
};
use pki::{KeyPair, SubjectId};
use proptest::prelude::*;

const WHEN: DateTime = DateTime([0x20, 0x26, 0x11, 0x22, 0x13, 0x30, 0x00]);
const TERMINAL: TerminalId = TerminalId([0x36, 4, 0x86, 0x60, 0, 2]);
const ISSUER: SubjectId = SubjectId([0x15; 16]);

fn terminal_key() -> KeyPair {
    KeyPair::from_seed(&[1; 32])
}

fn issuer_key() -> KeyPair {
    KeyPair::from_seed(&[2; 32])
}

fn date_times() -> impl Strategy<Value = DateTime> {
    let bcd = |number: u8| number / 10 * 16 + number % 10;
    (0..100_u8, 1..=12_u8, 1..=31_u8, 0..24_u8, 0..60_u8, 0..60_u8).prop_map(
        move |(year, month, day, hour, minute, second)| {
            DateTime([0x20, bcd(year), bcd(month), bcd(day), bcd(hour), bcd(minute), bcd(second)])
        },
    )
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    let tac = || any::<[u8; 4]>().prop_map(Tac);
    let cancel = || {
        (any::<u32>(), date_times())
            .prop_map(|(number, when)| Cancel { transaction: TerminalTransaction(number), when })
    };
    prop_oneof![
        tac().prop_map(Outcome::Done),
        Just(Outcome::Unknown),
        (tac(), cancel(), tac()).prop_map(|(debit, cancel, given_back)| Outcome::Cancelled {
            debit,
            cancel,
            given_back
        }),
        (tac(), cancel()).prop_map(|(debit, cancel)| Outcome::CancelUnknown { debit, cancel }),
    ]
}

fn splits() -> impl Strategy<Value = SplitPart> {
    (any::<[u8; 8]>(), any::<u32>(), any::<[u8; 16]>(), any::<[u8; 4]>()).prop_map(
        |(payer, due, order, tac)| SplitPart { payer, due: Units(due), order: OrderId(order), tac: Tac(tac) },
    )
}

fn records() -> impl Strategy<Value = PurseRecord> {
    let numbers = (any::<u32>(), any::<u32>(), any::<u16>(), any::<u32>());
    let names = (any::<[u8; 8]>(), any::<[u8; 10]>(), any::<[u8; 6]>(), any::<[u8; 2]>());
    let kinds = proptest::sample::select(DebitKind::ALL.as_slice());
    let parts = (kinds, date_times(), outcomes(), proptest::option::of(splits()));
    (numbers, names, parts).prop_map(|(numbers, names, (kind, when, outcome, split))| PurseRecord {
        issuer: IssuerId(names.0),
        asn: Asn(names.1),
        kind,
        amount: Units(numbers.0),
        balance_before: Units(numbers.1),
        sequence: Sequence(numbers.2),
        terminal: TerminalId(names.2),
        transaction: TerminalTransaction(numbers.3),
        when,
        key_version: KeyVersion(names.3[0]),
        algorithm: AlgorithmId(names.3[1]),
        outcome,
        split,
    })
}

/// A batch of records as it is uploaded.
fn batch(records: &[PurseRecord]) -> Vec<u8> {
    let mut tally = BatchTally::default();
    let content: Vec<u8> = records.iter().flat_map(|record| tally.add(record).unwrap()).collect();
    let closing = BatchClosing {
        terminal: TERMINAL,
        number: BatchNumber(7),
        clock: WHEN,
        lists: ListsHeld { status: ListVersion(3), white: ListVersion(2), parameters: ListVersion(1) },
        previous: BatchLink([9; 32]),
    };
    [tally.header(&closing).signed(&terminal_key()).to_bytes().as_slice(), &content].concat()
}

/// Reads a batch in pieces of so many bytes.
fn read(
    bytes: &[u8],
    piece: usize,
) -> (SignedHeader, Vec<Result<PurseRecord, MalformedRecord>>, Result<(), NotTheBatch>) {
    let (header, content) = bytes.split_first_chunk::<HEADER_BYTES>().unwrap();
    let header = SignedHeader::parse(header).unwrap();
    let mut reader = BatchReader::new(&header);
    let mut found = Vec::new();
    content.chunks(piece).for_each(|piece| reader.feed(piece, |record| found.push(record)));
    (header, found, reader.finish())
}

proptest! {
    #[test]
    fn a_record_is_read_as_it_was_written(record in records()) {
        prop_assert_eq!(PurseRecord::parse(&record.to_bytes()), Ok(record));
    }

    #[test]
    fn what_is_read_as_a_record_has_one_encoding(
        record in records(), at in 0..RECORD_BYTES, change in 1..=255_u8,
    ) {
        let mut bytes = record.to_bytes();
        bytes[at] ^= change;
        if let Ok(other) = PurseRecord::parse(&bytes) {
            prop_assert_eq!(other.to_bytes(), bytes);
            prop_assert_ne!(other, record);
        }
    }

    #[test]
    fn random_bytes_are_read_or_refused(bytes in any::<[u8; RECORD_BYTES]>(), kind in 0..10_u8) {
        let _refused = PurseRecord::parse(&bytes);
        let mut likely = bytes;
        likely[..4].copy_from_slice(&[1, kind % 4, 6, kind % 2]);
        let _refused = PurseRecord::parse(&likely);
    }

    #[test]
    fn a_batch_is_read_the_same_in_pieces_of_any_length(
        records in proptest::collection::vec(records(), 0..20), piece in 1..400_usize,
    ) {
        let (header, found, end) = read(&batch(&records), piece);
        prop_assert_eq!(header.verify(&terminal_key().public()), Ok(()));
        prop_assert!(found.into_iter().eq(records.into_iter().map(Ok)));
        prop_assert_eq!(end, Ok(()));
    }

    #[test]
    fn a_batch_that_differs_in_one_byte_is_not_the_terminals(
        records in proptest::collection::vec(records(), 1..5), at in any::<proptest::sample::Index>(),
        change in 1..=255_u8,
    ) {
        let mut bytes = batch(&records);
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        let header = SignedHeader::parse(bytes.first_chunk().unwrap());
        let is_signed = header.is_ok_and(|header| header.verify(&terminal_key().public()).is_ok());
        prop_assert!(!is_signed || read(&bytes, 64).2.is_err());
    }

    #[test]
    fn a_list_is_found_entry_by_entry(mut cards in proptest::collection::vec(any::<[u8; 10]>(), 0..50)) {
        cards.sort_unstable();
        cards.dedup();
        let entries = cards.iter().map(|asn| StatusEntry { asn: Asn(*asn), status: CardStatus::Lost });
        let list = status_list(5, entries.collect());
        let (read, newest) = accept::<StatusEntry>(&list.to_bytes(), &trust(Newest::default())).unwrap();
        prop_assert_eq!(&read, &list);
        prop_assert_eq!(newest.version, ListVersion(5));
        for asn in &cards {
            prop_assert_eq!(read.status(&Asn(*asn)), Some(CardStatus::Lost));
        }
        prop_assert_eq!(read.status(&Asn([0x55; 10])), None);
    }

    #[test]
    fn a_list_that_differs_in_one_byte_is_refused(at in 0..LIST_HEADER_BYTES + 24, change in 1..=255_u8) {
        let entry = |first| StatusEntry { asn: Asn([first; 10]), status: CardStatus::Cloned };
        let mut bytes = status_list(5, vec![entry(1), entry(2)]).to_bytes();
        bytes[at] ^= change;
        let refusal = accept::<StatusEntry>(&bytes, &trust(Newest::default())).unwrap_err();
        prop_assert!(matches!(refusal, ListRefusal::Malformed | ListRefusal::Signature));
    }

    #[test]
    fn random_lists_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(accept::<StatusEntry>(&bytes, &trust(Newest::default())).is_err());
        prop_assert!(accept::<Completion>(&bytes, &trust(Newest::default())).is_err());
        prop_assert!(accept::<TerminalParameters>(&bytes, &trust(Newest::default())).is_err());
    }
}

fn record(outcome: Outcome) -> PurseRecord {
    PurseRecord {
        issuer: IssuerId([1; 8]),
        asn: Asn([2; 10]),
        kind: DebitKind::Purchase,
        amount: Units(500),
        balance_before: Units(900),
        sequence: Sequence(3),
        terminal: TERMINAL,
        transaction: TerminalTransaction(4),
        when: WHEN,
        key_version: KeyVersion(1),
        algorithm: AlgorithmId(0),
        outcome,
        split: None,
    }
}

#[test]
fn what_an_outcome_does_not_have_must_be_empty() {
    let bytes = record(Outcome::Unknown).to_bytes();
    // TAC, cancel, TAC of the cancel, split, and the bytes between.
    for at in 51..RECORD_BYTES {
        let mut bytes = bytes;
        bytes[at] = 0x11;
        assert_eq!(PurseRecord::parse(&bytes), Err(MalformedRecord::NotZero), "byte {at}");
    }
}

#[test]
fn unknown_versions_kinds_outcomes_and_dates_are_refused() {
    let good = record(Outcome::Done(Tac([5; 4]))).to_bytes();
    let with = |at: usize, byte: u8| {
        let mut bytes = good;
        bytes[at] = byte;
        PurseRecord::parse(&bytes)
    };
    assert_eq!(with(0, 2), Err(MalformedRecord::Version));
    assert_eq!(with(1, 4), Err(MalformedRecord::Outcome));
    assert_eq!(with(2, 7), Err(MalformedRecord::Kind));
    assert_eq!(with(3, 2), Err(MalformedRecord::NotZero));
    assert_eq!(with(44, 0x13), Err(MalformedRecord::DateTime));
    assert_eq!(with(48, 0x6A), Err(MalformedRecord::DateTime));
}

#[test]
fn a_batch_adds_up_by_outcome() {
    let cancel = Cancel { transaction: TerminalTransaction(5), when: WHEN };
    let tac = Tac([5; 4]);
    let records = [
        record(Outcome::Done(tac)),
        record(Outcome::Unknown),
        record(Outcome::Cancelled { debit: tac, cancel, given_back: tac }),
        record(Outcome::CancelUnknown { debit: tac, cancel }),
    ];
    let (header, ..) = read(&batch(&records), 50);
    assert_eq!(header.header().sums, OutcomeSums { done: 500, unknown: 1_000, cancelled: 500 });
}

#[test]
fn a_bad_record_does_not_stop_the_others() {
    let mut bytes = batch(&[record(Outcome::Unknown); 3]);
    bytes[HEADER_BYTES + RECORD_BYTES] = 0xEE;
    let (_, found, end) = read(&bytes, 64);
    assert_eq!(found[1], Err(MalformedRecord::Version));
    assert!(found[0].is_ok() && found[2].is_ok());
    assert_eq!(end, Err(NotTheBatch::Content));
}

#[test]
fn a_batch_that_is_cut_or_too_long_is_noticed_and_nothing_beyond_it_is_read() {
    let bytes = batch(&[record(Outcome::Unknown); 3]);
    for cut in HEADER_BYTES..bytes.len() {
        let (_, found, end) = read(&bytes[..cut], 64);
        assert_eq!(found.len(), (cut - HEADER_BYTES) / RECORD_BYTES);
        assert_eq!(end, Err(NotTheBatch::Truncated));
    }
    let (_, found, end) = read(&[bytes.as_slice(), &bytes[HEADER_BYTES..]].concat(), 64);
    assert_eq!((found.len(), end), (3, Err(NotTheBatch::TooLong)));
}

#[test]
fn records_in_another_order_are_another_batch() {
    let (first, second) = (record(Outcome::Unknown), record(Outcome::Done(Tac([1; 4]))));
    let (mut bytes, other) = (batch(&[first, second]), batch(&[second, first]));
    bytes[HEADER_BYTES..].copy_from_slice(&other[HEADER_BYTES..]);
    assert_eq!(read(&bytes, 64).2, Err(NotTheBatch::Content));
}

#[test]
fn each_batch_is_linked_to_the_one_before() {
    let links = [1_u32, 2].map(|number| {
        let closing = BatchClosing {
            terminal: TERMINAL,
            number: BatchNumber(number),
            clock: WHEN,
            lists: ListsHeld::default(),
            previous: BatchLink::NONE,
        };
        BatchTally::default().header(&closing).signed(&terminal_key()).link()
    });
    assert!(links[0] != links[1] && links[0] != BatchLink::NONE);
}

fn signed_header(bytes: &[u8]) -> SignedHeader {
    SignedHeader::parse(bytes.first_chunk().unwrap()).unwrap()
}

#[test]
fn a_receipt_is_good_for_its_batch_only() {
    let header = signed_header(&batch(&[record(Outcome::Unknown); 3]));
    let verdicts = [
        RecordVerdict::Accepted,
        RecordVerdict::AlreadyKnown,
        RecordVerdict::Refused(RefusalReason::WrongTac),
    ];
    let bytes = BatchReceipt::signed(&header, &verdicts, &issuer_key()).to_bytes();
    let receipt = BatchReceipt::parse(&bytes, &header, &issuer_key().public()).unwrap();
    assert!(receipt.verdicts().eq(verdicts));
    assert_eq!(receipt.to_bytes(), bytes);
    let other = signed_header(&batch(&[record(Outcome::Done(Tac([1; 4]))); 3]));
    assert_eq!(
        BatchReceipt::parse(&bytes, &other, &issuer_key().public()),
        Err(NotTheReceipt::Verdicts),
        "the link differs"
    );
    let shorter = signed_header(&batch(&[record(Outcome::Unknown); 2]));
    assert_eq!(BatchReceipt::parse(&bytes, &shorter, &issuer_key().public()), Err(NotTheReceipt::OtherBatch));
    assert_eq!(BatchReceipt::parse(&bytes, &header, &terminal_key().public()), Err(NotTheReceipt::Signature));
}

#[test]
fn a_receipt_that_differs_in_one_byte_is_none() {
    let header = signed_header(&batch(&[record(Outcome::Unknown); 3]));
    let verdicts = [RecordVerdict::Accepted; 3];
    let bytes = BatchReceipt::signed(&header, &verdicts, &issuer_key()).to_bytes();
    for at in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        assert!(BatchReceipt::parse(&bytes, &header, &issuer_key().public()).is_err(), "byte {at}");
        assert!(BatchReceipt::parse(&bytes[..at], &header, &issuer_key().public()).is_err());
    }
}

#[test]
fn every_verdict_has_a_byte_of_its_own() {
    for verdict in RecordVerdict::ALL {
        assert_eq!(RecordVerdict::from_byte(verdict.byte()), Some(verdict));
    }
}

const HOURS: ListHours = ListHours { issued: Seconds(1_000), expires: Seconds(2_000) };

fn list<E: Entry>(version: u32, entries: Vec<E>) -> SignedList<E> {
    SignedList::signed(ListVersion(version), HOURS, entries, (ISSUER, &issuer_key())).unwrap()
}

fn status_list(version: u32, entries: Vec<StatusEntry>) -> StatusList {
    list(version, entries)
}

fn trust(newest: Newest) -> ListTrust<'static> {
    static KEY: std::sync::LazyLock<pki::PublicKey> = std::sync::LazyLock::new(|| issuer_key().public());
    ListTrust { issuer: ISSUER, key: &KEY, newest, now: Seconds(1_500) }
}

#[test]
fn an_older_list_is_refused_however_well_it_is_signed() {
    let lost = StatusEntry { asn: Asn([1; 10]), status: CardStatus::Lost };
    let old = status_list(4, Vec::new()).to_bytes();
    let new = status_list(5, vec![lost]).to_bytes();
    let (_, newest) = accept::<StatusEntry>(&new, &trust(Newest::default())).unwrap();
    assert_eq!(accept::<StatusEntry>(&old, &trust(newest)).unwrap_err(), ListRefusal::Older);
    assert!(accept::<StatusEntry>(&new, &trust(newest)).is_ok(), "the same again");
    let forked = status_list(5, Vec::new()).to_bytes();
    assert_eq!(accept::<StatusEntry>(&forked, &trust(newest)).unwrap_err(), ListRefusal::Forked);
}

#[test]
fn a_list_is_good_in_its_hours_and_from_its_issuer() {
    let bytes = status_list(5, Vec::new()).to_bytes();
    let good = trust(Newest::default());
    let refusal = |trust: ListTrust<'_>| accept::<StatusEntry>(&bytes, &trust).unwrap_err();
    assert_eq!(refusal(ListTrust { now: Seconds(2_000), ..good }), ListRefusal::Expired);
    assert!(accept::<StatusEntry>(&bytes, &ListTrust { now: Seconds(1_999), ..good }).is_ok());
    assert_eq!(refusal(ListTrust { issuer: SubjectId([0; 16]), ..good }), ListRefusal::OtherIssuer);
    let key = terminal_key().public();
    assert_eq!(refusal(ListTrust { key: &key, ..good }), ListRefusal::Signature);
}

#[test]
fn a_list_of_one_kind_is_none_of_another() {
    let bytes = status_list(5, Vec::new()).to_bytes();
    let refusal = accept::<Completion>(&bytes, &trust(Newest::default())).unwrap_err();
    assert_eq!(refusal, ListRefusal::Malformed);
}

#[test]
fn entries_out_of_order_or_twice_are_no_list() {
    let entry = |first, status| StatusEntry { asn: Asn([first; 10]), status };
    for entries in [
        vec![entry(2, CardStatus::Lost), entry(1, CardStatus::Lost)],
        vec![entry(1, CardStatus::Lost), entry(1, CardStatus::Cloned)],
    ] {
        let list = StatusList::signed(ListVersion(1), HOURS, entries, (ISSUER, &issuer_key()));
        assert!(list.is_err());
    }
}

#[test]
fn a_white_list_finds_a_completion_by_card_order_and_sequence() {
    let completion = |sequence| Completion {
        asn: Asn([1; 10]),
        order: OrderId([7; 16]),
        sequence: Sequence(sequence),
        mac: [3; 8],
    };
    let list: WhiteList = list(2, vec![completion(4), completion(9)]);
    let (list, _) = accept::<Completion>(&list.to_bytes(), &trust(Newest::default())).unwrap();
    let find = |sequence| list.completion(&Asn([1; 10]), &OrderId([7; 16]), Sequence(sequence));
    assert_eq!(find(9), Some(&completion(9)));
    assert_eq!(find(5), None);
    assert_eq!(completion(9).token()[16..], [0, 9, 3, 3, 3, 3, 3, 3, 3, 3]);
}

#[test]
fn there_is_one_set_of_parameters() {
    let parameters = TerminalParameters {
        currency: 156,
        key_version_min: KeyVersion(2),
        floor_limit: Units(20_000),
        sale_limit: Units(100_000),
        status_list_age_max: Seconds(86_400),
        due_max: [0, 0, 500, 1_000, 2_000, 5_000, 10_000, 20_000].map(Units),
    };
    let list: ParametersList = list(9, vec![parameters]);
    let (list, _) = accept::<TerminalParameters>(&list.to_bytes(), &trust(Newest::default())).unwrap();
    assert_eq!(list.parameters(), Some(&parameters));
    assert_eq!(parameters.due_max(4), Units(2_000));
    assert_eq!(parameters.due_max(200), Units(0));
    let none = ParametersList::signed(ListVersion(9), HOURS, vec![], (ISSUER, &issuer_key()));
    assert!(none.is_err());
}

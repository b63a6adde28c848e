//! How many records a second one thread clears: reads them from a batch, checks their TACs, decides, and writes down what the
//! ledger shall do. The ledger itself is not part of it.
//!
//! `cargo run --release -p issuer --example clearing_rate [RECORDS]`

use std::{collections::BTreeMap, time::Instant};

use issuer::{
    batch_clearing::BatchClearing,
    clearing::Seller,
    master_keys::{MasterKeys, SoftwareKeyStore},
    sample::Sample,
};
use ledger::AccountId;
use messages::card::{
    BatchNumber, DateTime, Seconds,
    batch::{BatchClosing, BatchLink, BatchReader, BatchTally, ListsHeld},
    receipt::RecordVerdict,
};
use pki::KeyPair;
use purse::{fields::Asn, pboc::key::Key};

fn main() {
    let records: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let sample = Sample { cards: records.div_ceil(20), debits: 20, terminals: 1 };
    let masters = MasterKeys {
        load: Key::new(*b"loads of a desk!"),
        unload: Key::new(*b"unloads of desks"),
        codes: Key::new(*b"codes of a card!"),
        completion: Key::new(*b"splits completed"),
        grade: Key::new(*b"grades of credit"),
    };
    let mut keys = SoftwareKeyStore::default();
    keys.put(1, &masters);
    let mut cards: BTreeMap<Asn, _> = sample.cards().map(|card| (card.identity().asn, card)).collect();
    let mut tally = BatchTally::default();
    let content: Vec<u8> = sample.records(&keys).filter_map(|record| tally.add(&record)).flatten().collect();
    let closing = BatchClosing {
        terminal: Sample::terminal(0),
        number: BatchNumber(1),
        clock: DateTime([0x20, 0x26, 0x11, 0x22, 0x23, 0x59, 0x59]),
        lists: ListsHeld::default(),
        previous: BatchLink::NONE,
    };
    let header = tally.header(&closing).signed(&KeyPair::from_seed(&[1; 32]));
    for upload in ["first upload", "the same again"] {
        let begin = Instant::now();
        let mut reader = BatchReader::new(&header);
        let seller = Seller { terminal: Sample::terminal(0), account: AccountId(u128::MAX - 1) };
        let mut clearing = Counted::new(seller);
        for piece in content.chunks(64 * 1024) {
            reader.feed(piece, |record| clearing.take(&mut cards, &keys, &record));
        }
        reader.finish().expect("the batch is whole");
        let seconds = begin.elapsed().as_secs_f64();
        let count = clearing.clearing.records_cleared();
        let rate = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds;
        println!(
            "{upload}: {count} records in {seconds:.2} s, {rate:.0} a second; {} accepted, {} transfers",
            clearing.accepted, clearing.transfers
        );
    }
}

/// A clearing, and what it counted.
struct Counted {
    clearing: BatchClearing,
    accepted: u64,
    transfers: usize,
}

impl Counted {
    const fn new(seller: Seller) -> Self {
        Self { clearing: BatchClearing::new(seller), accepted: 0, transfers: 0 }
    }

    fn take(
        &mut self,
        cards: &mut BTreeMap<Asn, issuer::purse_card::PurseCard>,
        keys: &SoftwareKeyStore,
        record: &Result<messages::card::PurseRecord, messages::card::MalformedRecord>,
    ) {
        let cleared = self.clearing.next(cards, keys, record, Seconds(0)).expect("keys in memory answer");
        self.accepted += u64::from(cleared.verdict == RecordVerdict::Accepted);
        self.transfers += cleared.transfers.len();
    }
}

//! A terminal's journal as a broken disk or a stranger may leave it: it is refused, or read, and then what is appended to it is
//! read again behind all that was there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terminal::{
    book::{Book, KeptSince},
    disk::Disk,
    entry::Entry,
    journal::{Entries, Journal, UPKEEP_ROOM_BYTES, read},
    simulated_disk::SimulatedDisk,
};

const FILE: &str = "journal";

/// The journal that these bytes are, opened.
fn open(bytes: &[u8]) -> Option<(Journal<SimulatedDisk>, Entries)> {
    let mut disk = SimulatedDisk::new();
    disk.replace(FILE, bytes).expect("the disk works");
    Journal::open(disk).ok()
}

/// What the entries come to, as far as they are ones and do not contradict each other.
fn book(entries: &[Vec<u8>]) -> Book {
    let mut book = Book::default();
    for entry in entries.iter().filter_map(|bytes| Entry::parse(bytes)) {
        let _ = book.apply(&entry);
    }
    book
}

/// A journal with these bytes as entries, or as one change of its file.
fn written(bytes: &[u8]) -> Vec<u8> {
    let (mut journal, _) = Journal::open(SimulatedDisk::new()).map_err(|(error, _)| error).expect("the disk works");
    let (change, entries) = bytes.split_at(bytes.len().min(4));
    for entry in entries.chunks(48) {
        journal.append(entry).expect("the disk works");
    }
    let mut disk = journal.into_disk();
    let mut file = disk.read(FILE).expect("the disk works").expect("it was begun");
    if let [high, low, mask, _] = change
        && let Some(byte) = file.get_mut(usize::from(u16::from_be_bytes([*high, *low])) % 4_096)
    {
        *byte ^= mask;
    }
    file
}

fuzz_target!(|bytes: &[u8]| {
    if let Some(entry) = Entry::parse(bytes) {
        assert_eq!(Entry::parse(&entry.to_bytes()), Some(entry));
    }
    for file in [bytes.to_vec(), written(bytes)] {
        let Some((mut journal, entries)) = open(&file) else { continue };
        assert_eq!(read(&file).expect("it was opened").entries, entries);
        let kept = book(&entries).kept(&KeptSince { done: 0, open: 0 });
        // What a rewritten journal begins with is never a contradiction.
        let mut again = Book::default();
        kept.iter().for_each(|entry| again.apply(entry).expect("what is kept fits together"));
        journal.reserve(UPKEEP_ROOM_BYTES).expect("the disk works");
        journal.append(&[1, 2, 3]).expect("the disk works");
        let mut disk = journal.into_disk();
        let file = disk.read(FILE).expect("the disk works").expect("it is there");
        let (_, longer) = open(&file).expect("what was opened opens again");
        assert_eq!(longer.split_last(), Some((&vec![1, 2, 3], entries.as_slice())));
    }
});

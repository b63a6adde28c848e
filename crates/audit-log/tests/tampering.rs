//! What a thousand random changes of a stored log do: each is found.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use audit_log::tree::{Frontier, leaf_hash};
use audit_log::{Entry, HEAD_BYTES, Head, LogKey, LogPublicKey, SignedHead, Stored, check};
use ledger::Timestamp;

/// A small generator with one line of state: the same seed, the same changes.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: usize) -> usize {
        // SplitMix64, Steele, Lea and Flood 2014.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }
}

#[derive(Clone, PartialEq)]
struct Log {
    entries: Vec<Stored>,
    heads: Vec<SignedHead>,
}

const SIZE: u64 = 40;

fn log(key: &LogKey) -> Log {
    let mut frontier = Frontier::default();
    let mut log = Log { entries: Vec::new(), heads: Vec::new() };
    for index in 0..SIZE {
        let details = [("amount", format!("{index}.50 CNY")), ("reason", "known customer".to_owned())];
        let at = Timestamp(1_000 + index);
        let entry = Entry::new((index, at), "0000000a", "review.released", "0000000b", &details);
        frontier.push(leaf_hash(&entry.to_bytes()));
        log.entries.push(Stored::from(&entry));
        log.heads.push(key.sign(Head { size: frontier.size(), at, root: frontier.root() }));
    }
    log
}

fn flip(bytes: &mut [u8], random: &mut Seeded) {
    let at = random.below(bytes.len());
    bytes[at] ^= 1 << random.below(8);
}

fn flip_text(text: &mut String, random: &mut Seeded) {
    let mut bytes = text.clone().into_bytes();
    let at = random.below(bytes.len());
    bytes[at] ^= 1 << random.below(4);
    *text = String::from_utf8(bytes).unwrap();
}

/// Changes one byte of one stored value, whichever column it is in.
fn change_byte(log: &mut Log, random: &mut Seeded) {
    let place = random.below(log.entries.len());
    let entry = &mut log.entries[place];
    match random.below(8) {
        0 => entry.index ^= 1 << random.below(8),
        1 => entry.at.0 ^= 1 << random.below(62),
        2 => flip_text(&mut entry.actor, random),
        3 => flip_text(&mut entry.action, random),
        4 => flip_text(&mut entry.subject, random),
        5 | 6 => flip(&mut entry.body, random),
        _ => {
            let mut bytes: [u8; HEAD_BYTES] = log.heads[place].to_bytes();
            flip(&mut bytes, random);
            log.heads[place] = SignedHead::from_bytes(&bytes);
        }
    }
}

/// Replaces a row by another that is in order by itself: only the tree can tell.
fn forge_row(log: &mut Log, random: &mut Seeded) {
    let place = random.below(log.entries.len());
    let old = Entry::from_bytes(&log.entries[place].body).unwrap();
    let details = [("amount", "9999.00 CNY".to_owned())];
    let forged = Entry::new((old.index, old.at), &old.actor, &old.action, &old.subject, &details);
    log.entries[place] = Stored::from(&forged);
}

fn remove_row(log: &mut Log, random: &mut Seeded) {
    let place = random.below(log.entries.len());
    log.entries.remove(place);
    if random.below(2) == 0 {
        log.heads.remove(place);
    }
}

fn swap_rows(log: &mut Log, random: &mut Seeded) {
    let (one, other) = (random.below(log.entries.len()), random.below(log.entries.len() - 1));
    let other = if other >= one { other + 1 } else { other };
    log.entries.swap(one, other);
    // Half the time the forger renumbers as well.
    if random.below(2) == 0 {
        let index = log.entries[one].index;
        log.entries[one].index = log.entries[other].index;
        log.entries[other].index = index;
    }
}

/// Cuts the end off, with or without the heads that tell of it.
fn truncate(log: &mut Log, random: &mut Seeded) {
    let kept = random.below(log.entries.len());
    log.entries.truncate(kept);
    if random.below(2) == 0 {
        log.heads.truncate(kept);
    }
}

/// Writes the log anew with a key of the forger's.
fn sign_anew(log: &mut Log, random: &mut Seeded) {
    forge_row(log, random);
    let key = LogKey::from_seed([99; 32]);
    let mut frontier = Frontier::default();
    for (stored, signed) in log.entries.iter().zip(&mut log.heads) {
        frontier.push(leaf_hash(&stored.body));
        *signed = key.sign(Head { root: frontier.root(), ..signed.head });
    }
}

fn found(log: &Log, public: &LogPublicKey, witness: SignedHead) -> bool {
    !check(&log.entries, &log.heads, public, &Some(witness)).findings.is_empty()
}

#[test]
fn a_thousand_random_changes_of_a_stored_log_are_all_found() {
    let key = LogKey::from_seed([7; 32]);
    let (whole, public) = (log(&key), key.public());
    let witness = whole.heads.last().copied().unwrap();
    let report = check(&whole.entries, &whole.heads, &public, &Some(witness));
    assert_eq!((report.entries, report.heads, report.findings), (SIZE, SIZE, Vec::new()));
    let mut random = Seeded(20_261_122);
    let kinds = [change_byte, forge_row, remove_row, swap_rows, truncate, sign_anew];
    for change in 0..1_000_usize {
        let mut tampered = whole.clone();
        kinds[change % kinds.len()](&mut tampered, &mut random);
        assert!(tampered != whole, "change {change} changes nothing");
        assert!(found(&tampered, &public, witness), "change {change} was not found");
    }
}

#[test]
fn a_log_that_grew_after_the_witness_looked_is_in_order() {
    let key = LogKey::from_seed([7; 32]);
    let whole = log(&key);
    for witness in &whole.heads {
        assert!(!found(&whole, &key.public(), *witness));
    }
}

#[test]
fn an_empty_log_is_in_order() {
    let key = LogKey::from_seed([7; 32]);
    let report = check(&[], &[], &key.public(), &None);
    assert_eq!((report.entries, report.findings), (0, Vec::new()));
}

//! Damage: a flipped bit anywhere is found, and a ledger that cannot be trusted is not opened.

use ledger::{Engine, Timestamp};
use ledger_embedded::storage::{SimDisk, Storage};
use ledger_embedded::{EmbeddedEngine, OpenError, verify};

use crate::workload::{OPTIONS, Workload, everything, open};

fn filled(seed: u64) -> (SimDisk, Workload) {
    let disk = SimDisk::new();
    let mut engine = open(&disk);
    let mut workload = Workload::new(seed);
    engine.create_accounts(Timestamp(1), &Workload::accounts()).expect("a healthy disk");
    for _ in 0..30 {
        let (now, batch) = (workload.now(), workload.batch());
        engine.create_transfers(now, &batch).expect("a healthy disk");
    }
    engine.close().expect("a healthy disk");
    (disk, workload)
}

#[test]
fn every_flipped_bit_is_found_by_verify() {
    let (disk, mut workload) = filled(3);
    assert_eq!(verify(disk.deep_clone()).expect("readable").findings, []);
    for name in disk.list().expect("readable") {
        let length = disk.bytes(&name).expect("listed").len() as u64;
        for _ in 0..150 {
            let copy = disk.deep_clone();
            let (offset, bit) = (workload.below(length) as usize, workload.below(8) as u8);
            copy.flip_bit(&name, offset, bit);
            let found = verify(copy).map_or(true, |verification| !verification.findings.is_empty());
            assert!(found, "bit {bit} of byte {offset} of {name}");
        }
    }
}

#[test]
fn after_a_flipped_bit_the_engine_answers_as_before_or_not_at_all() {
    let (disk, mut workload) = filled(4);
    let ids = workload.ids_so_far();
    let before = everything(&mut open(&disk.deep_clone()), &ids);
    for name in disk.list().expect("readable") {
        let length = disk.bytes(&name).expect("listed").len() as u64;
        for _ in 0..100 {
            let copy = disk.deep_clone();
            copy.flip_bit(&name, workload.below(length) as usize, workload.below(8) as u8);
            let Ok(mut engine) = EmbeddedEngine::open_with(copy, OPTIONS) else { continue };
            for (answer, expected) in everything(&mut engine, &ids).iter().zip(&before) {
                assert!(answer == expected || answer.starts_with("Err("), "{name}: {answer}");
            }
        }
    }
}

#[test]
fn a_torn_end_that_was_acknowledged_is_refused_and_not_cut_off() {
    let (disk, _) = filled(5);
    let last = disk.list().expect("readable").into_iter().rfind(|name| name.starts_with("journal-"));
    let last = last.expect("a filled ledger has a journal");
    let bytes = disk.bytes(&last).expect("listed");
    let length = bytes.len();
    // Behind the last frame there are only zeros written ahead.
    let in_the_last_frame = bytes.iter().rposition(|&byte| byte != 0).expect("a journal has frames");
    disk.flip_bit(&last, in_the_last_frame, 0);
    let opened = EmbeddedEngine::open_with(disk.clone(), OPTIONS).map(|_| ());
    assert!(matches!(opened, Err(OpenError::Damaged(_))), "{opened:?}");
    assert_eq!(disk.bytes(&last).expect("still there").len(), length);
}

#[test]
fn zeros_written_ahead_are_no_torn_end() {
    let (disk, _) = filled(5);
    let last = disk.list().expect("readable").into_iter().rfind(|name| name.starts_with("journal-"));
    let bytes = disk.bytes(&last.expect("a filled ledger has a journal")).expect("listed");
    assert!(bytes.ends_with(&[0; 512]), "small frames have zeros behind them");
    let recovery = EmbeddedEngine::open_with(disk, OPTIONS).expect("sound").recovery();
    assert_eq!((recovery.bytes_cut, recovery.frames_replayed), (0, 0));
}

#[test]
fn a_journal_of_a_newer_version_is_refused_with_advice() {
    let (disk, _) = filled(6);
    let file = disk.open("format").expect("a ledger has a format");
    disk.write_at(&file, 0, b"sycee ledger journal 2").expect("a healthy disk");
    let error = EmbeddedEngine::open_with(disk, OPTIONS).map(|_| ()).expect_err("newer");
    assert!(error.to_string().contains("newer"), "{error}");
}

#[test]
fn a_missing_segment_is_refused() {
    let (disk, _) = filled(7);
    disk.remove("journal-00000000").expect("a healthy disk");
    assert!(matches!(EmbeddedEngine::open_with(disk, OPTIONS), Err(OpenError::Damaged(_))));
}

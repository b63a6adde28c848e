//! The auditor on real journals: sound ones, and ones with a byte changed.

use std::fs;
use std::path::{Path, PathBuf};

use auditor::{AuditReport, audit};
use ledger::{
    Account, AccountFlags, AccountId, Amount, Code, Engine, LedgerId, Timestamp, Transfer, TransferFlags,
    TransferId,
};
use ledger_embedded::storage::FileStorage;
use ledger_embedded::{EmbeddedEngine, Options, verify};

/// A directory that goes when the test ends.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sycee-auditor-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    /// A copy of all files.
    fn copy_to(&self, name: &str) -> Self {
        let copy = Self::new(name);
        fs::create_dir_all(&copy.0).expect("the temporary directory is writable");
        for file in files(&self.0) {
            fs::copy(self.0.join(&file), copy.0.join(&file)).expect("the file is readable");
        }
        copy
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The names of all files that hold something, sorted.
fn files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("the directory exists");
    let named = entries.map(|entry| entry.expect("the entry is readable"));
    let mut names: Vec<String> = named
        .filter(|entry| entry.metadata().expect("the file exists").len() > 0)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

const SECOND: u64 = ledger::NANOSECONDS_PER_SECOND;

fn transfer(id: u128, from: u128, to: u128, amount: u128) -> Transfer {
    Transfer {
        id: TransferId(id),
        debit_account_id: AccountId(from),
        credit_account_id: AccountId(to),
        amount: Amount(amount),
        ledger: LedgerId(156),
        code: Code(1),
        ..Transfer::default()
    }
}

fn resolution(id: u128, pending_id: u128, amount: Amount, flags: TransferFlags) -> Transfer {
    Transfer { id: TransferId(id), pending_id: TransferId(pending_id), amount, flags, ..Transfer::default() }
}

/// A ledger of a few small segments with every kind of record in it.
fn write_ledger(directory: &Path) {
    let storage = FileStorage::open(directory).expect("the directory is free");
    let options = Options { segment_bytes: 16 * 1024 };
    let mut engine = EmbeddedEngine::open_with(storage, options).expect("the directory is empty");
    let account = |id, flags| Account {
        id: AccountId(id),
        ledger: LedgerId(156),
        code: Code(1),
        flags,
        ..Account::default()
    };
    let limited = AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS;
    let accounts = [account(1, AccountFlags::NONE), account(2, limited), account(3, limited)];
    engine.create_accounts(Timestamp(SECOND), &accounts).expect("the engine runs");
    let mut id = 100;
    for round in 1..=40_u64 {
        let pending =
            |id, timeout| Transfer { flags: TransferFlags::PENDING, timeout, ..transfer(id, 2, 3, 10) };
        let closing = TransferFlags::PENDING | TransferFlags::CLOSING_CREDIT;
        let batch = [
            transfer(id, 1, 2, 100),
            pending(id + 1, 0),
            pending(id + 2, 0),
            pending(id + 3, 1),
            resolution(id + 4, id + 1, Amount(7), TransferFlags::POST_PENDING_TRANSFER),
            resolution(id + 5, id + 2, Amount(0), TransferFlags::VOID_PENDING_TRANSFER),
            transfer(id + 6, 3, 1, 1_000_000),
            Transfer { flags: closing, ..transfer(id + 7, 1, 3, 0) },
            resolution(id + 8, id + 7, Amount(0), TransferFlags::VOID_PENDING_TRANSFER),
        ];
        engine.create_transfers(Timestamp(round * 2 * SECOND), &batch).expect("the engine runs");
        id += 10;
    }
    engine.close().expect("the disk works");
}

fn audited(directory: &Path) -> AuditReport {
    audit(directory).expect("the directory can be read")
}

#[test]
fn a_sound_ledger_has_no_findings_and_balanced_totals() {
    let directory = Directory::new("sound");
    write_ledger(&directory.0);
    let report = audited(&directory.0);
    assert_eq!(report.findings, []);
    // Of each batch all but the overdraft is created; each round one more pending transfer has expired.
    assert_eq!((report.accounts, report.transfers, report.open_pendings), (3, 40 * 8, 1));
    let [total] = report.ledgers.as_slice() else { panic!("one ledger, not {:?}", report.ledgers) };
    assert_eq!(total.debits_posted, 40 * 107);
    assert_eq!(total.credits_posted, total.debits_posted);
    assert_eq!((total.debits_pending, total.credits_pending), (10, 10));
}

/// Numbers from a seed, for choosing bytes.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

#[test]
fn each_of_200_random_single_byte_changes_is_found() {
    let sound = Directory::new("to-change");
    write_ledger(&sound.0);
    let names = files(&sound.0);
    let sizes: Vec<u64> =
        names.iter().map(|name| fs::metadata(sound.0.join(name)).expect("it exists").len()).collect();
    let total: u64 = sizes.iter().sum();
    let changed = sound.copy_to("changed");
    let mut seed = 7;
    for _ in 0..200 {
        // Every byte of the directory is as likely as any other.
        let mut place = (next(&mut seed) << 20 ^ next(&mut seed)) % total;
        let file = sizes.iter().position(|size| {
            let inside = place < *size;
            place -= if inside { 0 } else { *size };
            inside
        });
        let name = &names[file.expect("the place is less than the sum of sizes")];
        let path = changed.0.join(name);
        let original = fs::read(sound.0.join(name)).expect("the file is readable");
        let mut bytes = original.clone();
        bytes[usize::try_from(place).expect("small")] ^= 1 << (next(&mut seed) % 8);
        fs::write(&path, bytes).expect("the file is writable");

        let storage = FileStorage::open(&changed.0).expect("the directory is free");
        let found = verify(storage).map_or(true, |verification| !verification.findings.is_empty());
        assert!(found, "byte {place} of {name} was changed and nobody noticed");
        fs::write(&path, original).expect("the file is writable");
    }
    let storage = FileStorage::open(&changed.0).expect("the directory is free");
    let restored = verify(storage).expect("nothing is changed any more");
    assert_eq!(restored.findings, []);
}

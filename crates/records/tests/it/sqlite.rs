//! The file: durable, exclusive, and refused when it is not sound.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use records::{Records, RecordsError, Sql, Value, meta, migrations, operations, sqlite};

use crate::samples::payment;
use crate::stage::{Directory, wait};

fn open(path: &Path) -> Records {
    Records::open_sqlite(path).expect("opens")
}

fn refusal(path: &Path) -> RecordsError {
    Records::open_sqlite(path).map(|_| ()).expect_err("refused")
}

fn pragma(records: &Records, name: &str) -> Value {
    let text = format!("SELECT * FROM pragma_{name}");
    let rows = wait(records.write(move |sql| sql.query(&text, &[]))).expect("answers");
    let row = rows.first().expect("one row");
    row.text(0).map(Value::from).or_else(|_| row.int(0).map(Value::from)).expect("text or integer")
}

fn insert(records: &Records, number: u64) -> Result<(), RecordsError> {
    wait(records.write(move |sql| operations::insert(sql, &payment(number)).map(|_| ())))
}

#[test]
fn every_commit_is_synced_to_the_log() {
    let directory = Directory::new();
    let records = open(&directory.file("records.sqlite"));
    assert!(matches!(pragma(&records, "synchronous"), Value::Int(2)), "FULL");
    assert!(matches!(pragma(&records, "journal_mode"), Value::Text(mode) if mode == "wal"));
    assert!(matches!(pragma(&records, "foreign_keys"), Value::Int(1)));
}

#[test]
fn a_file_in_use_is_refused_until_it_is_closed() {
    let directory = Directory::new();
    let path = directory.file("records.sqlite");
    let records = open(&path);
    let error = refusal(&path);
    assert!(matches!(&error, RecordsError::InUse(named) if *named == path.display().to_string()));
    assert!(error.to_string().contains("Stop that process"), "{error}");
    assert!(matches!(sqlite::verify(&path), Err(RecordsError::InUse(_))));
    drop(records);
    open(&path);
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let directory = Directory::new();
    let path = directory.file("records.sqlite");
    let newer = migrations::known_version() + 1;
    let records = open(&path);
    wait(records.write(move |sql| {
        sql.execute("INSERT INTO schema_version (version) VALUES ($1)", &[Value::from(newer)])
    }))
    .expect("inserts");
    drop(records);
    let before = std::fs::read(&path).expect("reads");
    let error = refusal(&path);
    assert_eq!(error, RecordsError::NewerVersion { found: newer, known: migrations::known_version() });
    assert!(error.to_string().contains("Use the newer program"), "{error}");
    assert_eq!(std::fs::read(&path).expect("reads"), before);
}

#[test]
fn a_closed_store_is_one_file_without_a_log_beside_it() {
    let directory = Directory::new();
    for round in 0..100 {
        let path = directory.file(&format!("records-{round}.sqlite"));
        drop(open(&path));
        assert!(!directory.file(&format!("records-{round}.sqlite-wal")).exists(), "round {round}");
    }
}

#[test]
fn a_damaged_file_is_refused() {
    let directory = Directory::new();
    let path = directory.file("records.sqlite");
    let records = open(&path);
    for number in 0..500 {
        records.write_later(move |sql| operations::insert(sql, &payment(number)).map(|_| ()));
    }
    drop(records);
    sqlite::verify(&path).expect("sound");
    let sound = std::fs::read(&path).expect("reads");
    let half = sound.len() / 2 / 4096 * 4096;
    let mut overwritten = sound.clone();
    overwritten[half..half + 4096].fill(0xa5);
    let not_one = b"This is no database, but a letter that someone put in its place.".repeat(100);
    for damaged in [not_one, sound[..half].to_vec(), overwritten] {
        std::fs::write(&path, &damaged).expect("writes");
        let error = refusal(&path);
        assert!(matches!(error, RecordsError::Damaged(_)), "{error}");
        assert!(error.to_string().contains("Restore the file from a backup"), "{error}");
        assert!(matches!(sqlite::verify(&path), Err(RecordsError::Damaged(_))));
    }
    std::fs::write(&path, &sound).expect("writes");
    open(&path);
    let missing = directory.file("missing.sqlite");
    assert!(matches!(sqlite::verify(&missing), Err(RecordsError::Unavailable(_))));
}

#[test]
fn after_a_full_disk_nothing_more_is_acknowledged() {
    let directory = Directory::new();
    let path = directory.file("records.sqlite");
    let records = open(&path);
    insert(&records, 1).expect("inserts");
    let limit = |sql: &mut dyn Sql| {
        let pages = sql.query("PRAGMA page_count", &[])?.first().map_or(Ok(0), |row| row.int(0))?;
        sql.query(&format!("PRAGMA max_page_count = {}", pages + 10), &[])
    };
    wait(records.write(limit)).expect("limits");
    let large = "x".repeat(100_000);
    let error = wait(records.write(move |sql| meta::set(sql, "large", &large))).expect_err("full");
    assert!(matches!(error, RecordsError::Stopped(_)), "{error}");
    assert!(error.to_string().contains("Mend the storage, then restart"), "{error}");
    assert!(matches!(insert(&records, 2), Err(RecordsError::Stopped(_))));
    let read = wait(records.read(operations::count_open));
    assert!(matches!(read, Err(RecordsError::Stopped(_))));
    drop(records);
    let records = open(&path);
    assert_eq!(wait(records.read(operations::count_open)), Ok(1));
    assert_eq!(wait(records.read(|sql| meta::get(sql, "large"))), Ok(None));
}

#[test]
fn a_panic_of_a_job_stops_the_records() {
    let directory = Directory::new();
    let records = open(&directory.file("records.sqlite"));
    let panicked = wait(records.write(|_| -> Result<(), RecordsError> { panic!("a fault of the program") }));
    assert!(matches!(panicked, Err(RecordsError::Stopped(_))));
    assert!(matches!(insert(&records, 1), Err(RecordsError::Stopped(_))));
}

#[test]
fn a_panic_of_a_reading_job_hurts_nobody_else() {
    let directory = Directory::new();
    let records = open(&directory.file("records.sqlite"));
    insert(&records, 1).expect("inserts");
    for _ in 0..10 {
        let panicked =
            wait(records.read(|_| -> Result<(), RecordsError> { panic!("a fault of the program") }));
        assert!(matches!(panicked, Err(RecordsError::Stopped(_))));
    }
    assert_eq!(wait(records.read(operations::count_open)), Ok(1));
}

#[test]
fn too_many_waiting_writes_are_refused_and_the_others_are_done() {
    let directory = Directory::new();
    let records = open(&directory.file("records.sqlite"));
    let (started, has_started) = std::sync::mpsc::channel::<()>();
    let (open_gate, gate) = std::sync::mpsc::channel::<()>();
    let hold = move |_: &mut dyn Sql| {
        started.send(()).expect("the test listens");
        // Closed gate or open: either way the writer goes on.
        let _ = gate.recv();
        Ok(())
    };
    let mut first_poll = std::task::Context::from_waker(std::task::Waker::noop());
    let mut hold_up = Box::pin(records.write(hold));
    assert!(hold_up.as_mut().poll(&mut first_poll).is_pending());
    has_started.recv().expect("starts");
    let mut outcomes = Vec::new();
    let mut waiting = Vec::new();
    for number in 0..16_400 {
        let job = move |sql: &mut dyn Sql| operations::insert(sql, &payment(number)).map(|_| ());
        let mut write = Box::pin(records.write(job));
        match write.as_mut().poll(&mut first_poll) {
            std::task::Poll::Ready(outcome) => outcomes.push(outcome),
            std::task::Poll::Pending => waiting.push(write),
        }
    }
    drop(open_gate);
    wait(hold_up).expect("succeeds");
    outcomes.extend(waiting.into_iter().map(wait));
    let refused =
        outcomes.iter().filter(|outcome| matches!(outcome, Err(RecordsError::Unavailable(_)))).count();
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(refused + done, 16_400);
    assert_eq!(wait(records.read(operations::count_open)), Ok(u64::try_from(done).expect("small")));
    assert_eq!(refused, 16);
}

/// The variable that makes this program the victim of the next test.
const VICTIM: &str = "SYCEE_RECORDS_VICTIM";

#[test]
fn kill_9_loses_nothing_acknowledged() {
    let directory = Directory::new();
    let path = directory.file("records.sqlite");
    if let Some(path) = std::env::var_os(VICTIM) {
        return write_until_killed(Path::new(&path));
    }
    for _ in 0..3 {
        let mut victim = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "sqlite::kill_9_loses_nothing_acknowledged", "--nocapture"])
            .env(VICTIM, &path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut lines = BufReader::new(victim.stdout.take().expect("piped")).lines();
        let mut acknowledged: Vec<u64> = Vec::new();
        while acknowledged.len() < 200 {
            let line = lines.next().expect("still runs").expect("text");
            acknowledged.extend(line.strip_prefix("ack ").and_then(|number| number.parse::<u64>().ok()));
        }
        victim.kill().expect("kills");
        victim.wait().expect("ends");
        let lines = lines.map_while(Result::ok);
        acknowledged.extend(lines.filter_map(|line| line.strip_prefix("ack ")?.parse::<u64>().ok()));
        let records = open(&path);
        for number in acknowledged {
            let id = payment(number).id;
            let found = wait(records.read(move |sql| operations::get(sql, id))).expect("reads");
            assert!(found.is_some(), "payment {number} was acknowledged");
        }
    }
}

fn write_until_killed(path: &Path) {
    let records = open(path);
    let first = wait(records.read(operations::count_open)).expect("counts") * 1000;
    for number in first.. {
        insert(&records, number).expect("inserts");
        writeln!(std::io::stdout(), "ack {number}").expect("writes");
    }
}

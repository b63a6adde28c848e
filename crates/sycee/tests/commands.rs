//! The program as a shell sees it: arguments in, lines and an exit status out.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A directory that goes when the test ends.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sycee-commands-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn sycee(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sycee"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built");
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().expect("standard input is a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("the program ends")
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("the program was not killed")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is plain")
}

const TRANSCRIPT: &str = include_str!("transcripts/every_batch.jsonl");

fn exec(directory: &Path, input: &str) -> Output {
    sycee(&["ledger", "exec", "--simulated-time", "--data", text(directory)], input)
}

#[test]
fn a_transcript_runs_the_same_on_the_embedded_engine_and_survives_the_process() {
    let directory = Directory::new("transcript");
    let first = exec(&directory.0, TRANSCRIPT);
    assert_eq!(status(&first), 65, "four lines are refused");
    let expected = include_str!("snapshots/ledger_exec__every_kind_of_batch_is_answered_in_one_line.snap");
    let body = expected.splitn(3, "---\n").nth(2).expect("a snapshot has a head and a body");
    assert_eq!(String::from_utf8_lossy(&first.stdout).trim_end(), body.trim_end());

    let again = exec(&directory.0, "{\"lookup_transfers\":[\"100\"]}\n{\"lookup_accounts\":[\"2\"]}\n");
    assert_eq!(status(&again), 0);
    let lines = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(lines.contains("\"amount\":\"1000\"") && lines.contains("\"credits_posted\":\"1000\""));
}

#[test]
fn verify_and_audit_find_nothing_wrong_with_a_sound_ledger() {
    let directory = Directory::new("sound");
    exec(&directory.0, TRANSCRIPT);
    for arguments in [["ledger", "verify"].as_slice(), &["audit"]] {
        let with_data = [arguments, &["--json", "--data", text(&directory.0)]].concat();
        let output = sycee(&with_data, "");
        assert_eq!(status(&output), 0, "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).starts_with("{\"clean\":true"));
    }
}

#[test]
fn commands_without_a_ledger_or_with_wrong_arguments_say_so_and_exit_as_sysexits_does() {
    let nowhere = Directory::new("nowhere");
    let output = sycee(&["ledger", "verify", "--data", text(&nowhere.0)], "");
    assert_eq!(status(&output), 69);
    assert!(String::from_utf8_lossy(&output.stderr).contains("has no ledger"));
    assert!(!nowhere.0.exists(), "asking creates nothing");
    assert_eq!(status(&sycee(&["ledger", "exec"], "")), 64);
    assert_eq!(status(&sycee(&["--version"], "")), 0);
}

#[test]
fn a_directory_in_use_is_refused() {
    let directory = Directory::new("in-use");
    let storage = ledger_embedded::storage::FileStorage::open(&directory.0).expect("the directory is free");
    let output = exec(&directory.0, "");
    assert_eq!(status(&output), 69);
    assert!(String::from_utf8_lossy(&output.stderr).contains("in use by another process"));
    drop(storage);
}

#[test]
fn a_policy_is_printed_to_be_changed_and_a_bad_one_is_refused_before_a_server_starts() {
    let directory = Directory::new("policy");
    fs::create_dir_all(&directory.0).expect("the directory can be made");
    let file = directory.0.join("policy.json");
    let printed = sycee(&["policy"], "");
    assert_eq!(status(&printed), 0);
    fs::write(&file, &printed.stdout).expect("the directory is there");
    let checked = sycee(&["policy", text(&file)], "");
    assert_eq!((status(&checked), checked.stdout), (0, printed.stdout));

    fs::write(&file, r#"{"currencies":["XXZ"]}"#).expect("the directory is there");
    let data = directory.0.join("data");
    let serve = ["serve", "--data", text(&data), "--policy", text(&file)];
    for arguments in [["policy", text(&file)].as_slice(), &serve] {
        let refused = sycee(arguments, "");
        assert_eq!(status(&refused), 65);
        assert!(String::from_utf8_lossy(&refused.stderr).contains("\"XXZ\" is no currency"));
    }
    assert!(!data.exists(), "nothing was opened");
    assert_eq!(status(&sycee(&["policy", "/nowhere/policy.json"], "")), 69);
}

#[test]
fn card_codes_are_computed_and_a_bad_entry_stops_no_other() {
    let directory = Directory::new("card");
    fs::create_dir_all(&directory.0).expect("the directory can be made");
    let file = directory.0.join("entries.json");
    let compute = |entries: &str| {
        fs::write(&file, entries).expect("the directory is there");
        sycee(&["card", "compute", text(&file), "--json"], "")
    };
    let entry = r#"{"id":"a","master":"00112233445566778899AABBCCDDEEFF","factor":"1122334455667788"}"#;
    let answer = r#"{"id":"a","diversified":"496bd7a3513644533100b54e71196528"}"#;
    let good = compute(entry);
    assert_eq!(status(&good), 0);
    assert_eq!(String::from_utf8_lossy(&good.stdout), format!("{{\"vectors\":[{answer}]}}\n"));
    let mixed = compute(&format!(r#"[{{"id":"b","master":"zz","factor":"00"}},{entry}]"#));
    assert_eq!(status(&mixed), 65);
    let error = r#"{"id":"b","error":"master: not hexadecimal"}"#;
    assert_eq!(String::from_utf8_lossy(&mixed.stdout), format!("{{\"vectors\":[{error},{answer}]}}\n"));
    assert_eq!(status(&compute("no JSON")), 65);
    fs::remove_file(&file).expect("it was written");
    assert_eq!(status(&sycee(&["card", "compute", text(&file)], "")), 74);
}

#[test]
fn a_card_is_made_once_and_what_hinders_it_is_said_in_a_sentence() {
    let directory = Directory::new("virtual-card");
    fs::create_dir_all(&directory.0).expect("the directory can be made");
    let [card, module, memory] = ["card.json", "psam.json", "card.memory"].map(|name| directory.0.join(name));
    for (slot, file) in [("card", &card), ("psam", &module)] {
        let example = sycee(&["card", "example", "--slot", slot], "");
        fs::write(file, example.stdout).expect("the directory is there");
    }
    assert_eq!(status(&sycee(&["card", "personalise", text(&card)], "")), 0);
    assert_eq!(status(&sycee(&["card", "personalise", text(&card)], "")), 65, "what is there stays");
    let run = |file: &Path| {
        let arguments = ["card", "run", "--personalisation", text(file), "--memory", text(&memory)];
        // Nobody listens at the port for discarding.
        let output = sycee(&[&arguments[..], &["--vpcd", "127.0.0.1:9"]].concat(), "");
        (status(&output), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (unreachable, advice) = run(&card);
    assert!(unreachable == 69 && advice.contains("start pcscd"), "{advice}");
    let (other, advice) = run(&module);
    assert!(other == 65 && advice.contains("another card"), "{advice}");
    fs::write(&memory, "no memory").expect("the directory is there");
    let (strange, advice) = run(&card);
    assert!(strange == 65 && advice.contains("not the memory of a card"), "{advice}");
    let file = fs::read_to_string(&card).expect("it was written").replacen("\"asn\"", "\"serial\"", 1);
    fs::write(&card, file).expect("the directory is there");
    let (wrong, advice) = run(&card);
    assert!(wrong == 65 && advice.contains("purse.serial: unknown field"), "{advice}");
}

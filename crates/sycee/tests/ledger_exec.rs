//! `ledger exec` from lines in to lines out.

use ledger::Timestamp;
use ledger::memory::MemoryEngine;
use sycee::ledger_exec::{Clock, Summary, run};

const START: Clock = Clock::Simulated(Clock::SIMULATED_START);

fn exec(clock: Clock, input: &[u8]) -> (Summary, String) {
    let mut output = Vec::new();
    let mut engine = MemoryEngine::new();
    let summary = run(&mut engine, clock, &mut &*input, &mut output).expect("nothing fails in memory");
    (summary, String::from_utf8(output).expect("the output is JSON"))
}

#[test]
fn every_kind_of_batch_is_answered_in_one_line() {
    let (summary, output) = exec(START, include_bytes!("transcripts/every_batch.jsonl"));
    assert_eq!(summary, Summary { lines: 23, refused: 4 });
    insta::assert_snapshot!(output);
}

#[test]
fn simulated_time_makes_the_output_reproducible() {
    let input = include_bytes!("transcripts/every_batch.jsonl");
    assert_eq!(exec(START, input).1, exec(START, input).1);
}

#[test]
fn time_cannot_be_advanced_on_the_machines_clock() {
    let (summary, output) = exec(Clock::System, br#"{"advance_seconds":1}"#);
    assert_eq!(summary, Summary { lines: 1, refused: 1 });
    assert_eq!(
        output,
        "{\"error\":{\"line\":1,\"field\":\"advance_seconds\",\"message\":\"only possible with --simulated-time\"}}\n"
    );
}

#[test]
fn a_pending_transfer_expires_exactly_its_timeout_later() {
    let pending = br#"{"create_accounts":[{"id":1,"ledger":1,"code":1},{"id":2,"ledger":1,"code":1}]}
{"create_transfers":[{"id":3,"debit_account_id":1,"credit_account_id":2,"amount":9,"ledger":1,"code":1,"flags":["pending"],"timeout":2}]}
{"advance_seconds":1}
{"lookup_accounts":[1]}
{"advance_seconds":1}
{"lookup_accounts":[1]}"#;
    let (_, output) = exec(START, pending);
    let reserved: Vec<bool> = output
        .lines()
        .filter(|line| line.starts_with("{\"lookup_accounts\""))
        .map(|line| line.contains("\"debits_pending\":\"9\""))
        .collect();
    assert_eq!(reserved, [true, false]);
}

#[test]
fn a_line_that_is_no_text_or_far_too_long_is_refused_and_the_next_one_is_read() {
    let mut input = vec![b'x'; (16 << 20) + 5];
    input.extend_from_slice(b"\n\xff\xfe\n{\"lookup_accounts\":[]}\n");
    let (summary, output) = exec(Clock::Simulated(Timestamp(1)), &input);
    assert_eq!(summary, Summary { lines: 3, refused: 2 });
    assert!(output.contains("longer than 16 MiB") && output.contains("not UTF-8"));
    assert!(output.ends_with("{\"lookup_accounts\":[]}\n"));
}

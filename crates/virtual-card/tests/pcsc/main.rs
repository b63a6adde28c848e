//! Cards in a real reader: pcscd with vsmartcard's vpcd, the cards as processes of their own, and clients through PC/SC.
//!
//! The test starts a pcscd of its own with readers of its own, in namespaces of its own where the system lets it, and needs
//! root for that. Cards are processes of the program that `SYCEE_PROGRAM` names (`sycee card run …`), else of this one.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../made/mod.rs"]
mod made;

mod accounts;
mod card_process;
mod clients;
mod latency;
mod taps;
mod wire;

use std::{env, fs, process::ExitCode, time::Instant};

use virtual_card::reader::daemon::{Daemon, READERS_MAX, in_own_namespaces};

/// A test: what it says, and how to find out. They run one after the other, as they share a pcscd.
type Fact = (&'static str, fn(&mut Daemon));

const FACTS: [Fact; 6] = [
    ("opensc_tool_and_pyscard_read_balance_and_log", clients::independent_clients),
    ("no_command_waits_for_an_acknowledgement", latency::no_command_waits),
    ("a_fake_card_is_refused", clients::a_fake_card_is_refused),
    ("a_card_waits_for_a_reader_that_restarts", clients::a_restarted_reader),
    ("two_thousand_taps_cut_at_every_message_add_up", taps::cut_at_every_message),
    ("taps_whose_card_is_killed_add_up", taps::killed),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("card" | "fake") => card_process::run(&arguments),
        Some("inside") => inside(),
        // What `cargo test` says to other test programs, such as a filter, does not concern this one.
        _ => outside(),
    }
}

/// Goes into namespaces of its own: /run/pcscd is this test's, and nothing of it survives.
fn outside() -> ExitCode {
    if let Some(mut inside) = in_own_namespaces(&env::current_exe().unwrap()) {
        let status = inside.arg("inside").status().unwrap();
        return if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    println!("no namespaces here: the test uses the machine's /run/pcscd");
    fs::create_dir_all("/run/pcscd").unwrap();
    inside()
}

fn inside() -> ExitCode {
    let folder = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::start(folder.path(), READERS_MAX).unwrap();
    println!("\nrunning {} tests", FACTS.len());
    let begin = Instant::now();
    for (name, fact) in FACTS {
        let begin = Instant::now();
        // A fact that does not hold panics, and its message is the report.
        fact(&mut daemon);
        println!("test {name} ... ok ({:.1} s)", begin.elapsed().as_secs_f64());
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "\ntest result: ok. {} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in {seconds:.2}s\n",
        FACTS.len()
    );
    ExitCode::SUCCESS
}

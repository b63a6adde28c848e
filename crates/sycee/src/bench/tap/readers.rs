//! The same purchases through PC/SC: in readers that were named, or in those of a pcscd of our own.

use std::env;
use std::io::Write;
use std::thread;
use std::time::Duration;

use card_reader::pcsc_reader::PcscReader;
use card_reader::reader::ReaderError;
use serde::{Deserialize, Serialize};
use virtual_card::example::{self, SALE};
use virtual_card::reader::daemon::{Daemon, Slot, in_own_namespaces, slot_name};
use virtual_card::tap_time::{TapFigures, milliseconds, percentile, timed};
use virtual_card::vpcd;

use super::{NUMBER, TapOptions, failed, make, prepare};
use crate::bench::scratch::Scratch;
use crate::exit::Failure;

/// What the process in namespaces of its own tells the one outside.
#[derive(Debug, Deserialize, Serialize)]
struct Times {
    p50_ms: f64,
    p99_ms: f64,
}

/// Adds the times through PC/SC. Where there can be no pcscd of our own, it says why, and there are none.
pub(super) fn measure(options: &TapOptions, figures: TapFigures) -> Result<TapFigures, Failure> {
    let times = match (&options.card_reader, &options.psam_reader) {
        (Some(card), Some(module)) => Some(between(options, card, module)?),
        _ => outside(options),
    };
    let (p50, p99) = times.map(|times| (times.p50_ms, times.p99_ms)).unzip();
    Ok(TapFigures { pcsc_p50_ms: p50, pcsc_p99_ms: p99, ..figures })
}

/// Runs this program once more, where a pcscd of our own disturbs nobody.
fn outside(options: &TapOptions) -> Option<Times> {
    let program = env::current_exe().ok()?;
    let Some(mut inside) = in_own_namespaces(&program) else {
        eprintln!("no figures through PC/SC: a pcscd of our own takes root; or name two readers");
        return None;
    };
    inside.args(["bench", "tap", "--inside", "--taps", &options.taps.to_string()]);
    let output = inside.output().ok()?;
    let times = serde_json::from_slice(&output.stdout).ok();
    if times.is_none() {
        eprintln!("no figures through PC/SC: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    times
}

/// Starts pcscd, puts both cards in, and measures.
pub(super) fn inside(options: &TapOptions) -> Result<(), Failure> {
    let scratch = Scratch::new(options.data.as_deref())?;
    let daemon = Daemon::start(scratch.path(), 1).map_err(|error| Failure::unavailable(error.to_string()))?;
    let file = example::card(NUMBER).map_err(failed)?.to_string();
    let cards =
        [(Slot::Card, "card", file), (Slot::Module, "module", example::security_module().to_string())];
    for (slot, name, file) in cards {
        let (mut card, port) = (make(&scratch, name, &file)?, daemon.port(0, slot));
        // It goes with the process.
        thread::spawn(move || vpcd::insert(&mut card, ("127.0.0.1", port), &mut |_| ()).map(drop));
    }
    let times = between(options, &slot_name(0, Slot::Card), &slot_name(0, Slot::Module))?;
    let printed = serde_json::to_string(&times).expect("numbers always serialize");
    Ok(writeln!(std::io::stdout().lock(), "{printed}")?)
}

fn between(options: &TapOptions, card: &str, module: &str) -> Result<Times, Failure> {
    let open = |name: &str| {
        let mut reader = PcscReader::open(name)?;
        reader.wait_for_card(Duration::from_secs(10))?;
        Ok(reader)
    };
    let unavailable = |error: ReaderError| Failure::unavailable(error.to_string());
    let (mut card, mut module) = (open(card).map_err(unavailable)?, open(module).map_err(unavailable)?);
    prepare(&mut card, &mut module)?;
    let mut times: Vec<Duration> = (0..options.taps)
        .map(|_| timed(&mut card, &mut module, &example::TILL, &SALE).map(|(time, _)| time))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    Ok(Times {
        p50_ms: milliseconds(percentile(&mut times, 50)),
        p99_ms: milliseconds(percentile(&mut times, 99)),
    })
}

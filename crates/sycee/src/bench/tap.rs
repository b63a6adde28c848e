//! `sycee bench tap`: purchases with a virtual card and a security module, measured and modelled
//! ([`virtual_card::tap_time`] says how).

#[cfg(feature = "pcsc")]
mod readers;

use std::io::{self, Write};
use std::path::PathBuf;

use card_reader::reader::Reader;
use clap::Args;
use virtual_card::example::{self, SALE};
use virtual_card::personalisation::Personalisation;
use virtual_card::plugged::PluggedCard;
use virtual_card::tap::open_module;
use virtual_card::tap_time::{Counted, TapFigures, measure};

use super::scratch::Scratch;
use crate::exit::Failure;

#[derive(Debug, Args)]
pub(crate) struct TapOptions {
    /// How many purchases
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    taps: u32,
    /// Where the memories are meanwhile; by default the system's temporary directory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Measure through PC/SC in this reader instead of one of our own: it has an example card, as from `sycee card run`
    #[cfg(feature = "pcsc")]
    #[arg(long, value_name = "NAME", requires = "psam_reader")]
    card_reader: Option<String>,
    /// The reader with the example security module
    #[cfg(feature = "pcsc")]
    #[arg(long, value_name = "NAME", requires = "card_reader")]
    psam_reader: Option<String>,
    /// Measure only through PC/SC, in namespaces of our own; `bench tap` runs this in a process of its own
    #[cfg(feature = "pcsc")]
    #[arg(long, hide = true)]
    inside: bool,
    /// Print figures as JSON
    #[arg(long)]
    json: bool,
}

/// Which of the example cards.
const NUMBER: u32 = 1;

pub(crate) fn run(options: &TapOptions) -> Result<(), Failure> {
    #[cfg(feature = "pcsc")]
    if options.inside {
        return readers::inside(options);
    }
    let scratch = Scratch::new(options.data.as_deref())?;
    let file = example::card(NUMBER).map_err(failed)?;
    let mut card = Counted::new(make(&scratch, "card", &file.to_string())?);
    let mut module = Counted::new(make(&scratch, "module", &example::security_module().to_string())?);
    prepare(&mut card, &mut module)?;
    let sales = (0..options.taps).map(|_| SALE);
    let figures = measure(&mut card, &mut module, &example::TILL, sales).map_err(failed)?;
    #[cfg(feature = "pcsc")]
    let figures = readers::measure(options, figures)?;
    print(&figures, options.json)
}

fn make(scratch: &Scratch, name: &str, file: &str) -> Result<PluggedCard, Failure> {
    let personalisation = Personalisation::read(file).map_err(failed)?;
    let card = PluggedCard::make(&personalisation, &scratch.join(name));
    card.map_err(|error| Failure::io(format!("failed to make the {name}: {error}")))
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::software(format!("failed to {error}"))
}

/// Loads the card with the most it takes, and selects the module as a terminal does when it starts.
fn prepare(card: &mut impl Reader, module: &mut impl Reader) -> Result<(), Failure> {
    example::load(card, &example::asn(NUMBER), example::LOAD, &SALE.when).map_err(failed)?;
    open_module(module, example::MODULE_FILE).map_err(failed)
}

fn print(figures: &TapFigures, json: bool) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    if json {
        let printed = serde_json::to_string(figures).expect("numbers always serialize");
        return Ok(writeln!(out, "{printed}")?);
    }
    let TapFigures { taps, apdus, bytes, card_writes, module_writes, .. } = figures;
    writeln!(
        out,
        "{taps} taps: {apdus} commands and {bytes} bytes each, {card_writes} words written by the card"
    )?;
    writeln!(out, "and {module_writes} by the module before their answers")?;
    let TapFigures { software_p50_ms, software_p99_ms, elapsed_p99_ms, .. } = figures;
    writeln!(
        out,
        "in process  p50 {software_p50_ms} ms, p99 {software_p99_ms} ms; by the clock p99 {elapsed_p99_ms} ms"
    )?;
    if let (Some(p50), Some(p99)) = (figures.pcsc_p50_ms, figures.pcsc_p99_ms) {
        writeln!(out, "PC/SC       p50 {p50} ms, p99 {p99} ms")?;
    }
    Ok(writeln!(out, "modelled    {} ms with a real card and module", figures.modelled_ms)?)
}

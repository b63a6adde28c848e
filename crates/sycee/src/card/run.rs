//! `sycee card run`, `personalise` and `example`: cards without plastic, made and put into a reader.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use virtual_card::example;
use virtual_card::kind::CardKind;
use virtual_card::memory::MemoryError;
use virtual_card::personalisation::Personalisation;
use virtual_card::plugged::{PlugError, PluggedCard};
use virtual_card::vpcd::{self, Notice, SlotError};

use crate::exit::Failure;

#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    /// Where vpcd takes the card of its first slot; the next slot has the next port
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:35963")]
    vpcd: Address,
    /// What the card is made with, where its memory is not there yet
    #[arg(long, value_name = "FILE")]
    personalisation: PathBuf,
    /// The card's memory; by default beside the personalisation file, with the ending `memory`
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,
    /// The reader's first slot or its second; by default as the card is a holder's or a terminal's
    #[arg(long, value_enum)]
    slot: Option<Slot>,
}

#[derive(Debug, Args)]
pub(crate) struct PersonaliseOptions {
    /// What the card is made with
    #[arg(value_name = "FILE")]
    personalisation: PathBuf,
    /// The card's memory; by default beside the personalisation file, with the ending `memory`
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,
}

/// A slot of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Slot {
    /// The first: a holder's card
    Card,
    /// The second: a terminal's security module
    Psam,
}

/// A host and a port.
#[derive(Clone, Debug)]
struct Address {
    host: String,
    port: u16,
}

impl std::str::FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, port) = text.rsplit_once(':').ok_or("not HOST:PORT")?;
        let port = port.parse().map_err(|_| "the port is not a number up to 65535")?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port })
    }
}

pub(crate) fn run(options: &RunOptions) -> Result<(), Failure> {
    let personalisation = read(&options.personalisation)?;
    let path = memory_path(options.memory.as_deref(), &options.personalisation);
    let mut card = match PluggedCard::open(&path) {
        Err(PlugError::Memory(MemoryError::Io(error))) if error.kind() == ErrorKind::NotFound => {
            make(&personalisation, &path)?
        }
        opened => opened.map_err(|error| unplugged(&path, &error))?,
    };
    if !card.is_of(&personalisation) {
        return Err(Failure::bad_data(format!(
            "{} is the memory of another card than {} describes",
            path.display(),
            options.personalisation.display()
        )));
    }
    let slot = options.slot.unwrap_or(match card.kind() {
        CardKind::User => Slot::Card,
        CardKind::SecurityModule => Slot::Psam,
    });
    let Address { host, port } = &options.vpcd;
    let port = match slot {
        Slot::Card => *port,
        Slot::Psam => port.checked_add(1).ok_or_else(|| Failure::bad_data("there is no port after 65535"))?,
    };
    let mut watch = |notice: Notice| tell(&notice, host, port, &path);
    match vpcd::insert(&mut card, (host, port), &mut watch) {
        Err(SlotError::Unreachable(error)) => Err(Failure::unavailable(format!(
            "no reader takes cards at {host}:{port} ({error}); install pcscd and vsmartcard-vpcd, start pcscd, and name \
             the port that its reader.conf gives to vpcd"
        ))),
        Err(SlotError::CardFailed) => {
            Err(Failure::io(format!("{} cannot be written any more; the card has stopped", path.display())))
        }
    }
}

fn tell(notice: &Notice, host: &str, port: u16, memory: &Path) {
    // Nobody may be listening; the card goes on.
    let _ = match notice {
        Notice::Inserted => {
            writeln!(io::stdout(), "card in the reader at {host}:{port}, memory {}", memory.display())
        }
        Notice::ReaderGone(error) => writeln!(io::stderr(), "the reader went away ({error}); waiting for it"),
    };
}

pub(crate) fn personalise(options: &PersonaliseOptions) -> Result<(), Failure> {
    let personalisation = read(&options.personalisation)?;
    let path = memory_path(options.memory.as_deref(), &options.personalisation);
    if path.exists() {
        return Err(Failure::bad_data(format!(
            "{} is there already, and what it holds would be lost; remove it if that is meant",
            path.display()
        )));
    }
    make(&personalisation, &path)?;
    Ok(writeln!(io::stdout().lock(), "personalised {}", path.display())?)
}

pub(crate) fn example(slot: Slot, number: u32) -> Result<(), Failure> {
    let file = match slot {
        Slot::Card => example::card(number)
            .map_err(|error| Failure::software(format!("failed to sign certificates: {error}")))?,
        Slot::Psam => example::security_module(),
    };
    Ok(writeln!(io::stdout().lock(), "{file:#}")?)
}

fn memory_path(memory: Option<&Path>, personalisation: &Path) -> PathBuf {
    memory.map_or_else(|| personalisation.with_extension("memory"), Path::to_owned)
}

fn read(path: &Path) -> Result<Personalisation, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::io(format!("failed to read {}: {error}", path.display())))?;
    Personalisation::read(&text).map_err(|error| Failure::bad_data(format!("{}: {error}", path.display())))
}

fn make(personalisation: &Personalisation, path: &Path) -> Result<PluggedCard, Failure> {
    PluggedCard::make(personalisation, path).map_err(|error| unplugged(path, &error))
}

pub(crate) fn unplugged(path: &Path, error: &PlugError) -> Failure {
    let message = format!("{}: {error}", path.display());
    match error {
        PlugError::Memory(MemoryError::Io(_)) => Failure::io(message),
        PlugError::Memory(MemoryError::InUse) => Failure::unavailable(message),
        PlugError::Memory(MemoryError::NotAMemory) | PlugError::Mute(_) | PlugError::Issuance(_) => {
            Failure::bad_data(message)
        }
    }
}

//! A card that a command works with: in a reader of the system, or a virtual card by the file of its memory.

use std::path::Path;

use card_reader::reader::Reader;
use virtual_card::plugged::PluggedCard;
use virtual_card::reader::InProcess;

use crate::card::unplugged;
use crate::exit::Failure;

/// The card of this name: a file of a virtual card's memory, else a reader of the system.
pub(crate) fn held_card(name: &str) -> Result<Box<dyn Reader + Send>, Failure> {
    let path = Path::new(name);
    if !path.is_file() {
        return system_reader(name);
    }
    let card = PluggedCard::open(path).map_err(|error| unplugged(path, &error))?;
    Ok(Box::new(InProcess(card)))
}

/// A reader of the system.
#[cfg(feature = "pcsc")]
pub(crate) fn system_reader(name: &str) -> Result<Box<dyn Reader + Send>, Failure> {
    let opened = card_reader::pcsc_reader::PcscReader::open(name);
    opened.map(|reader| Box::new(reader) as Box<dyn Reader + Send>).map_err(|error| {
        let names = card_reader::pcsc_reader::names().unwrap_or_default();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Failure::unavailable(format!("{error}; the system's readers: {known}"))
    })
}

/// Readers of the system need their library.
#[cfg(not(feature = "pcsc"))]
pub(crate) fn system_reader(_name: &str) -> Result<Box<dyn Reader + Send>, Failure> {
    Err(Failure::unavailable(
        "this program was built without readers of the system: build it with `--features pcsc`, which needs libpcsclite",
    ))
}

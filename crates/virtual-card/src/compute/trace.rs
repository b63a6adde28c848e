//! The recorded commands and responses of one purse transaction. MACs in them are skipped, and may be cut off.

use purse::{
    amount::{Amount, OverdraftLimit},
    bytes::Reader,
    fields::{DateTime, Kind, Random, Sequence, TerminalId, TerminalTransaction},
};

use super::{
    entry::{Entry, EntryError, Mistake},
    hexadecimal,
    ordered_json::Json,
    transaction_fields::{Family, TransactionFields},
};

/// INS of INITIALIZE FOR ….
const INITIALIZE: u8 = 0x50;
/// CLA, INS, P1, P2, Lc.
const HEADER: usize = 5;
const MAC: usize = 4;

enum Direction {
    Command,
    Response,
}

struct Line {
    name: String,
    direction: Direction,
    bytes: Vec<u8>,
}

/// What the trace in `apdus` says, of the first transaction that it begins; nothing without that field.
pub(super) fn read(entry: &Entry) -> Result<Option<TransactionFields>, EntryError> {
    let Some(value) = entry.field("apdus") else { return Ok(None) };
    let Json::List(list) = value else { return Err(EntryError::new("apdus", Mistake::NotAList)) };
    let lines: Vec<Line> =
        list.iter().enumerate().map(|(place, value)| line(place, value)).collect::<Result<_, _>>()?;
    let begins = |line: &Line| line.is_command() && begun_kind(&line.bytes).is_some();
    let after: Vec<&Line> = lines.iter().skip_while(|line| !begins(line)).collect();
    let (first, rest) = after.split_first().ok_or(EntryError::new("apdus", Mistake::NoTransaction))?;
    let kind = begun_kind(&first.bytes).ok_or(EntryError::new("apdus", Mistake::NoTransaction))?;
    let family = Family::of(kind).ok_or(EntryError::new("apdus", Mistake::NoTransaction))?;
    let mut fields = TransactionFields { kind: Some(kind), ..TransactionFields::default() };
    read_initialization(first, family, &mut fields)?;
    if let Some(response) = rest.first().filter(|line| !line.is_command()) {
        read_answer(response, family, &mut fields)?;
    }
    // Another command than its second phase ends a transaction, but for a record that is written with a purchase.
    let second = rest.iter().find(|line| line.is_command() && line.bytes.get(1) != Some(&0xDC));
    if let Some(command) = second.filter(|line| is_second_phase(&line.bytes, family)) {
        read_second_phase(command, family, &mut fields)?;
    }
    Ok(Some(fields))
}

fn line(place: usize, value: &Json) -> Result<Line, EntryError> {
    let name = format!("apdus[{place}]");
    let Json::Text(text) = value else { return Err(EntryError::new(name, Mistake::NotText)) };
    let text = text.trim_start();
    let (direction, digits) = if let Some(digits) = text.strip_prefix('>') {
        (Direction::Command, digits)
    } else if let Some(digits) = text.strip_prefix('<') {
        (Direction::Response, digits)
    } else {
        return Err(EntryError::new(name, Mistake::NoDirection));
    };
    match hexadecimal::parse(digits) {
        Some(bytes) => Ok(Line { name, direction, bytes }),
        None => Err(EntryError::new(name, Mistake::NotHexadecimal)),
    }
}

/// Which transaction an INITIALIZE begins.
fn begun_kind(command: &[u8]) -> Option<Kind> {
    match command {
        [0x80, INITIALIZE, 0x00, 0x01, ..] => Some(Kind::LoadDeposit),
        [0x80, INITIALIZE, 0x00, 0x02, ..] => Some(Kind::LoadPurse),
        [0x80, INITIALIZE, 0x01, 0x01, ..] => Some(Kind::PurchaseDeposit),
        [0x80, INITIALIZE, 0x01, 0x02, ..] => Some(Kind::Purchase),
        [0x80, INITIALIZE, 0x02, ..] => Some(Kind::Cash),
        [0x80, INITIALIZE, 0x03, ..] => Some(Kind::CompoundPurchase),
        [0x80, INITIALIZE, 0x04, ..] => Some(Kind::Overdraft),
        [0x80, INITIALIZE, 0x05, ..] => Some(Kind::Unload),
        _ => None,
    }
}

/// CREDIT FOR LOAD, DEBIT FOR PURCHASE, DEBIT FOR UNLOAD, UPDATE OVERDRAW LIMIT.
const fn is_second_phase(command: &[u8], family: Family) -> bool {
    matches!(
        (family, command),
        (Family::Load, [0x80, 0x52, 0x00, 0x00, ..])
            | (Family::Purchase, [0x80, 0x54, 0x01, 0x00, ..])
            | (Family::Unload, [0x80, 0x54, 0x03, 0x00, ..])
            | (Family::Overdraft, [0x80, 0x58, 0x00, 0x00, ..])
    )
}

/// Key index ‖ amount, but for a new limit ‖ terminal.
fn read_initialization(
    line: &Line,
    family: Family,
    fields: &mut TransactionFields,
) -> Result<(), EntryError> {
    let has_amount = family != Family::Overdraft;
    let mut data = line.data(if has_amount { "11" } else { "7" }, if has_amount { 11 } else { 7 }, 0)?;
    let _key_index = data.byte();
    if has_amount {
        fields.amount = data.take().map(Amount::from_bytes);
    }
    fields.terminal = data.take().map(TerminalId);
    Ok(())
}

/// Balance ‖ sequence ‖ limit, but for loads and unloads ‖ key version ‖ algorithm ‖ rand ‖ MAC1, but for purchases.
fn read_answer(line: &Line, family: Family, fields: &mut TransactionFields) -> Result<(), EntryError> {
    let mut data = match family {
        Family::Load | Family::Unload => line.answer("16", 16, MAC),
        Family::Purchase => line.answer("15", 15, 0),
        Family::Overdraft => line.answer("19", 19, MAC),
    }?;
    fields.balance = data.take().map(Amount::from_bytes);
    fields.sequence = data.take().map(Sequence::from_bytes);
    if matches!(family, Family::Purchase | Family::Overdraft) {
        fields.old_limit = data.take().map(OverdraftLimit::from_bytes);
    }
    let _version_and_algorithm = data.take::<2>();
    fields.random = data.take().map(Random);
    Ok(())
}

/// Terminal's transaction number of a purchase, or new limit ‖ date ‖ time ‖ MAC.
fn read_second_phase(line: &Line, family: Family, fields: &mut TransactionFields) -> Result<(), EntryError> {
    let mut data = match family {
        Family::Load | Family::Unload => line.data("11", 11, MAC),
        Family::Purchase => line.data("15", 15, MAC),
        Family::Overdraft => line.data("14", 14, MAC),
    }?;
    match family {
        Family::Load | Family::Unload => {}
        Family::Purchase => fields.number = data.take().map(TerminalTransaction::from_bytes),
        Family::Overdraft => fields.new_limit = data.take().map(OverdraftLimit::from_bytes),
    }
    fields.when = data.take().map(DateTime);
    Ok(())
}

impl Line {
    const fn is_command(&self) -> bool {
        matches!(self.direction, Direction::Command)
    }

    /// The data of a command of so many bytes, of which the last `mac` may be cut off; Le may follow.
    fn data(&self, expected: &'static str, length: usize, mac: usize) -> Result<Reader<'_>, EntryError> {
        let data = self.bytes.get(HEADER..).unwrap_or_default();
        let is_lc_right = self.bytes.get(HEADER - 1).is_some_and(|lc| usize::from(*lc) == length);
        let least = length.saturating_sub(mac);
        let is_whole = [length, length + 1, least, least + 1].contains(&data.len());
        if is_lc_right && is_whole { Ok(Reader::new(data)) } else { Err(self.length(data.len(), expected)) }
    }

    /// The data of a response of so many bytes, of which the last `mac` may be cut off, before a status word 9000.
    fn answer(&self, expected: &'static str, length: usize, mac: usize) -> Result<Reader<'_>, EntryError> {
        let Some((data, status)) = self.bytes.split_last_chunk::<2>() else {
            return Err(self.length(self.bytes.len(), "at least 2"));
        };
        if data.is_empty() {
            return Err(EntryError::new(&self.name, Mistake::CardRefused(u16::from_be_bytes(*status))));
        }
        let is_whole = [length, length.saturating_sub(mac)].contains(&data.len());
        if is_whole && *status == [0x90, 0x00] {
            Ok(Reader::new(data))
        } else {
            Err(self.length(data.len(), expected))
        }
    }

    fn length(&self, is: usize, expected: &'static str) -> EntryError {
        EntryError::new(&self.name, Mistake::Length { is, expected })
    }
}

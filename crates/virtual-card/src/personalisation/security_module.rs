//! What a security module is personalised with: the fields of the file, the groupings that carry them, and what the card makes
//! of these.

use purse::{
    amount::Amount,
    bytes::Reader,
    fields::TerminalId,
    key_table::KeyRecord,
    psam::{ModuleContents, ModulePersonalisation},
};
use serde::Deserialize;

use super::{
    draft::Unfit,
    grouping::Grouping,
    keys::{ApplicationKey, key_record},
    text::{Hex, Name},
};

/// File identifier 2 ‖ serial number 10 ‖ terminal 6 ‖ has SM4 1 ‖ SM4 1 ‖ lowest version 1 ‖ ceiling 4 ‖ tries 1.
const MODULE: u16 = 0x0301;
/// Usage ‖ index ‖ version ‖ algorithm ‖ master key 16.
const KEY: u16 = 0x8301;

/// The fields of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModuleFields {
    pub(super) aid: Name,
    file_identifier: Hex<2>,
    pub(super) serial: Hex<10>,
    terminal: Hex<6>,
    sm4_algorithm: Option<Hex<1>>,
    #[serde(default)]
    minimum_version: Hex<1>,
    ceiling: u32,
    tries: u8,
    /// Master keys: the index of each is the number of levels << 5, plus 2.
    pub(super) keys: Vec<ApplicationKey>,
}

impl ModuleFields {
    /// What a host sends to the card.
    pub(super) fn groupings(&self) -> Vec<Grouping> {
        let sm4 = [u8::from(self.sm4_algorithm.is_some()), self.sm4_algorithm.unwrap_or_default().0[0]];
        let module = Grouping::new(
            MODULE,
            &[
                &self.file_identifier.0,
                &self.serial.0,
                &self.terminal.0,
                &sm4,
                &self.minimum_version.0,
                &self.ceiling.to_be_bytes(),
                &[self.tries],
            ],
        );
        let keys = self.keys.iter().map(|key| Grouping::new(KEY, &[key.record()]));
        std::iter::once(module).chain(keys).collect()
    }
}

/// What the card has of a security module that is being personalised.
#[derive(Debug, Default)]
pub(crate) struct ModuleDraft {
    head: Option<Head>,
    keys: Vec<(u8, KeyRecord)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    file_identifier: [u8; 2],
    serial: [u8; 10],
    terminal: TerminalId,
    sm4_algorithm: Option<u8>,
    minimum_version: u8,
    ceiling: Amount,
    tries: u8,
}

/// One grouping, understood.
#[derive(Debug)]
pub(super) enum ModuleItem {
    Head(Head),
    Key(u8, KeyRecord),
}

/// Understands a grouping. `None` for any other.
pub(super) fn read(dgi: u16, bytes: &[u8]) -> Option<ModuleItem> {
    match dgi {
        MODULE => read_head(bytes).map(ModuleItem::Head),
        KEY => Some(ModuleItem::Key(*bytes.first()?, key_record(bytes)?)),
        _ => None,
    }
}

fn read_head(bytes: &[u8]) -> Option<Head> {
    let mut body = Reader::new(bytes);
    let (file_identifier, serial, terminal) = (body.take()?, body.take()?, TerminalId(body.take()?));
    let (has_sm4, sm4) = (body.flag()?, body.byte()?);
    let head = Head {
        file_identifier,
        serial,
        terminal,
        sm4_algorithm: has_sm4.then_some(sm4),
        minimum_version: body.byte()?,
        ceiling: Amount::from_bytes(body.take()?),
        tries: body.byte()?,
    };
    (body.rest().is_empty() && head.tries > 0).then_some(head)
}

impl ModuleDraft {
    /// Takes an item; a second one of its kind takes the place of the first.
    pub(super) fn take(&mut self, item: ModuleItem) {
        match item {
            ModuleItem::Head(head) => self.head = Some(head),
            ModuleItem::Key(usage, key) => {
                self.keys.retain(|(old, record)| (*old, record.version) != (usage, key.version));
                self.keys.push((usage, key));
            }
        }
    }

    pub(super) fn file_identifier(&self) -> [u8; 2] {
        self.head.map_or([0; 2], |head| head.file_identifier)
    }

    /// The module that this is.
    pub(super) fn contents(&self) -> Result<ModuleContents, Unfit> {
        let Head { file_identifier, serial, terminal, sm4_algorithm, minimum_version, ceiling, tries } =
            self.head.ok_or(Unfit::Missing("data of the module"))?;
        let keys: Vec<KeyRecord> = self.keys.iter().map(|(_, key)| key.clone()).collect();
        let with = ModulePersonalisation {
            file_identifier,
            serial,
            terminal,
            keys: &keys,
            sm4_algorithm,
            minimum_version,
            ceiling,
            tries,
        };
        ModuleContents::personalised(&with).ok_or(Unfit::ModuleKeys)
    }
}

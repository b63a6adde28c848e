//! What a purse is personalised with: the fields of the file, the groupings that carry them, and what the card makes of these.

use globalplatform::aid::Aid;
use purse::{
    amount::Amount,
    bytes::Reader,
    ep::{
        Contents, Counting, FileKind, FileLayout, Limits, OverdraftCodeKey, Personalisation, Profile, Unit,
    },
    fields::Date,
    key_table::KeyRecord,
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    draft::Unfit,
    grouping::Grouping,
    keys::{ApplicationKey, key_record},
    text::{Bytes, DayText, Digits, Hex, Name},
};

/// File identifier 2 ‖ profile 12 ‖ limits 18 ‖ currencies 8.
const APPLICATION: u16 = 0x0101;
/// Issuer 8 ‖ type 1 ‖ version 1 ‖ serial number 10 ‖ start 4 ‖ expiry 4 ‖ FCI 2.
const PUBLIC_INFORMATION: u16 = 0x0102;
/// For each file: short identifier ‖ kind ‖ bytes of a record ‖ records.
const FILES: u16 = 0x0103;
/// Short identifier ‖ number ‖ what the record begins with.
const RECORD: u16 = 0x0104;
/// Usage ‖ index ‖ version ‖ algorithm ‖ key 16.
const KEY: u16 = 0x8101;
/// Tries ‖ PIN.
const PIN: u16 = 0x8102;

/// The fields of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PurseFields {
    pub(super) aid: Name,
    file_identifier: Hex<2>,
    pub(super) asn: Hex<10>,
    issuer: Hex<8>,
    #[serde(rename = "type", default)]
    kind: Hex<1>,
    #[serde(default)]
    version: Hex<1>,
    #[serde(default)]
    fci: Hex<2>,
    start: DayText,
    expiry: DayText,
    #[serde(default)]
    limits: LimitFields,
    #[serde(default)]
    currencies: Vec<Hex<2>>,
    pin: Digits,
    pin_tries: u8,
    #[serde(default)]
    profile: ProfileFields,
    #[serde(default)]
    files: Vec<FileFields>,
    pub(super) keys: Vec<ApplicationKey>,
}

/// What is not given is not limited.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitFields {
    balance_max: Option<u32>,
    transaction_max: Option<u32>,
    offline_amount_max: Option<u32>,
    offline_count_max: Option<u16>,
}

/// What is not given is as FMCOS cards have it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ProfileFields {
    log_sequence: Place,
    prove_sequence: Place,
    sm4_algorithm: Option<Hex<1>>,
    unit: UnitName,
    overdraft_code_key: OverdraftCodeKeyName,
    diversification_levels: u8,
    locks_after_wrong_macs: bool,
    load_needs_pin: bool,
    deposit_needs_pin: bool,
    pin_outlasts_transaction: bool,
    keeps_responses: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    Before,
    After,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum UnitName {
    Fen,
    Yuan,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OverdraftCodeKeyName {
    HalvesXored,
    Direct,
}

impl Default for ProfileFields {
    fn default() -> Self {
        let fmcos = Profile::FMCOS;
        Self {
            log_sequence: Place::Before,
            prove_sequence: Place::After,
            sm4_algorithm: None,
            unit: UnitName::Fen,
            overdraft_code_key: OverdraftCodeKeyName::HalvesXored,
            diversification_levels: fmcos.diversification_levels,
            locks_after_wrong_macs: fmcos.locks_after_wrong_macs,
            load_needs_pin: fmcos.load_needs_pin,
            deposit_needs_pin: fmcos.deposit_needs_pin,
            pin_outlasts_transaction: fmcos.pin_outlasts_transaction,
            keeps_responses: fmcos.keeps_responses,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileFields {
    sfi: Hex<1>,
    kind: FileKindName,
    record_bytes: u8,
    #[serde(default = "one")]
    records: u8,
    /// What the first records begin with.
    #[serde(default)]
    content: Vec<Bytes>,
}

const fn one() -> u8 {
    1
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FileKindName {
    Transparent,
    Records,
    Cyclic,
}

impl ProfileFields {
    fn profile(&self) -> Profile {
        let counting = |place| match place {
            Place::Before => Counting::Before,
            Place::After => Counting::After,
        };
        Profile {
            log_sequence: counting(self.log_sequence),
            prove_sequence: counting(self.prove_sequence),
            sm4_algorithm: self.sm4_algorithm.map(|identifier| identifier.0[0]),
            unit: match self.unit {
                UnitName::Fen => Unit::Fen,
                UnitName::Yuan => Unit::Yuan,
            },
            overdraft_code_key: match self.overdraft_code_key {
                OverdraftCodeKeyName::HalvesXored => OverdraftCodeKey::HalvesXored,
                OverdraftCodeKeyName::Direct => OverdraftCodeKey::Direct,
            },
            diversification_levels: self.diversification_levels,
            locks_after_wrong_macs: self.locks_after_wrong_macs,
            load_needs_pin: self.load_needs_pin,
            deposit_needs_pin: self.deposit_needs_pin,
            pin_outlasts_transaction: self.pin_outlasts_transaction,
            keeps_responses: self.keeps_responses,
        }
    }
}

impl PurseFields {
    /// What a host sends to the card.
    pub(super) fn groupings(&self) -> Vec<Grouping> {
        let limits = Limits {
            balance_max: Amount::new(self.limits.balance_max.unwrap_or(u32::MAX)),
            transaction_max: Amount::new(self.limits.transaction_max.unwrap_or(u32::MAX)),
            offline_amount_max: Amount::new(self.limits.offline_amount_max.unwrap_or(u32::MAX)),
            offline_count_max: self.limits.offline_count_max.unwrap_or(u16::MAX),
            expiry: Date(self.expiry.0),
        };
        let mut currencies = [[0; 2]; 4];
        currencies.iter_mut().zip(&self.currencies).for_each(|(place, currency)| *place = currency.0);
        let application = [
            &self.file_identifier.0[..],
            &self.profile.profile().to_bytes(),
            &limits.to_bytes(),
            currencies.as_flattened(),
        ];
        let public = [
            &self.issuer.0[..],
            &self.kind.0,
            &self.version.0,
            &self.asn.0,
            &self.start.0,
            &self.expiry.0,
            &self.fci.0,
        ];
        let mut groupings =
            vec![Grouping::new(APPLICATION, &application), Grouping::new(PUBLIC_INFORMATION, &public)];
        let layouts: Vec<[u8; 4]> = self.files.iter().map(FileFields::layout).collect();
        groupings.push(Grouping::new(FILES, &[layouts.as_flattened()]));
        for file in &self.files {
            for (number, content) in (1..).zip(&file.content) {
                groupings.push(Grouping::new(RECORD, &[&file.sfi.0, &[number], &content.0]));
            }
        }
        groupings.extend(self.keys.iter().map(|key| Grouping::new(KEY, &[key.record()])));
        groupings.push(Grouping::new(PIN, &[&[self.pin_tries], &self.pin.0]));
        groupings
    }

    /// Names a field with too many values for the card.
    pub(super) fn too_many(&self) -> Option<&'static str> {
        let is_long = |file: &FileFields| file.content.len() > usize::from(file.records);
        if self.currencies.len() > 4 {
            Some("purse.currencies")
        } else if self.files.iter().any(is_long) {
            Some("purse.files.content")
        } else {
            None
        }
    }
}

impl FileFields {
    const fn layout(&self) -> [u8; 4] {
        let kind = match self.kind {
            FileKindName::Transparent => 1,
            FileKindName::Records => 2,
            FileKindName::Cyclic => 3,
        };
        [self.sfi.0[0], kind, self.record_bytes, self.records]
    }
}

/// What the card has of a purse that is being personalised.
#[derive(Debug, Default)]
pub(crate) struct PurseDraft {
    application: Option<Head>,
    public_information: Option<[u8; 30]>,
    files: Vec<FileLayout>,
    records: Vec<Record>,
    keys: Vec<(u8, KeyRecord)>,
    pin: Option<(u8, Zeroizing<Vec<u8>>)>,
}

#[derive(Clone, Debug)]
pub(super) struct Head {
    file_identifier: [u8; 2],
    profile: Profile,
    limits: Limits,
    currencies: [[u8; 2]; 4],
}

#[derive(Clone, Debug)]
pub(super) struct Record {
    sfi: u8,
    number: u8,
    content: Vec<u8>,
}

/// One grouping, understood.
#[derive(Debug)]
pub(super) enum PurseItem {
    Application(Head),
    PublicInformation([u8; 30]),
    Files(Vec<FileLayout>),
    Record(Record),
    Key(u8, KeyRecord),
    Pin(u8, Zeroizing<Vec<u8>>),
}

/// Understands a grouping. `None` for any other.
pub(super) fn read(dgi: u16, bytes: &[u8]) -> Option<PurseItem> {
    match dgi {
        APPLICATION => read_head(bytes).map(PurseItem::Application),
        PUBLIC_INFORMATION => bytes.try_into().ok().map(PurseItem::PublicInformation),
        FILES => {
            let (layouts, rest) = bytes.as_chunks();
            let layouts = layouts.iter().copied().map(read_layout).collect::<Option<_>>()?;
            rest.is_empty().then_some(PurseItem::Files(layouts))
        }
        RECORD => {
            let [sfi, number, content @ ..] = bytes else { return None };
            Some(PurseItem::Record(Record { sfi: *sfi, number: *number, content: content.to_vec() }))
        }
        KEY => Some(PurseItem::Key(*bytes.first()?, key_record(bytes)?)),
        PIN => bytes.split_first().map(|(tries, pin)| PurseItem::Pin(*tries, Zeroizing::new(pin.to_vec()))),
        _ => None,
    }
}

fn read_layout([sfi, kind, record_bytes, records]: [u8; 4]) -> Option<FileLayout> {
    let kind = match kind {
        1 => FileKind::Transparent,
        2 => FileKind::Records,
        3 => FileKind::Cyclic,
        _ => return None,
    };
    Some(FileLayout { sfi, kind, record_bytes, records })
}

fn read_head(bytes: &[u8]) -> Option<Head> {
    let mut body = Reader::new(bytes);
    let file_identifier = body.take()?;
    let (profile, limits) = (Profile::read(&mut body)?, Limits::read(&mut body)?);
    let currencies = [body.take()?, body.take()?, body.take()?, body.take()?];
    body.rest().is_empty().then_some(Head { file_identifier, profile, limits, currencies })
}

impl PurseDraft {
    /// Takes an item; a second one of its kind takes the place of the first.
    pub(super) fn take(&mut self, item: PurseItem) {
        match item {
            PurseItem::Application(head) => self.application = Some(head),
            PurseItem::PublicInformation(bytes) => self.public_information = Some(bytes),
            PurseItem::Files(files) => self.files = files,
            PurseItem::Record(record) => {
                self.records.retain(|old| (old.sfi, old.number) != (record.sfi, record.number));
                self.records.push(record);
            }
            PurseItem::Key(usage, key) => {
                self.keys.retain(|(old, record)| (*old, record.index) != (usage, key.index));
                self.keys.push((usage, key));
            }
            PurseItem::Pin(tries, pin) => self.pin = Some((tries, pin)),
        }
    }

    pub(super) fn file_identifier(&self) -> [u8; 2] {
        self.application.as_ref().map_or([0; 2], |head| head.file_identifier)
    }

    /// The purse that this is.
    pub(super) fn contents(&self, aid: &Aid) -> Result<Contents, Unfit> {
        let head = self.application.as_ref().ok_or(Unfit::Missing("application data"))?;
        let (tries, pin) = self.pin.as_ref().ok_or(Unfit::Missing("PIN"))?;
        let keys: Vec<KeyRecord> = self.keys.iter().map(|(_, key)| key.clone()).collect();
        let mut contents = Contents::personalised(&Personalisation {
            profile: head.profile,
            aid: aid.as_slice(),
            file_identifier: head.file_identifier,
            public_information: self.public_information.ok_or(Unfit::Missing("public information"))?,
            keys: &keys,
            pin: (pin, *tries),
            files: &self.files,
            limits: head.limits,
            currencies: head.currencies,
        })
        .map_err(Unfit::Purse)?;
        for record in &self.records {
            let filled = contents.files_mut().fill(record.sfi, record.number, &record.content);
            filled.ok_or(Unfit::Record(record.sfi))?;
        }
        Ok(contents)
    }
}

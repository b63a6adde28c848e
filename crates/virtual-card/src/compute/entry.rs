//! One entry: its fields as bytes, and what is wrong with one.

use std::{collections::HashSet, fmt};

use globalplatform::{apdu::CommandError, secure_channel::ChannelError};

use super::{hexadecimal, ordered_json::Json};

/// Which field has a mistake, and which.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EntryError {
    field: String,
    mistake: Mistake,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mistake {
    NotAnObject,
    UnknownKind,
    NotText,
    NotAList,
    NotHexadecimal,
    Length { is: usize, expected: &'static str },
    Twice,
    Differs { other: &'static str },
    Needs { other: &'static str },
    UnknownValue,
    BalanceOutOfRange,
    NoDirection,
    NoTransaction,
    CardRefused(u16),
    Command(CommandError),
    Channel(ChannelError),
}

impl EntryError {
    pub(super) fn new(field: impl Into<String>, mistake: Mistake) -> Self {
        Self { field: field.into(), mistake }
    }

    pub(super) fn unknown_kind() -> Self {
        Self::new("entry", Mistake::UnknownKind)
    }
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.field)?;
        match &self.mistake {
            Mistake::NotAnObject => f.write_str("not an object"),
            Mistake::UnknownKind => {
                f.write_str("its fields are those of no transaction, secure channel or diversification")
            }
            Mistake::NotText => f.write_str("not a hexadecimal text"),
            Mistake::NotAList => f.write_str("not a list"),
            Mistake::NotHexadecimal => f.write_str("not hexadecimal"),
            Mistake::Length { is, expected } => write!(f, "{is} bytes where {expected} belong"),
            Mistake::Twice => f.write_str("given twice"),
            Mistake::Differs { other } => write!(f, "differs from {other}"),
            Mistake::Needs { other } => write!(f, "means nothing without {other}"),
            Mistake::UnknownValue => f.write_str("no known value"),
            Mistake::BalanceOutOfRange => f.write_str("the balance would leave its four bytes"),
            Mistake::NoDirection => f.write_str("begins with neither > nor <"),
            Mistake::NoTransaction => f.write_str("no command begins a known transaction"),
            Mistake::CardRefused(status) => write!(f, "the card answered {status:04X}"),
            Mistake::Command(error) => error.fmt(f),
            Mistake::Channel(error) => error.fmt(f),
        }
    }
}

/// An entry with its fields in order.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    fields: Vec<(String, Json)>,
}

impl Entry {
    pub(super) fn new(entry: Json) -> Result<Self, EntryError> {
        match entry {
            Json::Object(fields) => Ok(Self { fields }),
            _ => Err(EntryError::new("entry", Mistake::NotAnObject)),
        }
    }

    /// A field; null is as good as none.
    pub(super) fn field(&self, name: &str) -> Option<&Json> {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value).filter(|value| **value != Json::Null)
    }

    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.field(name).is_some())
    }

    /// As it was given, whatever it is.
    pub(super) fn id(&self) -> Json {
        self.field("id").cloned().unwrap_or(Json::Null)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.field(name) {
            Some(Json::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn ensure_no_field_twice(&self) -> Result<(), EntryError> {
        let mut seen = HashSet::new();
        match self.fields.iter().find(|(name, _)| !seen.insert(name)) {
            Some((name, _)) => Err(EntryError::new(name, Mistake::Twice)),
            None => Ok(()),
        }
    }

    /// Bytes of any number.
    pub(super) fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, EntryError> {
        self.field(name).map(|value| bytes_of(name, value)).transpose()
    }

    /// Exactly `N` bytes.
    pub(super) fn array<const N: usize>(&self, name: &str) -> Result<Option<[u8; N]>, EntryError> {
        self.field(name).map(|value| array_of(name, value)).transpose()
    }

    /// A text, or a list of texts.
    pub(super) fn one_or_more(&self, name: &str) -> Result<Vec<Vec<u8>>, EntryError> {
        match self.field(name) {
            None => Ok(Vec::new()),
            Some(Json::List(list)) => list
                .iter()
                .enumerate()
                .map(|(place, value)| bytes_of(&format!("{name}[{place}]"), value))
                .collect(),
            Some(value) => Ok(vec![bytes_of(name, value)?]),
        }
    }
}

/// The bytes of a hexadecimal text in this field.
pub(super) fn bytes_of(name: &str, value: &Json) -> Result<Vec<u8>, EntryError> {
    let Json::Text(text) = value else { return Err(EntryError::new(name, Mistake::NotText)) };
    hexadecimal::parse(text).ok_or_else(|| EntryError::new(name, Mistake::NotHexadecimal))
}

/// Exactly `N` bytes of a hexadecimal text in this field.
pub(super) fn array_of<const N: usize>(name: &str, value: &Json) -> Result<[u8; N], EntryError> {
    let bytes = bytes_of(name, value)?;
    let mistake = Mistake::Length { is: bytes.len(), expected: COUNTS.get(N).unwrap_or(&"others") };
    bytes.try_into().map_err(|_| EntryError::new(name, mistake))
}

const COUNTS: [&str; 17] =
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"];

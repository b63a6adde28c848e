//! Session keys, MACs, TACs, cryptograms and protected messages, from keys and inputs.
//!
//! The input is JSON: an object whose `vectors` is a list of entries, or such a list, or one entry. All values are
//! hexadecimal texts, in capitals or not, with spaces anywhere. What an entry is about follows from its fields:
//!
//! * *diversification*: `master` and `factor` or `factors`, eight bytes a level; gives `diversified`.
//! * *purse transaction* (PBOC 2.0): a trace in `apdus`, `> command` and `< response`, or the fields `type`, `rand`,
//!   `online_seq` or `offline_seq` or `seq`, `term`, `amount`, `old_balance`, `term_seq`, `datetime` or `date` and `time`,
//!   `old_limit` and `new_limit`. Keys are `DLK`, `DPK`, `DULK`, `DUK` and `DTK`; what `master` and `factors` give stands
//!   for the first four. Gives the session key (`SESPK` of purchases, `SESLK` of everything online), `MAC1`, `MAC2`,
//!   `MAC3`, `TAC_key` and `TAC`.
//! * *secure channel* (SCP02, SCP03): `INIT_UPDATE`, `RESP`, `ENC`, `MAC`, `DEK`; the security level is `level` or P1 of
//!   `EXT_AUTH`. Gives `session`, `card_cryptogram`, `host_cryptogram`, `EXT_AUTH`; the commands of `wrap` or `plain`
//!   protected one after the other, and `resp_wrapped` opened as `resp_plain`.
//!
//! Rules:
//! * What an entry expects is never looked at: a MAC in a trace may be wrong, zero or cut off.
//! * What needs a key or field that is not there is not computed; its name is in `missing`. A transaction without date and
//!   time is one that ended after its first phase, and nothing of the second is missing.
//! * An entry that lacks a purse key has that of the nearest entry before it with the same `src`, where "same" is the source
//!   of the entry before; `keys_from` says so. Traces of one card share their keys this way.
//! * An entry with a mistake gives `error`, which names the field, and does not stop the others.

mod computed;
mod diversification;
mod entry;
pub(crate) mod hexadecimal;
mod key_ring;
mod ordered_json;
mod purse_transaction;
mod secure_channel;
mod trace;
mod transaction_fields;

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeMap};

use computed::Computed;
use entry::{Entry, EntryError};
use key_ring::KeyRing;
use ordered_json::Json;

/// What was computed for each entry, in order; serializes as an object whose `vectors` is the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    entries: Vec<Json>,
    refused: usize,
}

impl Report {
    /// How many entries there were.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// How many of them had a mistake.
    #[must_use]
    pub const fn refused(&self) -> usize {
        self.refused
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(1))?;
        object.serialize_entry("vectors", &self.entries)?;
        object.end()
    }
}

/// The input as a whole cannot be read.
#[derive(Debug)]
pub enum InputError {
    /// It is not JSON.
    NotJson(serde_json::Error),
    /// It is neither an object nor a list.
    NoEntries,
    /// `vectors` is not a list.
    VectorsNotAList,
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(error) => write!(f, "read the entries as JSON: {error}"),
            Self::NoEntries => f.write_str("find entries: neither an object nor a list"),
            Self::VectorsNotAList => f.write_str("find entries: `vectors` is not a list"),
        }
    }
}

impl std::error::Error for InputError {}

/// Computes every entry of this JSON text. The result holds session keys: secrets, where the keys are.
///
/// # Errors
/// [`InputError`]; mistakes of one entry are told in its place of the report instead.
pub fn compute(text: &str) -> Result<Report, InputError> {
    let entries = entries(serde_json::from_str(text).map_err(InputError::NotJson)?)?;
    let mut report = Report { entries: Vec::with_capacity(entries.len()), refused: 0 };
    let mut ring = KeyRing::default();
    for entry in entries {
        let (id, answer) = match Entry::new(entry) {
            Ok(entry) => {
                ring.advance(&entry);
                let answer = compute_entry(&entry, &ring);
                ring.remember(&entry);
                (entry.id(), answer)
            }
            Err(error) => (Json::Null, Err(error)),
        };
        report.refused += usize::from(answer.is_err());
        report.entries.push(computed::answer(id, answer));
    }
    Ok(report)
}

fn entries(input: Json) -> Result<Vec<Json>, InputError> {
    match input {
        Json::List(entries) => Ok(entries),
        Json::Object(fields) => match fields.iter().position(|(name, _)| name == "vectors") {
            None => Ok(vec![Json::Object(fields)]),
            Some(place) => match fields.into_iter().nth(place) {
                Some((_, Json::List(entries))) => Ok(entries),
                _ => Err(InputError::VectorsNotAList),
            },
        },
        _ => Err(InputError::NoEntries),
    }
}

fn compute_entry(entry: &Entry, ring: &KeyRing) -> Result<Computed, EntryError> {
    entry.ensure_no_field_twice()?;
    let mut computed = Computed::default();
    if entry.has_any(&["INIT_UPDATE", "RESP", "ENC"]) {
        secure_channel::compute(entry, &mut computed)?;
        return Ok(computed);
    }
    let is_transaction = entry.has_any(&["apdus", "type", "rand", "term", "amount"]);
    let is_diversification = entry.has_any(&["master", "factor", "factors"]);
    if !is_transaction && !is_diversification {
        return Err(EntryError::unknown_kind());
    }
    let diversified = diversification::compute(entry, &mut computed)?;
    if is_transaction {
        purse_transaction::compute(entry, &ring.of(entry, diversified), &mut computed)?;
    }
    Ok(computed)
}

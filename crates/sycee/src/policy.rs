//! What an operator allows, as a file: `sycee policy` prints it, `sycee serve --policy FILE` keeps to it.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use money::Currency;
use operations::{PlaceOfBusiness, Policy};
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

#[derive(Debug, Args)]
pub(crate) struct PolicyArguments {
    /// The file to check; default: none, which prints what holds without one
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// The file: what it leaves out is as without one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PolicyFile {
    currencies: Vec<String>,
    units_per_operation: u64,
    step_up_units: u64,
    unsecured_units: u64,
    clearing_window_days: u32,
    country: String,
    city: String,
}

impl Default for PolicyFile {
    fn default() -> Self {
        Self::from(&Policy::default())
    }
}

impl From<&Policy> for PolicyFile {
    fn from(policy: &Policy) -> Self {
        Self {
            currencies: policy.currencies.iter().map(|currency| currency.code().to_owned()).collect(),
            units_per_operation: policy.units_per_operation,
            step_up_units: policy.step_up_units,
            unsecured_units: policy.unsecured_units,
            clearing_window_days: policy.clearing_window_days,
            country: policy.place.country().to_owned(),
            city: policy.place.city().to_owned(),
        }
    }
}

/// The most that `units_per_operation` may be: minor units of every currency stay far from the end of their type.
const UNITS_MAX: u64 = 1_000_000_000;
/// The most that `clearing_window_days` may be.
const DAYS_MAX: u32 = 366;

impl PolicyFile {
    fn read(text: &str) -> Result<Policy, String> {
        let file: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        file.policy()
    }

    fn policy(&self) -> Result<Policy, String> {
        if !(1..=UNITS_MAX).contains(&self.units_per_operation) {
            return Err(format!("`units_per_operation` must be from 1 to {UNITS_MAX}"));
        }
        if !(1..=DAYS_MAX).contains(&self.clearing_window_days) {
            return Err(format!("`clearing_window_days` must be from 1 to {DAYS_MAX}"));
        }
        let place = PlaceOfBusiness::new(&self.country, &self.city).ok_or_else(|| {
            "`country` must be two capital letters (ISO 3166-1), `city` 1 to 15 plain characters".to_owned()
        })?;
        Ok(Policy {
            currencies: self.currencies()?,
            units_per_operation: self.units_per_operation,
            step_up_units: self.step_up_units,
            unsecured_units: self.unsecured_units,
            clearing_window_days: self.clearing_window_days,
            place,
        })
    }

    fn currencies(&self) -> Result<Vec<Currency>, String> {
        let mut known = Vec::new();
        for code in &self.currencies {
            let currency = Currency::from_code(code)
                .map_err(|_| format!("`currencies`: {code:?} is no currency that this program knows"))?;
            if known.contains(&currency) {
                return Err(format!("`currencies` names {code} twice"));
            }
            known.push(currency);
        }
        if known.is_empty() { Err("`currencies` must name at least one".to_owned()) } else { Ok(known) }
    }
}

/// What the operator allows, by this file.
pub(crate) fn read(path: &Path) -> Result<Policy, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::unavailable(format!("cannot read {}: {error}", path.display())))?;
    PolicyFile::read(&text).map_err(|why| Failure::bad_data(format!("{}: {why}", path.display())))
}

/// Prints the policy as a file, in full.
pub(crate) fn run(arguments: &PolicyArguments) -> Result<(), Failure> {
    let policy = arguments.file.as_deref().map_or_else(|| Ok(Policy::default()), read)?;
    let text = serde_json::to_string_pretty(&PolicyFile::from(&policy));
    let text = text.map_err(|error| Failure::software(error.to_string()))?;
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_leaves_out_is_as_without_one() {
        assert_eq!(PolicyFile::read("{}"), Ok(Policy::default()));
        let policy =
            PolicyFile::read(r#"{"currencies": ["EUR"], "country": "AT", "city": "Graz"}"#).expect("good");
        assert_eq!(policy.currencies, [Currency::EUR]);
        assert_eq!((policy.place.country(), policy.place.city()), ("AT", "Graz"));
        assert_eq!(policy.units_per_operation, Policy::default().units_per_operation);
    }

    #[test]
    fn what_is_printed_is_read_as_the_same() {
        let printed = serde_json::to_string(&PolicyFile::default()).expect("numbers and texts");
        assert_eq!(PolicyFile::read(&printed), Ok(Policy::default()));
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_name() {
        let wrong = [
            (r#"{"currencies": []}"#, "currencies"),
            (r#"{"currencies": ["EUR", "EUR"]}"#, "twice"),
            (r#"{"currencies": ["XXZ"]}"#, "XXZ"),
            (r#"{"units_per_operation": 0}"#, "units_per_operation"),
            (r#"{"units_per_operation": 1000000001}"#, "units_per_operation"),
            (r#"{"units_per_operation": -1}"#, "invalid value"),
            (r#"{"clearing_window_days": 0}"#, "clearing_window_days"),
            (r#"{"country": "at"}"#, "country"),
            (r#"{"city": ""}"#, "city"),
            (r#"{"city": "Sankt Veit an der Glan"}"#, "city"),
            (r#"{"citty": "Graz"}"#, "citty"),
            ("currencies = EUR", "line 1"),
        ];
        for (text, named) in wrong {
            let why = PolicyFile::read(text).expect_err(text);
            assert!(why.contains(named), "{text}: {why}");
        }
    }
}

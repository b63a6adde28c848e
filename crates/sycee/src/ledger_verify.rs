//! `sycee ledger verify`: every byte of a ledger's directory read again.

use std::io::{self, Write};
use std::path::Path;

use ledger_embedded::storage::FileStorage;
use ledger_embedded::{OpenError, Verification, verify};
use serde::Serialize;

use crate::exit::Failure;

pub(crate) fn run(data: &Path, json: bool) -> Result<(), Failure> {
    let directory = crate::existing_ledger(data)?;
    let storage = FileStorage::open(&directory).map_err(OpenError::from)?;
    let verification = match verify(storage) {
        Ok(verification) => verification,
        Err(OpenError::Damaged(what)) => {
            return Err(Failure::findings(format!("the ledger is damaged: {what}")));
        }
        Err(error) => return Err(error.into()),
    };
    let mut output = io::stdout().lock();
    if json {
        let line = serde_json::to_string(&JsonVerification::from(&verification));
        writeln!(output, "{}", line.expect("a report of numbers and strings always serializes"))?;
    } else {
        print(&verification, &mut output)?;
    }
    if verification.findings.is_empty() {
        return Ok(());
    }
    Err(Failure::findings(format!("verification found {} mistakes", verification.findings.len())))
}

fn print(verification: &Verification, output: &mut impl Write) -> io::Result<()> {
    let Verification { frames, records, accounts, open_pendings, head, findings } = verification;
    writeln!(output, "{frames} frames, {records} records, {accounts} accounts")?;
    writeln!(output, "{open_pendings} transfers still pending, head of the hash chain {head:?}")?;
    for finding in findings {
        writeln!(output, "WRONG {finding}")?;
    }
    if findings.is_empty() {
        writeln!(output, "nothing is wrong")?;
    }
    Ok(())
}

#[derive(Serialize)]
struct JsonVerification {
    clean: bool,
    frames: u64,
    records: u64,
    accounts: u64,
    open_pendings: u64,
    head: String,
    findings: Vec<JsonFinding>,
}

#[derive(Serialize)]
struct JsonFinding {
    file: String,
    offset: u64,
    what: String,
}

impl From<&Verification> for JsonVerification {
    fn from(verification: &Verification) -> Self {
        let findings = verification.findings.iter();
        Self {
            clean: verification.findings.is_empty(),
            frames: verification.frames,
            records: verification.records,
            accounts: verification.accounts,
            open_pendings: verification.open_pendings,
            head: format!("{:?}", verification.head),
            findings: findings
                .map(|finding| JsonFinding {
                    file: finding.file.clone(),
                    offset: finding.offset,
                    what: finding.what.clone(),
                })
                .collect(),
        }
    }
}

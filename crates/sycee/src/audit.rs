//! `sycee audit`: every balance recomputed without the ledger's posting code, and the audit log checked as a whole.

mod log;

use std::io::{self, Write};
use std::path::PathBuf;

use auditor::{AuditReport, LedgerTotals};
use clap::Args;
use serde::Serialize;

use crate::exit::Failure;

#[derive(Debug, Args)]
pub(crate) struct AuditOptions {
    /// Directory of the ledger, or of a server or town that has one
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &AuditOptions) -> Result<(), Failure> {
    let directory = crate::existing_ledger(&options.data)?;
    let report = auditor::audit(&directory).map_err(|error| Failure::findings(error.to_string()))?;
    let log = log::audit(&options.data)?;
    let mut output = io::stdout().lock();
    if options.json {
        let line = serde_json::to_string(&JsonReport::new(&report, log.as_ref()));
        writeln!(output, "{}", line.expect("a report of numbers and strings always serializes"))?;
    } else {
        print(&report, &mut output)?;
        if let Some(log) = &log {
            print_log(log, &mut output)?;
        }
    }
    let mistakes = report.findings.len() + log.map_or(0, |log| log.findings.len());
    if mistakes == 0 {
        return Ok(());
    }
    Err(Failure::findings(format!("the audit found {mistakes} mistakes")))
}

fn print(report: &AuditReport, output: &mut impl Write) -> io::Result<()> {
    let AuditReport { frames, records, accounts, transfers, open_pendings, ledgers, findings } = report;
    writeln!(output, "{frames} frames, {records} records, {accounts} accounts, {transfers} transfers,")?;
    writeln!(output, "{open_pendings} transfers still pending")?;
    for total in ledgers {
        let LedgerTotals { ledger, accounts, debits_posted, credits_posted, .. } = total;
        let sums = format!("debits {debits_posted}, credits {credits_posted}");
        writeln!(output, "ledger {ledger}: {accounts} accounts, {sums}")?;
    }
    for finding in findings {
        writeln!(output, "WRONG {finding}")?;
    }
    if findings.is_empty() {
        writeln!(output, "every balance is as the journal says")?;
    }
    Ok(())
}

fn print_log(log: &audit_log::Report, output: &mut impl Write) -> io::Result<()> {
    let root: String = log.root.iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(output, "audit log: {} entries, {} signed heads, root {root}", log.entries, log.heads)?;
    for finding in &log.findings {
        writeln!(output, "WRONG audit log: {finding}")?;
    }
    if log.findings.is_empty() {
        writeln!(output, "the audit log is as it was signed")?;
    }
    Ok(())
}

/// The audit log, where there is one.
#[derive(Serialize)]
struct JsonLog {
    entries: u64,
    heads: u64,
    findings: Vec<String>,
}

#[derive(Serialize)]
struct JsonReport {
    clean: bool,
    frames: u64,
    records: u64,
    accounts: u64,
    transfers: u64,
    open_pendings: u64,
    ledgers: Vec<JsonTotals>,
    findings: Vec<JsonFinding>,
    audit_log: Option<JsonLog>,
}

/// Sums have 128 bits, so they are decimal strings.
#[derive(Serialize)]
struct JsonTotals {
    ledger: u32,
    accounts: u64,
    debits_posted: String,
    credits_posted: String,
    debits_pending: String,
    credits_pending: String,
}

#[derive(Serialize)]
struct JsonFinding {
    place: String,
    what: String,
}

impl JsonReport {
    fn new(report: &AuditReport, log: Option<&audit_log::Report>) -> Self {
        let totals = |total: &LedgerTotals| JsonTotals {
            ledger: total.ledger,
            accounts: total.accounts,
            debits_posted: total.debits_posted.to_string(),
            credits_posted: total.credits_posted.to_string(),
            debits_pending: total.debits_pending.to_string(),
            credits_pending: total.credits_pending.to_string(),
        };
        let findings = report.findings.iter();
        Self {
            clean: report.is_clean() && log.is_none_or(|log| log.findings.is_empty()),
            frames: report.frames,
            records: report.records,
            accounts: report.accounts,
            transfers: report.transfers,
            open_pendings: report.open_pendings,
            ledgers: report.ledgers.iter().map(totals).collect(),
            findings: findings
                .map(|finding| JsonFinding { place: finding.place.clone(), what: finding.what.clone() })
                .collect(),
            audit_log: log.map(|log| JsonLog {
                entries: log.entries,
                heads: log.heads,
                findings: log.findings.iter().map(ToString::to_string).collect(),
            }),
        }
    }
}

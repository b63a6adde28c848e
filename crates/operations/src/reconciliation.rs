//! Reconciliation: a bank's statement file against the ledger, with every difference classified.
//!
//! The form of the file: docs/spec/bank-statement.md. What the ledger has is the settled part of top-ups and withdrawals
//! through that bank; the records only say which ids to ask for.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write};

use bank::{Bank, Booked};
use ledger::{Timestamp, TransferId};
use money::{Amount, Currency};
use records::control::{self as rows, BankDifference, BankFile, DifferenceClass};
use wallet::adjustment::Direction;
use wallet::chart;
use wallet::ids::{ApprovalId, BankId, OperationId, PrincipalId, derive};
use wallet::postings;

use crate::approvals::{self, Action, Corrected};
use crate::business_days::BusinessDay;
use crate::duties::{self, Permission};
use crate::{OperationError, Operations, Party, audit_log, day, memo};

/// The first line of every file.
const HEADER: &str = "reference,booked,currency,amount,direction,text";
/// The most lines of one file.
const LINES_MAX: usize = 100_000;

/// One line of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// The bank's reference: the id of the operation where it has one.
    pub reference: String,
    /// The day that the bank booked it on, as days since 1970.
    pub day: u32,
    /// In which currency.
    pub currency: Currency,
    /// Minor units, positive where the bank took money from a customer for the operator.
    pub minor: i64,
    /// The bank's words.
    pub text: String,
}

/// The file cannot be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BadFile {
    /// This line, counted from 1, is not of the documented form.
    Line(usize),
    /// It has more than 100,000 lines.
    TooLong,
}

impl fmt::Display for BadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line} of the statement is not of the documented form"),
            Self::TooLong => write!(f, "the statement has more than {LINES_MAX} lines"),
        }
    }
}

/// Reads a statement file.
///
/// # Errors
/// [`BadFile`], with the first line that is not of the documented form.
pub fn read_statement(text: &str) -> Result<Vec<StatementLine>, BadFile> {
    let mut lines = text.lines().enumerate();
    if lines.next().map(|(_, line)| line.trim_start_matches('\u{feff}').trim_end()) != Some(HEADER) {
        return Err(BadFile::Line(1));
    }
    let mut read = Vec::new();
    for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        if read.len() >= LINES_MAX {
            return Err(BadFile::TooLong);
        }
        read.push(statement_line(line.trim_end()).ok_or(BadFile::Line(index + 1))?);
    }
    Ok(read)
}

fn statement_line(line: &str) -> Option<StatementLine> {
    let fields: Vec<&str> = line.splitn(6, ',').collect();
    let &[reference, booked, currency, amount, direction, text] = fields.as_slice() else { return None };
    let currency = Currency::from_code(currency).ok()?;
    let amount = i64::try_from(Amount::parse(amount, currency).ok()?.minor()).ok()?;
    let minor = match direction {
        "in" => amount,
        "out" => amount.checked_neg()?,
        _ => return None,
    };
    let day = BusinessDay::parse(booked)?.number;
    let plain = !reference.is_empty() && reference.len() <= 64 && text.chars().count() <= 140;
    plain.then(|| StatementLine {
        reference: reference.to_owned(),
        day,
        currency,
        minor,
        text: text.to_owned(),
    })
}

/// The statement of an embedded bank for a span of days, the last included, in the form that is read here.
#[must_use]
pub fn write_statement(bank: &Bank, (first, last): (u32, u32)) -> String {
    let mut csv = format!("{HEADER}\n");
    for Booked { operation, day, amount, pay_out } in bank.booked() {
        let number = u32::try_from(day).unwrap_or(u32::MAX);
        if !(first..=last).contains(&number) {
            continue;
        }
        let (direction, text) = if pay_out { ("out", "pay-out to card") } else { ("in", "charge of card") };
        let (date, currency) = (BusinessDay::of(number).date, amount.currency().code());
        writeln!(csv, "{:032x},{date},{currency},{},{direction},{text}", operation.0, amount.decimal())
            .expect("writing to a string succeeds");
    }
    csv
}

/// What the ledger has of one operation through a bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    operation: OperationId,
    day: u32,
    currency: Currency,
    minor: i64,
    at: Timestamp,
}

/// What differs, and how many lines agree.
#[derive(Debug, Default)]
struct Comparison {
    matched: u64,
    differences: Vec<BankDifference>,
}

impl Comparison {
    fn differs(&mut self, class: DifferenceClass, line: Option<&StatementLine>, entry: Option<&Entry>) {
        let number = u32::try_from(self.differences.len()).unwrap_or(u32::MAX).saturating_add(1);
        let currency = line.map(|line| line.currency).or(entry.map(|entry| entry.currency));
        let at = entry.map(|entry| entry.at).or(line.map(|line| day::start(line.day)));
        let id = entry.map(|entry| entry.operation.to_string());
        let (Some(currency), Some(at)) = (currency, at) else { return };
        self.differences.push(BankDifference {
            file: 0,
            number,
            class,
            reference: line.map(|line| line.reference.clone()).or(id).unwrap_or_default(),
            currency,
            ledger_minor: entry.map(|entry| entry.minor),
            bank_minor: line.map(|line| line.minor),
            at,
            note: line.map(|line| line.text.clone()).unwrap_or_default(),
            approval: None,
            // What only waits for the next file explains itself.
            resolved_at: (class == DifferenceClass::Timing).then_some(at),
        });
    }
}

/// Compares lines with what the ledger has on the days that the lines speak of.
fn compare(lines: &[StatementLine], entries: &[Entry]) -> Comparison {
    let mut comparison = Comparison::default();
    let by_reference: HashMap<String, &Entry> =
        entries.iter().map(|entry| (entry.operation.to_string(), entry)).collect();
    let mut seen: HashSet<&str> = HashSet::new();
    for line in lines {
        let entry = by_reference.get(&line.reference).copied();
        if !seen.insert(&line.reference) {
            comparison.differs(DifferenceClass::Duplicate, Some(line), None);
            continue;
        }
        match entry {
            None => comparison.differs(DifferenceClass::MissingInLedger, Some(line), None),
            Some(entry) if (entry.minor, entry.currency) != (line.minor, line.currency) => {
                comparison.differs(DifferenceClass::AmountDiffers, Some(line), Some(entry));
            }
            // A bank books by its own clock: one day more or less is no difference.
            Some(entry) if entry.day.abs_diff(line.day) > 1 => {
                comparison.matched += 1;
                comparison.differs(DifferenceClass::Timing, Some(line), Some(entry));
            }
            Some(_) => comparison.matched += 1,
        }
    }
    let days = lines.iter().map(|line| line.day);
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else { return comparison };
    for entry in entries.iter().filter(|entry| (first..=last).contains(&entry.day)) {
        if seen.contains(entry.operation.to_string().as_str()) {
            continue;
        }
        // What was settled on the first or last day may be on the statement before or after.
        let at_edge = entry.day == first || entry.day == last;
        let class = if at_edge { DifferenceClass::Timing } else { DifferenceClass::MissingAtBank };
        comparison.differs(class, None, Some(entry));
    }
    comparison
}

/// Imports a statement of a bank and compares it with the ledger. The same file again is the same import.
///
/// # Errors
/// [`OperationError::NotPermitted`], [`OperationError::TextLength`] for the name, [`OperationError::StatementRefused`] for
/// the file, or what could not be reached.
pub async fn import(
    operations: &Operations,
    who: PrincipalId,
    bank: BankId,
    (name, text): (&str, &str),
) -> Result<u128, OperationError> {
    duties::require(operations, who, Permission::Reconcile).await?;
    memo::check_name("name", name, 80)?;
    let lines = read_statement(text).map_err(OperationError::StatementRefused)?;
    let id = derive("sycee bank statement v1", &[&bank.to_bytes(), text.as_bytes()]);
    let days = lines.iter().map(|line| line.day);
    let (first, last) = (days.clone().min().unwrap_or(0), days.max().unwrap_or(0));
    let entries = entries(operations, bank, (first.saturating_sub(1), last.saturating_add(1))).await?;
    let Comparison { matched, differences } = compare(&lines, &entries);
    let count = u64::try_from(lines.len()).unwrap_or(u64::MAX);
    let file = BankFile {
        id,
        bank,
        name: name.to_owned(),
        lines: count,
        matched,
        imported_by: who,
        imported_at: operations.now(),
    };
    let found = differences.len().to_string();
    let differences: Vec<BankDifference> =
        differences.into_iter().map(|difference| BankDifference { file: id, ..difference }).collect();
    let new = operations.records().write(move |sql| rows::insert_file(sql, &file, &differences)).await?;
    if new {
        let details = [
            ("name", name.to_owned()),
            ("lines", count.to_string()),
            ("matched", matched.to_string()),
            ("differences", found),
        ];
        audit_log::note(operations, who, "statement.imported", &format!("{id:032x}"), &details).await?;
    }
    Ok(id)
}

/// What the ledger has settled through a bank on these days, the last included.
async fn entries(
    operations: &Operations,
    bank: BankId,
    (first, last): (u32, u32),
) -> Result<Vec<Entry>, OperationError> {
    let span = (day::start(first), day::start(last.saturating_add(1)));
    let asked = operations.records().read(move |sql| rows::through_bank(sql, bank, span)).await?;
    let by_settled: HashMap<TransferId, OperationId> =
        asked.iter().map(|one| (postings::settled_id(one.operation), one.operation)).collect();
    let ids: Vec<TransferId> = by_settled.keys().copied().collect();
    let mut entries = Vec::with_capacity(ids.len());
    for page in ids.chunks(ledger::BATCH_MAX) {
        for settled in operations.ledger().lookup_transfers(page.to_vec()).await? {
            let Some(operation) = by_settled.get(&settled.id) else { continue };
            let Some(currency) = chart::currency_of(settled.ledger) else { continue };
            let minor = i64::try_from(settled.amount.0).unwrap_or(i64::MAX);
            let from_bank = settled.debit_account_id == chart::bank_id(bank, currency);
            entries.push(Entry {
                operation: *operation,
                day: day::of(settled.timestamp),
                currency,
                minor: if from_bank { minor } else { -minor },
                at: settled.timestamp,
            });
        }
    }
    entries.sort_by_key(|entry| entry.at);
    Ok(entries)
}

/// A file with its differences.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn show(
    operations: &Operations,
    id: u128,
) -> Result<(BankFile, Vec<BankDifference>), OperationError> {
    let found = operations.records().read(move |sql| Ok((rows::file(sql, id)?, rows::differences(sql, id)?)));
    let (file, differences) = found.await?;
    Ok((file.ok_or(OperationError::NotFound(Party::Operation))?, differences))
}

/// The newest files, newest first, at most `limit`.
///
/// # Errors
/// What could not be reached.
pub async fn files(operations: &Operations, limit: u32) -> Result<Vec<BankFile>, OperationError> {
    Ok(operations.records().read(move |sql| rows::files(sql, limit)).await?)
}

/// Asks for the correction that would bring the ledger in line with the bank; another person approves it.
///
/// # Errors
/// [`OperationError::DecidedBefore`] where one was asked for, or nothing is to be corrected; what [`approvals::ask`]
/// refuses; or what could not be reached.
pub async fn resolve(
    operations: &Operations,
    who: PrincipalId,
    (file, number): (u128, u32),
    reason: &str,
) -> Result<ApprovalId, OperationError> {
    let (found, differences) = show(operations, file).await?;
    let difference = differences
        .into_iter()
        .find(|difference| difference.number == number)
        .ok_or(OperationError::NotFound(Party::Operation))?;
    let missing = difference.bank_minor.unwrap_or(0).saturating_sub(difference.ledger_minor.unwrap_or(0));
    if missing == 0 || difference.approval.is_some() || difference.resolved_at.is_some() {
        return Err(OperationError::DecidedBefore);
    }
    let amount = Amount::from_minor(missing.unsigned_abs(), difference.currency)
        .map_err(|_| OperationError::Inconsistent("difference is beyond the greatest amount"))?;
    // More money at the bank is a debit of the operator's account there.
    let direction = if missing > 0 { Direction::FromParty } else { Direction::ToParty };
    let action = Action::Correct { party: Corrected::Bank(found.bank), direction, amount };
    let approval = approvals::ask(operations, who, action, reason).await?;
    let tied =
        operations.records().write(move |sql| rows::tie_correction(sql, (file, number), approval)).await?;
    if tied { Ok(approval) } else { Err(OperationError::DecidedBefore) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CNY: Currency = Currency::CNY;

    fn line(operation: u128, day: u32, minor: i64) -> StatementLine {
        let reference = OperationId::new(operation).to_string();
        StatementLine { reference, day, currency: CNY, minor, text: "charge of card".to_owned() }
    }

    fn entry(operation: u128, day: u32, minor: i64) -> Entry {
        let operation = OperationId::new(operation);
        Entry { operation, day, currency: CNY, minor, at: day::start(day) }
    }

    fn classes(lines: &[StatementLine], entries: &[Entry]) -> (u64, Vec<DifferenceClass>) {
        let Comparison { matched, differences } = compare(lines, entries);
        (matched, differences.into_iter().map(|difference| difference.class).collect())
    }

    #[test]
    fn what_agrees_is_matched_and_nothing_differs() {
        let lines = [line(1, 10, 500), line(2, 11, -300)];
        assert_eq!(classes(&lines, &[entry(1, 10, 500), entry(2, 11, -300)]), (2, vec![]));
    }

    #[test]
    fn each_difference_has_its_class() {
        use DifferenceClass as C;
        let entries = [entry(1, 10, 500), entry(2, 11, 700), entry(3, 10, 900), entry(4, 12, 100)];
        let lines =
            [line(1, 10, 501), line(3, 12, 900), line(3, 12, 900), line(9, 10, -1_250), line(8, 12, 1)];
        let (matched, found) = classes(&lines, &entries);
        assert_eq!(matched, 1);
        assert_eq!(
            found,
            [
                C::AmountDiffers,
                C::Timing,
                C::Duplicate,
                C::MissingInLedger,
                C::MissingInLedger,
                C::MissingAtBank,
                C::Timing
            ]
        );
    }

    #[test]
    fn a_statement_is_read_as_documented() {
        let text = format!("{HEADER}\nFEE-2026-11,2026-11-22,CNY,12.50,out,monthly fee, with a comma\n");
        let lines = read_statement(&text).unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].minor, lines[0].text.as_str()), (-1_250, "monthly fee, with a comma"));
        for bad in [
            "",
            "a,b",
            &format!("{HEADER}\nX,2026-11-22,CNY,1.234,in,x"),
            &format!("{HEADER}\nX,today,CNY,1.00,in,x"),
        ] {
            assert!(read_statement(bad).is_err(), "{bad}");
        }
    }
}

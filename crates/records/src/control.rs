//! Closed business days, and statement files of banks with what differed.

use ledger::Timestamp;
use money::Currency;
use wallet::ids::{ApprovalId, BankId, MessageId, OperationId, PrincipalId};

use crate::operations::PartyId;
use crate::sql::{codes, each, first};
use crate::webhooks::DeliveryState;
use crate::{RecordsError, Row, Sql, Value};

codes! {
    /// In what way bank and ledger differ.
    pub enum DifferenceClass {
        /// The bank has it, the ledger does not.
        MissingInLedger = "missing_in_ledger",
        /// The ledger has it, the bank does not.
        MissingAtBank = "missing_at_bank",
        /// Both have it, with different amounts.
        AmountDiffers = "amount_differs",
        /// The bank has it twice.
        Duplicate = "duplicate",
        /// Both have it, on different days.
        Timing = "timing",
    }
}

/// One report of a business day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayClose {
    /// The day, `YYYY-MM-DD`.
    pub day: String,
    /// Counted from 1.
    pub revision: u32,
    /// The report as CSV.
    pub report: String,
    /// Who closed it.
    pub closed_by: PrincipalId,
    /// When.
    pub closed_at: Timestamp,
    /// When it was opened again, if it was.
    pub reopened_at: Option<Timestamp>,
}

const DAY_COLUMNS: &str = "day, revision, report, closed_by, closed_at, reopened_at";

/// Keeps the report of a day.
///
/// # Errors
/// [`RecordsError::Conflict`] where somebody else closed it at the same moment, or what the database says.
pub fn insert_day(sql: &mut dyn Sql, close: &DayClose) -> Result<(), RecordsError> {
    sql.execute(
        &format!("INSERT INTO day_closes ({DAY_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)"),
        &[
            close.day.as_str().into(),
            close.revision.into(),
            close.report.as_str().into(),
            close.closed_by.into(),
            close.closed_at.into(),
            close.reopened_at.into(),
        ],
    )?;
    Ok(())
}

/// The newest report of a day.
///
/// # Errors
/// What the database says.
pub fn newest_day(sql: &mut dyn Sql, day: &str) -> Result<Option<DayClose>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {DAY_COLUMNS} FROM day_closes WHERE day = $1 ORDER BY revision DESC LIMIT 1"),
        &[day.into()],
    )?;
    first(&rows, read_day)
}

/// The newest reports, newest day first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn days(sql: &mut dyn Sql, limit: u32) -> Result<Vec<DayClose>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {DAY_COLUMNS} FROM day_closes ORDER BY day DESC, revision DESC LIMIT $1"),
        &[limit.into()],
    )?;
    each(&rows, read_day)
}

/// Opens a closed day again. Says whether it was closed.
///
/// # Errors
/// What the database says.
pub fn reopen_day(
    sql: &mut dyn Sql,
    (day, revision): (&str, u32),
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE day_closes SET reopened_at = $1 WHERE day = $2 AND revision = $3 AND reopened_at IS NULL",
        &[now.into(), day.into(), revision.into()],
    )?;
    Ok(changed == 1)
}

fn read_day(row: &Row) -> Result<DayClose, RecordsError> {
    Ok(DayClose {
        day: row.string(0)?,
        revision: row.number(1)?,
        report: row.string(2)?,
        closed_by: row.id(3)?,
        closed_at: row.timestamp(4)?,
        reopened_at: row.optional_timestamp(5)?,
    })
}

/// A statement file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankFile {
    /// Derived from its bank and content: the same file is imported once.
    pub id: u128,
    /// Whose statement.
    pub bank: BankId,
    /// What people call it.
    pub name: String,
    /// How many lines it has.
    pub lines: u64,
    /// How many of them the ledger agrees with.
    pub matched: u64,
    /// Who imported it.
    pub imported_by: PrincipalId,
    /// When.
    pub imported_at: Timestamp,
}

/// Something that differs between a file and the ledger. Amounts are in minor units, positive where the bank took money
/// from a customer for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankDifference {
    /// In which file.
    pub file: u128,
    /// Which of its differences, counted from 1.
    pub number: u32,
    /// In what way.
    pub class: DifferenceClass,
    /// The bank's reference: the id of the operation where it has one.
    pub reference: String,
    /// In which currency.
    pub currency: Currency,
    /// What the ledger says.
    pub ledger_minor: Option<i64>,
    /// What the bank says.
    pub bank_minor: Option<i64>,
    /// The moment or day that it is of.
    pub at: Timestamp,
    /// The bank's words.
    pub note: String,
    /// The correction that was asked for because of it.
    pub approval: Option<ApprovalId>,
    /// When somebody called it explained.
    pub resolved_at: Option<Timestamp>,
}

const DIFFERENCE_COLUMNS: &str = "file_id, number, class, reference, currency, ledger_minor, bank_minor, at, note, \
                                  approval_id, resolved_at";

/// Keeps a file with its differences. Says whether it is new.
///
/// # Errors
/// What the database says.
pub fn insert_file(
    sql: &mut dyn Sql,
    file: &BankFile,
    differences: &[BankDifference],
) -> Result<bool, RecordsError> {
    let count = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let inserted = sql.execute(
        "INSERT INTO bank_files (id, bank_id, name, lines, matched, imported_by, imported_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        &[
            file.id.into(),
            file.bank.into(),
            file.name.as_str().into(),
            count(file.lines),
            count(file.matched),
            file.imported_by.into(),
            file.imported_at.into(),
        ],
    )?;
    if inserted == 0 {
        return Ok(false);
    }
    for difference in differences {
        sql.execute(
            &format!(
                "INSERT INTO bank_differences ({DIFFERENCE_COLUMNS}) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
            ),
            &[
                difference.file.into(),
                difference.number.into(),
                difference.class.into(),
                difference.reference.as_str().into(),
                difference.currency.into(),
                difference.ledger_minor.into(),
                difference.bank_minor.into(),
                difference.at.into(),
                difference.note.as_str().into(),
                difference.approval.into(),
                difference.resolved_at.into(),
            ],
        )?;
    }
    Ok(true)
}

/// The newest files, newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn files(sql: &mut dyn Sql, limit: u32) -> Result<Vec<BankFile>, RecordsError> {
    let rows = sql.query(
        "SELECT id, bank_id, name, lines, matched, imported_by, imported_at FROM bank_files \
         ORDER BY imported_at DESC LIMIT $1",
        &[limit.into()],
    )?;
    each(&rows, read_file)
}

/// The file with that id.
///
/// # Errors
/// What the database says.
pub fn file(sql: &mut dyn Sql, id: u128) -> Result<Option<BankFile>, RecordsError> {
    let rows = sql.query(
        "SELECT id, bank_id, name, lines, matched, imported_by, imported_at FROM bank_files WHERE id = $1",
        &[id.into()],
    )?;
    first(&rows, read_file)
}

/// The differences of a file, in their order.
///
/// # Errors
/// What the database says.
pub fn differences(sql: &mut dyn Sql, file: u128) -> Result<Vec<BankDifference>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {DIFFERENCE_COLUMNS} FROM bank_differences WHERE file_id = $1 ORDER BY number"),
        &[file.into()],
    )?;
    each(&rows, read_difference)
}

/// How many differences nobody has explained and no correction has been asked for.
///
/// # Errors
/// What the database says.
pub fn count_open_differences(sql: &mut dyn Sql) -> Result<u64, RecordsError> {
    let rows = sql.query(
        "SELECT COUNT(*) FROM bank_differences WHERE resolved_at IS NULL AND approval_id IS NULL",
        &[],
    )?;
    rows.first().map_or(Ok(0), |row| row.count(0))
}

/// Ties a correction to a difference. Says whether it had none.
///
/// # Errors
/// What the database says.
pub fn tie_correction(
    sql: &mut dyn Sql,
    (file, number): (u128, u32),
    approval: ApprovalId,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE bank_differences SET approval_id = $1 \
         WHERE file_id = $2 AND number = $3 AND approval_id IS NULL AND resolved_at IS NULL",
        &[approval.into(), file.into(), number.into()],
    )?;
    Ok(changed == 1)
}

/// Forgets the correction of a difference, which was rejected.
///
/// # Errors
/// What the database says.
pub fn untie_correction(sql: &mut dyn Sql, approval: ApprovalId) -> Result<(), RecordsError> {
    sql.execute("UPDATE bank_differences SET approval_id = NULL WHERE approval_id = $1", &[approval.into()])?;
    Ok(())
}

fn read_file(row: &Row) -> Result<BankFile, RecordsError> {
    Ok(BankFile {
        id: row.bits(0)?,
        bank: row.id(1)?,
        name: row.string(2)?,
        lines: row.count(3)?,
        matched: row.count(4)?,
        imported_by: row.id(5)?,
        imported_at: row.timestamp(6)?,
    })
}

fn read_difference(row: &Row) -> Result<BankDifference, RecordsError> {
    Ok(BankDifference {
        file: row.bits(0)?,
        number: row.number(1)?,
        class: row.code(2)?,
        reference: row.string(3)?,
        currency: row.currency(4)?,
        ledger_minor: row.optional_int(5)?,
        bank_minor: row.optional_int(6)?,
        at: row.timestamp(7)?,
        note: row.string(8)?,
        approval: row.optional_id(9)?,
        resolved_at: row.optional_timestamp(10)?,
    })
}

/// What the records know of an operation through a bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThroughBank {
    /// The operation.
    pub operation: OperationId,
    /// When it was asked for.
    pub at: Timestamp,
}

/// Operations through a bank that were asked for in a span of time, oldest first.
///
/// # Errors
/// What the database says.
pub fn through_bank(
    sql: &mut dyn Sql,
    bank: BankId,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<ThroughBank>, RecordsError> {
    let party = PartyId::from(bank);
    let rows = sql.query(
        "SELECT id, created_at FROM operations WHERE created_at >= $1 AND created_at < $2 \
         AND kind IN ('top_up', 'withdrawal') AND (payer_id = $3 OR payee_id = $3) ORDER BY created_at",
        &[from.into(), until.into(), party.into()],
    )?;
    each(&rows, |row| Ok(ThroughBank { operation: row.id(0)?, at: row.timestamp(1)? }))
}

/// A webhook message about an operation, and how far its delivery came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The message.
    pub message: MessageId,
    /// How far its delivery came.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u64,
    /// When it was written.
    pub at: Timestamp,
}

/// What merchants were told of the order that this operation paid, oldest first.
///
/// # Errors
/// What the database says.
pub fn webhooks_about(sql: &mut dyn Sql, payment: OperationId) -> Result<Vec<Told>, RecordsError> {
    let rows = sql.query(
        "SELECT webhook_messages.id, webhook_deliveries.state, webhook_deliveries.attempts, webhook_messages.created_at \
         FROM orders JOIN webhook_messages ON webhook_messages.order_id = orders.id \
         JOIN webhook_deliveries ON webhook_deliveries.message_id = webhook_messages.id \
         WHERE orders.payment_id = $1 ORDER BY webhook_messages.created_at",
        &[payment.into()],
    )?;
    each(&rows, |row| {
        Ok(Told { message: row.id(0)?, state: row.code(1)?, attempts: row.count(2)?, at: row.timestamp(3)? })
    })
}

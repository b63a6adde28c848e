//! Batches that terminals uploaded: their receipts, what of them was refused, and what a person should see.

use ledger::Timestamp;
use messages::card::{Asn, BatchNumber, Sequence, TerminalId};

use crate::sql::{codes, each, first, unsigned};
use crate::{RecordsError, Row, Sql};

/// One batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardUpload {
    /// Whose it is.
    pub terminal: TerminalId,
    /// Its number.
    pub number: BatchNumber,
    /// The hash of its header, which names it.
    pub link: [u8; 32],
    /// How many records.
    pub records: u32,
    /// What was paid, as the terminal adds up; in minor units.
    pub done: u64,
    /// What may have been paid.
    pub unknown: u64,
    /// What was given back.
    pub cancelled: u64,
    /// The terminal's clock.
    pub clock: Timestamp,
    /// When it came.
    pub uploaded_at: Timestamp,
    /// What became of its records, and the receipt. `None`: it is not cleared to its end.
    pub receipt: Option<UploadReceipt>,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadReceipt {
    /// Records that were taken.
    pub accepted: u32,
    /// Records that said nothing new.
    pub already_known: u32,
    /// Records that were refused.
    pub refused: u32,
    /// The signed receipt.
    pub content: Vec<u8>,
}

/// A record that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRecord {
    /// Whose batch.
    pub terminal: TerminalId,
    /// Its number.
    pub number: BatchNumber,
    /// The place of the record in it, from 0.
    pub place: u32,
    /// The card that it names.
    pub asn: Asn,
    /// The record.
    pub record: Vec<u8>,
    /// Why, as the receipt says it.
    pub reason: u8,
    /// When.
    pub refused_at: Timestamp,
}

codes! {
    /// What clearing finds out that a person should see.
    pub enum CardFinding {
        /// Two right TACs for one sequence: there are two cards.
        Clone = "clone",
        /// More debits may have borne a sequence than are held.
        TooManyHeld = "too_many_held",
        /// A terminal uploads a TAC again under another sequence.
        NumberUsedTwice = "number_used_twice",
        /// A debit is believed without its TAC.
        Inferred = "inferred",
        /// More than one debit may have borne a sequence.
        Ambiguous = "ambiguous",
        /// A TAC proves another debit than was believed.
        Overruled = "overruled",
        /// A cancel is believed without its TAC.
        CancelInferred = "cancel_inferred",
    }
}

/// What was found at a sequence of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundAt {
    /// The card.
    pub asn: Asn,
    /// The sequence.
    pub sequence: Sequence,
    /// What.
    pub finding: CardFinding,
    /// When.
    pub found_at: Timestamp,
}

const COLUMNS: &str = "terminal, number, link, records, done, unknown, cancelled, clock, uploaded_at, accepted, \
                       already_known, refused, receipt";

/// Records a batch, or finds the one that has its number.
///
/// # Errors
/// What the database says.
pub fn begin(sql: &mut dyn Sql, upload: &CardUpload) -> Result<CardUpload, RecordsError> {
    sql.execute(
        "INSERT INTO card_uploads (terminal, number, link, records, done, unknown, cancelled, clock, uploaded_at, \
         accepted, already_known, refused) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, 0) ON CONFLICT DO NOTHING",
        &[
            upload.terminal.into(),
            upload.number.0.into(),
            upload.link.into(),
            upload.records.into(),
            unsigned(upload.done),
            unsigned(upload.unknown),
            unsigned(upload.cancelled),
            upload.clock.into(),
            upload.uploaded_at.into(),
        ],
    )?;
    get(sql, upload.terminal, upload.number)?
        .ok_or_else(|| RecordsError::Unreadable("a batch is neither new nor there".to_owned()))
}

/// A terminal's batch of that number.
///
/// # Errors
/// What the database says.
pub fn get(
    sql: &mut dyn Sql,
    terminal: TerminalId,
    number: BatchNumber,
) -> Result<Option<CardUpload>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM card_uploads WHERE terminal = $1 AND number = $2");
    first(&sql.query(&query, &[terminal.into(), number.0.into()])?, read)
}

/// A terminal's newest batches, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn of_terminal(
    sql: &mut dyn Sql,
    terminal: TerminalId,
    limit: u32,
) -> Result<Vec<CardUpload>, RecordsError> {
    let query =
        format!("SELECT {COLUMNS} FROM card_uploads WHERE terminal = $1 ORDER BY number DESC LIMIT $2");
    each(&sql.query(&query, &[terminal.into(), limit.into()])?, read)
}

/// Notes what became of a batch, where that was not known. Answers what is known now.
///
/// # Errors
/// What the database says.
pub fn finish(
    sql: &mut dyn Sql,
    (terminal, number): (TerminalId, BatchNumber),
    receipt: &UploadReceipt,
) -> Result<Option<CardUpload>, RecordsError> {
    sql.execute(
        "UPDATE card_uploads SET accepted = $1, already_known = $2, refused = $3, receipt = $4 \
         WHERE terminal = $5 AND number = $6 AND receipt IS NULL",
        &[
            receipt.accepted.into(),
            receipt.already_known.into(),
            receipt.refused.into(),
            receipt.content.as_slice().into(),
            terminal.into(),
            number.0.into(),
        ],
    )?;
    get(sql, terminal, number)
}

/// Records a record that was refused, unless that is known.
///
/// # Errors
/// What the database says.
pub fn refuse(sql: &mut dyn Sql, refused: &RefusedRecord) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO card_refusals (terminal, number, place, asn, record, reason, refused_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        &[
            refused.terminal.into(),
            refused.number.0.into(),
            refused.place.into(),
            refused.asn.into(),
            refused.record.as_slice().into(),
            u32::from(refused.reason).into(),
            refused.refused_at.into(),
        ],
    )?;
    Ok(())
}

/// The newest records that were refused, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn refusals(sql: &mut dyn Sql, limit: u32) -> Result<Vec<RefusedRecord>, RecordsError> {
    let rows = sql.query(
        "SELECT terminal, number, place, asn, record, reason, refused_at FROM card_refusals \
         ORDER BY refused_at DESC, place LIMIT $1",
        &[limit.into()],
    )?;
    each(&rows, |row| {
        Ok(RefusedRecord {
            terminal: TerminalId(row.array(0)?),
            number: BatchNumber(row.number(1)?),
            place: row.number(2)?,
            asn: Asn(row.array(3)?),
            record: row.bytes(4)?.to_vec(),
            reason: row.number(5)?,
            refused_at: row.timestamp(6)?,
        })
    })
}

/// Records what was found, unless that is known.
///
/// # Errors
/// What the database says.
pub fn find(sql: &mut dyn Sql, found: &FoundAt) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO card_findings (asn, sequence, finding, found_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        &[found.asn.into(), found.sequence.into(), found.finding.into(), found.found_at.into()],
    )?;
    Ok(())
}

/// What was found last, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn findings(sql: &mut dyn Sql, limit: u32) -> Result<Vec<FoundAt>, RecordsError> {
    let rows = sql.query(
        "SELECT asn, sequence, finding, found_at FROM card_findings ORDER BY found_at DESC, asn, sequence LIMIT $1",
        &[limit.into()],
    )?;
    each(&rows, |row| {
        Ok(FoundAt {
            asn: Asn(row.array(0)?),
            sequence: Sequence(row.number(1)?),
            finding: row.code(2)?,
            found_at: row.timestamp(3)?,
        })
    })
}

fn read(row: &Row) -> Result<CardUpload, RecordsError> {
    let content = row.optional(12, Row::bytes)?.map(<[u8]>::to_vec);
    let receipt = match content {
        Some(content) => Some(UploadReceipt {
            accepted: row.number(9)?,
            already_known: row.number(10)?,
            refused: row.number(11)?,
            content,
        }),
        None => None,
    };
    Ok(CardUpload {
        terminal: TerminalId(row.array(0)?),
        number: BatchNumber(row.number(1)?),
        link: row.hash(2)?,
        records: row.number(3)?,
        done: row.count(4)?,
        unknown: row.count(5)?,
        cancelled: row.count(6)?,
        clock: row.timestamp(7)?,
        uploaded_at: row.timestamp(8)?,
        receipt,
    })
}

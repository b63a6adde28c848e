//! What terminals said of the offline sequences of card purses.

use ledger::Timestamp;
use messages::card::{Asn, Sequence, TerminalId, TerminalTransaction};

use crate::sql::{each, first, groups};
use crate::{RecordsError, Row, Sql, Value};

/// One offline sequence of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPlace {
    /// The card.
    pub asn: Asn,
    /// The sequence.
    pub sequence: Sequence,
    /// What is known about it, as the issuer's host writes it.
    pub content: Vec<u8>,
    /// The terminal's number of the debit that bore it.
    pub number: Option<(TerminalId, TerminalTransaction)>,
    /// Of that debit, or the greatest that may have been it; in minor units.
    pub amount: u32,
    /// When, by the terminal's clock.
    pub happened_at: Timestamp,
    /// Whether something of it is held or not known.
    pub is_open: bool,
}

/// How many sequences one statement asks for.
const RANGES: usize = 64;

const COLUMNS: &str = "asn, sequence, content, terminal, terminal_transaction, amount, happened_at, is_open";

/// Records what is known about a sequence, in place of what was known before.
///
/// # Errors
/// What the database says.
pub fn put(sql: &mut dyn Sql, place: &CardPlace) -> Result<(), RecordsError> {
    sql.execute(
        &format!(
            "INSERT INTO card_places ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (asn, sequence) DO UPDATE SET content = excluded.content, terminal = excluded.terminal, \
             terminal_transaction = excluded.terminal_transaction, amount = excluded.amount, \
             happened_at = excluded.happened_at, is_open = excluded.is_open"
        ),
        &[
            place.asn.into(),
            place.sequence.into(),
            place.content.as_slice().into(),
            place.number.map(|(terminal, _)| terminal).into(),
            place.number.map(|(_, transaction)| transaction.0).into(),
            place.amount.into(),
            place.happened_at.into(),
            place.is_open.into(),
        ],
    )?;
    Ok(())
}

/// What is known about these sequences of cards, each from one to another.
///
/// # Errors
/// What the database says.
pub fn within(
    sql: &mut dyn Sql,
    ranges: &[(Asn, Sequence, Sequence)],
) -> Result<Vec<CardPlace>, RecordsError> {
    let mut found = Vec::new();
    for group in ranges.chunks(RANGES) {
        let filled = group.iter().chain(std::iter::repeat(&group[group.len() - 1])).take(RANGES);
        let values: Vec<Value> =
            filled.flat_map(|(asn, from, until)| [(*asn).into(), (*from).into(), (*until).into()]).collect();
        let conditions: Vec<String> = (0..RANGES)
            .map(|place| {
                let [asn, from, until] = [1, 2, 3].map(|part| place * 3 + part);
                format!("asn = ${asn} AND sequence BETWEEN ${from} AND ${until}")
            })
            .collect();
        let query = format!("SELECT {COLUMNS} FROM card_places WHERE {}", conditions.join(" OR "));
        found.extend(each(&sql.query(&query, &values)?, read)?);
    }
    Ok(found)
}

/// What is known about debits with these numbers of a terminal, of any card.
///
/// # Errors
/// What the database says.
pub fn with_numbers(
    sql: &mut dyn Sql,
    terminal: TerminalId,
    transactions: &[u32],
) -> Result<Vec<CardPlace>, RecordsError> {
    let mut found = Vec::new();
    for group in groups(transactions) {
        let query = format!(
            "SELECT {COLUMNS} FROM card_places WHERE terminal = $1 AND terminal_transaction IN ({})",
            group.placeholders(2)
        );
        let mut values = vec![terminal.into()];
        values.extend(group.values());
        found.extend(each(&sql.query(&query, &values)?, read)?);
    }
    Ok(found)
}

/// Everything that is known about a card's sequences, in their order.
///
/// # Errors
/// What the database says.
pub fn of_card(sql: &mut dyn Sql, asn: Asn) -> Result<Vec<CardPlace>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM card_places WHERE asn = $1 ORDER BY sequence");
    each(&sql.query(&query, &[asn.into()])?, read)
}

/// A card's sequences that happened before a moment, newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn newest(
    sql: &mut dyn Sql,
    asn: Asn,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<CardPlace>, RecordsError> {
    let query = format!(
        "SELECT {COLUMNS} FROM card_places WHERE asn = $1 AND happened_at < $2 ORDER BY happened_at DESC, \
         sequence DESC LIMIT $3"
    );
    each(&sql.query(&query, &[asn.into(), before.into(), limit.into()])?, read)
}

/// Whether something of a card's sequences is held or not known.
///
/// # Errors
/// What the database says.
pub fn has_open(sql: &mut dyn Sql, asn: Asn) -> Result<bool, RecordsError> {
    let rows = sql.query(
        "SELECT CAST(1 AS BIGINT) FROM card_places WHERE asn = $1 AND is_open = 1 LIMIT 1",
        &[asn.into()],
    )?;
    Ok(!rows.is_empty())
}

/// The sequences of which something is held or not known, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn open(sql: &mut dyn Sql, limit: u32) -> Result<Vec<CardPlace>, RecordsError> {
    let query =
        format!("SELECT {COLUMNS} FROM card_places WHERE is_open = 1 ORDER BY asn, sequence LIMIT $1");
    each(&sql.query(&query, &[limit.into()])?, read)
}

/// How many sequences are known.
///
/// # Errors
/// What the database says.
pub fn count(sql: &mut dyn Sql) -> Result<u64, RecordsError> {
    let rows = sql.query("SELECT COUNT(*) FROM card_places", &[])?;
    Ok(first(&rows, |row| row.count(0))?.unwrap_or(0))
}

fn read(row: &Row) -> Result<CardPlace, RecordsError> {
    let terminal = row.optional(3, Row::array)?.map(TerminalId);
    let transaction = row.optional(4, Row::number)?.map(TerminalTransaction);
    Ok(CardPlace {
        asn: Asn(row.array(0)?),
        sequence: Sequence(row.number(1)?),
        content: row.bytes(2)?.to_vec(),
        number: terminal.zip(transaction),
        amount: row.number(5)?,
        happened_at: row.timestamp(6)?,
        is_open: row.flag(7)?,
    })
}

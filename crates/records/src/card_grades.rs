//! Credit grades of card purses. Every version is kept; the newest one counts.

use ledger::Timestamp;
use messages::card::Asn;
use money::Amount;

use crate::sql::{first, minor};
use crate::{RecordsError, Row, Sql};

/// One version of a card's grade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardGrade {
    /// The card.
    pub asn: Asn,
    /// Which version, from 1 on.
    pub version: u16,
    /// The level, 0 to 5.
    pub level: u8,
    /// The sum of all points then.
    pub score: u8,
    /// The most that may be owed of one sale.
    pub due_max: Amount,
    /// The last day, as it stands on the card: YYYYMMDD in BCD.
    pub expiry: [u8; 4],
    /// When the level changed last.
    pub changed_at: Timestamp,
    /// When this version was given.
    pub granted_at: Timestamp,
    /// When a terminal first said that the card bears it.
    pub borne_at: Option<Timestamp>,
}

/// Records a version. Says whether there was none with this number yet.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, grade: &CardGrade) -> Result<bool, RecordsError> {
    let inserted = sql.execute(
        "INSERT INTO card_grades (asn, version, level, score, currency, due_max, expiry, changed_at, granted_at, borne_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        &[
            grade.asn.into(),
            u32::from(grade.version).into(),
            u32::from(grade.level).into(),
            u32::from(grade.score).into(),
            grade.due_max.currency().into(),
            minor(grade.due_max),
            grade.expiry.as_slice().into(),
            grade.changed_at.into(),
            grade.granted_at.into(),
            grade.borne_at.into(),
        ],
    )?;
    Ok(inserted == 1)
}

/// The newest version of a card.
///
/// # Errors
/// What the database says.
pub fn newest(sql: &mut dyn Sql, asn: Asn) -> Result<Option<CardGrade>, RecordsError> {
    let rows = sql.query(
        "SELECT asn, version, level, score, currency, due_max, expiry, changed_at, granted_at, borne_at \
         FROM card_grades WHERE asn = $1 ORDER BY version DESC LIMIT 1",
        &[asn.into()],
    )?;
    first(&rows, read)
}

/// A terminal said that the card bears this version. Says whether nobody had said so before.
///
/// # Errors
/// What the database says.
pub fn borne(sql: &mut dyn Sql, asn: Asn, version: u16, now: Timestamp) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE card_grades SET borne_at = $1 WHERE asn = $2 AND version = $3 AND borne_at IS NULL",
        &[now.into(), asn.into(), u32::from(version).into()],
    )?;
    Ok(changed == 1)
}

fn read(row: &Row) -> Result<CardGrade, RecordsError> {
    let currency = row.currency(4)?;
    Ok(CardGrade {
        asn: Asn(row.array(0)?),
        version: row.number(1)?,
        level: row.number(2)?,
        score: row.number(3)?,
        due_max: row.amount(5, currency)?,
        expiry: row.array(6)?,
        changed_at: row.timestamp(7)?,
        granted_at: row.timestamp(8)?,
        borne_at: row.optional_timestamp(9)?,
    })
}

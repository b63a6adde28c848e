//! Lists that the issuer of card purses signed for terminals: every version once, and for ever.

use ledger::Timestamp;
use messages::card::ListVersion;

use crate::sql::{codes, first};
use crate::{RecordsError, Row, Sql};

codes! {
    /// Which list.
    pub enum CardList {
        /// Cards that terminals do not take.
        Status = "status",
        /// Open splits that any terminal may close.
        White = "white",
        /// What terminals may do on their own.
        Parameters = "parameters",
    }
}

/// One version of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedVersion {
    /// Which list.
    pub list: CardList,
    /// Which version.
    pub version: ListVersion,
    /// The signed list.
    pub content: Vec<u8>,
    /// When it was signed.
    pub issued_at: Timestamp,
}

/// Records a version. Says whether there was none yet.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, signed: &SignedVersion) -> Result<bool, RecordsError> {
    let inserted = sql.execute(
        "INSERT INTO card_lists (list, version, content, issued_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        &[
            signed.list.into(),
            signed.version.0.into(),
            signed.content.as_slice().into(),
            signed.issued_at.into(),
        ],
    )?;
    Ok(inserted == 1)
}

/// The newest version of a list.
///
/// # Errors
/// What the database says.
pub fn newest(sql: &mut dyn Sql, list: CardList) -> Result<Option<SignedVersion>, RecordsError> {
    let rows = sql.query(
        "SELECT list, version, content, issued_at FROM card_lists WHERE list = $1 ORDER BY version DESC LIMIT 1",
        &[list.into()],
    )?;
    first(&rows, read)
}

fn read(row: &Row) -> Result<SignedVersion, RecordsError> {
    Ok(SignedVersion {
        list: row.code(0)?,
        version: ListVersion(row.number(1)?),
        content: row.bytes(2)?.to_vec(),
        issued_at: row.timestamp(3)?,
    })
}

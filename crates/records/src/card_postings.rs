//! Transfers of card purses that were decided, until the ledger has made them: written with what decided them.

use ledger::Timestamp;
use wallet::ids::PostingsId;

use crate::sql::{each, groups};
use crate::{RecordsError, Row, Sql};

/// Transfers that were decided together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPostings {
    /// Their id.
    pub id: PostingsId,
    /// The transfers, as the issuer's host writes them.
    pub transfers: Vec<u8>,
    /// When they were decided.
    pub decided_at: Timestamp,
}

/// Records transfers that are to be made.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, postings: &CardPostings) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO card_postings (id, transfers, decided_at) VALUES ($1, $2, $3)",
        &[postings.id.into(), postings.transfers.as_slice().into(), postings.decided_at.into()],
    )?;
    Ok(())
}

/// Those of these that are still to be made, in the order in which they were decided.
///
/// # Errors
/// What the database says.
pub fn get_all(sql: &mut dyn Sql, ids: &[PostingsId]) -> Result<Vec<CardPostings>, RecordsError> {
    let mut found = Vec::new();
    for group in groups(ids) {
        let query = format!(
            "SELECT id, transfers, decided_at FROM card_postings WHERE id IN ({})",
            group.placeholders(1)
        );
        found.extend(each(&sql.query(&query, &group.values())?, read)?);
    }
    found.sort_by_key(|postings| postings.decided_at);
    Ok(found)
}

/// The oldest that are still to be made, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn oldest(sql: &mut dyn Sql, limit: u32) -> Result<Vec<CardPostings>, RecordsError> {
    let rows = sql.query(
        "SELECT id, transfers, decided_at FROM card_postings ORDER BY decided_at, id LIMIT $1",
        &[limit.into()],
    )?;
    each(&rows, read)
}

/// Forgets transfers that the ledger has made.
///
/// # Errors
/// What the database says.
pub fn delete(sql: &mut dyn Sql, id: PostingsId) -> Result<(), RecordsError> {
    sql.execute("DELETE FROM card_postings WHERE id = $1", &[id.into()])?;
    Ok(())
}

fn read(row: &Row) -> Result<CardPostings, RecordsError> {
    Ok(CardPostings { id: row.id(0)?, transfers: row.bytes(1)?.to_vec(), decided_at: row.timestamp(2)? })
}

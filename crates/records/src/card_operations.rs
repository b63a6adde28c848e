//! Which card purse an operation of history is of.

use ledger::Timestamp;
use messages::card::Asn;
use wallet::ids::OperationId;

use crate::operations::{Operation, qualified_columns, read};
use crate::sql::{each, first};
use crate::{RecordsError, Sql};

/// Records that an operation is of a card, unless that is known.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, operation: OperationId, asn: Asn) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO card_operations (operation_id, asn) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        &[operation.into(), asn.into()],
    )?;
    Ok(())
}

/// The card of an operation.
///
/// # Errors
/// What the database says.
pub fn card_of(sql: &mut dyn Sql, operation: OperationId) -> Result<Option<Asn>, RecordsError> {
    let rows = sql.query("SELECT asn FROM card_operations WHERE operation_id = $1", &[operation.into()])?;
    first(&rows, |row| row.array(0).map(Asn))
}

/// A card's operations before a moment, newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn of_card(
    sql: &mut dyn Sql,
    asn: Asn,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<Operation>, RecordsError> {
    let query = format!(
        "SELECT {} FROM card_operations JOIN operations ON operations.id = card_operations.operation_id \
         WHERE asn = $1 AND created_at < $2 ORDER BY created_at DESC, seq DESC LIMIT $3",
        qualified_columns()
    );
    each(&sql.query(&query, &[asn.into(), before.into(), limit.into()])?, read)
}

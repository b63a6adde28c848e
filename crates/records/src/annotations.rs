//! Private notes and tags of holders on operations.

use ledger::Timestamp;
use wallet::ids::{HolderId, OperationId};

use crate::sql::{each, first};
use crate::{RecordsError, Row, Sql, Value};

/// What a holder wrote on an operation. Nobody else sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotation {
    /// Free words; may be empty.
    pub note: String,
    /// Words to find it by, none with spaces.
    pub tags: Vec<String>,
}

/// The annotation of an operation, where the holder made one.
///
/// # Errors
/// What the database says.
pub fn get(
    sql: &mut dyn Sql,
    holder: HolderId,
    operation: OperationId,
) -> Result<Option<Annotation>, RecordsError> {
    let rows = sql.query(
        "SELECT note, tags FROM annotations WHERE holder_id = $1 AND operation_id = $2",
        &[holder.into(), operation.into()],
    )?;
    first(&rows, read)
}

/// Keeps an annotation in place of the one before.
///
/// # Errors
/// What the database says.
pub fn put(
    sql: &mut dyn Sql,
    (holder, operation): (HolderId, OperationId),
    annotation: &Annotation,
    now: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO annotations (holder_id, operation_id, note, tags, updated_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (holder_id, operation_id) DO UPDATE SET note = excluded.note, tags = excluded.tags, \
         updated_at = excluded.updated_at",
        &[
            holder.into(),
            operation.into(),
            annotation.note.as_str().into(),
            stored_tags(&annotation.tags),
            now.into(),
        ],
    )?;
    Ok(())
}

/// The tags that a holder uses, each once, sorted.
///
/// # Errors
/// What the database says.
pub fn tags(sql: &mut dyn Sql, holder: HolderId) -> Result<Vec<String>, RecordsError> {
    let rows = sql.query(
        "SELECT DISTINCT tags FROM annotations WHERE holder_id = $1 AND tags <> ''",
        &[holder.into()],
    )?;
    let lists = each(&rows, |row| row.string(0))?;
    let mut tags: Vec<String> =
        lists.iter().flat_map(|list| list.split_whitespace()).map(str::to_owned).collect();
    tags.sort();
    tags.dedup();
    Ok(tags)
}

/// Each tag with a space on both sides, so that one can be found in the middle.
fn stored_tags(tags: &[String]) -> Value {
    if tags.is_empty() { Value::from("") } else { Value::from(format!(" {} ", tags.join(" "))) }
}

fn read(row: &Row) -> Result<Annotation, RecordsError> {
    Ok(Annotation {
        note: row.string(0)?,
        tags: row.text(1)?.split_whitespace().map(str::to_owned).collect(),
    })
}

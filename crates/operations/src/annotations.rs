//! Private notes and tags on operations.

use records::annotations::{self, Annotation};
use records::operations::PartyId;
use wallet::ids::{HolderId, OperationId};

use crate::{OperationError, Operations, history, memo};

const TAGS_MAX: usize = 8;
const TAG_CHARACTERS_MAX: usize = 20;

/// Keeps a note and tags on an operation of the holder. `tags` are words with spaces or commas between them, with or
/// without a leading `#`.
///
/// # Errors
/// [`OperationError::TextLength`], [`OperationError::NotFound`], or what could not be reached.
pub async fn write(
    operations: &Operations,
    holder: HolderId,
    operation: OperationId,
    (note, tags): (&str, &str),
) -> Result<(), OperationError> {
    let note = note.trim();
    memo::check(note).map_err(|_| OperationError::TextLength { field: "note" })?;
    let tags = parsed(tags)?;
    history::get(operations, Some(PartyId::from(holder)), operation).await?;
    let (annotation, now) = (Annotation { note: note.to_owned(), tags }, operations.now());
    let write =
        operations.records().write(move |sql| annotations::put(sql, (holder, operation), &annotation, now));
    Ok(write.await?)
}

/// The holder's annotation of an operation.
///
/// # Errors
/// What could not be reached.
pub async fn read(
    operations: &Operations,
    holder: HolderId,
    operation: OperationId,
) -> Result<Annotation, OperationError> {
    let found = operations.records().read(move |sql| annotations::get(sql, holder, operation)).await?;
    Ok(found.unwrap_or_default())
}

/// The tags that a holder uses, sorted.
///
/// # Errors
/// What could not be reached.
pub async fn tags(operations: &Operations, holder: HolderId) -> Result<Vec<String>, OperationError> {
    Ok(operations.records().read(move |sql| annotations::tags(sql, holder)).await?)
}

fn parsed(text: &str) -> Result<Vec<String>, OperationError> {
    let separators = |character: char| character.is_whitespace() || matches!(character, ',' | '，' | '、');
    let words =
        text.split(separators).map(|word| word.trim_start_matches('#')).filter(|word| !word.is_empty());
    let mut tags: Vec<String> = Vec::new();
    for word in words {
        let tag = word.to_lowercase();
        let well_formed = tag.chars().count() <= TAG_CHARACTERS_MAX && !tag.chars().any(char::is_control);
        if !well_formed {
            return Err(OperationError::TextLength { field: "tags" });
        }
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.len() > TAGS_MAX { Err(OperationError::TextLength { field: "tags" }) } else { Ok(tags) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_words_however_they_are_separated() {
        assert_eq!(parsed(" #Food, 早餐，work #food"), Ok(vec!["food".into(), "早餐".into(), "work".into()]));
        assert_eq!(parsed(""), Ok(Vec::new()));
        assert!(parsed(&"x".repeat(21)).is_err());
        assert!(parsed("a b c d e f g h i").is_err());
    }
}

//! Short texts that people attach to operations.

use crate::OperationError;

const CHARACTERS_MAX: usize = 140;

/// # Errors
/// [`OperationError::TextLength`] above 140 characters; control characters count as too many.
pub(crate) fn check(memo: &str) -> Result<(), OperationError> {
    if memo.chars().count() > CHARACTERS_MAX || memo.chars().any(char::is_control) {
        return Err(OperationError::TextLength { field: "memo" });
    }
    Ok(())
}

/// # Errors
/// [`OperationError::TextLength`] where `text` is empty, above `most` characters, or has control characters.
pub(crate) fn check_name(field: &'static str, text: &str, most: usize) -> Result<(), OperationError> {
    let count = text.chars().count();
    if text.trim().is_empty() || count > most || text.chars().any(char::is_control) {
        return Err(OperationError::TextLength { field });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memo_has_at_most_140_characters_and_a_name_at_least_one() {
        assert_eq!(check(""), Ok(()));
        assert_eq!(check(&"茶".repeat(140)), Ok(()));
        assert_eq!(check(&"茶".repeat(141)), Err(OperationError::TextLength { field: "memo" }));
        assert_eq!(check("a\u{0}b"), Err(OperationError::TextLength { field: "memo" }));
        assert_eq!(check_name("name", " ", 5), Err(OperationError::TextLength { field: "name" }));
        assert_eq!(check_name("name", "韩梅", 2), Ok(()));
    }
}

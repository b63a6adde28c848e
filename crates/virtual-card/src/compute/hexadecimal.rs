//! Hexadecimal texts.

/// The bytes of a text of hexadecimal digits, in capitals or not, with white space anywhere. `None` for any other text.
pub(crate) fn parse(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// The bytes in lower case, without spaces.
pub(crate) fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_capitals_do_not_matter() {
        assert_eq!(parse(" 0A b\tc\n"), Some(vec![0x0A, 0xBC]));
        assert_eq!(parse(""), Some(vec![]));
        assert_eq!(text(&[0x0A, 0xBC]), "0abc");
    }

    #[test]
    fn other_letters_and_half_bytes_are_refused() {
        for wrong in ["0", "0g", "0x10", "-1", "+1", "１２", "é"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}

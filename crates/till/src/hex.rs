//! Bytes as hexadecimal digits, as the server's routes have them.

use std::fmt::Write as _;

/// Lower-case digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// Exactly `N` bytes; `None` for anything else.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (place, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| !pair.starts_with('+'))?;
        *place = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_they_were_written_and_nothing_else_is() {
        assert_eq!(from_hex(&to_hex(&[0, 0x7F, 0xFF])), Some([0, 0x7F, 0xFF]));
        for wrong in ["", "0", "00", "+0+0", "zz00", "000000", "é0"] {
            assert_eq!(from_hex::<2>(wrong), None, "{wrong}");
        }
    }
}

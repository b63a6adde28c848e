//! Base64 for URLs without padding (RFC 4648, section 5), which WebAuthn writes bytes in; and Base32, which authenticator
//! apps read secrets in.

const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The text of these bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    spelled(bytes, 6, URL)
}

/// These bytes in Base32 without padding.
pub(crate) fn base32(bytes: &[u8]) -> String {
    spelled(bytes, 5, BASE_32)
}

/// Spells bytes in digits of `width` bits each.
fn spelled(bytes: &[u8], width: u32, digits: &[u8]) -> String {
    let mask = (1_u32 << width) - 1;
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= width {
            bits -= width;
            text.push(char::from(digits[((held >> bits) & mask) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(digits[((held << (width - bits)) & mask) as usize]));
    }
    text
}

/// The bytes of this text, where it is well formed.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(text.len() * 3 / 4), 0_u32, 0);
    for digit in text.bytes() {
        let value = URL.iter().position(|known| *known == digit)?;
        held = (held << 6) | u32::try_from(value).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
        }
    }
    // What is left over must be fewer than six bits, all zero.
    (bits < 6 && held & ((1 << bits) - 1) == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_standard_go_there_and_back() {
        for (bytes, text) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
        for (bytes, text) in [("f", "MY"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn padding_foreign_signs_and_left_over_bits_are_refused() {
        for text in ["Zg==", "Zh", "Z", "Zm9v Zm9v", "+/8"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}

//! Short byte strings as hexadecimal digits: card numbers, terminals, codes of cards.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// `N` bytes, written as twice as many hexadecimal digits; small ones when written, any when read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hex<const N: usize>(pub(crate) [u8; N]);

impl<const N: usize> FromStr for Hex<N> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        bytes(text).map(Self).ok_or_else(|| format!("text is not {} hexadecimal digits", 2 * N))
    }
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (place, pair) in bytes.iter_mut().zip(pairs) {
        *place = byte(pair)?;
    }
    Some(bytes)
}

fn byte([high, low]: &[u8; 2]) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()
}

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<const N: usize> ToSchema for Hex<N> {
    fn name() -> Cow<'static, str> {
        format!("Hex{}", 2 * N).into()
    }
}

impl<const N: usize> PartialSchema for Hex<N> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .pattern(Some(format!("^[0-9a-fA-F]{{{}}}$", 2 * N)))
            .into()
    }
}

/// 1 to `MAX` bytes, written as twice as many hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HexUpTo<const MAX: usize>(pub(crate) Vec<u8>);

impl<'de, const MAX: usize> Deserialize<'de> for HexUpTo<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let bytes = pairs.iter().map(byte).collect::<Option<Vec<u8>>>();
        let bytes = bytes.filter(|bytes| rest.is_empty() && (1..=MAX).contains(&bytes.len()));
        bytes.map(Self).ok_or_else(|| {
            serde::de::Error::custom(format!("text is not 1 to {MAX} bytes of two hexadecimal digits"))
        })
    }
}

impl<const MAX: usize> Serialize for HexUpTo<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&digits(&self.0))
    }
}

impl<const MAX: usize> ToSchema for HexUpTo<MAX> {
    fn name() -> Cow<'static, str> {
        format!("HexUpTo{MAX}").into()
    }
}

impl<const MAX: usize> PartialSchema for HexUpTo<MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .pattern(Some(format!("^([0-9a-fA-F]{{2}}){{1,{MAX}}}$")))
            .into()
    }
}

/// Bytes as small hexadecimal digits.
pub(crate) fn digits(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0F)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_back_and_anything_else_is_refused() {
        let read = "00A1ff".parse::<Hex<3>>().unwrap();
        assert_eq!(read, Hex([0x00, 0xa1, 0xff]));
        assert_eq!(read.to_string(), "00a1ff");
        for wrong in ["", "00a1f", "00a1ff0", "00a1ff00", "00a1fg", "+0a1ff", "00 1ff", "００a1ff"] {
            assert!(wrong.parse::<Hex<3>>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_longer_text_is_read_up_to_its_bound() {
        let read = |text: &str| serde_json::from_value::<HexUpTo<2>>(text.into()).ok();
        assert_eq!(read("0aFF"), Some(HexUpTo(vec![0x0a, 0xff])));
        assert_eq!(digits(&[0x0a, 0xff]), "0aff");
        for wrong in ["", "0", "0af", "0aff00", "0g"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}

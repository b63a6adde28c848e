//! Values of a personalisation file: hexadecimal texts of a known length, names, dates, digits.

use std::fmt;

use globalplatform::aid::Aid;
use serde::{Deserialize, Deserializer, de};
use zeroize::{Zeroize, Zeroizing};

use crate::compute::hexadecimal;

/// `N` bytes in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hex<const N: usize>(pub(super) [u8; N]);

impl<const N: usize> Default for Hex<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

/// `N` secret bytes in hexadecimal. Wiped when dropped, never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret<const N: usize>(pub(super) Zeroizing<[u8; N]>);

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({N} bytes)")
    }
}

/// Bytes in hexadecimal, as many as there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

/// The name of an application or security domain: 5 to 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name(pub(super) Aid);

/// A day YYYYMMDD, in BCD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DayText(pub(super) [u8; 4]);

/// An even number of decimal digits, two a byte. Wiped when dropped, never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Digits(pub(super) Zeroizing<Vec<u8>>);

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digits")
    }
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let mut text = String::deserialize(deserializer)?;
    let bytes = hexadecimal::parse(&text);
    text.zeroize();
    bytes.ok_or_else(|| de::Error::custom("not a text of hexadecimal bytes"))
}

fn array<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
    let mut bytes = bytes(deserializer)?;
    let array = bytes.as_slice().try_into();
    let array = array.map_err(|_| de::Error::custom(format!("{} bytes instead of {N}", bytes.len())));
    bytes.zeroize();
    array
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        array(deserializer).map(Self)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Secret<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        array(deserializer).map(Zeroizing::new).map(Self)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bytes(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = bytes(deserializer)?;
        let aid = Aid::new(&bytes);
        aid.map(Self).ok_or_else(|| de::Error::custom(format!("{} bytes instead of 5 to 16", bytes.len())))
    }
}

impl<'de> Deserialize<'de> for DayText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let day: [u8; 4] = array(deserializer)?;
        let [_, _, month, date] = day;
        let is_decimal = day.iter().all(|byte| byte >> 4 <= 9 && byte & 0x0F <= 9);
        let is_day = is_decimal && (0x01..=0x12).contains(&month) && (0x01..=0x31).contains(&date);
        if is_day { Ok(Self(day)) } else { Err(de::Error::custom("not a day YYYYMMDD")) }
    }
}

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Zeroizing::new(bytes(deserializer)?);
        let is_decimal = bytes.iter().all(|byte| byte >> 4 <= 9 && byte & 0x0F <= 9);
        if is_decimal { Ok(Self(bytes)) } else { Err(de::Error::custom("not a text of decimal digits")) }
    }
}

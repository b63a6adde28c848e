//! The model's numbers as PostgreSQL's types.

use std::error::Error;

use bytes::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// A 128-bit number as a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wide(pub(crate) u128);

/// A 128-bit number as a UUID, zero as NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WideOrNull(pub(crate) u128);

/// A 128-bit number as a NUMERIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) u128);

type Failure = Box<dyn Error + Sync + Send>;

impl ToSql for Wide {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        out.extend_from_slice(&self.0.to_be_bytes());
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::UUID
    }

    to_sql_checked!();
}

impl ToSql for WideOrNull {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        if self.0 == 0 { Ok(IsNull::Yes) } else { Wide(self.0).to_sql(ty, out) }
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::UUID
    }

    to_sql_checked!();
}

impl ToSql for Number {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        write_number(self.0, |bytes| out.extend_from_slice(bytes));
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::NUMERIC
    }

    to_sql_checked!();
}

impl FromSql<'_> for Wide {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Failure> {
        Ok(Self(u128::from_be_bytes(raw.try_into()?)))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::UUID
    }
}

impl FromSql<'_> for WideOrNull {
    fn from_sql(ty: &Type, raw: &[u8]) -> Result<Self, Failure> {
        Ok(Self(Wide::from_sql(ty, raw)?.0))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Self(0))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::UUID
    }
}

impl FromSql<'_> for Number {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Failure> {
        read_number(raw).map(Self).ok_or_else(|| "a stored amount is not a whole 128-bit number".into())
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::NUMERIC
    }
}

/// Four decimal digits make one digit of a NUMERIC.
const BASE: u128 = 10_000;
/// A 128-bit number has at most 39 decimal digits.
const DIGITS_MAX: usize = 10;

/// Writes the wire form of a NUMERIC: how many digits, the weight of the first, the sign, the scale; then the digits,
/// without the zeros at the end.
pub(crate) fn write_number(mut value: u128, mut write: impl FnMut(&[u8])) {
    let mut digits = [0_u16; DIGITS_MAX];
    let mut start = DIGITS_MAX;
    while value > 0 {
        start -= 1;
        digits[start] = u16::try_from(value % BASE).expect("a remainder of 10,000 fits");
        value /= BASE;
    }
    let digits = &digits[start..];
    let weight = i16::try_from(digits.len()).expect("at most ten") - 1;
    let kept = digits.iter().rposition(|digit| *digit != 0).map_or(0, |last| last + 1);
    write(&u16::try_from(kept).expect("at most ten").to_be_bytes());
    write(&weight.max(0).to_be_bytes());
    write(&[0; 4]);
    for digit in &digits[..kept] {
        write(&digit.to_be_bytes());
    }
}

/// Reads the wire form of a NUMERIC that is a whole number of at most 128 bits.
fn read_number(raw: &[u8]) -> Option<u128> {
    let word =
        |index: usize| raw.get(index * 2..index * 2 + 2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let (count, weight, sign) = (usize::from(word(0)?), word(1)?.cast_signed(), word(2)?);
    if sign != 0 || count > DIGITS_MAX {
        return None;
    }
    let mut value: u128 = 0;
    for index in 0..count {
        value = value.checked_mul(BASE)?.checked_add(u128::from(word(4 + index)?))?;
    }
    let zeros = i32::from(weight) + 1 - i32::try_from(count).ok()?;
    if count == 0 {
        return Some(0);
    }
    value.checked_mul(BASE.checked_pow(u32::try_from(zeros).ok()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(value: u128) -> Option<u128> {
        let mut bytes = Vec::new();
        write_number(value, |part| bytes.extend_from_slice(part));
        read_number(&bytes)
    }

    #[test]
    fn a_number_survives_its_wire_form() {
        let mut value: u128 = 1;
        for _ in 0..38 {
            for near in [value - 1, value, value + 1, value * 9 / 7] {
                assert_eq!(round_trip(near), Some(near));
            }
            value *= 10;
        }
        assert_eq!(round_trip(u128::MAX), Some(u128::MAX));
        assert_eq!(round_trip(1 << 127), Some(1 << 127));
    }

    #[test]
    fn a_number_that_is_negative_or_broken_is_refused() {
        assert_eq!(read_number(&[0, 1, 0, 0, 0x40, 0, 0, 0, 0, 7]), None);
        assert_eq!(read_number(&[0, 1, 0xff, 0xff, 0, 0, 0, 1, 0, 7]), None);
        assert_eq!(read_number(&[0, 2, 0, 1]), None);
    }
}

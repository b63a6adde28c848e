//! The words of the JSON interface: amounts, currencies, ids and short texts, parsed into types that cannot be wrong.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use money::{Amount, Currency, MAX_MINOR};
use serde::de::{Error as _, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// A positive number of minor units, written as a JSON integer from 1 to [`MAX_MINOR`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Minor(u64);

impl Minor {
    /// This many minor units of `currency`.
    pub(crate) fn of(self, currency: CurrencyCode) -> Amount {
        Amount::from_minor(self.0, currency.0).expect("Minor never exceeds MAX_MINOR")
    }
}

struct MinorVisitor;

impl Visitor<'_> for MinorVisitor {
    type Value = Minor;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an integer number of minor units from 1 to {MAX_MINOR}")
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Minor, E> {
        if value == 0 || value > MAX_MINOR {
            return Err(E::invalid_value(Unexpected::Unsigned(value), &self));
        }
        Ok(Minor(value))
    }
}

impl<'de> Deserialize<'de> for Minor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(MinorVisitor)
    }
}

impl ToSchema for Minor {}
impl PartialSchema for Minor {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::Integer))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(1))
            .maximum(Some(MAX_MINOR))
            .description(Some("Minor units of the currency: 1250 is 12.50 CNY."))
            .into()
    }
}

/// A currency as its ISO 4217 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CurrencyCode(pub(crate) Currency);

impl<'de> Deserialize<'de> for CurrencyCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Currency::from_code(&text).map(Self).map_err(D::Error::custom)
    }
}

impl Serialize for CurrencyCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.code())
    }
}

impl ToSchema for CurrencyCode {}
impl PartialSchema for CurrencyCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .pattern(Some("^[A-Z]{3}$"))
            .description(Some("ISO 4217 alphabetic code."))
            .examples(["CNY"])
            .into()
    }
}

/// An id as 32 lowercase hexadecimal digits, neither all zeros nor all ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id<T>(pub(crate) T);

/// Reads an id; the ids 0 and 2^128 − 1 stand for nothing.
pub(crate) fn parse_id<T: FromStr>(text: &str) -> Option<T> {
    let nothing = text.bytes().all(|byte| byte == b'0') || text.bytes().all(|byte| byte == b'f');
    if nothing { None } else { text.parse().ok() }
}

impl<'de, T: FromStr> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_id(&text).map(Self).ok_or_else(|| D::Error::custom("id is not 32 lowercase hexadecimal digits"))
    }
}

impl<T: fmt::Display> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Any [`Id`] in the OpenAPI description.
pub(crate) struct AnyId;

impl ToSchema for AnyId {
    fn name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }
}
impl PartialSchema for AnyId {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .pattern(Some("^[0-9a-f]{32}$"))
            .examples(["018f4f3c5b7e7a0c9d2e4b6a81c3d5f7"])
            .into()
    }
}

/// Text of `MIN` to `MAX` characters without control characters; spaces around it are dropped.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Text<const MIN: usize, const MAX: usize>(String);

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The text.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Debug for Text<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MIN: usize, const MAX: usize> FromStr for Text<MIN, MAX> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if !(MIN..=MAX).contains(&text.chars().count()) {
            return Err(format!("text must have {MIN} to {MAX} characters"));
        }
        if text.chars().any(char::is_control) {
            return Err("text must not have control characters".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Text<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ParseVisitor(PhantomData))
    }
}

/// Reads a value from a JSON string by its `FromStr`, without a copy in between.
struct ParseVisitor<T>(PhantomData<T>);

impl<T: FromStr<Err = String>> Visitor<'_> for ParseVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// A phone number as E.164 writes it: `+`, then 8 to 15 digits, the first not 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phone(String);

impl Phone {
    /// The number.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The number.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl FromStr for Phone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        let well_formed = (8..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err("phone must be like +8613800138000".to_owned())
        }
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ParseVisitor(PhantomData))
    }
}

/// A login name: 3 to 32 of `a-z`, `0-9`, `.`, `_` and `-`, beginning with a letter. Capitals are made small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoginName(String);

impl LoginName {
    /// The name.
    pub(crate) fn into_string(self) -> String {
        self.0
    }

    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LoginName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.to_ascii_lowercase();
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        let well_formed = (3..=32).contains(&name.len())
            && name.bytes().all(allowed)
            && name.starts_with(|first: char| first.is_ascii_lowercase());
        if well_formed {
            Ok(Self(name))
        } else {
            Err("login must be 3 to 32 of a-z 0-9 . _ -, a letter first".to_owned())
        }
    }
}

impl<'de> Deserialize<'de> for LoginName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ParseVisitor(PhantomData))
    }
}

/// A password on its way in: never printed.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// The secret itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wallet::ids::OperationId;

    #[test]
    fn the_ids_zero_and_max_stand_for_nothing() {
        assert_eq!(parse_id::<OperationId>("00000000000000000000000000000000"), None);
        assert_eq!(parse_id::<OperationId>("ffffffffffffffffffffffffffffffff"), None);
        assert_eq!(parse_id::<OperationId>("0000000000000000000000000000000G"), None);
        assert_eq!(parse_id("00000000000000000000000000000001"), Some(OperationId::new(1)));
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Secret("hunter2hunter2".to_owned())), "Secret");
    }
}

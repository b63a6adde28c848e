//! Idempotency keys, and the ids derived from them.

use core::fmt;
use core::str::FromStr;

use wallet::ids::{OperationId, PrincipalId, derive};

/// The `Idempotency-Key` of a request: 1 to 255 visible ASCII characters. Repeating a request with its key has one
/// effect and one answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The text is not 1 to 255 visible ASCII characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAKey;

impl fmt::Display for NotAKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("idempotency key is not 1 to 255 visible ASCII characters")
    }
}

impl core::error::Error for NotAKey {}

impl FromStr for IdempotencyKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        if text.is_empty() || text.len() > 255 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NotAKey);
        }
        Ok(Self(text.to_owned()))
    }
}

impl IdempotencyKey {
    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The operation that this principal asks for on this route under this key.
pub(crate) fn operation_id(principal: PrincipalId, route: &'static str, key: &IdempotencyKey) -> OperationId {
    let parts: [&[u8]; 3] = [&principal.to_bytes(), route.as_bytes(), key.0.as_bytes()];
    OperationId::new(derive("sycee operation v1", &parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_1_to_255_visible_ascii_characters() {
        assert!("a".parse::<IdempotencyKey>().is_ok());
        assert!("x".repeat(255).parse::<IdempotencyKey>().is_ok());
        for text in ["", " ", "a b", "a\n", "钱", &"x".repeat(256)] {
            assert_eq!(text.parse::<IdempotencyKey>(), Err(NotAKey), "{text:?}");
        }
    }

    #[test]
    fn the_same_key_of_another_principal_or_route_is_another_operation() {
        let key: IdempotencyKey = "k1".parse().unwrap();
        let other: IdempotencyKey = "k2".parse().unwrap();
        let ids = [
            operation_id(PrincipalId::new(1), "payment", &key),
            operation_id(PrincipalId::new(2), "payment", &key),
            operation_id(PrincipalId::new(1), "refund", &key),
            operation_id(PrincipalId::new(1), "payment", &other),
        ];
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[..index].contains(id));
        }
        assert_eq!(ids[0], operation_id(PrincipalId::new(1), "payment", &key));
    }
}

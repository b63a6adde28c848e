//! Secret tokens of sessions and API keys: 256 random bits that the client keeps and the server knows only hashed.

use std::fmt;

use operations::Entropy;

/// The start of every API key, so that people and secret scanners recognise one.
pub(crate) const API_KEY_PREFIX: &str = "sk_";

/// What the store keeps of a token: its BLAKE3 hash. A token has 256 random bits, so no slow hash is needed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenHash(pub(crate) [u8; 32]);

impl TokenHash {
    /// The hash of a token as the client sent it.
    #[must_use]
    pub(crate) fn of(token: &str) -> Self {
        Self(*blake3::hash(token.as_bytes()).as_bytes())
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

/// A new token of 64 hexadecimal digits after `prefix`.
pub(crate) fn new_token(prefix: &str, entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    let mut token = String::with_capacity(prefix.len() + 64);
    token.push_str(prefix);
    push_hex(&mut token, &bytes);
    token
}

/// Appends bytes as lowercase hexadecimal digits.
fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

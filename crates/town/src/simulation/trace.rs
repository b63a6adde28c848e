//! The trace: everything that happened, in order, as one hash.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// BLAKE3 over all entries so far. Entries have lengths, so that no two traces give the same bytes.
pub struct Trace(Mutex<blake3::Hasher>);

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trace")
    }
}

impl Default for Trace {
    fn default() -> Self {
        Self(Mutex::new(blake3::Hasher::new_derive_key("sycee town trace v1")))
    }
}

impl Trace {
    /// Adds an entry: what happened, and its numbers.
    pub fn note(&self, what: &str, numbers: &[u128]) {
        let mut entry = [0_u8; 16 * 8];
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        let length = entry.iter_mut().zip(bytes).map(|(slot, byte)| *slot = byte).count();
        let mut hasher = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hasher
            .update(&[u8::try_from(what.len()).unwrap_or(u8::MAX), u8::try_from(length).unwrap_or(u8::MAX)]);
        hasher.update(what.as_bytes());
        hasher.update(&entry[..length]);
    }

    /// The hash so far, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Trace;

    #[test]
    fn another_order_gives_another_hash() {
        let (one, other) = (Trace::default(), Trace::default());
        one.note("pay", &[1, 2]);
        one.note("refund", &[3]);
        other.note("refund", &[3]);
        other.note("pay", &[1, 2]);
        assert_ne!(one.hash(), other.hash());
        assert_eq!(one.hash().len(), 64);
    }
}

//! Recovery codes: for whoever has lost the phone that shows one-time passwords. Each has 80 random bits, so that a fast hash
//! is enough.

use operations::Entropy;
use wallet::ids::PrincipalId;

/// How many are made at once.
const CODES: usize = 10;
/// Letters that nobody confuses when reading them aloud: Crockford's.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// How many letters one has.
const LENGTH: usize = 16;

/// New codes, as they are shown once.
pub(crate) fn new_codes(entropy: &dyn Entropy) -> Vec<String> {
    (0..CODES).map(|_| new_code(entropy)).collect()
}

fn new_code(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; LENGTH];
    entropy.fill(&mut bytes);
    let mut code = String::with_capacity(LENGTH + 3);
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 && index % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(DIGITS[usize::from(byte & 31)]));
    }
    code
}

/// What is kept of a code; `None` where the text cannot be one.
pub(crate) fn hash(principal: PrincipalId, typed: &str) -> Option<[u8; 32]> {
    let plain: String = typed
        .chars()
        .filter(|sign| !sign.is_whitespace() && *sign != '-')
        .map(|sign| match sign.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    if plain.len() != LENGTH || !plain.bytes().all(|byte| DIGITS.contains(&byte)) {
        return None;
    }
    let mut hasher = blake3::Hasher::new_derive_key("sycee 2026 recovery code");
    hasher.update(&principal.to_bytes()).update(plain.as_bytes());
    Some(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for (value, byte) in (0..).zip(bytes) {
                *byte = value;
            }
        }
    }

    #[test]
    fn a_code_is_recognised_however_it_is_typed() {
        let code = new_code(&Counting);
        assert_eq!(code, "0123-4567-89ab-cdef");
        let principal = PrincipalId::new(1);
        let kept = hash(principal, &code);
        assert!(kept.is_some());
        assert_eq!(hash(principal, " O1 23-45 67-89AB-CDEF"), kept);
        assert_eq!(hash(principal, "ol23456789abcdef"), kept);
        assert_ne!(hash(PrincipalId::new(2), &code), kept);
        for wrong in ["", "0123-4567-89ab-cde", "0123-4567-89ab-cdeu", "０123-4567-89ab-cdef"] {
            assert_eq!(hash(principal, wrong), None, "{wrong}");
        }
    }
}

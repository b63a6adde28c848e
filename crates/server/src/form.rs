//! The token that proves that a form was rendered for the session that sends it.
//!
//! Each rendering masks it anew, because pages are compressed together with what a visitor typed: from the sizes of
//! many pages somebody on the network could otherwise guess a token that stays the same.

use operations::Entropy;

use crate::auth::Caller;
use crate::problem::{Kind, Problem};

/// Bytes of the mask and of the token under it.
const BYTES: usize = 32;

/// What a form shown to this caller carries in the field `form_token`: a random mask and the session's token under it.
pub(crate) fn token_for(caller: &Caller, entropy: &dyn Entropy) -> String {
    let mut mask = [0; BYTES];
    entropy.fill(&mut mask);
    let masked = xor(mask, expected(caller));
    let hex = |bytes: [u8; BYTES]| blake3::Hash::from_bytes(bytes).to_hex();
    format!("{}{}", hex(mask), hex(masked))
}

/// Refuses a form that was not rendered for this session.
///
/// # Errors
/// A 403.
pub(crate) fn check_token(caller: &Caller, form_token: &str) -> Result<(), Problem> {
    match unmasked(form_token) {
        // The comparison of `blake3::Hash` takes the same time wherever the texts differ.
        Some(sent) if sent == blake3::Hash::from_bytes(expected(caller)) => Ok(()),
        _ => Err(Problem::new(Kind::CROSS_SITE, "the form is out of date; open the page again")),
    }
}

fn unmasked(form_token: &str) -> Option<blake3::Hash> {
    let (mask, masked) = form_token.split_at_checked(2 * BYTES)?;
    let bytes = |text: &str| Some(*blake3::Hash::from_hex(text).ok()?.as_bytes());
    Some(blake3::Hash::from_bytes(xor(bytes(mask)?, bytes(masked)?)))
}

fn xor(one: [u8; BYTES], other: [u8; BYTES]) -> [u8; BYTES] {
    std::array::from_fn(|index| one[index] ^ other[index])
}

fn expected(caller: &Caller) -> [u8; BYTES] {
    blake3::derive_key("sycee 2026 form token of a session", &caller.token.0)
}

//! The token that proves that a form was rendered for the session that sends it.

use crate::auth::Caller;
use crate::problem::{Kind, Problem};

/// What forms shown to this caller carry in the field `form_token`: the same for all forms of a session.
pub(crate) fn token_for(caller: &Caller) -> String {
    expected(caller).to_hex().to_string()
}

/// Refuses a form that was not rendered for this session.
///
/// # Errors
/// A 403.
pub(crate) fn check_token(caller: &Caller, form_token: &str) -> Result<(), Problem> {
    // The comparison of `blake3::Hash` takes the same time wherever the texts differ.
    match blake3::Hash::from_hex(form_token) {
        Ok(sent) if sent == expected(caller) => Ok(()),
        _ => Err(Problem::new(Kind::CROSS_SITE, "the form is out of date; open the page again")),
    }
}

fn expected(caller: &Caller) -> blake3::Hash {
    blake3::Hash::from_bytes(blake3::derive_key("sycee 2026 form token of a session", &caller.token.0))
}

//! Who is calling: passwords, passkeys, second factors, payment PINs, sessions, API keys, and the throttle before them.

mod api_key;
mod base64url;
mod cache;
mod caller;
mod cbor;
mod log_in;
mod look_up_budget;
mod one_time_password;
mod passkey;
mod password;
mod payment_pin;
mod proof;
mod recovery_code;
mod scope;
mod second_factor;
mod secret_change;
mod session;
mod throttle;
mod token;
pub(crate) mod vault_pin;
mod webauthn;

pub(crate) use api_key::{create_api_key, revoke_api_key, rotate_api_key};
pub(crate) use cache::CallerCache;
pub(crate) use caller::{Caller, Holder, LoggedIn, Operator, Staff};
pub(crate) use log_in::{
    HALF_COOKIE, HALF_SECONDS, LogIn, begin_log_in, change_password, finish_log_in, log_in, set_password,
};
pub(crate) use look_up_budget::LookUpBudget;
pub(crate) use one_time_password::{key_uri, shown_secret};
pub(crate) use passkey::{
    Assertion, Attestation, CHALLENGE_SECONDS, PASSKEY_NAME_MAX, add_passkey, ask, log_in_by_passkey,
    prove_passkey, remove_passkey,
};
pub use password::hash_password;
pub(crate) use password::{PASSWORD_MAX, PASSWORD_MIN, Passwords, check_new, length_of};
pub(crate) use payment_pin::{check_new_pin, remove_pin, set_pin};
pub(crate) use proof::{
    Evidence, Means, Place, authenticate_again, is_fresh, means_of, prove_challenge, require_fresh, unlock,
};
pub(crate) use scope::{Scope, Scopes};
pub(crate) use second_factor::{
    confirm_one_time_passwords, offer_one_time_passwords, offered_secret, remove_second_factor,
    renew_recovery_codes,
};
pub use session::NewSession;
pub use session::SESSION_COOKIE;
pub(crate) use session::{
    Device, ended_cookie, forget_devices, kept_cookie, lock_session, open_session, revoke_other_sessions,
    revoke_session, session_cookies,
};
pub(crate) use webauthn::Site;

/// Bytes as WebAuthn writes them.
pub(crate) fn base64url_of(bytes: &[u8]) -> String {
    base64url::encode(bytes)
}

/// The bytes of a text in base64url. `None`: it is none.
pub(crate) fn base64url_decoded(text: &str) -> Option<Vec<u8>> {
    base64url::decode(text)
}

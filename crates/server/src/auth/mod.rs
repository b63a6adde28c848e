//! Who is calling: passwords, sessions, API keys, and the throttle that stands before them.

mod api_key;
mod cache;
mod caller;
mod password;
mod session;
mod throttle;
mod token;

pub(crate) use api_key::{NewApiKey, create_api_key, revoke_api_key};
pub(crate) use cache::CallerCache;
pub use caller::{Caller, Holder, LoggedIn, Operator, Staff};
pub use password::hash_password;
pub(crate) use password::{PASSWORD_MAX, PASSWORD_MIN, Passwords, check_new};
pub use session::SESSION_COOKIE;
pub use session::NewSession;
pub(crate) use session::{Device, change_password, ended_cookie, log_in, open_session, revoke_other_sessions, revoke_session, session_cookie};
pub(crate) use token::push_hex;

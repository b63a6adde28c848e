//! Who is calling: passwords, sessions, API keys, and the throttle that stands before them.

mod api_key;
mod cache;
mod caller;
mod password;
mod session;
mod throttle;
mod token;

pub(crate) use api_key::{create_api_key, revoke_api_key};
pub(crate) use cache::CallerCache;
pub(crate) use caller::{Caller, Holder, LoggedIn, Operator, Staff};
pub use password::hash_password;
pub(crate) use password::{PASSWORD_MIN, Passwords, check_new};
pub use session::NewSession;
pub use session::SESSION_COOKIE;
pub(crate) use session::{
    Device, change_password, ended_cookie, log_in, open_session, revoke_other_sessions, revoke_session,
    session_cookie,
};

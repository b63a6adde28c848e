//! Purse to purse: value moves between two cards that prove themselves to each other, with no issuer between, in the
//! manner of Mondex (Stepney, Cooper, Woodcock: *An Electronic Purse*, PRG-126, 2000).
//!
//! # Specification
//!
//! * An [`Application`] is memory plus what is forgotten without power. [`Application::step`] takes one command and
//!   answers; it depends on nothing else. The day comes with the counterpart's certificates.
//! * *Pay details* name both purses, both sequences, amount, currency and series. A purse uses each of its sequences
//!   once, so pay details never come again, and the two sequences are the two sides' nonces.
//! * Three messages bear the pay details, each signed under a context of its own by the purse that sends it:
//!
//! | # | event | purse | what it does, in one commit | status after | sends |
//! |---|---|---|---|---|---|
//! | 1 | start from | payer | remembers pay details and the payee's key, next sequence | epr | |
//! | 2 | start to | payee | remembers pay details and the payer's key, next sequence | epv | req |
//! | 3 | req | payer in epr | debits | epa | val |
//! | 4 | val | payee in epv | credits, logs | eaTo | ack |
//! | 5 | ack | payer in epa | logs | eaFrom | |
//! | | abort, or a new start | in epv or epa | puts the pay details into the exception log | idle | |
//!
//! * A message that was answered is answered again, without effect, until the next start or abort. So after a loss of
//!   power *resume* lets the same two purses end the same transfer.
//! * A start is refused unless the exception log has room for it; so an abort always has.
//! * The log is cleared only by a signature of the issuer over every entry in it, this purse, and a number used once.
//! * Checks come first; whatever is refused has changed nothing but a try counter.
//!
//! # Invariants
//!
//! 1. Σ balances + Σ lost is constant, where a transfer is lost whose payer is in epa or has logged it and whose payee
//!    is in epv or has logged it. Power may go at any write, and every message may come late, twice, or never.
//! 2. A transfer that *both* logs show was debited and never credited: the issuer can give it back ([`is_lost`]).
//! 3. Only purses that a certificate chain leads to appear in pay details that a purse remembers.
//! 4. A sequence never goes back; at its end the purse starts no transfer ever again.
//!
//! # What a power loss leaves
//!
//! The state before or after the one commit of a step (see [`crate::journal`]); nothing of the counterpart's certificates.

mod application;
mod authority;
mod claim;
mod contents;
mod counterpart;
mod credentials;
mod lock;
mod logs;
mod message;
mod pay_details;
mod pocket;
mod questions;
mod renewal;
mod rules;
mod switched_off;
mod transfer;

#[cfg(test)]
mod tests;

pub use application::{AID, Application, Session};
pub use authority::{AuthorityKind, AuthoritySequence, authority_message};
pub use claim::is_lost;
pub use contents::{Contents, Personalisation, PersonalisationError, Status};
pub use credentials::Credentials;
pub use logs::{EXCEPTIONS_MAX, Entry, TRANSFERS_MAX};
pub use message::{EXCEPTION, Message, MessageKind, REPORT};
pub use pay_details::{Currency, PayDetails, Series, Side, TransferSequence};
pub use pocket::{POCKETS, Pocket, PocketLimits};

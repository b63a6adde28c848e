//! The embedded bank: customers' accounts, cards, and card operations as one pure state machine.
//!
//! It stands behind the same interface as a real bank. What happens is an [`Event`]: an edge keeps the events, and
//! [`Bank::apply`] on each of them in order gives the same bank again.
//!
//! Invariants:
//! * an operation id is carried out at most once, whatever arrives how often and in which order;
//! * an operation that was reversed never happens afterwards;
//! * money leaves a customer's account only into the operator's, and back: the [`Statement`] is the sum of both.

mod card;
mod event;
mod expiry;
mod machine;
mod message;
mod pan;

pub use card::{Card, CardLimits, CardState};
pub use event::{Event, Movement};
pub use expiry::Expiry;
pub use machine::{Bank, Booked, Fault, Handled, Order, OrderRefused, Question, Statement};
pub use message::{AccountNumber, Decline, OperationRef, Outcome, Request, Response, Token};
pub use pan::{Brand, NotAPan, Pan};

//! Rules of risk: what happens to a payment or transfer before value moves, and why.
//!
//! A [`Rule`] has conditions, which must all hold, and an outcome. [`decide`] asks every rule about an [`Attempt`]: an
//! exemption that applies allows; otherwise the most severe outcome of those that apply counts. The words of a decision
//! are the rules that led to it, with their conditions.
//!
//! [`grade`] is another question: how much of a sale a holder's account may owe.
//!
//! Invariants:
//! * a decision depends on nothing but rules, attempt, recent attempts and what is familiar: the same may be asked of
//!   history before a rule is switched on;
//! * a rule has one text form, and reading it gives the same rule.

mod condition;
mod decision;
pub mod grade;
mod recent;

pub use condition::{Condition, NotACondition, conditions_from_text, conditions_to_text};
pub use decision::{Attempt, Decision, Familiar, Kind, Outcome, Rule, decide};
pub use recent::Recent;

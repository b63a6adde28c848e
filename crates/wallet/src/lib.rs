//! What each wallet event means in the ledger: chart of accounts, derived ids, postings.
//!
//! * [`ids`]: ids of what records describe, and how ledger ids are derived from facts.
//! * [`adjustment`]: corrections by hand.
//! * [`chart`]: the kinds of account and of transfer, and the accounts themselves.
//! * [`purse_chart`]: the accounts of card purses.
//! * [`postings`]: one function per event, saying which transfers it causes.

pub mod adjustment;
pub mod chart;
pub mod closing_postings;
pub mod ids;
pub mod limit_postings;
pub mod order_postings;
pub mod postings;
pub mod purse_chart;
pub mod voucher_postings;

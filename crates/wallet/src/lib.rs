//! What each wallet event means in the ledger: chart of accounts, derived ids, postings.

pub mod ids;

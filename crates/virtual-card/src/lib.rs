//! Cards without plastic.
//!
//! * [`compute`]: what a card, a terminal or a host would answer, computed from keys and inputs alone.

pub mod compute;

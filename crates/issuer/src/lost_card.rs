//! What is left of a lost card goes back to its holder.
//!
//! After the clearing window no terminal that keeps to its lists still takes the card, and what it spent before has been
//! uploaded. Then the shadow balance is the holder's, less what may still have been spent. Loads in doubt are the holder's, too:
//! the value is on the card, or it is not; nobody spends it any more. Of several the greatest is taken for the one on the card.
//! Records that come later are refused.

use core::fmt;

use ledger::Transfer;
use messages::card::Seconds;
use purse::amount::Amount;

use crate::{online::Stage, postings, purse_card::PurseCard};

/// Why there is no refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostCardRefusal {
    /// The card stands on no status list: somebody could still spend.
    NotListed,
    /// The clearing window is not over.
    WindowOpen,
    /// It was refunded before.
    Closed,
    /// The last online transaction waits for the ledger's word.
    Unfinished,
    /// The card spent more than it was given.
    Excess,
    /// Nothing is left.
    Nothing,
}

impl fmt::Display for LostCardRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotListed => "card is not on the status list",
            Self::WindowOpen => "clearing window is not over",
            Self::Closed => "card was refunded before",
            Self::Unfinished => "last online transaction waits for the ledger",
            Self::Excess => "card spent more than it was given",
            Self::Nothing => "nothing is left",
        })
    }
}

impl core::error::Error for LostCardRefusal {}

impl PurseCard {
    /// Closes a lost card and gives the rest back.
    ///
    /// # Errors
    /// [`LostCardRefusal`]; nothing was changed.
    pub fn refund_lost(&mut self, now: Seconds, window: Seconds) -> Result<Vec<Transfer>, LostCardRefusal> {
        if self.is_closed {
            return Err(LostCardRefusal::Closed);
        }
        let (_, since) = self.listed.ok_or(LostCardRefusal::NotListed)?;
        if now.0 < since.0.saturating_add(window.0) {
            return Err(LostCardRefusal::WindowOpen);
        }
        let has = |stage| self.online.iter().any(|attempt| attempt.stage == stage);
        if has(Stage::Begun) {
            return Err(LostCardRefusal::Unfinished);
        }
        let (after_load, _) = self.shadow.credited(self.load_in_doubt());
        if after_load.excess() > 0 {
            return Err(LostCardRefusal::Excess);
        }
        let rest = after_load.own().saturating_sub(u64::from(self.held().units()));
        let rest = Amount::new(u32::try_from(rest).unwrap_or(u32::MAX));
        if rest == Amount::ZERO && !has(Stage::Ready) && !has(Stage::InDoubt) {
            return Err(LostCardRefusal::Nothing);
        }
        let mut transfers = match self.greatest_load() {
            Some(load) => self.settle_online(&load, now),
            None => self.end_open(&[Stage::Ready, Stage::InDoubt]),
        };
        self.is_closed = true;
        let _parts = self.debit(rest, now);
        if rest > Amount::ZERO {
            transfers.push(postings::rest_refunded(&self.account, self.identity.wallet, rest));
        }
        Ok(transfers)
    }
}

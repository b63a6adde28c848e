//! What the next card is held to the reader for, and what came of it.

use std::collections::VecDeque;

use pages::terminal::Trouble;
use purse::{
    amount::Amount,
    fields::{Asn, Mac},
};
use terminal::{
    debit::Receipt,
    enquiry::CardContent,
    entry::{RecordNumber, SaleId},
    sale::Shortfall,
};

/// So many taps are known by name, the last ones.
const TAPS_MAX: usize = 50;

/// What a card is held to the reader for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Sale(Amount, Shortfall),
    /// The record that is given back, and its amount.
    Cancel(RecordNumber, Amount),
    Enquiry,
    Load,
    /// `None`: all that the card holds.
    Unload(Option<Amount>),
}

/// A load or unload that the card has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) card: Asn,
    pub(crate) amount: Amount,
    pub(crate) balance: Amount,
    pub(crate) code: Mac,
    pub(crate) is_confirmed: bool,
    /// How many further loads wait for the card.
    pub(crate) waiting: usize,
}

/// How far a tap came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Waiting,
    Paid(Receipt),
    Shown(CardContent),
    Moved(Moved),
    Failed(Trouble),
    Aside,
}

/// A tap. A sale's name is also that of the sale in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tap {
    pub(crate) name: SaleId,
    pub(crate) purpose: Purpose,
    pub(crate) progress: Progress,
    /// Whether the next card is for it: it was asked for, or the card was taken away too early.
    pub(crate) waits: bool,
}

impl Tap {
    pub(crate) const fn new(name: SaleId, purpose: Purpose) -> Self {
        Self { name, purpose, progress: Progress::Waiting, waits: true }
    }
}

/// The last taps; at most one waits for its card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taps(VecDeque<Tap>);

impl Taps {
    pub(crate) fn get(&self, name: SaleId) -> Option<&Tap> {
        self.0.iter().find(|tap| tap.name == name)
    }

    /// The one that waits for its card.
    pub(crate) fn waiting(&self) -> Option<&Tap> {
        self.0.iter().find(|tap| tap.waits)
    }

    /// Begins a tap, and puts the one aside that waited. Begun again under the same name, it is the one that there is.
    pub(crate) fn begin(&mut self, tap: Tap) {
        if self.get(tap.name).is_some() {
            return;
        }
        self.put_aside();
        self.0.push_back(tap);
        while self.0.len() > TAPS_MAX {
            self.0.pop_front();
        }
    }

    /// Has a tap wait for its card again. One that is done stays done.
    pub(crate) fn again(&mut self, name: SaleId) {
        let is_over =
            |tap: &Tap| matches!(tap.progress, Progress::Paid(_) | Progress::Shown(_) | Progress::Moved(_));
        if self.get(name).is_none_or(is_over) {
            return;
        }
        self.put_aside();
        if let Some(tap) = self.0.iter_mut().find(|tap| tap.name == name) {
            (tap.progress, tap.waits) = (Progress::Waiting, true);
        }
    }

    /// No tap waits any more.
    pub(crate) fn put_aside(&mut self) {
        for tap in self.0.iter_mut().filter(|tap| tap.waits) {
            tap.waits = false;
            if tap.progress == Progress::Waiting {
                tap.progress = Progress::Aside;
            }
        }
    }

    /// What came of a tap. Where the card was taken away too early, it waits for that card to come back.
    pub(crate) fn came(&mut self, name: SaleId, progress: Progress) {
        if let Some(tap) = self.0.iter_mut().find(|tap| tap.name == name) {
            tap.waits = matches!(&progress, Progress::Failed(trouble) if is_to_come_back(trouble));
            tap.progress = progress;
        }
    }
}

fn is_to_come_back(trouble: &Trouble) -> bool {
    trouble.may_have_moved() || matches!(trouble, Trouble::CardGone | Trouble::OtherCard(_))
}

//! The sums of a shift, from the terminal's book.

use std::collections::BTreeMap;

use purse::fields::Kind;
use serde::{Deserialize, Serialize};
use terminal::{
    book::{Answer, Book, Record, State},
    entry::{RecordNumber, Totals},
};

/// How many records, and their sum in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sum {
    pub(crate) count: u64,
    pub(crate) amount: u64,
}

impl Sum {
    fn add(&mut self, record: &Record) {
        self.count = self.count.saturating_add(1);
        self.amount = self.amount.saturating_add(u64::from(record.intent.amount.units()));
    }
}

/// What a shift came to. What cards proved in it is the journal's own count; the rest are its debits as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShiftFigures {
    pub(crate) sold: Sum,
    pub(crate) due: u64,
    pub(crate) given_back: Sum,
    pub(crate) unknown: Sum,
    pub(crate) not_done: Sum,
    pub(crate) waiting: Sum,
    pub(crate) received: Sum,
    /// By the code of the receipt.
    pub(crate) not_paid: BTreeMap<u8, Sum>,
}

impl ShiftFigures {
    /// The figures of the shift that goes on, whose first record may be this one.
    pub(crate) fn count(book: &Book, first: RecordNumber) -> Self {
        let Totals { sales, sold, due, cancels, given_back } = book.summary().shift.totals;
        let mut figures = Self {
            sold: Sum { count: u64::from(sales), amount: sold },
            due,
            given_back: Sum { count: u64::from(cancels), amount: given_back },
            ..Self::default()
        };
        let debits = book.records().filter(|record| record.intent.number >= first);
        for record in debits.filter(|record| record.intent.kind != Kind::Cancel) {
            figures.add(record);
        }
        figures
    }

    fn add(&mut self, record: &Record) {
        match record.state {
            State::NotDone(_) => return self.not_done.add(record),
            State::Open(_) | State::MovedOn(_) => self.unknown.add(record),
            State::Done(_) => {}
        }
        match record.answer {
            Answer::None => self.waiting.add(record),
            Answer::Received => self.received.add(record),
            Answer::NotPaid(reason) => self.not_paid.entry(reason).or_default().add(record),
        }
    }
}

/// A shift that was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClosedShift {
    pub(crate) number: u32,
    /// Nanoseconds since 1970; 0 for the terminal's beginning.
    pub(crate) since: u64,
    pub(crate) closed_at: u64,
    /// The number that the next shift's first record has at least.
    pub(crate) next_record: u32,
    pub(crate) figures: ShiftFigures,
}

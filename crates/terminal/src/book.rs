//! What the terminal knows: the journal's entries, added up. Pure: the same entries give the same book.
//!
//! # Specification
//!
//! A record begins open, with its intent, and ends once:
//!
//! ```text
//!              Done ───────────── the card paid, and its TAC proves it
//! Intent → open ── Claimed ─ open, with codes that nobody could check yet
//!              NotDone ────────── the card refused, or its counter stands where it stood
//!              MovedOn ────────── unknown for ever: the card did something else since; clearing decides
//! ```
//!
//! An open record may be done or not. It goes up to the issuer as unknown, as one that moved on does, and it stays here until
//! its card comes back. Of one card and sequence, one record at most is ever done.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use purse::{
    amount::Amount,
    fields::{Asn, DateTime, Kind, OrderId, Sequence, Tac},
};

use crate::{
    card::Codes,
    clock::day,
    entry::{Entry, Intent, List, Newest, NotDone, RecordNumber, SaleId, Shift, Summary, Totals},
};

/// What became of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not known; its card can still tell. With what the card claimed, if anything.
    Open(Option<Codes>),
    /// The card did it.
    Done(Codes),
    /// It did not happen.
    NotDone(NotDone),
    /// Not known, and its card cannot tell any more.
    MovedOn(Option<Codes>),
}

impl State {
    /// Whether it is unknown.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Open(_) | Self::MovedOn(_))
    }
}

/// What the issuer said about a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// It has not got it as it stands.
    #[default]
    None,
    /// It has it.
    Received,
    /// It does not pay for it, for this reason; the record stays for a person to look at.
    NotPaid(u8),
}

/// An intent and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// What was intended.
    pub intent: Intent,
    /// What became of it.
    pub state: State,
    /// The card's code over the split, of a split sale.
    pub split_code: Option<Tac>,
    /// The cancel of it that was done or may have been.
    pub cancelled_by: Option<RecordNumber>,
    /// What the issuer said about it as it stands.
    pub answer: Answer,
}

/// An entry that does not follow from those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction;

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("journal entry contradicts those before it")
    }
}

impl std::error::Error for Contradiction {}

/// From which day on records are kept that the issuer has; see [`day`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptSince {
    /// Those that are done: their tills may ask again.
    pub done: u32,
    /// Those that are open: their cards may come back.
    pub open: u32,
}

/// What the terminal knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    summary: Summary,
    records: BTreeMap<RecordNumber, Record>,
    closed: BTreeSet<(Asn, OrderId)>,
}

impl Book {
    /// Takes an entry over.
    ///
    /// # Errors
    /// [`Contradiction`]; then nothing is changed.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Contradiction> {
        match entry {
            Entry::Summary(summary) => {
                if summary.next < self.summary.next {
                    return Err(Contradiction);
                }
                self.summary = *summary;
            }
            Entry::Intent(intent) => self.begin(intent)?,
            Entry::Done(number, codes) => self.finish(*number, State::Done(*codes))?,
            Entry::Claimed(number, codes) => self.finish(*number, State::Open(Some(*codes)))?,
            Entry::NotDone(number, why) => self.finish(*number, State::NotDone(*why))?,
            Entry::MovedOn(number) => {
                let State::Open(codes) = self.open(*number)?.state else { return Err(Contradiction) };
                self.finish(*number, State::MovedOn(codes))?;
            }
            Entry::SplitCode(number, tac) => {
                let record = self.record_mut(*number)?;
                record.split_code = Some(*tac);
                // The issuer owes nothing on a terminal's word alone: it has to hear this, too.
                record.answer = Answer::None;
            }
            Entry::Received(numbers) => {
                if !numbers.iter().all(|number| self.records.contains_key(number)) {
                    return Err(Contradiction);
                }
                for number in numbers {
                    self.record_mut(*number)?.answer = Answer::Received;
                }
            }
            Entry::NotPaid(number, reason) => self.record_mut(*number)?.answer = Answer::NotPaid(*reason),
            Entry::Batch(batch) => self.summary.batch = *batch,
            Entry::Accepted(list, newest) => self.accept(*list, *newest)?,
            Entry::Closed(card, order) => {
                self.closed.insert((*card, *order));
            }
            Entry::Shift(since) => {
                let number = self.summary.shift.number.checked_add(1).ok_or(Contradiction)?;
                self.summary.shift = Shift { number, since: *since, totals: Totals::default() };
                self.see(since);
            }
            Entry::Time(now) => self.summary.latest = *now,
        }
        Ok(())
    }

    fn begin(&mut self, intent: &Intent) -> Result<(), Contradiction> {
        // Numbers may be missing where a rewritten file left records out; they never come back.
        if intent.number < self.summary.next {
            return Err(Contradiction);
        }
        let next = RecordNumber(intent.number.0.checked_add(1).ok_or(Contradiction)?);
        if let Some(cancelled) = intent.cancels {
            self.mark_cancelled(cancelled, Some(intent.number))?;
        }
        self.summary.next = next;
        let record = Record {
            intent: *intent,
            state: State::Open(None),
            split_code: None,
            cancelled_by: None,
            answer: Answer::None,
        };
        self.records.insert(intent.number, record);
        self.see(&intent.when);
        Ok(())
    }

    fn open(&mut self, number: RecordNumber) -> Result<&mut Record, Contradiction> {
        let record = self.record_mut(number)?;
        if matches!(record.state, State::Open(_)) { Ok(record) } else { Err(Contradiction) }
    }

    fn record_mut(&mut self, number: RecordNumber) -> Result<&mut Record, Contradiction> {
        self.records.get_mut(&number).ok_or(Contradiction)
    }

    fn finish(&mut self, number: RecordNumber, state: State) -> Result<(), Contradiction> {
        let record = self.open(number)?;
        let intent = record.intent;
        record.state = state;
        // What the issuer was told is not what it is now.
        record.answer = Answer::None;
        if let Some(cancelled) = intent.cancels {
            let by = if matches!(state, State::NotDone(_)) { None } else { Some(number) };
            self.mark_cancelled(cancelled, by)?;
        }
        if matches!(state, State::Done(_)) {
            self.summary.shift.totals.add(&intent);
        }
        Ok(())
    }

    fn mark_cancelled(
        &mut self,
        cancelled: RecordNumber,
        by: Option<RecordNumber>,
    ) -> Result<(), Contradiction> {
        let sale = self.record_mut(cancelled)?;
        sale.cancelled_by = by;
        sale.answer = Answer::None;
        Ok(())
    }

    fn accept(&mut self, list: List, newest: Newest) -> Result<(), Contradiction> {
        let kept = match (&mut self.summary.newest, list) {
            ([status, _, _], List::Status) => status,
            ([_, white, _], List::White) => white,
            ([_, _, parameters], List::Parameters) => parameters,
        };
        if newest.version <= kept.version {
            return Err(Contradiction);
        }
        *kept = newest;
        if list == List::White {
            // What an older list closed is not in the new one, or is told to the card again without effect.
            self.closed.clear();
        }
        Ok(())
    }

    fn see(&mut self, now: &DateTime) {
        self.summary.latest = self.summary.latest.max(*now);
    }

    /// Numbers, versions, times and sums.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The newest list of a kind that was ever taken over.
    #[must_use]
    pub const fn newest(&self, list: List) -> Newest {
        let [status, white, parameters] = self.summary.newest;
        match list {
            List::Status => status,
            List::White => white,
            List::Parameters => parameters,
        }
    }

    /// All records that are kept, the oldest first.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.values()
    }

    /// A record.
    #[must_use]
    pub fn record(&self, number: RecordNumber) -> Option<&Record> {
        self.records.get(&number)
    }

    /// The open records of a card, the oldest first.
    pub fn open_of(&self, card: Asn) -> impl Iterator<Item = &Record> {
        let is_open = |record: &&Record| matches!(record.state, State::Open(_));
        self.records.values().filter(move |record| record.intent.card == card).filter(is_open)
    }

    /// The records of a sale.
    pub fn of_sale(&self, sale: SaleId) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.values().filter(move |record| record.intent.sale == sale)
    }

    /// The highest sequence that a card is known to have used.
    #[must_use]
    pub fn last_sequence(&self, card: Asn) -> Option<Sequence> {
        let done = self.records.values().filter(|record| matches!(record.state, State::Done(_)));
        done.filter(|record| record.intent.card == card).map(|record| record.intent.sequence).max()
    }

    /// What can be cancelled: the last that was done here, if it was a sale that took something and left nothing owed, and
    /// no cancel of it is under way.
    #[must_use]
    pub fn last_sale(&self) -> Option<&Record> {
        let is_sale = |record: &&Record| {
            let Intent { kind, due, amount, .. } = record.intent;
            kind != Kind::Cancel && due.is_none() && amount != Amount::ZERO && record.cancelled_by.is_none()
        };
        self.last_done().filter(is_sale)
    }

    /// The last that was done here.
    #[must_use]
    pub fn last_done(&self) -> Option<&Record> {
        self.records.values().rev().find(|record| matches!(record.state, State::Done(_)))
    }

    /// What the issuer has to get: every debit that is done or unknown, as it stands now. A cancel goes with its debit.
    pub fn queue(&self) -> impl Iterator<Item = &Record> {
        self.records.values().filter(|record| {
            let is_sale = record.intent.kind != Kind::Cancel;
            is_sale && record.answer == Answer::None && !matches!(record.state, State::NotDone(_))
        })
    }

    /// Whether a split was closed on its card already.
    #[must_use]
    pub fn is_closed(&self, card: Asn, order: OrderId) -> bool {
        self.closed.contains(&(card, order))
    }

    /// The entries of a rewritten file. What did not happen goes; what the issuer has goes on its day, but for the last sale,
    /// which can still be cancelled.
    #[must_use]
    pub fn kept(&self, since: &KeptSince) -> Vec<Entry> {
        let last = self.last_done().map(|record| record.intent.number);
        let (mut entries, mut answers) = (Vec::new(), Vec::new());
        for record in self.records.values() {
            // A cancel stays with its sale.
            let sale = record.intent.cancels.and_then(|sale| self.record(sale)).unwrap_or(record);
            let is_last = last == Some(record.intent.number) || last == sale.cancelled_by && last.is_some();
            if is_last || self.is_kept(record, since) || self.is_kept(sale, since) {
                entries.extend(record.entries());
                answers.extend(record.answer_entry());
            }
        }
        // What the issuer said comes after all entries that change a record.
        entries.extend(answers);
        entries.extend(self.closed.iter().map(|(card, order)| Entry::Closed(*card, *order)));
        entries.push(Entry::Summary(self.summary));
        entries
    }

    fn is_kept(&self, record: &Record, since: &KeptSince) -> bool {
        let cancel = record.cancelled_by.and_then(|cancel| self.record(cancel));
        let is_from =
            |record: &Record, first: u32| day(record.intent.when.date()).is_none_or(|day| day >= first);
        let is_open = |record: &Record| matches!(record.state, State::Open(_)) && is_from(record, since.open);
        match (record.state, record.answer) {
            (State::NotDone(_), _) => false,
            (_, Answer::None | Answer::NotPaid(_)) => record.intent.kind != Kind::Cancel,
            (_, Answer::Received) => {
                is_from(record, since.done) || is_open(record) || cancel.is_some_and(is_open)
            }
        }
    }
}

impl Record {
    /// The entries that make the record what it is, but for the issuer's answer.
    fn entries(&self) -> Vec<Entry> {
        let number = self.intent.number;
        let mut entries = vec![Entry::Intent(self.intent)];
        match self.state {
            State::Open(codes) => entries.extend(codes.map(|codes| Entry::Claimed(number, codes))),
            State::Done(codes) => entries.push(Entry::Done(number, codes)),
            State::NotDone(why) => entries.push(Entry::NotDone(number, why)),
            State::MovedOn(codes) => {
                entries.extend(codes.map(|codes| Entry::Claimed(number, codes)));
                entries.push(Entry::MovedOn(number));
            }
        }
        entries.extend(self.split_code.map(|tac| Entry::SplitCode(number, tac)));
        entries
    }

    fn answer_entry(&self) -> Option<Entry> {
        let number = self.intent.number;
        match self.answer {
            Answer::None => None,
            Answer::Received => Some(Entry::Received(vec![number])),
            Answer::NotPaid(reason) => Some(Entry::NotPaid(number, reason)),
        }
    }
}

impl Totals {
    fn add(&mut self, intent: &Intent) {
        let amount = u64::from(intent.amount.units());
        if intent.kind == Kind::Cancel {
            self.cancels = self.cancels.saturating_add(1);
            self.given_back = self.given_back.saturating_add(amount);
        } else {
            let due = intent.due.map_or(0, |due| u64::from(due.amount.units()));
            self.sales = self.sales.saturating_add(1);
            self.sold = self.sold.saturating_add(amount);
            self.due = self.due.saturating_add(due);
        }
    }
}

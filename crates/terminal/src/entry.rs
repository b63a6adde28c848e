//! What the journal says, one entry at a time. Formats: docs/spec/terminal.md.

use std::fmt;

use globalplatform::status::StatusWord;
use purse::{
    amount::Amount,
    bytes::Reader,
    fields::{Asn, DateTime, Kind, Mac, OrderId, Sequence, Tac, TerminalTransaction},
};

use crate::card::Codes;

/// The till's name for one intended sale: tapped again under it, nothing is sold twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SaleId(pub [u8; 16]);

/// Number of a record of this terminal, which never comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordNumber(pub u32);

impl fmt::Display for RecordNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The part of a sale that the holder's online account owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Who pays it online.
    pub payer: [u8; 8],
    /// How much.
    pub amount: Amount,
    /// The order, as it stands on the card.
    pub order: OrderId,
}

/// What the terminal is about to ask of a card. It is durable before the card is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Which record.
    pub number: RecordNumber,
    /// For which sale.
    pub sale: SaleId,
    /// Purchase, compound purchase or cancel.
    pub kind: Kind,
    /// Which card.
    pub card: Asn,
    /// Who issued it.
    pub issuer: [u8; 8],
    /// The sequence that the transaction will bear.
    pub sequence: Sequence,
    /// How much the card pays, or gets back.
    pub amount: Amount,
    /// What the card holds before.
    pub balance: Amount,
    /// Number of the security module's authorisation.
    pub transaction: TerminalTransaction,
    /// When, as the card will log it.
    pub when: DateTime,
    /// Version of the card's key.
    pub key_version: u8,
    /// Its algorithm.
    pub algorithm: u8,
    /// What is owed beside, if anything.
    pub due: Option<Due>,
    /// Which record is cancelled.
    pub cancels: Option<RecordNumber>,
}

/// Which of the issuer's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum List {
    /// Cards that are not taken.
    Status = 1,
    /// Splits that may be closed.
    White = 2,
    /// Parameters of terminals.
    Parameters = 3,
}

impl List {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Status, Self::White, Self::Parameters];

    /// The file that keeps it.
    pub(crate) const fn file(self) -> &'static str {
        match self {
            Self::Status => "status-list",
            Self::White => "white-list",
            Self::Parameters => "parameters",
        }
    }
}

/// Why a transaction is known not to have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDone {
    /// The card refused with this status word.
    Refused(StatusWord),
    /// The card came back, and its counter had not moved.
    CounterStands,
}

/// The newest list of a kind that was ever taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Newest {
    /// Its version; 0 before the first.
    pub version: u32,
    /// The hash of what its issuer signed.
    pub digest: [u8; 32],
}

/// A batch that was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Its number; 0 before the first.
    pub number: u32,
    /// What the next one names as the one before it.
    pub link: [u8; 32],
}

/// Sums of a shift, in units of the cards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many sales.
    pub sales: u32,
    /// What cards paid for them.
    pub sold: u64,
    /// What is owed online for them.
    pub due: u64,
    /// How many cancels.
    pub cancels: u32,
    /// What was given back.
    pub given_back: u64,
}

/// A span of work at the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// Its number.
    pub number: u32,
    /// When it began.
    pub since: DateTime,
    /// What was done in it.
    pub totals: Totals,
}

/// What entries that are gone added up to, when the file is rewritten. It follows the records that are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The number of the next record.
    pub next: RecordNumber,
    /// The batch that was made last.
    pub batch: Batch,
    /// The latest time that was seen.
    pub latest: DateTime,
    /// The newest lists, in the order of [`List::ALL`].
    pub newest: [Newest; 3],
    /// The shift.
    pub shift: Shift,
}

/// How many records one entry can say received of.
pub const RECEIVED_MAX: usize = 400;

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// What all entries before it, and those that are gone, come to.
    Summary(Summary),
    /// The card is about to be asked.
    Intent(Intent),
    /// The card did it, and that is proved.
    Done(RecordNumber, Codes),
    /// The card says that it did it, and that is not proved.
    Claimed(RecordNumber, Codes),
    /// It did not happen.
    NotDone(RecordNumber, NotDone),
    /// The card has moved on, and cannot say any more what became of it.
    MovedOn(RecordNumber),
    /// The card's code over the split of a sale.
    SplitCode(RecordNumber, Tac),
    /// The issuer has these records, at most [`RECEIVED_MAX`].
    Received(Vec<RecordNumber>),
    /// The issuer does not pay for the record; its reason.
    NotPaid(RecordNumber, u8),
    /// A batch was made; the next has another number.
    Batch(Batch),
    /// A list was taken over.
    Accepted(List, Newest),
    /// The split of this order was closed on its card.
    Closed(Asn, OrderId),
    /// A new shift.
    Shift(DateTime),
    /// The host told the time.
    Time(DateTime),
}

impl Entry {
    /// The entry in bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Summary(summary) => summary_bytes(summary),
            Self::Intent(intent) => intent_bytes(intent),
            Self::Done(number, codes) => numbered(3, *number, &[&codes.mac2.0, &codes.tac.0.0]),
            Self::Claimed(number, codes) => numbered(4, *number, &[&codes.mac2.0, &codes.tac.0.0]),
            Self::NotDone(number, NotDone::Refused(status)) => numbered(5, *number, &[&status.to_bytes()]),
            Self::NotDone(number, NotDone::CounterStands) => numbered(5, *number, &[&[0, 0]]),
            Self::MovedOn(number) => numbered(6, *number, &[]),
            Self::SplitCode(number, tac) => numbered(7, *number, &[&tac.0.0]),
            Self::Received(numbers) => {
                numbers.iter().fold(vec![8], |bytes, number| [&bytes[..], &number.0.to_be_bytes()].concat())
            }
            Self::Batch(batch) => [&[9][..], &batch.number.to_be_bytes(), &batch.link].concat(),
            Self::Accepted(list, newest) => {
                [&[10, *list as u8][..], &newest.version.to_be_bytes(), &newest.digest].concat()
            }
            Self::Closed(card, order) => [&[11][..], &card.0, &order.0].concat(),
            Self::Shift(since) => [&[12][..], &since.0].concat(),
            Self::Time(now) => [&[13][..], &now.0].concat(),
            Self::NotPaid(number, reason) => numbered(14, *number, &[&[*reason]]),
        }
    }

    /// Reads [`Entry::to_bytes`]; `None` for anything else.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let entry = Self::read(&mut reader)?;
        reader.rest().is_empty().then_some(entry)
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let number = |reader: &mut Reader<'_>| word(reader).map(RecordNumber);
        Some(match reader.byte()? {
            1 => Self::Summary(read_summary(reader)?),
            2 => Self::Intent(read_intent(reader)?),
            3 => Self::Done(number(reader)?, read_codes(reader)?),
            4 => Self::Claimed(number(reader)?, read_codes(reader)?),
            5 => {
                let number = number(reader)?;
                match StatusWord::from_bytes(reader.take()?) {
                    StatusWord(0) => Self::NotDone(number, NotDone::CounterStands),
                    status => Self::NotDone(number, NotDone::Refused(status)),
                }
            }
            6 => Self::MovedOn(number(reader)?),
            7 => Self::SplitCode(number(reader)?, Tac(Mac(reader.take()?))),
            8 => {
                let mut numbers = Vec::new();
                while !reader.rest().is_empty() && numbers.len() < RECEIVED_MAX {
                    numbers.push(number(reader)?);
                }
                Self::Received(numbers)
            }
            9 => Self::Batch(Batch { number: word(reader)?, link: reader.take()? }),
            10 => {
                let list = reader.byte()?;
                let list = List::ALL.into_iter().find(|known| *known as u8 == list)?;
                Self::Accepted(list, read_newest(reader)?)
            }
            11 => Self::Closed(Asn(reader.take()?), OrderId(reader.take()?)),
            12 => Self::Shift(DateTime(reader.take()?)),
            13 => Self::Time(DateTime(reader.take()?)),
            14 => Self::NotPaid(number(reader)?, reader.byte()?),
            _ => return None,
        })
    }
}

fn numbered(tag: u8, number: RecordNumber, parts: &[&[u8]]) -> Vec<u8> {
    [&[tag][..], &number.0.to_be_bytes(), &parts.concat()].concat()
}

fn word(reader: &mut Reader<'_>) -> Option<u32> {
    reader.take().map(u32::from_be_bytes)
}

fn read_codes(reader: &mut Reader<'_>) -> Option<Codes> {
    Some(Codes { mac2: Mac(reader.take()?), tac: Tac(Mac(reader.take()?)) })
}

fn read_newest(reader: &mut Reader<'_>) -> Option<Newest> {
    Some(Newest { version: word(reader)?, digest: reader.take()? })
}

/// Every entry has all fields; what is not there is zeros behind a flag.
fn intent_bytes(intent: &Intent) -> Vec<u8> {
    let due = intent.due.unwrap_or(Due { payer: [0; 8], amount: Amount::ZERO, order: OrderId([0; 16]) });
    let parts: [&[u8]; 17] = [
        &intent.number.0.to_be_bytes(),
        &intent.sale.0,
        &[intent.kind.byte()],
        &intent.card.0,
        &intent.issuer,
        &intent.sequence.to_bytes(),
        &intent.amount.to_bytes(),
        &intent.balance.to_bytes(),
        &intent.transaction.to_bytes(),
        &intent.when.0,
        &[intent.key_version, intent.algorithm],
        &[u8::from(intent.due.is_some())],
        &due.payer,
        &due.amount.to_bytes(),
        &due.order.0,
        &[u8::from(intent.cancels.is_some())],
        &intent.cancels.unwrap_or_default().0.to_be_bytes(),
    ];
    [&[2][..], &parts.concat()].concat()
}

fn read_intent(reader: &mut Reader<'_>) -> Option<Intent> {
    let number = RecordNumber(word(reader)?);
    let sale = SaleId(reader.take()?);
    let kind = Kind::from_byte(reader.byte()?)?;
    let (card, issuer) = (Asn(reader.take()?), reader.take()?);
    let sequence = Sequence::from_bytes(reader.take()?);
    let (amount, balance) = (Amount::from_bytes(reader.take()?), Amount::from_bytes(reader.take()?));
    let transaction = TerminalTransaction::from_bytes(reader.take()?);
    let when = DateTime(reader.take()?);
    let [key_version, algorithm] = reader.take()?;
    let is_split = reader.flag()?;
    let due = Due {
        payer: reader.take()?,
        amount: Amount::from_bytes(reader.take()?),
        order: OrderId(reader.take()?),
    };
    let is_cancel = reader.flag()?;
    let cancelled = RecordNumber(word(reader)?);
    Some(Intent {
        number,
        sale,
        kind,
        card,
        issuer,
        sequence,
        amount,
        balance,
        transaction,
        when,
        key_version,
        algorithm,
        due: is_split.then_some(due),
        cancels: is_cancel.then_some(cancelled),
    })
}

fn summary_bytes(summary: &Summary) -> Vec<u8> {
    let Summary { next, batch, latest, newest, shift } = summary;
    let Shift { number, since, totals } = shift;
    let mut bytes = [&[1][..], &next.0.to_be_bytes(), &batch.number.to_be_bytes(), &batch.link].concat();
    bytes.extend(latest.0);
    for list in newest {
        bytes.extend(list.version.to_be_bytes());
        bytes.extend(list.digest);
    }
    bytes.extend(number.to_be_bytes());
    bytes.extend(since.0);
    bytes.extend(totals.sales.to_be_bytes());
    bytes.extend(totals.cancels.to_be_bytes());
    for sum in [totals.sold, totals.due, totals.given_back] {
        bytes.extend(sum.to_be_bytes());
    }
    bytes
}

fn read_summary(reader: &mut Reader<'_>) -> Option<Summary> {
    let long = |reader: &mut Reader<'_>| reader.take().map(u64::from_be_bytes);
    let next = RecordNumber(word(reader)?);
    let batch = Batch { number: word(reader)?, link: reader.take()? };
    let latest = DateTime(reader.take()?);
    let newest = [read_newest(reader)?, read_newest(reader)?, read_newest(reader)?];
    let (number, since) = (word(reader)?, DateTime(reader.take()?));
    let (sales, cancels) = (word(reader)?, word(reader)?);
    let totals =
        Totals { sales, cancels, sold: long(reader)?, due: long(reader)?, given_back: long(reader)? };
    Some(Summary { next, batch, latest, newest, shift: Shift { number, since, totals } })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_intent_is_read_as_it_was_written() {
        let due = Due { payer: [1; 8], amount: Amount::new(5), order: OrderId([6; 16]) };
        let intent = Intent {
            number: RecordNumber(7),
            sale: SaleId([8; 16]),
            kind: Kind::CompoundPurchase,
            card: Asn([9; 10]),
            issuer: [10; 8],
            sequence: Sequence(11),
            amount: Amount::new(12),
            balance: Amount::new(13),
            transaction: TerminalTransaction(14),
            when: DateTime([0x20, 0x26, 0x11, 0x22, 1, 2, 3]),
            key_version: 15,
            algorithm: 16,
            due: Some(due),
            cancels: Some(RecordNumber(17)),
        };
        let entry = Entry::Intent(intent);
        assert_eq!(Entry::parse(&entry.to_bytes()), Some(entry));
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_as_the_same(
            tag in 0_u8..16,
            rest in prop::collection::vec(0_u8..3, 0..120),
        ) {
            let bytes = [&[tag][..], &rest].concat();
            if let Some(entry) = Entry::parse(&bytes) {
                let is_empty_part = matches!(&entry, Entry::Intent(intent) if intent.due.is_none() || intent.cancels.is_none());
                prop_assert!(is_empty_part || entry.to_bytes() == bytes);
                prop_assert_eq!(Entry::parse(&entry.to_bytes()), Some(entry));
            }
        }
    }
}

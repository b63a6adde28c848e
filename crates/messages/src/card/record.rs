//! One debit of a card as its terminal knows it.
//!
//! A terminal may learn more about a debit: first unknown, then done, then cancelled. It uploads the record again with what it
//! knows now; card and offline sequence name the debit, and nothing else of it changes.

use core::fmt;

use super::{
    bytes::{Reader, Writer},
    fields::{
        AlgorithmId, Asn, DateTime, IssuerId, KeyVersion, OrderId, Sequence, Tac, TerminalId,
        TerminalTransaction, Units,
    },
};

/// Length of every record.
pub const RECORD_BYTES: usize = 104;

const VERSION: u8 = 1;

/// What a debit is (PBOC transaction type identifiers).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum DebitKind {
    /// Cash from the electronic deposit.
    Cash = 0x04,
    /// Purchase from the electronic deposit.
    PurchaseDeposit = 0x05,
    /// Purchase from the electronic purse.
    Purchase = 0x06,
    /// Compound application purchase: debit and record, both or none.
    CompoundPurchase = 0x09,
}

impl DebitKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Cash, Self::PurchaseDeposit, Self::Purchase, Self::CompoundPurchase];

    /// The identifier on the wire.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }
}

/// What the terminal asked of the card to give a debit back. It bears the sequence after the debit's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cancel {
    /// The security module's transaction.
    pub transaction: TerminalTransaction,
    /// When.
    pub when: DateTime,
}

/// What the terminal knows about a debit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The card did it, and gave its TAC.
    Done(Tac),
    /// The card was asked, and its answer did not come.
    Unknown,
    /// The card did it and gave it back; both TACs.
    Cancelled {
        /// Of the debit.
        debit: Tac,
        /// What gave it back.
        cancel: Cancel,
        /// Of the cancel.
        given_back: Tac,
    },
    /// The card did it and was asked to give it back, and its answer did not come.
    CancelUnknown {
        /// Of the debit.
        debit: Tac,
        /// What was asked.
        cancel: Cancel,
    },
}

/// The part of a split sale that the holder's online account owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SplitPart {
    /// The online account.
    pub payer: [u8; 8],
    /// How much it owes.
    pub due: Units,
    /// The order.
    pub order: OrderId,
    /// The card's TAC over this part; zeros where the terminal could not ask for it.
    pub tac: Tac,
}

/// One debit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PurseRecord {
    /// Who issued the card.
    pub issuer: IssuerId,
    /// The card.
    pub asn: Asn,
    /// What the debit is.
    pub kind: DebitKind,
    /// How much.
    pub amount: Units,
    /// Balance before it, as the card said.
    pub balance_before: Units,
    /// The card's offline sequence before it.
    pub sequence: Sequence,
    /// Where.
    pub terminal: TerminalId,
    /// The security module's transaction.
    pub transaction: TerminalTransaction,
    /// When, by the terminal's clock.
    pub when: DateTime,
    /// Version of the key that the card used.
    pub key_version: KeyVersion,
    /// Its algorithm.
    pub algorithm: AlgorithmId,
    /// What became of it.
    pub outcome: Outcome,
    /// What else is owed for the sale.
    pub split: Option<SplitPart>,
}

/// The bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedRecord {
    /// Another version of the encoding.
    Version,
    /// No such kind of debit.
    Kind,
    /// No such outcome, or parts that it does not have.
    Outcome,
    /// A date or time that cannot be.
    DateTime,
    /// Something else than zero where nothing stands.
    NotZero,
}

impl fmt::Display for MalformedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "record has an unknown version",
            Self::Kind => "record is of an unknown kind",
            Self::Outcome => "record has an unknown outcome",
            Self::DateTime => "record has an impossible date or time",
            Self::NotZero => "record has a part that should be empty",
        })
    }
}

impl core::error::Error for MalformedRecord {}

const HAS_SPLIT: u8 = 0x01;

impl PurseRecord {
    /// The one encoding.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; RECORD_BYTES] {
        let (outcome, tac, cancel, given_back) = match self.outcome {
            Outcome::Done(tac) => (0, tac, None, Tac::default()),
            Outcome::Unknown => (1, Tac::default(), None, Tac::default()),
            Outcome::Cancelled { debit, cancel, given_back } => (2, debit, Some(cancel), given_back),
            Outcome::CancelUnknown { debit, cancel } => (3, debit, Some(cancel), Tac::default()),
        };
        let (cancel_transaction, cancel_when) =
            cancel.map_or(Default::default(), |cancel| (cancel.transaction, cancel.when));
        let has_split = if self.split.is_some() { HAS_SPLIT } else { 0 };
        let split = self.split.map_or([0; 32], |split| {
            Writer::new()
                .put(&split.payer)
                .put(&split.due.to_bytes())
                .put(&split.order.0)
                .put(&split.tac.0)
                .done()
        });
        Writer::new()
            .put(&[VERSION, outcome, self.kind.byte(), has_split])
            .put(&self.issuer.0)
            .put(&self.asn.0)
            .put(&self.amount.to_bytes())
            .put(&self.balance_before.to_bytes())
            .put(&self.sequence.to_bytes())
            .put(&self.terminal.0)
            .put(&self.transaction.to_bytes())
            .put(&self.when.0)
            .put(&[self.key_version.0, self.algorithm.0])
            .put(&tac.0)
            .put(&[0])
            .put(&cancel_transaction.to_bytes())
            .put(&cancel_when.0)
            .put(&given_back.0)
            .put(&[0])
            .put(&split)
            .done()
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`MalformedRecord`].
    pub fn parse(bytes: &[u8; RECORD_BYTES]) -> Result<Self, MalformedRecord> {
        let [version, outcome, kind, parts, ..] = *bytes;
        if version != VERSION {
            return Err(MalformedRecord::Version);
        }
        let kind = DebitKind::ALL.into_iter().find(|known| known.byte() == kind);
        let kind = kind.ok_or(MalformedRecord::Kind)?;
        if outcome > 3 {
            return Err(MalformedRecord::Outcome);
        }
        let record = Self::fields(bytes, kind, outcome, parts).ok_or(MalformedRecord::NotZero)?;
        if !record.when.is_possible() || !cancel_of(&record.outcome).is_none_or(|it| it.when.is_possible()) {
            return Err(MalformedRecord::DateTime);
        }
        // What an outcome or an absent part leaves empty is zero, and there are no other parts.
        if record.to_bytes() == *bytes { Ok(record) } else { Err(MalformedRecord::NotZero) }
    }

    /// The fields in their order; what an outcome does not have is passed over.
    fn fields(bytes: &[u8], kind: DebitKind, outcome: u8, parts: u8) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let [_, _, _, _] = reader.take()?;
        let issuer = IssuerId(reader.take()?);
        let asn = Asn(reader.take()?);
        let amount = Units::from_bytes(reader.take()?);
        let balance_before = Units::from_bytes(reader.take()?);
        let sequence = Sequence::from_bytes(reader.take()?);
        let terminal = TerminalId(reader.take()?);
        let transaction = TerminalTransaction::from_bytes(reader.take()?);
        let when = DateTime(reader.take()?);
        let (key_version, algorithm) = (KeyVersion(reader.byte()?), AlgorithmId(reader.byte()?));
        let debit = Tac(reader.take()?);
        let [_] = reader.take()?;
        let cancel = Cancel {
            transaction: TerminalTransaction::from_bytes(reader.take()?),
            when: DateTime(reader.take()?),
        };
        let given_back = Tac(reader.take()?);
        let [_] = reader.take()?;
        let split = SplitPart {
            payer: reader.take()?,
            due: Units::from_bytes(reader.take()?),
            order: OrderId(reader.take()?),
            tac: Tac(reader.take()?),
        };
        Some(Self {
            issuer,
            asn,
            kind,
            amount,
            balance_before,
            sequence,
            terminal,
            transaction,
            when,
            key_version,
            algorithm,
            outcome: match outcome {
                0 => Outcome::Done(debit),
                1 => Outcome::Unknown,
                2 => Outcome::Cancelled { debit, cancel, given_back },
                _ => Outcome::CancelUnknown { debit, cancel },
            },
            split: (parts & HAS_SPLIT != 0).then_some(split),
        })
    }
}

const fn cancel_of(outcome: &Outcome) -> Option<&Cancel> {
    match outcome {
        Outcome::Cancelled { cancel, .. } | Outcome::CancelUnknown { cancel, .. } => Some(cancel),
        Outcome::Done(_) | Outcome::Unknown => None,
    }
}

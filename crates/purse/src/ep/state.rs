//! The small parts of what a purse keeps: pockets, limits, PIN, last purchase, grey lock, split, grade.

use zeroize::Zeroize;

use crate::{
    amount::{Amount, OverdraftLimit},
    bytes::{Reader, Writer},
    fields::{Date, Kind, OrderId, Sequence, TerminalId, TerminalTransaction},
};

/// Value of the electronic deposit or the electronic purse, with its counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pocket {
    /// What can be spent: own value plus the overdraft limit, less what of it is used.
    pub balance: Amount,
    /// The overdraft limit.
    pub overdraft: OverdraftLimit,
    /// Sequence of the next offline transaction.
    pub offline: Sequence,
    /// Sequence of the next online transaction.
    pub online: Sequence,
}

impl Pocket {
    pub(super) const BYTES: usize = 11;
    pub(super) const EMPTY: Self = Self {
        balance: Amount::ZERO,
        overdraft: OverdraftLimit::NONE,
        offline: Sequence(0),
        online: Sequence(0),
    };

    /// The value that belongs to the holder, below zero where overdraft is used.
    #[must_use]
    pub fn own_value(&self) -> i64 {
        i64::from(self.balance.units()) - i64::from(self.overdraft.amount().units())
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        body.put(&self.balance.to_bytes());
        body.put(&self.overdraft.to_bytes());
        body.put(&self.offline.to_bytes());
        body.put(&self.online.to_bytes());
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            balance: Amount::from_bytes(body.take()?),
            overdraft: OverdraftLimit::from_bytes(body.take()?),
            offline: Sequence::from_bytes(body.take()?),
            online: Sequence::from_bytes(body.take()?),
        })
    }
}

/// What the card allows. The issuer changes it online.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The most value of its own that a pocket may hold after a load.
    pub balance_max: Amount,
    /// The most that one offline transaction may take.
    pub transaction_max: Amount,
    /// The most that may be spent between two online transactions.
    pub offline_amount_max: Amount,
    /// How many debits there may be between two online transactions.
    pub offline_count_max: u16,
    /// The last day of offline transactions.
    pub expiry: Date,
}

impl Limits {
    /// No limit at all.
    pub const NONE: Self = Self {
        balance_max: Amount::MAX,
        transaction_max: Amount::MAX,
        offline_amount_max: Amount::MAX,
        offline_count_max: u16::MAX,
        expiry: Date([0x99, 0x99, 0x12, 0x31]),
    };
    /// Their size in messages.
    pub const BYTES: usize = 18;

    /// As in memory and in messages: balance ‖ transaction ‖ offline amount ‖ offline count ‖ expiry.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        self.write(&mut Writer::new(&mut bytes));
        bytes
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        body.put(&self.balance_max.to_bytes());
        body.put(&self.transaction_max.to_bytes());
        body.put(&self.offline_amount_max.to_bytes());
        body.put(&self.offline_count_max.to_be_bytes());
        body.put(&self.expiry.0);
    }

    /// Reads [`Self::to_bytes`].
    pub fn read(body: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            balance_max: Amount::from_bytes(body.take()?),
            transaction_max: Amount::from_bytes(body.take()?),
            offline_amount_max: Amount::from_bytes(body.take()?),
            offline_count_max: u16::from_be_bytes(body.take()?),
            expiry: Date(body.take()?),
        })
    }
}

/// What was spent since the card was last online.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spent {
    /// How much.
    pub amount: Amount,
    /// How often.
    pub count: u16,
}

impl Spent {
    pub(super) const BYTES: usize = 6;
    pub(super) const NOTHING: Self = Self { amount: Amount::ZERO, count: 0 };

    /// What is spent after one more debit, `None` where the limits do not allow it. A debit of nothing, as at the entrance
    /// of a metro, is always allowed.
    pub(super) fn after(self, amount: Amount, limits: &Limits) -> Option<Self> {
        if amount == Amount::ZERO {
            return Some(self);
        }
        let next = Self { amount: self.amount.checked_add(amount)?, count: self.count.checked_add(1)? };
        let is_allowed = amount <= limits.transaction_max
            && next.amount <= limits.offline_amount_max
            && next.count <= limits.offline_count_max;
        is_allowed.then_some(next)
    }

    pub(super) fn write(self, body: &mut Writer<'_>) {
        body.put(&self.amount.to_bytes());
        body.put(&self.count.to_be_bytes());
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        Some(Self { amount: Amount::from_bytes(body.take()?), count: u16::from_be_bytes(body.take()?) })
    }
}

/// A PIN and how often it may still be wrong. Wiped from memory when it goes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Pin {
    digits: [u8; 6],
    length: u8,
    /// How often it may still be wrong.
    pub(super) tries: u8,
    /// How often in a row it may be wrong.
    pub(super) tries_max: u8,
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.digits.zeroize();
    }
}

impl core::fmt::Debug for Pin {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Pin({} of {} tries)", self.tries, self.tries_max)
    }
}

impl Pin {
    pub(super) const BYTES: usize = 9;

    pub(super) fn new(pin: &[u8], tries: u8) -> Option<Self> {
        let length = u8::try_from(pin.len()).ok().filter(|length| (2..=6).contains(length))?;
        let mut digits = [0; 6];
        digits.get_mut(..pin.len())?.copy_from_slice(pin);
        (1..=15).contains(&tries).then_some(Self { digits, length, tries, tries_max: tries })
    }

    /// Whether this is the PIN, in the same time wherever it differs.
    pub(super) fn is(&self, pin: &[u8]) -> bool {
        let differing = (0_u8..6).fold(0, |differing, index| {
            let given = pin.get(usize::from(index)).copied().unwrap_or_default();
            let own = self.digits.get(usize::from(index)).copied().unwrap_or_default();
            differing | (given ^ own)
        });
        differing == 0 && pin.len() == usize::from(self.length)
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        body.put(&self.digits);
        body.put(&[self.length, self.tries, self.tries_max]);
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        let (digits, [length, tries, tries_max]) = (body.take()?, body.take()?);
        Some(Self { digits, length, tries, tries_max })
    }
}

/// The purchase that can still be cancelled: the last transaction of the purse, if it was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LastPurchase(pub(super) Option<(Amount, TerminalId)>);

impl LastPurchase {
    pub(super) const BYTES: usize = 11;
    pub(super) const NONE: Self = Self(None);

    pub(super) fn write(self, body: &mut Writer<'_>) {
        let (amount, terminal) = self.0.unwrap_or_default();
        body.byte(u8::from(self.0.is_some()));
        body.put(&amount.to_bytes());
        body.put(&terminal.0);
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        let (is_there, amount, terminal) = (body.flag()?, body.take()?, body.take()?);
        Some(Self(is_there.then_some((Amount::from_bytes(amount), TerminalId(terminal)))))
    }
}

/// Value that a terminal has reserved until it knows the price (grey lock, as fuel pumps use it).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GreyLock {
    /// The kind of the lock that is on, `None` where the pocket is free.
    pub(super) kind: Option<Kind>,
    pub(super) terminal: TerminalId,
    pub(super) transaction: TerminalTransaction,
    pub(super) sequence: Sequence,
    /// Session key of the lock; it signs the amount from whatever terminal finishes.
    pub(super) session: [u8; 16],
    pub(super) algorithm: u8,
}

impl Drop for GreyLock {
    fn drop(&mut self) {
        self.session.zeroize();
    }
}

impl core::fmt::Debug for GreyLock {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "GreyLock({:?} at {:?})", self.kind, self.terminal)
    }
}

impl GreyLock {
    pub(super) const BYTES: usize = 1 + 6 + 4 + 2 + 16 + 1;
    pub(super) const NONE: Self = Self {
        kind: None,
        terminal: TerminalId([0; 6]),
        transaction: TerminalTransaction(0),
        sequence: Sequence(0),
        session: [0; 16],
        algorithm: 0,
    };

    /// Whether a lock is on.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.kind.is_some()
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        body.byte(self.kind.map_or(0, Kind::byte));
        body.put(&self.terminal.0);
        body.put(&self.transaction.to_bytes());
        body.put(&self.sequence.to_bytes());
        body.put(&self.session);
        body.byte(self.algorithm);
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        let kind = match body.byte()? {
            0 => None,
            kind => Some(Kind::from_byte(kind)?),
        };
        Some(Self {
            kind,
            terminal: TerminalId(body.take()?),
            transaction: TerminalTransaction::from_bytes(body.take()?),
            sequence: Sequence::from_bytes(body.take()?),
            session: body.take()?,
            algorithm: body.byte()?,
        })
    }
}

/// A sale of which the holder's online account owes a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Split {
    /// Whether the part is still owed.
    pub is_open: bool,
    /// Who pays online.
    pub payer: [u8; 8],
    /// How much is owed.
    pub due: Amount,
    /// The order.
    pub order: OrderId,
    /// Offline sequence of the purchase that opened it.
    pub sequence: Sequence,
}

impl Split {
    pub(crate) const BYTES: usize = 1 + 8 + 4 + 16 + 2;
    pub(super) const NONE: Self = Self {
        is_open: false,
        payer: [0; 8],
        due: Amount::ZERO,
        order: OrderId([0; 16]),
        sequence: Sequence::END,
    };

    pub(crate) fn write(&self, body: &mut Writer<'_>) {
        body.byte(u8::from(self.is_open));
        body.put(&self.payer);
        body.put(&self.due.to_bytes());
        body.put(&self.order.0);
        body.put(&self.sequence.to_bytes());
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            is_open: body.flag()?,
            payer: body.take()?,
            due: Amount::from_bytes(body.take()?),
            order: OrderId(body.take()?),
            sequence: Sequence::from_bytes(body.take()?),
        })
    }
}

/// How far the issuer trusts the holder, until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grade {
    /// The grade.
    pub grade: u8,
    /// The most that may be owed of one sale.
    pub due_max: Amount,
    /// The last day it holds.
    pub expiry: Date,
    /// Grows with each change; an older one is refused.
    pub version: u16,
}

impl Grade {
    pub(crate) const BYTES: usize = 11;
    pub(super) const NONE: Self = Self { grade: 0, due_max: Amount::ZERO, expiry: Date([0; 4]), version: 0 };

    pub(crate) fn write(&self, body: &mut Writer<'_>) {
        body.byte(self.grade);
        body.put(&self.due_max.to_bytes());
        body.put(&self.expiry.0);
        body.put(&self.version.to_be_bytes());
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            grade: body.byte()?,
            due_max: Amount::from_bytes(body.take()?),
            expiry: Date(body.take()?),
            version: u16::from_be_bytes(body.take()?),
        })
    }
}

//! The inputs of a purse transaction, as far as an entry has them in fields of its own or in a trace.

use purse::{
    amount::{Amount, OverdraftLimit},
    fields::{DateTime, Kind, Random, Sequence, TerminalId, TerminalTransaction},
};

use super::{
    entry::{Entry, EntryError, Mistake},
    trace,
};

/// Transactions that are computed alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Kinds 01 and 02, under DLK.
    Load,
    /// Kind 03, under DULK.
    Unload,
    /// Kinds 04, 05, 06 and 09, under DPK.
    Purchase,
    /// Kind 07, under DUK.
    Overdraft,
}

impl Family {
    /// `None` for kinds that are not computed here.
    pub(super) const fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::LoadDeposit | Kind::LoadPurse => Some(Self::Load),
            Kind::Unload => Some(Self::Unload),
            Kind::Cash | Kind::PurchaseDeposit | Kind::Purchase | Kind::CompoundPurchase => {
                Some(Self::Purchase)
            }
            Kind::Overdraft => Some(Self::Overdraft),
            _ => None,
        }
    }

    /// The field of the key.
    pub(super) const fn key_name(self) -> &'static str {
        match self {
            Self::Load => "DLK",
            Self::Unload => "DULK",
            Self::Purchase => "DPK",
            Self::Overdraft => "DUK",
        }
    }

    /// The field of the counter that the session is made with.
    pub(super) const fn sequence_name(self) -> &'static str {
        match self {
            Self::Purchase => "offline_seq",
            Self::Load | Self::Unload | Self::Overdraft => "online_seq",
        }
    }
}

/// What is known of a transaction. The balance and the limit are those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct TransactionFields {
    pub(super) kind: Option<Kind>,
    pub(super) random: Option<Random>,
    pub(super) sequence: Option<Sequence>,
    pub(super) balance: Option<Amount>,
    pub(super) amount: Option<Amount>,
    pub(super) terminal: Option<TerminalId>,
    pub(super) number: Option<TerminalTransaction>,
    pub(super) when: Option<DateTime>,
    pub(super) old_limit: Option<OverdraftLimit>,
    pub(super) new_limit: Option<OverdraftLimit>,
    pub(super) new_balance: Option<Amount>,
}

/// The fields of an entry; where it also has a trace, both must say the same.
pub(super) fn read(entry: &Entry) -> Result<TransactionFields, EntryError> {
    let trace = trace::read(entry)?.unwrap_or_default();
    let kind = kind(entry, trace.kind)?;
    let amount = |name| Ok(entry.array(name)?.map(Amount::from_bytes));
    let limit = |name| Ok(entry.array(name)?.map(OverdraftLimit::from_bytes));
    let balance = either(entry, ["old_balance", "balance"])?.map(Amount::from_bytes);
    let number = entry.array("term_seq")?.map(TerminalTransaction::from_bytes);
    Ok(TransactionFields {
        kind,
        random: agreed("rand", entry.array("rand")?.map(Random), trace.random)?,
        sequence: sequence(entry, kind, trace.sequence)?,
        balance: agreed("old_balance", balance, trace.balance)?,
        amount: agreed("amount", amount("amount")?, trace.amount)?,
        terminal: agreed("term", entry.array("term")?.map(TerminalId), trace.terminal)?,
        number: agreed("term_seq", number, trace.number)?,
        when: agreed("datetime", when(entry)?, trace.when)?,
        old_limit: agreed("old_limit", limit("old_limit")?, trace.old_limit)?,
        new_limit: agreed("new_limit", limit("new_limit")?, trace.new_limit)?,
        new_balance: amount("new_balance")?,
    })
}

fn agreed<T: PartialEq>(name: &str, field: Option<T>, trace: Option<T>) -> Result<Option<T>, EntryError> {
    match (field, trace) {
        (Some(field), Some(trace)) if field != trace => {
            Err(EntryError::new(name, Mistake::Differs { other: "apdus" }))
        }
        (field, trace) => Ok(trace.or(field)),
    }
}

/// One value that has two names.
fn either<const N: usize>(entry: &Entry, names: [&'static str; 2]) -> Result<Option<[u8; N]>, EntryError> {
    let [first, second] = names;
    match (entry.array(first)?, entry.array(second)?) {
        (Some(one), Some(other)) if one != other => {
            Err(EntryError::new(second, Mistake::Differs { other: first }))
        }
        (one, other) => Ok(one.or(other)),
    }
}

/// The field may say more exactly than a trace what it is, such as 09 for 06, but nothing under another key.
fn kind(entry: &Entry, trace: Option<Kind>) -> Result<Option<Kind>, EntryError> {
    let Some([byte]) = entry.array("type")? else { return Ok(trace) };
    let kind = Kind::from_byte(byte).filter(|kind| Family::of(*kind).is_some());
    let kind = kind.ok_or_else(|| EntryError::new("type", Mistake::UnknownValue))?;
    match trace {
        Some(trace) if Family::of(trace) != Family::of(kind) => {
            Err(EntryError::new("type", Mistake::Differs { other: "apdus" }))
        }
        _ => Ok(Some(kind)),
    }
}

fn sequence(
    entry: &Entry,
    kind: Option<Kind>,
    trace: Option<Sequence>,
) -> Result<Option<Sequence>, EntryError> {
    let Some(family) = kind.and_then(Family::of) else { return Ok(trace) };
    let name = family.sequence_name();
    agreed(name, either(entry, [name, "seq"])?.map(Sequence::from_bytes), trace)
}

fn when(entry: &Entry) -> Result<Option<DateTime>, EntryError> {
    let (date, time) = (entry.array::<4>("date")?, entry.array::<3>("time")?);
    let parts = match (date, time) {
        (Some([a, b, c, d]), Some([e, f, g])) => Some([a, b, c, d, e, f, g]),
        (None, None) => None,
        (Some(_), None) => return Err(EntryError::new("date", Mistake::Needs { other: "time" })),
        (None, Some(_)) => return Err(EntryError::new("time", Mistake::Needs { other: "date" })),
    };
    match (entry.array("datetime")?, parts) {
        (Some(whole), Some(parts)) if whole != parts => {
            Err(EntryError::new("datetime", Mistake::Differs { other: "date and time" }))
        }
        (whole, parts) => Ok(whole.or(parts).map(DateTime)),
    }
}

use core::fmt;

use money::{Amount, Currency};

use crate::{Attempt, Familiar, Kind, Recent};

/// The most that a rule may look back, in seconds: seven days.
const WINDOW_MAX_SECONDS: u32 = 7 * 86_400;
/// Minutes of a day.
const DAY_MINUTES: u16 = 1_440;

/// What must hold for a rule to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Only this kind.
    Kind(Kind),
    /// At least this amount, in this currency.
    AmountFrom(Amount),
    /// With this one, the payer made at least so many attempts within so many seconds.
    CountFrom {
        /// How many.
        count: u32,
        /// Within how many seconds.
        seconds: u32,
    },
    /// With this one, the payer's attempts within so many seconds come to at least this amount.
    SumFrom {
        /// How much altogether.
        amount: Amount,
        /// Within how many seconds.
        seconds: u32,
    },
    /// The payer never paid this payee before.
    NewPayee,
    /// The payer never used this device before.
    NewDevice,
    /// The payer was never seen on this network before.
    NewPlace,
    /// The local time of day is in this span, which may go over midnight. Minutes since midnight.
    TimeBetween {
        /// The first minute.
        from: u16,
        /// The minute after the last.
        until: u16,
    },
}

/// The text is no list of conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACondition;

impl fmt::Display for NotACondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a condition of a rule")
    }
}

impl core::error::Error for NotACondition {}

impl Condition {
    /// Whether the condition holds for this attempt, which is already among the recent ones.
    pub(crate) fn holds(&self, attempt: &Attempt, recent: &Recent, familiar: Familiar) -> bool {
        let same_currency = |amount: &Amount| amount.currency() == attempt.amount.currency();
        match self {
            Self::Kind(kind) => attempt.kind == *kind,
            Self::AmountFrom(least) => same_currency(least) && attempt.amount.minor() >= least.minor(),
            Self::CountFrom { count, seconds } => recent.count_within(attempt.at, *seconds) >= *count,
            Self::SumFrom { amount, seconds } => {
                same_currency(amount)
                    && recent.sum_within(attempt.at, *seconds, amount.currency()) >= amount.minor()
            }
            Self::NewPayee => !familiar.payee,
            Self::NewDevice => !familiar.device,
            Self::NewPlace => !familiar.place,
            Self::TimeBetween { from, until } if from <= until => {
                (*from..*until).contains(&attempt.minute_of_day)
            }
            Self::TimeBetween { from, until } => {
                attempt.minute_of_day >= *from || attempt.minute_of_day < *until
            }
        }
    }

    /// Whether it must be known what is familiar to the payer.
    pub(crate) const fn asks_what_is_familiar(&self) -> bool {
        matches!(self, Self::NewPayee | Self::NewDevice | Self::NewPlace)
    }

    /// How far it looks back, in seconds.
    #[must_use]
    pub const fn looks_back_seconds(&self) -> u32 {
        match self {
            Self::CountFrom { seconds, .. } | Self::SumFrom { seconds, .. } => *seconds,
            _ => 0,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => write!(f, "kind {}", kind.code()),
            Self::AmountFrom(least) => write!(f, "amount {} {}", least.minor(), least.currency().code()),
            Self::CountFrom { count, seconds } => write!(f, "count {count} in {seconds}"),
            Self::SumFrom { amount, seconds } => {
                write!(f, "sum {} {} in {seconds}", amount.minor(), amount.currency().code())
            }
            Self::NewPayee => f.write_str("new-payee"),
            Self::NewDevice => f.write_str("new-device"),
            Self::NewPlace => f.write_str("new-place"),
            Self::TimeBetween { from, until } => write!(f, "time {from} to {until}"),
        }
    }
}

/// The one text form of conditions: each on its own, between semicolons, amounts in minor units.
#[must_use]
pub fn conditions_to_text(conditions: &[Condition]) -> String {
    conditions.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The conditions with this text form.
///
/// # Errors
/// [`NotACondition`].
pub fn conditions_from_text(text: &str) -> Result<Vec<Condition>, NotACondition> {
    text.split(';').map(str::trim).filter(|part| !part.is_empty()).map(condition).collect()
}

fn condition(text: &str) -> Result<Condition, NotACondition> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    match words.as_slice() {
        ["kind", code] => Kind::from_code(code).map(Condition::Kind).ok_or(NotACondition),
        ["amount", minor, currency] => amount(minor, currency).map(Condition::AmountFrom),
        ["count", count, "in", seconds] => {
            Ok(Condition::CountFrom { count: number(count)?, seconds: window(seconds)? })
        }
        ["sum", minor, currency, "in", seconds] => {
            Ok(Condition::SumFrom { amount: amount(minor, currency)?, seconds: window(seconds)? })
        }
        ["new-payee"] => Ok(Condition::NewPayee),
        ["new-device"] => Ok(Condition::NewDevice),
        ["new-place"] => Ok(Condition::NewPlace),
        ["time", from, "to", until] => {
            Ok(Condition::TimeBetween { from: minute(from)?, until: minute(until)? })
        }
        _ => Err(NotACondition),
    }
}

fn number<T: core::str::FromStr>(text: &str) -> Result<T, NotACondition> {
    text.parse().map_err(|_| NotACondition)
}

fn amount(minor: &str, currency: &str) -> Result<Amount, NotACondition> {
    let currency = Currency::from_code(currency).map_err(|_| NotACondition)?;
    Amount::from_minor(number(minor)?, currency).map_err(|_| NotACondition)
}

fn window(text: &str) -> Result<u32, NotACondition> {
    let seconds = number(text)?;
    if (1..=WINDOW_MAX_SECONDS).contains(&seconds) { Ok(seconds) } else { Err(NotACondition) }
}

fn minute(text: &str) -> Result<u16, NotACondition> {
    let minute = number(text)?;
    if minute < DAY_MINUTES { Ok(minute) } else { Err(NotACondition) }
}

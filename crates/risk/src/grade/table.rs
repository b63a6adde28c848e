//! The levels, and how much each of them may owe of one sale.

use core::fmt;

use money::{Amount, Currency};

/// How many levels there are, with that of no credit.
pub const LEVELS: usize = 6;

/// From which score on each level is reached.
const FROM_SCORE: [u8; LEVELS] = [0, 30, 45, 60, 75, 90];

/// A level, 0 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

impl Level {
    /// No credit.
    pub const NONE: Self = Self(0);
    /// Where everybody begins who gets any.
    pub const FIRST: Self = Self(1);
    /// The highest.
    pub const HIGHEST: Self = Self(5);

    /// The level with this number.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number <= Self::HIGHEST.0 { Some(Self(number)) } else { None }
    }

    /// The number, as on the card.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The level that a score reaches.
    pub(super) fn of_score(score: u8) -> Self {
        let reached = FROM_SCORE.iter().filter(|from| score >= **from).count();
        Self(u8::try_from(reached.saturating_sub(1)).unwrap_or(0))
    }

    /// The one above, or itself at the top.
    pub(super) const fn next(self) -> Self {
        if self.0 < Self::HIGHEST.0 { Self(self.0 + 1) } else { self }
    }
}

/// How much each level may owe of one sale, in the currency of the card. The operator sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelTable {
    due_max: [u32; LEVELS],
    currency: Currency,
}

/// Why limits make no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelTableError {
    /// Level 0 owes something.
    NoCreditOwes,
    /// A higher level owes less.
    Falls,
    /// Two currencies.
    Currency,
    /// More than a card can count.
    TooMuch,
}

impl fmt::Display for LevelTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCreditOwes => "the level of no credit must owe nothing",
            Self::Falls => "a higher level must not owe less than a lower one",
            Self::Currency => "limits must be in one currency",
            Self::TooMuch => "limit is more than a card can count",
        })
    }
}

impl core::error::Error for LevelTableError {}

impl LevelTable {
    /// A table of the most that each level may owe, from level 0 on.
    ///
    /// # Errors
    /// [`LevelTableError`].
    pub fn new(due_max: [Amount; LEVELS]) -> Result<Self, LevelTableError> {
        let [none, ..] = due_max;
        let currency = none.currency();
        if none.minor() != 0 {
            return Err(LevelTableError::NoCreditOwes);
        }
        if due_max.iter().any(|amount| amount.currency() != currency) {
            return Err(LevelTableError::Currency);
        }
        if !due_max.is_sorted_by_key(|amount| amount.minor()) {
            return Err(LevelTableError::Falls);
        }
        let mut units = [0; LEVELS];
        for (place, amount) in units.iter_mut().zip(due_max) {
            *place = u32::try_from(amount.minor()).map_err(|_| LevelTableError::TooMuch)?;
        }
        Ok(Self { due_max: units, currency })
    }

    /// The currency of all limits.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// The most that a level may owe, in the units of a card that counts minor units.
    pub(super) fn due_max(&self, level: Level) -> u32 {
        self.due_max.get(usize::from(level.0)).copied().unwrap_or(0)
    }
}

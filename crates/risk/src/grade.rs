//! The credit grade of a holder: how much of one sale a terminal lets the holder's online account owe.
//!
//! # Specification
//!
//! * Five [`Indicator`]s, each of the operator's own data, give points; the points add up to a score of at most 100, and the
//!   score to a [`Level`] of 0 to 5. What a holder has, earns or buys is no part of it.
//! * Some facts keep the level down whatever the score is: nobody knows who the holder is, a part that is owed cannot be
//!   collected, the relation is younger than thirty days.
//! * It falls at once, and as far as it must. It rises by one level at a time, ninety days after the last change or later.
//! * Each point that is missing has a [`Reason`] that the holder can read, the heaviest first.
//! * What is granted holds for ninety days, has a version that only grows, and is written to the card as
//!   [`purse::ep::Grade`], signed by [`purse::own::grade_token`].
//!
//! # Invariants
//!
//! 1. More repayments on time, payments, days or months, or a better identity never lower the level; more late or failed
//!    repayments, lost disputes, or days overdue never raise it.
//! 2. Level 0 owes nothing, and a higher level never owes less.
//! 3. The same history gives the same grade, whoever asks and however often.
//!
//! Weights and why they are so: `docs/spec/credit-grade.md`.

mod indicator;
mod reason;
mod table;
mod validity;

use core::fmt;

use ledger::Timestamp;

pub use indicator::{Disputes, History, Identity, Indicator, POINTS_MAX, Repayments};
pub use reason::Reason;
pub use table::{LEVELS, Level, LevelTable, LevelTableError};
pub use validity::{RISES_AFTER_DAYS, VALID_DAYS};

/// From how many days on an owed part counts as one that the agent cannot collect.
pub const OVERDUE_DAYS: u32 = 7;
/// From how many days on an overdue part ends all credit.
pub const LONG_OVERDUE_DAYS: u32 = 30;
/// How many days a relation is new.
pub const NEW_RELATION_DAYS: u32 = 30;

/// What a card bears now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its level.
    pub level: Level,
    /// The version that the card bears.
    pub version: u16,
    /// When the level changed last.
    pub changed: Timestamp,
}

/// A grade and why it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graded {
    /// What the card will bear.
    pub standing: Standing,
    /// The sum of all points.
    pub score: u8,
    /// What keeps the level down, the heaviest first; empty at the highest.
    pub reasons: Vec<Reason>,
    /// As it is written to the card, for [`purse::own::grade_token`] to sign.
    pub record: purse::ep::Grade,
}

/// Why no grade can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GradeError {
    /// The card's versions are at their end: it is replaced.
    VersionsExhausted,
    /// The day is before 1970 or after 9999.
    Day,
}

impl fmt::Display for GradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VersionsExhausted => "versions of grades are at their end",
            Self::Day => "day cannot be written on a card",
        })
    }
}

impl core::error::Error for GradeError {}

/// The grade of a history, for a card that bears `before`, `None` where it bears none yet.
///
/// # Errors
/// [`GradeError`].
pub fn grade(
    history: &History,
    before: Option<&Standing>,
    table: &LevelTable,
    now: Timestamp,
) -> Result<Graded, GradeError> {
    let mut reasons = reason::of_points(history);
    let score = history.score();
    let allowed = allowed(history, Level::of_score(score), &mut reasons);
    let level = reached(allowed, before, now, &mut reasons);

    let changed = before.filter(|standing| standing.level == level).map_or(now, |standing| standing.changed);
    let version = before.map_or(0, |standing| standing.version).checked_add(1);
    let standing = Standing { level, version: version.ok_or(GradeError::VersionsExhausted)?, changed };
    let record = purse::ep::Grade {
        grade: level.number(),
        due_max: purse::amount::Amount::new(table.due_max(level)),
        expiry: validity::expiry(now).ok_or(GradeError::Day)?,
        version: standing.version,
    };
    Ok(Graded { standing, score, reasons, record })
}

/// What the facts allow of a level, whatever the score is. The hardest is told first.
fn allowed(history: &History, of_score: Level, reasons: &mut Vec<Reason>) -> Level {
    let (overdue, relation) = (history.overdue_days, history.relation_days);
    let facts = [
        (relation < NEW_RELATION_DAYS, Level::FIRST, Reason::NewRelation { days: relation }),
        (overdue >= OVERDUE_DAYS, Level::FIRST, Reason::Overdue { days: overdue }),
        (history.identity == Identity::Unverified, Level::NONE, Reason::NoIdentity),
        (overdue >= LONG_OVERDUE_DAYS, Level::NONE, Reason::Overdue { days: overdue }),
    ];
    let mut level = of_score;
    for (_, most, reason) in facts.into_iter().filter(|(holds, most, _)| *holds && *most < of_score) {
        level = level.min(most);
        reasons.retain(|other| *other != reason);
        reasons.insert(0, reason);
    }
    level
}

/// What is reached now of what is allowed: down at once, up by one level, and only after a while.
fn reached(allowed: Level, before: Option<&Standing>, now: Timestamp, reasons: &mut Vec<Reason>) -> Level {
    let (from, waited_days) = match before {
        None => (Level::NONE, RISES_AFTER_DAYS),
        Some(standing) => (standing.level, validity::days_between(standing.changed, now)),
    };
    let wait_days = RISES_AFTER_DAYS.saturating_sub(waited_days);
    let highest = if wait_days == 0 { from.next() } else { from };
    if allowed <= highest {
        return allowed;
    }
    let wait_days = if wait_days == 0 { RISES_AFTER_DAYS } else { wait_days };
    reasons.insert(0, Reason::RisesSlowly { wait_days });
    highest
}

//! Credit grades: what records know of a card's holder is counted ([`risk::grade`]), and the card is given what follows.
//!
//! * A grade belongs to a card; what is counted belongs to its holder.
//! * A version is written before it is signed, once: whoever asks at the same time gets the same one.
//! * A new version is made where level or limit changed, or where less than thirty days are left of one that allows anything.
//!   No version is made for a card that never had any and gets none now: its first grade is still to come.
//! * Nothing waits for a card to bear its grade. A terminal that meets the card online brings it.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use messages::card::{Asn, TerminalParameters};
use money::{Amount, Currency};
use purse::ep;
use purse::fields::Date;
use purse::own;
use records::card_grades as rows;
pub use records::card_grades::CardGrade;
use records::card_purses::{self as cards, CardPurse};
use records::conduct::{self, SPANS};
use records::{RecordsError, Sql, card_dues, identity_checks, issue_batches};
use risk::grade::{
    self, Graded, LEVELS, LONG_OVERDUE_DAYS, LevelTable, OVERDUE_DAYS, Repayments, Standing, VALID_DAYS,
};
pub use risk::grade::{Disputes, History, Identity, Indicator, Level, Reason};
use wallet::ids::HolderId;

use super::{card_store, identity, keys, lists};
use crate::{OperationError, Operations, Party, day};
use issuer::key_store::KeyStore;

/// From how many days on an owed part counts as given up.
const FAILED_DAYS: u64 = 90;
/// With fewer days left than this, a grade is given anew.
const RENEWED_BELOW_DAYS: u32 = 30;
/// How often a grade is computed anew because somebody else wrote its version meanwhile.
const TRIES: usize = 20;
/// The algorithm of cards' grade keys, as they say it.
const ALGORITHM: u8 = 0;

const NANOSECONDS_PER_DAY: u64 = 86_400 * NANOSECONDS_PER_SECOND;

/// The grade of a card, and why it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditGrade {
    /// The level.
    pub level: Level,
    /// The sum of all points.
    pub score: u8,
    /// What was counted.
    pub history: History,
    /// What keeps the level down, the heaviest first.
    pub reasons: Vec<Reason>,
    /// The most that may be owed of one sale.
    pub due_max: Amount,
    /// The last day that it holds, as on the card: YYYYMMDD in BCD.
    pub expiry: [u8; 4],
    /// Whether a terminal has said that the card bears it.
    pub is_borne: bool,
}

impl CreditGrade {
    /// The last day that it holds, as `2026-12-31`.
    #[must_use]
    pub fn last_day(&self) -> String {
        let [century, year, month, of_month] = self.expiry;
        format!("{century:02x}{year:02x}-{month:02x}-{of_month:02x}")
    }
}

/// The grade of a card as it is now, for its holder and the operator to read. Nothing is written. `None` where the card has
/// no holder.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn grade_of(operations: &Operations, asn: Asn) -> Result<Option<CreditGrade>, OperationError> {
    let Some(known) = known(operations, asn).await? else { return Ok(None) };
    let graded = known.graded(operations.now())?;
    let wanted = known.wanted(&graded, operations.now());
    let (due_max, expiry) = match (&known.newest, &wanted) {
        (Some(newest), None) => (newest.due_max, newest.expiry),
        _ => (amount(&graded, known.card.currency)?, graded.record.expiry.0),
    };
    Ok(Some(CreditGrade {
        level: graded.standing.level,
        score: graded.score,
        history: known.history,
        reasons: graded.reasons,
        due_max,
        expiry,
        is_borne: wanted.is_none() && known.newest.is_some_and(|newest| newest.borne_at.is_some()),
    }))
}

/// Computes the grade of a card, and writes the next version where there has to be one. Answers the newest; `None` where the
/// card has never had any, or nobody may spend from it.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn renew(operations: &Operations, asn: Asn) -> Result<Option<CardGrade>, OperationError> {
    for _ in 0..TRIES {
        let Some(known) = known(operations, asn).await? else { return Ok(None) };
        if known.card.listed.is_some() || known.card.is_closed {
            return Ok(None);
        }
        let now = operations.now();
        let graded = known.graded(now)?;
        let Some(standing) = known.wanted(&graded, now) else { return Ok(known.newest) };
        let next = CardGrade {
            asn,
            version: standing.version,
            level: standing.level.number(),
            score: graded.score,
            due_max: amount(&graded, known.card.currency)?,
            expiry: graded.record.expiry.0,
            changed_at: standing.changed,
            granted_at: now,
            borne_at: None,
        };
        let row = next.clone();
        if operations.records().write(move |sql| rows::insert(sql, &row)).await? {
            return Ok(Some(next));
        }
    }
    Err(OperationError::KeyInProgress)
}

/// Writes the next versions of cards whose holders leave a part owed too long, so that a fall has the day on which it was
/// earned, whenever a terminal next asks. `owing` says of each part which card owes it, and since when.
///
/// # Errors
/// What could not be reached.
pub(super) async fn fall(operations: &Operations, owing: &[(Asn, Timestamp)]) -> Result<(), OperationError> {
    let now = operations.now();
    for (asn, since) in owing.iter().copied() {
        let Some(overdue_at) = last_step(since, now) else { continue };
        let newest = operations.records().read(move |sql| rows::newest(sql, asn)).await?;
        if newest.is_some_and(|newest| newest.level > Level::NONE.number() && newest.granted_at < overdue_at)
        {
            renew(operations, asn).await?;
        }
    }
    Ok(())
}

/// When a part that is owed since then last became something worse; `None` where it is not overdue.
fn last_step(since: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let steps = [FAILED_DAYS, u64::from(LONG_OVERDUE_DAYS), u64::from(OVERDUE_DAYS)];
    let moments = steps.map(|days| Timestamp(since.0.saturating_add(days * NANOSECONDS_PER_DAY)));
    moments.into_iter().find(|moment| *moment <= now)
}

/// What brings a card its grade, for a terminal that met it and says which version it bears; `None` where there is none that
/// is newer.
///
/// # Errors
/// [`super::CardPurseRefusal::NoKeyOpen`], [`OperationError::NotFound`], or what could not be reached.
pub async fn token(
    operations: &Operations,
    asn: Asn,
    borne_version: u16,
) -> Result<Option<[u8; 19]>, OperationError> {
    let Some(newest) = renew(operations, asn).await? else { return Ok(None) };
    if newest.version == borne_version && newest.borne_at.is_none() {
        let now = operations.now();
        operations.records().write_later(move |sql| rows::borne(sql, asn, borne_version, now).map(drop));
    }
    if newest.version <= borne_version {
        return Ok(None);
    }
    signed(operations, &newest).await.map(Some)
}

/// Signs a version for its card.
async fn signed(operations: &Operations, version: &CardGrade) -> Result<[u8; 19], OperationError> {
    let asn = version.asn;
    let read = move |sql: &mut dyn Sql| {
        let Some(card) = cards::get(sql, asn)? else { return Ok(None) };
        Ok(issue_batches::get(sql, card.batch)?.map(|batch| (card, batch.key_version)))
    };
    let found = operations.records().read(read).await?;
    let (card, key_version) = found.ok_or(OperationError::NotFound(Party::CardPurse))?;
    let identity = card_store::identity(&card).ok_or(OperationError::NotFound(Party::CardPurse))?;
    let due_max = u32::try_from(version.due_max.minor()).map_err(|_| UNREADABLE)?;
    let grade = ep::Grade {
        grade: version.level,
        due_max: purse::amount::Amount::new(due_max),
        expiry: Date(version.expiry),
        version: version.version,
    };
    let keys = keys::open(operations).await?;
    let mac = keys.store().grade_mac(&identity.key(key_version, ALGORITHM), &grade);
    let mac = mac.map_err(|_| OperationError::CardPurse(super::CardPurseRefusal::NoKey))?;
    Ok(own::signed_grade(&grade, mac))
}

const UNREADABLE: OperationError = OperationError::Inconsistent("records hold a grade that cannot be");

/// What a grade follows from.
struct Known {
    card: CardPurse,
    newest: Option<CardGrade>,
    history: History,
    table: LevelTable,
}

impl Known {
    fn standing(&self) -> Result<Option<Standing>, OperationError> {
        let standing = |newest: &CardGrade| {
            let level = Level::new(newest.level)?;
            Some(Standing { level, version: newest.version, changed: newest.changed_at })
        };
        self.newest.as_ref().map(|newest| standing(newest).ok_or(UNREADABLE)).transpose()
    }

    fn graded(&self, now: Timestamp) -> Result<Graded, OperationError> {
        let before = self.standing()?;
        grade::grade(&self.history, before.as_ref(), &self.table, now)
            .map_err(|_| OperationError::Inconsistent("a card's grades are at their end"))
    }

    /// What the next version bears, where there has to be one.
    fn wanted(&self, graded: &Graded, now: Timestamp) -> Option<Standing> {
        let (level, due_max) = (graded.standing.level, u64::from(graded.record.due_max.units()));
        let is_wanted = match &self.newest {
            None => level > Level::NONE,
            Some(newest) => {
                let left_days = VALID_DAYS.saturating_sub(days_between(newest.granted_at, now));
                let ends_soon = level > Level::NONE && left_days < RENEWED_BELOW_DAYS;
                newest.level != level.number() || newest.due_max.minor() != due_max || ends_soon
            }
        };
        is_wanted.then_some(graded.standing)
    }
}

/// Everything that the grade of a card follows from; `None` where it has no holder.
async fn known(operations: &Operations, asn: Asn) -> Result<Option<Known>, OperationError> {
    let parameters = lists::current_parameters(operations).await?;
    let now = operations.now();
    let read = move |sql: &mut dyn Sql| {
        let card = cards::get(sql, asn)?;
        let Some(holder) = card.as_ref().and_then(|card| card.holder) else { return Ok((card, None)) };
        Ok((card, Some((rows::newest(sql, asn)?, history(sql, holder, now)?))))
    };
    let (card, of_holder) = operations.records().read(read).await?;
    let card = card.ok_or(OperationError::NotFound(Party::CardPurse))?;
    let Some((newest, history)) = of_holder else { return Ok(None) };
    let table = table(&parameters, card.currency)?;
    Ok(Some(Known { card, newest, history, table }))
}

/// What records know of a holder, counted.
fn history(sql: &mut dyn Sql, holder: HolderId, now: Timestamp) -> Result<History, RecordsError> {
    let late_after = u64::from(OVERDUE_DAYS) * NANOSECONDS_PER_DAY;
    let failed_before = Timestamp(now.0.saturating_sub(FAILED_DAYS * NANOSECONDS_PER_DAY));
    let dues = card_dues::counts(sql, holder, late_after, failed_before)?;
    let conduct = conduct::of_holder(sql, holder, &months(now))?;
    let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(History {
        repayments: Repayments {
            on_time: count(dues.on_time),
            late: count(dues.late),
            failed: count(dues.failed),
        },
        overdue_days: dues.oldest_owed.map_or(0, |since| days_between(since, now)),
        disputes: Disputes { payments: count(conduct.payments), lost: count(conduct.lost_disputes) },
        relation_days: conduct.first_operation.map_or(0, |first| days_between(first, now)),
        active_months: u8::try_from(conduct.active_spans).unwrap_or(u8::MAX),
        identity: identity::of_check(identity_checks::get(sql, holder)?),
    })
}

/// The first moments of the last twelve calendar months, this one included, and of the next.
fn months(now: Timestamp) -> [Timestamp; SPANS + 1] {
    let next = day::month_after(day::month_of(day::of(now)));
    let mut back = u32::try_from(SPANS).unwrap_or(0);
    core::array::from_fn(|_| {
        let first = day::start(day::first_of(day::months_before(next, back)));
        back = back.saturating_sub(1);
        first
    })
}

/// Whole days from one moment to another, 0 where the other is not later.
fn days_between(from: Timestamp, until: Timestamp) -> u32 {
    u32::try_from(until.0.saturating_sub(from.0) / NANOSECONDS_PER_DAY).unwrap_or(u32::MAX)
}

/// The operator's table: level n owes what terminals may leave owed for grade n. Cards of another currency owe nothing.
fn table(parameters: &TerminalParameters, currency: Currency) -> Result<LevelTable, OperationError> {
    let is_ours = parameters.currency == currency.numeric();
    let mut due_max = [Amount::zero(currency); LEVELS];
    if is_ours {
        for (place, units) in due_max.iter_mut().zip(parameters.due_max) {
            *place = Amount::from_minor(units.0.into(), currency).map_err(|_| UNREADABLE)?;
        }
    }
    LevelTable::new(due_max)
        .map_err(|_| OperationError::Inconsistent("a higher grade owes less than a lower one"))
}

fn amount(graded: &Graded, currency: Currency) -> Result<Amount, OperationError> {
    Amount::from_minor(graded.record.due_max.units().into(), currency).map_err(|_| UNREADABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_months_end_with_this_one() {
        // 2026-11-22 00:00:00 +08:00
        let now = Timestamp(1_795_276_800 * NANOSECONDS_PER_SECOND);
        let months = months(now).map(|start| day::civil(day::of(start)));
        assert_eq!((months[0], months[11], months[12]), ((2025, 12, 1), (2026, 11, 1), (2026, 12, 1)));
    }
}

//! What is known about a holder that counts, and how many points it gives. Everything is counted, never valued: a repayment
//! of one yuan counts as much as one of a thousand.

/// The most that a score can be.
pub const POINTS_MAX: u8 = 100;

/// What of a holder's history counts, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Indicator {
    /// Parts of split sales that were collected when they were asked for.
    Repayment,
    /// Disputes that were decided against the holder, among the payments.
    Disputes,
    /// How long the holder has been here.
    Relation,
    /// In how many of the last twelve months the holder did anything.
    Regularity,
    /// How well it is known who the holder is.
    Identity,
}

impl Indicator {
    /// All five, in order of weight.
    pub const ALL: [Self; 5] =
        [Self::Repayment, Self::Disputes, Self::Relation, Self::Regularity, Self::Identity];

    /// The most points that it gives; together [`POINTS_MAX`].
    #[must_use]
    pub const fn weight(self) -> u8 {
        match self {
            Self::Repayment => 40,
            Self::Disputes => 20,
            Self::Relation | Self::Regularity => 15,
            Self::Identity => 10,
        }
    }

    /// The word of message keys.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Repayment => "repayment",
            Self::Disputes => "disputes",
            Self::Relation => "relation",
            Self::Regularity => "regularity",
            Self::Identity => "identity",
        }
    }
}

/// What became of the parts that the holder's account owed of split sales.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repayments {
    /// Collected when they were asked for.
    pub on_time: u32,
    /// Collected later.
    pub late: u32,
    /// Given up: nobody could collect them. Paid after all, one becomes late.
    pub failed: u32,
}

/// What became of the holder's payments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disputes {
    /// Payments to merchants.
    pub payments: u32,
    /// Disputes that were decided against the holder. One that was won, or is open, counts nothing.
    pub lost: u32,
}

/// How well it is known who the holder is, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// Not at all.
    #[default]
    Unverified,
    /// A telephone number that answered.
    Phone,
    /// A document that somebody checked.
    Document,
}

/// What the operator knows of a holder, and counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Parts of split sales that were owed.
    pub repayments: Repayments,
    /// For how many days the oldest part that is owed now has waited, 0 where none is.
    pub overdue_days: u32,
    /// Payments and lost disputes.
    pub disputes: Disputes,
    /// For how many days the holder has been here.
    pub relation_days: u32,
    /// In how many of the last twelve months there was any operation.
    pub active_months: u8,
    /// Who the holder is.
    pub identity: Identity,
}

impl History {
    /// The points of one indicator, rounded down.
    #[must_use]
    pub fn points(&self, indicator: Indicator) -> u8 {
        let weight = indicator.weight();
        match indicator {
            Indicator::Repayment => {
                let Repayments { on_time, late, failed } = self.repayments;
                // A beginner has a quarter; late counts twice, failed six times.
                let good = u64::from(on_time) + 1;
                share(weight, good, good + 3 + 2 * u64::from(late) + 6 * u64::from(failed))
            }
            Indicator::Disputes => {
                let Disputes { payments, lost } = self.disputes;
                // Nobody has lost anything at the beginning; then one in twenty payments takes half.
                let good = u64::from(payments) + 4;
                share(weight, good, good + 20 * u64::from(lost))
            }
            Indicator::Relation => {
                const FULL_DAYS: u32 = 730;
                share(weight, u64::from(self.relation_days.min(FULL_DAYS)), u64::from(FULL_DAYS))
            }
            Indicator::Regularity => share(weight, u64::from(self.active_months.min(12)), 12),
            Indicator::Identity => match self.identity {
                Identity::Unverified => 0,
                Identity::Phone => 4,
                Identity::Document => weight,
            },
        }
    }

    /// The sum of all points, at most [`POINTS_MAX`].
    #[must_use]
    pub fn score(&self) -> u8 {
        Indicator::ALL.iter().map(|indicator| self.points(*indicator)).fold(0, u8::saturating_add)
    }
}

/// `weight` times `good` of `all`, rounded down; `good` is at most `all`.
fn share(weight: u8, good: u64, all: u64) -> u8 {
    let points = (u64::from(weight) * good).checked_div(all).unwrap_or(0);
    u8::try_from(points).unwrap_or(weight).min(weight)
}

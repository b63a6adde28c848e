//! Why a grade is not higher, for the holder to read: keys of messages and their numbers, in whatever language.

use super::indicator::{History, Indicator};

/// One reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// An indicator has not all its points.
    Points {
        /// Which.
        indicator: Indicator,
        /// What it has, of [`Indicator::weight`].
        points: u8,
    },
    /// A part that is owed cannot be collected, since so many days.
    Overdue {
        /// How many.
        days: u32,
    },
    /// The holder has been here for so few days.
    NewRelation {
        /// How many.
        days: u32,
    },
    /// It is not known who the holder is.
    NoIdentity,
    /// The score allows more, which comes one level at a time.
    RisesSlowly {
        /// In how many days it can rise again.
        wait_days: u32,
    },
}

impl Reason {
    /// The key of the message.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Points { indicator, .. } => match indicator {
                Indicator::Repayment => "grade.points.repayment",
                Indicator::Disputes => "grade.points.disputes",
                Indicator::Relation => "grade.points.relation",
                Indicator::Regularity => "grade.points.regularity",
                Indicator::Identity => "grade.points.identity",
            },
            Self::Overdue { .. } => "grade.overdue",
            Self::NewRelation { .. } => "grade.new-relation",
            Self::NoIdentity => "grade.no-identity",
            Self::RisesSlowly { .. } => "grade.rises-slowly",
        }
    }

    /// The numbers of the message, in its order: points and the most there are, or days.
    #[must_use]
    pub fn numbers(self) -> Vec<u32> {
        match self {
            Self::Points { indicator, points } => vec![u32::from(points), u32::from(indicator.weight())],
            Self::Overdue { days } | Self::NewRelation { days } => vec![days],
            Self::RisesSlowly { wait_days } => vec![wait_days],
            Self::NoIdentity => Vec::new(),
        }
    }
}

/// The indicators that lack points, those that lack most first.
pub(super) fn of_points(history: &History) -> Vec<Reason> {
    let mut lacking: Vec<(u8, Reason)> = Indicator::ALL
        .into_iter()
        .map(|indicator| (indicator, history.points(indicator)))
        .map(|(indicator, points)| {
            (indicator.weight().saturating_sub(points), Reason::Points { indicator, points })
        })
        .filter(|(lack, _)| *lack > 0)
        .collect();
    lacking.sort_by_key(|(lack, _)| core::cmp::Reverse(*lack));
    lacking.into_iter().map(|(_, reason)| reason).collect()
}

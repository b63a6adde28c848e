//! The credit grade of a card in the types of pages: for its holder, and for the operator.

use axum::response::Response;
use messages::card::Asn;
use operations::card_purses::grades::{self, History, Identity, Indicator, Reason};
use operations::{OperationError, Party};
use pages::card_purse::{CreditGrade, GradeCounts, GradeIndicator, GradeReason, KnownBy};

use super::card_purse_views as views;
use super::card_purses::own;
use super::stop::Stop;
use super::visit::{HolderVisit, Visit, page};
use crate::hex_digits::Hex;
use crate::request::PathParts;

/// The grade of a card; `None` where it has no holder.
pub(super) async fn of_card(visit: &Visit, card: Asn) -> Result<Option<CreditGrade>, Stop> {
    let found = visit.need(grades::grade_of(visit.app.operations(), card).await)?;
    Ok(found.map(|grade| CreditGrade {
        level: grade.level.number(),
        score: grade.score,
        due_max: grade.due_max,
        until: grade.last_day(),
        is_borne: grade.is_borne,
        reasons: grade.reasons.into_iter().map(reason).collect(),
        points: Indicator::ALL.map(|indicator| (grade.history.points(indicator), indicator.weight())),
        counts: counts(&grade.history),
    }))
}

/// `GET /card-purses/{card}/grade`
pub(super) async fn explanation(
    PathParts(card): PathParts<Hex<10>>,
    HolderVisit { visit, holder }: HolderVisit,
) -> Result<Response, Stop> {
    let card = own(&visit, holder, card).await?;
    let grade = of_card(&visit, card.asn).await?;
    let grade = grade.ok_or_else(|| visit.stop_for(OperationError::NotFound(Party::CardPurse)))?;
    let purse = views::purse(&visit, &card).await?;
    Ok(page(pages::card_purse::explanation(&visit.frame(), &purse, &grade)))
}

const fn counts(history: &History) -> GradeCounts {
    let repayments = history.repayments;
    GradeCounts {
        repayments: [repayments.on_time, repayments.late, repayments.failed],
        disputes: [history.disputes.payments, history.disputes.lost],
        relation_days: history.relation_days,
        active_months: history.active_months,
        known_by: match history.identity {
            Identity::Unverified => KnownBy::Nothing,
            Identity::Phone => KnownBy::Phone,
            Identity::Document => KnownBy::Document,
        },
    }
}

fn reason(reason: Reason) -> GradeReason {
    match reason {
        Reason::Points { indicator, points } => {
            GradeReason::Points(shown(indicator), points.into(), indicator.weight().into())
        }
        Reason::Overdue { days } => GradeReason::Overdue(days),
        Reason::NewRelation { days } => GradeReason::NewRelation(days),
        Reason::NoIdentity => GradeReason::NoIdentity,
        Reason::RisesSlowly { wait_days } => GradeReason::RisesSlowly(wait_days),
    }
}

const fn shown(indicator: Indicator) -> GradeIndicator {
    match indicator {
        Indicator::Repayment => GradeIndicator::Repayment,
        Indicator::Disputes => GradeIndicator::Disputes,
        Indicator::Relation => GradeIndicator::Relation,
        Indicator::Regularity => GradeIndicator::Regularity,
        Indicator::Identity => GradeIndicator::Identity,
    }
}

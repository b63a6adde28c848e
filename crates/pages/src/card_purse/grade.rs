//! The credit grade of a card: what may be owed of one sale, why it is so, and what would help.

use maud::{Markup, html};
use money::Amount;

use super::CardPurse;
use crate::components::{back, key_values};
use crate::control::table_of_rows;
use crate::figures;
use crate::frame::Frame;
use crate::shell::{Head, Place, document};

/// What is counted of a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GradeIndicator {
    /// Owed parts that were collected, of split sales.
    Repayment,
    /// Payments, and disputes that were lost.
    Disputes,
    /// For how long the holder has been here.
    Relation,
    /// In how many of the last twelve months the holder did anything.
    Regularity,
    /// How well it is known who the holder is.
    Identity,
}

impl GradeIndicator {
    /// All five, in order of weight.
    pub const ALL: [Self; 5] =
        [Self::Repayment, Self::Disputes, Self::Relation, Self::Regularity, Self::Identity];

    const fn name(self) -> &'static str {
        match self {
            Self::Repayment => "grade-repayment",
            Self::Disputes => "grade-disputes",
            Self::Relation => "grade-relation",
            Self::Regularity => "grade-regularity",
            Self::Identity => "grade-identity",
        }
    }

    /// The message that says which points are missing, and what helps.
    const fn missing(self) -> &'static str {
        match self {
            Self::Repayment => "grade-points-repayment",
            Self::Disputes => "grade-points-disputes",
            Self::Relation => "grade-points-relation",
            Self::Regularity => "grade-points-regularity",
            Self::Identity => "grade-points-identity",
        }
    }
}

/// Why a grade is not higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GradeReason {
    /// An indicator has so many points, of how many.
    Points(GradeIndicator, u32, u32),
    /// A part is owed for so many days.
    Overdue(u32),
    /// The holder has been here for so few days.
    NewRelation(u32),
    /// Nobody has checked who the holder is.
    NoIdentity,
    /// It can rise again in so many days.
    RisesSlowly(u32),
}

impl GradeReason {
    fn text(self, frame: &Frame) -> String {
        let days = |key, days: u32| frame.fill(key, &[("days", &days.to_string())]);
        match self {
            Self::Points(indicator, points, of) => {
                frame.fill(indicator.missing(), &[("points", &points.to_string()), ("of", &of.to_string())])
            }
            Self::Overdue(since) => days("grade-overdue", since),
            Self::NewRelation(since) => days("grade-new-relation", since),
            Self::NoIdentity => frame.t("grade-no-identity").to_owned(),
            Self::RisesSlowly(wait) => days("grade-rises-slowly", wait),
        }
    }
}

/// How well it is known who a holder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownBy {
    /// Not at all.
    Nothing,
    /// A telephone number that answered.
    Phone,
    /// A document that somebody looked at.
    Document,
}

impl KnownBy {
    /// Every one, in order.
    pub const ALL: [Self; 3] = [Self::Nothing, Self::Phone, Self::Document];

    /// The word of the form.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Nothing => "unverified",
            Self::Phone => "phone",
            Self::Document => "document",
        }
    }

    /// The message that names it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Nothing => "identity-unverified",
            Self::Phone => "identity-phone",
            Self::Document => "identity-document",
        }
    }
}

/// What was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GradeCounts {
    /// Owed parts: collected on time, collected late, given up.
    pub repayments: [u32; 3],
    /// Payments, and disputes that were lost.
    pub disputes: [u32; 2],
    /// Days since the first operation.
    pub relation_days: u32,
    /// Of the last twelve months, those with any operation.
    pub active_months: u8,
    /// What was checked.
    pub known_by: KnownBy,
}

/// How far the issuer trusts the holder of a card.
#[derive(Clone, Debug)]
pub struct CreditGrade {
    /// 0 to 5.
    pub level: u8,
    /// The sum of all points.
    pub score: u8,
    /// The most that may be owed of one sale.
    pub due_max: Amount,
    /// The last day that it holds, `2026-12-31`.
    pub until: String,
    /// Whether it is known that the card bears it.
    pub is_borne: bool,
    /// Why it is not higher, the heaviest first.
    pub reasons: Vec<GradeReason>,
    /// Of each indicator, in their order, the points and how many there are.
    pub points: [(u8, u8); 5],
    /// What was counted.
    pub counts: GradeCounts,
}

impl CreditGrade {
    const fn word(&self) -> &'static str {
        match self.level {
            0 => "grade-level-0",
            1 => "grade-level-1",
            2 => "grade-level-2",
            3 => "grade-level-3",
            4 => "grade-level-4",
            _ => "grade-level-5",
        }
    }
}

/// The level in words, and as five marks for the eye.
fn level(frame: &Frame, grade: &CreditGrade) -> Markup {
    let marks: String = (1..=5).map(|mark| if mark <= grade.level { '●' } else { '○' }).collect();
    html! {
        p.stat-figure { (frame.t(grade.word())) }
        p.muted {
            span aria-hidden="true" { (marks) } " "
            (frame.fill("credit-grade-level", &[("level", &grade.level.to_string())]))
        }
    }
}

/// Level, limit and last day, as holders and the operator see them.
pub(crate) fn facts(frame: &Frame, grade: &CreditGrade) -> Markup {
    let mut rows = vec![(frame.t("grade-due-max"), figures::amount(frame, grade.due_max))];
    if grade.level > 0 {
        rows.push((frame.t("credit-grade-until"), html! { span.num { (grade.until) } }));
        let borne = if grade.is_borne { "grade-borne" } else { "grade-not-borne" };
        rows.push((frame.t("grade-on-card"), html! { (frame.t(borne)) }));
    }
    html! { (level(frame, grade)) (key_values(&rows)) }
}

/// What keeps the level down, the heaviest first.
pub(crate) fn reasons(frame: &Frame, grade: &CreditGrade) -> Markup {
    html! {
        @if !grade.reasons.is_empty() {
            p { (frame.t("grade-reasons")) }
            ul.bullets { @for reason in &grade.reasons { li { (reason.text(frame)) } } }
        }
    }
}

/// The section of a holder's card.
pub(super) fn section(frame: &Frame, purse: &CardPurse, grade: Option<&CreditGrade>) -> Markup {
    html! {
        @if let Some(grade) = grade {
            section.panel aria-labelledby="grade" {
                h2 id="grade" { (frame.t("credit-grade")) }
                (facts(frame, grade))
                (reasons(frame, grade))
                p { a href={ "/card-purses/" (purse.number) "/grade" } { (frame.t("grade-how")) } }
            }
        }
    }
}

/// `GET /card-purses/{card}/grade`
#[must_use]
pub fn explanation(frame: &Frame, purse: &CardPurse, grade: &CreditGrade) -> Markup {
    let title = frame.fill("grade-of", &[("number", &purse.ending())]);
    let head = Head { title: &title, place: Place::Wallet, class: "medium" };
    let path = format!("/card-purses/{}", purse.number);
    let back_to = frame.fill("card-purse-of", &[("number", &purse.ending())]);
    document(
        frame,
        &head,
        html! {
            (back(&path, &back_to))
            h1 { (title) }
            p.hint { (frame.t("grade-what")) }
            section.panel { (facts(frame, grade)) (reasons(frame, grade)) }
            section.panel {
                h2 { (frame.fill("grade-score", &[("score", &grade.score.to_string())])) }
                (points(frame, grade))
                p.hint { (frame.t("grade-levels")) }
                p.hint { (frame.t("grade-rises")) }
            }
            section.panel {
                h2 { (frame.t("grade-unused")) }
                ul.bullets { @for key in UNUSED { li { (frame.t(key)) } } }
            }
        },
    )
}

/// What is deliberately not used.
const UNUSED: [&str; 6] = [
    "grade-unused-wealth",
    "grade-unused-bought",
    "grade-unused-person",
    "grade-unused-others",
    "grade-unused-asking",
    "grade-unused-learned",
];

fn points(frame: &Frame, grade: &CreditGrade) -> Markup {
    let columns = [
        (frame.t("grade-indicator"), false),
        (frame.t("grade-counted"), false),
        (frame.t("grade-points"), true),
    ];
    let row = |(indicator, (points, of)): (GradeIndicator, (u8, u8))| {
        vec![
            html! { (frame.t(indicator.name())) },
            html! { (counted(frame, indicator, &grade.counts)) },
            html! { (points) "/" (of) },
        ]
    };
    let rows = GradeIndicator::ALL.into_iter().zip(grade.points).map(row).collect();
    table_of_rows(frame.t("grade-points"), &columns, rows)
}

fn counted(frame: &Frame, indicator: GradeIndicator, counts: &GradeCounts) -> String {
    let [on_time, late, failed] = counts.repayments.map(|count| count.to_string());
    let [payments, lost] = counts.disputes.map(|count| count.to_string());
    match indicator {
        GradeIndicator::Repayment => frame
            .fill("grade-counted-repayment", &[("on_time", &on_time), ("late", &late), ("failed", &failed)]),
        GradeIndicator::Disputes => {
            frame.fill("grade-counted-disputes", &[("payments", &payments), ("lost", &lost)])
        }
        GradeIndicator::Relation => {
            frame.fill("grade-counted-relation", &[("days", &counts.relation_days.to_string())])
        }
        GradeIndicator::Regularity => {
            frame.fill("grade-counted-regularity", &[("months", &counts.active_months.to_string())])
        }
        GradeIndicator::Identity => frame.t(counts.known_by.key()).to_owned(),
    }
}

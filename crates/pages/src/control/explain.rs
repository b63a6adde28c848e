//! Explain this transaction: everything that is known about it, in one timeline.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;
use wallet::ids::OperationId;

use super::risk::{Cause, causes, outcome_word};
use crate::activity::{Kind, State};
use crate::components::{back, badge, key_values};
use crate::figures;
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// An account of the ledger in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountName {
    /// The wallet of this holder.
    Wallet(String),
    /// The account of this merchant.
    Merchant(String),
    /// The operator's money at this bank.
    Bank(String),
    /// The limit on the refunds of a payment.
    RefundCap,
    /// The other side of limits.
    Control,
    /// The escrow of an order.
    Escrow,
    /// A voucher.
    Voucher,
    /// A card purse.
    CardPurse,
    /// A load of a card purse.
    CardLoad,
    /// What card purses spent beyond what was loaded.
    CardExcess,
    /// What sellers of split sales were advanced.
    CardAdvances,
    /// What purses hold that pay each other.
    TransferPurses,
    /// What the operator corrected by hand.
    Suspense,
    /// One of another kind, with its id.
    Other(String),
}

impl AccountName {
    fn words(&self, frame: &Frame) -> String {
        match self {
            Self::Wallet(name) => frame.fill("account-wallet", &[("name", name)]),
            Self::Merchant(name) => frame.fill("account-merchant", &[("name", name)]),
            Self::Bank(name) => frame.fill("account-bank", &[("name", name)]),
            Self::RefundCap => frame.t("account-refund-cap").to_owned(),
            Self::Control => frame.t("account-control").to_owned(),
            Self::Escrow => frame.t("account-escrow").to_owned(),
            Self::Voucher => frame.t("account-voucher").to_owned(),
            Self::CardPurse => frame.t("account-card-purse").to_owned(),
            Self::CardLoad => frame.t("account-card-load").to_owned(),
            Self::CardAdvances => frame.t("account-card-advances").to_owned(),
            Self::TransferPurses => frame.t("account-transfer-purses").to_owned(),
            Self::CardExcess => frame.t("card-excess").to_owned(),
            Self::Suspense => frame.t("account-suspense").to_owned(),
            Self::Other(id) => frame.fill("account-other", &[("id", id)]),
        }
    }
}

/// How a transfer of the ledger takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// At once.
    Posted,
    /// It reserves.
    Reserved,
    /// It makes a reservation final.
    Settled,
    /// It ends a reservation without effect.
    Released,
}

/// What happened at one moment.
#[derive(Clone, Debug)]
pub enum Fact {
    /// The request was recorded.
    Recorded,
    /// The rules decided: outcome, causes.
    Decided(::risk::Outcome, Vec<Cause>),
    /// A transfer in the ledger.
    Posted {
        /// How it takes effect.
        effect: Effect,
        /// The account that was debited.
        debit: AccountName,
        /// The account that was credited.
        credit: AccountName,
        /// How much.
        amount: Amount,
        /// Its id, in hexadecimal.
        id: String,
        /// Whether it counts a limit rather than money.
        memo: bool,
    },
    /// The bank was asked.
    BankAsked(String),
    /// A person decided: released or declined, by whom, why.
    Reviewed(bool, String, String),
    /// It came to this state.
    Became(State),
    /// Some of it was given back.
    Refunded(OperationId, Amount, State),
    /// The merchant was told: message id, state, number of tries.
    Webhook(String, String, u64),
    /// An entry of the audit log: place, action, actor.
    Audited(u64, String, String),
}

/// Everything about one operation.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The operation.
    pub id: OperationId,
    /// What it does.
    pub kind: Kind,
    /// How far it came.
    pub state: State,
    /// Who pays.
    pub payer: String,
    /// Who is paid.
    pub payee: String,
    /// How much.
    pub amount: Amount,
    /// The payer's words.
    pub memo: String,
    /// Why it did not happen, as a code.
    pub reason: Option<String>,
    /// What happened, oldest first.
    pub facts: Vec<(Timestamp, Fact)>,
    /// Whether the viewer is the operator; a holder sees a reduced version.
    pub full: bool,
}

/// `GET /operator/explain/{id}` and `GET /transactions/{id}/explain`
#[must_use]
pub fn explain(frame: &Frame, view: &Explanation) -> Markup {
    let place = if view.full { Place::Overview } else { Place::History };
    let head = Head { title: frame.t("explain-title"), place, class: "medium" };
    let operator_back = ("/operator", frame.t("nav-overview"));
    let own = format!("/transactions/{}", view.id);
    let (href, label) = if view.full { operator_back } else { (own.as_str(), frame.t("explain-back")) };
    document(
        frame,
        &head,
        html! {
            (back(href, label))
            div.title-row { h1 { (head.title) } (badge(frame, view.state)) }
            section.panel { (summary(frame, view)) }
            section.panel {
                h2 { (frame.t("explain-timeline")) }
                ol.timeline.explain-timeline {
                    @for (at, fact) in &view.facts { (moment(frame, *at, fact)) }
                }
            }
        },
    )
}

fn summary(frame: &Frame, view: &Explanation) -> Markup {
    let mut rows = vec![
        (frame.t("kind"), html! { (frame.t(view.kind.key())) }),
        (frame.t("amount"), figures::amount(frame, view.amount)),
        (frame.t("payer"), html! { (view.payer) }),
        (frame.t("payee-name"), html! { (view.payee) }),
    ];
    if !view.memo.is_empty() {
        rows.push((frame.t("memo"), html! { (view.memo) }));
    }
    if let Some(reason) = &view.reason {
        rows.push((frame.t("explain-reason"), html! { code { (reason) } }));
    }
    rows.push((frame.t("number"), html! { span.id { (view.id) } }));
    key_values(&rows)
}

fn moment(frame: &Frame, at: Timestamp, fact: &Fact) -> Markup {
    let (shape, tone) = face(fact);
    html! {
        li class=(tone) {
            span.timeline-dot { (icon(shape)) }
            div { (words(frame, fact)) }
            span.muted { (when::full(frame, at)) }
        }
    }
}

const fn face(fact: &Fact) -> (Icon, &'static str) {
    match fact {
        Fact::Recorded => (Icon::Book, "tone-muted"),
        Fact::Decided(..) => (Icon::Shield, "tone-warn"),
        Fact::Posted { memo: true, .. } => (Icon::Limit, "tone-muted"),
        Fact::Posted { .. } => (Icon::Scale, "tone-ok"),
        Fact::BankAsked(_) => (Icon::Bank, "tone-info"),
        Fact::Reviewed(..) => (Icon::Person, "tone-info"),
        Fact::Became(State::Declined) => (Icon::Cross, "tone-danger"),
        Fact::Became(_) => (Icon::Check, "tone-ok"),
        Fact::Refunded(..) => (Icon::Refund, "tone-info"),
        Fact::Webhook(..) => (Icon::Bell, "tone-muted"),
        Fact::Audited(..) => (Icon::Lock, "tone-muted"),
    }
}

fn words(frame: &Frame, fact: &Fact) -> Markup {
    match fact {
        Fact::Recorded => html! { p { (frame.t("moment-recorded")) } },
        Fact::Decided(outcome, why) => html! {
            p { (frame.t("explain-decided")) " " strong { (outcome_word(frame, *outcome)) } }
            (causes(frame, why))
        },
        Fact::Posted { effect, debit, credit, amount, id, .. } => {
            posting(frame, (*effect, *amount), (debit, credit), id)
        }
        Fact::BankAsked(card) => html! { p { (frame.fill("explain-bank", &[("card", card)])) } },
        Fact::Reviewed(released, by, reason) => {
            let key = if *released { "explain-released" } else { "explain-declined" };
            html! { p { (frame.fill(key, &[("by", by)])) } p.muted { (reason) } }
        }
        Fact::Became(state) => html! { p { (badge(frame, *state)) } },
        Fact::Refunded(id, amount, state) => html! {
            p {
                a href={ "/operator/explain/" (id) } { (frame.t("kind-refund")) } " "
                (figures::amount(frame, *amount)) " " (badge(frame, *state))
            }
        },
        Fact::Webhook(id, state, tries) => {
            let tries = tries.to_string();
            html! { p { (frame.fill("explain-webhook", &[("id", id), ("state", state), ("tries", &tries)])) } }
        }
        Fact::Audited(place, action, actor) => html! {
            p {
                a href={ "/operator/audit-log/" (place) } { (frame.fill("audit-entry", &[("place", &place.to_string())])) }
                " " code { (action) } " " (actor)
            }
        },
    }
}

fn posting(
    frame: &Frame,
    (effect, amount): (Effect, Amount),
    (debit, credit): (&AccountName, &AccountName),
    id: &str,
) -> Markup {
    let key = match effect {
        Effect::Posted => "effect-posted",
        Effect::Reserved => "effect-reserved",
        Effect::Settled => "effect-settled",
        Effect::Released => "effect-released",
    };
    html! {
        p { strong { (frame.t(key)) } " " (figures::amount(frame, amount)) }
        p {
            span.muted { (frame.t("debit")) } " " (debit.words(frame)) " → "
            span.muted { (frame.t("credit")) } " " (credit.words(frame))
        }
        p.muted.id { (id) }
    }
}

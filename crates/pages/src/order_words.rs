//! Orders in the words of pages: states, steps of their story, rows of their lists.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;
use wallet::ids::OrderId;

use crate::figures;
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::when;

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal, $key:literal,
        $icon:ident, $tone:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every one, in the order of menus.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word of records, URLs and forms.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The one with this code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }

            pub(crate) const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }

            const fn face(self) -> (Icon, &'static str) {
                match self { $(Self::$variant => (Icon::$icon, $tone),)* }
            }
        }
    };
}

coded! {
    /// How far an order came.
    OrderStatus {
        /// Waits to be paid.
        Open = "open", "order-open", Clock, "info";
        /// Paid to the merchant.
        Paid = "paid", "order-paid", Check, "ok";
        /// Paid; the money waits in escrow.
        Held = "held", "order-held", Scale, "warn";
        /// The buyer disputes.
        Disputed = "disputed", "order-disputed", Alert, "danger";
        /// What waited went to the merchant.
        Released = "released", "order-released", Check, "ok";
        /// Some was given back.
        PartlyRefunded = "partly_refunded", "order-partly-refunded", Refund, "muted";
        /// All was given back.
        Refunded = "refunded", "order-refunded", Refund, "muted";
        /// Nobody paid in time.
        Expired = "expired", "order-expired", Clock, "muted";
        /// The merchant withdrew it.
        Cancelled = "cancelled", "order-cancelled", Cross, "muted";
    }
}

coded! {
    /// One step of an order's story.
    OrderStep {
        /// The merchant asked.
        Created = "created", "step-created", Book, "muted";
        /// The buyer paid.
        Paid = "paid", "step-paid", Check, "ok";
        /// Nobody paid in time.
        Expired = "expired", "step-expired", Clock, "muted";
        /// The merchant withdrew it.
        Cancelled = "cancelled", "step-cancelled", Cross, "muted";
        /// Some or all was given back.
        Refunded = "refunded", "step-refunded", Refund, "info";
        /// What waited went to the merchant.
        Released = "released", "step-released", Check, "ok";
        /// The buyer disputes.
        Disputed = "disputed", "step-disputed", Alert, "danger";
        /// The merchant answered.
        Answered = "answered", "step-answered", Info, "info";
        /// An operator proposed what the merchant gets.
        Proposed = "proposed", "step-proposed", Scale, "warn";
        /// The dispute was decided.
        Decided = "decided", "step-decided", Scale, "ok";
    }
}

/// One step of an order's story, with who did it.
#[derive(Clone, Debug)]
pub struct OrderMoment {
    /// What happened.
    pub step: OrderStep,
    /// Who did it; empty where time did.
    pub who: String,
    /// How much it was about.
    pub amount: Option<Amount>,
    /// Their words; may be empty.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// One order of a list.
#[derive(Clone, Debug)]
pub struct OrderRow {
    /// The order.
    pub id: OrderId,
    /// When it was made.
    pub at: Timestamp,
    /// Its title: reference, description, or a part of its id.
    pub title: String,
    /// Another line below it; may be empty.
    pub note: String,
    /// How far it came.
    pub status: OrderStatus,
    /// How much.
    pub amount: Amount,
    /// How much was given back.
    pub refunded: Amount,
}

/// The state of an order: colour, icon and word.
pub(crate) fn order_badge(frame: &Frame, status: OrderStatus) -> Markup {
    let (shape, tone) = status.face();
    html! { span class={ "badge badge-" (tone) } { (icon(shape)) (frame.t(status.key())) } }
}

/// The story of an order.
pub(crate) fn order_timeline(frame: &Frame, moments: &[OrderMoment]) -> Markup {
    html! {
        ol.timeline {
            @for moment in moments {
                @let (shape, tone) = moment.step.face();
                li class={ "tone-" (tone) } {
                    span.timeline-dot { (icon(shape)) }
                    span {
                        (frame.t(moment.step.key()))
                        @if let Some(amount) = moment.amount { " " (figures::amount(frame, amount)) }
                        @if !moment.who.is_empty() { " · " (moment.who) }
                        @if !moment.note.is_empty() { q.order-words { (moment.note) } }
                    }
                    span.muted { (when::full(frame, moment.at)) }
                }
            }
        }
    }
}

/// Orders as a table, each with a link to `base` and its id.
pub(crate) fn order_table(frame: &Frame, base: &str, rows: &[OrderRow]) -> Markup {
    html! {
        table.table.table-cards.orders {
            thead {
                tr {
                    th scope="col" { (frame.t("order")) }
                    th scope="col" { (frame.t("time")) }
                    th scope="col" { (frame.t("state")) }
                    th.num scope="col" { (frame.t("amount")) }
                }
            }
            tbody {
                @for row in rows {
                    tr {
                        td { a href={ (base) (row.id) } { (row.title) } @if !row.note.is_empty() { span.cell-note {
                            (row.note) } } }
                        td { (when::short(frame, row.at)) }
                        td { (order_badge(frame, row.status)) }
                        td.num {
                            (figures::amount(frame, row.amount))
                            @if !row.refunded.is_zero() {
                                span.cell-note { (frame.fill("refunded-of", &[("amount", &figures::text(row.refunded))])) }
                            }
                        }
                    }
                }
            }
        }
    }
}

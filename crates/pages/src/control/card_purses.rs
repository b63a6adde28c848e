//! Card purses as the operator sees them: what they add up to, how many there are, and one by its number.

use maud::{Markup, html};
use money::{Amount, Delta};

use super::{back_to_control, table, table_of_rows};
use crate::card_purse::{PurseState, state_badge};
use crate::figures;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};

/// What card purses add up to in one currency.
#[derive(Clone, Copy, Debug)]
pub struct CardSum {
    /// On the accounts of purses, in the ledger.
    pub purses: Amount,
    /// On the accounts of loads that have no end yet, in the ledger.
    pub loads: Amount,
    /// What cards spent beyond their balances, in the ledger.
    pub excess: Amount,
    /// What the ledger holds for cards: purses and loads less the excess.
    pub float: Delta,
    /// The shadow balances of all cards less their excess, as the issuer's host knows them.
    pub shadows: Delta,
    /// Of debits that were uploaded without a proof: still in the shadow balances.
    pub held: Amount,
    /// Of loads and unloads of which only the card knows whether it did them.
    pub in_doubt: Amount,
    /// What the ledger has less what the host knows: nothing, or somebody must be woken.
    pub difference: Delta,
}

/// Everything about all card purses.
#[derive(Clone, Debug, Default)]
pub struct CardPurses {
    /// The equation per currency, the main one first.
    pub sums: Vec<CardSum>,
    /// How many there are in each state.
    pub counts: Vec<(PurseState, u64)>,
    /// The number as typed into the search.
    pub number: String,
    /// What is wrong: field `number`.
    pub problems: Vec<Problem>,
}

/// `GET /operator/card-purses`
#[must_use]
pub fn card_purses(frame: &Frame, view: &CardPurses) -> Markup {
    let head = Head { title: frame.t("card-purses"), place: Place::Control, class: "wide" };
    document(
        frame,
        &head,
        html! {
            (back_to_control(frame))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            section.panel { h2 { (frame.t("card-float")) } (sums(frame, &view.sums)) p.hint { (frame.t("card-float-note")) } }
            div.two-charts {
                section.panel { h2 { (frame.t("card-counts")) } (counts(frame, &view.counts)) }
                section.panel { h2 { (frame.t("card-find")) } (search(frame, view)) }
            }
            (ways(frame))
        },
    )
}

fn sums(frame: &Frame, sums: &[CardSum]) -> Markup {
    let columns = [
        (frame.t("currency"), false),
        (frame.t("card-purse-accounts"), true),
        (frame.t("card-loads"), true),
        (frame.t("card-excess-short"), true),
        (frame.t("card-in-ledger"), true),
        (frame.t("card-shadow"), true),
        (frame.t("card-held"), true),
        (frame.t("card-doubt"), true),
        (frame.t("difference"), true),
    ];
    let row = |sum: &CardSum| {
        let zero = sum.difference.minor() == 0;
        vec![
            html! { (sum.purses.currency().code()) },
            figures::amount(frame, sum.purses),
            figures::amount(frame, sum.loads),
            figures::amount(frame, sum.excess),
            html! { (plain(sum.float)) },
            html! { (plain(sum.shadows)) },
            figures::amount(frame, sum.held),
            figures::amount(frame, sum.in_doubt),
            html! { span.is-zero[zero].is-off[!zero] {
                (icon(if zero { Icon::Check } else { Icon::Alert })) (figures::signed_text(sum.difference))
            } },
        ]
    };
    table_of_rows(frame.t("card-float"), &columns, sums.iter().map(row).collect())
}

/// The sign stands only where it is less than nothing.
fn plain(delta: Delta) -> String {
    if delta.minor() < 0 { figures::signed_text(delta) } else { figures::text(delta.magnitude()) }
}

fn counts(frame: &Frame, counts: &[(PurseState, u64)]) -> Markup {
    let columns = [(frame.t("state"), false), (frame.t("card-count"), true)];
    let row = |(state, count): &(PurseState, u64)| {
        vec![state_badge(frame, *state), html! { (figures::count(*count)) }]
    };
    table(frame.t("card-counts"), &columns, counts.iter().map(row).collect())
}

fn search(frame: &Frame, view: &CardPurses) -> Markup {
    html! {
        form.form method="get" action="/operator/card-purses" {
            (field(frame, &view.problems, &Field {
                name: "number",
                label: frame.t("card-purse-number"),
                hint: Some(frame.t("card-purse-number-hint")),
                value: &view.number,
                input: Input::Text,
                prefix: None,
                optional: false,
            }))
            (form::submit(frame.t("card-find-submit")))
        }
    }
}

/// The ways to everything else about card purses.
fn ways(frame: &Frame) -> Markup {
    html! {
        ul.entries.panel {
            @for (href, shape, label, note) in entries(frame) {
                li {
                    a.entry href=(href) {
                        span.entry-icon { (icon(shape)) }
                        span { strong { (label) } span.muted { (note) } }
                    }
                }
            }
        }
    }
}

/// The pages about card purses besides the first: address, icon, name, what for.
pub(super) fn entries(frame: &Frame) -> [(&'static str, Icon, &'static str, &'static str); 4] {
    [
        ("/operator/card-batches", Icon::Print, frame.t("card-batches"), frame.t("card-batches-note")),
        ("/operator/terminals", Icon::Till, frame.t("terminals"), frame.t("terminals-note")),
        ("/operator/card-lists", Icon::List, frame.t("card-lists"), frame.t("card-lists-note")),
        (
            "/operator/card-exceptions",
            Icon::Alert,
            frame.t("card-exceptions"),
            frame.t("card-exceptions-note"),
        ),
    ]
}

//! The shop's office: settlement day by day, staff and their roles, the poster with the shop's code.

use ledger::Timestamp;
use maud::{Markup, html};
use money::{Amount, Delta};
use wallet::ids::PrincipalId;

use crate::assets;
use crate::components::qr::qr;
use crate::components::{back, empty};
use crate::figures;
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field, select};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// The sums of one day.
#[derive(Clone, Debug)]
pub struct SettlementDay {
    /// The day, as `2026-11-22`.
    pub day: String,
    /// How many sales.
    pub sales: u64,
    /// What they sum to, with what came out of escrow.
    pub gross: Amount,
    /// What was given back.
    pub refunds: Amount,
    /// What the operator keeps.
    pub fees: Amount,
    /// What is left.
    pub net: Delta,
}

/// `GET /merchant/settlement`
#[must_use]
pub fn settlement(frame: &Frame, shop: &str, days: &[SettlementDay]) -> Markup {
    let names = ["settlement-sales", "settlement-gross", "settlement-refunds", "settlement-fees"]
        .map(|key| frame.t(key));
    let head = Head { title: frame.t("settlement"), place: Place::Sales, class: "wide" };
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            (back("/merchant", shop))
            div.title-row {
                h1 { (head.title) }
                a.button href="/merchant/settlement.csv" { (icon(Icon::Download)) "CSV" }
            }
            p.muted { (frame.t("settlement-lead")) }
            section.panel aria-label=(head.title) {
                @if days.is_empty() { (empty(frame.t("settlement-empty"), None)) }
                @else {
                    div.table-scroll tabindex="0" role="region" aria-label=(head.title) {
                        table.table.settlement {
                            thead { tr {
                                th scope="col" { (frame.t("settlement-day")) }
                                @for name in names { th.num scope="col" { (name) } }
                                th.num scope="col" { (frame.t("settlement-net")) }
                            } }
                            tbody { @for day in days { tr {
                                th scope="row" { (day.day) }
                                @for (name, figure) in names.iter().zip(settled(frame, day)) {
                                    td.num data-label=(name) { span { (figure) } }
                                }
                                td.num { strong { (figures::signed_text(day.net)) } }
                            } } }
                        }
                    }
                }
            }
        },
    )
}

/// What stands between a day and its net sum.
fn settled(frame: &Frame, day: &SettlementDay) -> [Markup; 4] {
    [
        html! { (figures::count(day.sales)) },
        figures::amount(frame, day.gross),
        figures::amount(frame, day.refunds),
        figures::amount(frame, day.fees),
    ]
}

/// What a member of staff may do, with the word of the form.
pub const STAFF_ROLES: [(&str, &str); 3] =
    [("cashier", "staff-cashier"), ("manager", "staff-manager"), ("owner", "staff-owner")];

/// One member of staff.
#[derive(Clone, Debug)]
pub struct StaffRow {
    /// Who.
    pub id: PrincipalId,
    /// Their name.
    pub name: String,
    /// The name they log in with.
    pub login: String,
    /// The word of their role.
    pub role: &'static str,
    /// Whether they have a PIN for the quick switch.
    pub has_pin: bool,
    /// Whether it is the reader.
    pub is_self: bool,
    /// Since when.
    pub since: Timestamp,
}

/// The staff.
#[derive(Clone, Debug, Default)]
pub struct StaffPage {
    /// Everybody.
    pub rows: Vec<StaffRow>,
    /// Whether the reader may hire and change roles.
    pub can_change: bool,
    /// The name as typed.
    pub name: String,
    /// The login as typed.
    pub login: String,
    /// What is wrong: fields `login`, `display_name`, `password`, `pin`.
    pub problems: Vec<Problem>,
}

/// `GET /merchant/staff`
#[must_use]
pub fn staff(frame: &Frame, view: &StaffPage) -> Markup {
    let head = Head { title: frame.t("staff"), place: Place::Sales, class: "medium" };
    let roles: Vec<Choice<'_>> = STAFF_ROLES
        .iter()
        .map(|(code, key)| Choice { value: (*code).to_owned(), label: frame.t(key).into() })
        .collect();
    let line = |name, label, value: &str, input, hint| {
        field(
            frame,
            &view.problems,
            &Field { name, label, hint, value, input, prefix: None, optional: false },
        )
    };
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            (back("/merchant", frame.t("nav-sales")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            section.panel aria-label=(head.title) {
                table.table.table-cards {
                    thead { tr {
                        th scope="col" { (frame.t("staff-name")) }
                        th scope="col" { (frame.t("staff-role")) }
                        th scope="col" { (frame.t("staff-since")) }
                        th scope="col" { span.visually-hidden { (frame.t("actions")) } }
                    } }
                    tbody { @for row in &view.rows { (staff_row(frame, view, row, &roles)) } }
                }
            }
            section.panel aria-labelledby="pin-title" {
                h2 id="pin-title" { (frame.t("staff-pin")) }
                p.muted { (frame.t("staff-pin-lead")) }
                (form::form(frame, "/merchant/staff/pin", None, html! {
                    (line("pin", frame.t("till-pin"), "", Input::Pin, None))
                    button.button { (frame.t("save")) }
                }))
            }
            @if view.can_change {
                section.panel aria-labelledby="hire" {
                    h2 id="hire" { (frame.t("staff-hire")) }
                    (form::form(frame, "/merchant/staff", None, html! {
                        (line("display_name", frame.t("staff-name"), &view.name, Input::Name, None))
                        (line("login", frame.t("staff-login"), &view.login, Input::Login, None))
                        (line("password", frame.t("staff-password"), "", Input::NewPassword, None))
                        (select(frame, &[], ("role", frame.t("staff-role")), "cashier", &roles))
                        (form::submit(frame.t("staff-hire-now")))
                    }))
                }
            }
        },
    )
}

fn staff_row(frame: &Frame, view: &StaffPage, row: &StaffRow, roles: &[Choice<'_>]) -> Markup {
    let key = STAFF_ROLES.iter().find(|(code, _)| *code == row.role).map_or("staff-owner", |(_, key)| key);
    html! {
        tr {
            td { strong { (row.name) } span.cell-note { (row.login) @if row.has_pin { " · PIN ✓" } } }
            td { (frame.t(key)) }
            td { (when::short(frame, row.since)) }
            td.cell-action {
                @if view.can_change && !row.is_self {
                    form.row-actions method="post" action={ "/merchant/staff/" (row.id) "/role" } {
                        (form::hidden(frame))
                        select name="role" aria-label={ (frame.t("staff-role")) ": " (row.name) } {
                            @for role in roles { option value=(role.value) selected[role.value == row.role] { (role.label) } }
                        }
                        button.button.button-small { (frame.t("save")) }
                    }
                }
            }
        }
    }
}

/// `GET /merchant/poster`: the shop's code, to print and put on the wall. `code` is the text of the code.
#[must_use]
pub fn poster(frame: &Frame, names: (&str, &str), code: &str) -> Markup {
    let (name_zh, name_en) = names;
    let head = Head { title: frame.t("poster"), place: Place::Sales, class: "narrow" };
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            div.no-print { (back("/merchant", frame.t("nav-sales"))) }
            h1.visually-hidden { (head.title) }
            section.panel.poster {
                p.poster-name lang="zh-CN" { (name_zh) }
                p lang="en" { (name_en) }
                (qr(code, frame.t("poster-alt")))
                p { strong { (frame.t("poster-scan")) } }
            }
            p.muted.no-print { (frame.t("poster-print")) }
        },
    )
}

//! The code that a holder shows, and what a merchant does with it.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;
use wallet::ids::OperationId;

use crate::assets;
use crate::components::{back, empty, key_values, qr};
use crate::figures;
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::scan::camera;
use crate::shell::{Head, Place, document};
use crate::when;

/// The code, or what stands in its way.
#[derive(Clone, Debug)]
pub struct PayCode {
    /// Its twenty digits.
    pub digits: String,
    /// The most that it is worth.
    pub most: Amount,
    /// From when on it counts no longer.
    pub expires_at: Timestamp,
    /// The limits to choose from, in whole units, the chosen one first.
    pub limits: Vec<u64>,
    /// The currencies of the holder's wallets.
    pub currencies: Vec<&'static str>,
    /// Whether the page still renews itself.
    pub renews: bool,
    /// A payment made with a code a moment ago.
    pub paid: Option<OperationId>,
    /// What became of a charge, said once.
    pub problems: Vec<Problem>,
}

/// A charge that the holder confirms or rejects.
#[derive(Clone, Debug)]
pub struct PayCodeCharge {
    /// The payment to be.
    pub id: OperationId,
    /// The merchant's name.
    pub shop: String,
    /// How much.
    pub amount: Amount,
    /// What for.
    pub memo: String,
    /// From when on it can no longer be confirmed.
    pub expires_at: Timestamp,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

fn head(frame: &Frame) -> Head<'static> {
    Head { title: frame.t("pay-code-title"), place: Place::Pay, class: "narrow" }
}

/// The digits in groups of four, as people read them aloud.
fn grouped(digits: &str) -> String {
    let characters: Vec<char> = digits.chars().collect();
    characters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// `GET /pay-code`
#[must_use]
pub fn pay_code(frame: &Frame, view: &PayCode) -> Markup {
    let head = head(frame);
    document(
        frame,
        &head,
        html! {
            link rel="stylesheet" href=(assets::VAULT_STYLE.path);
            script type="module" src=(assets::PAY_CODE_SCRIPT.path) {}
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            @if let Some(paid) = view.paid {
                p.verified role="status" {
                    (icon(Icon::Check)) (frame.t("pay-code-paid")) " "
                    a href={ "/transactions/" (paid) } { (frame.t("pay-code-receipt")) }
                }
            }
            section.panel.pay-code data-pay-code=[view.renews.then_some("/pay-code/state.json")]
                data-since=(frame.now.0 / 1_000_000) {
                (qr(&view.digits, frame.t("pay-code-title")))
                p.pay-code-digits { (grouped(&view.digits)) }
                p.muted { (frame.fill("pay-code-limit", &[("most", &figures::text(view.most))])) }
                p.muted { (frame.t("pay-code-until")) " " (when::clock(frame, view.expires_at)) }
                a.button href={ "/pay-code?" (query(view)) } { (icon(Icon::Undo)) (frame.t("pay-code-new")) }
            }
            details.panel {
                summary { (frame.t("pay-code-change")) }
                (choices(frame, view))
            }
            p.muted { (frame.t("pay-code-safe")) }
            p { a href="/scan" { (frame.t("pay-code-to-scan")) } }
        },
    )
}

fn query(view: &PayCode) -> String {
    let units = view.limits.first().copied().unwrap_or_default();
    format!("currency={}&limit={units}", view.most.currency().code())
}

fn choices(frame: &Frame, view: &PayCode) -> Markup {
    let choice = |value: String| Choice { label: value.clone().into(), value };
    let limits: Vec<Choice<'_>> = view.limits.iter().map(|units| choice(units.to_string())).collect();
    let currencies: Vec<Choice<'_>> = view.currencies.iter().map(|code| choice((*code).to_owned())).collect();
    let chosen = view.limits.first().map(u64::to_string).unwrap_or_default();
    html! {
        form.form method="get" action="/pay-code" {
            (form::select(frame, &[], ("limit", frame.t("pay-code-most")), &chosen, &limits))
            (form::select(frame, &[], ("currency", frame.t("currency")), view.most.currency().code(), &currencies))
            button.button { (frame.t("pay-code-new")) }
        }
    }
}

/// `GET /pay-code`, while a charge waits.
#[must_use]
pub fn confirm(frame: &Frame, view: &PayCodeCharge) -> Markup {
    let head = head(frame);
    let mut rows = vec![
        (frame.t("pay-to"), html! { (view.shop) }),
        (frame.t("pay-code-confirm-until"), when::clock(frame, view.expires_at)),
    ];
    if !view.memo.is_empty() {
        rows.push((frame.t("memo"), html! { (view.memo) }));
    }
    document(
        frame,
        &head,
        html! {
            link rel="stylesheet" href=(assets::VAULT_STYLE.path);
            h1 { (frame.t("pay-code-confirm")) }
            (error_summary(frame, &view.problems))
            div.panel {
                p.code-figure { (figures::amount(frame, view.amount)) }
                (key_values(&rows))
            }
            (form::form(frame, "/pay-code/confirm", Some(&view.id.to_string()), html! {
                (form::submit(&frame.fill("pay-now", &[("amount", &figures::text(view.amount))])))
            }))
            (form::form(frame, "/pay-code/reject", None, html! {
                input type="hidden" name="id" value=(view.id);
                button.button { (icon(Icon::Cross)) (frame.t("pay-code-reject")) }
            }))
        },
    )
}

/// `GET /pay-code` where the holder has no wallet to pay from.
#[must_use]
pub fn no_wallet(frame: &Frame) -> Markup {
    let head = head(frame);
    document(
        frame,
        &head,
        html! {
            h1 { (head.title) }
            (empty(frame.t("pay-code-no-wallet"), Some(("/settings", frame.t("nav-me")))))
        },
    )
}

/// The form in which a merchant charges a customer's code.
#[derive(Clone, Debug)]
pub struct Charge {
    /// The code as typed or scanned.
    pub code: String,
    /// The amount as typed.
    pub amount: String,
    /// The currency's code.
    pub currency: String,
    /// The currencies that the merchant takes.
    pub currencies: Vec<&'static str>,
    /// What for, as typed.
    pub memo: String,
    /// What is wrong: fields `code`, `amount`, `currency`, `memo`.
    pub problems: Vec<Problem>,
}

/// `GET /merchant/charge`
#[must_use]
pub fn charge(frame: &Frame, view: &Charge) -> Markup {
    let head = Head { title: frame.t("charge-title"), place: Place::Sales, class: "narrow" };
    let line = |name, label, hint, value, input, optional| {
        field(frame, &view.problems, &Field { name, label, hint, value, input, prefix: None, optional })
    };
    let currencies: Vec<Choice<'_>> = view
        .currencies
        .iter()
        .map(|code| Choice { value: (*code).to_owned(), label: (*code).into() })
        .collect();
    document(
        frame,
        &head,
        html! {
            link rel="stylesheet" href=(assets::VAULT_STYLE.path);
            script type="module" src=(assets::SCAN_SCRIPT.path) {}
            (back("/merchant", frame.t("nav-sales")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            (camera(frame, "#code"))
            (form::form(frame, "/merchant/charge", None, html! {
                div.amount-row {
                    (line("amount", frame.t("amount"), None, &view.amount, Input::Money, false))
                    (form::select(frame, &view.problems, ("currency", frame.t("currency")), &view.currency, &currencies))
                }
                (line("code", frame.t("charge-code"), Some(frame.t("charge-code-hint")), &view.code, Input::OneTimeCode, false))
                (line("memo", frame.t("memo"), None, &view.memo, Input::Text, true))
                (form::submit(frame.t("charge-now")))
            }))
        },
    )
}

/// A charge that waits for the customer.
#[derive(Clone, Debug)]
pub struct ChargeWaits {
    /// How much.
    pub amount: Amount,
    /// From when on the customer can no longer confirm.
    pub expires_at: Timestamp,
    /// Why it ended without a payment, where it did.
    pub problems: Vec<Problem>,
}

/// `GET /merchant/charge/{id}`
#[must_use]
pub fn charge_waits(frame: &Frame, view: &ChargeWaits) -> Markup {
    let head = Head { title: frame.t("charge-title"), place: Place::Sales, class: "narrow" };
    document(
        frame,
        &head,
        html! {
            link rel="stylesheet" href=(assets::VAULT_STYLE.path);
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            div.panel {
                p.code-figure { (figures::amount(frame, view.amount)) }
                @if view.problems.is_empty() {
                    p.verified role="status" { (icon(Icon::Clock)) (frame.t("charge-waits")) }
                    p.muted { (frame.t("charge-until")) " " (when::clock(frame, view.expires_at)) }
                }
            }
            a.button href="/merchant/charge" { (frame.t("charge-another")) }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_in_groups_of_four() {
        assert_eq!(grouped("62123456789012345678"), "6212 3456 7890 1234 5678");
    }
}

//! Risk: the queue of held payments, rules with their tests, the black list.

use ::risk::{Condition, Kind, Outcome};
use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;
use wallet::ids::OperationId;

use super::{back_to_control, one_button, table, table_of_rows, tick_boxes};
use crate::components::{back, empty, key_values};
use crate::figures;
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field, select};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// Why something was held or declined: a rule's name and its conditions.
#[derive(Clone, Debug)]
pub struct Cause {
    /// The name of the rule; `black list` for the list.
    pub rule: String,
    /// What of it applied.
    pub conditions: Vec<Condition>,
}

/// A payment that waits for a person, or did.
#[derive(Clone, Debug)]
pub struct Held {
    /// The operation.
    pub id: OperationId,
    /// Who pays.
    pub payer: String,
    /// Who would be paid.
    pub payee: String,
    /// How much.
    pub amount: Amount,
    /// Since when it waits.
    pub at: Timestamp,
    /// Until when somebody must decide.
    pub deadline: Timestamp,
    /// Why.
    pub causes: Vec<Cause>,
    /// How it ended. Nothing while it waits.
    pub ending: Option<Ending>,
}

/// How a review ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// How.
    pub how: ReviewEnd,
    /// By whom.
    pub by: String,
    /// In their words.
    pub reason: String,
}

/// The ways in which a review ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewEnd {
    /// It went through.
    Released,
    /// It did not.
    Declined,
    /// Nobody decided in time.
    Expired,
}

/// The queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// What waits, oldest first.
    pub waiting: Vec<Held>,
    /// What was decided, newest first.
    pub decided: Vec<Held>,
    /// The operation whose form was sent back, and the reason typed there.
    pub typed: Option<(OperationId, String)>,
    /// What is wrong with it: field `reason`.
    pub problems: Vec<Problem>,
}

/// `GET /operator/risk`
#[must_use]
pub fn queue(frame: &Frame, view: &Queue) -> Markup {
    let head = Head { title: frame.t("risk-queue"), place: Place::Risk, class: "wide" };
    document(
        frame,
        &head,
        html! {
            div.title-row {
                h1 { (head.title) }
                span {
                    a.button href="/operator/rules" { (icon(Icon::Scale)) (frame.t("rules")) } " "
                    a.button href="/operator/black-list" { (icon(Icon::Stop)) (frame.t("black-list")) }
                }
            }
            (error_summary(frame, &view.problems))
            @if view.waiting.is_empty() {
                section.panel { (empty(frame.t("risk-empty"), Some(("/operator/rules", frame.t("rules"))))) }
            }
            @for held in &view.waiting { (held_card(frame, view, held)) }
            section.panel {
                h2 { (frame.t("risk-decided")) }
                @if view.decided.is_empty() { p.muted { (frame.t("risk-none-decided")) } }
                @else { (decided(frame, &view.decided)) }
            }
        },
    )
}

fn held_card(frame: &Frame, view: &Queue, held: &Held) -> Markup {
    let typed = view.typed.as_ref().filter(|(id, _)| *id == held.id).map_or("", |(_, reason)| reason);
    let action = format!("/operator/risk/{}", held.id);
    html! {
        section.panel.held {
            div.held-head {
                p.held-figure { (figures::amount(frame, held.amount)) }
                p { strong { (held.payer) } " → " strong { (held.payee) } }
                p.muted {
                    (when::short(frame, held.at)) " · " (frame.t("risk-deadline")) " " (when::short(frame, held.deadline))
                    " · " a href={ "/operator/explain/" (held.id) } { (frame.t("explain")) }
                }
            }
            div { h3 { (frame.t("risk-why")) } (causes(frame, &held.causes)) }
            form.decide-form method="post" action=(action) {
                (form::hidden(frame))
                label {
                    (frame.t("risk-reason"))
                    input name="reason" type="text" maxlength="140" required value=(typed) autocomplete="off";
                }
                div.buttons {
                    button.button.button-primary name="choice" value="release" { (frame.t("risk-release")) }
                    button.button.button-danger name="choice" value="decline" { (frame.t("risk-decline")) }
                }
            }
        }
    }
}

/// Why a decision was made, in words.
pub(crate) fn causes(frame: &Frame, causes: &[Cause]) -> Markup {
    html! {
        @if causes.is_empty() { p.muted { (frame.t("risk-no-cause")) } }
        @else {
            ul.causes {
                @for cause in causes {
                    li {
                        strong { (cause.rule) }
                        @if !cause.conditions.is_empty() { ": " (conditions(frame, &cause.conditions)) }
                    }
                }
            }
        }
    }
}

fn conditions(frame: &Frame, conditions: &[Condition]) -> String {
    conditions.iter().map(|one| condition(frame, *one)).collect::<Vec<_>>().join(" · ")
}

fn condition(frame: &Frame, condition: Condition) -> String {
    match condition {
        Condition::Kind(Kind::Payment) => frame.t("cond-payments").to_owned(),
        Condition::Kind(Kind::Transfer) => frame.t("cond-transfers").to_owned(),
        Condition::AmountFrom(amount) => frame.fill("cond-amount", &[("amount", &figures::text(amount))]),
        Condition::CountFrom { count, seconds } => {
            frame.fill("cond-count", &[("count", &count.to_string()), ("span", &span(frame, seconds))])
        }
        Condition::SumFrom { amount, seconds } => {
            frame.fill("cond-sum", &[("amount", &figures::text(amount)), ("span", &span(frame, seconds))])
        }
        Condition::NewPayee => frame.t("cond-new-payee").to_owned(),
        Condition::NewDevice => frame.t("cond-new-device").to_owned(),
        Condition::NewPlace => frame.t("cond-new-place").to_owned(),
        Condition::TimeBetween { from, until } => {
            frame.fill("cond-time", &[("from", &clock(from)), ("until", &clock(until))])
        }
    }
}

fn span(frame: &Frame, seconds: u32) -> String {
    let (key, number): (&'static str, u32) = match seconds {
        s if s % 3_600 == 0 => ("span-hours", s / 3_600),
        s if s % 60 == 0 => ("span-minutes", s / 60),
        s => ("span-seconds", s),
    };
    frame.fill(key, &[("number", &number.to_string())])
}

/// Minutes since midnight as people write them.
#[must_use]
pub fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

fn decided(frame: &Frame, decided: &[Held]) -> Markup {
    let columns = [
        (frame.t("time"), false),
        (frame.t("payer"), false),
        (frame.t("payee-name"), false),
        (frame.t("amount"), true),
        (frame.t("state"), false),
        (frame.t("risk-by"), false),
        (frame.t("risk-reason"), false),
    ];
    let row = |held: &Held| {
        let (how, by, reason) = held.ending.as_ref().map_or((ReviewEnd::Expired, "", ""), |ending| {
            (ending.how, ending.by.as_str(), ending.reason.as_str())
        });
        let (class, key) = match how {
            ReviewEnd::Released => ("badge badge-ok", "review-released"),
            ReviewEnd::Declined => ("badge badge-danger", "review-declined"),
            ReviewEnd::Expired => ("badge badge-muted", "review-expired"),
        };
        vec![
            html! { a href={ "/operator/explain/" (held.id) } { (when::short(frame, held.at)) } },
            html! { (held.payer) },
            html! { (held.payee) },
            figures::amount(frame, held.amount),
            html! { span class=(class) { (frame.t(key)) } },
            html! { (by) },
            html! { (reason) },
        ]
    };
    table_of_rows(frame.t("risk-decided"), &columns, decided.iter().map(row).collect())
}

/// A rule in the list.
#[derive(Clone, Debug)]
pub struct RuleLine {
    /// The id, in hexadecimal.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What happens.
    pub outcome: Outcome,
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// Whether it is asked, being written, or no longer asked.
    pub state: RuleMode,
    /// Which version.
    pub version: u32,
}

/// Whether a rule is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleMode {
    /// Being written.
    Draft,
    /// Asked.
    On,
    /// No longer asked.
    Off,
}

impl RuleMode {
    const fn badge(self) -> (&'static str, &'static str) {
        match self {
            Self::Draft => ("badge badge-info", "rule-draft"),
            Self::On => ("badge badge-ok", "rule-on"),
            Self::Off => ("badge badge-muted", "rule-off"),
        }
    }
}

const fn outcome_key(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allow => "outcome-allow",
        Outcome::StepUp => "outcome-step-up",
        Outcome::Hold => "outcome-hold",
        Outcome::Decline => "outcome-decline",
    }
}

/// The word of an outcome.
pub(crate) fn outcome_word(frame: &Frame, outcome: Outcome) -> &'static str {
    frame.t(outcome_key(outcome))
}

/// The list of rules, and the form of a new one.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Oldest first.
    pub rules: Vec<RuleLine>,
    /// The form of a new rule.
    pub form: RuleForm,
}

/// The fields of a rule as typed.
#[derive(Clone, Debug, Default)]
pub struct RuleForm {
    /// What people call it.
    pub name: String,
    /// The code of the outcome.
    pub outcome: String,
    /// The code of the kind; empty for both.
    pub kind: String,
    /// The least amount.
    pub amount: String,
    /// The currency of amount and sum.
    pub currency: String,
    /// The least number of attempts.
    pub count: String,
    /// The least sum of attempts.
    pub sum: String,
    /// Within how many minutes.
    pub minutes: String,
    /// The first hour of day, `HH:MM`.
    pub from: String,
    /// The hour after the last, `HH:MM`.
    pub until: String,
    /// Whether the payee must be new.
    pub new_payee: bool,
    /// Whether the device must be new.
    pub new_device: bool,
    /// Whether the network must be new.
    pub new_place: bool,
    /// The currencies to choose from.
    pub currencies: Vec<String>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// `GET /operator/rules`
#[must_use]
pub fn rules(frame: &Frame, view: &Rules) -> Markup {
    let head = Head { title: frame.t("rules"), place: Place::Control, class: "wide" };
    document(
        frame,
        &head,
        html! {
            (back_to_control(frame))
            h1 { (head.title) }
            p.hint { (frame.t("rules-how")) }
            (error_summary(frame, &view.form.problems))
            section.panel {
                @if view.rules.is_empty() { (empty(frame.t("rules-empty"), None)) }
                @else { (rule_table(frame, &view.rules)) }
            }
            section.panel {
                h2 { (frame.t("rule-new")) }
                (rule_form(frame, "/operator/rules", &view.form))
            }
        },
    )
}

fn rule_table(frame: &Frame, rules: &[RuleLine]) -> Markup {
    let columns = [
        (frame.t("rule-name"), false),
        (frame.t("rule-conditions"), false),
        (frame.t("rule-outcome"), false),
        (frame.t("state"), false),
        (frame.t("rule-version"), true),
    ];
    let row = |rule: &RuleLine| {
        let (class, key) = rule.state.badge();
        vec![
            html! { a href={ "/operator/rules/" (rule.id) } { (rule.name) } },
            html! { (conditions(frame, &rule.conditions)) },
            html! { (outcome_word(frame, rule.outcome)) },
            html! { span class=(class) { (frame.t(key)) } },
            html! { (frame.fill("list-version", &[("version", &rule.version.to_string())])) },
        ]
    };
    table_of_rows(frame.t("rules"), &columns, rules.iter().map(row).collect())
}

fn rule_form(frame: &Frame, action: &str, view: &RuleForm) -> Markup {
    let line = |name, label, value, input, optional| {
        field(frame, &view.problems, &Field { name, label, hint: None, value, input, prefix: None, optional })
    };
    let outcomes = Outcome::ALL.map(|outcome| Choice {
        value: outcome.code().to_owned(),
        label: outcome_word(frame, outcome).into(),
    });
    let choice = |value: &str, label: &'static str| Choice { value: value.to_owned(), label: label.into() };
    let kinds = [
        choice("", frame.t("filter-all")),
        choice("payment", frame.t("cond-payments")),
        choice("transfer", frame.t("cond-transfers")),
    ];
    let currencies: Vec<Choice<'_>> = view
        .currencies
        .iter()
        .map(|code| Choice { value: code.clone(), label: code.as_str().into() })
        .collect();
    let boxes = [
        ("new_payee", frame.t("cond-new-payee"), view.new_payee),
        ("new_device", frame.t("cond-new-device"), view.new_device),
        ("new_place", frame.t("cond-new-place"), view.new_place),
    ];
    form::form(
        frame,
        action,
        None,
        html! {
            (line("name", frame.t("rule-name"), &view.name, Input::Text, false))
            div.form-columns {
                (select(frame, &view.problems, ("outcome", frame.t("rule-outcome")), &view.outcome, &outcomes))
                (select(frame, &view.problems, ("kind", frame.t("kind")), &view.kind, &kinds))
                (line("amount", frame.t("rule-amount"), &view.amount, Input::Money, true))
                (select(frame, &view.problems, ("currency", frame.t("currency")), &view.currency, &currencies))
                (line("count", frame.t("rule-count"), &view.count, Input::Count, true))
                (line("sum", frame.t("rule-sum"), &view.sum, Input::Money, true))
                (line("minutes", frame.t("rule-minutes"), &view.minutes, Input::Count, true))
                (line("from", frame.t("rule-from"), &view.from, Input::Text, true))
                (line("until", frame.t("rule-until"), &view.until, Input::Text, true))
            }
            (tick_boxes(frame.t("rule-only-new"), &boxes))
            (form::submit(frame.t("rule-save")))
        },
    )
}

/// What a rule would have done.
#[derive(Clone, Debug)]
pub struct RuleTrial {
    /// How many days it looked back.
    pub days: u32,
    /// How many payments and transfers it was asked about.
    pub attempts: u64,
    /// To how many it would have applied.
    pub hits: u64,
    /// How many of those had gone through.
    pub hits_completed: u64,
    /// How many people that concerns.
    pub payers: u64,
    /// Examples, newest first: operation, payer, payee, amount, time.
    pub examples: Vec<(OperationId, String, String, Amount, Timestamp)>,
}

/// One rule with its test and its versions.
#[derive(Clone, Debug)]
pub struct RulePage {
    /// The newest version.
    pub rule: RuleLine,
    /// Every version, newest first: the line, who wrote it, when.
    pub versions: Vec<(RuleLine, String, Timestamp)>,
    /// What it would have done.
    pub trial: RuleTrial,
    /// The form of the next version.
    pub form: RuleForm,
}

/// `GET /operator/rules/{id}`
#[must_use]
pub fn rule(frame: &Frame, view: &RulePage) -> Markup {
    let head = Head { title: &view.rule.name, place: Place::Control, class: "wide" };
    let (class, key) = view.rule.state.badge();
    let path = format!("/operator/rules/{}", view.rule.id);
    document(
        frame,
        &head,
        html! {
            (back("/operator/rules", frame.t("rules")))
            div.title-row { h1 { (head.title) } span class=(class) { (frame.t(key)) } }
            (error_summary(frame, &view.form.problems))
            section.panel {
                (key_values(&[
                    (frame.t("rule-conditions"), html! { (conditions(frame, &view.rule.conditions)) }),
                    (frame.t("rule-outcome"), html! { (outcome_word(frame, view.rule.outcome)) }),
                    (frame.t("rule-version"), html! { (view.rule.version) }),
                ]))
                @if view.rule.state == RuleMode::On {
                    (one_button(frame, &format!("{path}/off"), &[], frame.t("rule-switch-off")))
                } @else { (ask_for_it(frame, &path, view)) }
            }
            section.panel { (trial(frame, &view.trial)) }
            section.panel {
                h2 { (frame.t("rule-change")) }
                p.hint { (frame.t("rule-change-note")) }
                (rule_form(frame, &path, &view.form))
            }
            section.panel { h2 { (frame.t("rule-versions")) } (versions(frame, &view.versions)) }
        },
    )
}

fn ask_for_it(frame: &Frame, path: &str, view: &RulePage) -> Markup {
    html! {
        p.hint { (frame.t("rule-two-people")) }
        form.decide-form method="post" action={ (path) "/on" } {
            (form::hidden(frame))
            input type="hidden" name="version" value=(view.rule.version);
            label {
                (frame.t("approval-reason"))
                input name="reason" type="text" maxlength="140" required autocomplete="off";
            }
            div.buttons { button.button.button-primary { (frame.t("rule-ask-on")) } }
        }
    }
}

/// How much history a rule may be tested against, in days.
const TRIAL_DAYS: [u32; 3] = [7, 30, 90];

fn trial(frame: &Frame, trial: &RuleTrial) -> Markup {
    let (days, hits) = (trial.days.to_string(), figures::count(trial.hits));
    let said = frame.fill(
        "rule-test-said",
        &[
            ("days", &days),
            ("attempts", &figures::count(trial.attempts)),
            ("hits", &hits),
            ("completed", &figures::count(trial.hits_completed)),
            ("payers", &figures::count(trial.payers)),
        ],
    );
    let columns = [
        (frame.t("time"), false),
        (frame.t("payer"), false),
        (frame.t("payee-name"), false),
        (frame.t("amount"), true),
    ];
    let row = |(id, payer, payee, amount, at): &(OperationId, String, String, Amount, Timestamp)| {
        vec![
            html! { a href={ "/operator/explain/" (id) } { (when::short(frame, *at)) } },
            html! { (payer) },
            html! { (payee) },
            figures::amount(frame, *amount),
        ]
    };
    html! {
        h2 { (frame.t("rule-test")) }
        p { (said) }
        p.hint { (frame.t("rule-test-note")) }
        ul.chips {
            @for days in TRIAL_DAYS {
                li {
                    a href={ "?days=" (days) } aria-current=[(days == trial.days).then_some("true")] {
                        (frame.fill("rule-test-days", &[("days", &days.to_string())]))
                    }
                }
            }
        }
        @if !trial.examples.is_empty() {
            (table(frame.t("rule-test"), &columns, trial.examples.iter().map(row).collect()))
        }
    }
}

fn versions(frame: &Frame, versions: &[(RuleLine, String, Timestamp)]) -> Markup {
    let columns = [
        (frame.t("rule-version"), true),
        (frame.t("time"), false),
        (frame.t("risk-by"), false),
        (frame.t("state"), false),
        (frame.t("rule-conditions"), false),
        (frame.t("rule-outcome"), false),
    ];
    let row = |(rule, author, at): &(RuleLine, String, Timestamp)| {
        vec![
            html! { (frame.fill("list-version", &[("version", &rule.version.to_string())])) },
            when::short(frame, *at),
            html! { (author) },
            html! { (frame.t(rule.state.badge().1)) },
            html! { (conditions(frame, &rule.conditions)) },
            html! { (outcome_word(frame, rule.outcome)) },
        ]
    };
    table_of_rows(frame.t("rule-versions"), &columns, versions.iter().map(row).collect())
}

/// A line of the black list, or a change of it.
#[derive(Clone, Debug)]
pub struct ListLine {
    /// The version that it made.
    pub version: u32,
    /// The code of what it is about: `holder`, `card`, `merchant`, `device`.
    pub kind: &'static str,
    /// Which one, as the records know it.
    pub subject: String,
    /// Its name, where it has one.
    pub name: String,
    /// Whether it was put on the list, or taken off.
    pub listed: bool,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The black list.
#[derive(Clone, Debug, Default)]
pub struct BlackList {
    /// Its version.
    pub version: u32,
    /// What is on it.
    pub listed: Vec<ListLine>,
    /// Every change, newest first.
    pub changes: Vec<ListLine>,
    /// The kind as chosen.
    pub kind: String,
    /// The subject as typed.
    pub subject: String,
    /// The reason as typed.
    pub reason: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

fn list_kind(frame: &Frame, code: &str) -> &'static str {
    frame.t(match code {
        "holder" => "list-holder",
        "card" => "list-card",
        "merchant" => "list-merchant",
        _ => "list-device",
    })
}

/// `GET /operator/black-list`
#[must_use]
pub fn black_list(frame: &Frame, view: &BlackList) -> Markup {
    let head = Head { title: frame.t("black-list"), place: Place::Control, class: "wide" };
    let version = frame.fill("list-version", &[("version", &view.version.to_string())]);
    document(
        frame,
        &head,
        html! {
            (back_to_control(frame))
            div.title-row { h1 { (head.title) } p.muted { (version) } }
            (error_summary(frame, &view.problems))
            section.panel {
                @if view.listed.is_empty() { (empty(frame.t("list-empty"), None)) }
                @else { (list_table(frame, &view.listed, true)) }
            }
            section.panel { h2 { (frame.t("list-add")) } (list_form(frame, view)) }
            section.panel {
                h2 { (frame.t("list-changes")) }
                @if !view.changes.is_empty() { (list_table(frame, &view.changes, false)) }
            }
        },
    )
}

fn list_form(frame: &Frame, view: &BlackList) -> Markup {
    let kinds = ["holder", "card", "merchant", "device"]
        .map(|code| Choice { value: code.to_owned(), label: list_kind(frame, code).into() });
    let line = |name, label, hint, value| {
        field(
            frame,
            &view.problems,
            &Field { name, label, hint, value, input: Input::Text, prefix: None, optional: false },
        )
    };
    form::form(
        frame,
        "/operator/black-list",
        None,
        html! {
            (select(frame, &view.problems, ("kind", frame.t("kind")), &view.kind, &kinds))
            (line("subject", frame.t("list-subject"), Some(frame.t("list-subject-hint")), &view.subject))
            (line("reason", frame.t("risk-reason"), None, &view.reason))
            (form::submit(frame.t("list-add")))
        },
    )
}

fn list_table(frame: &Frame, lines: &[ListLine], removable: bool) -> Markup {
    let columns = [
        (frame.t("rule-version"), true),
        (frame.t("kind"), false),
        (frame.t("list-subject"), false),
        (frame.t("risk-reason"), false),
        (frame.t("risk-by"), false),
        (frame.t("time"), false),
        (frame.t("state"), false),
    ];
    let row = |line: &ListLine| {
        let fields = [("kind", line.kind), ("subject", line.subject.as_str())];
        vec![
            html! { (frame.fill("list-version", &[("version", &line.version.to_string())])) },
            html! { (list_kind(frame, line.kind)) },
            html! { @if line.name.is_empty() { span.id { (line.subject) } } @else { (line.name) } },
            html! { (line.reason) },
            html! { (line.by) },
            when::short(frame, line.at),
            html! {
                @if removable { (one_button(frame, "/operator/black-list/remove", &fields, frame.t("list-remove"))) }
                @else if line.listed { span.badge.badge-danger { (frame.t("list-listed")) } }
                @else { span.badge.badge-muted { (frame.t("list-removed")) } }
            },
        ]
    };
    table_of_rows(frame.t("black-list"), &columns, lines.iter().map(row).collect())
}

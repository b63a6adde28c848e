//! Rules of risk.

use std::fmt::Write;

use axum::extract::Query;
use axum::response::Response;
use money::{Amount, Currency};
use operations::approvals::{self, Action};
use operations::duties::{self, Permission};
use operations::history;
use operations::risk_rules::{self, RuleText};
use pages::control::risk::{RuleForm, RuleLine, RuleMode, RulePage, RuleTrial, Rules};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use records::operations::get as operation;
use records::risk::{PastAttempt, RuleRow, RuleState};
use risk::Outcome;
use serde::Deserialize;
use wallet::ids::RuleId;

use super::{mendable, name_of, own_id};
use crate::request::PathId;
use crate::web::own_form::OwnForm;
use crate::web::stop::Stop;
use crate::web::visit::{OperatorVisit, Visit, page, page_with_problems, see_other};
use crate::web::{amounts, describe};

/// How many days a rule is tested against, unless one asks for another number, and at most.
const TEST_DAYS: u32 = 7;
const TEST_DAYS_MAX: u32 = 90;

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(super) struct TypedRule {
    name: String,
    outcome: String,
    kind: String,
    amount: String,
    currency: String,
    count: String,
    sum: String,
    minutes: String,
    from: String,
    until: String,
    new_payee: String,
    new_device: String,
    new_place: String,
}

impl TypedRule {
    /// The rule, or what is wrong with the form.
    fn text(&self) -> Result<RuleText, Problem> {
        let wrong = |field| Problem { field, trouble: Trouble::Unreadable };
        let outcome = Outcome::from_code(&self.outcome).ok_or(wrong("outcome"))?;
        let mut conditions = String::new();
        let mut add = |part: String| write!(conditions, "{part}; ").expect("writing to a string succeeds");
        if !self.kind.is_empty() {
            add(format!("kind {}", self.kind));
        }
        if !self.amount.trim().is_empty() {
            let amount = amounts::typed(&self.amount, &self.currency)?;
            add(format!("amount {} {}", amount.minor(), amount.currency().code()));
        }
        let seconds = match self.minutes.trim() {
            "" => None,
            text => Some(text.parse::<u32>().map_err(|_| wrong("minutes"))?.saturating_mul(60)),
        };
        if !self.count.trim().is_empty() {
            let count: u32 = self.count.trim().parse().map_err(|_| wrong("count"))?;
            add(format!("count {count} in {}", seconds.ok_or(wrong("minutes"))?));
        }
        if !self.sum.trim().is_empty() {
            let sum = amounts::typed(&self.sum, &self.currency)
                .map_err(|problem| Problem { field: "sum", ..problem })?;
            let (minor, code) = (sum.minor(), sum.currency().code());
            add(format!("sum {minor} {code} in {}", seconds.ok_or(wrong("minutes"))?));
        }
        if !self.from.trim().is_empty() || !self.until.trim().is_empty() {
            let from = minutes(&self.from).ok_or(wrong("from"))?;
            add(format!("time {from} to {}", minutes(&self.until).ok_or(wrong("until"))?));
        }
        for (ticked, word) in
            [(&self.new_payee, "new-payee"), (&self.new_device, "new-device"), (&self.new_place, "new-place")]
        {
            if !ticked.is_empty() {
                add(word.to_owned());
            }
        }
        if conditions.is_empty() {
            return Err(Problem { field: "amount", trouble: Trouble::Missing });
        }
        Ok(RuleText { name: self.name.trim().to_owned(), outcome, conditions })
    }

    fn form(self, visit: &Visit, problems: Vec<Problem>) -> RuleForm {
        RuleForm {
            name: self.name,
            outcome: self.outcome,
            kind: self.kind,
            amount: self.amount,
            currency: self.currency,
            count: self.count,
            sum: self.sum,
            minutes: self.minutes,
            from: self.from,
            until: self.until,
            new_payee: !self.new_payee.is_empty(),
            new_device: !self.new_device.is_empty(),
            new_place: !self.new_place.is_empty(),
            currencies: super::approvals::currencies(visit),
            problems,
        }
    }

    /// The form that would write this rule.
    fn of(row: &RuleRow) -> Self {
        let mut typed = Self { name: row.name.clone(), outcome: row.outcome.clone(), ..Self::default() };
        let yes = || "yes".to_owned();
        for condition in risk::conditions_from_text(&row.conditions).unwrap_or_default() {
            match condition {
                risk::Condition::Kind(kind) => typed.kind = kind.code().to_owned(),
                risk::Condition::AmountFrom(amount) => typed.put_amount(amount),
                risk::Condition::CountFrom { count, seconds } => {
                    (typed.count, typed.minutes) = (count.to_string(), (seconds / 60).to_string());
                }
                risk::Condition::SumFrom { amount, seconds } => {
                    typed.currency = amount.currency().code().to_owned();
                    (typed.sum, typed.minutes) = (amount.decimal().to_string(), (seconds / 60).to_string());
                }
                risk::Condition::NewPayee => typed.new_payee = yes(),
                risk::Condition::NewDevice => typed.new_device = yes(),
                risk::Condition::NewPlace => typed.new_place = yes(),
                risk::Condition::TimeBetween { from, until } => {
                    typed.from = pages::control::risk::clock(from);
                    typed.until = pages::control::risk::clock(until);
                }
            }
        }
        typed
    }

    fn put_amount(&mut self, amount: Amount) {
        self.currency = amount.currency().code().to_owned();
        self.amount = amount.decimal().to_string();
    }
}

/// Minutes since midnight of a time of day, `HH:MM`.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then(|| hours * 60 + minutes)
}

fn line(row: &RuleRow) -> RuleLine {
    RuleLine {
        id: format!("{:032x}", row.id),
        name: row.name.clone(),
        outcome: Outcome::from_code(&row.outcome).unwrap_or(Outcome::Decline),
        conditions: risk::conditions_from_text(&row.conditions).unwrap_or_default(),
        state: match row.state {
            RuleState::Draft => RuleMode::Draft,
            RuleState::On => RuleMode::On,
            RuleState::Off => RuleMode::Off,
        },
        version: row.version,
    }
}

async fn rules(visit: &Visit, form: RuleForm) -> Result<Rules, Stop> {
    let rows = visit.need(risk_rules::list(visit.app.operations()).await)?;
    Ok(Rules { rules: rows.iter().map(line).collect(), form })
}

/// `GET /operator/rules`
pub(super) async fn list(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let currency = Currency::CNY.code().to_owned();
    let empty = TypedRule { outcome: "hold".to_owned(), currency, ..TypedRule::default() };
    let view = rules(&visit, empty.form(&visit, Vec::new())).await?;
    Ok(page(pages::control::risk::rules(&visit.frame(), &view)))
}

async fn write(visit: &Visit, id: Option<u128>, typed: &TypedRule) -> Result<Result<RuleRow, Problem>, Stop> {
    let text = match typed.text() {
        Ok(text) => text,
        Err(problem) => return Ok(Err(problem)),
    };
    let (operations, who) = (visit.app.operations(), own_id(visit)?);
    let written = match duties::require(operations, who, Permission::WriteRules).await {
        Ok(()) => risk_rules::write(operations, who, id, text).await,
        Err(error) => Err(error),
    };
    match written {
        Ok(row) => Ok(Ok(row)),
        Err(operations::OperationError::TextLength { field: "name" }) => {
            Ok(Err(Problem { field: "name", trouble: Trouble::TooLong(80) }))
        }
        Err(operations::OperationError::TextLength { .. }) => {
            Ok(Err(Problem { field: "amount", trouble: Trouble::Unreadable }))
        }
        Err(error) => Ok(Err(Problem { field: "name", ..mendable(visit, error)? })),
    }
}

/// `POST /operator/rules`
pub(super) async fn create(
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(typed): OwnForm<TypedRule>,
) -> Result<Response, Stop> {
    match write(&visit, None, &typed).await? {
        Ok(row) => Ok(see_other(&format!("/operator/rules/{:032x}?notice={}", row.id, Notice::Saved.code()))),
        Err(problem) => {
            let view = rules(&visit, typed.form(&visit, vec![problem])).await?;
            Ok(page_with_problems(pages::control::risk::rules(&visit.frame(), &view)))
        }
    }
}

/// `POST /operator/rules/{id}`
pub(super) async fn change(
    PathId(id): PathId<RuleId>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(typed): OwnForm<TypedRule>,
) -> Result<Response, Stop> {
    let id = id.bits();
    visit.need(risk_rules::versions(visit.app.operations(), id).await)?;
    match write(&visit, Some(id), &typed).await? {
        Ok(row) => Ok(see_other(&format!("/operator/rules/{:032x}?notice={}", row.id, Notice::Saved.code()))),
        Err(problem) => {
            let form = typed.form(&visit, vec![problem]);
            let view = rule(&visit, id, TEST_DAYS, Some(form)).await?;
            Ok(page_with_problems(pages::control::risk::rule(&visit.frame(), &view)))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct TestQuery {
    /// How many days of history the rule is tested against.
    days: Option<u32>,
}

/// `GET /operator/rules/{id}`
pub(super) async fn show(
    PathId(id): PathId<RuleId>,
    Query(query): Query<TestQuery>,
    OperatorVisit { visit }: OperatorVisit,
) -> Result<Response, Stop> {
    let id = id.bits();
    let days = query.days.unwrap_or(TEST_DAYS).clamp(1, TEST_DAYS_MAX);
    let view = rule(&visit, id, days, None).await?;
    Ok(page(pages::control::risk::rule(&visit.frame(), &view)))
}

async fn rule(visit: &Visit, id: u128, days: u32, form: Option<RuleForm>) -> Result<RulePage, Stop> {
    let operations = visit.app.operations();
    let rows = visit.need(risk_rules::versions(operations, id).await)?;
    let newest = rows.first().ok_or_else(|| visit.stop(Fault::NotFound))?;
    let test = visit.need(risk_rules::test(operations, id, days).await)?;
    let mut versions = Vec::with_capacity(rows.len());
    for row in &rows {
        versions.push((line(row), name_of(visit, row.author).await?, row.at));
    }
    let trial = RuleTrial {
        days,
        attempts: test.attempts,
        hits: test.hits,
        hits_completed: test.hits_completed,
        payers: test.payers,
        examples: examples(visit, test.examples).await?,
    };
    let form = form.unwrap_or_else(|| TypedRule::of(newest).form(visit, Vec::new()));
    Ok(RulePage { rule: line(newest), versions, trial, form })
}

type Example = (wallet::ids::OperationId, String, String, Amount, ledger::Timestamp);

async fn examples(visit: &Visit, found: Vec<PastAttempt>) -> Result<Vec<Example>, Stop> {
    let read = visit.app.records().read(move |sql| {
        let rows = found.iter().map(|one| operation(sql, one.operation));
        Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect::<Vec<_>>())
    });
    let rows = visit.need_records(read.await)?;
    let named = visit.need(history::named(visit.app.operations(), rows).await)?;
    Ok(named
        .into_iter()
        .map(|row| {
            let payer = describe::party(visit.locale, row.payer.as_ref());
            let payee = describe::party(visit.locale, row.payee.as_ref());
            (row.operation.id, payer, payee, row.operation.amount, row.operation.created_at)
        })
        .collect())
}

#[derive(Deserialize)]
pub(super) struct SwitchForm {
    version: u32,
    #[serde(default)]
    reason: String,
}

/// `POST /operator/rules/{id}/on`
pub(super) async fn ask_on(
    PathId(id): PathId<RuleId>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<SwitchForm>,
) -> Result<Response, Stop> {
    let who = own_id(&visit)?;
    let action = Action::SwitchOn { rule: id.bits(), version: form.version };
    match approvals::ask(visit.app.operations(), who, action, &form.reason).await {
        Ok(_) => Ok(see_other(&format!("/operator/approvals?notice={}", Notice::AskedForApproval.code()))),
        Err(error) => {
            let problem = Problem { field: "reason", ..mendable(&visit, error)? };
            let mut view = rule(&visit, id.bits(), TEST_DAYS, None).await?;
            view.form.problems = vec![problem];
            Ok(page_with_problems(pages::control::risk::rule(&visit.frame(), &view)))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct NoFields {}

/// `POST /operator/rules/{id}/off`
pub(super) async fn switch_off(
    PathId(id): PathId<RuleId>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    let (rule, who) = (id.bits(), own_id(&visit)?);
    let operations = visit.app.operations();
    if duties::require(operations, who, Permission::WriteRules).await.is_err() {
        return Err(visit.stop(Fault::Forbidden));
    }
    visit.need(risk_rules::switch_off(operations, who, rule).await)?;
    Ok(see_other(&format!("/operator/rules/{rule:032x}?notice={}", Notice::Saved.code())))
}

//! Rules of risk: written as drafts, tested against history, switched on by two people, switched off by one.

use std::collections::{HashMap, HashSet};

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use records::operations::{OperationState, PartyId};
use records::risk::{self as rows, PastAttempt, RuleRow, RuleState};
use records::{RecordsError, Sql};
use risk::{Attempt, Familiar, Outcome, Recent, Rule};
use wallet::ids::{HolderId, OperationId, PrincipalId};

use crate::audit_log::{self, Actor};
use crate::risk_desk::{self, kind_of, minute_of_day, rule_of};
use crate::{OperationError, Operations, Party, memo};

/// The most attempts that one test looks at.
const TESTED_MAX: u32 = 100_000;
/// How many examples a test shows.
const EXAMPLES: usize = 10;

/// A rule as somebody writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// What people call it; 1 to 80 characters.
    pub name: String,
    /// What happens where it applies.
    pub outcome: Outcome,
    /// Its conditions in their text form.
    pub conditions: String,
}

/// What a rule would have done.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RuleTest {
    /// How many payments and transfers were looked at.
    pub attempts: u64,
    /// To how many of them it would have applied.
    pub hits: u64,
    /// How many of those completed: what people would have noticed.
    pub hits_completed: u64,
    /// How many different payers that concerns.
    pub payers: u64,
    /// The newest of them, newest first.
    pub examples: Vec<PastAttempt>,
}

/// Every rule in its newest version, oldest rule first.
///
/// # Errors
/// What could not be reached.
pub async fn list(operations: &Operations) -> Result<Vec<RuleRow>, OperationError> {
    Ok(operations.records().read(rows::rules).await?)
}

/// Every version of a rule, newest first.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn versions(operations: &Operations, id: u128) -> Result<Vec<RuleRow>, OperationError> {
    let versions = operations.records().read(move |sql| rows::rule_versions(sql, id)).await?;
    if versions.is_empty() { Err(OperationError::NotFound(Party::Operation)) } else { Ok(versions) }
}

/// Writes a new rule, or a new version of one, as a draft: a rule that was on is off until two people switch it on again.
///
/// # Errors
/// [`OperationError::TextLength`], or what could not be reached.
pub async fn write(
    operations: &Operations,
    author: PrincipalId,
    id: Option<u128>,
    text: RuleText,
) -> Result<RuleRow, OperationError> {
    memo::check_name("name", &text.name, 80)?;
    let conditions = risk::conditions_from_text(&text.conditions)
        .map_err(|_| OperationError::TextLength { field: "conditions" })?;
    if conditions.is_empty() {
        return Err(OperationError::TextLength { field: "conditions" });
    }
    let draft = RuleRow {
        id: id.unwrap_or_else(|| operations.fresh_bits()),
        version: 1,
        name: text.name,
        outcome: text.outcome.code().to_owned(),
        conditions: risk::conditions_to_text(&conditions),
        state: RuleState::Draft,
        author,
        at: operations.now(),
    };
    let new = draft.clone();
    let written = operations.records().write(move |sql| next_version(sql, new.clone())).await?;
    let details = [
        ("version", written.version.to_string()),
        ("name", written.name.clone()),
        ("outcome", written.outcome.clone()),
        ("conditions", written.conditions.clone()),
    ];
    audit_log::note(operations, author, "rule.written", &subject(written.id), &details).await?;
    risk_desk::reload(operations).await?;
    Ok(written)
}

/// How the audit log names a rule.
pub(crate) fn subject(id: u128) -> String {
    format!("{id:032x}")
}

fn next_version(sql: &mut dyn Sql, mut row: RuleRow) -> Result<RuleRow, RecordsError> {
    let newest = rows::rule_versions(sql, row.id)?.first().map_or(0, |row| row.version);
    row.version = newest.saturating_add(1);
    rows::insert_rule(sql, &row)?;
    Ok(row)
}

/// Writes the next version of a rule, the same but for its state. Says which; nothing where it is in that state already.
pub(crate) fn change_state(
    sql: &mut dyn Sql,
    id: u128,
    (state, author): (RuleState, PrincipalId),
    now: Timestamp,
) -> Result<Option<RuleRow>, RecordsError> {
    let Some(newest) = rows::rule_versions(sql, id)?.into_iter().next() else { return Ok(None) };
    if newest.state == state {
        return Ok(None);
    }
    next_version(sql, RuleRow { state, author, at: now, ..newest }).map(Some)
}

/// Switches a rule off: one person may do that at once.
///
/// # Errors
/// What could not be reached.
pub async fn switch_off(
    operations: &Operations,
    author: PrincipalId,
    id: u128,
) -> Result<(), OperationError> {
    let now = operations.now();
    let changed =
        operations.records().write(move |sql| change_state(sql, id, (RuleState::Off, author), now)).await?;
    if let Some(row) = changed {
        let details = [("version", row.version.to_string()), ("name", row.name)];
        audit_log::note(operations, Actor::Principal(author), "rule.switched_off", &subject(id), &details)
            .await?;
        risk_desk::reload(operations).await?;
    }
    Ok(())
}

/// What the newest version of a rule would have done in the last `days`. Devices and networks of the past are not known:
/// they count as familiar.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn test(operations: &Operations, id: u128, days: u32) -> Result<RuleTest, OperationError> {
    let versions = versions(operations, id).await?;
    let rule = versions.first().and_then(rule_of).ok_or(OperationError::NotFound(Party::Operation))?;
    let seconds = u64::from(days.clamp(1, 90)) * 86_400;
    let from = Timestamp(operations.now().0.saturating_sub(seconds * NANOSECONDS_PER_SECOND));
    let past = operations.records().read(move |sql| rows::past_attempts(sql, from, TESTED_MAX)).await?;
    Ok(replay(&rule, &past))
}

/// Asks a rule about attempts, oldest first.
fn replay(rule: &Rule, past: &[PastAttempt]) -> RuleTest {
    let rules = std::slice::from_ref(rule);
    let looks_back = rule.conditions.iter().map(risk::Condition::looks_back_seconds).max().unwrap_or(0);
    let mut recent: HashMap<HolderId, Recent> = HashMap::new();
    let mut paid: HashSet<(HolderId, PartyId)> = HashSet::new();
    let mut payers: HashSet<HolderId> = HashSet::new();
    let mut test = RuleTest::default();
    for one in past {
        let Some(kind) = kind_of(one.kind) else { continue };
        test.attempts += 1;
        let of_payer = recent.entry(one.payer).or_default();
        of_payer.forget(one.at, looks_back);
        of_payer.note(one.operation.bits(), one.at, one.amount);
        let attempt = Attempt { kind, amount: one.amount, at: one.at, minute_of_day: minute_of_day(one.at) };
        let familiar = Familiar { payee: paid.contains(&(one.payer, one.payee)), ..Familiar::ALL };
        let applies = !risk::decide(rules, &attempt, of_payer, familiar).rules.is_empty();
        if one.state == OperationState::Completed {
            paid.insert((one.payer, one.payee));
        }
        if applies {
            test.hits += 1;
            test.hits_completed += u64::from(one.state == OperationState::Completed);
            payers.insert(one.payer);
            test.examples.push(*one);
        }
    }
    test.payers = u64::try_from(payers.len()).unwrap_or(u64::MAX);
    test.examples.reverse();
    test.examples.truncate(EXAMPLES);
    test
}

/// What rules decided about an operation, if they did anything but allow it.
///
/// # Errors
/// What could not be reached.
pub async fn decision(
    operations: &Operations,
    id: OperationId,
) -> Result<Option<rows::DecisionRow>, OperationError> {
    Ok(operations.records().read(move |sql| rows::decision(sql, id)).await?)
}

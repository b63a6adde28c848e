//! The risk desk: which rules are asked, who is on the black list, and what every payer attempted lately.
//!
//! Invariants:
//! * while no rule is switched on and nothing is listed, a decision reads nothing but an empty snapshot;
//! * what is familiar to a payer is read from the records only where a decision rests on it;
//! * recent attempts are counted before a rule is asked, so that attempts at the same moment see each other. They are
//!   counted on each server for itself, and again from the records when a server starts.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use records::Sql;
use records::operations::OperationKind;
use records::risk::{self as rows, DecisionRow, ListKind, LogIn, RuleRow, RuleState};
use risk::{Attempt, Condition, Decision, Familiar, Kind, Outcome, Recent, Rule};
use wallet::ids::HolderId;

use crate::spending::Spending;
use crate::{OperationError, Operations};

/// How far the clock on the wall, that of China, is ahead of UTC.
const AHEAD_OF_UTC_MINUTES: u64 = 8 * 60;
/// The most attempts that are read again when a server starts: an hour of the busiest day.
const PAST_MAX: u32 = 200_000;
/// How many earlier log-ins tell what is familiar.
const LOG_INS_MAX: u32 = 100;
/// How long a server that is not alone trusts what it read.
const SHARED_LIFETIME: u64 = NANOSECONDS_PER_SECOND;

/// What decisions rest on.
#[derive(Debug, Default)]
struct Snapshot {
    rules: Vec<Rule>,
    /// Name and conditions of each rule.
    words: HashMap<u128, String>,
    listed: HashSet<(ListKind, String)>,
    looks_back_seconds: u32,
    read_at: Timestamp,
}

impl Snapshot {
    fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.listed.is_empty()
    }

    fn lists(&self, kind: ListKind, subject: &str) -> bool {
        self.listed.contains(&(kind, subject.to_owned()))
    }

    fn lists_devices(&self) -> bool {
        self.listed.iter().any(|(kind, _)| *kind == ListKind::Device)
    }
}

/// The risk desk of a server.
#[derive(Default)]
pub(crate) struct RiskDesk {
    snapshot: RwLock<Arc<Snapshot>>,
    recent: Mutex<HashMap<HolderId, Recent>>,
    shared: bool,
}

impl RiskDesk {
    /// A desk whose records other servers write to as well.
    pub(crate) fn shared() -> Self {
        Self { shared: true, ..Self::default() }
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn recent(&self) -> MutexGuard<'_, HashMap<HolderId, Recent>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a rule decided, with the rules that led to it in words: one on each line, name, tab, conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    pub(crate) reasons: String,
}

impl Verdict {
    pub(crate) const fn allow() -> Self {
        Self { outcome: Outcome::Allow, reasons: String::new() }
    }

    fn listed(kind: ListKind) -> Self {
        Self { outcome: Outcome::Decline, reasons: format!("black list\t{}", kind.code()) }
    }

    /// The row that keeps the verdict.
    pub(crate) fn row(&self, spending: &Spending, now: Timestamp) -> DecisionRow {
        DecisionRow {
            operation: spending.operation,
            outcome: self.outcome.code().to_owned(),
            reasons: self.reasons.clone(),
            at: now,
        }
    }
}

/// Reads rules and black list again, and what was attempted lately where a rule now looks back further.
///
/// # Errors
/// What could not be reached.
pub(crate) async fn reload(operations: &Operations) -> Result<(), OperationError> {
    let now = operations.now();
    let desk = operations.risk_desk();
    let known_seconds = desk.snapshot().looks_back_seconds;
    let snapshot = operations.records().read(move |sql| read(sql, now)).await?;
    let seconds = snapshot.looks_back_seconds;
    *desk.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    if seconds > known_seconds {
        let from = Timestamp(now.0.saturating_sub(u64::from(seconds) * NANOSECONDS_PER_SECOND));
        let past = operations.records().read(move |sql| rows::past_attempts(sql, from, PAST_MAX)).await?;
        let mut recent = desk.recent();
        for attempt in past {
            let of_payer = recent.entry(attempt.payer).or_default();
            of_payer.note(attempt.operation.bits(), attempt.at, attempt.amount);
        }
    }
    Ok(())
}

fn read(sql: &mut dyn Sql, now: Timestamp) -> Result<Snapshot, records::RecordsError> {
    let mut snapshot = Snapshot { read_at: now, ..Snapshot::default() };
    for row in rows::rules(sql)?.iter().filter(|row| row.state == RuleState::On) {
        let Some(rule) = rule_of(row) else {
            return Err(records::RecordsError::Unreadable(format!("rule {:032x}", row.id)));
        };
        let looks_back = rule.conditions.iter().map(Condition::looks_back_seconds).max().unwrap_or(0);
        snapshot.looks_back_seconds = snapshot.looks_back_seconds.max(looks_back);
        snapshot.words.insert(row.id, format!("{}\t{}", row.name, row.conditions));
        snapshot.rules.push(rule);
    }
    for change in rows::list_changes(sql)? {
        let line = (change.kind, change.subject);
        if change.listed {
            snapshot.listed.insert(line);
        } else {
            snapshot.listed.remove(&line);
        }
    }
    Ok(snapshot)
}

/// The rule that a row stands for.
pub(crate) fn rule_of(row: &RuleRow) -> Option<Rule> {
    Some(Rule {
        id: row.id,
        outcome: Outcome::from_code(&row.outcome)?,
        conditions: risk::conditions_from_text(&row.conditions).ok()?,
    })
}

/// The kind as rules name it. Nothing for what rules are not asked about.
pub(crate) const fn kind_of(kind: OperationKind) -> Option<Kind> {
    match kind {
        OperationKind::Payment | OperationKind::EscrowPayment => Some(Kind::Payment),
        OperationKind::Transfer => Some(Kind::Transfer),
        _ => None,
    }
}

/// The local time of day, in minutes since midnight.
pub(crate) fn minute_of_day(at: Timestamp) -> u16 {
    let minutes = at.0 / NANOSECONDS_PER_SECOND / 60 + AHEAD_OF_UTC_MINUTES;
    u16::try_from(minutes % (24 * 60)).unwrap_or(0)
}

/// What rules and black list say about this spending.
///
/// # Errors
/// What could not be reached.
pub(crate) async fn decide(operations: &Operations, spending: &Spending) -> Result<Verdict, OperationError> {
    let desk = operations.risk_desk();
    let now = operations.now();
    if desk.shared && now.0 > desk.snapshot().read_at.0.saturating_add(SHARED_LIFETIME) {
        Box::pin(reload(operations)).await?;
    }
    let snapshot = desk.snapshot();
    if snapshot.is_empty() {
        return Ok(Verdict::allow());
    }
    Box::pin(decide_by(operations, &snapshot, spending, now)).await
}

async fn decide_by(
    operations: &Operations,
    snapshot: &Snapshot,
    spending: &Spending,
    now: Timestamp,
) -> Result<Verdict, OperationError> {
    if let Some(kind) = listed(operations, snapshot, spending).await? {
        return Ok(Verdict::listed(kind));
    }
    let Some(kind) = kind_of(spending.kind) else { return Ok(Verdict::allow()) };
    let attempt = Attempt { kind, amount: spending.amount, at: now, minute_of_day: minute_of_day(now) };
    let recent = note(operations.risk_desk(), snapshot, spending, now);
    let mut decision = risk::decide(&snapshot.rules, &attempt, &recent, Familiar::NOTHING);
    if decision.rests_on_familiar {
        let familiar = familiar(operations, spending).await?;
        decision = risk::decide(&snapshot.rules, &attempt, &recent, familiar);
    }
    Ok(verdict(snapshot, &decision))
}

fn verdict(snapshot: &Snapshot, decision: &Decision) -> Verdict {
    let words = decision.rules.iter().filter_map(|id| snapshot.words.get(id));
    Verdict { outcome: decision.outcome, reasons: words.map(String::as_str).collect::<Vec<_>>().join("\n") }
}

/// Counts the attempt, where a rule looks back, and says what the payer attempted lately.
fn note(desk: &RiskDesk, snapshot: &Snapshot, spending: &Spending, now: Timestamp) -> Recent {
    if snapshot.looks_back_seconds == 0 {
        return Recent::default();
    }
    let mut all = desk.recent();
    let recent = all.entry(spending.payer).or_default();
    recent.forget(now, snapshot.looks_back_seconds);
    recent.note(spending.operation.bits(), now, spending.amount);
    recent.clone()
}

/// Which part of the black list stands in the way, if any.
async fn listed(
    operations: &Operations,
    snapshot: &Snapshot,
    spending: &Spending,
) -> Result<Option<ListKind>, OperationError> {
    let payee = spending.payee.to_string();
    if snapshot.lists(ListKind::Holder, &spending.payer.to_string())
        || snapshot.lists(ListKind::Holder, &payee)
    {
        return Ok(Some(ListKind::Holder));
    }
    if snapshot.lists(ListKind::Merchant, &payee) {
        return Ok(Some(ListKind::Merchant));
    }
    if snapshot.lists_devices()
        && let Some((own, _)) = log_ins(operations, spending).await?
        && snapshot.lists(ListKind::Device, &own.device)
    {
        return Ok(Some(ListKind::Device));
    }
    Ok(None)
}

/// Whether this card is on the black list, as far as this server knows.
pub(crate) fn lists_card(operations: &Operations, card: wallet::ids::CardId) -> bool {
    let snapshot = operations.risk_desk().snapshot();
    !snapshot.listed.is_empty() && snapshot.lists(ListKind::Card, &card.to_string())
}

async fn log_ins(
    operations: &Operations,
    spending: &Spending,
) -> Result<Option<(LogIn, Vec<LogIn>)>, OperationError> {
    let Some(session) = spending.origin.session else { return Ok(None) };
    Ok(operations.records().read(move |sql| rows::log_ins(sql, session, LOG_INS_MAX)).await?)
}

async fn familiar(operations: &Operations, spending: &Spending) -> Result<Familiar, OperationError> {
    let (payer, payee) = (spending.payer, spending.payee);
    let payee = operations.records().read(move |sql| rows::has_paid(sql, payer, payee)).await?;
    // A program with an API key has no device; a first log-in has nothing to be compared with.
    let (device, place) = match log_ins(operations, spending).await? {
        Some((own, earlier)) if !earlier.is_empty() => (
            earlier.iter().any(|one| one.device == own.device),
            earlier.iter().any(|one| network(&one.address) == network(&own.address)),
        ),
        _ => (true, true),
    };
    Ok(Familiar { payee, device, place })
}

/// The network that an address belongs to: the first three numbers of IPv4, the first three groups of IPv6.
fn network(address: &str) -> String {
    let separator = if address.contains(':') { ':' } else { '.' };
    address.split(separator).take(3).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_one_place() {
        assert_eq!(network("192.0.2.7"), network("192.0.2.200"));
        assert_ne!(network("192.0.2.7"), network("192.0.3.7"));
        assert_eq!(network("2001:db8:1::7"), network("2001:db8:1::9"));
    }

    #[test]
    fn the_day_begins_at_midnight_in_china() {
        // 2026-11-21T16:00:00Z
        assert_eq!(minute_of_day(Timestamp(1_795_276_800 * NANOSECONDS_PER_SECOND)), 0);
    }
}

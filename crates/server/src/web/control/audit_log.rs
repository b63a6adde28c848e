//! The audit log.

use std::collections::HashMap;

use ::audit_log::{Entry, Finding};
use axum::extract::{Path, Query};
use axum::response::Response;
use operations::audit_log::{self, Proof};
use pages::control::audit_log::{AuditLog, AuditProof, EntryLine, FindingKind, FindingLine};
use pages::fault::Fault;
use records::audit_log::AuditFilter;
use serde::{Deserialize, Serialize};
use wallet::ids::PrincipalId;

use super::{csv, hex, name_of};
use crate::web::stop::Stop;
use crate::web::visit::{OperatorVisit, Visit, page};

/// Entries of one page.
const PAGE: u32 = 50;
/// The most findings that the page shows.
const FINDINGS: usize = 20;
/// The most entries of an export.
const EXPORT_MAX: u32 = 100_000;

#[derive(Deserialize, Serialize, Default)]
pub(super) struct LogQuery {
    #[serde(default)]
    action: String,
    #[serde(default)]
    subject: String,
    before: Option<u64>,
}

impl LogQuery {
    fn filter(&self) -> AuditFilter {
        AuditFilter {
            action: self.action.clone(),
            subject: self.subject.clone(),
            before: self.before,
            ..AuditFilter::default()
        }
    }
}

/// `GET /operator/audit-log`
pub(super) async fn list(
    OperatorVisit { visit }: OperatorVisit,
    Query(query): Query<LogQuery>,
) -> Result<Response, Stop> {
    let operations = visit.app.operations();
    let found = visit.need(audit_log::search(operations, query.filter(), PAGE).await)?;
    let report = visit.need(audit_log::check(operations).await)?;
    let full = u32::try_from(found.len()) == Ok(PAGE);
    let older = found.last().filter(|_| full).map(|last| {
        let next = LogQuery {
            before: Some(last.index),
            action: query.action.clone(),
            subject: query.subject.clone(),
        };
        serde_urlencoded::to_string(next).unwrap_or_default()
    });
    let view = AuditLog {
        entries: lines(&visit, found).await?,
        action: query.action,
        subject: query.subject,
        older,
        size: report.entries,
        root: hex(&report.root),
        public_key: hex(&audit_log::public_key(operations).to_bytes()),
        findings: findings(&report.findings),
    };
    Ok(page(pages::control::audit_log::audit_log(&visit.frame(), &view)))
}

/// What the check found. After the first root that differs, all differ: only the first one tells something.
fn findings(found: &[Finding]) -> Vec<FindingLine> {
    let is_root = |finding: &Finding| matches!(finding, Finding::RootDiffers { .. });
    let first_root = found.iter().position(is_root);
    let tells = |(number, finding): &(usize, &Finding)| !is_root(finding) || Some(*number) == first_root;
    found.iter().enumerate().filter(tells).map(|(_, finding)| line(finding)).take(FINDINGS).collect()
}

fn line(finding: &Finding) -> FindingLine {
    let (kind, place) = match *finding {
        Finding::OutOfPlace { place } => (FindingKind::OutOfPlace, place),
        Finding::Malformed { place } => (FindingKind::Malformed, place),
        Finding::ColumnsDiffer { place } => (FindingKind::ColumnsDiffer, place),
        Finding::BadSignature { size } => (FindingKind::BadSignature, size.saturating_sub(1)),
        Finding::RootDiffers { size } => (FindingKind::RootDiffers, size.saturating_sub(1)),
        Finding::HeadMissing { size } => (FindingKind::HeadMissing, size.saturating_sub(1)),
        Finding::CutOff { size } => (FindingKind::CutOff, size.saturating_sub(1)),
        Finding::NotConsistent { size } => (FindingKind::NotConsistent, size.saturating_sub(1)),
    };
    FindingLine { kind, place }
}

/// Entries with the names of their actors.
pub(super) async fn lines(visit: &Visit, entries: Vec<Entry>) -> Result<Vec<EntryLine>, Stop> {
    let mut names: HashMap<String, String> = HashMap::new();
    let mut lines = Vec::with_capacity(entries.len());
    for entry in entries {
        if !names.contains_key(&entry.actor) {
            let name = actor(visit, &entry.actor).await?;
            names.insert(entry.actor.clone(), name);
        }
        lines.push(EntryLine {
            place: entry.index,
            at: entry.at,
            actor: names.get(&entry.actor).cloned().unwrap_or_default(),
            details: entry.details().to_vec(),
            action: entry.action,
            subject: entry.subject,
        });
    }
    Ok(lines)
}

async fn actor(visit: &Visit, actor: &str) -> Result<String, Stop> {
    match actor.parse::<PrincipalId>() {
        Ok(id) => name_of(visit, id).await,
        Err(_) => Ok(actor.to_owned()),
    }
}

/// `GET /operator/audit-log.csv`
pub(super) async fn export(
    OperatorVisit { visit }: OperatorVisit,
    Query(query): Query<LogQuery>,
) -> Result<Response, Stop> {
    let found = audit_log::search(visit.app.operations(), query.filter(), EXPORT_MAX).await;
    let mut text = "place,at,actor,action,subject,details\n".to_owned();
    for entry in visit.need(found)?.iter().rev() {
        let details: Vec<String> =
            entry.details().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let at = crate::rfc3339::format(entry.at);
        let fields =
            [&entry.actor, &entry.action, &entry.subject, &details.join("; ")].map(|field| quoted(field));
        text.push_str(&format!("{},{at},{}\n", entry.index, fields.join(",")));
    }
    Ok(csv(text))
}

/// A field of CSV (RFC 4180). What a spreadsheet would take for a formula is kept a text.
fn quoted(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '-', '@']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

/// `GET /operator/audit-log/{place}`
pub(super) async fn proof(
    OperatorVisit { visit }: OperatorVisit,
    Path(place): Path<String>,
) -> Result<Response, Stop> {
    let place: u64 = place.parse().map_err(|_| visit.stop(Fault::NotFound))?;
    let found = visit.need(audit_log::proof(visit.app.operations(), place).await)?;
    let Proof { entry, leaf, path, head, consistency, verifies } =
        found.ok_or_else(|| visit.stop(Fault::NotFound))?;
    let entry = lines(&visit, vec![entry]).await?.pop().ok_or_else(|| visit.stop(Fault::NotFound))?;
    let view = AuditProof {
        entry,
        leaf: hex(&leaf),
        path: path.iter().map(|hash| hex(hash)).collect(),
        consistency: consistency.iter().map(|hash| hex(hash)).collect(),
        size: head.head.size,
        root: hex(&head.head.root),
        signature: hex(&head.signature),
        signed_at: head.head.at,
        verifies,
    };
    Ok(page(pages::control::audit_log::proof(&visit.frame(), &view)))
}

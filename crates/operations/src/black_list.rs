//! The black list: holders, cards, merchants and devices that may not take part. Every change makes a version.

use std::collections::BTreeMap;

use records::RecordsError;
use records::risk::{self as rows, ListChange, ListKind};
use wallet::ids::PrincipalId;

use crate::{OperationError, Operations, audit_log, memo, risk_desk};

/// How often a change is tried again when somebody else made the same version.
const TRIES: u32 = 8;

/// The list as it is now, and how it came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlackList {
    /// How often it was changed.
    pub version: u32,
    /// What is on it, each as it was added.
    pub listed: Vec<ListChange>,
    /// Every change, newest first.
    pub changes: Vec<ListChange>,
}

/// The list and its history.
///
/// # Errors
/// What could not be reached.
pub async fn show(operations: &Operations) -> Result<BlackList, OperationError> {
    let mut changes = operations.records().read(rows::list_changes).await?;
    let mut listed: BTreeMap<(ListKind, String), ListChange> = BTreeMap::new();
    for change in &changes {
        let line = (change.kind, change.subject.clone());
        if change.listed {
            listed.insert(line, change.clone());
        } else {
            listed.remove(&line);
        }
    }
    let version = changes.last().map_or(0, |change| change.version);
    changes.reverse();
    Ok(BlackList { version, listed: listed.into_values().collect(), changes })
}

/// Puts something on the list or takes it off. Says which version the list has now; nothing where nothing changed.
///
/// # Errors
/// [`OperationError::TextLength`], or what could not be reached.
pub async fn change(
    operations: &Operations,
    author: PrincipalId,
    (kind, subject): (ListKind, &str),
    listed: bool,
    reason: &str,
) -> Result<Option<u32>, OperationError> {
    memo::check_name("subject", subject, 300)?;
    memo::check_name("reason", reason, 140)?;
    let change = ListChange {
        version: 0,
        kind,
        subject: subject.to_owned(),
        listed,
        reason: reason.to_owned(),
        author,
        at: operations.now(),
    };
    let mut tries = 0;
    let version = loop {
        let change = change.clone();
        match operations.records().write(move |sql| rows::change_list(sql, &change)).await {
            Err(RecordsError::Conflict(_)) if tries < TRIES => tries += 1,
            version => break version?,
        }
    };
    if let Some(version) = version {
        let action = if listed { "black_list.added" } else { "black_list.removed" };
        let details = [
            ("kind", kind.code().to_owned()),
            ("version", version.to_string()),
            ("reason", reason.to_owned()),
        ];
        audit_log::note(operations, author, action, subject, &details).await?;
        risk_desk::reload(operations).await?;
    }
    Ok(version)
}

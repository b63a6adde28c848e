//! Telling people what happened. Nobody waits for it, and telling a fact twice tells it once.

use records::holder_settings;
use records::notifications::{self, NewNotification, NoticeKind, Notification};
use records::operations::PartyId;
use wallet::ids::{HolderId, PrincipalId};

use crate::history::PartyName;
use crate::{OperationError, Operations, directory};

/// What there is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// The bits of the id of what it is about: with the kind, they are the fact.
    pub subject: u128,
    /// Who did it: a holder or a merchant.
    pub actor: Option<PartyId>,
    /// How much, where it is about money.
    pub amount: Option<money::Amount>,
}

/// The kinds that a holder may not want. What concerns safety is always told.
pub const OPTIONAL: [NoticeKind; 6] = [
    NoticeKind::MoneyReceived,
    NoticeKind::RequestPaid,
    NoticeKind::RequestDeclined,
    NoticeKind::BillDue,
    NoticeKind::BoardAnswer,
    NoticeKind::LowBalance,
];

/// Tells a principal, unless they do not want to be told.
pub fn tell(operations: &Operations, principal: PrincipalId, notice: Notice) {
    let new = NewNotification {
        principal,
        kind: notice.kind,
        subject: notice.subject,
        actor: notice.actor,
        amount: notice.amount,
        created_at: operations.now(),
    };
    operations.records().write_later(move |sql| {
        let optional = OPTIONAL.contains(&new.kind);
        let settings = holder_settings::get(sql, HolderId::new(new.principal.bits()))?;
        if optional && settings.muted.iter().any(|muted| muted == new.kind.code()) {
            return Ok(());
        }
        notifications::insert(sql, &new)
    });
}

/// A notification with the name of who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The notification.
    pub notification: Notification,
    /// Who did it. `None`: nobody, or no longer known.
    pub actor: Option<PartyName>,
}

/// The newest notifications of a principal, newest first.
///
/// # Errors
/// What could not be reached.
pub async fn list(operations: &Operations, principal: PrincipalId) -> Result<Vec<Told>, OperationError> {
    let found = operations.records().read(move |sql| notifications::list(sql, principal)).await?;
    let mut told = Vec::with_capacity(found.len());
    for notification in found {
        let actor = match notification.actor {
            Some(actor) => name(operations, actor).await?,
            None => None,
        };
        told.push(Told { notification, actor });
    }
    Ok(told)
}

async fn name(operations: &Operations, party: PartyId) -> Result<Option<PartyName>, OperationError> {
    if let Some(entry) = directory::holder(operations, party.holder()).await? {
        let (name, latin_name) = (entry.principal.name.clone(), entry.principal.latin_name.clone());
        return Ok(Some(PartyName { name, latin_name }));
    }
    let merchant = directory::merchant(operations, party.merchant()).await?;
    Ok(merchant.map(|merchant| PartyName {
        name: merchant.name_zh.clone(),
        latin_name: Some(merchant.name_en.clone()),
    }))
}

/// Notes that a principal has read everything up to `seq`.
///
/// # Errors
/// What could not be reached.
pub async fn mark_read(
    operations: &Operations,
    principal: PrincipalId,
    seq: i64,
) -> Result<(), OperationError> {
    let now = operations.now();
    operations.records().write(move |sql| notifications::mark_read(sql, principal, seq, now)).await?;
    Ok(())
}

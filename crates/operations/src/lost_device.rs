//! A holder has lost a phone or card: everything of theirs stops at once, until they release it.

use records::cards;
use records::holder_settings::{self, HolderSettings};
use records::notifications::NoticeKind;
use wallet::ids::HolderId;

use crate::notifications::{self, Notice};
use crate::{OperationError, Operations};

/// Stops all spending and freezes every card. Money still comes in. Whoever serves the request ends the other sessions.
///
/// # Errors
/// What could not be reached.
pub async fn stop(operations: &Operations, holder: HolderId) -> Result<(), OperationError> {
    let now = operations.now();
    let written = operations.records().write(move |sql| {
        let settings = holder_settings::get(sql, holder)?;
        let stopped_at = settings.stopped_at.or(Some(now));
        holder_settings::put(sql, holder, &HolderSettings { stopped_at, ..settings }, now)?;
        cards::freeze_all(sql, holder, now)
    });
    let written = written.await;
    operations.forget_holder(holder);
    written?;
    tell(operations, holder);
    Ok(())
}

/// Lets the holder spend again. Cards stay frozen: each is unfrozen by itself, because one of them may be the lost one.
///
/// # Errors
/// What could not be reached.
pub async fn release(operations: &Operations, holder: HolderId) -> Result<(), OperationError> {
    let now = operations.now();
    let written = operations.records().write(move |sql| {
        let settings = holder_settings::get(sql, holder)?;
        holder_settings::put(sql, holder, &HolderSettings { stopped_at: None, ..settings }, now)
    });
    let written = written.await;
    operations.forget_holder(holder);
    written?;
    tell(operations, holder);
    Ok(())
}

fn tell(operations: &Operations, holder: HolderId) {
    let notice = Notice {
        kind: NoticeKind::Security,
        subject: u128::from(operations.now().0),
        actor: None,
        amount: None,
    };
    notifications::tell(operations, holder.into(), notice);
}

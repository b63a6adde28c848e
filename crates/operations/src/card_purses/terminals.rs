//! Terminals: where merchants take card purses, with or without a network.

use ledger::Timestamp;
use messages::card::{ListVersion, TerminalId};
use pki::PublicKey;
use records::RecordsError;
use records::card_lists::CardList;
use records::card_uploads::{self, CardUpload};
use records::terminals as rows;
pub use records::terminals::Terminal;
use wallet::ids::{MerchantId, PrincipalId};

use super::CardPurseRefusal;
use crate::duties::{self, Permission};
use crate::{OperationError, Operations, Party, audit_log, memo, merchants};

/// A terminal that is to be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTerminal {
    /// Its number.
    pub id: TerminalId,
    /// Whose sales it makes.
    pub merchant: MerchantId,
    /// What its merchant calls it.
    pub label: String,
    /// What its batches are signed with.
    pub public_key: [u8; 32],
}

/// The most terminals that are listed at once.
const LIST_MAX: u32 = 1_000;

/// Registers a terminal.
///
/// # Errors
/// [`OperationError::Taken`] with `id`, which rule the request breaks, or what could not be reached.
pub async fn register(
    operations: &Operations,
    by: PrincipalId,
    new: NewTerminal,
) -> Result<Terminal, OperationError> {
    duties::require(operations, by, Permission::CardPurses).await?;
    memo::check_name("label", &new.label, 80)?;
    PublicKey::from_bytes(&new.public_key).ok_or(OperationError::OutOfRange { field: "public_key" })?;
    merchants::get(operations, new.merchant).await?;
    let terminal = Terminal {
        id: new.id,
        merchant: new.merchant,
        label: new.label,
        public_key: new.public_key,
        is_blocked: false,
        registered_at: operations.now(),
        last_seen: None,
        lists: [ListVersion::default(); 3],
    };
    let row = terminal.clone();
    match operations.records().write(move |sql| rows::insert(sql, &row)).await {
        Err(RecordsError::Conflict(_)) => return Err(OperationError::Taken { field: "id" }),
        written => written?,
    }
    let details = [("merchant", terminal.merchant.to_string()), ("label", terminal.label.clone())];
    audit_log::note(operations, by, "terminal.registered", &name(terminal.id), &details).await?;
    Ok(terminal)
}

/// A terminal's number as people write it: 12 digits.
#[must_use]
pub fn name(id: TerminalId) -> String {
    super::issuing::digits(&id.0)
}

/// Every terminal, by number.
///
/// # Errors
/// What could not be reached.
pub async fn list(operations: &Operations) -> Result<Vec<Terminal>, OperationError> {
    let all = |sql: &mut dyn records::Sql| rows::after(sql, TerminalId::default(), LIST_MAX);
    Ok(operations.records().read(all).await?)
}

/// A merchant's terminals, by number.
///
/// # Errors
/// What could not be reached.
pub async fn of_merchant(
    operations: &Operations,
    merchant: MerchantId,
) -> Result<Vec<Terminal>, OperationError> {
    Ok(operations.records().read(move |sql| rows::of_merchant(sql, merchant)).await?)
}

/// The terminal with that number.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn get(operations: &Operations, id: TerminalId) -> Result<Terminal, OperationError> {
    let found = operations.records().read(move |sql| rows::get(sql, id)).await?;
    found.ok_or(OperationError::NotFound(Party::Terminal))
}

/// The terminal with that number, where it is not blocked.
pub(super) async fn active(operations: &Operations, id: TerminalId) -> Result<Terminal, OperationError> {
    let terminal = get(operations, id).await?;
    if terminal.is_blocked {
        return Err(OperationError::CardPurse(CardPurseRefusal::TerminalBlocked));
    }
    Ok(terminal)
}

/// Takes nothing from a terminal any more.
///
/// # Errors
/// [`OperationError::NotFound`], [`OperationError::NotPermitted`], or what could not be reached.
pub async fn block(operations: &Operations, by: PrincipalId, id: TerminalId) -> Result<(), OperationError> {
    set_blocked(operations, by, id, true).await
}

/// Takes from a terminal again.
///
/// # Errors
/// As for [`block`].
pub async fn unblock(operations: &Operations, by: PrincipalId, id: TerminalId) -> Result<(), OperationError> {
    set_blocked(operations, by, id, false).await
}

async fn set_blocked(
    operations: &Operations,
    by: PrincipalId,
    id: TerminalId,
    blocked: bool,
) -> Result<(), OperationError> {
    duties::require(operations, by, Permission::CardPurses).await?;
    if !operations.records().write(move |sql| rows::set_blocked(sql, id, blocked)).await? {
        return Err(OperationError::NotFound(Party::Terminal));
    }
    let action = if blocked { "terminal.blocked" } else { "terminal.unblocked" };
    audit_log::note(operations, by, action, &name(id), &[]).await
}

/// Notes that a terminal spoke, without waiting.
pub fn seen(operations: &Operations, id: TerminalId) {
    let now = operations.now();
    operations.records().write_later(move |sql| rows::seen(sql, id, now));
}

/// Notes that a terminal was given a version of a list, without waiting.
pub fn was_given(operations: &Operations, id: TerminalId, list: CardList, version: ListVersion) {
    let now: Timestamp = operations.now();
    operations.records().write_later(move |sql| {
        rows::seen(sql, id, now)?;
        rows::has_list(sql, id, list, version)
    });
}

/// A terminal's newest batches, at most `limit`.
///
/// # Errors
/// What could not be reached.
pub async fn uploads(
    operations: &Operations,
    id: TerminalId,
    limit: u32,
) -> Result<Vec<CardUpload>, OperationError> {
    Ok(operations.records().read(move |sql| card_uploads::of_terminal(sql, id, limit)).await?)
}

//! Binding: a card gets its holder, and so the wallet that its loads come from.

use messages::card::Asn;
use records::card_purses::{self as rows, CardPurse};
use records::issue_batches;
use wallet::ids::{HolderId, PrincipalId};
use wallet::{chart, purse_chart};

use super::issuing::{self, number_text};
use super::{CardPurseRefusal, card_store, keys};
use crate::duties::{self, Permission};
use crate::{OperationError, Operations, Party, audit_log, directory};

/// How often a wrong code may be typed for a card. Then the operator gives it.
const CODE_ATTEMPTS_MAX: u32 = 5;

const WRONG: OperationError = OperationError::CardPurse(CardPurseRefusal::CodeWrong);

/// A holder binds a card with the activation code of its letter. Again, it changes nothing.
///
/// # Errors
/// [`CardPurseRefusal::CodeWrong`], also for a card that there is not, [`CardPurseRefusal::BoundBefore`], which rule the
/// request breaks, or what could not be reached.
pub async fn bind(
    operations: &Operations,
    holder: HolderId,
    asn: Asn,
    code: &str,
) -> Result<(), OperationError> {
    let read = move |sql: &mut dyn records::Sql| {
        let Some(card) = rows::get(sql, asn)? else { return Ok(None) };
        Ok(issue_batches::get(sql, card.batch)?.map(|batch| (card, batch.key_version)))
    };
    let (card, version) = operations.records().read(read).await?.ok_or(WRONG)?;
    if card.holder == Some(holder) {
        return Ok(());
    }
    if card.code_attempts >= CODE_ATTEMPTS_MAX {
        return Err(WRONG);
    }
    let keys = keys::open(operations).await?;
    let right = issuing::activation_code(&keys, version, asn)?;
    let typed: String = code.chars().filter(char::is_ascii_digit).collect();
    if blake3::hash(typed.as_bytes()) != blake3::hash(right.as_bytes()) {
        let counted = CardPurse { code_attempts: card.code_attempts.saturating_add(1), ..card };
        // Of two who guess at once, one is counted: the other one has to read again.
        operations.records().write(move |sql| rows::update(sql, &counted)).await?;
        return Err(WRONG);
    }
    give_card(operations, card, holder).await?;
    audit_log::note(operations, PrincipalId::from(holder), "card_purse.bound", &number_text(asn), &[]).await
}

/// The operator gives a card to a holder, as at a desk.
///
/// # Errors
/// [`CardPurseRefusal::BoundBefore`], [`OperationError::NotFound`], which rule the request breaks, or what could not be
/// reached.
pub async fn give(
    operations: &Operations,
    by: PrincipalId,
    asn: Asn,
    holder: HolderId,
) -> Result<(), OperationError> {
    duties::require(operations, by, Permission::CardPurses).await?;
    let found = operations.records().read(move |sql| rows::get(sql, asn)).await?;
    let card = found.ok_or(OperationError::NotFound(Party::CardPurse))?;
    if card.holder == Some(holder) {
        return Ok(());
    }
    give_card(operations, card, holder).await?;
    let details = [("holder", holder.to_string())];
    audit_log::note(operations, by, "card_purse.given", &number_text(asn), &details).await
}

/// Opens the accounts that the card needs, then writes whose it is.
async fn give_card(operations: &Operations, card: CardPurse, holder: HolderId) -> Result<(), OperationError> {
    if card.holder.is_some() {
        return Err(CardPurseRefusal::BoundBefore.into());
    }
    let currency = card.currency;
    let entry = directory::holder(operations, holder).await?;
    entry.ok_or(OperationError::NotFound(Party::Holder))?.may_receive(currency, Party::Holder)?;
    let bound = CardPurse { holder: Some(holder), ..card };
    let name = card_store::identity(&bound).ok_or(CardPurseRefusal::CardNotServed)?.name();
    let accounts = vec![
        purse_chart::purse(&name, currency),
        purse_chart::excess(currency),
        purse_chart::register(currency),
        chart::refund_control(currency),
    ];
    operations.ledger().open_accounts(accounts).await?;
    let asn = bound.asn;
    if operations.records().write(move |sql| rows::update(sql, &bound)).await? {
        return Ok(());
    }
    // Somebody else was faster: with the same holder, it is done.
    let now = operations.records().read(move |sql| rows::get(sql, asn)).await?;
    let is_ours = now.is_some_and(|card| card.holder == Some(holder));
    if is_ours { Ok(()) } else { Err(CardPurseRefusal::BoundBefore.into()) }
}

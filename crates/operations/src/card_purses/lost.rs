//! Lost cards: no terminal takes them any more, and when the clearing window is over their rest goes back, as two people
//! decided ([`crate::approvals`]).

use ledger::Transfer;
use messages::card::{Asn, Seconds};
use money::Amount;
use records::approvals::{ApprovalState, Ending};
use records::operations::{OperationKind, OperationState};
use wallet::chart;
use wallet::ids::{ApprovalId, HolderId, OperationId, PrincipalId};

use super::card_store::{self, Places, StoredCard};
use super::change::{self, Change, card_operation};
use super::issuing::number_text;
use super::{CardListing, CardPurseRefusal, card_time, loads};
use crate::duties::{self, Permission};
use crate::{OperationError, Operations, audit_log};

/// How often a step is decided anew because somebody else wrote the card meanwhile.
const TRIES: usize = 50;

/// A holder has lost a card. Again, it changes nothing.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn report(operations: &Operations, holder: HolderId, asn: Asn) -> Result<(), OperationError> {
    loads::own_card(operations, holder, asn).await?;
    put_on_list(operations, asn, CardListing::Lost).await?;
    audit_log::note(operations, PrincipalId::from(holder), "card_purse.lost", &number_text(asn), &[]).await
}

/// The operator puts a card on the status list.
///
/// # Errors
/// [`OperationError::NotPermitted`], [`OperationError::NotFound`], or what could not be reached.
pub async fn list(
    operations: &Operations,
    by: PrincipalId,
    asn: Asn,
    listing: CardListing,
) -> Result<(), OperationError> {
    duties::require(operations, by, Permission::CardPurses).await?;
    put_on_list(operations, asn, listing).await?;
    let details = [("listing", listing.code().to_owned())];
    audit_log::note(operations, by, "card_purse.listed", &number_text(asn), &details).await
}

async fn put_on_list(operations: &Operations, asn: Asn, listing: CardListing) -> Result<(), OperationError> {
    for _ in 0..TRIES {
        let mut stored = card_store::open(operations, asn, Places::None).await?;
        let now = card_time::seconds(operations.now());
        stored.card.list(card_store::status(listing), now);
        if !stored.changes_list() || change::commit(operations, Change::of(&stored, Vec::new())).await? {
            return withdraw_orders(operations, asn).await;
        }
    }
    Err(OperationError::KeyInProgress)
}

/// Nobody loads a card any more that no terminal takes.
async fn withdraw_orders(operations: &Operations, asn: Asn) -> Result<(), OperationError> {
    for order in loads::waiting(operations, asn).await? {
        match loads::withdraw(operations, order.holder, order.id).await {
            // One that was begun ends as its card says.
            Ok(()) | Err(OperationError::CardPurse(CardPurseRefusal::OrderGone)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether the rest of this card could be given back now.
///
/// # Errors
/// [`CardPurseRefusal`], or what could not be reached.
pub(crate) async fn check_refund(operations: &Operations, asn: Asn) -> Result<(), OperationError> {
    let mut stored = card_store::open(operations, asn, Places::All).await?;
    rest(operations, &mut stored).map(drop)
}

/// Gives the rest of a listed card back to its holder, when the clearing window is over, and ends the approval with it: both
/// are written, or neither.
///
/// # Errors
/// [`CardPurseRefusal`], [`OperationError::DecidedBefore`], or what could not be reached.
pub(crate) async fn refund(
    operations: &Operations,
    asn: Asn,
    (approval, ending): (ApprovalId, Ending),
) -> Result<ApprovalState, OperationError> {
    for _ in 0..TRIES {
        let mut stored = card_store::open(operations, asn, Places::All).await?;
        let (transfers, amount, holder) = rest(operations, &mut stored)?;
        let new = card_operation(rest_operation(&stored), OperationKind::CardRest, holder, amount, ending.at);
        let mut change = Change::of(&stored, transfers);
        change.begun = vec![(new, OperationState::Completed, stored.row.asn)];
        change.approved = Some((approval, ending.clone()));
        if change::commit(operations, change).await? {
            let details = [("amount", amount.to_string())];
            if let Some(checker) = ending.checker {
                audit_log::note(operations, checker, "card_purse.refunded", &number_text(asn), &details)
                    .await?;
            }
            return Ok(ending.state);
        }
    }
    Err(OperationError::KeyInProgress)
}

/// The rest of a card is paid once: the id of its operation is that of its transfer.
fn rest_operation(stored: &StoredCard) -> OperationId {
    let identity = stored.card.identity();
    let none = purse::amount::Amount::ZERO;
    let transfer = issuer::postings::rest_refunded(&identity.account(), identity.wallet, none);
    OperationId::new(transfer.id.0)
}

/// Closes the card in memory: the transfers of that, how much goes back, and to whom.
fn rest(
    operations: &Operations,
    stored: &mut StoredCard,
) -> Result<(Vec<Transfer>, Amount, HolderId), OperationError> {
    let now = card_time::seconds(operations.now());
    let window = Seconds(u64::from(operations.policy().clearing_window_days).saturating_mul(86_400));
    let transfers = stored.card.refund_lost(now, window).map_err(CardPurseRefusal::from)?;
    let rest = transfers.iter().find(|transfer| transfer.code == chart::PURSE_REST);
    let minor = rest.map_or(0, |rest| u64::try_from(rest.amount.0).unwrap_or(u64::MAX));
    let amount = Amount::from_minor(minor, stored.row.currency).map_err(|_| CardPurseRefusal::Amount)?;
    let holder = stored.row.holder.ok_or(CardPurseRefusal::CardNotServed)?;
    Ok((transfers, amount, holder))
}

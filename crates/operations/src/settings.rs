//! What a holder sets for themselves: how cards are shown, what to pay with, when to be warned, what to be told.

use records::holder_settings::{self, CardsView, HolderSettings};
use records::notifications::NoticeKind;
use wallet::ids::{CardId, HolderId};

use crate::{OperationError, Operations, cards, notifications};

/// The settings of a holder.
///
/// # Errors
/// What could not be reached.
pub async fn get(operations: &Operations, holder: HolderId) -> Result<HolderSettings, OperationError> {
    Ok(operations.records().read(move |sql| holder_settings::get(sql, holder)).await?)
}

async fn change(
    operations: &Operations,
    holder: HolderId,
    change: impl Fn(&mut HolderSettings) + Send + 'static,
) -> Result<(), OperationError> {
    let now = operations.now();
    let written = operations.records().write(move |sql| {
        let mut settings = holder_settings::get(sql, holder)?;
        change(&mut settings);
        holder_settings::put(sql, holder, &settings, now)
    });
    let written = written.await;
    operations.forget_holder(holder);
    Ok(written?)
}

/// Remembers how the holder wants to see cards.
///
/// # Errors
/// What could not be reached.
pub async fn show_cards_as(
    operations: &Operations,
    holder: HolderId,
    view: CardsView,
) -> Result<(), OperationError> {
    change(operations, holder, move |settings| settings.cards_view = view).await
}

/// Chooses what one-click payment charges: a card of the holder, or the wallet.
///
/// # Errors
/// [`OperationError::NotFound`] where the card is not the holder's, or what could not be reached.
pub async fn pay_with(
    operations: &Operations,
    holder: HolderId,
    card: Option<CardId>,
) -> Result<(), OperationError> {
    if let Some(card) = card {
        cards::own(operations, holder, card).await?;
    }
    change(operations, holder, move |settings| settings.default_card = card).await
}

/// Chooses what the holder does not want to be told, and below which balance to be warned.
///
/// # Errors
/// What could not be reached.
pub async fn choose_notifications(
    operations: &Operations,
    holder: HolderId,
    muted: &[NoticeKind],
    low_balance: Option<u64>,
) -> Result<(), OperationError> {
    let optional = muted.iter().filter(|kind| notifications::OPTIONAL.contains(kind));
    let muted: Vec<String> = optional.map(|kind| kind.code().to_owned()).collect();
    change(operations, holder, move |settings| {
        settings.muted.clone_from(&muted);
        settings.low_balance = low_balance;
    })
    .await
}

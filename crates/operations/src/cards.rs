//! Bank cards: bind at the bank, list, delete, and who may use which.

use bank::{Brand, Expiry, Request, Response, Token};
use ledger::Timestamp;
use money::Amount;
use records::cards::{self, Card, CardBrand, CardState, ExpiryMonth};
use records::operations::OperationState;
use records::principals::PrincipalStatus;
use records::{banks, cards::ALREADY_BOUND};
use wallet::ids::{BankId, CardId, HolderId, derive};
use wallet::postings::Fingerprint;

use crate::{OperationError, Operations, Party, Port, Reason, Receipt, directory, memo, through_bank};

/// A top-up or withdrawal as a holder asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardRequest {
    /// Who asks.
    pub holder: HolderId,
    /// Which of the holder's cards.
    pub card: CardId,
    /// How much.
    pub amount: Amount,
}

/// A card as its owner types it in. `Debug` does not show the number.
#[derive(Clone, PartialEq, Eq)]
pub struct BindRequest {
    /// Who asks.
    pub holder: HolderId,
    /// The bank that issued the card.
    pub bank: BankId,
    /// The number; spaces are skipped.
    pub pan: String,
    /// As printed.
    pub expiry: Expiry,
    /// As printed.
    pub holder_name: String,
    /// What the holder calls it; may be empty.
    pub label: String,
}

impl core::fmt::Debug for BindRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BindRequest")
            .field("holder", &self.holder)
            .field("bank", &self.bank)
            .finish_non_exhaustive()
    }
}

/// A card that may be used now.
pub(crate) struct Usable {
    pub(crate) id: CardId,
    pub(crate) bank: BankId,
    pub(crate) token: Token,
    state: CardState,
}

/// What stands for a top-up's or withdrawal's request: it can be computed again from the ledger's transfer.
pub(crate) fn fingerprint(request: &CardRequest) -> Fingerprint {
    let parts: [&[u8]; 4] = [
        &request.holder.to_bytes(),
        &request.card.to_bytes(),
        &request.amount.minor().to_be_bytes(),
        request.amount.currency().code().as_bytes(),
    ];
    Fingerprint(derive("sycee fingerprint card movement v1", &parts))
}

/// Binds a card: the bank checks it and gives a token; the number is not kept. Binding it again gives the same card.
///
/// # Errors
/// Which rule the request breaks, [`OperationError::CardRefused`], or what could not be reached.
pub async fn bind(operations: &Operations, request: BindRequest) -> Result<Card, OperationError> {
    let holder = directory::holder(operations, request.holder).await?;
    let holder = holder.ok_or(OperationError::NotFound(Party::Holder))?;
    if holder.principal.status != PrincipalStatus::Active {
        return Err(OperationError::NotActive(Party::Holder));
    }
    memo::check(&request.label)?;
    memo::check_name("holder_name", &request.holder_name, 80)?;
    let bank = request.bank;
    if operations.records().read(move |sql| banks::get(sql, bank)).await?.is_none() {
        return Err(OperationError::NotFound(Party::Bank));
    }
    let question = Request::Bind {
        pan: request.pan.clone(),
        expiry: request.expiry,
        holder_name: request.holder_name.clone(),
    };
    let (token, brand, last_four) = match through_bank::call(operations, bank, question).await {
        Some(Response::Bound { token, brand, last_four }) => (token, brand, last_four),
        Some(Response::Refused(reason)) => return Err(OperationError::CardRefused(reason)),
        _ => return Err(OperationError::Unavailable(Port::Bank)),
    };
    let now = operations.now();
    let card = Card {
        id: CardId::new(operations.fresh_bits()),
        holder: request.holder,
        bank,
        token: stored_token(token),
        brand: stored_brand(brand),
        masked_number: format!("**** {last_four}"),
        label: request.label,
        expiry: ExpiryMonth { year: request.expiry.year, month: request.expiry.month },
        state: CardState::Active,
        created_at: now,
        updated_at: now,
        deleted_at: None,
        frozen_at: None,
    };
    keep(operations, card).await
}

/// Keeps the card, or finds the one that the holder bound before.
async fn keep(operations: &Operations, card: Card) -> Result<Card, OperationError> {
    let (holder, token) = (card.holder, card.token.clone());
    let written = operations.records().write(move |sql| {
        if let Some(known) = cards::find_by_token(sql, card.holder, &card.token)? {
            return Ok(known);
        }
        cards::insert(sql, &card)?;
        Ok(card.clone())
    });
    match written.await {
        Ok(card) => Ok(card),
        // Bound at the same time by another request.
        Err(error) if error.is_conflict(ALREADY_BOUND) => {
            let read = operations.records().read(move |sql| cards::find_by_token(sql, holder, &token));
            read.await?.ok_or(OperationError::NotFound(Party::Card))
        }
        Err(error) => Err(error.into()),
    }
}

/// The holder's cards that are not deleted, oldest first.
///
/// # Errors
/// What could not be reached.
pub async fn list(operations: &Operations, holder: HolderId) -> Result<Vec<Card>, OperationError> {
    Ok(operations.records().read(move |sql| cards::list(sql, holder)).await?)
}

/// Deletes a card of the holder; its transactions stay.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn delete(operations: &Operations, holder: HolderId, card: CardId) -> Result<(), OperationError> {
    let now = operations.now();
    let deleted = operations.records().write(move |sql| cards::delete(sql, holder, card, now)).await?;
    if deleted { Ok(()) } else { Err(OperationError::NotFound(Party::Card)) }
}

/// Changes what the holder calls a card.
///
/// # Errors
/// [`OperationError::TextLength`], [`OperationError::NotFound`], or what could not be reached.
pub async fn rename(
    operations: &Operations,
    holder: HolderId,
    card: CardId,
    label: String,
) -> Result<(), OperationError> {
    memo::check(&label)?;
    let now = operations.now();
    let renamed =
        operations.records().write(move |sql| cards::set_label(sql, holder, card, &label, now)).await?;
    if renamed { Ok(()) } else { Err(OperationError::NotFound(Party::Card)) }
}

/// The balance of the account behind the holder's card, as the bank says.
///
/// # Errors
/// Which rule says no, [`OperationError::CardRefused`], or what could not be reached.
pub async fn balance(
    operations: &Operations,
    holder: HolderId,
    card: CardId,
) -> Result<Amount, OperationError> {
    let card = usable(operations, holder, card).await?;
    match through_bank::call(operations, card.bank, Request::Balance { token: card.token }).await {
        Some(Response::Balance(amount)) => Ok(amount),
        Some(Response::Refused(reason)) => Err(OperationError::CardRefused(reason)),
        _ => Err(OperationError::Unavailable(Port::Bank)),
    }
}

/// Freezes a card for its holder, or ends that. What the bank says about the card is another matter.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn freeze(
    operations: &Operations,
    holder: HolderId,
    card: CardId,
    frozen: bool,
) -> Result<(), OperationError> {
    let now = operations.now();
    let since = frozen.then_some(now);
    let changed =
        operations.records().write(move |sql| cards::set_frozen(sql, holder, card, since, now)).await?;
    if changed { Ok(()) } else { Err(OperationError::NotFound(Party::Card)) }
}

/// The holder's card, deleted ones excepted.
///
/// # Errors
/// [`OperationError::NotFound`], also for the card of another holder, or what could not be reached.
pub async fn own(operations: &Operations, holder: HolderId, id: CardId) -> Result<Card, OperationError> {
    let card = operations.records().read(move |sql| cards::get(sql, id)).await?;
    card.filter(|card| card.holder == holder && card.deleted_at.is_none())
        .ok_or(OperationError::NotFound(Party::Card))
}

/// The holder's card, which may be used now.
///
/// # Errors
/// [`OperationError::NotFound`], also for the card of another holder, or [`OperationError::NotActive`].
pub(crate) async fn usable(
    operations: &Operations,
    holder: HolderId,
    id: CardId,
) -> Result<Usable, OperationError> {
    let card = own(operations, holder, id).await?;
    if card.frozen_at.is_some() {
        return Err(OperationError::NotActive(Party::Card));
    }
    // A card frozen by the bank may have been unfrozen there since: the bank decides.
    let ended = matches!(card.state, CardState::Blacklisted | CardState::Revoked);
    if ended || has_expired(card.expiry, operations.now()) {
        return Err(OperationError::NotActive(Party::Card));
    }
    let token = u128::from_str_radix(&card.token, 16)
        .map_err(|_| OperationError::Inconsistent("card token is not hexadecimal"))?;
    Ok(Usable { id: card.id, bank: card.bank, token: Token(token), state: card.state })
}

fn has_expired(expiry: ExpiryMonth, now: Timestamp) -> bool {
    Expiry { year: expiry.year, month: expiry.month }.is_past(now)
}

fn stored_token(token: Token) -> String {
    format!("{:032x}", token.0)
}

const fn stored_brand(brand: Brand) -> CardBrand {
    match brand {
        Brand::UnionPay => CardBrand::UnionPay,
        Brand::Visa => CardBrand::Visa,
        Brand::Mastercard => CardBrand::Mastercard,
        Brand::Jcb => CardBrand::Jcb,
        Brand::Other => CardBrand::Other,
    }
}

/// Notes on the card what the bank's answer tells of its state, for the holder to see.
pub(crate) fn note(operations: &Operations, card: &Usable, receipt: &Receipt) {
    let told = match receipt.reason {
        None if receipt.state == OperationState::Completed => CardState::Active,
        Some(Reason::CardFrozen) => CardState::Frozen,
        Some(Reason::CardExpired) => CardState::Expired,
        Some(Reason::CardBlacklisted) => CardState::Blacklisted,
        _ => return,
    };
    if told == card.state {
        return;
    }
    let (id, now) = (card.id, operations.now());
    operations.records().write_later(move |sql| cards::set_state(sql, id, told, now).map(drop));
}

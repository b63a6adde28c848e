//! Closing an account: the rest is paid out to a bank card of the holder, then nothing goes in or out any more.
//!
//! The pay-outs are ordinary withdrawals whose keys follow from the key of the closing, so that repeating it pays nothing out
//! twice. The account ends only where the ledger says that nothing is left and nothing is in flight, and where nothing of the
//! holder's waits elsewhere that could only come back to a wallet.

use money::Amount;
use records::Sql;
use records::api_keys;
use records::card_purses as card_purse_rows;
use records::cards as card_rows;
use records::known_devices;
use records::load_orders;
use records::operations::OperationState;
use records::orders::{self, OrderFilter, OrderState};
use records::passkeys;
use records::payment_pins;
use records::principals::{self, PrincipalStatus};
use records::sessions;
use records::wallets::WalletStatus;
use wallet::ids::{CardId, HolderId, PrincipalId, SessionId};

use crate::balances::{self, WalletBalance};
use crate::cards::CardRequest;
use crate::{IdempotencyKey, OperationError, Operations, audit_log, card_purses, holders, withdrawal};

/// Why an account cannot be closed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StillOpen {
    /// Money is on its way, or held by a bank that has not answered.
    InFlight,
    /// This much is owed of a sale that a card paid a part of.
    Owes(Amount),
    /// This much is on a card purse of theirs, or ordered for it.
    OnCard(Amount),
    /// This much waits in escrow for an order that they paid.
    InEscrow(Amount),
    /// This much is left, and no card was named that it can be paid out to.
    Rest(Amount),
    /// The bank did not take the money: it is still in the wallet.
    PayOutFailed,
    /// Money came in while the account was being closed. It is open again.
    MoneyCame,
}

/// What would be paid out before an account is closed: what is in each wallet that is not empty.
///
/// # Errors
/// What could not be reached.
pub async fn rest(operations: &Operations, holder: HolderId) -> Result<Vec<Amount>, OperationError> {
    let wallets = balances::of_holder(operations, holder).await?;
    Ok(wallets.iter().map(|wallet| wallet.balance.available).filter(|rest| !rest.is_zero()).collect())
}

/// Pays the rest out to `card` and closes the account, or says why it stays open.
///
/// # Errors
/// Which rule a pay-out breaks, or what could not be reached.
pub async fn close(
    operations: &Operations,
    key: &IdempotencyKey,
    holder: HolderId,
    card: Option<CardId>,
) -> Result<Result<(), StillOpen>, OperationError> {
    let wallets = balances::of_holder(operations, holder).await?;
    if wallets.iter().any(is_in_flight) {
        return Ok(Err(StillOpen::InFlight));
    }
    if let Some(due) = card_purses::dues::open_of(operations, holder).await?.first() {
        return Ok(Err(StillOpen::Owes(due.amount)));
    }
    if let Some(why) = elsewhere(operations, holder).await? {
        return Ok(Err(why));
    }
    let left = wallets.iter().map(|wallet| wallet.balance.available).filter(|rest| !rest.is_zero());
    for amount in left {
        let Some(card) = card else { return Ok(Err(StillOpen::Rest(amount))) };
        if let Err(why) = pay_out(operations, key, CardRequest { holder, card, amount }).await? {
            return Ok(Err(why));
        }
    }
    end(operations, holder).await
}

/// What is the holder's and in no wallet.
async fn elsewhere(operations: &Operations, holder: HolderId) -> Result<Option<StillOpen>, OperationError> {
    let read = move |sql: &mut dyn Sql| {
        for card in card_purse_rows::of_holder(sql, holder)?.into_iter().filter(|card| !card.is_closed) {
            let ordered = load_orders::open(sql, card.asn)?.into_iter().map(|order| order.amount).next();
            let own = Amount::from_minor(card.own, card.currency).ok().filter(|own| !own.is_zero());
            if let Some(amount) = own.or(ordered) {
                return Ok(Some(StillOpen::OnCard(amount)));
            }
        }
        for state in [OrderState::Held, OrderState::Disputed] {
            let paid = OrderFilter { payer: Some(holder), state: Some(state), ..OrderFilter::default() };
            if let Some(order) = orders::list(sql, &paid, 1)?.first() {
                return Ok(Some(StillOpen::InEscrow(order.amount)));
            }
        }
        Ok(None)
    };
    Ok(operations.records().read(read).await?)
}

fn is_in_flight(wallet: &WalletBalance) -> bool {
    !wallet.balance.leaving.is_zero() || !wallet.balance.coming.is_zero()
}

async fn pay_out(
    operations: &Operations,
    key: &IdempotencyKey,
    request: CardRequest,
) -> Result<Result<(), StillOpen>, OperationError> {
    let amount = request.amount;
    let key = format!("{}-{}-{}", key.as_str(), amount.currency().code(), amount.minor());
    let key: IdempotencyKey =
        key.parse().map_err(|_| OperationError::TextLength { field: "Idempotency-Key" })?;
    let receipt = match withdrawal::start(operations, &key, request).await {
        Ok(receipt) => receipt,
        Err(
            OperationError::NotFound(_) | OperationError::NotActive(_) | OperationError::CurrencyNotSupported,
        ) => {
            return Ok(Err(StillOpen::Rest(amount)));
        }
        Err(error) => return Err(error),
    };
    Ok(match receipt.state {
        OperationState::Completed => Ok(()),
        state if state.is_open() => Err(StillOpen::InFlight),
        _ => Err(StillOpen::PayOutFailed),
    })
}

/// First nothing more may come in, then the ledger is asked whether something came before that.
async fn end(operations: &Operations, holder: HolderId) -> Result<Result<(), StillOpen>, OperationError> {
    set_wallets(operations, holder, WalletStatus::Closed).await?;
    let wallets = balances::of_holder(operations, holder).await?;
    if wallets.iter().any(|wallet| is_in_flight(wallet) || !wallet.balance.available.is_zero()) {
        set_wallets(operations, holder, WalletStatus::Open).await?;
        return Ok(Err(StillOpen::MoneyCame));
    }
    let (id, now) = (PrincipalId::from(holder), operations.now());
    let closed = operations.records().write(move |sql| {
        for card in card_rows::list(sql, holder)? {
            card_rows::delete(sql, holder, card.id, now)?;
        }
        for api_key in api_keys::list_valid(sql, id)? {
            api_keys::revoke(sql, id, api_key.id, now)?;
        }
        passkeys::delete_all(sql, id)?;
        payment_pins::delete(sql, id)?;
        known_devices::delete_all(sql, id)?;
        sessions::revoke_others(sql, id, None::<SessionId>, now)?;
        principals::set_status(sql, id, PrincipalStatus::Closed, now).map(drop)
    });
    closed.await?;
    operations.forget_holder(holder);
    audit_log::note(operations, id, "account.closed", &id.to_string(), &[]).await?;
    Ok(Ok(()))
}

async fn set_wallets(
    operations: &Operations,
    holder: HolderId,
    status: WalletStatus,
) -> Result<(), OperationError> {
    for wallet in balances::of_holder(operations, holder).await? {
        holders::set_wallet_status(operations, holder, wallet.currency, status).await?;
    }
    Ok(())
}

//! Closing an account: the rest is paid out to a bank card of the holder, then nothing goes in or out any more.
//!
//! 1. Nothing of the holder's may wait elsewhere that could only come back to a wallet.
//! 2. The rest is paid out by ordinary withdrawals whose keys follow from the key of the closing, so that repeating it pays
//!    nothing out twice.
//! 3. The ledger closes the wallets, and from then on itself refuses whatever would come in. Where it says that something came
//!    before that, it opens them again.
//! 4. The records follow. Where a crash or an older copy of them came in between, the next start does it: [`follow`].

use std::collections::BTreeSet;

use ledger::{
    Account, AccountFilter, AccountFilterFlags, AccountFlags, CreateTransferStatus as Status, Transfer,
};
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
use records::wallets::{self, WalletStatus};
use wallet::chart;
use wallet::closing_postings::{wallet_closed, wallet_reopened};
use wallet::ids::{CardId, HolderId, PrincipalId, SessionId};

use crate::balances::{self, WalletBalance};
use crate::card_purses::transfer_purse_visit;
use crate::cards::CardRequest;
use crate::{IdempotencyKey, OperationError, Operations, audit_log, card_purses, withdrawal};

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
    // An earlier try may have ended in between.
    reopen_unless_over(operations, holder).await?;
    if let Some(due) = card_purses::dues::open_of(operations, holder).await?.first() {
        return Ok(Err(StillOpen::Owes(due.amount)));
    }
    if let Some(why) = elsewhere(operations, holder).await? {
        return Ok(Err(why));
    }
    if let Some(amount) = unloads(operations, holder).await? {
        return Ok(Err(StillOpen::OnCard(amount)));
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

/// What a card shall give back and has not shown to have given.
async fn unloads(operations: &Operations, holder: HolderId) -> Result<Option<Amount>, OperationError> {
    let cards = operations.records().read(move |sql| card_purse_rows::of_holder(sql, holder)).await?;
    for card in cards.into_iter().filter(|card| !card.is_closed) {
        let waiting = transfer_purse_visit::unloads_waiting(operations, card.asn, card.currency).await?;
        if let Some(amount) = waiting.first() {
            return Ok(Some(*amount));
        }
    }
    Ok(None)
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
    close_wallets(operations, holder).await?;
    if !reopen_unless_over(operations, holder).await? {
        return Ok(Err(StillOpen::MoneyCame));
    }
    record(operations, holder).await?;
    Ok(Ok(()))
}

/// The holder's wallets, as the ledger has them.
async fn accounts(operations: &Operations, holder: HolderId) -> Result<Vec<Account>, OperationError> {
    let wallets = operations.records().read(move |sql| wallets::list(sql, holder)).await?;
    let ids = wallets.iter().map(|wallet| chart::wallet_id(holder, wallet.currency)).collect();
    operations.ledger().lookup_accounts(ids).await
}

async fn close_wallets(operations: &Operations, holder: HolderId) -> Result<(), OperationError> {
    let wallets = operations.records().read(move |sql| wallets::list(sql, holder)).await?;
    let currencies = wallets.iter().map(|wallet| wallet.currency);
    operations.ledger().open_accounts(currencies.clone().map(chart::closings).collect()).await?;
    let now = operations.now();
    let closed = currencies.map(|currency| wallet_closed(holder, currency, now)).collect();
    let statuses = operations.ledger().create_transfers(closed).await?;
    let is_closed = |status: &Status| {
        matches!(status, Status::Created | Status::Exists | Status::DebitAccountAlreadyClosed)
    };
    if statuses.iter().all(is_closed) {
        Ok(())
    } else {
        Err(OperationError::Inconsistent("ledger refused to close a wallet"))
    }
}

fn is_closed(account: &Account) -> bool {
    account.flags.contains(AccountFlags::CLOSED)
}

/// Whether a wallet is closed for good: with nothing in it and nothing on its way.
fn is_over(account: &Account) -> bool {
    let is_still = account.debits_pending.0 == 0 && account.credits_pending.0 == 0;
    is_closed(account) && is_still && account.debits_posted == account.credits_posted
}

/// Says whether the ledger has closed all wallets of the holder for good. Where it has not, it opens those that it has closed.
async fn reopen_unless_over(operations: &Operations, holder: HolderId) -> Result<bool, OperationError> {
    let accounts = accounts(operations, holder).await?;
    if accounts.iter().all(is_over) {
        return Ok(true);
    }
    for account in accounts.iter().filter(|account| is_closed(account)) {
        reopen(operations, account).await?;
    }
    Ok(false)
}

/// Voids what closed the account: the newest of its tries, the others having been voided before.
async fn reopen(operations: &Operations, account: &Account) -> Result<(), OperationError> {
    let filter = AccountFilter {
        account_id: account.id,
        code: chart::WALLET_CLOSED,
        limit: 1,
        flags: AccountFilterFlags::DEBITS | AccountFilterFlags::REVERSED,
        ..AccountFilter::default()
    };
    let newest = operations.ledger().account_transfers(filter).await?;
    let newest = newest.first().ok_or(OperationError::Inconsistent("a wallet was closed by nothing"))?;
    // A void that is there already has the code too.
    let closed = if newest.resolves_pending() { newest.pending_id } else { newest.id };
    match operations.ledger().create_transfer(wallet_reopened(closed)).await? {
        Status::Created | Status::Exists | Status::PendingTransferAlreadyVoided => Ok(()),
        _ => Err(OperationError::Inconsistent("ledger refused to open a wallet again")),
    }
}

/// The records follow the ledger: nobody logs in, and nothing that belonged to the account can be used.
async fn record(operations: &Operations, holder: HolderId) -> Result<(), OperationError> {
    let (id, now) = (PrincipalId::from(holder), operations.now());
    let closed = operations.records().write(move |sql| {
        for wallet in wallets::list(sql, holder)? {
            wallets::set_status(sql, holder, wallet.currency, WalletStatus::Closed, now)?;
        }
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
    audit_log::note(operations, id, "account.closed", &id.to_string(), &[]).await
}

/// Closes the accounts whose wallets these transfers closed for good and that the records still have open; opens the wallets of
/// a closing that came to nothing.
pub(crate) async fn follow(operations: &Operations, page: &[Transfer]) -> Result<(), OperationError> {
    let is_closing = |transfer: &&Transfer| {
        transfer.code == chart::WALLET_CLOSED
            && !transfer.resolves_pending()
            && !chart::is_memo(transfer.ledger)
    };
    let holders: BTreeSet<u128> = page.iter().filter(is_closing).map(|closed| closed.user_data_128).collect();
    for holder in holders.into_iter().map(HolderId::new) {
        let known = operations.records().read(move |sql| principals::get(sql, holder.into())).await?;
        let is_open = known.is_some_and(|principal| principal.status != PrincipalStatus::Closed);
        if is_open && reopen_unless_over(operations, holder).await? {
            record(operations, holder).await?;
        }
    }
    Ok(())
}

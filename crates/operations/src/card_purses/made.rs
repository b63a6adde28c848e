//! Decided transfers are made: as often as it takes, with the same ids.

use ledger::{
    AccountId, BATCH_MAX, Code, CreateTransferStatus as Status, Timestamp, Transfer, TransferFlags,
    TransferId,
};
use records::card_postings::{self, CardPostings};
use wallet::chart;
use wallet::ids::derive_transfer;

use super::stored_bytes;
use crate::{OperationError, Operations};

/// How many are looked at together.
const PAGE: u32 = 50;

/// Makes what is still to be made, oldest first.
///
/// # Errors
/// What could not be reached.
pub(super) async fn rest(operations: &Operations) -> Result<(), OperationError> {
    loop {
        let oldest = operations.records().read(|sql| card_postings::oldest(sql, PAGE)).await?;
        if oldest.is_empty() {
            return Ok(());
        }
        all(operations, oldest).await?;
    }
}

/// Makes transfers that were decided, and forgets that they were to be made.
///
/// # Errors
/// What could not be reached; they are made later.
pub(super) async fn all(operations: &Operations, decided: Vec<CardPostings>) -> Result<(), OperationError> {
    const UNREADABLE: OperationError =
        OperationError::Inconsistent("records hold transfers that cannot be read");
    for CardPostings { id, transfers, .. } in decided {
        let transfers = stored_bytes::read_transfers(&transfers).ok_or(UNREADABLE)?;
        make(operations, transfers).await?;
        operations.records().write_later(move |sql| card_postings::delete(sql, id));
    }
    Ok(())
}

/// Makes transfers, or lets suspense stand in for who cannot give or take.
///
/// # Errors
/// What could not be reached.
pub(super) async fn make(operations: &Operations, transfers: Vec<Transfer>) -> Result<(), OperationError> {
    let batches = batches(transfers);
    let statuses = operations.ledger().create_in_order(batches.clone()).await?;
    let mut stood_in = Vec::new();
    for (batch, statuses) in batches.iter().zip(&statuses) {
        for (chain, statuses) in chains(batch, statuses) {
            match outcome(chain, statuses) {
                Outcome::Made => {}
                Outcome::SellerShort => stood_in.extend(chain.iter().map(from_suspense)),
                Outcome::WalletClosed(wallet) => {
                    stood_in.extend(chain.iter().map(|transfer| to_suspense(transfer, wallet)));
                }
                Outcome::Refused => {
                    return Err(OperationError::Inconsistent("ledger refused what was decided of a card"));
                }
            }
        }
    }
    if stood_in.is_empty() { Ok(()) } else { make_with_suspense(operations, stood_in).await }
}

/// As few batches as hold them, no chain in two.
fn batches(transfers: Vec<Transfer>) -> Vec<Vec<Transfer>> {
    let (mut batches, mut batch, mut chain) = (Vec::new(), Vec::new(), Vec::new());
    for transfer in transfers {
        let is_linked = transfer.flags.contains(TransferFlags::LINKED);
        chain.push(transfer);
        if is_linked {
            continue;
        }
        if batch.len() + chain.len() > BATCH_MAX {
            batches.push(std::mem::take(&mut batch));
        }
        batch.append(&mut chain);
    }
    batch.append(&mut chain);
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

/// Each chain, or transfer that is none, with its statuses.
fn chains<'a>(
    transfers: &'a [Transfer],
    statuses: &'a [Status],
) -> impl Iterator<Item = (&'a [Transfer], &'a [Status])> {
    let mut from = 0;
    transfers.split_inclusive(|transfer| !transfer.flags.contains(TransferFlags::LINKED)).map(move |chain| {
        let statuses = statuses.get(from..from + chain.len()).unwrap_or_default();
        from += chain.len();
        (chain, statuses)
    })
}

/// What comes into a holder's wallet.
const TO_WALLET: [Code; 4] =
    [chart::LOAD_RETURNED, chart::PURSE_UNLOAD, chart::PURSE_REST, chart::TRANSFER_PURSE_UNLOADED];

enum Outcome {
    /// Now or before. Of a load, also that the wallet has too little: whoever looks at the card asks the ledger.
    Made,
    /// Whoever sold has too little to give it back.
    SellerShort,
    /// Whose card it is has closed the account meanwhile.
    WalletClosed(AccountId),
    Refused,
}

fn outcome(chain: &[Transfer], statuses: &[Status]) -> Outcome {
    // A chain happens whole or not at all, and is told no more than that one of it was there.
    let is_there = |status: &Status| matches!(status, Status::Exists | Status::ExistsWithDifferentUserData64);
    let is_created = |status: &Status| *status == Status::Created;
    if statuses.iter().any(is_there) || (!statuses.is_empty() && statuses.iter().all(is_created)) {
        return Outcome::Made;
    }
    let is_no = |status: &Status| {
        matches!(status, Status::ExceedsCredits | Status::IdAlreadyFailed | Status::DebitAccountAlreadyClosed)
    };
    let is_refused = statuses.iter().any(is_no);
    // A wallet takes everything unless it is closed; asked again, the ledger says no more than that it has refused before.
    let is_closed = |(transfer, status): &(&Transfer, &Status)| {
        TO_WALLET.contains(&transfer.code)
            && matches!(status, Status::CreditAccountAlreadyClosed | Status::IdAlreadyFailed)
    };
    if let Some((transfer, _)) = chain.iter().zip(statuses).find(is_closed) {
        return Outcome::WalletClosed(transfer.credit_account_id);
    }
    match chain.first().map(|transfer| transfer.code) {
        Some(chart::LOAD_FUNDED) if is_refused => Outcome::Made,
        Some(chart::PURSE_CANCEL | chart::PURSE_DEBIT_WITHDRAWN) if is_refused => Outcome::SellerShort,
        _ => Outcome::Refused,
    }
}

/// The operator's suspense account stands in for a seller that has too little: a person finds out.
fn from_suspense(transfer: &Transfer) -> Transfer {
    let currency = chart::currency_of(transfer.ledger);
    Transfer {
        id: suspense_id(transfer.id),
        debit_account_id: currency.map_or(transfer.debit_account_id, chart::suspense_id),
        timestamp: Timestamp::ZERO,
        ..*transfer
    }
}

/// The operator's suspense account takes what a closed wallet cannot: a person gives it to whom it belongs.
fn to_suspense(transfer: &Transfer, wallet: AccountId) -> Transfer {
    let suspense = chart::currency_of(transfer.ledger).map(chart::suspense_id);
    let is_closed = transfer.credit_account_id == wallet;
    Transfer {
        id: suspense_id(transfer.id),
        credit_account_id: suspense.filter(|_| is_closed).unwrap_or(transfer.credit_account_id),
        timestamp: Timestamp::ZERO,
        ..*transfer
    }
}

/// The id of the transfer in which suspense stands in.
pub(super) fn suspense_id(of: TransferId) -> TransferId {
    derive_transfer("sycee transfer purse from suspense v1", &[&of.0.to_be_bytes()])
}

async fn make_with_suspense(operations: &Operations, transfers: Vec<Transfer>) -> Result<(), OperationError> {
    let currencies = transfers.iter().filter_map(|transfer| chart::currency_of(transfer.ledger));
    let accounts = currencies.map(chart::suspense).collect();
    operations.ledger().open_accounts(accounts).await?;
    let batches = batches(transfers);
    let statuses = operations.ledger().create_in_order(batches.clone()).await?;
    let mut chains = batches.iter().zip(&statuses).flat_map(|(batch, statuses)| chains(batch, statuses));
    if chains.all(|(chain, statuses)| matches!(outcome(chain, statuses), Outcome::Made)) {
        Ok(())
    } else {
        Err(OperationError::Inconsistent("suspense did not stand in"))
    }
}

#[cfg(test)]
mod tests {
    use money::Currency;

    use super::*;

    fn transfer(id: u128, is_linked: bool) -> Transfer {
        let flags = if is_linked { TransferFlags::LINKED } else { TransferFlags::NONE };
        Transfer { id: TransferId(id), flags, ..Transfer::default() }
    }

    #[test]
    fn no_chain_stands_in_two_batches() {
        let transfers: Vec<Transfer> =
            (0..2 * BATCH_MAX as u128).map(|id| transfer(id + 1, id % 3 != 2)).collect();
        let batches = batches(transfers.clone());
        assert_eq!(batches.concat(), transfers);
        for batch in &batches[..batches.len() - 1] {
            assert!(batch.len() <= BATCH_MAX);
            assert!(!batch[batch.len() - 1].flags.contains(TransferFlags::LINKED));
        }
    }

    #[test]
    fn a_chain_that_was_made_before_is_told_by_one_of_it() {
        let chain = [transfer(1, true), transfer(2, false)];
        let told = outcome(&chain, &[Status::Exists, Status::LinkedEventFailed]);
        assert!(matches!(told, Outcome::Made));
        let told = outcome(&chain, &[Status::LinkedEventFailed, Status::ExceedsCredits]);
        assert!(matches!(told, Outcome::Refused));
    }

    #[test]
    fn what_a_closed_wallet_cannot_take_goes_to_suspense() {
        let wallet = AccountId(7);
        let unload = |id, is_linked| Transfer {
            code: chart::PURSE_UNLOAD,
            ledger: chart::money_ledger(Currency::CNY),
            credit_account_id: wallet,
            ..transfer(id, is_linked)
        };
        let chain = [unload(1, true), unload(2, false)];
        for refused in [Status::CreditAccountAlreadyClosed, Status::IdAlreadyFailed] {
            let statuses = [refused, Status::LinkedEventFailed];
            assert!(matches!(outcome(&chain, &statuses), Outcome::WalletClosed(closed) if closed == wallet));
        }
        for transfer in &chain {
            let stands_in = to_suspense(transfer, wallet);
            assert_eq!(stands_in.credit_account_id, chart::suspense_id(Currency::CNY));
            assert!(stands_in.id != transfer.id && stands_in.flags == transfer.flags);
        }
    }
}

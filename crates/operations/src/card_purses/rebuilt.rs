//! What the ledger still tells of cards where the records have lost it: operations of history, and shadow balances. What only the
//! records knew of a card, its sequences, is gone: a card that has gone on since then is ahead of its issuer, and is exchanged.

use std::collections::{BTreeMap, BTreeSet};

use issuer::postings::{load_ended_id, second_leg_id};
use ledger::{Account, AccountId, BATCH_MAX, QueryFilter, QueryFilterFlags, Timestamp, Transfer, TransferId};
use messages::card::Asn;
use records::card_postings;
use records::card_purses::{self as rows, CardPurse};
use records::operations::{self as history, Operation, OperationKind, OperationState};
use wallet::ids::{HolderId, OperationId};
use wallet::postings::decision_id;
use wallet::{chart, purse_chart};

use super::card_store::identity;
use super::change::{card_operation, seller_sums, taking_operations};
use super::{card_time, made};
use crate::rebuild::{Rebuilt, amount_of};
use crate::{OperationError, Operations};

/// How many cards are looked at together.
const PAGE: u32 = 500;

/// The operations that the card transfers of a page stand for, where the records do not know them.
pub(crate) async fn of_page(
    operations: &Operations,
    page: &[Transfer],
) -> Result<Vec<Rebuilt>, OperationError> {
    let second_legs: BTreeSet<TransferId> = page.iter().map(|transfer| second_leg_id(transfer.id)).collect();
    let mut rebuilt = Vec::new();
    for transfer in page {
        let is_first = !second_legs.contains(&transfer.id);
        match transfer.code {
            chart::LOAD_FUNDED | chart::PURSE_REST | chart::SPLIT_COLLECTED => {
                rebuilt.extend(of_holder(operations, transfer).await?);
            }
            chart::PURSE_UNLOAD if is_first => rebuilt.extend(of_holder(operations, transfer).await?),
            _ => {}
        }
    }
    let is_taking = |transfer: &&Transfer| {
        matches!(
            transfer.code,
            chart::PURSE_DEBIT | chart::SPLIT_ADVANCED | chart::PURSE_CANCEL | chart::PURSE_DEBIT_WITHDRAWN
        )
    };
    let tags: BTreeSet<u64> = page.iter().filter(is_taking).map(|transfer| transfer.user_data_64).collect();
    for tag in tags {
        rebuilt.extend(of_sellers(operations, tag).await?);
    }
    Ok(rebuilt)
}

/// A load, unload, rest or collection.
async fn of_holder(operations: &Operations, first: &Transfer) -> Result<Option<Rebuilt>, OperationError> {
    let id = OperationId::new(first.id.0);
    if operations.records().read(move |sql| history::is_known(sql, id)).await? {
        return Ok(None);
    }
    let ids = vec![load_ended_id(id), second_leg_id(first.id)];
    let others = operations.ledger().lookup_transfers(ids).await?;
    let (kind, wallet) = match first.code {
        chart::LOAD_FUNDED => (OperationKind::CardLoad, first.debit_account_id),
        chart::SPLIT_COLLECTED => (OperationKind::CardDue, first.debit_account_id),
        chart::PURSE_REST => (OperationKind::CardRest, first.credit_account_id),
        _ => (OperationKind::CardUnload, first.credit_account_id),
    };
    let accounts = operations.ledger().lookup_accounts(vec![wallet]).await?;
    let Some(account) = accounts.first().filter(|account| account.code == chart::WALLET) else {
        return Ok(None);
    };
    let second = others.iter().find(|other| other.id == second_leg_id(first.id));
    let minor = first.amount.0.saturating_add(second.map_or(0, |second| second.amount.0));
    let whole = Transfer { amount: ledger::Amount(minor), ..*first };
    let holder = HolderId::new(account.user_data_128);
    let new = card_operation(id, kind, holder, amount_of(&whole)?, first.timestamp);
    let ended = others.iter().find(|other| other.id == load_ended_id(id)).map(|other| other.code);
    let state = match (kind, ended) {
        (OperationKind::CardLoad, Some(chart::LOAD_RETURNED)) => OperationState::Reversed,
        (OperationKind::CardLoad, None) => OperationState::Started,
        _ => OperationState::Completed,
    };
    Ok(Some(Rebuilt { new, state }))
}

/// What sellers got by transfers that were decided together.
async fn of_sellers(operations: &Operations, tag: u64) -> Result<Vec<Rebuilt>, OperationError> {
    let transfers = tagged(operations, tag).await?;
    let sums = seller_sums(&transfers);
    let sellers: Vec<AccountId> = sums.keys().map(|(seller, _)| *seller).collect();
    let accounts = operations.ledger().lookup_accounts(sellers).await?;
    let first = transfers.iter().map(|transfer| transfer.timestamp).min().unwrap_or(Timestamp::ZERO);
    let new = taking_operations(tag, &sums, &accounts, first);
    Ok(new.into_iter().map(|new| Rebuilt { new, state: OperationState::Completed }).collect())
}

async fn tagged(operations: &Operations, tag: u64) -> Result<Vec<Transfer>, OperationError> {
    let mut found: Vec<Transfer> = Vec::new();
    loop {
        let filter = QueryFilter {
            user_data_64: tag,
            timestamp_min: found.last().map_or(Timestamp::ZERO, |last| Timestamp(last.timestamp.0 + 1)),
            limit: u32::try_from(BATCH_MAX).unwrap_or(u32::MAX),
            flags: QueryFilterFlags::NONE,
            ..QueryFilter::default()
        };
        let page = operations.ledger().query_transfers(filter).await?;
        let is_last = page.len() < BATCH_MAX;
        found.extend(page);
        if is_last {
            return Ok(found);
        }
    }
}

/// Every transfer that an operation of cards caused, for people who look at it.
pub(crate) async fn transfers(
    operations: &Operations,
    operation: &Operation,
) -> Result<Vec<Transfer>, OperationError> {
    let first = decision_id(operation.id);
    if let Some(merchant) = operation.merchant {
        let tag = u64::try_from(operation.fingerprint).unwrap_or(0);
        let seller = chart::merchant_id(merchant, operation.amount.currency());
        let is_its =
            |transfer: &Transfer| transfer.debit_account_id == seller || transfer.credit_account_id == seller;
        return Ok(tagged(operations, tag).await?.into_iter().filter(is_its).collect());
    }
    let ended = load_ended_id(operation.id);
    let ids = vec![first, second_leg_id(first), ended, second_leg_id(ended)];
    operations.ledger().lookup_transfers(ids).await
}

/// Gives each card the shadow balance that the ledger has for it, where records were restored to an earlier time.
pub(crate) async fn realign(operations: &Operations) -> Result<(), OperationError> {
    made::rest(operations).await?;
    let mut after = Asn::default();
    loop {
        let page = operations.records().read(move |sql| rows::after(sql, after, PAGE)).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.asn;
        let purse = |row: &CardPurse| {
            identity(row).map(|identity| purse_chart::purse_id(&identity.name(), row.currency))
        };
        let ids = page.iter().filter_map(purse).collect();
        let accounts = operations.ledger().lookup_accounts(ids).await?;
        let balances: BTreeMap<AccountId, u128> =
            accounts.iter().map(|account: &Account| (account.id, balance(account))).collect();
        for row in page {
            let Some(owed) = purse(&row).and_then(|id| balances.get(&id)) else { continue };
            if u128::from(row.own) != *owed {
                realign_one(operations, row, *owed).await?;
            }
        }
    }
}

const fn balance(account: &Account) -> u128 {
    account.credits_posted.0.saturating_sub(account.debits_posted.0)
}

async fn realign_one(operations: &Operations, row: CardPurse, owed: u128) -> Result<(), OperationError> {
    const OUT_OF_RANGE: OperationError =
        OperationError::Inconsistent("ledger balance of a card is out of range");
    let own = u64::try_from(owed).map_err(|_| OUT_OF_RANGE)?;
    let Some(identity) = identity(&row) else { return Ok(()) };
    let excess_account = purse_chart::excess_id(row.currency);
    let filter = QueryFilter {
        user_data_128: identity.name().bits(),
        limit: u32::try_from(BATCH_MAX).unwrap_or(u32::MAX),
        flags: QueryFilterFlags::NONE,
        ..QueryFilter::default()
    };
    let (mut excess, mut since) = (0_i128, Timestamp::ZERO);
    loop {
        let page =
            operations.ledger().query_transfers(QueryFilter { timestamp_min: since, ..filter }).await?;
        for transfer in &page {
            let minor = i128::try_from(transfer.amount.0).map_err(|_| OUT_OF_RANGE)?;
            excess += if transfer.debit_account_id == excess_account { minor } else { 0 };
            excess -= if transfer.credit_account_id == excess_account { minor } else { 0 };
        }
        match page.last() {
            Some(last) if page.len() == BATCH_MAX => since = Timestamp(last.timestamp.0 + 1),
            _ => break,
        }
    }
    let excess = u64::try_from(excess).map_err(|_| OUT_OF_RANGE)?;
    let now = card_time::seconds(operations.now());
    let excess_since = (excess > 0).then(|| row.excess_since.unwrap_or(now));
    let aligned = CardPurse { own, excess, excess_since, ..row };
    operations
        .records()
        .write(move |sql| {
            // Whoever has decided of the card meanwhile has read it after the ledger was asked.
            let is_still = aligned.postings.map_or(Ok(true), |id| {
                Ok::<_, records::RecordsError>(card_postings::get_all(sql, &[id])?.is_empty())
            })?;
            if is_still { rows::update(sql, &aligned).map(drop) } else { Ok(()) }
        })
        .await?;
    Ok(())
}

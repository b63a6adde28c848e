//! Balances, as the ledger says.

use std::collections::HashMap;

use ledger::{Account, AccountId};
use money::{Amount, Currency};
use records::wallets::{self, WalletStatus};
use wallet::chart;
use wallet::ids::{HolderId, MerchantId};

use crate::{OperationError, Operations};

/// What is in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// What may be spent now.
    pub available: Amount,
    /// What is reserved to leave: withdrawals that the bank has not confirmed.
    pub leaving: Amount,
    /// What is reserved to come: top-ups that the bank has not confirmed.
    pub coming: Amount,
}

/// One wallet of a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalletBalance {
    /// In which currency.
    pub currency: Currency,
    /// Whether it may be used.
    pub status: WalletStatus,
    /// What is in it.
    pub balance: Balance,
}

const OUT_OF_RANGE: OperationError = OperationError::Inconsistent("ledger balance is out of range");

fn balance(account: &Account, currency: Currency) -> Result<Balance, OperationError> {
    let amount = |minor: ledger::Amount| {
        let minor = u64::try_from(minor.0).map_err(|_| OUT_OF_RANGE)?;
        Amount::from_minor(minor, currency).map_err(|_| OUT_OF_RANGE)
    };
    let out = account.debits_posted.checked_add(account.debits_pending).ok_or(OUT_OF_RANGE)?;
    let available = account.credits_posted.checked_sub(out).ok_or(OUT_OF_RANGE)?;
    Ok(Balance {
        available: amount(available)?,
        leaving: amount(account.debits_pending)?,
        coming: amount(account.credits_pending)?,
    })
}

/// The wallets of a holder, oldest first.
///
/// # Errors
/// What could not be reached.
pub async fn of_holder(
    operations: &Operations,
    holder: HolderId,
) -> Result<Vec<WalletBalance>, OperationError> {
    let wallets = operations.records().read(move |sql| wallets::list(sql, holder)).await?;
    let ids = wallets.iter().map(|wallet| chart::wallet_id(holder, wallet.currency)).collect();
    let accounts = by_id(operations, ids).await?;
    wallets
        .iter()
        .map(|wallet| {
            let account = accounts.get(&chart::wallet_id(holder, wallet.currency));
            let account = account.ok_or(OperationError::Inconsistent("recorded wallet has no account"))?;
            let balance = balance(account, wallet.currency)?;
            Ok(WalletBalance { currency: wallet.currency, status: wallet.status, balance })
        })
        .collect()
}

/// The accounts of a merchant in the operator's currencies.
///
/// # Errors
/// What could not be reached.
pub async fn of_merchant(
    operations: &Operations,
    merchant: MerchantId,
) -> Result<Vec<(Currency, Balance)>, OperationError> {
    let currencies = operations.policy().currencies.clone();
    let ids = currencies.iter().map(|currency| chart::merchant_id(merchant, *currency)).collect();
    let accounts = by_id(operations, ids).await?;
    let mut balances = Vec::with_capacity(currencies.len());
    for currency in currencies {
        if let Some(account) = accounts.get(&chart::merchant_id(merchant, currency)) {
            balances.push((currency, balance(account, currency)?));
        }
    }
    Ok(balances)
}

async fn by_id(
    operations: &Operations,
    ids: Vec<AccountId>,
) -> Result<HashMap<AccountId, Account>, OperationError> {
    let accounts = operations.ledger().lookup_accounts(ids).await?;
    Ok(accounts.into_iter().map(|account| (account.id, account)).collect())
}

//! Explain one operation: everything that ledger, rules, people and the audit log know about it.

use std::collections::HashMap;

use ::audit_log::Entry;
use ledger::{Account, AccountId, Transfer};
use records::audit_log::AuditFilter;
use records::control::{Told, webhooks_about};
use records::operations::{self as rows, Operation, OperationKind, PartyId};
use records::risk::{self as risk_rows, DecisionRow, Review};
use wallet::chart;
use wallet::ids::OperationId;
use wallet::postings;

use crate::history::{self, Named};
use crate::{OperationError, Operations, Party, audit_log, card_purses};

/// How many entries of the audit log are shown.
const ENTRIES_MAX: u32 = 50;

/// Whose account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountOwner {
    /// A holder's wallet.
    Wallet(PartyId),
    /// A merchant's account.
    Merchant(PartyId),
    /// The operator's money at a bank.
    Bank(PartyId),
    /// The limit on the refunds of a payment.
    RefundCap,
    /// The other side of limits.
    Control,
    /// The escrow of an order.
    Escrow,
    /// A voucher.
    Voucher,
    /// A card purse.
    CardPurse,
    /// A load of a card purse.
    CardLoad,
    /// What card purses spent beyond what was loaded.
    CardExcess,
    /// What sellers of split sales were advanced.
    CardAdvances,
    /// What purses hold that pay each other.
    TransferPurses,
    /// What the operator corrected by hand.
    Suspense,
    /// One of another kind.
    Other(AccountId),
}

/// A transfer with the owners of its two accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The transfer.
    pub transfer: Transfer,
    /// Whose account was debited.
    pub debit: AccountOwner,
    /// Whose account was credited.
    pub credit: AccountOwner,
}

/// Everything about one operation.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The operation with the names of its sides.
    pub named: Named,
    /// What rules decided, where they did anything but allow it.
    pub decision: Option<DecisionRow>,
    /// Its transfers in the ledger, oldest first.
    pub postings: Vec<Posting>,
    /// Its review, where a person had to decide.
    pub review: Option<Review>,
    /// Its refunds, oldest first.
    pub refunds: Vec<Operation>,
    /// What merchants were told of it, oldest first.
    pub told: Vec<Told>,
    /// What the audit log has about it, newest first.
    pub entries: Vec<Entry>,
}

/// Finds out everything about an operation.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn explain(operations: &Operations, id: OperationId) -> Result<Explanation, OperationError> {
    let found = operations.records().read(move |sql| {
        let Some(operation) = rows::get(sql, id)? else { return Ok(None) };
        let decision = risk_rows::decision(sql, id)?;
        let review = risk_rows::review(sql, id)?;
        let told = webhooks_about(sql, id)?;
        Ok(Some((operation, decision, review, rows::refunds_of(sql, id)?, told)))
    });
    let (operation, decision, review, refunds, told) =
        found.await?.ok_or(OperationError::NotFound(Party::Operation))?;
    let postings = postings(operations, &operation).await?;
    let mut named = history::named(operations, vec![operation]).await?;
    let named = named.pop().ok_or(OperationError::NotFound(Party::Operation))?;
    let filter = AuditFilter { subject: id.to_string(), ..AuditFilter::default() };
    let entries = audit_log::search(operations, filter, ENTRIES_MAX).await?;
    Ok(Explanation { named, decision, postings, review, refunds, told, entries })
}

/// Every transfer that the operation can have caused: their ids are derived from its own.
async fn postings(operations: &Operations, operation: &Operation) -> Result<Vec<Posting>, OperationError> {
    let id = operation.id;
    let mut ids = vec![postings::decision_id(id), postings::settled_id(id), postings::released_id(id)];
    if operation.kind == OperationKind::Refund {
        ids.push(postings::cap_used_id(id));
    }
    if operation.kind == OperationKind::Payment {
        ids.push(postings::cap_opened_id(id));
    }
    let mut transfers = match operation.kind {
        OperationKind::CardLoad
        | OperationKind::CardUnload
        | OperationKind::CardRest
        | OperationKind::CardDue
        | OperationKind::CardTakings
        | OperationKind::CardReturns => card_purses::rebuilt::transfers(operations, operation).await?,
        _ => operations.ledger().lookup_transfers(ids).await?,
    };
    transfers.sort_by_key(|transfer| transfer.timestamp);
    let sides = transfers.iter().flat_map(|one| [one.debit_account_id, one.credit_account_id]).collect();
    let accounts = operations.ledger().lookup_accounts(sides).await?;
    let accounts: HashMap<AccountId, Account> = accounts.into_iter().map(|one| (one.id, one)).collect();
    let posting = |transfer: Transfer| Posting {
        debit: owner(&accounts, transfer.debit_account_id),
        credit: owner(&accounts, transfer.credit_account_id),
        transfer,
    };
    Ok(transfers.into_iter().map(posting).collect())
}

fn owner(accounts: &HashMap<AccountId, Account>, id: AccountId) -> AccountOwner {
    let Some(account) = accounts.get(&id) else { return AccountOwner::Other(id) };
    let party = PartyId::from(wallet::ids::HolderId::new(account.user_data_128));
    match account.code {
        chart::WALLET => AccountOwner::Wallet(party),
        chart::MERCHANT => AccountOwner::Merchant(party),
        chart::BANK => AccountOwner::Bank(party),
        chart::REFUND_CAP => AccountOwner::RefundCap,
        chart::REFUND_CONTROL => AccountOwner::Control,
        chart::ESCROW => AccountOwner::Escrow,
        chart::VOUCHER => AccountOwner::Voucher,
        chart::PURSE => AccountOwner::CardPurse,
        chart::PURSE_LOAD => AccountOwner::CardLoad,
        chart::PURSE_EXCESS => AccountOwner::CardExcess,
        chart::PURSE_ADVANCES => AccountOwner::CardAdvances,
        chart::TRANSFER_PURSE => AccountOwner::TransferPurses,
        chart::SUSPENSE => AccountOwner::Suspense,
        _ => AccountOwner::Other(id),
    }
}

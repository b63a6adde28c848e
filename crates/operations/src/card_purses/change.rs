//! What is written of cards in one step: the cards, their operations in history, and the transfers that are to be made.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Account, AccountId, Timestamp, Transfer};
use messages::card::Asn;
use money::{Amount, Currency};
use records::approvals::{self, Ending};
use records::card_dues::CardDue;
use records::card_places::{self, CardPlace};
use records::card_postings::{self, CardPostings};
use records::card_purses::{self as rows, CardPurse};
use records::card_uploads::{self, FoundAt, RefusedRecord};
use records::load_orders::{self, LoadOrder, LoadOrderState};
use records::operations::{self, NewOperation, OperationKind, OperationState};
use records::{RecordsError, Sql, card_operations};
use wallet::ids::{ApprovalId, HolderId, MerchantId, OperationId, PostingsId, derive};
use wallet::{chart, purse_chart};

use super::card_store::{Ended, StoredCard};
use super::{dues, lists, made, stored_bytes};
use crate::{OperationError, Operations, Reason};

/// Somebody else wrote the card.
const OTHER_REVISION: &str = "card_purses_revision";
/// Somebody else ended the approval.
const DECIDED_BEFORE: &str = "approvals_state";

/// What is to be written, all or nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    cards: Vec<(CardPurse, Vec<CardPlace>)>,
    pub(super) transfers: Vec<Transfer>,
    ended: Vec<(OperationId, Ended)>,
    /// Operations that begin, with their card.
    pub(super) begun: Vec<(NewOperation, OperationState, Asn)>,
    /// A load order as it is from now on, and the state that it had.
    pub(super) order: Option<(LoadOrder, LoadOrderState)>,
    /// The approval that this carries out, and how it ends.
    pub(super) approved: Option<(ApprovalId, Ending)>,
    pub(super) refused: Vec<RefusedRecord>,
    pub(super) found: Vec<FoundAt>,
    /// Parts of split sales that are new, or of which the card or its holder has been heard.
    pub(super) dues: Vec<CardDue>,
    changes_list: bool,
    takings: Vec<NewOperation>,
}

impl Change {
    /// A card as it is now, and the transfers that it causes.
    pub(super) fn of(stored: &StoredCard, transfers: Vec<Transfer>) -> Self {
        let mut change = Self { transfers, ..Self::default() };
        change.add(stored);
        change
    }

    /// Also another card.
    pub(super) fn add(&mut self, stored: &StoredCard) {
        self.ended.extend(stored.ended());
        self.changes_list |= stored.changes_list();
        self.cards.push((stored.to_row(), stored.changed_places()));
    }

    /// Marks every card as seen now.
    pub(super) fn seen(mut self, now: Timestamp) -> Self {
        self.cards.iter_mut().for_each(|(row, _)| row.last_seen = Some(now));
        self
    }
}

/// Writes a change, and makes its transfers. Says whether it was written: not where somebody else has written one of the
/// cards since it was read.
///
/// # Errors
/// [`OperationError::DecidedBefore`], or what could not be reached. The change may be written: whoever looks at the card
/// next goes on with it.
pub(super) async fn commit(operations: &Operations, mut change: Change) -> Result<bool, OperationError> {
    let now = operations.now();
    let id = PostingsId::new(operations.fresh_bits());
    open_advances(operations, &change.transfers).await?;
    change.takings = takings(operations, &change.transfers, id, now).await?;
    let postings = (!change.transfers.is_empty()).then(|| {
        change.transfers.iter_mut().for_each(|transfer| transfer.user_data_64 = tag(id));
        CardPostings { id, transfers: stored_bytes::write_transfers(&change.transfers), decided_at: now }
    });
    if let Some(postings) = &postings {
        change.cards.iter_mut().for_each(|(row, _)| row.postings = Some(postings.id));
    }
    let changes_list = change.changes_list;
    let kept = postings.clone();
    let written = operations.records().write(move |sql| write(sql, &change, kept.as_ref(), now)).await;
    match written {
        Err(error) if error.is_conflict(OTHER_REVISION) => return Ok(false),
        Err(error) if error.is_conflict(DECIDED_BEFORE) => return Err(OperationError::DecidedBefore),
        written => written?,
    }
    made::all(operations, postings.into_iter().collect()).await?;
    if changes_list {
        lists::issue_status(operations).await?;
    }
    Ok(true)
}

/// The account that advances come from. Cards that were bound before there were any have none.
async fn open_advances(operations: &Operations, transfers: &[Transfer]) -> Result<(), OperationError> {
    let advances = transfers.iter().filter(|transfer| transfer.code == chart::SPLIT_ADVANCED);
    let currencies: BTreeSet<_> = advances.map(|transfer| transfer.ledger.0).collect();
    if currencies.is_empty() {
        return Ok(());
    }
    let currencies = currencies.into_iter().filter_map(|ledger| chart::currency_of(ledger::LedgerId(ledger)));
    operations.ledger().open_accounts(currencies.map(purse_chart::advances).collect()).await.map(drop)
}

/// What transfers that were decided together have in common: 64 bits of their id.
const fn tag(id: PostingsId) -> u64 {
    let [.., a, b, c, d, e, f, g, h] = id.to_bytes();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

fn write(
    sql: &mut dyn Sql,
    change: &Change,
    postings: Option<&CardPostings>,
    now: Timestamp,
) -> Result<(), RecordsError> {
    for (row, places) in &change.cards {
        if !rows::update(sql, row)? {
            return Err(RecordsError::Conflict(OTHER_REVISION.to_owned()));
        }
        for place in places {
            card_places::put(sql, place)?;
        }
    }
    if let Some(postings) = postings {
        card_postings::insert(sql, postings)?;
    }
    for (operation, end) in &change.ended {
        write_end(sql, *operation, *end, now)?;
    }
    if let Some((order, from)) = &change.order
        && !load_orders::change(sql, order, *from)?
    {
        return Err(RecordsError::Conflict(OTHER_REVISION.to_owned()));
    }
    if let Some((approval, ending)) = &change.approved
        && !approvals::end(sql, *approval, ending)?
    {
        return Err(RecordsError::Conflict(DECIDED_BEFORE.to_owned()));
    }
    for (new, state, asn) in &change.begun {
        operations::insert_in_state(sql, new, *state, None)?;
        card_operations::insert(sql, new.id, *asn)?;
    }
    for new in &change.takings {
        operations::insert_in_state(sql, new, OperationState::Completed, None)?;
    }
    for due in &change.dues {
        dues::write(sql, due)?;
    }
    for refused in &change.refused {
        card_uploads::refuse(sql, refused)?;
    }
    for found in &change.found {
        card_uploads::find(sql, found)?;
    }
    Ok(())
}

/// An operation has ended, and so has its load order, or waits again.
fn write_end(
    sql: &mut dyn Sql,
    operation: OperationId,
    end: Ended,
    now: Timestamp,
) -> Result<(), RecordsError> {
    let (state, reason) = match end {
        Ended::Done => (OperationState::Completed, None),
        Ended::NotDone => (OperationState::Reversed, None),
        Ended::Declined => (OperationState::Declined, Some(Reason::InsufficientFunds.code())),
    };
    operations::finish(sql, operation, state, reason, now)?;
    let Some(order) = load_orders::of_operation(sql, operation)? else { return Ok(()) };
    let from = order.state;
    let order = match end {
        Ended::Done => LoadOrder { state: LoadOrderState::Done, changed_at: now, ..order },
        Ended::NotDone | Ended::Declined => LoadOrder {
            state: LoadOrderState::Waiting,
            attempt: order.attempt.saturating_add(1),
            operation: None,
            changed_at: now,
            ..order
        },
    };
    load_orders::change(sql, &order, from).map(drop)
}

/// What merchants get and give by transfers that were decided together: one operation for each.
async fn takings(
    operations: &Operations,
    transfers: &[Transfer],
    postings: PostingsId,
    now: Timestamp,
) -> Result<Vec<NewOperation>, OperationError> {
    let sums = seller_sums(transfers);
    let sellers: Vec<AccountId> = sums.keys().map(|(seller, _)| *seller).collect();
    if sellers.is_empty() {
        return Ok(Vec::new());
    }
    let accounts = operations.ledger().lookup_accounts(sellers).await?;
    Ok(taking_operations(tag(postings), &sums, &accounts, now))
}

/// The operations that these sums stand for. Where the suspense account stood in for a seller, there is none.
pub(super) fn taking_operations(
    tag: u64,
    sums: &BTreeMap<(AccountId, u32), i128>,
    accounts: &[Account],
    now: Timestamp,
) -> Vec<NewOperation> {
    let operation = |((seller, ledger), sum): (&(AccountId, u32), &i128)| {
        let account =
            accounts.iter().find(|account| account.id == *seller && account.code == chart::MERCHANT)?;
        let currency = chart::currency_of(ledger::LedgerId(*ledger))?;
        taking_operation(tag, MerchantId::new(account.user_data_128), (*sum, currency), now)
    };
    sums.iter().filter_map(operation).collect()
}

/// What sellers get less what they give, by account and ledger.
pub(super) fn seller_sums(transfers: &[Transfer]) -> BTreeMap<(AccountId, u32), i128> {
    let mut sums: BTreeMap<(AccountId, u32), i128> = BTreeMap::new();
    for transfer in transfers {
        let minor = i128::try_from(transfer.amount.0).unwrap_or(i128::MAX);
        let (seller, moved) = match transfer.code {
            chart::PURSE_DEBIT | chart::SPLIT_ADVANCED => (transfer.credit_account_id, minor),
            chart::PURSE_CANCEL | chart::PURSE_DEBIT_WITHDRAWN => (transfer.debit_account_id, -minor),
            _ => continue,
        };
        let sum = sums.entry((seller, transfer.ledger.0)).or_default();
        *sum = sum.saturating_add(moved);
    }
    sums
}

/// The operation that a merchant's share of transfers that were decided together stands for. `None`: it got as much as it
/// gave.
fn taking_operation(
    tag: u64,
    merchant: MerchantId,
    (sum, currency): (i128, Currency),
    created_at: Timestamp,
) -> Option<NewOperation> {
    let amount = Amount::from_minor(u64::try_from(sum.unsigned_abs()).ok()?, currency).ok()?;
    let parts: [&[u8]; 3] = [&tag.to_be_bytes(), &merchant.to_bytes(), &currency.numeric().to_be_bytes()];
    let (kind, payer, payee) = match sum {
        0 => return None,
        1.. => (OperationKind::CardTakings, None, Some(merchant.into())),
        _ => (OperationKind::CardReturns, Some(merchant.into()), None),
    };
    Some(NewOperation {
        id: OperationId::new(derive("sycee operation card takings v1", &parts)),
        kind,
        payer,
        payee,
        merchant: Some(merchant),
        card: None,
        parent: None,
        amount,
        memo: String::new(),
        fingerprint: u128::from(tag),
        created_at,
    })
}

/// The operation that a load, unload, rest or collection of a card stands for.
pub(crate) fn card_operation(
    id: OperationId,
    kind: OperationKind,
    holder: HolderId,
    amount: Amount,
    created_at: Timestamp,
) -> NewOperation {
    let (payer, payee) = match kind {
        OperationKind::CardLoad | OperationKind::CardDue => (Some(holder.into()), None),
        _ => (None, Some(holder.into())),
    };
    NewOperation {
        id,
        kind,
        payer,
        payee,
        merchant: None,
        card: None,
        parent: None,
        amount,
        memo: String::new(),
        fingerprint: id.bits(),
        created_at,
    }
}

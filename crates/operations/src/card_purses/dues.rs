//! Parts of split sales: the operator has paid their sellers, and collects from the wallets that owe them.
//!
//! 1. Clearing finds what a card says is owed. In one step with the card's own part, the part is recorded and its advance to the
//!    seller decided.
//! 2. Whenever the wallet has as much, it is collected. A collection that the ledger refused can never happen any more, so the
//!    next one has another id, and one of them happens.
//! 3. What is collected goes on the white list: whichever terminal sees the card next closes its split. It stays there until the
//!    card opens the next one.

use std::collections::BTreeMap;

use issuer::clearing::Seller;
use issuer::key_store::{KeyError, KeyStore};
use issuer::postings::{split_advanced, split_collected};
use issuer::split_due::{SplitDue, split_due};
use ledger::{AccountId, CreateTransferStatus as Status, Timestamp, Transfer, TransferId};
use messages::card::{Asn, Completion, PurseRecord, Sequence};
use money::Amount;
pub use records::card_dues::{CardDue, CardDueState};
use records::card_purses::{self as cards, CardPurse};
use records::operations::{self as history, OperationKind, OperationState};
use records::terminals::Terminal;
use records::{RecordsError, Sql, card_dues as rows, card_operations};
use wallet::chart;
use wallet::ids::{CardDueId, HolderId, OperationId, PrincipalId, derive};
use wallet::postings::decision_id;

use super::card_store::{self, Places, StoredCard};
use super::change::{self, Change, card_operation};
use super::issuing::number_text;
use super::keys::{self, IssuerKeys};
use super::{CardPurseRefusal, card_time, grades, lists};
use crate::{OperationError, Operations, Party, audit_log};

/// How many are looked at together.
const PAGE: u32 = 500;
/// The most that are listed at once.
const LIST_MAX: u32 = 500;
/// How often a step is decided anew because somebody else wrote the card meanwhile.
const TRIES: usize = 50;

/// The debit that opened a part on its card: there is one part at most.
pub(super) type Place = (Asn, Sequence);

/// The place of the part that a record brings: a card opens one part with each of its debits, whatever a terminal says of
/// sale and amount.
pub(super) fn place(record: &PurseRecord) -> Option<Place> {
    record.split.map(|_| (record.asn, record.sequence))
}

fn id(record: &PurseRecord) -> CardDueId {
    let sequence = purse::fields::Sequence(record.sequence.0).to_bytes();
    let parts: [&[u8]; 3] = [&record.issuer.0, &record.asn.0, &sequence];
    CardDueId::new(derive("sycee card due v2", &parts))
}

/// What a record adds to what is known of its place: the part as it is to be written, and the advance to its seller. `None`:
/// nothing new is owed.
pub(super) fn of_record(
    (stored, known): (&StoredCard, Option<&CardDue>),
    keys: &impl KeyStore,
    (terminal, seller): (&Terminal, &Seller),
    record: &PurseRecord,
    now: Timestamp,
) -> Result<Option<(CardDue, Option<Transfer>)>, KeyError> {
    let Some(holder) = stored.row.holder else { return Ok(None) };
    let Some(due) = split_due(&stored.card, keys, seller, record)? else { return Ok(None) };
    let is_new = known.is_none_or(|known| due.is_proven && known.state.waits_for_card());
    let amount = Amount::from_minor(u64::from(due.amount.units()), stored.row.currency).ok();
    let (true, Some(amount)) = (is_new, amount) else { return Ok(None) };
    let row = CardDue {
        id: known.map_or_else(|| id(record), |known| known.id),
        asn: record.asn,
        order: due.order,
        sequence: record.sequence,
        key: (record.key_version.0, record.algorithm.0),
        holder,
        merchant: terminal.merchant,
        terminal: terminal.id,
        amount,
        state: if due.is_proven { CardDueState::Owed } else { CardDueState::Unproven },
        attempt: 0,
        operation: None,
        owed_since: sold_at(record, now),
        collected_at: None,
        is_listed: false,
    };
    Ok(Some((row, due.is_proven.then(|| advance(stored, &due, seller.account)))))
}

fn advance(stored: &StoredCard, due: &SplitDue, seller: AccountId) -> Transfer {
    split_advanced(&stored.card.identity().account(), due, seller)
}

/// When the terminal's clock says that it was; now, where that cannot be.
fn sold_at(record: &PurseRecord, now: Timestamp) -> Timestamp {
    let said = card_time::moment(record.when);
    if said == Timestamp::ZERO || said > now { now } else { said }
}

/// Writes a part that is new, or of which its card or its holder has been heard now.
pub(super) fn write(sql: &mut dyn Sql, due: &CardDue) -> Result<(), RecordsError> {
    if due.state == CardDueState::Owed {
        // The card opens one split at a time: those before are closed on it.
        rows::unlist_before(sql, due.asn, due.sequence)?;
    }
    if rows::insert(sql, due)? {
        return Ok(());
    }
    let Some(known) = rows::get(sql, due.id)? else { return Ok(()) };
    if known.state.waits_for_card() {
        rows::change(sql, due, (known.state, known.attempt))?;
    }
    Ok(())
}

/// What a holder's wallets owe, oldest first.
///
/// # Errors
/// What could not be reached.
pub async fn open_of(operations: &Operations, holder: HolderId) -> Result<Vec<CardDue>, OperationError> {
    Ok(operations.records().read(move |sql| rows::open_of_holder(sql, holder)).await?)
}

/// The newest parts of a card.
///
/// # Errors
/// What could not be reached.
pub async fn of_card(operations: &Operations, asn: Asn, limit: u32) -> Result<Vec<CardDue>, OperationError> {
    Ok(operations.records().read(move |sql| rows::of_card(sql, asn, limit)).await?)
}

/// What all wallets owe, and what no card has been heard of yet, oldest first.
///
/// # Errors
/// What could not be reached.
pub async fn open(operations: &Operations) -> Result<Vec<CardDue>, OperationError> {
    Ok(operations.records().read(|sql| rows::open(sql, LIST_MAX)).await?)
}

/// The holder says whether a part is theirs that their card has not been heard of. What is theirs is owed from now on; what
/// is not stays the seller's loss, unless the card says otherwise.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn answer(
    operations: &Operations,
    holder: HolderId,
    id: CardDueId,
    is_theirs: bool,
) -> Result<CardDue, OperationError> {
    const NONE: OperationError = OperationError::NotFound(Party::CardPurse);
    let found = operations.records().read(move |sql| rows::get(sql, id)).await?;
    let due = found.filter(|due| due.holder == holder).ok_or(NONE)?;
    if due.state != CardDueState::Unproven {
        return Ok(due);
    }
    let state = if is_theirs { CardDueState::Owed } else { CardDueState::Disowned };
    decide_for_card(operations, CardDue { state, ..due.clone() }).await?;
    let word = if is_theirs { "card_due.owned" } else { "card_due.disowned" };
    let details = [("amount", due.amount.to_string())];
    audit_log::note(operations, PrincipalId::from(holder), word, &number_text(due.asn), &details).await?;
    collect_of(operations, vec![(due.asn, due.sequence)]).await?;
    let now = operations.records().read(move |sql| rows::get(sql, id)).await?;
    now.ok_or(NONE)
}

/// Writes what the holder said in place of the card; where it is theirs, the seller gets the advance.
async fn decide_for_card(operations: &Operations, due: CardDue) -> Result<(), OperationError> {
    for _ in 0..TRIES {
        let stored = card_store::open(operations, due.asn, Places::None).await?;
        let seller = chart::merchant_id(due.merchant, due.amount.currency());
        let amount = purse::amount::Amount::new(u32::try_from(due.amount.minor()).unwrap_or(u32::MAX));
        let sequence = purse::fields::Sequence(due.sequence.0);
        let said = SplitDue { order: due.order, sequence, amount, is_proven: false };
        let advance = (due.state == CardDueState::Owed).then(|| advance(&stored, &said, seller));
        let mut change = Change::of(&stored, advance.into_iter().collect());
        change.dues.push(due.clone());
        if change::commit(operations, change).await? {
            return Ok(());
        }
    }
    Err(OperationError::KeyInProgress)
}

/// Collects what wallets owe and have, and lets the grades of those fall that leave a part owed. Says how many parts were
/// collected.
///
/// # Errors
/// What could not be reached.
pub(super) async fn collect(operations: &Operations) -> Result<u64, OperationError> {
    let (mut after, mut collected) = (CardDueId::new(0), 0);
    loop {
        let page = operations.records().read(move |sql| rows::owed(sql, after, PAGE)).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        let owing: Vec<_> = page.iter().map(|due| (due.asn, due.owed_since)).collect();
        collected += collect_page(operations, page).await?;
        grades::fall(operations, &owing).await?;
    }
    if collected > 0 {
        lists::issue_white(operations).await?;
    }
    Ok(collected)
}

/// As [`collect`], of these only: what a terminal has just uploaded.
pub(super) async fn collect_of(operations: &Operations, places: Vec<Place>) -> Result<(), OperationError> {
    let mut owed = operations.records().read(move |sql| rows::at_all(sql, &places)).await?;
    owed.retain(|due| due.state == CardDueState::Owed);
    if collect_page(operations, owed).await? > 0 {
        lists::issue_white(operations).await?;
    }
    Ok(())
}

async fn collect_page(operations: &Operations, mut page: Vec<CardDue>) -> Result<u64, OperationError> {
    page.sort_by_key(|due| (due.owed_since, due.id));
    let wallets: Vec<AccountId> = page.iter().map(wallet).collect();
    let begun: Vec<TransferId> = page.iter().map(|due| decision_id(collection(due))).collect();
    let accounts = operations.ledger().lookup_accounts(wallets).await?;
    let done = operations.ledger().lookup_transfers(begun).await?;
    let mut available: BTreeMap<AccountId, u128> =
        accounts.iter().map(|account| (account.id, available(account))).collect();
    let mut collected = 0;
    for due in page {
        let is_done = done.iter().any(|transfer| transfer.id == decision_id(collection(&due)));
        let left = available.entry(wallet(&due)).or_default();
        if is_done {
            finish(operations, due).await?;
            collected += 1;
        } else if let Some(rest) = left.checked_sub(u128::from(due.amount.minor())) {
            *left = rest;
            collected += u64::from(try_to_collect(operations, due).await?);
        }
    }
    Ok(collected)
}

fn wallet(due: &CardDue) -> AccountId {
    chart::wallet_id(due.holder, due.amount.currency())
}

const fn available(account: &ledger::Account) -> u128 {
    let spoken_for = account.debits_posted.0.saturating_add(account.debits_pending.0);
    account.credits_posted.0.saturating_sub(spoken_for)
}

/// The operation of the next collection.
fn collection(due: &CardDue) -> OperationId {
    let parts: [&[u8]; 2] = [&due.id.to_bytes(), &due.attempt.to_be_bytes()];
    OperationId::new(derive("sycee operation card due v1", &parts))
}

async fn try_to_collect(operations: &Operations, due: CardDue) -> Result<bool, OperationError> {
    let Some(transfer) = collecting(operations, &due).await? else { return Ok(false) };
    match operations.ledger().create_transfer(transfer).await? {
        Status::Created | Status::Exists => finish(operations, due).await.map(|()| true),
        // Never any more under this id: somebody else spent the money meanwhile.
        Status::ExceedsCredits | Status::IdAlreadyFailed | Status::DebitAccountAlreadyClosed => {
            let next = CardDue { attempt: due.attempt.saturating_add(1), ..due.clone() };
            let from = (CardDueState::Owed, due.attempt);
            operations.records().write(move |sql| rows::change(sql, &next, from)).await?;
            Ok(false)
        }
        _ => Err(OperationError::Inconsistent("ledger refused what a wallet owes")),
    }
}

async fn collecting(operations: &Operations, due: &CardDue) -> Result<Option<Transfer>, OperationError> {
    let asn = due.asn;
    let row = operations.records().read(move |sql| cards::get(sql, asn)).await?;
    let Some(identity) = row.as_ref().and_then(card_store::identity) else { return Ok(None) };
    let units = purse::amount::Amount::new(u32::try_from(due.amount.minor()).unwrap_or(u32::MAX));
    Ok(Some(split_collected(&identity.account(), collection(due), wallet(due), units)))
}

/// Writes what the ledger has done, once.
async fn finish(operations: &Operations, due: CardDue) -> Result<(), OperationError> {
    let now = operations.now();
    let id = collection(&due);
    let new = card_operation(id, OperationKind::CardDue, due.holder, due.amount, now);
    let written = operations.records().write(move |sql| {
        let collected = CardDue {
            state: CardDueState::Collected,
            operation: Some(id),
            collected_at: Some(now),
            is_listed: true,
            ..due.clone()
        };
        if rows::change(sql, &collected, (CardDueState::Owed, due.attempt))?
            && history::insert_in_state(sql, &new, OperationState::Completed, None)?
        {
            card_operations::insert(sql, id, due.asn)?;
        }
        Ok(())
    });
    Ok(written.await?)
}

/// What any terminal may close, signed by the issuer. `None` while no key of cards is open: then the newest list stands.
pub(super) async fn completions(operations: &Operations) -> Result<Option<Vec<Completion>>, OperationError> {
    let read = |sql: &mut dyn Sql| {
        let listed = rows::listed(sql)?;
        let asns: Vec<Asn> = listed.iter().map(|due| due.asn).collect();
        Ok((cards::get_all(sql, &asns)?, listed))
    };
    let (cards, listed) = operations.records().read(read).await?;
    if listed.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let keys = match keys::open(operations).await {
        Err(OperationError::CardPurse(CardPurseRefusal::NoKeyOpen)) => return Ok(None),
        keys => keys?,
    };
    let cards: BTreeMap<Asn, &CardPurse> = cards.iter().map(|card| (card.asn, card)).collect();
    let signed = |due: &CardDue| completion(&keys, cards.get(&due.asn)?, due);
    Ok(Some(listed.iter().filter_map(signed).collect()))
}

fn completion(keys: &IssuerKeys, card: &CardPurse, due: &CardDue) -> Option<Completion> {
    let (version, algorithm) = due.key;
    let key = card_store::identity(card)?.key(version, algorithm);
    let order = purse::fields::OrderId(due.order.0);
    let mac = keys.store().completion_mac(&key, &order, purse::fields::Sequence(due.sequence.0)).ok()?;
    Some(Completion { asn: due.asn, order: due.order, sequence: due.sequence, mac })
}

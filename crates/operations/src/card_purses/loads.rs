//! Loads and unloads: at any terminal that is online.
//!
//! A load order moves nothing, and counts in its holder's limits from the day it is ordered until it is withdrawn. When its card
//! asks at a terminal, a load is begun under an id that follows from the order and from how many loads of it went back; so an
//! order has one load under way at most, and ends with the one that the card did.
//!
//! Each step reads the card, decides, and writes; the next step reads it again. So a request that is repeated, or comes twice
//! at once, finds what the other one wrote, and gives the same answer.

use issuer::{
    key_store::OnlineSession,
    online::{OnlineRefusal, OnlineTransaction, Request, Stage},
};
use ledger::Timestamp;
use messages::card::{AlgorithmId, Asn, DateTime, IssuerId, KeyVersion, Sequence, TerminalId, Units};
use money::Amount;
use purse::fields::{self, Mac, Random, Terms};
pub use records::load_orders::{LoadOrder, LoadOrderState};
use records::operations::{self as history, Operation, OperationKind, OperationState};
use records::{card_operations, card_purses as rows, load_orders};
use wallet::ids::{HolderId, LoadOrderId, OperationId, derive};

use super::card_store::{self, Ended, Places, StoredCard};
use super::change::{self, Change, card_operation};
use super::keys::{self, IssuerKeys};
use super::{CardPurseRefusal, Direction, card_time, terminals};
use crate::key::operation_id;
use crate::receipt::Facts;
use crate::spending::{Origin, Spending};
use crate::{IdempotencyKey, OperationError, Operations, Party, Receipt, directory, limits, step_up};

/// A card that initialised a load or unload at a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BeginLoad {
    /// Which way.
    pub direction: Direction,
    /// The load order that it is for; none for an unload.
    pub order: Option<LoadOrderId>,
    /// The card.
    pub card: Asn,
    /// Its issuer.
    pub issuer: IssuerId,
    /// How much.
    pub amount: Units,
    /// Balance before.
    pub old_balance: Units,
    /// Online sequence before.
    pub sequence: Sequence,
    /// The card's random number.
    pub random: [u8; 4],
    /// Version of the key that it used.
    pub key_version: KeyVersion,
    /// Its algorithm.
    pub algorithm: AlgorithmId,
    /// How it signed all this.
    pub mac1: [u8; 4],
}

/// What the card gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The operation, which may be one that was begun before.
    pub operation: OperationId,
    /// What lets the card go on.
    pub mac2: [u8; 4],
    /// The host's date and time, which it covers.
    pub when: DateTime,
}

/// How often a step is decided anew because somebody else wrote the card meanwhile.
const TRIES: usize = 200;

/// A load that a holder wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderLoad {
    /// Whose wallet pays, and whose card it is.
    pub holder: HolderId,
    /// The card.
    pub card: Asn,
    /// How much.
    pub amount: Amount,
    /// Where the request comes from.
    pub origin: Origin,
}

/// Orders a load, which moves nothing yet. Answers as before where the key was used before.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn order(
    operations: &Operations,
    key: &IdempotencyKey,
    request: OrderLoad,
) -> Result<LoadOrder, OperationError> {
    let OrderLoad { holder, card: asn, amount, .. } = request;
    let id = LoadOrderId::new(operation_id(holder.into(), "card load order", key).bits());
    if let Some(known) = operations.records().read(move |sql| load_orders::get(sql, id)).await? {
        let is_same = (known.asn, known.amount) == (asn, amount);
        return if is_same { Ok(known) } else { Err(OperationError::KeyReused) };
    }
    check_order(operations, id, &request).await?;
    limits::take(operations, holder, (counted_as(id), amount)).await?;
    let now = operations.now();
    let order = LoadOrder {
        id,
        asn,
        holder,
        amount,
        state: LoadOrderState::Waiting,
        attempt: 0,
        operation: None,
        ordered_at: now,
        changed_at: now,
    };
    let row = order.clone();
    operations.records().write(move |sql| load_orders::insert(sql, &row)).await?;
    Ok(order)
}

/// What the limits count an order as.
const fn counted_as(order: LoadOrderId) -> OperationId {
    OperationId::new(order.bits())
}

async fn check_order(
    operations: &Operations,
    id: LoadOrderId,
    request: &OrderLoad,
) -> Result<(), OperationError> {
    let OrderLoad { holder, card: asn, amount, origin } = *request;
    let card = own_card(operations, holder, asn).await?;
    operations.policy().check_amount(amount)?;
    directory::spender(operations, holder, card.currency).await?;
    if card.listed.is_some() || card.is_closed {
        return Err(CardPurseRefusal::CardNotServed.into());
    }
    if amount.currency() != card.currency {
        return Err(OperationError::CurrencyNotSupported);
    }
    if u32::try_from(amount.minor()).is_err() {
        return Err(CardPurseRefusal::Amount.into());
    }
    limits::check_single(operations, holder, amount).await?;
    let spending = Spending {
        operation: counted_as(id),
        kind: OperationKind::CardLoad,
        payer: holder,
        payee: step_up::loaded_card(asn),
        amount,
        origin,
    };
    step_up::check_own(operations, &spending).await
}

/// A holder's own card.
///
/// # Errors
/// [`OperationError::NotFound`], also for somebody else's.
pub(super) async fn own_card(
    operations: &Operations,
    holder: HolderId,
    asn: Asn,
) -> Result<rows::CardPurse, OperationError> {
    let found = operations.records().read(move |sql| rows::get(sql, asn)).await?;
    found.filter(|card| card.holder == Some(holder)).ok_or(OperationError::NotFound(Party::CardPurse))
}

/// Withdraws a load order that waits.
///
/// # Errors
/// [`CardPurseRefusal::OrderGone`] where it does not wait any more, [`OperationError::NotFound`], or what could not be
/// reached.
pub async fn withdraw(
    operations: &Operations,
    holder: HolderId,
    order: LoadOrderId,
) -> Result<(), OperationError> {
    let found = operations.records().read(move |sql| load_orders::get(sql, order)).await?;
    let order = found.filter(|order| order.holder == holder);
    let order = order.ok_or(OperationError::NotFound(Party::CardPurse))?;
    let counted = (counted_as(order.id), order.amount);
    if order.state == LoadOrderState::Withdrawn {
        return limits::give_back(operations, counted).await;
    }
    let withdrawn = LoadOrder { state: LoadOrderState::Withdrawn, changed_at: operations.now(), ..order };
    let written =
        operations.records().write(move |sql| load_orders::change(sql, &withdrawn, LoadOrderState::Waiting));
    if !written.await? {
        return Err(CardPurseRefusal::OrderGone.into());
    }
    limits::give_back(operations, counted).await
}

/// The load orders of a card that have not ended, oldest first.
///
/// # Errors
/// What could not be reached.
pub async fn waiting(operations: &Operations, asn: Asn) -> Result<Vec<LoadOrder>, OperationError> {
    Ok(operations.records().read(move |sql| load_orders::open(sql, asn)).await?)
}

/// Begins a load or unload, or goes on with the one that this card has begun. The money of a load waits on its own account
/// when this answers.
///
/// # Errors
/// [`CardPurseRefusal`], or what could not be reached: then ask again with the same.
pub async fn begin(
    operations: &Operations,
    terminal: TerminalId,
    request: BeginLoad,
) -> Result<Answer, OperationError> {
    terminals::active(operations, terminal).await?;
    terminals::seen(operations, terminal);
    let keys = keys::open(operations).await?;
    let mut begun = None;
    for _ in 0..TRIES {
        match step(operations, &keys, (terminal, &request), begun).await? {
            Step::Answered(answer) => return Ok(answer),
            Step::Written(operation) => begun = operation.or(begun),
        }
    }
    Err(OperationError::KeyInProgress)
}

/// What one step did.
enum Step {
    /// MAC2 may leave.
    Answered(Answer),
    /// The card was written, by us or by somebody else, and is to be read again. Names what was begun.
    Written(Option<OperationId>),
}

/// One step of a load or unload, after those that began `begun`.
async fn step(
    operations: &Operations,
    keys: &IssuerKeys,
    (terminal, request): (TerminalId, &BeginLoad),
    begun: Option<OperationId>,
) -> Result<Step, OperationError> {
    let stored = card_store::open(operations, request.card, Places::None).await?;
    if is_declined(&stored, begun) {
        return Err(CardPurseRefusal::InsufficientFunds.into());
    }
    if stored.row.issuer != request.issuer {
        return Err(OperationError::NotFound(Party::CardPurse));
    }
    let session = session(request, terminal);
    let known = stored.card.row().online.into_iter().rfind(|attempt| attempt.session == session);
    if let Some(known) = known.filter(|known| is_answered(known.stage)) {
        return answer(operations, keys, stored, known.operation).await;
    }
    match request.order {
        Some(order) if request.direction == Direction::Load => {
            let found = operations.records().read(move |sql| load_orders::get(sql, order)).await?;
            let order = found.ok_or(CardPurseRefusal::OrderGone)?;
            begin_load(operations, keys, stored, (order, request), session).await.map(Step::Written)
        }
        None if request.direction == Direction::Unload => {
            let operation = unload_operation(request);
            begin_under(operations, keys, stored, (operation, request, None), session)
                .await
                .map(Step::Written)
        }
        _ => Err(CardPurseRefusal::OrderGone.into()),
    }
}

/// Whether the ledger refused to fund this load: the wallet has too little.
fn is_declined(stored: &StoredCard, load: Option<OperationId>) -> bool {
    let online = stored.card.row().online;
    online.iter().any(|attempt| Some(attempt.operation) == load && attempt.stage == Stage::Declined)
}

const fn is_answered(stage: Stage) -> bool {
    matches!(stage, Stage::Ready | Stage::InDoubt | Stage::Done)
}

fn session(request: &BeginLoad, terminal: TerminalId) -> OnlineSession {
    OnlineSession {
        direction: request.direction,
        terms: Terms {
            amount: purse::amount::Amount::new(request.amount.0),
            kind: request.direction.kind(),
            terminal: fields::TerminalId(terminal.0),
        },
        old_balance: purse::amount::Amount::new(request.old_balance.0),
        sequence: fields::Sequence(request.sequence.0),
        random: Random(request.random),
    }
}

/// An unload has no order: its id follows from what the card signed.
fn unload_operation(request: &BeginLoad) -> OperationId {
    let parts: [&[u8]; 3] = [&request.card.0, &request.sequence.to_bytes(), &request.mac1];
    OperationId::new(derive("sycee operation card unload v1", &parts))
}

/// The load of an order, after so many of it went back.
fn load_operation(order: &LoadOrder) -> OperationId {
    let parts: [&[u8]; 2] = [&order.id.to_bytes(), &order.attempt.to_be_bytes()];
    OperationId::new(derive("sycee operation card load v1", &parts))
}

/// MAC2 leaves when the card is stored as one that may have it.
async fn answer(
    operations: &Operations,
    keys: &IssuerKeys,
    mut stored: StoredCard,
    operation: OperationId,
) -> Result<Step, OperationError> {
    let before = stored.to_row().online;
    let (when, mac2) = stored.card.answer(keys.store(), operation).map_err(CardPurseRefusal::from)?;
    let is_stored = before == stored.to_row().online && stored.row.online == before;
    if !is_stored && !change::commit(operations, Change::of(&stored, Vec::new())).await? {
        return Ok(Step::Written(None));
    }
    Ok(Step::Answered(Answer { operation, mac2: mac2.0, when: DateTime(when.0) }))
}

async fn begin_load(
    operations: &Operations,
    keys: &IssuerKeys,
    stored: StoredCard,
    (order, request): (LoadOrder, &BeginLoad),
    session: OnlineSession,
) -> Result<Option<OperationId>, OperationError> {
    let is_ours = order.asn == request.card && order.amount.minor() == u64::from(request.amount.0);
    if !is_ours || matches!(order.state, LoadOrderState::Done | LoadOrderState::Withdrawn) {
        return Err(CardPurseRefusal::OrderGone.into());
    }
    let online = stored.card.row().online;
    let under_way = online.iter().rfind(|attempt| Some(attempt.operation) == order.operation);
    match under_way.map(|attempt| (attempt.stage, attempt.session.sequence)) {
        // Its MAC2 never left, and the card has begun anew: that load goes back first.
        Some((Stage::Ready, _)) => {
            return abandon(operations, stored, order.operation).await.map(|()| None);
        }
        // The card has gone on: it did that load, and has to say so.
        Some((Stage::InDoubt, sequence)) if sequence != session.sequence => {
            return Err(CardPurseRefusal::Unproven { sequence: session.sequence.0 }.into());
        }
        _ => {}
    }
    let operation = order.operation.unwrap_or_else(|| load_operation(&order));
    directory::spender(operations, order.holder, order.amount.currency()).await?;
    if let Some(end) = card_store::end_in_ledger(operations, operation).await? {
        return forget(operations, order, end).await.map(|()| None);
    }
    let begun = LoadOrder {
        state: LoadOrderState::Begun,
        operation: Some(operation),
        changed_at: operations.now(),
        ..order.clone()
    };
    let change = Some((begun, order.state));
    begin_under(operations, keys, stored, (operation, request, change), session).await
}

/// A load that the records have lost and the ledger has ended.
async fn forget(operations: &Operations, order: LoadOrder, end: Ended) -> Result<(), OperationError> {
    let from = order.state;
    let now = operations.now();
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
    operations.records().write(move |sql| load_orders::change(sql, &order, from)).await?;
    Ok(())
}

async fn abandon(
    operations: &Operations,
    mut stored: StoredCard,
    operation: Option<OperationId>,
) -> Result<(), OperationError> {
    let operation = operation.ok_or(CardPurseRefusal::OtherOperation)?;
    let transfers = stored.card.abandon(operation).map_err(CardPurseRefusal::from)?;
    change::commit(operations, Change::of(&stored, transfers)).await.map(drop)
}

/// The host begins, and all of it is written: card, order, history, and the transfers that are to be made.
async fn begin_under(
    operations: &Operations,
    keys: &IssuerKeys,
    mut stored: StoredCard,
    (operation, request, order): (OperationId, &BeginLoad, Option<(LoadOrder, LoadOrderState)>),
    session: OnlineSession,
) -> Result<Option<OperationId>, OperationError> {
    let now = operations.now();
    let mut asked = Request {
        operation,
        key_version: request.key_version.0,
        algorithm: request.algorithm.0,
        session,
        mac1: Mac(request.mac1),
        when: fields::DateTime(card_time::written(now).0),
    };
    let seconds = card_time::seconds(now);
    let mut begun = stored.card.begin(keys.store(), &asked, seconds);
    let mut order = order;
    if let Err(OnlineRefusal::Reserved(reserved)) = begun {
        // The same amount is reserved at this sequence already: a further attempt at that.
        (asked.operation, order) = (reserved, None);
        begun = stored.card.begin(keys.store(), &asked, seconds);
    }
    let transfers = begun.map_err(|refusal| refused(refusal, session.sequence))?;
    let holder = stored.row.holder.ok_or(CardPurseRefusal::CardNotServed)?;
    let currency = stored.row.currency;
    let amount = Amount::from_minor(session.terms.amount.units().into(), currency)
        .map_err(|_| CardPurseRefusal::Amount)?;
    let kind = match session.direction {
        Direction::Load => OperationKind::CardLoad,
        Direction::Unload => OperationKind::CardUnload,
    };
    if kind == OperationKind::CardLoad {
        let name = stored.card.identity().name();
        let account = wallet::purse_chart::load(asked.operation, &name, currency);
        operations.ledger().open_accounts(vec![account]).await?;
    }
    let mut change = Change::of(&stored, transfers).seen(now);
    let new = card_operation(asked.operation, kind, holder, amount, now);
    change.begun = vec![(new, OperationState::Started, stored.row.asn)];
    change.order = order;
    let written = change::commit(operations, change).await?;
    Ok(written.then_some(asked.operation))
}

fn refused(refusal: OnlineRefusal, sequence: fields::Sequence) -> OperationError {
    OperationError::CardPurse(match refusal {
        OnlineRefusal::Unproven => CardPurseRefusal::Unproven { sequence: sequence.0 },
        other => other.into(),
    })
}

/// The card did it: the TAC of a load, MAC3 of an unload. Again, it changes nothing.
///
/// # Errors
/// As for [`begin`].
pub async fn confirm(
    operations: &Operations,
    terminal: TerminalId,
    operation: OperationId,
    code: [u8; 4],
) -> Result<(), OperationError> {
    terminals::active(operations, terminal).await?;
    let asn = operations.records().read(move |sql| card_operations::card_of(sql, operation)).await?;
    let asn = asn.ok_or(OperationError::NotFound(Party::Operation))?;
    let keys = keys::open(operations).await?;
    for _ in 0..TRIES {
        let stored = card_store::open(operations, asn, Places::IfOpen).await?;
        if conclude(operations, &keys, stored, &[operation], Mac(code)).await?.is_some() {
            return Ok(());
        }
    }
    Err(OperationError::KeyInProgress)
}

/// What the card answered to GET TRANSACTION PROVE about the operation that ended with this sequence. Says which operation it
/// did.
///
/// # Errors
/// As for [`begin`].
pub async fn prove(
    operations: &Operations,
    terminal: TerminalId,
    (asn, issuer): (Asn, IssuerId),
    (direction, sequence): (Direction, Sequence),
    code: [u8; 4],
) -> Result<OperationId, OperationError> {
    terminals::active(operations, terminal).await?;
    let keys = keys::open(operations).await?;
    for _ in 0..TRIES {
        let stored = card_store::open(operations, asn, Places::IfOpen).await?;
        if stored.row.issuer != issuer {
            return Err(OperationError::NotFound(Party::CardPurse));
        }
        let is_meant = |attempt: &&OnlineTransaction| {
            // Cards name the sequence before or the one after.
            let before = attempt.session.sequence.0;
            attempt.session.direction == direction
                && (before == sequence.0 || before.checked_add(1) == Some(sequence.0))
        };
        let online = stored.card.row().online;
        let mut candidates: Vec<OperationId> =
            online.iter().filter(is_meant).map(|attempt| attempt.operation).collect();
        candidates.dedup();
        if let Some(done) = conclude(operations, &keys, stored, &candidates, Mac(code)).await? {
            return Ok(done);
        }
    }
    Err(OperationError::KeyInProgress)
}

/// Ends the operation among these that the code is of. `None`: somebody else wrote the card meanwhile.
async fn conclude(
    operations: &Operations,
    keys: &IssuerKeys,
    mut stored: StoredCard,
    candidates: &[OperationId],
    code: Mac,
) -> Result<Option<OperationId>, OperationError> {
    let now = operations.now();
    let seconds = card_time::seconds(now);
    let before = stored.to_row().online;
    let mut refusal = OnlineRefusal::OtherOperation;
    for operation in candidates {
        match stored.card.confirm(keys.store(), *operation, code, seconds) {
            Err(why) => refusal = why,
            Ok(mut transfers) => {
                if stored.to_row().online == before {
                    return Ok(Some(*operation));
                }
                transfers.extend(stored.card.infer_held(seconds).transfers);
                let written = change::commit(operations, Change::of(&stored, transfers).seen(now)).await?;
                return Ok(written.then_some(*operation));
            }
        }
    }
    if let [only] = *candidates
        && refusal == OnlineRefusal::OtherOperation
        && is_completed(operations, only).await?
    {
        return Ok(Some(only));
    }
    Err(refused(refusal, fields::Sequence(0)))
}

/// Whether an operation that the card has left behind was done.
async fn is_completed(operations: &Operations, id: OperationId) -> Result<bool, OperationError> {
    let row = operations.records().read(move |sql| history::get(sql, id)).await?;
    Ok(row.is_some_and(|row| row.state == OperationState::Completed))
}

/// An operation of which only the card knows whether it did it is unknown until the card says.
pub(crate) async fn resume(operations: &Operations, row: &Operation) -> Result<Receipt, OperationError> {
    let (id, now) = (row.id, operations.now());
    let written = operations.records().write(move |sql| {
        if row_is_started(sql, id)? {
            history::finish(sql, id, OperationState::Unknown, None, now)?;
        }
        history::get(sql, id)
    });
    let found = written.await?;
    Ok(found.as_ref().map_or_else(|| Facts::from(row).receipt(OperationState::Unknown, None), Receipt::from))
}

fn row_is_started(sql: &mut dyn records::Sql, id: OperationId) -> Result<bool, records::RecordsError> {
    Ok(history::get(sql, id)?.is_some_and(|row| row.state == OperationState::Started))
}

/// Ends what was begun before a moment and has not come so far that its MAC2 may have left: the money goes back, and a load
/// order waits again.
///
/// # Errors
/// What could not be reached.
pub(super) async fn abandon_idle(
    operations: &Operations,
    idle_since: Timestamp,
) -> Result<u64, OperationError> {
    let mut abandoned = 0;
    for row in operations.records().read(rows::with_online).await? {
        if row.last_seen.is_some_and(|seen| seen >= idle_since) {
            continue;
        }
        let mut stored = match card_store::open(operations, row.asn, Places::None).await {
            Err(OperationError::CardPurse(_)) => continue,
            stored => stored?,
        };
        let online = stored.card.row().online;
        let Some(ready) = online.iter().find(|attempt| attempt.stage == Stage::Ready) else { continue };
        let transfers = stored.card.abandon(ready.operation).map_err(CardPurseRefusal::from)?;
        abandoned += u64::from(change::commit(operations, Change::of(&stored, transfers)).await?);
    }
    Ok(abandoned)
}

//! Asking another holder for money: asked, then paid, declined, withdrawn or expired. A bill can be split among several,
//! each with a request of their own.
//!
//! Paying is a transfer that claims the request in the ledger: whoever tries how often, it is paid once.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use money::Amount;
use records::money_requests::{self, MoneyRequest, RequestState};
use records::notifications::NoticeKind;
use records::operations::OperationState;
use wallet::ids::{HolderId, PrincipalId, RequestId, SplitId, derive};
use wallet::limit_postings::Claim;

use crate::history::PartyName;
use crate::key::operation_id;
use crate::notifications::{self, Notice};
use crate::payees::NameCheck;
use crate::spending::Origin;
use crate::transfer::{self, TransferRequest};
use crate::{IdempotencyKey, OperationError, Operations, Party, Reason, Receipt, directory, memo, tied};

/// How long a request can be paid: 14 days.
const LIFE_SECONDS: u64 = 14 * 86_400;
/// Among how many a bill can be split.
const PEOPLE_MAX: usize = 20;

/// What a holder asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Who asks, and would receive.
    pub payee: HolderId,
    /// Who is asked, each with the check of the name that was shown.
    pub payers: Vec<(HolderId, NameCheck)>,
    /// How much altogether.
    pub total: Amount,
    /// Whether whoever asks bears a part of it too.
    pub with_own_part: bool,
    /// What for; at most 140 characters, may be empty.
    pub memo: String,
}

/// A request with the names of its sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The request.
    pub request: MoneyRequest,
    /// Whether its time is over.
    pub expired: bool,
    /// The one of the two who does not look.
    pub other: PartyName,
}

impl Shown {
    /// Whether it can still be paid.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.request.state == RequestState::Open && !self.expired
    }
}

/// Asks everybody for an equal part; the greater parts, by one minor unit, come first. Repeating it with its key changes
/// nothing.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn ask(
    operations: &Operations,
    key: &IdempotencyKey,
    ask: Ask,
) -> Result<Vec<RequestId>, OperationError> {
    let currency = ask.total.currency();
    operations.policy().check_amount(ask.total)?;
    memo::check(&ask.memo)?;
    directory::spender(operations, ask.payee, currency).await?;
    if ask.payers.is_empty() || ask.payers.len() > PEOPLE_MAX {
        return Err(OperationError::TextLength { field: "payers" });
    }
    for (index, (payer, check)) in ask.payers.iter().enumerate() {
        check_payer(operations, &ask, *payer, *check).await?;
        if ask.payers[..index].iter().any(|(other, _)| other == payer) {
            return Err(OperationError::Taken { field: "payers" });
        }
    }
    let parts = ask.payers.len() + usize::from(ask.with_own_part);
    let parts = u32::try_from(parts).unwrap_or(u32::MAX);
    let shares = ask.total.split(parts).map_err(|_| OperationError::AmountZero)?;
    let base = operation_id(PrincipalId::from(ask.payee), "money request", key);
    let (now, several) = (operations.now(), ask.payers.len() > 1 || ask.with_own_part);
    let requests: Vec<MoneyRequest> = ask
        .payers
        .iter()
        .zip(shares)
        .map(|((payer, _), amount)| MoneyRequest {
            id: RequestId::new(derive("sycee money request v1", &[&base.to_bytes(), &payer.to_bytes()])),
            payee: ask.payee,
            payer: *payer,
            split: several.then(|| SplitId::new(base.bits())),
            amount,
            memo: ask.memo.clone(),
            state: RequestState::Open,
            operation: None,
            created_at: now,
            expires_at: Timestamp(now.0.saturating_add(LIFE_SECONDS * NANOSECONDS_PER_SECOND)),
        })
        .collect();
    if requests.iter().any(|request| request.amount.is_zero()) {
        return Err(OperationError::AmountZero);
    }
    let (ids, written) = (requests.iter().map(|request| request.id).collect(), requests.clone());
    operations
        .records()
        .write(move |sql| written.iter().try_for_each(|request| money_requests::insert(sql, request)))
        .await?;
    for request in &requests {
        tell(operations, NoticeKind::MoneyRequested, (request.payer, request.payee), request);
    }
    Ok(ids)
}

async fn check_payer(
    operations: &Operations,
    ask: &Ask,
    payer: HolderId,
    check: NameCheck,
) -> Result<(), OperationError> {
    if payer == ask.payee {
        return Err(OperationError::PayeeIsPayer);
    }
    let entry = directory::holder(operations, payer).await?;
    let entry = entry.ok_or(OperationError::NotFound(Party::Payee))?;
    entry.may_receive(ask.total.currency(), Party::Payee)?;
    if NameCheck::of(ask.payee, &entry.principal) == check {
        Ok(())
    } else {
        Err(OperationError::NameCheckFailed)
    }
}

fn tell(
    operations: &Operations,
    kind: NoticeKind,
    (whom, actor): (HolderId, HolderId),
    request: &MoneyRequest,
) {
    let notice =
        Notice { kind, subject: request.id.bits(), actor: Some(actor.into()), amount: Some(request.amount) };
    notifications::tell(operations, whom.into(), notice);
}

/// The requests of a holder, made and received, newest first.
///
/// # Errors
/// What could not be reached.
pub async fn list(operations: &Operations, holder: HolderId) -> Result<Vec<Shown>, OperationError> {
    let found = operations.records().read(move |sql| money_requests::list(sql, holder)).await?;
    let mut shown = Vec::with_capacity(found.len());
    for request in found {
        shown.push(show(operations, holder, request).await?);
    }
    Ok(shown)
}

/// The requests that wait for this holder, oldest first.
///
/// # Errors
/// What could not be reached.
pub async fn open_for(operations: &Operations, payer: HolderId) -> Result<Vec<Shown>, OperationError> {
    let now = operations.now();
    let found = operations.records().read(move |sql| money_requests::open_for(sql, payer, now)).await?;
    let mut shown = Vec::with_capacity(found.len());
    for request in found {
        shown.push(show(operations, payer, request).await?);
    }
    Ok(shown)
}

/// One request as one of its two sides sees it.
///
/// # Errors
/// [`OperationError::NotFound`] for anybody else, or what could not be reached.
pub async fn get(operations: &Operations, viewer: HolderId, id: RequestId) -> Result<Shown, OperationError> {
    let found = operations.records().read(move |sql| money_requests::get(sql, id)).await?;
    let request = found
        .filter(|request| request.payer == viewer || request.payee == viewer)
        .ok_or(OperationError::NotFound(Party::Operation))?;
    show(operations, viewer, request).await
}

async fn show(
    operations: &Operations,
    viewer: HolderId,
    request: MoneyRequest,
) -> Result<Shown, OperationError> {
    let other = if request.payer == viewer { request.payee } else { request.payer };
    let expired = request.state == RequestState::Open && request.expires_at <= operations.now();
    Ok(Shown { other: directory::holder_name(operations, other).await?, expired, request })
}

/// Pays a request. Repeating it with its key has one effect and one answer; with another key it is declined, because the
/// request has been paid before.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn pay(
    operations: &Operations,
    key: &IdempotencyKey,
    (payer, id): (HolderId, RequestId),
    origin: Origin,
) -> Result<Receipt, OperationError> {
    let shown = get(operations, payer, id).await?;
    let request = shown.request.clone();
    if request.payer != payer {
        return Err(OperationError::NotFound(Party::Operation));
    }
    let operation = operation_id(PrincipalId::from(payer), "money request payment", key);
    if !shown.is_open() && request.operation != Some(operation) {
        return Err(OperationError::NotOpen);
    }
    let entry = directory::holder(operations, request.payee).await?;
    let entry = entry.ok_or(OperationError::NotFound(Party::Payee))?;
    let transfer = TransferRequest {
        payer,
        payee: request.payee,
        // The request itself names who is paid.
        name_check: NameCheck::of(payer, &entry.principal),
        amount: request.amount,
        memo: request.memo.clone(),
        origin,
    };
    let claim = Claim::Request(id);
    let receipt = transfer::carry_out(operations, operation, transfer, Some(claim)).await?;
    if let Some(paid_by) = settled_by(operations, claim, &receipt).await? {
        let now = operations.now();
        operations.records().write(move |sql| money_requests::note_paid(sql, id, paid_by, now)).await?;
        tell(operations, NoticeKind::RequestPaid, (request.payee, payer), &request);
    }
    Ok(receipt)
}

/// The operation that paid a fact, where this receipt says that it has been paid: by its own operation, or before.
pub(crate) async fn settled_by(
    operations: &Operations,
    claim: Claim,
    receipt: &Receipt,
) -> Result<Option<wallet::ids::OperationId>, OperationError> {
    if receipt.state == OperationState::Completed {
        return Ok(Some(receipt.id));
    }
    if receipt.reason == Some(Reason::PaidBefore) {
        return tied::claimed_by(operations, claim).await;
    }
    Ok(None)
}

/// Says no to a request.
///
/// # Errors
/// [`OperationError::NotFound`], [`OperationError::NotOpen`], or what could not be reached.
pub async fn decline(operations: &Operations, payer: HolderId, id: RequestId) -> Result<(), OperationError> {
    let shown = get(operations, payer, id).await?;
    if shown.request.payer != payer {
        return Err(OperationError::NotFound(Party::Operation));
    }
    end(operations, id, RequestState::Declined).await?;
    let request = &shown.request;
    tell(operations, NoticeKind::RequestDeclined, (request.payee, payer), request);
    Ok(())
}

/// Takes a request back.
///
/// # Errors
/// [`OperationError::NotFound`], [`OperationError::NotOpen`], or what could not be reached.
pub async fn withdraw(operations: &Operations, payee: HolderId, id: RequestId) -> Result<(), OperationError> {
    if get(operations, payee, id).await?.request.payee != payee {
        return Err(OperationError::NotFound(Party::Operation));
    }
    end(operations, id, RequestState::Withdrawn).await
}

async fn end(operations: &Operations, id: RequestId, state: RequestState) -> Result<(), OperationError> {
    let now = operations.now();
    let ended = operations.records().write(move |sql| money_requests::end(sql, id, state, None, now)).await?;
    if ended { Ok(()) } else { Err(OperationError::NotOpen) }
}

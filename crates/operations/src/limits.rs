//! The limits that holders set on their own spending: seen before they bite, lowered at once, raised after a day.
//!
//! The single limit is compared with the amount. The daily one is an account of the ledger, one for each day, from which
//! every operation takes its amount in the same chain as the money. A load order takes it when it is ordered: that is when
//! its holder decides, and a payment that a rule holds back takes it when it is held. What comes to nothing on the same day
//! is given back.

use ledger::{CreateTransferStatus as Status, NANOSECONDS_PER_SECOND, Timestamp, Transfer, TransferFlags};
use money::{Amount, Currency};
use records::Sql;
use records::notifications::NoticeKind;
use records::spending_limits::{self, SpendingLimits};
use wallet::ids::{HolderId, OperationId};
use wallet::limit_postings::{self, SpendingDay};

use crate::notifications::{self, Notice};
use crate::one_step::{Verdict, is_another, verdict};
use crate::{OperationError, Operations, Party, Reason, day, directory};

pub use records::spending_limits::Limits;

/// How long a holder waits for a raised limit, so that whoever steals a session cannot raise it.
const RAISED_AFTER_SECONDS: u64 = 24 * 3_600;

/// The limits of one wallet, and what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// In which currency.
    pub currency: Currency,
    /// What holds now.
    pub limits: Limits,
    /// What may still be spent today, where there is a daily limit.
    pub left_today: Option<Amount>,
    /// What will hold from that moment on.
    pub raised: Option<(Limits, Timestamp)>,
}

impl Standing {
    /// The most that one operation may spend now. `None`: no limit of the holder's own.
    #[must_use]
    pub fn most_now(&self) -> Option<Amount> {
        match (self.limits.single, self.left_today) {
            (Some(single), Some(left)) => Some(if single < left { single } else { left }),
            (single, left) => single.or(left),
        }
    }
}

/// The limits of each of these wallets of a holder.
///
/// # Errors
/// What could not be reached.
pub async fn standing(
    operations: &Operations,
    holder: HolderId,
    currencies: &[Currency],
) -> Result<Vec<Standing>, OperationError> {
    let entry = directory::holder(operations, holder).await?;
    let entry = entry.ok_or(OperationError::NotFound(Party::Holder))?;
    let now = operations.now();
    let of_day = |currency| SpendingDay { holder, currency, day: day::of(now) };
    let ids = currencies.iter().map(|currency| of_day(*currency).account_id()).collect();
    let accounts = operations.ledger().lookup_accounts(ids).await?;
    let standing = currencies.iter().map(|&currency| {
        let set = entry.limits(currency);
        let limits = set.map(|set| set.at(now)).unwrap_or_default();
        let id = of_day(currency).account_id();
        let left = match accounts.iter().find(|account| account.id == id) {
            // A day's account is opened before its limit is granted, and a crash may come between.
            Some(account) if account.credits_posted.0 > 0 => {
                let used = account.debits_posted.0.saturating_add(account.debits_pending.0);
                let left = account.credits_posted.0.saturating_sub(used);
                u64::try_from(left).ok().and_then(|minor| Amount::from_minor(minor, currency).ok())
            }
            _ => limits.daily,
        };
        let raised = set.and_then(|set| set.raised).filter(|(_, from)| *from > now);
        Standing { currency, limits, left_today: limits.daily.and(left), raised }
    });
    Ok(standing.collect())
}

/// Sets the limits of a wallet. What is lower than before holds at once, what is higher after a day. Answers when that
/// is, where anything was raised.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn change(
    operations: &Operations,
    holder: HolderId,
    currency: Currency,
    wanted: Limits,
) -> Result<Option<Timestamp>, OperationError> {
    for limit in [wanted.single, wanted.daily].into_iter().flatten() {
        operations.policy().check_currency(limit.currency())?;
        if limit.currency() != currency {
            return Err(OperationError::CurrencyNotSupported);
        }
    }
    directory::holder(operations, holder).await?.ok_or(OperationError::NotFound(Party::Holder))?;
    // One after the other, so that each is compared with what holds, and a raise never passes for a lowering.
    let _alone = operations.inner.limit_changes.lock().await;
    let now = operations.now();
    let known = operations.records().read(move |sql| spending_limits::list(sql, holder)).await?;
    let known = known.into_iter().find(|set| set.currency == currency);
    let before = known.map(|set| set.at(now)).unwrap_or_default();
    let at_once =
        Limits { single: lower(before.single, wanted.single), daily: lower(before.daily, wanted.daily) };
    if let (Some(from), Some(to)) = (before.daily, at_once.daily)
        && to < from
    {
        lower_today(operations, &SpendingDay { holder, currency, day: day::of(now) }, (from, to)).await?;
    }
    let later = Timestamp(now.0.saturating_add(RAISED_AFTER_SECONDS * NANOSECONDS_PER_SECOND));
    let raised = (at_once != wanted).then_some((wanted, later));
    let set = SpendingLimits { currency, now: at_once, raised };
    let replace = move |sql: &mut dyn Sql| spending_limits::replace(sql, holder, known.as_ref(), &set, now);
    let replaced = operations.records().write(replace).await?;
    operations.forget_holder(holder);
    if !replaced {
        // Another server changed them meanwhile: the same request may be sent again.
        return Err(OperationError::KeyInProgress);
    }
    let notice = Notice {
        kind: NoticeKind::LimitsChanged,
        subject: u128::from(now.0),
        actor: None,
        amount: at_once.daily.or(at_once.single),
    };
    notifications::tell(operations, holder.into(), notice);
    Ok(raised.map(|(_, from)| from))
}

/// The lower of two limits; none is higher than any.
fn lower(one: Option<Amount>, other: Option<Amount>) -> Option<Amount> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other < one { other } else { one }),
        (one, other) => one.or(other),
    }
}

/// Takes the difference from today's account. The old limit is granted first, so that whoever grants later, knowing the
/// new limit or not, changes nothing.
async fn lower_today(
    operations: &Operations,
    day: &SpendingDay,
    (from, to): (Amount, Amount),
) -> Result<(), OperationError> {
    let accounts = vec![limit_postings::limit_control(day.currency), day.account()];
    operations.ledger().open_accounts(accounts).await?;
    grant(operations, day, from).await?;
    match operations.ledger().create_transfer(limit_postings::limit_lowered(day, from, to)).await? {
        // Nothing is left of the day: nothing can be taken.
        Status::Created | Status::Exists | Status::ExceedsCredits | Status::IdAlreadyFailed => Ok(()),
        status if is_another(status) => Ok(()),
        _ => Err(OperationError::Inconsistent("ledger refused to lower a limit")),
    }
}

/// Grants a day its limit, unless it has been.
pub(crate) async fn grant(
    operations: &Operations,
    day: &SpendingDay,
    limit: Amount,
) -> Result<(), OperationError> {
    match operations.ledger().create_transfer(limit_postings::limit_granted(day, limit)).await? {
        Status::Created | Status::Exists => Ok(()),
        // Granted with the limit of then.
        status if is_another(status) => Ok(()),
        _ => Err(OperationError::Inconsistent("ledger refused to grant a limit")),
    }
}

/// The leg that takes the amount from the payer's day, for operations that build their own chains: to be linked behind
/// the money. `None` where the payer has no daily limit.
pub(crate) async fn leg(
    operations: &Operations,
    payer: HolderId,
    (operation, amount): (OperationId, Amount),
) -> Result<Option<Transfer>, OperationError> {
    let Some((day, limit)) = today(operations, payer, amount.currency()).await? else { return Ok(None) };
    let accounts = vec![limit_postings::limit_control(day.currency), day.account()];
    operations.ledger().open_accounts(accounts).await?;
    grant(operations, &day, limit).await?;
    Ok(Some(limit_postings::limit_used(&day, operation, amount)))
}

/// Reserves an amount for an operation, and takes it from the spender's day in the same chain; from nobody's for money that
/// comes in. The reservation stands last, so that it is the same transfer with a limit and without, whatever the limits are
/// when the request is repeated.
///
/// # Errors
/// What could not be reached.
pub(crate) async fn reserve(
    operations: &Operations,
    spender: Option<HolderId>,
    counted: (OperationId, Amount),
    reservation: Transfer,
) -> Result<Verdict, OperationError> {
    let used = match spender {
        Some(holder) => leg(operations, holder, counted).await?,
        None => None,
    };
    let Some(used) = used else {
        return verdict(operations.ledger().create_transfer(reservation).await?);
    };
    let used = Transfer { flags: used.flags | TransferFlags::LINKED, ..used };
    let statuses = operations.ledger().create_transfers(vec![used, reservation]).await?;
    let &[used, money] = statuses.as_slice() else {
        return Err(OperationError::Inconsistent("ledger answered another question"));
    };
    match used {
        _ if money != Status::LinkedEventFailed => verdict(money),
        used if is_used_up(used) => Ok(Verdict::Refused(Reason::OverDailyLimit)),
        // Taken before, perhaps on another day: then the amount was reserved with it.
        used if used == Status::Exists || is_another(used) => {
            verdict(operations.ledger().create_transfer(reservation).await?)
        }
        _ => Err(OperationError::Inconsistent("ledger refused a chain")),
    }
}

/// Takes an amount from the payer's day before anything moves. Again, it changes nothing.
///
/// # Errors
/// [`OperationError::OverDailyLimit`], or what could not be reached.
pub(crate) async fn take(
    operations: &Operations,
    payer: HolderId,
    (operation, amount): (OperationId, Amount),
) -> Result<(), OperationError> {
    let Some(leg) = leg(operations, payer, (operation, amount)).await? else { return Ok(()) };
    match operations.ledger().create_transfer(leg).await? {
        Status::Created | Status::Exists => Ok(()),
        status if is_used_up(status) => {
            let standing = standing(operations, payer, &[amount.currency()]).await?;
            let left = standing.first().and_then(|standing| standing.left_today);
            Err(OperationError::OverDailyLimit { left: left.map_or(0, Amount::minor) })
        }
        status if is_another(status) => Err(OperationError::KeyReused),
        _ => Err(OperationError::Inconsistent("ledger refused to use a limit")),
    }
}

/// Gives back what an operation that came to nothing has taken from today. Again, it changes nothing. What was taken on
/// another day stays there; and where the holder has lowered the limit since the day began, nothing comes back, so that the
/// day never exceeds the lower limit.
pub(crate) async fn give_back(
    operations: &Operations,
    (operation, amount): (OperationId, Amount),
) -> Result<(), OperationError> {
    let used = operations.ledger().lookup_transfers(vec![limit_postings::limit_used_id(operation)]).await?;
    let Some(used) = used.first() else { return Ok(()) };
    let accounts = operations.ledger().lookup_accounts(vec![used.debit_account_id]).await?;
    let Some(holder) = accounts.first().map(|account| HolderId::new(account.user_data_128)) else {
        return Err(OperationError::Inconsistent("limit without an account"));
    };
    // No limit is lowered between this look and the transfer.
    let _alone = operations.inner.limit_changes.lock().await;
    let Some((day, limit)) = today(operations, holder, amount.currency()).await? else { return Ok(()) };
    let granted = limit_postings::limit_granted(&day, limit);
    let found = operations.ledger().lookup_transfers(vec![granted.id]).await?;
    let is_lowered = found.first().is_none_or(|found| granted.amount < found.amount);
    if day.account_id() != used.debit_account_id || is_lowered {
        return Ok(());
    }
    let given_back = limit_postings::limit_given_back(&day, operation, amount);
    match operations.ledger().create_transfer(given_back).await? {
        Status::Created | Status::Exists => Ok(()),
        _ => Err(OperationError::Inconsistent("ledger refused to give a limit back")),
    }
}

/// Whether the ledger's answer to [`leg`] says that the day's limit is used up.
pub(crate) const fn is_used_up(status: Status) -> bool {
    matches!(status, Status::ExceedsCredits | Status::IdAlreadyFailed)
}

/// The day's account and limit, for a holder who has a daily limit in this currency.
pub(crate) async fn today(
    operations: &Operations,
    holder: HolderId,
    currency: Currency,
) -> Result<Option<(SpendingDay, Amount)>, OperationError> {
    let Some(entry) = directory::holder(operations, holder).await? else { return Ok(None) };
    let Some(set) = entry.limits(currency) else { return Ok(None) };
    let now = operations.now();
    let limit = set.at(now).daily;
    Ok(limit.map(|limit| (SpendingDay { holder, currency, day: day::of(now) }, limit)))
}

/// Whether the amount is within the holder's limit for one operation.
///
/// # Errors
/// [`OperationError::OverSingleLimit`], or what could not be reached.
pub(crate) async fn check_single(
    operations: &Operations,
    holder: HolderId,
    amount: Amount,
) -> Result<(), OperationError> {
    let Some(entry) = directory::holder(operations, holder).await? else { return Ok(()) };
    let set = entry.limits(amount.currency());
    match set.and_then(|set| set.at(operations.now()).single) {
        Some(most) if amount > most => Err(OperationError::OverSingleLimit { most: most.minor() }),
        _ => Ok(()),
    }
}

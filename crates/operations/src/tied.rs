//! Operations of one transfer that something else must agree to: the payer's daily limit, or that the fact it pays has
//! not been paid before. All of it is one chain in the ledger: everything happens, or nothing.
//!
//! Invariants:
//! * for a payer without a daily limit, and without a claim, this is [`one_step::run`] and nothing more;
//! * what a payer spends on one day never exceeds the day's limit, however many pay at once;
//! * of all operations with the same claim, one succeeds.

use ledger::{CreateTransferStatus as Status, Transfer, TransferFlags};
use money::{Amount, Currency};
use records::notifications::NoticeKind;
use records::operations::{NewOperation, OperationState};
use wallet::ids::{HolderId, OperationId};
use wallet::limit_postings::{self, Claim, SpendingDay};

use crate::intent::{Begun, begin, conclude};
use crate::notifications::{self, Notice};
use crate::one_step::{self, Verdict, is_another, verdict};
use crate::{OperationError, Operations, Reason, Receipt, balances, day, directory, limits, rebuild};

/// Carries out the operation, whose one transfer is `posting`, and warns a payer who has little left.
pub(crate) async fn run(
    operations: &Operations,
    new: NewOperation,
    posting: Transfer,
    claim: Option<Claim>,
) -> Result<Receipt, OperationError> {
    let payer = new.payer.ok_or(OperationError::Inconsistent("spending without a payer"))?.holder();
    let receipt = carry_out(operations, payer, new, posting, claim).await?;
    if receipt.state == OperationState::Completed {
        warn_if_low(operations, payer, receipt.amount.currency()).await;
    }
    Ok(receipt)
}

/// Tells a holder, once a day, that there is less in the wallet than they want to have. What cannot be reached now is no
/// reason to fail a payment that is done.
async fn warn_if_low(operations: &Operations, holder: HolderId, currency: Currency) {
    let Ok(Some(entry)) = directory::holder(operations, holder).await else { return };
    if let Some(least) = entry.low_balance(currency) {
        Box::pin(warn_below(operations, holder, currency, least)).await;
    }
}

async fn warn_below(operations: &Operations, holder: HolderId, currency: Currency, least: u64) {
    let Ok(wallets) = balances::of_holder(operations, holder).await else { return };
    let held = wallets.iter().find(|wallet| wallet.currency == currency);
    let Some(held) = held.map(|wallet| wallet.balance.available).filter(|held| held.minor() < least) else {
        return;
    };
    let notice = Notice {
        kind: NoticeKind::LowBalance,
        subject: u128::from(day::of(operations.now())),
        actor: None,
        amount: Some(held),
    };
    notifications::tell(operations, holder.into(), notice);
}

async fn carry_out(
    operations: &Operations,
    payer: HolderId,
    new: NewOperation,
    posting: Transfer,
    claim: Option<Claim>,
) -> Result<Receipt, OperationError> {
    let day = limits::today(operations, payer, new.amount.currency()).await?;
    if day.is_none() && claim.is_none() {
        return one_step::run(operations, new, posting).await;
    }
    Box::pin(carry_out_tied(operations, new, posting, Ties { day, claim })).await
}

async fn carry_out_tied(
    operations: &Operations,
    new: NewOperation,
    posting: Transfer,
    ties: Ties,
) -> Result<Receipt, OperationError> {
    let facts = match begin(operations, new).await? {
        Begun::Ended(receipt) => return Ok(receipt),
        Begun::Open(facts) => facts,
    };
    ties.prepare(operations, facts.amount).await?;
    let statuses = operations.ledger().create_transfers(ties.chain(posting, facts.amount)).await?;
    match ties.verdict(&statuses)? {
        Verdict::Created | Verdict::Existed => {
            Ok(conclude(operations, facts, OperationState::Completed, None))
        }
        Verdict::Refused(reason) => Ok(conclude(operations, facts, OperationState::Declined, Some(reason))),
        Verdict::Another => {
            rebuild::correct(operations, facts.id).await?;
            Err(OperationError::KeyReused)
        }
    }
}

/// What must agree.
#[derive(Clone, Copy)]
struct Ties {
    day: Option<(SpendingDay, Amount)>,
    claim: Option<Claim>,
}

impl Ties {
    /// Opens the accounts, and grants the day its limit where that has not been done.
    async fn prepare(self, operations: &Operations, amount: Amount) -> Result<(), OperationError> {
        let currency = amount.currency();
        let mut accounts =
            vec![limit_postings::limit_control(currency), limit_postings::claim_register(currency)];
        accounts.extend(self.day.map(|(day, _)| day.account()));
        operations.ledger().open_accounts(accounts).await?;
        match self.day {
            Some((day, limit)) => limits::grant(operations, &day, limit).await,
            None => Ok(()),
        }
    }

    fn chain(self, posting: Transfer, amount: Amount) -> Vec<Transfer> {
        let operation = OperationId::new(posting.id.0);
        let used = self.day.map(|(day, _)| limit_postings::limit_used(&day, operation, amount));
        let claimed = self.claim.map(|claim| limit_postings::claimed(claim, operation, amount.currency()));
        let mut legs: Vec<Transfer> = [Some(posting), used, claimed].into_iter().flatten().collect();
        let last = legs.len().saturating_sub(1);
        for leg in &mut legs[..last] {
            leg.flags |= TransferFlags::LINKED;
        }
        legs
    }

    /// Reads the ledger's answers: the money's own, or why another leg held it back.
    fn verdict(self, statuses: &[Status]) -> Result<Verdict, OperationError> {
        let (&money, ties) =
            statuses.split_first().ok_or(OperationError::Inconsistent("ledger answered another question"))?;
        if money != Status::LinkedEventFailed {
            return verdict(money);
        }
        let (used, claimed) = match (self.day, self.claim, ties) {
            (Some(_), Some(_), &[used, claimed]) => (Some(used), Some(claimed)),
            (Some(_), None, &[used]) => (Some(used), None),
            (None, Some(_), &[claimed]) => (None, Some(claimed)),
            _ => return Err(OperationError::Inconsistent("ledger answered another question")),
        };
        if used.is_some_and(limits::is_used_up) {
            return Ok(Verdict::Refused(Reason::OverDailyLimit));
        }
        match claimed {
            Some(status) if is_another(status) => Ok(Verdict::Refused(Reason::PaidBefore)),
            _ => Err(OperationError::Inconsistent("ledger refused a chain")),
        }
    }
}

/// The operation that has made this claim, where one has.
pub(crate) async fn claimed_by(
    operations: &Operations,
    claim: Claim,
) -> Result<Option<OperationId>, OperationError> {
    let found = operations.ledger().lookup_transfers(vec![claim.id()]).await?;
    Ok(found.first().map(|transfer| OperationId::new(transfer.user_data_128)))
}

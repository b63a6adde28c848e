//! The operator's first page: does all money add up?

use std::collections::BTreeMap;

use ledger::{BATCH_MAX, LedgerId, NANOSECONDS_PER_SECOND, QueryFilter, QueryFilterFlags, Timestamp};
use money::Currency;
use records::operations::{self, KindCount, Volume, VolumeQuery};
use tokio::sync::Mutex;
use wallet::chart;
use wallet::ids::MerchantId;

use crate::{OperationError, Operations};

/// The sums of one currency, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrencyTotals {
    /// Which.
    pub currency: Currency,
    /// The operator's money at banks.
    pub float: i128,
    /// What holders own.
    pub wallets: i128,
    /// What merchants own.
    pub merchants: i128,
    /// What buyers paid and sellers have not got yet: it waits in the escrow of orders.
    pub escrow: i128,
    /// What merchants sold as vouchers and nobody has redeemed yet.
    pub vouchers: i128,
    /// What card purses hold: loads less what was cleared of them.
    pub purses: i128,
    /// Loads of card purses that were begun and have no end yet.
    pub loads: i128,
    /// What card purses spent beyond what was loaded onto them: paid to merchants, and nobody's money yet.
    pub excess: i128,
    /// What sellers of split sales were advanced, and holders owe.
    pub advances: i128,
    /// What purses were loaded with that pay each other, all together: it is on them, between them, or not fetched yet.
    pub transfer_purses: i128,
    /// What merchants paid for card purchases.
    pub fees: i128,
    /// What was corrected by hand and is still to be explained: what parties gave less what they got.
    pub suspense: i128,
    /// Reserved for top-ups that a bank has not confirmed: not yet in `float` nor in `wallets`.
    pub coming: i128,
    /// Reserved for withdrawals that a bank has not confirmed: still in `float` and in `wallets`.
    pub leaving: i128,
}

impl CurrencyTotals {
    const fn zero(currency: Currency) -> Self {
        Self {
            currency,
            float: 0,
            wallets: 0,
            merchants: 0,
            escrow: 0,
            vouchers: 0,
            purses: 0,
            loads: 0,
            excess: 0,
            advances: 0,
            transfer_purses: 0,
            fees: 0,
            suspense: 0,
            coming: 0,
            leaving: 0,
        }
    }

    /// What stands behind card purses: what they hold, also to pay each other, loads on their way and fees, less what was spent
    /// beyond, and what was advanced.
    #[must_use]
    pub const fn card_purses(&self) -> i128 {
        self.purses + self.loads + self.transfer_purses + self.fees - self.excess - self.advances
    }

    /// What is owned less what there is: 0, or something is wrong.
    #[must_use]
    pub const fn difference(&self) -> i128 {
        let owned = self.wallets + self.merchants + self.escrow + self.vouchers + self.card_purses();
        owned + self.suspense - self.float
    }
}

/// The sums of one ledger, money or memo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerTotals {
    /// Which.
    pub ledger: LedgerId,
    /// How many accounts.
    pub accounts: u64,
    /// The sum of all debits, posted and pending.
    pub debits: u128,
    /// The sum of all credits, posted and pending.
    pub credits: u128,
    posted_difference: i128,
}

impl LedgerTotals {
    /// Whether posted debits equal posted credits, and pending ones likewise.
    #[must_use]
    pub const fn adds_up(&self) -> bool {
        self.debits == self.credits && self.posted_difference == 0
    }
}

/// All money, counted.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Totals {
    /// By currency code.
    pub currencies: Vec<CurrencyTotals>,
    /// By number of ledger.
    pub ledgers: Vec<LedgerTotals>,
}

impl Totals {
    /// Whether all money adds up: every ledger in itself, and what is owned to what there is.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.ledgers.iter().all(LedgerTotals::adds_up)
            && self.currencies.iter().all(|totals| totals.difference() == 0)
    }
}

const OUT_OF_RANGE: OperationError = OperationError::Inconsistent("ledger balance is out of range");

fn signed(amount: ledger::Amount) -> Result<i128, OperationError> {
    i128::try_from(amount.0).map_err(|_| OUT_OF_RANGE)
}

#[derive(Default)]
struct Counting {
    currencies: BTreeMap<&'static str, CurrencyTotals>,
    ledgers: BTreeMap<u32, LedgerTotals>,
}

impl Counting {
    fn add(&mut self, account: &ledger::Account) -> Result<(), OperationError> {
        let (debits, credits) = (signed(account.debits_posted)?, signed(account.credits_posted)?);
        let (coming, leaving) = (signed(account.debits_pending)?, signed(account.credits_pending)?);
        let ledger = self.ledgers.entry(account.ledger.0).or_insert(LedgerTotals {
            ledger: account.ledger,
            accounts: 0,
            debits: 0,
            credits: 0,
            posted_difference: 0,
        });
        ledger.accounts += 1;
        ledger.debits += account.debits_posted.0 + account.debits_pending.0;
        ledger.credits += account.credits_posted.0 + account.credits_pending.0;
        ledger.posted_difference += debits - credits;
        let Some(currency) = chart::currency_of(account.ledger).filter(|_| !chart::is_memo(account.ledger))
        else {
            return Ok(());
        };
        let totals = self.currencies.entry(currency.code()).or_insert_with(|| CurrencyTotals::zero(currency));
        match account.code {
            chart::WALLET => totals.wallets += credits - debits,
            chart::MERCHANT => totals.merchants += credits - debits,
            chart::ESCROW => totals.escrow += credits - debits,
            chart::VOUCHER => totals.vouchers += credits - debits,
            chart::PURSE => totals.purses += credits - debits,
            chart::PURSE_LOAD => totals.loads += credits - debits,
            chart::PURSE_EXCESS => totals.excess += debits - credits,
            chart::PURSE_ADVANCES => totals.advances += debits - credits,
            chart::TRANSFER_PURSE => totals.transfer_purses += credits - debits,
            chart::PURSE_FEES => totals.fees += credits - debits,
            chart::SUSPENSE => totals.suspense += credits - debits,
            chart::BANK => {
                totals.float += debits - credits;
                totals.coming += coming;
                totals.leaving += leaving;
            }
            chart::CLOSINGS if credits == debits => {}
            _ => return Err(OperationError::Inconsistent("money is in an account of no known kind")),
        }
        Ok(())
    }
}

/// What was counted last, shared by everybody who looks at the same moment.
#[derive(Default)]
pub(crate) struct Counted(Mutex<Option<(Timestamp, Totals)>>);

/// All money as it was counted at most one second ago: for pages that many look at. One of those who find it too old
/// counts anew, and the others wait for it.
///
/// # Errors
/// What could not be reached.
pub async fn recent(operations: &Operations) -> Result<(Timestamp, Totals), OperationError> {
    let mut counted = operations.inner.counted.0.lock().await;
    let now = operations.now();
    match &*counted {
        Some((at, totals)) if now.0 < at.0.saturating_add(NANOSECONDS_PER_SECOND) && now >= *at => {
            Ok((*at, totals.clone()))
        }
        _ => {
            let totals = count(operations).await?;
            *counted = Some((now, totals.clone()));
            Ok((now, totals))
        }
    }
}

/// Counts all money in the ledger. Under traffic the pages of accounts are of different moments: the sums are exact
/// only while nothing moves.
///
/// # Errors
/// What could not be reached.
pub async fn count(operations: &Operations) -> Result<Totals, OperationError> {
    let mut counting = Counting::default();
    let mut since = Timestamp::ZERO;
    loop {
        let filter = QueryFilter {
            timestamp_min: since,
            limit: u32::try_from(BATCH_MAX).unwrap_or(u32::MAX),
            flags: QueryFilterFlags::NONE,
            ..QueryFilter::default()
        };
        let page = operations.ledger().query_accounts(filter).await?;
        for account in &page {
            counting.add(account)?;
        }
        match page.last() {
            Some(last) if page.len() == BATCH_MAX => since = Timestamp(last.timestamp.0 + 1),
            _ => break,
        }
    }
    Ok(Totals {
        currencies: counting.currencies.into_values().collect(),
        ledgers: counting.ledgers.into_values().collect(),
    })
}

/// What the spans before the present one moved, as they were added up last, with when that was.
#[derive(Default)]
pub(crate) struct PastVolumes(Mutex<Vec<(VolumeQuery, Timestamp, Vec<Volume>)>>);

/// How many different queries are kept.
const PAST_VOLUMES_MAX: usize = 8;
/// How old a sum of past spans may be: what was asked for in the past may still be completed.
const PAST_VOLUMES_SECONDS: u64 = 60;

/// What moved, per span of time, kind and currency. The present span is added up anew; those before it are as they were
/// at most a minute ago.
///
/// # Errors
/// What could not be reached.
pub async fn volumes(operations: &Operations, query: VolumeQuery) -> Result<Vec<Volume>, OperationError> {
    let present = begin_of_span(&query, operations.now()).clamp(query.from, query.until);
    let mut volumes = past_volumes(operations, VolumeQuery { until: present, ..query }).await?;
    let query = VolumeQuery { from: present, ..query };
    volumes.extend(operations.records().read(move |sql| operations::volumes(sql, &query)).await?);
    Ok(volumes)
}

fn begin_of_span(query: &VolumeQuery, moment: Timestamp) -> Timestamp {
    let span = i128::from(query.span_seconds.max(1)) * i128::from(NANOSECONDS_PER_SECOND);
    let ahead = i128::from(query.ahead_of_utc_seconds) * i128::from(NANOSECONDS_PER_SECOND);
    let begin = (i128::from(moment.0) + ahead).div_euclid(span) * span - ahead;
    Timestamp(u64::try_from(begin).unwrap_or(0))
}

async fn past_volumes(operations: &Operations, query: VolumeQuery) -> Result<Vec<Volume>, OperationError> {
    let mut kept = operations.inner.past_volumes.0.lock().await;
    let now = operations.now();
    let is_fresh = |at: Timestamp| {
        now >= at && now.0 - at.0 < PAST_VOLUMES_SECONDS.saturating_mul(NANOSECONDS_PER_SECOND)
    };
    kept.retain(|(_, at, _)| is_fresh(*at));
    if let Some((_, _, volumes)) = kept.iter().find(|(known, _, _)| *known == query) {
        return Ok(volumes.clone());
    }
    let volumes = operations.records().read(move |sql| operations::volumes(sql, &query)).await?;
    if kept.len() >= PAST_VOLUMES_MAX {
        kept.remove(0);
    }
    kept.push((query, now, volumes.clone()));
    Ok(volumes)
}

/// A merchant's sales and refunds, per span of time and currency.
///
/// # Errors
/// What could not be reached.
pub async fn merchant_volumes(
    operations: &Operations,
    merchant: MerchantId,
    query: VolumeQuery,
) -> Result<Vec<Volume>, OperationError> {
    Ok(operations.records().read(move |sql| operations::merchant_volumes(sql, merchant, &query)).await?)
}

/// How many operations of a span of time there are of each kind in each state.
///
/// # Errors
/// What could not be reached.
pub async fn counts(
    operations: &Operations,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<KindCount>, OperationError> {
    Ok(operations.records().read(move |sql| operations::counts(sql, from, until)).await?)
}

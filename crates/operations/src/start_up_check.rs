//! What a crash left: found and ended before a server takes requests.
//!
//! 1. Deciding transfers that the ledger has and the records lack are recorded again: records restored to an earlier
//!    time lose nothing that the ledger knows.
//!    Accounts that the ledger has closed are closed.
//! 2. Every open operation is resumed: completed where the ledger or the bank did it, else refused for ever.

use ledger::{BATCH_MAX, NANOSECONDS_PER_SECOND, QueryFilter, QueryFilterFlags, Timestamp, Transfer};
use records::operations::{self, Operation, OperationKind, OperationState};
use wallet::ids::OperationId;

use crate::rebuild::{self, Rebuilt};
use crate::{
    OperationError, Operations, Receipt, approvals, card_payment, card_purses, closing, merchants, one_step,
    payment, refund, review, risk_desk, top_up, transfer, withdrawal,
};

/// What the check did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Report {
    /// Operations that the records lacked.
    pub rebuilt: u64,
    /// Open operations that have ended now.
    pub resumed: u64,
    /// Open operations whose bank still does not answer: their amounts are held.
    pub unknown: u64,
}

/// How far the clocks of ledger and records may be apart.
const CLOCKS_APART: u64 = 60 * NANOSECONDS_PER_SECOND;

/// Rows of one page.
const PAGE: u32 = 500;

/// Completes the records from the ledger, then ends every open operation. Runs before the server takes requests; may be
/// interrupted and run again. With several servers, only the one that restored the records needs it.
///
/// # Errors
/// What could not be reached.
pub async fn run(operations: &Operations) -> Result<Report, OperationError> {
    merchants::open_missing_accounts(operations).await?;
    let rebuilt = rebuild_missing(operations).await?;
    card_purses::rebuilt::realign(operations).await?;
    risk_desk::reload(operations).await?;
    let report = resume_open(operations, Timestamp::LAST).await?;
    Ok(Report { rebuilt, ..report })
}

/// Records again what the ledger has since a minute before the newest record. What goes through a bank is recorded before
/// its transfer is created, and what one transfer decides right after it, so nothing older can be missing.
async fn rebuild_missing(operations: &Operations) -> Result<u64, OperationError> {
    let newest = operations.records().read(operations::newest).await?;
    let mut since = Timestamp(newest.map_or(0, |newest| newest.0.saturating_sub(CLOCKS_APART)));
    let mut rebuilt = 0;
    loop {
        let filter = QueryFilter {
            timestamp_min: since,
            limit: u32::try_from(BATCH_MAX).unwrap_or(u32::MAX),
            flags: QueryFilterFlags::NONE,
            ..QueryFilter::default()
        };
        let page = operations.ledger().query_transfers(filter).await?;
        let Some(last) = page.last() else { return Ok(rebuilt) };
        since = Timestamp(last.timestamp.0 + 1);
        let full = page.len() == BATCH_MAX;
        rebuilt += rebuild_page(operations, page).await?;
        if !full {
            return Ok(rebuilt);
        }
    }
}

async fn rebuild_page(operations: &Operations, page: Vec<Transfer>) -> Result<u64, OperationError> {
    closing::follow(operations, &page).await?;
    let of_cards =
        insert_missing(operations, card_purses::rebuilt::of_page(operations, &page).await?).await?;
    let deciding: Vec<Transfer> = page.into_iter().filter(rebuild::decides).collect();
    if deciding.is_empty() {
        return Ok(of_cards);
    }
    let missing = operations.records().read(move |sql| {
        let mut missing = Vec::new();
        for transfer in deciding {
            if !operations::is_known(sql, OperationId::new(transfer.id.0))? {
                missing.push(transfer);
            }
        }
        Ok(missing)
    });
    let missing = missing.await?;
    if missing.is_empty() {
        return Ok(of_cards);
    }
    let rebuilt = rebuild::from_ledger(operations, &missing).await?;
    Ok(of_cards + insert_missing(operations, rebuilt).await?)
}

async fn insert_missing(operations: &Operations, rebuilt: Vec<Rebuilt>) -> Result<u64, OperationError> {
    if rebuilt.is_empty() {
        return Ok(0);
    }
    let written = operations.records().write(move |sql| {
        let mut count = 0;
        for Rebuilt { new, state } in &rebuilt {
            count += u64::from(operations::insert_in_state(sql, new, *state, None)?);
        }
        Ok(count)
    });
    Ok(written.await?)
}

/// Ends every open operation that was last changed before `idle_since`. A server calls it from time to time, with a
/// moment some seconds ago, to find out what a bank did that did not answer.
///
/// # Errors
/// What could not be reached.
pub async fn resume_open(operations: &Operations, idle_since: Timestamp) -> Result<Report, OperationError> {
    let resumed = one_step::record_left_over(operations, idle_since).await?;
    let resumed = resumed.saturating_add(review::recover(operations).await?);
    approvals::expire(operations).await?;
    let resumed = resumed.saturating_add(card_purses::resume(operations, idle_since).await?);
    let mut report = Report { resumed, ..Report::default() };
    let mut after = 0;
    loop {
        let page = operations.records().read(move |sql| operations::open_after(sql, after, PAGE)).await?;
        let Some(last) = page.last() else {
            card_payment::resume_open(operations, idle_since).await?;
            return Ok(report);
        };
        after = last.seq;
        for row in page.iter().filter(|row| row.updated_at < idle_since) {
            match resume(operations, row).await? {
                Some(receipt) if receipt.state == OperationState::Unknown => report.unknown += 1,
                Some(_) => report.resumed += 1,
                None => {}
            }
        }
    }
}

/// Ends one open operation. `None`: it is under way on this server.
///
/// # Errors
/// What could not be reached.
pub async fn resume(operations: &Operations, row: &Operation) -> Result<Option<Receipt>, OperationError> {
    match row.kind {
        OperationKind::TopUp => top_up::resume(operations, row).await,
        OperationKind::Withdrawal => withdrawal::resume(operations, row).await,
        OperationKind::Transfer => transfer::resume(operations, row).await.map(Some),
        OperationKind::Payment => payment::resume(operations, row).await.map(Some),
        OperationKind::Refund => refund::resume(operations, row).await.map(Some),
        OperationKind::CardLoad | OperationKind::CardUnload => {
            card_purses::loads::resume(operations, row).await.map(Some)
        }
        OperationKind::EscrowPayment
        | OperationKind::EscrowRelease
        | OperationKind::EscrowRefund
        | OperationKind::VoucherSale
        | OperationKind::VoucherRedemption
        | OperationKind::VoucherReturn
        | OperationKind::CardRest
        | OperationKind::CardTakings
        | OperationKind::CardReturns
        | OperationKind::CardDue
        | OperationKind::TransferPurseLoad
        | OperationKind::TransferPurseUnload
        | OperationKind::Adjustment => one_step::resume(operations, row).await.map(Some),
    }
}

//! Many callers at once, real threads and a real directory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;

use ledger::{
    Account, AccountFlags, AccountId, Amount, Code, CreateTransferStatus, EngineError, LedgerId, Request,
    Response, Submit, Timestamp, Transfer, TransferId,
};
use ledger_embedded::storage::{DiskFault, FileStorage, SimDisk};
use ledger_embedded::{Clock, EmbeddedLedger, verify};

use crate::workload::OPTIONS;

fn ticking() -> Arc<Clock> {
    let now = AtomicU64::new(1);
    Arc::new(move || Timestamp(now.fetch_add(1_000, Ordering::Relaxed)))
}

fn ask(ledger: &EmbeddedLedger, request: Request) -> Result<Response, EngineError> {
    let (sender, receiver) = channel();
    ledger.submit(request, Box::new(move |answer| sender.send(answer).expect("the asker waits")));
    receiver.recv().expect("every request gets an answer")
}

fn account(id: u128, flags: AccountFlags) -> Account {
    Account { id: AccountId(id), ledger: LedgerId(156), code: Code(1), flags, ..Account::default() }
}

fn transfer(id: u128, debit: u128, credit: u128, amount: u128) -> Transfer {
    Transfer {
        id: TransferId(id),
        debit_account_id: AccountId(debit),
        credit_account_id: AccountId(credit),
        amount: Amount(amount),
        ledger: LedgerId(156),
        code: Code(1),
        ..Transfer::default()
    }
}

fn status(ledger: &EmbeddedLedger, t: Transfer) -> CreateTransferStatus {
    match ask(ledger, Request::CreateTransfers(vec![t])) {
        Ok(Response::CreateTransfers(results)) => results[0].status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_64_parallel_transfers_that_together_overdraw_exactly_one_wins() {
    let directory = tempfile::tempdir().expect("a directory");
    let ledger = EmbeddedLedger::open(directory.path(), ticking()).expect("a new ledger");
    let limited = AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS;
    let accounts = vec![account(1, AccountFlags::NONE), account(2, limited), account(3, AccountFlags::NONE)];
    ask(&ledger, Request::CreateAccounts(accounts)).expect("a healthy disk");
    assert_eq!(status(&ledger, transfer(1, 1, 2, 100)), CreateTransferStatus::Created);
    let won = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for number in 0..64 {
            let (ledger, won) = (&ledger, &won);
            scope.spawn(move || match status(ledger, transfer(10 + number, 2, 3, 60)) {
                CreateTransferStatus::Created => {
                    won.fetch_add(1, Ordering::Relaxed);
                }
                other => assert_eq!(other, CreateTransferStatus::ExceedsCredits),
            });
        }
    });
    assert_eq!(won.load(Ordering::Relaxed), 1);
    drop(ledger);
    let findings = verify(FileStorage::open(directory.path()).expect("closed")).expect("readable").findings;
    assert_eq!(findings, []);
}

#[test]
fn a_directory_in_use_is_refused_with_advice_and_free_again_after_close() {
    let directory = tempfile::tempdir().expect("a directory");
    let ledger = EmbeddedLedger::open(directory.path(), ticking()).expect("a new ledger");
    let error = EmbeddedLedger::open(directory.path(), ticking()).map(|_| ()).expect_err("in use");
    assert!(error.to_string().contains("in use"), "{error}");
    ledger.close();
    drop(ledger);
    EmbeddedLedger::open(directory.path(), ticking()).expect("free again");
}

#[test]
fn a_failed_sync_refuses_what_waits_and_everything_after() {
    let disk = SimDisk::new();
    let ledger = EmbeddedLedger::start(disk.clone(), OPTIONS, ticking()).expect("a new ledger");
    ask(&ledger, Request::CreateAccounts(vec![account(1, AccountFlags::NONE)])).expect("a healthy disk");
    disk.order_fault(DiskFault::SyncError(1));
    let refused = ask(&ledger, Request::CreateAccounts(vec![account(2, AccountFlags::NONE)]));
    assert!(matches!(refused, Err(EngineError::Stopped(_))), "{refused:?}");
    disk.restart();
    let refused = ask(&ledger, Request::LookupAccounts(vec![AccountId(1)]));
    assert!(matches!(refused, Err(EngineError::Stopped(_))), "{refused:?}");
}

#[test]
fn a_batch_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let ledger =
        EmbeddedLedger::start(SimDisk::new(), ledger_embedded::Options::default(), ticking()).expect("new");
    let ids = |count: u128| Request::LookupAccounts((1..=count).map(AccountId).collect());
    assert_eq!(ask(&ledger, ids(8_190)), Ok(Response::Accounts(Vec::new())));
    assert_eq!(ask(&ledger, ids(8_191)), Err(EngineError::BatchTooLarge));
}

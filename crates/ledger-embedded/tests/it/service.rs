//! Many callers at once, real threads and a real directory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};

use ledger::{
    Account, AccountFilter, AccountFilterFlags, AccountFlags, AccountId, Amount, Code, CreateAccountStatus,
    CreateTransferResult, CreateTransferStatus, EngineError, LedgerId, Request, Response, Submit, Timestamp,
    Transfer, TransferFlags, TransferId,
};
use ledger_embedded::storage::{DiskFault, FileStorage, SimDisk};
use ledger_embedded::{Clock, EmbeddedLedger, verify};

use crate::held_disk::HeldDisk;
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

type Waiting = Receiver<Result<Response, EngineError>>;

/// Asks and does not wait.
fn begin(ledger: &EmbeddedLedger, request: Request) -> Waiting {
    let (sender, receiver) = channel();
    ledger.submit(request, Box::new(move |answer| sender.send(answer).expect("the asker waits")));
    receiver
}

#[test]
fn what_is_decided_and_not_on_the_disk_yet_counts_for_those_who_come_later() {
    let disk = HeldDisk::new();
    let now = Arc::new(AtomicU64::new(1_000));
    let clock = Arc::clone(&now);
    let clock: Arc<Clock> = Arc::new(move || Timestamp(clock.load(Ordering::Relaxed)));
    let ledger = EmbeddedLedger::start(disk.clone(), OPTIONS, clock).expect("a new ledger");
    let accounts = vec![account(1, AccountFlags::NONE), account(2, AccountFlags::NONE)];
    ask(&ledger, Request::CreateAccounts(accounts)).expect("a healthy disk");

    disk.hold();
    now.store(2_000, Ordering::Relaxed);
    let pending = Transfer { flags: TransferFlags::PENDING, ..transfer(8, 1, 2, 50) };
    let first = begin(&ledger, Request::CreateTransfers(vec![pending, transfer(7, 1, 2, 100)]));
    disk.wait_for_a_write();
    now.store(9_000, Ordering::Relaxed);
    let again =
        begin(&ledger, Request::CreateTransfers(vec![transfer(7, 1, 2, 100), transfer(7, 1, 2, 101)]));
    let voiding = |id| Transfer {
        pending_id: TransferId(8),
        flags: TransferFlags::VOID_PENDING_TRANSFER,
        ..transfer(id, 1, 2, 0)
    };
    let voided = begin(&ledger, Request::CreateTransfers(vec![voiding(9), voiding(10)]));
    let seen = begin(&ledger, Request::LookupTransfers(vec![TransferId(7), TransferId(99)]));
    let imported =
        |id, timestamp| Account { timestamp: Timestamp(timestamp), ..account(id, AccountFlags::IMPORTED) };
    // The transfers of the first batch were given 1,999 and 2,000.
    let accounts = vec![imported(3, 1_998), imported(4, 1_999), imported(5, 2_000), imported(6, 2_001)];
    let told = begin(&ledger, Request::CreateAccounts(accounts));
    let flags = AccountFilterFlags::DEBITS | AccountFilterFlags::CREDITS;
    let history = AccountFilter { account_id: AccountId(1), limit: 10, flags, ..AccountFilter::default() };
    let history = begin(&ledger, Request::GetAccountTransfers(history));
    assert!(first.try_recv().is_err(), "nobody hears of what the disk does not have");
    disk.let_go();

    let answered = |waiting: Waiting| waiting.recv().expect("every request gets an answer").expect("healthy");
    let statuses = |response| match response {
        Response::CreateTransfers(results) => {
            results.into_iter().map(|result: CreateTransferResult| result.status).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    use CreateTransferStatus as T;
    assert_eq!(statuses(answered(first)), [T::Created, T::Created]);
    assert_eq!(statuses(answered(again)), [T::Exists, T::ExistsWithDifferentAmount]);
    assert_eq!(statuses(answered(voided)), [T::Created, T::PendingTransferAlreadyVoided]);
    let Response::Transfers(found) = answered(seen) else { panic!("another answer") };
    assert_eq!(found.iter().map(|found| (found.id.0, found.amount.0)).collect::<Vec<_>>(), [(7, 100)]);
    let Response::CreateAccounts(accounts) = answered(told) else { panic!("another answer") };
    use CreateAccountStatus as A;
    let regress = A::ImportedEventTimestampMustNotRegress;
    let expected = [A::Created, regress, regress, A::Created];
    assert_eq!(accounts.iter().map(|account| account.status).collect::<Vec<_>>(), expected);
    let Response::Transfers(past) = answered(history) else { panic!("another answer") };
    assert_eq!(past.iter().map(|past| past.id.0).collect::<Vec<_>>(), [8, 7, 9]);
}

#[test]
fn a_batch_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let ledger =
        EmbeddedLedger::start(SimDisk::new(), ledger_embedded::Options::default(), ticking()).expect("new");
    let ids = |count: u128| Request::LookupAccounts((1..=count).map(AccountId).collect());
    assert_eq!(ask(&ledger, ids(8_190)), Ok(Response::Accounts(Vec::new())));
    assert_eq!(ask(&ledger, ids(8_191)), Err(EngineError::BatchTooLarge));
}

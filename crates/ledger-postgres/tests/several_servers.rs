//! Several engines and threads on one database: decisions stand in one order, and nothing is lost with a connection.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use ledger::{
    Account, AccountFlags, AccountId, Amount, BATCH_MAX, Code, CreateTransferStatus, Engine, EngineError,
    LedgerId, Request, Response, Submit, Timestamp, Transfer, TransferFlags, TransferId,
};
use ledger_postgres::{PostgresEngine, PostgresLedger};
use postgres::{Client, NoTls};

const NOW: Timestamp = Timestamp(1_000_000_000);
const BANK: AccountId = AccountId(1);

fn account(id: u128, flags: AccountFlags) -> Account {
    Account { id: AccountId(id), ledger: LedgerId(156), code: Code(1), flags, ..Account::default() }
}

fn transfer(id: u128, debit: AccountId, credit: AccountId, amount: u128) -> Transfer {
    Transfer {
        id: TransferId(id),
        debit_account_id: debit,
        credit_account_id: credit,
        amount: Amount(amount),
        ledger: LedgerId(156),
        code: Code(1),
        ..Transfer::default()
    }
}

/// A bank without limit and `wallets` wallets, from id 2 on, that cannot be overdrawn and hold `each`.
fn founded(url: &str, wallets: u128, each: u128) -> PostgresEngine {
    let mut engine = PostgresEngine::connect(url).unwrap();
    let mut accounts = vec![account(BANK.0, AccountFlags::NONE)];
    accounts.extend((0..wallets).map(|n| account(2 + n, AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS)));
    engine.create_accounts(NOW, &accounts).unwrap();
    let loads: Vec<Transfer> =
        (0..wallets).map(|n| transfer(1_000_000 + n, BANK, AccountId(2 + n), each)).collect();
    engine.create_transfers(NOW, &loads).unwrap();
    engine
}

#[test]
fn two_transfers_that_together_overdraw_are_not_both_created() {
    let url = postgres_cluster::test_schema();
    let rounds: u128 = 40;
    founded(&url, rounds, 100);
    let barrier = Arc::new(Barrier::new(2));
    let rival = |offset: u128| {
        let (url, barrier) = (url.clone(), Arc::clone(&barrier));
        thread::spawn(move || {
            let mut engine = PostgresEngine::connect(&url).unwrap();
            let mut created = Vec::new();
            for round in 0..rounds {
                barrier.wait();
                let spend = transfer(offset + round, AccountId(2 + round), BANK, 70);
                let results = engine.create_transfers(NOW, &[spend]).unwrap();
                created.push(results[0].status == CreateTransferStatus::Created);
            }
            created
        })
    };
    let (one, other) = (rival(10_000), rival(20_000));
    let (one, other) = (one.join().unwrap(), other.join().unwrap());
    for (round, (one, other)) in one.iter().zip(&other).enumerate() {
        assert!(one != other, "round {round}: exactly one of two may succeed");
    }
}

#[test]
fn many_threads_on_two_ledgers_conserve_every_total() {
    let url = postgres_cluster::test_schema();
    let wallets: u128 = 5;
    let mut engine = founded(&url, wallets, 1_000);
    let time = Arc::new(AtomicU64::new(NOW.0));
    let open = || {
        let time = Arc::clone(&time);
        PostgresLedger::open(&url, move || Timestamp(time.fetch_add(1_000, Ordering::Relaxed))).unwrap()
    };
    let servers = [open(), open()];
    let created = AtomicU64::new(0);
    thread::scope(|scope| {
        for worker in 0..8_u128 {
            let (server, created) = (&servers[usize::try_from(worker % 2).unwrap()], &created);
            scope.spawn(move || {
                for round in 0..25_u128 {
                    let id = 2_000_000 + worker * 1_000 + round;
                    let from = AccountId(2 + (worker + round) % wallets);
                    let to = AccountId(2 + (worker + round * 3 + 1) % wallets);
                    let to = if to == from { BANK } else { to };
                    let (sender, receiver) = mpsc::channel();
                    let reply = Box::new(move |answer| sender.send(answer).unwrap());
                    server.submit(Request::CreateTransfers(vec![transfer(id, from, to, 170)]), reply);
                    match receiver.recv().unwrap().unwrap() {
                        Response::CreateTransfers(results) if results[0].status.is_done() => {
                            created.fetch_add(1, Ordering::Relaxed);
                        }
                        Response::CreateTransfers(results) => {
                            assert_eq!(results[0].status, CreateTransferStatus::ExceedsCredits);
                        }
                        other => panic!("{other:?}"),
                    }
                }
            });
        }
    });
    let ids: Vec<AccountId> = (1..=wallets + 1).map(AccountId).collect();
    let accounts = engine.lookup_accounts(&ids).unwrap();
    let debits: u128 = accounts.iter().map(|account| account.debits_posted.0).sum();
    let credits: u128 = accounts.iter().map(|account| account.credits_posted.0).sum();
    assert_eq!(debits, credits);
    assert_eq!(debits, wallets * 1_000 + 170 * u128::from(created.load(Ordering::Relaxed)));
    for wallet in &accounts[1..] {
        assert!(wallet.debits_posted <= wallet.credits_posted, "{wallet:?} is overdrawn");
    }
}

#[test]
fn an_engine_sees_what_another_changed_in_between() {
    let url = postgres_cluster::test_schema();
    let mut one = founded(&url, 2, 100);
    let mut other = PostgresEngine::connect(&url).unwrap();
    let wallet = AccountId(2);
    let status = |engine: &mut PostgresEngine, id| {
        engine.create_transfers(NOW, &[transfer(id, wallet, BANK, 40)]).unwrap()[0].status
    };
    assert_eq!(status(&mut one, 10), CreateTransferStatus::Created);
    assert_eq!(status(&mut other, 11), CreateTransferStatus::Created);
    assert_eq!(status(&mut one, 12), CreateTransferStatus::ExceedsCredits);
    assert_eq!(status(&mut other, 12), CreateTransferStatus::IdAlreadyFailed);
    assert_eq!(status(&mut one, 11), CreateTransferStatus::Exists);
}

#[test]
fn a_great_batch_with_a_repeat_in_it_is_decided_like_a_small_one() {
    let url = postgres_cluster::test_schema();
    let mut engine = founded(&url, 2, 100);
    engine.create_transfers(NOW, &[transfer(5, BANK, AccountId(2), 1)]).unwrap();
    let mut batch: Vec<Transfer> = (0..1_000).map(|n| transfer(10_000 + n, BANK, AccountId(2), 1)).collect();
    batch[500] = transfer(5, BANK, AccountId(2), 1);
    let results = engine.create_transfers(NOW, &batch).unwrap();
    let created = results.iter().filter(|result| result.status == CreateTransferStatus::Created).count();
    assert_eq!(results[500].status, CreateTransferStatus::Exists);
    assert_eq!(created, 999);
    let wallet = engine.lookup_accounts(&[AccountId(2)]).unwrap()[0];
    assert_eq!(wallet.credits_posted, Amount(100 + 1 + 999));
}

#[test]
fn more_holds_than_a_batch_expire_at_once() {
    let url = postgres_cluster::test_schema();
    let mut engine = founded(&url, 1, 0);
    let hold =
        |id| Transfer { flags: TransferFlags::PENDING, timeout: 1, ..transfer(id, BANK, AccountId(2), 1) };
    let holds: Vec<Transfer> = (0..10_000).map(|n| hold(5_000 + n)).collect();
    for batch in holds.chunks(BATCH_MAX) {
        engine.create_transfers(NOW, batch).unwrap();
    }
    assert_eq!(engine.lookup_accounts(&[BANK]).unwrap()[0].debits_pending, Amount(10_000));
    engine.advance(Timestamp(NOW.0 + 2_000_000_000)).unwrap();
    assert_eq!(engine.lookup_accounts(&[BANK]).unwrap()[0].debits_pending, Amount(0));
}

/// Ends every connection of this schema's engines, as a restart of the server would.
fn cut_connections(url: &str) {
    let mut client = Client::connect(url, NoTls).unwrap();
    client
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = \
             current_setting('search_path') AND pid <> pg_backend_pid()",
            &[],
        )
        .unwrap();
}

/// The URL with the schema as the application's name too, by which [`cut_connections`] finds this test's sessions.
fn named(url: &str) -> String {
    let schema = url.rsplit("%3D").next().unwrap();
    format!("{url}&application_name={schema}")
}

#[test]
fn a_cut_connection_says_that_the_outcome_is_unknown_and_the_next_call_connects_again() {
    let url = named(&postgres_cluster::test_schema());
    let mut engine = founded(&url, 1, 100);
    cut_connections(&url);
    let pay = [transfer(10, AccountId(2), BANK, 60)];
    let first = engine.create_transfers(NOW, &pay);
    assert!(
        matches!(first, Err(EngineError::Unavailable(_)) | Ok(_)),
        "a dead connection is no answer: {first:?}"
    );
    let again = engine.create_transfers(NOW, &pay).unwrap();
    assert!(again[0].status.is_done());
    assert_eq!(engine.lookup_accounts(&[AccountId(2)]).unwrap()[0].debits_posted, Amount(60));
}

#[test]
fn retries_through_cut_connections_happen_once() {
    let url = named(&postgres_cluster::test_schema());
    let payments: u128 = 60;
    let mut witness = founded(&url, 1, 1_000_000);
    let worker = {
        // Connected before the first cut: what a cut does to connecting is not the question here.
        let mut engine = PostgresEngine::connect(&url).unwrap();
        thread::spawn(move || {
            let mut unknown = 0;
            for id in 0..payments {
                let pay = [transfer(10 + id, AccountId(2), BANK, 1)];
                let results = loop {
                    match engine.create_transfers(NOW, &pay) {
                        Ok(results) => break results,
                        Err(EngineError::Unavailable(_)) => unknown += 1,
                        Err(error) => panic!("{error}"),
                    }
                };
                assert!(results[0].status.is_done());
            }
            unknown
        })
    };
    while !worker.is_finished() {
        cut_connections(&url);
        thread::sleep(std::time::Duration::from_millis(15));
    }
    let unknown = worker.join().unwrap();
    assert!(unknown > 0, "no connection was cut while it was in use");
    let wallet = loop {
        match witness.lookup_accounts(&[AccountId(2)]) {
            Ok(accounts) => break accounts[0],
            Err(EngineError::Unavailable(_)) => {}
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(wallet.debits_posted, Amount(payments));
}

#[test]
fn tables_of_a_newer_program_are_refused() {
    let url = postgres_cluster::test_schema();
    drop(PostgresEngine::connect(&url).unwrap());
    let mut client = Client::connect(&url, NoTls).unwrap();
    client.execute("INSERT INTO ledger_migrations (version) VALUES (999)", &[]).unwrap();
    let refused = PostgresEngine::connect(&url).map(drop);
    assert!(
        matches!(&refused, Err(EngineError::Stopped(why)) if why.contains("newer program")),
        "{refused:?}"
    );
}

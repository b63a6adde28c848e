//! The embedded bank in its file.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;

use bank::{
    AccountNumber, CardLimits, Decline, Expiry, OperationRef, Order, Outcome, Pan, Request, Response, Token,
};
use ledger::Timestamp;
use money::{Amount, Currency};
use operations::embedded_bank::{EmbeddedBank, EmbeddedBankError};
use operations::{BankConnector, BankUnavailable, Clock};
use wallet::ids::BankId;

const BANK: BankId = BankId::new(1);

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp(1_800_000_000_000_000_000)
    }
}

/// A file that is removed at the end.
struct File(PathBuf);

impl File {
    fn new() -> Self {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let name = format!("sycee-bank-{}-{serial}.sqlite", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn open(&self) -> EmbeddedBank {
        EmbeddedBank::open(&self.0, Arc::new(Fixed)).unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let _absent = std::fs::remove_file(format!("{}{suffix}", self.0.display()));
        }
    }
}

fn cny(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::CNY).unwrap()
}

fn pan() -> Pan {
    Pan::with_check_digit("622200001234567").unwrap()
}

fn call(bank: &EmbeddedBank, id: BankId, request: Request) -> Result<Response, BankUnavailable> {
    let (sender, answer) = channel();
    bank.call(id, request, Box::new(move |response| sender.send(response).unwrap()));
    answer.recv().unwrap()
}

fn found(bank: &EmbeddedBank) -> Token {
    bank.found(BANK, [3; 32]).unwrap();
    let expiry = Expiry { year: 2030, month: 12 };
    let orders = vec![
        Order::OpenAccount(AccountNumber(1), cny(100_000)),
        Order::IssueCard {
            pan: pan(),
            holder_name: "LI LEI".to_owned(),
            expiry,
            account: AccountNumber(1),
            limits: CardLimits { per_charge: cny(100_000), per_day: cny(100_000) },
        },
    ];
    bank.orders(BANK, orders).unwrap();
    let bind = Request::Bind { pan: pan().digits().to_owned(), expiry, holder_name: "Li Lei".to_owned() };
    match call(bank, BANK, bind) {
        Ok(Response::Bound { token, .. }) => token,
        other => panic!("{other:?}"),
    }
}

fn charge(id: u128, token: Token, minor: u64) -> Request {
    Request::Charge { operation: OperationRef(id), token, amount: cny(minor) }
}

#[test]
fn a_bank_opened_again_has_forgotten_nothing() {
    let file = File::new();
    let token = {
        let bank = file.open();
        let token = found(&bank);
        let done = Ok(Response::Operation(Outcome::Done));
        assert_eq!(call(&bank, BANK, charge(1, token, 300)), done);
        let declined = Ok(Response::Operation(Outcome::Declined(Decline::OverChargeLimit)));
        assert_eq!(call(&bank, BANK, charge(2, token, 100_001)), declined);
        let reverse = Request::Reverse { operation: OperationRef(3) };
        assert_eq!(call(&bank, BANK, reverse), Ok(Response::Operation(Outcome::Reversed)));
        token
    };
    let bank = file.open();
    assert_eq!(bank.banks(), [BANK]);
    assert_eq!(bank.statement(BANK, Currency::CNY).unwrap().charged, cny(300));
    assert_eq!(bank.outcome(BANK, OperationRef(1)), Some(Outcome::Done));
    assert_eq!(bank.outcome(BANK, OperationRef(2)), Some(Outcome::Declined(Decline::OverChargeLimit)));
    assert_eq!(
        call(&bank, BANK, charge(3, token, 1)),
        Ok(Response::Operation(Outcome::Reversed)),
        "what was reversed never happens, also after a restart"
    );
    // Founding it again changes nothing.
    bank.found(BANK, [4; 32]).unwrap();
    assert_eq!(call(&bank, BANK, charge(4, token, 1)), Ok(Response::Operation(Outcome::Done)));
}

#[test]
fn what_the_staff_is_refused_is_said_and_the_bank_goes_on() {
    let file = File::new();
    let bank = file.open();
    let token = found(&bank);
    let again = vec![Order::OpenAccount(AccountNumber(1), cny(5))];
    let refused = EmbeddedBankError::Refused(bank::OrderRefused::Exists);
    assert_eq!(bank.orders(BANK, again), Err(refused));
    let nobody = BankId::new(404);
    assert_eq!(bank.orders(nobody, Vec::new()), Err(EmbeddedBankError::UnknownBank));
    assert_eq!(call(&bank, nobody, charge(1, token, 1)), Err(BankUnavailable));
    assert_eq!(call(&bank, BANK, charge(1, token, 1)), Ok(Response::Operation(Outcome::Done)));
}

#[test]
fn many_callers_share_commits_and_each_charge_happens_once() {
    let file = File::new();
    let bank = Arc::new(file.open());
    let token = found(&bank);
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for index in 0..8_u128 {
            let (bank, outcomes) = (&bank, &outcomes);
            scope.spawn(move || {
                for id in 0..20_u128 {
                    // Each id is sent by two threads.
                    let answer = call(bank, BANK, charge(index / 2 * 20 + id + 1, token, 10)).unwrap();
                    outcomes.lock().unwrap().push(answer);
                }
            });
        }
    });
    assert!(outcomes.into_inner().unwrap().iter().all(|o| *o == Response::Operation(Outcome::Done)));
    assert_eq!(bank.statement(BANK, Currency::CNY).unwrap().charged, cny(800));
}

#[test]
fn a_file_that_is_not_a_bank_is_refused() {
    let file = File::new();
    std::fs::write(&file.0, "this is not a database, and long enough to be looked at").unwrap();
    let refused = EmbeddedBank::open(&file.0, Arc::new(Fixed)).unwrap_err();
    assert!(matches!(refused, EmbeddedBankError::Storage(_)));
}

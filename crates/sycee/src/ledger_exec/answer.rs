//! One answer to one line of JSON. Numbers of 64 and 128 bits are decimal strings, because JSON readers round them.

use core::fmt::Display;

use ledger::{Account, AccountBalance, AccountFlags, Request, Response, Timestamp, Transfer, TransferFlags};
use serde::{Serialize, Serializer};

use super::batch::BatchError;

/// A number as a decimal string.
struct Decimal<T>(T);

impl<T: Display> Serialize for Decimal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Serialize)]
struct ResultLine {
    index: usize,
    result: &'static str,
    timestamp: Decimal<Timestamp>,
}

#[derive(Serialize)]
struct AccountLine {
    id: Decimal<u128>,
    debits_pending: Decimal<u128>,
    debits_posted: Decimal<u128>,
    credits_pending: Decimal<u128>,
    credits_posted: Decimal<u128>,
    user_data_128: Decimal<u128>,
    user_data_64: Decimal<u64>,
    user_data_32: u32,
    reserved: u32,
    ledger: u32,
    code: u16,
    flags: Vec<&'static str>,
    timestamp: Decimal<Timestamp>,
}

impl From<&Account> for AccountLine {
    fn from(account: &Account) -> Self {
        Self {
            id: Decimal(account.id.0),
            debits_pending: Decimal(account.debits_pending.0),
            debits_posted: Decimal(account.debits_posted.0),
            credits_pending: Decimal(account.credits_pending.0),
            credits_posted: Decimal(account.credits_posted.0),
            user_data_128: Decimal(account.user_data_128),
            user_data_64: Decimal(account.user_data_64),
            user_data_32: account.user_data_32,
            reserved: account.reserved,
            ledger: account.ledger.0,
            code: account.code.0,
            flags: names(AccountFlags::NAMES, |flag| account.flags.contains(flag)),
            timestamp: Decimal(account.timestamp),
        }
    }
}

#[derive(Serialize)]
struct TransferLine {
    id: Decimal<u128>,
    debit_account_id: Decimal<u128>,
    credit_account_id: Decimal<u128>,
    amount: Decimal<u128>,
    pending_id: Decimal<u128>,
    user_data_128: Decimal<u128>,
    user_data_64: Decimal<u64>,
    user_data_32: u32,
    timeout: u32,
    ledger: u32,
    code: u16,
    flags: Vec<&'static str>,
    timestamp: Decimal<Timestamp>,
}

impl From<&Transfer> for TransferLine {
    fn from(transfer: &Transfer) -> Self {
        Self {
            id: Decimal(transfer.id.0),
            debit_account_id: Decimal(transfer.debit_account_id.0),
            credit_account_id: Decimal(transfer.credit_account_id.0),
            amount: Decimal(transfer.amount.0),
            pending_id: Decimal(transfer.pending_id.0),
            user_data_128: Decimal(transfer.user_data_128),
            user_data_64: Decimal(transfer.user_data_64),
            user_data_32: transfer.user_data_32,
            timeout: transfer.timeout,
            ledger: transfer.ledger.0,
            code: transfer.code.0,
            flags: names(TransferFlags::NAMES, |flag| transfer.flags.contains(flag)),
            timestamp: Decimal(transfer.timestamp),
        }
    }
}

#[derive(Serialize)]
struct BalanceLine {
    debits_pending: Decimal<u128>,
    debits_posted: Decimal<u128>,
    credits_pending: Decimal<u128>,
    credits_posted: Decimal<u128>,
    timestamp: Decimal<Timestamp>,
}

impl From<&AccountBalance> for BalanceLine {
    fn from(balance: &AccountBalance) -> Self {
        Self {
            debits_pending: Decimal(balance.debits_pending.0),
            debits_posted: Decimal(balance.debits_posted.0),
            credits_pending: Decimal(balance.credits_pending.0),
            credits_posted: Decimal(balance.credits_posted.0),
            timestamp: Decimal(balance.timestamp),
        }
    }
}

/// A refused line.
#[derive(Serialize)]
struct Refusal<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    message: &'a str,
}

fn names<F: Copy>(all: &[(F, &'static str)], is_set: impl Fn(F) -> bool) -> Vec<&'static str> {
    all.iter().filter(|(flag, _)| is_set(*flag)).map(|(_, name)| *name).collect()
}

fn lines<'a, T, L: From<&'a T>>(rows: &'a [T]) -> Vec<L> {
    rows.iter().map(L::from).collect()
}

/// An object with one field.
fn object<T: Serialize>(name: &str, value: &T) -> String {
    let value = serde_json::to_string(value).expect("rows of strings and integers always serialize");
    format!("{{\"{name}\":{value}}}")
}

/// The name of a batch, in the request and in its answer.
fn name(request: &Request) -> &'static str {
    match request {
        Request::CreateAccounts(_) => "create_accounts",
        Request::CreateTransfers(_) => "create_transfers",
        Request::LookupAccounts(_) => "lookup_accounts",
        Request::LookupTransfers(_) => "lookup_transfers",
        Request::GetAccountTransfers(_) => "get_account_transfers",
        Request::GetAccountBalances(_) => "get_account_balances",
        Request::QueryAccounts(_) => "query_accounts",
        Request::QueryTransfers(_) => "query_transfers",
    }
}

/// The line that answers a performed request, without the line's end.
pub(super) fn answer(request: &Request, response: &Response) -> String {
    let name = name(request);
    match response {
        Response::CreateAccounts(results) => {
            object(name, &numbered(results.iter().map(|result| (result.status.name(), result.timestamp))))
        }
        Response::CreateTransfers(results) => {
            object(name, &numbered(results.iter().map(|result| (result.status.name(), result.timestamp))))
        }
        Response::Accounts(accounts) => object(name, &lines::<_, AccountLine>(accounts)),
        Response::Transfers(transfers) => object(name, &lines::<_, TransferLine>(transfers)),
        Response::Balances(balances) => object(name, &lines::<_, BalanceLine>(balances)),
    }
}

fn numbered(results: impl Iterator<Item = (&'static str, Timestamp)>) -> Vec<ResultLine> {
    results
        .enumerate()
        .map(|(index, (result, timestamp))| ResultLine { index, result, timestamp: Decimal(timestamp) })
        .collect()
}

/// The line that says what the simulated clock shows now.
pub(super) fn advanced(now: Timestamp) -> String {
    #[derive(Serialize)]
    struct Advanced {
        timestamp: Decimal<Timestamp>,
    }
    object("advance_seconds", &Advanced { timestamp: Decimal(now) })
}

/// The line that stands for a refused line of input.
pub(super) fn refusal(line: u64, error: &BatchError) -> String {
    object(
        "error",
        &Refusal { line, event: error.event, field: error.field.as_deref(), message: &error.message },
    )
}

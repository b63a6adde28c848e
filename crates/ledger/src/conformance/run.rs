//! Plays a case against an engine, row by row.

use std::collections::BTreeMap;

use super::script::{Words, account_id, transfer_id};
use crate::{
    Account, AccountBalance, AccountId, CreateAccountStatus, CreateTransferStatus, Engine, EngineError,
    QueryFilter, Timestamp, Transfer, TransferFlags, TransferId,
};

/// What a row of a batch expects instead of a status, where the engine must refuse the batch as a whole.
pub(super) const BATCH_TOO_LARGE: &str = "batch_too_large";

/// The clock at the start of each case: one million seconds, so that there is a past to import from.
const START: Timestamp = Timestamp(1_000_000_000_000_000);

/// An event of the batch that is being gathered.
struct Expected<E> {
    name: String,
    event: E,
    status: String,
    row: String,
}

/// A case in progress.
pub(super) struct Play<'a> {
    engine: &'a mut dyn Engine,
    words: Words,
    accounts: Vec<Expected<Account>>,
    transfers: Vec<Expected<Transfer>>,
}

impl<'a> Play<'a> {
    pub(super) fn new(engine: &'a mut dyn Engine) -> Self {
        let words = Words { now: START, stamps: BTreeMap::new() };
        Self { engine, words, accounts: Vec::new(), transfers: Vec::new() }
    }

    /// Plays every row, then checks that what was debited was credited.
    pub(super) fn run(mut self, text: &str) {
        for line in text.lines() {
            let row = line.split('#').next().unwrap_or("").trim();
            if row.is_empty() {
                self.end_batch();
            } else {
                self.play(row);
            }
        }
        self.end_batch();
        self.check_sums();
    }

    fn play(&mut self, row: &str) {
        let (question, answer) = row.split_once("->").map_or((row, ""), |(left, right)| (left, right.trim()));
        let words: Vec<&str> = question.split_whitespace().collect();
        let (verb, words) = words.split_first().expect("the row is not empty");
        if !matches!(*verb, "account" | "accounts" | "transfer" | "transfers" | "post" | "void") {
            self.end_batch();
        }
        let answers: Vec<&str> = answer.split_whitespace().collect();
        match *verb {
            "account" => self.gather_account(words, answer, row),
            "accounts" => self.gather_accounts(words, answer, row),
            "transfer" => {
                let transfer = self.words.transfer(words);
                self.gather_transfer(transfer, answer, row);
            }
            "transfers" => self.gather_transfers(words, answer, row),
            "post" => {
                let transfer = self.words.resolution(words, TransferFlags::POST_PENDING_TRANSFER);
                self.gather_transfer(transfer, answer, row);
            }
            "void" => {
                let transfer = self.words.resolution(words, TransferFlags::VOID_PENDING_TRANSFER);
                self.gather_transfer(transfer, answer, row);
            }
            "no_accounts" => assert_eq!(self.engine.create_accounts(self.words.now, &[]), Ok(Vec::new())),
            "no_transfers" => assert_eq!(self.engine.create_transfers(self.words.now, &[]), Ok(Vec::new())),
            "tick" => self.tick(words),
            "advance" => self.engine.advance(self.words.now).expect(row),
            "balance" => self.check_balance(words, row),
            "stored" => self.check_stored(words, row),
            "lookup_accounts" => self.lookup_accounts(words, &answers, row),
            "lookup_transfers" => self.lookup_transfers(words, &answers, row),
            "get_account_transfers" => self.account_transfers(words, &answers, row),
            "get_account_balances" => self.account_balances(words, &answers, row),
            "query_accounts" => self.query_accounts(words, &answers, row),
            "query_transfers" => self.query_transfers(words, &answers, row),
            _ => panic!("no verb `{verb}` in: {row}"),
        }
    }

    fn gather_account(&mut self, words: &[&str], status: &str, row: &str) {
        let event = self.words.account(words);
        let name = format!("A{}", event.id);
        self.accounts.push(Expected { name, event, status: status.into(), row: row.into() });
    }

    /// `accounts 3 from A1 …` is the three rows `account A1 …`, `account A2 …`, `account A3 …`.
    fn gather_accounts(&mut self, words: &[&str], status: &str, row: &str) {
        let [count, "from", rest @ ..] = words else { panic!("`accounts 3 from A1 …`, not: {row}") };
        let first = self.words.account(rest);
        for index in 0..count.parse().expect(row) {
            let event = Account { id: AccountId(first.id.0.checked_add(index).expect(row)), ..first };
            let name = format!("A{}", event.id);
            self.accounts.push(Expected { name, event, status: status.into(), row: row.into() });
        }
    }

    fn gather_transfer(&mut self, event: Transfer, status: &str, row: &str) {
        let name = format!("T{}", event.id);
        self.transfers.push(Expected { name, event, status: status.into(), row: row.into() });
    }

    /// `transfers 3 from T1 …` is the three rows `transfer T1 …`, `transfer T2 …`, `transfer T3 …`.
    fn gather_transfers(&mut self, words: &[&str], status: &str, row: &str) {
        let [count, "from", rest @ ..] = words else { panic!("`transfers 3 from T1 …`, not: {row}") };
        let first = self.words.transfer(rest);
        for index in 0..count.parse().expect(row) {
            let id = TransferId(first.id.0.checked_add(index).expect(row));
            self.gather_transfer(Transfer { id, ..first }, status, row);
        }
    }

    fn tick(&mut self, words: &[&str]) {
        let [count, unit] = words else { panic!("a tick is `tick 3 seconds`") };
        let count: i64 = count.parse().expect("a tick has a number");
        let nanoseconds = match *unit {
            "seconds" | "second" => count.checked_mul(1_000_000_000).expect("the tick fits"),
            "nanoseconds" | "nanosecond" => count,
            _ => panic!("no unit `{unit}`"),
        };
        self.words.now = Timestamp(self.words.now.0.checked_add_signed(nanoseconds).expect("the clock fits"));
    }

    /// Sends what was gathered as one batch.
    fn end_batch(&mut self) {
        assert!(
            self.accounts.is_empty() || self.transfers.is_empty(),
            "a batch has accounts or transfers, not both"
        );
        let accounts = std::mem::take(&mut self.accounts);
        if !accounts.is_empty() {
            let events: Vec<Account> = accounts.iter().map(|expected| expected.event).collect();
            let results = self.engine.create_accounts(self.words.now, &events);
            let results =
                results.map(|results| results.iter().map(|r| (r.status.name(), r.timestamp)).collect());
            self.check_batch(&accounts, results);
            self.tick(&["1", "second"]);
        }
        let transfers = std::mem::take(&mut self.transfers);
        if !transfers.is_empty() {
            let events: Vec<Transfer> = transfers.iter().map(|expected| expected.event).collect();
            let results = self.engine.create_transfers(self.words.now, &events);
            let results =
                results.map(|results| results.iter().map(|r| (r.status.name(), r.timestamp)).collect());
            self.check_batch(&transfers, results);
        }
    }

    fn check_batch<E>(
        &mut self,
        expected: &[Expected<E>],
        results: Result<Vec<(&'static str, Timestamp)>, EngineError>,
    ) {
        let first = &expected[0];
        if first.status == BATCH_TOO_LARGE {
            assert_eq!(results, Err(EngineError::BatchTooLarge), "{}", first.row);
            return;
        }
        let results = results.unwrap_or_else(|error| panic!("{error}: {}", first.row));
        assert_eq!(results.len(), expected.len(), "one result for each event: {}", first.row);
        for (expected, (status, timestamp)) in expected.iter().zip(results) {
            assert_eq!(status, expected.status, "{}", expected.row);
            if status == "created" {
                self.words.stamps.insert(expected.name.clone(), timestamp);
            } else if status.starts_with("exists") {
                let created = self.words.stamps.get(&expected.name);
                assert_eq!(Some(&timestamp), created, "answers with the first timestamp: {}", expected.row);
            }
        }
    }

    /// `balance A1 debits 0+15 credits 0+0 [closed]`
    fn check_balance(&mut self, words: &[&str], row: &str) {
        let [name, "debits", debits, "credits", credits, closed @ ..] = words else {
            panic!("`balance A1 debits 0+15 credits 0+0`, not: {row}");
        };
        let accounts = self.engine.lookup_accounts(&[account_id(name)]).expect(row);
        let account = accounts.first().unwrap_or_else(|| panic!("no such account: {row}"));
        let found =
            (account.debits_pending, account.debits_posted, account.credits_pending, account.credits_posted);
        let (debits, credits) = (self.words.sides(debits), self.words.sides(credits));
        assert_eq!(found, (debits.0, debits.1, credits.0, credits.1), "{row}");
        assert_eq!(account.is_closed(), closed == ["closed"], "{row}");
    }

    /// `stored T1 A1 A2 15 …`: every field of the transfer is as if the row had created it; likewise `stored A1 …`,
    /// where the balances count as well.
    fn check_stored(&mut self, words: &[&str], row: &str) {
        let name = words[0];
        let timestamp = self.words.stamps.get(name).copied().unwrap_or_default();
        if name.starts_with('A') {
            let stored = self.engine.lookup_accounts(&[account_id(name)]).expect(row);
            let expected = Account { timestamp, ..self.words.account(words) };
            assert_eq!(stored, [expected], "{row}");
        } else {
            let stored = self.engine.lookup_transfers(&[transfer_id(name)]).expect(row);
            let expected = Transfer { timestamp, ..self.words.transfer(words) };
            assert_eq!(stored, [expected], "{row}");
        }
    }

    fn lookup_accounts(&mut self, words: &[&str], answers: &[&str], row: &str) {
        let ids: Vec<AccountId> = words.iter().map(|word| account_id(word)).collect();
        let found = self.engine.lookup_accounts(&ids).expect(row);
        assert_eq!(names_of_accounts(&found), answers, "{row}");
    }

    fn lookup_transfers(&mut self, words: &[&str], answers: &[&str], row: &str) {
        let ids: Vec<TransferId> = words.iter().map(|word| transfer_id(word)).collect();
        let found = self.engine.lookup_transfers(&ids).expect(row);
        assert_eq!(names_of_transfers(&found), answers, "{row}");
    }

    fn account_transfers(&mut self, words: &[&str], answers: &[&str], row: &str) {
        let filter = self.words.account_filter(words);
        let found = self.engine.get_account_transfers(&filter).expect(row);
        assert_eq!(names_of_transfers(&found), answers, "{row}");
    }

    /// Each answer is `T1:0+15:0+0`: the balances just after that transfer.
    fn account_balances(&mut self, words: &[&str], answers: &[&str], row: &str) {
        let filter = self.words.account_filter(words);
        let found = self.engine.get_account_balances(&filter).expect(row);
        let expected: Vec<AccountBalance> = answers.iter().map(|answer| self.balance(answer)).collect();
        assert_eq!(found, expected, "{row}");
    }

    fn balance(&self, answer: &str) -> AccountBalance {
        let parts: Vec<&str> = answer.split(':').collect();
        let [name, debits, credits] = parts[..] else { panic!("a balance is `T1:0+15:0+0`, not {answer}") };
        let (debits, credits) = (self.words.sides(debits), self.words.sides(credits));
        AccountBalance {
            debits_pending: debits.0,
            debits_posted: debits.1,
            credits_pending: credits.0,
            credits_posted: credits.1,
            timestamp: self.words.stamps[name],
        }
    }

    fn query_accounts(&mut self, words: &[&str], answers: &[&str], row: &str) {
        let filter = self.words.query_filter(words);
        let found = self.engine.query_accounts(&filter).expect(row);
        assert_eq!(names_of_accounts(&found), answers, "{row}");
    }

    fn query_transfers(&mut self, words: &[&str], answers: &[&str], row: &str) {
        let filter = self.words.query_filter(words);
        let found = self.engine.query_transfers(&filter).expect(row);
        assert_eq!(names_of_transfers(&found), answers, "{row}");
    }

    /// Per ledger, what was debited was credited, pending and posted alike.
    fn check_sums(&mut self) {
        let everything = QueryFilter { limit: u32::MAX, ..QueryFilter::default() };
        let mut sums: BTreeMap<u32, [u128; 4]> = BTreeMap::new();
        for account in
            self.engine.query_accounts(&everything).expect("accounts can be read at the end of a case")
        {
            let sum = sums.entry(account.ledger.0).or_default();
            let sides = [
                account.debits_pending,
                account.credits_pending,
                account.debits_posted,
                account.credits_posted,
            ];
            for (sum, side) in sum.iter_mut().zip(sides) {
                // Several accounts near the greatest amount wrap the sum on both sides alike.
                *sum = sum.wrapping_add(side.0);
            }
        }
        for (ledger, [debits_pending, credits_pending, debits_posted, credits_posted]) in sums {
            assert_eq!(debits_pending, credits_pending, "pending sums of ledger {ledger}");
            assert_eq!(debits_posted, credits_posted, "posted sums of ledger {ledger}");
        }
    }
}

fn names_of_accounts(accounts: &[Account]) -> Vec<String> {
    accounts.iter().map(|account| format!("A{}", account.id)).collect()
}

fn names_of_transfers(transfers: &[Transfer]) -> Vec<String> {
    transfers.iter().map(|transfer| format!("T{}", transfer.id)).collect()
}

/// Every status that a row of the text expects, for accounts and for transfers.
pub(super) fn expected_statuses(text: &str) -> (Vec<CreateAccountStatus>, Vec<CreateTransferStatus>) {
    let (mut accounts, mut transfers) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let Some((question, answer)) = line.split_once("->") else { continue };
        let verb = question.split_whitespace().next().unwrap_or("");
        let answer = answer.split('#').next().unwrap_or("").trim();
        if matches!(verb, "account" | "accounts") {
            accounts.extend(CreateAccountStatus::ALL.iter().filter(|status| status.name() == answer));
        } else if matches!(verb, "transfer" | "transfers" | "post" | "void") {
            transfers.extend(CreateTransferStatus::ALL.iter().filter(|status| status.name() == answer));
        }
    }
    (accounts, transfers)
}

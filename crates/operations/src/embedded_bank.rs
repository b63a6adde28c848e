//! The embedded banks behind the connector: [`bank::Bank`] with its events in an SQLite file, or in memory only.
//!
//! Invariant: an event is in the file before its answer is sent. After a storage error nothing more is answered.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bank::{
    Bank, Event, Fault, OperationRef, Order, OrderRefused, Outcome, Question, Request, Response, Statement,
};
use money::Currency;
use rusqlite::{Connection, params};
use wallet::ids::BankId;

use crate::{BankConnector, BankReply, BankUnavailable, Clock};

/// Why the embedded banks did not do what their staff asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmbeddedBankError {
    /// There is no such bank.
    UnknownBank,
    /// The bank refused the order.
    Refused(OrderRefused),
    /// The file cannot be used. Says why.
    Storage(String),
}

impl fmt::Display for EmbeddedBankError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownBank => f.write_str("there is no such embedded bank"),
            Self::Refused(why) => write!(f, "embedded bank refused: {why:?}"),
            Self::Storage(why) => write!(f, "embedded bank cannot use its file: {why}"),
        }
    }
}

impl std::error::Error for EmbeddedBankError {}

impl From<rusqlite::Error> for EmbeddedBankError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.to_string())
    }
}

type Banks = BTreeMap<BankId, Bank>;

/// Some banks in this process.
pub struct EmbeddedBank {
    banks: Arc<Mutex<Banks>>,
    clock: Arc<dyn Clock>,
    /// Where the pages for customers are, once they are served.
    site: OnceLock<String>,
    /// Where requests go when events are to be kept: the thread that owns the file.
    keeper: Option<Mutex<Sender<Job>>>,
}

impl fmt::Debug for EmbeddedBank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedBank").field("durable", &self.keeper.is_some()).finish_non_exhaustive()
    }
}

enum Job {
    Found(BankId, [u8; 32], Sender<Result<(), EmbeddedBankError>>),
    Orders(BankId, Vec<Order>, Sender<Result<(), EmbeddedBankError>>),
    Request(BankId, Request, BankReply),
}

fn locked(banks: &Mutex<Banks>) -> MutexGuard<'_, Banks> {
    banks.lock().unwrap_or_else(PoisonError::into_inner)
}

impl EmbeddedBank {
    /// Banks that live as long as this value, and answer before [`BankConnector::call`] returns.
    #[must_use]
    pub fn in_memory(clock: Arc<dyn Clock>) -> Self {
        Self { banks: Arc::default(), clock, site: OnceLock::new(), keeper: None }
    }

    /// The banks in this file, which is created where it does not exist.
    ///
    /// # Errors
    /// [`EmbeddedBankError::Storage`].
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, EmbeddedBankError> {
        let connection = Connection::open(path)?;
        connection.execute_batch(SCHEMA)?;
        let banks = Arc::new(Mutex::new(replay(&connection)?));
        let (sender, jobs) = channel();
        let keeper = Keeper { connection, banks: Arc::clone(&banks), clock: Arc::clone(&clock) };
        std::thread::Builder::new()
            .name("bank".to_owned())
            .spawn(move || keeper.serve(&jobs))
            .map_err(|error| EmbeddedBankError::Storage(error.to_string()))?;
        Ok(Self { banks, clock, site: OnceLock::new(), keeper: Some(Mutex::new(sender)) })
    }

    /// Writes the file of banks whose life so far is known: each bank with its secret, and all events in order. For
    /// founding a town; the file must not exist.
    ///
    /// # Errors
    /// [`EmbeddedBankError::Storage`].
    pub fn write_history(
        path: &Path,
        banks: &[(BankId, [u8; 32])],
        events: &[(BankId, Event)],
    ) -> Result<(), EmbeddedBankError> {
        let mut connection = Connection::open(path)?;
        connection.execute_batch(SCHEMA)?;
        let transaction = connection.transaction()?;
        for (id, token_key) in banks {
            transaction.execute(
                "INSERT INTO banks (id, token_key) VALUES (?1, ?2)",
                params![id.to_bytes(), token_key],
            )?;
        }
        for (bank, event) in events {
            keep_event(&transaction, *bank, event)?;
        }
        Ok(transaction.commit()?)
    }

    /// Founds a bank, unless it exists. `token_key` is its secret.
    ///
    /// # Errors
    /// [`EmbeddedBankError::Storage`].
    pub fn found(&self, bank: BankId, token_key: [u8; 32]) -> Result<(), EmbeddedBankError> {
        if self.keeper.is_some() {
            return self.wait_for(|done| Job::Found(bank, token_key, done));
        }
        locked(&self.banks).entry(bank).or_insert_with(|| Bank::new(token_key));
        Ok(())
    }

    /// Carries out orders of the bank's staff in one step: all are kept, or the error names the first that was refused
    /// and those before it are kept.
    ///
    /// # Errors
    /// See [`EmbeddedBankError`].
    pub fn orders(&self, bank: BankId, orders: Vec<Order>) -> Result<(), EmbeddedBankError> {
        if self.keeper.is_some() {
            return self.wait_for(|done| Job::Orders(bank, orders, done));
        }
        let mut banks = locked(&self.banks);
        let bank = banks.get_mut(&bank).ok_or(EmbeddedBankError::UnknownBank)?;
        for order in orders {
            bank.order(order).map_err(EmbeddedBankError::Refused)?;
        }
        Ok(())
    }

    /// Lets the next charge or pay-out at this bank go wrong. Faults are not kept in the file.
    ///
    /// # Errors
    /// [`EmbeddedBankError::UnknownBank`].
    pub fn inject(&self, bank: BankId, fault: Fault) -> Result<(), EmbeddedBankError> {
        locked(&self.banks).get_mut(&bank).ok_or(EmbeddedBankError::UnknownBank)?.inject(fault);
        Ok(())
    }

    /// Every bank, in order of id.
    #[must_use]
    pub fn banks(&self) -> Vec<BankId> {
        locked(&self.banks).keys().copied().collect()
    }

    /// Says where the pages for customers are: `http://bank.localhost:8080`. The first word counts.
    pub fn serve_customers_at(&self, origin: String) {
        self.site.get_or_init(|| origin);
    }

    /// The bank whose ticket for this operation this is, and what its customer is asked.
    #[must_use]
    pub fn question(&self, operation: OperationRef, ticket: u128) -> Option<(BankId, Question)> {
        let banks = locked(&self.banks);
        let (id, bank) = banks.iter().find(|(_, bank)| bank.ticket(operation) == ticket)?;
        Some((*id, bank.question(operation)?))
    }

    /// What the bank moved to and from the operator in this currency. `None`: no such bank.
    #[must_use]
    pub fn statement(&self, bank: BankId, currency: Currency) -> Option<Statement> {
        locked(&self.banks).get(&bank).map(|bank| bank.statement(currency))
    }

    /// What became of an operation at this bank. `None`: no such bank.
    #[must_use]
    pub fn outcome(&self, bank: BankId, operation: OperationRef) -> Option<Outcome> {
        locked(&self.banks).get(&bank).map(|bank| bank.outcome(operation))
    }

    /// Looks at a bank. `None`: no such bank.
    pub fn with_bank<T>(&self, bank: BankId, look: impl FnOnce(&Bank) -> T) -> Option<T> {
        locked(&self.banks).get(&bank).map(look)
    }

    fn send(&self, job: Job) -> Result<(), Job> {
        match &self.keeper {
            Some(keeper) => {
                let sender = keeper.lock().unwrap_or_else(PoisonError::into_inner);
                sender.send(job).map_err(|unsent| unsent.0)
            }
            None => Err(job),
        }
    }

    fn wait_for(
        &self,
        job: impl FnOnce(Sender<Result<(), EmbeddedBankError>>) -> Job,
    ) -> Result<(), EmbeddedBankError> {
        let (done, outcome) = channel();
        let stopped = || EmbeddedBankError::Storage("stopped after an earlier error".to_owned());
        self.send(job(done)).map_err(|_| stopped())?;
        outcome.recv().map_err(|_| stopped())?
    }
}

impl BankConnector for EmbeddedBank {
    fn call(&self, bank: BankId, request: Request, reply: BankReply) {
        if self.keeper.is_some() {
            if let Err(Job::Request(_, _, reply)) = self.send(Job::Request(bank, request, reply)) {
                reply(Err(BankUnavailable));
            }
            return;
        }
        let handled = locked(&self.banks).get_mut(&bank).map(|bank| bank.handle(self.clock.now(), &request));
        reply(handled.and_then(|handled| handled.response).ok_or(BankUnavailable));
    }

    fn customer_page(&self, bank: BankId, operation: OperationRef) -> Option<String> {
        let ticket = locked(&self.banks).get(&bank)?.ticket(operation);
        Some(format!("{}/questions/{:032x}/{ticket:032x}", self.site.get()?, operation.0))
    }
}

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS banks (id BLOB NOT NULL PRIMARY KEY, token_key BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS events (
        seq INTEGER NOT NULL PRIMARY KEY,
        bank BLOB NOT NULL REFERENCES banks (id),
        event TEXT NOT NULL
    ) STRICT;
";

fn replay(connection: &Connection) -> Result<Banks, EmbeddedBankError> {
    let mut banks = Banks::new();
    let mut founded = connection.prepare("SELECT id, token_key FROM banks")?;
    for row in founded.query_map([], |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, [u8; 32]>(1)?)))? {
        let (id, token_key) = row?;
        banks.insert(BankId::from_bytes(id), Bank::new(token_key));
    }
    let mut events = connection.prepare("SELECT seq, bank, event FROM events ORDER BY seq")?;
    let mut rows = events.query([])?;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        let text: String = row.get(2)?;
        let event: Event = serde_json::from_str(&text)
            .map_err(|error| EmbeddedBankError::Storage(format!("event {seq} is damaged: {error}")))?;
        let bank = BankId::from_bytes(row.get(1)?);
        banks.get_mut(&bank).ok_or(EmbeddedBankError::UnknownBank)?.apply(&event);
    }
    Ok(banks)
}

/// An answer that waits until its events are in the file.
enum Answer {
    Staff(Sender<Result<(), EmbeddedBankError>>, Result<(), EmbeddedBankError>),
    Operator(BankReply, Result<Response, BankUnavailable>),
}

/// The thread that owns the file.
struct Keeper {
    connection: Connection,
    banks: Arc<Mutex<Banks>>,
    clock: Arc<dyn Clock>,
}

impl Keeper {
    /// The most jobs in one transaction.
    const GROUP_MAX: usize = 256;

    fn serve(mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let group: Vec<Job> =
                std::iter::once(first).chain(jobs.try_iter().take(Self::GROUP_MAX - 1)).collect();
            // A failed transaction leaves memory ahead of the file: whoever waits learns that the bank is gone, and
            // the thread ends, so that nothing is answered from that memory.
            let Ok(answers) = self.keep(group) else { return };
            for answer in answers {
                match answer {
                    Answer::Staff(done, outcome) => drop(done.send(outcome)),
                    Answer::Operator(reply, response) => reply(response),
                }
            }
        }
    }

    fn keep(&mut self, group: Vec<Job>) -> Result<Vec<Answer>, EmbeddedBankError> {
        let transaction = self.connection.transaction()?;
        let mut answers = Vec::with_capacity(group.len());
        for job in group {
            let mut banks = locked(&self.banks);
            answers.push(match job {
                Job::Found(id, token_key, done) => {
                    transaction.execute(
                        "INSERT INTO banks (id, token_key) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                        params![id.to_bytes(), token_key],
                    )?;
                    banks.entry(id).or_insert_with(|| Bank::new(token_key));
                    Answer::Staff(done, Ok(()))
                }
                Job::Orders(id, orders, done) => {
                    Answer::Staff(done, keep_orders(&transaction, &mut banks, id, orders)?)
                }
                Job::Request(id, request, reply) => {
                    let Some(bank) = banks.get_mut(&id) else {
                        answers.push(Answer::Operator(reply, Err(BankUnavailable)));
                        continue;
                    };
                    let handled = bank.handle(self.clock.now(), &request);
                    if let Some(event) = &handled.event {
                        keep_event(&transaction, id, event)?;
                    }
                    Answer::Operator(reply, handled.response.ok_or(BankUnavailable))
                }
            });
        }
        transaction.commit()?;
        Ok(answers)
    }
}

/// What the staff is told; the error of the whole is one of storage.
fn keep_orders(
    transaction: &rusqlite::Transaction<'_>,
    banks: &mut Banks,
    id: BankId,
    orders: Vec<Order>,
) -> Result<Result<(), EmbeddedBankError>, EmbeddedBankError> {
    let Some(bank) = banks.get_mut(&id) else {
        return Ok(Err(EmbeddedBankError::UnknownBank));
    };
    for order in orders {
        match bank.order(order) {
            Ok(event) => keep_event(transaction, id, &event)?,
            Err(refused) => return Ok(Err(EmbeddedBankError::Refused(refused))),
        }
    }
    Ok(Ok(()))
}

fn keep_event(
    transaction: &rusqlite::Transaction<'_>,
    bank: BankId,
    event: &Event,
) -> Result<(), EmbeddedBankError> {
    let text = serde_json::to_string(event).map_err(|error| EmbeddedBankError::Storage(error.to_string()))?;
    transaction
        .prepare_cached("INSERT INTO events (bank, event) VALUES (?1, ?2)")?
        .execute(params![bank.to_bytes(), text])?;
    Ok(())
}

//! The way to the server: batches go up, lists come down, codes of cards are brought, the clock is compared. It runs in a thread
//! of its own; the worker is asked for each step and never waits for the network.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use terminal::{
    entry::List,
    upload::{Host, Uploaded},
};

use crate::{
    clock::Clock, host::HttpHost, kept::OwedCode, loading::is_brought, machine::Machine, worker::Worker,
};

/// So far the clocks of terminal and server may be apart.
const CLOCKS_APART_SECONDS_MAX: u64 = 120;

/// What is known of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contact {
    /// When it answered last.
    pub(crate) last: Option<Timestamp>,
    /// Why it did not, or what it said no to.
    pub(crate) error: Option<String>,
    /// Seconds between its clock and the terminal's.
    pub(crate) apart_seconds: Option<u64>,
}

/// The line, as all threads see it.
#[derive(Debug)]
pub(crate) struct Line {
    /// The network switch.
    pub(crate) allowed: Arc<AtomicBool>,
    is_reached: AtomicBool,
    is_to_stop: AtomicBool,
    contact: Mutex<Contact>,
    wanted: Mutex<bool>,
    bell: Condvar,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self {
            allowed: Arc::new(AtomicBool::new(true)),
            is_reached: AtomicBool::new(false),
            is_to_stop: AtomicBool::new(false),
            contact: Mutex::default(),
            wanted: Mutex::new(true),
            bell: Condvar::new(),
        }
    }

    pub(crate) fn is_allowed(&self) -> bool {
        self.allowed.load(Ordering::Relaxed)
    }

    /// Whether the server answered when it was last asked.
    pub(crate) fn is_up(&self) -> bool {
        self.is_allowed() && self.is_reached.load(Ordering::Relaxed)
    }

    pub(crate) fn contact(&self) -> Contact {
        self.contact.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Turns the network on or off.
    pub(crate) fn allow(&self, is_allowed: bool) {
        self.allowed.store(is_allowed, Ordering::Relaxed);
        if !is_allowed {
            self.is_reached.store(false, Ordering::Relaxed);
        }
        self.ring();
    }

    /// Has the line look for the server now.
    pub(crate) fn ring(&self) {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.bell.notify_all();
    }

    pub(crate) fn stop(&self) {
        self.is_to_stop.store(true, Ordering::Relaxed);
        self.ring();
    }

    fn wait(&self, longest: Duration) {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.bell.wait_timeout_while(wanted, longest, |wanted| !*wanted);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }

    fn note(
        &self,
        (is_reached, outcome): (bool, Result<(), String>),
        now: Timestamp,
        apart_seconds: Option<u64>,
    ) {
        self.is_reached.store(is_reached && self.is_allowed(), Ordering::Relaxed);
        let mut contact = self.contact.lock().unwrap_or_else(PoisonError::into_inner);
        contact.apart_seconds = apart_seconds.or(contact.apart_seconds);
        contact.error = outcome.err();
        if is_reached {
            contact.last = Some(now);
        }
    }
}

/// The thread: as long as the line is there, every so often, and when it is rung.
pub(crate) fn run(line: &Line, mut host: HttpHost, worker: &Worker, clock: &Clock, every: Duration) {
    while !line.is_to_stop.load(Ordering::Relaxed) {
        line.wait(every);
        if line.is_to_stop.load(Ordering::Relaxed) {
            return;
        }
        if !line.is_allowed() {
            continue;
        }
        let outcome = sync(&mut host, worker);
        let now = clock();
        let told = host.told_time.take();
        let apart = told.map(|told| told.abs_diff(now.0 / NANOSECONDS_PER_SECOND));
        if apart.is_some_and(|apart| apart <= CLOCKS_APART_SECONDS_MAX) {
            // Where the terminal has stopped, there is nothing to confirm.
            let _ = worker.ask_and_wait(Machine::believe_clock);
        }
        line.note((host.is_reached, outcome), now, apart);
    }
}

/// Lists first: parameters and status list decide about sales. Then codes of cards, then batches. A list that is not taken holds
/// nothing else up.
fn sync(host: &mut HttpHost, worker: &Worker) -> Result<(), String> {
    let mut wrong = Vec::new();
    for list in [List::Parameters, List::Status, List::White] {
        match fetch(host, worker, list) {
            Err(why) if host.is_reached => wrong.push(why),
            other => other?,
        }
    }
    let owed = worker.ask_and_wait(|machine| machine.kept.codes.clone()).map_err(in_words)?;
    let brought: Vec<OwedCode> = owed.into_iter().filter(|owed| is_brought(host, owed)).collect();
    if !brought.is_empty() {
        worker.ask_and_wait(move |machine| machine.forget_codes(&brought)).map_err(in_words)?;
    }
    let mut uploaded = Uploaded::default();
    while let Some(batch) = worker.ask_and_wait(Machine::next_batch).map_err(in_words)?? {
        let receipt = host.upload(batch.bytes()).map_err(in_words)?;
        let taken = worker.ask_and_wait(move |machine| machine.take_receipt(&batch, &receipt));
        uploaded = uploaded.and(taken.map_err(in_words)??);
    }
    if uploaded.received > 0 {
        worker.ask_and_wait(Machine::tidy_up).map_err(in_words)?;
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

fn fetch(host: &mut HttpHost, worker: &Worker, list: List) -> Result<(), String> {
    let known = worker.ask_and_wait(move |machine| machine.newest(list)).map_err(in_words)?;
    let Some(bytes) = host.download(list, known).map_err(in_words)? else { return Ok(()) };
    worker.ask_and_wait(move |machine| machine.take_list(list, &bytes)).map_err(in_words)?
}

fn in_words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

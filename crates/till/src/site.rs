//! A terminal with its page: what opens it, what the town or the command does with it, what ends it.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use axum::Router;
use money::Currency;
use purse::fields::TerminalId;
use terminal::{
    book::Record,
    disk::{Directory, DiskError},
    entry::List,
    terminal::{StartError, Terminal},
};

use crate::{
    Clock, Item, Mode, Options,
    host::HttpHost,
    kept::Kept,
    line::{self, Line},
    machine::{Machine, Parts, Shown, Window},
    routes,
    slot::ModuleReader,
    worker::Worker,
};

/// Why a terminal does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// Its directory cannot be used, or another process has it.
    Directory(PathBuf, DiskError),
    /// Journal or security module do not work.
    Start(StartError),
    /// The server's address cannot be used.
    Host(String),
    /// There can be no further thread.
    Thread(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Start(error) => error.fmt(f),
            Self::Host(why) | Self::Thread(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for OpenError {}

/// How a terminal stands, for whoever runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its number.
    pub terminal: TerminalId,
    /// Whether the server answered when it was last asked.
    pub is_online: bool,
    /// Whether it may use the network at all.
    pub is_network_allowed: bool,
    /// How many records the issuer has not got.
    pub waiting: usize,
    /// How many sales cards have proved in this shift, and what they paid, in minor units.
    pub sold: (u32, u64),
    /// The number of the shift.
    pub shift: u32,
    /// The newest versions of status list, white list and parameters; 0 before the first.
    pub lists: [u32; 3],
    /// The number of the last batch.
    pub batch: u32,
    /// Whether a tap waits for its card.
    pub waits_for_card: bool,
    /// Why the server could not be reached, or what it said no to.
    pub error: Option<String>,
}

/// What all handlers share.
pub(crate) struct Shared {
    pub(crate) worker: Worker,
    pub(crate) window: Window,
    pub(crate) line: Arc<Line>,
    pub(crate) id: TerminalId,
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) currency: Currency,
    pub(crate) clock: Clock,
    items: Vec<Item>,
}

impl Shared {
    /// What pages are made of now.
    pub(crate) fn shown(&self) -> Arc<Shown> {
        Arc::clone(&self.window.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the till sells.
    pub(crate) fn items<'a>(&'a self, shown: &'a Shown) -> &'a [Item] {
        shown.kept.items.as_deref().unwrap_or(&self.items)
    }
}

/// A terminal with its page. It runs until [`Site::close`].
pub struct Site {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("name", &self.shared.name).finish_non_exhaustive()
    }
}

impl Site {
    /// Opens a terminal: its directory, journal and security module; from then on it looks for the server by itself.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let Options { data, name, mode, currency, settings, module, slot, host, clock, sync_every, items } =
            options;
        let directory = |error| OpenError::Directory(data.clone(), error);
        let mut disk = Directory::open(&data).map_err(directory)?;
        let kept = Kept::read(&mut disk).map_err(directory)?;
        let started = Terminal::start(disk, ModuleReader(module), settings.clone());
        let till = started.map_err(|(error, _, _)| OpenError::Start(error))?;
        let (id, line) = (till.id(), Arc::new(Line::new()));
        let http = || HttpHost::new(&host, id, Arc::clone(&line.allowed)).map_err(OpenError::Host);
        let (of_worker, of_line) = (http()?, http()?);
        let parts = Parts {
            till,
            settings,
            slot,
            host: of_worker,
            clock: Arc::clone(&clock),
            mode,
            currency,
            line: Arc::clone(&line),
            kept,
        };
        let (machine, window) = Machine::new(parts);
        let no_thread = |error: std::io::Error| OpenError::Thread(error.to_string());
        let (worker, working) = Worker::start(machine).map_err(no_thread)?;
        let (its_line, its_worker, its_clock) = (Arc::clone(&line), worker.clone(), Arc::clone(&clock));
        let syncing = std::thread::Builder::new()
            .name("line".to_owned())
            .spawn(move || line::run(&its_line, of_line, &its_worker, &its_clock, sync_every))
            .map_err(no_thread)?;
        let shared = Shared { worker, window, line, id, name, mode, currency, clock, items };
        Ok(Self { shared: Arc::new(shared), threads: Mutex::new(vec![syncing, working]) })
    }

    /// Its pages.
    pub fn router(&self) -> Router {
        routes::router(Arc::clone(&self.shared))
    }

    /// Turns the network off or on, as the switch on its page does.
    pub fn set_network(&self, is_allowed: bool) {
        self.shared.line.allow(is_allowed);
    }

    /// Has it look for the server now.
    pub fn sync_now(&self) {
        self.shared.line.ring();
    }

    /// What stands in its journal.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.shared.shown().book.records().copied().collect()
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        let (shown, line) = (self.shared.shown(), &self.shared.line);
        let summary = shown.book.summary();
        Status {
            terminal: self.shared.id,
            is_online: line.is_up(),
            is_network_allowed: line.is_allowed(),
            waiting: shown.book.queue().count(),
            sold: (summary.shift.totals.sales, summary.shift.totals.sold),
            shift: summary.shift.number,
            lists: List::ALL.map(|list| shown.book.newest(list).version),
            batch: summary.batch.number,
            waits_for_card: shown.taps.waiting().is_some() || shown.way.is_some(),
            error: line.contact().error,
        }
    }

    /// Ends its threads and releases its directory. Pages answer that it has stopped.
    pub fn close(&self) {
        self.shared.line.stop();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // The line's thread first: it may wait for the worker. The worker that has ended answers nothing.
            if thread.thread().name() == Some("terminal") {
                let _ = self.shared.worker.ask_and_wait(|machine| machine.is_to_stop = true);
            }
            // A thread that panicked has ended, too.
            let _ = thread.join();
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.close();
    }
}

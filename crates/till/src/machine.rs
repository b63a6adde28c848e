//! What the worker owns: the terminal, the slot, the taps; and what it publishes for pages.

use card_reader::reader::Reader;
use std::sync::{Arc, PoisonError, RwLock};

use ledger::Timestamp;
use messages::card::TerminalParameters;
use money::Currency;
use pages::terminal::{Trouble, gate::GateWay};
use purse::amount::Amount;
use terminal::{
    book::{Book, Record, State as RecordState},
    clock::Now,
    debit::Receipt,
    disk::Directory,
    entry::{List, RecordNumber, SaleId},
    gate::Way,
    journal::JournalError,
    lists::ListHeld,
    refusal::{Failure, Refusal},
    sale::{Sale, Shortfall},
    security_module::ModuleTotals,
    terminal::{Circumstances, Network, Settings, Terminal},
};

use crate::{
    clock::{Clock, now_at},
    grade,
    host::HttpHost,
    kept::Kept,
    line::Line,
    loading::{Loading, Wanted},
    options::{Gate, Mode},
    shift::{ClosedShift, ShiftFigures},
    slot::{ModuleReader, Slot},
    tap::{Progress, Purpose, Tap, Taps},
    words::{refused, trouble_of},
};

/// The terminal of a site.
pub(crate) type Till = Terminal<Directory, ModuleReader>;

/// Who came to the gate last, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastPassage {
    pub(crate) at: Timestamp,
    pub(crate) outcome: Result<Receipt, Trouble>,
}

/// A list as the terminal holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListState {
    pub(crate) list: List,
    pub(crate) version: u32,
    pub(crate) held: Option<ListHeld>,
}

/// What pages are made of: everything that the worker knew when it last had something to say.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) book: Book,
    pub(crate) taps: Taps,
    pub(crate) kept: Kept,
    pub(crate) way: Option<GateWay>,
    pub(crate) passage: Option<LastPassage>,
    pub(crate) parameters: Option<TerminalParameters>,
    pub(crate) lists: [ListState; 3],
    pub(crate) module: Option<ModuleTotals>,
    /// Why nothing can be sold.
    pub(crate) trouble: Option<Trouble>,
    /// Changes with every tap.
    pub(crate) stamp: u64,
}

/// Where the worker puts what it publishes.
pub(crate) type Window = Arc<RwLock<Arc<Shown>>>;

/// What the worker is started with.
pub(crate) struct Parts {
    pub(crate) till: Till,
    pub(crate) settings: Settings,
    pub(crate) slot: Arc<dyn Slot>,
    pub(crate) host: HttpHost,
    pub(crate) clock: Clock,
    pub(crate) mode: Mode,
    pub(crate) currency: Currency,
    pub(crate) line: Arc<Line>,
    pub(crate) kept: Kept,
}

/// A terminal that does not run, with what it can be started with.
struct Halted {
    disk: Directory,
    module: ModuleReader,
    why: String,
}

/// What the worker owns.
pub(crate) struct Machine {
    running: Result<Box<Till>, Option<Box<Halted>>>,
    settings: Settings,
    slot: Arc<dyn Slot>,
    host: HttpHost,
    clock: Clock,
    mode: Mode,
    currency: Currency,
    line: Arc<Line>,
    pub(crate) kept: Kept,
    pub(crate) taps: Taps,
    way: Option<GateWay>,
    passage: Option<LastPassage>,
    module: Option<ModuleTotals>,
    /// The card in the reader has been seen to already.
    is_seen: bool,
    stamp: u64,
    window: Window,
    pub(crate) is_to_stop: bool,
}

impl Machine {
    /// The machine, and the window that it publishes in.
    pub(crate) fn new(parts: Parts) -> (Self, Window) {
        let Parts { mut till, settings, slot, host, clock, mode, currency, line, kept } = parts;
        let module = till.module_totals().ok();
        let (taps, way, passage) = (Taps::default(), None, None);
        let now = now_at(clock());
        let shown = shown(&till, &kept, &taps, (way, passage.clone()), module, (&now, currency), 0);
        let window = Arc::new(RwLock::new(Arc::new(shown)));
        let machine = Self {
            running: Ok(Box::new(till)),
            settings,
            slot,
            host,
            clock,
            mode,
            currency,
            line,
            kept,
            taps,
            way,
            passage,
            module,
            is_seen: false,
            stamp: 0,
            window: Arc::clone(&window),
            is_to_stop: false,
        };
        (machine, window)
    }

    pub(crate) fn now(&self) -> Now {
        now_at((self.clock)())
    }

    fn circumstances(&self) -> Circumstances {
        let network = if self.line.is_up() { Network::Up } else { Network::Down };
        Circumstances { now: self.now(), network }
    }

    /// The terminal, where it runs.
    pub(crate) fn till(&mut self) -> Result<&mut Till, Trouble> {
        match &mut self.running {
            Ok(till) => Ok(till),
            Err(halted) => {
                let why = halted.as_ref().map_or_else(String::new, |halted| halted.why.clone());
                Err(Trouble::Stopped(why))
            }
        }
    }

    /// Whether a card that comes now is wanted.
    pub(crate) fn waits_for_card(&self) -> bool {
        match self.mode {
            Mode::Counter => self.taps.waiting().is_some(),
            Mode::Gate(_) => self.way.is_some() || self.taps.waiting().is_some(),
        }
    }

    /// A tap begins: a card that is in the reader already counts.
    pub(crate) fn begin(&mut self, tap: Tap) {
        self.taps.begin(tap);
        self.is_seen = false;
        self.stamp += 1;
        self.look();
    }

    /// A tap waits for its card again.
    pub(crate) fn again(&mut self, name: SaleId) {
        self.taps.again(name);
        self.is_seen = false;
        self.stamp += 1;
        self.look();
    }

    /// Nothing waits for a card any more.
    pub(crate) fn put_aside(&mut self) {
        self.taps.put_aside();
        self.stamp += 1;
    }

    /// Which way the gate lets people from now on. A card that lies there already is nobody's tap; one that comes next is.
    pub(crate) fn open_gate(&mut self, way: Option<GateWay>) {
        self.way = way;
        self.is_seen = self.is_card_there();
        self.stamp += 1;
    }

    fn is_card_there(&self) -> bool {
        let mut is_there = false;
        self.slot.with_reader(&mut |reader| is_there = reader.is_card_present().unwrap_or(false));
        is_there
    }

    /// Keeps what is beside the journal.
    ///
    /// # Errors
    /// The disk is full, or the terminal does not run.
    pub(crate) fn keep(&mut self) -> Result<(), Trouble> {
        let kept = self.kept.clone();
        kept.write(self.till()?.disk_mut()).map_err(|_| Trouble::DiskFull)
    }

    /// Looks whether a card has come, and sees to it.
    pub(crate) fn look(&mut self) {
        if self.running.is_err() {
            self.start_again();
        }
        if self.waits_for_card() {
            if !self.is_card_there() {
                self.is_seen = false;
            } else if !self.is_seen {
                self.is_seen = true;
                self.see_to_card();
            }
        }
        self.publish_if_changed();
    }

    fn see_to_card(&mut self) {
        if let Some(tap) = self.taps.waiting().cloned() {
            let progress = self.tap(&tap);
            let progress = self.with_what_is_open(&tap, progress);
            self.taps.came(tap.name, progress);
        } else if let (Mode::Gate(gate), Some(way)) = (self.mode, self.way) {
            let outcome = self.pass(&gate, way);
            self.passage = Some(LastPassage { at: (self.clock)(), outcome });
        }
        self.module = self.till().ok().and_then(|till| till.module_totals().ok());
        self.stamp += 1;
        self.publish();
    }

    /// What came of a tap, beside what came of the same sale before: while it is not known whether its card has paid, a tap at
    /// which no card was heard may not say that nothing was taken.
    fn with_what_is_open(&mut self, tap: &Tap, progress: Progress) -> Progress {
        let was_not_heard = |trouble: &Trouble| {
            matches!(
                trouble,
                Trouble::CardGone | Trouble::CardStrange | Trouble::Reader | Trouble::ModuleGone
            )
        };
        let is_sale = matches!(tap.purpose, Purpose::Sale(..));
        if !is_sale || !matches!(&progress, Progress::Failed(trouble) if was_not_heard(trouble)) {
            return progress;
        }
        let open = self.till().ok().and_then(|till| open_of_sale(till.book(), tap.name));
        open.map_or(progress, |record| Progress::Failed(Trouble::MayHavePaid(record.0)))
    }

    fn tap(&mut self, tap: &Tap) -> Progress {
        if matches!(tap.purpose, Purpose::Enquiry | Purpose::Sale(_, Shortfall::Owe)) {
            self.bring_grade();
        }
        let at = self.circumstances();
        let outcome = match tap.purpose {
            Purpose::Sale(amount, shortfall) => {
                let sale = Sale { id: tap.name, amount, shortfall };
                self.debit(|till, reader| till.sell(reader, &sale, &at)).map(Progress::Paid)
            }
            Purpose::Cancel(record, _) => {
                self.debit(|till, reader| cancel(till, reader, record, &at)).map(Progress::Paid)
            }
            Purpose::Enquiry => {
                let mut content = Err(Trouble::Reader);
                let (slot, currency) = (Arc::clone(&self.slot), self.currency);
                match self.till() {
                    Err(trouble) => content = Err(trouble),
                    Ok(till) => slot.with_reader(&mut |reader| {
                        content = till.read_card(reader).map_err(|failure| trouble_of(&failure, currency));
                    }),
                }
                content.map(Progress::Shown)
            }
            Purpose::Load => self.load(Wanted::Ordered),
            Purpose::Unload(amount) => self.load(Wanted::Unload(amount)),
        };
        outcome.unwrap_or_else(Progress::Failed)
    }

    /// Does something with terminal and card. A journal that failed is opened again.
    fn debit(
        &mut self,
        mut work: impl FnMut(&mut Till, &mut dyn Reader) -> Result<Receipt, Failure>,
    ) -> Result<Receipt, Trouble> {
        let (slot, currency) = (Arc::clone(&self.slot), self.currency);
        let till = self.till()?;
        let mut outcome = Err(Failure::Refused(Refusal::NothingToCancel));
        slot.with_reader(&mut |reader| outcome = work(till, reader));
        if let Err(Failure::Journal(JournalError::Failed(_)) | Failure::NotRecorded(..)) = &outcome {
            self.stop_till();
            self.start_again();
        }
        outcome.map_err(|failure| trouble_of(&failure, currency))
    }

    fn load(&mut self, wanted: Wanted) -> Result<Progress, Trouble> {
        let (slot, currency, now) = (Arc::clone(&self.slot), self.currency, self.now());
        let Ok(till) = &mut self.running else { return self.till().map(|_| Progress::Waiting) };
        let (host, kept) = (&mut self.host, &mut self.kept);
        let mut outcome = Err(Trouble::Reader);
        slot.with_reader(&mut |reader| {
            outcome = Loading { till, reader, host, kept, currency, now }.run(wanted);
        });
        outcome.map(Progress::Moved)
    }

    fn bring_grade(&mut self) {
        let (slot, is_up) = (Arc::clone(&self.slot), self.line.is_up());
        let (Ok(till), true) = (&self.running, is_up) else { return };
        slot.with_reader(&mut |reader| grade::bring(till, reader, &mut self.host));
    }

    fn pass(&mut self, gate: &Gate, way: GateWay) -> Result<Receipt, Trouble> {
        let at = self.circumstances();
        let fare = |entrance: &terminal::Entrance| gate.fare.from(entrance, gate.station);
        let way = match way {
            GateWay::In => Way::In,
            GateWay::Out => Way::Out(&fare),
        };
        self.debit(|till, reader| till.pass(reader, (gate.station, &way), &at))
    }

    /// Closes the shift of this number: its report is kept, and the next one begins. Closed again, nothing happens.
    ///
    /// # Errors
    /// What went wrong.
    pub(crate) fn close_shift(&mut self, number: u32) -> Result<(), Trouble> {
        let (now, at, currency) = (self.now(), (self.clock)(), self.currency);
        let first = first_record(&self.kept, number);
        let book = self.till()?.book();
        let shift = book.summary().shift;
        if shift.number != number {
            return Ok(());
        }
        let closed = ClosedShift {
            number,
            since: crate::clock::moment(shift.since).0,
            closed_at: at.0,
            next_record: book.summary().next.0,
            figures: ShiftFigures::count(book, first),
        };
        // The report first: where the power goes in between, the shift goes on, and is reported anew when it is closed.
        self.kept.add_shift(closed);
        self.keep()?;
        self.till()?.begin_shift(&now).map_err(|failure| trouble_of(&failure, currency))
    }

    fn stop_till(&mut self) {
        if let Ok(till) = std::mem::replace(&mut self.running, Err(None)) {
            let (disk, module) = till.stop();
            let why = "journal failed".to_owned();
            self.running = Err(Some(Box::new(Halted { disk, module, why })));
        }
    }

    /// Starts a terminal that does not run, from its journal.
    fn start_again(&mut self) {
        let Err(Some(halted)) = std::mem::replace(&mut self.running, Err(None)) else { return };
        self.running = match Terminal::start(halted.disk, halted.module, self.settings.clone()) {
            Ok(till) => Ok(Box::new(till)),
            Err((error, disk, module)) => {
                Err(Some(Box::new(Halted { disk, module, why: error.to_string() })))
            }
        };
    }

    /// Publishes what pages are made of.
    pub(crate) fn publish(&mut self) {
        let now = self.now();
        let place = self.window.read().unwrap_or_else(PoisonError::into_inner);
        let mut next = Shown::clone(&place);
        drop(place);
        if let Ok(till) = &self.running {
            let gate = (self.way, self.passage.clone());
            let context = (&now, self.currency);
            next = shown(till, &self.kept, &self.taps, gate, self.module, context, self.stamp);
        } else {
            next.trouble = self.till().err();
            (next.taps, next.stamp) = (self.taps.clone(), self.stamp);
        }
        *self.window.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }

    /// Publishes where something has expired since.
    fn publish_if_changed(&mut self) {
        let now = self.now();
        let trouble = match &self.running {
            Ok(till) => not_ready(till, (&now, self.currency)),
            Err(_) => self.till().err(),
        };
        let known = self.window.read().unwrap_or_else(PoisonError::into_inner).trouble.clone();
        if known != trouble {
            self.publish();
        }
    }
}

/// Gives a record back that was named when the form was made, and no other.
fn cancel(
    till: &mut Till,
    reader: &mut dyn Reader,
    record: RecordNumber,
    at: &Circumstances,
) -> Result<Receipt, Failure> {
    let is_meant = till.book().record(record).is_some_and(|known| {
        known.cancelled_by.is_some()
            || till.book().last_sale().is_some_and(|last| last.intent.number == record)
    });
    if is_meant { till.cancel_last(reader, at) } else { Err(Refusal::NothingToCancel.into()) }
}

/// The number of a shift's first record, or one before it.
pub(crate) fn first_record(kept: &Kept, shift: u32) -> RecordNumber {
    let before = kept.shifts.iter().filter(|closed| closed.number < shift);
    RecordNumber(before.map(|closed| closed.next_record).max().unwrap_or(0))
}

fn not_ready(till: &Till, (now, currency): (&Now, Currency)) -> Option<Trouble> {
    till.check_ready(now).err().map(|refusal| refused(&refusal, currency))
}

fn shown(
    till: &Till,
    kept: &Kept,
    taps: &Taps,
    (way, passage): (Option<GateWay>, Option<LastPassage>),
    module: Option<ModuleTotals>,
    context: (&Now, Currency),
    stamp: u64,
) -> Shown {
    let state =
        |list| ListState { list, version: till.book().newest(list).version, held: till.list_held(list) };
    Shown {
        book: till.book().clone(),
        taps: taps.clone(),
        kept: kept.clone(),
        way,
        passage,
        parameters: till.parameters(),
        lists: List::ALL.map(state),
        module,
        trouble: not_ready(till, context),
        stamp,
    }
}

/// The record of a sale of which it is not known whether its card has paid it.
fn open_of_sale(book: &Book, sale: SaleId) -> Option<RecordNumber> {
    let is_open =
        |record: &&Record| record.intent.cancels.is_none() && matches!(record.state, RecordState::Open(_));
    book.of_sale(sale).rev().find(is_open).map(|record| record.intent.number)
}

/// What a sale of the journal was asked for: its amount and what is owed.
pub(crate) fn asked(amount: Amount, due: Option<Amount>) -> Amount {
    amount.checked_add(due.unwrap_or(Amount::ZERO)).unwrap_or(Amount::MAX)
}

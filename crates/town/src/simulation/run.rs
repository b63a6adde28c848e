//! One seed: the economy lived over the system, with faults, checks after every event, and a liveness phase at the end.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bank::Fault;
use ledger::Timestamp;
use ledger_embedded::storage::DiskFault;
use operations::{OperationError, Party, Reason, Receipt};
use wallet::ids::PrincipalId;
use wallet::{chart, postings};

use super::books::Books;
use super::checks;
use super::clients::{Clients, Final, Meaning, RequestIndex, meaning_of};
use super::defects::Defect;
use super::faults::{FaultKind, Faults, Situation};
use super::ports::bank::BankPort;
use super::report::Report;
use super::world::{Trouble, World};
use crate::economy::{Action, BankIndex, Day, Economy, Event, EventNumber, Random};
use crate::founding::{self, Residents};
use crate::perform::{Ask, Envelope, perform};
use crate::poll::poll_once;
use crate::set_clock::SetClock;

/// What to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// Decides everything.
    pub seed: u64,
    /// How many days at least.
    pub days: u32,
    /// Days are added until there are so many operations.
    pub min_operations: u64,
    /// Days are added until there were so many faults.
    pub min_faults: u64,
    /// Something wrong with the system, to show that the checks find it.
    pub defect: Option<Defect>,
}

impl RunOptions {
    /// So many days of a seed.
    #[must_use]
    pub const fn days(seed: u64, days: u32) -> Self {
        Self { seed, days, min_operations: 0, min_faults: 0, defect: None }
    }
}

/// Why a request is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sending {
    /// For the first time.
    First,
    /// The client had no final answer.
    Retry,
    /// The network delivered it again.
    Duplicate,
    /// Somebody used the key again with another amount.
    OtherBody,
}

/// Something in the queue.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// An event of the economy.
    Event(Event),
    /// A request on its way.
    Request(RequestIndex, Sending),
}

/// A place in the queue: time, then the order of sending.
type Place = (Timestamp, u64);

type Answer = Result<Receipt, OperationError>;

/// A request that the system works on.
struct Flight {
    request: RequestIndex,
    sending: Sending,
    bank_fault: Option<Fault>,
    future: Pin<Box<dyn Future<Output = Answer>>>,
}

/// A run under way.
pub struct Run {
    pub(super) options: RunOptions,
    pub(super) world: World,
    pub(super) clients: Clients,
    economy: Economy,
    residents: Residents,
    queue: BinaryHeap<Reverse<(Place, usize)>>,
    dues: Vec<Due>,
    flights: Vec<Flight>,
    random: Random,
    sent: u64,
    deliveries: u64,
    faults_are_on: bool,
    crash_per_100_000: u64,
    skew_seconds: i64,
    skewed_deliveries: u32,
    release_after: u32,
    next_extra_event: u64,
    outcomes: BTreeMap<String, u64>,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Events that the economy did not mean, such as a second refund that races the first, are numbered from here.
const EXTRA_EVENTS: u64 = 1 << 40;

/// The most deliveries of the liveness phase: a system that has not drained by then never will.
const DRAIN_MAX: u64 = 100_000;

/// Runs one seed and reports.
#[must_use]
pub fn run(options: RunOptions) -> Report {
    let faults = Arc::new(Faults::default());
    let mut days = 0;
    match Run::found(options, Arc::clone(&faults)) {
        Ok(mut run) => {
            if let Err(trouble) = run.live(&mut days) {
                run.world.faults.violate(trouble);
            }
            run.report(days)
        }
        Err(trouble) => {
            faults.violate(trouble);
            Report::of_failed_founding(options.seed, &faults.tally())
        }
    }
}

impl Run {
    fn found(options: RunOptions, faults: Arc<Faults>) -> Result<Self, Trouble> {
        let economy = Economy::found(options.seed);
        let clock = Arc::new(SetClock::default());
        clock.set(first_day(options.seed).at(crate::economy::Minute(0), 0));
        let now = operations::Clock::now(&*clock);
        let banks = founding::open_banks(economy.population(), options.seed, now)
            .map_err(|refused| format!("a bank was not opened: {refused:?}"))?;
        let bank = Arc::new(BankPort::new(banks, Arc::clone(&clock), Arc::clone(&faults)));
        let mut world = World::new(options.seed, bank, clock, faults, options.defect)?;
        let founded = poll_once(founding::found(&world.operations, economy.population(), None));
        let residents = match founded {
            Some(Ok(residents)) => residents,
            Some(Err(error)) => return Err(format!("the town was not founded: {error}")),
            None => return Err("the founding waits for an answer that never comes".to_owned()),
        };
        for index in BankIndex::all() {
            for order in founding::late_bank_orders(economy.population(), index) {
                world.bank.edit(founding::bank_id(index), |bank| bank.order(order));
            }
        }
        world.back_up_records()?;
        Ok(Self {
            options,
            world,
            clients: Clients::default(),
            economy,
            residents,
            queue: BinaryHeap::new(),
            dues: Vec::new(),
            flights: Vec::new(),
            random: Random::stream(options.seed, "faults", 0),
            sent: 0,
            deliveries: 0,
            faults_are_on: true,
            crash_per_100_000: 0,
            skew_seconds: 0,
            skewed_deliveries: 0,
            release_after: 0,
            next_extra_event: EXTRA_EVENTS,
            outcomes: BTreeMap::new(),
        })
    }

    fn live(&mut self, days: &mut u32) -> Result<(), Trouble> {
        let first = first_day(self.options.seed);
        while self.wants_another_day(*days) {
            // Most of what a crash can show, it shows on a young town, whose recovery is also quick.
            self.crash_per_100_000 = if *days < 2 { 900 } else { 20 };
            let day = first.plus(*days);
            for event in self.economy.live(day) {
                self.push(event.at, Due::Event(event));
            }
            let midnight = day.plus(1).at(crate::economy::Minute(0), 0);
            self.deliver_until(midnight)?;
            checks::full(self)?;
            *days += 1;
        }
        self.drain()
    }

    fn wants_another_day(&self, days: u32) -> bool {
        if self.world.faults.is_violated() {
            return false;
        }
        let operations = u64::try_from(self.clients.count()).unwrap_or(u64::MAX);
        let faults: u64 = self.world.faults.tally().faults.values().sum();
        days < self.options.days
            || operations < self.options.min_operations
            || faults < self.options.min_faults
    }

    fn push(&mut self, at: Timestamp, due: Due) {
        let index = self.dues.len();
        self.dues.push(due);
        self.sent += 1;
        self.queue.push(Reverse(((at, self.sent), index)));
    }

    fn send(&mut self, seconds_from: Timestamp, seconds: u64, request: RequestIndex, sending: Sending) {
        let at = Timestamp(seconds_from.0 + seconds * ledger::NANOSECONDS_PER_SECOND);
        self.push(at, Due::Request(request, sending));
    }

    fn deliver_until(&mut self, end: Timestamp) -> Result<(), Trouble> {
        while let Some(Reverse(((at, _), _))) = self.queue.peek().copied() {
            if at >= end || self.world.faults.is_violated() {
                break;
            }
            self.deliver_next()?;
        }
        Ok(())
    }

    fn deliver_next(&mut self) -> Result<(), Trouble> {
        let Some(Reverse(((at, _), index))) = self.queue.pop() else { return Ok(()) };
        self.deliveries += 1;
        self.set_clock(at);
        match self.dues[index] {
            Due::Event(event) => self.begin(&event),
            Due::Request(request, sending) => self.deliver(at, request, sending)?,
        }
        self.maybe_release()?;
        if let Err(what) = checks::equation(self) {
            self.world.faults.violate(format!("at {}, after delivery {}: {what}", at.0, self.deliveries));
        }
        if self.faults_are_on && self.deliveries.is_multiple_of(self.backup_interval()) {
            self.world.back_up_records()?;
        }
        Ok(())
    }

    /// Copies of a large database take long, so they become rarer as it grows.
    fn backup_interval(&self) -> u64 {
        if self.deliveries < 1_500 { 170 } else { 20_000 }
    }

    fn set_clock(&mut self, at: Timestamp) {
        let seconds = i64::try_from(ledger::NANOSECONDS_PER_SECOND).unwrap_or(i64::MAX);
        if self.skewed_deliveries > 0 {
            self.skewed_deliveries -= 1;
        } else if self.faults_are_on && self.random.chance(1) {
            let (kind, sign) = if self.random.chance(500) {
                (FaultKind::ClockForward, 1)
            } else {
                (FaultKind::ClockBack, -1)
            };
            let jump = i64::try_from(self.random.between(1, 7_200)).unwrap_or(1);
            self.skew_seconds = sign * jump;
            self.skewed_deliveries = 4;
            self.world.faults.count(kind);
        } else {
            self.skew_seconds = 0;
        }
        self.world.clock.set(Timestamp(at.0.saturating_add_signed(self.skew_seconds * seconds)));
    }

    /// Turns an event of the economy into a request, and decides what the network does to it.
    fn begin(&mut self, event: &Event) {
        let Some(ask) = self.ask_of(event) else { return };
        let request = self.clients.begin(ask, event.number);
        let random = &mut self.random;
        let mut copies = vec![(0, Sending::First)];
        if self.faults_are_on {
            if random.chance(12) {
                copies[0].0 = random.between(1, 40);
                self.world.faults.count(FaultKind::Reordered);
            }
            if random.chance(20) {
                copies.push((copies[0].0, Sending::Duplicate));
                self.world.faults.count(FaultKind::Duplicate);
                if random.chance(250) {
                    self.world.faults.slow_next_ledger_reply();
                }
            }
            if random.chance(14) {
                copies.push((random.between(60, 12 * 3_600), Sending::Duplicate));
                self.world.faults.count(FaultKind::LateDuplicate);
            }
            if random.chance(8) {
                copies.push((random.between(30, 6 * 3_600), Sending::OtherBody));
                self.world.faults.count(FaultKind::OtherBody);
            }
            if random.chance(12) {
                copies.push((random.between(1, 10), Sending::Retry));
                self.world.faults.count(FaultKind::Retry);
            }
        }
        for (seconds, sending) in copies {
            self.send(event.at, seconds, request, sending);
        }
        if self.faults_are_on && matches!(ask, Ask::Refund { .. }) && self.random.chance(150) {
            self.race_refund(event.at, ask);
        }
    }

    /// A second refund of the same payment, sent at the same time under its own key.
    fn race_refund(&mut self, at: Timestamp, ask: Ask) {
        self.next_extra_event += 1;
        let request = self.clients.begin(ask, EventNumber(self.next_extra_event));
        self.world.faults.slow_next_ledger_reply();
        self.send(at, 0, request, Sending::First);
    }

    fn ask_of(&mut self, event: &Event) -> Option<Ask> {
        let residents = &self.residents;
        Some(match event.action {
            Action::Pay { payer, shop, amount, memo } => {
                Ask::Pay { payer: residents.holder(payer), merchant: residents.shop(shop), amount, memo }
            }
            Action::TopUp { holder, card, amount } => {
                Ask::TopUp { holder: residents.holder(holder), card: residents.card(holder, card), amount }
            }
            Action::Withdraw { holder, card, amount } => {
                Ask::Withdraw { holder: residents.holder(holder), card: residents.card(holder, card), amount }
            }
            Action::Transfer { payer, payee, amount, memo } => {
                Ask::Transfer { payer: residents.holder(payer), payee: residents.holder(payee), amount, memo }
            }
            Action::Refund { payment, amount, .. } => return self.refund_of(event, payment, amount),
        })
    }

    /// A shop refunds only what it knows to be paid; where it does not know yet, it tries again later.
    fn refund_of(&mut self, event: &Event, payment: EventNumber, amount: money::Amount) -> Option<Ask> {
        let payment = self.clients.of_event(payment)?;
        let paid = self.clients.request(payment);
        let Ask::Pay { payer, merchant, .. } = paid.ask else { return None };
        match paid.told {
            Some(Final::Completed(operation)) => Some(Ask::Refund { merchant, payer, operation, amount }),
            None => {
                let later = Timestamp(event.at.0 + 90 * ledger::NANOSECONDS_PER_SECOND);
                self.push(later, Due::Event(Event { at: later, ..*event }));
                None
            }
            Some(_) => None,
        }
    }

    fn deliver(&mut self, at: Timestamp, request: RequestIndex, sending: Sending) -> Result<(), Trouble> {
        let known = self.clients.request(request);
        let had_final_answer = matches!(known.told, Some(Final::Completed(_) | Final::NotDone));
        if sending == Sending::OtherBody && !had_final_answer {
            return Ok(());
        }
        let ask = if sending == Sending::OtherBody { other_body(known.ask) } else { known.ask };
        let envelope = self.envelope(known.event, &ask)?;
        let bank_fault = self.faults_for(&ask);
        self.clients.note_sent(request);
        self.world.trace.note(ask.kind(), &[u128::from(at.0), known_number(request), sending as u128]);
        let future = Box::pin(perform(self.world.operations.clone(), envelope, ask));
        self.flights.push(Flight { request, sending, bank_fault, future });
        self.note_races(request);
        self.poll_flights()
    }

    fn envelope(&self, event: EventNumber, ask: &Ask) -> Result<Envelope, Trouble> {
        let key = format!("event-{}", event.0).parse().map_err(|error| format!("{error}"))?;
        let staff = match ask {
            Ask::Refund { merchant, .. } => self.residents.staff(*merchant),
            _ => PrincipalId::new(0),
        };
        let payee_login = match ask {
            Ask::Transfer { payee, .. } => self.residents.login(*payee).to_owned(),
            _ => String::new(),
        };
        Ok(Envelope { key, staff, payee_login })
    }

    fn note_races(&self, request: RequestIndex) {
        let Ask::Refund { operation, .. } = self.clients.request(request).ask else { return };
        let races = |flight: &Flight| {
            let other = self.clients.request(flight.request).ask;
            flight.request != request
                && matches!(other, Ask::Refund { operation: paid, .. } if paid == operation)
        };
        if self.flights.iter().any(races) {
            self.world.faults.saw(Situation::RefundsRaced);
        }
    }

    /// Decides what goes wrong while this request is worked on.
    fn faults_for(&mut self, ask: &Ask) -> Option<Fault> {
        if !self.faults_are_on {
            return None;
        }
        let faults = Arc::clone(&self.world.faults);
        if !faults.crash_is_armed() && self.random.below(100_000) < self.crash_per_100_000 {
            self.arm_crash();
        }
        if self.random.chance(4) {
            faults.slow_next_ledger_reply();
        }
        self.arm_rare_crash(ask);
        let (Ask::TopUp { card, .. } | Ask::Withdraw { card, .. }) = ask else { return None };
        if self.random.chance(60) {
            faults.slow_next_bank_reply();
        }
        if self.random.chance(4) {
            let calls = u32::try_from(self.random.between(2, 9)).unwrap_or(2);
            self.world.bank.begin_outage(calls);
        }
        if !self.random.chance(70) {
            return None;
        }
        let fault = *self.random.pick(&[Fault::Decline, Fault::TimeOutBefore, Fault::TimeOutAfter]);
        self.world.bank.inject(self.residents.bank_of_card(*card), fault);
        Some(fault)
    }

    /// Operations of many steps are few: each is more likely to be interrupted.
    fn arm_rare_crash(&mut self, ask: &Ask) {
        let times = match ask {
            Ask::Pay { .. } | Ask::Transfer { .. } => return,
            Ask::TopUp { .. } => 1,
            Ask::Refund { .. } | Ask::Withdraw { .. } => 6,
        };
        if !self.world.faults.crash_is_armed() && self.random.below(100_000) < times * self.crash_per_100_000
        {
            self.world.faults.arm_crash(u32::try_from(self.random.below(16)).unwrap_or(0));
        }
    }

    fn arm_crash(&mut self) {
        if self.random.chance(300) {
            let fault = match self.random.below(3) {
                0 => DiskFault::WriteError(1),
                1 => DiskFault::WriteNoSpace(1),
                _ => DiskFault::SyncError(1),
            };
            self.world.ledger.crash_within_next_batch(fault);
        } else {
            self.world.faults.arm_crash(u32::try_from(self.random.below(14)).unwrap_or(0));
        }
    }

    /// Lets every request go on as far as it can.
    fn poll_flights(&mut self) -> Result<(), Trouble> {
        let mut index = 0;
        while index < self.flights.len() {
            let polled = self.flights[index].future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            if self.world.faults.darkness().is_some() {
                return self.crash();
            }
            match polled {
                Poll::Ready(answer) => {
                    let flight = self.flights.remove(index);
                    self.answered(&flight, &answer);
                }
                Poll::Pending => index += 1,
            }
        }
        if self.flights.is_empty() || self.release_after > 0 {
            return Ok(());
        }
        if self.world.faults.holds_replies() {
            self.release_after = u32::try_from(self.random.between(1, 4)).unwrap_or(1);
            return Ok(());
        }
        Err("a request waits for an answer that never comes".to_owned())
    }

    /// Delivers slow answers once enough others have gone ahead.
    fn maybe_release(&mut self) -> Result<(), Trouble> {
        if self.release_after == 0 {
            return Ok(());
        }
        self.release_after -= 1;
        if self.release_after > 0 && !self.queue.is_empty() {
            return Ok(());
        }
        self.release_after = 0;
        self.world.faults.release_held().into_iter().for_each(|reply| reply());
        self.poll_flights()
    }

    fn answered(&mut self, flight: &Flight, answer: &Answer) {
        let faults = Arc::clone(&self.world.faults);
        let meaning = meaning_of(answer);
        self.world.trace.note("answer", &trace_numbers(flight.request, answer));
        match (meaning, flight.sending) {
            (Meaning::KeyReused, Sending::OtherBody) => faults.saw(Situation::OtherBodyRefused),
            (Meaning::Final(Final::Completed(_)), Sending::OtherBody) => {
                faults.violate(format!(
                    "another body under the key of request {} had an effect",
                    flight.request.0
                ));
            }
            (_, Sending::OtherBody) => {}
            (Meaning::KeyReused, _) => {
                faults.violate(format!("request {} was taken for another one", flight.request.0));
            }
            (Meaning::Final(Final::Refused), _) if self.is_blocked_card(flight, answer) => {
                self.told(flight, answer, Final::Refused);
            }
            (Meaning::Fault | Meaning::Final(Final::Refused), _) => faults.violate(format!(
                "request {} ({:?}) was answered {answer:?}",
                flight.request.0,
                self.clients.request(flight.request).ask
            )),
            (Meaning::AskAgain, _) => self.ask_again(flight.request),
            (Meaning::Final(told), _) => self.told(flight, answer, told),
        }
    }

    /// Whether the system refused a card of which the bank had said that it is no good.
    fn is_blocked_card(&self, flight: &Flight, answer: &Answer) -> bool {
        let refused = *answer == Err(OperationError::NotActive(Party::Card));
        let ask = self.clients.request(flight.request).ask;
        let (Ask::TopUp { card, .. } | Ask::Withdraw { card, .. }) = ask else { return false };
        refused && self.residents.is_bad_card(card, self.economy.population())
    }

    fn ask_again(&mut self, request: RequestIndex) {
        if self.clients.request(request).is_waiting {
            let seconds = self.random.between(2, 60);
            self.send(self.now(), seconds, request, Sending::Retry);
        }
    }

    fn now(&self) -> Timestamp {
        let seconds = i64::try_from(ledger::NANOSECONDS_PER_SECOND).unwrap_or(i64::MAX);
        let shown = operations::Clock::now(&*self.world.clock);
        Timestamp(shown.0.saturating_add_signed(-self.skew_seconds * seconds))
    }

    fn told(&mut self, flight: &Flight, answer: &Answer, told: Final) {
        let faults = Arc::clone(&self.world.faults);
        let before = self.clients.request(flight.request).told;
        if let Err(what) = self.clients.told(flight.request, told) {
            return faults.violate(what);
        }
        match (before, told) {
            (Some(Final::Completed(_)), _) => faults.saw(Situation::DuplicateOfCompleted),
            (Some(Final::NotDone), _) => faults.saw(Situation::DuplicateOfDeclined),
            _ => {}
        }
        match (flight.bank_fault, told) {
            (Some(Fault::TimeOutAfter), Final::Completed(_)) => faults.saw(Situation::UnknownWasDone),
            (Some(Fault::TimeOutBefore), Final::NotDone) => faults.saw(Situation::UnknownWasNotDone),
            _ => {}
        }
        let Ok(receipt) = answer else { return };
        if receipt.reason == Some(Reason::RefundExceedsPayment) {
            faults.saw(Situation::OverRefundRefused);
        }
        if before.is_none() {
            let word = receipt.reason.map_or("completed", Reason::code);
            *self.outcomes.entry(word.to_owned()).or_insert(0) += 1;
        }
    }

    /// The process has died: everything under way is forgotten, the system comes up again, the clients ask again.
    fn crash(&mut self) -> Result<(), Trouble> {
        self.note_crash_situations();
        let flights = std::mem::take(&mut self.flights);
        let waiting: Vec<RequestIndex> = flights.iter().map(|flight| flight.request).collect();
        drop(flights);
        self.release_after = 0;
        self.world.recover(self.faults_are_on)?;
        checks::full(self)?;
        for request in waiting {
            self.world.faults.count(FaultKind::Retry);
            self.ask_again(request);
        }
        Ok(())
    }

    fn note_crash_situations(&self) {
        let faults = &self.world.faults;
        if self.flights.len() > 1 {
            faults.saw(Situation::CrashWithSeveralInFlight);
        }
        for (is_top_up, is_done) in checks::reservations(self) {
            match (is_top_up, is_done) {
                (true, true) => faults.saw(Situation::CrashAfterChargeBeforePost),
                (false, true) => faults.saw(Situation::CrashAfterPayOutBeforePost),
                (_, false) => {}
            }
        }
        for flight in &self.flights {
            if let Ask::Refund { operation, .. } = self.clients.request(flight.request).ask {
                let (cap, opened) = (chart::refund_cap_id(operation), postings::cap_opened_id(operation));
                let is_between = |books: &Books| books.has_account(cap) && !books.has_transfer(opened);
                if self.world.ledger.with_books(is_between) {
                    faults.saw(Situation::CrashBetweenCapAndRefund);
                }
            }
        }
    }

    /// The liveness phase: no more faults, and everything must come to its end.
    fn drain(&mut self) -> Result<(), Trouble> {
        self.faults_are_on = false;
        self.world.bank.end_outage();
        self.world.faults.disarm();
        let limit = self.deliveries + DRAIN_MAX;
        while (!self.queue.is_empty() || !self.flights.is_empty()) && !self.world.faults.is_violated() {
            if self.deliveries > limit {
                return Err("the system does not come to rest without faults".to_owned());
            }
            if self.queue.is_empty() {
                self.release_after = self.release_after.min(1);
                self.maybe_release()?;
            }
            self.deliver_next()?;
        }
        if self.world.faults.is_violated() {
            return Ok(());
        }
        checks::full(self)?;
        checks::at_rest(self)
    }

    fn report(&self, days: u32) -> Report {
        let mut by_kind = BTreeMap::new();
        for request in self.clients.requests() {
            *by_kind.entry(request.ask.kind()).or_insert(0) += 1;
        }
        let tally = self.world.faults.tally();
        let operations = u64::try_from(self.clients.count()).unwrap_or(u64::MAX);
        Report {
            seed: self.options.seed,
            days,
            operations,
            operations_per_s: 0,
            requests: self.deliveries,
            by_kind,
            outcomes: self.outcomes.clone(),
            faults: tally.faults,
            crash_places: tally.crash_places,
            missing_situations: super::report::missing(&tally.situations, operations),
            situations: tally.situations,
            postings: self.world.ledger.with_books(Books::posted),
            equation: checks::balances(self),
            violations: tally.violations,
            trace_hash: self.world.trace.hash(),
            replay: super::report::replay(self.options.seed, days),
        }
    }
}

/// Seeds begin on different days of the month, so that short runs see rent and wages too.
fn first_day(seed: u64) -> Day {
    let offset = Random::stream(seed, "first day", 0).below(60);
    Day::FIRST_OF_JUNE_2026.plus(u32::try_from(offset).unwrap_or(0))
}

/// The same request for one minor unit more.
fn other_body(ask: Ask) -> Ask {
    let amount = ask.amount();
    match money::Amount::from_minor(amount.minor() + 1, amount.currency()) {
        Ok(other) => ask.with_amount(other),
        Err(_) => ask,
    }
}

fn known_number(request: RequestIndex) -> u128 {
    u128::try_from(request.0).unwrap_or(u128::MAX)
}

fn trace_numbers(request: RequestIndex, answer: &Answer) -> [u128; 4] {
    let request = known_number(request);
    match answer {
        Ok(receipt) => {
            let reason = receipt.reason.map_or(0, |reason| reason as u128 + 1);
            [request, receipt.id.bits(), receipt.state as u128, reason]
        }
        Err(error) => {
            let word = error.to_string();
            [request, u128::MAX, u128::try_from(word.len()).unwrap_or(0), 0]
        }
    }
}

//! What the worker published, as pages show it.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use messages::card::Seconds;
use pages::{
    locale::Locale,
    terminal::{
        Answer, Line, Network, Outcome,
        counter::{CounterItem, PastSale},
        gate::Passage,
        masked,
        receipt::{Bought, TerminalReceipt},
        report::{Report, Sum},
        state::{ClockState, ListName, ListState, ModuleState, TerminalState},
        tap::{CardShown, LogKind, LogLine, Moved, Paid, Progress, Purpose},
    },
};
use purse::{
    amount::Amount,
    fields::{Asn, Kind},
};
use terminal::{
    book::{self, Record, State},
    card::Codes,
    debit::Receipt,
    enquiry::{CardContent, LogRecord},
    entry::{List, RecordNumber},
};

use crate::{
    Item,
    clock::{moment, now_at},
    hex::to_hex,
    loading::number_of,
    machine::{self, Shown},
    shift::{self, ClosedShift, ShiftFigures},
    site::Shared,
    tap,
    words::{minor, money_of},
};

/// So many of the last records the till shows.
const LAST_MAX: usize = 8;

fn masked_card(card: Asn) -> String {
    masked(&number_of(card))
}

fn at(seconds: Seconds) -> Timestamp {
    Timestamp(seconds.0.saturating_mul(NANOSECONDS_PER_SECOND))
}

/// The line of every page.
pub(crate) fn line(shared: &Shared, shown: &Shown) -> Line {
    let network = match (shared.line.is_allowed(), shared.line.is_up()) {
        (false, _) => Network::Off,
        (true, false) => Network::Unreachable,
        (true, true) => Network::Up,
    };
    let most = shown.parameters.map(|parameters| match network {
        Network::Up => parameters.sale_limit.0,
        _ => parameters.sale_limit.0.min(parameters.floor_limit.0),
    });
    let now = now_at((shared.clock)()).utc;
    let status = shown.lists.iter().find(|state| state.list == List::Status);
    let issued = status.and_then(|state| state.held).map(|held| held.hours.issued);
    Line {
        network,
        waiting: u64::try_from(shown.book.queue().count()).unwrap_or(u64::MAX),
        waiting_since: shown.book.queue().next().map(|record| moment(record.intent.when)),
        status_version: status.map_or(0, |state| state.version),
        status_age_seconds: issued.map(|issued| now.0.saturating_sub(issued.0)),
        most: most.map(|units| money_of(shared.currency, Amount::new(units))),
        trouble: shown.trouble.clone(),
    }
}

pub(crate) fn name_of(locale: Locale, item: &Item) -> String {
    match locale {
        Locale::ZhCn => item.zh.clone(),
        Locale::En => item.en.clone(),
    }
}

/// What the till sells.
pub(crate) fn items(shared: &Shared, shown: &Shown, locale: Locale) -> Vec<CounterItem> {
    let price = |item: &Item| money_of(shared.currency, Amount::new(item.price));
    shared
        .items(shown)
        .iter()
        .map(|item| CounterItem { name: name_of(locale, item), price: price(item) })
        .collect()
}

fn outcome(shown: &Shown, record: &Record) -> Outcome {
    let cancel = record.cancelled_by.and_then(|number| shown.book.record(number));
    match (record.state, cancel.map(|cancel| cancel.state)) {
        (State::Done(_), Some(State::Done(_))) => Outcome::Cancelled,
        (State::Done(_), Some(State::Open(_) | State::MovedOn(_))) => Outcome::CancelOpen,
        (State::Done(_), _) => Outcome::Done,
        (State::Open(_), _) => Outcome::Open,
        (State::MovedOn(_), _) => Outcome::MovedOn,
        (State::NotDone(_), _) => Outcome::NotDone,
    }
}

/// The last debits, newest first. The last sale may be given back.
pub(crate) fn last(shared: &Shared, shown: &Shown) -> Vec<PastSale> {
    let can_cancel = shown.book.last_sale().map(|record| record.intent.number);
    let debits = shown.book.records().rev().filter(|record| record.intent.kind != Kind::Cancel);
    debits
        .take(LAST_MAX)
        .map(|record| PastSale {
            record: record.intent.number.0,
            at: moment(record.intent.when),
            card: masked_card(record.intent.card),
            amount: money_of(shared.currency, record.intent.amount),
            due: money_of(shared.currency, due(record)),
            outcome: outcome(shown, record),
            answer: match record.answer {
                book::Answer::None => Answer::Waiting,
                book::Answer::Received => Answer::Received,
                book::Answer::NotPaid(reason) => Answer::NotPaid(reason),
            },
            can_cancel: can_cancel == Some(record.intent.number),
        })
        .collect()
}

fn due(record: &Record) -> Amount {
    record.intent.due.map_or(Amount::ZERO, |due| due.amount)
}

/// What a tap is for.
pub(crate) fn purpose(shared: &Shared, purpose: tap::Purpose) -> Purpose {
    let money = |amount| money_of(shared.currency, amount);
    match purpose {
        tap::Purpose::Sale(amount, _) => Purpose::Sale(money(amount)),
        tap::Purpose::Cancel(_, amount) => Purpose::Cancel(money(amount)),
        tap::Purpose::Enquiry => Purpose::Enquiry,
        tap::Purpose::Load => Purpose::Load,
        tap::Purpose::Unload(amount) => Purpose::Unload(amount.map(money)),
    }
}

/// How far a tap came.
pub(crate) fn progress(shared: &Shared, progress: &tap::Progress) -> Progress {
    let money = |amount| money_of(shared.currency, amount);
    match progress {
        tap::Progress::Waiting => Progress::Waiting,
        tap::Progress::Paid(receipt) => Progress::Paid(paid(shared, receipt)),
        tap::Progress::Shown(content) => Progress::Shown(card(shared, content)),
        tap::Progress::Moved(moved) => Progress::Moved(Moved {
            card: masked_card(moved.card),
            amount: money(moved.amount),
            balance: money(moved.balance),
            is_confirmed: moved.is_confirmed,
            waiting: moved.waiting,
        }),
        tap::Progress::Failed(trouble) => Progress::Failed(trouble.clone()),
        tap::Progress::Aside => Progress::PutAside,
    }
}

fn paid(shared: &Shared, receipt: &Receipt) -> Paid {
    let money = |amount| money_of(shared.currency, amount);
    Paid {
        record: receipt.number.0,
        card: masked_card(receipt.card),
        amount: money(receipt.amount),
        due: money(receipt.due),
        balance: money(receipt.balance),
        is_recovered: receipt.is_recovered,
    }
}

/// What a record that is done says, where the tap itself is forgotten.
pub(crate) fn paid_by_record(shared: &Shared, record: &Record) -> Paid {
    let money = |amount| money_of(shared.currency, amount);
    Paid {
        record: record.intent.number.0,
        card: masked_card(record.intent.card),
        amount: money(record.intent.amount),
        due: money(due(record)),
        balance: money(balance_after(record).unwrap_or(Amount::ZERO)),
        is_recovered: false,
    }
}

fn balance_after(record: &Record) -> Option<Amount> {
    match record.intent.kind {
        Kind::Cancel => record.intent.balance.checked_add(record.intent.amount),
        _ => record.intent.balance.checked_sub(record.intent.amount),
    }
}

fn card(shared: &Shared, content: &CardContent) -> CardShown {
    let entry = |record: &LogRecord| LogLine {
        at: moment(record.when),
        kind: match record.kind {
            Some(Kind::LoadPurse | Kind::LoadDeposit) => LogKind::Load,
            Some(Kind::Unload) => LogKind::Unload,
            Some(Kind::Purchase | Kind::CompoundPurchase) => LogKind::Debit,
            Some(Kind::Cancel) => LogKind::Cancel,
            _ => LogKind::Other,
        },
        amount: money_of(shared.currency, record.amount),
        terminal: to_hex(&record.terminal.0),
    };
    let [a, b, c, d] = content.public.expiry.0;
    CardShown {
        number: number_of(content.public.asn),
        balance: money_of(shared.currency, content.balance),
        valid_until: moment(purse::fields::DateTime([a, b, c, d, 0x23, 0x59, 0x59])),
        is_listed: content.listed.is_some(),
        log: content.log.iter().map(entry).collect(),
    }
}

/// The receipt of a record; `None` where the journal has not got it any more.
pub(crate) fn receipt(
    shared: &Shared,
    shown: &Shown,
    number: RecordNumber,
    locale: Locale,
) -> Option<TerminalReceipt> {
    let record = shown.book.record(number)?;
    let (intent, money) = (&record.intent, |amount| money_of(shared.currency, amount));
    let codes = if let State::Done(codes) = record.state { Some(codes) } else { None };
    let is_cancel = intent.kind == Kind::Cancel;
    let basket = shown.kept.basket(intent.sale).filter(|_| !is_cancel);
    let lines = basket.map(|basket| basket.lines.as_slice()).unwrap_or_default().iter();
    Some(TerminalReceipt {
        shop: shared.name.clone(),
        terminal: to_hex(&shared.id.0),
        record: number.0,
        transaction: intent.transaction.0,
        at: moment(intent.when),
        card: masked_card(intent.card),
        is_cancel,
        outcome: outcome(shown, record),
        lines: lines
            .map(|line| Bought {
                name: name_of(locale, &line.item),
                quantity: line.quantity,
                price: minor(shared.currency, u64::from(line.item.price) * u64::from(line.quantity)),
            })
            .collect(),
        amount: money(intent.amount),
        due: money(due(record)),
        balance: codes.and_then(|_| balance_after(record)).map(money),
        tac: codes.map(|codes: Codes| to_hex(&codes.tac.0.0)),
    })
}

/// The shift that goes on.
pub(crate) fn running_shift(shared: &Shared, shown: &Shown) -> Report {
    let shift = shown.book.summary().shift;
    let figures = ShiftFigures::count(&shown.book, machine::first_record(&shown.kept, shift.number));
    report(shared, shown, (shift.number, moment(shift.since), None), &figures)
}

/// A shift that was closed.
pub(crate) fn closed_shift(shared: &Shared, shown: &Shown, number: u32) -> Option<Report> {
    let is_closed = number < shown.book.summary().shift.number;
    let closed: &ClosedShift = shown.kept.shifts.iter().find(|closed| closed.number == number)?;
    let (from, to) = (Timestamp(closed.since), Timestamp(closed.closed_at));
    is_closed.then(|| report(shared, shown, (number, from, Some(to)), &closed.figures))
}

fn report(
    shared: &Shared,
    shown: &Shown,
    (number, from, closed_at): (u32, Timestamp, Option<Timestamp>),
    figures: &ShiftFigures,
) -> Report {
    let sum = |sum: shift::Sum| Sum { count: sum.count, amount: minor(shared.currency, sum.amount) };
    let current = shown.book.summary().shift.number;
    let earlier = shown.kept.shifts.iter().rev().filter(|closed| closed.number < current);
    let (sold, given_back) = (sum(figures.sold), sum(figures.given_back));
    let net = sold.amount.to_delta().checked_add(given_back.amount.to_delta().negated());
    Report {
        line: line(shared, shown),
        terminal: to_hex(&shared.id.0),
        shift: number,
        from,
        closed_at,
        sold,
        due: minor(shared.currency, figures.due),
        given_back,
        net: net.unwrap_or_else(|_| sold.amount.to_delta()),
        unknown: sum(figures.unknown),
        not_done: sum(figures.not_done),
        waiting: sum(figures.waiting),
        received: sum(figures.received),
        not_paid: figures.not_paid.iter().map(|(reason, refused)| (*reason, sum(*refused))).collect(),
        earlier: earlier.map(|closed| (closed.number, Timestamp(closed.closed_at))).collect(),
    }
}

/// Who came to the gate last.
pub(crate) fn passage(shared: &Shared, passage: &machine::LastPassage) -> Passage {
    let money = |amount| money_of(shared.currency, amount);
    let outcome = passage.outcome.as_ref().map(|receipt| (money(receipt.amount), money(receipt.balance)));
    Passage { at: passage.at, outcome: outcome.map_err(Clone::clone) }
}

/// How the terminal stands.
pub(crate) fn state(shared: &Shared, shown: &Shown) -> TerminalState {
    let contact = shared.line.contact();
    let money = |amount| money_of(shared.currency, amount);
    let list = |state: &machine::ListState| ListState {
        name: match state.list {
            List::Status => ListName::Status,
            List::White => ListName::White,
            List::Parameters => ListName::Parameters,
        },
        version: state.version,
        held: state.held.map(|held| {
            let entries = u64::try_from(held.entries).unwrap_or(u64::MAX);
            (at(held.hours.issued), at(held.hours.expires), entries)
        }),
    };
    TerminalState {
        line: line(shared, shown),
        name: shared.name.clone(),
        terminal: to_hex(&shared.id.0),
        now: (shared.clock)(),
        clock: match contact.apart_seconds {
            None => ClockState::Untold,
            Some(apart) if apart <= CLOCKS_AGREE_SECONDS => ClockState::Agrees,
            Some(apart) => ClockState::Differs(apart),
        },
        lists: shown.lists.each_ref().map(list),
        module: shown.module.map(|totals| ModuleState {
            transaction: totals.transaction.0,
            authorised: money(totals.authorised),
            ceiling: money(totals.ceiling),
        }),
        batch: shown.book.summary().batch.number,
        last_contact: contact.last,
        last_error: contact.error,
        codes_waiting: shown.kept.codes.len() + shown.kept.doubts.len(),
    }
}

/// Clocks this close are said to agree.
const CLOCKS_AGREE_SECONDS: u64 = 5;

//! Sample data for the pages of card purses.

use money::Currency;
use pages::card_purse::{
    self as purse, Belief, CardDue, CardPurse, CreditGrade, EntryKind, GivenUp, GradeCounts, GradeIndicator,
    GradeReason, KnownBy, LoadOrder, LogEntry, TransferLoad, TransferLoads,
};
use pages::card_purse::{DueState, OrderStage, PurseDetail, PurseState};
use pages::control::card_batches::{self as batches, Batch, BatchCard, BatchLine, Batches, Letter};
use pages::control::card_exceptions::{self as exceptions, About, Exception, ExceptionKind, Finding};
use pages::control::card_lists::{self as lists, ListKind, ListLine, Lists, Parameters};
use pages::control::card_purse::{self as card, CardView, OpenLoad, Refund};
use pages::control::card_purses::{self as overview, CardPurses, CardSum};
use pages::control::terminals::{self, LastBatch, ListsHeld, TerminalLine, Terminals, VersionHeld};
use pages::form::{Problem, Trouble};
use pages::frame::Frame;
use pages::merchant_terminals::{self, MerchantTerminals, Takings};

use super::{Failure, Pages, at, cny, cny_delta, pick};

const DAY: u64 = 86_400;

fn sample(number: &str, state: PurseState, minor: u64) -> Result<CardPurse, Failure> {
    let expiry = Some("11/31".to_owned());
    Ok(CardPurse { number: number.to_owned(), state, balance: cny(minor)?, seen_at: Some(at(7_200)), expiry })
}

fn sample_log(frame: &Frame) -> Result<Vec<LogEntry>, Failure> {
    let entry = |kind, ago, place: &str, minor, belief| {
        Ok(LogEntry { kind, at: at(ago), place: place.to_owned(), delta: cny_delta(minor)?, belief })
    };
    let (canteen, buns) = (
        pick(frame.locale, "阳光食堂", "Sunshine Canteen"),
        pick(frame.locale, "清早包子铺", "Early Morning Buns"),
    );
    [
        entry(EntryKind::Debit, 3_600, &canteen, -1_250, Belief::Proven),
        entry(EntryKind::Debit, 30_000, &buns, -600, Belief::Inferred),
        entry(EntryKind::Debit, 90_000, &buns, -450, Belief::Held),
        entry(EntryKind::Cancel, 2 * DAY, &canteen, 800, Belief::Proven),
        entry(EntryKind::Load, 3 * DAY, "", 20_000, Belief::Proven),
    ]
    .into_iter()
    .collect()
}

fn sample_grade() -> Result<CreditGrade, Failure> {
    Ok(CreditGrade {
        level: 1,
        score: 47,
        due_max: cny(2_000)?,
        until: "2027-02-20".to_owned(),
        is_borne: true,
        reasons: vec![
            GradeReason::RisesSlowly(61),
            GradeReason::Points(GradeIndicator::Repayment, 10, 40),
            GradeReason::Points(GradeIndicator::Relation, 1, 15),
        ],
        points: [(10, 40), (20, 20), (1, 15), (6, 15), (10, 10)],
        counts: GradeCounts {
            repayments: [0, 0, 0],
            disputes: [112, 0],
            relation_days: 90,
            active_months: 5,
            known_by: KnownBy::Document,
        },
    })
}

fn sample_transfer_loads(purse: CardPurse) -> Result<TransferLoads, Failure> {
    Ok(TransferLoads {
        purse,
        available: cny(123_456)?,
        most: cny(100_000)?,
        loads: vec![
            TransferLoad { at: at(600), amount: cny(3_000)?, is_given_back: true },
            TransferLoad { at: at(90_000), amount: cny(10_000)?, is_given_back: false },
        ],
        unloads: vec![cny(2_000)?],
        given_up: vec![GivenUp { at: at(4_000), amount: cny(520)? }],
        amount: String::new(),
        attempt: "1".to_owned(),
        problems: Vec::new(),
    })
}

pub(super) fn holder(frame: &Frame) -> Result<Pages, Failure> {
    let own = sample("00000000000000012345", PurseState::Bound, 12_680)?;
    let lost = sample("00000000000000012346", PurseState::Lost, 4_000)?;
    let order = |id: &str, minor, stage| {
        Ok::<_, Failure>(LoadOrder { id: id.to_owned(), amount: cny(minor)?, ordered_at: at(600), stage })
    };
    let grade = sample_grade()?;
    let canteen = pick(frame.locale, "阳光食堂", "Sunshine Canteen");
    let due = |id: &str, minor, state| {
        let place = canteen.clone();
        Ok::<_, Failure>(CardDue { id: id.to_owned(), amount: cny(minor)?, place, since: at(900), state })
    };
    let detail = PurseDetail {
        purse: own.clone(),
        in_doubt: cny(5_000)?,
        held: cny(450)?,
        excess: cny(0)?,
        orders: vec![order("1", 10_000, OrderStage::Waiting)?, order("2", 5_000, OrderStage::Begun)?],
        dues: vec![
            due("2", 350, DueState::Unproven)?,
            due("1", 800, DueState::Owed)?,
            due("0", 500, DueState::Collected)?,
        ],
        available: cny(123_456)?,
        order_max: Some(cny(87_320)?),
        amount: "x".to_owned(),
        attempt: "1".to_owned(),
        refund_from: None,
        grade: Some(grade.clone()),
        log: sample_log(frame)?,
        older: Some("?before=9".to_owned()),
        problems: vec![Problem { field: "amount", trouble: Trouble::NotANumber }],
    };
    let gone =
        PurseDetail { purse: lost.clone(), refund_from: Some(at(0)), orders: Vec::new(), ..detail.clone() };
    let unknown = purse::BindPurse {
        number: "1234".to_owned(),
        problems: vec![Problem { field: "number", trouble: Trouble::PurseNumber }],
    };
    Ok(vec![
        ("card-purses", purse::purses(frame, &[own.clone(), lost])),
        ("card-purses-empty", purse::purses(frame, &[])),
        ("card-purse", purse::purse(frame, &detail)),
        ("card-purse-lost", purse::purse(frame, &gone)),
        ("card-purse-grade", purse::explanation(frame, &own, &grade)),
        ("card-purse-transfer-loads", purse::transfer_loads(frame, &sample_transfer_loads(own)?)),
        ("card-purse-bind", purse::bind(frame, &unknown)),
    ])
}

fn fleet() -> Vec<TerminalLine> {
    let held = |held, newest| VersionHeld { held, newest };
    let line = |id: &str, label: &str, is_blocked| TerminalLine {
        id: id.to_owned(),
        label: label.to_owned(),
        merchant: "Sunshine Canteen".to_owned(),
        seen_at: Some(at(120)),
        last_batch: Some(LastBatch { number: 17, at: at(120), records: 212, clock_ahead_seconds: Some(95) }),
        lists: ListsHeld { status: held(41, 42), white: held(7, 7), parameters: held(2, 2) },
        is_blocked,
    };
    vec![line("0000a1000001", "Counter 1", false), line("0000a1000002", "Gate", true)]
}

pub(super) fn merchant(frame: &Frame) -> Result<Pages, Failure> {
    let takings = Takings {
        terminal: "Counter 1".to_owned(),
        batch: 17,
        at: at(120),
        records: 212,
        refused: Some(2),
        taken: cny_delta(265_000)?,
    };
    let view =
        MerchantTerminals { shop: "Sunshine Canteen".to_owned(), terminals: fleet(), takings: vec![takings] };
    Ok(vec![("merchant-terminals", merchant_terminals::terminals(frame, &view))])
}

pub(super) fn operator(frame: &Frame) -> Result<Pages, Failure> {
    let mut all = fleet_pages(frame)?;
    all.extend(card_pages(frame)?);
    Ok(all)
}

fn fleet_pages(frame: &Frame) -> Result<Pages, Failure> {
    let merchants = vec![("1".to_owned(), "Sunshine Canteen".to_owned())];
    let terminals = Terminals { terminals: fleet(), merchants, ..Terminals::default() };
    let version = |kind, version| ListLine { kind, version, entries: 12, issued_at: at(3_600), held: (5, 6) };
    let versions =
        vec![version(ListKind::Status, 42), version(ListKind::White, 7), version(ListKind::Parameters, 2)];
    let lists = Lists {
        versions,
        parameters: Parameters {
            floor_limit: "300.00".to_owned(),
            sale_limit: "1000.00".to_owned(),
            key_version: "1".to_owned(),
            list_age_hours: "72".to_owned(),
            due_max: ["20.00", "50.00", "100.00", "200.00", "300.00"].map(str::to_owned),
        },
        problems: Vec::new(),
    };
    let odd = |kind, minor: Option<u64>, about| {
        Ok::<_, Failure>(Exception {
            kind,
            card: "00000000000000012345".to_owned(),
            place: "Counter 1".to_owned(),
            at: Some(at(4_000)),
            amount: minor.map(cny).transpose()?,
            about,
        })
    };
    let load = About::Move { is_load: true, holder: "Li Lei".to_owned() };
    let odd = [
        odd(ExceptionKind::InDoubt, Some(5_000), load)?,
        odd(ExceptionKind::Gap, None, About::Sequences(17, 19))?,
        odd(ExceptionKind::Refused, None, About::Refused(0x15))?,
        odd(ExceptionKind::Finding, None, About::Found(Finding::Clone, 17))?,
    ];
    Ok(vec![
        ("terminals", terminals::terminals(frame, &terminals)),
        ("card-lists", lists::lists(frame, &lists)),
        ("card-exceptions", exceptions::exceptions(frame, &odd)),
        ("card-exceptions-none", exceptions::exceptions(frame, &[])),
    ])
}

fn card_pages(frame: &Frame) -> Result<Pages, Failure> {
    let sum = CardSum {
        purses: cny(1_234_500)?,
        loads: cny(5_000)?,
        excess: cny(0)?,
        float: cny_delta(1_239_500)?,
        shadows: cny_delta(1_234_500)?,
        held: cny(450)?,
        in_doubt: cny(5_000)?,
        difference: cny_delta(0)?,
    };
    let counts = vec![(PurseState::Made, 30), (PurseState::Bound, 68), (PurseState::Lost, 2)];
    let overview = CardPurses { sums: vec![sum], counts, ..CardPurses::default() };
    let open = OpenLoad { operation: "1".to_owned(), is_load: true, amount: cny(5_000)?, at: at(600) };
    let view = CardView {
        purse: sample("00000000000000012345", PurseState::Lost, 12_680)?,
        batch: "1".to_owned(),
        holder: pick(frame.locale, "李雷", "Li Lei"),
        excess: cny(0)?,
        held: cny(450)?,
        listed_at: Some(at(9 * DAY)),
        refund: Refund::Now,
        gaps: vec![(14, 15), (19, 19)],
        open: vec![open],
        grade: Some(sample_grade()?),
        log: sample_log(frame)?,
        older: None,
        login: String::new(),
        reason: String::new(),
        problems: Vec::new(),
    };
    let line = BatchLine {
        id: "1".to_owned(),
        label: "Students 2026".to_owned(),
        currency: Currency::CNY,
        count: 100,
        key_version: 1,
        expiry: "2031-11-30".to_owned(),
        ordered_at: at(DAY),
        ordered_by: "Chen Jing".to_owned(),
    };
    let card_line =
        |number: &str, state| BatchCard { number: number.to_owned(), state, holder: String::new() };
    let cards = vec![
        card_line("00000000000000012345", PurseState::Bound),
        card_line("00000000000000012346", PurseState::Made),
    ];
    let batch = Batch { batch: line.clone(), cards, has_letters: true, problems: Vec::new() };
    let batches = Batches { batches: vec![line], currencies: vec![Currency::CNY], ..Batches::default() };
    let letter = Letter { number: "00000000000000012346".to_owned(), code: "20417733".to_owned() };
    Ok(vec![
        ("operator-card-purses", overview::card_purses(frame, &overview)),
        ("operator-card-purse", card::card(frame, &view)),
        ("card-batches", batches::batches(frame, &batches)),
        ("card-batch", batches::batch(frame, &batch)),
        ("card-letters", batches::letters(frame, "/", &[letter])),
        ("control", pages::control::overview(frame)),
    ])
}

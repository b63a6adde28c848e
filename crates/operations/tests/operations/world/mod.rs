//! A small world for tests: two holders, a merchant, a bank, and faults at every step between them.
#![allow(dead_code, reason = "each test file uses its own part of the world")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};

use bank::{AccountNumber, CardLimits, Expiry, Order, Pan};
use ledger::memory::MemoryEngine;
use ledger::{Engine, EngineError, Reply, Request, Submit, Timestamp};
use money::{Amount, Currency};
use operations::cards::{BindRequest, CardRequest};
use operations::embedded_bank::EmbeddedBank;
use operations::holders::NewHolder;
use operations::merchants::{NewBank, NewMerchant};
use operations::payment::PaymentRequest;
use operations::staff::NewStaff;
use operations::{
    BankConnector, BankReply, BankUnavailable, Clock, Entropy, IdempotencyKey, KeyKeeper, MemoryKeys,
    OperationError, Operations, Policy, Receipt, Services,
};
use records::Records;
use records::principals::{Language, Theme};
use records::simulated::{Moment, SimulatedRecords};
use wallet::ids::{BankId, CardId, HolderId, MerchantId, OperationId};

/// Runs a future that is ready when first polled, as all are here.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("every port answers at once"),
    }
}

pub(crate) const BANK: BankId = BankId::new(0xb1);
pub(crate) const CNY: Currency = Currency::CNY;

pub(crate) fn cny(minor: u64) -> Amount {
    Amount::from_minor(minor, CNY).unwrap()
}

pub(crate) fn key(text: &str) -> IdempotencyKey {
    text.parse().unwrap()
}

/// A clock that every look moves on by a microsecond.
pub(crate) struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.fetch_add(1_000, Ordering::Relaxed))
    }
}

impl TestClock {
    pub(crate) fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1_000_000_000, Ordering::Relaxed);
    }
}

struct Counter(AtomicU64);

impl Entropy for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        let next = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        if let Ok(secret) = <&mut [u8; 32]>::try_from(&mut *bytes) {
            // Secrets look like nothing else, so that a scan finds them and only them.
            *secret = *blake3::hash(&next).as_bytes();
            return;
        }
        for (byte, source) in bytes.iter_mut().rev().zip(next.iter().rev()) {
            *byte = *source;
        }
    }
}

/// What happens at the chosen moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The process dies: from then on nothing answers.
    Crash,
    /// One message is lost, if it is one to or from the ledger or the bank.
    Lost,
}

#[derive(Default)]
struct Plan {
    moments: u64,
    chosen: Option<(u64, Fate)>,
    dead: bool,
    struck: bool,
}

/// What somebody else does at a moment.
type Meanwhile = (u64, Box<dyn FnOnce() + Send>);

/// Counts the moments before and after the effect of every call, and strikes at one of them.
#[derive(Default)]
pub(crate) struct Faults {
    plan: Mutex<Plan>,
    meanwhile: Mutex<Option<Meanwhile>>,
}

impl Faults {
    pub(crate) fn strike(&self, moment: u64, fate: Fate) {
        *self.plan.lock().unwrap() = Plan { chosen: Some((moment, fate)), ..Plan::default() };
    }

    /// Lets somebody else do something at that moment.
    pub(crate) fn meanwhile(&self, moment: u64, what: impl FnOnce() + Send + 'static) {
        *self.meanwhile.lock().unwrap() = Some((moment, Box::new(what)));
    }

    pub(crate) fn rest(&self) {
        *self.plan.lock().unwrap() = Plan::default();
    }

    pub(crate) fn moments(&self) -> u64 {
        self.plan.lock().unwrap().moments
    }

    pub(crate) fn struck(&self) -> bool {
        self.plan.lock().unwrap().struck
    }

    /// Whether what happens now fails.
    fn hit(&self, by_records: bool) -> bool {
        let now = self.moments() + 1;
        let what = self.meanwhile.lock().unwrap().take_if(|(moment, _)| *moment == now);
        if let Some((_, what)) = what {
            what();
        }
        let mut plan = self.plan.lock().unwrap();
        if plan.dead {
            return true;
        }
        plan.moments += 1;
        let Some((_, fate)) = plan.chosen.filter(|(moment, _)| *moment == plan.moments) else {
            return false;
        };
        if fate == Fate::Lost && by_records {
            return false;
        }
        plan.struck = true;
        plan.dead = fate == Fate::Crash;
        true
    }
}

struct FaultyLedger {
    engine: Arc<Mutex<MemoryEngine>>,
    clock: Arc<TestClock>,
    faults: Arc<Faults>,
}

impl Submit for FaultyLedger {
    fn submit(&self, request: Request, reply: Reply) {
        let lost = || Err(EngineError::Unavailable("lost".to_owned()));
        if self.faults.hit(false) {
            return reply(lost());
        }
        let response = request.perform(&mut *self.engine.lock().unwrap(), self.clock.now());
        reply(if self.faults.hit(false) { lost() } else { response });
    }
}

struct FaultyBank {
    bank: Arc<EmbeddedBank>,
    faults: Arc<Faults>,
}

impl BankConnector for FaultyBank {
    fn call(&self, bank: BankId, request: bank::Request, reply: BankReply) {
        if self.faults.hit(false) {
            return reply(Err(BankUnavailable));
        }
        let faults = Arc::clone(&self.faults);
        let reply = move |answer| reply(if faults.hit(false) { Err(BankUnavailable) } else { answer });
        self.bank.call(bank, request, Box::new(reply));
    }
}

/// Where all money is, in minor units of CNY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Money {
    pub(crate) alice: u64,
    pub(crate) bob: u64,
    pub(crate) shop: u64,
    pub(crate) charged: u64,
    pub(crate) paid_out: u64,
}

pub(crate) struct World {
    pub(crate) engine: Arc<Mutex<MemoryEngine>>,
    pub(crate) records: Arc<SimulatedRecords>,
    pub(crate) bank: Arc<EmbeddedBank>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) faults: Arc<Faults>,
    /// Where keys are kept over a restart.
    pub(crate) keys: Arc<MemoryKeys>,
    entropy: Arc<Counter>,
    pub(crate) operations: Operations,
    pub(crate) alice: HolderId,
    pub(crate) bob: HolderId,
    pub(crate) shop: MerchantId,
    pub(crate) card: CardId,
    /// A completed payment of 30.00 by Alice.
    pub(crate) payment: OperationId,
}

/// Alice's account at the bank.
pub(crate) const ACCOUNT: AccountNumber = AccountNumber(1);

pub(crate) fn alices_pan() -> Pan {
    Pan::with_check_digit("622200001234567").unwrap()
}

/// The world as it was founded, to be copied: founding anew costs milliseconds.
struct Template {
    engine: MemoryEngine,
    image: Vec<u8>,
    alice: HolderId,
    bob: HolderId,
    shop: MerchantId,
    card: CardId,
    top_up: OperationId,
    payment: OperationId,
}

static TEMPLATE: LazyLock<Template> = LazyLock::new(found);

fn found() -> Template {
    let records = SimulatedRecords::new(Box::new(|_: Moment| false)).unwrap();
    let mut world = World::over(MemoryEngine::new(), records, 1);
    let operations = world.operations.clone();
    let new_bank = NewBank {
        id: BANK,
        code: "qlcb".to_owned(),
        name_zh: "青柳银行".to_owned(),
        name_en: "Qingliu Bank".to_owned(),
    };
    now(operations::merchants::add_bank(&operations, new_bank)).unwrap();
    world.alice = now(operations::holders::register(&operations, holder("alice", "李雷雷"))).unwrap();
    world.bob = now(operations::holders::register(&operations, holder("bob", "韩梅梅"))).unwrap();
    let new_merchant = NewMerchant {
        code: "willow-tea".to_owned(),
        name_zh: "柳茶".to_owned(),
        name_en: "Willow Tea".to_owned(),
        category: "tea".to_owned(),
    };
    world.shop = now(operations::merchants::admit(&operations, new_merchant)).unwrap();
    world.card = now(operations::cards::bind(&operations, bind_request(world.alice))).unwrap().id;
    let top_up = world.top_up("first", 13_000).unwrap().id;
    let payment = world.pay("first", 3_000).unwrap().id;
    let engine = world.engine.lock().unwrap().clone();
    Template {
        engine,
        image: world.records.image().unwrap(),
        alice: world.alice,
        bob: world.bob,
        shop: world.shop,
        card: world.card,
        top_up,
        payment,
    }
}

impl World {
    /// Alice has 100.00 in her wallet and 900.00 at the bank, Bob has 0, the shop has 30.00 from Alice.
    pub(crate) fn new() -> Self {
        let template = &*TEMPLATE;
        let records = SimulatedRecords::from_image(&template.image, Box::new(|_| false)).unwrap();
        let world = Self {
            alice: template.alice,
            bob: template.bob,
            shop: template.shop,
            card: template.card,
            payment: template.payment,
            ..Self::over(template.engine.clone(), records, 1_000)
        };
        let token =
            now(world.operations.services().records.read(move |sql| records::cards::get(sql, template.card)));
        let token = bank::Token(u128::from_str_radix(&token.unwrap().unwrap().token, 16).unwrap());
        let operation = bank::OperationRef(template.top_up.bits());
        let charge = bank::Request::Charge { operation, token, amount: cny(13_000) };
        world.bank.call(BANK, charge, Box::new(|answer| assert!(answer.is_ok())));
        world.faults.rest();
        world
    }

    /// Nobody yet, over these stores.
    fn over(engine: MemoryEngine, records: SimulatedRecords, first_id: u64) -> Self {
        let clock = Arc::new(TestClock(AtomicU64::new(1_800_000_000_000_000_000 + first_id * 1_000_000_000)));
        let faults = Arc::new(Faults::default());
        let bank = Arc::new(EmbeddedBank::in_memory(Arc::clone(&clock) as Arc<dyn Clock>));
        found_bank(&bank);
        let engine = Arc::new(Mutex::new(engine));
        let entropy = Arc::new(Counter(AtomicU64::new(first_id)));
        let records = Arc::new(records);
        let operations = build(&engine, &records, &bank, &clock, &faults, &entropy);
        let keys = Arc::new(MemoryKeys::default());
        assert!(operations.keep_keys(Arc::clone(&keys) as Arc<dyn KeyKeeper>));
        Self {
            engine,
            records,
            bank,
            clock,
            faults,
            keys,
            entropy,
            operations,
            alice: HolderId::new(0),
            bob: HolderId::new(0),
            shop: MerchantId::new(0),
            card: CardId::new(0),
            payment: OperationId::new(0),
        }
    }

    pub(crate) fn top_up(&self, name: &str, minor: u64) -> Result<Receipt, OperationError> {
        let request = CardRequest { holder: self.alice, card: self.card, amount: cny(minor) };
        now(operations::top_up::start(&self.operations, &key(name), request))
    }

    pub(crate) fn withdraw(&self, name: &str, minor: u64) -> Result<Receipt, OperationError> {
        let request = CardRequest { holder: self.alice, card: self.card, amount: cny(minor) };
        now(operations::withdrawal::start(&self.operations, &key(name), request))
    }

    pub(crate) fn pay(&self, name: &str, minor: u64) -> Result<Receipt, OperationError> {
        let request = PaymentRequest {
            payer: self.alice,
            merchant: self.shop,
            amount: cny(minor),
            memo: "tea".to_owned(),
            origin: operations::Origin::default(),
        };
        now(operations::payment::start(&self.operations, &key(name), request))
    }

    pub(crate) fn transfer(&self, name: &str, minor: u64) -> Result<Receipt, OperationError> {
        let payee = now(operations::payees::find(&self.operations, self.alice, "bob"))?;
        let request = operations::transfer::TransferRequest {
            payer: self.alice,
            payee: payee.holder,
            name_check: payee.name_check,
            amount: cny(minor),
            memo: String::new(),
            origin: operations::Origin::default(),
        };
        now(operations::transfer::start(&self.operations, &key(name), request))
    }

    pub(crate) fn refund(&self, name: &str, minor: u64) -> Result<Receipt, OperationError> {
        let request = operations::refund::RefundRequest {
            principal: wallet::ids::PrincipalId::new(77),
            merchant: self.shop,
            payment: self.payment,
            amount: Some(cny(minor)),
            memo: String::new(),
        };
        now(operations::refund::start(&self.operations, &key(name), request))
    }

    /// A new process over what survived: ledger and bank as they are, records from `records`.
    pub(crate) fn restart(&mut self, records: Arc<SimulatedRecords>) {
        self.faults.rest();
        self.records = records;
        self.arm_records();
        self.operations =
            build(&self.engine, &self.records, &self.bank, &self.clock, &self.faults, &self.entropy);
        assert!(self.operations.keep_keys(Arc::clone(&self.keys) as Arc<dyn KeyKeeper>));
    }

    /// Lets moments of the records count too.
    pub(crate) fn arm_records(&self) {
        let faults = Arc::clone(&self.faults);
        self.records.set_crash_when(Box::new(move |_| faults.hit(true)));
    }

    pub(crate) fn money(&self) -> Money {
        let wallet = |holder| {
            let wallets = now(operations::balances::of_holder(&self.operations, holder)).unwrap();
            wallets[0].balance.available.minor()
        };
        let shop = now(operations::balances::of_merchant(&self.operations, self.shop)).unwrap();
        let shop = shop.iter().find(|(currency, _)| *currency == CNY).unwrap().1.available.minor();
        let statement = self.bank.statement(BANK, CNY).unwrap();
        Money {
            alice: wallet(self.alice),
            bob: wallet(self.bob),
            shop,
            charged: statement.charged.minor(),
            paid_out: statement.paid_out.minor(),
        }
    }

    /// Nothing is in flight, and what banks issued is what holders and merchants own, to the cent.
    pub(crate) fn check_equation(&self) {
        let totals = now(operations::totals::count(&self.operations)).unwrap();
        assert!(totals.adds_up(), "{totals:?}");
        let statement = self.bank.statement(BANK, CNY).unwrap();
        let issued = i128::from(statement.charged.minor()) - i128::from(statement.paid_out.minor());
        for currency in &totals.currencies {
            assert_eq!((currency.coming, currency.leaving), (0, 0), "something is still in flight");
            let expected = if currency.currency == CNY { issued } else { 0 };
            assert_eq!(currency.float, expected, "ledger and bank disagree");
        }
    }

    pub(crate) fn row(&self, id: OperationId) -> Option<records::operations::Operation> {
        now(self.operations.services().records.read(move |sql| records::operations::get(sql, id))).unwrap()
    }

    pub(crate) fn count_open(&self) -> u64 {
        now(self.operations.services().records.read(records::operations::count_open)).unwrap()
    }

    /// How many transfers the ledger has.
    pub(crate) fn transfers(&self) -> usize {
        let filter = ledger::QueryFilter { limit: 8_190, ..ledger::QueryFilter::default() };
        self.engine.lock().unwrap().query_transfers(&filter).unwrap().len()
    }
}

fn build(
    engine: &Arc<Mutex<MemoryEngine>>,
    records: &Arc<SimulatedRecords>,
    bank: &Arc<EmbeddedBank>,
    clock: &Arc<TestClock>,
    faults: &Arc<Faults>,
    entropy: &Arc<Counter>,
) -> Operations {
    Operations::new(Services {
        ledger: Arc::new(FaultyLedger {
            engine: Arc::clone(engine),
            clock: Arc::clone(clock),
            faults: Arc::clone(faults),
        }),
        records: Records::new(Arc::clone(records) as _),
        bank: Arc::new(FaultyBank { bank: Arc::clone(bank), faults: Arc::clone(faults) }),
        clock: Arc::clone(clock) as _,
        entropy: Arc::clone(entropy) as _,
        policy: Policy::default(),
    })
}

pub(crate) fn limits(per_charge: u64, per_day: u64) -> CardLimits {
    CardLimits { per_charge: cny(per_charge), per_day: cny(per_day) }
}

fn found_bank(bank: &EmbeddedBank) {
    bank.found(BANK, [7; 32]).unwrap();
    let orders = vec![
        Order::OpenAccount(ACCOUNT, cny(103_000)),
        Order::IssueCard {
            pan: alices_pan(),
            holder_name: "LI LEI".to_owned(),
            expiry: Expiry { year: 2030, month: 12 },
            account: ACCOUNT,
            limits: limits(200_000, 500_000),
        },
    ];
    bank.orders(BANK, orders).unwrap();
}

pub(crate) fn holder(login: &str, name: &str) -> NewHolder {
    NewHolder {
        login: login.to_owned(),
        phone: None,
        name: name.to_owned(),
        latin_name: None,
        language: Language::Chinese,
        theme: Theme::System,
        password_hash: None,
        currency: CNY,
    }
}

pub(crate) fn bind_request(holder: HolderId) -> BindRequest {
    BindRequest {
        holder,
        bank: BANK,
        pan: alices_pan().digits().to_owned(),
        expiry: Expiry { year: 2030, month: 12 },
        holder_name: "Li Lei".to_owned(),
        label: String::new(),
    }
}

/// Somebody whom the operator hires.
pub(crate) fn person(login: &str) -> NewStaff {
    NewStaff {
        login: login.to_owned(),
        name: login.to_owned(),
        latin_name: None,
        language: Language::English,
        password_hash: None,
    }
}

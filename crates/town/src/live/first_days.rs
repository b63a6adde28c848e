//! The first ninety days of a new town, lived as fast as the machine can: on the real stores, which are made durable once
//! at the end, because nobody relies on them before.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bank::{Bank, Event as BankEvent, Handled, Request};
use ledger::{Engine, Submit, Timestamp};
use ledger_embedded::storage::FileStorage;
use ledger_embedded::{EmbeddedEngine, InlineLedger};
use operations::embedded_bank::EmbeddedBank;
use operations::{BankConnector, BankReply, BankUnavailable, Clock, Entropy, Operations, Policy, Services};
use records::direct::DirectRecords;
use records::{Records, meta};
use wallet::ids::{BankId, HolderId};

use super::community;
use super::control;
use super::errors::LiveError;
use super::townsfolk::Townsfolk;
use crate::economy::{BankIndex, Day, Economy, Event, Minute, Population};
use crate::founding;
use crate::poll::poll_once;
use crate::set_clock::SetClock;

/// How many days the town has lived when a visitor first sees it.
pub const FIRST_DAYS: u32 = 90;

/// The name in the records under which the town keeps its seed.
pub(super) const SEED: &str = "town_seed";

/// What to found.
pub(super) struct NewTown<'a> {
    /// The data directory, which is empty or does not exist.
    pub(super) data: &'a Path,
    /// Decides who lives there and how.
    pub(super) seed: u64,
    /// How many days it lives before the visitor comes.
    pub(super) days: u32,
    /// The moment at which the visitor comes.
    pub(super) now: Timestamp,
    /// What every principal can log in with, in PHC form.
    pub(super) password_hash: String,
    /// Ids that nobody can guess.
    pub(super) entropy: Arc<dyn Entropy>,
}

/// Founds the town and lives its first days. Not from within a task of a runtime, whose budget would make a store that
/// answers at once seem slow.
///
/// # Errors
/// See [`LiveError`]; what was begun is removed by the next attempt.
pub(super) fn found(town: &NewTown<'_>) -> Result<(), LiveError> {
    let aside = town.data.with_extension("founding");
    if aside.exists() {
        fs::remove_dir_all(&aside).map_err(|error| LiveError::directory(&aside, &error))?;
    }
    fs::create_dir_all(&aside).map_err(|error| LiveError::directory(&aside, &error))?;
    live_aside(town, &aside)?;
    if town.data.exists() {
        fs::remove_dir(town.data).map_err(|error| LiveError::directory(town.data, &error))?;
    }
    fs::rename(&aside, town.data).map_err(|error| LiveError::directory(town.data, &error))
}

fn live_aside(town: &NewTown<'_>, directory: &Path) -> Result<(), LiveError> {
    let clock = Arc::new(SetClock::default());
    let first = Day::of(town.now).minus(town.days);
    clock.set(first.at(Minute(0), 0));
    let mut economy = Economy::found(town.seed);
    let stores = Stores::open(town, directory, &clock, economy.population())?;
    let operations = stores.operations(town);
    let keeper = server::audit_log_keeper(directory, &*town.entropy);
    operations.keep_log(keeper.map_err(|error| LiveError::directory(directory, &error))?);
    let hash = Some(town.password_hash.as_str());
    let residents = ready(founding::found(&operations, economy.population(), hash))??;
    for index in BankIndex::all() {
        stores.bank.order(founding::bank_id(index), founding::late_bank_orders(economy.population(), index));
        stores.bank.order(founding::bank_id(index), founding::visitors_orders(economy.population(), index));
    }
    let mut townsfolk = Townsfolk::new(residents, "first");
    for offset in 0..=town.days {
        let events = economy.live(first.plus(offset));
        live_day(&operations, &clock, &mut townsfolk, &events, town.now)?;
    }
    leave_work_for_operators(&operations, &stores, town, &economy)?;
    let seed = town.seed.to_string();
    let records = &operations.services().records;
    ready(records.write(move |sql| meta::set(sql, SEED, &seed)))?
        .map_err(operations::OperationError::from)?;
    drop(operations);
    stores.close(directory, town.seed)
}

/// What the operator's people find on their first day.
fn leave_work_for_operators(
    operations: &Operations,
    stores: &Stores,
    town: &NewTown<'_>,
    economy: &Economy,
) -> Result<(), LiveError> {
    let residents = ready(founding::find(operations, economy.population()))??;
    ready(community::seed(operations, economy.population(), &residents, town.now))??;
    ready(control::hire(operations, &town.password_hash))??;
    ready(control::switch_on_rule(operations))??;
    let mut holders = economy.population().indices().map(|index| residents.holder(index));
    let rich = holders.find(|holder| is_rich(operations, *holder));
    if let (Some(payer), Some(payee)) = (rich, holders.next()) {
        let clock = &stores.clock;
        let tick = || clock.set(Timestamp(clock.now().0 + ledger::NANOSECONDS_PER_SECOND));
        ready(control::suspicious_transfers(operations, (payer, residents.login(payee)), tick))??;
    }
    let Some(index) = BankIndex::all().next() else { return Ok(()) };
    let id = founding::bank_id(index);
    let bank = stores.bank.state().banks.get(&id).cloned();
    match bank {
        Some(bank) => Ok(ready(control::import_statement(operations, (id, &bank), stores.clock.now()))??),
        None => Ok(()),
    }
}

/// Whether somebody can send the suspicious transfers.
fn is_rich(operations: &Operations, holder: HolderId) -> bool {
    let balances = ready(operations::balances::of_holder(operations, holder));
    let enough = |wallet: &operations::balances::WalletBalance| {
        wallet.balance.available.currency() == money::Currency::CNY
            && wallet.balance.available.minor() > control::TOGETHER
    };
    matches!(balances, Ok(Ok(wallets)) if wallets.iter().any(enough))
}

fn live_day(
    operations: &Operations,
    clock: &SetClock,
    townsfolk: &mut Townsfolk,
    events: &[Event],
    until: Timestamp,
) -> Result<(), LiveError> {
    for event in events.iter().filter(|event| event.at < until) {
        clock.set(event.at);
        let Some((envelope, ask)) = townsfolk.request_of(event) else { continue };
        let answer = ready(crate::perform::perform(operations.clone(), envelope, ask))?;
        townsfolk.learn(event, &answer);
    }
    Ok(())
}

/// The value of a future whose every port answers at once.
fn ready<T>(future: impl Future<Output = T>) -> Result<T, LiveError> {
    poll_once(future).ok_or(LiveError::NeverAnswered)
}

/// The stores of a town that nobody relies on yet.
struct Stores {
    ledger: Arc<InlineLedger<FileStorage>>,
    records: Arc<DirectRecords>,
    bank: Arc<FoundingBank>,
    clock: Arc<SetClock>,
}

impl Stores {
    fn open(
        town: &NewTown<'_>,
        directory: &Path,
        clock: &Arc<SetClock>,
        population: &Population,
    ) -> Result<Self, LiveError> {
        let storage = FileStorage::open(&directory.join("ledger"))?;
        let engine = EmbeddedEngine::open(storage).map_err(LiveError::Ledger)?;
        let now = Arc::clone(clock);
        let ledger = InlineLedger::new(engine, Arc::new(move || now.now()));
        ledger.set_deferred(true);
        let records = DirectRecords::open(&directory.join("records.sqlite")).map_err(LiveError::Records)?;
        let bank = FoundingBank::open(population, town.seed, Arc::clone(clock));
        Ok(Self {
            ledger: Arc::new(ledger),
            records: Arc::new(records),
            bank: Arc::new(bank),
            clock: Arc::clone(clock),
        })
    }

    fn operations(&self, town: &NewTown<'_>) -> Operations {
        let ledger: Arc<dyn Submit> = Arc::<InlineLedger<FileStorage>>::clone(&self.ledger);
        Operations::new(Services {
            ledger,
            records: Records::new(Arc::<DirectRecords>::clone(&self.records)),
            bank: Arc::<FoundingBank>::clone(&self.bank),
            clock: Arc::<SetClock>::clone(&self.clock),
            entropy: Arc::clone(&town.entropy),
            policy: Policy::default(),
        })
    }

    /// Makes everything durable.
    fn close(self, directory: &Path, seed: u64) -> Result<(), LiveError> {
        self.records.commit().map_err(LiveError::Records)?;
        let ledger = Arc::into_inner(self.ledger).ok_or(LiveError::NeverAnswered)?;
        let mut engine = ledger.into_engine();
        engine.set_deferred(false);
        engine.advance(self.clock.now()).map_err(LiveError::Engine)?;
        engine.close().map_err(LiveError::Engine)?;
        let keys: Vec<(BankId, [u8; 32])> =
            BankIndex::all().map(|bank| (founding::bank_id(bank), founding::token_key(bank, seed))).collect();
        let events = std::mem::take(&mut self.bank.state().events);
        EmbeddedBank::write_history(&directory.join("bank.sqlite"), &keys, &events).map_err(LiveError::Bank)
    }
}

/// The banks during the first days: they answer at once, and remember what happened.
struct FoundingBank {
    state: Mutex<FoundingBanks>,
    clock: Arc<SetClock>,
}

#[derive(Default)]
struct FoundingBanks {
    banks: BTreeMap<BankId, Bank>,
    events: Vec<(BankId, BankEvent)>,
}

impl FoundingBank {
    fn open(population: &Population, seed: u64, clock: Arc<SetClock>) -> Self {
        let now = clock.now();
        let bank = Self { state: Mutex::default(), clock };
        for index in BankIndex::all() {
            let id = founding::bank_id(index);
            bank.state().banks.insert(id, Bank::new(founding::token_key(index, seed)));
            bank.order(id, founding::bank_orders(population, index, now));
        }
        bank
    }

    fn state(&self) -> MutexGuard<'_, FoundingBanks> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out what the bank does not refuse: the population has each account and card once.
    fn order(&self, id: BankId, orders: Vec<bank::Order>) {
        let mut state = self.state();
        for order in orders {
            if let Some(Ok(event)) = state.banks.get_mut(&id).map(|bank| bank.order(order)) {
                state.events.push((id, event));
            }
        }
    }
}

impl BankConnector for FoundingBank {
    fn call(&self, id: BankId, request: Request, reply: BankReply) {
        let mut state = self.state();
        let handled = state.banks.get_mut(&id).map(|bank| bank.handle(self.clock.now(), &request));
        let Some(Handled { event, response }) = handled else {
            drop(state);
            return reply(Err(BankUnavailable));
        };
        state.events.extend(event.map(|event| (id, event)));
        drop(state);
        reply(response.ok_or(BankUnavailable));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use operations::{Clock, merchants, totals};
    use records::merchants::MerchantStatus;
    use server::{OsEntropy, ServeOptions, SystemClock};

    use super::{NewTown, found};
    use crate::economy::Economy;
    use crate::economy::places::CANTEEN;
    use crate::founding;
    use crate::live::shop_floor;

    #[test]
    fn a_town_opens_again_after_a_shop_was_suspended() {
        let data = std::env::temp_dir().join(format!("sycee-reopening-test-{}", std::process::id()));
        let (entropy, now) = (Arc::new(OsEntropy), SystemClock.now());
        let password_hash = "no password fits".to_owned();
        found(&NewTown { data: &data, seed: 3, days: 1, now, password_hash, entropy }).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = server::open(ServeOptions::embedded(&data)).await.unwrap();
            let economy = Economy::found(3);
            let residents = founding::find(app.operations(), economy.population()).await.unwrap();
            shop_floor::set_up(&app, &residents).await.unwrap();
            let shop = residents.shop(CANTEEN);
            merchants::set_status(app.operations(), shop, MerchantStatus::Suspended).await.unwrap();
            shop_floor::set_up(&app, &residents).await.unwrap();
        });
        std::fs::remove_dir_all(&data).unwrap();
    }

    #[test]
    fn a_founded_town_adds_up_and_its_people_are_found_again() {
        let data = std::env::temp_dir().join(format!("sycee-founding-test-{}", std::process::id()));
        let (entropy, now) = (Arc::new(OsEntropy), SystemClock.now());
        let password_hash = "no password fits".to_owned();
        found(&NewTown { data: &data, seed: 3, days: 2, now, password_hash, entropy }).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = server::open(ServeOptions::embedded(&data)).await.unwrap();
            let totals = totals::count(app.operations()).await.unwrap();
            assert!(totals.adds_up());
            assert!(totals.currencies.iter().any(|sums| sums.wallets > 0 && sums.merchants > 0));
            let economy = Economy::found(3);
            let residents = founding::find(app.operations(), economy.population()).await.unwrap();
            assert!(economy.population().indices().all(|holder| residents.holder(holder).bits() != 0));
        });
        std::fs::remove_dir_all(&data).unwrap();
    }
}

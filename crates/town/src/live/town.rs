//! The town that a visitor sees: opened or founded, served, and living on at a pace that can be watched.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use operations::{Clock, Entropy, Operations, balances, checkout_origins, webhooks};
use pages::landing::{Outing, OutingKind, Role as LoginRole};
use pages::town::Bilingual;
use records::webhooks::EndpointState;
use records::{api_keys, meta};
use server::{App, NeighbourSite, OsEntropy, ServeOptions, SystemClock, TownLogin, TownView};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::bank_site;
use super::card_office;
use super::card_panel;
use super::control;
use super::errors::LiveError;
use super::first_days::{self, FIRST_DAYS, NewTown, SEED};
use super::records_room;
use super::sample_shop::{self, ShopOptions};
use super::shop_floor::{self, CASHIER_PIN};
use super::townsfolk::Townsfolk;
use crate::economy::people::PEOPLE;
use crate::economy::places::{BOOKS, CANTEEN, NOODLES, TEA};
use crate::economy::{BANKS, Day, Economy, Event, EventNumber, HolderIndex, SHOPS, ShopIndex};
use crate::founding::{self, Residents};
use crate::perform::perform;

/// What a town is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOptions {
    /// The port on the loopback address; 0: any free one.
    pub port: u16,
    /// Decides who lives there and how. An existing town keeps its own.
    pub seed: u64,
    /// The data directory; founded where it does not exist or is empty.
    pub data: PathBuf,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self { port: 8080, seed: 7, data: PathBuf::from("town-data") }
    }
}

/// The password of everybody in the town: it is a demonstration, and its address is the key.
pub const PASSWORD: &str = "willows by the river";

/// Real time between two events of the town: one simulated minute takes a second, within these bounds.
const PACE: (Duration, Duration) = (Duration::from_millis(120), Duration::from_millis(1_400));

/// Runs the town until Ctrl-C.
///
/// # Errors
/// See [`LiveError`].
pub fn run_live(options: &LiveOptions) -> Result<(), LiveError> {
    let started = Instant::now();
    if is_empty(&options.data)? {
        say(&format!(
            "Founding Qingliu Town, seed {}: banks, shops, cards, 90 days of life …",
            options.seed
        ))?;
        found(options)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| LiveError::Listener(format!("cannot start threads: {error}")))?;
    runtime.block_on(open(options, started))
}

/// Whether there is nothing in the directory yet.
fn is_empty(data: &Path) -> Result<bool, LiveError> {
    match std::fs::read_dir(data) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(LiveError::directory(data, &error)),
    }
}

fn found(options: &LiveOptions) -> Result<(), LiveError> {
    let mut salt = [0; 16];
    OsEntropy.fill(&mut salt);
    let hashed = server::hash_password(PASSWORD, &salt);
    let password_hash =
        hashed.map_err(|error| LiveError::Listener(format!("cannot hash a password: {error}")))?;
    first_days::found(&NewTown {
        data: &options.data,
        seed: options.seed,
        days: FIRST_DAYS,
        now: SystemClock.now(),
        password_hash,
        entropy: Arc::new(OsEntropy),
    })
}

async fn open(options: &LiveOptions, started: Instant) -> Result<(), LiveError> {
    let mut serve = ServeOptions::embedded(&options.data);
    // The sample shop is on this machine.
    serve.settings.webhooks_to_loopback = true;
    // Nobody waits eight days here for the rest of a lost card.
    serve.policy.clearing_window_days = 0;
    let app = server::open(serve).await?;
    let seed = seed_of(&app).await?;
    let economy = Economy::found(seed);
    let residents = founding::find(app.operations(), economy.population()).await?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let busy =
        |error| LiveError::Listener(format!("cannot listen on {address}: {error}. Choose another --port"));
    let listener = TcpListener::bind(address).await.map_err(busy)?;
    let address = listener.local_addr().map_err(|error| LiveError::Listener(error.to_string()))?;
    app.open_town(view(&economy, &residents, address.port()));
    shop_floor::set_up(&app, &residents).await?;
    card_office::set_up(&app, &residents, &options.data).await?;
    let shop = open_shop(&app, &residents, address).await?;
    let tills = Arc::new(card_office::open(&app, &residents, &options.data, address).await?);
    say(&greeting(&app, seed, address, started.elapsed(), &options.data).await?)?;
    let stop = stop_signal().map_err(|error| LiveError::Listener(error.to_string()))?;
    let life = tokio::spawn(live_on(app.operations().clone(), economy, residents));
    let mut sites = vec![NeighbourSite { host: sample_shop::HOST, router: sample_shop::router(shop) }];
    let bank = bank_site::router(&app, address.port());
    sites.extend(bank.map(|router| NeighbourSite { host: bank_site::HOST, router }));
    let pages_of_tills = tills.tills.iter();
    sites.extend(pages_of_tills.map(|till| NeighbourSite { host: till.host, router: till.site.router() }));
    sites.push(NeighbourSite { host: card_panel::HOST, router: card_panel::router(&app, &tills) });
    let records = records_room::router(&app, address.port());
    sites.push(NeighbourSite { host: records_room::HOST, router: records });
    let served = server::serve_beside(listener, app, sites, stop).await;
    life.abort();
    // What it was doing is finished by the next start-up check, like any interrupted operation.
    drop(life.await);
    served.map_err(|error| LiveError::Listener(error.to_string()))?;
    say("The town sleeps; start it again to go on.")
}

/// What the sample shop needs from the wallet: a key, an endpoint, an origin to return to. Those of its last opening end.
async fn open_shop(app: &App, residents: &Residents, address: SocketAddr) -> Result<ShopOptions, LiveError> {
    let merchant = residents.shop(BOOKS);
    let owner = residents.staff(merchant);
    let (operations, now) = (app.operations(), app.now());
    let ended = app.records().write(move |sql| {
        for key in api_keys::list_valid(sql, owner)?.iter().filter(|key| key.label == SHOP_KEY) {
            api_keys::revoke(sql, owner, key.id, now)?;
        }
        Ok(())
    });
    ended.await.map_err(LiveError::Records)?;
    for endpoint in webhooks::endpoints(operations, merchant).await? {
        if endpoint.url.starts_with(&format!("http://{}:", sample_shop::HOST)) {
            webhooks::set_state(operations, merchant, endpoint.id, EndpointState::Removed).await?;
        }
    }
    let origin = format!("http://{}:{}", sample_shop::HOST, address.port());
    checkout_origins::register(operations, merchant, &origin).await?;
    let endpoint = webhooks::add_endpoint(operations, merchant, format!("{origin}/webhook")).await?;
    let api_key = app.create_order_key(owner, SHOP_KEY).await;
    let api_key = api_key.map_err(|problem| LiveError::Listener(problem.detail().to_owned()))?;
    Ok(ShopOptions { wallet: address, api_key, webhook_secret: endpoint.secret })
}

/// What the sample shop's key is called.
const SHOP_KEY: &str = "sample shop";

async fn seed_of(app: &App) -> Result<u64, LiveError> {
    let stored = app.records().read(|sql| meta::get(sql, SEED)).await.map_err(LiveError::Records)?;
    stored.and_then(|seed| seed.parse().ok()).ok_or_else(|| {
        LiveError::NotThisTown(
            "this directory holds a server's data, not a town. Choose another with --data".into(),
        )
    })
}

/// Lives on: every event of the economy in its order, a simulated minute to a second.
async fn live_on(operations: Operations, mut economy: Economy, residents: Residents) {
    let now = operations.services().clock.now();
    for holder in economy.population().indices().collect::<Vec<_>>() {
        let known = balances::of_holder(&operations, residents.holder(holder)).await;
        for wallet in known.unwrap_or_default() {
            economy.believe(holder, wallet.balance.available, EventNumber(now.0 / NANOSECONDS_PER_SECOND));
        }
    }
    let mut townsfolk = Townsfolk::new(residents, &format!("live-{}", now.0));
    let mut day = Day::of(now);
    let mut simulated = now;
    loop {
        for event in economy.live(day) {
            if event.at < simulated {
                continue;
            }
            tokio::time::sleep(pause(simulated, event.at)).await;
            simulated = event.at;
            act(&operations, &mut townsfolk, &event).await;
        }
        day = day.plus(1);
    }
}

fn pause(from: Timestamp, to: Timestamp) -> Duration {
    let simulated = Duration::from_nanos(to.0.saturating_sub(from.0));
    (simulated / 60).clamp(PACE.0, PACE.1)
}

async fn act(operations: &Operations, townsfolk: &mut Townsfolk, event: &Event) {
    let Some((envelope, ask)) = townsfolk.request_of(event) else { return };
    let answer = perform(operations.clone(), envelope, ask).await;
    townsfolk.learn(event, &answer);
}

fn view(economy: &Economy, residents: &Residents, port: u16) -> TownView {
    let mut logins = Vec::new();
    for holder in [HolderIndex(0), HolderIndex(1)] {
        let profile = economy.population().holder(holder);
        logins.push(TownLogin {
            who: profile.login.clone(),
            role: LoginRole::Holder,
            name: Bilingual::new(&profile.name_zh, &profile.name_en),
            principal: residents.holder(holder).into(),
        });
    }
    for shop in [CANTEEN, NOODLES, TEA, BOOKS] {
        logins.push(shop_login(shop, residents));
    }
    logins.push(TownLogin {
        who: founding::OPERATOR_LOGIN.to_owned(),
        role: LoginRole::Operator,
        name: Bilingual::new("运营方", "Operator"),
        principal: founding::staff_id(founding::OPERATOR_LOGIN),
    });
    logins.push(TownLogin {
        who: control::RISK_LOGIN.to_owned(),
        role: LoginRole::Operator,
        name: Bilingual::new("周敏 · 风控", "Zhou Min · risk"),
        principal: founding::staff_id(control::RISK_LOGIN),
    });
    logins.push(TownLogin {
        who: control::AUDITOR_LOGIN.to_owned(),
        role: LoginRole::Operator,
        name: Bilingual::new("何静 · 审计", "He Jing · auditor"),
        principal: founding::staff_id(control::AUDITOR_LOGIN),
    });
    TownView { logins, outings: outings(port), holders: u32::try_from(PEOPLE).unwrap_or(u32::MAX) }
}

/// Where a visitor can go besides.
fn outings(port: u16) -> Vec<Outing> {
    [
        (OutingKind::WebShop, sample_shop::HOST, "/"),
        (OutingKind::Cards, card_panel::HOST, "/"),
        (OutingKind::TwoCards, card_panel::HOST, "/two-cards"),
        (OutingKind::RecordsRoom, records_room::HOST, "/"),
    ]
    .map(|(kind, host, path)| Outing { kind, address: format!("http://{host}:{port}{path}") })
    .to_vec()
}

fn shop_login(shop: ShopIndex, residents: &Residents) -> TownLogin {
    let profile = shop.profile();
    TownLogin {
        who: profile.login.to_owned(),
        role: LoginRole::Merchant,
        name: Bilingual::new(profile.name.zh, profile.name.en),
        principal: residents.staff(residents.shop(shop)),
    }
}

/// The map in the terminal.
async fn greeting(
    app: &App,
    seed: u64,
    address: SocketAddr,
    ready_in: Duration,
    data: &Path,
) -> Result<String, LiveError> {
    let adds_up = operations::totals::count(app.operations()).await?.adds_up();
    let host = format!("http://localhost:{}", address.port());
    let (banks, shops) = (BANKS.len(), SHOPS.len());
    let seconds = ready_in.as_millis();
    let sum = if adds_up { "sum = 0 ✓" } else { "SUM IS NOT 0: run sycee audit" };
    let lines = [
        format!(
            " 青柳镇 Qingliu Town is open   seed {seed} · {banks} banks · {shops} shops · {PEOPLE} holders"
        ),
        String::new(),
        format!("   Start here    {host}"),
        format!("   李雷 Li Lei    {host}/town/login/lilei"),
        format!("   韩梅梅         {host}/town/login/hanmeimei"),
        format!("   Canteen       {host}/town/login/canteen"),
        format!("   Till          {host}/till      (PIN of the cashier: {CASHIER_PIN})"),
        format!("   Web shop      http://{}:{}", sample_shop::HOST, address.port()),
        format!("   Cards, tills  http://{}:{}", card_panel::HOST, address.port()),
        format!("   Records room  http://{}:{}", records_room::HOST, address.port()),
        format!("   Back office   {host}/town/login/operator"),
        format!("   API           {host}/api/v1/openapi.json"),
        String::new(),
        format!("   ledger: {sum}   ready in {}.{:02} s", seconds / 1000, seconds % 1000 / 10),
        format!("   everybody's password: {PASSWORD}"),
        format!("   Ctrl-C stops · data in {} (delete it to start anew)", data.display()),
    ];
    let rule = "─".repeat(78);
    Ok(format!("{rule}\n{}\n{rule}", lines.join("\n")))
}

fn say(line: &str) -> Result<(), LiveError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| LiveError::Listener(error.to_string()))
}

/// Resolves at the first Ctrl-C or `SIGTERM`.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

//! The card purses of the town: a key from a ceremony, a batch of cards, who has which, and the terminals that take them.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use messages::card::TerminalId;
use money::Currency;
use operations::card_purses::grades::Identity;
use operations::card_purses::issuing::{self, BatchRequest, PURSE_AID, SECURITY_MODULE_FILE};
use operations::card_purses::keys;
use operations::card_purses::terminals::{self, NewTerminal};
use operations::card_purses::{binding, identity};
use operations::key_ceremony::{self, Purpose};
use operations::{IdempotencyKey, OperationError, Operations};
use purse::amount::Amount;
use purse::fields::Asn;
use records::{api_keys, meta};
use server::App;
use terminal::Station;
use terminal::book::Record;
use till::{Fare, Gate, HostAddress, Item, Mode, Options};
use virtual_card::personalisation::Personalisation;
use virtual_card::plugged::PluggedCard;
use wallet::ids::PrincipalId;

use super::card_table::{CardTable, file_name, module_reader};
use super::control::{AUDITOR_LOGIN, RISK_LOGIN};
use super::errors::LiveError;
use crate::economy::places::{BUS, CANTEEN, TEA};
use crate::economy::{HolderIndex, ShopIndex};
use crate::founding::{OPERATOR_LOGIN, Residents, staff_id};

/// A terminal of the town.
struct Place {
    /// The host of its page.
    host: &'static str,
    /// The number of the terminal.
    id: TerminalId,
    shop: ShopIndex,
    name: (&'static str, &'static str),
    mode: Mode,
    items: &'static [(&'static str, &'static str, u32)],
}

const PLACES: [Place; 3] = [
    Place {
        host: "canteen-till.localhost",
        id: TerminalId([0x10, 0x00, 0x00, 0x00, 0x00, 0x03]),
        shop: CANTEEN,
        name: ("阳光食堂 3 号窗口", "Sunshine Canteen, window 3"),
        mode: Mode::Counter,
        items: &[
            ("牛肉面", "Beef noodles", 850),
            ("米饭", "Rice", 100),
            ("豆浆", "Soy milk", 200),
            ("小笼包", "Soup dumplings", 600),
        ],
    },
    Place {
        host: "tea-till.localhost",
        id: TerminalId([0x10, 0x00, 0x00, 0x00, 0x00, 0x11]),
        shop: TEA,
        name: ("柳岸茶馆", "Willow Bank Tea House"),
        mode: Mode::Counter,
        items: &[
            ("龙井", "Longjing", 1_800),
            ("茉莉花茶", "Jasmine tea", 1_200),
            ("桂花糕", "Osmanthus cake", 800),
        ],
    },
    Place {
        host: "bus-gate.localhost",
        id: TerminalId([0x10, 0x00, 0x00, 0x00, 0x00, 0x21]),
        shop: BUS,
        name: ("青柳公交 2 路闸机", "Qingliu Bus, line 2 gate"),
        mode: Mode::Gate(Gate {
            station: Station { line: 2, station: 5 },
            fare: Fare { base: Amount::new(200), step: Amount::new(50) },
        }),
        items: &[],
    },
];

/// How many cards the first batch has, and how many of them have a holder.
const CARDS: u32 = 12;
const GIVEN: usize = 6;
/// How many of the holders have shown a document: their cards have a credit grade from the first terminal on that is online.
const CHECKED: usize = 3;
/// For how many years they are good.
const VALID_YEARS: u32 = 5;

/// The fact of the installation that the cards were made.
const SET_UP: &str = "town_card_purses_set_up";
/// What the keys of terminals are called.
const TERMINAL_KEY: &str = "card terminal";
/// How often a terminal looks for the server.
const SYNC_EVERY: Duration = Duration::from_secs(5);

/// A terminal that runs, and where its page is.
pub(super) struct Till {
    pub(super) id: TerminalId,
    pub(super) host: &'static str,
    pub(super) name: (&'static str, &'static str),
    pub(super) address: String,
    pub(super) site: till::Site,
}

/// The cards and terminals of the town.
pub(super) struct Tills {
    pub(super) table: CardTable,
    pub(super) tills: Vec<Till>,
}

impl Tills {
    /// The records of every terminal about a card.
    pub(super) fn records_of(&self, card: Asn) -> Vec<(&Till, Record)> {
        let mut found = Vec::new();
        for till in &self.tills {
            let records = till.site.records().into_iter();
            found.extend(records.filter(|record| record.intent.card == card).map(|record| (till, record)));
        }
        found
    }
}

/// Makes keys, cards and terminals, unless they were made: what an interruption left half done is finished.
///
/// # Errors
/// See [`LiveError`].
pub(super) async fn set_up(app: &App, residents: &Residents, data: &Path) -> Result<(), LiveError> {
    let (operations, records) = (app.operations(), app.records());
    if records.read(|sql| meta::get(sql, SET_UP)).await.map_err(LiveError::Records)?.is_some() {
        return Ok(());
    }
    open_key(operations).await?;
    make_cards(operations, residents, &cards_directory(data)).await?;
    for place in &PLACES {
        make_terminal(operations, residents, place, &terminal_directory(data, place)).await?;
    }
    records.write(|sql| meta::set(sql, SET_UP, "yes")).await.map_err(LiveError::Records)
}

fn cards_directory(data: &Path) -> PathBuf {
    data.join("cards")
}

fn terminal_directory(data: &Path, place: &Place) -> PathBuf {
    data.join("terminals").join(terminals::name(place.id))
}

/// Three of the operator's people hold a ceremony: each writes a share down and types it back, two bring theirs.
async fn open_key(operations: &Operations) -> Result<(), OperationError> {
    if keys::open(operations).await.is_ok() {
        return Ok(());
    }
    let custodians = [OPERATOR_LOGIN, RISK_LOGIN, AUDITOR_LOGIN].map(staff_id);
    let [founder, second, _] = custodians;
    let key = key_ceremony::begin(operations, founder, Purpose::CardPurses, &custodians).await?;
    let mut shares = Vec::new();
    for custodian in custodians {
        let share = key_ceremony::own_share(operations, custodian, key).await?;
        key_ceremony::keep_share(operations, custodian, key, &share).await?;
        shares.push(share);
    }
    for (custodian, share) in [founder, second].into_iter().zip(&shares) {
        key_ceremony::bring_share(operations, custodian, key, share).await?;
    }
    Ok(())
}

/// Orders the batch, makes each card, and gives some of them to people.
async fn make_cards(
    operations: &Operations,
    residents: &Residents,
    directory: &Path,
) -> Result<(), LiveError> {
    fs::create_dir_all(directory).map_err(|error| LiveError::directory(directory, &error))?;
    let founder = staff_id(OPERATOR_LOGIN);
    let Ok(key) = "town-cards".parse::<IdempotencyKey>() else { return Ok(()) };
    let request = BatchRequest {
        count: CARDS,
        currency: Currency::CNY,
        label: "青柳卡 Qingliu card".to_owned(),
        valid_years: VALID_YEARS,
    };
    let batch = issuing::order_batch(operations, founder, &key, request).await?;
    let (_, cards) = issuing::batch(operations, batch.id).await?;
    for (number, card) in cards.iter().enumerate() {
        let name = file_name(Asn(card.asn.0));
        let path = directory.join(format!("{name}.memory"));
        if !path.exists() {
            let text = issuing::personalisation(operations, founder, card.asn).await?;
            make_card(&text, &path).await?;
        }
        if number >= GIVEN {
            continue;
        }
        let holder = residents.holder(HolderIndex(u16::try_from(number).unwrap_or(0)));
        if number < CHECKED {
            identity::check(operations, founder, holder, Identity::Document).await?;
        }
        match binding::give(operations, founder, card.asn, holder).await {
            Ok(_) => {}
            // Given before the interruption.
            Err(OperationError::CardPurse(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn make_card(personalisation: &str, path: &Path) -> Result<(), LiveError> {
    let what = Personalisation::read(personalisation)
        .map_err(|error| LiveError::Cards(format!("personalisation: {error}")))?;
    let path = path.to_owned();
    let made = tokio::task::spawn_blocking(move || PluggedCard::make(&what, &path).map(drop)).await;
    match made {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(LiveError::Cards(error.to_string())),
        Err(error) => Err(LiveError::Cards(error.to_string())),
    }
}

/// Makes a terminal's key and security module, and registers it.
async fn make_terminal(
    operations: &Operations,
    residents: &Residents,
    place: &Place,
    directory: &Path,
) -> Result<(), LiveError> {
    let issuer_key = keys::public_key(operations).await?;
    let setup = till::setup::Setup {
        aid: issuing::digits(&PURSE_AID),
        module_file: issuing::digits(&SECURITY_MODULE_FILE),
        levels: 1,
        issuer: issuing::digits(&keys::issuer_name().0),
        issuer_key: issuing::digits(&issuer_key.to_bytes()),
    };
    let failed = |error: till::setup::SetupError| LiveError::Cards(error.to_string());
    let public = match till::setup::make(directory, &setup) {
        Err(till::setup::SetupError::Made) => till::setup::read(directory).map_err(failed)?.key.public(),
        made => made.map_err(failed)?,
    };
    let founder = staff_id(OPERATOR_LOGIN);
    let new = NewTerminal {
        id: place.id,
        merchant: residents.shop(place.shop),
        label: format!("{} {}", place.name.0, place.name.1),
        public_key: public.to_bytes(),
    };
    match terminals::register(operations, founder, new).await {
        Ok(_) | Err(OperationError::Taken { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let module = directory.join(MODULE_FILE);
    if module.exists() {
        return Ok(());
    }
    let text = issuing::security_module(operations, founder, place.id).await?;
    make_card(&text, &module).await
}

/// The memory of a terminal's security module.
const MODULE_FILE: &str = "module.memory";

/// Opens the terminals, which then look for the server at this address by themselves.
///
/// # Errors
/// See [`LiveError`].
pub(super) async fn open(
    app: &App,
    residents: &Residents,
    data: &Path,
    address: SocketAddr,
) -> Result<Tills, LiveError> {
    let broken = |error: std::io::Error| LiveError::directory(&cards_directory(data), &error);
    let table = CardTable::open(cards_directory(data), &PURSE_AID, PLACES.len()).map_err(broken)?;
    let mut tills = Vec::new();
    for (number, place) in PLACES.iter().enumerate() {
        let key = terminal_key(app, residents.staff(residents.shop(place.shop))).await?;
        let directory = terminal_directory(data, place);
        let settings = till::setup::read(&directory).map_err(|error| LiveError::Cards(error.to_string()))?;
        let module = PluggedCard::open(&directory.join(MODULE_FILE))
            .map_err(|error| LiveError::Cards(error.to_string()))?;
        let Some(slot) = table.reader(number) else { continue };
        let item = |(zh, en, price): &(&str, &str, u32)| Item {
            zh: (*zh).to_owned(),
            en: (*en).to_owned(),
            price: *price,
        };
        let clock = Arc::clone(&app.operations().services().clock);
        let options = Options {
            data: directory,
            name: format!("{} {}", place.name.0, place.name.1),
            mode: place.mode,
            currency: Currency::CNY,
            settings,
            module: module_reader(module),
            slot: Arc::new(slot),
            host: HostAddress { url: format!("http://{address}"), key },
            clock: Arc::new(move || clock.now()),
            sync_every: SYNC_EVERY,
            items: place.items.iter().map(item).collect(),
        };
        let opened = tokio::task::spawn_blocking(move || till::Site::open(options)).await;
        let site = opened
            .map_err(|error| LiveError::Cards(error.to_string()))?
            .map_err(|error| LiveError::Cards(error.to_string()))?;
        let address = format!("http://{}:{}", place.host, address.port());
        tills.push(Till { id: place.id, host: place.host, name: place.name, address, site });
    }
    Ok(Tills { table, tills })
}

/// A fresh key for a terminal of this merchant; those of the last opening end.
async fn terminal_key(app: &App, owner: PrincipalId) -> Result<String, LiveError> {
    let now = app.now();
    let ended = app.records().write(move |sql| {
        for key in api_keys::list_valid(sql, owner)?.iter().filter(|key| key.label == TERMINAL_KEY) {
            api_keys::revoke(sql, owner, key.id, now)?;
        }
        Ok(())
    });
    ended.await.map_err(LiveError::Records)?;
    let key = app.create_terminal_key(owner, TERMINAL_KEY).await;
    key.map_err(|problem| LiveError::Listener(problem.detail().to_owned()))
}

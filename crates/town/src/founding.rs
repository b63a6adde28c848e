//! The founding of the town: banks with their customers, shops, holders with wallets and cards.

use std::collections::BTreeMap;

use bank::{AccountNumber, Bank, CardLimits, CardState, Expiry, Order, OrderRefused};
use ledger::Timestamp;
use money::{Amount, Currency};
use operations::cards::{self, BindRequest};
use operations::holders::{self, NewHolder};
use operations::merchants::{self, NewBank, NewMerchant};
use operations::staff::{self, Employer, NewStaff};
use operations::{OperationError, Operations};
use records::principals::{self, Language, Theme};
use wallet::ids::{BankId, CardId, HolderId, MerchantId, PrincipalId, derive};

use crate::economy::places::Name;
use crate::economy::{
    BankIndex, CardCondition, CardProfile, HolderIndex, HolderProfile, Population, Random, Role, ShopIndex,
};

/// The user name of the operator.
pub const OPERATOR_LOGIN: &str = "operator";

/// Who is who: the ids that the system gave to the people, cards and shops of the economy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Residents {
    holders: Vec<HolderId>,
    logins: Vec<String>,
    cards: BTreeMap<(HolderIndex, usize), CardId>,
    banks: BTreeMap<CardId, BankId>,
    shops: Vec<MerchantId>,
    staff: BTreeMap<MerchantId, PrincipalId>,
    by_id: BTreeMap<HolderId, HolderIndex>,
}

impl Residents {
    /// The holder.
    #[must_use]
    pub fn holder(&self, index: HolderIndex) -> HolderId {
        self.holders[index.place()]
    }

    /// The user name of a holder, empty for a stranger.
    #[must_use]
    pub fn login(&self, holder: HolderId) -> &str {
        self.by_id.get(&holder).map_or("", |index| &self.logins[index.place()])
    }

    /// The card at that place of the holder's profile.
    #[must_use]
    pub fn card(&self, holder: HolderIndex, place: usize) -> CardId {
        self.cards.get(&(holder, place)).copied().expect("every card of a profile is bound at the founding")
    }

    /// Whether the bank will not honour this card, now or soon.
    #[must_use]
    pub fn is_bad_card(&self, card: CardId, population: &Population) -> bool {
        let bound = self.cards.iter().find(|(_, id)| **id == card);
        bound.is_some_and(|((holder, place), _)| {
            population.holder(*holder).cards[*place].condition != CardCondition::Valid
        })
    }

    /// The bank of a bound card.
    #[must_use]
    pub fn bank_of_card(&self, card: CardId) -> BankId {
        self.banks.get(&card).copied().unwrap_or(bank_id(BankIndex(0)))
    }

    /// The shop.
    #[must_use]
    pub fn shop(&self, index: ShopIndex) -> MerchantId {
        self.shops[usize::from(index.0)]
    }

    /// The staff of a shop.
    #[must_use]
    pub fn staff(&self, shop: MerchantId) -> PrincipalId {
        self.staff.get(&shop).copied().unwrap_or(PrincipalId::new(shop.bits()))
    }
}

/// The id of a bank of the town.
#[must_use]
pub fn bank_id(bank: BankIndex) -> BankId {
    BankId::new(derive("sycee town bank v1", &[bank.profile().code.as_bytes()]))
}

/// The id of the staff with this user name.
#[must_use]
pub fn staff_id(login: &str) -> PrincipalId {
    PrincipalId::new(derive("sycee town staff v1", &[login.as_bytes()]))
}

/// The secret of a bank, from which its card tokens are derived.
#[must_use]
pub fn token_key(bank: BankIndex, seed: u64) -> [u8; 32] {
    let mut random = Random::stream(seed, "token key", u64::from(bank.0));
    let mut key = [0; 32];
    for chunk in key.chunks_exact_mut(8) {
        chunk.copy_from_slice(&random.bits().to_le_bytes());
    }
    key
}

/// What the staff of a bank does before the town opens: accounts with their money, and cards.
#[must_use]
pub fn bank_orders(population: &Population, bank: BankIndex, now: Timestamp) -> Vec<Order> {
    let mut orders = Vec::new();
    for (number, profile, card) in cards_of(population, bank) {
        orders.push(Order::OpenAccount(number, card.account_balance));
        orders.push(Order::IssueCard {
            pan: card.number.clone(),
            holder_name: profile.name_en.clone(),
            expiry: expiry_of(card, now),
            account: number,
            limits: limits(profile.role, card.account_balance.currency()),
        });
    }
    orders
}

/// What the staff of a bank does after all cards are bound: the bad ones are blocked.
#[must_use]
pub fn late_bank_orders(population: &Population, bank: BankIndex) -> Vec<Order> {
    let blocked = cards_of(population, bank).filter_map(|(_, _, card)| {
        let state = match card.condition {
            CardCondition::Blacklisted => CardState::Blacklisted,
            CardCondition::Frozen => CardState::Frozen,
            CardCondition::Expired | CardCondition::Valid => return None,
        };
        Some(Order::SetCardState(card.number.clone(), state))
    });
    blocked.collect()
}

/// From which charge on a bank of the living town asks its customers: more than anybody tops up by habit.
const ASKED_ABOVE_YUAN: u64 = 2_000;
/// What the people whom visitors become have at the bank on top, to try it with.
const VISITORS_YUAN: u64 = 20_000;

/// What the banks of the living town do for those who look on: they ask their customers before they charge a card for much,
/// and the people whom visitors become have enough to be asked. Employers pay wages by agreement.
#[must_use]
pub fn visitors_orders(population: &Population, bank: BankIndex) -> Vec<Order> {
    let yuan = |units| Amount::from_minor(units * Currency::CNY.minor_per_unit(), Currency::CNY);
    let (Ok(above), Ok(money)) = (yuan(ASKED_ABOVE_YUAN), yuan(VISITORS_YUAN)) else { return Vec::new() };
    let first: Vec<&str> = population.holders.iter().take(2).map(|profile| profile.login.as_str()).collect();
    let mut orders = Vec::new();
    for (account, profile, card) in cards_of(population, bank) {
        if profile.role == Role::Employer || card.account_balance.currency() != Currency::CNY {
            continue;
        }
        orders.push(Order::AskAbove(card.number.clone(), above));
        if first.contains(&profile.login.as_str()) {
            orders.push(Order::Deposit(account, money));
        }
    }
    orders
}

fn cards_of(
    population: &Population,
    bank: BankIndex,
) -> impl Iterator<Item = (AccountNumber, &HolderProfile, &CardProfile)> {
    let profiles = population.holders.iter().enumerate();
    let cards = profiles.flat_map(|(place, profile)| {
        profile.cards.iter().enumerate().map(move |(ordinal, card)| {
            let number = u64::try_from(place * 10 + ordinal).unwrap_or(u64::MAX);
            (AccountNumber(6_000_000_000 + number), profile, card)
        })
    });
    cards.filter(move |(_, _, card)| card.bank == bank)
}

/// A card that expires does so at the end of the month of the founding.
fn expiry_of(card: &CardProfile, now: Timestamp) -> Expiry {
    if card.condition == CardCondition::Expired { Expiry::month_of(now) } else { card.expiry }
}

fn limits(role: Role, currency: Currency) -> CardLimits {
    let units = if role == Role::Employer { 1_000_000 } else { 10_000 };
    let minor = units * if currency == Currency::JPY { 20 } else { currency.minor_per_unit() };
    let limit =
        |minor| Amount::from_minor(minor, currency).expect("limits are far below the greatest amount");
    CardLimits { per_charge: limit(minor), per_day: limit(minor * 5) }
}

/// The three banks with everything that [`bank_orders`] orders.
///
/// # Errors
/// The first order that a bank refused.
pub fn open_banks(
    population: &Population,
    seed: u64,
    now: Timestamp,
) -> Result<BTreeMap<BankId, Bank>, OrderRefused> {
    let mut banks = BTreeMap::new();
    for index in BankIndex::all() {
        let mut bank = Bank::new(token_key(index, seed));
        for order in bank_orders(population, index, now) {
            bank.order(order)?;
        }
        banks.insert(bank_id(index), bank);
    }
    Ok(banks)
}

/// Founds the town: the system learns of banks, shops and holders, and every card is bound. Each principal gets
/// `password_hash`.
///
/// # Errors
/// The first thing that the system refused.
pub async fn found(
    operations: &Operations,
    population: &Population,
    password_hash: Option<&str>,
) -> Result<Residents, OperationError> {
    for index in BankIndex::all() {
        let profile = index.profile();
        let new = NewBank {
            id: bank_id(index),
            code: profile.code.to_owned(),
            name_zh: profile.name.zh.to_owned(),
            name_en: profile.name.en.to_owned(),
        };
        merchants::add_bank(operations, new).await?;
    }
    let mut residents = Residents::default();
    for index in ShopIndex::all() {
        let shop = open_shop(operations, index, password_hash).await?;
        residents.shops.push(shop.0);
        residents.staff.insert(shop.0, shop.1);
    }
    add_operator(operations, password_hash).await?;
    for index in population.indices() {
        settle(operations, population, index, password_hash, &mut residents).await?;
    }
    Ok(residents)
}

/// Finds again who was founded before.
///
/// # Errors
/// What could not be reached, or [`OperationError::NotFound`] where this is no town, or another seed's.
pub async fn find(operations: &Operations, population: &Population) -> Result<Residents, OperationError> {
    let mut residents = Residents::default();
    for index in ShopIndex::all() {
        let shop = merchants::find(operations, index.profile().login).await?.id;
        let read = operations.services().records.read(move |sql| principals::staff_of(sql, shop));
        residents.shops.push(shop);
        if let Some(staff) = read.await?.first() {
            residents.staff.insert(shop, staff.id);
        }
    }
    for index in population.indices() {
        let profile = population.holder(index);
        let login = profile.login.clone();
        let read = operations.services().records.read(move |sql| principals::find_by_login(sql, &login));
        let missing = OperationError::NotFound(operations::Party::Holder);
        let holder = HolderId::new(read.await?.ok_or(missing)?.id.bits());
        residents.add_holder(index, holder, profile);
        for (place, card) in cards::list(operations, holder).await?.iter().enumerate() {
            residents.add_card(index, place, card.id, card.bank);
        }
    }
    Ok(residents)
}

impl Residents {
    fn add_holder(&mut self, index: HolderIndex, holder: HolderId, profile: &HolderProfile) {
        self.holders.push(holder);
        self.logins.push(profile.login.clone());
        self.by_id.insert(holder, index);
    }

    fn add_card(&mut self, index: HolderIndex, place: usize, card: CardId, bank: BankId) {
        self.cards.insert((index, place), card);
        self.banks.insert(card, bank);
    }
}

async fn open_shop(
    operations: &Operations,
    index: ShopIndex,
    password_hash: Option<&str>,
) -> Result<(MerchantId, PrincipalId), OperationError> {
    let profile = index.profile();
    let new = NewMerchant {
        code: profile.login.to_owned(),
        name_zh: profile.name.zh.to_owned(),
        name_en: profile.name.en.to_owned(),
        category: profile.login.to_owned(),
    };
    let merchant = merchants::admit(operations, new).await?;
    let employer = Employer::Merchant(merchant);
    Ok((merchant, hire(operations, employer, (profile.login, profile.name), password_hash).await?))
}

async fn add_operator(operations: &Operations, password_hash: Option<&str>) -> Result<(), OperationError> {
    let name = Name { zh: "青柳镇运营方", en: "Qingliu Town Operator" };
    hire(operations, Employer::Operator, (OPERATOR_LOGIN, name), password_hash).await.map(drop)
}

async fn hire(
    operations: &Operations,
    employer: Employer,
    (login, name): (&str, Name),
    password_hash: Option<&str>,
) -> Result<PrincipalId, OperationError> {
    let id = staff_id(login);
    let new = NewStaff {
        login: login.to_owned(),
        name: name.zh.to_owned(),
        latin_name: Some(name.en.to_owned()),
        language: Language::Chinese,
        password_hash: password_hash.map(str::to_owned),
    };
    staff::hire(operations, id, employer, new).await?;
    Ok(id)
}

/// Registers a holder, opens the wallets and binds the cards.
async fn settle(
    operations: &Operations,
    population: &Population,
    index: HolderIndex,
    password_hash: Option<&str>,
    residents: &mut Residents,
) -> Result<(), OperationError> {
    let profile = population.holder(index);
    let new = NewHolder {
        login: profile.login.clone(),
        phone: Some(profile.phone.clone()),
        name: profile.name_zh.clone(),
        latin_name: Some(profile.name_en.clone()),
        language: if profile.prefers_english { Language::English } else { Language::Chinese },
        theme: Theme::System,
        password_hash: password_hash.map(str::to_owned),
        currency: profile.currencies[0],
    };
    let holder = holders::register(operations, new).await?;
    for currency in &profile.currencies[1..] {
        holders::open_wallet(operations, holder, *currency).await?;
    }
    residents.add_holder(index, holder, profile);
    let now = operations.services().clock.now();
    for (place, card) in profile.cards.iter().enumerate() {
        let request = BindRequest {
            holder,
            bank: bank_id(card.bank),
            pan: card.number.digits().to_owned(),
            expiry: expiry_of(card, now),
            holder_name: profile.name_en.clone(),
            label: String::new(),
        };
        let bound = cards::bind(operations, request).await?;
        residents.add_card(index, place, bound.id, bound.bank);
    }
    Ok(())
}

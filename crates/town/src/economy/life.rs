//! The days of the town: who means to do what, and when. What becomes of it, others decide.

use std::collections::BTreeMap;

use ledger::Timestamp;
use money::{Amount, Currency};

use super::calendar::{Day, Minute};
use super::habits;
use super::people::{CardCondition, HolderIndex, Population, Role};
use super::places::{Item, PROPERTY, ShopIndex};
use super::random::Random;

/// The number of an event, unique over the life of a town.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventNumber(pub u64);

/// What somebody means to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A holder pays a shop.
    Pay {
        /// Who pays.
        payer: HolderIndex,
        /// Who is paid.
        shop: ShopIndex,
        /// How much.
        amount: Amount,
        /// What for.
        memo: &'static str,
    },
    /// A shop gives back some or all of a payment.
    Refund {
        /// Who gives back.
        shop: ShopIndex,
        /// The event of the payment.
        payment: EventNumber,
        /// How much.
        amount: Amount,
    },
    /// A holder moves money from a bank card to the wallet.
    TopUp {
        /// Whose wallet.
        holder: HolderIndex,
        /// The place of the card in the holder's profile.
        card: usize,
        /// How much.
        amount: Amount,
    },
    /// A holder sends money to another.
    Transfer {
        /// Who sends.
        payer: HolderIndex,
        /// Who receives.
        payee: HolderIndex,
        /// How much.
        amount: Amount,
        /// What for.
        memo: &'static str,
    },
    /// A holder moves money from the wallet to a bank card.
    Withdraw {
        /// Whose wallet.
        holder: HolderIndex,
        /// The place of the card in the holder's profile.
        card: usize,
        /// How much.
        amount: Amount,
    },
}

/// An intention with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which one.
    pub number: EventNumber,
    /// When it is meant to happen.
    pub at: Timestamp,
    /// What.
    pub action: Action,
}

/// The economy of one seed: the people, and what they believe to have.
#[derive(Clone, Debug)]
pub struct Economy {
    seed: u64,
    population: Population,
    in_wallet: BTreeMap<(HolderIndex, Currency), u64>,
    at_bank: BTreeMap<(HolderIndex, usize), u64>,
    refunds_for_tomorrow: Vec<(ShopIndex, EventNumber, Amount)>,
    next_number: u64,
}

/// A plan for a day, before anybody has looked into a purse.
#[derive(Clone, Copy, Debug)]
struct Plan {
    minute: u32,
    second: u64,
    holder: HolderIndex,
    wish: Wish,
}

#[derive(Clone, Copy, Debug)]
enum Wish {
    Buy { shop: ShopIndex, amount: Amount, memo: &'static str },
    Give { payee: HolderIndex, amount: Amount, memo: &'static str },
    TakeOut,
}

/// How many payments in a thousand are begun without a look into the purse.
const FORGETFUL_PER_THOUSAND: u64 = 12;
/// How many payments in a thousand come back, in part or in whole.
const REFUNDED_PER_THOUSAND: u64 = 22;

impl Economy {
    /// The town of this seed on its first day.
    #[must_use]
    pub fn found(seed: u64) -> Self {
        let population = Population::draw(seed);
        let mut at_bank = BTreeMap::new();
        for holder in population.indices() {
            for (place, card) in population.holder(holder).cards.iter().enumerate() {
                at_bank.insert((holder, place), card.account_balance.minor());
            }
        }
        Self {
            seed,
            population,
            in_wallet: BTreeMap::new(),
            at_bank,
            refunds_for_tomorrow: Vec::new(),
            next_number: 0,
        }
    }

    /// Everybody with a wallet.
    #[must_use]
    pub const fn population(&self) -> &Population {
        &self.population
    }

    /// Tells a holder what the wallet really holds, and numbers events from `next` on: for a town that goes on after its
    /// process ended.
    pub fn believe(&mut self, holder: HolderIndex, balance: Amount, next: EventNumber) {
        self.in_wallet.insert((holder, balance.currency()), balance.minor());
        self.next_number = self.next_number.max(next.0);
    }

    /// What happens on this day, in order of time. Days must come in order, each once.
    pub fn live(&mut self, day: Day) -> Vec<Event> {
        let mut random = Random::stream(self.seed, "day", u64::from(day.0));
        let mut plans = self.plans(day, &mut random);
        plans.sort_by_key(|plan| (plan.minute, plan.second, plan.holder));
        let mut events = Vec::with_capacity(plans.len() * 2);
        for (shop, payment, amount) in std::mem::take(&mut self.refunds_for_tomorrow) {
            let at = day.at(Minute(9 * 60 + u32::try_from(random.below(300)).unwrap_or(0)), random.below(60));
            self.refund(at, shop, payment, amount, &mut events);
        }
        for plan in plans {
            let at = day.at(Minute(plan.minute), plan.second);
            self.carry_out(at, &plan, &mut random, &mut events);
        }
        let midnight = day.plus(1).at(Minute(0), 0);
        events.iter_mut().for_each(|event| event.at = event.at.min(Timestamp(midnight.0 - 1)));
        events.sort_by_key(|event| (event.at, event.number));
        events
    }

    fn plans(&self, day: Day, random: &mut Random) -> Vec<Plan> {
        let mut plans = Vec::new();
        for holder in self.population.indices() {
            let role = self.population.holder(holder).role;
            for habit in habits::of(role) {
                let (weekday, weekend) = habit.per_thousand;
                if !random.chance(if day.is_weekend() { weekend } else { weekday }) {
                    continue;
                }
                let (from, to) = habit.items;
                let item = random.pick(&habit.shop.profile().menu[from..to]);
                let (minute, second) = moment(habit.around, habit.spread, random);
                plans.push(Plan { minute, second, holder, wish: self.purchase(holder, habit.shop, item) });
            }
            self.plan_gifts(day, holder, random, &mut plans);
            self.plan_monthly_bills(day, holder, random, &mut plans);
            self.plan_withdrawal(day, holder, random, &mut plans);
        }
        self.plan_wages(day, random, &mut plans);
        plans
    }

    /// Visitors pay in their own currency where the shop takes it.
    fn purchase(&self, holder: HolderIndex, shop: ShopIndex, item: &Item) -> Wish {
        let own = self.population.holder(holder).currencies[0];
        let currency = if shop.currencies().contains(&own) { own } else { Currency::CNY };
        Wish::Buy { shop, amount: item.price_in(currency), memo: item.name.zh }
    }

    fn plan_gifts(&self, day: Day, holder: HolderIndex, random: &mut Random, plans: &mut Vec<Plan>) {
        let (chance, memo, low, high, around) = match self.population.holder(holder).role {
            Role::Student => (110, "午饭 AA", 600, 2_800, 13 * 60),
            Role::Retiree if day.is_weekend() => (160, "给孙子的红包", 5_000, 20_000, 11 * 60),
            Role::Teacher | Role::Worker => (35, "还你的钱", 2_000, 12_000, 20 * 60),
            _ => return,
        };
        if !random.chance(chance) {
            return;
        }
        // A friend lives one, two or three doors further on.
        let place = (holder.place() + 1 + random.index(3)) % super::people::PEOPLE;
        let (minute, second) = moment(around, 90, random);
        let amount = yuan(random.between(low, high));
        plans.push(Plan {
            minute,
            second,
            holder,
            wish: Wish::Give { payee: HolderIndex::at(place), amount, memo },
        });
    }

    /// Rent on the first of the month, the property fee on the fifth.
    fn plan_monthly_bills(&self, day: Day, holder: HolderIndex, random: &mut Random, plans: &mut Vec<Plan>) {
        let role = self.population.holder(holder).role;
        let item = match (day.of_month(), role) {
            (1, Role::Worker) => &PROPERTY.profile().menu[0],
            (1, Role::Teacher) => &PROPERTY.profile().menu[1],
            (5, Role::Retiree | Role::Teacher) => &PROPERTY.profile().menu[2],
            _ => return,
        };
        let (minute, second) = moment(11 * 60, 180, random);
        plans.push(Plan { minute, second, holder, wish: self.purchase(holder, PROPERTY, item) });
    }

    /// On Fridays those with much in the wallet bring some to the bank; visitors at any time.
    fn plan_withdrawal(&self, day: Day, holder: HolderIndex, random: &mut Random, plans: &mut Vec<Plan>) {
        let per_thousand = match self.population.holder(holder).role {
            Role::Visitor => 70,
            Role::Teacher | Role::Worker | Role::Retiree if day.plus(1).is_weekend() => 500,
            _ => 12,
        };
        if random.chance(per_thousand) {
            let (minute, second) = moment(19 * 60, 100, random);
            plans.push(Plan { minute, second, holder, wish: Wish::TakeOut });
        }
    }

    /// Salaries on the tenth, pensions on the eighth, scholarships on the fifteenth.
    fn plan_wages(&self, day: Day, random: &mut Random, plans: &mut Vec<Plan>) {
        for payee in self.population.indices() {
            let role = self.population.holder(payee).role;
            let (payer, fen, memo) = match (day.of_month(), role) {
                (8, Role::Retiree) => (HolderIndex::TOWN_HALL, 320_000, "退休金"),
                (10, Role::Teacher) => (HolderIndex::SCHOOL, 680_000, "工资"),
                (10, Role::Worker) if payee.0 % 4 == 0 => (HolderIndex::TOWN_HALL, 520_000, "工资"),
                (10, Role::Worker) => (HolderIndex::SILK_MILL, 560_000, "工资"),
                (15, Role::Student) => (HolderIndex::SCHOOL, 90_000, "助学金"),
                _ => continue,
            };
            let amount = yuan(fen + random.below(60) * 1_000);
            let wish = Wish::Give { payee, amount, memo };
            plans.push(Plan { minute: 10 * 60, second: random.below(60), holder: payer, wish });
        }
    }

    fn carry_out(&mut self, at: Timestamp, plan: &Plan, random: &mut Random, events: &mut Vec<Event>) {
        match plan.wish {
            Wish::Buy { shop, amount, memo } => {
                if random.chance(FORGETFUL_PER_THOUSAND) {
                    self.pay_forgetfully(at, plan.holder, (shop, amount, memo), random, events);
                } else if self.have(at, plan.holder, amount, random, events) {
                    self.pay(at, plan.holder, (shop, amount, memo), random, events);
                }
            }
            Wish::Give { payee, amount, memo } => {
                if payee != plan.holder && self.have(at, plan.holder, amount, random, events) {
                    self.give(at, plan.holder, payee, amount, memo, events);
                }
            }
            Wish::TakeOut => self.take_out(at, plan.holder, random, events),
        }
    }

    fn pay(
        &mut self,
        at: Timestamp,
        payer: HolderIndex,
        (shop, amount, memo): (ShopIndex, Amount, &'static str),
        random: &mut Random,
        events: &mut Vec<Event>,
    ) {
        self.take(payer, amount);
        let payment = self.push(at, Action::Pay { payer, shop, amount, memo }, events);
        if random.chance(REFUNDED_PER_THOUSAND) {
            self.plan_refund(at, shop, payment, amount, random, events);
        }
    }

    /// A payment that may find the purse empty; then the payer tops up and pays again.
    fn pay_forgetfully(
        &mut self,
        at: Timestamp,
        payer: HolderIndex,
        (shop, amount, memo): (ShopIndex, Amount, &'static str),
        random: &mut Random,
        events: &mut Vec<Event>,
    ) {
        if self.believed(payer, amount.currency()) >= amount.minor() {
            self.pay(at, payer, (shop, amount, memo), random, events);
            return;
        }
        self.push(at, Action::Pay { payer, shop, amount, memo }, events);
        let again = later(at, 150);
        if self.have(again, payer, amount, random, events) {
            self.pay(again, payer, (shop, amount, memo), random, events);
        }
    }

    /// Half of the refunds are in part; some are asked for twice, which must not give more than was paid.
    fn plan_refund(
        &mut self,
        at: Timestamp,
        shop: ShopIndex,
        payment: EventNumber,
        paid: Amount,
        random: &mut Random,
        events: &mut Vec<Event>,
    ) {
        let in_part = random.chance(500) && paid.minor() > 2;
        let minor = if in_part { random.between(1, paid.minor() - 1) } else { paid.minor() };
        let amount = Amount::from_minor(minor, paid.currency()).unwrap_or(paid);
        if random.chance(250) {
            self.refunds_for_tomorrow.push((shop, payment, amount));
            return;
        }
        let first = later(at, random.between(120, 9_000));
        self.refund(first, shop, payment, amount, events);
        if random.chance(200) {
            self.refund(later(first, random.between(0, 40)), shop, payment, amount, events);
        }
    }

    fn refund(
        &mut self,
        at: Timestamp,
        shop: ShopIndex,
        payment: EventNumber,
        amount: Amount,
        events: &mut Vec<Event>,
    ) {
        self.push(at, Action::Refund { shop, payment, amount }, events);
    }

    fn give(
        &mut self,
        at: Timestamp,
        payer: HolderIndex,
        payee: HolderIndex,
        amount: Amount,
        memo: &'static str,
        events: &mut Vec<Event>,
    ) {
        self.take(payer, amount);
        *self.in_wallet.entry((payee, amount.currency())).or_insert(0) += amount.minor();
        self.push(at, Action::Transfer { payer, payee, amount, memo }, events);
    }

    fn take_out(&mut self, at: Timestamp, holder: HolderIndex, random: &mut Random, events: &mut Vec<Event>) {
        let currency = self.population.holder(holder).currencies[0];
        let unit = currency.minor_per_unit();
        let minor = self.believed(holder, currency) * random.between(50, 95) / 100 / unit * unit;
        let Some(amount) = Amount::from_minor(minor, currency).ok().filter(|amount| !amount.is_zero()) else {
            return;
        };
        let card = self.good_card(holder, currency).unwrap_or(0);
        self.take(holder, amount);
        *self.at_bank.entry((holder, card)).or_insert(0) += minor;
        self.push(at, Action::Withdraw { holder, card, amount }, events);
    }

    /// Makes sure that the holder believes to have this much, by a top-up just before where needed. False where even
    /// the bank has not enough.
    fn have(
        &mut self,
        at: Timestamp,
        holder: HolderIndex,
        amount: Amount,
        random: &mut Random,
        events: &mut Vec<Event>,
    ) -> bool {
        let currency = amount.currency();
        let believed = self.believed(holder, currency);
        if believed >= amount.minor() {
            return true;
        }
        let short = amount.minor() - believed;
        let wanted = self.round_sum(holder, currency, short, random);
        let before = Timestamp(at.0.saturating_sub(random.between(40, 90) * ledger::NANOSECONDS_PER_SECOND));
        if random.chance(150) {
            self.try_bad_card(before, holder, wanted, events);
        }
        let Some(card) = self.good_card(holder, currency) else {
            return false;
        };
        let at_bank = self.at_bank.get(&(holder, card)).copied().unwrap_or(0);
        let minor = wanted.min(at_bank);
        if minor < short {
            if random.chance(60) {
                self.push_top_up(before, holder, card, wanted, currency, events);
            }
            return false;
        }
        self.at_bank.insert((holder, card), at_bank - minor);
        self.in_wallet.insert((holder, currency), believed + minor);
        self.push_top_up(before, holder, card, minor, currency, events);
        true
    }

    /// People top up round sums: what is short, and some days' needs on top.
    fn round_sum(&self, holder: HolderIndex, currency: Currency, short: u64, random: &mut Random) -> u64 {
        let unit = currency.minor_per_unit();
        let step = if currency == Currency::JPY { 1_000 } else { 10 * unit };
        let extra = match self.population.holder(holder).role {
            Role::Employer => 300_000 * unit,
            Role::Visitor => step * random.between(3, 12),
            _ => step * random.between(2, 10),
        };
        (short + extra).div_ceil(step) * step
    }

    fn try_bad_card(&mut self, at: Timestamp, holder: HolderIndex, wanted: u64, events: &mut Vec<Event>) {
        let profile = self.population.holder(holder);
        if profile.cards[0].condition == CardCondition::Valid {
            return;
        }
        let currency = profile.currencies[0];
        let earlier = Timestamp(at.0 - 20 * ledger::NANOSECONDS_PER_SECOND);
        self.push_top_up(earlier, holder, 0, wanted, currency, events);
    }

    /// The place of a card of this currency that the bank will honour, the one with most money behind it.
    fn good_card(&self, holder: HolderIndex, currency: Currency) -> Option<usize> {
        let cards = self.population.holder(holder).cards.iter().enumerate();
        let good = cards.filter(|(_, card)| {
            card.condition == CardCondition::Valid && card.account_balance.currency() == currency
        });
        good.map(|(place, _)| place).max_by_key(|place| self.at_bank.get(&(holder, *place)).copied())
    }

    fn push_top_up(
        &mut self,
        at: Timestamp,
        holder: HolderIndex,
        card: usize,
        minor: u64,
        currency: Currency,
        events: &mut Vec<Event>,
    ) {
        if let Ok(amount) = Amount::from_minor(minor, currency) {
            self.push(at, Action::TopUp { holder, card, amount }, events);
        }
    }

    fn push(&mut self, at: Timestamp, action: Action, events: &mut Vec<Event>) -> EventNumber {
        let number = EventNumber(self.next_number);
        self.next_number += 1;
        events.push(Event { number, at, action });
        number
    }

    fn believed(&self, holder: HolderIndex, currency: Currency) -> u64 {
        self.in_wallet.get(&(holder, currency)).copied().unwrap_or(0)
    }

    fn take(&mut self, holder: HolderIndex, amount: Amount) {
        let left = self.believed(holder, amount.currency()).saturating_sub(amount.minor());
        self.in_wallet.insert((holder, amount.currency()), left);
    }
}

/// A minute and a second near `around`, the nearer the likelier.
fn moment(around: u32, spread: u32, random: &mut Random) -> (u32, u64) {
    let offset = random.below(u64::from(spread) + 1) + random.below(u64::from(spread) + 1);
    let minute = u64::from(around - spread) + offset;
    (u32::try_from(minute).unwrap_or(around), random.below(60))
}

fn later(at: Timestamp, seconds: u64) -> Timestamp {
    Timestamp(at.0 + seconds * ledger::NANOSECONDS_PER_SECOND)
}

fn yuan(fen: u64) -> Amount {
    Amount::from_minor(fen, Currency::CNY).expect("wages and gifts are far below the greatest amount")
}

#[cfg(test)]
mod tests {
    use super::{Action, Day, Economy, Event};
    use crate::economy::places::{BUS, CANTEEN};
    use std::collections::BTreeSet;

    fn days(seed: u64, count: u32) -> Vec<Event> {
        let mut economy = Economy::found(seed);
        (0..count).flat_map(|day| economy.live(Day::FIRST_OF_JUNE_2026.plus(day))).collect()
    }

    /// The local hour of an event.
    fn hour(event: &Event) -> u64 {
        (event.at.0 / 1_000_000_000 / 3600 + 8) % 24
    }

    #[test]
    fn the_same_seed_lives_the_same_life() {
        assert_eq!(days(7, 5), days(7, 5));
        assert_ne!(days(7, 1), days(8, 1));
    }

    #[test]
    fn events_come_in_order_and_their_numbers_are_unique() {
        let events = days(7, 10);
        assert!(events.windows(2).all(|pair| pair[0].at <= pair[1].at));
        let numbers: BTreeSet<_> = events.iter().map(|event| event.number).collect();
        assert_eq!(numbers.len(), events.len());
    }

    #[test]
    fn a_day_has_some_hundreds_of_events() {
        for seed in 0..10 {
            let per_day = days(seed, 28).len() / 28;
            assert!((350..=800).contains(&per_day), "{per_day}");
        }
    }

    #[test]
    fn the_canteen_is_full_at_noon_and_the_bus_at_rush_hour() {
        let events = days(7, 14);
        let at = |shop, hours: std::ops::Range<u64>| {
            let paid_there =
                |event: &&Event| matches!(event.action, Action::Pay { shop: s, .. } if s == shop);
            events.iter().filter(paid_there).filter(|event| hours.contains(&hour(event))).count()
        };
        assert!(at(CANTEEN, 11..13) > 5 * at(CANTEEN, 9..11));
        assert!(at(BUS, 7..9) + at(BUS, 17..19) > 2 * at(BUS, 10..16));
    }

    #[test]
    fn ninety_days_hold_every_kind_of_event_and_several_currencies() {
        let events = days(7, 90);
        let count = |test: fn(&Action) -> bool| events.iter().filter(|event| test(&event.action)).count();
        assert!(count(|action| matches!(action, Action::Pay { .. })) > 20_000);
        assert!(count(|action| matches!(action, Action::TopUp { .. })) > 1_500);
        assert!(count(|action| matches!(action, Action::Transfer { .. })) > 1_000);
        assert!(count(|action| matches!(action, Action::Withdraw { .. })) > 200);
        assert!(count(|action| matches!(action, Action::Refund { .. })) > 300);
        let currencies: BTreeSet<_> = events
            .iter()
            .filter_map(|event| match event.action {
                Action::Pay { amount, .. } => Some(amount.currency()),
                _ => None,
            })
            .collect();
        assert!(currencies.len() >= 4, "{currencies:?}");
    }

    #[test]
    fn a_refund_comes_after_its_payment_and_is_no_more_than_it() {
        let events = days(3, 30);
        for refund in &events {
            let Action::Refund { payment, amount, shop } = refund.action else { continue };
            let paid = events.iter().find(|event| event.number == payment).expect("the payment is an event");
            let Action::Pay { amount: price, shop: seller, .. } = paid.action else {
                panic!("not a payment")
            };
            assert!(paid.at <= refund.at && amount <= price && shop == seller);
        }
    }
}

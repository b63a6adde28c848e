//! The people of the town: names, roles, cards. The employers, who pay the salaries, hold wallets like everybody else.

use bank::{Expiry, Pan};
use money::{Amount, Currency};

use super::places::BankIndex;
use super::random::Random;

/// How many people live in the town or visit it.
pub const PEOPLE: usize = 120;
/// How many employers there are.
pub const EMPLOYERS: usize = 3;
/// How many holders of wallets there are.
pub const HOLDERS: usize = PEOPLE + EMPLOYERS;

/// A holder, by its place in [`Population::holders`]: people first, then employers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HolderIndex(pub u16);

/// What somebody does all day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Pays salaries; not a person.
    Employer,
    /// Lives on a pension.
    Retiree,
    /// Eats in the canteen.
    Student,
    /// Works at the school.
    Teacher,
    /// Brings money of another currency.
    Visitor,
    /// Works at the silk mill or for the town.
    Worker,
}

/// What is wrong with a bank card, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardCondition {
    /// Reported as lost: the bank declines it.
    Blacklisted,
    /// In its last month when the town is founded: the bank declines it from the next month on.
    Expired,
    /// Frozen by its holder: the bank declines it.
    Frozen,
    /// Nothing.
    Valid,
}

/// A bank card and the account behind it.
#[derive(Clone, Debug)]
pub struct CardProfile {
    /// The bank that issued it.
    pub bank: BankIndex,
    /// The number on it.
    pub number: Pan,
    /// The last month in which it is good, unless its condition is [`CardCondition::Expired`].
    pub expiry: Expiry,
    /// Whether the bank will honour it.
    pub condition: CardCondition,
    /// What is in the account when the town is founded.
    pub account_balance: Amount,
}

/// A holder of a wallet.
#[derive(Clone, Debug)]
pub struct HolderProfile {
    /// The user name, unique, in lower-case letters and digits.
    pub login: String,
    /// The Chinese name.
    pub name_zh: String,
    /// The English name.
    pub name_en: String,
    /// Eleven digits, unique.
    pub phone: String,
    /// What they do all day.
    pub role: Role,
    /// Whether they prefer English.
    pub prefers_english: bool,
    /// The currencies of their wallets; the first is the one they live on.
    pub currencies: Vec<Currency>,
    /// One or two cards; the first is the one they use first. Every card is in the first currency but a visitor's
    /// last, which is in yuan.
    pub cards: Vec<CardProfile>,
}

/// Everybody with a wallet.
#[derive(Clone, Debug)]
pub struct Population {
    /// First the [`PEOPLE`], then the [`EMPLOYERS`].
    pub holders: Vec<HolderProfile>,
}

const SURNAMES: [(&str, &str); 24] = [
    ("王", "Wang"),
    ("李", "Li"),
    ("张", "Zhang"),
    ("刘", "Liu"),
    ("陈", "Chen"),
    ("杨", "Yang"),
    ("赵", "Zhao"),
    ("黄", "Huang"),
    ("周", "Zhou"),
    ("吴", "Wu"),
    ("徐", "Xu"),
    ("孙", "Sun"),
    ("胡", "Hu"),
    ("朱", "Zhu"),
    ("高", "Gao"),
    ("林", "Lin"),
    ("何", "He"),
    ("郭", "Guo"),
    ("马", "Ma"),
    ("罗", "Luo"),
    ("梁", "Liang"),
    ("宋", "Song"),
    ("郑", "Zheng"),
    ("谢", "Xie"),
];

const GIVEN_NAMES: [(&str, &str); 32] = [
    ("伟", "Wei"),
    ("芳", "Fang"),
    ("娜", "Na"),
    ("敏", "Min"),
    ("静", "Jing"),
    ("丽", "Li"),
    ("强", "Qiang"),
    ("磊", "Lei"),
    ("军", "Jun"),
    ("洋", "Yang"),
    ("勇", "Yong"),
    ("艳", "Yan"),
    ("杰", "Jie"),
    ("娟", "Juan"),
    ("涛", "Tao"),
    ("明", "Ming"),
    ("超", "Chao"),
    ("秀英", "Xiuying"),
    ("建国", "Jianguo"),
    ("志强", "Zhiqiang"),
    ("晓明", "Xiaoming"),
    ("雨桐", "Yutong"),
    ("子涵", "Zihan"),
    ("欣怡", "Xinyi"),
    ("浩然", "Haoran"),
    ("梓萱", "Zixuan"),
    ("思远", "Siyuan"),
    ("佳琪", "Jiaqi"),
    ("文博", "Wenbo"),
    ("春梅", "Chunmei"),
    ("国华", "Guohua"),
    ("玉兰", "Yulan"),
];

/// Foreign names with their usual Chinese form, and the currency that a visitor of that name brings.
const FOREIGN_NAMES: [(&str, &str, Currency); 16] = [
    ("Emma Johnson", "艾玛·约翰逊", Currency::USD),
    ("Lukas Müller", "卢卡斯·穆勒", Currency::EUR),
    ("Haruto Satō", "佐藤阳翔", Currency::JPY),
    ("Chloé Dubois", "克洛伊·杜布瓦", Currency::EUR),
    ("Wong Ka Yan", "黄嘉欣", Currency::HKD),
    ("Oliver Brown", "奥利弗·布朗", Currency::USD),
    ("Sakura Tanaka", "田中樱", Currency::JPY),
    ("Giulia Rossi", "朱莉娅·罗西", Currency::EUR),
    ("Chan Chi Ming", "陈志明", Currency::HKD),
    ("Grace O'Neill", "格蕾丝·奥尼尔", Currency::USD),
    ("Amara Okafor", "阿玛拉·奥卡福", Currency::USD),
    ("Diego Fernández", "迭戈·费尔南德斯", Currency::EUR),
    ("Priya Sharma", "普里娅·夏尔马", Currency::USD),
    ("Ivan Petrov", "伊万·彼得罗夫", Currency::EUR),
    ("Yuki Kobayashi", "小林雪", Currency::JPY),
    ("Sofia Lindqvist", "索菲亚·林奎斯特", Currency::EUR),
];

/// The two whom a newcomer meets first.
const FIRST_PEOPLE: [(&str, &str); 2] = [("李雷", "Li Lei"), ("韩梅梅", "Han Meimei")];

const EMPLOYER_NAMES: [(&str, &str, &str); EMPLOYERS] = [
    ("school", "青柳学校", "Qingliu School"),
    ("silkmill", "青柳丝厂", "Qingliu Silk Mill"),
    ("townhall", "青柳镇政府", "Qingliu Town Hall"),
];

impl HolderIndex {
    /// The school, which pays the teachers and the scholarships.
    pub const SCHOOL: Self = Self(120);
    /// The silk mill, which pays most workers.
    pub const SILK_MILL: Self = Self(121);
    /// The town hall, which pays the other workers and the pensions.
    pub const TOWN_HALL: Self = Self(122);

    /// The holder at this place.
    #[must_use]
    pub fn at(place: usize) -> Self {
        Self(u16::try_from(place).expect("the town has far fewer than 65,536 holders"))
    }

    /// The place in [`Population::holders`].
    #[must_use]
    pub fn place(self) -> usize {
        usize::from(self.0)
    }
}

impl Population {
    /// Everybody, drawn from `seed`.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut random = Random::stream(seed, "people", 0);
        let names = draw_names(&mut random);
        let mut holders: Vec<HolderProfile> = Vec::with_capacity(HOLDERS);
        for (place, (name_zh, name_en, foreign)) in names.into_iter().enumerate() {
            let role = role_of(place, foreign.is_some(), &mut random);
            let currencies = match (role, foreign) {
                (Role::Visitor, Some(currency)) => vec![currency, Currency::CNY],
                _ => vec![Currency::CNY],
            };
            let login = unique_login(&name_en, &holders);
            holders.push(HolderProfile {
                login,
                name_zh,
                name_en,
                phone: phone(place),
                role,
                prefers_english: foreign.is_some(),
                cards: draw_cards(place, role, &currencies, &mut random),
                currencies,
            });
        }
        for (offset, (login, zh, en)) in EMPLOYER_NAMES.into_iter().enumerate() {
            let place = PEOPLE + offset;
            holders.push(HolderProfile {
                login: login.to_owned(),
                name_zh: zh.to_owned(),
                name_en: en.to_owned(),
                phone: phone(place),
                role: Role::Employer,
                prefers_english: false,
                currencies: vec![Currency::CNY],
                cards: draw_cards(place, Role::Employer, &[Currency::CNY], &mut random),
            });
        }
        Self { holders }
    }

    /// The holder.
    #[must_use]
    pub fn holder(&self, index: HolderIndex) -> &HolderProfile {
        &self.holders[index.place()]
    }

    /// Everybody's place.
    pub fn indices(&self) -> impl Iterator<Item = HolderIndex> + use<> {
        (0..self.holders.len()).map(HolderIndex::at)
    }
}

/// The names of the people: the two known ones, the foreign ones, and drawn ones without repetition.
fn draw_names(random: &mut Random) -> Vec<(String, String, Option<Currency>)> {
    let mut names: Vec<(String, String, Option<Currency>)> = FOREIGN_NAMES
        .into_iter()
        .map(|(en, zh, currency)| (zh.to_owned(), en.to_owned(), Some(currency)))
        .collect();
    let mut combinations: Vec<(usize, usize)> =
        (0..SURNAMES.len()).flat_map(|s| (0..GIVEN_NAMES.len()).map(move |g| (s, g))).collect();
    random.shuffle(&mut combinations);
    let drawn = PEOPLE - FIRST_PEOPLE.len() - FOREIGN_NAMES.len();
    for (surname, given) in combinations.into_iter().filter(|pair| !is_first_person(*pair)).take(drawn) {
        let ((surname_zh, surname_en), (given_zh, given_en)) = (SURNAMES[surname], GIVEN_NAMES[given]);
        names.push((format!("{surname_zh}{given_zh}"), format!("{surname_en} {given_en}"), None));
    }
    random.shuffle(&mut names);
    let first = FIRST_PEOPLE.into_iter().map(|(zh, en)| (zh.to_owned(), en.to_owned(), None));
    first.chain(names).collect()
}

/// Whether this combination reads like one of [`FIRST_PEOPLE`], who are unique in the town.
fn is_first_person((surname, given): (usize, usize)) -> bool {
    let english = format!("{} {}", SURNAMES[surname].1, GIVEN_NAMES[given].1);
    FIRST_PEOPLE.iter().any(|(_, en)| *en == english)
}

fn role_of(place: usize, is_foreign: bool, random: &mut Random) -> Role {
    if place < FIRST_PEOPLE.len() {
        return Role::Student;
    }
    match (is_foreign, random.below(100)) {
        (true, 0..=64) => Role::Visitor,
        (true, _) => Role::Teacher,
        (false, 0..=39) => Role::Student,
        (false, 40..=54) => Role::Teacher,
        (false, 55..=84) => Role::Worker,
        (false, _) => Role::Retiree,
    }
}

/// Lower-case letters of the name, with a number where somebody has them already.
fn unique_login(name_en: &str, holders: &[HolderProfile]) -> String {
    let plain = |letter: char| match letter {
        'é' | 'è' => 'e',
        'ü' => 'u',
        'ō' => 'o',
        'á' => 'a',
        other => other.to_ascii_lowercase(),
    };
    let letters: String = name_en.chars().map(plain).filter(char::is_ascii_lowercase).collect();
    let is_taken = |login: &str| holders.iter().any(|holder| holder.login == login);
    if !is_taken(&letters) {
        return letters;
    }
    let numbered = (2..).map(|number| format!("{letters}{number}")).find(|login| !is_taken(login));
    numbered.expect("the town is finite, so some number is free")
}

/// A number of eleven digits, different for each place.
fn phone(place: usize) -> String {
    // 7,919 has no factor in common with 100,000, so places do not meet.
    format!("199550{:05}", place * 7_919 % 100_000)
}

fn draw_cards(place: usize, role: Role, currencies: &[Currency], random: &mut Random) -> Vec<CardProfile> {
    let first_currency = currencies[0];
    let yuan_in_account = match role {
        Role::Employer => 2_000_000,
        Role::Retiree => random.between(20_000, 90_000),
        Role::Student => random.between(900, 9_000),
        Role::Teacher => random.between(8_000, 60_000),
        Role::Visitor => random.between(6_000, 30_000),
        Role::Worker => random.between(3_000, 40_000),
    };
    let first_bank = bank_of(role, random);
    let mut cards = vec![CardProfile {
        bank: first_bank,
        number: card_number(first_bank, place * 2),
        expiry: Expiry { year: 2029, month: 8 },
        condition: condition_of_first_card(place),
        account_balance: units(yuan_in_account, first_currency),
    }];
    let needs_second = role == Role::Visitor || cards[0].condition != CardCondition::Valid;
    if needs_second || (role != Role::Employer && random.chance(300)) {
        let currency = currencies.last().copied().unwrap_or(first_currency);
        let bank = bank_of(role, random);
        cards.push(CardProfile {
            bank,
            number: card_number(bank, place * 2 + 1),
            expiry: Expiry { year: 2030, month: 3 },
            condition: CardCondition::Valid,
            account_balance: units(random.between(500, 20_000), currency),
        });
    }
    cards
}

/// Three people come with a card that the bank will not honour.
const fn condition_of_first_card(place: usize) -> CardCondition {
    match place {
        17 => CardCondition::Expired,
        43 => CardCondition::Blacklisted,
        71 => CardCondition::Frozen,
        _ => CardCondition::Valid,
    }
}

fn bank_of(role: Role, random: &mut Random) -> BankIndex {
    match role {
        Role::Visitor => BankIndex(2),
        Role::Employer => BankIndex(0),
        _ => BankIndex(if random.chance(600) { 0 } else { 1 }),
    }
}

fn units(units: u64, currency: Currency) -> Amount {
    // Nobody has so much that this could be too much: at most 2,000,000 units of at most 100 minor units.
    Amount::from_minor(units * currency.minor_per_unit(), currency).unwrap_or(Amount::zero(currency))
}

/// Sixteen digits: issuer, account, check digit.
fn card_number(bank: BankIndex, account: usize) -> Pan {
    let digits = format!("{}{:09}", bank.profile().issuer_digits, account * 104_729 % 1_000_000_000);
    Pan::with_check_digit(&digits).expect("six digits of the issuer and nine of the account are a number")
}

#[cfg(test)]
mod tests {
    use super::{CardCondition, HOLDERS, HolderIndex, PEOPLE, Population, Role};
    use std::collections::BTreeSet;

    #[test]
    fn the_town_has_120_people_and_each_is_found_by_login_and_phone() {
        let population = Population::draw(7);
        assert_eq!(population.holders.len(), HOLDERS);
        let logins: BTreeSet<_> = population.holders.iter().map(|holder| &holder.login).collect();
        let phones: BTreeSet<_> = population.holders.iter().map(|holder| &holder.phone).collect();
        assert_eq!((logins.len(), phones.len()), (HOLDERS, HOLDERS));
        assert!(phones.iter().all(|phone| phone.len() == 11));
    }

    #[test]
    fn li_lei_and_han_meimei_come_first_in_every_seed() {
        for seed in 0..20 {
            let population = Population::draw(seed);
            assert_eq!(population.holders[0].login, "lilei");
            assert_eq!(population.holders[1].name_zh, "韩梅梅");
        }
    }

    #[test]
    fn every_role_lives_in_the_town() {
        let population = Population::draw(3);
        let people = &population.holders[..PEOPLE];
        for role in [Role::Retiree, Role::Student, Role::Teacher, Role::Visitor, Role::Worker] {
            assert!(people.iter().any(|person| person.role == role), "{role:?}");
        }
        assert_eq!(population.holder(HolderIndex::SCHOOL).role, Role::Employer);
    }

    #[test]
    fn card_numbers_are_unique_and_three_cards_are_bad() {
        let population = Population::draw(11);
        let cards: Vec<_> = population.holders.iter().flat_map(|holder| &holder.cards).collect();
        let numbers: BTreeSet<_> = cards.iter().map(|card| card.number.digits()).collect();
        assert_eq!(numbers.len(), cards.len());
        assert_eq!(cards.iter().filter(|card| card.condition != CardCondition::Valid).count(), 3);
    }
}

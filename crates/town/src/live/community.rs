//! What neighbours owe, offer and ask on the day the town opens.

use ledger::Timestamp;
use money::{Amount, Currency};
use operations::bills::{self, NewBill};
use operations::board::{self, NewPost};
use operations::requests::{self, Ask};
use operations::{IdempotencyKey, OperationError, Operations, day, favourites, payees};
use records::bills::BillKind;
use records::board::PostKind;
use wallet::ids::{HolderId, MerchantId};

use crate::economy::{HolderIndex, Population, ShopIndex};
use crate::founding::Residents;

/// Who collects the bills.
const BILLER: &str = "property";
/// What people put on the board: kind, title, more words, price in yuan.
const POSTS: [(PostKind, &str, &str, u64); 8] = [
    (PostKind::Offer, "修自行车 Bicycle repair", "补胎、刹车、链条，周末上午在桥头。", 30),
    (PostKind::Want, "找人遛狗 Dog walking", "下周一到周三晚上七点，半小时。", 20),
    (PostKind::Offer, "小学数学辅导 Maths for pupils", "每周两次，每次一小时。", 60),
    (PostKind::Want, "借用电钻 Power drill for a day", "周六一天，周日还。", 15),
    (PostKind::Offer, "手工馒头 Steamed buns", "今早蒸的，十个一袋。", 12),
    (PostKind::Offer, "旧书一箱 A box of books", "小说和菜谱，自取。", 25),
    (PostKind::Want, "帮忙搬沙发 Help with a sofa", "三楼，没有电梯，两个人。", 80),
    (PostKind::Offer, "英语口语 English conversation", "One hour by the river, tea included.", 50),
];
/// What people ask each other for: what for, and how much in yuan.
const REQUESTS: [(&str, u64); 4] = [
    ("昨晚的火锅 Hot pot", 68),
    ("电影票 Cinema tickets", 45),
    ("拼车 Shared ride", 23),
    ("生日礼物 Birthday present", 100),
];

/// Bills due this week, posts on the board, requests for money, favourites.
///
/// # Errors
/// What the system refused.
pub(super) async fn seed(
    operations: &Operations,
    population: &Population,
    residents: &Residents,
    now: Timestamp,
) -> Result<(), OperationError> {
    let people: Vec<HolderIndex> = population
        .indices()
        .filter(|index| population.holder(*index).currencies.first() == Some(&Currency::CNY))
        .collect();
    let shops: Vec<MerchantId> = ShopIndex::all().map(|index| residents.shop(index)).collect();
    let biller = ShopIndex::all().find(|index| index.profile().login == BILLER);
    for (place, index) in people.iter().enumerate() {
        let holder = residents.holder(*index);
        if let Some(biller) = biller {
            issue(operations, residents.shop(biller), holder, (place, day::of(now))).await?;
        }
        for shop in shops.iter().skip(place % 5).step_by(4).take(2 + place % 2) {
            favourites::keep(operations, holder, *shop, true).await?;
        }
    }
    for ((place, post), author) in POSTS.iter().enumerate().zip(people.iter().skip(3).step_by(7)) {
        let (kind, title, words, yuan) = *post;
        let (title, words) = (title.to_owned(), words.to_owned());
        let new = NewPost { author: residents.holder(*author), kind, title, words, amount: cny(yuan) };
        board::write(operations, &key("board", place), new).await?;
    }
    for (place, payer) in people.iter().enumerate().take(40) {
        let Some(payee) = people.get((place + 11) % people.len()) else { continue };
        let Some((memo, yuan)) = REQUESTS.get(place % 6) else { continue };
        let payee = residents.holder(*payee);
        let found = payees::find(operations, payee, residents.login(residents.holder(*payer))).await?;
        let ask = Ask {
            payee,
            payers: vec![(found.holder, found.name_check)],
            total: cny(*yuan),
            with_own_part: false,
            memo: (*memo).to_owned(),
        };
        requests::ask(operations, &key("request", place), ask).await?;
    }
    Ok(())
}

/// The bills of one household: the property fee, electricity for two in three, and an old one for every ninth.
async fn issue(
    operations: &Operations,
    merchant: MerchantId,
    holder: HolderId,
    (place, today): (usize, u32),
) -> Result<(), OperationError> {
    let account_number =
        format!("{}-{}-{}0{}", place / 40 + 1, place / 8 % 5 + 1, place / 2 % 4 + 1, place % 2 + 1);
    let (year, month) = day::month_of(today);
    let (last_year, last_month) = day::months_before((year, month), 1);
    let this = format!("{year:04}-{month:02}");
    let last = format!("{last_year:04}-{last_month:02}");
    let fen = u64::try_from(place).unwrap_or(0) * 137 % 4_000;
    let new = |kind, prefix: &str, period: &str, amount, due_day| NewBill {
        merchant,
        holder,
        kind,
        account_number: format!("{prefix}{account_number}"),
        period: period.to_owned(),
        amount,
        due_day,
    };
    bills::issue(operations, new(BillKind::PropertyFee, "", &this, cny(126), today + 3)).await?;
    if place % 3 != 2 {
        let amount = fen_of(4_000 + fen);
        bills::issue(operations, new(BillKind::Electricity, "D", &this, amount, today + 5)).await?;
    }
    if place % 9 == 0 {
        bills::issue(operations, new(BillKind::Water, "S", &last, fen_of(1_500 + fen), today - 2)).await?;
    }
    Ok(())
}

fn cny(yuan: u64) -> Amount {
    fen_of(yuan * 100)
}

fn fen_of(fen: u64) -> Amount {
    Amount::from_minor(fen, Currency::CNY).expect("the prices of a small town are small")
}

fn key(what: &str, place: usize) -> IdempotencyKey {
    format!("community-{what}-{place}").parse().expect("letters, digits and hyphens are visible")
}

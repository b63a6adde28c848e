//! Renders every page with sample data: `cargo run -p pages --example preview -- DIR`, then open `DIR/index.html`.
//!
//! Each page comes in both languages and both themes. Assets are written beside them, and their paths made relative, so
//! that the pages can be looked at without a server.

mod card_purses;

use std::fs;
use std::path::{Path, PathBuf};

use ledger::Timestamp;
use maud::Markup;
use money::{Amount, Currency, Delta};
use pages::activity::{Kind, State};
use pages::bank_card::{self, BankCard, BindCard, CardState, Cards, CardsView};
use pages::card_move::{self, CardMove, Direction};
use pages::fault::{self, Fault};
use pages::form::{Problem, Trouble};
use pages::frame::{Frame, Notice, Theme, Viewer};
use pages::history::{self, Filter, History};
use pages::home::{self, Attention, Balance, Home};
use pages::landing::{self, Landing, Outing, OutingKind, QuickLogin, Role};
use pages::locale::Locale;
use pages::merchant::{self, MerchantDay, Sale};
use pages::operator::{self, Entry, Overview};
use pages::pay::{self, Directory, Instrument, PayAmount, PayCheck, Shop};
use pages::settings::{self, Settings};
use pages::sign_in::{self, LogIn, Register};
use pages::sums::Sum;
use pages::town::{Bilingual, Place, PlaceKind, TownEvent};
use pages::transaction::{self, Paper, Reason, Refund, Transaction};
use pages::transfer::{self, TransferCheck, TransferStart};
use pages::{Line, Moment, MomentKind, Point};
use wallet::ids::{BankId, CardId, MerchantId, OperationId};

/// Sunday, 22 November 2026, 11:06:10 UTC.
const NOW_SECONDS: u64 = 1_795_345_570;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let folder = std::env::args().nth(1).map(PathBuf::from).ok_or("usage: preview DIR")?;
    fs::create_dir_all(folder.join("assets"))?;
    for asset in pages::assets::all() {
        fs::write(folder.join(asset.path.trim_start_matches('/')), &asset.body)?;
    }
    let mut index = String::from("<!doctype html><meta charset=utf-8><title>Pages</title><ul>");
    for locale in Locale::ALL {
        for theme in [Theme::Light, Theme::Dark] {
            for (name, page) in all_pages(locale, theme)? {
                let file = format!("{name}-{}-{}.html", locale.tag(), theme.code());
                write(&folder, &file, &page)?;
                index.push_str(&format!("<li><a href='{file}'>{file}</a>"));
            }
        }
    }
    fs::write(folder.join("index.html"), index)?;
    Ok(())
}

fn write(folder: &Path, file: &str, page: &Markup) -> Result<(), Failure> {
    let html = page.clone().into_string().replace("\"/assets/", "\"assets/");
    Ok(fs::write(folder.join(file), html)?)
}

type Pages = Vec<(&'static str, Markup)>;

fn all_pages(locale: Locale, theme: Theme) -> Result<Pages, Failure> {
    let frame = |viewer| Frame {
        locale,
        theme,
        viewer,
        path: "/".to_owned(),
        lock_seconds: 300,
        form_token: Some("sample".to_owned()),
        notice: None,
        unread: 3,
        now: at(0),
        utc_offset_minutes: 480,
    };
    let mut all = guest_pages(&frame(Viewer::Guest))?;
    let holder = frame(Viewer::Holder { name: pick(locale, "李雷", "Li Lei") });
    let merchant = frame(Viewer::Merchant { name: pick(locale, "王师傅", "Wang") });
    let operator = frame(Viewer::Operator { name: pick(locale, "陈静", "Chen Jing") });
    all.extend(holder_pages(&holder)?);
    all.extend(staff_pages(&merchant, &operator)?);
    all.extend(card_purses::holder(&holder)?);
    all.extend(card_purses::merchant(&merchant)?);
    all.extend(card_purses::operator(&operator)?);
    Ok(all)
}

fn pick(locale: Locale, zh: &str, en: &str) -> String {
    Bilingual::new(zh, en).get(locale).to_owned()
}

fn at(seconds_ago: u64) -> Timestamp {
    Timestamp((NOW_SECONDS - seconds_ago) * ledger::NANOSECONDS_PER_SECOND)
}

fn cny(minor: u64) -> Result<Amount, money::MoneyError> {
    Amount::from_minor(minor, Currency::CNY)
}

fn cny_delta(minor: i64) -> Result<Delta, money::MoneyError> {
    Delta::from_minor(minor, Currency::CNY)
}

fn guest_pages(frame: &Frame) -> Result<Pages, Failure> {
    let wrong = LogIn {
        login: "lilei".to_owned(),
        town: true,
        problems: vec![Problem { field: "password", trouble: Trouble::WrongPassword }],
        ..LogIn::default()
    };
    let taken = Register {
        display_name: pick(frame.locale, "韩梅梅", "Han Meimei"),
        login: "hanmeimei".to_owned(),
        phone: "138".to_owned(),
        problems: vec![
            Problem { field: "phone", trouble: Trouble::PhoneForm },
            Problem { field: "password", trouble: Trouble::PasswordTooShort(15) },
        ],
    };
    Ok(vec![
        ("landing", landing::landing(frame, &sample_town()?)),
        ("welcome", landing::welcome(frame)),
        ("login", sign_in::log_in(frame, &wrong)),
        ("register", sign_in::register(frame, &Register::default())),
        ("register-wrong", sign_in::register(frame, &taken)),
        ("not-found", fault::fault(frame, Fault::NotFound)),
    ])
}

fn sample_places() -> Vec<Place> {
    let place = |key: &str, kind, zh, en| Place { key: key.to_owned(), kind, name: Bilingual::new(zh, en) };
    vec![
        place("bank-1", PlaceKind::Bank, "青柳银行", "Bank of Qingliu"),
        place("bank-2", PlaceKind::Bank, "江南商业银行", "Jiangnan Commercial Bank"),
        place("bank-3", PlaceKind::Bank, "信用合作社", "Credit Union"),
        place("canteen", PlaceKind::Canteen, "阳光食堂", "Sunshine Canteen"),
        place("noodles", PlaceKind::Noodles, "老王牛肉面", "Wang’s Beef Noodles"),
        place("tea", PlaceKind::Tea, "清溪茶馆", "Clear Brook Tea"),
        place("buns", PlaceKind::Buns, "清早包子铺", "Early Morning Buns"),
        place("coffee", PlaceKind::Coffee, "柳岸咖啡", "Willow Bank Coffee"),
        place("market", PlaceKind::Market, "便民超市", "Corner Market"),
        place("books", PlaceKind::Bookshop, "晨光书店", "Morning Light Books"),
        place("pharmacy", PlaceKind::Pharmacy, "仁和药房", "Renhe Pharmacy"),
        place("inn", PlaceKind::Inn, "青柳客栈", "Willow Inn"),
        place("laundry", PlaceKind::Laundry, "洁净洗衣", "Clean Laundry"),
        place("stage", PlaceKind::Stage, "节庆戏台", "Festival Stage"),
        place("bus", PlaceKind::Bus, "小镇公交", "Town Bus"),
        place("property", PlaceKind::Property, "物业服务中心", "Property Office"),
        place("library", PlaceKind::Library, "青柳图书馆", "Qingliu Library"),
    ]
}

fn sample_town() -> Result<Landing, Failure> {
    let event = |ago, kind, who: &str, place: &str, minor| -> Result<TownEvent, Failure> {
        Ok(TownEvent {
            at: at(ago),
            kind,
            state: State::Completed,
            who: who.to_owned(),
            place: Some(place.to_owned()),
            amount: cny(minor)?,
        })
    };
    let login = |who: &str, role, zh: &str, en: &str| QuickLogin {
        who: who.to_owned(),
        role,
        name: Bilingual::new(zh, en),
    };
    Ok(Landing {
        places: sample_places(),
        events: vec![
            event(2, Kind::Payment, "李*", "noodles", 850)?,
            event(5, Kind::Payment, "A*** Müller", "bus", 200)?,
            event(9, Kind::TopUp, "韩**", "bank-2", 10_000)?,
            event(14, Kind::Payment, "王*", "canteen", 1_280)?,
            event(21, Kind::Refund, "赵**", "books", 4_500)?,
            event(26, Kind::Transfer, "张*", "", 5_000)?,
            event(33, Kind::Withdrawal, "S**** Okafor", "bank-1", 30_000)?,
            TownEvent { state: State::Declined, ..event(40, Kind::Payment, "钱*", "stage", 4_000)? },
        ],
        latest: 8,
        holders: 120,
        outings: OutingKind::ALL.map(|kind| Outing { kind, address: "#visit".to_owned() }).to_vec(),
        sums: sample_sums()?,
        logins: vec![
            login("lilei", Role::Holder, "李雷", "Li Lei"),
            login("hanmeimei", Role::Holder, "韩梅梅", "Han Meimei"),
            login("noodles", Role::Merchant, "老王牛肉面", "Wang’s Beef Noodles"),
            login("canteen", Role::Cashier, "阳光食堂", "Sunshine Canteen"),
            login("operator", Role::Operator, "运营中心", "Operator"),
        ],
    })
}

fn sample_sums() -> Result<Vec<Sum>, Failure> {
    let euro = |minor| Amount::from_minor(minor, Currency::EUR);
    Ok(vec![
        Sum {
            float: cny(48_291_000)?,
            wallets: cny(31_314_350)?,
            merchants: cny(16_962_465)?,
            escrow: cny(0)?,
            vouchers: cny(0)?,
            card_purses: cny(14_185)?,
            suspense: cny_delta(0)?,
            coming: cny(50_000)?,
            leaving: cny(0)?,
            difference: cny_delta(0)?,
        },
        Sum {
            float: euro(1_240_000)?,
            wallets: euro(1_120_050)?,
            merchants: euro(119_950)?,
            escrow: euro(0)?,
            vouchers: euro(0)?,
            card_purses: euro(0)?,
            suspense: Delta::from_minor(0, Currency::EUR)?,
            coming: euro(0)?,
            leaving: euro(2_000)?,
            difference: Delta::from_minor(0, Currency::EUR)?,
        },
    ])
}

fn sample_lines(locale: Locale) -> Result<Vec<Line>, Failure> {
    let line = |number, kind, state, zh: &str, en: &str, ago, minor, memo: &str| -> Result<Line, Failure> {
        Ok(Line {
            id: OperationId::new(number),
            kind,
            state,
            other: pick(locale, zh, en),
            at: at(ago),
            delta: cny_delta(minor)?,
            memo: memo.to_owned(),
        })
    };
    let noodles = pick(locale, "牛肉面", "beef noodles");
    Ok(vec![
        line(1, Kind::Payment, State::Completed, "老王牛肉面", "Wang’s Beef Noodles", 300, -850, &noodles)?,
        line(2, Kind::Payment, State::Completed, "小镇公交", "Town Bus", 4_000, -200, "")?,
        line(3, Kind::TopUp, State::Unknown, "青柳银行 ••4821", "Bank of Qingliu ••4821", 7_200, 20_000, "")?,
        line(
            4,
            Kind::Transfer,
            State::Completed,
            "韩梅梅",
            "Han Meimei",
            90_000,
            3_600,
            &pick(locale, "电影票", "cinema tickets"),
        )?,
        line(5, Kind::Refund, State::Completed, "晨光书店", "Morning Light Books", 180_000, 4_500, "")?,
        line(6, Kind::Payment, State::Declined, "青柳影院", "Willow Cinema", 190_000, -40_000, "")?,
        line(
            7,
            Kind::Withdrawal,
            State::Completed,
            "青柳银行 ••4821",
            "Bank of Qingliu ••4821",
            300_000,
            -30_000,
            "",
        )?,
        line(
            8,
            Kind::Payment,
            State::Reversed,
            "<script>alert(1)</script>",
            "<script>alert(1)</script>",
            400_000,
            -990,
            "\"><img src=x>",
        )?,
    ])
}

fn sample_cards(locale: Locale) -> Vec<BankCard> {
    let card = |number: u128, zh, en, last4: &str| BankCard {
        id: CardId::new(number),
        bank: BankId::new(number),
        bank_name: pick(locale, zh, en),
        last4: last4.to_owned(),
        expiry: "08/29".to_owned(),
        holder_name: "LI LEI".to_owned(),
        brand: "UnionPay",
        name: String::new(),
        state: if number == 2 { CardState::Frozen } else { CardState::Valid },
        bound_at: at(300),
        is_default: number == 6,
    };
    vec![
        card(6, "青柳银行", "Bank of Qingliu", "4821"),
        card(1, "江南商业银行", "Jiangnan Commercial Bank", "0077"),
        card(2, "信用合作社", "Credit Union", "9315"),
    ]
}

fn sample_shops(locale: Locale) -> Vec<Shop> {
    let other =
        |place: &Place| if locale == Locale::En { place.name.zh.clone() } else { place.name.en.clone() };
    (0_u128..)
        .zip(sample_places())
        .filter(|(_, place)| place.kind != PlaceKind::Bank)
        .map(|(number, place)| Shop {
            id: MerchantId::new(number),
            note: other(&place),
            name: place.name.get(locale).to_owned(),
            favourite: number % 4 == 1,
        })
        .collect()
}

fn holder_pages(frame: &Frame) -> Result<Pages, Failure> {
    let available = vec![cny(12_650)?, Amount::from_minor(4_020, Currency::EUR)?];
    let balances = vec![
        Balance { available: available[0], in_flight: cny(20_000)? },
        Balance { available: available[1], in_flight: Amount::zero(Currency::EUR) },
    ];
    let recent = sample_lines(frame.locale)?;
    let attention = Attention { bills: 2, requests: 1, ..Attention::default() };
    let holder = Home { balances, as_of: at(0), recent: recent.clone(), cards: 2, attention };
    let new = Home {
        balances: vec![Balance { available: cny(0)?, in_flight: cny(0)? }],
        recent: Vec::new(),
        cards: 0,
        attention: Attention::default(),
        ..holder.clone()
    };
    let registered = Frame { notice: Some(Notice::Registered), ..frame.clone() };
    let history = History {
        filter: Filter::default(),
        currencies: vec![Currency::CNY, Currency::EUR],
        tags: vec!["food".to_owned()],
        lines: recent,
        older: Some("?before=12".to_owned()),
        paged: true,
        csv_query: String::new(),
    };
    let mut pages = vec![
        ("home", home::home(frame, &holder)),
        ("home-new", home::home(&registered, &new)),
        ("history", history::history(frame, &history)),
    ];
    pages.extend(money_pages(frame, &available)?);
    pages.extend(detail_pages(frame)?);
    Ok(pages)
}

fn money_pages(frame: &Frame, available: &[Amount]) -> Result<Pages, Failure> {
    let top_up = CardMove {
        direction: Direction::TopUp,
        cards: sample_cards(frame.locale),
        available: available.to_vec(),
        card: String::new(),
        amount: String::new(),
        currency: "CNY".to_owned(),
        attempt: "sample".to_owned(),
        problems: Vec::new(),
    };
    let withdraw = CardMove {
        direction: Direction::Withdrawal,
        amount: "900".to_owned(),
        available: vec![available[0]],
        problems: vec![Problem { field: "amount", trouble: Trouble::InsufficientFunds(Some(available[0])) }],
        ..top_up.clone()
    };
    let start = TransferStart {
        available: available.to_vec(),
        payee: String::new(),
        amount: String::new(),
        currency: "CNY".to_owned(),
        memo: String::new(),
        problems: Vec::new(),
    };
    let check = TransferCheck {
        payee: "13800000002".to_owned(),
        masked_name: "韩*梅".to_owned(),
        name_check: "sample".to_owned(),
        amount: cny(3_600)?,
        left: cny(9_050)?,
        memo: pick(frame.locale, "电影票", "cinema tickets"),
        attempt: "sample".to_owned(),
    };
    let shops = sample_shops(frame.locale);
    let pay_amount = PayAmount {
        shop: shops[1].clone(),
        available: available.to_vec(),
        amount: "8.50".to_owned(),
        currency: "CNY".to_owned(),
        memo: String::new(),
        one_click: None,
        attempt: "sample".to_owned(),
        problems: Vec::new(),
    };
    let pay_check = PayCheck {
        shop: shops[1].clone(),
        amount: cny(850)?,
        left: Some(cny(11_800)?),
        memo: pick(frame.locale, "牛肉面", "beef noodles"),
        instruments: vec![Instrument { value: "wallet".to_owned(), card: None, usable: true }],
        chosen: "wallet".to_owned(),
        most: None,
        attempt: "sample".to_owned(),
        problems: Vec::new(),
    };
    let bind = BindCard {
        banks: sample_cards(frame.locale).into_iter().map(|card| (card.bank, card.bank_name)).collect(),
        ..BindCard::default()
    };
    Ok(vec![
        ("top-up", card_move::card_move(frame, &top_up)),
        ("withdraw", card_move::card_move(frame, &withdraw)),
        ("transfer", transfer::start(frame, &start)),
        ("transfer-check", transfer::check(frame, &check)),
        ("pay", pay::directory(frame, &Directory { search: String::new(), shops })),
        ("pay-amount", pay::amount(frame, &pay_amount)),
        ("pay-check", pay::check(frame, &pay_check)),
        (
            "cards",
            bank_card::cards(frame, &Cards { view: CardsView::Pictures, cards: sample_cards(frame.locale) }),
        ),
        ("card-bind", bank_card::bind(frame, &bind)),
    ])
}

fn sample_transaction(locale: Locale) -> Result<Transaction, Failure> {
    Ok(Transaction {
        id: OperationId::new(0x5f3a_99e1_0c42_77ab_10fe_03d2_91c4_e8b7),
        kind: Kind::Payment,
        state: State::Completed,
        reason: None,
        delta: cny_delta(-850)?,
        payer: pick(locale, "李雷", "Li Lei"),
        payee: pick(locale, "老王牛肉面", "Wang’s Beef Noodles"),
        memo: pick(locale, "牛肉面,加蛋", "beef noodles with an egg"),
        at: at(300),
        bank_page: None,
        refund_of: None,
        refunds: Vec::new(),
        moments: vec![
            Moment { kind: MomentKind::Recorded, at: at(300) },
            Moment { kind: MomentKind::Completed, at: at(300) },
        ],
        refund: None,
        annotation: None,
    })
}

fn detail_pages(frame: &Frame) -> Result<Pages, Failure> {
    let payment = sample_transaction(frame.locale)?;
    let declined = Transaction {
        state: State::Declined,
        reason: Some(Reason::InsufficientFunds),
        moments: vec![
            Moment { kind: MomentKind::Recorded, at: at(300) },
            Moment { kind: MomentKind::Declined, at: at(299) },
        ],
        ..payment.clone()
    };
    let profile = Settings {
        login: "lilei".to_owned(),
        display_name: pick(frame.locale, "李雷", "Li Lei"),
        phone: "13800000001".to_owned(),
        wallets: vec![Currency::CNY, Currency::EUR],
        offered: vec![Currency::USD, Currency::JPY],
        problems: Vec::new(),
    };
    Ok(vec![
        ("transaction", transaction::transaction(frame, &payment)),
        ("transaction-declined", transaction::transaction(frame, &declined)),
        ("receipt-a4", transaction::receipt(frame, &payment, Paper::A4)),
        ("receipt-80", transaction::receipt(frame, &payment, Paper::Roll80)),
        ("settings", settings::settings(frame, &profile)),
    ])
}

fn hours(scale: u64) -> Vec<Point> {
    const SHAPE: [u64; 24] =
        [0, 0, 0, 0, 0, 2, 9, 24, 18, 8, 10, 31, 44, 20, 9, 8, 11, 22, 38, 19, 0, 0, 0, 0];
    (0..)
        .zip(SHAPE)
        .map(|(hour, value): (u32, u64)| Point { label: format!("{hour:02}"), value: value * scale })
        .collect()
}

fn staff_pages(merchant_frame: &Frame, operator_frame: &Frame) -> Result<Pages, Failure> {
    let locale = merchant_frame.locale;
    let sale = |number, ago, payer: &str, state, minor, refunded| -> Result<Sale, Failure> {
        Ok(Sale {
            id: OperationId::new(number),
            at: at(ago),
            payer: payer.to_owned(),
            state,
            amount: cny(minor)?,
            refunded: cny(refunded)?,
            memo: if number == 1 { pick(locale, "牛肉面", "beef noodles") } else { String::new() },
        })
    };
    let day = MerchantDay {
        shop: pick(locale, "老王牛肉面", "Wang’s Beef Noodles"),
        sold: cny(231_750)?,
        sales: 273,
        refunded: cny(1_700)?,
        balance: cny(1_889_240)?,
        hours: hours(850),
        latest: vec![
            sale(1, 300, "李*", State::Completed, 850, 0)?,
            sale(2, 420, "韩**", State::Completed, 1_700, 850)?,
            sale(3, 900, "A*** Müller", State::Completed, 1_250, 1_250)?,
            sale(4, 1_500, "钱*", State::Declined, 4_000, 0)?,
        ],
        older: Some("?before=4".to_owned()),
        as_of: at(0),
    };
    let refund = Refund {
        left: cny(850)?,
        amount: "8.50".to_owned(),
        memo: String::new(),
        attempt: "sample".to_owned(),
        problems: Vec::new(),
    };
    let sold = Transaction {
        delta: cny_delta(850)?,
        payer: "李*".to_owned(),
        refund: Some(refund),
        ..sample_transaction(locale)?
    };
    Ok(vec![
        ("merchant", merchant::merchant(merchant_frame, &day)),
        ("merchant-refund", transaction::transaction(merchant_frame, &sold)),
        ("operator", operator::operator(operator_frame, &sample_overview(locale)?)),
    ])
}

fn sample_overview(locale: Locale) -> Result<Overview, Failure> {
    let entry =
        |number, kind, state, payer: (&str, &str), payee: (&str, &str), minor| -> Result<Entry, Failure> {
            Ok(Entry {
                id: OperationId::new(number),
                kind,
                state,
                payer: pick(locale, payer.0, payer.1),
                payee: pick(locale, payee.0, payee.1),
                amount: cny(minor)?,
                at: at(u64::try_from(number)? * 40),
            })
        };
    let li_lei = ("李雷", "Li Lei");
    let days = (0_u64..28).map(|day| Point {
        label: format!("{}/{}", 10 + (day + 25) / 31, (day + 25) % 31 + 1),
        value: 1_600_000 + (day * 7_919 % 13) * 90_000 + if day % 7 < 2 { 500_000 } else { 0 },
    });
    Ok(Overview {
        sums: sample_sums()?,
        currency: Currency::CNY,
        days: days.collect(),
        hours: hours(7),
        completed: 1_846,
        failed: 23,
        open: 2,
        holders: 120,
        waiting: operator::Waiting { held: 1, approvals: 2, differences: 1 },
        latest: vec![
            entry(1, Kind::Payment, State::Completed, li_lei, ("老王牛肉面", "Wang’s Beef Noodles"), 850)?,
            entry(
                2,
                Kind::TopUp,
                State::Unknown,
                ("青柳银行 ••4821", "Bank of Qingliu ••4821"),
                li_lei,
                20_000,
            )?,
            entry(3, Kind::Transfer, State::Completed, ("韩梅梅", "Han Meimei"), li_lei, 3_600)?,
            entry(4, Kind::Payment, State::Declined, li_lei, ("青柳影院", "Willow Cinema"), 40_000)?,
        ],
        as_of: at(0),
    })
}

//! What a visitor finds in the shops: items on tills, cashiers with PINs, orders in every state, a dispute.

use money::{Amount, Currency};
use operations::orders::{self, HOLD_SECONDS, NewOrder, OPEN_SECONDS, PayRequest};
use operations::staff::{self, Employer, NewStaff};
use operations::till::{self, NewItem};
use operations::{IdempotencyKey, OperationError, Operations, Origin, escrow};
use records::meta;
use records::orders::{Order, OrderSource, OrderState};
use records::principals::Language;
use records::till::{StaffEntry, StaffRole};
use server::{App, OsEntropy};
use wallet::ids::{HolderId, MerchantId};

use super::errors::LiveError;
use super::town::PASSWORD;
use crate::economy::places::{BOOKS, CANTEEN, TEA};
use crate::economy::{HolderIndex, ShopIndex};
use crate::founding::{Residents, staff_id};

/// The PIN of the canteen's second cashier.
pub(super) const CASHIER_PIN: &str = "246810";
/// Who stands at the canteen's second window.
pub(super) const CASHIER_LOGIN: &str = "canteen.xiaomei";

/// Name in Chinese, name in English, group, fen.
type Dish = (&'static str, &'static str, &'static str, u64);

const CANTEEN_ITEMS: [Dish; 8] = [
    ("牛肉面", "Beef noodles", "主食", 850),
    ("番茄鸡蛋面", "Tomato and egg noodles", "主食", 700),
    ("米饭", "Rice", "主食", 100),
    ("红烧茄子", "Braised aubergine", "热菜", 450),
    ("宫保鸡丁", "Kung pao chicken", "热菜", 900),
    ("小笼包", "Soup dumplings", "点心", 600),
    ("豆浆", "Soy milk", "饮料", 200),
    ("酸梅汤", "Plum juice", "饮料", 300),
];
const TEA_ITEMS: [Dish; 4] = [
    ("龙井", "Longjing", "茶", 1_800),
    ("普洱", "Pu'er", "茶", 1_600),
    ("茉莉花茶", "Jasmine tea", "茶", 1_200),
    ("桂花糕", "Osmanthus cake", "点心", 800),
];

/// The fact of the installation that the shops were set up: whatever has become of them since is left alone.
const SET_UP: &str = "town_shops_set_up";

/// Sets the shops up, unless they were: what an interruption left half done is finished.
///
/// # Errors
/// See [`LiveError`].
pub(super) async fn set_up(app: &App, residents: &Residents) -> Result<(), LiveError> {
    let (operations, records) = (app.operations(), app.records());
    if records.read(|sql| meta::get(sql, SET_UP)).await.map_err(LiveError::Records)?.is_some() {
        return Ok(());
    }
    for (shop, dishes) in [(CANTEEN, CANTEEN_ITEMS.as_slice()), (TEA, TEA_ITEMS.as_slice())] {
        set_items(operations, residents.shop(shop), dishes).await?;
    }
    hire_cashier(operations, residents.shop(CANTEEN)).await?;
    sell(operations, residents).await?;
    records.write(|sql| meta::set(sql, SET_UP, "yes")).await.map_err(LiveError::Records)
}

fn cny(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::CNY).unwrap_or(Amount::zero(Currency::CNY))
}

async fn set_items(operations: &Operations, shop: MerchantId, dishes: &[Dish]) -> Result<(), OperationError> {
    if !till::items(operations, shop).await?.is_empty() {
        return Ok(());
    }
    for (zh, en, category, price) in dishes {
        let new = NewItem {
            name_zh: (*zh).to_owned(),
            name_en: (*en).to_owned(),
            category: (*category).to_owned(),
            price: cny(*price),
        };
        till::add_item(operations, shop, new).await?;
    }
    Ok(())
}

async fn hire_cashier(operations: &Operations, canteen: MerchantId) -> Result<(), LiveError> {
    let id = staff_id(CASHIER_LOGIN);
    if till::staff(operations, canteen).await?.iter().any(|(principal, _)| principal.id == id) {
        return Ok(());
    }
    let hash = |secret: &str| {
        let mut salt = [0; 16];
        operations::Entropy::fill(&OsEntropy, &mut salt);
        let hashed = server::hash_password(secret, &salt);
        hashed.map_err(|error| LiveError::Listener(format!("cannot hash a password: {error}")))
    };
    let new = NewStaff {
        login: CASHIER_LOGIN.to_owned(),
        name: "小梅".to_owned(),
        latin_name: Some("Xiaomei".to_owned()),
        language: Language::Chinese,
        password_hash: Some(hash(PASSWORD)?),
    };
    staff::hire(operations, id, Employer::Merchant(canteen), new).await?;
    let entry = StaffEntry { role: StaffRole::Cashier, pin_hash: Some(hash(CASHIER_PIN)?), pin_failures: 0 };
    till::put_entry(operations, id, entry).await?;
    Ok(())
}

/// One order of the seed: shop, what for, fen, whether it waits in escrow.
struct Seed {
    name: &'static str,
    shop: ShopIndex,
    description: &'static str,
    amount: u64,
    escrow: bool,
}

const SEEDS: [Seed; 5] = [
    Seed {
        name: "open",
        shop: CANTEEN,
        description: "会议订餐 · Lunch for a meeting",
        amount: 4_800,
        escrow: false,
    },
    Seed {
        name: "paid",
        shop: BOOKS,
        description: "《算法导论》 · Introduction to Algorithms",
        amount: 6_900,
        escrow: false,
    },
    Seed {
        name: "held",
        shop: BOOKS,
        description: "旧书一箱 · A box of old books",
        amount: 5_200,
        escrow: true,
    },
    Seed {
        name: "disputed",
        shop: CANTEEN,
        description: "生日蛋糕 · Birthday cake",
        amount: 6_800,
        escrow: true,
    },
    Seed {
        name: "cancelled",
        shop: TEA,
        description: "明前龙井 · Early Longjing",
        amount: 3_600,
        escrow: false,
    },
];

async fn sell(operations: &Operations, residents: &Residents) -> Result<(), OperationError> {
    let buyer = residents.holder(HolderIndex(1));
    for seed in &SEEDS {
        let Some(order) = make(operations, residents, seed).await? else { continue };
        match seed.name {
            "paid" | "held" => pay(operations, buyer, &order).await?,
            "disputed" => {
                pay(operations, buyer, &order).await?;
                let order = orders::get(operations, order.id).await?;
                if order.state == OrderState::Held {
                    let reason = "送到时已压坏 · It arrived crushed".to_owned();
                    escrow::dispute(operations, buyer, &order, reason).await?;
                }
            }
            "cancelled" => orders::cancel(operations, order.created_by, &order).await?,
            _ => {}
        }
    }
    Ok(())
}

/// The order of the seed, where it is still as it was made.
async fn make(
    operations: &Operations,
    residents: &Residents,
    seed: &Seed,
) -> Result<Option<Order>, OperationError> {
    let merchant = residents.shop(seed.shop);
    let new = NewOrder {
        merchant,
        created_by: residents.staff(merchant),
        source: OrderSource::Link,
        amount: cny(seed.amount),
        lines: Vec::new(),
        reference: format!("SEED-{}", seed.name.to_uppercase()),
        description: seed.description.to_owned(),
        escrow: seed.escrow,
        return_url: String::new(),
        open_seconds: 30 * OPEN_SECONDS,
        hold_seconds: HOLD_SECONDS,
    };
    let Ok(key) = format!("town-{}", seed.name).parse::<IdempotencyKey>() else { return Ok(None) };
    let order = orders::create(operations, &key, new).await?;
    Ok(Some(order).filter(|order| order.state == OrderState::Open))
}

/// Pays where the buyer can: a poor buyer leaves the order open.
async fn pay(operations: &Operations, payer: HolderId, order: &Order) -> Result<(), OperationError> {
    let Ok(key) = format!("town-pay-{}", order.id).parse::<IdempotencyKey>() else { return Ok(()) };
    let request = PayRequest { payer, order: order.id, origin: Origin::default() };
    match orders::pay(operations, &key, request).await {
        Ok(_)
        | Err(
            OperationError::OrderEnded | OperationError::StepUpRequired | OperationError::NotSecured { .. },
        ) => Ok(()),
        Err(error) => Err(error),
    }
}

//! The banks and the shops of the town, with their menus.

use money::{Amount, Currency};

/// A name in both languages of the town.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

/// A bank of the town, by its place in [`BANKS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BankIndex(pub u8);

/// A shop of the town, by its place in [`SHOPS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShopIndex(pub u8);

/// A bank.
#[derive(Clone, Copy, Debug)]
pub struct BankProfile {
    /// What it is called.
    pub name: Name,
    /// The short code in records, unique.
    pub code: &'static str,
    /// The first six digits of its cards.
    pub issuer_digits: &'static str,
}

/// Something for sale.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// What it is called.
    pub name: Name,
    /// In yuan.
    pub price: Amount,
}

/// A shop.
#[derive(Clone, Copy, Debug)]
pub struct ShopProfile {
    /// The short code in records, what it is, and the user name of its staff; unique.
    pub login: &'static str,
    /// What it is called.
    pub name: Name,
    /// What it sells.
    pub menu: &'static [Item],
    /// Whether visitors may pay in their own currency.
    pub takes_foreign_money: bool,
}

const fn yuan(fen: u64) -> Amount {
    match Amount::from_minor(fen, Currency::CNY) {
        Ok(amount) => amount,
        Err(_) => panic!("prices are far below the greatest amount"),
    }
}

const fn item(zh: &'static str, en: &'static str, fen: u64) -> Item {
    Item { name: Name { zh, en }, price: yuan(fen) }
}

/// The banks of the town.
pub const BANKS: [BankProfile; 3] = [
    BankProfile {
        name: Name { zh: "青柳商业银行", en: "Qingliu Commercial Bank" },
        code: "qingliu",
        issuer_digits: "622588",
    },
    BankProfile {
        name: Name { zh: "江南农商银行", en: "Jiangnan Rural Bank" },
        code: "jiangnan",
        issuer_digits: "622848",
    },
    BankProfile {
        name: Name { zh: "海港国际银行", en: "Harbour International Bank" },
        code: "harbour",
        issuer_digits: "456351",
    },
];

/// Sunshine Canteen.
pub const CANTEEN: ShopIndex = ShopIndex(0);
/// Old Wang's Noodles.
pub const NOODLES: ShopIndex = ShopIndex(1);
/// Early Morning Buns.
pub const BUNS: ShopIndex = ShopIndex(2);
/// Morning Light Books.
pub const BOOKS: ShopIndex = ShopIndex(3);
/// The bus line.
pub const BUS: ShopIndex = ShopIndex(4);
/// The library.
pub const LIBRARY: ShopIndex = ShopIndex(5);
/// The laundry.
pub const LAUNDRY: ShopIndex = ShopIndex(6);
/// The property office, which lets the flats.
pub const PROPERTY: ShopIndex = ShopIndex(7);
/// The supermarket.
pub const MARKET: ShopIndex = ShopIndex(8);
/// The pharmacy.
pub const PHARMACY: ShopIndex = ShopIndex(9);
/// The tea house.
pub const TEA: ShopIndex = ShopIndex(10);
/// The coffee shop.
pub const COFFEE: ShopIndex = ShopIndex(11);
/// The inn.
pub const INN: ShopIndex = ShopIndex(12);
/// The festival stage.
pub const STAGE: ShopIndex = ShopIndex(13);

/// The shops of the town.
pub const SHOPS: [ShopProfile; 14] = [
    ShopProfile {
        login: "canteen",
        name: Name { zh: "阳光食堂", en: "Sunshine Canteen" },
        menu: &[
            item("牛肉面", "Beef noodles", 850),
            item("番茄炒蛋饭", "Tomato and egg rice", 1_150),
            item("红烧肉套餐", "Braised pork set", 1_680),
            item("麻婆豆腐饭", "Mapo tofu rice", 1_080),
            item("小米粥", "Millet porridge", 300),
            item("豆浆油条", "Soy milk and dough stick", 550),
        ],
        takes_foreign_money: false,
    },
    ShopProfile {
        login: "noodles",
        name: Name { zh: "老王面馆", en: "Old Wang's Noodles" },
        menu: &[
            item("兰州拉面", "Lanzhou hand-pulled noodles", 1_200),
            item("葱油拌面", "Scallion oil noodles", 950),
            item("酸辣粉", "Hot and sour glass noodles", 1_100),
            item("卤蛋", "Braised egg", 250),
        ],
        takes_foreign_money: false,
    },
    ShopProfile {
        login: "buns",
        name: Name { zh: "清晨包子铺", en: "Early Morning Buns" },
        menu: &[
            item("鲜肉包两只", "Two pork buns", 500),
            item("青菜香菇包", "Greens and mushroom bun", 220),
            item("茶叶蛋", "Tea egg", 200),
            item("煎饼果子", "Savoury crêpe", 750),
        ],
        takes_foreign_money: false,
    },
    ShopProfile {
        login: "books",
        name: Name { zh: "晨光书店", en: "Morning Light Books" },
        menu: &[
            item("笔记本", "Notebook", 980),
            item("《现代汉语词典》", "Dictionary of Modern Chinese", 10_900),
            item("中性笔一盒", "Box of gel pens", 1_850),
            item("小镇地图", "Map of the town", 1_500),
            item("长篇小说", "Novel", 4_580),
        ],
        takes_foreign_money: true,
    },
    ShopProfile {
        login: "bus",
        name: Name { zh: "青柳公交", en: "Qingliu Bus" },
        menu: &[item("一号线车票", "Line 1 ticket", 200), item("夜班车票", "Night bus ticket", 300)],
        takes_foreign_money: false,
    },
    ShopProfile {
        login: "library",
        name: Name { zh: "青柳图书馆", en: "Qingliu Library" },
        menu: &[
            item("打印十页", "Ten printed pages", 100),
            item("逾期费", "Overdue fee", 50),
            item("研讨室一小时", "Study room, one hour", 500),
        ],
        takes_foreign_money: false,
    },
    ShopProfile {
        login: "laundry",
        name: Name { zh: "洁净洗衣", en: "Bright Laundry" },
        menu: &[
            item("标准洗", "Normal wash", 400),
            item("大件洗", "Large wash", 800),
            item("西装干洗", "Suit, dry-cleaned", 2_800),
        ],
        takes_foreign_money: false,
    },
    ShopProfile {
        login: "property",
        name: Name { zh: "青柳物业", en: "Qingliu Property Office" },
        menu: &[
            item("单间月租", "Room, one month", 80_000),
            item("两居月租", "Flat, one month", 165_000),
            item("物业费", "Property fee", 12_600),
        ],
        takes_foreign_money: false,
    },
    ShopProfile {
        login: "market",
        name: Name { zh: "百家超市", en: "Baijia Supermarket" },
        menu: &[
            item("牛奶", "Milk", 1_290),
            item("鸡蛋十二枚", "Twelve eggs", 1_580),
            item("大米五公斤", "Rice, 5 kg", 3_990),
            item("苹果一袋", "Bag of apples", 1_390),
            item("洗衣液", "Washing liquid", 2_490),
            item("矿泉水", "Mineral water", 200),
        ],
        takes_foreign_money: false,
    },
    ShopProfile {
        login: "pharmacy",
        name: Name { zh: "同春药房", en: "Tongchun Pharmacy" },
        menu: &[
            item("感冒冲剂", "Cold remedy", 2_280),
            item("维生素C", "Vitamin C", 1_900),
            item("创可贴", "Plasters", 650),
            item("降压药", "Blood pressure tablets", 5_620),
        ],
        takes_foreign_money: false,
    },
    ShopProfile {
        login: "tea",
        name: Name { zh: "柳岸茶馆", en: "Willow Bank Tea House" },
        menu: &[
            item("龙井一壶", "Pot of Longjing", 3_800),
            item("茉莉花茶", "Jasmine tea", 1_800),
            item("桂花糕", "Osmanthus cake", 1_200),
        ],
        takes_foreign_money: true,
    },
    ShopProfile {
        login: "coffee",
        name: Name { zh: "街角咖啡", en: "Corner Coffee" },
        menu: &[
            item("美式咖啡", "Americano", 1_500),
            item("拿铁", "Latte", 1_900),
            item("肉桂卷", "Cinnamon roll", 1_400),
        ],
        takes_foreign_money: true,
    },
    ShopProfile {
        login: "inn",
        name: Name { zh: "柳荫客栈", en: "Willow Shade Inn" },
        menu: &[item("标准间一晚", "Double room, one night", 26_800), item("早餐", "Breakfast", 3_200)],
        takes_foreign_money: true,
    },
    ShopProfile {
        login: "stage",
        name: Name { zh: "节庆舞台", en: "Festival Stage" },
        menu: &[item("越剧门票", "Yue opera ticket", 6_000), item("灯会门票", "Lantern fair ticket", 3_000)],
        takes_foreign_money: true,
    },
];

/// The currencies of the town: yuan first, then those that visitors bring.
pub const CURRENCIES: [Currency; 5] =
    [Currency::CNY, Currency::HKD, Currency::USD, Currency::EUR, Currency::JPY];

/// Minor units of `currency` for one fen, as the shops' price lists have it.
const fn price_list_rate(currency: Currency) -> (u64, u64) {
    match currency {
        Currency::HKD => (109, 100),
        Currency::USD => (14, 100),
        Currency::EUR => (13, 100),
        Currency::JPY => (21, 100),
        _ => (1, 1),
    }
}

impl Item {
    /// The price on the list for this currency, at least one minor unit.
    #[must_use]
    pub fn price_in(&self, currency: Currency) -> Amount {
        let (numerator, denominator) = price_list_rate(currency);
        let minor = (self.price.minor() * numerator / denominator).max(1);
        Amount::from_minor(minor, currency).expect("a price is far below the greatest amount in any currency")
    }
}

impl ShopIndex {
    /// The shop.
    #[must_use]
    pub fn profile(self) -> &'static ShopProfile {
        &SHOPS[usize::from(self.0)]
    }

    /// Every shop.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..14).map(Self)
    }

    /// The currencies in which it can be paid.
    #[must_use]
    pub fn currencies(self) -> &'static [Currency] {
        if self.profile().takes_foreign_money { &CURRENCIES } else { &CURRENCIES[..1] }
    }
}

impl BankIndex {
    /// The bank.
    #[must_use]
    pub fn profile(self) -> &'static BankProfile {
        &BANKS[usize::from(self.0)]
    }

    /// Every bank.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..3).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::{CANTEEN, CURRENCIES, STAGE, ShopIndex};
    use money::Currency;

    #[test]
    fn beef_noodles_cost_eight_yuan_fifty() {
        assert_eq!(CANTEEN.profile().menu[0].price.to_string(), "8.50 CNY");
    }

    #[test]
    fn every_item_has_a_price_in_every_currency() {
        for shop in ShopIndex::all() {
            for item in shop.profile().menu {
                for currency in CURRENCIES {
                    assert!(item.price_in(currency).minor() > 0);
                }
            }
        }
        assert_eq!(STAGE.profile().menu[0].price_in(Currency::JPY).to_string(), "1260 JPY");
    }
}

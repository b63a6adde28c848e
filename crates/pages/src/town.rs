//! What a town's landing page knows: places on the map and the events that pass over it.

use ledger::Timestamp;
use money::Amount;

use crate::activity::{Kind, State};
use crate::locale::Locale;

/// A name in both languages of the pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bilingual {
    /// The Chinese name.
    pub zh: String,
    /// The English name.
    pub en: String,
}

impl Bilingual {
    /// A name from its Chinese and English form.
    #[must_use]
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// The form for readers of this language.
    #[must_use]
    pub fn get(&self, locale: Locale) -> &str {
        match locale {
            Locale::ZhCn => &self.zh,
            Locale::En => &self.en,
        }
    }
}

/// What stands on a plot: decides the shape and the sign of the building.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    /// A bank.
    Bank,
    /// A canteen.
    Canteen,
    /// A noodle shop.
    Noodles,
    /// A bun shop.
    Buns,
    /// A bookshop.
    Bookshop,
    /// The bus line.
    Bus,
    /// A library.
    Library,
    /// A laundry.
    Laundry,
    /// The property office.
    Property,
    /// A market.
    Market,
    /// A pharmacy.
    Pharmacy,
    /// A tea house.
    Tea,
    /// A coffee shop.
    Coffee,
    /// An inn.
    Inn,
    /// The festival stage.
    Stage,
    /// Any other shop.
    Shop,
}

impl PlaceKind {
    /// What stands for a merchant of this category.
    #[must_use]
    pub fn of_category(category: &str) -> Self {
        match category {
            "canteen" => Self::Canteen,
            "noodles" => Self::Noodles,
            "buns" => Self::Buns,
            "books" => Self::Bookshop,
            "bus" => Self::Bus,
            "library" => Self::Library,
            "laundry" => Self::Laundry,
            "property" => Self::Property,
            "market" => Self::Market,
            "pharmacy" => Self::Pharmacy,
            "tea" => Self::Tea,
            "coffee" => Self::Coffee,
            "inn" => Self::Inn,
            "stage" => Self::Stage,
            _ => Self::Shop,
        }
    }
}

/// A building of the map.
#[derive(Clone, Debug)]
pub struct Place {
    /// Unique in the town, letters, digits and hyphens: ties events to the building.
    pub key: String,
    /// What stands there.
    pub kind: PlaceKind,
    /// Its name.
    pub name: Bilingual,
}

/// Something that happened to money in the town.
#[derive(Clone, Debug)]
pub struct TownEvent {
    /// When it finished.
    pub at: Timestamp,
    /// What it was.
    pub kind: Kind,
    /// How it ended.
    pub state: State,
    /// The holder's name as everybody may see it.
    pub who: String,
    /// The [`Place::key`] of the shop or bank, or nothing for a transfer between holders.
    pub place: Option<String>,
    /// How much.
    pub amount: Amount,
}

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
    /// A tea house.
    Tea,
    /// A bakery.
    Bakery,
    /// A fruit shop.
    Fruit,
    /// A grocery.
    Grocery,
    /// A bookshop.
    Bookshop,
    /// A pharmacy.
    Pharmacy,
    /// A barber.
    Barber,
    /// A laundry.
    Laundry,
    /// A cinema.
    Cinema,
    /// The bus line.
    Bus,
    /// The property office.
    Property,
    /// A hardware shop.
    Hardware,
    /// A library.
    Library,
    /// The festival stage.
    Stage,
    /// Any other shop.
    Shop,
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

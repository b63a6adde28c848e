//! What the till keeps beside the terminal's journal, in a file of the same directory: its items, what was in the last baskets,
//! the reports of closed shifts, and what the server has yet to hear about loads. No money hangs on it.

use std::collections::VecDeque;

use purse::fields::{Asn, Mac, Sequence};
use serde::{Deserialize, Serialize};
use terminal::{
    disk::{Disk, DiskError},
    entry::SaleId,
    load::Direction,
};

use crate::{
    hex::{from_hex, to_hex},
    host::OperationName,
    shift::ClosedShift,
};

/// The file's name.
const FILE: &str = "till.json";
/// So many baskets are kept, the last ones.
const BASKETS_MAX: usize = 200;
/// So many closed shifts are kept.
const SHIFTS_MAX: usize = 100;

/// Something that the till sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// The price of one, in minor units.
    pub price: u32,
}

/// What was bought of one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BasketLine {
    pub(crate) item: Item,
    pub(crate) quantity: u32,
}

/// A sale as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Basket {
    #[serde(with = "sale_name")]
    pub(crate) sale: SaleId,
    pub(crate) amount: u32,
    pub(crate) may_owe: bool,
    pub(crate) lines: Vec<BasketLine>,
}

/// A card's code that the server has not got yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OwedCode {
    pub(crate) operation: OperationName,
    code: String,
}

impl OwedCode {
    pub(crate) fn new(operation: OperationName, code: Mac) -> Self {
        Self { operation, code: to_hex(&code.0) }
    }

    pub(crate) fn code(&self) -> Option<Mac> {
        from_hex(&self.code).map(Mac)
    }
}

/// A load or unload that a card was told to do, without an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Doubt {
    pub(crate) operation: OperationName,
    card: String,
    is_load: bool,
    sequence: u16,
    pub(crate) amount: u32,
}

impl Doubt {
    pub(crate) fn new(
        operation: OperationName,
        card: Asn,
        (direction, sequence): (Direction, Sequence),
        amount: u32,
    ) -> Self {
        let is_load = direction == Direction::Load;
        Self { operation, card: to_hex(&card.0), is_load, sequence: sequence.0, amount }
    }

    pub(crate) fn is_of(&self, card: Asn) -> bool {
        self.card == to_hex(&card.0)
    }

    pub(crate) const fn what(&self) -> (Direction, Sequence) {
        let direction = if self.is_load { Direction::Load } else { Direction::Unload };
        (direction, Sequence(self.sequence))
    }
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Kept {
    /// `None`: nobody has edited them.
    pub(crate) items: Option<Vec<Item>>,
    pub(crate) baskets: VecDeque<Basket>,
    pub(crate) shifts: VecDeque<ClosedShift>,
    pub(crate) codes: Vec<OwedCode>,
    pub(crate) doubts: Vec<Doubt>,
}

impl Kept {
    /// What is in the file. One that cannot be read is begun anew: the journal has everything that counts.
    ///
    /// # Errors
    /// [`DiskError`].
    pub(crate) fn read(disk: &mut impl Disk) -> Result<Self, DiskError> {
        let bytes = disk.read(FILE)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    /// Writes the file, durably.
    ///
    /// # Errors
    /// [`DiskError`]; the old file is there still, or the new one.
    pub(crate) fn write(&self, disk: &mut impl Disk) -> Result<(), DiskError> {
        let bytes = serde_json::to_vec(self).map_err(|error| DiskError::Failed(error.to_string()))?;
        disk.replace(FILE, &bytes)
    }

    pub(crate) fn basket(&self, sale: SaleId) -> Option<&Basket> {
        self.baskets.iter().find(|basket| basket.sale == sale)
    }

    pub(crate) fn add_basket(&mut self, basket: Basket) {
        if self.basket(basket.sale).is_none() {
            self.baskets.push_back(basket);
        }
        while self.baskets.len() > BASKETS_MAX {
            self.baskets.pop_front();
        }
    }

    /// Keeps a shift's report, in the place of an earlier one of the same number.
    pub(crate) fn add_shift(&mut self, closed: ClosedShift) {
        self.shifts.retain(|known| known.number != closed.number);
        self.shifts.push_back(closed);
        while self.shifts.len() > SHIFTS_MAX {
            self.shifts.pop_front();
        }
    }
}

mod sale_name {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use terminal::entry::SaleId;

    use crate::hex::{from_hex, to_hex};

    pub(super) fn serialize<S: Serializer>(sale: &SaleId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&to_hex(&sale.0))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SaleId, D::Error> {
        let text = String::deserialize(from)?;
        from_hex(&text).map(SaleId).ok_or_else(|| D::Error::custom("not 32 hexadecimal digits"))
    }
}

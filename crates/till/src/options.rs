//! What a site is opened with.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use card_reader::reader::Reader;
use money::Currency;
use purse::amount::Amount;
use terminal::{Entrance, Station, terminal::Settings};

use crate::{Clock, HostAddress, Item, Slot};

/// What a terminal with a page is opened with.
pub struct Options {
    /// Its directory, which one process at a time may have.
    pub data: PathBuf,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub mode: Mode,
    /// The currency that its cards count, in minor units.
    pub currency: Currency,
    /// The terminal's own settings.
    pub settings: Settings,
    /// The reader with its security module.
    pub module: Box<dyn Reader + Send>,
    /// Where cards come from.
    pub slot: Arc<dyn Slot>,
    /// The server.
    pub host: HostAddress,
    /// What says the time.
    pub clock: Clock,
    /// How often it looks for the server.
    pub sync_every: Duration,
    /// What it sells as long as nobody has edited its items.
    pub items: Vec<Item>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("data", &self.data).field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a terminal is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It sells.
    Counter,
    /// It lets people through.
    Gate(Gate),
}

/// A gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Where it stands.
    pub station: Station,
    /// What a trip costs that ends here.
    pub fare: Fare,
}

/// A fare that grows with the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fare {
    /// What any trip costs.
    pub base: Amount,
    /// What each station further costs. Stations are counted by their numbers, on whichever line.
    pub step: Amount,
}

impl Fare {
    /// The fare from an entrance to here; at most what four bytes can say.
    #[must_use]
    pub fn from(&self, entrance: &Entrance, here: Station) -> Amount {
        let stations = u32::from(entrance.station.station.abs_diff(here.station));
        Amount::new(self.base.units().saturating_add(self.step.units().saturating_mul(stations)))
    }
}

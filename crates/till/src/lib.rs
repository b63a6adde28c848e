//! The page of a terminal for card purses: a till or a gate that works without the server.
//!
//! * [`Site`]: a terminal with its web page, opened with [`Options`]. One worker thread owns terminal and readers; pages are made
//!   of what it published last; a thread of its own speaks with the server, so that no sale waits for a network.
//! * [`Slot`]: where cards come from, a reader of the system or cards in this process.
//! * [`HostAddress`]: where the server is. [`setup`]: what a terminal is set up with, as files of its directory.
//!
//! Invariants: a sale has the name that its form was rendered with, so that it is paid once however often the form is sent; what
//! a page says about money is what the terminal's journal says; a load or unload that broke off is brought to its end by the
//! card.

mod clock;
mod grade;
mod guard;
mod hex;
mod host;
mod kept;
mod line;
mod loading;
mod machine;
mod options;
mod pages_of;
mod routes;
pub mod setup;
mod shift;
mod site;
mod slot;
mod tap;
mod upkeep;
mod visit;
mod words;
mod worker;

pub use clock::{Clock, system_clock};
pub use host::HostAddress;
pub use kept::Item;
pub use options::{Fare, Gate, Mode, Options};
pub use site::{OpenError, Site, Status};
pub use slot::{ReaderSlot, Slot};

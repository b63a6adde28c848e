//! Building blocks of pages.

mod basket;
mod card_art;
mod chart;
mod lines;
mod pieces;
mod purse_art;
pub(crate) mod qr;

pub(crate) use basket::{BasketLine, amount_to_take, basket};
pub(crate) use card_art::card_art;
pub use chart::Point;
pub(crate) use chart::{Chart, bars, line, sparkline};
pub use lines::Line;
pub(crate) use lines::{kind_icon, lines};
pub use pieces::{Moment, MomentKind};
pub(crate) use pieces::{back, badge, empty, flash, key_values, stat, stepper, timeline};
pub(crate) use purse_art::purse_art;
pub(crate) use qr::qr;

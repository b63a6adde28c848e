//! The living town: founded in seconds, served in the same process, and going on at a pace that can be watched.

mod bank_site;
mod card_books;
mod card_office;
mod card_pair_books;
mod card_pairs;
mod card_panel;
mod card_table;
mod community;
mod control;
mod errors;
mod first_days;
mod neighbour_page;
mod records_room;
mod sample_shop;
mod shop_floor;
mod town;
mod townsfolk;
mod two_cards;

pub use errors::LiveError;
pub use first_days::FIRST_DAYS;
pub use town::{LiveOptions, PASSWORD, run_live};

//! Web pages as pure functions of view models: a [`frame::Frame`] and a view go in, HTML comes out.
//!
//! * One file per page or family of pages; its view models stand beside the function that renders them.
//! * No request, clock or store is known here: the server fills the views.
//! * Every page works as plain HTML; the scripts in `assets/` only add comfort.
//! * All words come from the catalogues of [`locale`].

pub mod activity;
pub mod assets;
pub mod bank_card;
pub mod bills;
pub mod board;
pub mod card_move;
pub mod card_purse;
pub mod checkout;
mod components;
pub mod control;
pub mod developer;
pub mod fault;
pub mod figures;
pub mod form;
pub mod frame;
pub mod history;
pub mod home;
mod icon;
pub mod landing;
pub mod limits;
pub mod locale;
pub mod lock;
pub mod merchant;
pub mod merchant_orders;
pub mod merchant_terminals;
pub mod months;
pub mod notifications;
pub mod office;
pub mod operator;
pub mod order_words;
pub mod paper;
mod passkey;
pub mod pay;
pub mod payer_code;
pub mod requests;
pub mod scan;
pub mod security;
pub mod settings;
mod shell;
pub mod sign_in;
pub mod step_up;
pub mod sums;
pub mod terminal;
pub mod till;
pub mod town;
mod town_map;
pub mod transaction;
pub mod transfer;
pub mod vault;
pub mod vouchers;
mod when;

pub use components::{Line, Moment, MomentKind, Point};
pub use maud::Markup;

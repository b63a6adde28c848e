//! Web pages as pure functions of view models: a [`frame::Frame`] and a view go in, HTML comes out.
//!
//! * One file per page or family of pages; its view models stand beside the function that renders them.
//! * No request, clock or store is known here: the server fills the views.
//! * Every page works as plain HTML; the scripts in `assets/` only add comfort.
//! * All words come from the catalogues of [`locale`].

pub mod activity;
pub mod assets;
pub mod bank_card;
pub mod card_move;
mod components;
pub mod fault;
pub mod figures;
pub mod form;
pub mod frame;
pub mod history;
pub mod home;
mod icon;
pub mod landing;
pub mod locale;
pub mod merchant;
pub mod operator;
pub mod pay;
pub mod settings;
mod shell;
pub mod sign_in;
pub mod sums;
pub mod town;
mod town_map;
pub mod transaction;
pub mod transfer;
mod when;

pub use components::{Line, Moment, MomentKind, Point};
pub use maud::Markup;

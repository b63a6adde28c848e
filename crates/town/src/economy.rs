//! The economy of Qingliu Town: who lives there, what they mean to do, and when. Pure: one seed, one life.

pub mod calendar;
pub mod habits;
pub mod life;
pub mod people;
pub mod places;
pub mod random;

pub use calendar::{Day, Minute};
pub use life::{Action, Economy, Event, EventNumber};
pub use people::{CardCondition, CardProfile, HolderIndex, HolderProfile, Population, Role};
pub use places::{BANKS, BankIndex, CURRENCIES, SHOPS, ShopIndex};
pub use random::Random;

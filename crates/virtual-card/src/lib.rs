//! Cards without plastic.
//!
//! * [`compute`]: what a card, a terminal or a host would answer, computed from keys and inputs alone.
//! * [`card`]: a card of security domains and applets in its [`memory`], which is a file; [`kind`]: a holder's or a
//!   terminal's; [`directory`]: what it keeps beside its applets.
//! * [`personalisation`]: the file that says what a card is made with; [`issuance`]: how that gets into a card.
//! * [`plugged`]: a card with its file, as it is plugged into a slot; [`vpcd`]: the slot of a reader of the system.
//! * [`example`]: a card and a module to try things with.
//! * [`reader`]: how a terminal reaches a card; [`tap`]: one purchase, as a terminal does it; [`tap_time`]: how long it takes.

mod applet;
pub mod card;
pub mod compute;
pub mod directory;
pub mod example;
pub mod issuance;
pub mod kind;
pub mod memory;
pub mod personalisation;
pub mod plugged;
pub mod reader;
pub mod tap;
pub mod tap_time;
pub mod vpcd;

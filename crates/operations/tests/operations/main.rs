//! Operations over real stores: what each does, whoever repeats it, and whatever stops on the way.

mod bank_asks;
mod card_purses;
mod closings;
mod control;
mod crashes;
mod embedded_bank;
mod founding;
mod key_ceremony;
mod limits;
mod orders;
mod pay_by_code;
mod repetitions;
mod rules;
mod sealed_secrets;
mod storms;
mod vaults;
mod vouchers;
mod world;

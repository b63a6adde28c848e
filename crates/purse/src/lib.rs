//! The card purse: value that lives in a card and is spent without a network. No heap, no clock, no randomness.
//!
//! * [`ep`]: the purse application, [`ep::Application::step`]; [`psam`]: the security module of a terminal.
//! * [`vtp`]: value from purse to purse, without an issuer between.
//! * [`chip`]: how each of them is installed, gets power and loses it.
//! * [`journal`]: state that changes all at once over memory ([`nvm`]) that may lose power at any write.
//! * [`pboc`], [`own`]: the cryptography, pure functions that card, security module and issuer share.
//! * [`simulated`]: memory that fails on demand; [`fake_card`]: a card that cheats.
//!
//! ```
//! use globalplatform::apdu::Command;
//! use purse::{ep, journal, nvm, simulated::SimulatedNvm};
//!
//! # fn personalised() -> ep::Contents {
//! #     let with = ep::Personalisation {
//! #         profile: ep::Profile::FMCOS, aid: &[0xA0, 0, 0, 6, 0x32, 1, 1, 5], file_identifier: [0x10, 1],
//! #         public_information: [0; 30], keys: &[], pin: (&[0x12, 0x34], 3), files: &[], limits: ep::Limits::NONE,
//! #         currencies: [[0; 2]; ep::CURRENCY_POCKETS],
//! #     };
//! #     ep::Contents::personalised(&with).expect("in range")
//! # }
//! const WORDS: usize = journal::words_needed::<ep::Contents>();
//! let nvm = SimulatedNvm::<WORDS>::new();
//! let mut card = ep::Application::install(nvm, personalised())?;
//! let select = Command::new([0x00, 0xA4, 0x04, 0x00], &[0xA0, 0, 0, 6, 0x32, 1, 1, 5], Some(256)).expect("a command");
//! assert!(card.step(&select, [0; 8])?.status().is_success());
//! let ask = Command::new([0x80, 0x5C, 0x00, 0x02], &[], Some(4)).expect("a command");
//! assert_eq!(card.step(&ask, [0; 8])?.data(), [0, 0, 0, 0]);
//! # Ok::<(), nvm::Fault>(())
//! ```
#![no_std]

#[cfg(test)]
extern crate std;

mod answer;
mod checksum;

pub mod amount;
pub mod bytes;
pub mod chip;
pub mod ep;
pub mod fake_card;
pub mod fields;
pub mod journal;
pub mod key_table;
pub mod nvm;
pub mod own;
pub mod pboc;
pub mod psam;
pub mod simulated;
pub mod vtp;

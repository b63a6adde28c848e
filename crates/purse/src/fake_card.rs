//! A card that cheats: fixed random number, fixed counter, fixed MACs, and yes to every PIN.
//!
//! It imitates a purse well enough for a terminal that checks neither MAC2 nor the counter, or runs without a security
//! module. Every path of a terminal must refuse it; that is what it is for.

use globalplatform::{
    apdu::{Command, Response},
    status::StatusWord,
};

use crate::{
    amount::Amount,
    answer::{Answer, Refusal, done},
};

/// A card that cheats. It has no state at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FakeCard {
    /// What it always says it holds.
    pub balance: Amount,
    /// What it always says it is.
    pub public_information: [u8; 30],
}

impl FakeCard {
    /// Answers a command as a purse would, without keys.
    #[must_use]
    pub fn step(&self, command: &Command<'_>) -> Response {
        match self.answer(command) {
            Ok(response) => response,
            Err(Refusal::Status(status)) => status.into(),
            Err(Refusal::Fault(_)) => StatusWord::MEMORY_FAILURE.into(),
        }
    }

    fn answer(&self, command: &Command<'_>) -> Answer {
        const SEQUENCE: [u8; 2] = [0x00, 0x01];
        const TAGS: [u8; 2] = [0x01, 0x00];
        const RANDOM: [u8; 4] = [0x11, 0x22, 0x33, 0x44];
        const MAC: [u8; 4] = [0xAA, 0xBB, 0xCC, 0xDD];
        let balance = self.balance.to_bytes();
        match (command.cla, command.ins, command.p1) {
            (0x00, 0xB0, _) => done(&[&self.public_information]),
            (0x00, 0xB2, _) => done(&[&[0; 23]]),
            (0x00, 0x84, _) => done(&[&RANDOM]),
            (0x80, 0x5C, _) => done(&[&balance]),
            (0x80, 0x50, 0x00 | 0x05) => done(&[&balance, &SEQUENCE, &TAGS, &RANDOM, &MAC]),
            (0x80, 0x50, _) => done(&[&balance, &SEQUENCE, &[0; 3], &TAGS, &RANDOM]),
            (0x80, 0x54 | 0x5A, _) => done(&[&MAC, &MAC]),
            (0x80, 0x52, _) => done(&[&MAC]),
            (0x00 | 0x80, _, _) => done(&[]),
            _ => Err(StatusWord::CLASS_UNKNOWN.into()),
        }
    }
}

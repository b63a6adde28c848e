//! A terminal that keeps every message for ever, and sends what it likes to whom it likes.

use proptest::prelude::*;

use super::*;
use crate::simulated::Tear;

#[derive(Clone, Copy, Debug)]
enum Move {
    Propose { from: usize, to: usize, amount: u32 },
    Start { purse: usize, side: Side, proposal: usize },
    Deliver { purse: usize, kind: u8, message: usize },
    Flip { purse: usize, kind: u8, message: usize, byte: usize },
    Abort { purse: usize },
    Resume { purse: usize },
}

fn a_move() -> impl Strategy<Value = Move> {
    let (purse, kind, place) = (0..3_usize, 0..3_u8, 0..1_000_usize);
    prop_oneof![
        3 => (purse.clone(), purse.clone(), 1..60_u32)
            .prop_map(|(from, to, amount)| Move::Propose { from, to, amount }),
        6 => (purse.clone(), place.clone(), any::<bool>()).prop_map(|(purse, proposal, pays)| {
            Move::Start { purse, side: if pays { Side::From } else { Side::To }, proposal }
        }),
        12 => (purse.clone(), kind.clone(), place.clone())
            .prop_map(|(purse, kind, message)| Move::Deliver { purse, kind, message }),
        2 => (purse.clone(), kind, place.clone(), place)
            .prop_map(|(purse, kind, message, byte)| Move::Flip { purse, kind, message, byte }),
        1 => purse.clone().prop_map(|purse| Move::Abort { purse }),
        3 => purse.prop_map(|purse| Move::Resume { purse }),
    ]
}

/// A move, and the write and tear at which power is lost.
fn a_torn_move() -> impl Strategy<Value = (Move, Option<(u32, Tear)>)> {
    let tear = (0..120_u32, prop::sample::select(Tear::SAMPLES.as_slice()));
    (a_move(), prop::option::weighted(0.25, tear))
}

struct Terminal {
    purses: Vec<Purse>,
    proposals: Vec<PayDetails>,
    messages: Vec<Vec<u8>>,
}

impl Terminal {
    fn carry_out(&mut self, next: Move) -> Result<(), Fault> {
        let (ins, purse, data) = match next {
            Move::Propose { from, to, amount } => {
                self.proposals.push(pay_details(&self.purses[from], &self.purses[to], amount));
                return Ok(());
            }
            Move::Start { purse, side, proposal } => {
                let Some(details) = pick(&self.proposals, proposal) else { return Ok(()) };
                let other = chain(details.opposite(side).0[0], 1);
                let (_, answer) = start(&mut self.purses[purse], side, &other, &details)?;
                self.keep(answer);
                return Ok(());
            }
            Move::Deliver { purse, kind, message } => {
                let Some(message) = pick(&self.messages, message) else { return Ok(()) };
                (0x26 + 2 * kind, purse, message)
            }
            Move::Flip { purse, kind, message, byte } => {
                let Some(mut message) = pick(&self.messages, message) else { return Ok(()) };
                let place = byte % message.len();
                message[place] ^= 0x40;
                (0x26 + 2 * kind, purse, message)
            }
            Move::Abort { purse } => (0x2E, purse, Vec::new()),
            Move::Resume { purse } => {
                let (_, answer) = ask(&mut self.purses[purse], 0x2C, 0, &[])?;
                self.keep(answer.get(1..).unwrap_or_default().to_vec());
                return Ok(());
            }
        };
        let (_, answer) = ask(&mut self.purses[purse], ins, 0, &data)?;
        self.keep(answer);
        Ok(())
    }

    fn keep(&mut self, message: Vec<u8>) {
        if message.len() == Message::BYTES {
            self.messages.push(message);
        }
    }

    /// Power is lost in a purse and comes back.
    fn carry_out_torn(&mut self, next: Move, cut: Option<(u32, Tear)>) {
        if let Some((write, tear)) = cut {
            self.purses.iter_mut().for_each(|purse| purse.nvm_mut().cut_at(write, tear));
        }
        // A loss of power is repaired below.
        let _: Result<(), Fault> = self.carry_out(next);
        for purse in &mut self.purses {
            if !purse.nvm().is_dead() {
                purse.nvm_mut().restore_power();
                continue;
            }
            let mut nvm = purse.nvm().clone();
            nvm.restore_power();
            *purse = Purse::power_on(nvm).unwrap();
            select(purse);
        }
    }

    fn contents(&self) -> Vec<&Contents> {
        self.purses.iter().map(Purse::contents).collect()
    }
}

fn pick<T: Clone>(from: &[T], place: usize) -> Option<T> {
    (!from.is_empty()).then(|| from[place % from.len()].clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(debug_assertions) { 40 } else { 1_000 }, ..ProptestConfig::default() })]

    #[test]
    fn a_terminal_that_duplicates_and_reorders_gains_nothing(
        moves in prop::collection::vec(a_torn_move(), 100),
    ) {
        let purses = [1, 2, 3].map(|number| purse(number, 100)).to_vec();
        let mut terminal = Terminal { purses, proposals: Vec::new(), messages: Vec::new() };
        for (next, cut) in moves {
            terminal.carry_out_torn(next, cut);
            prop_assert_eq!(accounted(&terminal.contents()), 300);
        }
    }
}

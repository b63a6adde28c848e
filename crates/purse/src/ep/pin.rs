//! VERIFY, CHANGE, RELOAD and UNBLOCK PIN. A try is taken away in memory before the comparison.

use globalplatform::{apdu::Command, status::StatusWord};

use super::{application::Application, contents::Life, state::Pin};
use crate::{
    answer::{Answer, Refusal, done, ensure},
    fields::Mac,
    nvm::Nvm,
    pboc::{key, secure_messaging, session::SessionKey},
};

impl<N: Nvm> Application<N> {
    /// 00 20 00 xx: VERIFY.
    pub(super) fn verify_pin(&mut self, command: &Command<'_>) -> Answer {
        ensure((2..=6).contains(&command.data().len()), StatusWord::WRONG_LENGTH)?;
        ensure(command.p1 == 0, StatusWord::WRONG_P1_P2)?;
        self.ensure_active()?;
        self.session.is_pin_verified = false;
        self.compare_pin(command.data())?;
        self.session.is_pin_verified = true;
        done(&[])
    }

    /// Takes a try, compares, and gives all tries back.
    fn compare_pin(&mut self, given: &[u8]) -> Result<(), Refusal> {
        let mut next = self.contents().clone();
        next.pin.tries = next.pin.tries.checked_sub(1).ok_or(StatusWord::BLOCKED)?;
        let left = next.pin.tries;
        self.journal.commit(next)?;
        if !self.contents().pin.is(given) {
            return Err(if left == 0 { StatusWord::BLOCKED } else { StatusWord::tries_left(left) }.into());
        }
        let mut next = self.contents().clone();
        next.pin.tries = next.pin.tries_max;
        self.journal.commit(next)?;
        Ok(())
    }

    /// 80 5E: CHANGE PIN (P1 01: old ‖ FF ‖ new) or RELOAD PIN (P1 00: new ‖ MAC).
    pub(super) fn change_or_reload_pin(&mut self, command: &Command<'_>) -> Answer {
        self.ensure_active()?;
        match command.p1 {
            0x01 => self.change_pin(command.data()),
            0x00 => self.reload_pin(command.data()),
            _ => Err(StatusWord::WRONG_P1_P2.into()),
        }
    }

    fn change_pin(&mut self, data: &[u8]) -> Answer {
        let end = data.iter().position(|byte| *byte == 0xFF).ok_or(StatusWord::WRONG_DATA)?;
        let (old, new) = data.split_at(end);
        let new = new.get(1..).unwrap_or_default();
        ensure((2..=6).contains(&old.len()), StatusWord::WRONG_LENGTH)?;
        let pin = self.new_pin(new)?;
        self.session.is_pin_verified = false;
        self.compare_pin(old)?;
        let mut next = self.contents().clone();
        next.pin = pin;
        self.journal.commit(next)?;
        done(&[])
    }

    /// The MAC is that of PBOC: single DES over the PIN, under both halves of DRPK XORed, without a challenge.
    fn reload_pin(&mut self, data: &[u8]) -> Answer {
        let (new, mac) = data.split_last_chunk::<4>().ok_or(StatusWord::WRONG_LENGTH)?;
        let pin = self.new_pin(new)?;
        let session = SessionKey::of_halves(&self.first_key::<key::PinReload>()?);
        let right = session.mac(&[new]);
        self.check_host(|| right == Mac(*mac), StatusWord::MAC_WRONG)?;
        self.put_pin(pin)
    }

    /// 84 24 or 80 2C: UNBLOCK PIN, enciphered PIN ‖ MAC under DPUK over a challenge.
    pub(super) fn unblock_pin(&mut self, command: &Command<'_>) -> Answer {
        let data: [u8; 12] = command.data().try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
        ensure(command.p1 == 0, StatusWord::WRONG_P1_P2)?;
        self.ensure_active()?;
        let [a, b, c, d, e, f, g, h, mac @ ..] = data;
        let block = [a, b, c, d, e, f, g, h];
        let unblock = self.first_key::<key::PinUnblock>()?;
        let right = self.command_mac(&unblock, command, &block)?;
        self.check_host(|| right == Mac(mac), StatusWord::MAC_WRONG)?;
        let [length, pin @ ..] = secure_messaging::decipher_pin_block(&unblock, block);
        let pin = pin.get(..usize::from(length)).ok_or(StatusWord::WRONG_DATA)?;
        let pin = self.new_pin(pin)?;
        self.put_pin(pin)
    }

    fn put_pin(&mut self, pin: Pin) -> Answer {
        let mut next = self.next_after_host(Life::Active);
        next.pin = pin;
        self.journal.commit(next)?;
        self.session.is_pin_verified = false;
        done(&[])
    }

    fn new_pin(&self, digits: &[u8]) -> Result<Pin, Refusal> {
        let tries = self.contents().pin.tries_max;
        // A PIN must not contain what separates it in CHANGE PIN.
        let pin = Pin::new(digits, tries).filter(|_| !digits.contains(&0xFF));
        Ok(pin.ok_or(StatusWord::WRONG_DATA)?)
    }
}

//! The holder's lock: a locked purse pays nobody. A try is taken away in memory before the comparison.

use core::fmt;

use globalplatform::{apdu::Command, status::StatusWord};
use zeroize::Zeroize;

use super::{application::Application, rules::Rule};
use crate::{
    answer::{Answer, Refusal, done, ensure},
    bytes::{Reader, Writer},
    nvm::Nvm,
};

const DIGITS_MAX: usize = 8;

/// A PIN of two to eight bytes, its tries, and whether the purse is locked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Lock {
    digits: [u8; DIGITS_MAX],
    length: u8,
    pub(super) tries: u8,
    pub(super) tries_max: u8,
    pub(super) is_locked: bool,
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.digits.zeroize();
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock")
            .field("tries", &self.tries)
            .field("is_locked", &self.is_locked)
            .finish_non_exhaustive()
    }
}

impl Lock {
    pub(super) const BYTES: usize = DIGITS_MAX + 4;

    /// An open lock. `None` where the PIN has another length, or there are no tries.
    pub(super) fn new(pin: &[u8], tries: u8) -> Option<Self> {
        let length = u8::try_from(pin.len()).ok().filter(|length| (2..=8).contains(length))?;
        let mut digits = [0; DIGITS_MAX];
        digits.get_mut(..pin.len())?.copy_from_slice(pin);
        (1..=15).contains(&tries).then_some(Self {
            digits,
            length,
            tries,
            tries_max: tries,
            is_locked: false,
        })
    }

    /// Whether this is the PIN, in the same time wherever it differs.
    fn is(&self, pin: &[u8]) -> bool {
        let given = pin.iter().copied().chain(core::iter::repeat(0));
        let differing =
            self.digits.iter().zip(given).fold(0, |differing, (own, given)| differing | (own ^ given));
        differing == 0 && pin.len() == usize::from(self.length)
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        body.put(&self.digits);
        body.put(&[self.length, self.tries, self.tries_max, u8::from(self.is_locked)]);
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        let (digits, [length, tries, tries_max]) = (body.take()?, body.take()?);
        Some(Self { digits, length, tries, tries_max, is_locked: body.flag()? })
    }
}

impl<N: Nvm> Application<N> {
    /// 90 40: the right PIN opens the lock.
    pub(super) fn unlock(&mut self, command: &Command<'_>) -> Answer {
        self.compare_pin(command.data())?;
        let mut next = self.contents().clone();
        next.lock.is_locked = false;
        self.journal.commit(next)?;
        done(&[])
    }

    /// 90 42: anybody may lock.
    pub(super) fn lock(&mut self, command: &Command<'_>) -> Answer {
        ensure(command.data().is_empty(), StatusWord::WRONG_LENGTH)?;
        let mut next = self.contents().clone();
        next.lock.is_locked = true;
        self.journal.commit(next)?;
        done(&[])
    }

    /// 90 44: old ‖ FF ‖ new. The lock stays as it is.
    pub(super) fn change_pin(&mut self, command: &Command<'_>) -> Answer {
        let end = command.data().iter().position(|byte| *byte == 0xFF).ok_or(StatusWord::WRONG_DATA)?;
        let (old, new) = command.data().split_at(end);
        let new = new.get(1..).unwrap_or_default();
        let is_usable = !new.contains(&0xFF);
        let lock = Lock::new(new, self.contents().lock.tries_max).filter(|_| is_usable);
        let mut lock = lock.ok_or(StatusWord::WRONG_DATA)?;
        self.compare_pin(old)?;
        let mut next = self.contents().clone();
        lock.is_locked = next.lock.is_locked;
        next.lock = lock;
        self.journal.commit(next)?;
        done(&[])
    }

    /// Takes a try, compares, and gives all tries back.
    fn compare_pin(&mut self, given: &[u8]) -> Result<(), Refusal> {
        ensure((2..=DIGITS_MAX).contains(&given.len()), StatusWord::WRONG_LENGTH)?;
        let mut next = self.contents().clone();
        next.lock.tries = next.lock.tries.checked_sub(1).ok_or(StatusWord::BLOCKED)?;
        let left = next.lock.tries;
        if !self.session.rules.breaks(Rule::TryFirst) {
            self.journal.commit(next.clone())?;
        }
        if !self.contents().lock.is(given) {
            self.journal.commit(next)?;
            return Err(if left == 0 { StatusWord::BLOCKED } else { StatusWord::tries_left(left) }.into());
        }
        next.lock.tries = next.lock.tries_max;
        self.journal.commit(next)?;
        Ok(())
    }
}

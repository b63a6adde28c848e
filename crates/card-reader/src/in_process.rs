//! Cards and security modules inside this process: the shipping applications over simulated memory, behind [`Reader`].

use globalplatform::apdu::{Command, Response};
use purse::{
    chip::{Chip, Session},
    ep,
    fake_card::FakeCard,
    journal::Stored,
    nvm::Nvm,
    psam::SecurityModule,
    vtp,
};

use crate::reader::{Reader, ReaderError};

/// Something that answers commands while it has power.
pub trait Device {
    /// Power comes: repairs what a loss of power left. Whether it works.
    fn power_on(&mut self) -> bool;

    /// Takes one command and eight fresh random bytes. `None` where power went before the answer left.
    fn step(&mut self, command: &Command<'_>, random: [u8; 8]) -> Option<Response>;

    /// What is done when the answer has left.
    fn answer_has_left(&mut self);
}

/// Power goes and comes. Whether the chip works.
fn powered<N: Nvm + Clone, S: Stored + Clone, V: Session + Clone>(chip: &mut Chip<N, S, V>) -> bool {
    Chip::power_on(chip.clone().power_off()).map(|powered| *chip = powered).is_ok()
}

impl<N: Nvm + Clone> Device for ep::Application<N> {
    fn power_on(&mut self) -> bool {
        powered(self)
    }

    fn step(&mut self, command: &Command<'_>, random: [u8; 8]) -> Option<Response> {
        Self::step(self, command, random).ok()
    }

    fn answer_has_left(&mut self) {
        // A fault here shows at the next command; what was answered stands.
        let _ = self.mirror();
    }
}

impl<N: Nvm + Clone> Device for vtp::Application<N> {
    fn power_on(&mut self) -> bool {
        powered(self)
    }

    fn step(&mut self, command: &Command<'_>, _random: [u8; 8]) -> Option<Response> {
        Self::step(self, command).ok()
    }

    fn answer_has_left(&mut self) {
        // As of the purse.
        let _ = self.mirror();
    }
}

impl<N: Nvm + Clone> Device for SecurityModule<N> {
    fn power_on(&mut self) -> bool {
        powered(self)
    }

    fn step(&mut self, command: &Command<'_>, random: [u8; 8]) -> Option<Response> {
        Self::step(self, command, random).ok()
    }

    fn answer_has_left(&mut self) {
        // As of a card.
        let _ = self.mirror();
    }
}

impl Device for FakeCard {
    fn power_on(&mut self) -> bool {
        true
    }

    fn step(&mut self, command: &Command<'_>, _random: [u8; 8]) -> Option<Response> {
        Some(Self::step(self, command))
    }

    fn answer_has_left(&mut self) {}
}

/// A reader of one device, which is in the field or not.
#[derive(Clone, Debug)]
pub struct InProcess<D> {
    device: Option<D>,
    is_powered: bool,
    random: u64,
}

impl<D: Device> InProcess<D> {
    /// A reader with a device in its field. Equal seeds give equal random numbers.
    #[must_use]
    pub const fn new(device: D, seed: u64) -> Self {
        Self { device: Some(device), is_powered: false, random: seed | 1 }
    }

    /// A reader with nothing in its field.
    #[must_use]
    pub const fn empty(seed: u64) -> Self {
        Self { device: None, is_powered: false, random: seed | 1 }
    }

    /// Puts a device into the field, without power. The one that was there comes back.
    pub fn insert(&mut self, device: D) -> Option<D> {
        self.is_powered = false;
        self.device.replace(device)
    }

    /// Takes the device out of the field.
    pub fn remove(&mut self) -> Option<D> {
        self.is_powered = false;
        self.device.take()
    }

    /// Exchanges the device for another that has power already, faster than the reader notices.
    pub fn swap(&mut self, mut device: D) -> Option<D> {
        self.is_powered = device.power_on();
        self.device.replace(device)
    }

    /// The device in the field.
    #[must_use]
    pub const fn device(&self) -> Option<&D> {
        self.device.as_ref()
    }

    /// The device in the field, to plan its faults.
    pub const fn device_mut(&mut self) -> Option<&mut D> {
        self.device.as_mut()
    }

    /// xorshift64*: enough for cards that nobody attacks by guessing.
    const fn next_random(&mut self) -> [u8; 8] {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        self.random.wrapping_mul(0x2545_F491_4F6C_DD1D).to_be_bytes()
    }
}

impl<D: Device> Reader for InProcess<D> {
    fn is_card_present(&mut self) -> Result<bool, ReaderError> {
        Ok(self.device.is_some())
    }

    fn power_on(&mut self) -> Result<(), ReaderError> {
        let device = self.device.as_mut().ok_or(ReaderError::NoCard)?;
        self.is_powered = device.power_on();
        if self.is_powered { Ok(()) } else { Err(ReaderError::Lost) }
    }

    fn power_off(&mut self) {
        self.is_powered = false;
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<Response, ReaderError> {
        let random = self.next_random();
        let device = self.device.as_mut().ok_or(ReaderError::NoCard)?;
        if !self.is_powered {
            return Err(ReaderError::Lost);
        }
        let Some(response) = device.step(command, random) else {
            self.is_powered = false;
            return Err(ReaderError::Lost);
        };
        device.answer_has_left();
        Ok(response)
    }
}

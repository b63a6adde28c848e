//! Where the till finds cards.

use std::sync::{Mutex, PoisonError};

use card_reader::reader::{Reader, ReaderError};
use globalplatform::apdu::{Command, Response};

/// A place for one card at a time, which others may put cards into while the till runs.
pub trait Slot: Send + Sync {
    /// Gives the reader to `work`, and to nobody else until that is done.
    fn with_reader(&self, work: &mut dyn FnMut(&mut dyn Reader));
}

/// A slot that is a reader and nothing more.
pub struct ReaderSlot(Mutex<Box<dyn Reader + Send>>);

impl ReaderSlot {
    /// The slot of this reader.
    #[must_use]
    pub fn new(reader: Box<dyn Reader + Send>) -> Self {
        Self(Mutex::new(reader))
    }
}

impl std::fmt::Debug for ReaderSlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReaderSlot")
    }
}

impl Slot for ReaderSlot {
    fn with_reader(&self, work: &mut dyn FnMut(&mut dyn Reader)) {
        work(&mut **self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The reader of the security module, whatever it is.
pub(crate) struct ModuleReader(pub(crate) Box<dyn Reader + Send>);

impl Reader for ModuleReader {
    fn is_card_present(&mut self) -> Result<bool, ReaderError> {
        self.0.is_card_present()
    }

    fn power_on(&mut self) -> Result<(), ReaderError> {
        self.0.power_on()
    }

    fn power_off(&mut self) {
        self.0.power_off();
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<Response, ReaderError> {
        self.0.transmit(command)
    }
}

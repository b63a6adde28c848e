//! What a card is: one for a holder, or the security module of a terminal.

use globalplatform::aid::Aid;
use purse::{ep, journal::words_needed, psam, vtp};

use crate::{directory::Directory, memory::REGIONS};

/// The package that every applet here is an instance of.
pub const PACKAGE: Aid = Aid::known(b"\xF0SYCEE\xF0");
/// What stands for its code: applets are part of the card, and the package gives leave to install them.
pub const PACKAGE_CODE: &[u8] = b"applets of Sycee";

/// What a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardKind {
    /// A holder's: the purse (EP and ED) and purse to purse (VTP).
    User,
    /// A terminal's security module (PSAM).
    SecurityModule,
}

/// Which application an applet is an instance of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// The purse of PBOC.
    Purse,
    /// Purse to purse.
    Transfer,
    /// The security module.
    SecurityModule,
}

impl Module {
    /// The module's name in INSTALL.
    #[must_use]
    pub const fn aid(self) -> Aid {
        match self {
            Self::Purse => Aid::known(b"\xF0SYCEE\xF1"),
            Self::Transfer => Aid::known(b"\xF0SYCEE\xF2"),
            Self::SecurityModule => Aid::known(b"\xF0SYCEE\xF3"),
        }
    }

    const fn words(self) -> usize {
        let words = match self {
            Self::Purse => words_needed::<ep::Contents>(),
            Self::Transfer => words_needed::<vtp::Contents>(),
            Self::SecurityModule => words_needed::<psam::ModuleContents>(),
        };
        words.next_multiple_of(16)
    }
}

impl CardKind {
    /// The byte in the header of a memory.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::User => 1,
            Self::SecurityModule => 2,
        }
    }

    /// The kind of this byte.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        [Self::User, Self::SecurityModule].into_iter().find(|kind| kind.byte() == byte)
    }

    /// What its applets are; a security module has one.
    #[must_use]
    pub const fn modules(self) -> [Option<Module>; 2] {
        match self {
            Self::User => [Some(Module::Purse), Some(Module::Transfer)],
            Self::SecurityModule => [Some(Module::SecurityModule), None],
        }
    }

    /// How many words of memory the directory and each applet have, in whole pages.
    #[must_use]
    pub fn regions(self) -> [usize; REGIONS] {
        let [first, second] = self.modules().map(|module| module.map_or(0, Module::words));
        [words_needed::<Directory>().next_multiple_of(16), first, second]
    }
}

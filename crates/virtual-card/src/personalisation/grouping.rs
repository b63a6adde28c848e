//! Data groupings: the pieces in which personalisation travels to an application (GlobalPlatform 2.3.1, section 11.11).

use std::fmt;

use zeroize::Zeroizing;

/// The first identifier of groupings that travel under the DEK.
const FIRST_SECRET: u16 = 0x8000;

/// A piece of personalisation. Wiped when dropped.
#[derive(Clone)]
pub(crate) struct Grouping {
    /// Its identifier; of secrets it is 8000 or above.
    pub(crate) dgi: u16,
    /// What it holds.
    pub(crate) value: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grouping({:04X}, {} bytes)", self.dgi, self.value.len())
    }
}

impl Grouping {
    pub(super) fn new(dgi: u16, parts: &[&[u8]]) -> Self {
        Self { dgi, value: Zeroizing::new(parts.concat()) }
    }

    /// Whether it may only travel under the DEK.
    pub(crate) const fn is_secret(&self) -> bool {
        is_secret(self.dgi)
    }
}

/// Whether a grouping of this identifier may only travel under the DEK.
pub(super) const fn is_secret(dgi: u16) -> bool {
    dgi >= FIRST_SECRET
}

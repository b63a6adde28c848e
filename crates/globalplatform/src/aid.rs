//! Names of applications, security domains and load files: 5 to 16 bytes (ISO/IEC 7816-4, section 12.2.3).

use core::fmt;

/// An application identifier. Its order is that of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Aid {
    /// The first `length` bytes are the name, the others are zero.
    bytes: [u8; 16],
    length: u8,
}

impl Aid {
    /// The name of these bytes. `None` unless they are 5 to 16.
    #[must_use]
    pub const fn new(name: &[u8]) -> Option<Self> {
        if name.len() < 5 || name.len() > 16 {
            return None;
        }
        let mut bytes = [0; 16];
        let (place, _) = bytes.split_at_mut(name.len());
        place.copy_from_slice(name);
        #[expect(clippy::cast_possible_truncation, reason = "at most 16, as compared above")]
        let length = name.len() as u8;
        Some(Self { bytes, length })
    }

    /// A name that is written in the program, for constants: where it is none, the build fails.
    ///
    /// # Panics
    /// Outside constants, where the bytes are no name.
    #[must_use]
    pub const fn known(name: &[u8]) -> Self {
        match Self::new(name) {
            Some(aid) => aid,
            None => panic!("the name was written wrongly in the program"),
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl fmt::Debug for Aid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aid(")?;
        self.as_slice().iter().try_for_each(|byte| write!(f, "{byte:02X}"))?;
        f.write_str(")")
    }
}

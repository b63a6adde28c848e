use core::fmt;

/// What protects the messages of an open channel: P1 of EXTERNAL AUTHENTICATE.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecurityLevel(u8);

impl SecurityLevel {
    /// 00: both sides are authenticated, messages are not protected.
    pub const AUTHENTICATED: Self = Self(0x00);
    /// 01: commands have a MAC.
    pub const C_MAC: Self = Self(0x01);
    /// 03: commands have a MAC and are encrypted.
    pub const C_MAC_C_ENC: Self = Self(0x03);
    /// 11: commands and responses have a MAC.
    pub const C_MAC_R_MAC: Self = Self(0x11);
    /// 13: commands and responses have a MAC, commands are encrypted.
    pub const C_MAC_C_ENC_R_MAC: Self = Self(0x13);
    /// 33: commands and responses have a MAC and are encrypted.
    pub const FULL: Self = Self(0x33);
    /// Every level there is.
    pub const ALL: [Self; 6] = [
        Self::AUTHENTICATED,
        Self::C_MAC,
        Self::C_MAC_C_ENC,
        Self::C_MAC_R_MAC,
        Self::C_MAC_C_ENC_R_MAC,
        Self::FULL,
    ];

    /// The level of this byte. `None` for combinations that the standard does not have.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.0 == byte)
    }

    /// As P1 has it.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// Commands have a MAC.
    #[must_use]
    pub const fn has_c_mac(self) -> bool {
        self.0 & 0x01 != 0
    }

    /// Commands are encrypted.
    #[must_use]
    pub const fn has_c_enc(self) -> bool {
        self.0 & 0x02 != 0
    }

    /// Responses have a MAC.
    #[must_use]
    pub const fn has_r_mac(self) -> bool {
        self.0 & 0x10 != 0
    }

    /// Responses are encrypted.
    #[must_use]
    pub const fn has_r_enc(self) -> bool {
        self.0 & 0x20 != 0
    }
}

impl fmt::Debug for SecurityLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecurityLevel({:02X})", self.0)
    }
}

//! Status words: the last two bytes of every response (ISO/IEC 7816-4, section 5.6; PBOC 2.0; GlobalPlatform 2.3.1).

use core::fmt;

/// A status word, `SW1 SW2`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// 9000: done.
    pub const SUCCESS: Self = Self(0x9000);
    /// 6283: the selected application or the card is locked (GlobalPlatform, SELECT).
    pub const SELECTED_IS_LOCKED: Self = Self(0x6283);
    /// 6300: the host's cryptogram is wrong (GlobalPlatform, EXTERNAL AUTHENTICATE).
    pub const AUTHENTICATION_FAILED: Self = Self(0x6300);
    /// 6310: more data is available (GlobalPlatform, GET STATUS).
    pub const MORE_DATA_AVAILABLE: Self = Self(0x6310);
    /// 6581: the card's memory failed.
    pub const MEMORY_FAILURE: Self = Self(0x6581);
    /// 6700: wrong length.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// 6881: logical channels other than the basic one are not supported.
    pub const CHANNEL_NOT_SUPPORTED: Self = Self(0x6881);
    /// 6901: the command is not accepted in this state (PBOC).
    pub const NOT_ACCEPTED: Self = Self(0x6901);
    /// 6982: the security status does not allow it.
    pub const SECURITY_STATUS: Self = Self(0x6982);
    /// 6983: the authentication method is blocked: no tries left.
    pub const BLOCKED: Self = Self(0x6983);
    /// 6984: there is no challenge, or the reference data is not usable.
    pub const NO_CHALLENGE: Self = Self(0x6984);
    /// 6985: the conditions of use are not met.
    pub const CONDITIONS_NOT_MET: Self = Self(0x6985);
    /// 6987: the MAC that secure messaging asks for is missing.
    pub const MAC_MISSING: Self = Self(0x6987);
    /// 6988: the MAC of secure messaging is wrong.
    pub const MAC_WRONG: Self = Self(0x6988);
    /// 6999: the application cannot be selected (GlobalPlatform, SELECT).
    pub const SELECTION_FAILED: Self = Self(0x6999);
    /// 6A80: wrong data.
    pub const WRONG_DATA: Self = Self(0x6A80);
    /// 6A81: the function is not supported; also: the card is locked.
    pub const FUNCTION_NOT_SUPPORTED: Self = Self(0x6A81);
    /// 6A82: no such file or application.
    pub const FILE_NOT_FOUND: Self = Self(0x6A82);
    /// 6A83: no such record.
    pub const RECORD_NOT_FOUND: Self = Self(0x6A83);
    /// 6A84: not enough space.
    pub const NOT_ENOUGH_SPACE: Self = Self(0x6A84);
    /// 6A86: wrong P1 or P2.
    pub const WRONG_P1_P2: Self = Self(0x6A86);
    /// 6A88: no such referenced data.
    pub const REFERENCED_DATA_NOT_FOUND: Self = Self(0x6A88);
    /// 6B00: wrong parameters P1 P2, or an offset outside.
    pub const WRONG_PARAMETERS: Self = Self(0x6B00);
    /// 6D00: the instruction is not known.
    pub const INSTRUCTION_UNKNOWN: Self = Self(0x6D00);
    /// 6E00: the class is not known.
    pub const CLASS_UNKNOWN: Self = Self(0x6E00);
    /// 9301: insufficient funds (fuel card).
    pub const INSUFFICIENT_FUNDS: Self = Self(0x9301);
    /// 9302: a MAC of a transaction is wrong (PBOC).
    pub const TRANSACTION_MAC_WRONG: Self = Self(0x9302);
    /// 9303: the application is locked for ever (PBOC).
    pub const PERMANENTLY_LOCKED: Self = Self(0x9303);
    /// 9401: the balance is not enough (PBOC).
    pub const BALANCE_NOT_ENOUGH: Self = Self(0x9401);
    /// 9402: a transaction counter is exhausted (PBOC).
    pub const COUNTER_EXHAUSTED: Self = Self(0x9402);
    /// 9403: no key has this index (PBOC).
    pub const KEY_INDEX: Self = Self(0x9403);
    /// 9406: the MAC or TAC asked for is not available (PBOC).
    pub const PROOF_NOT_AVAILABLE: Self = Self(0x9406);
    /// 9484: the algorithm is not supported (GlobalPlatform, PUT KEY).
    pub const ALGORITHM_NOT_SUPPORTED: Self = Self(0x9484);
    /// 9485: the key check value is wrong (GlobalPlatform, PUT KEY).
    pub const KEY_CHECK_VALUE_WRONG: Self = Self(0x9485);

    /// 61xx: so many bytes can still be fetched; 256 is written as 00.
    #[must_use]
    pub const fn more_data(bytes: u8) -> Self {
        Self(u16::from_be_bytes([0x61, bytes]))
    }

    /// 6Cxx: Le was wrong, this is the right one; 256 is written as 00.
    #[must_use]
    pub const fn right_le(le: u8) -> Self {
        Self(u16::from_be_bytes([0x6C, le]))
    }

    /// 63Cx: the proof was wrong, and so many tries are left, at most 15.
    #[must_use]
    pub const fn tries_left(tries: u8) -> Self {
        Self(u16::from_be_bytes([0x63, if tries > 0x0F { 0xCF } else { 0xC0 | tries }]))
    }

    /// How many tries are left, where the word says so.
    #[must_use]
    pub const fn left_tries(self) -> Option<u8> {
        match self.to_bytes() {
            [0x63, low] if low >= 0xC0 && low <= 0xCF => Some(low & 0x0F),
            _ => None,
        }
    }

    /// Whether the command was done without reserve: 9000.
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.0 == Self::SUCCESS.0
    }

    /// Whether the word is a warning, 62xx or 63xx: the command was processed, and something is worth telling.
    #[must_use]
    pub const fn is_warning(self) -> bool {
        matches!(self.to_bytes(), [0x62 | 0x63, _])
    }

    /// `SW1`, `SW2`.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }

    /// The word of `SW1`, `SW2`.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 2]) -> Self {
        Self(u16::from_be_bytes(bytes))
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusWord({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_written_and_read() {
        assert_eq!(StatusWord::tries_left(2), StatusWord(0x63C2));
        assert_eq!(StatusWord::tries_left(200), StatusWord(0x63CF));
        assert_eq!(StatusWord(0x63C0).left_tries(), Some(0));
        assert_eq!(StatusWord(0x6300).left_tries(), None);
        assert_eq!(StatusWord(0x62C1).left_tries(), None);
    }

    #[test]
    fn only_62_and_63_are_warnings() {
        for word in 0..=u16::MAX {
            assert_eq!(StatusWord(word).is_warning(), matches!(word >> 8, 0x62 | 0x63));
        }
    }
}

//! Card numbers.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text is not a card number: 13 to 19 digits whose last one is the check digit of ISO/IEC 7812-1 (Luhn).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPan;

impl fmt::Display for NotAPan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("card number is not 13 to 19 digits with a valid check digit")
    }
}

impl core::error::Error for NotAPan {}

/// The scheme of a card, by the first digits of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Brand {
    /// 62.
    UnionPay,
    /// 4.
    Visa,
    /// 51 to 55.
    Mastercard,
    /// 35.
    Jcb,
    /// Anything else.
    Other,
}

impl Brand {
    /// The name as it is stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnionPay => "unionpay",
            Self::Visa => "visa",
            Self::Mastercard => "mastercard",
            Self::Jcb => "jcb",
            Self::Other => "other",
        }
    }
}

/// A primary account number: the number on a card. `Debug` shows the last four digits only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Pan(String);

/// The sum of ISO/IEC 7812-1 over digits, rightmost counted once, next one doubled, and so on.
fn luhn_sum(digits: impl DoubleEndedIterator<Item = u8>) -> u32 {
    digits
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 };
            if value > 9 { value - 9 } else { value }
        })
        .sum()
}

impl Pan {
    /// The card number that starts with these digits and ends with their check digit.
    ///
    /// # Errors
    /// [`NotAPan`] where `digits` are not 12 to 18 digits.
    pub fn with_check_digit(digits: &str) -> Result<Self, NotAPan> {
        if !(12..=18).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAPan);
        }
        let sum = luhn_sum(digits.bytes().chain(core::iter::once(b'0')));
        let check = (10 - sum % 10) % 10;
        Ok(Self(format!("{digits}{check}")))
    }

    /// All digits.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The last four digits.
    #[must_use]
    pub fn last_four(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }

    /// The scheme.
    #[must_use]
    pub fn brand(&self) -> Brand {
        match self.0.as_bytes() {
            [b'6', b'2', ..] => Brand::UnionPay,
            [b'4', ..] => Brand::Visa,
            [b'5', b'1'..=b'5', ..] => Brand::Mastercard,
            [b'3', b'5', ..] => Brand::Jcb,
            _ => Brand::Other,
        }
    }
}

impl FromStr for Pan {
    type Err = NotAPan;

    /// Reads digits; spaces between groups are skipped.
    fn from_str(text: &str) -> Result<Self, NotAPan> {
        let digits: String = text.chars().filter(|c| *c != ' ').collect();
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        if !(13..=19).contains(&digits.len()) || !all_digits || !luhn_sum(digits.bytes()).is_multiple_of(10) {
            return Err(NotAPan);
        }
        Ok(Self(digits))
    }
}

impl TryFrom<String> for Pan {
    type Error = NotAPan;
    fn try_from(text: String) -> Result<Self, NotAPan> {
        text.parse()
    }
}

impl From<Pan> for String {
    fn from(pan: Pan) -> Self {
        pan.0
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pan(…{})", self.last_four())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_check_digit_is_refused() {
        assert!("4111 1111 1111 1111".parse::<Pan>().is_ok());
        assert_eq!("4111111111111112".parse::<Pan>(), Err(NotAPan));
        assert_eq!("411111111111".parse::<Pan>(), Err(NotAPan));
        assert_eq!("4111111111111a11".parse::<Pan>(), Err(NotAPan));
        assert_eq!("".parse::<Pan>(), Err(NotAPan));
        assert_eq!("４111111111111111".parse::<Pan>(), Err(NotAPan));
    }

    #[test]
    fn a_made_number_is_valid() {
        for serial in 0..200_u32 {
            let pan = Pan::with_check_digit(&format!("62220000{serial:07}")).unwrap();
            assert_eq!(pan.digits().parse::<Pan>(), Ok(pan.clone()));
            assert_eq!(pan.brand(), Brand::UnionPay);
        }
    }

    #[test]
    fn debug_text_hides_all_but_the_last_four_digits() {
        let pan: Pan = "4111111111111111".parse().unwrap();
        assert_eq!(format!("{pan:?}"), "Pan(…1111)");
    }
}

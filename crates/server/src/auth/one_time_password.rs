//! One-time passwords of RFC 6238: HMAC-SHA-1, six digits, steps of thirty seconds, as every authenticator app reads them.

use hmac::{Hmac, KeyInit, Mac};
use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use sha1::Sha1;

use super::base64url::base32;

/// How long each code is shown.
const STEP_SECONDS: u64 = 30;
/// How many steps the clock of a phone may be ahead or behind.
const STEPS_AROUND: u64 = 1;
/// Codes below this number.
const CODES: u32 = 1_000_000;

/// A new secret has this many bytes, as RFC 4226 asks.
pub(crate) const SECRET_BYTES: usize = 20;

/// The time step whose code was typed, where it is one of now.
pub(crate) fn matching_step(secret: &[u8], typed: &str, now: Timestamp) -> Option<u64> {
    let typed = digits(typed)?;
    let step = now.0 / NANOSECONDS_PER_SECOND / STEP_SECONDS;
    let around = step.saturating_sub(STEPS_AROUND)..=step.saturating_add(STEPS_AROUND);
    // All are computed, so that time does not tell which one it was.
    around.fold(None, |found, step| if code(secret, step) == typed { Some(step) } else { found })
}

/// Six digits as people type them, spaces between them or not.
fn digits(typed: &str) -> Option<u32> {
    let plain: String = typed.chars().filter(|sign| !sign.is_whitespace()).collect();
    let well_formed = plain.len() == 6 && plain.bytes().all(|byte| byte.is_ascii_digit());
    if well_formed { plain.parse().ok() } else { None }
}

/// The code of a time step (RFC 4226, section 5.3).
fn code(secret: &[u8], step: u64) -> u32 {
    truncated(secret, step) % CODES
}

fn truncated(secret: &[u8], step: u64) -> u32 {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[19] & 0x0f);
    let chosen = [hash[offset], hash[offset + 1], hash[offset + 2], hash[offset + 3]];
    u32::from_be_bytes(chosen) & 0x7fff_ffff
}

/// The secret as people type it into an app.
pub(crate) fn shown_secret(secret: &[u8]) -> String {
    let text = base32(secret);
    let groups: Vec<&str> = (0..text.len()).step_by(4).map(|at| &text[at..text.len().min(at + 4)]).collect();
    groups.join(" ")
}

/// What the QR code says to an authenticator app. A login has only letters, digits, dots, dashes and underscores.
pub(crate) fn key_uri(secret: &[u8], login: &str) -> String {
    let secret = base32(secret);
    format!(
        "otpauth://totp/Sycee:{login}?secret={secret}&issuer=Sycee&algorithm=SHA1&digits=6&period={STEP_SECONDS}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp(seconds * NANOSECONDS_PER_SECOND)
    }

    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        let vectors = [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ];
        for (seconds, eight_digits) in vectors {
            assert_eq!(
                truncated(b"12345678901234567890", seconds / 30) % 100_000_000,
                eight_digits,
                "{seconds}"
            );
        }
    }

    #[test]
    fn the_codes_of_one_step_before_and_after_count_and_no_others() {
        let secret = b"12345678901234567890";
        let typed = format!("{:06}", code(secret, 100));
        for (seconds, found) in
            [(99 * 30, true), (3_000, true), (3_059, true), (98 * 30, false), (3_060, false)]
        {
            assert_eq!(matching_step(secret, &typed, at(seconds)).is_some(), found, "{seconds}");
        }
        for wrong in ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345"] {
            assert_eq!(matching_step(secret, wrong, at(3_000)), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_shown_in_groups_of_four() {
        assert_eq!(shown_secret(b"foobar"), "MZXW 6YTB OI");
        assert!(key_uri(b"foobar", "lilin").contains("Sycee:lilin?secret=MZXW6YTBOI&"));
    }
}

//! The payment PIN: six digits that confirm a payment and unlock a session.
//!
//! An attempt is counted before it is looked at, and the count says from when on the next one may be made, so that attempts
//! side by side gain nothing. The wait grows to a day, and always ends.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use records::payment_pins;
use wallet::ids::{HolderId, PrincipalId};

use super::secret_change::note_change;
use crate::App;
use crate::fields::Secret;
use crate::problem::{Kind, Problem, internal};

/// How many digits it has.
pub(crate) const PIN_DIGITS: usize = 6;
/// Wrong attempts that cost nothing: people mistype.
const FREE: u64 = 4;
/// The wait after the first attempt that costs something; it doubles with each.
const FIRST_WAIT_SECONDS: u64 = 60;
/// The longest wait.
const LONGEST_SECONDS: u64 = 24 * 3_600;

/// Refuses a new PIN that is not six digits, or one of those that everybody takes.
///
/// # Errors
/// A 400 that names `pin`.
pub(crate) fn check_new_pin(pin: &Secret, phone: Option<&str>) -> Result<(), Problem> {
    let text = pin.expose();
    if text.len() != PIN_DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::invalid("pin", "the payment PIN must have 6 digits"));
    }
    if is_easy(text.as_bytes()) || phone.is_some_and(|phone| phone.ends_with(text)) {
        return Err(
            Problem::new(Kind::REFUSED, "the payment PIN is one that everybody tries first").at("pin")
        );
    }
    Ok(())
}

/// Whether a PIN counts up or down, or repeats up to three digits.
fn is_easy(digits: &[u8]) -> bool {
    let counts = |step: i16| digits.windows(2).all(|pair| i16::from(pair[1]) - i16::from(pair[0]) == step);
    let repeats = (1..=3).any(|period| digits.iter().zip(&digits[period..]).all(|(a, b)| a == b));
    counts(1) || counts(-1) || repeats
}

/// Sets the PIN of somebody who has proven everything that log-in asks for.
pub(crate) async fn set_pin(app: &App, principal: PrincipalId, pin: Secret) -> Result<(), Problem> {
    let salt = app.random_bits().to_be_bytes();
    let (hash, now) = (app.passwords().hash(pin, salt).await?, app.now());
    app.records().write(move |sql| payment_pins::set(sql, principal, &hash, now)).await.map_err(internal)?;
    app.operations().forget_holder(HolderId::new(principal.bits()));
    note_change(app, principal, "payment_pin.set").await
}

/// Removes the PIN.
pub(crate) async fn remove_pin(app: &App, principal: PrincipalId) -> Result<bool, Problem> {
    let removed =
        app.records().write(move |sql| payment_pins::delete(sql, principal)).await.map_err(internal)?;
    app.operations().forget_holder(HolderId::new(principal.bits()));
    if removed {
        note_change(app, principal, "payment_pin.removed").await?;
    }
    Ok(removed)
}

/// Refuses unless this is the PIN of the principal.
///
/// # Errors
/// A 401 that names `pin` where it is wrong or there is none, a 429 while no attempt is looked at.
pub(crate) async fn verify_pin(app: &App, principal: PrincipalId, pin: Secret) -> Result<(), Problem> {
    let now = app.now();
    let counted = app
        .records()
        .write(move |sql| {
            let Some(kept) = payment_pins::get(sql, principal)? else { return Ok(Ok(None)) };
            if kept.locked_until > now {
                return Ok(Err(kept.locked_until));
            }
            payment_pins::count_attempt(sql, principal, locked_until(kept.failures + 1, now))?;
            Ok(Ok(Some(kept.hash)))
        })
        .await
        .map_err(internal)?;
    let stored = counted.map_err(|until| {
        let wait = until.0.saturating_sub(now.0).div_ceil(NANOSECONDS_PER_SECOND);
        let detail = format!("the payment PIN was wrong too often; try again in {wait} s");
        Problem::new(Kind::THROTTLED, detail).at("pin").retry_after(wait)
    })?;
    if !app.passwords().verify(pin, stored).await? {
        return Err(Problem::new(Kind::WRONG_CREDENTIALS, "the payment PIN is wrong").at("pin"));
    }
    app.records().write(move |sql| payment_pins::forgive(sql, principal)).await.map_err(internal)
}

/// From when on the next attempt may be made after this many in a row.
fn locked_until(failures: u64, now: Timestamp) -> Timestamp {
    let Some(over) = failures.checked_sub(FREE + 1) else { return Timestamp::ZERO };
    let doublings = u32::try_from(over).unwrap_or(u32::MAX).min(20);
    let wait = FIRST_WAIT_SECONDS.saturating_mul(1 << doublings).min(LONGEST_SECONDS);
    Timestamp(now.0.saturating_add(wait * NANOSECONDS_PER_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_taken(pin: &str) -> bool {
        check_new_pin(&Secret::from(pin.to_owned()), Some("+8613800138275")).is_ok()
    }

    #[test]
    fn pins_that_everybody_takes_are_refused() {
        for easy in [
            "123456",
            "654321",
            "000000",
            "121212",
            "123123",
            "138275",
            "12345",
            "1234567",
            "12a456",
            "１２３４５６",
        ] {
            assert!(!is_taken(easy), "{easy}");
        }
        for fine in ["274916", "905538", "112358"] {
            assert!(is_taken(fine), "{fine}");
        }
    }

    #[test]
    fn the_wait_after_wrong_pins_doubles_up_to_a_day() {
        let waits: Vec<u64> = (1..=18)
            .map(|failures| locked_until(failures, Timestamp::ZERO).0 / NANOSECONDS_PER_SECOND)
            .collect();
        assert_eq!(waits[..8], [0, 0, 0, 0, 60, 120, 240, 480]);
        assert_eq!(waits[16..], [86_400, 86_400]);
        assert_eq!(locked_until(u64::MAX, Timestamp::ZERO).0 / NANOSECONDS_PER_SECOND, 86_400);
    }
}

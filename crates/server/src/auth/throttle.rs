//! How long log-in must wait after failures: longer each time, never for ever.
//!
//! * An attempt is counted as a failure before the secret is looked at and forgiven when it was right, so that many attempts
//!   at the same moment cannot slip past the count.
//! * Failures are counted for the account and for the network address. Whoever logged in from a device before is counted
//!   for that device instead of the account: strangers who guess cannot keep the owner out.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use records::login_throttle::{self, Failures};
use wallet::ids::PrincipalId;

use super::session::Device;
use super::token::TokenHash;
use crate::App;
use crate::problem::{Kind, Problem, internal};

/// Failures of one account or device that cost nothing: people mistype.
const FREE_OF_ACCOUNT: u64 = 4;
/// Failures from one address that cost nothing: many people may share it.
const FREE_OF_ADDRESS: u64 = 32;
/// The longest wait. With it, about 100 guesses a day hit one account.
const LONGEST_SECONDS: u64 = 900;
/// The window in which failures are counted.
const WINDOW_SECONDS: u32 = 24 * 3_600;

/// What failures are counted for.
#[derive(Clone, Debug)]
struct Subject {
    name: String,
    free: u64,
}

/// Whose secret is being tried.
#[derive(Clone, Copy, Debug)]
pub(super) enum Account<'a> {
    /// Nobody's: this was typed as a login.
    Nobody(&'a str),
    /// This principal's password, from a device that is not known.
    Password(PrincipalId),
    /// This principal's password, from a device that they logged in from before.
    PasswordFrom(PrincipalId, TokenHash),
    /// This principal's second factor.
    SecondFactor(PrincipalId),
}

impl Account<'_> {
    fn subject(self) -> Subject {
        // The hash keeps what people type by mistake into the login field, such as passwords, out of the store.
        let name = match self {
            Self::Nobody(typed) => format!("login {}", blake3::hash(typed.as_bytes()).to_hex()),
            Self::Password(principal) => format!("password {principal}"),
            Self::PasswordFrom(principal, device) => {
                format!("password {principal} {}", blake3::Hash::from_bytes(device.0).to_hex())
            }
            Self::SecondFactor(principal) => format!("second factor {principal}"),
        };
        Subject { name, free: FREE_OF_ACCOUNT }
    }
}

/// One attempt to log in, counted already.
#[derive(Debug)]
pub(super) struct Attempt {
    account: Subject,
    address: Option<Subject>,
}

impl Attempt {
    /// Counts an attempt, or refuses it with the time to wait.
    pub(super) async fn begin(app: &App, account: Account<'_>, device: &Device) -> Result<Self, Problem> {
        let (account, address) = (account.subject(), &device.address);
        let address = (!address.is_empty())
            .then(|| Subject { name: format!("address {address}"), free: FREE_OF_ADDRESS });
        let (now, subjects) = (app.now(), [Some(account.clone()), address.clone()]);
        let wait = app
            .records()
            .write(move |sql| {
                let mut wait = 0;
                for subject in subjects.iter().flatten() {
                    let failures = login_throttle::get(sql, &subject.name, now, WINDOW_SECONDS)?;
                    wait = wait.max(failures.map_or(0, |failures| wait_seconds(failures, subject.free, now)));
                }
                if wait == 0 {
                    for subject in subjects.iter().flatten() {
                        login_throttle::record_failure(sql, &subject.name, now, WINDOW_SECONDS)?;
                    }
                }
                Ok(wait)
            })
            .await
            .map_err(internal)?;
        if wait == 0 {
            return Ok(Self { account, address });
        }
        let detail = format!("too many failed attempts; try again in {wait} s");
        Err(Problem::new(Kind::THROTTLED, detail).retry_after(wait))
    }

    /// Forgives the attempt, and all earlier ones of the account, because the secret was right.
    pub(super) async fn succeeded(self, app: &App) -> Result<(), Problem> {
        app.records()
            .write(move |sql| {
                login_throttle::clear(sql, &self.account.name)?;
                self.address.as_ref().map_or(Ok(()), |address| login_throttle::forgive(sql, &address.name))
            })
            .await
            .map_err(internal)
    }
}

/// Whole seconds until the next attempt may be made; 0 when it may be made now.
fn wait_seconds(failures: Failures, free: u64, now: Timestamp) -> u64 {
    let over = failures.count.saturating_sub(free);
    if over == 0 {
        return 0;
    }
    let doubled =
        u32::try_from(over).ok().and_then(|over| 1_u64.checked_shl(over)).unwrap_or(LONGEST_SECONDS);
    let delay = doubled.min(LONGEST_SECONDS) * NANOSECONDS_PER_SECOND;
    failures.last_at.0.saturating_add(delay).saturating_sub(now.0).div_ceil(NANOSECONDS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp((1_000_000 + seconds) * NANOSECONDS_PER_SECOND)
    }

    fn failures(count: u64) -> Failures {
        Failures { count, first_at: at(0), last_at: at(0) }
    }

    #[test]
    fn the_wait_doubles_up_to_a_quarter_of_an_hour_and_always_ends() {
        let waits: Vec<u64> =
            (0..16).map(|count| wait_seconds(failures(count), FREE_OF_ACCOUNT, at(0))).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(wait_seconds(failures(u64::MAX), FREE_OF_ACCOUNT, at(0)), 900);
        assert_eq!(wait_seconds(failures(u64::MAX), FREE_OF_ACCOUNT, at(900)), 0);
    }

    #[test]
    fn a_patient_attacker_gets_about_a_hundred_guesses_a_day() {
        let (mut count, mut now) = (0, 0);
        while now < 24 * 3_600 {
            count += 1;
            now += wait_seconds(failures(count), FREE_OF_ACCOUNT, at(0)).max(1);
        }
        assert!(count <= 110, "{count}");
    }
}

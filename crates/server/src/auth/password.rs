//! Passwords: the rule for new ones, and Argon2id with bounded concurrency.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use crate::fields::Secret;
use crate::problem::{Kind, Problem, internal};

/// The least number of characters of a new password (NIST SP 800-63B-4).
pub(crate) const PASSWORD_MIN: usize = 8;
/// The greatest number of characters of a password.
pub(crate) const PASSWORD_MAX: usize = 128;
/// The longest password that is looked at, in bytes as typed.
const BYTES_MAX: usize = 1_024;

/// Memory of one hash in KiB (19 MiB), passes over it, lanes: the first choice of the OWASP password storage guide.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes computed at the same time: each takes a core and 19 MiB.
const CONCURRENT: usize = 2;
/// Requests that may wait for a hash; the next ones are told to come back.
const WAITING: usize = 32;

/// A stored hash of no password: verifying against it costs what verifying against a real one costs.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What everybody tries first, in lowercase, one on each line.
const COMMON: &str = include_str!("common_passwords.txt");

/// Words of this place: whoever attacks it tries them first.
const OF_THIS_PLACE: [&str; 6] = ["sycee", "qingliu", "wallet", "yuanbao", "钱包", "青柳"];

/// How many characters a password must have beside words that anybody can guess.
const OWN_CHARACTERS_MIN: usize = 4;

/// The form in which a password is hashed: the same whatever keyboard or device wrote it (NFKC).
fn normal(password: &str) -> String {
    password.nfkc().collect()
}

/// How many characters a password has, as the rule counts them.
pub(crate) fn length_of(password: &str) -> usize {
    normal(password).chars().count()
}

/// Refuses a new password that is too short, too long, common, or made of the login or the name of this place. There are no
/// rules of composition, and nobody has to change a password from time to time (NIST SP 800-63B-4).
///
/// # Errors
/// A 400 that names `password`.
pub(crate) fn check_new(password: &Secret, login: &str) -> Result<(), Problem> {
    let length = length_of(password.expose());
    if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&length) || password.expose().len() > BYTES_MAX {
        let detail = format!("the password must have {PASSWORD_MIN} to {PASSWORD_MAX} characters");
        return Err(Problem::invalid("password", detail));
    }
    if is_guessable(&normal(password.expose()).to_lowercase(), &login.trim().to_lowercase()) {
        return Err(Problem::invalid("password", "the password is one that everybody tries first"));
    }
    Ok(())
}

fn is_guessable(lowercase: &str, login: &str) -> bool {
    let context = OF_THIS_PLACE.into_iter().chain([login]).filter(|word| word.len() >= 3);
    let rest = context.fold(lowercase.to_owned(), |rest, word| rest.replace(word, ""));
    let own = rest.trim_matches(|sign: char| sign.is_ascii_digit() || sign.is_ascii_punctuation());
    let of_context = rest.len() < lowercase.len() && own.chars().count() < OWN_CHARACTERS_MIN;
    of_context || is_pattern(lowercase) || COMMON.lines().any(|common| common == lowercase)
}

/// Whether a password repeats up to four characters, or counts up or down.
fn is_pattern(text: &str) -> bool {
    let signs: Vec<u32> = text.chars().map(u32::from).collect();
    let repeats = (1..=4).any(|period| signs.iter().zip(signs.iter().skip(period)).all(|(a, b)| a == b));
    let counts = |step: i64| signs.windows(2).all(|pair| i64::from(pair[1]) - i64::from(pair[0]) == step);
    repeats || counts(1) || counts(-1)
}

/// Hashes and verifies passwords on the blocking threads, few at a time.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self {
            running: Arc::new(Semaphore::new(CONCURRENT)),
            admitted: Arc::new(Semaphore::new(CONCURRENT + WAITING)),
        }
    }

    /// The hash of a password as a PHC string, parameters included.
    pub(crate) async fn hash(&self, password: Secret, salt: [u8; 16]) -> Result<String, Problem> {
        let hashed = self.run(move || hash_now(&password, &salt)).await?;
        hashed.map_err(internal)
    }

    /// Whether this is the password behind `stored`. Without a stored hash: the same work, and no.
    pub(crate) async fn verify(&self, password: Secret, stored: Option<String>) -> Result<bool, Problem> {
        self.run(move || {
            let known = stored.is_some();
            let matches = verify_now(&password, stored.as_deref().unwrap_or(NOBODY));
            known && matches
        })
        .await
    }

    /// Runs what costs as much as a hash, on the same few threads.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let _admitted = self.admitted.try_acquire().map_err(|_| {
            Problem::new(Kind::UNAVAILABLE, "too many people are logging in; try again in a moment")
                .retry_after(1)
        })?;
        let _running = self.running.acquire().await.map_err(internal)?;
        tokio::task::spawn_blocking(work).await.map_err(internal)
    }
}

/// The hash of a password as a PHC string, computed on this thread. For tools that prepare accounts.
///
/// # Errors
/// Those of Argon2: never with this length of salt.
pub fn hash_password(password: &str, salt: &[u8; 16]) -> Result<String, argon2::password_hash::Error> {
    hash_now(&Secret::from(password.to_owned()), salt)
}

fn hash_now(password: &Secret, salt: &[u8; 16]) -> Result<String, argon2::password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: PasswordHash = argon2.hash_password_with_salt(normal(password.expose()).as_bytes(), salt)?;
    Ok(hash.to_string())
}

fn verify_now(password: &Secret, stored: &str) -> bool {
    // The parameters of the stored hash count, so older hashes stay valid when the constants above change.
    let typed = normal(password.expose());
    PasswordHash::new(stored)
        .is_ok_and(|hash| Argon2::default().verify_password(typed.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }

    #[test]
    fn a_hash_names_its_parameters_and_verifies_only_its_password() {
        let stored = hash_password("a river of clear water", &[7; 16]).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify_now(&secret("a river of clear water"), &stored));
        assert!(!verify_now(&secret("a river of clear watet"), &stored));
    }

    #[test]
    fn the_hash_of_nobody_is_well_formed_and_matches_nothing() {
        let hash = PasswordHash::new(NOBODY).unwrap();
        assert_eq!(hash.hash.map(|output| output.len()), Some(32));
        assert!(!verify_now(&secret(""), NOBODY));
    }

    #[test]
    fn weak_new_passwords_are_refused() {
        let weak = [
            "short",
            "1234567",
            "12345678",
            "Password1",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "hijklmnop",
            "lilin2026!",
            "Sycee-2026",
            "青柳钱包123456",
            "PASSWORDPASSWORD",
        ];
        for weak in weak {
            assert_eq!(check_new(&secret(weak), "lilin").unwrap_err().field(), Some("password"), "{weak}");
        }
        assert!(check_new(&secret(&"长".repeat(129)), "lilin").is_err());
    }

    #[test]
    fn any_other_password_of_eight_characters_is_taken_without_rules_of_composition() {
        for strong in
            ["清水河边的柳树垂", "green willows", "tea4two!", "lilin likes green tea", "🍵🍵🎋🎋🎐🎐🏮🧧"]
        {
            assert!(check_new(&secret(strong), "lilin").is_ok(), "{strong}");
        }
        let longest: String =
            ('一'..).take(128).enumerate().map(|(i, c)| if i % 2 == 0 { c } else { 'x' }).collect();
        assert!(check_new(&secret(&longest), "lilin").is_ok());
    }

    #[test]
    fn the_same_password_from_another_keyboard_is_the_same() {
        let stored = hash_password("cafe\u{301} 12３4", &[7; 16]).unwrap();
        assert!(verify_now(&secret("caf\u{e9} 1234"), &stored));
    }
}

//! Passwords: the rule for new ones, and Argon2id with bounded concurrency.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::fields::Secret;
use crate::problem::{Kind, Problem, internal};

/// The least number of characters of a new password: NIST 800-63B-4 asks for 15 where it is the only factor.
pub(crate) const PASSWORD_MIN: usize = 15;
/// The greatest number of characters of a password.
const PASSWORD_MAX: usize = 128;

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

/// Long passwords that everybody tries first; compared in lowercase.
const KNOWN: [&str; 8] = [
    "123456789012345",
    "1234567890123456",
    "passwordpassword",
    "password12345678",
    "qwertyuiopasdfgh",
    "qwertyuiop123456",
    "iloveyouiloveyou",
    "correcthorsebatterystaple",
];

/// Refuses a new password that is too short, too long, known or made of the login.
///
/// # Errors
/// A 400 that names `password`.
pub(crate) fn check_new(password: &Secret, login: &str) -> Result<(), Problem> {
    let text = password.expose();
    let length = text.chars().count();
    if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&length) {
        let detail = format!("the password must have {PASSWORD_MIN} to {PASSWORD_MAX} characters");
        return Err(Problem::invalid("password", detail));
    }
    let lowercase = text.to_lowercase();
    let mut characters = lowercase.chars();
    let first = characters.next();
    let one_character = characters.all(|character| Some(character) == first);
    let only_login = !login.is_empty() && lowercase.replace(&login.to_lowercase(), "").chars().count() < 4;
    if one_character || only_login || KNOWN.contains(&lowercase.as_str()) {
        return Err(Problem::invalid("password", "the password is one that everybody tries first"));
    }
    Ok(())
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

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
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
    let hash: PasswordHash = argon2.hash_password_with_salt(password.expose().as_bytes(), salt)?;
    Ok(hash.to_string())
}

fn verify_now(password: &Secret, stored: &str) -> bool {
    // The parameters of the stored hash count, so older hashes stay valid when the constants above change.
    PasswordHash::new(stored)
        .is_ok_and(|hash| Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok())
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
        for weak in ["short", "aaaaaaaaaaaaaaaaaa", "PasswordPassword", "lilinlilinlilin"] {
            assert_eq!(check_new(&secret(weak), "lilin").unwrap_err().field(), Some("password"), "{weak}");
        }
        assert!(check_new(&secret(&"长".repeat(129)), "lilin").is_err());
        assert!(check_new(&secret("清水河边的柳树 are green"), "lilin").is_ok());
    }
}

//! What operations need from outside: time, entropy, the banks, and a place for secret keys.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bank::{OperationRef, Request, Response};
use ledger::Timestamp;
use wallet::ids::BankId;
use zeroize::Zeroizing;

/// The time of day.
pub trait Clock: Send + Sync {
    /// Nanoseconds since 1970-01-01 UTC.
    fn now(&self) -> Timestamp;
}

/// Unpredictable bytes.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// No answer came from the bank. Whether the request had an effect is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BankUnavailable;

/// What to do with the bank's answer. Called at most once, from any thread, and must not block; dropped where no answer
/// will come.
pub type BankReply = Box<dyn FnOnce(Result<Response, BankUnavailable>) + Send>;

/// The way to the banks: the embedded bank, or a real one.
///
/// Every request about an operation may be sent again: the bank carries an operation id out at most once.
pub trait BankConnector: Send + Sync {
    /// Sends a request to a bank.
    fn call(&self, bank: BankId, request: Request, reply: BankReply);

    /// The address of the page where the bank asks its customer about this operation. `None`: it has no pages.
    fn customer_page(&self, bank: BankId, operation: OperationRef) -> Option<String> {
        let _ = (bank, operation);
        None
    }
}

/// The place of secret keys could not be reached, or what it holds cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeysUnavailable;

/// Where secret keys are kept: outside the records, so that a copy of those tells none.
pub trait KeyKeeper: Send + Sync {
    /// Keeps a secret under a name of lower-case letters, digits and hyphens, instead of what was there. Durable when it
    /// returns.
    ///
    /// # Errors
    /// [`KeysUnavailable`].
    fn put(&self, name: &str, secret: &[u8]) -> Result<(), KeysUnavailable>;

    /// The secret under a name. `None`: there is none.
    ///
    /// # Errors
    /// [`KeysUnavailable`].
    fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeysUnavailable>;

    /// Forgets the secret under a name, if there is one.
    ///
    /// # Errors
    /// [`KeysUnavailable`].
    fn remove(&self, name: &str) -> Result<(), KeysUnavailable>;
}

/// A keeper that forgets with the process: for tests and simulations.
#[derive(Default)]
pub struct MemoryKeys(Mutex<BTreeMap<String, Zeroizing<Vec<u8>>>>);

impl fmt::Debug for MemoryKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryKeys")
    }
}

impl MemoryKeys {
    fn held(&self) -> MutexGuard<'_, BTreeMap<String, Zeroizing<Vec<u8>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyKeeper for MemoryKeys {
    fn put(&self, name: &str, secret: &[u8]) -> Result<(), KeysUnavailable> {
        self.held().insert(name.to_owned(), Zeroizing::new(secret.to_vec()));
        Ok(())
    }

    fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeysUnavailable> {
        Ok(self.held().get(name).cloned())
    }

    fn remove(&self, name: &str) -> Result<(), KeysUnavailable> {
        self.held().remove(name);
        Ok(())
    }
}

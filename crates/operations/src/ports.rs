//! What operations need from outside: time, entropy, and the banks.

use bank::{Request, Response};
use ledger::Timestamp;
use wallet::ids::BankId;

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
}

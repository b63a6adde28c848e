//! The codes of a grey lock. No public vector exists.

use super::session::SessionKey;
use crate::{
    amount::Amount,
    fields::{DateTime, Kind, Mac, Sequence, Tac, TerminalId, TerminalTransaction},
};

/// What a terminal locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    /// 91 or 92.
    pub kind: Kind,
    /// Where.
    pub terminal: TerminalId,
    /// The security module's transaction number.
    pub transaction: TerminalTransaction,
    /// When.
    pub when: DateTime,
}

/// MAC1 of a lock, by the security module: kind ‖ terminal ‖ date ‖ time.
#[must_use]
pub fn lock_mac1(session: &SessionKey, lock: &Lock) -> Mac {
    session.mac(&[&[lock.kind.byte()], &lock.terminal.0, &lock.when.0])
}

/// MAC2 of a lock, by the card: balance ‖ offline sequence.
#[must_use]
pub fn lock_mac2(session: &SessionKey, balance: Amount, sequence: Sequence) -> Mac {
    session.mac(&[&balance.to_bytes(), &sequence.to_bytes()])
}

/// GTAC of a lock, by the card: balance ‖ offline sequence ‖ kind ‖ terminal ‖ its transaction number ‖ date ‖ time.
#[must_use]
pub fn lock_tac(codes: &SessionKey, balance: Amount, sequence: Sequence, lock: &Lock) -> Tac {
    codes.tac(&[
        &balance.to_bytes(),
        &sequence.to_bytes(),
        &[lock.kind.byte()],
        &lock.terminal.0,
        &lock.transaction.to_bytes(),
        &lock.when.0,
    ])
}

/// GMAC, by the security module that locked: the amount.
#[must_use]
pub fn unlock_gmac(session: &SessionKey, amount: Amount) -> Mac {
    session.mac(&[&amount.to_bytes()])
}

//! The MACs and TACs of each transaction. All are pure: a card, a security module and an issuer compute the same.

use super::session::SessionKey;
use crate::{
    amount::{Amount, OverdraftLimit},
    bytes::Writer,
    fields::{DateTime, Kind, Mac, Sequence, Tac, TerminalId, TerminalTransaction, Terms},
};

/// MAC1 of a load or unload, by the card: old balance ‖ amount ‖ kind ‖ terminal.
#[must_use]
pub fn load_mac1(session: &SessionKey, old_balance: Amount, terms: &Terms) -> Mac {
    session.mac(&[&old_balance.to_bytes(), &terms.amount.to_bytes(), &[terms.kind.byte()], &terms.terminal.0])
}

/// MAC2 of a load or unload, by the host: amount ‖ kind ‖ terminal ‖ date ‖ time.
#[must_use]
pub fn load_mac2(session: &SessionKey, terms: &Terms, when: &DateTime) -> Mac {
    session.mac(&[&terms.amount.to_bytes(), &[terms.kind.byte()], &terms.terminal.0, &when.0])
}

/// TAC of a load, by the card: new balance ‖ online sequence before its increment ‖ amount ‖ kind ‖ terminal ‖ date ‖ time.
#[must_use]
pub fn load_tac(
    codes: &SessionKey,
    new_balance: Amount,
    sequence: Sequence,
    terms: &Terms,
    when: &DateTime,
) -> Tac {
    Tac(after_balance(codes, new_balance, sequence, terms, when))
}

/// MAC3 of an unload, by the card under the session key, of the same fields as the TAC of a load.
#[must_use]
pub fn unload_mac3(
    session: &SessionKey,
    new_balance: Amount,
    sequence: Sequence,
    terms: &Terms,
    when: &DateTime,
) -> Mac {
    after_balance(session, new_balance, sequence, terms, when)
}

/// MAC1 of a purchase, by the security module: amount ‖ kind ‖ terminal ‖ date ‖ time.
#[must_use]
pub fn purchase_mac1(session: &SessionKey, terms: &Terms, when: &DateTime) -> Mac {
    load_mac2(session, terms, when)
}

/// MAC2 of a purchase, by the card: amount.
#[must_use]
pub fn purchase_mac2(session: &SessionKey, amount: Amount) -> Mac {
    session.mac(&[&amount.to_bytes()])
}

/// TAC of a purchase, by the card: amount ‖ kind ‖ terminal ‖ terminal's transaction number ‖ date ‖ time. It does not cover
/// card, balance or sequence: whoever clears it takes these from the record and checks that the sequence only grows.
#[must_use]
pub fn purchase_tac(
    codes: &SessionKey,
    terms: &Terms,
    transaction: TerminalTransaction,
    when: &DateTime,
) -> Tac {
    codes.tac(&[
        &terms.amount.to_bytes(),
        &[terms.kind.byte()],
        &terms.terminal.0,
        &transaction.to_bytes(),
        &when.0,
    ])
}

/// MAC1 of a new overdraft limit, by the card: balance ‖ old limit ‖ 07 ‖ terminal.
#[must_use]
pub fn overdraft_mac1(
    session: &SessionKey,
    balance: Amount,
    old: OverdraftLimit,
    terminal: &TerminalId,
) -> Mac {
    session.mac(&[&balance.to_bytes(), &old.to_bytes(), &[Kind::Overdraft.byte()], &terminal.0])
}

/// MAC2 of a new overdraft limit, by the host: new limit ‖ 07 ‖ terminal ‖ date ‖ time.
#[must_use]
pub fn overdraft_mac2(
    session: &SessionKey,
    new: OverdraftLimit,
    terminal: &TerminalId,
    when: &DateTime,
) -> Mac {
    session.mac(&[&new.to_bytes(), &[Kind::Overdraft.byte()], &terminal.0, &when.0])
}

/// What a card answers for when its overdraft limit changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverdraftChange {
    /// Balance after the change.
    pub new_balance: Amount,
    /// Online sequence before its increment.
    pub sequence: Sequence,
    /// The new limit.
    pub new_limit: OverdraftLimit,
    /// Where.
    pub terminal: TerminalId,
    /// When, as the host says.
    pub when: DateTime,
}

/// TAC of a new overdraft limit, by the card, of [`overdraft_message`].
#[must_use]
pub fn overdraft_tac(codes: &SessionKey, change: &OverdraftChange) -> Tac {
    codes.tac(&[&overdraft_message(change)])
}

/// New balance ‖ sequence ‖ new limit ‖ 07 ‖ terminal ‖ date ‖ time. Sources disagree on the key that signs it.
#[must_use]
pub fn overdraft_message(change: &OverdraftChange) -> [u8; 23] {
    let mut message = [0; 23];
    let mut writer = Writer::new(&mut message);
    writer.put(&change.new_balance.to_bytes());
    writer.put(&change.sequence.to_bytes());
    writer.put(&change.new_limit.to_bytes());
    writer.byte(Kind::Overdraft.byte());
    writer.put(&change.terminal.0);
    writer.put(&change.when.0);
    message
}

fn after_balance(
    key: &SessionKey,
    new_balance: Amount,
    sequence: Sequence,
    terms: &Terms,
    when: &DateTime,
) -> Mac {
    key.mac(&[
        &new_balance.to_bytes(),
        &sequence.to_bytes(),
        &terms.amount.to_bytes(),
        &[terms.kind.byte()],
        &terms.terminal.0,
        &when.0,
    ])
}

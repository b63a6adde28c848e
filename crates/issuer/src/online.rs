//! Load and unload of a purse, as steps that can be repeated.
//!
//! # Specification
//!
//! A card that initialises a load or unload signs balance and online sequence (MAC1). The host keeps the transaction and steps:
//!
//! ```text
//! begin ─ load: wallet → load account ─ funded ─ answer (MAC2) ─ confirm (TAC)   load account → purse
//! begin ─────────────────────────────────────── answer (MAC2) ─ confirm (MAC3)  purse → wallet
//! ```
//!
//! * Whoever calls carries out the transfers and stores the card before the next step; each step again changes nothing and says
//!   the same. MAC2 is computed of what was stored: a host that answers twice gives the same MAC2.
//! * A confirmation that never comes leaves the transaction *in doubt*. A load's money stays on the account of that load, which
//!   is its suspense: named, attributed, nobody's to spend. Nothing but the card ends the doubt:
//!   1. its TAC or MAC3, late, or given again by GET TRANSACTION PROVE: this one was done, and every other one of the same
//!      sequence was not and will not be, because the card uses a sequence once;
//!   2. its next MAC1, if that has the next sequence and one operation only is in doubt: that one was done.
//!
//!   Another MAC1 of the same sequence proves nothing. Whoever stands between card and host may have held it back: nothing says
//!   which MAC1 the card made first, so what seems to be forgotten may still be done. A terminal's word is no evidence, either.
//! * So several operations may be in doubt at one sequence, each with its own money reserved. When the card has gone on, it has
//!   to prove which one it did ([`OnlineRefusal::Unproven`]) before it begins another.
//! * A card that begins the same once more, as after a MAC2 that never arrived, does so under the operation that reserved the
//!   money ([`OnlineRefusal::Reserved`]): a further *attempt*, with a MAC2 of its own. The card does one attempt at most.
//! * Before MAC2 has left, the host alone decides: [`PurseCard::abandon`], or the next MAC1. While the ledger's word about the
//!   funding of a load is not known, nothing else begins: ask the ledger, then [`PurseCard::funded`] or [`PurseCard::declined`].
//! * A MAC1 of a lower sequence than the card has reached is that of a copy.
//!
//! # Invariants
//!
//! 1. A load has one end: credited or returned. Both have the same transfer id.
//! 2. MAC2 of a load leaves only when its money waits on its account.
//! 3. While the card may do it, no load is returned; before it is certain that the card did it, no unload is paid.
//! 4. Everything that is in doubt has the card's online sequence.

use core::fmt;
use std::collections::BTreeSet;

use ledger::Transfer;
use messages::card::Seconds;
use purse::fields::{DateTime, Mac, Sequence};
use wallet::ids::OperationId;

use crate::{
    key_store::{Direction, KeyError, KeyName, KeyStore, OnlineSession},
    postings,
    purse_card::PurseCard,
};

/// How far a transaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A load waits for its money.
    Begun,
    /// MAC2 may be computed, and has not left.
    Ready,
    /// MAC2 may have left: only the card knows.
    InDoubt,
    /// The card did it.
    Done,
    /// The card did not, and will not.
    NotDone,
    /// The ledger did not fund it.
    Declined,
}

/// An attempt at a load or unload: what the card signed once, and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnlineTransaction {
    /// The operation.
    pub operation: OperationId,
    /// Which key of the card.
    pub key: KeyName,
    /// What the card signed.
    pub session: OnlineSession,
    /// The host's date and time, which MAC2 covers.
    pub when: DateTime,
    /// How far it has come.
    pub stage: Stage,
}

impl OnlineTransaction {
    /// Whether another session asks for the same at the same sequence.
    fn asks_as(&self, session: &OnlineSession) -> bool {
        let OnlineSession { direction, terms, sequence, .. } = self.session;
        (direction, terms.amount, sequence) == (session.direction, session.terms.amount, session.sequence)
    }

    /// Whether it is kept while the card is at this sequence. One that was returned, too: its MAC1 is still good, and it must
    /// not begin again.
    fn is_remembered(&self, reached: Sequence) -> bool {
        self.session.sequence == reached && matches!(self.stage, Stage::InDoubt | Stage::NotDone)
    }
}

/// The most attempts at one sequence. A card that fails so often in a row is exchanged.
const ATTEMPTS_MAX: usize = 64;

/// A card that initialised a load or unload, as it reached the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The operation.
    pub operation: OperationId,
    /// Version of the key that the card used.
    pub key_version: u8,
    /// Its algorithm.
    pub algorithm: u8,
    /// What the card signed.
    pub session: OnlineSession,
    /// How it signed it.
    pub mac1: Mac,
    /// The host's date and time.
    pub when: DateTime,
}

/// Why the host does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnlineRefusal {
    /// The card stands on the status list, or its rest was paid out.
    Card,
    /// No amount, or a balance that cannot be.
    Amount,
    /// The key store has no such key, or does not answer.
    Key(KeyError),
    /// MAC1, TAC or MAC3 is not the card's.
    Mac,
    /// The card's sequence is behind: a copy of the card from before.
    Behind,
    /// The card's sequence is ahead of everything the issuer signed.
    Ahead,
    /// The operation is none of the card's last ones, or has other content.
    OtherOperation,
    /// Another operation has reserved this amount at this sequence, and may still be done: begin under it.
    Reserved(OperationId),
    /// The card did one of several operations, and has to prove which: [`PurseCard::confirm`] what GET TRANSACTION PROVE gives.
    Unproven,
    /// Too many attempts at this sequence.
    Attempts,
    /// The transaction is not at this step.
    Stage,
}

impl fmt::Display for OnlineRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Card => f.write_str("card is not served"),
            Self::Amount => f.write_str("amount is none, or more than a balance can be"),
            Self::Key(error) => error.fmt(f),
            Self::Mac => f.write_str("code is not the card's"),
            Self::Behind => f.write_str("card is behind its own transactions"),
            Self::Ahead => f.write_str("card is ahead of what its issuer signed"),
            Self::OtherOperation => f.write_str("operation is none of the card's last ones"),
            Self::Reserved(_) => f.write_str("another operation has reserved this amount"),
            Self::Unproven => f.write_str("card has to prove which operation it did"),
            Self::Attempts => f.write_str("there were too many attempts"),
            Self::Stage => f.write_str("transaction is not at this step"),
        }
    }
}

impl core::error::Error for OnlineRefusal {}

impl From<KeyError> for OnlineRefusal {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl PurseCard {
    /// A card asks. What its MAC1 says about what was in doubt ends that; then the new one is begun. For a load the last transfer
    /// is the one that funds it; a further attempt at a load that is reserved has none.
    ///
    /// # Errors
    /// [`OnlineRefusal`]; nothing was changed.
    pub fn begin(
        &mut self,
        keys: &impl KeyStore,
        request: &Request,
        now: Seconds,
    ) -> Result<Vec<Transfer>, OnlineRefusal> {
        let session = request.session;
        let known = self.newest(request.operation);
        if let Some(known) = known.filter(|known| known.session == session) {
            return Ok(self.funding(&known));
        }
        let is_again = known.is_some_and(|known| known.stage == Stage::InDoubt && known.asks_as(&session));
        if known.is_some() && !is_again {
            return Err(OnlineRefusal::OtherOperation);
        }
        if self.is_closed || self.listed.is_some() {
            return Err(OnlineRefusal::Card);
        }
        let is_kind = session.terms.kind == session.direction.kind();
        if session.terms.amount.units() == 0 || session.new_balance().is_none() || !is_kind {
            return Err(OnlineRefusal::Amount);
        }
        let key = self.identity.key(request.key_version, request.algorithm);
        if !keys.is_mac1(&key, &session, request.mac1)? {
            return Err(OnlineRefusal::Mac);
        }
        let done = self.done_before(&session)?;
        if done.is_none() {
            self.ensure_room(request)?;
        }
        let mut transfers = match done {
            Some(done) => self.settle_online(&done, now),
            None => self.end_unsigned(),
        };
        let stage = match session.direction {
            // Its money is reserved, and an earlier MAC2 may have left.
            _ if is_again => Stage::InDoubt,
            Direction::Load => Stage::Begun,
            Direction::Unload => Stage::Ready,
        };
        let begun =
            OnlineTransaction { operation: request.operation, key, session, when: request.when, stage };
        let reached = self.online_sequence;
        self.online.retain(|attempt| attempt.is_remembered(reached));
        self.online.push(begun);
        transfers.extend(self.funding(&begun));
        Ok(transfers)
    }

    /// What a sequence signed by the card says was done.
    fn done_before(&self, session: &OnlineSession) -> Result<Option<OnlineTransaction>, OnlineRefusal> {
        if self.online.iter().any(|attempt| attempt.stage == Stage::Begun) {
            return Err(OnlineRefusal::Stage);
        }
        if session.sequence < self.online_sequence {
            return Err(OnlineRefusal::Behind);
        }
        if session.sequence == self.online_sequence {
            return Ok(None);
        }
        let newest = self.in_doubt().next_back().ok_or(OnlineRefusal::Ahead)?;
        if Some(session.sequence) != self.online_sequence.next() {
            return Err(OnlineRefusal::Ahead);
        }
        let is_only = self.in_doubt().all(|attempt| attempt.operation == newest.operation);
        if is_only { Ok(Some(*newest)) } else { Err(OnlineRefusal::Unproven) }
    }

    /// Nobody else has reserved the same, and it is not the attempt too many.
    fn ensure_room(&self, request: &Request) -> Result<(), OnlineRefusal> {
        let is_others = |attempt: &&OnlineTransaction| {
            attempt.operation != request.operation && attempt.asks_as(&request.session)
        };
        if let Some(other) = self.in_doubt().find(is_others) {
            return Err(OnlineRefusal::Reserved(other.operation));
        }
        let reached = self.online_sequence;
        let attempts = self.online.iter().filter(|attempt| attempt.is_remembered(reached)).count();
        if attempts < ATTEMPTS_MAX { Ok(()) } else { Err(OnlineRefusal::Attempts) }
    }

    /// The transfer that funds a load that waits for it.
    fn funding(&self, begun: &OnlineTransaction) -> Vec<Transfer> {
        if begun.stage != Stage::Begun {
            return Vec::new();
        }
        let (account, amount) = (self.account, begun.session.terms.amount);
        vec![postings::load_funded(&account, begun.operation, self.identity.wallet, amount)]
    }

    /// The ledger made the transfer that funds the load.
    ///
    /// # Errors
    /// [`OnlineRefusal`].
    pub fn funded(&mut self, operation: OperationId) -> Result<(), OnlineRefusal> {
        let last = self.newest_mut(operation)?;
        match last.stage {
            Stage::Begun => last.stage = Stage::Ready,
            Stage::NotDone | Stage::Declined => return Err(OnlineRefusal::Stage),
            Stage::Ready | Stage::InDoubt | Stage::Done => {}
        }
        Ok(())
    }

    /// The ledger refused the transfer that funds the load, for ever.
    ///
    /// # Errors
    /// [`OnlineRefusal`].
    pub fn declined(&mut self, operation: OperationId) -> Result<(), OnlineRefusal> {
        let last = self.newest_mut(operation)?;
        match last.stage {
            Stage::Begun => last.stage = Stage::Declined,
            Stage::Declined => {}
            Stage::Ready | Stage::InDoubt | Stage::Done | Stage::NotDone => return Err(OnlineRefusal::Stage),
        }
        Ok(())
    }

    /// MAC2 for the card, of the operation's last attempt, with the date and time that it covers. Store the card before it
    /// leaves; asked again, it is the same.
    ///
    /// # Errors
    /// [`OnlineRefusal`].
    pub fn answer(
        &mut self,
        keys: &impl KeyStore,
        operation: OperationId,
    ) -> Result<(DateTime, Mac), OnlineRefusal> {
        let reached = self.online_sequence;
        let last = self.newest_mut(operation)?;
        // A load may have waited for the ledger while another one of its sequence was proven.
        let is_overtaken = last.stage == Stage::Ready && last.session.sequence != reached;
        if is_overtaken || matches!(last.stage, Stage::Begun | Stage::NotDone | Stage::Declined) {
            return Err(OnlineRefusal::Stage);
        }
        let mac2 = keys.mac2(&last.key, &last.session, &last.when)?;
        if last.stage == Stage::Ready {
            last.stage = Stage::InDoubt;
        }
        Ok((last.when, mac2))
    }

    /// The card's TAC of a load or MAC3 of an unload, now, late or given again. It ends whatever else is in doubt, too.
    ///
    /// # Errors
    /// [`OnlineRefusal`].
    pub fn confirm(
        &mut self,
        keys: &impl KeyStore,
        operation: OperationId,
        code: Mac,
        now: Seconds,
    ) -> Result<Vec<Transfer>, OnlineRefusal> {
        self.newest(operation).ok_or(OnlineRefusal::OtherOperation)?;
        for attempt in self.online.clone().into_iter().filter(|attempt| attempt.operation == operation) {
            if keys.is_done(&attempt.key, &attempt.session, &attempt.when, code)? {
                return match attempt.stage {
                    Stage::InDoubt => Ok(self.settle_online(&attempt, now)),
                    Stage::Done => Ok(Vec::new()),
                    _ => Err(OnlineRefusal::Stage),
                };
            }
        }
        Err(OnlineRefusal::Mac)
    }

    /// Gives up a transaction whose MAC2 has not left. Money that waited goes back.
    ///
    /// # Errors
    /// [`OnlineRefusal`].
    pub fn abandon(&mut self, operation: OperationId) -> Result<Vec<Transfer>, OnlineRefusal> {
        match self.newest(operation).ok_or(OnlineRefusal::OtherOperation)?.stage {
            // At most one is unsigned: this one.
            Stage::Ready => Ok(self.end_unsigned()),
            Stage::NotDone => Ok(Vec::new()),
            Stage::Begun | Stage::InDoubt | Stage::Done | Stage::Declined => Err(OnlineRefusal::Stage),
        }
    }

    /// The card did this attempt, so it did none of the others of its sequence.
    pub(crate) fn settle_online(&mut self, done: &OnlineTransaction, now: Seconds) -> Vec<Transfer> {
        let OnlineSession { direction, terms, sequence, .. } = done.session;
        self.online_sequence = sequence.next().unwrap_or(sequence);
        self.moved(done.when, direction, terms.amount);
        for attempt in self.online.iter_mut().filter(|attempt| attempt.operation == done.operation) {
            attempt.stage = Stage::Done;
        }
        let (account, wallet) = (self.account, self.identity.wallet);
        let mut transfers = match direction {
            Direction::Load => {
                postings::load_credited(&account, done.operation, self.credit(terms.amount, now))
            }
            Direction::Unload => {
                postings::unloaded(&account, done.operation, wallet, self.debit(terms.amount, now))
            }
        };
        transfers.extend(self.end_open(&[Stage::Ready, Stage::InDoubt]));
        transfers
    }

    /// Ends what was begun and not signed: without MAC2 the card does nothing.
    fn end_unsigned(&mut self) -> Vec<Transfer> {
        self.end_open(&[Stage::Ready])
    }

    /// Ends what is at one of these stages, as not done. Money that waited goes back.
    pub(crate) fn end_open(&mut self, stages: &[Stage]) -> Vec<Transfer> {
        let (account, wallet) = (self.account, self.identity.wallet);
        let (mut transfers, mut returned) = (Vec::new(), BTreeSet::new());
        for attempt in self.online.iter_mut().filter(|attempt| stages.contains(&attempt.stage)) {
            attempt.stage = Stage::NotDone;
            let OnlineSession { direction, terms, .. } = attempt.session;
            if direction == Direction::Load && returned.insert(attempt.operation) {
                let back = postings::load_returned(&account, attempt.operation, wallet, terms.amount);
                transfers.push(back);
            }
        }
        transfers
    }

    /// The attempts of which only the card knows whether it did them, the newest last. It did or will do one at most.
    pub fn in_doubt(&self) -> impl DoubleEndedIterator<Item = &OnlineTransaction> {
        self.online.iter().filter(|attempt| attempt.stage == Stage::InDoubt)
    }

    /// The last attempt of an operation.
    fn newest(&self, operation: OperationId) -> Option<OnlineTransaction> {
        self.online.iter().rfind(|attempt| attempt.operation == operation).copied()
    }

    fn newest_mut(&mut self, operation: OperationId) -> Result<&mut OnlineTransaction, OnlineRefusal> {
        let found = self.online.iter_mut().rfind(|attempt| attempt.operation == operation);
        found.ok_or(OnlineRefusal::OtherOperation)
    }
}

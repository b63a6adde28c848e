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
//!   1. its TAC or MAC3, late, or given again by GET TRANSACTION PROVE;
//!   2. its next MAC1: a higher sequence says it was done; the same sequence says it was not, and will not be, because a new
//!      initialisation forgets the old session.
//!
//!   A terminal's word that the card did nothing is no evidence: a load is never returned against a card that may credit it.
//!   Before MAC2 has left, the host alone decides: [`PurseCard::abandon`]. While the ledger's word about the funding of a load
//!   is not known, nothing else begins: ask the ledger, then [`PurseCard::funded`] or [`PurseCard::declined`].
//! * A MAC1 of a lower sequence than the card has reached is that of a copy.
//!
//! # Invariants
//!
//! 1. A load has one end: credited or returned. Both have the same transfer id.
//! 2. MAC2 of a load leaves only when its money waits on its account.

use core::fmt;

use ledger::Transfer;
use messages::card::Seconds;
use purse::fields::{DateTime, Mac};
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
}

/// A load or unload.
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
    /// The operation is another than the card's last one, or has other content.
    OtherOperation,
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
            Self::OtherOperation => f.write_str("operation is not the card's last one"),
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
    /// A card asks. What its MAC1 says about its last transaction ends that one; then the new one is begun. For a load the
    /// last transfer is the one that funds it.
    ///
    /// # Errors
    /// [`OnlineRefusal`]; nothing was changed.
    pub fn begin(
        &mut self,
        keys: &impl KeyStore,
        request: &Request,
        now: Seconds,
    ) -> Result<Vec<Transfer>, OnlineRefusal> {
        if let Some(last) = self.online.filter(|last| last.operation == request.operation) {
            let is_same = last.session == request.session;
            return if is_same { Ok(self.funding(&last)) } else { Err(OnlineRefusal::OtherOperation) };
        }
        if self.is_closed || self.listed.is_some() {
            return Err(OnlineRefusal::Card);
        }
        let session = request.session;
        let is_kind = session.terms.kind == session.direction.kind();
        if session.terms.amount.units() == 0 || session.new_balance().is_none() || !is_kind {
            return Err(OnlineRefusal::Amount);
        }
        let key = self.identity.key(request.key_version, request.algorithm);
        if !keys.is_mac1(&key, &session, request.mac1)? {
            return Err(OnlineRefusal::Mac);
        }
        let end = self.end_of_last(&session)?;
        let mut transfers = end.map_or_else(Vec::new, |stage| self.end(stage, now));
        let stage = match session.direction {
            Direction::Load => Stage::Begun,
            Direction::Unload => Stage::Ready,
        };
        let begun =
            OnlineTransaction { operation: request.operation, key, session, when: request.when, stage };
        self.online = Some(begun);
        transfers.extend(self.funding(&begun));
        Ok(transfers)
    }

    /// What a sequence signed by the card says about its last transaction, if that has no end yet.
    fn end_of_last(&self, session: &OnlineSession) -> Result<Option<Stage>, OnlineRefusal> {
        let is_open = self.online.filter(|last| !matches!(last.stage, Stage::Done | Stage::NotDone));
        let after_last = self.online_sequence.next();
        match is_open {
            Some(last) if last.stage == Stage::Begun => Err(OnlineRefusal::Stage),
            _ if session.sequence < self.online_sequence => Err(OnlineRefusal::Behind),
            Some(last) if last.stage == Stage::InDoubt && Some(session.sequence) == after_last => {
                Ok(Some(Stage::Done))
            }
            _ if session.sequence > self.online_sequence => Err(OnlineRefusal::Ahead),
            Some(_) => Ok(Some(Stage::NotDone)),
            None => Ok(None),
        }
    }

    /// The transfer that funds a load that waits for it.
    fn funding(&self, begun: &OnlineTransaction) -> Vec<Transfer> {
        if begun.stage != Stage::Begun {
            return Vec::new();
        }
        let (account, amount) = (self.identity.account(), begun.session.terms.amount);
        vec![postings::load_funded(&account, begun.operation, self.identity.wallet, amount)]
    }

    /// The ledger made the transfer that funds the load.
    ///
    /// # Errors
    /// [`OnlineRefusal`].
    pub fn funded(&mut self, operation: OperationId) -> Result<(), OnlineRefusal> {
        let last = self.last(operation)?;
        match last.stage {
            Stage::Begun => last.stage = Stage::Ready,
            Stage::NotDone => return Err(OnlineRefusal::Stage),
            Stage::Ready | Stage::InDoubt | Stage::Done => {}
        }
        Ok(())
    }

    /// The ledger refused the transfer that funds the load, for ever.
    ///
    /// # Errors
    /// [`OnlineRefusal`].
    pub fn declined(&mut self, operation: OperationId) -> Result<(), OnlineRefusal> {
        let last = self.last(operation)?;
        match last.stage {
            Stage::Begun => last.stage = Stage::NotDone,
            Stage::NotDone => {}
            Stage::Ready | Stage::InDoubt | Stage::Done => return Err(OnlineRefusal::Stage),
        }
        Ok(())
    }

    /// MAC2 for the card, with the date and time that it covers. Store the card before it leaves; asked again, it is the same.
    ///
    /// # Errors
    /// [`OnlineRefusal`].
    pub fn answer(
        &mut self,
        keys: &impl KeyStore,
        operation: OperationId,
    ) -> Result<(DateTime, Mac), OnlineRefusal> {
        let last = self.last(operation)?;
        if matches!(last.stage, Stage::Begun | Stage::NotDone) {
            return Err(OnlineRefusal::Stage);
        }
        let mac2 = keys.mac2(&last.key, &last.session, &last.when)?;
        if last.stage == Stage::Ready {
            last.stage = Stage::InDoubt;
        }
        Ok((last.when, mac2))
    }

    /// The card's TAC of a load or MAC3 of an unload, now, late or given again.
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
        let last = *self.last(operation)?;
        if !keys.is_done(&last.key, &last.session, &last.when, code)? {
            return Err(OnlineRefusal::Mac);
        }
        match last.stage {
            Stage::InDoubt => Ok(self.end(Stage::Done, now)),
            Stage::Done => Ok(Vec::new()),
            Stage::Begun | Stage::Ready | Stage::NotDone => Err(OnlineRefusal::Stage),
        }
    }

    /// Gives up a transaction whose MAC2 has not left. Money that waited goes back.
    ///
    /// # Errors
    /// [`OnlineRefusal`].
    pub fn abandon(&mut self, operation: OperationId, now: Seconds) -> Result<Vec<Transfer>, OnlineRefusal> {
        match self.last(operation)?.stage {
            Stage::Ready => Ok(self.end(Stage::NotDone, now)),
            Stage::NotDone => Ok(Vec::new()),
            Stage::Begun | Stage::InDoubt | Stage::Done => Err(OnlineRefusal::Stage),
        }
    }

    /// Ends the last transaction, which has no end yet.
    pub(crate) fn end(&mut self, stage: Stage, now: Seconds) -> Vec<Transfer> {
        let Some(last) = self.online else { return Vec::new() };
        let (account, wallet) = (self.identity.account(), self.identity.wallet);
        let (amount, direction) = (last.session.terms.amount, last.session.direction);
        self.online = Some(OnlineTransaction { stage, ..last });
        if stage == Stage::Done {
            self.online_sequence = last.session.sequence.next().unwrap_or(last.session.sequence);
            self.moved(last.when, direction, amount);
        }
        match (direction, stage, last.stage) {
            (Direction::Load, Stage::Done, _) => {
                postings::load_credited(&account, last.operation, self.credit(amount, now))
            }
            (Direction::Load, Stage::NotDone, Stage::Ready | Stage::InDoubt) => {
                vec![postings::load_returned(&account, last.operation, wallet, amount)]
            }
            (Direction::Unload, Stage::Done, _) => {
                postings::unloaded(&account, last.operation, wallet, self.debit(amount, now))
            }
            _ => Vec::new(),
        }
    }

    fn last(&mut self, operation: OperationId) -> Result<&mut OnlineTransaction, OnlineRefusal> {
        let last = self.online.as_mut().filter(|last| last.operation == operation);
        last.ok_or(OnlineRefusal::OtherOperation)
    }
}

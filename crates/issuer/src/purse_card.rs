//! What the issuer knows about a card and its purse.

use std::collections::{BTreeMap, BTreeSet};

use ledger::AccountId;
use messages::card::{CardStatus, Seconds, TerminalId, TerminalTransaction};
use purse::{
    amount::Amount,
    fields::{Asn, DateTime, Sequence},
    pboc::key::Algorithm,
};
use wallet::purse_chart::PurseName;

use crate::{
    key_store::{DebitTerms, Direction, KeyName},
    online::OnlineTransaction,
    postings::PurseAccount,
    shadow::Shadow,
};

/// Which card, and what its issuer's profile says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardIdentity {
    /// Its serial number.
    pub asn: Asn,
    /// Its issuer.
    pub issuer: [u8; 8],
    /// How many levels its keys are diversified by.
    pub levels: u8,
    /// The algorithm identifier that means SM4, if any.
    pub sm4_algorithm: Option<u8>,
    /// The currency that it counts.
    pub currency: money::Currency,
    /// The account of its holder's wallet.
    pub wallet: AccountId,
}

impl CardIdentity {
    /// Issuer ‖ serial number.
    #[must_use]
    pub fn name(&self) -> PurseName {
        let mut name = [0; 18];
        let bytes = self.issuer.into_iter().chain(self.asn.0);
        name.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
        PurseName(name)
    }

    /// The purse in the ledger.
    #[must_use]
    pub fn account(&self) -> PurseAccount {
        PurseAccount::new(self.name(), self.currency)
    }

    /// The card's key that bears this version and algorithm.
    #[must_use]
    pub fn key(&self, version: u8, algorithm: u8) -> KeyName {
        let algorithm =
            if self.sm4_algorithm == Some(algorithm) { Algorithm::Sm4Own } else { Algorithm::TripleDes };
        KeyName { asn: self.asn, issuer: self.issuer, levels: self.levels, version, algorithm }
    }
}

/// How a debit came to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belief {
    /// By its TAC.
    Proven,
    /// By the next record's sequence and balance. A TAC for the same sequence overrules it.
    Inferred,
}

/// A cancel of a debit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelling {
    /// Nobody asked for it.
    No,
    /// The terminal asked and does not know.
    Asked,
    /// It was given back.
    Done(Belief),
}

/// A debit as a terminal uploaded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownDebit {
    /// What its TAC covers.
    pub debit: DebitTerms,
    /// Balance before, as the terminal says.
    pub balance_before: Amount,
    /// Who sold.
    pub seller: AccountId,
}

impl KnownDebit {
    /// Balance after; `None` where the record cannot be.
    #[must_use]
    pub const fn balance_after(&self) -> Option<Amount> {
        self.balance_before.checked_sub(self.debit.terms.amount)
    }
}

/// What is known about one offline sequence of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The debit that bore it.
    pub(crate) settled: Option<(KnownDebit, Belief, Cancelling)>,
    /// The ledger has taken the sequence for a debit.
    pub(crate) is_taken: bool,
    /// Debits that may have borne it.
    pub(crate) held: Vec<KnownDebit>,
}

/// What the issuer knows about a card and its purse.
#[derive(Clone, Debug)]
pub struct PurseCard {
    pub(crate) identity: CardIdentity,
    pub(crate) account: PurseAccount,
    pub(crate) shadow: Shadow,
    /// Since when there is excess.
    pub(crate) excess_since: Option<Seconds>,
    /// Why terminals shall not take it, and since when.
    pub(crate) listed: Option<(CardStatus, Seconds)>,
    /// The rest was paid out.
    pub(crate) is_closed: bool,
    /// The next online sequence.
    pub(crate) online_sequence: Sequence,
    /// The attempts at the card's online sequence, and those that ended with the last one. What is in doubt has the sequence.
    pub(crate) online: Vec<OnlineTransaction>,
    /// What went on and off the card online, by the host's time; the newest few.
    pub(crate) moved: Vec<(DateTime, Direction, Amount)>,
    pub(crate) places: BTreeMap<Sequence, Place>,
    /// Terminals' numbers of debits and cancels that were believed.
    pub(crate) numbers: BTreeSet<(TerminalId, TerminalTransaction)>,
}

/// How many online movements are remembered: more than a card has between two records of a terminal.
const MOVED_MAX: usize = 32;

impl PurseCard {
    /// A card that was just issued, with nothing on it.
    #[must_use]
    pub fn issued(identity: CardIdentity) -> Self {
        Self {
            identity,
            account: identity.account(),
            shadow: Shadow::NONE,
            excess_since: None,
            listed: None,
            is_closed: false,
            online_sequence: Sequence(0),
            online: Vec::new(),
            moved: Vec::new(),
            places: BTreeMap::new(),
            numbers: BTreeSet::new(),
        }
    }

    /// Which card.
    #[must_use]
    pub const fn identity(&self) -> &CardIdentity {
        &self.identity
    }

    /// Loads less what was cleared.
    #[must_use]
    pub const fn shadow(&self) -> Shadow {
        self.shadow
    }

    /// Why terminals shall not take it, and since when.
    #[must_use]
    pub const fn listed(&self) -> Option<(CardStatus, Seconds)> {
        self.listed
    }

    /// Whether its rest was paid out.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// The last attempt at a load or unload, ended or not.
    #[must_use]
    pub fn online(&self) -> Option<&OnlineTransaction> {
        self.online.last()
    }

    /// Puts the card on the status list. The first reason stands, but for a loss that turns out to be fraud.
    pub fn list(&mut self, status: CardStatus, now: Seconds) {
        if matches!(self.listed, None | Some((CardStatus::Lost, _))) {
            let since = self.listed.map_or(now, |(_, since)| since);
            self.listed = Some((status, since));
        }
    }

    /// Debits that are believed, in order of their sequence.
    pub fn debits(&self) -> impl Iterator<Item = (Sequence, KnownDebit, Belief, Cancelling)> + '_ {
        self.places.iter().filter_map(|(sequence, place)| {
            let (known, belief, cancelling) = place.settled?;
            Some((*sequence, known, belief, cancelling))
        })
    }

    /// Sequences up to the newest known one that no terminal has uploaded: first and last of each gap. Of a cancel, the
    /// sequence after its debit is known.
    pub fn gaps(&self) -> impl Iterator<Item = (Sequence, Sequence)> + '_ {
        let mut wanted = 0_u16;
        self.places.iter().filter_map(move |(sequence, place)| {
            let from = wanted;
            let is_cancelled = matches!(place.settled, Some((_, _, Cancelling::Done(_))));
            wanted = sequence.0.saturating_add(1).saturating_add(u16::from(is_cancelled));
            (from < sequence.0).then(|| (Sequence(from), Sequence(sequence.0.saturating_sub(1))))
        })
    }

    /// The sum of debits that may have been, one for each sequence: the greatest.
    #[must_use]
    pub fn held(&self) -> Amount {
        let unsettled = self.places.values().filter(|place| place.settled.is_none());
        let greatest =
            unsettled.filter_map(|place| place.held.iter().map(|known| known.debit.terms.amount).max());
        greatest.fold(Amount::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(Amount::MAX))
    }

    /// Units of excess that are older than the clearing window, and that no load in doubt explains: spent by a counterfeit or a
    /// clone. Zero where there are none.
    #[must_use]
    pub fn counterfeit(&self, now: Seconds, window: Seconds) -> u64 {
        let is_over = self.excess_since.is_some_and(|since| now.0 >= since.0.saturating_add(window.0));
        let excess = self.shadow.excess().saturating_sub(u64::from(self.load_in_doubt().units()));
        if is_over { excess } else { 0 }
    }

    /// Amount of a load of which only the card knows whether it credited it; of several the greatest, because it credits one.
    #[must_use]
    pub fn load_in_doubt(&self) -> Amount {
        self.greatest_load().map_or(Amount::ZERO, |load| load.session.terms.amount)
    }

    pub(crate) fn greatest_load(&self) -> Option<OnlineTransaction> {
        let loads = self.in_doubt().filter(|attempt| attempt.session.direction == Direction::Load);
        loads.max_by_key(|attempt| attempt.session.terms.amount).copied()
    }

    /// Whether only the card knows what became of its last online transactions.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.in_doubt().next().is_some()
    }

    pub(crate) fn debit(&mut self, amount: Amount, now: Seconds) -> crate::shadow::Parts {
        let (shadow, parts) = self.shadow.debited(amount);
        self.set_shadow(shadow, now);
        parts
    }

    pub(crate) fn credit(&mut self, amount: Amount, now: Seconds) -> crate::shadow::Parts {
        let (shadow, parts) = self.shadow.credited(amount);
        self.set_shadow(shadow, now);
        parts
    }

    fn set_shadow(&mut self, shadow: Shadow, now: Seconds) {
        self.shadow = shadow;
        self.excess_since = (shadow.excess() > 0).then(|| self.excess_since.unwrap_or(now));
    }

    /// Remembers that something went on or off the card online.
    pub(crate) fn moved(&mut self, when: DateTime, direction: Direction, amount: Amount) {
        if self.moved.len() >= MOVED_MAX {
            self.moved.remove(0);
        }
        self.moved.push((when, direction, amount));
    }

    /// What went onto the card online between two times, less what went off.
    pub(crate) fn moved_between(&self, from: DateTime, until: DateTime) -> i64 {
        let between = self.moved.iter().filter(|(when, ..)| from < *when && *when <= until);
        between.fold(0, |sum, (_, direction, amount)| match direction {
            Direction::Load => sum.saturating_add(i64::from(amount.units())),
            Direction::Unload => sum.saturating_sub(i64::from(amount.units())),
        })
    }
}

//! What one record of a terminal means.
//!
//! # Specification
//!
//! A record is checked in this order: terminal, kind, numbers that can be, whether it is known, whether the card is closed, TACs,
//! the card's sequence. A refused record changes nothing but the card's place on the status list.
//!
//! * A debit is named by card and offline sequence, and by what its TAC covers. Both are paid once: the sequence, because a card
//!   never uses one twice; the TAC, because a terminal could upload it under another sequence, which the TAC does not cover.
//! * Two right TACs for one sequence are a *clone*: the second is refused, and the card is listed.
//! * A debit whose outcome the terminal does not know is *held*. It is settled by its TAC, if the terminal gets it; or it turns out
//!   not to have been, when another debit proves that it bore the sequence; or it is *inferred*: the next sequence is proven
//!   by another seller, and its balance is what this debit left. A TAC overrules what was inferred: the money goes back.
//! * A cancel bears the sequence after its debit. It is believed by its TAC, or inferred when the sequence after that begins with
//!   the balance from before the debit, at another seller.
//! * A debit beyond the shadow balance is paid, and counted as excess ([`crate::shadow`]).

use ledger::{AccountId, Transfer};
use messages::card::{
    Cancel, CardStatus, DebitKind, Outcome, PurseRecord, Seconds, Tac, TerminalId,
    receipt::{RecordVerdict, RefusalReason},
};
use purse::{
    amount::Amount,
    ep::Split,
    fields::{self, DateTime, Kind, Mac, OrderId, Sequence, TerminalTransaction, Terms},
};

use crate::{
    key_store::{DebitTerms, KeyError, KeyStore},
    postings,
    purse_card::{Belief, Cancelling, KnownDebit, PurseCard},
};

/// Who uploads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seller {
    /// The terminal.
    pub terminal: TerminalId,
    /// Whose sales they are.
    pub account: AccountId,
}

/// What a person should see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Two right TACs for this sequence: there are two cards.
    Clone(Sequence),
    /// A terminal uploads a TAC again under another sequence.
    NumberUsedTwice(Sequence),
    /// The debit of this sequence is believed without its TAC.
    Inferred(Sequence),
    /// What was believed of this sequence was wrong; a TAC proves another debit.
    Overruled(Sequence),
    /// The cancel of this sequence's debit is believed without its TAC.
    CancelInferred(Sequence),
}

/// What a record did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleared {
    /// What the terminal is told.
    pub verdict: RecordVerdict,
    /// What the ledger shall do.
    pub transfers: Vec<Transfer>,
    /// What a person should see.
    pub findings: Vec<Finding>,
}

impl Cleared {
    const fn only(verdict: RecordVerdict) -> Self {
        Self { verdict, transfers: Vec::new(), findings: Vec::new() }
    }

    const fn refused(reason: RefusalReason) -> Self {
        Self::only(RecordVerdict::Refused(reason))
    }
}

/// A record in the words of the purse.
struct Read<'a> {
    record: &'a PurseRecord,
    sequence: Sequence,
    known: KnownDebit,
}

impl<'a> Read<'a> {
    fn new(record: &'a PurseRecord, seller: &Seller) -> Result<Self, RefusalReason> {
        if record.terminal != seller.terminal {
            return Err(RefusalReason::WrongTerminal);
        }
        let kind = match record.kind {
            DebitKind::Purchase => Kind::Purchase,
            DebitKind::CompoundPurchase => Kind::CompoundPurchase,
            DebitKind::Cash | DebitKind::PurchaseDeposit => return Err(RefusalReason::Kind),
        };
        let terminal = fields::TerminalId(record.terminal.0);
        let known = KnownDebit {
            debit: DebitTerms {
                terms: Terms { amount: Amount::new(record.amount.0), kind, terminal },
                transaction: TerminalTransaction(record.transaction.0),
                when: DateTime(record.when.0),
            },
            balance_before: Amount::new(record.balance_before.0),
            seller: seller.account,
        };
        let sequence = Sequence(record.sequence.0);
        let is_possible = known.balance_after().is_some() && sequence.next().is_some();
        if is_possible { Ok(Self { record, sequence, known }) } else { Err(RefusalReason::Malformed) }
    }

    /// What the outcome says: TAC of the debit; of a cancel its terms, and its TAC where it is known.
    fn claims(&self) -> (Option<Tac>, Option<(DebitTerms, Option<Tac>)>) {
        match self.record.outcome {
            Outcome::Unknown => (None, None),
            Outcome::Done(tac) => (Some(tac), None),
            Outcome::Cancelled { debit, cancel, given_back } => {
                (Some(debit), Some((self.cancel_terms(&cancel), Some(given_back))))
            }
            Outcome::CancelUnknown { debit, cancel } => {
                (Some(debit), Some((self.cancel_terms(&cancel), None)))
            }
        }
    }

    const fn cancel_terms(&self, cancel: &Cancel) -> DebitTerms {
        DebitTerms {
            terms: Terms { kind: Kind::Cancel, ..self.known.debit.terms },
            transaction: TerminalTransaction(cancel.transaction.0),
            when: DateTime(cancel.when.0),
        }
    }

    /// Whether all TACs of the record are the card's.
    fn check(&self, card: &PurseCard, keys: &impl KeyStore) -> Result<Result<(), RefusalReason>, KeyError> {
        let key = card.identity().key(self.record.key_version.0, self.record.algorithm.0);
        let is_tac = |terms: &DebitTerms, tac: Tac| keys.is_debit_tac(&key, terms, fields::Tac(Mac(tac.0)));
        let (debit, cancel) = self.claims();
        if let Some(tac) = debit
            && !is_tac(&self.known.debit, tac)?
        {
            return Ok(Err(RefusalReason::WrongTac));
        }
        if let Some((terms, Some(tac))) = cancel
            && !is_tac(&terms, tac)?
        {
            return Ok(Err(RefusalReason::WrongTac));
        }
        if let Some(part) = self.record.split
            && part.tac != Tac::default()
        {
            let split = Split {
                is_open: true,
                payer: part.payer,
                due: Amount::new(part.due.0),
                order: OrderId(part.order.0),
                sequence: self.sequence,
            };
            if !keys.is_split_tac(&key, &split, fields::Tac(Mac(part.tac.0)))? {
                return Ok(Err(RefusalReason::WrongSplit));
            }
        }
        Ok(Ok(()))
    }
}

/// Clears one record. A store of keys that does not answer has decided nothing.
///
/// # Errors
/// [`KeyError::Unavailable`].
pub fn clear(
    card: &mut PurseCard,
    keys: &impl KeyStore,
    seller: &Seller,
    record: &PurseRecord,
    now: Seconds,
) -> Result<Cleared, KeyError> {
    let read = match Read::new(record, seller) {
        Ok(read) => read,
        Err(reason) => return Ok(Cleared::refused(reason)),
    };
    if card.knows(&read) {
        return Ok(Cleared::only(RecordVerdict::AlreadyKnown));
    }
    if card.is_closed() {
        return Ok(Cleared::refused(RefusalReason::CardClosed));
    }
    match read.check(card, keys) {
        Ok(Ok(())) => {}
        Ok(Err(reason)) => return Ok(Cleared::refused(reason)),
        Err(KeyError::NoKey) => return Ok(Cleared::refused(RefusalReason::KeyVersion)),
        Err(KeyError::Unavailable) => return Err(KeyError::Unavailable),
    }
    if let Some(finding) = card.contradiction(&read) {
        if matches!(finding, Finding::Clone(_)) {
            card.list(CardStatus::Cloned, now);
        }
        let refused = Cleared::refused(RefusalReason::Clone);
        return Ok(Cleared { findings: vec![finding], ..refused });
    }
    let mut cleared = Cleared::only(RecordVerdict::Accepted);
    card.take(&read, now, &mut cleared);
    Ok(cleared)
}

impl PurseCard {
    /// Whether the record says nothing new.
    fn knows(&self, read: &Read<'_>) -> bool {
        let Some(place) = self.places.get(&read.sequence) else { return false };
        let (tac, cancel) = read.claims();
        let settled = place.settled.filter(|(known, ..)| known.debit == read.known.debit);
        match (settled, tac, cancel) {
            (None, None, _) => place.held.iter().any(|held| held.debit == read.known.debit),
            (Some(_), None, _) => true,
            (Some((_, Belief::Proven, _)), _, None) => true,
            (Some((_, Belief::Proven, cancelling)), _, Some((_, None))) => cancelling != Cancelling::No,
            (Some((_, Belief::Proven, cancelling)), _, Some((_, Some(_)))) => {
                cancelling == Cancelling::Done(Belief::Proven)
            }
            _ => false,
        }
    }

    /// What right TACs cannot both have.
    fn contradiction(&self, read: &Read<'_>) -> Option<Finding> {
        let (tac, cancel) = read.claims();
        tac?;
        let proven_at = |sequence: Option<Sequence>| {
            let place = self.places.get(&sequence?)?;
            place.settled.filter(|(_, belief, _)| *belief == Belief::Proven)
        };
        let is_same = |known: &KnownDebit| known.debit == read.known.debit;
        if proven_at(Some(read.sequence)).is_some_and(|(known, ..)| !is_same(&known)) {
            return Some(Finding::Clone(read.sequence));
        }
        // The sequence that a cancel bore is no debit's, and the other way round.
        let before = read.sequence.0.checked_sub(1).map(Sequence);
        if proven_at(before).is_some_and(|(_, _, cancelling)| matches!(cancelling, Cancelling::Done(_))) {
            return Some(Finding::Clone(read.sequence));
        }
        if matches!(cancel, Some((_, Some(_)))) && proven_at(read.sequence.next()).is_some() {
            return Some(Finding::Clone(read.sequence));
        }
        let settled = self.places.get(&read.sequence).and_then(|place| place.settled);
        let is_believed = settled.is_some_and(|(known, ..)| is_same(&known));
        let number = (read.record.terminal, read.record.transaction);
        (!is_believed && self.has_number(number)).then_some(Finding::NumberUsedTwice(read.sequence))
    }

    /// Takes up a record that is right and new.
    fn take(&mut self, read: &Read<'_>, now: Seconds, cleared: &mut Cleared) {
        let (tac, cancel) = read.claims();
        if tac.is_none() {
            self.places.entry(read.sequence).or_default().held.push(read.known);
        } else {
            self.prove(read.sequence, &read.known, now, cleared);
            match cancel {
                Some((_, Some(_))) => {
                    self.cancel(read.sequence, Belief::Proven, now, cleared);
                }
                Some((_, None)) => self.ask_to_cancel(read.sequence),
                None => {}
            }
        }
        self.infer_around(read.sequence, now, cleared);
    }

    /// Believes a debit by its TAC.
    fn prove(&mut self, sequence: Sequence, known: &KnownDebit, now: Seconds, cleared: &mut Cleared) {
        let place = self.places.entry(sequence).or_default();
        place.held.retain(|held| held.debit != known.debit);
        match place.settled {
            None => self.settle(sequence, known, Belief::Proven, now, cleared),
            Some((believed, _, cancelling)) if believed.debit == known.debit => {
                place.settled = Some((*known, Belief::Proven, cancelling));
            }
            Some((believed, _, cancelling)) => {
                place.held.push(believed);
                place.settled = Some((*known, Belief::Proven, Cancelling::No));
                let account = self.identity.account();
                if !matches!(cancelling, Cancelling::Done(_)) {
                    let parts = self.credit(believed.debit.terms.amount, now);
                    let back = postings::debit_withdrawn(&account, &believed.debit, believed.seller, parts);
                    cleared.transfers.extend(back);
                }
                let parts = self.debit(known.debit.terms.amount, now);
                cleared.transfers.extend(postings::debit_replaced(
                    &account,
                    &known.debit,
                    known.seller,
                    parts,
                ));
                self.note_number(known);
                cleared.findings.push(Finding::Overruled(sequence));
            }
        }
    }

    /// Believes a debit of a sequence that had none.
    fn settle(
        &mut self,
        sequence: Sequence,
        known: &KnownDebit,
        belief: Belief,
        now: Seconds,
        cleared: &mut Cleared,
    ) {
        self.places.entry(sequence).or_default().settled = Some((*known, belief, Cancelling::No));
        self.note_number(known);
        let parts = self.debit(known.debit.terms.amount, now);
        let account = self.identity.account();
        cleared.transfers.extend(postings::debit_cleared(
            &account,
            (sequence, &known.debit),
            known.seller,
            parts,
        ));
    }

    fn ask_to_cancel(&mut self, sequence: Sequence) {
        if let Some((_, _, cancelling @ Cancelling::No)) =
            self.places.get_mut(&sequence).and_then(|place| place.settled.as_mut())
        {
            *cancelling = Cancelling::Asked;
        }
    }

    /// Believes that the debit of a sequence was given back.
    fn cancel(&mut self, sequence: Sequence, belief: Belief, now: Seconds, cleared: &mut Cleared) {
        let settled = self.places.get_mut(&sequence).and_then(|place| place.settled.as_mut());
        let Some((known, _, cancelling)) = settled else { return };
        let known = *known;
        let was_done = matches!(cancelling, Cancelling::Done(_));
        *cancelling = Cancelling::Done(belief);
        if was_done {
            return;
        }
        let parts = self.credit(known.debit.terms.amount, now);
        let account = self.identity.account();
        let back = postings::cancel_cleared(&account, &known.debit, known.seller, parts);
        cleared.transfers.extend(back);
    }

    /// What the balances of neighbours say about each other.
    fn infer_around(&mut self, sequence: Sequence, now: Seconds, cleared: &mut Cleared) {
        let after = sequence.next();
        for next in [Some(sequence), after, after.and_then(Sequence::next)].into_iter().flatten() {
            let Some(proven) = self.places.get(&next).and_then(|place| place.settled) else { continue };
            if proven.1 == Belief::Proven {
                self.infer_debit_before(next, &proven.0, now, cleared);
                self.infer_cancel_before(next, &proven.0, now, cleared);
            }
        }
    }

    fn infer_debit_before(
        &mut self,
        next: Sequence,
        proven: &KnownDebit,
        now: Seconds,
        cleared: &mut Cleared,
    ) {
        let Some(sequence) = next.0.checked_sub(1).map(Sequence) else { return };
        let Some(place) = self.places.get(&sequence).filter(|place| place.settled.is_none()) else { return };
        let fits = |held: &&KnownDebit| {
            let left = held.balance_after().map(|balance| i64::from(balance.units()));
            let moved = self.moved_between(held.debit.when, proven.debit.when);
            held.seller != proven.seller
                && left.and_then(|left| left.checked_add(moved))
                    == Some(i64::from(proven.balance_before.units()))
                && !self.has_number(number(&held.debit))
        };
        let mut fitting = place.held.iter().filter(fits).copied();
        if let (Some(held), None) = (fitting.next(), fitting.next()) {
            drop(fitting);
            if let Some(place) = self.places.get_mut(&sequence) {
                place.held.retain(|other| other.debit != held.debit);
            }
            self.settle(sequence, &held, Belief::Inferred, now, cleared);
            cleared.findings.push(Finding::Inferred(sequence));
        }
    }

    fn infer_cancel_before(
        &mut self,
        next: Sequence,
        proven: &KnownDebit,
        now: Seconds,
        cleared: &mut Cleared,
    ) {
        let Some(sequence) = next.0.checked_sub(2).map(Sequence) else { return };
        let between = next.0.checked_sub(1).map(Sequence).and_then(|between| self.places.get(&between));
        let Some(place) = self.places.get(&sequence) else { return };
        let Some((known, Belief::Proven, Cancelling::Asked)) = place.settled else { return };
        let moved = self.moved_between(known.debit.when, proven.debit.when);
        let is_back = i64::from(known.balance_before.units()).checked_add(moved)
            == Some(i64::from(proven.balance_before.units()));
        let takes_something = known.debit.terms.amount != Amount::ZERO;
        if is_back && takes_something && known.seller != proven.seller && between.is_none() {
            self.cancel(sequence, Belief::Inferred, now, cleared);
            cleared.findings.push(Finding::CancelInferred(sequence));
        }
    }

    fn note_number(&mut self, known: &KnownDebit) {
        self.numbers.insert(number(&known.debit));
    }

    fn has_number(&self, number: (TerminalId, messages::card::TerminalTransaction)) -> bool {
        self.numbers.contains(&number)
    }
}

const fn number(debit: &DebitTerms) -> (TerminalId, messages::card::TerminalTransaction) {
    (TerminalId(debit.terms.terminal.0), messages::card::TerminalTransaction(debit.transaction.0))
}

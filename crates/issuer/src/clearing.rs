//! What one record of a terminal means.
//!
//! # Specification
//!
//! A record is checked in this order: terminal, kind, numbers that can be, whether it is known, whether the card is closed,
//! TACs, the card's sequence. A refused record changes nothing but the card's place on the status list.
//!
//! * A debit is named by card and offline sequence, and by what its TAC covers. Both are paid once: the sequence, because a card
//!   never uses one twice; the TAC, because a terminal could upload it under another sequence, which the TAC does not cover.
//! * Two right TACs for one sequence are a *clone*: the second is refused, and the card is listed.
//! * A debit whose outcome the terminal does not know is *held*. It is settled by its TAC, if the terminal gets it; or it turns
//!   out not to have been, when another debit proves that it bore the sequence; or it is *inferred*: the next sequence is proven
//!   by another seller, and its balance is what this debit left, and no other's. A TAC overrules what was inferred, and a second
//!   debit that fits makes it ambiguous: the money goes back.
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

/// How many debits of one sequence are held. A card that is torn at one terminal after the other seldom leaves as many.
const HELD_MAX: usize = 16;

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
    /// More debits may have borne this sequence than are held.
    TooManyHeld(Sequence),
    /// A terminal uploads a TAC again under another sequence.
    NumberUsedTwice(Sequence),
    /// The debit of this sequence is believed without its TAC.
    Inferred(Sequence),
    /// More than one debit may have borne this sequence; what was believed of it is not any more.
    Ambiguous(Sequence),
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

    /// What cannot be beside what is known: right TACs of two debits, or too many without one.
    fn contradiction(&self, read: &Read<'_>) -> Option<Finding> {
        let (tac, cancel) = read.claims();
        if tac.is_none() {
            let is_full = self.places.get(&read.sequence).is_some_and(|place| place.held.len() >= HELD_MAX);
            return is_full.then_some(Finding::TooManyHeld(read.sequence));
        }
        let is_same = |known: &KnownDebit| known.debit == read.known.debit;
        if self.proven(Some(read.sequence)).is_some_and(|(known, _)| !is_same(&known)) {
            return Some(Finding::Clone(read.sequence));
        }
        // The sequence that a cancel bore is no debit's, and the other way round.
        let before = read.sequence.0.checked_sub(1).map(Sequence);
        if self.proven(before).is_some_and(|(_, cancelling)| matches!(cancelling, Cancelling::Done(_))) {
            return Some(Finding::Clone(read.sequence));
        }
        if matches!(cancel, Some((_, Some(_)))) && self.proven(read.sequence.next()).is_some() {
            return Some(Finding::Clone(read.sequence));
        }
        let settled = self.places.get(&read.sequence).and_then(|place| place.settled);
        let is_believed = settled.is_some_and(|(known, ..)| is_same(&known));
        let number = (read.record.terminal, read.record.transaction);
        (!is_believed && self.numbers.contains(&number)).then_some(Finding::NumberUsedTwice(read.sequence))
    }

    /// Takes up a record that is right and new.
    fn take(&mut self, read: &Read<'_>, now: Seconds, cleared: &mut Cleared) {
        let (tac, cancel) = read.claims();
        if tac.is_none() {
            self.places.entry(read.sequence).or_default().held.push(read.known);
        } else {
            self.prove(read.sequence, &read.known, now, cleared);
            match cancel {
                Some((_, Some(_))) => self.cancel(read.sequence, Belief::Proven, now, cleared),
                Some((_, None)) => self.ask_to_cancel(read.sequence),
                None => {}
            }
        }
        let before = |by: u16| read.sequence.0.checked_sub(by).map(Sequence);
        for sequence in [before(2), before(1), Some(read.sequence)].into_iter().flatten() {
            self.infer_debit(sequence, now, cleared);
            self.infer_cancel(sequence, now, cleared);
        }
    }

    /// Believes a debit by its TAC.
    fn prove(&mut self, sequence: Sequence, known: &KnownDebit, now: Seconds, cleared: &mut Cleared) {
        let place = self.places.entry(sequence).or_default();
        place.held.retain(|held| held.debit != known.debit);
        match place.settled {
            Some((believed, _, cancelling)) if believed.debit == known.debit => {
                place.settled = Some((*known, Belief::Proven, cancelling));
                return;
            }
            Some(_) => {
                self.withdraw(sequence, now, cleared);
                cleared.findings.push(Finding::Overruled(sequence));
            }
            None => {}
        }
        self.settle(sequence, known, Belief::Proven, now, cleared);
    }

    /// Believes a debit of a sequence that has none.
    fn settle(
        &mut self,
        sequence: Sequence,
        known: &KnownDebit,
        belief: Belief,
        now: Seconds,
        cleared: &mut Cleared,
    ) {
        let place = self.places.entry(sequence).or_default();
        place.held.retain(|held| held.debit != known.debit);
        place.settled = Some((*known, belief, Cancelling::No));
        let takes = (!place.is_taken).then_some(sequence);
        place.is_taken = true;
        self.numbers.insert(number(&known.debit));
        let parts = self.debit(known.debit.terms.amount, now);
        let account = self.account;
        cleared.transfers.extend(postings::debit_cleared(&account, takes, (known, belief), parts));
    }

    /// Believes no longer what was inferred. A debit that was inferred has no cancel.
    fn withdraw(&mut self, sequence: Sequence, now: Seconds, cleared: &mut Cleared) {
        let Some(place) = self.places.get_mut(&sequence) else { return };
        let Some((believed, ..)) = place.settled.take() else { return };
        place.held.push(believed);
        self.numbers.remove(&number(&believed.debit));
        let parts = self.credit(believed.debit.terms.amount, now);
        let account = self.account;
        cleared.transfers.extend(postings::debit_withdrawn(&account, &believed, parts));
    }

    fn ask_to_cancel(&mut self, sequence: Sequence) {
        let settled = self.places.get_mut(&sequence).and_then(|place| place.settled.as_mut());
        if let Some((_, _, cancelling @ Cancelling::No)) = settled {
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
        let account = self.account;
        cleared.transfers.extend(postings::cancel_cleared(&account, &known, parts));
    }

    /// The debit that a TAC proves to have borne a sequence.
    fn proven(&self, sequence: Option<Sequence>) -> Option<(KnownDebit, Cancelling)> {
        match self.places.get(&sequence?)?.settled? {
            (known, Belief::Proven, cancelling) => Some((known, cancelling)),
            (_, Belief::Inferred, _) => None,
        }
    }

    /// Whether a TAC proves that the debit of a record bore a sequence, and it was not cancelled.
    pub(crate) fn has_proven(&self, sequence: Sequence, seller: &Seller, record: &PurseRecord) -> bool {
        let Ok(read) = Read::new(record, seller) else { return false };
        self.proven(Some(sequence)).is_some_and(|(known, cancelling)| {
            known.debit == read.known.debit && cancelling == Cancelling::No
        })
    }

    /// What the next sequence's balance says about the debits that may have borne this one: one that fits is believed, and not
    /// any more when another one fits, too. While only the card knows what it did online, balances say nothing.
    fn infer_debit(&mut self, sequence: Sequence, now: Seconds, cleared: &mut Cleared) {
        let (Some(place), Some((next, _))) = (self.places.get(&sequence), self.proven(sequence.next()))
        else {
            return;
        };
        let inferred = place.settled.filter(|(_, belief, _)| *belief == Belief::Inferred);
        if self.is_in_doubt() || (place.settled.is_some() && inferred.is_none()) {
            return;
        }
        let candidates = inferred.map(|(known, ..)| known).into_iter().chain(place.held.iter().copied());
        let mut fitting = candidates.filter(|known| self.leads_to(known, known.balance_after(), &next));
        let (first, second) = (fitting.next(), fitting.next());
        drop(fitting);
        match (first, second, inferred) {
            (Some(known), None, None) if !self.numbers.contains(&number(&known.debit)) => {
                self.settle(sequence, &known, Belief::Inferred, now, cleared);
                cleared.findings.push(Finding::Inferred(sequence));
            }
            (Some(_), Some(_), Some(_)) => {
                self.withdraw(sequence, now, cleared);
                cleared.findings.push(Finding::Ambiguous(sequence));
            }
            _ => {}
        }
    }

    /// Whether a balance after a debit, and what moved online since, is the balance before a later debit at another seller.
    fn leads_to(&self, known: &KnownDebit, balance: Option<Amount>, later: &KnownDebit) -> bool {
        let moved = self.moved_between(known.debit.when, later.debit.when);
        let expected = balance.and_then(|balance| i64::from(balance.units()).checked_add(moved));
        known.seller != later.seller && expected == Some(i64::from(later.balance_before.units()))
    }

    /// A cancel that was asked for is believed when the sequence after it begins with the balance before the debit.
    fn infer_cancel(&mut self, sequence: Sequence, now: Seconds, cleared: &mut Cleared) {
        let Some((known, Cancelling::Asked)) = self.proven(Some(sequence)) else { return };
        let cancel = sequence.next();
        let Some((later, _)) = self.proven(cancel.and_then(Sequence::next)) else { return };
        let is_free = cancel.is_some_and(|cancel| !self.places.contains_key(&cancel));
        let takes_something = known.debit.terms.amount != Amount::ZERO;
        let is_back = self.leads_to(&known, Some(known.balance_before), &later);
        if is_free && takes_something && is_back && !self.is_in_doubt() {
            self.cancel(sequence, Belief::Inferred, now, cleared);
            cleared.findings.push(Finding::CancelInferred(sequence));
        }
    }

    /// Looks at everything held again, as after an online transaction that was in doubt has ended. The verdict says nothing.
    pub fn infer_held(&mut self, now: Seconds) -> Cleared {
        let mut cleared = Cleared::only(RecordVerdict::AlreadyKnown);
        let sequences: Vec<Sequence> = self.places.keys().copied().collect();
        for sequence in sequences {
            self.infer_debit(sequence, now, &mut cleared);
            self.infer_cancel(sequence, now, &mut cleared);
        }
        cleared
    }
}

pub(crate) const fn number(debit: &DebitTerms) -> (TerminalId, messages::card::TerminalTransaction) {
    (TerminalId(debit.terms.terminal.0), messages::card::TerminalTransaction(debit.transaction.0))
}

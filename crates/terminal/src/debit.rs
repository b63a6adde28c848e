//! One transaction with a card, from its signed terms to its proof. The same for sales, gates and cancels.
//!
//! The order decides everything: the security module signs; the intent is durable; only then the card is asked to pay; the
//! module confirms the card's MAC2 and TAC; the outcome is durable; only then the card is released and a receipt shown.
//!
//! MAC2 names neither terminal nor the whole of the module's transaction number: where one card is relayed to two terminals, one
//! MAC2 may be right at both. The TAC names both, and it is what the issuer pays for. So both have to be right.

use card_reader::reader::Reader;
use globalplatform::status::StatusWord;
use purse::{
    amount::Amount,
    fields::{Asn, DateTime, Kind, Tac, TerminalTransaction},
};

use crate::{
    card::{Begun, Card, Codes, ExchangeError, PublicInformation},
    clock::Now,
    disk::Disk,
    entry::{Due, Entry, Intent, NotDone, RecordNumber, SaleId},
    refusal::{Failure, Refusal, from_card, from_module},
    terminal::Terminal,
};

/// What is asked of a card that was initialised.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) sale: SaleId,
    pub(crate) kind: Kind,
    pub(crate) amount: Amount,
    pub(crate) due: Option<Due>,
    pub(crate) cancels: Option<RecordNumber>,
    /// The record of a compound purchase: P1, P2, content.
    pub(crate) record: Option<(u8, u8, Vec<u8>)>,
}

/// What is shown and printed when the terminal knows that a card paid, or got its money back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The terminal's record.
    pub number: RecordNumber,
    /// The sale.
    pub sale: SaleId,
    /// Purchase, compound purchase or cancel.
    pub kind: Kind,
    /// The card.
    pub card: Asn,
    /// What the card paid, or got back.
    pub amount: Amount,
    /// What is owed online beside.
    pub due: Amount,
    /// What the card holds now.
    pub balance: Amount,
    /// When.
    pub when: DateTime,
    /// The security module's number.
    pub transaction: TerminalTransaction,
    /// The card's code for its issuer.
    pub tac: Tac,
    /// The card had paid at an earlier tap, and nothing was taken now.
    pub is_recovered: bool,
}

impl Receipt {
    /// The receipt of a record that is done.
    pub(crate) fn of(intent: &Intent, codes: &Codes) -> Self {
        let after = match intent.kind {
            Kind::Cancel => intent.balance.checked_add(intent.amount),
            _ => intent.balance.checked_sub(intent.amount),
        };
        Self {
            number: intent.number,
            sale: intent.sale,
            kind: intent.kind,
            card: intent.card,
            amount: intent.amount,
            due: intent.due.map_or(Amount::ZERO, |due| due.amount),
            // The card has checked this; only one that lies can have such a balance.
            balance: after.unwrap_or(Amount::ZERO),
            when: intent.when,
            transaction: intent.transaction,
            tac: codes.tac,
            is_recovered: false,
        }
    }
}

impl<D: Disk, M: Reader> Terminal<D, M> {
    /// Carries out what was initialised.
    pub(crate) fn debit(
        &mut self,
        card: &mut Card<'_>,
        public: &PublicInformation,
        begun: &Begun,
        plan: &Plan,
        now: &Now,
    ) -> Result<Receipt, Failure> {
        if let Some((p1, p2, record)) = &plan.record {
            card.cache(*p1, *p2, record).map_err(from_card)?;
        }
        let (terms, when) = ((plan.kind, plan.amount), now.local);
        let by = self.with_module(|module| module.authorise(public, begun, terms, &when));
        let by = by.map_err(from_module)?;
        let intent = Intent {
            number: self.book.summary().next,
            sale: plan.sale,
            kind: plan.kind,
            card: public.asn,
            issuer: public.issuer,
            sequence: begun.sequence,
            amount: plan.amount,
            balance: begun.balance,
            transaction: by.transaction,
            when,
            key_version: begun.key_version,
            algorithm: begun.algorithm,
            due: plan.due,
            cancels: plan.cancels,
        };
        self.note(&Entry::Intent(intent))?;
        match card.process(plan.kind, &by, &when) {
            Ok(codes) => self.check(&intent, codes),
            Err(ExchangeError::Refused(status)) if status != StatusWord::MEMORY_FAILURE => {
                self.note(&Entry::NotDone(intent.number, NotDone::Refused(status)))?;
                Err(Refusal::Card(status).into())
            }
            Err(_) => Err(Failure::Unknown(intent.number)),
        }
    }

    /// Has the security module check what the card answered, and writes the outcome down.
    fn check(&mut self, intent: &Intent, codes: Codes) -> Result<Receipt, Failure> {
        let number = intent.number;
        let unrecorded = |error| Failure::NotRecorded(number, error);
        match self.with_module(|module| module.is_proved(&codes)) {
            Ok(true) => {
                self.note(&Entry::Done(number, codes)).map_err(unrecorded)?;
                Ok(Receipt::of(intent, &codes))
            }
            Ok(false) => {
                self.suspects.insert(intent.card);
                Err(Failure::NotProved(number))
            }
            Err(_) => {
                // The card may be right: the claim is kept until a module can check it.
                self.note(&Entry::Claimed(number, codes)).map_err(unrecorded)?;
                Err(Failure::NotProved(number))
            }
        }
    }
}

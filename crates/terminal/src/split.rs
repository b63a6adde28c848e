//! Integrated payment: the card pays what it holds, the holder's online account owes the rest, the sale is guaranteed.
//!
//! * The card itself bounds what may be owed, by the grade that its issuer signed; the parameters bound it, too. One split can be
//!   open on a card. Debit and split record are one commit of the card.
//! * The account that owes is named by the last eight bytes of the card's serial number; the order is the sale's name.
//! * The part that is owed goes up with the record of the debit: it is the terminal's request to collect it. With a network
//!   the caller uploads at once, else later.
//! * A completion comes by the white list to every terminal, and whichever sees the card first delivers it; the card closes its
//!   split once.

use card_reader::reader::Reader;
use std::fmt;

use globalplatform::status::StatusWord;
use messages::card::TerminalParameters;
use purse::{
    amount::Amount,
    ep::SPLIT_FILE,
    fields::{Asn, Kind, OrderId},
    own,
};

use crate::{
    book::{Record, State},
    card::{Card, ExchangeError, PublicInformation},
    clock::Now,
    debit::{Plan, Receipt},
    disk::Disk,
    entry::{Due, Entry},
    refusal::{Failure, Refusal, from_card},
    sale::{Sale, Shortfall},
    terminal::Terminal,
};

/// Why the rest may not be owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitRefusal {
    /// An earlier part is still owed.
    Open,
    /// The grade has expired, or there is none.
    Grade,
    /// The card's grade allows only this.
    GradeLimit(Amount),
    /// The parameters allow only this for the grade.
    ParameterLimit(Amount),
}

impl fmt::Display for SplitRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("an earlier part is still owed"),
            Self::Grade => f.write_str("card has no grade, or it has expired"),
            Self::GradeLimit(limit) | Self::ParameterLimit(limit) => {
                write!(f, "no more than {limit} may be owed")
            }
        }
    }
}

impl<D: Disk, M: Reader> Terminal<D, M> {
    /// A sale of which the card holds only a part.
    pub(crate) fn sell_short(
        &mut self,
        card: &mut Card<'_>,
        public: &PublicInformation,
        sale: &Sale,
        (parameters, now): (&TerminalParameters, &Now),
    ) -> Result<Receipt, Failure> {
        // What is initialised says what the card holds and where its counter stands; nothing is taken by it.
        let asked = card.initialise(Kind::CompoundPurchase, Amount::ZERO, self.id()).map_err(from_card)?;
        self.accept(public.asn, &asked, parameters)?;
        self.ensure_known(sale)?;
        let Some(owed) = sale.amount.checked_sub(asked.balance) else {
            return Err(Refusal::Card(StatusWord::BALANCE_NOT_ENOUGH).into());
        };
        if sale.shortfall == Shortfall::Refuse {
            return Err(Refusal::Balance(asked.balance).into());
        }
        decide(card, owed, parameters, now)?;
        let due = Due { payer: public.asn.factor(), amount: owed, order: OrderId(sale.id.0) };
        let begun = card.initialise(Kind::CompoundPurchase, asked.balance, self.id()).map_err(from_card)?;
        self.accept(public.asn, &begun, parameters)?;
        let record = own::split_record(due.payer, due.amount, &due.order).to_vec();
        let plan = Plan {
            sale: sale.id,
            kind: Kind::CompoundPurchase,
            amount: asked.balance,
            due: Some(due),
            cancels: None,
            record: Some((0x01, SPLIT_FILE << 3 | 0x04, record)),
        };
        let receipt = self.debit(card, public, &begun, &plan, now)?;
        self.note_split_code(card, &receipt)?;
        Ok(receipt)
    }

    /// Asks for the card's code over the split, which its issuer wants to see. A card that has gone gives it at its next tap,
    /// or never: then clearing asks the holder.
    fn note_split_code(&mut self, card: &mut Card<'_>, receipt: &Receipt) -> Result<(), Failure> {
        let Ok(said) = card.split_and_grade() else { return Ok(()) };
        if said.split.order != OrderId(receipt.sale.0) || !said.split.is_open {
            return Ok(());
        }
        let number = receipt.number;
        self.note(&Entry::SplitCode(number, said.tac)).map_err(|error| Failure::NotRecorded(number, error))
    }

    /// Asks for the codes over splits that the terminal does not have yet.
    pub(crate) fn fetch_split_codes(&mut self, card: &mut Card<'_>, asn: Asn) -> Result<(), Failure> {
        let lacks_code = |record: &&Record| {
            let is_done = matches!(record.state, State::Done(_));
            record.intent.card == asn && record.intent.due.is_some() && record.split_code.is_none() && is_done
        };
        let Some(record) = self.book.records().rfind(lacks_code).copied() else { return Ok(()) };
        let State::Done(codes) = record.state else { return Ok(()) };
        self.note_split_code(card, &Receipt::of(&record.intent, &codes))
    }

    /// Delivers to a card what the white list has for it. That a card does not take one harms no sale.
    pub(crate) fn close_splits(&mut self, card: &mut Card<'_>, asn: Asn) -> Result<(), Failure> {
        let wanted = self.lists.completions(asn);
        let new = wanted.into_iter().filter(|entry| !self.book.is_closed(asn, OrderId(entry.order.0)));
        for completion in new.collect::<Vec<_>>() {
            match card.complete_split(&completion.token()) {
                // The card knows no such split: a later one took its place, so this one is over.
                Ok(()) | Err(ExchangeError::Refused(StatusWord::REFERENCED_DATA_NOT_FOUND)) => {
                    self.note(&Entry::Closed(asn, OrderId(completion.order.0)))?;
                }
                Err(ExchangeError::Refused(_) | ExchangeError::Malformed) => {}
                Err(error) => return Err(from_card(error)),
            }
        }
        Ok(())
    }
}

/// Whether so much may be owed.
fn decide(
    card: &mut Card<'_>,
    owed: Amount,
    parameters: &TerminalParameters,
    now: &Now,
) -> Result<(), Failure> {
    let said = card.split_and_grade().map_err(from_card)?;
    let limit = Amount::new(parameters.due_max(said.grade.grade).0);
    let refusal = if said.split.is_open {
        SplitRefusal::Open
    } else if said.grade.version == 0 || now.local.date() > said.grade.expiry {
        SplitRefusal::Grade
    } else if owed > said.grade.due_max {
        SplitRefusal::GradeLimit(said.grade.due_max)
    } else if owed > limit {
        SplitRefusal::ParameterLimit(limit)
    } else {
        return Ok(());
    };
    Err(Refusal::Split(refusal).into())
}

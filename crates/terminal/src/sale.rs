//! A sale at the till.

use card_reader::reader::Reader;
use globalplatform::status::StatusWord;
use messages::card::TerminalParameters;
use purse::{
    amount::Amount,
    fields::{Asn, Kind},
};

use crate::{
    book::State,
    card::{Begun, Card, ExchangeError, PublicInformation},
    clock::Now,
    debit::{Plan, Receipt},
    disk::Disk,
    entry::SaleId,
    refusal::{Failure, Refusal, from_card},
    terminal::{Circumstances, Network, Terminal},
};

/// What happens where the card holds less than the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// There is no sale.
    Refuse,
    /// The card pays what it holds, and the holder's online account owes the rest, as far as grade and parameters go.
    Owe,
}

/// A sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    /// The till's name for it; the same at every tap for it.
    pub id: SaleId,
    /// The price.
    pub amount: Amount,
    /// What happens where the card holds less.
    pub shortfall: Shortfall,
}

impl<D: Disk, M: Reader> Terminal<D, M> {
    /// Sells to the card in the reader. Held to the reader again after [`Failure::Unknown`], a card pays once.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::may_have_paid`] says whether the card has to come back.
    pub fn sell(
        &mut self,
        reader: &mut dyn Reader,
        sale: &Sale,
        at: &Circumstances,
    ) -> Result<Receipt, Failure> {
        let outcome = self.sell_to(&mut Card(reader), sale, at);
        // Whatever came of it is durable by now: the card is released.
        reader.power_off();
        outcome
    }

    fn sell_to(&mut self, card: &mut Card<'_>, sale: &Sale, at: &Circumstances) -> Result<Receipt, Failure> {
        let parameters = self.ready(&at.now)?;
        check_limits(sale, &parameters, at.network)?;
        if let Some(receipt) = self.paid(sale)? {
            return Ok(receipt);
        }
        let public = card.select(&self.settings.aid).map_err(from_card)?;
        self.ensure_no_other_card(sale, public.asn)?;
        self.recover(card, &public)?;
        self.fetch_split_codes(card, public.asn)?;
        if let Some(receipt) = self.paid(sale)? {
            return Ok(receipt);
        }
        self.admit(&public, &at.now)?;
        self.close_splits(card, public.asn)?;
        let begun = match card.initialise(Kind::Purchase, sale.amount, self.id()) {
            Err(ExchangeError::Refused(StatusWord::BALANCE_NOT_ENOUGH)) => {
                return self.sell_short(card, &public, sale, (&parameters, &at.now));
            }
            other => other.map_err(from_card)?,
        };
        self.accept(public.asn, &begun, &parameters)?;
        self.ensure_known(sale)?;
        let plan = Plan {
            sale: sale.id,
            kind: Kind::Purchase,
            amount: sale.amount,
            due: None,
            cancels: None,
            record: None,
        };
        self.debit(card, &public, &begun, &plan, &at.now)
    }

    /// The receipt of a sale that is paid already.
    fn paid(&self, sale: &Sale) -> Result<Option<Receipt>, Refusal> {
        for record in self.book.of_sale(sale.id).filter(|record| record.intent.kind != Kind::Cancel) {
            let State::Done(codes) = record.state else { continue };
            match record.cancelled_by.and_then(|cancel| self.book.record(cancel)) {
                Some(cancel) if cancel.state.is_unknown() => {
                    return Err(Refusal::SaleUnknown(cancel.intent.number));
                }
                Some(_) => continue,
                None => {}
            }
            let receipt = Receipt { is_recovered: true, ..Receipt::of(&record.intent, &codes) };
            if receipt.amount.checked_add(receipt.due) != Some(sale.amount) {
                return Err(Refusal::OtherAmount);
            }
            return Ok(Some(receipt));
        }
        Ok(None)
    }

    /// Refuses a second card while another may have paid for the same sale.
    fn ensure_no_other_card(&self, sale: &Sale, card: Asn) -> Result<(), Refusal> {
        let others = self.book.of_sale(sale.id).filter(|record| record.intent.card != card);
        match others.into_iter().find(|record| record.state.is_unknown()) {
            Some(record) if matches!(record.state, State::Open(_)) => {
                Err(Refusal::OtherCard(record.intent.number))
            }
            Some(record) => Err(Refusal::SaleUnknown(record.intent.number)),
            None => Ok(()),
        }
    }

    /// Refuses to take money for a sale that may be paid already.
    pub(crate) fn ensure_known(&self, sale: &Sale) -> Result<(), Refusal> {
        match self.book.of_sale(sale.id).find(|record| record.state.is_unknown()) {
            Some(record) => Err(Refusal::SaleUnknown(record.intent.number)),
            None => Ok(()),
        }
    }

    /// Whether a card may be taken today.
    pub(crate) fn admit(&self, public: &PublicInformation, now: &Now) -> Result<(), Refusal> {
        let today = now.local.date();
        if today < public.start {
            return Err(Refusal::NotYetValid);
        }
        if today > public.expiry {
            return Err(Refusal::Expired);
        }
        if self.suspects.contains(&public.asn) {
            return Err(Refusal::Suspect);
        }
        self.lists.status_of(public.asn).map_or(Ok(()), |status| Err(Refusal::Listed(status)))
    }

    /// Takes what a card answered to its initialisation: settles its open records by it, and refuses old keys and counters.
    pub(crate) fn accept(
        &mut self,
        card: Asn,
        begun: &Begun,
        parameters: &TerminalParameters,
    ) -> Result<(), Failure> {
        self.settle(card, begun.sequence)?;
        if begun.key_version < parameters.key_version_min.0 {
            return Err(Refusal::KeyVersion.into());
        }
        if self.book.last_sequence(card).is_some_and(|last| begun.sequence <= last) {
            return Err(Refusal::CounterWentBack.into());
        }
        Ok(())
    }
}

fn check_limits(sale: &Sale, parameters: &TerminalParameters, network: Network) -> Result<(), Refusal> {
    let (most, floor) = (Amount::new(parameters.sale_limit.0), Amount::new(parameters.floor_limit.0));
    if sale.amount == Amount::ZERO {
        return Err(Refusal::NoAmount);
    }
    if sale.amount > most {
        return Err(Refusal::SaleLimit(most));
    }
    if sale.amount > floor && network == Network::Down {
        return Err(Refusal::FloorLimit(floor));
    }
    Ok(())
}

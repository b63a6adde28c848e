//! Cancel of the last sale: the same card gets back what it paid, before anything else happened on it or here.

use card_reader::reader::Reader;
use purse::fields::Kind;

use crate::{
    book::State,
    card::Card,
    debit::{Plan, Receipt},
    disk::Disk,
    refusal::{Failure, Refusal, from_card},
    terminal::{Circumstances, Terminal},
};

impl<D: Disk, M: Reader> Terminal<D, M> {
    /// Gives the last sale back to its card; asked again, shows the same receipt. The card allows it once, for its last
    /// transaction, under a key of its own. After [`Failure::Unknown`] the card comes back, and gets its money once.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn cancel_last(&mut self, reader: &mut dyn Reader, at: &Circumstances) -> Result<Receipt, Failure> {
        let outcome = self.cancel_to(&mut Card(reader), at);
        reader.power_off();
        outcome
    }

    fn cancel_to(&mut self, card: &mut Card<'_>, at: &Circumstances) -> Result<Receipt, Failure> {
        let parameters = self.ready(&at.now)?;
        let public = card.select(&self.settings.aid).map_err(from_card)?;
        self.recover(card, &public)?;
        if let Some(record) = self.book.last_done().filter(|record| record.intent.card == public.asn)
            && let (Kind::Cancel, State::Done(codes)) = (record.intent.kind, record.state)
        {
            return Ok(Receipt { is_recovered: true, ..Receipt::of(&record.intent, &codes) });
        }
        // A cancel that did not happen leaves its sale to be cancelled: the counter tells before the sale is looked for.
        let open = self.book.open_of(public.asn).find(|record| record.intent.kind == Kind::Cancel);
        let target = open.and_then(|record| record.intent.cancels).and_then(|sale| self.book.record(sale));
        let target = target.or_else(|| self.book.last_sale());
        let intent = target.map(|record| record.intent).filter(|intent| intent.card == public.asn);
        let sale = intent.ok_or(Refusal::NothingToCancel)?;
        let begun = card.initialise(Kind::Cancel, sale.amount, self.id()).map_err(from_card)?;
        self.accept(public.asn, &begun, &parameters)?;
        let is_still_last = self.book.last_sale().is_some_and(|last| last.intent.number == sale.number);
        if !is_still_last {
            return Err(Refusal::NothingToCancel.into());
        }
        let plan = Plan {
            sale: sale.sale,
            kind: Kind::Cancel,
            amount: sale.amount,
            due: None,
            cancels: Some(sale.number),
            record: None,
        };
        self.debit(card, &public, &begun, &plan, &at.now)
    }
}

//! A gate of a railway: in with an amount of nothing, out with the fare, each a compound purchase that writes the trip record in
//! the same commit of the card.

use card_reader::reader::Reader;
use purse::{
    amount::Amount,
    fields::{Asn, DateTime, Kind},
};

use crate::{
    book::State,
    card::Card,
    clock::{Now, day},
    debit::{Plan, Receipt},
    disk::Disk,
    entry::{RecordNumber, SaleId},
    refusal::{Failure, Refusal, from_card},
    terminal::{Circumstances, Terminal},
    trip::{Entrance, Station, TRIP_FILE, Trip},
};

/// The way through a gate.
pub enum Way<'a> {
    /// In.
    In,
    /// Out; the fare of a trip from its entrance to here and now.
    Out(&'a dyn Fn(&Entrance) -> Amount),
}

impl std::fmt::Debug for Way<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self, Self::In) { "In" } else { "Out" })
    }
}

impl<D: Disk, M: Reader> Terminal<D, M> {
    /// Lets the card in the reader through. After [`Failure::Unknown`] it comes back, and goes through once for one fare.
    ///
    /// # Errors
    /// [`Failure`]: the gate stays shut.
    pub fn pass(
        &mut self,
        reader: &mut dyn Reader,
        (station, way): (Station, &Way<'_>),
        at: &Circumstances,
    ) -> Result<Receipt, Failure> {
        let outcome = self.let_through(&mut Card(reader), (station, way), at);
        reader.power_off();
        outcome
    }

    fn let_through(
        &mut self,
        card: &mut Card<'_>,
        (station, way): (Station, &Way<'_>),
        at: &Circumstances,
    ) -> Result<Receipt, Failure> {
        let parameters = self.ready(&at.now)?;
        let public = card.select(&self.settings.aid).map_err(from_card)?;
        let proved = self.recover(card, &public)?;
        if let Some(receipt) = proved.last().and_then(|number| self.passage(*number)) {
            return Ok(receipt);
        }
        self.admit(&public, &at.now)?;
        self.close_splits(card, public.asn)?;
        let record = card.record(TRIP_FILE, 1).map_err(from_card)?;
        let trip = Trip::read(&record).ok_or(Refusal::Trip)?;
        let now = at.now.local;
        let here = Entrance { station, gate: self.id(), when: now };
        let (amount, next) = match (way, trip.entrance()) {
            (Way::In, None) => (Amount::ZERO, trip.after(Some(&here), &now)),
            (Way::Out(fare), Some(entrance)) => (fare(&entrance), trip.after(None, &now)),
            _ => return Ok(self.unshown_passage(public.asn, &at.now).ok_or(Refusal::Trip)?),
        };
        let most = Amount::new(parameters.sale_limit.0);
        if amount > most {
            return Err(Refusal::SaleLimit(most).into());
        }
        let begun = card.initialise(Kind::CompoundPurchase, amount, self.id()).map_err(from_card)?;
        self.accept(public.asn, &begun, &parameters)?;
        let (identifier, content) = next.as_record();
        let plan = Plan {
            sale: passage_id(self.book.summary().next),
            kind: Kind::CompoundPurchase,
            amount,
            due: None,
            cancels: None,
            record: Some((identifier, TRIP_FILE << 3, content.to_vec())),
        };
        self.debit(card, &public, &begun, &plan, &at.now)
    }

    /// The receipt of a passage that was the last thing before the power went, minutes ago: it was recorded, and the gate may
    /// not have opened. Once.
    fn unshown_passage(&mut self, card: Asn, now: &Now) -> Option<Receipt> {
        let last = self.unshown.and_then(|number| self.passage(number))?;
        let [begun, ended] = [last.when, now.local].map(minute);
        let is_now = last.card == card && ended?.saturating_sub(begun?) <= UNSHOWN_MINUTES;
        is_now.then(|| self.unshown = None).map(|()| last)
    }

    /// The receipt of a passage that was proved only now.
    fn passage(&self, number: RecordNumber) -> Option<Receipt> {
        let record = self.book.record(number)?;
        let State::Done(codes) = record.state else { return None };
        let is_passage = record.intent.sale == passage_id(number);
        is_passage.then(|| Receipt { is_recovered: true, ..Receipt::of(&record.intent, &codes) })
    }
}

/// How long after it a passage may still be shown.
const UNSHOWN_MINUTES: u32 = 5;

/// The number of a minute.
fn minute(when: DateTime) -> Option<u32> {
    let [_, _, _, _, hour, minute, _] = when.0;
    let two = |byte: u8| u32::from(byte >> 4) * 10 + u32::from(byte & 0x0F);
    day(when.date())?.checked_mul(1_440)?.checked_add(two(hour) * 60 + two(minute))
}

/// Passages have no basket: the terminal names them by their record, behind twelve bytes FF that no till's name begins with.
fn passage_id(number: RecordNumber) -> SaleId {
    let mut id = [0xFF; 16];
    if let Some(place) = id.last_chunk_mut::<4>() {
        *place = number.0.to_be_bytes();
    }
    SaleId(id)
}

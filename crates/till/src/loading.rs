//! Load and unload of the card in the reader, together with the server.
//!
//! # Order
//!
//! 1. The card is met. What it was told to do earlier, and did not answer, it proves now (GET TRANSACTION PROVE).
//! 2. The card begins (MAC1), the server begins, and answers MAC2.
//! 3. What the card is told now is noted, durably, and only then it is told.
//! 4. Its code is noted in the place of that, durably, and brought to the server: now, or as soon as there is a network.
//!
//! Whatever breaks off in between is settled by the card at this or any other terminal: the server keeps the money of a load on
//! its own account until then. The notes only make it known sooner.

use card_reader::reader::Reader;
use money::Currency;
use pages::terminal::Trouble;
use purse::{
    amount::Amount,
    fields::{Asn, Sequence},
};
use terminal::{
    card::PublicInformation,
    clock::Now,
    load::{Direction, OnlineBegun, OnlineFailure},
    refusal::Failure,
};

use crate::{
    grade,
    host::{HostAnswer, HostError, HttpHost, OperationName},
    kept::{Doubt, Kept, OwedCode},
    machine::Till,
    tap::Moved,
    words::{of_host, trouble_of},
};

/// What is asked of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The oldest load that was ordered for it.
    Ordered,
    /// To give so much back; `None`: all.
    Unload(Option<Amount>),
}

/// A load or unload, with everything that it takes.
pub(crate) struct Loading<'a> {
    pub(crate) till: &'a mut Till,
    pub(crate) reader: &'a mut dyn Reader,
    pub(crate) host: &'a mut HttpHost,
    pub(crate) kept: &'a mut Kept,
    pub(crate) currency: Currency,
    pub(crate) now: Now,
}

impl Loading<'_> {
    /// Does it, and releases the card.
    ///
    /// # Errors
    /// What went wrong.
    pub(crate) fn run(&mut self, wanted: Wanted) -> Result<Moved, Trouble> {
        let outcome = match wanted {
            Wanted::Ordered => self.load(),
            Wanted::Unload(amount) => self.unload(amount),
        };
        self.reader.power_off();
        outcome
    }

    fn load(&mut self) -> Result<Moved, Trouble> {
        let public = self.meet()?;
        let orders = self.host.load_orders(public.asn).map_err(|error| of_host(&error))?;
        let (first, further) = orders.split_first().ok_or(Trouble::NothingOrdered)?;
        let what = (Direction::Load, Amount::new(first.amount));
        let moved = self.transfer(&public, what, Some(&first.id))?;
        grade::bring(self.till, self.reader, self.host);
        Ok(Moved { waiting: further.len(), ..moved })
    }

    fn unload(&mut self, amount: Option<Amount>) -> Result<Moved, Trouble> {
        let amount = match amount {
            Some(amount) => amount,
            None => self.till.read_card(self.reader).map_err(|failure| self.trouble(&failure))?.balance,
        };
        if amount == Amount::ZERO {
            return Err(Trouble::NothingToUnload);
        }
        let public = self.meet()?;
        self.transfer(&public, (Direction::Unload, amount), None)
    }

    fn trouble(&self, failure: &Failure) -> Trouble {
        trouble_of(failure, self.currency)
    }

    /// Powers the card and has it prove what is in doubt here.
    fn meet(&mut self) -> Result<PublicInformation, Trouble> {
        let met = self.till.meet(self.reader, &self.now);
        let public = met.map_err(|failure| self.trouble(&failure))?;
        let doubts: Vec<Doubt> =
            self.kept.doubts.iter().filter(|doubt| doubt.is_of(public.asn)).cloned().collect();
        for doubt in doubts {
            let (direction, sequence) = doubt.what();
            self.prove(&public, direction, sequence)?;
            // Without a proof the card did not do it, or the server knows better by now.
            self.kept.doubts.retain(|known| *known != doubt);
        }
        self.bring_codes();
        Ok(public)
    }

    /// Asks the card for the code of a load or unload, and brings it to the server where there is one.
    fn prove(
        &mut self,
        public: &PublicInformation,
        direction: Direction,
        sequence: Sequence,
    ) -> Result<(), Trouble> {
        let what = (direction, sequence);
        let proof = self.till.prove_online(self.reader, what).map_err(|failure| self.trouble(&failure))?;
        let Some(code) = proof else { return Ok(()) };
        match self.host.prove((public.asn, public.issuer), what, code) {
            // What the server does not know it has settled before.
            Ok(_) | Err(HostError::Refused(_)) => Ok(()),
            Err(error) => Err(of_host(&error)),
        }
    }

    fn transfer(
        &mut self,
        public: &PublicInformation,
        what: (Direction, Amount),
        order: Option<&OperationName>,
    ) -> Result<Moved, Trouble> {
        let (begun, answer) = self.begin(public, what, order)?;
        let told = (what.0, begun.sequence);
        let doubt = Doubt::new(answer.operation.clone(), public.asn, told, what.1.units());
        self.kept.doubts.push(doubt.clone());
        self.note()?;
        let code = match self.till.finish_online(self.reader, what.0, (answer.when, answer.mac2)) {
            Ok(code) => code,
            Err(OnlineFailure::Refused(status)) => {
                self.kept.doubts.retain(|known| *known != doubt);
                return Err(Trouble::CardRefused(status.to_string()));
            }
            Err(OnlineFailure::Unknown) => return Err(Trouble::MayHaveMoved),
        };
        self.kept.doubts.retain(|known| *known != doubt);
        self.kept.codes.push(OwedCode::new(answer.operation.clone(), code));
        // The card has done it, whatever the disk says.
        let _ = self.note();
        self.bring_codes();
        let is_confirmed = self.kept.codes.iter().all(|owed| owed.operation != answer.operation);
        let balance = match what.0 {
            Direction::Load => begun.balance.checked_add(what.1),
            Direction::Unload => begun.balance.checked_sub(what.1),
        };
        let balance = balance.unwrap_or(Amount::ZERO);
        Ok(Moved { card: public.asn, amount: what.1, balance, code, is_confirmed, waiting: 0 })
    }

    /// Card and server begin. Where the server has reserved the amount for another operation, under that one; where it needs to
    /// know what the card did before, after the card has proved that. Once each.
    fn begin(
        &mut self,
        public: &PublicInformation,
        what: (Direction, Amount),
        order: Option<&OperationName>,
    ) -> Result<(OnlineBegun, HostAnswer), Trouble> {
        let mut order = order.cloned();
        for _ in 0..ATTEMPTS {
            let begun = self.till.begin_online(self.reader, public, what);
            let begun = begun.map_err(|failure| self.trouble(&failure))?;
            let refusal = match self.host.begin(order.as_ref(), &begun) {
                Ok(answer) => return Ok((begun, answer)),
                Err(HostError::Refused(refusal)) => refusal,
                Err(error) => return Err(of_host(&error)),
            };
            match (refusal.code.as_str(), &refusal.operation, refusal.sequence) {
                ("reserved", Some(other), _) if order.is_some() => order = Some(other.clone()),
                ("unproven", _, Some(sequence)) => {
                    self.prove(public, Direction::Load, Sequence(sequence))?;
                    self.prove(public, Direction::Unload, Sequence(sequence))?;
                }
                _ => return Err(of_host(&HostError::Refused(refusal))),
            }
        }
        Err(Trouble::CardUnlikeRecords)
    }

    fn note(&mut self) -> Result<(), Trouble> {
        self.kept.write(self.till.disk_mut()).map_err(|_| Trouble::DiskFull)
    }

    /// Brings the server what it is owed of this and other cards, as far as it answers.
    fn bring_codes(&mut self) {
        let owed = std::mem::take(&mut self.kept.codes);
        self.kept.codes = owed.into_iter().filter(|owed| !is_brought(self.host, owed)).collect();
        // Brought again, a code changes nothing.
        let _ = self.note();
    }
}

/// How often card and server begin anew.
const ATTEMPTS: usize = 4;

/// Brings a code to the server; whether that is done with.
pub(crate) fn is_brought(host: &mut HttpHost, owed: &OwedCode) -> bool {
    let Some(code) = owed.code() else { return true };
    match host.confirm(&owed.operation, code) {
        Ok(()) => true,
        // It knows better by now, or never will: asked again it says the same. A key that is not accepted is another matter.
        Err(HostError::Refused(refusal)) => !matches!(refusal.status, 401 | 403 | 408 | 429),
        Err(HostError::Unreachable(_)) => false,
    }
}

/// A card's number as the server and people have it.
pub(crate) fn number_of(card: Asn) -> String {
    crate::hex::to_hex(&card.0)
}

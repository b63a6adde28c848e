//! What became of records whose answer never came, when their card comes back.
//!
//! * The card gives its proof again (GET TRANSACTION PROVE), and the security module confirms the TAC: it is done. The TAC
//!   covers the module's transaction number, so the proof of another sale at the same sequence is no proof of this one.
//! * The card's counter stands where the record began: it is not done. This is the card's word without a MAC; whoever changes it
//!   on the way loses the holder's money, not the merchant's or the issuer's, and the gap shows at the next clearing.
//! * The counter stands further, and there is no proof: the card did this or something else since. Clearing decides.

use card_reader::reader::Reader;
use purse::fields::{Asn, Sequence, Tac};

use crate::{
    book::State,
    card::{Card, ExchangeError, PublicInformation},
    disk::Disk,
    entry::{Entry, Intent, NotDone, RecordNumber},
    journal::{JournalError, UPKEEP_ROOM_BYTES},
    refusal::{Failure, from_card, from_module},
    terminal::Terminal,
};

impl<D: Disk, M: Reader> Terminal<D, M> {
    /// Asks a card for the proof of each of its open records. Those that are proved now are done, and named.
    pub(crate) fn recover(
        &mut self,
        card: &mut Card<'_>,
        public: &PublicInformation,
    ) -> Result<Vec<RecordNumber>, Failure> {
        let open: Vec<Intent> = self.book.open_of(public.asn).map(|record| record.intent).collect();
        let mut proved = Vec::new();
        for intent in open {
            let proof = match card.prove(intent.kind, intent.sequence) {
                Err(ExchangeError::Refused(_)) => None,
                other => other.map_err(from_card)?,
            };
            let Some(codes) = proof else { continue };
            if self.is_code_right(&intent, codes.tac)? {
                self.note(&Entry::Done(intent.number, codes))?;
                proved.push(intent.number);
            }
        }
        Ok(proved)
    }

    /// Whether a TAC is the one that the card makes of the record's terms. After a wrong one the module is not asked about the
    /// record again before the terminal starts anew: each costs one of its tries.
    fn is_code_right(&mut self, intent: &Intent, tac: Tac) -> Result<bool, Failure> {
        if self.disproved.contains(&intent.number) {
            return Ok(false);
        }
        let is_right = self.with_module(|module| module.is_code(intent, tac)).map_err(from_module)?;
        if !is_right {
            self.disproved.insert(intent.number);
        }
        Ok(is_right)
    }

    /// Settles the open records of a card by the sequence that its next transaction will bear.
    pub(crate) fn settle(&mut self, card: Asn, next: Sequence) -> Result<(), JournalError> {
        let open: Vec<Intent> = self.book.open_of(card).map(|record| record.intent).collect();
        for intent in open {
            if next == intent.sequence {
                self.note(&Entry::NotDone(intent.number, NotDone::CounterStands))?;
            } else if next > intent.sequence {
                self.note(&Entry::MovedOn(intent.number))?;
            }
        }
        Ok(())
    }

    /// Checks what cards claimed while the security module did not answer. Those that are proved now are done.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn check_claims(&mut self) -> Result<Vec<RecordNumber>, Failure> {
        self.journal.reserve(UPKEEP_ROOM_BYTES)?;
        let claimed = self.book.records().filter_map(|record| match record.state {
            State::Open(Some(codes)) => Some((record.intent, codes)),
            _ => None,
        });
        let mut proved = Vec::new();
        for (intent, codes) in claimed.collect::<Vec<_>>() {
            if self.is_code_right(&intent, codes.tac)? {
                self.note(&Entry::Done(intent.number, codes))?;
                proved.push(intent.number);
            }
        }
        Ok(proved)
    }
}

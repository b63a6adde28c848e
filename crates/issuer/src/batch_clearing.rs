//! A terminal's batch, record by record, and the receipt for it.
//!
//! One bad record never blocks the rest, and a batch that is uploaded again changes nothing. What stays in memory of a batch is
//! one byte for each record: its verdict.

use messages::card::{
    MalformedRecord, PurseRecord, Seconds,
    batch::SignedHeader,
    receipt::{BatchReceipt, RecordVerdict, RefusalReason},
};
use pki::KeyPair;
use purse::fields::Asn;

use crate::{
    clearing::{Cleared, Seller, clear},
    key_store::{KeyError, KeyStore},
    purse_card::PurseCard,
};

/// Where the issuer keeps its cards. Whoever implements it gives a card to one clearing at a time.
pub trait CardStore {
    /// The card of this serial number and issuer.
    fn card_mut(&mut self, asn: &Asn, issuer: &[u8; 8]) -> Option<&mut PurseCard>;
}

/// Cards in memory, for tests and simulations.
impl CardStore for std::collections::BTreeMap<Asn, PurseCard> {
    fn card_mut(&mut self, asn: &Asn, issuer: &[u8; 8]) -> Option<&mut PurseCard> {
        self.get_mut(asn).filter(|card| card.identity().issuer == *issuer)
    }
}

/// The clearing of a batch, as far as it has come.
#[derive(Clone, Debug)]
pub struct BatchClearing {
    seller: Seller,
    verdicts: Vec<RecordVerdict>,
}

impl BatchClearing {
    /// Begins with the first record. `seller` says whose terminal uploads.
    #[must_use]
    pub const fn new(seller: Seller) -> Self {
        Self { seller, verdicts: Vec::new() }
    }

    /// How many records have their verdict; where an interrupted clearing goes on.
    #[must_use]
    pub const fn records_cleared(&self) -> usize {
        self.verdicts.len()
    }

    /// Clears the next record, or what was read of it.
    ///
    /// # Errors
    /// [`KeyError::Unavailable`]: the record has no verdict yet; ask again.
    pub fn next(
        &mut self,
        cards: &mut impl CardStore,
        keys: &impl KeyStore,
        record: &Result<PurseRecord, MalformedRecord>,
        now: Seconds,
    ) -> Result<Cleared, KeyError> {
        let refused = |reason| Cleared {
            verdict: RecordVerdict::Refused(reason),
            transfers: Vec::new(),
            findings: Vec::new(),
        };
        let cleared = match record {
            Err(_) => refused(RefusalReason::Malformed),
            Ok(record) => match cards.card_mut(&Asn(record.asn.0), &record.issuer.0) {
                None => refused(RefusalReason::UnknownCard),
                Some(card) => clear(card, keys, &self.seller, record, now)?,
            },
        };
        self.verdicts.push(cleared.verdict);
        Ok(cleared)
    }

    /// The receipt, when every record has its verdict and the stream was the batch.
    #[must_use]
    pub fn receipt(&self, batch: &SignedHeader, issuer: &KeyPair) -> BatchReceipt {
        BatchReceipt::signed(batch, &self.verdicts, issuer)
    }
}

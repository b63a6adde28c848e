//! The part of a split sale that a wallet owes, as its card says it.
//!
//! The TAC of a compound purchase does not cover what is owed; the card's code over its split does. A terminal may not have that
//! code yet: then nothing is owed until it has, and the record is uploaded again.

use messages::card::{OrderId, PurseRecord, Tac};
use purse::{
    amount::Amount,
    ep::Split,
    fields::{self, Mac, Sequence},
};

use crate::{
    clearing::Seller,
    key_store::{KeyError, KeyStore},
    purse_card::PurseCard,
};

/// What a record says is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitDue {
    /// The sale, as its terminal named it.
    pub order: OrderId,
    /// The offline sequence of the card's own part.
    pub sequence: Sequence,
    /// How much is owed.
    pub amount: Amount,
    /// Whether the card says so, too.
    pub is_proven: bool,
}

/// The part that a record says is owed. `None`: it is of no split sale, its own debit is not the one that a TAC proves to have
/// borne its sequence, or the code over the split is another's.
///
/// # Errors
/// [`KeyError::Unavailable`].
pub fn split_due(
    card: &PurseCard,
    keys: &impl KeyStore,
    seller: &Seller,
    record: &PurseRecord,
) -> Result<Option<SplitDue>, KeyError> {
    let sequence = Sequence(record.sequence.0);
    let Some(part) = record.split.filter(|_| card.has_proven(sequence, seller, record)) else {
        return Ok(None);
    };
    let amount = Amount::new(part.due.0);
    if amount == Amount::ZERO {
        return Ok(None);
    }
    let due = SplitDue { order: part.order, sequence, amount, is_proven: part.tac != Tac::default() };
    if !due.is_proven {
        return Ok(Some(due));
    }
    let key = card.identity().key(record.key_version.0, record.algorithm.0);
    let order = fields::OrderId(part.order.0);
    let split = Split { is_open: true, payer: part.payer, due: amount, order, sequence };
    match keys.is_split_tac(&key, &split, fields::Tac(Mac(part.tac.0))) {
        Ok(is_right) => Ok(is_right.then_some(due)),
        Err(KeyError::NoKey) => Ok(None),
        Err(error) => Err(error),
    }
}

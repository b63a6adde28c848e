//! Step-up: before something risky, a holder with a payment PIN or a passkey proves again that it is really them.
//!
//! A challenge stands for one payer, one payee and one amount; the payee of a load is its card. It is proven once, within
//! five minutes, and lets one operation through. What a passkey signs is a hash over all of it ([`Challenge::to_sign`]), so
//! that the signature counts for nothing else.
//!
//! Invariants:
//! * a challenge lets one operation through, and only the one it was asked for: payee, amount and currency;
//! * repeating that operation with its key needs no new challenge;
//! * a holder who has nothing to prove it with is bounded by [`crate::Policy::unsecured_units`] instead;
//! * a check reads nothing but memory for a holder who has nothing to prove it with.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use ledger::Timestamp;
use messages::card::Asn;
use money::Amount;
use records::operations::PartyId;
use records::step_up_challenges::{self, StepUpChallenge};
use wallet::ids::{ChallengeId, HolderId, derive};

use crate::spending::Spending;
use crate::{OperationError, Operations, Party, directory};

pub use records::step_up_challenges::Proof;

/// How long a challenge can be proven and used.
const LIFE_SECONDS: u32 = 300;

/// A question that only the payer can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Its id: 128 random bits.
    pub id: ChallengeId,
    /// Whose value would move.
    pub payer: HolderId,
    /// Who would get it.
    pub payee: PartyId,
    /// How much.
    pub amount: Amount,
    /// From when on it counts no longer.
    pub expires_at: Timestamp,
    /// By what it was proven, where it was.
    pub proven_by: Option<Proof>,
}

impl Challenge {
    /// What a passkey signs: a hash over payer, payee, amount, currency and the random id.
    #[must_use]
    pub fn to_sign(&self) -> [u8; 32] {
        let parts: [&[u8]; 5] = [
            &self.id.to_bytes(),
            &self.payer.to_bytes(),
            &self.payee.bits().to_be_bytes(),
            self.amount.currency().code().as_bytes(),
            &self.amount.minor().to_be_bytes(),
        ];
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&derive("sycee step-up to sign, first half, v1", &parts).to_be_bytes());
        bytes[16..].copy_from_slice(&derive("sycee step-up to sign, second half, v1", &parts).to_be_bytes());
        bytes
    }
}

impl From<StepUpChallenge> for Challenge {
    fn from(row: StepUpChallenge) -> Self {
        Self {
            id: row.id,
            payer: row.payer,
            payee: row.payee,
            amount: row.amount,
            expires_at: row.expires_at,
            proven_by: row.proven.map(|(_, proof)| proof),
        }
    }
}

/// The payee of a challenge about a load: the card, which no holder, merchant or bank has the bits of.
#[must_use]
pub fn loaded_card(card: Asn) -> PartyId {
    PartyId::from(HolderId::new(derive("sycee party of a card purse v1", &[&card.0])))
}

/// Asks a payer to prove that they want to send this amount to this payee.
///
/// # Errors
/// What could not be reached.
pub async fn ask(
    operations: &Operations,
    payer: HolderId,
    payee: PartyId,
    amount: Amount,
) -> Result<Challenge, OperationError> {
    operations.policy().check_amount(amount)?;
    let now = operations.now();
    let challenge = StepUpChallenge {
        id: ChallengeId::new(operations.fresh_bits()),
        payer,
        payee,
        amount,
        created_at: now,
        expires_at: now.checked_add_seconds(LIFE_SECONDS).unwrap_or(Timestamp::LAST),
        proven: None,
        operation: None,
    };
    let row = challenge.clone();
    operations.records().write(move |sql| step_up_challenges::insert(sql, &row)).await?;
    Ok(challenge.into())
}

/// The challenge of this payer, while it counts.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn find(
    operations: &Operations,
    payer: HolderId,
    id: ChallengeId,
) -> Result<Challenge, OperationError> {
    let found = operations.records().read(move |sql| step_up_challenges::get(sql, id)).await?;
    found
        .filter(|challenge| challenge.payer == payer && challenge.expires_at > operations.now())
        .map(Challenge::from)
        .ok_or(OperationError::NotFound(Party::Operation))
}

/// Notes that the payer has given this proof, which the caller has verified.
///
/// # Errors
/// [`OperationError::NotFound`] where the challenge is not this payer's, was proven already or has expired; or what could
/// not be reached.
pub async fn prove(
    operations: &Operations,
    payer: HolderId,
    id: ChallengeId,
    proof: Proof,
) -> Result<(), OperationError> {
    let now = operations.now();
    let noted = operations.records().write(move |sql| step_up_challenges::prove(sql, id, payer, proof, now));
    if noted.await? { Ok(()) } else { Err(OperationError::NotFound(Party::Operation)) }
}

/// Whether this holder can prove a challenge.
///
/// # Errors
/// What could not be reached.
pub async fn is_secured(operations: &Operations, holder: HolderId) -> Result<bool, OperationError> {
    let entry = directory::holder(operations, holder).await?;
    Ok(entry.is_some_and(|entry| entry.secured))
}

/// Whether this may be spent without more proof, or with the proof that the request brings. Uses the proof up.
///
/// # Errors
/// [`OperationError::StepUpRequired`], [`OperationError::NotSecured`], or what could not be reached.
pub(crate) async fn check(operations: &Operations, spending: &Spending) -> Result<(), OperationError> {
    let policy = operations.policy();
    if !is_secured(operations, spending.payer).await? {
        return policy.check_unsecured(spending.amount);
    }
    if policy.is_small(spending.amount) && is_known_payee(operations, spending).await? {
        return Ok(());
    }
    Box::pin(demand(operations, spending)).await
}

/// As [`check`], for value that stays the payer's own: nobody new gets it, so only its size counts.
///
/// # Errors
/// As for [`check`].
pub(crate) async fn check_own(operations: &Operations, spending: &Spending) -> Result<(), OperationError> {
    let policy = operations.policy();
    if !is_secured(operations, spending.payer).await? {
        return policy.check_unsecured(spending.amount);
    }
    if policy.is_small(spending.amount) { Ok(()) } else { demand(operations, spending).await }
}

/// Whether the request brings a proof for exactly this. Uses the proof up.
///
/// # Errors
/// [`OperationError::StepUpRequired`], or what could not be reached.
pub(crate) async fn demand(operations: &Operations, spending: &Spending) -> Result<(), OperationError> {
    let Some(challenge) = spending.origin.step_up else { return Err(OperationError::StepUpRequired) };
    let (now, spent) = (operations.now(), *spending);
    let what = (spent.payer, spent.payee, spent.amount);
    let used = operations
        .records()
        .write(move |sql| step_up_challenges::consume(sql, challenge, spent.operation, what, now));
    if used.await? { Ok(()) } else { Err(OperationError::StepUpRequired) }
}

async fn is_known_payee(operations: &Operations, spending: &Spending) -> Result<bool, OperationError> {
    let pair = (spending.payer, spending.payee);
    if operations.inner.known_payees.has(pair) {
        return Ok(true);
    }
    let read = operations.records().read(move |sql| step_up_challenges::has_paid(sql, pair.0, pair.1));
    let known = Box::pin(read).await?;
    if known {
        operations.inner.known_payees.add(pair);
    }
    Ok(known)
}

/// Whom holders have paid before, as far as anybody asked. Who was paid once stays known, so nothing is ever forgotten but
/// for want of space.
#[derive(Default)]
pub(crate) struct KnownPayees {
    pairs: Mutex<HashSet<(HolderId, PartyId)>>,
}

impl KnownPayees {
    const PAIRS_MAX: usize = 200_000;

    fn has(&self, pair: (HolderId, PartyId)) -> bool {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner).contains(&pair)
    }

    fn add(&self, pair: (HolderId, PartyId)) {
        let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        if pairs.len() >= Self::PAIRS_MAX {
            pairs.clear();
        }
        pairs.insert(pair);
    }
}

#[cfg(test)]
mod tests {
    use money::Currency;

    use super::*;

    fn challenge(minor: u64) -> Challenge {
        Challenge {
            id: ChallengeId::new(1),
            payer: HolderId::new(2),
            payee: PartyId::from(HolderId::new(3)),
            amount: Amount::from_minor(minor, Currency::CNY).unwrap(),
            expires_at: Timestamp(9),
            proven_by: None,
        }
    }

    #[test]
    fn a_signature_counts_for_one_payee_and_one_amount() {
        let signed = challenge(100).to_sign();
        assert_eq!(signed, challenge(100).to_sign());
        assert_ne!(signed, challenge(101).to_sign());
        let other_payee = Challenge { payee: PartyId::from(HolderId::new(4)), ..challenge(100) };
        assert_ne!(signed, other_payee.to_sign());
        let other_nonce = Challenge { id: ChallengeId::new(2), ..challenge(100) };
        assert_ne!(signed, other_nonce.to_sign());
        let yen = Challenge { amount: Amount::from_minor(100, Currency::JPY).unwrap(), ..challenge(100) };
        assert_ne!(signed, yen.to_sign());
    }
}

//! Challenges of step-up: what a payer must prove before a risky operation. Each stands for one payee and one amount.

use ledger::Timestamp;
use money::Amount;
use wallet::ids::{ChallengeId, HolderId, OperationId};

use crate::operations::PartyId;
use crate::sql::{codes, first, minor};
use crate::{RecordsError, Row, Sql};

codes! {
    /// By what a challenge was proven.
    pub enum Proof {
        /// The payment PIN.
        Pin = "pin",
        /// The signature of a passkey.
        Passkey = "passkey",
        /// A code to be charged by, which the payer's own session showed.
        ShownCode = "shown_code",
    }
}

/// One challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepUpChallenge {
    /// Its id, which nobody can guess.
    pub id: ChallengeId,
    /// Whose value would move.
    pub payer: HolderId,
    /// Who would get it.
    pub payee: PartyId,
    /// How much.
    pub amount: Amount,
    /// When it was asked.
    pub created_at: Timestamp,
    /// From when on it counts no longer.
    pub expires_at: Timestamp,
    /// When and by what it was proven.
    pub proven: Option<(Timestamp, Proof)>,
    /// The operation that used it.
    pub operation: Option<OperationId>,
}

/// Asks a challenge.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, challenge: &StepUpChallenge) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO step_up_challenges (id, payer_id, payee_id, currency, amount, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            challenge.id.into(),
            challenge.payer.into(),
            challenge.payee.into(),
            challenge.amount.currency().into(),
            minor(challenge.amount),
            challenge.created_at.into(),
            challenge.expires_at.into(),
        ],
    )?;
    Ok(())
}

/// The challenge with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: ChallengeId) -> Result<Option<StepUpChallenge>, RecordsError> {
    let rows = sql.query(
        "SELECT id, payer_id, payee_id, currency, amount, created_at, expires_at, proven_at, proven_by, operation_id \
         FROM step_up_challenges WHERE id = $1",
        &[id.into()],
    )?;
    first(&rows, read)
}

/// Notes that the payer has proven it, where it still counts. Says whether it was noted.
///
/// # Errors
/// What the database says.
pub fn prove(
    sql: &mut dyn Sql,
    id: ChallengeId,
    payer: HolderId,
    proof: Proof,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE step_up_challenges SET proven_at = $1, proven_by = $2 \
         WHERE id = $3 AND payer_id = $4 AND proven_at IS NULL AND expires_at > $5",
        &[now.into(), proof.into(), id.into(), payer.into(), now.into()],
    )?;
    Ok(changed == 1)
}

/// Uses a proven challenge up for an operation that moves this amount from this payer to this payee. Says whether it
/// counts: the operation that used it may use it again, another one may not.
///
/// # Errors
/// What the database says.
pub fn consume(
    sql: &mut dyn Sql,
    id: ChallengeId,
    operation: OperationId,
    (payer, payee, amount): (HolderId, PartyId, Amount),
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE step_up_challenges SET operation_id = $1 WHERE id = $2 AND payer_id = $3 AND payee_id = $4 \
         AND currency = $5 AND amount = $6 AND proven_at IS NOT NULL AND expires_at > $7 \
         AND (operation_id IS NULL OR operation_id = $8)",
        &[
            operation.into(),
            id.into(),
            payer.into(),
            payee.into(),
            amount.currency().into(),
            minor(amount),
            now.into(),
            operation.into(),
        ],
    )?;
    Ok(changed == 1)
}

/// Whether value of this payer has gone to this payee before.
///
/// # Errors
/// What the database says.
pub fn has_paid(sql: &mut dyn Sql, payer: HolderId, payee: PartyId) -> Result<bool, RecordsError> {
    let rows = sql.query(
        "SELECT amount FROM operations WHERE payer_id = $1 AND payee_id = $2 AND state = 'completed' LIMIT 1",
        &[payer.into(), payee.into()],
    )?;
    Ok(!rows.is_empty())
}

/// Whether this holder has something to prove a challenge with: a payment PIN or a passkey.
///
/// # Errors
/// What the database says.
pub fn can_prove(sql: &mut dyn Sql, holder: HolderId) -> Result<bool, RecordsError> {
    let rows = sql.query(
        "SELECT principal_id FROM payment_pins WHERE principal_id = $1 \
         UNION ALL SELECT principal_id FROM passkeys WHERE principal_id = $2 LIMIT 1",
        &[holder.into(), holder.into()],
    )?;
    Ok(!rows.is_empty())
}

/// Forgets challenges that expired before `moment`. Says how many.
///
/// # Errors
/// What the database says.
pub fn delete_expired_before(sql: &mut dyn Sql, moment: Timestamp) -> Result<u64, RecordsError> {
    sql.execute("DELETE FROM step_up_challenges WHERE expires_at < $1", &[moment.into()])
}

fn read(row: &Row) -> Result<StepUpChallenge, RecordsError> {
    let proven_at = row.optional_timestamp(7)?;
    let proven_by = row.optional(8, Row::code)?;
    Ok(StepUpChallenge {
        id: row.id(0)?,
        payer: row.id(1)?,
        payee: row.id(2)?,
        amount: row.amount(4, row.currency(3)?)?,
        created_at: row.timestamp(5)?,
        expires_at: row.timestamp(6)?,
        proven: proven_at.zip(proven_by),
        operation: row.optional_id(9)?,
    })
}

//! Passkeys: public keys that prove who somebody is; and the challenges that authenticators are asked to sign.

use ledger::Timestamp;
use wallet::ids::{PasskeyId, PrincipalId};

use crate::sql::{codes, each, first};
use crate::{RecordsError, Row, Sql, Value};

/// The constraint that a second passkey with the same credential id breaks.
pub const CREDENTIAL_TAKEN: &str = "passkeys_credential_id_key";

/// One passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Its id, which is not a secret.
    pub id: PasskeyId,
    /// Whom it proves.
    pub principal: PrincipalId,
    /// The name that the authenticator gave it.
    pub credential_id: Vec<u8>,
    /// The host that it belongs to.
    pub rp_id: String,
    /// The ES256 public key as an uncompressed point.
    pub public_key: Vec<u8>,
    /// The authenticator's count of signatures; 0 where it does not count.
    pub sign_count: u32,
    /// What its owner calls it.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last proved something.
    pub used_at: Option<Timestamp>,
}

codes! {
    /// What a signature is asked for.
    pub enum Purpose {
        /// To add a passkey.
        Register = "register",
        /// To log in.
        LogIn = "log_in",
        /// To prove oneself again within a session.
        Confirm = "confirm",
    }
}

const COLUMNS: &str =
    "id, principal_id, credential_id, rp_id, public_key, sign_count, name, created_at, used_at";

/// Adds a passkey.
///
/// # Errors
/// [`RecordsError::Conflict`] with [`CREDENTIAL_TAKEN`], or what the database says.
pub fn insert(sql: &mut dyn Sql, passkey: &Passkey) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO passkeys (id, principal_id, credential_id, rp_id, public_key, sign_count, name, created_at, \
         used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            passkey.id.into(),
            passkey.principal.into(),
            Value::Bytes(passkey.credential_id.clone()),
            passkey.rp_id.as_str().into(),
            Value::Bytes(passkey.public_key.clone()),
            passkey.sign_count.into(),
            passkey.name.as_str().into(),
            passkey.created_at.into(),
            passkey.used_at.into(),
        ],
    )?;
    Ok(())
}

/// The passkey that an authenticator calls by that name.
///
/// # Errors
/// What the database says.
pub fn find(sql: &mut dyn Sql, credential_id: &[u8]) -> Result<Option<Passkey>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM passkeys WHERE credential_id = $1"),
        &[Value::Bytes(credential_id.to_vec())],
    )?;
    first(&rows, read)
}

/// The passkeys of a principal, oldest first.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, principal: PrincipalId) -> Result<Vec<Passkey>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM passkeys WHERE principal_id = $1 ORDER BY created_at, id"),
        &[principal.into()],
    )?;
    each(&rows, read)
}

/// Notes a use, where the authenticator's count has not gone back since. Says whether it has not.
///
/// # Errors
/// What the database says.
pub fn note_use(
    sql: &mut dyn Sql,
    id: PasskeyId,
    sign_count: u32,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE passkeys SET sign_count = $1, used_at = $2 \
         WHERE id = $3 AND (sign_count < $4 OR (sign_count = 0 AND sign_count >= $5))",
        &[sign_count.into(), now.into(), id.into(), sign_count.into(), sign_count.into()],
    )?;
    Ok(changed == 1)
}

/// Changes the name of a principal's passkey. Says whether there is one.
///
/// # Errors
/// What the database says.
pub fn rename(
    sql: &mut dyn Sql,
    principal: PrincipalId,
    id: PasskeyId,
    name: &str,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE passkeys SET name = $1 WHERE id = $2 AND principal_id = $3",
        &[name.into(), id.into(), principal.into()],
    )?;
    Ok(changed == 1)
}

/// Removes a principal's passkey. Says whether there was one.
///
/// # Errors
/// What the database says.
pub fn delete(sql: &mut dyn Sql, principal: PrincipalId, id: PasskeyId) -> Result<bool, RecordsError> {
    sql.execute(
        "DELETE FROM vault_passkeys WHERE passkey_id = $1 AND holder_id = $2",
        &[id.into(), principal.into()],
    )?;
    let changed = sql.execute(
        "DELETE FROM passkeys WHERE id = $1 AND principal_id = $2",
        &[id.into(), principal.into()],
    )?;
    Ok(changed == 1)
}

/// Removes every passkey of a principal.
///
/// # Errors
/// What the database says.
pub fn delete_all(sql: &mut dyn Sql, principal: PrincipalId) -> Result<(), RecordsError> {
    sql.execute("DELETE FROM vault_passkeys WHERE holder_id = $1", &[principal.into()])?;
    sql.execute("DELETE FROM passkeys WHERE principal_id = $1", &[principal.into()])?;
    Ok(())
}

/// Writes down what an authenticator will be asked to sign.
///
/// # Errors
/// What the database says.
pub fn ask(
    sql: &mut dyn Sql,
    challenge: &[u8; 32],
    purpose: Purpose,
    principal: Option<PrincipalId>,
    expires_at: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO passkey_challenges (challenge, purpose, principal_id, expires_at) VALUES ($1, $2, $3, $4)",
        &[(*challenge).into(), purpose.into(), principal.into(), expires_at.into()],
    )?;
    Ok(())
}

/// Uses a challenge up. Says whether it was asked for this purpose, and of this principal where it was asked of one.
///
/// # Errors
/// What the database says.
pub fn take(
    sql: &mut dyn Sql,
    challenge: &[u8; 32],
    purpose: Purpose,
    principal: PrincipalId,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let rows = sql.query(
        "DELETE FROM passkey_challenges WHERE challenge = $1 RETURNING purpose, principal_id, expires_at",
        &[(*challenge).into()],
    )?;
    let Some(row) = rows.first() else { return Ok(false) };
    let asked_of: Option<PrincipalId> = row.optional_id(1)?;
    Ok(row.code::<Purpose>(0)? == purpose
        && asked_of.is_none_or(|asked| asked == principal)
        && row.timestamp(2)? > now)
}

/// Forgets challenges that expired before `moment`. Says how many.
///
/// # Errors
/// What the database says.
pub fn delete_expired_before(sql: &mut dyn Sql, moment: Timestamp) -> Result<u64, RecordsError> {
    sql.execute("DELETE FROM passkey_challenges WHERE expires_at < $1", &[moment.into()])
}

fn read(row: &Row) -> Result<Passkey, RecordsError> {
    Ok(Passkey {
        id: row.id(0)?,
        principal: row.id(1)?,
        credential_id: row.bytes(2)?.to_vec(),
        rp_id: row.string(3)?,
        public_key: row.bytes(4)?.to_vec(),
        sign_count: row.number(5)?,
        name: row.string(6)?,
        created_at: row.timestamp(7)?,
        used_at: row.optional_timestamp(8)?,
    })
}

//! Principals: everyone who can log in. A holder's principal id has the same bits as their holder id.

use ledger::Timestamp;
use wallet::ids::{MerchantId, PrincipalId};

use crate::sql::{codes, each, first};
use crate::{RecordsError, Row, Sql};

/// The constraint that a second principal with the same login breaks.
pub const LOGIN_TAKEN: &str = "principals_login_key";

/// The constraint that a second principal with the same phone number breaks.
pub const PHONE_TAKEN: &str = "principals_phone_key";

codes! {
    /// What a principal is to the operator.
    pub enum Role {
        /// Has wallets.
        Holder = "holder",
        /// Works for a merchant.
        MerchantStaff = "merchant_staff",
        /// Runs the system.
        Operator = "operator",
    }
}

codes! {
    /// Whether a principal may act.
    pub enum PrincipalStatus {
        /// May log in.
        Active = "active",
        /// May not log in until the operator says so.
        Locked = "locked",
        /// Gone for good; its history stays.
        Closed = "closed",
    }
}

codes! {
    /// The language of pages.
    pub enum Language {
        /// Simplified Chinese.
        Chinese = "zh",
        /// English.
        English = "en",
    }
}

codes! {
    /// The colours of pages.
    pub enum Theme {
        /// What the device prefers.
        System = "system",
        /// Light.
        Light = "light",
        /// Dark.
        Dark = "dark",
    }
}

/// One principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its id.
    pub id: PrincipalId,
    /// What it is to the operator.
    pub role: Role,
    /// The name to log in with: unique, lower case.
    pub login: String,
    /// The phone number: unique.
    pub phone: Option<String>,
    /// The name as people write it.
    pub name: String,
    /// The name in Latin letters, where it has one.
    pub latin_name: Option<String>,
    /// The language of pages.
    pub language: Language,
    /// The colours of pages.
    pub theme: Theme,
    /// Whether it may act.
    pub status: PrincipalStatus,
    /// The password's hash in PHC form; without one, nobody logs in with a password.
    pub password_hash: Option<String>,
    /// The merchant that staff works for; `Some` exactly for [`Role::MerchantStaff`].
    pub merchant: Option<MerchantId>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a principal may change about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The phone number: unique.
    pub phone: Option<String>,
    /// The name as people write it.
    pub name: String,
    /// The name in Latin letters, where it has one.
    pub latin_name: Option<String>,
    /// The language of pages.
    pub language: Language,
    /// The colours of pages.
    pub theme: Theme,
}

const COLUMNS: &str = "id, role, login, phone, name, latin_name, language, theme, status, password_hash, merchant_id, \
                       created_at, updated_at";

/// Registers a principal.
///
/// # Errors
/// [`RecordsError::Conflict`] with [`LOGIN_TAKEN`] or [`PHONE_TAKEN`], or what the database says.
pub fn insert(sql: &mut dyn Sql, principal: &Principal) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO principals (id, role, login, phone, name, latin_name, language, theme, status, password_hash, \
         merchant_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &[
            principal.id.into(),
            principal.role.into(),
            principal.login.as_str().into(),
            principal.phone.as_deref().into(),
            principal.name.as_str().into(),
            principal.latin_name.as_deref().into(),
            principal.language.into(),
            principal.theme.into(),
            principal.status.into(),
            principal.password_hash.as_deref().into(),
            principal.merchant.into(),
            principal.created_at.into(),
            principal.updated_at.into(),
        ],
    )?;
    Ok(())
}

/// The principal with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: PrincipalId) -> Result<Option<Principal>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM principals WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// The principal with that login, which is lower case.
///
/// # Errors
/// What the database says.
pub fn find_by_login(sql: &mut dyn Sql, login: &str) -> Result<Option<Principal>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM principals WHERE login = $1"), &[login.into()])?;
    first(&rows, read)
}

/// The principal with that phone number.
///
/// # Errors
/// What the database says.
pub fn find_by_phone(sql: &mut dyn Sql, phone: &str) -> Result<Option<Principal>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM principals WHERE phone = $1"), &[phone.into()])?;
    first(&rows, read)
}

/// The staff of a merchant, by login.
///
/// # Errors
/// What the database says.
pub fn staff_of(sql: &mut dyn Sql, merchant: MerchantId) -> Result<Vec<Principal>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM principals WHERE merchant_id = $1 ORDER BY login"),
        &[merchant.into()],
    )?;
    each(&rows, read)
}

/// Principals of a role, by login, after the login `after`, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, role: Role, after: &str, limit: u32) -> Result<Vec<Principal>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM principals WHERE role = $1 AND login > $2 ORDER BY login LIMIT $3"),
        &[role.into(), after.into(), limit.into()],
    )?;
    each(&rows, read)
}

/// The operator's people, by login name.
///
/// # Errors
/// What the database says.
pub fn operators(sql: &mut dyn Sql) -> Result<Vec<Principal>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM principals WHERE role = 'operator' AND status <> 'closed' ORDER BY login"
        ),
        &[],
    )?;
    each(&rows, read)
}

/// How many principals there are of a role.
///
/// # Errors
/// What the database says.
pub fn count(sql: &mut dyn Sql, role: Role) -> Result<u64, RecordsError> {
    let rows = sql.query("SELECT COUNT(*) FROM principals WHERE role = $1", &[role.into()])?;
    rows.first().map_or(Ok(0), |row| row.count(0))
}

/// Changes the profile. Says whether the principal exists.
///
/// # Errors
/// [`RecordsError::Conflict`] with [`PHONE_TAKEN`], or what the database says.
pub fn update_profile(
    sql: &mut dyn Sql,
    id: PrincipalId,
    profile: &Profile,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE principals SET phone = $1, name = $2, latin_name = $3, language = $4, theme = $5, updated_at = $6 \
         WHERE id = $7",
        &[
            profile.phone.as_deref().into(),
            profile.name.as_str().into(),
            profile.latin_name.as_deref().into(),
            profile.language.into(),
            profile.theme.into(),
            now.into(),
            id.into(),
        ],
    )?;
    Ok(changed == 1)
}

/// Changes the language of pages. Says whether the principal exists.
///
/// # Errors
/// What the database says.
pub fn set_language(
    sql: &mut dyn Sql,
    id: PrincipalId,
    language: Language,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE principals SET language = $1, updated_at = $2 WHERE id = $3",
        &[language.into(), now.into(), id.into()],
    )?;
    Ok(changed == 1)
}

/// Changes the colours of pages. Says whether the principal exists.
///
/// # Errors
/// What the database says.
pub fn set_theme(
    sql: &mut dyn Sql,
    id: PrincipalId,
    theme: Theme,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE principals SET theme = $1, updated_at = $2 WHERE id = $3",
        &[theme.into(), now.into(), id.into()],
    )?;
    Ok(changed == 1)
}

/// Changes the password's hash. Says whether the principal exists.
///
/// # Errors
/// What the database says.
pub fn set_password_hash(
    sql: &mut dyn Sql,
    id: PrincipalId,
    password_hash: &str,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE principals SET password_hash = $1, updated_at = $2 WHERE id = $3",
        &[password_hash.into(), now.into(), id.into()],
    )?;
    Ok(changed == 1)
}

/// Changes whether the principal may act. Says whether it exists; a closed one stays closed.
///
/// # Errors
/// What the database says.
pub fn set_status(
    sql: &mut dyn Sql,
    id: PrincipalId,
    status: PrincipalStatus,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE principals SET status = $1, updated_at = $2 WHERE id = $3 AND status <> 'closed'",
        &[status.into(), now.into(), id.into()],
    )?;
    Ok(changed == 1)
}

fn read(row: &Row) -> Result<Principal, RecordsError> {
    Ok(Principal {
        id: row.id(0)?,
        role: row.code(1)?,
        login: row.string(2)?,
        phone: row.optional(3, Row::string)?,
        name: row.string(4)?,
        latin_name: row.optional(5, Row::string)?,
        language: row.code(6)?,
        theme: row.code(7)?,
        status: row.code(8)?,
        password_hash: row.optional(9, Row::string)?,
        merchant: row.optional_id(10)?,
        created_at: row.timestamp(11)?,
        updated_at: row.timestamp(12)?,
    })
}

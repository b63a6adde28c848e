//! People who log in without having a wallet: the staff of merchants and of the operator.

use ledger::Timestamp;
use records::principals::{self, Language, Principal, PrincipalStatus, Role, Theme};
use wallet::ids::{MerchantId, PrincipalId};

use crate::holders::{checked_login, taken};
use crate::{OperationError, Operations, memo};

/// Whom staff works for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Employer {
    /// The operator: sees all money.
    Operator,
    /// A merchant: sees its sales and refunds them.
    Merchant(MerchantId),
}

/// Someone who is to work here.
#[derive(Clone, PartialEq, Eq)]
pub struct NewStaff {
    /// The name to log in with; kept in lower case.
    pub login: String,
    /// The name as people write it.
    pub name: String,
    /// The name in Latin letters, where it has one.
    pub latin_name: Option<String>,
    /// The language of pages.
    pub language: Language,
    /// In PHC form; without one, nobody logs in with a password.
    pub password_hash: Option<String>,
}

impl std::fmt::Debug for NewStaff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewStaff").field("login", &self.login).finish_non_exhaustive()
    }
}

impl NewStaff {
    /// # Errors
    /// [`OperationError::TextLength`].
    pub(crate) fn check(&self) -> Result<(), OperationError> {
        checked_login(&self.login)?;
        memo::check_name("name", &self.name, 80)?;
        self.latin_name.as_deref().map_or(Ok(()), |name| memo::check_name("latin_name", name, 80))
    }

    /// The principal to record.
    ///
    /// # Errors
    /// [`OperationError::TextLength`].
    pub(crate) fn principal(
        self,
        id: PrincipalId,
        employer: Employer,
        now: Timestamp,
    ) -> Result<Principal, OperationError> {
        self.check()?;
        let (role, merchant) = match employer {
            Employer::Operator => (Role::Operator, None),
            Employer::Merchant(merchant) => (Role::MerchantStaff, Some(merchant)),
        };
        Ok(Principal {
            id,
            role,
            login: checked_login(&self.login)?,
            phone: None,
            name: self.name,
            latin_name: self.latin_name,
            language: self.language,
            theme: Theme::System,
            status: PrincipalStatus::Active,
            password_hash: self.password_hash,
            merchant,
            created_at: now,
            updated_at: now,
        })
    }
}

/// Gives somebody a login, under an id that the caller chose.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn hire(
    operations: &Operations,
    id: PrincipalId,
    employer: Employer,
    new: NewStaff,
) -> Result<(), OperationError> {
    let principal = new.principal(id, employer, operations.now())?;
    operations.records().write(move |sql| principals::insert(sql, &principal)).await.map_err(taken)
}

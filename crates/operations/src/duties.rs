//! What each of the operator's people may do: roles as a beginning, permissions as fine as single actions.

use records::approvals::{self, Duties};
use records::principals::{self, Principal, PrincipalStatus, Role as PrincipalRole};
use wallet::ids::PrincipalId;

use crate::staff::{self, Employer, NewStaff};
use crate::{OperationError, Operations, Party, audit_log};

macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)*) => {
        /// One thing that somebody may do. Looking is part of being an operator and needs none of them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[$doc])* $variant,)*
        }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word of forms and records.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }
        }
    };
}

permissions! {
    /// Release or decline held payments.
    Review = "review",
    /// Write rules and switch them off.
    WriteRules = "write_rules",
    /// Change the black list.
    ChangeList = "change_list",
    /// Ask for what two people decide.
    Ask = "ask",
    /// Approve what another asked for.
    Approve = "approve",
    /// Give people duties, suspend them.
    Staff = "staff",
    /// Suspend merchants and let them be paid again.
    SuspendMerchants = "suspend_merchants",
    /// Close business days and open them again.
    CloseDay = "close_day",
    /// Import statements of banks.
    Reconcile = "reconcile",
    /// Begin key ceremonies and close master keys.
    Keys = "keys",
    /// Issue card purses, register terminals, list and refund cards.
    CardPurses = "card_purses",
}

impl Permission {
    /// The permission with this [`Permission::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.code() == code)
    }
}

/// A named set of permissions to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorRole {
    /// Everything.
    Admin,
    /// Rules, black list, reviews.
    Risk,
    /// Corrections, day close, reconciliation.
    Finance,
    /// Looks, and changes nothing.
    Auditor,
}

impl OperatorRole {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Risk, Self::Finance, Self::Auditor];

    /// The word of forms and records.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Risk => "risk",
            Self::Finance => "finance",
            Self::Auditor => "auditor",
        }
    }

    /// The role with this [`OperatorRole::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }

    /// What it begins with.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::Admin => Permission::ALL,
            Self::Risk => &[P::Review, P::WriteRules, P::ChangeList, P::Ask, P::Approve],
            Self::Finance => &[P::Ask, P::Approve, P::CloseDay, P::Reconcile, P::CardPurses],
            Self::Auditor => &[],
        }
    }
}

/// One of the operator's people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colleague {
    /// Who.
    pub principal: Principal,
    /// The role that they began with; founders are admins.
    pub role: OperatorRole,
    /// What they may do.
    pub permissions: Vec<Permission>,
}

/// What somebody may do: founders everything, whoever is no operator nothing.
///
/// # Errors
/// What could not be reached.
pub async fn of(operations: &Operations, who: PrincipalId) -> Result<Vec<Permission>, OperationError> {
    let read = move |sql: &mut dyn records::Sql| {
        let is_operator =
            principals::get(sql, who)?.is_some_and(|found| found.role == PrincipalRole::Operator);
        Ok((is_operator, approvals::duties(sql, who)?))
    };
    Ok(match operations.records().read(read).await? {
        (false, _) => Vec::new(),
        (true, None) => Permission::ALL.to_vec(),
        (true, Some(duties)) => permissions_of(&duties.permissions),
    })
}

/// Refuses unless this operator may do this.
///
/// # Errors
/// [`OperationError::NotPermitted`], or what could not be reached.
pub async fn require(
    operations: &Operations,
    who: PrincipalId,
    permission: Permission,
) -> Result<(), OperationError> {
    if of(operations, who).await?.contains(&permission) { Ok(()) } else { Err(OperationError::NotPermitted) }
}

fn permissions_of(text: &str) -> Vec<Permission> {
    text.split_ascii_whitespace().filter_map(Permission::from_code).collect()
}

fn text_of(permissions: &[Permission]) -> String {
    permissions.iter().map(|permission| permission.code()).collect::<Vec<_>>().join(" ")
}

/// All of the operator's people, by login name.
///
/// # Errors
/// What could not be reached.
pub async fn colleagues(operations: &Operations) -> Result<Vec<Colleague>, OperationError> {
    let found = operations.records().read(|sql| {
        let mut colleagues = Vec::new();
        for principal in principals::operators(sql)? {
            let duties = approvals::duties(sql, principal.id)?;
            colleagues.push((principal, duties));
        }
        Ok(colleagues)
    });
    let colleague = |(principal, duties): (Principal, Option<Duties>)| Colleague {
        principal,
        role: duties
            .as_ref()
            .map_or(Some(OperatorRole::Admin), |duties| OperatorRole::from_code(&duties.role))
            .unwrap_or(OperatorRole::Auditor),
        permissions: duties
            .map_or_else(|| Permission::ALL.to_vec(), |duties| permissions_of(&duties.permissions)),
    };
    Ok(found.await?.into_iter().map(colleague).collect())
}

/// Gives somebody a login as one of the operator's people.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn hire(
    operations: &Operations,
    by: PrincipalId,
    new: NewStaff,
    role: OperatorRole,
) -> Result<PrincipalId, OperationError> {
    let id = PrincipalId::new(operations.fresh_bits());
    hire_as(operations, by, (id, new), role).await?;
    Ok(id)
}

/// As [`hire`], under an id that the caller chose.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn hire_as(
    operations: &Operations,
    by: PrincipalId,
    (id, new): (PrincipalId, NewStaff),
    role: OperatorRole,
) -> Result<(), OperationError> {
    require(operations, by, Permission::Staff).await?;
    let (login, now) = (new.login.clone(), operations.now());
    let principal = new.principal(id, Employer::Operator, now)?;
    let permissions = text_of(role.permissions());
    let duties = Duties { principal: id, role: role.code().to_owned(), permissions: permissions.clone() };
    let written = operations.records().write(move |sql| {
        principals::insert(sql, &principal)?;
        approvals::put_duties(sql, &duties, now)
    });
    written.await.map_err(crate::holders::taken)?;
    let details = [("login", login), ("role", role.code().to_owned()), ("permissions", permissions)];
    audit_log::note(operations, by, "operator.hired", &id.to_string(), &details).await
}

/// Says what somebody may do from now on. Nobody changes their own duties.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn assign(
    operations: &Operations,
    by: PrincipalId,
    who: PrincipalId,
    (role, permissions): (OperatorRole, &[Permission]),
) -> Result<(), OperationError> {
    require(operations, by, Permission::Staff).await?;
    if by == who {
        return Err(OperationError::SamePerson);
    }
    colleague(operations, who).await?;
    let (text, now) = (text_of(permissions), operations.now());
    let duties = Duties { principal: who, role: role.code().to_owned(), permissions: text.clone() };
    operations.records().write(move |sql| approvals::put_duties(sql, &duties, now)).await?;
    let details = [("role", role.code().to_owned()), ("permissions", text)];
    audit_log::note(operations, by, "operator.assigned", &who.to_string(), &details).await
}

/// Suspends somebody, or lets them work again. Nobody suspends themselves.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn suspend(
    operations: &Operations,
    by: PrincipalId,
    who: PrincipalId,
    suspended: bool,
) -> Result<(), OperationError> {
    require(operations, by, Permission::Staff).await?;
    if by == who {
        return Err(OperationError::SamePerson);
    }
    colleague(operations, who).await?;
    let now = operations.now();
    let status = if suspended { PrincipalStatus::Locked } else { PrincipalStatus::Active };
    operations.records().write(move |sql| principals::set_status(sql, who, status, now)).await?;
    let action = if suspended { "operator.suspended" } else { "operator.resumed" };
    audit_log::note(operations, by, action, &who.to_string(), &[]).await
}

async fn colleague(operations: &Operations, who: PrincipalId) -> Result<(), OperationError> {
    let found = operations.records().read(move |sql| principals::get(sql, who)).await?;
    let is_operator = found.is_some_and(|principal| principal.role == PrincipalRole::Operator);
    if is_operator { Ok(()) } else { Err(OperationError::NotFound(Party::Holder)) }
}

/// Hires a founder, who may do everything: for whoever sets a server up.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn hire_founder(
    operations: &Operations,
    id: PrincipalId,
    new: NewStaff,
) -> Result<(), OperationError> {
    staff::hire(operations, id, Employer::Operator, new).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_auditor_may_change_nothing_and_an_admin_everything() {
        assert!(OperatorRole::Auditor.permissions().is_empty());
        assert_eq!(OperatorRole::Admin.permissions(), Permission::ALL);
        let all = permissions_of(&text_of(Permission::ALL));
        assert_eq!(all, Permission::ALL);
    }
}

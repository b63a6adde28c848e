//! The first people of an installation: its operator, and a merchant with its owner.
//!
//! Invariant: there is an operator exactly when the founding is complete, because all three are recorded in one step.

use records::merchants as merchant_records;
use records::principals::{self, Role};
use wallet::ids::{MerchantId, PrincipalId};

use crate::merchants::{self, NewMerchant};
use crate::staff::{Employer, NewStaff};
use crate::{OperationError, Operations};

/// With whom an installation begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founding {
    /// Who sees all money.
    pub operator: NewStaff,
    /// Who can be paid.
    pub merchant: NewMerchant,
    /// Who refunds for the merchant.
    pub owner: NewStaff,
}

/// Whether there is an operator.
///
/// # Errors
/// What could not be reached.
pub async fn is_founded(operations: &Operations) -> Result<bool, OperationError> {
    Ok(operations.records().read(|sql| principals::count(sql, Role::Operator)).await? > 0)
}

/// Whether [`found`] would be refused. Changes nothing.
///
/// # Errors
/// Why it would be: a text that is not allowed, or a login or code that somebody has.
pub async fn check(operations: &Operations, founding: &Founding) -> Result<(), OperationError> {
    founding.operator.check()?;
    founding.owner.check()?;
    founding.merchant.check()?;
    let logins = [founding.operator.login.to_lowercase(), founding.owner.login.to_lowercase()];
    if logins[0] == logins[1] {
        return Err(OperationError::Taken { field: "login" });
    }
    let code = founding.merchant.code.clone();
    let read = operations.records().read(move |sql| {
        for login in &logins {
            if principals::find_by_login(sql, login)?.is_some() {
                return Ok(Some("login"));
            }
        }
        Ok(merchant_records::find_by_code(sql, &code)?.map(|_| "code"))
    });
    read.await?.map_or(Ok(()), |field| Err(OperationError::Taken { field }))
}

/// Records operator, merchant and owner in one step, unless there is an operator already.
///
/// # Errors
/// [`OperationError::Taken`] with `operator` where there is one, which rule the request breaks, or what could not be
/// reached.
pub async fn found(operations: &Operations, founding: Founding) -> Result<MerchantId, OperationError> {
    check(operations, &founding).await?;
    let now = operations.now();
    let fresh_id = || PrincipalId::new(operations.fresh_bits());
    let merchant = merchants::prepare(operations, founding.merchant).await?;
    let id = merchant.id;
    let owner = founding.owner.principal(fresh_id(), Employer::Merchant(id), now)?;
    let operator = founding.operator.principal(fresh_id(), Employer::Operator, now)?;
    let written = operations.records().write(move |sql| {
        if principals::count(sql, Role::Operator)? > 0 {
            return Ok(false);
        }
        merchant_records::insert(sql, &merchant)?;
        principals::insert(sql, &owner)?;
        principals::insert(sql, &operator)?;
        Ok(true)
    });
    if written.await.map_err(merchants::taken)? {
        Ok(id)
    } else {
        Err(OperationError::Taken { field: "operator" })
    }
}

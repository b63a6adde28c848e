//! Finding the holder to send money to, and confirming that it is the right one.

use core::fmt;
use core::str::FromStr;

use records::principals::{self, Principal, PrincipalStatus, Role};
use wallet::ids::{HolderId, derive};

use crate::names::masked;
use crate::{OperationError, Operations, Party};

/// Stands for "this payer was shown this name of this payee". A transfer carries it, so that what was confirmed is what
/// is paid, even where a name or phone number changed hands in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameCheck(u128);

/// The text is not 32 lowercase hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANameCheck;

impl NameCheck {
    /// The check for this payee's name of now.
    pub(crate) fn of(payer: HolderId, payee: &Principal) -> Self {
        let latin = payee.latin_name.as_deref().unwrap_or("");
        let parts: [&[u8]; 4] =
            [&payer.to_bytes(), &payee.id.to_bytes(), payee.name.as_bytes(), latin.as_bytes()];
        Self(derive("sycee name check v1", &parts))
    }
}

impl fmt::Display for NameCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for NameCheck {
    type Err = NotANameCheck;

    fn from_str(text: &str) -> Result<Self, NotANameCheck> {
        let id: HolderId = text.parse().map_err(|_| NotANameCheck)?;
        Ok(Self(id.bits()))
    }
}

/// A holder as a stranger may see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payee {
    /// The holder.
    pub holder: HolderId,
    /// The masked name: `韩*梅`.
    pub name: String,
    /// The masked name in Latin letters, where there is one: `H** M**`.
    pub latin_name: Option<String>,
    /// What the transfer must carry.
    pub name_check: NameCheck,
}

/// The holder with this login or phone number.
///
/// # Errors
/// [`OperationError::NotFound`], [`OperationError::PayeeIsPayer`], or what could not be reached.
pub async fn find(
    operations: &Operations,
    payer: HolderId,
    login_or_phone: &str,
) -> Result<Payee, OperationError> {
    let wanted = login_or_phone.trim().to_owned();
    let found =
        operations.records().read(move |sql| match principals::find_by_login(sql, &wanted.to_lowercase())? {
            Some(principal) => Ok(Some(principal)),
            None => principals::find_by_phone(sql, &wanted),
        });
    let payee = found.await?.ok_or(OperationError::NotFound(Party::Payee))?;
    if payee.role != Role::Holder || payee.status == PrincipalStatus::Closed {
        return Err(OperationError::NotFound(Party::Payee));
    }
    let holder = HolderId::new(payee.id.bits());
    if holder == payer {
        return Err(OperationError::PayeeIsPayer);
    }
    Ok(Payee {
        holder,
        name: masked(&payee.name),
        latin_name: payee.latin_name.as_deref().map(masked),
        name_check: NameCheck::of(payer, &payee),
    })
}

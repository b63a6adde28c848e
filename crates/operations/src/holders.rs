//! Holders: register, open wallets, freeze.

use money::Currency;
use records::principals::{
    self, LOGIN_TAKEN, Language, PHONE_TAKEN, Principal, PrincipalStatus, Profile, Role, Theme,
};
use records::wallets::{self, WalletStatus};
use wallet::chart;
use wallet::ids::{HolderId, PrincipalId};

use crate::{OperationError, Operations, Party, directory, memo};

/// Someone who wants a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHolder {
    /// The name to log in with; kept in lower case.
    pub login: String,
    /// The phone number.
    pub phone: Option<String>,
    /// The name as people write it.
    pub name: String,
    /// The name in Latin letters, where it has one.
    pub latin_name: Option<String>,
    /// The language of pages.
    pub language: Language,
    /// The colours of pages.
    pub theme: Theme,
    /// In PHC form; without one, nobody logs in with a password.
    pub password_hash: Option<String>,
    /// The currency of the first wallet.
    pub currency: Currency,
}

fn check_texts(name: &str, latin_name: Option<&str>, phone: Option<&str>) -> Result<(), OperationError> {
    memo::check_name("name", name, 80)?;
    if let Some(latin_name) = latin_name {
        memo::check_name("latin_name", latin_name, 80)?;
    }
    if let Some(phone) = phone {
        let digits = phone.strip_prefix('+').unwrap_or(phone);
        if !(5..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(OperationError::TextLength { field: "phone" });
        }
    }
    Ok(())
}

/// # Errors
/// [`OperationError::TextLength`] where it is not 3 to 40 letters, digits, dots, dashes or underscores.
pub(crate) fn checked_login(login: &str) -> Result<String, OperationError> {
    let login = login.to_lowercase();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if !(3..=40).contains(&login.len()) || !login.bytes().all(allowed) {
        return Err(OperationError::TextLength { field: "login" });
    }
    Ok(login)
}

/// Names the field whose value somebody has already.
pub(crate) fn taken(error: records::RecordsError) -> OperationError {
    if error.is_conflict(LOGIN_TAKEN) {
        return OperationError::Taken { field: "login" };
    }
    if error.is_conflict(PHONE_TAKEN) {
        return OperationError::Taken { field: "phone" };
    }
    error.into()
}

/// Registers a holder with one wallet. The ledger account comes first, so that a recorded wallet always has one; an
/// account whose record was interrupted stays empty.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn register(operations: &Operations, new: NewHolder) -> Result<HolderId, OperationError> {
    operations.policy().check_currency(new.currency)?;
    check_texts(&new.name, new.latin_name.as_deref(), new.phone.as_deref())?;
    let login = checked_login(&new.login)?;
    let holder = HolderId::new(operations.fresh_bits());
    operations.ledger().open_accounts(vec![chart::wallet(holder, new.currency)]).await?;
    let now = operations.now();
    let principal = Principal {
        id: PrincipalId::from(holder),
        role: Role::Holder,
        login,
        phone: new.phone,
        name: new.name,
        latin_name: new.latin_name,
        language: new.language,
        theme: new.theme,
        status: PrincipalStatus::Active,
        password_hash: new.password_hash,
        merchant: None,
        created_at: now,
        updated_at: now,
    };
    let written = operations.records().write(move |sql| {
        principals::insert(sql, &principal)?;
        wallets::open(sql, holder, new.currency, now)
    });
    written.await.map_err(taken)?;
    Ok(holder)
}

/// Opens the holder's wallet in a currency, unless it is open.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn open_wallet(
    operations: &Operations,
    holder: HolderId,
    currency: Currency,
) -> Result<(), OperationError> {
    operations.policy().check_currency(currency)?;
    let entry = directory::holder(operations, holder).await?;
    let entry = entry.ok_or(OperationError::NotFound(Party::Holder))?;
    if entry.principal.status != PrincipalStatus::Active {
        return Err(OperationError::NotActive(Party::Holder));
    }
    operations.ledger().open_accounts(vec![chart::wallet(holder, currency)]).await?;
    let now = operations.now();
    operations.records().write(move |sql| wallets::open(sql, holder, currency, now)).await?;
    operations.forget_holder(holder);
    Ok(())
}

/// Changes the holder's profile. Name checks given before for the old name no longer hold.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn change_profile(
    operations: &Operations,
    holder: HolderId,
    profile: Profile,
) -> Result<(), OperationError> {
    check_texts(&profile.name, profile.latin_name.as_deref(), profile.phone.as_deref())?;
    let (id, now) = (PrincipalId::from(holder), operations.now());
    let written =
        operations.records().write(move |sql| principals::update_profile(sql, id, &profile, now)).await;
    operations.forget_holder(holder);
    if written.map_err(taken)? { Ok(()) } else { Err(OperationError::NotFound(Party::Holder)) }
}

/// Locks, unlocks or closes a holder.
///
/// # Errors
/// [`OperationError::NotFound`], also for one that is closed, or what could not be reached.
pub async fn set_status(
    operations: &Operations,
    holder: HolderId,
    status: PrincipalStatus,
) -> Result<(), OperationError> {
    let (id, now) = (PrincipalId::from(holder), operations.now());
    let written = operations.records().write(move |sql| principals::set_status(sql, id, status, now)).await;
    operations.forget_holder(holder);
    if written? { Ok(()) } else { Err(OperationError::NotFound(Party::Holder)) }
}

/// Freezes, opens or closes one wallet of a holder.
///
/// # Errors
/// [`OperationError::NoWallet`], or what could not be reached.
pub async fn set_wallet_status(
    operations: &Operations,
    holder: HolderId,
    currency: Currency,
    status: WalletStatus,
) -> Result<(), OperationError> {
    let now = operations.now();
    let written =
        operations.records().write(move |sql| wallets::set_status(sql, holder, currency, status, now)).await;
    operations.forget_holder(holder);
    if written? { Ok(()) } else { Err(OperationError::NoWallet(Party::Holder)) }
}

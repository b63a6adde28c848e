//! Merchants and banks: admit them, with their ledger accounts.

use ledger::{Account, BATCH_MAX};
use records::RecordsError;
use records::banks::{self, Bank};
use records::merchants::{self, CODE_TAKEN, Merchant, MerchantStatus};
use records::principals::{self, Language};
use wallet::chart;
use wallet::ids::{BankId, MerchantId, PrincipalId};

use crate::staff::{Employer, NewStaff};
use crate::{OperationError, Operations, Party, memo};

/// Merchants read at a time.
const PAGE: u32 = 500;

/// Someone who wants to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMerchant {
    /// The unique short code, as in links: `willow-tea`.
    pub code: String,
    /// The name in Chinese.
    pub name_zh: String,
    /// The name in English.
    pub name_en: String,
    /// What it sells, as a code of the directory.
    pub category: String,
}

impl NewMerchant {
    /// # Errors
    /// [`OperationError::TextLength`].
    pub(crate) fn check(&self) -> Result<(), OperationError> {
        memo::check_name("code", &self.code, 40)?;
        memo::check_name("name_zh", &self.name_zh, 80)?;
        memo::check_name("name_en", &self.name_en, 80)?;
        memo::check_name("category", &self.category, 40)
    }

    /// Its owner, who logs in with this name and password.
    #[must_use]
    pub fn owner(&self, login: String, password_hash: String) -> NewStaff {
        NewStaff {
            login,
            name: self.name_zh.clone(),
            latin_name: Some(self.name_en.clone()),
            language: Language::Chinese,
            password_hash: Some(password_hash),
        }
    }
}

/// Admits a merchant, who can be paid in every currency of the operator.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn admit(operations: &Operations, new: NewMerchant) -> Result<MerchantId, OperationError> {
    let merchant = prepare(operations, new).await?;
    let id = merchant.id;
    operations.records().write(move |sql| merchants::insert(sql, &merchant)).await.map_err(taken)?;
    Ok(id)
}

/// Admits a merchant together with the owner who logs in for it, in one step.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn admit_with_owner(
    operations: &Operations,
    new: NewMerchant,
    owner: NewStaff,
) -> Result<MerchantId, OperationError> {
    owner.check()?;
    let merchant = prepare(operations, new).await?;
    let id = merchant.id;
    let owner_id = PrincipalId::new(operations.fresh_bits());
    let owner = owner.principal(owner_id, Employer::Merchant(id), operations.now())?;
    let written = operations.records().write(move |sql| {
        merchants::insert(sql, &merchant)?;
        principals::insert(sql, &owner)
    });
    written.await.map_err(taken)?;
    Ok(id)
}

/// Names the field whose value somebody has already.
pub(crate) fn taken(error: RecordsError) -> OperationError {
    if error.is_conflict(CODE_TAKEN) {
        return OperationError::Taken { field: "code" };
    }
    crate::holders::taken(error)
}

/// Opens the ledger accounts of a merchant that is to be recorded. Where the record is never made, they stay empty.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub(crate) async fn prepare(operations: &Operations, new: NewMerchant) -> Result<Merchant, OperationError> {
    new.check()?;
    let id = MerchantId::new(operations.fresh_bits());
    let currencies = &operations.policy().currencies;
    let accounts = currencies.iter().map(|currency| chart::merchant(id, *currency)).collect();
    operations.ledger().open_accounts(accounts).await?;
    let now = operations.now();
    Ok(Merchant {
        id,
        code: new.code,
        name_zh: new.name_zh,
        name_en: new.name_en,
        category: new.category,
        status: MerchantStatus::Active,
        created_at: now,
        updated_at: now,
    })
}

/// The merchant with this id.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn get(operations: &Operations, id: MerchantId) -> Result<Merchant, OperationError> {
    let found = crate::directory::merchant(operations, id).await?;
    found.map(|merchant| (*merchant).clone()).ok_or(OperationError::NotFound(Party::Merchant))
}

/// The merchant with this code.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn find(operations: &Operations, code: &str) -> Result<Merchant, OperationError> {
    let code = code.to_owned();
    let found = operations.records().read(move |sql| merchants::find_by_code(sql, &code)).await?;
    found.ok_or(OperationError::NotFound(Party::Merchant))
}

/// Merchants by code, after the code `after`, at most `limit`, whatever their status.
///
/// # Errors
/// What could not be reached.
pub async fn list(operations: &Operations, after: &str, limit: u32) -> Result<Vec<Merchant>, OperationError> {
    let after = after.to_owned();
    Ok(operations.records().read(move |sql| merchants::list(sql, &after, limit)).await?)
}

/// Suspends, re-admits or closes a merchant.
///
/// # Errors
/// [`OperationError::NotFound`], also for one that is closed, or what could not be reached.
pub async fn set_status(
    operations: &Operations,
    id: MerchantId,
    status: MerchantStatus,
) -> Result<(), OperationError> {
    let now = operations.now();
    let written = operations.records().write(move |sql| merchants::set_status(sql, id, status, now)).await;
    operations.forget_merchant(id);
    if written? { Ok(()) } else { Err(OperationError::NotFound(Party::Merchant)) }
}

/// A bank behind the connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBank {
    /// The id under which the connector knows it.
    pub id: BankId,
    /// Its unique short code.
    pub code: String,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Its name in English.
    pub name_en: String,
}

/// Adds a bank, or changes the names of the one with that id.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn add_bank(operations: &Operations, new: NewBank) -> Result<(), OperationError> {
    memo::check_name("code", &new.code, 40)?;
    memo::check_name("name_zh", &new.name_zh, 80)?;
    memo::check_name("name_en", &new.name_en, 80)?;
    let currencies = &operations.policy().currencies;
    let accounts = currencies.iter().map(|currency| chart::bank(new.id, *currency)).collect();
    operations.ledger().open_accounts(accounts).await?;
    let bank = Bank {
        id: new.id,
        code: new.code,
        name_zh: new.name_zh,
        name_en: new.name_en,
        created_at: operations.now(),
    };
    match operations.records().write(move |sql| banks::put(sql, &bank)).await {
        Ok(()) => Ok(()),
        Err(RecordsError::Conflict(_)) => Err(OperationError::Taken { field: "code" }),
        Err(error) => Err(error.into()),
    }
}

/// Opens the ledger accounts that merchants and banks lack: those in currencies that the operator has added since.
///
/// # Errors
/// What could not be reached.
pub(crate) async fn open_missing_accounts(operations: &Operations) -> Result<(), OperationError> {
    let currencies = &operations.policy().currencies;
    let banks = list_banks(operations).await?;
    let mut accounts: Vec<Account> = banks
        .iter()
        .flat_map(|bank| currencies.iter().map(|currency| chart::bank(bank.id, *currency)))
        .collect();
    let mut after = String::new();
    loop {
        let page = list(operations, &after, PAGE).await?;
        let of = |merchant: &Merchant| {
            let id = merchant.id;
            currencies.iter().map(move |currency| chart::merchant(id, *currency))
        };
        accounts.extend(page.iter().flat_map(of));
        for batch in accounts.chunks(BATCH_MAX) {
            operations.ledger().open_accounts(batch.to_vec()).await?;
        }
        accounts.clear();
        match page.last() {
            Some(last) => after.clone_from(&last.code),
            None => return Ok(()),
        }
    }
}

/// All banks, by code.
///
/// # Errors
/// What could not be reached.
pub async fn list_banks(operations: &Operations) -> Result<Vec<Bank>, OperationError> {
    Ok(operations.records().read(banks::list).await?)
}

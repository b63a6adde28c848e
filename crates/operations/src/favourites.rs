//! The shops that a holder keeps on top of the directory.

use records::favourites;
use wallet::ids::{HolderId, MerchantId};

use crate::{OperationError, Operations, Party, directory};

/// The favourites of a holder, newest first.
///
/// # Errors
/// What could not be reached.
pub async fn list(operations: &Operations, holder: HolderId) -> Result<Vec<MerchantId>, OperationError> {
    Ok(operations.records().read(move |sql| favourites::list(sql, holder)).await?)
}

/// Adds a shop to the favourites, or removes it.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn keep(
    operations: &Operations,
    holder: HolderId,
    merchant: MerchantId,
    wanted: bool,
) -> Result<(), OperationError> {
    if directory::merchant(operations, merchant).await?.is_none() {
        return Err(OperationError::NotFound(Party::Merchant));
    }
    let now = operations.now();
    let written = operations.records().write(move |sql| {
        if wanted {
            favourites::add(sql, holder, merchant, now)
        } else {
            favourites::remove(sql, holder, merchant)
        }
    });
    Ok(written.await?)
}

//! The symmetric key that only this installation has: it seals merchant codes and is one half of what voucher codes follow
//! from. It stands in the records.

use std::sync::OnceLock;

use records::meta;

use crate::{OperationError, Operations};

/// Older than the vouchers, which share the key.
const NAME: &str = "merchant_code_key";

/// The key, once it was read.
#[derive(Default)]
pub(crate) struct InstallationKey(OnceLock<[u8; 32]>);

/// The key, made when it is first asked for.
pub(crate) async fn get(operations: &Operations) -> Result<[u8; 32], OperationError> {
    if let Some(key) = operations.inner.installation_key.0.get() {
        return Ok(*key);
    }
    let mut fresh = [0; 32];
    operations.inner.services.entropy.fill(&mut fresh);
    let fresh = blake3::Hash::from_bytes(fresh).to_hex().to_string();
    let kept = operations.records().write(move |sql| meta::get_or_set(sql, NAME, &fresh)).await?;
    let key = blake3::Hash::from_hex(kept)
        .map_err(|_| OperationError::Inconsistent("records hold no key of this installation"))?;
    Ok(*operations.inner.installation_key.0.get_or_init(|| *key.as_bytes()))
}

//! The symmetric key that only this installation has: it seals merchant codes and is one half of what voucher codes follow
//! from. It is kept outside the records, so that a copy of those forges no code.

use std::sync::OnceLock;

use records::meta;
use zeroize::Zeroizing;

use crate::kept_key::KeptKey;
use crate::{OperationError, Operations};

/// Where the records of earlier versions hold the key itself.
const EARLIER: &str = "merchant_code_key";

const INSTALLATION_KEY: KeptKey<Zeroizing<[u8; 32]>> = KeptKey {
    name: "installation-key",
    noted_as: "installation_key",
    of_seed: |seed| Zeroizing::new(*seed),
    fingerprint: |seed| blake3::derive_key("sycee fingerprint of the installation key v1", seed),
    lost: OperationError::Inconsistent(
        "keys/installation-key is not the key of these records: copy it from the server that wrote them",
    ),
};

/// The key, once it was read.
pub(crate) type InstallationKey = OnceLock<Zeroizing<[u8; 32]>>;

/// The key, made when it is first asked for.
///
/// # Errors
/// That the key was lost, or what could not be reached.
pub(crate) async fn get(operations: &Operations) -> Result<&[u8; 32], OperationError> {
    let cell = &operations.inner.installation_key;
    if cell.get().is_none() {
        bring_out(operations).await?;
    }
    INSTALLATION_KEY.get(operations, cell).await.map(|key| &**key)
}

/// Takes the key of earlier versions out of the records. May be interrupted and run again: it leaves the records when it is
/// kept elsewhere.
pub(crate) async fn bring_out(operations: &Operations) -> Result<(), OperationError> {
    let Some(earlier) = operations.records().read(|sql| meta::get(sql, EARLIER)).await? else {
        return Ok(());
    };
    let key = blake3::Hash::from_hex(&earlier).map_err(|_| INSTALLATION_KEY.lost)?;
    let keeper = operations.key_keeper();
    match keeper.get(INSTALLATION_KEY.name)? {
        Some(kept) if *kept == key.as_bytes() => {}
        Some(_) => return Err(INSTALLATION_KEY.lost),
        None => keeper.put(INSTALLATION_KEY.name, key.as_bytes())?,
    }
    Ok(operations.records().write(move |sql| meta::remove(sql, EARLIER, &earlier)).await?)
}

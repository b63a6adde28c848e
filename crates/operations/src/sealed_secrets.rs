//! Secrets that the server has to use again, so that no hash will do: what one-time passwords and webhooks are made with.
//!
//! The records keep them sealed with a key that stands outside: a copy of the records makes nobody's codes and signs nothing.
//! A secret is sealed for what it is and whose, so that none opens in the place of another.

use std::sync::OnceLock;

use ::vault::seal::{Key, Label, NONCE_BYTES};
use records::{second_factors, webhooks};
use wallet::ids::{EndpointId, PrincipalId};
use zeroize::Zeroizing;

use crate::kept_key::KeptKey;
use crate::{OperationError, Operations, installation_key};

/// The key, once it was read.
pub(crate) type SealingKey = OnceLock<Key>;

const SEALING_KEY: KeptKey<Key> = KeptKey {
    name: "records-sealing-key",
    noted_as: "records_sealing_key",
    of_seed: |seed| Key::new(*seed),
    fingerprint: |seed| blake3::derive_key("sycee fingerprint of the key of sealed secrets v1", seed),
    lost: OperationError::Inconsistent(
        "keys/records-sealing-key is not the key of these records: copy it from the server that wrote them",
    ),
};

/// Versions of this program before secrets were sealed wrote them as they are, which is never longer.
const LONGEST_OPEN_BYTES: u32 = 64;

/// What a secret is, and whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretOf {
    /// What the one-time passwords of a principal follow from.
    OneTimePasswords(PrincipalId),
    /// What webhooks to an endpoint are signed with.
    Webhooks(EndpointId),
}

impl SecretOf {
    const fn label(self) -> Label {
        match self {
            Self::OneTimePasswords(principal) => Label::OneTimePasswords { principal: principal.bits() },
            Self::Webhooks(endpoint) => Label::Webhooks { endpoint: endpoint.bits() },
        }
    }
}

async fn sealing_key(operations: &Operations) -> Result<&Key, OperationError> {
    SEALING_KEY.get(operations, &operations.inner.sealing_key).await
}

/// A secret as the records keep it.
///
/// # Errors
/// What could not be reached, or that the key was lost.
pub async fn seal(operations: &Operations, of: SecretOf, secret: &[u8]) -> Result<Vec<u8>, OperationError> {
    let key = sealing_key(operations).await?;
    let mut nonce = [0; NONCE_BYTES];
    operations.services().entropy.fill(&mut nonce);
    Ok(key.seal(of.label(), nonce, secret))
}

/// A secret that the records keep.
///
/// # Errors
/// What could not be reached, or that it does not open with this installation's key.
pub async fn open(
    operations: &Operations,
    of: SecretOf,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OperationError> {
    let opened = sealing_key(operations).await?.open(of.label(), sealed);
    opened.map_err(|_| OperationError::Inconsistent("a secret in the records does not open with this key"))
}

/// Seals what earlier versions wrote as it is, and takes their key of codes out of the records. Says how many secrets it
/// sealed. May be interrupted and run again.
///
/// # Errors
/// What could not be reached.
pub async fn seal_older(operations: &Operations) -> Result<u64, OperationError> {
    installation_key::bring_out(operations).await?;
    let mut sealed = 0;
    let passwords = operations.records().read(|sql| second_factors::shorter_than(sql, LONGEST_OPEN_BYTES));
    for (principal, secret) in passwords.await? {
        let fresh = seal(operations, SecretOf::OneTimePasswords(principal), &secret).await?;
        let written = operations
            .records()
            .write(move |sql| second_factors::replace_secret(sql, principal, (&secret, &fresh)));
        sealed += u64::from(written.await?);
    }
    let endpoints = operations.records().read(|sql| webhooks::shorter_than(sql, LONGEST_OPEN_BYTES));
    for (endpoint, secret) in endpoints.await? {
        let fresh = seal(operations, SecretOf::Webhooks(endpoint), &secret).await?;
        let written =
            operations.records().write(move |sql| webhooks::replace_secret(sql, endpoint, (&secret, &fresh)));
        sealed += u64::from(written.await?);
    }
    Ok(sealed)
}

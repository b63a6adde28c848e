//! Keys that are drawn once, when they are first asked for, and kept outside the records.
//!
//! A fingerprint of each stands in the records: an installation that has lost a key says so rather than go on with another.

use std::sync::OnceLock;

use records::meta;
use zeroize::Zeroizing;

use crate::{OperationError, Operations};

/// Bytes of what a key follows from.
const SEED_BYTES: usize = 32;

/// A key of the installation.
pub(crate) struct KeptKey<K> {
    /// Its name at the keeper.
    pub(crate) name: &'static str,
    /// The name of its fingerprint in the records.
    pub(crate) noted_as: &'static str,
    /// The key that follows from a seed.
    pub(crate) of_seed: fn(&[u8; SEED_BYTES]) -> K,
    /// What may be known of it.
    pub(crate) fingerprint: fn(&[u8; SEED_BYTES]) -> [u8; 32],
    /// What is said where it is not the one of before.
    pub(crate) lost: OperationError,
}

impl<K> KeptKey<K> {
    /// The key: from `cell` once it was read there.
    ///
    /// # Errors
    /// [`KeptKey::lost`], or what could not be reached.
    pub(crate) async fn get<'o>(
        &self,
        operations: &'o Operations,
        cell: &'o OnceLock<K>,
    ) -> Result<&'o K, OperationError> {
        if let Some(key) = cell.get() {
            return Ok(key);
        }
        let seed = self.seed(operations)?;
        let seed: &[u8; SEED_BYTES] = seed.as_slice().try_into().map_err(|_| self.lost)?;
        let fingerprint = blake3::Hash::from_bytes((self.fingerprint)(seed)).to_hex().to_string();
        let (ours, noted_as) = (fingerprint.clone(), self.noted_as);
        let noted = operations.records().write(move |sql| meta::get_or_set(sql, noted_as, &ours)).await?;
        if noted == fingerprint { Ok(cell.get_or_init(|| (self.of_seed)(seed))) } else { Err(self.lost) }
    }

    /// What the keeper has, or a fresh seed that it has from now on.
    fn seed(&self, operations: &Operations) -> Result<Zeroizing<Vec<u8>>, OperationError> {
        let keeper = operations.key_keeper();
        if let Some(seed) = keeper.get(self.name)? {
            return Ok(seed);
        }
        let mut seed = Zeroizing::new(vec![0; SEED_BYTES]);
        operations.services().entropy.fill(&mut seed);
        keeper.put(self.name, &seed)?;
        keeper.get(self.name)?.ok_or(self.lost)
    }
}

//! The keys of a purse: two generations, so that one can be switched off.

use core::fmt;

use pki::{CERTIFICATE_BYTES, CertificateChain, Generation, KeyPair, Kind, SubjectId};
use zeroize::Zeroize;

use crate::bytes::{Reader, Writer};

/// A secret key and the two certificates that lead to it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Credentials {
    seed: [u8; 32],
    pub(super) issuer_certificate: [u8; CERTIFICATE_BYTES],
    pub(super) purse_certificate: [u8; CERTIFICATE_BYTES],
    pub(super) issuer: SubjectId,
    pub(super) generation: Generation,
}

impl Drop for Credentials {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("generation", &self.generation).finish_non_exhaustive()
    }
}

impl Credentials {
    pub(super) const BYTES: usize = 32 + 2 * CERTIFICATE_BYTES + 16 + 2;

    /// The credentials of a purse. `None` where the chain is not one of a purse, or speaks of another key.
    #[must_use]
    pub fn new(seed: &[u8; 32], chain: &CertificateChain) -> Option<Self> {
        let body = chain.subject.body();
        let is_right = body.kind == Kind::Purse
            && body.issuer == chain.issuer.body().subject
            && body.key == KeyPair::from_seed(seed).public();
        is_right.then(|| Self {
            seed: *seed,
            issuer_certificate: chain.issuer.to_bytes(),
            purse_certificate: chain.subject.to_bytes(),
            issuer: body.issuer,
            generation: body.generation,
        })
    }

    /// With other certificates for the same key of the same generation.
    pub(super) fn renewed(&self, chain: &CertificateChain) -> Option<Self> {
        let is_same = chain.subject.body().generation == self.generation;
        Self::new(&self.seed, chain).filter(|renewed| is_same && renewed.issuer == self.issuer)
    }

    pub(super) fn key(&self) -> KeyPair {
        KeyPair::from_seed(&self.seed)
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        body.put(&self.seed);
        body.put(&self.issuer_certificate);
        body.put(&self.purse_certificate);
        body.put(&self.issuer.0);
        body.put(&self.generation.0.to_be_bytes());
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            seed: body.take()?,
            issuer_certificate: body.take()?,
            purse_certificate: body.take()?,
            issuer: SubjectId(body.take()?),
            generation: Generation(u16::from_be_bytes(body.take()?)),
        })
    }
}

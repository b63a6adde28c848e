//! Specification. A chain is two certificates: an issuer's, signed by a scheme that the verifier knows beforehand, and a
//! subject's, signed by that issuer. Each link is checked in this order, the issuer's first: kind, name of its issuer,
//! first day, last day, revoked series, revoked serial, signature. A chain is believed when both links pass.

use core::fmt;

use crate::{Certificate, Day, Generation, Kind, PublicKey, Serial, SubjectId};

/// A scheme that is known beforehand: put into every purse and terminal where it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    scheme: SubjectId,
    key: PublicKey,
}

impl Anchor {
    /// The scheme of a certificate that came by a way that cannot be forged.
    ///
    /// # Errors
    /// [`Reason`], where it is not the scheme's own or is damaged.
    pub fn from_certificate(certificate: &Certificate) -> Result<Self, Reason> {
        let body = certificate.body();
        if body.kind != Kind::Scheme {
            return Err(Reason::WrongKind);
        }
        if body.issuer != body.subject {
            return Err(Reason::WrongIssuer);
        }
        if !certificate.is_signed_by(&body.key) {
            return Err(Reason::BadSignature);
        }
        Ok(Self { scheme: body.subject, key: body.key })
    }

    /// The scheme of this name and key.
    #[must_use]
    pub const fn new(scheme: SubjectId, key: PublicKey) -> Self {
        Self { scheme, key }
    }
}

/// What has been switched off, by whom it was issued. Which version of the list is the newest, its keeper knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revoked<'a> {
    /// Whole series.
    pub generations: &'a [(SubjectId, Generation)],
    /// Single certificates.
    pub serials: &'a [(SubjectId, Serial)],
}

/// What a verifier believes on a day.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// The schemes it knows.
    pub anchors: &'a [Anchor],
    /// Today.
    pub today: Day,
    /// What has been switched off.
    pub revoked: Revoked<'a>,
}

/// Two certificates that should lead from a scheme to a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateChain {
    /// The issuer's, signed by the scheme.
    pub issuer: Certificate,
    /// The purse's, terminal's or PSAM's, signed by the issuer.
    pub subject: Certificate,
}

/// Which certificate of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The issuer's.
    Issuer,
    /// The subject's.
    Subject,
}

/// Why a certificate is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It speaks of another kind than expected.
    WrongKind,
    /// It names another issuer, or a scheme that is not known.
    WrongIssuer,
    /// Its first day has not come.
    NotYetValid,
    /// Its last day is over.
    Expired,
    /// Its series was switched off.
    GenerationRevoked,
    /// It was switched off.
    SerialRevoked,
    /// The signature is not its issuer's.
    BadSignature,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongKind => "speaks of another kind",
            Self::WrongIssuer => "names another issuer",
            Self::NotYetValid => "is not valid yet",
            Self::Expired => "has expired",
            Self::GenerationRevoked => "belongs to a revoked series",
            Self::SerialRevoked => "is revoked",
            Self::BadSignature => "is not signed by its issuer",
        })
    }
}

impl core::error::Error for Reason {}

/// Why a chain is not believed, and which of its certificates is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The certificate.
    pub link: Link,
    /// The rule it breaks.
    pub reason: Reason,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let link = match self.link {
            Link::Issuer => "issuer",
            Link::Subject => "subject",
        };
        write!(f, "certificate of the {link} {}", self.reason)
    }
}

impl core::error::Error for Refusal {}

impl Trust<'_> {
    /// The subject's key, where the whole chain is good today and speaks of the expected kind.
    ///
    /// # Errors
    /// [`Refusal`], for the first rule that is broken.
    pub fn check(&self, chain: &CertificateChain, expected: Kind) -> Result<PublicKey, Refusal> {
        let issuer =
            self.check_issuer(&chain.issuer).map_err(|reason| Refusal { link: Link::Issuer, reason })?;
        self.check_subject(&chain.issuer, issuer, &chain.subject, expected)
            .map_err(|reason| Refusal { link: Link::Subject, reason })
    }

    /// The key of an issuer whose certificate is good today.
    ///
    /// # Errors
    /// [`Reason`], for the first rule that is broken.
    pub fn check_issuer(&self, certificate: &Certificate) -> Result<PublicKey, Reason> {
        let body = certificate.body();
        if body.kind != Kind::Issuer {
            return Err(Reason::WrongKind);
        }
        let anchor = self.anchors.iter().find(|anchor| anchor.scheme == body.issuer);
        let anchor = anchor.ok_or(Reason::WrongIssuer)?;
        self.check_link(certificate, &anchor.key)
    }

    fn check_subject(
        &self,
        issuer: &Certificate,
        issuer_key: PublicKey,
        certificate: &Certificate,
        expected: Kind,
    ) -> Result<PublicKey, Reason> {
        let body = certificate.body();
        if body.kind != expected || body.kind.issued_by() != Kind::Issuer {
            return Err(Reason::WrongKind);
        }
        if body.issuer != issuer.body().subject {
            return Err(Reason::WrongIssuer);
        }
        self.check_link(certificate, &issuer_key)
    }

    /// What is the same for every link.
    fn check_link(&self, certificate: &Certificate, signer: &PublicKey) -> Result<PublicKey, Reason> {
        let body = certificate.body();
        if self.today < body.valid_from {
            return Err(Reason::NotYetValid);
        }
        if self.today > body.valid_until {
            return Err(Reason::Expired);
        }
        if self.revoked.generations.contains(&(body.issuer, body.generation)) {
            return Err(Reason::GenerationRevoked);
        }
        if self.revoked.serials.contains(&(body.issuer, body.serial)) {
            return Err(Reason::SerialRevoked);
        }
        if !certificate.is_signed_by(signer) {
            return Err(Reason::BadSignature);
        }
        Ok(body.key)
    }
}

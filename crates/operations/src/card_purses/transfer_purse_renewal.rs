//! New certificates for cards that pay other cards (`docs/spec/purse-to-purse.md`, The issuer): those of a card that visits us
//! once a month never end before the card does.

pub use pki::CertificateChain;
use pki::{CertificateBody, Day, Generation, IssueError, KeyPair, Kind, PublicKey, Serial, SubjectId};
use records::issue_batches;
use wallet::ids::derive;

use super::keys::{self, issuer_name};
use super::transfer_purse::SCHEME;
use super::transfer_purse_visit::{Visit, believed, day};
use crate::{OperationError, Operations};

/// How long certificates are good, in days.
pub const CERTIFICATE_DAYS: u32 = 90;
/// A card that visits with so many days left, or fewer, gets new ones.
pub const RENEWED_WITH_DAYS_LEFT: u32 = 60;

/// What the certificates of one chain have in common.
pub(super) struct Terms {
    days: (Day, Day),
    generation: Generation,
}

impl Terms {
    /// Certificates of this generation from a day on, of a card that lasts until another.
    pub(super) fn from(first: Day, generation: Generation, card_until: Day) -> Self {
        let last = Day(first.0.saturating_add(CERTIFICATE_DAYS)).min(card_until);
        Self { days: (first, last), generation }
    }

    pub(super) fn chain(
        &self,
        (scheme, issuer): (&KeyPair, &KeyPair),
        (purse, own): (SubjectId, PublicKey),
    ) -> Result<CertificateChain, IssueError> {
        let root = scheme.issue_scheme(self.body(Kind::Scheme, (SCHEME, SCHEME), scheme.public()))?;
        let by = scheme.issue(&root, self.body(Kind::Issuer, (SCHEME, issuer_name()), issuer.public()))?;
        let subject = issuer.issue(&by, self.body(Kind::Purse, (issuer_name(), purse), own))?;
        Ok(CertificateChain { issuer: by, subject })
    }

    fn body(&self, kind: Kind, (by, subject): (SubjectId, SubjectId), key: PublicKey) -> CertificateBody {
        CertificateBody {
            kind,
            serial: self.serial(subject),
            issuer: by,
            subject,
            generation: self.generation,
            valid_from: self.days.0,
            valid_until: self.days.1,
            key,
        }
    }

    /// The same for the same certificate, so that whoever asks twice gets it twice.
    fn serial(&self, subject: SubjectId) -> Serial {
        let (generation, first) = (self.generation.0.to_be_bytes(), self.days.0.0.to_be_bytes());
        let number = derive("sycee purse certificate serial v1", &[&subject.0, &generation, &first]);
        Serial((number >> 64) as u64)
    }
}

/// New certificates for a card that visits, where those that it shows end soon or have ended. On the same day the same ones.
///
/// # Errors
/// As [`super::transfer_purse_visit::receive`].
pub async fn renewal(
    operations: &Operations,
    visit: &Visit,
) -> Result<Option<CertificateChain>, OperationError> {
    let visitor = believed(operations, visit).await?;
    let CertificateBody { subject, key, generation, valid_until, .. } = *visitor.chain.subject.body();
    let id = visitor.batch;
    let batch = operations.records().read(move |sql| issue_batches::get(sql, id)).await?;
    let batch = batch.ok_or(OperationError::Inconsistent("a card has no batch"))?;
    let today = day(operations.now());
    // A counterpart's clock may be behind ours by a day.
    let terms = Terms::from(Day(today.0.saturating_sub(1)), generation, Day(batch.valid_until));
    let ends_soon = valid_until.0 <= today.0.saturating_add(RENEWED_WITH_DAYS_LEFT);
    if !ends_soon || terms.days.1 <= valid_until {
        return Ok(None);
    }
    let (scheme, issuer) = (keys::scheme_key(operations).await?, keys::purse_issuer_key(operations).await?);
    let chain = terms.chain((scheme, issuer), (subject, key));
    chain.map(Some).map_err(|_| OperationError::Inconsistent("certificates of a purse cannot be signed"))
}

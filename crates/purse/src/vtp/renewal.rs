//! New certificates for a purse's own keys, so that each is good for some months only.
//!
//! Certificates prove themselves, so whoever brings them is believed: they must lead from the purse's scheme by its own issuer to
//! one of its own keys, and be good for longer than those that they replace.

use globalplatform::{apdu::Command, status::StatusWord};
use pki::{Anchor, CERTIFICATE_BYTES, Certificate, CertificateChain, Day, Kind, PublicKey, Revoked, Trust};

use super::{application::Application, contents::Contents, credentials::Credentials, rules::Rule};
use crate::{
    answer::{Answer, done, ensure},
    nvm::Nvm,
};

/// A certificate, in bytes.
type Bytes = [u8; CERTIFICATE_BYTES];

impl<N: Nvm> Application<N> {
    /// 90 36: P1 00 the issuer's certificate, then P1 01 the purse's. Certificates that it has already are taken without effect.
    pub(super) fn renew(&mut self, command: &Command<'_>) -> Answer {
        let issuer = self.session.renewed_issuer.take();
        let bytes = || command.data().try_into().map_err(|_| StatusWord::WRONG_LENGTH);
        match (command.p1, command.p2) {
            (0x00, 0x00) => self.session.renewed_issuer = Some(bytes()?),
            (0x01, 0x00) => {
                let issuer = issuer.ok_or(StatusWord::CONDITIONS_NOT_MET)?;
                self.replace_certificates(&chain(&issuer, &bytes()?)?)?;
            }
            _ => return Err(StatusWord::WRONG_P1_P2.into()),
        }
        done(&[])
    }

    fn replace_certificates(&mut self, chain: &CertificateChain) -> Result<(), crate::answer::Refusal> {
        let (contents, rules) = (self.contents(), self.session.rules);
        let is_believed = is_believed(contents, chain)?;
        ensure(rules.keeps(Rule::CertifiedRenewal, is_believed), StatusWord::SECURITY_STATUS)?;
        let renewals = contents.credentials.iter().map(|own| own.renewed(chain));
        let (place, renewed) = (0..)
            .zip(renewals)
            .find_map(|(place, renewed)| Some((place, renewed?)))
            .ok_or(StatusWord::WRONG_DATA)?;
        let mut next = contents.clone();
        let own: &mut Credentials = next.credentials.get_mut(place).ok_or(StatusWord::WRONG_DATA)?;
        if *own == renewed {
            return Ok(());
        }
        let is_later = last_day(&renewed)? > last_day(own)?;
        ensure(rules.keeps(Rule::LaterRenewal, is_later), StatusWord::CONDITIONS_NOT_MET)?;
        *own = renewed;
        Ok(self.journal.commit(next)?)
    }
}

fn chain(issuer: &Bytes, purse: &Bytes) -> Result<CertificateChain, StatusWord> {
    let parse = |bytes: &Bytes| Certificate::parse(bytes).map_err(|_| StatusWord::WRONG_DATA);
    Ok(CertificateChain { issuer: parse(issuer)?, subject: parse(purse)? })
}

/// Whether the purse's own scheme and issuer say this, of itself, for a day that may be today.
fn is_believed(contents: &Contents, chain: &CertificateChain) -> Result<bool, StatusWord> {
    let scheme_key = PublicKey::from_bytes(&contents.scheme_key).ok_or(StatusWord::MEMORY_FAILURE)?;
    let body = chain.subject.body();
    let trust = Trust {
        anchors: &[Anchor::new(contents.scheme, scheme_key)],
        today: contents.day.max(body.valid_from),
        revoked: Revoked { generations: contents.switched_off.generations(), serials: &[] },
    };
    let is_own = body.subject == contents.purse && chain.issuer.body().key.to_bytes() == contents.issuer_key;
    Ok(is_own && trust.check(chain, Kind::Purse).is_ok())
}

fn last_day(credentials: &Credentials) -> Result<Day, StatusWord> {
    let certificate =
        Certificate::parse(&credentials.purse_certificate).map_err(|_| StatusWord::MEMORY_FAILURE)?;
    Ok(certificate.body().valid_until)
}

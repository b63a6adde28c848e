//! Who the other purse is: its certificates, checked once for each pair of starts.

use globalplatform::{apdu::Command, status::StatusWord};
use pki::{
    Anchor, CERTIFICATE_BYTES, Certificate, CertificateChain, Day, Kind, PublicKey, Revoked, SubjectId, Trust,
};

use super::{application::Application, rules::Rule};
use crate::{
    answer::{Answer, done, ensure},
    nvm::Nvm,
};

/// The first half of a chain, until the second comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct IssuerCertificate {
    today: Day,
    bytes: [u8; CERTIFICATE_BYTES],
}

/// A purse whose chain was checked, until the next start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Counterpart {
    pub(super) purse: SubjectId,
    pub(super) key: [u8; 32],
}

impl<N: Nvm> Application<N> {
    /// 90 20: P1 00 today 4 ‖ the issuer's certificate, then P1 01 the purse's certificate.
    pub(super) fn take_certificate(&mut self, command: &Command<'_>) -> Answer {
        let issuer = self.session.issuer.take();
        self.session.counterpart = None;
        match (command.p1, command.p2) {
            (0x00, 0x00) => {
                let (today, bytes) = command.data().split_first_chunk().ok_or(StatusWord::WRONG_LENGTH)?;
                let bytes = bytes.try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
                self.session.issuer =
                    Some(IssuerCertificate { today: Day(u32::from_be_bytes(*today)), bytes });
                done(&[])
            }
            (0x01, 0x00) => {
                let bytes = command.data().try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
                let issuer = issuer.ok_or(StatusWord::CONDITIONS_NOT_MET)?;
                self.session.counterpart = Some(self.certified(&issuer, bytes)?);
                done(&[])
            }
            _ => Err(StatusWord::WRONG_P1_P2.into()),
        }
    }

    fn certified(
        &self,
        issuer: &IssuerCertificate,
        purse: &[u8; CERTIFICATE_BYTES],
    ) -> Result<Counterpart, StatusWord> {
        let contents = self.contents();
        if !self.session.rules.keeps(Rule::DayGoesOn, issuer.today >= contents.day) {
            return Err(StatusWord::CONDITIONS_NOT_MET);
        }
        let parse = |bytes| Certificate::parse(bytes).map_err(|_| StatusWord::WRONG_DATA);
        let chain = CertificateChain { issuer: parse(&issuer.bytes)?, subject: parse(purse)? };
        let scheme_key = PublicKey::from_bytes(&contents.scheme_key).ok_or(StatusWord::MEMORY_FAILURE)?;
        let trust = Trust {
            anchors: &[Anchor::new(contents.scheme, scheme_key)],
            today: issuer.today,
            revoked: Revoked { generations: contents.switched_off.generations(), serials: &[] },
        };
        let is_certified = trust.check(&chain, Kind::Purse).is_ok();
        if !self.session.rules.keeps(Rule::CertifiedCounterpart, is_certified) {
            return Err(StatusWord::SECURITY_STATUS);
        }
        let body = chain.subject.body();
        Ok(Counterpart { purse: body.subject, key: body.key.to_bytes() })
    }

    /// Takes the counterpart that was certified: a start uses it up.
    pub(super) fn take_counterpart(&mut self, named: SubjectId) -> Result<Counterpart, StatusWord> {
        self.session.issuer = None;
        let counterpart = self.session.counterpart.take().ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        let is_named = self.session.rules.keeps(Rule::NamedCounterpart, counterpart.purse == named);
        if is_named { Ok(counterpart) } else { Err(StatusWord::WRONG_DATA) }
    }
}

/// Refuses data where a command has none.
pub(super) fn ensure_empty(command: &Command<'_>) -> Result<(), crate::answer::Refusal> {
    ensure(command.data().is_empty(), StatusWord::WRONG_LENGTH)
}

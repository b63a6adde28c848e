//! Certificates as anybody may send them: what is read is written as the same bytes, and only the one that the issuer
//! signed is believed.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pki::{
    Anchor, Certificate, CertificateBody, CertificateChain, Day, Generation, KeyPair, Kind, Revoked, Serial, SubjectId, Trust,
};

struct Site {
    anchor: Anchor,
    chain: CertificateChain,
}

static SITE: LazyLock<Site> = LazyLock::new(|| {
    let (scheme, issuer) = (KeyPair::from_seed(&[1; 32]), KeyPair::from_seed(&[2; 32]));
    let body = |kind: Kind, issuer: u8, subject: u8, key: &KeyPair| CertificateBody {
        kind,
        serial: Serial(1),
        issuer: SubjectId([issuer; 16]),
        subject: SubjectId([subject; 16]),
        generation: Generation(1),
        valid_from: Day(0),
        valid_until: Day(9),
        key: key.public(),
    };
    let own = scheme.issue_scheme(body(Kind::Scheme, 1, 1, &scheme)).expect("a scheme signs for itself");
    let issuers = scheme.issue(&own, body(Kind::Issuer, 1, 2, &issuer)).expect("a scheme admits issuers");
    let purse = KeyPair::from_seed(&[3; 32]);
    let purses = issuer.issue(&issuers, body(Kind::Purse, 2, 3, &purse)).expect("an issuer issues purses");
    let anchor = Anchor::from_certificate(&own).expect("the scheme's own certificate");
    Site { anchor, chain: CertificateChain { issuer: issuers, subject: purses } }
});

fuzz_target!(|bytes: &[u8]| {
    let Site { anchor, chain } = &*SITE;
    let trust = Trust { anchors: std::slice::from_ref(anchor), today: Day(5), revoked: Revoked::default() };
    // The bytes as they are, and as changes of a good certificate.
    let mut changed = chain.subject.to_bytes();
    changed.iter_mut().zip(bytes).for_each(|(place, byte)| *place ^= byte);
    for bytes in [bytes, &changed] {
        let Ok(certificate) = Certificate::parse(bytes) else { continue };
        assert_eq!(certificate.to_bytes(), bytes);
        let is_good = certificate == chain.subject;
        let replaced = CertificateChain { subject: certificate, ..*chain };
        assert_eq!(trust.check(&replaced, Kind::Purse).is_ok(), is_good);
        assert!(trust.check_issuer(&certificate).is_err() || certificate == chain.issuer);
    }
});

//! Chains of certificates: which are believed, and why the others are not.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use pki::{
    Anchor, CERTIFICATE_BYTES, Certificate, CertificateBody, CertificateChain, Day, Generation, IssueError,
    KeyPair, Kind, Link, Malformed, Reason, Refusal, Revoked, Serial, SubjectId, Trust,
};
use proptest::prelude::*;

const SCHEME: SubjectId = SubjectId([1; 16]);
const ISSUER: SubjectId = SubjectId([2; 16]);
const PURSE: SubjectId = SubjectId([3; 16]);
const TODAY: Day = Day(20_500);

fn key(byte: u8) -> KeyPair {
    KeyPair::from_seed(&[byte; 32])
}

fn body(kind: Kind) -> CertificateBody {
    let (issuer, subject, secret) = match kind {
        Kind::Scheme => (SCHEME, SCHEME, 1),
        Kind::Issuer => (SCHEME, ISSUER, 2),
        Kind::Purse | Kind::Terminal | Kind::Psam => (ISSUER, PURSE, 3),
    };
    CertificateBody {
        kind,
        serial: Serial(700),
        issuer,
        subject,
        generation: Generation(4),
        valid_from: Day(TODAY.0 - 10),
        valid_until: Day(TODAY.0 + 20),
        key: key(secret).public(),
    }
}

fn scheme() -> Certificate {
    key(1).issue_scheme(body(Kind::Scheme)).unwrap()
}

fn issuer() -> Certificate {
    key(1).issue(&scheme(), body(Kind::Issuer)).unwrap()
}

fn chain(kind: Kind) -> CertificateChain {
    CertificateChain { issuer: issuer(), subject: key(2).issue(&issuer(), body(kind)).unwrap() }
}

fn anchors() -> [Anchor; 1] {
    [Anchor::from_certificate(&scheme()).unwrap()]
}

fn check_on(
    today: Day,
    revoked: Revoked<'_>,
    chain: &CertificateChain,
    expected: Kind,
) -> Result<(), Refusal> {
    let trusted = Trust { anchors: &anchors(), today, revoked }.check(chain, expected)?;
    assert_eq!(trusted, chain.subject.body().key);
    Ok(())
}

fn check(chain: &CertificateChain, expected: Kind) -> Result<(), Refusal> {
    check_on(TODAY, Revoked::default(), chain, expected)
}

fn refused(link: Link, reason: Reason) -> Result<(), Refusal> {
    Err(Refusal { link, reason })
}

#[test]
fn purses_terminals_and_psams_of_a_known_scheme_are_believed() {
    for kind in [Kind::Purse, Kind::Terminal, Kind::Psam] {
        assert_eq!(check(&chain(kind), kind), Ok(()));
    }
    const { assert!(CERTIFICATE_BYTES <= 250) };
}

#[test]
fn a_certificate_is_good_from_its_first_to_its_last_day() {
    let chain = chain(Kind::Purse);
    let on = |day: u32| check_on(Day(day), Revoked::default(), &chain, Kind::Purse);
    assert_eq!(on(TODAY.0 - 11), refused(Link::Issuer, Reason::NotYetValid));
    assert_eq!(on(TODAY.0 - 10), Ok(()));
    assert_eq!(on(TODAY.0 + 20), Ok(()));
    assert_eq!(on(TODAY.0 + 21), refused(Link::Issuer, Reason::Expired));
    let mut shorter = body(Kind::Purse);
    shorter.valid_until = TODAY;
    let chain = CertificateChain { issuer: issuer(), subject: key(2).issue(&issuer(), shorter).unwrap() };
    let on = |day: u32| check_on(Day(day), Revoked::default(), &chain, Kind::Purse);
    assert_eq!(on(TODAY.0), Ok(()));
    assert_eq!(on(TODAY.0 + 1), refused(Link::Subject, Reason::Expired));
}

#[test]
fn a_kind_does_not_pass_for_another() {
    for kind in [Kind::Purse, Kind::Terminal, Kind::Psam] {
        for expected in Kind::ALL.into_iter().filter(|expected| *expected != kind) {
            assert_eq!(check(&chain(kind), expected), refused(Link::Subject, Reason::WrongKind));
        }
    }
    let whole = chain(Kind::Purse);
    let issuer_as_subject = CertificateChain { subject: issuer(), ..whole };
    assert_eq!(check(&issuer_as_subject, Kind::Issuer), refused(Link::Subject, Reason::WrongKind));
    let purse_as_issuer = CertificateChain { issuer: whole.subject, ..whole };
    assert_eq!(check(&purse_as_issuer, Kind::Purse), refused(Link::Issuer, Reason::WrongKind));
    let scheme_as_issuer = CertificateChain { issuer: scheme(), ..whole };
    assert_eq!(check(&scheme_as_issuer, Kind::Purse), refused(Link::Issuer, Reason::WrongKind));
}

#[test]
fn a_revoked_series_or_certificate_is_refused() {
    let chain = chain(Kind::Purse);
    let with = |revoked: Revoked<'_>| check_on(TODAY, revoked, &chain, Kind::Purse);
    let series = |issuer: SubjectId| [(issuer, Generation(4))];
    let subject = refused(Link::Subject, Reason::GenerationRevoked);
    assert_eq!(with(Revoked { generations: &series(ISSUER), serials: &[] }), subject);
    let issuer = refused(Link::Issuer, Reason::GenerationRevoked);
    assert_eq!(with(Revoked { generations: &series(SCHEME), serials: &[] }), issuer);
    assert_eq!(with(Revoked { generations: &series(PURSE), serials: &[] }), Ok(()));
    assert_eq!(with(Revoked { generations: &[(ISSUER, Generation(5))], serials: &[] }), Ok(()));
    let serial = refused(Link::Subject, Reason::SerialRevoked);
    assert_eq!(with(Revoked { generations: &[], serials: &[(ISSUER, Serial(700))] }), serial);
    assert_eq!(with(Revoked { generations: &[], serials: &[(ISSUER, Serial(701))] }), Ok(()));
}

#[test]
fn an_unknown_scheme_and_another_issuer_are_refused() {
    let whole = chain(Kind::Purse);
    let stranger = [Anchor::new(SubjectId([9; 16]), key(1).public())];
    let trust = Trust { anchors: &stranger, today: TODAY, revoked: Revoked::default() };
    let refusal = Refusal { link: Link::Issuer, reason: Reason::WrongIssuer };
    assert_eq!(trust.check(&whole, Kind::Purse), Err(refusal));
    let impostor = [Anchor::new(SCHEME, key(9).public())];
    let trust = Trust { anchors: &impostor, today: TODAY, revoked: Revoked::default() };
    let refusal = Refusal { link: Link::Issuer, reason: Reason::BadSignature };
    assert_eq!(trust.check(&whole, Kind::Purse), Err(refusal));

    let mut second = body(Kind::Issuer);
    second.subject = SubjectId([22; 16]);
    let second = key(1).issue(&scheme(), second).unwrap();
    let swapped = CertificateChain { issuer: second, ..whole };
    assert_eq!(check(&swapped, Kind::Purse), refused(Link::Subject, Reason::WrongIssuer));
    // The same name with another key: nobody but the scheme can make that.
    let mut renewed = body(Kind::Issuer);
    renewed.key = key(5).public();
    let renewed = key(1).issue(&scheme(), renewed).unwrap();
    let swapped = CertificateChain { issuer: renewed, ..whole };
    assert_eq!(check(&swapped, Kind::Purse), refused(Link::Subject, Reason::BadSignature));
}

#[test]
fn nobody_issues_what_is_not_theirs() {
    let refusal = |key: &KeyPair, own: &Certificate, body: CertificateBody| key.issue(own, body).unwrap_err();
    assert_eq!(refusal(&key(1), &scheme(), body(Kind::Purse)), IssueError::WrongKind);
    assert_eq!(refusal(&key(2), &issuer(), body(Kind::Issuer)), IssueError::WrongKind);
    assert_eq!(refusal(&key(3), &chain(Kind::Purse).subject, body(Kind::Purse)), IssueError::WrongKind);
    assert_eq!(refusal(&key(1), &scheme(), body(Kind::Scheme)), IssueError::WrongKind);
    assert_eq!(key(1).issue_scheme(body(Kind::Issuer)), Err(IssueError::WrongKind));
    let foreign = CertificateBody { issuer: SCHEME, ..body(Kind::Purse) };
    assert_eq!(refusal(&key(2), &issuer(), foreign), IssueError::WrongIssuer);
    let outliving = CertificateBody { valid_until: Day(TODAY.0 + 21), ..body(Kind::Purse) };
    assert_eq!(refusal(&key(2), &issuer(), outliving), IssueError::WrongValidity);
    let early = CertificateBody { valid_from: Day(TODAY.0 - 11), ..body(Kind::Purse) };
    assert_eq!(refusal(&key(2), &issuer(), early), IssueError::WrongValidity);
    let never = CertificateBody { valid_from: TODAY, valid_until: Day(TODAY.0 - 1), ..body(Kind::Purse) };
    assert_eq!(refusal(&key(2), &issuer(), never), IssueError::WrongValidity);
    assert_eq!(refusal(&key(9), &issuer(), body(Kind::Purse)), IssueError::WrongKey);
}

/// Whether a chain with this certificate in place of its own is refused, and every certificate that is read is written
/// as the same bytes.
fn is_refused(link: Link, bytes: &[u8]) -> bool {
    let Ok(certificate) = Certificate::parse(bytes) else { return true };
    assert_eq!(certificate.to_bytes(), bytes);
    let whole = chain(Kind::Purse);
    let changed = match link {
        Link::Issuer => CertificateChain { issuer: certificate, ..whole },
        Link::Subject => CertificateChain { subject: certificate, ..whole },
    };
    check(&changed, Kind::Purse).is_err()
}

#[test]
fn every_changed_bit_of_a_certificate_is_refused() {
    let whole = chain(Kind::Purse);
    for (link, certificate) in [(Link::Issuer, whole.issuer), (Link::Subject, whole.subject)] {
        assert!(!is_refused(link, &certificate.to_bytes()));
        for bit in 0..CERTIFICATE_BYTES * 8 {
            let mut changed = certificate.to_bytes();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(is_refused(link, &changed), "{link:?} bit {bit}");
        }
    }
    for bit in 0..CERTIFICATE_BYTES * 8 {
        let mut changed = scheme().to_bytes();
        changed[bit / 8] ^= 1 << (bit % 8);
        let Ok(changed) = Certificate::parse(&changed) else { continue };
        assert!(Anchor::from_certificate(&changed).is_err(), "scheme bit {bit}");
    }
}

#[test]
fn only_148_bytes_of_version_1_are_a_certificate() {
    let bytes = issuer().to_bytes();
    for length in 0..CERTIFICATE_BYTES {
        assert_eq!(Certificate::parse(&bytes[..length]), Err(Malformed::Length));
    }
    assert_eq!(Certificate::parse(&[&bytes[..], &[0]].concat()), Err(Malformed::Length));
    let with = |place: usize, byte: u8| {
        let mut changed = bytes;
        changed[place] = byte;
        Certificate::parse(&changed)
    };
    assert_eq!(with(0, 2), Err(Malformed::Version));
    assert_eq!(with(1, 5), Err(Malformed::Kind));
    let mut no_key = bytes;
    no_key[52..84].fill(2);
    assert_eq!(Certificate::parse(&no_key), Err(Malformed::Key));
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(
        serial: u64, issuer: [u8; 16], subject: [u8; 16], generation: u16, seed: [u8; 32],
        from in 0..1_000_u32, until in 1_000..2_000_u32,
    ) {
        let own = CertificateBody {
            kind: Kind::Issuer,
            subject: SubjectId(issuer),
            valid_from: Day(0),
            valid_until: Day(2_000),
            ..body(Kind::Issuer)
        };
        let wide = CertificateBody { valid_from: Day(0), valid_until: Day(2_000), ..body(Kind::Scheme) };
        let own = key(1).issue(&key(1).issue_scheme(wide).unwrap(), own).unwrap();
        let body = CertificateBody {
            kind: Kind::Terminal,
            serial: Serial(serial),
            issuer: SubjectId(issuer),
            subject: SubjectId(subject),
            generation: Generation(generation),
            valid_from: Day(from),
            valid_until: Day(until),
            key: KeyPair::from_seed(&seed).public(),
        };
        let certificate = key(2).issue(&own, body).unwrap();
        let read = Certificate::parse(&certificate.to_bytes()).unwrap();
        prop_assert_eq!(read, certificate);
        prop_assert_eq!(*read.body(), body);
    }

    #[test]
    fn changed_bytes_are_refused(
        changes in prop::collection::vec((0..CERTIFICATE_BYTES, 1_u8..), 1..4),
        is_issuer: bool,
    ) {
        let whole = chain(Kind::Purse);
        let (link, good) =
            if is_issuer { (Link::Issuer, whole.issuer) } else { (Link::Subject, whole.subject) };
        let mut changed = good.to_bytes();
        changes.iter().for_each(|(place, change)| changed[*place] ^= change);
        prop_assume!(changed != good.to_bytes());
        prop_assert!(is_refused(link, &changed));
    }
}

//! Command sequences to a purse that moves value to others, torn at any write: without a key of another purse nobody takes
//! value from it or puts value into it, and what it cannot end it logs.
#![no_main]

use std::sync::LazyLock;

use globalplatform::apdu::Command;
use libfuzzer_sys::fuzz_target;
use pki::{CertificateBody, CertificateChain, Day, Generation, KeyPair, Kind, Serial, SubjectId};
use purse::amount::Amount;
use purse::nvm::Fault;
use purse::simulated::{SimulatedNvm, Tear};
use purse::vtp::{
    AID, Application, AuthorityKind, AuthoritySequence, Contents, Currency, POCKETS, PayDetails, Personalisation, Pocket,
    PocketLimits, Series, TransferSequence, authority_message,
};

const WORDS: usize = purse::journal::words_needed::<Contents>();
type Purse = Application<SimulatedNvm<WORDS>>;

const YUAN: (Currency, Series) = (Currency([0x01, 0x56]), Series([0, 1]));
const TODAY: Day = Day(20_000);
const BALANCE: u32 = 1_000;

/// A purse with value, and another that is never here: its certificates are known, its key is not.
struct Site {
    purse: Purse,
    other: CertificateChain,
}

fn body(kind: Kind, issuer: u8, subject: u8, key: &KeyPair) -> CertificateBody {
    CertificateBody {
        kind,
        serial: Serial(1),
        issuer: SubjectId([issuer; 16]),
        subject: SubjectId([subject; 16]),
        generation: Generation(1),
        valid_from: Day(TODAY.0 - 10),
        valid_until: Day(TODAY.0 + 10),
        key: key.public(),
    }
}

static SITE: LazyLock<Site> = LazyLock::new(|| {
    let (scheme, issuer) = (KeyPair::from_seed(&[1; 32]), KeyPair::from_seed(&[2; 32]));
    let root = scheme.issue_scheme(body(Kind::Scheme, 1, 1, &scheme)).expect("a scheme signs for itself");
    let issuers = scheme.issue(&root, body(Kind::Issuer, 1, 2, &issuer)).expect("a scheme admits issuers");
    let chain = |number: u8| {
        let key = KeyPair::from_seed(&[number; 32]);
        let subject = issuer.issue(&issuers, body(Kind::Purse, 2, number, &key)).expect("an issuer issues purses");
        CertificateChain { issuer: issuers, subject }
    };
    let own = chain(3);
    let mut pockets = [Pocket::UNUSED; POCKETS];
    pockets[0] = Pocket::empty(YUAN.0, YUAN.1, PocketLimits::NONE);
    let contents = Contents::personalised(&Personalisation {
        scheme: (SubjectId([1; 16]), scheme.public()),
        credentials: [(&[3; 32], &own), (&[3; 32], &own)],
        pockets,
        pin: (&[0x12, 0x34], 3),
        next_sequence: TransferSequence(0),
        authority_sequence: AuthoritySequence(0),
        day: TODAY,
    });
    let mut purse = Purse::install(SimulatedNvm::new(), contents.expect("in range")).expect("power is there");
    let loaded = [&YUAN.0.0[..], &YUAN.1.0, &BALANCE.to_be_bytes()].concat();
    let to = (SubjectId([3; 16]), AuthoritySequence(0));
    let signature = authority_message(&issuer, to, AuthorityKind::Load, &loaded).expect("a load is signed");
    let load = [&[0; 4][..], &loaded, &signature].concat();
    for (header, data) in [([0x00, 0xA4, 4, 0], &AID[..]), ([0x90, 0x34, AuthorityKind::Load.byte(), 0], &load)] {
        let command = Command::new(header, data, None).expect("a command of known parts");
        assert!(purse.step(&command).expect("power is there").status().is_success());
    }
    purse.mirror().expect("power is there");
    Site { purse, other: chain(4) }
});

/// What a fuzzer does not find by chance: the other purse's certificates, and starts that fit.
fn known(purse: &Purse, which: u8, amount: u8) -> ([u8; 4], Vec<u8>) {
    let other = &SITE.other;
    let own = (purse.contents().purse(), purse.contents().next_sequence());
    let theirs = (SubjectId([4; 16]), TransferSequence(u32::from(amount)));
    let (from, to) = if which % 5 == 2 { (own, theirs) } else { (theirs, own) };
    let details = PayDetails {
        from: from.0,
        from_sequence: from.1,
        to: to.0,
        to_sequence: to.1,
        amount: Amount::new(u32::from(amount)),
        currency: YUAN.0,
        series: YUAN.1,
    };
    match which % 5 {
        0 => ([0x90, 0x20, 0, 0], [&TODAY.0.to_be_bytes()[..], &other.issuer.to_bytes()].concat()),
        1 => ([0x90, 0x20, 1, 0], other.subject.to_bytes().to_vec()),
        2 => ([0x90, 0x22, 0, 0], details.to_bytes().to_vec()),
        3 => ([0x90, 0x24, 0, 0], details.to_bytes().to_vec()),
        _ => ([0x90, 0x2E, 0, 0], Vec::new()),
    }
}

fn power_cycle(purse: Purse) -> Purse {
    let mut nvm = purse.power_off();
    nvm.restore_power();
    Purse::power_on(nvm).unwrap_or_else(|(error, _)| panic!("a torn purse is repaired: {error}"))
}

// Each command: a byte that says where power goes (above 100 nowhere), a length, the command; from 250 on a known one.
fuzz_target!(|bytes: &[u8]| {
    let mut purse = SITE.purse.clone();
    let select = Command::new([0x00, 0xA4, 0x04, 0x00], &AID, None).expect("a command of known parts");
    let mut rest = bytes;
    while let [cut, length, tail @ ..] = rest {
        let taken = if *length >= 250 { 1 } else { usize::from(*length) };
        let (raw, next) = tail.split_at(taken.min(tail.len()));
        rest = next;
        if *cut <= 100 {
            let tear = Tear::SAMPLES[usize::from(*length ^ *cut) % Tear::SAMPLES.len()];
            purse.nvm_mut().cut_at(u32::from(*cut), tear);
        }
        let (header, data) = known(&purse, *length, raw.first().copied().unwrap_or(0));
        let command = if *length >= 250 { Command::new(header, &data, None) } else { Command::parse(raw) };
        if let Ok(command) = command
            && purse.step(&command).and_then(|_| purse.mirror()) == Err(Fault::PowerLost)
        {
            purse = power_cycle(purse);
            purse.step(&select).expect("power is there");
        }
        purse.nvm_mut().restore_power();
        assert_eq!(purse.contents().balance(YUAN.0, YUAN.1), Some(Amount::new(BALANCE)), "nobody knows another's key");
    }
});

//! Purses of one scheme in readers of this process, and their issuer.

use card_reader::{in_process::InProcess, reader::Reader};
use globalplatform::apdu::Command;
use pki::{CertificateBody, CertificateChain, Day, Generation, KeyPair, Kind, Serial, SubjectId};
use purse::{
    amount::Amount,
    journal,
    simulated::SimulatedNvm,
    vtp::{
        AID, Application, AuthorityKind, AuthoritySequence, Contents, Currency, POCKETS, Personalisation,
        Pocket, PocketLimits, Series, TransferSequence, authority_message, is_lost,
    },
};
use purse_to_purse::Terms;

const WORDS: usize = journal::words_needed::<Contents>();
pub(crate) type Purse = Application<SimulatedNvm<WORDS>>;
pub(crate) type Slot = InProcess<Purse>;

pub(crate) const TODAY: Day = Day(20_000);
pub(crate) const YUAN: (Currency, Series) = (Currency([0x01, 0x56]), Series([0, 1]));
pub(crate) const PIN: &[u8] = &[0x12, 0x34];

pub(crate) fn terms(amount: u32) -> Terms {
    Terms { amount: Amount::new(amount), currency: YUAN.0, series: YUAN.1 }
}

fn chain(scheme: u8, number: u8, generation: u16) -> CertificateChain {
    let (scheme_key, issuer_key) = (KeyPair::from_seed(&[scheme; 32]), KeyPair::from_seed(&[2; 32]));
    let names = [SubjectId([0xAA; 16]), SubjectId([0xBB; 16]), SubjectId([number; 16])];
    let body = |kind, by: usize, of: usize, key: &KeyPair| CertificateBody {
        kind,
        serial: Serial(1),
        issuer: names[by],
        subject: names[of],
        generation: Generation(generation),
        valid_from: Day(TODAY.0 - 100),
        valid_until: Day(TODAY.0 + 30),
        key: key.public(),
    };
    let root = scheme_key.issue_scheme(body(Kind::Scheme, 0, 0, &scheme_key)).unwrap();
    let issuer = scheme_key.issue(&root, body(Kind::Issuer, 0, 1, &issuer_key)).unwrap();
    let own = KeyPair::from_seed(&seed(number, generation));
    let subject = issuer_key.issue(&issuer, body(Kind::Purse, 1, 2, &own)).unwrap();
    CertificateChain { issuer, subject }
}

fn seed(number: u8, generation: u16) -> [u8; 32] {
    let mut seed = [number; 32];
    seed[..2].copy_from_slice(&generation.to_be_bytes());
    seed
}

/// A purse of a scheme, with value in yuan.
pub(crate) fn purse_of(scheme: u8, number: u8, balance: u32) -> Purse {
    let (chains, seeds) = ([1, 2].map(|nth| chain(scheme, number, nth)), [1, 2].map(|nth| seed(number, nth)));
    let mut pockets = [Pocket::UNUSED; POCKETS];
    pockets[0] = Pocket::empty(YUAN.0, YUAN.1, PocketLimits::NONE);
    let contents = Contents::personalised(&Personalisation {
        scheme: (SubjectId([0xAA; 16]), KeyPair::from_seed(&[scheme; 32]).public()),
        credentials: [(&seeds[0], &chains[0]), (&seeds[1], &chains[1])],
        pockets,
        pin: (PIN, 3),
        next_sequence: TransferSequence(0),
        authority_sequence: AuthoritySequence(0),
        day: Day(TODAY.0 - 10),
    });
    let mut purse = Purse::install(SimulatedNvm::new(), contents.unwrap()).unwrap();
    if balance > 0 {
        load(&mut purse, balance);
    }
    purse
}

fn load(purse: &mut Purse, amount: u32) {
    let content = [&YUAN.0.0[..], &YUAN.1.0, &amount.to_be_bytes()].concat();
    let number = purse.contents().authority_sequence();
    let to = (purse.contents().purse(), number);
    let key = KeyPair::from_seed(&[2; 32]);
    let signature = authority_message(&key, to, AuthorityKind::Load, &content).unwrap();
    let data = [&number.0.to_be_bytes()[..], &content, &signature].concat();
    for (header, data) in [([0, 0xA4, 4, 0], AID.to_vec()), ([0x90, 0x34, 3, 0], data)] {
        let response = purse.step(&Command::new(header, &data, None).unwrap()).unwrap();
        assert!(response.status().is_success(), "{}", response.status());
    }
}

pub(crate) fn slot(purse: Purse) -> Slot {
    InProcess::new(purse, 7)
}

/// A payer with 1000 and a payee with 500.
pub(crate) fn pair() -> (Slot, Slot) {
    (slot(purse_of(1, 1, 1_000)), slot(purse_of(1, 2, 500)))
}

pub(crate) fn contents(slot: &Slot) -> &Contents {
    slot.device().unwrap().contents()
}

pub(crate) fn yuan(slot: &Slot) -> u32 {
    contents(slot).balance(YUAN.0, YUAN.1).unwrap().units()
}

/// Σ balances + what is lost in both purses' words.
pub(crate) fn accounted(payer: &Slot, payee: &Slot) -> u32 {
    let may_be_lost = |slot: &Slot| {
        let contents = contents(slot);
        contents.exceptions().copied().chain(contents.under_way()).collect::<Vec<_>>()
    };
    let (paid, received) = (may_be_lost(payer), may_be_lost(payee));
    let lost = paid.iter().filter(|paid| received.iter().any(|received| is_lost(paid, received)));
    let has_debited = |entry: &&purse::vtp::Entry| {
        let started = contents(payer).status() == purse::vtp::Status::Epr;
        !(started && contents(payer).under_way() == Some(**entry))
    };
    yuan(payer)
        + yuan(payee)
        + lost.filter(has_debited).map(|entry| entry.details.amount.units()).sum::<u32>()
}

/// Power comes back, and the purse repairs what its loss has left.
pub(crate) fn restore_power(slot: &mut Slot) {
    slot.device_mut().unwrap().nvm_mut().restore_power();
    slot.power_on().unwrap();
    slot.power_off();
}

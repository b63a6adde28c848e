//! A desk with purses, their issuer, and a reader that may do anything with what it sees.

mod byzantine;
mod faults;
mod issuer_cases;
mod model;
mod named_cases;
mod renewal_cases;
mod tearing;

use std::{vec, vec::Vec};

use globalplatform::apdu::{Command, Response};
use pki::{
    Certificate, CertificateBody, CertificateChain, Day, Generation, KeyPair, Kind, Serial, SubjectId,
};

use super::{rules::Rules, *};
use crate::{amount::Amount, journal, nvm::Fault, simulated::SimulatedNvm};

pub(super) const WORDS: usize = journal::words_needed::<Contents>();
pub(super) type Purse = Application<SimulatedNvm<WORDS>>;
pub(super) const YUAN: (Currency, Series) = (Currency([0x01, 0x56]), Series([0, 1]));
pub(super) const EURO: (Currency, Series) = (Currency([0x09, 0x78]), Series([0, 1]));
pub(super) const TODAY: Day = Day(20_000);
pub(super) const PIN: &[u8] = &[0x12, 0x34];

const SCHEME: SubjectId = SubjectId([0xAA; 16]);
pub(super) const ISSUER: SubjectId = SubjectId([0xBB; 16]);

pub(super) fn purse_id(number: u8) -> SubjectId {
    SubjectId([number; 16])
}

pub(super) fn scheme_key() -> KeyPair {
    KeyPair::from_seed(&[1; 32])
}

pub(super) fn issuer_key() -> KeyPair {
    KeyPair::from_seed(&[2; 32])
}

pub(super) fn seed(number: u8, generation: u16) -> [u8; 32] {
    let mut seed = [number; 32];
    seed[..2].copy_from_slice(&generation.to_be_bytes());
    seed
}

fn body(kind: Kind, issuer: SubjectId, subject: SubjectId, key: &KeyPair) -> CertificateBody {
    CertificateBody {
        kind,
        serial: Serial(1),
        issuer,
        subject,
        generation: Generation(1),
        valid_from: Day(TODAY.0 - 100),
        valid_until: Day(TODAY.0 + 30),
        key: key.public(),
    }
}

pub(super) fn chain(number: u8, generation: u16) -> CertificateChain {
    chain_by(&scheme_key(), number, generation)
}

/// A chain from a scheme of this key, which purses believe only if it is theirs.
pub(super) fn chain_by(scheme: &KeyPair, number: u8, generation: u16) -> CertificateChain {
    let key = KeyPair::from_seed(&seed(number, generation));
    chain_for(scheme, (number, generation), &key, Day(TODAY.0 + 30))
}

/// A chain that says that this key is the purse's, until a day.
pub(super) fn chain_for(
    scheme: &KeyPair,
    (number, generation): (u8, u16),
    key: &KeyPair,
    valid_until: Day,
) -> CertificateChain {
    let until = |body| CertificateBody { valid_until, ..body };
    let root = scheme.issue_scheme(until(body(Kind::Scheme, SCHEME, SCHEME, scheme))).unwrap();
    let issuer = scheme.issue(&root, until(body(Kind::Issuer, SCHEME, ISSUER, &issuer_key()))).unwrap();
    let purse = CertificateBody {
        generation: Generation(generation),
        ..until(body(Kind::Purse, ISSUER, purse_id(number), key))
    };
    CertificateChain { issuer, subject: issuer_key().issue(&issuer, purse).unwrap() }
}

pub(super) fn contents(number: u8, first: u32) -> Contents {
    let seeds = [seed(number, 1), seed(number, 2)];
    let chains = [chain(number, 1), chain(number, 2)];
    let mut pockets = [Pocket::UNUSED; POCKETS];
    pockets[0] = Pocket::empty(YUAN.0, YUAN.1, PocketLimits::NONE);
    pockets[1] = Pocket::empty(EURO.0, EURO.1, PocketLimits::NONE);
    Contents::personalised(&Personalisation {
        scheme: (SCHEME, scheme_key().public()),
        credentials: [(&seeds[0], &chains[0]), (&seeds[1], &chains[1])],
        pockets,
        pin: (PIN, 3),
        next_sequence: TransferSequence(first),
        authority_sequence: AuthoritySequence(0),
        day: Day(TODAY.0 - 10),
    })
    .unwrap()
}

pub(super) fn install(contents: Contents, rules: Rules) -> Purse {
    let mut purse = Purse::install(SimulatedNvm::new(), contents).unwrap();
    purse.session.rules = rules;
    select(&mut purse);
    purse
}

/// A purse with value in yuan.
pub(super) fn purse(number: u8, balance: u32) -> Purse {
    let mut purse = install(contents(number, 0), Rules::KEPT);
    if balance > 0 {
        assert_eq!(load(&mut purse, balance), 0x9000);
    }
    purse
}

pub(super) fn select(purse: &mut Purse) {
    assert_eq!(send(purse, [0, 0xA4, 4, 0], &AID).unwrap().status().0, 0x9000);
}

pub(super) fn send(purse: &mut Purse, header: [u8; 4], data: &[u8]) -> Result<Response, Fault> {
    let le = (header[0] == 0x90 && data.is_empty()).then_some(256);
    purse.step(&Command::new(header, data, le).unwrap())
}

/// The status word and data of an answer; `Err` where power was lost.
pub(super) fn ask(purse: &mut Purse, ins: u8, p1: u8, data: &[u8]) -> Result<(u16, Vec<u8>), Fault> {
    let response = send(purse, [0x90, ins, p1, 0], data)?;
    Ok((response.status().0, response.data().to_vec()))
}

pub(super) fn authority(
    purse: &mut Purse,
    kind: AuthorityKind,
    content: &[u8],
) -> Result<(u16, Vec<u8>), Fault> {
    let contents = purse.contents();
    let to = (contents.purse(), contents.authority_sequence());
    let data = authority_data(to, kind, content, content);
    ask(purse, 0x34, kind.byte(), &data)
}

pub(super) fn authority_data(
    to: (SubjectId, AuthoritySequence),
    kind: AuthorityKind,
    signed: &[u8],
    sent: &[u8],
) -> Vec<u8> {
    let signature = authority_message(&issuer_key(), to, kind, signed).unwrap();
    [to.1.0.to_be_bytes().as_slice(), sent, &signature].concat()
}

pub(super) fn money(of: (Currency, Series), amount: u32) -> Vec<u8> {
    [of.0.0.as_slice(), &of.1.0, &amount.to_be_bytes()].concat()
}

pub(super) fn load(purse: &mut Purse, amount: u32) -> u16 {
    authority(purse, AuthorityKind::Load, &money(YUAN, amount)).unwrap().0
}

/// How many entries, and the entries, as the issuer signs them.
pub(super) fn logged_set(purse: &Purse) -> Vec<u8> {
    let entries: Vec<Entry> = purse.contents().exceptions().copied().collect();
    let mut set = vec![u8::try_from(entries.len()).unwrap()];
    entries.iter().for_each(|entry| set.extend(entry.to_bytes()));
    set
}

pub(super) fn pay_details(from: &Purse, to: &Purse, amount: u32) -> PayDetails {
    PayDetails {
        from: from.contents().purse(),
        from_sequence: from.contents().next_sequence(),
        to: to.contents().purse(),
        to_sequence: to.contents().next_sequence(),
        amount: Amount::new(amount),
        currency: YUAN.0,
        series: YUAN.1,
    }
}

pub(super) fn show(purse: &mut Purse, chain: &CertificateChain, today: Day) -> Result<u16, Fault> {
    let issuer = [today.0.to_be_bytes().as_slice(), &chain.issuer.to_bytes()].concat();
    let (status, _) = ask(purse, 0x20, 0, &issuer)?;
    assert_eq!(status, 0x9000);
    Ok(ask(purse, 0x20, 1, &chain.subject.to_bytes())?.0)
}

/// The chain that a purse shows.
pub(super) fn shown(purse: &mut Purse) -> CertificateChain {
    let mut certificate = |p1| Certificate::parse(&ask(purse, 0x14, p1, &[]).unwrap().1).unwrap();
    CertificateChain { issuer: certificate(0), subject: certificate(1) }
}

/// The step of a side: start from (0), start to (1).
pub(super) fn start(
    purse: &mut Purse,
    side: Side,
    counterpart: &CertificateChain,
    details: &PayDetails,
) -> Result<(u16, Vec<u8>), Fault> {
    let status = show(purse, counterpart, TODAY)?;
    if status != 0x9000 {
        return Ok((status, Vec::new()));
    }
    let ins = if side == Side::From { 0x22 } else { 0x24 };
    ask(purse, ins, 0, &details.to_bytes())
}

/// Both starts; the answer is req.
pub(super) fn start_both(from: &mut Purse, to: &mut Purse, details: &PayDetails) -> Result<Vec<u8>, u16> {
    let (payer, payee) = (shown(from), shown(to));
    let (status, _) = start(from, Side::From, &payee, details).unwrap();
    if status != 0x9000 {
        return Err(status);
    }
    ok(start(to, Side::To, &payer, details).unwrap())
}

pub(super) fn ok((status, data): (u16, Vec<u8>)) -> Result<Vec<u8>, u16> {
    if status == 0x9000 { Ok(data) } else { Err(status) }
}

pub(super) fn req(from: &mut Purse, message: &[u8]) -> Result<Vec<u8>, u16> {
    ok(ask(from, 0x26, 0, message).unwrap())
}

pub(super) fn val(to: &mut Purse, message: &[u8]) -> Result<Vec<u8>, u16> {
    ok(ask(to, 0x28, 0, message).unwrap())
}

pub(super) fn ack(from: &mut Purse, message: &[u8]) -> Result<Vec<u8>, u16> {
    ok(ask(from, 0x2A, 0, message).unwrap())
}

pub(super) fn abort(purse: &mut Purse) -> u16 {
    ask(purse, 0x2E, 0, &[]).unwrap().0
}

/// A whole transfer.
pub(super) fn transfer(from: &mut Purse, to: &mut Purse, amount: u32) -> Result<PayDetails, u16> {
    let details = pay_details(from, to, amount);
    let asked = start_both(from, to, &details)?;
    let paid = req(from, &asked)?;
    let received = val(to, &paid)?;
    ack(from, &received)?;
    Ok(details)
}

/// Ends what two purses have begun, from what they say about it themselves.
pub(super) fn resume(from: &mut Purse, to: &mut Purse) {
    for _ in 0..3 {
        for is_payer in [false, true] {
            let (asked, other) = if is_payer { (&mut *from, &mut *to) } else { (&mut *to, &mut *from) };
            let (status, answer) = ask(asked, 0x2C, 0, &[]).unwrap();
            assert_eq!(status, 0x9000);
            match answer.split_first() {
                Some((1, message)) => drop(ask(other, 0x26, 0, message).unwrap()),
                Some((2, message)) => drop(ask(other, 0x28, 0, message).unwrap()),
                Some((3, message)) => drop(ask(other, 0x2A, 0, message).unwrap()),
                _ => {}
            }
        }
    }
}

pub(super) fn yuan(purse: &Purse) -> u32 {
    purse.contents().balance(YUAN.0, YUAN.1).unwrap().units()
}

/// What a purse says that it may have paid, and may not have received: under way or logged.
pub(super) fn maybe_lost(contents: &Contents) -> Vec<Entry> {
    let under_way = contents.under_way().filter(|_| contents.status() != Status::Epr);
    contents.exceptions().copied().chain(under_way).collect()
}

/// What is lost: in both purses' words.
pub(super) fn lost(purses: &[&Contents]) -> u64 {
    let all: Vec<Entry> = purses.iter().flat_map(|contents| maybe_lost(contents)).collect();
    let paid = all.iter().filter(|payer| all.iter().any(|payee| is_lost(payer, payee)));
    paid.map(|entry| u64::from(entry.details.amount.units())).sum()
}

/// Σ balances + Σ lost, in yuan.
pub(super) fn accounted(purses: &[&Contents]) -> u64 {
    let balance = |contents: &&Contents| u64::from(contents.balance(YUAN.0, YUAN.1).unwrap().units());
    purses.iter().map(balance).sum::<u64>() + lost(purses)
}

pub(super) fn pair() -> (Purse, Purse) {
    (purse(1, 1_000), purse(2, 500))
}

pub(super) fn power_cycle(purse: Purse) -> Purse {
    let mut nvm = purse.power_off();
    nvm.restore_power();
    let mut purse = Purse::power_on(nvm).unwrap();
    select(&mut purse);
    purse
}

pub(super) fn synchronise(purse: &mut Purse, day: Day, limits: PocketLimits) -> u16 {
    let content = [day.0.to_be_bytes().as_slice(), &limits.to_bytes().repeat(POCKETS)].concat();
    authority(purse, AuthorityKind::Synchronise, &content).unwrap().0
}

/// Leaves an exception in the payee, and one in the payer where the value was sent.
pub(super) fn break_off(from: &mut Purse, to: &mut Purse, is_paid: bool) -> PayDetails {
    let details = pay_details(from, to, 10);
    let asked = start_both(from, to, &details).unwrap();
    if is_paid {
        req(from, &asked).unwrap();
    }
    assert_eq!((abort(from), abort(to)), (0x9000, 0x9000));
    details
}

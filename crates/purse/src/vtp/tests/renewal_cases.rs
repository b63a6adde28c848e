//! New certificates: which a purse takes. Losses of power: [`super::tearing`].

use super::*;

const LATER: Day = Day(TODAY.0 + 120);

fn own_key(number: u8, generation: u16) -> KeyPair {
    KeyPair::from_seed(&seed(number, generation))
}

/// What the issuer of purse 1 renews its first certificates with.
pub(super) fn renewed(valid_until: Day) -> CertificateChain {
    chain_for(&scheme_key(), (1, 1), &own_key(1, 1), valid_until)
}

pub(super) fn renew(purse: &mut Purse, chain: &CertificateChain) -> Result<u16, Fault> {
    let (status, _) = ask(purse, 0x36, 0, &chain.issuer.to_bytes())?;
    assert_eq!(status, 0x9000);
    Ok(ask(purse, 0x36, 1, &chain.subject.to_bytes())?.0)
}

#[test]
fn a_purse_with_new_certificates_is_believed_when_the_old_ones_are_over() {
    let (mut from, mut to) = pair();
    let after = Day(TODAY.0 + 31);
    let old = shown(&mut from);
    assert_eq!(show(&mut to, &old, after).unwrap(), 0x6982);
    assert_eq!(renew(&mut from, &renewed(LATER)).unwrap(), 0x9000);
    let new = shown(&mut from);
    assert_eq!(new, renewed(LATER));
    assert_eq!(show(&mut to, &new, after).unwrap(), 0x9000);
    assert!(transfer(&mut from, &mut to, 100).is_ok());
    assert_eq!(accounted(&[from.contents(), to.contents()]), 1_500);
}

#[test]
fn new_certificates_come_twice_without_effect_and_older_ones_never() {
    let mut purse = purse(1, 0);
    assert_eq!(renew(&mut purse, &chain(1, 1)).unwrap(), 0x9000, "those that it has");
    assert_eq!(renew(&mut purse, &renewed(LATER)).unwrap(), 0x9000);
    let before = purse.contents().clone();
    assert_eq!(renew(&mut purse, &renewed(LATER)).unwrap(), 0x9000);
    assert_eq!(renew(&mut purse, &chain(1, 1)).unwrap(), 0x6985);
    assert_eq!(*purse.contents(), before);
}

#[test]
fn certificates_of_others_and_by_others_are_refused() {
    let mut purse = purse(1, 100);
    let before = purse.contents().clone();
    let (ours, theirs) = (scheme_key(), KeyPair::from_seed(&[9; 32]));
    let refused = [
        (chain_for(&ours, (2, 1), &own_key(2, 1), LATER), 0x6982, "another purse's"),
        (chain_for(&theirs, (1, 1), &own_key(1, 1), LATER), 0x6982, "another scheme's"),
        (chain_for(&ours, (1, 1), &theirs, LATER), 0x6A80, "another key's"),
        (chain_for(&ours, (1, 2), &own_key(1, 1), LATER), 0x6A80, "another generation's"),
        (chain_for(&ours, (1, 3), &own_key(1, 1), LATER), 0x6A80, "no generation of the purse"),
    ];
    for (chain, status, whose) in refused {
        assert_eq!(renew(&mut purse, &chain).unwrap(), status, "{whose}");
    }
    let mut changed = renewed(LATER).subject.to_bytes();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(ask(&mut purse, 0x36, 0, &renewed(LATER).issuer.to_bytes()).unwrap().0, 0x9000);
    assert_eq!(ask(&mut purse, 0x36, 1, &changed).unwrap().0, 0x6982);
    assert_eq!(*purse.contents(), before);
}

#[test]
fn both_halves_come_in_order_and_have_their_length() {
    let mut purse = purse(1, 0);
    let CertificateChain { issuer, subject } = renewed(LATER);
    assert_eq!(ask(&mut purse, 0x36, 1, &subject.to_bytes()).unwrap().0, 0x6985);
    assert_eq!(ask(&mut purse, 0x36, 0, &issuer.to_bytes()[1..]).unwrap().0, 0x6700);
    assert_eq!(ask(&mut purse, 0x36, 2, &subject.to_bytes()).unwrap().0, 0x6A86);
    assert_eq!(ask(&mut purse, 0x36, 0, &issuer.to_bytes()).unwrap().0, 0x9000);
    assert_eq!(ask(&mut purse, 0x36, 1, &subject.to_bytes()[1..]).unwrap().0, 0x6700);
    assert_eq!(ask(&mut purse, 0x36, 1, &subject.to_bytes()).unwrap().0, 0x6985, "the first half is used up");
    assert_eq!(ask(&mut purse, 0x36, 0, &issuer.to_bytes()).unwrap().0, 0x9000);
    select(&mut purse);
    assert_eq!(ask(&mut purse, 0x36, 1, &subject.to_bytes()).unwrap().0, 0x6985, "selected anew");
    assert_eq!(renew(&mut purse, &renewed(LATER)).unwrap(), 0x9000);
}

#[test]
fn each_generation_is_renewed_for_itself_and_one_that_is_off_stays_off() {
    let mut purse = purse(1, 0);
    let first = [ISSUER.0.as_slice(), &[0, 1]].concat();
    assert_eq!(authority(&mut purse, AuthorityKind::SwitchOffGeneration, &first).unwrap().0, 0x9000);
    assert_eq!(renew(&mut purse, &renewed(LATER)).unwrap(), 0x6982);
    let second = chain_for(&scheme_key(), (1, 2), &own_key(1, 2), LATER);
    assert_eq!(renew(&mut purse, &second).unwrap(), 0x9000);
    assert_eq!(shown(&mut purse), second);
}

#[test]
fn a_transfer_that_is_under_way_ends_with_new_certificates() {
    let (mut from, mut to) = pair();
    let details = pay_details(&from, &to, 100);
    let asked = start_both(&mut from, &mut to, &details).unwrap();
    assert_eq!(renew(&mut from, &renewed(LATER)).unwrap(), 0x9000);
    let paid = req(&mut from, &asked).unwrap();
    let received = val(&mut to, &paid).unwrap();
    ack(&mut from, &received).unwrap();
    assert_eq!((yuan(&from), yuan(&to)), (900, 600));
}

/// Faults: what notices that `CertifiedRenewal` is broken.
pub(super) fn refuses_a_strange_scheme(rules: Rules) -> bool {
    let mut purse = install(contents(1, 0), rules);
    let strange = chain_for(&KeyPair::from_seed(&[9; 32]), (1, 1), &own_key(1, 1), LATER);
    renew(&mut purse, &strange).unwrap() == 0x6982
}

/// Faults: what notices that `LaterRenewal` is broken.
pub(super) fn refuses_older_certificates(rules: Rules) -> bool {
    let mut purse = install(contents(1, 0), rules);
    assert_eq!(renew(&mut purse, &renewed(LATER)).unwrap(), 0x9000);
    renew(&mut purse, &chain(1, 1)).unwrap() == 0x6985
}

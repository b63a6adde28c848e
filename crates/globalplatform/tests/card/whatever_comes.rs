//! Random commands, plain and protected, in any order: what is refused changes nothing, and the registry's image is always
//! read as the same registry.

use globalplatform::{
    aid::Aid,
    apdu::{Command, Response},
    domain::Answer,
    keys::KeyVersion,
    registry::{REGISTRY_BYTES, Registry},
    secure_channel::{HostOpening, SecurityLevel, StaticKeys},
};
use proptest::prelude::*;

use crate::bench::{
    Bench, DOMAIN, DOMAIN_FILE, DOMAIN_MODULE, Line, PURSE, PURSE_FILE, PURSE_MODULE, Purses, aes_keys,
    data_block, des_keys, for_load, install, named, root_keys, tagged,
};

#[derive(Clone, Debug)]
enum Step {
    Plain(Vec<u8>),
    Protected([u8; 4], Vec<u8>),
    Load,
    Personalise,
    PutKey { replaces: u8, version: u8, keys: u8, damage: Option<usize> },
    Open(SecurityLevel),
    SelectDomain,
    SelectPurse,
    Reset,
    Value(bool),
}

fn command() -> impl Strategy<Value = ([u8; 4], Vec<u8>)> {
    let aid = || prop::sample::select(vec![PURSE, PURSE_FILE, DOMAIN, DOMAIN_FILE, &[9; 5]]);
    let domain = prop::sample::select(vec![&[][..], DOMAIN]);
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        (aid(), domain).prop_map(|(aid, domain)| ([0x80, 0xE6, 2, 0], for_load(aid, domain, b"purse"))),
        Just(([0x80, 0xE8, 0x80, 0], data_block(b"purse"))),
        Just(([0x80, 0xE6, 0x0C, 0], install(PURSE_FILE, PURSE_MODULE, PURSE, &[0]))),
        Just(([0x80, 0xE6, 0x0C, 0], install(DOMAIN_FILE, DOMAIN_MODULE, DOMAIN, &[0x80]))),
        aid().prop_map(|aid| ([0x80, 0xE6, 0x20, 0], named(aid))),
        (0..3_u8, bytes()).prop_map(|(block, data)| ([0x80, 0xE2, 0x08, block], data)),
        Just(([0x80, 0xE2, 0x88, 0], vec![0, 1, 1, 7])),
        aid().prop_map(|aid| ([0x80, 0xE4, 0, 0], tagged(aid))),
        prop::sample::select(vec![0x07, 0x0F, 0x7F]).prop_map(|state| ([0x80, 0xF0, 0x80, state], vec![])),
        (aid(), any::<bool>())
            .prop_map(|(aid, lock)| ([0x80, 0xF0, 0x40, if lock { 0x80 } else { 0 }], aid.to_vec())),
        (prop::sample::select(vec![0x80, 0x40, 0x20]), 2..4_u8)
            .prop_map(|(p1, p2)| ([0x80, 0xF2, p1, p2], vec![0x4F, 0])),
        (any::<[u8; 3]>(), bytes()).prop_map(|([ins, p1, p2], data)| ([0x80, ins, p1, p2], data)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let level = prop::sample::select(SecurityLevel::ALL.to_vec());
    prop_oneof![
        12 => command().prop_map(|(header, data)| Step::Protected(header, data)),
        2 => command().prop_map(|(header, data)| {
            Step::Plain(Command::new(header, &data, None).unwrap().to_bytes().as_slice().to_vec())
        }),
        1 => prop::collection::vec(any::<u8>(), 0..262).prop_map(Step::Plain),
        2 => (prop::sample::select(vec![0, 0x30, 0x31]), 0x30..0x33_u8, 0..3_u8, prop::option::of(0..40_usize))
            .prop_map(|(replaces, version, keys, damage)| Step::PutKey { replaces, version, keys, damage }),
        3 => level.prop_map(Step::Open),
        2 => Just(Step::Load),
        3 => Just(Step::Personalise),
        1 => Just(Step::SelectDomain),
        1 => Just(Step::SelectPurse),
        1 => Just(Step::Reset),
        1 => any::<bool>().prop_map(Step::Value),
    ]
}

/// Which keys the host has put so far, by version; the host knows what the card was told.
fn some_keys(number: u8) -> StaticKeys {
    [root_keys(), aes_keys(0x60, 32), des_keys(0x10)][usize::from(number)].clone()
}

/// A channel with whichever keys the selected domain has; none where it is the turn of an application.
fn try_open(card: &mut Bench, level: SecurityLevel) -> Option<Line> {
    for number in 0..3 {
        let (opening, begin) = HostOpening::begin(0, [number; 8]);
        let Answer::Response(answer) = card.answer(begin.as_slice()) else { return None };
        let Ok((host, command)) = opening.authenticate(&some_keys(number), answer.data(), level) else {
            continue;
        };
        return (card.status(command.as_slice()) == 0x9000).then_some(Line { host });
    }
    None
}

/// What a refusal must leave as it was: everything but interruptions.
fn content(card: &Bench) -> (Registry, Purses) {
    let mut applications = card.applications.clone();
    applications.0.values_mut().for_each(|purse| purse.interruptions = 0);
    (card.registry.clone(), applications)
}

fn send(card: &mut Bench, apdu: &[u8]) -> Option<Response> {
    let before = content(card);
    let answer = card.answer(apdu);
    let is_refused = match &answer {
        Answer::Response(response) => !response.status().is_success() && !response.status().is_warning(),
        _ => true,
    };
    if is_refused {
        assert_eq!(content(card), before, "{apdu:02X?} was refused and has changed something");
    }
    match answer {
        Answer::Response(response) => Some(response),
        _ => None,
    }
}

fn protected(card: &mut Bench, line: &mut Option<Line>, header: [u8; 4], data: &[u8]) {
    if line.is_none() {
        *line = try_open(card, SecurityLevel::FULL);
    }
    let Some(open) = line else { return };
    let Ok(wrapped) = open.host.wrap(&Command::new(header, data, Some(256)).unwrap()) else { return };
    let response = send(card, wrapped.as_slice());
    if response.is_none_or(|response| open.host.unwrap(&response).is_err()) {
        *line = None;
    }
}

fn carry_out(card: &mut Bench, line: &mut Option<Line>, step: &Step) {
    match step {
        Step::Plain(apdu) => {
            send(card, apdu);
        }
        Step::Protected(header, data) => protected(card, line, *header, data),
        Step::Load => {
            protected(card, line, [0x80, 0xE6, 2, 0], &for_load(PURSE_FILE, &[], b"purse"));
            protected(card, line, [0x80, 0xE8, 0x80, 0], &data_block(b"purse"));
            protected(card, line, [0x80, 0xE6, 0x0C, 0], &install(PURSE_FILE, PURSE_MODULE, PURSE, &[0]));
        }
        Step::Personalise => {
            protected(card, line, [0x80, 0xE6, 0x20, 0], &named(PURSE));
            protected(card, line, [0x80, 0xE2, 0x08, 0], &[0, 1, 1, 7]);
            protected(card, line, [0x80, 0xE2, 0x88, 1], &[0, 2, 1, 7]);
        }
        Step::PutKey { replaces, version, keys, damage } => {
            let Some(open) = line else { return };
            let (replaces, version) = (KeyVersion::new(*replaces), KeyVersion::new(*version).unwrap());
            let command = open.host.put_key(replaces, version, &some_keys(*keys)).unwrap();
            let command = command.command().unwrap();
            let mut data = command.data().to_vec();
            if let Some(place) = damage {
                data[*place] ^= 0x04;
            }
            protected(card, line, command.header(), &data);
        }
        Step::Open(level) => *line = try_open(card, *level),
        Step::SelectDomain => {
            card.select(DOMAIN);
        }
        Step::SelectPurse => {
            card.select(PURSE);
        }
        Step::Reset => {
            card.reset();
            *line = None;
        }
        Step::Value(holds) => {
            card.applications.0.values_mut().for_each(|purse| purse.holds_value = *holds);
        }
    }
}

/// Whatever happened, what the card lists and what its applications are is the same.
fn check(card: &Bench) {
    let image = card.registry.to_image();
    assert_eq!(Registry::from_image(&image).as_ref(), Ok(&card.registry));
    let listed = card.registry.entries().filter(|(_, entry)| entry.state().is_some() && !entry.is_domain());
    let mut listed: Vec<Aid> = listed.map(|(_, entry)| entry.aid).collect();
    listed.sort_by_key(|aid| aid.as_slice().to_vec());
    let mut there: Vec<Aid> = card.applications.0.keys().map(|aid| Aid::new(aid).unwrap()).collect();
    there.sort_by_key(|aid| aid.as_slice().to_vec());
    assert_eq!(listed, there);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_refused_changes_nothing(steps in prop::collection::vec(step(), 1..40), has_purse: bool) {
        let mut card = if has_purse { Bench::with_purse() } else { Bench::blank() };
        card.reset();
        let mut line = try_open(&mut card, SecurityLevel::C_MAC);
        for step in &steps {
            let value_before = card.applications.0.values().filter(|purse| purse.holds_value).count();
            carry_out(&mut card, &mut line, step);
            check(&card);
            let value_after = card.applications.0.values().filter(|purse| purse.holds_value).count();
            prop_assert!(matches!(step, Step::Value(_)) || value_after == value_before);
        }
    }

    #[test]
    fn a_damaged_image_is_refused_or_is_another_whole_registry(
        place in 0..REGISTRY_BYTES, change in 1_u8..,
    ) {
        let mut image = Bench::with_purse().registry.to_image();
        image[place] ^= change;
        if let Ok(registry) = Registry::from_image(&image) {
            prop_assert_eq!(registry.to_image(), image);
        }
    }
}

#[test]
fn an_image_of_nothing_is_no_registry() {
    assert!(Registry::from_image(&[0; REGISTRY_BYTES]).is_err());
    assert!(Registry::from_image(&[0xFF; REGISTRY_BYTES]).is_err());
}

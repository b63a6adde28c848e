//! What a security module says about TACs, and what it never says: one of terms that it did not sign.

use std::ops::ControlFlow;

use purse::{
    amount::Amount,
    fields::{DateTime, Kind, TerminalId, TerminalTransaction, Terms},
    key_table::KeyRecord,
    pboc::{
        key::{Algorithm, Cancel, Damk, Dpk, Dtk, Maintenance, Purchase, Purpose, TransactionCode},
        session::SessionKey,
        transaction::purchase_tac,
    },
    psam::{CODE_TRIES, ModuleContents},
    simulated::Tear,
};

use crate::desk::{
    Answer, Desk, TERMINAL, WHEN,
    counter::{
        Counter, ONE_LEVEL, card, card_with, collect, diversified, factor, master_keys, personalisation,
    },
    key, keys, profile,
};

/// A sale up to the card's answer: the module's number, and TAC ‖ MAC2.
fn debited(desk: &mut Desk, counter: &mut Counter, amount: u32) -> ([u8; 4], Answer) {
    let begun = desk.initialise(1, 2, amount).unwrap().ok();
    let signed = counter.authorise(&begun, amount, Kind::Purchase, &factor()).unwrap().ok();
    let parts: [&[u8]; 3] = [&signed.data[..4], &WHEN.0, &signed.data[4..]];
    (signed.part(0), desk.apdu([0x80, 0x54, 1, 0], &parts).unwrap().ok())
}

/// What 80 78 is asked.
#[derive(Clone, Copy)]
struct Question {
    amount: u32,
    kind: u8,
    number: [u8; 4],
    when: DateTime,
    tac: [u8; 4],
}

impl Question {
    fn of(amount: u32, number: [u8; 4], receipt: &Answer) -> Self {
        Self { amount, kind: Kind::Purchase.byte(), number, when: WHEN, tac: receipt.part(0) }
    }

    fn data(&self) -> Vec<u8> {
        let amount = self.amount.to_be_bytes();
        [&amount[..], &[self.kind], &self.number, &self.when.0, &self.tac, &factor()].concat()
    }

    fn ask(&self, counter: &mut Counter) -> u16 {
        counter.send([0x80, 0x78, 0, 0], &[&self.data()]).unwrap().status
    }
}

/// Tries of 80 72 and of 80 78.
fn tries(counter: &mut Counter) -> [u8; 2] {
    counter.send([0x00, 0xB0, 0x98, 0], &[]).unwrap().ok().part(0)
}

#[test]
fn a_proof_is_right_in_both_halves_or_wrong() {
    let mut counter = Counter::new();
    for (flipped, says) in [(None, 0x9000), (Some(0), 0x9302), (Some(7), 0x9302)] {
        let mut receipt = debited(&mut card(), &mut counter, 850).1;
        if let Some(at) = flipped {
            receipt.data[at] ^= 1;
        }
        assert_eq!(counter.verify(&receipt).unwrap().status, says);
    }
    assert_eq!(counter.module.contents().verified(), Amount::new(850));
    assert_eq!(tries(&mut counter), [3, CODE_TRIES]);
}

#[test]
fn mac2_alone_is_a_proof_only_for_a_module_that_knows_no_tacs() {
    let (mut counter, mut knows_none) = (Counter::new(), Counter::with(&master_keys()[..3]));
    let receipt = debited(&mut card(), &mut counter, 1).1;
    assert_eq!(counter.send([0x80, 0x72, 0, 0], &[&receipt.data[4..]]).unwrap().status, 0x6700);
    let (number, receipt) = debited(&mut card(), &mut knows_none, 1);
    assert_eq!(knows_none.send([0x00, 0xB0, 0x98, 0], &[]).unwrap().status, 0x6A82);
    assert_eq!(Question::of(1, number, &receipt).ask(&mut knows_none), 0x9403);
    let receipt = debited(&mut card(), &mut knows_none, 1).1;
    assert_eq!(knows_none.verify(&receipt).unwrap().status, 0x6700);
    let receipt = debited(&mut card(), &mut knows_none, 1).1;
    assert_eq!(knows_none.send([0x80, 0x72, 0, 0], &[&receipt.data[4..]]).unwrap().status, 0x9000);
}

/// Cards do not say which version their key has.
#[test]
fn a_tac_under_any_version_is_taken_until_it_is_too_old() {
    let (dpk, damk): (Dpk, Damk) = (key(), key());
    for of_card in 1..=3 {
        let code_key = |version| {
            let key = if version == of_card { key() } else { Dtk::new([version; 16]) };
            KeyRecord::new(&key, ONE_LEVEL, version, 0)
        };
        let mut keys: Vec<KeyRecord> = (1..=3).map(code_key).collect();
        keys.extend([1, 3].map(|version| KeyRecord::new(&dpk, ONE_LEVEL, version, 0)));
        keys.push(KeyRecord::new(&damk, ONE_LEVEL, 1, 0));
        let mut counter = Counter::with(&keys);
        let own = KeyRecord::new(&diversified::<Purchase>(Algorithm::TripleDes), 1, 3, 0);
        let mut card = card_with(profile(), &own, Algorithm::TripleDes);
        let (number, receipt) = debited(&mut card, &mut counter, 5);
        assert_eq!(counter.verify(&receipt).unwrap().status, 0x9000);
        assert_eq!(collect(&mut counter, 10_000, 2).unwrap(), 0x9000);
        let says = if of_card == 1 { 0x9302 } else { 0x9000 };
        assert_eq!(Question::of(5, number, &receipt).ask(&mut counter), says);
        let receipt = debited(&mut card, &mut counter, 5).1;
        assert_eq!(counter.verify(&receipt).unwrap().status, says);
    }
}

#[test]
fn a_module_whose_keys_are_all_too_old_blames_no_card() {
    let mut counter = Counter::new();
    assert_eq!(collect(&mut counter, 10_000, 4).unwrap(), 0x9000);
    let begun = card().initialise(1, 2, 5).unwrap().ok();
    assert_eq!(counter.authorise(&begun, 5, Kind::Purchase, &factor()).unwrap().status, 0x9403);
    assert_eq!(counter.send([0x00, 0xB0, 0x98, 0], &[]).unwrap().status, 0x6A82);
}

#[test]
fn the_tac_of_a_card_that_was_pulled_is_known_again_and_no_other() {
    let (mut desk, mut counter) = (card(), Counter::new());
    let (number, receipt) = debited(&mut desk, &mut counter, 77);
    counter.power_cycle().unwrap();
    let right = Question::of(77, number, &receipt);
    assert_eq!(right.ask(&mut counter), 0x9000);
    assert_eq!(tries(&mut counter), [5, CODE_TRIES], "a right one costs nothing");
    let after = DateTime([0x20, 0x26, 0x11, 0x22, 0x13, 0x30, 0x01]);
    debited(&mut desk, &mut counter, 1);
    let wrong = [
        Question { amount: 78, ..right },
        Question { kind: Kind::Cancel.byte(), ..right },
        Question { number: [0, 0, 0, 1], ..right },
        Question { when: after, ..right },
        Question { tac: right.tac.map(|byte| !byte), ..right },
    ];
    for question in wrong {
        assert_eq!(question.ask(&mut counter), 0x9302);
    }
    assert_eq!(tries(&mut counter), [5, CODE_TRIES - 5]);
}

#[test]
fn what_the_module_cannot_have_signed_is_refused_without_a_guess() {
    let (mut desk, mut counter) = (card(), Counter::new());
    let (number, receipt) = debited(&mut desk, &mut counter, 77);
    let right = Question::of(77, number, &receipt);
    assert_eq!(Question { number: [0, 0, 0, 1], ..right }.ask(&mut counter), 0x6A80, "not given out yet");
    for kind in Kind::ALL.into_iter().filter(|kind| !kind.is_debit_or_cancel()) {
        assert_eq!(Question { kind: kind.byte(), ..right }.ask(&mut counter), 0x6A80, "{kind:?}");
    }
    let data = right.data();
    for length in [0, 19, 21, data.len() - 1] {
        assert_eq!(counter.send([0x80, 0x78, 0, 0], &[&data[..length]]).unwrap().status, 0x6700);
    }
    assert_eq!(counter.send([0x80, 0x78, 0, 0], &[&data, &[0; 24]]).unwrap().status, 0x6700);
    assert_eq!(counter.send([0x80, 0x78, 1, 0], &[&data]).unwrap().status, 0x6A86);
    assert_eq!(tries(&mut counter), [5, CODE_TRIES]);
}

/// Whoever has one right TAC says it again and again between his guesses.
#[test]
fn right_tacs_buy_no_more_guesses() {
    let (mut desk, mut counter) = (card(), Counter::new());
    let (number, receipt) = debited(&mut desk, &mut counter, 77);
    let right = Question::of(77, number, &receipt);
    let mut guesses = 0_u32;
    while right.ask(&mut counter) == 0x9000 {
        let tac = guesses.to_be_bytes();
        assert_eq!(Question { amount: 5_000, tac, ..right }.ask(&mut counter), 0x9302);
        guesses += 1;
        counter.power_cycle().unwrap();
    }
    assert_eq!(guesses, u32::from(CODE_TRIES));
    assert_eq!(right.ask(&mut counter), 0x6983);
    let receipt = debited(&mut desk, &mut counter, 1).1;
    assert_eq!(counter.verify(&receipt).unwrap().status, 0x9000, "it goes on selling");
    assert_eq!(right.ask(&mut counter), 0x6983);
    assert_eq!(collect(&mut counter, 10_000, 1).unwrap(), 0x9000);
    assert_eq!(right.ask(&mut counter), 0x9000);
}

#[test]
fn a_module_with_a_key_that_gives_cannot_be_made() {
    for key in keys() {
        let takes = key.key::<Purchase>().is_some() || key.key::<Cancel>().is_some();
        let is_ours = takes || key.key::<TransactionCode>().is_some() || key.key::<Maintenance>().is_some();
        let made = ModuleContents::personalised(&personalisation(std::slice::from_ref(&key)));
        assert_eq!(made.is_some(), is_ours, "{key:?}");
    }
}

/// Every loss of power in 80 78: who has heard that a TAC is wrong has paid for it, and no loss gives a try back.
#[test]
fn a_guess_is_paid_for_wherever_power_is_lost() {
    let mut points = 0;
    for (tear, is_right) in Tear::SAMPLES.into_iter().flat_map(|tear| [(tear, true), (tear, false)]) {
        for at in 0..200 {
            let (mut desk, mut counter) = (card(), Counter::new());
            let (number, receipt) = debited(&mut desk, &mut counter, 77);
            let mut question = Question::of(77, number, &receipt);
            question.tac[0] ^= u8::from(!is_right);
            counter.module.nvm_mut().cut_at(at, tear);
            let answer = counter.send([0x80, 0x78, 0, 0], &[&question.data()]).map(|answer| answer.status);
            let is_whole = counter.send([0x00, 0xB0, 0x96, 0], &[]).is_ok();
            counter.power_cycle().unwrap();
            let [of_proofs, left] = tries(&mut counter);
            assert_eq!(of_proofs, 5);
            match answer {
                Ok(0x9000) => assert!(is_right && left == CODE_TRIES),
                Ok(status) => {
                    assert!(!is_right && status == 0x9302 && left == CODE_TRIES - 1, "{at} {tear:?}")
                }
                Err(_) => assert!([CODE_TRIES - 1, CODE_TRIES].contains(&left)),
            }
            points += 1;
            if answer.is_ok() && is_whole {
                break;
            }
        }
    }
    assert!(points > 200, "{points}");
}

/// Every loss of power in 80 72: a right proof counts once or not at all, and a wrong one that was answered costs a try.
#[test]
fn a_proof_is_counted_wherever_power_is_lost() {
    let mut points = 0;
    for (tear, is_right) in Tear::SAMPLES.into_iter().flat_map(|tear| [(tear, true), (tear, false)]) {
        for at in 0..200 {
            let mut counter = Counter::new();
            let mut receipt = debited(&mut card(), &mut counter, 77).1;
            receipt.data[0] ^= u8::from(!is_right);
            counter.module.nvm_mut().cut_at(at, tear);
            let answer = counter.verify(&receipt).map(|answer| answer.status);
            let is_whole = counter.send([0x00, 0xB0, 0x96, 0], &[]).is_ok();
            counter.power_cycle().unwrap();
            let (verified, [left, _]) = (counter.module.contents().verified().units(), tries(&mut counter));
            match answer {
                Ok(0x9000) => assert!(is_right && (verified, left) == (77, 5)),
                Ok(status) => assert!(!is_right && (status, verified, left) == (0x9302, 0, 4)),
                Err(_) => assert!(verified == 0 || is_right && verified == 77 && left == 5),
            }
            points += 1;
            if answer.is_ok() && is_whole {
                break;
            }
        }
    }
    assert!(points > 200, "{points}");
}

/// What nobody may learn from a module: TACs of a card for terms of every sort, its TAC key, and what makes it.
fn secrets() -> Vec<Vec<u8>> {
    let mut secrets = Vec::new();
    for algorithm in [Algorithm::TripleDes, Algorithm::Sm4Own] {
        let own: Dtk = diversified(algorithm);
        let session = SessionKey::of_transaction_codes(&own, algorithm);
        for (terminal, kind) in [TERMINAL, TerminalId([9; 6])].into_iter().flat_map(|terminal| {
            [Kind::Purchase, Kind::CompoundPurchase, Kind::Cancel].map(|kind| (terminal, kind))
        }) {
            for number in [0, 1, 2, 1_000] {
                let terms = Terms { amount: Amount::new(AMOUNT), kind, terminal };
                let tac = purchase_tac(&session, &terms, TerminalTransaction(number), &WHEN);
                secrets.push(tac.0.0.to_vec());
            }
        }
        secrets.extend(own.expose().chunks(4).chain(session.expose().chunks(4)).map(<[u8]>::to_vec));
    }
    let master: Dtk = key();
    // The middle of the master is the same byte everywhere, as an amount may be.
    secrets.extend([&master.expose()[..4], &master.expose()[12..]].map(<[u8]>::to_vec));
    secrets
}

const AMOUNT: u32 = 5_000;

/// Data that commands may take: a factor, the terms that a TAC covers with and without it, what 80 70, 72, 76 and 78 take.
fn morsels(number: u8) -> Vec<Vec<u8>> {
    let (amount, kind, number) = (AMOUNT.to_be_bytes(), [Kind::Purchase.byte()], [0, 0, 0, number]);
    let covered = [&amount[..], &kind, &TERMINAL.0, &number, &WHEN.0].concat();
    let session = [&[1, 2, 3, 4, 0, 1][..], &amount, &kind, &WHEN.0, &[1, 0], &factor()].concat();
    let check = [&amount[..], &kind, &number, &WHEN.0, &[0; 4], &factor()].concat();
    vec![
        Vec::new(),
        factor().to_vec(),
        covered.clone(),
        [&factor()[..], &covered].concat(),
        [&[0; 4][..], &covered].concat(),
        session,
        check,
        vec![0; 8],
        vec![0; 13],
        vec![0xDF, 0x01],
    ]
}

/// Looks for secrets in an answer.
fn look(secrets: &[Vec<u8>], answer: &Answer) -> ControlFlow<Vec<u8>> {
    let is_in = |secret: &&Vec<u8>| answer.data.windows(secret.len()).any(|part| part == &secret[..]);
    secrets.iter().find(is_in).map_or(ControlFlow::Continue(()), |secret| ControlFlow::Break(secret.clone()))
}

#[test]
fn a_module_in_hand_tells_no_tac_whatever_it_is_asked() {
    let secrets = secrets();
    let (mut asked, mut answered) = (0_u32, 0_u32);
    let mut ask = |counter: &mut Counter, header: [u8; 4], data: &[u8]| {
        let answer = counter.send(header, &[data]).unwrap();
        assert_eq!(look(&secrets, &answer), ControlFlow::Continue(()), "{header:02X?} {data:02X?}");
        asked += 1;
        answered += u32::from(answer.status == 0x9000);
    };
    // Every command with every usage and the versions that the module has.
    for ins in 0..=255 {
        let mut counter = Counter::new();
        for (p1, p2) in (0..=255).flat_map(|p1| [(p1, 0), (p1, 1), (p1, 3)]) {
            for data in morsels(0) {
                ask(&mut counter, [0x80, ins, p1, p2], &data);
            }
        }
    }
    // Every command after every other, as what was derived or begun once is used by the next.
    for first in 0..=255 {
        for (p1, p2) in [(0, 0), (TransactionCode::USAGE, 1), (5, 0)] {
            let mut counter = Counter::new();
            for data in [factor().to_vec(), morsels(0)[5].clone()] {
                for next in 0..=255 {
                    ask(&mut counter, [0x80, first, p1, p2], &data);
                    ask(&mut counter, [0x80, next, if next == 0xFA { 5 } else { 0 }, 0], &morsels(0)[2]);
                }
            }
        }
    }
    assert!(asked > 2_000_000 && answered > 100, "{asked} {answered}");
}

/// The same search finds what a card says in its place: it can fail.
#[test]
fn the_search_for_tacs_finds_one() {
    let (mut desk, mut counter) = (card(), Counter::new());
    let (_, receipt) = debited(&mut desk, &mut counter, AMOUNT);
    assert_eq!(look(&secrets(), &receipt), ControlFlow::Break(receipt.data[..4].to_vec()));
}

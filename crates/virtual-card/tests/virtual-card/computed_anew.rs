//! Entries of every kind with random keys and inputs, against a second implementation that shares no code.

use proptest::prelude::*;
use serde_json::{Value, json};
use virtual_card::compute::compute;

use crate::independent::{
    Plain, hex,
    purse::{code_key, diversified, mac, session},
    scp02, scp03,
};

fn answer(entry: &Value) -> Value {
    let report = serde_json::to_value(compute(&entry.to_string()).unwrap()).unwrap();
    let mut answer = report["vectors"][0].clone();
    assert_eq!(answer.as_object_mut().unwrap().remove("id"), Some(Value::Null));
    answer
}

fn spaced(bytes: &[u8]) -> String {
    hex(bytes).to_uppercase().chars().flat_map(|letter| [' ', letter]).collect()
}

fn line(sign: char, parts: &[&[u8]]) -> String {
    format!("{sign}{}", spaced(&parts.concat()))
}

/// What any purse transaction is about.
#[derive(Clone, Debug)]
struct Facts {
    key: [u8; 16],
    dtk: [u8; 16],
    random: [u8; 4],
    sequence: [u8; 2],
    balance: u32,
    amount: u32,
    terminal: [u8; 6],
    number: [u8; 4],
    date: [u8; 4],
    time: [u8; 3],
    limits: [[u8; 3]; 2],
}

prop_compose! {
    fn facts()(
        (key, dtk, random, sequence) in any::<([u8; 16], [u8; 16], [u8; 4], [u8; 2])>(),
        balance in 0x0100_0000_u32..0x8000_0000,
        amount in 0_u32..0x0100_0000,
        (terminal, number, date, time, limits) in
            any::<([u8; 6], [u8; 4], [u8; 4], [u8; 3], [[u8; 3]; 2])>(),
    ) -> Facts {
        Facts { key, dtk, random, sequence, balance, amount, terminal, number, date, time, limits }
    }
}

impl Facts {
    fn fields(&self, kind: u8, key_name: &str, sequence_name: &str) -> Value {
        json!({
            "type": hex(&[kind]), key_name: hex(&self.key), "DTK": spaced(&self.dtk), "rand": hex(&self.random),
            sequence_name: hex(&self.sequence), "old_balance": hex(&self.balance.to_be_bytes()),
            "term": spaced(&self.terminal), "date": hex(&self.date), "time": hex(&self.time),
        })
    }

    fn with(&self, mut fields: Value, more: &[(&str, &[u8])]) -> Value {
        for (name, bytes) in more {
            fields[name] = json!(hex(bytes));
        }
        fields
    }
}

fn load_or_unload(facts: &Facts, kind: u8) -> Value {
    let Facts { key, dtk, random, sequence, terminal, date, time, .. } = facts;
    let (balance, amount) = (facts.balance.to_be_bytes(), facts.amount.to_be_bytes());
    let after = if kind == 3 { facts.balance - facts.amount } else { facts.balance + facts.amount };
    let after = after.to_be_bytes();
    let key = session(key, &[random, sequence, &[0x80, 0]]);
    let rest: [&[u8]; 5] = [&amount, &[kind], terminal, date, time];
    let last = [&[&after[..], sequence], &rest[..]].concat();
    let mut expected = json!({
        "SESLK": hex(&key),
        "MAC1": mac(&key, &[&balance, &amount, &[kind], terminal]),
        "MAC2": mac(&key, &rest),
    });
    if kind == 3 {
        expected["MAC3"] = json!(mac(&key, &last));
    } else {
        expected["TAC_key"] = json!(hex(&code_key(dtk)));
        expected["TAC"] = json!(mac(&code_key(dtk), &last));
    }
    expected
}

fn purchase(facts: &Facts, kind: u8) -> Value {
    let Facts { key, dtk, random, sequence, terminal, number, date, time, .. } = facts;
    let amount = facts.amount.to_be_bytes();
    let key = session(key, &[random, sequence, &number[2..]]);
    json!({
        "SESPK": hex(&key),
        "MAC1": mac(&key, &[&amount, &[kind], terminal, date, time]),
        "MAC2": mac(&key, &[&amount]),
        "TAC_key": hex(&code_key(dtk)),
        "TAC": mac(&code_key(dtk), &[&amount, &[kind], terminal, number, date, time]),
    })
}

fn overdraft(facts: &Facts) -> Value {
    let Facts { key, dtk, random, sequence, terminal, date, time, limits: [old, new], .. } = facts;
    let units = |limit: &[u8; 3]| u32::from_be_bytes([0, limit[0], limit[1], limit[2]]);
    let after = (facts.balance + units(new) - units(old)).to_be_bytes();
    let key = session(key, &[random, sequence, &[0x80, 0]]);
    json!({
        "SESLK": hex(&key),
        "MAC1": mac(&key, &[&facts.balance.to_be_bytes(), old, &[7], terminal]),
        "MAC2": mac(&key, &[new, &[7], terminal, date, time]),
        "TAC_key": hex(&code_key(dtk)),
        "TAC": mac(&code_key(dtk), &[&after, sequence, new, &[7], terminal, date, time]),
    })
}

proptest! {
    #[test]
    fn loads_and_unloads_are_computed_alike(facts in facts(), kind in 1_u8..=3) {
        let (amount, balance) = (facts.amount.to_be_bytes(), facts.balance.to_be_bytes());
        let (key, init, credit): (_, [u8; 5], [u8; 5]) = match kind {
            3 => ("DULK", [0x80, 0x50, 5, 1, 11], [0x80, 0x54, 3, 0, 11]),
            _ => ("DLK", [0x80, 0x50, 0, kind, 11], [0x80, 0x52, 0, 0, 11]),
        };
        let fields = facts.with(facts.fields(kind, key, "online_seq"), &[("amount", &amount)]);
        let expected = load_or_unload(&facts, kind);
        prop_assert_eq!(answer(&fields), expected.clone());
        let trace = json!({ key: spaced(&facts.key), "DTK": hex(&facts.dtk), "apdus": [
            line('>', &[&init, &[1], &amount, &facts.terminal, &[16]]),
            line('<', &[&balance, &facts.sequence, &[1, 0], &facts.random, &[0; 4], &[0x90, 0]]),
            line('>', &[&credit, &facts.date, &facts.time, &[0; 4]]),
        ]});
        prop_assert_eq!(answer(&trace), expected);
    }

    #[test]
    fn purchases_are_computed_alike(
        facts in facts(),
        (kind, p1, p2) in prop::sample::select(vec![(4_u8, 2_u8, 1_u8), (5, 1, 1), (6, 1, 2), (9, 3, 2)]),
        cache: [u8; 9],
    ) {
        let (amount, balance) = (facts.amount.to_be_bytes(), facts.balance.to_be_bytes());
        let more: [(&str, &[u8]); 2] = [("amount", &amount), ("term_seq", &facts.number)];
        let fields = facts.with(facts.fields(kind, "DPK", "seq"), &more);
        let expected = purchase(&facts, kind);
        prop_assert_eq!(answer(&fields), expected.clone());
        let trace = json!({ "DPK": hex(&facts.key), "DTK": hex(&facts.dtk), "apdus": [
            line('>', &[&[0x80, 0x50, p1, p2, 11], &[1], &amount, &facts.terminal]),
            line('<', &[&balance, &facts.sequence, &[0, 0, 0, 1, 0], &facts.random, &[0x90, 0]]),
            line('>', &[&[0x80, 0xDC, 0xAA, 0xC8, 9], &cache]),
            line('<', &[&[0x90, 0]]),
            line('>', &[&[0x80, 0x54, 1, 0, 15], &facts.number, &facts.date, &facts.time, &[0; 4], &[8]]),
        ]});
        prop_assert_eq!(answer(&trace), expected);
    }

    #[test]
    fn new_overdraft_limits_are_computed_alike(facts in facts()) {
        let [old, new] = &facts.limits;
        let fields = facts.with(facts.fields(7, "DUK", "online_seq"), &[("old_limit", old), ("new_limit", new)]);
        let expected = overdraft(&facts);
        prop_assert_eq!(answer(&fields), expected.clone());
        let balance = facts.balance.to_be_bytes();
        let trace = json!({ "DUK": hex(&facts.key), "DTK": hex(&facts.dtk), "apdus": [
            line('>', &[&[0x80, 0x50, 4, 1, 7], &[1], &facts.terminal, &[0x13]]),
            line('<', &[&balance, &facts.sequence, old, &[1, 0], &facts.random, &[0; 4], &[0x90, 0]]),
            line('>', &[&[0x80, 0x58, 0, 0, 14], new, &facts.date, &facts.time, &[0; 4], &[4]]),
        ]});
        prop_assert_eq!(answer(&trace), expected);
    }

    #[test]
    fn keys_are_diversified_alike_and_used(facts in facts(), factors in prop::collection::vec(any::<[u8; 8]>(), 1..4)) {
        let texts: Vec<String> = factors.iter().map(|factor| spaced(factor)).collect();
        let key = diversified(&facts.key, &factors);
        let alone = json!({ "master": hex(&facts.key), "factors": texts });
        prop_assert_eq!(answer(&alone), json!({ "diversified": hex(&key) }));
        let joined = json!({ "master": hex(&facts.key), "factor": hex(&factors.concat()) });
        prop_assert_eq!(answer(&joined), json!({ "diversified": hex(&key) }));
        let amount = facts.amount.to_be_bytes();
        let more: [(&str, &[u8]); 2] = [("amount", &amount), ("term_seq", &facts.number)];
        let mut fields = facts.with(facts.fields(9, "master", "offline_seq"), &more);
        fields["factors"] = json!(texts);
        let mut expected = purchase(&Facts { key: key.clone().try_into().unwrap(), ..facts }, 9);
        expected["diversified"] = json!(hex(&key));
        prop_assert_eq!(answer(&fields), expected);
    }
}

/// Commands whose protected form is still a short one.
fn commands() -> impl Strategy<Value = Vec<Plain>> {
    let data = prop::collection::vec(any::<u8>(), 0..=220);
    let command = (any::<[u8; 3]>(), prop::sample::select(vec![0x00, 0x80]), data, any::<bool>());
    let command = command.prop_map(|([ins, p1, p2], cla, data, has_le)| Plain {
        header: [cla, ins, p1, p2],
        data,
        has_le,
    });
    prop::collection::vec(command, 1..6)
}

fn initialize_update(version: u8, host: &[u8; 8]) -> String {
    hex(&[&[0x80, 0x50, version, 0, 8][..], host, &[0]].concat())
}

/// As a list each command has a place, so that equal ones may follow each other.
fn texts(list: &[Vec<u8>]) -> Vec<String> {
    list.iter().map(|bytes| hex(bytes)).collect()
}

proptest! {
    #[test]
    fn scp02_is_computed_alike(
        (enc, mac, dek, host) in any::<([u8; 16], [u8; 16], [u8; 16], [u8; 8])>(),
        (data, version, counter, card) in any::<([u8; 10], u8, [u8; 2], [u8; 6])>(),
        level in prop::sample::select(vec![0_u8, 1, 3]),
        commands in commands(),
    ) {
        let mut expected = scp02::Host::new([&enc, &mac, &dek], &host, &counter, &card, level);
        let sent = [&data[..], &[version, 2], &counter, &card, &expected.card_cryptogram].concat();
        let authenticate = expected.external_authenticate();
        let wrapped: Vec<Vec<u8>> = commands.iter().map(|plain| expected.wrap(plain)).collect();
        let plain: Vec<Vec<u8>> = commands.iter().map(Plain::bytes).collect();
        let answer = answer(&json!({
            "ENC": hex(&enc), "MAC": spaced(&mac), "DEK": hex(&dek), "level": hex(&[level]),
            "INIT_UPDATE": initialize_update(version, &host), "RESP": hex(&sent), "plain": texts(&plain),
        }));
        prop_assert_eq!(answer, json!({
            "session": {
                "S-ENC": hex(&expected.enc), "C-MAC": hex(&expected.c_mac),
                "R-MAC": hex(&expected.r_mac), "S-DEK": hex(&expected.dek),
            },
            "card_cryptogram": hex(&expected.card_cryptogram),
            "host_cryptogram": hex(&expected.host_cryptogram),
            "EXT_AUTH": hex(&authenticate),
            "wrapped": texts(&wrapped),
        }));
    }

    #[test]
    fn scp03_is_computed_alike(
        (enc, mac, host) in any::<([u8; 32], [u8; 32], [u8; 8])>(),
        (data, version, card, counter) in any::<([u8; 10], u8, [u8; 8], Option<[u8; 3]>)>(),
        length in prop::sample::select(vec![16_usize, 24, 32]),
        level in prop::sample::select(vec![0_u8, 0x01, 0x03, 0x11, 0x13, 0x33]),
        commands in commands(),
        answers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6),
    ) {
        let (enc, mac) = (&enc[..length], &mac[..length]);
        let mut expected = scp03::Host::new(enc, mac, &host, &card, level);
        let counter = counter.map_or(vec![], |counter| counter.to_vec());
        let sent = [&data[..], &[version, 3, 0x70], &card, &expected.card_cryptogram, &counter, &[0x90, 0]].concat();
        let authenticate = expected.external_authenticate();
        let answers = &answers[..answers.len().min(commands.len())];
        let (mut wrapped, mut protected) = (Vec::new(), Vec::new());
        for (place, command) in commands.iter().enumerate() {
            wrapped.push(expected.wrap(command));
            protected.extend(answers.get(place).map(|data| expected.protected_response(data)));
        }
        let plain: Vec<Vec<u8>> = commands.iter().map(Plain::bytes).collect();
        let answer = answer(&json!({
            "ENC": hex(enc), "MAC": spaced(mac), "EXT_AUTH": hex(&[0x84, 0x82, level]),
            "INIT_UPDATE": initialize_update(version, &host), "RESP": hex(&sent),
            "plain": texts(&plain), "resp_wrapped": texts(&protected),
        }));
        prop_assert_eq!(answer, json!({
            "session": {
                "S-ENC": hex(&expected.enc), "S-MAC": hex(&expected.mac), "S-RMAC": hex(&expected.r_mac),
            },
            "card_cryptogram": hex(&expected.card_cryptogram),
            "host_cryptogram": hex(&expected.host_cryptogram),
            "EXT_AUTH": hex(&authenticate),
            "wrapped": texts(&wrapped),
            "resp_plain": texts(answers),
        }));
    }
}

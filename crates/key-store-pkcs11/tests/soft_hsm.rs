//! A store of keys in a token of SoftHSM answers like the one in memory, and gives no master key away.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    mechanism::MechanismType,
    object::{Attribute, AttributeType, ObjectClass},
    session::UserType,
    types::AuthPin,
};
use issuer::{
    key_store::{DebitTerms, Direction, KeyError, KeyName, KeyStore, OnlineSession},
    master_keys::{MasterKeys, SoftwareKeyStore},
};
use key_store_pkcs11::{LABEL, TokenError, TokenKeyStore};
use purse::{
    amount::Amount,
    ep::Grade,
    fields::{
        Asn, Date, DateTime, Kind, Mac, OrderId, Random, Sequence, Tac, TerminalId, TerminalTransaction,
        Terms,
    },
    pboc::{
        key::{self, Algorithm, Key},
        session::SessionKey,
        transaction,
    },
};

const TOKEN: &str = "sycee test";
const PIN: &str = "1234";
const CONFIGURATION: &str = "SOFTHSM2_CONF";

/// Where distributions put the module.
const MODULES: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
];

fn module() -> PathBuf {
    let found = MODULES.iter().map(Path::new).find(|module| module.exists());
    found.expect("SoftHSM is not installed: the package softhsm2").to_owned()
}

/// The module reads its configuration from the environment, so that this test runs in a process of its own.
#[test]
fn a_token_answers_like_memory() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    fs::create_dir(&tokens).unwrap();
    let configuration = folder.path().join("softhsm2.conf");
    fs::write(&configuration, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()))
        .unwrap();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", TOKEN, "--so-pin", "12345678", "--pin", PIN])
        .env(CONFIGURATION, &configuration)
        .output()
        .expect("SoftHSM is not installed: the package softhsm2");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "in_a_token", "--ignored", "--nocapture"])
        .env(CONFIGURATION, &configuration)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&run.stdout);
    println!("{told}{}", String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success() && told.contains("1 passed"));
}

fn masters(version: u8) -> MasterKeys {
    let bytes = |purpose: u8| {
        let mut bytes = [purpose; 16];
        (bytes[3], bytes[9]) = (version, 0x5A);
        bytes
    };
    MasterKeys {
        load: Key::new(bytes(1)),
        unload: Key::new(bytes(2)),
        codes: Key::new(bytes(3)),
        completion: Key::new(bytes(4)),
        grade: Key::new(bytes(5)),
    }
}

fn put(token: &mut TokenKeyStore, version: u8) {
    let keys = masters(version);
    token.put(version, &keys.load).unwrap();
    token.put(version, &keys.unload).unwrap();
    token.put(version, &keys.codes).unwrap();
    token.put(version, &keys.completion).unwrap();
    token.put(version, &keys.grade).unwrap();
}

#[test]
#[ignore = "run by a_token_answers_like_memory, which makes the token"]
fn in_a_token() {
    let mut token = TokenKeyStore::open(&module(), TOKEN, PIN).unwrap();
    let mut memory = SoftwareKeyStore::default();
    for version in [1, 2] {
        put(&mut token, version);
        memory.put(version, &masters(version));
    }
    assert!(matches!(token.put(1, &masters(1).load), Err(TokenError::Taken)));
    for levels in [1, 2] {
        for version in [1, 2, 3] {
            answers_alike(&token, &memory, &name(levels, version));
        }
    }
    let sm4 = KeyName { algorithm: Algorithm::Sm4Own, ..name(1, 1) };
    assert_eq!(token.mac2(&sm4, &session(Direction::Load), &WHEN), Err(KeyError::NoKey));
    measure(&token);
    token.age_out::<key::Load>(2).unwrap();
    assert_eq!(token.mac2(&name(1, 1), &session(Direction::Load), &WHEN), Err(KeyError::NoKey));
    assert!(token.mac2(&name(1, 2), &session(Direction::Load), &WHEN).is_ok());
    drop(token);
    keys_stay_and_cannot_be_read();
}

fn name(levels: u8, version: u8) -> KeyName {
    let asn = Asn([0, 0, 0x20, 0x26, 1, 2, 3, 4, 5, 6]);
    KeyName { asn, issuer: [7, 6, 5, 4, 3, 2, 1, 0], levels, version, algorithm: Algorithm::TripleDes }
}

const WHEN: DateTime = DateTime([0x20, 0x26, 0x11, 0x22, 0x13, 0x30, 0]);
const TERMINAL: TerminalId = TerminalId([6; 6]);

fn session(direction: Direction) -> OnlineSession {
    OnlineSession {
        direction,
        terms: Terms { amount: Amount::new(500), kind: direction.kind(), terminal: TERMINAL },
        old_balance: Amount::new(900),
        sequence: Sequence(4),
        random: Random([1, 2, 3, 4]),
    }
}

/// The debit, and its TAC by a card that has this version's keys.
fn debit(name: &KeyName) -> (DebitTerms, Tac) {
    let terms = Terms { amount: Amount::new(70), kind: Kind::Purchase, terminal: TERMINAL };
    let debit = DebitTerms { terms, transaction: TerminalTransaction(9), when: WHEN };
    let key = name.factors().fold(masters(1).codes, |key, factor| key.diversified(name.algorithm, factor));
    let codes = SessionKey::of_transaction_codes(&key, name.algorithm);
    (debit, transaction::purchase_tac(&codes, &terms, debit.transaction, &WHEN))
}

fn answers_alike(token: &TokenKeyStore, memory: &SoftwareKeyStore, name: &KeyName) {
    for direction in [Direction::Load, Direction::Unload] {
        let session = session(direction);
        let mac2 = memory.mac2(name, &session, &WHEN);
        assert_eq!(token.mac2(name, &session, &WHEN), mac2);
        assert_eq!(mac2.is_err(), name.version == 3);
        for mac in [mac2.unwrap_or_default(), Mac([1, 2, 3, 4])] {
            assert_eq!(token.is_mac1(name, &session, mac), memory.is_mac1(name, &session, mac));
            assert_eq!(token.is_done(name, &session, &WHEN, mac), memory.is_done(name, &session, &WHEN, mac));
        }
    }
    let (debit, tac) = debit(name);
    assert_eq!(token.is_debit_tac(name, &debit, tac), Ok(true));
    assert_eq!(token.is_debit_tac(name, &debit, Tac(Mac([0; 4]))), Ok(false));
    let order = OrderId([8; 16]);
    let completion = memory.completion_mac(name, &order, Sequence(3));
    assert_eq!(token.completion_mac(name, &order, Sequence(3)), completion);
    let grade =
        Grade { grade: 2, due_max: Amount::new(9), expiry: Date([0x20, 0x27, 0x01, 0x31]), version: 3 };
    assert_eq!(token.grade_mac(name, &grade), memory.grade_mac(name, &grade));
}

fn measure(token: &TokenKeyStore) {
    let (debit, tac) = debit(&name(1, 1));
    let begin = Instant::now();
    for _ in 0..2_000 {
        assert_eq!(token.is_debit_tac(&name(1, 1), &debit, tac), Ok(true));
    }
    println!("2,000 TACs, two versions of keys: {:?}", begin.elapsed());
}

/// Keys outlast the process that brought them, and even who knows the PIN does not read them.
fn keys_stay_and_cannot_be_read() {
    let module = Pkcs11::new(module()).unwrap();
    let _already = module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    let slots = module.get_slots_with_initialized_token().unwrap();
    let slot = slots.into_iter().find(|slot| module.get_token_info(*slot).unwrap().label() == TOKEN).unwrap();
    let mechanisms = module.get_mechanism_list(slot).unwrap();
    assert!(mechanisms.contains(&MechanismType::DES3_ECB));
    let session = module.open_ro_session(slot).unwrap();
    assert!(session.login(UserType::User, Some(&AuthPin::new("4321".into()))).is_err());
    session.login(UserType::User, Some(&AuthPin::new(PIN.into()))).unwrap();
    let wanted = [Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Label(LABEL.into())];
    let keys = session.find_objects(&wanted).unwrap();
    assert_eq!(keys.len(), 9, "five purposes of two versions, less one that aged out");
    for key in keys {
        let value = session.get_attributes(key, &[AttributeType::Value]);
        assert!(value.is_err() || value.unwrap().is_empty(), "a master key was read");
    }
}

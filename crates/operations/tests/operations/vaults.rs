//! Vaults: what only the holder's PIN opens.

use crate::world::{World, now};
use operations::vaults::{self, Attempt, Content, Order, Owner, VaultState};
use operations::{OperationError, VaultRefusal};
use records::passkeys::{self, Passkey};
use vault::item::{Field, Item, Kind};
use vault::profile::ProfileSet;
use vault::seal::Key;
use wallet::ids::{HolderId, PasskeyId, SessionId, VaultItemId};

const PIN: &str = "427193";

fn owner(holder: HolderId, session: u128) -> Owner {
    Owner { holder, session: SessionId::new(session) }
}

fn create(world: &World, owner: Owner) -> String {
    let salt = vaults::new_salt(&world.operations);
    now(vaults::create(&world.operations, owner, salt, &Key::from_pin(PIN, &salt)))
        .expect("a vault takes this")
}

fn open(world: &World, owner: Owner, pin: &str) -> Result<(), OperationError> {
    let attempt = now(Attempt::begin(&world.operations, owner))?;
    let key = Key::from_pin(pin, attempt.salt());
    now(attempt.open(&world.operations, &key))
}

fn note(words: &str) -> Content {
    Content::Item(Item::new(Kind::Note, "a note", &[], words).expect("a vault takes this"))
}

fn refused<T: std::fmt::Debug + PartialEq>(result: Result<T, OperationError>, refusal: VaultRefusal) {
    assert_eq!(result, Err(OperationError::Vault(refusal)));
}

fn add(world: &World, owner: Owner, content: &Content) -> VaultItemId {
    now(vaults::add(&world.operations, owner, content)).expect("a vault takes this")
}

#[test]
fn the_records_never_hold_the_words_of_a_note() {
    let world = World::new();
    let owner = owner(world.alice, 1);
    let reset = create(&world, owner);
    let canary = "金丝雀 canary 31415926";
    let id = add(&world, owner, &note(canary));
    now(vaults::change(&world.operations, owner, (id, 1), &note(&format!("{canary}!")))).unwrap();
    let image = world.records.image().unwrap();
    let has = |needle: &str| image.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(has("vault_items"), "the image is that of the records");
    for secret in [canary, "金丝雀", "31415926", "a note", PIN, reset.as_str(), &reset.replace('-', "")] {
        assert!(!has(secret), "{secret}");
    }
    let Content::Item(item) = now(vaults::get(&world.operations, owner, id)).unwrap().content else {
        panic!("a note")
    };
    assert_eq!(item.words, format!("{canary}!"));
}

#[test]
fn a_vault_is_open_only_in_the_session_that_opened_it_for_five_minutes() {
    let world = World::new();
    let (here, there) = (owner(world.alice, 1), owner(world.alice, 2));
    assert_eq!(now(vaults::state(&world.operations, here)), Ok(VaultState::Missing));
    create(&world, here);
    assert_eq!(now(vaults::state(&world.operations, here)), Ok(VaultState::Open));
    assert_eq!(now(vaults::state(&world.operations, there)), Ok(VaultState::Locked));
    refused(now(vaults::list(&world.operations, there, Order::Name)), VaultRefusal::Locked);
    refused(now(vaults::list(&world.operations, owner(world.bob, 1), Order::Name)), VaultRefusal::Locked);
    world.clock.pass(299);
    assert!(now(vaults::list(&world.operations, here, Order::Name)).is_ok());
    world.clock.pass(301);
    refused(now(vaults::list(&world.operations, here, Order::Name)), VaultRefusal::Locked);
    open(&world, there, PIN).unwrap();
    vaults::lock(&world.operations, there.session);
    refused(now(vaults::add(&world.operations, there, &note("x"))), VaultRefusal::Locked);
}

/// A passkey of Alice.
fn passkey_of_alice(world: &World) -> PasskeyId {
    let passkey = Passkey {
        id: PasskeyId::new(0xaa),
        principal: world.alice.into(),
        credential_id: vec![1, 2, 3],
        rp_id: "localhost".to_owned(),
        public_key: vec![4],
        sign_count: 0,
        name: "phone".to_owned(),
        created_at: ledger::Timestamp(1),
        used_at: None,
    };
    let id = passkey.id;
    now(world.operations.services().records.write(move |sql| passkeys::insert(sql, &passkey)))
        .expect("she has no other");
    id
}

#[test]
fn a_passkey_opens_a_vault_only_with_what_it_computed_then() {
    let world = World::new();
    let (here, there) = (owner(world.alice, 1), owner(world.alice, 2));
    create(&world, here);
    let id = add(&world, here, &note("kept"));
    let passkey = passkey_of_alice(&world);
    let (right, wrong) = (vaults::passkey_key(&[7; 32]), vaults::passkey_key(&[8; 32]));
    let operations = &world.operations;
    refused(now(vaults::add_passkey(operations, there, passkey, &right)), VaultRefusal::Locked);
    now(vaults::add_passkey(operations, here, passkey, &right)).unwrap();
    assert_eq!(now(vaults::passkeys(operations, world.alice)), Ok(vec![passkey]));
    refused(now(vaults::open_with_passkey(operations, there, passkey, &wrong)), VaultRefusal::WrongPin);
    refused(
        now(vaults::open_with_passkey(operations, there, PasskeyId::new(0xbb), &right)),
        VaultRefusal::Missing,
    );
    refused(
        now(vaults::open_with_passkey(operations, owner(world.bob, 1), passkey, &right)),
        VaultRefusal::Missing,
    );
    now(vaults::open_with_passkey(operations, there, passkey, &right)).unwrap();
    assert!(now(vaults::get(operations, there, id)).is_ok());
    now(vaults::forget_passkeys(operations, there)).unwrap();
    vaults::lock(operations, there.session);
    refused(now(vaults::open_with_passkey(operations, there, passkey, &right)), VaultRefusal::Missing);
}

#[test]
fn a_passkey_that_is_removed_or_a_vault_that_is_wiped_leaves_no_key_behind() {
    let world = World::new();
    let here = owner(world.alice, 1);
    let code = create(&world, here);
    let passkey = passkey_of_alice(&world);
    let key = vaults::passkey_key(&[7; 32]);
    now(vaults::add_passkey(&world.operations, here, passkey, &key)).unwrap();
    let alice = world.alice.into();
    let records = &world.operations.services().records;
    assert!(now(records.write(move |sql| passkeys::delete(sql, alice, passkey))).unwrap());
    assert_eq!(now(vaults::passkeys(&world.operations, world.alice)), Ok(vec![]));
    let passkey = passkey_of_alice(&world);
    now(vaults::add_passkey(&world.operations, here, passkey, &key)).unwrap();
    now(vaults::reset(&world.operations, here, &code)).unwrap();
    assert_eq!(now(vaults::passkeys(&world.operations, world.alice)), Ok(vec![]));
}

#[test]
fn a_restart_locks_every_vault_and_keeps_what_is_in_it() {
    let mut world = World::new();
    let owner = owner(world.alice, 1);
    create(&world, owner);
    add(&world, owner, &note("kept"));
    let records = std::sync::Arc::clone(&world.records);
    world.restart(records);
    assert_eq!(now(vaults::state(&world.operations, owner)), Ok(VaultState::Locked));
    open(&world, owner, PIN).unwrap();
    assert_eq!(now(vaults::list(&world.operations, owner, Order::Date)).unwrap().len(), 1);
}

#[test]
fn wrong_pins_cost_time_and_never_lock_for_ever() {
    let world = World::new();
    let owner = owner(world.alice, 1);
    create(&world, owner);
    vaults::lock(&world.operations, owner.session);
    for _ in 0..4 {
        refused(open(&world, owner, "000000"), VaultRefusal::WrongPin);
    }
    let waits = open(&world, owner, PIN);
    assert!(
        matches!(waits, Err(OperationError::Vault(VaultRefusal::Throttled { seconds: 1..=2 }))),
        "{waits:?}"
    );
    world.clock.pass(3);
    assert_eq!(open(&world, owner, PIN), Ok(()));
    refused(open(&world, owner, "000000"), VaultRefusal::WrongPin);
}

#[test]
fn a_new_pin_opens_what_the_old_one_closed() {
    let world = World::new();
    let owner = owner(world.alice, 1);
    create(&world, owner);
    let id = add(&world, owner, &note("kept"));
    let attempt = now(Attempt::begin(&world.operations, owner)).unwrap();
    let old = Key::from_pin(PIN, attempt.salt());
    let salt = vaults::new_salt(&world.operations);
    now(attempt.change_pin(&world.operations, &old, salt, &Key::from_pin("new word", &salt))).unwrap();
    vaults::lock(&world.operations, owner.session);
    refused(open(&world, owner, PIN), VaultRefusal::WrongPin);
    open(&world, owner, "new word").unwrap();
    assert_eq!(now(vaults::get(&world.operations, owner, id)).unwrap().content, note("kept"));
}

#[test]
fn the_reset_code_wipes_everything_and_nothing_else_does() {
    let world = World::new();
    let owner = owner(world.alice, 1);
    let code = create(&world, owner);
    add(&world, owner, &note("gone"));
    refused(
        now(vaults::reset(&world.operations, owner, "AAAAA-AAAAA-AAAAA-AAAAA")),
        VaultRefusal::WrongResetCode,
    );
    assert_eq!(now(vaults::list(&world.operations, owner, Order::Name)).unwrap().len(), 1);
    now(vaults::reset(&world.operations, owner, &code.to_lowercase().replace('-', " "))).unwrap();
    assert_eq!(now(vaults::state(&world.operations, owner)), Ok(VaultState::Missing));
    create(&world, owner);
    assert_eq!(now(vaults::list(&world.operations, owner, Order::Name)), Ok(Vec::new()));
}

#[test]
fn of_two_changes_of_one_version_one_counts() {
    let world = World::new();
    let owner = owner(world.alice, 1);
    create(&world, owner);
    let id = add(&world, owner, &note("one"));
    now(vaults::change(&world.operations, owner, (id, 1), &note("two"))).unwrap();
    refused(now(vaults::change(&world.operations, owner, (id, 1), &note("three"))), VaultRefusal::Changed);
    let kept = now(vaults::get(&world.operations, owner, id)).unwrap();
    assert_eq!((kept.version, kept.content), (2, note("two")));
    now(vaults::remove(&world.operations, owner, id)).unwrap();
    refused(now(vaults::remove(&world.operations, owner, id)), VaultRefusal::NoItem);
}

#[test]
fn a_profile_set_fills_in_what_its_cards_say() {
    let world = World::new();
    let owner = owner(world.alice, 1);
    create(&world, owner);
    let card = |kind, field, value: &str| {
        Content::Item(Item::new(kind, "x", &[(field, value.to_owned())], "").unwrap())
    };
    let home = add(&world, owner, &card(Kind::Address, Field::City, "青柳镇"));
    let office = add(&world, owner, &card(Kind::Address, Field::City, "Shanghai"));
    let set = Content::Set(ProfileSet::new("office", &[office.bits()]).unwrap());
    let set = add(&world, owner, &set);
    let profile = now(vaults::profile(&world.operations, owner, Some(set))).unwrap();
    assert_eq!(profile.value(Field::City), Some("Shanghai"));
    now(vaults::remove(&world.operations, owner, office)).unwrap();
    assert!(now(vaults::profile(&world.operations, owner, Some(set))).unwrap().is_empty());
    refused(now(vaults::profile(&world.operations, owner, Some(home))), VaultRefusal::NoItem);
}

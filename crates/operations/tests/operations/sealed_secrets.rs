//! Secrets that the records keep sealed: what earlier versions wrote, a key that was lost, and secrets in a wrong place.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use ledger::Timestamp;
use operations::sealed_secrets::{SecretOf, open, seal, seal_older};
use operations::{OperationError, webhooks};
use records::second_factors;
use records::webhooks::{Endpoint, EndpointState};
use wallet::ids::{EndpointId, PrincipalId};

use crate::world::{World, now};

const SOMEBODY: PrincipalId = PrincipalId::new(77);
const ENDPOINT: EndpointId = EndpointId::new(78);

fn kept(world: &World) -> Endpoint {
    now(webhooks::endpoints(&world.operations, world.shop)).unwrap().remove(0)
}

#[test]
fn the_secret_of_a_webhook_stands_sealed_and_signs() {
    let world = World::new();
    let url = "https://shop.example/hook".to_owned();
    let added = now(webhooks::add_endpoint(&world.operations, world.shop, url)).unwrap();
    let endpoint = kept(&world);
    assert!(!endpoint.secret.windows(8).any(|part| added.secret.starts_with(part)));
    let seconds = 1_000;
    let moment = ("msg_1", Timestamp(seconds * 1_000_000_000));
    let signed = now(webhooks::sign(&world.operations, &endpoint, moment, "{}")).unwrap();
    assert!(webhooks::verify(&added.secret, ("msg_1", &seconds.to_string(), &signed), "{}", seconds));
}

#[test]
fn after_a_rotation_both_secrets_sign_for_a_day() {
    let world = World::new();
    let url = "https://shop.example/hook".to_owned();
    let added = now(webhooks::add_endpoint(&world.operations, world.shop, url)).unwrap();
    let fresh = now(webhooks::rotate(&world.operations, world.shop, added.id)).unwrap();
    let fresh = webhooks::secret_of(&fresh).unwrap();
    let (endpoint, begin) = (kept(&world), world.operations.services().clock.now().0 / 1_000_000_000);
    for (seconds, old_signs) in [(begin + 3_600, true), (begin + 2 * 86_400, false)] {
        let moment = ("msg_1", Timestamp(seconds * 1_000_000_000));
        let signed = now(webhooks::sign(&world.operations, &endpoint, moment, "{}")).unwrap();
        let is_by =
            |secret| webhooks::verify(secret, ("msg_1", &seconds.to_string(), &signed), "{}", seconds);
        assert_eq!((is_by(&fresh), is_by(&added.secret)), (true, old_signs));
    }
}

#[test]
fn a_secret_opens_only_as_what_it_is_and_whose() {
    let world = World::new();
    let of = SecretOf::OneTimePasswords(SOMEBODY);
    let mut sealed = now(seal(&world.operations, of, b"twenty bytes or more")).unwrap();
    assert_eq!(**now(open(&world.operations, of, &sealed)).unwrap(), *b"twenty bytes or more");
    let others = [
        SecretOf::OneTimePasswords(PrincipalId::new(79)),
        SecretOf::Webhooks(EndpointId::new(SOMEBODY.bits())),
    ];
    for other in others {
        let wrong = now(open(&world.operations, other, &sealed));
        assert!(matches!(wrong, Err(OperationError::Inconsistent(_))), "{other:?}");
    }
    *sealed.last_mut().unwrap() ^= 1;
    assert!(now(open(&world.operations, of, &sealed)).is_err());
}

#[test]
fn what_earlier_versions_wrote_is_sealed_once_and_works_as_before() {
    let world = World::new();
    let endpoint = Endpoint {
        id: ENDPOINT,
        merchant: world.shop,
        url: "https://shop.example/hook".to_owned(),
        secret: vec![7; 32],
        old_secret: None,
        state: EndpointState::Active,
        failing_since: None,
        created_at: Timestamp(5),
    };
    let principal = PrincipalId::new(world.alice.bits());
    let written = world.operations.services().records.write(move |sql| {
        second_factors::offer(sql, principal, &[1; 20], Timestamp(5))?;
        records::webhooks::insert_endpoint(sql, &endpoint)?;
        let moments = (Timestamp(6), Timestamp::LAST);
        records::webhooks::rotate_secret(sql, (endpoint.merchant, ENDPOINT), &[8; 32], moments)
    });
    assert!(now(written).unwrap());
    assert_eq!(now(seal_older(&world.operations)), Ok(3));
    assert_eq!(now(seal_older(&world.operations)), Ok(0));

    let records = &world.operations.services().records;
    let password = now(records.read(move |sql| second_factors::get(sql, principal))).unwrap().unwrap();
    let of = SecretOf::OneTimePasswords(principal);
    assert_eq!(**now(open(&world.operations, of, &password.secret)).unwrap(), [1; 20]);
    let signed =
        now(webhooks::sign(&world.operations, &kept(&world), ("msg_1", Timestamp(9)), "{}")).unwrap();
    for secret in [[7; 32], [8; 32]] {
        assert!(webhooks::verify(&secret, ("msg_1", "0", &signed), "{}", 0));
    }
}

#[test]
fn an_installation_that_lost_its_key_says_so_and_takes_no_other() {
    let mut world = World::new();
    let of = SecretOf::OneTimePasswords(SOMEBODY);
    let sealed = now(seal(&world.operations, of, b"secret")).unwrap();

    let keys = std::mem::take(&mut world.keys);
    world.restart(Arc::clone(&world.records));
    for _ in 0..2 {
        assert!(matches!(now(open(&world.operations, of, &sealed)), Err(OperationError::Inconsistent(_))));
        assert!(now(seal(&world.operations, of, b"another")).is_err());
    }

    world.keys = keys;
    world.restart(Arc::clone(&world.records));
    assert_eq!(**now(open(&world.operations, of, &sealed)).unwrap(), *b"secret");
}

//! Facts about how people prove who they are.

use records::operations;
use records::passkeys::{self, CREDENTIAL_TAKEN, Passkey, Purpose};
use records::payment_pins;
use records::person::{self, Told};
use records::principals;
use records::second_factors;
use records::step_up_challenges::{self, Proof, StepUpChallenge};
use records::webhooks::{self, Endpoint, EndpointState};
use records::{Sql, known_devices, merchants, sessions};
use wallet::ids::{
    ChallengeId, EndpointId, HolderId, MerchantId, OperationId, PasskeyId, PrincipalId, SessionId,
};

use crate::facts::{done, refused, session};
use crate::samples::{at, holder, merchant, payment, yuan};
use crate::stage::Stage;

const OWNER: PrincipalId = PrincipalId::new(1);

async fn with_owner(stage: &Stage) {
    done(stage, |sql| principals::insert(sql, &holder(1))).await;
}

fn passkey(number: u128) -> Passkey {
    Passkey {
        id: PasskeyId::new(number),
        principal: OWNER,
        credential_id: vec![7; 16],
        rp_id: "pay.test".to_owned(),
        public_key: vec![4; 65],
        sign_count: 0,
        name: "phone".to_owned(),
        created_at: at(0),
        used_at: None,
    }
}

pub(crate) async fn a_passkey_belongs_to_one_credential_and_never_counts_back(stage: Stage) {
    with_owner(&stage).await;
    done(&stage, |sql| passkeys::insert(sql, &passkey(1))).await;
    let twice = refused(&stage, |sql| passkeys::insert(sql, &passkey(2))).await;
    assert!(twice.is_conflict(CREDENTIAL_TAKEN), "{twice}");
    assert_eq!(done(&stage, |sql| passkeys::find(sql, &[7; 16])).await, Some(passkey(1)));
    let used = |count| move |sql: &mut dyn Sql| passkeys::note_use(sql, PasskeyId::new(1), count, at(5));
    for (count, fine) in [(0, true), (0, true), (3, true), (3, false), (2, false), (0, false), (4, true)] {
        assert_eq!(done(&stage, used(count)).await, fine, "{count}");
    }
    let stranger = PrincipalId::new(2);
    assert!(!done(&stage, move |sql| passkeys::delete(sql, stranger, PasskeyId::new(1))).await);
    assert!(done(&stage, |sql| passkeys::delete(sql, OWNER, PasskeyId::new(1))).await);
}

pub(crate) async fn a_challenge_of_a_passkey_is_taken_once_for_what_it_was_asked(stage: Stage) {
    let ask = |number: u8| {
        move |sql: &mut dyn Sql| passkeys::ask(sql, &[number; 32], Purpose::Confirm, Some(OWNER), at(100))
    };
    let take = |number: u8, purpose, who, second| {
        move |sql: &mut dyn Sql| passkeys::take(sql, &[number; 32], purpose, who, at(second))
    };
    for number in 1..=4 {
        done(&stage, ask(number)).await;
    }
    assert!(done(&stage, take(1, Purpose::Confirm, OWNER, 99)).await);
    assert!(!done(&stage, take(1, Purpose::Confirm, OWNER, 99)).await);
    assert!(!done(&stage, take(2, Purpose::LogIn, OWNER, 99)).await);
    assert!(!done(&stage, take(2, Purpose::Confirm, OWNER, 99)).await, "a wrong attempt used it up");
    assert!(!done(&stage, take(3, Purpose::Confirm, PrincipalId::new(2), 99)).await);
    assert!(!done(&stage, take(4, Purpose::Confirm, OWNER, 100)).await);
}

pub(crate) async fn a_code_of_a_time_step_and_a_recovery_code_count_once(stage: Stage) {
    with_owner(&stage).await;
    assert!(done(&stage, |sql| second_factors::offer(sql, OWNER, &[1; 20], at(0))).await);
    assert!(done(&stage, |sql| second_factors::offer(sql, OWNER, &[2; 20], at(1))).await);
    let offered = done(&stage, |sql| second_factors::get(sql, OWNER)).await.expect("offered");
    assert_eq!((offered.secret, offered.confirmed_at), (vec![2; 20], None));
    assert_eq!(done(&stage, |sql| second_factors::shorter_than(sql, 19)).await, []);
    assert_eq!(done(&stage, |sql| second_factors::shorter_than(sql, 20)).await, [(OWNER, vec![2; 20])]);
    let seal =
        |was: [u8; 20]| move |sql: &mut dyn Sql| second_factors::replace_secret(sql, OWNER, (&was, &[9; 99]));
    assert!(!done(&stage, seal([1; 20])).await, "another secret stands there");
    assert!(done(&stage, seal([2; 20])).await);
    assert_eq!(done(&stage, |sql| second_factors::shorter_than(sql, 64)).await, []);
    done(&stage, |sql| second_factors::confirm(sql, OWNER, at(2))).await;
    assert!(!done(&stage, |sql| second_factors::offer(sql, OWNER, &[3; 20], at(3))).await);
    for (step, fine) in [(50, true), (50, false), (49, false), (51, true)] {
        assert_eq!(done(&stage, move |sql| second_factors::use_step(sql, OWNER, step)).await, fine, "{step}");
    }
    let codes = [[1; 32], [2; 32]];
    done(&stage, move |sql| second_factors::replace_recovery_codes(sql, OWNER, &codes, at(4))).await;
    let used =
        |code: [u8; 32]| move |sql: &mut dyn Sql| second_factors::use_recovery_code(sql, OWNER, &code, at(5));
    assert!(done(&stage, used([1; 32])).await);
    assert!(!done(&stage, used([1; 32])).await);
    assert!(!done(&stage, used([3; 32])).await);
    assert_eq!(done(&stage, |sql| second_factors::recovery_codes_left(sql, OWNER)).await, 1);
    done(&stage, |sql| second_factors::delete(sql, OWNER)).await;
    assert_eq!(done(&stage, |sql| second_factors::get(sql, OWNER)).await, None);
}

pub(crate) async fn a_key_of_a_webhook_too_short_to_be_sealed_is_replaced_where_it_stands(stage: Stage) {
    const HOOK: EndpointId = EndpointId::new(3);
    let endpoint = Endpoint {
        id: HOOK,
        merchant: MerchantId::new(1),
        url: "https://shop.example/hook".to_owned(),
        secret: vec![1; 32],
        old_secret: None,
        state: EndpointState::Active,
        failing_since: None,
        created_at: at(0),
    };
    done(&stage, move |sql| {
        merchants::insert(sql, &merchant(1))?;
        webhooks::insert_endpoint(sql, &endpoint)?;
        webhooks::rotate_secret(sql, (endpoint.merchant, HOOK), &[2; 32], (at(1), at(99)))
    })
    .await;
    let mut open = done(&stage, |sql| webhooks::shorter_than(sql, 64)).await;
    open.sort();
    assert_eq!(open, [(HOOK, vec![1; 32]), (HOOK, vec![2; 32])]);
    let seal =
        |was: u8| move |sql: &mut dyn Sql| webhooks::replace_secret(sql, HOOK, (&[was; 32], &[was; 99]));
    assert!(!done(&stage, seal(3)).await);
    assert!(done(&stage, seal(1)).await);
    assert!(done(&stage, seal(2)).await);
    assert_eq!(done(&stage, |sql| webhooks::shorter_than(sql, 64)).await, []);
    let kept = done(&stage, |sql| webhooks::endpoint(sql, HOOK)).await.expect("it is there");
    assert_eq!((kept.secret, kept.old_secret), (vec![2; 99], Some((vec![1; 99], at(99)))));
}

pub(crate) async fn attempts_at_a_pin_are_counted_until_one_is_right(stage: Stage) {
    with_owner(&stage).await;
    done(&stage, |sql| payment_pins::set(sql, OWNER, "hash", at(0))).await;
    for _ in 0..3 {
        done(&stage, |sql| payment_pins::count_attempt(sql, OWNER, at(60))).await;
    }
    let pin = done(&stage, |sql| payment_pins::get(sql, OWNER)).await.expect("set");
    assert_eq!((pin.failures, pin.locked_until), (3, at(60)));
    done(&stage, |sql| payment_pins::forgive(sql, OWNER)).await;
    assert_eq!(done(&stage, |sql| payment_pins::get(sql, OWNER)).await.expect("set").failures, 0);
    assert!(done(&stage, |sql| payment_pins::delete(sql, OWNER)).await);
    assert!(!done(&stage, |sql| payment_pins::delete(sql, OWNER)).await);
}

pub(crate) async fn a_proven_challenge_lets_through_one_operation_of_its_payee_and_amount(stage: Stage) {
    let (payer, payee) = (HolderId::new(1), MerchantId::new(1000).into());
    let challenge = StepUpChallenge {
        id: ChallengeId::new(1),
        payer,
        payee,
        amount: yuan(500),
        created_at: at(0),
        expires_at: at(300),
        proven: None,
        operation: None,
    };
    let row = challenge.clone();
    done(&stage, move |sql| step_up_challenges::insert(sql, &row)).await;
    assert_eq!(done(&stage, |sql| step_up_challenges::get(sql, ChallengeId::new(1))).await, Some(challenge));
    let consume = |operation: u128, amount: u64, second: u64| {
        let what = (payer, payee, yuan(amount));
        move |sql: &mut dyn Sql| {
            step_up_challenges::consume(
                sql,
                ChallengeId::new(1),
                OperationId::new(operation),
                what,
                at(second),
            )
        }
    };
    let prove = |who: HolderId| {
        move |sql: &mut dyn Sql| step_up_challenges::prove(sql, ChallengeId::new(1), who, Proof::Pin, at(10))
    };
    assert!(!done(&stage, consume(7, 500, 11)).await, "it is not proven");
    assert!(!done(&stage, prove(HolderId::new(2))).await);
    assert!(done(&stage, prove(payer)).await);
    assert!(!done(&stage, prove(payer)).await);
    assert!(!done(&stage, consume(7, 501, 11)).await);
    assert!(!done(&stage, consume(7, 500, 300)).await);
    assert!(done(&stage, consume(7, 500, 11)).await);
    assert!(done(&stage, consume(7, 500, 12)).await, "the same operation again");
    assert!(!done(&stage, consume(8, 500, 12)).await, "another operation");
}

pub(crate) async fn a_locked_session_is_valid_and_unlocks(stage: Stage) {
    with_owner(&stage).await;
    done(&stage, |sql| sessions::insert(sql, &session(1, OWNER))).await;
    assert!(done(&stage, |sql| sessions::lock(sql, SessionId::new(1), at(5))).await);
    assert!(!done(&stage, |sql| sessions::lock(sql, SessionId::new(1), at(6))).await);
    let locked = done(&stage, |sql| sessions::find_valid(sql, &[1; 32], at(7))).await;
    assert_eq!(locked.and_then(|session| session.locked_at), Some(at(5)));
    assert!(done(&stage, |sql| sessions::unlock(sql, SessionId::new(1), at(8), at(500))).await);
    let open = done(&stage, |sql| sessions::get(sql, SessionId::new(1))).await.expect("kept");
    assert_eq!((open.locked_at, open.seen_at, open.expires_at), (None, at(8), at(500)));
}

pub(crate) async fn what_is_kept_about_a_person_is_told_and_about_others_is_not(stage: Stage) {
    with_owner(&stage).await;
    done(&stage, |sql| {
        principals::insert(sql, &holder(2))?;
        operations::insert(sql, &payment(1))?;
        known_devices::note(sql, &[1; 32], OWNER, "Firefox", at(3))
    })
    .await;
    let told = done(&stage, |sql| person::everything(sql, OWNER)).await;
    let table = |name: &str| told.iter().find(|(table, _)| *table == name).expect("told").1.clone();
    assert_eq!(table("principals").len(), 1);
    assert!(table("principals")[0].contains(&("login", Told::Text("holder1".to_owned()))));
    assert_eq!(table("operations").len(), 1);
    assert_eq!(table("known_devices").len(), 1);
    let other = done(&stage, |sql| person::everything(sql, PrincipalId::new(2))).await;
    assert!(other.iter().all(|(table, rows)| *table == "principals" || rows.is_empty()));
}

//! Lists for terminals.

use messages::card::{
    CardStatus, ListVersion, ParametersList, StatusEntry, Units, WhiteList,
    signed_list::{ListTrust, Newest, accept},
};
use operations::card_purses::lists::{self, SignedVersion};
use operations::card_purses::{CardListing, keys, lost};
use operations::{OperationError, duties::OperatorRole};

use super::stage::{FOUNDER, Stage, stage};
use super::world::{now, person};

fn status(stage: &Stage, newer_than: u32) -> Option<SignedVersion> {
    now(lists::status(stage.operations(), ListVersion(newer_than))).unwrap()
}

#[test]
fn a_version_grows_with_every_change_and_a_terminal_accepts_each() {
    let stage = stage(3, 0);
    let key = now(keys::public_key(stage.operations())).unwrap();
    let mut newest = Newest::default();
    let mut versions = Vec::new();
    for card in 0..3 {
        let asn = stage.cards[card].asn;
        now(lost::report(stage.operations(), stage.world.alice, asn)).unwrap();
        let signed = status(&stage, newest.version.0).unwrap();
        let now_seconds = messages::card::Seconds(signed.issued_at.0 / 1_000_000_000);
        let trust = ListTrust { issuer: keys::issuer_name(), key: &key, newest, now: now_seconds };
        let (list, taken) = accept::<StatusEntry>(&signed.content, &trust).unwrap();
        assert_eq!((list.entries().len(), list.status(&asn)), (card + 1, Some(CardStatus::Lost)));
        newest = taken;
        versions.push(newest.version.0);
    }
    assert!(versions.windows(2).all(|pair| pair[0] < pair[1]), "{versions:?}");
    assert_eq!(status(&stage, newest.version.0), None, "nothing is newer");
}

#[test]
fn a_list_that_has_not_changed_is_not_signed_again_for_a_while() {
    let stage = stage(1, 0);
    let first = status(&stage, 0).unwrap();
    assert_eq!(status(&stage, 0), Some(first.clone()));
    stage.world.clock.pass(13 * 3_600);
    let later = status(&stage, 0).unwrap();
    assert_eq!(later.version.0, first.version.0 + 1, "it would be too old for terminals");
}

#[test]
fn parameters_are_what_was_set_last() {
    let stage = stage(1, 0);
    let first = now(lists::parameters(stage.operations(), ListVersion(0))).unwrap().unwrap();
    let read =
        |signed: &SignedVersion| *ParametersList::parse(&signed.content).unwrap().parameters().unwrap();
    assert_eq!(read(&first), now(lists::current_parameters(stage.operations())).unwrap());
    let wanted = messages::card::TerminalParameters { floor_limit: Units(5_000), ..read(&first) };
    let version = now(lists::set_parameters(stage.operations(), FOUNDER, wanted)).unwrap();
    let second = now(lists::parameters(stage.operations(), first.version)).unwrap().unwrap();
    assert_eq!((second.version, read(&second)), (version, wanted));
    let white = now(lists::white(stage.operations(), ListVersion(0))).unwrap().unwrap();
    assert!(WhiteList::parse(&white.content).unwrap().entries().is_empty());
}

#[test]
fn only_who_has_the_duty_lists_cards() {
    let stage = stage(1, 0);
    let auditor =
        operations::duties::hire(stage.operations(), FOUNDER, person("looks"), OperatorRole::Auditor);
    let auditor = now(auditor).unwrap();
    let asn = stage.cards[0].asn;
    let listed = now(lost::list(stage.operations(), auditor, asn, CardListing::Cloned));
    assert_eq!(listed, Err(OperationError::NotPermitted));
    assert_eq!(now(lists::issue_now(stage.operations(), auditor)), Err(OperationError::NotPermitted));
}

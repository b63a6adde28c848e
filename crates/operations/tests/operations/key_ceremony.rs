//! Key ceremonies: a master key that no single person holds, and that is in no store before two custodians bring it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use crate::world::{World, now, person};
use operations::duties::{self, OperatorRole};
use operations::key_ceremony::{self, Opening, Purpose};
use operations::{KeyKeeper, OperationError, audit_log};
use records::master_keys::MasterKeyState;
use wallet::ids::{MasterKeyId, PrincipalId};

const FOUNDER: PrincipalId = PrincipalId::new(0x0901);

/// A world whose keys can be looked at, with three custodians, the founder among them.
struct Stage {
    world: World,
    custodians: [PrincipalId; 3],
}

fn stage() -> Stage {
    let world = World::new();
    now(duties::hire_founder(&world.operations, FOUNDER, person("founder"))).unwrap();
    let hire = |login, role| now(duties::hire(&world.operations, FOUNDER, person(login), role)).unwrap();
    let custodians = [FOUNDER, hire("risk", OperatorRole::Risk), hire("auditor", OperatorRole::Auditor)];
    Stage { world, custodians }
}

impl Stage {
    fn begin(&self) -> MasterKeyId {
        now(key_ceremony::begin(&self.world.operations, FOUNDER, Purpose::CardPurses, &self.custodians))
            .unwrap()
    }

    fn share(&self, custodian: usize, id: MasterKeyId) -> String {
        let share = now(key_ceremony::own_share(&self.world.operations, self.custodians[custodian], id));
        share.unwrap().to_string()
    }

    fn keep(&self, custodian: usize, id: MasterKeyId, typed: &str) -> Result<(), OperationError> {
        now(key_ceremony::keep_share(&self.world.operations, self.custodians[custodian], id, typed))
    }

    fn bring(&self, custodian: usize, id: MasterKeyId, typed: &str) -> Result<Opening, OperationError> {
        now(key_ceremony::bring_share(&self.world.operations, self.custodians[custodian], id, typed))
    }

    /// Everybody writes their share down.
    fn shared(&self) -> (MasterKeyId, [String; 3]) {
        let id = self.begin();
        let shares = [0, 1, 2].map(|custodian| self.share(custodian, id));
        for (custodian, share) in shares.iter().enumerate() {
            self.keep(custodian, id, share).unwrap();
        }
        (id, shares)
    }

    fn state(&self, id: MasterKeyId) -> MasterKeyState {
        now(key_ceremony::get(&self.world.operations, id)).unwrap().key.state
    }

    fn key(&self, id: MasterKeyId) -> Option<Vec<u8>> {
        self.world.keys.get(&format!("key-{id}")).unwrap().map(|key| key.to_vec())
    }

    fn waiting_share(&self, id: MasterKeyId, number: u32) -> bool {
        self.world.keys.get(&format!("share-{id}-{number}")).unwrap().is_some()
    }
}

#[test]
fn any_two_custodians_open_the_same_key() {
    let stage = stage();
    let (id, shares) = stage.shared();
    assert_eq!(stage.state(id), MasterKeyState::Shared);
    assert_eq!(stage.key(id), None, "the key is nowhere");
    let mut keys = Vec::new();
    for pair in [[0, 1], [2, 0], [1, 2]] {
        assert_eq!(stage.bring(pair[0], id, &shares[pair[0]]), Ok(Opening::Waiting));
        assert_eq!(stage.bring(pair[1], id, &shares[pair[1]].to_uppercase()), Ok(Opening::Open));
        assert_eq!(stage.state(id), MasterKeyState::Open);
        keys.push(stage.key(id).unwrap());
        now(key_ceremony::close(&stage.world.operations, FOUNDER, id)).unwrap();
        assert_eq!((stage.state(id), stage.key(id)), (MasterKeyState::Shared, None));
    }
    assert!(keys.iter().all(|key| *key == keys[0] && key.len() == 32));
}

#[test]
fn a_share_is_shown_until_it_was_typed_back_and_is_then_nowhere() {
    let stage = stage();
    let id = stage.begin();
    let share = stage.share(1, id);
    assert_eq!(stage.share(1, id), share, "a page that did not arrive loses nothing");
    assert!(stage.waiting_share(id, 2));
    let mistyped = share.replacen(|digit: char| digit != '0', "0", 1);
    assert_eq!(stage.keep(1, id, &mistyped), Err(OperationError::ShareRefused));
    assert_eq!(
        stage.keep(0, id, &share),
        Err(OperationError::ShareRefused),
        "another's share is not one's own"
    );
    assert!(stage.waiting_share(id, 2));
    stage.keep(1, id, &share).unwrap();
    assert!(!stage.waiting_share(id, 2));
    let again = now(key_ceremony::own_share(&stage.world.operations, stage.custodians[1], id));
    assert_eq!(again.err(), Some(OperationError::DecidedBefore));
    stage.keep(1, id, &share).unwrap();
    assert_eq!(stage.state(id), MasterKeyState::Sharing, "two others have not come");
}

#[test]
fn one_custodian_cannot_open_a_key_however_often_they_come() {
    let stage = stage();
    let (id, shares) = stage.shared();
    for _ in 0..3 {
        assert_eq!(stage.bring(0, id, &shares[0]), Ok(Opening::Waiting));
    }
    assert_eq!(stage.bring(0, id, &shares[1]), Err(OperationError::ShareRefused));
    assert_eq!(stage.state(id), MasterKeyState::Shared);
    assert_eq!(stage.key(id), None);
}

#[test]
fn a_share_that_was_brought_waits_a_quarter_of_an_hour() {
    let stage = stage();
    let (id, shares) = stage.shared();
    stage.bring(0, id, &shares[0]).unwrap();
    stage.world.clock.pass(15 * 60);
    assert_eq!(stage.bring(1, id, &shares[1]), Ok(Opening::Waiting));
    assert_eq!(stage.bring(2, id, &shares[2]), Ok(Opening::Open));
}

#[test]
fn nothing_is_opened_before_every_share_is_kept() {
    let stage = stage();
    let id = stage.begin();
    let shares = [0, 1].map(|custodian| stage.share(custodian, id));
    stage.keep(0, id, &shares[0]).unwrap();
    stage.keep(1, id, &shares[1]).unwrap();
    assert_eq!(stage.bring(0, id, &shares[0]), Err(OperationError::DecidedBefore));
    now(key_ceremony::abandon(&stage.world.operations, FOUNDER, id)).unwrap();
    assert_eq!(stage.state(id), MasterKeyState::Abandoned);
    assert!(!stage.waiting_share(id, 3), "the share of who did not come is forgotten");
    let late = now(key_ceremony::own_share(&stage.world.operations, stage.custodians[2], id));
    assert_eq!(late.err(), Some(OperationError::DecidedBefore));
}

#[test]
fn three_different_people_of_the_operator_are_wanted() {
    let Stage { world, custodians: [one, two, _], .. } = stage();
    let begin = |custodians: &[PrincipalId]| {
        now(key_ceremony::begin(&world.operations, FOUNDER, Purpose::CardPurses, custodians))
    };
    let holder = PrincipalId::from(world.alice);
    for custodians in [vec![], vec![one, two], vec![one, two, one], vec![one, two, holder]] {
        assert_eq!(begin(&custodians), Err(OperationError::CustodiansWanted), "{custodians:?}");
    }
}

#[test]
fn only_who_may_begins_closes_and_gives_up() {
    let stage = stage();
    let operations = &stage.world.operations;
    let risk = stage.custodians[1];
    let begun = now(key_ceremony::begin(operations, risk, Purpose::CardPurses, &stage.custodians));
    assert_eq!(begun, Err(OperationError::NotPermitted));
    let id = stage.begin();
    assert_eq!(now(key_ceremony::abandon(operations, risk, id)), Err(OperationError::NotPermitted));
    assert_eq!(now(key_ceremony::close(operations, FOUNDER, id)), Err(OperationError::DecidedBefore));
    let stranger = now(duties::hire(operations, FOUNDER, person("late"), OperatorRole::Admin)).unwrap();
    let share = now(key_ceremony::own_share(operations, stranger, id));
    assert_eq!(share.err(), Some(OperationError::NotPermitted), "an admin is no custodian");
}

#[test]
fn versions_of_a_key_follow_each_other() {
    let stage = stage();
    let versions: Vec<u32> = [stage.begin(), stage.begin()]
        .map(|id| now(key_ceremony::get(&stage.world.operations, id)).unwrap().key.version)
        .to_vec();
    assert_eq!(versions, [1, 2]);
    let listed = now(key_ceremony::list(&stage.world.operations)).unwrap();
    assert_eq!(listed.iter().map(|ceremony| ceremony.key.version).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn neither_key_nor_share_is_ever_in_the_records() {
    let stage = stage();
    let (id, shares) = stage.shared();
    stage.bring(0, id, &shares[0]).unwrap();
    stage.bring(2, id, &shares[2]).unwrap();
    let key = stage.key(id).unwrap();
    let image = stage.world.records.image().unwrap();
    let holds = |needle: &[u8]| image.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"key.opened"), "the scan finds what is there");
    let mut secrets = vec![key];
    for share in &shares {
        let digits: String = share.split(' ').collect();
        let bytes =
            (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap());
        secrets.push(bytes.skip(1).take(32).collect());
    }
    for secret in secrets {
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!holds(&secret) && !holds(hex.as_bytes()) && !holds(&hex.as_bytes()[..16]));
    }
    assert_eq!(now(audit_log::check(&stage.world.operations)).unwrap().findings, []);
}

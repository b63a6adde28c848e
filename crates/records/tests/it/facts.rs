//! What is true of every store.

pub(crate) use crate::access_facts::*;
pub(crate) use crate::card_facts::*;
pub(crate) use crate::grade_facts::*;
pub(crate) use crate::holder_facts::*;
use ledger::Amount;
use money::Currency;
use records::api_keys::{self, ApiKey};
use records::banks::{self, Bank};
use records::cards::{self, Card, CardBrand, CardState, ExpiryMonth};
use records::operations::{
    self, Cursor, Filter, Inserted, NewOperation, OperationKind, OperationState, VolumeQuery,
};
use records::principals::{self, Language, PrincipalStatus, Profile, Role, Theme};
use records::sessions::{self, Session};
use records::wallets::{self, WalletStatus};
use records::{RecordsError, Sql, Value, login_throttle, merchants, meta, migrations};
use wallet::ids::{ApiKeyId, BankId, CardId, HolderId, MerchantId, OperationId, PrincipalId, SessionId};

use crate::samples::{at, holder, merchant, payment, transfer, yuan};
use crate::stage::Stage;

type Outcome<T> = Result<T, RecordsError>;

/// Runs a job that succeeds.
pub(crate) async fn done<T: Send + 'static>(
    stage: &Stage,
    job: impl FnMut(&mut dyn Sql) -> Outcome<T> + Send + 'static,
) -> T {
    stage.records.write(job).await.expect("the job succeeds")
}

pub(crate) async fn refused<T: Send + std::fmt::Debug + 'static>(
    stage: &Stage,
    job: impl FnMut(&mut dyn Sql) -> Outcome<T> + Send + 'static,
) -> RecordsError {
    stage.records.write(job).await.expect_err("the job fails")
}

/// The numbers of the payments that are there.
async fn payments(stage: &Stage) -> Vec<u128> {
    let read = |sql: &mut dyn Sql| operations::history(sql, &Filter::default(), None, 100);
    let page = stage.records.read(read).await.expect("reads");
    let mut numbers: Vec<u128> = page.operations.iter().map(|operation| operation.id.bits()).collect();
    numbers.sort_unstable();
    numbers
}

fn insert_payment(number: u64) -> impl FnMut(&mut dyn Sql) -> Outcome<Inserted> + Send + 'static {
    move |sql| operations::insert(sql, &payment(number))
}

pub(crate) async fn a_failing_job_persists_nothing_while_its_neighbours_persist(stage: Stage) {
    let (open_gate, gate) = std::sync::mpsc::channel::<()>();
    let threaded = stage.threaded;
    // While the writer is held up here, the next three jobs come together in one group.
    let hold_up = stage.records.write(move |sql| {
        if threaded {
            // Closed gate or open: either way the writer goes on.
            let _ = gate.recv();
        }
        operations::insert(sql, &payment(1))
    });
    let failing = stage.records.write(|sql| {
        operations::insert(sql, &payment(3))?;
        operations::finish(sql, OperationId::new(1), OperationState::Completed, None, at(9))?;
        Err::<(), _>(RecordsError::Statement("the job thought better of it".to_owned()))
    });
    let open = async { drop(open_gate) };
    let (first, before, failed, after, ()) = tokio::join!(
        hold_up,
        stage.records.write(insert_payment(2)),
        failing,
        stage.records.write(insert_payment(4)),
        open
    );
    assert_eq!((first, before, after), (Ok(Inserted::New), Ok(Inserted::New), Ok(Inserted::New)));
    assert_eq!(failed, Err(RecordsError::Statement("the job thought better of it".to_owned())));
    let stage = stage.reopened();
    assert_eq!(payments(&stage).await, [1, 2, 4]);
    let first = done(&stage, |sql| operations::get(sql, OperationId::new(1))).await;
    assert_eq!(first.map(|operation| operation.state), Some(OperationState::Started));
}

pub(crate) async fn a_job_that_hides_a_failed_statement_fails(stage: Stage) {
    done(&stage, |sql| principals::insert(sql, &holder(1))).await;
    let error = refused(&stage, |sql| {
        operations::insert(sql, &payment(1))?;
        let _hidden = principals::insert(sql, &holder(1));
        Ok(())
    })
    .await;
    assert!(matches!(error, RecordsError::Conflict(_)), "{error}");
    assert_eq!(payments(&stage).await, [0_u128; 0]);
}

pub(crate) async fn reopening_keeps_everything(stage: Stage) {
    done(&stage, insert_payment(1)).await;
    stage.records.write_later(|sql| operations::insert(sql, &payment(2)).map(|_| ()));
    let stage = stage.reopened();
    assert_eq!(payments(&stage).await, [1, 2]);
}

pub(crate) async fn a_read_sees_what_was_handed_over_before(stage: Stage) {
    for number in 1..=50 {
        stage.records.write_later(move |sql| operations::insert(sql, &payment(number)).map(|_| ()));
        assert_eq!(payments(&stage).await.len(), usize::try_from(number).expect("small"));
    }
}

pub(crate) async fn a_failed_job_that_nobody_waits_for_says_so_and_persists_nothing(stage: Stage) {
    let (tell, told) = std::sync::mpsc::channel();
    let taken = RecordsError::Statement("not today".to_owned());
    let telling = tell.clone();
    stage.records.write_later_or(
        move |sql| operations::insert(sql, &payment(1)).and(Err(taken.clone())),
        move |error| telling.send(error).expect("the test listens"),
    );
    stage.records.write_later_or(
        |sql| operations::insert(sql, &payment(2)).map(|_| ()),
        move |error| tell.send(error).expect("the test listens"),
    );
    assert_eq!(payments(&stage).await, [2]);
    assert_eq!(told.recv(), Ok(RecordsError::Statement("not today".to_owned())));
    assert!(told.try_recv().is_err(), "the other job says nothing");
}

pub(crate) async fn a_reading_job_cannot_write(stage: Stage) {
    let error = stage.records.read(|sql| operations::insert(sql, &payment(1))).await.expect_err("refused");
    assert!(matches!(error, RecordsError::Statement(_)), "{error}");
    assert_eq!(payments(&stage).await, [0_u128; 0]);
}

pub(crate) async fn a_statement_with_another_number_of_values_is_refused(stage: Stage) {
    let error = refused(&stage, |sql| sql.query("SELECT value FROM meta WHERE name = $1", &[])).await;
    assert!(matches!(error, RecordsError::Statement(_)), "{error}");
}

pub(crate) async fn placeholders_may_stand_in_any_order(stage: Stage) {
    done(&stage, |sql| {
        sql.execute("INSERT INTO meta (value, name) VALUES ($2, $1)", &["name".into(), "value".into()])
    })
    .await;
    let value = done(&stage, |sql| meta::get(sql, "name")).await;
    assert_eq!(value.as_deref(), Some("value"));
}

pub(crate) async fn the_schema_has_the_newest_version(stage: Stage) {
    let rows = done(&stage, |sql| sql.query("SELECT version FROM schema_version", &[])).await;
    let versions: Vec<i64> = rows.iter().map(|row| row.int(0).expect("an integer")).collect();
    assert_eq!(versions, (1..=i64::from(migrations::known_version())).collect::<Vec<_>>());
}

pub(crate) async fn what_refers_to_nothing_is_refused(stage: Stage) {
    let error = refused(&stage, |sql| wallets::open(sql, HolderId::new(1), Currency::CNY, at(0))).await;
    assert!(matches!(error, RecordsError::Statement(_)), "{error}");
}

pub(crate) async fn an_unknown_code_is_unreadable(stage: Stage) {
    done(&stage, insert_payment(1)).await;
    done(&stage, |sql| sql.execute("UPDATE operations SET state = $1", &["vanished".into()])).await;
    let error = refused(&stage, |sql| operations::get(sql, OperationId::new(1))).await;
    assert_eq!(error, RecordsError::Unreadable("column 3 holds the unknown code \"vanished\"".to_owned()));
}

pub(crate) async fn facts_of_the_installation_can_be_replaced(stage: Stage) {
    assert_eq!(done(&stage, |sql| meta::get(sql, "town.seed")).await, None);
    done(&stage, |sql| meta::set(sql, "town.seed", "42")).await;
    done(&stage, |sql| meta::set(sql, "town.seed", "43")).await;
    assert_eq!(done(&stage, |sql| meta::get(sql, "town.seed")).await.as_deref(), Some("43"));
}

pub(crate) async fn a_taken_login_phone_or_code_is_named(stage: Stage) {
    done(&stage, |sql| principals::insert(sql, &holder(1))).await;
    done(&stage, |sql| merchants::insert(sql, &merchant(1))).await;
    let login = refused(&stage, |sql| {
        let taken = principals::Principal { login: holder(1).login, ..holder(2) };
        principals::insert(sql, &taken)
    })
    .await;
    assert!(login.is_conflict(principals::LOGIN_TAKEN), "{login}");
    let phone = refused(&stage, |sql| {
        let taken = principals::Principal { phone: holder(1).phone, ..holder(2) };
        principals::insert(sql, &taken)
    })
    .await;
    assert!(phone.is_conflict(principals::PHONE_TAKEN), "{phone}");
    let code = refused(&stage, |sql| {
        let taken = merchants::Merchant { code: merchant(1).code, ..merchant(2) };
        merchants::insert(sql, &taken)
    })
    .await;
    assert!(code.is_conflict(merchants::CODE_TAKEN), "{code}");
    let id = refused(&stage, |sql| {
        let taken = principals::Principal { id: holder(1).id, ..holder(2) };
        principals::insert(sql, &taken)
    })
    .await;
    assert!(id.is_conflict("principals_id_key"), "{id}");
}

pub(crate) async fn a_principal_keeps_what_it_changed(stage: Stage) {
    let id = PrincipalId::new(1);
    done(&stage, |sql| principals::insert(sql, &holder(1))).await;
    assert_eq!(done(&stage, move |sql| principals::get(sql, id)).await, Some(holder(1)));
    let profile = Profile {
        phone: None,
        name: "柳儿".to_owned(),
        latin_name: None,
        language: Language::English,
        theme: Theme::Dark,
    };
    let changed = profile.clone();
    assert!(done(&stage, move |sql| principals::update_profile(sql, id, &changed, at(5))).await);
    assert!(done(&stage, move |sql| principals::set_theme(sql, id, Theme::Light, at(6))).await);
    assert!(done(&stage, move |sql| principals::set_language(sql, id, Language::Chinese, at(7))).await);
    assert!(done(&stage, move |sql| principals::set_password_hash(sql, id, "$new", at(8))).await);
    let status = PrincipalStatus::Closed;
    assert!(done(&stage, move |sql| principals::set_status(sql, id, status, at(9))).await);
    let active = PrincipalStatus::Active;
    assert!(!done(&stage, move |sql| principals::set_status(sql, id, active, at(10))).await);
    let expected = principals::Principal {
        phone: None,
        name: profile.name,
        latin_name: None,
        theme: Theme::Light,
        password_hash: Some("$new".to_owned()),
        status,
        updated_at: at(9),
        ..holder(1)
    };
    assert_eq!(done(&stage, |sql| principals::find_by_login(sql, "holder1")).await, Some(expected));
    assert_eq!(done(&stage, |sql| principals::find_by_phone(sql, "13800000001")).await, None);
    staff_is_listed_with_its_merchant(&stage).await;
}

async fn staff_is_listed_with_its_merchant(stage: &Stage) {
    let staff =
        principals::Principal { role: Role::MerchantStaff, merchant: Some(MerchantId::new(1)), ..holder(2) };
    let expected = staff.clone();
    done(stage, move |sql| {
        merchants::insert(sql, &merchant(1))?;
        principals::insert(sql, &staff)
    })
    .await;
    let found = done(stage, |sql| principals::staff_of(sql, MerchantId::new(1))).await;
    assert_eq!(found, [expected]);
    let holders = done(stage, |sql| principals::list(sql, Role::Holder, "", 10)).await;
    assert_eq!(holders.len(), 1);
    assert_eq!(done(stage, |sql| principals::count(sql, Role::MerchantStaff)).await, 1);
    let homeless = refused(stage, |sql| {
        let staff = principals::Principal { role: Role::MerchantStaff, ..holder(3) };
        principals::insert(sql, &staff)
    })
    .await;
    assert!(matches!(homeless, RecordsError::Statement(_)), "{homeless}");
}

pub(crate) fn session(number: u8, principal: PrincipalId) -> Session {
    Session {
        id: SessionId::new(u128::from(number)),
        token_hash: [number; 32],
        principal,
        device: "Firefox".to_owned(),
        address: "192.0.2.7".to_owned(),
        created_at: at(0),
        seen_at: at(u64::from(number)),
        expires_at: at(100),
        revoked_at: None,
        locked_at: None,
        authenticated_at: at(0),
    }
}

pub(crate) async fn a_session_is_valid_until_it_ends_or_is_revoked(stage: Stage) {
    let owner = PrincipalId::new(1);
    done(&stage, move |sql| {
        principals::insert(sql, &holder(1))?;
        (1..=3).try_for_each(|number| sessions::insert(sql, &session(number, owner)))
    })
    .await;
    let valid = |second: u64| move |sql: &mut dyn Sql| sessions::find_valid(sql, &[1; 32], at(second));
    assert_eq!(done(&stage, valid(99)).await, Some(session(1, owner)));
    assert_eq!(done(&stage, valid(100)).await, None);
    let touch = move |sql: &mut dyn Sql| sessions::touch(sql, SessionId::new(1), at(50), at(150));
    assert!(done(&stage, touch).await);
    assert!(done(&stage, valid(149)).await.is_some());
    let list = move |sql: &mut dyn Sql| sessions::list_valid(sql, owner, at(60));
    let order: Vec<u128> = done(&stage, list).await.iter().map(|session| session.id.bits()).collect();
    assert_eq!(order, [1, 3, 2]);
    let other = PrincipalId::new(2);
    assert!(!done(&stage, move |sql| sessions::revoke(sql, other, SessionId::new(2), at(60))).await);
    assert!(done(&stage, move |sql| sessions::revoke(sql, owner, SessionId::new(2), at(60))).await);
    assert!(!done(&stage, move |sql| sessions::revoke(sql, owner, SessionId::new(2), at(60))).await);
    let kept = Some(SessionId::new(1));
    assert_eq!(done(&stage, move |sql| sessions::revoke_others(sql, owner, kept, at(61))).await, 1);
    assert!(!done(&stage, |sql| sessions::touch(sql, SessionId::new(3), at(62), at(162))).await);
    assert_eq!(done(&stage, |sql| sessions::delete_expired_before(sql, at(120))).await, 2);
}

pub(crate) async fn a_failed_login_counts_until_its_window_has_passed(stage: Stage) {
    let fail = |second: u64| {
        move |sql: &mut dyn Sql| login_throttle::record_failure(sql, "login:holder1", at(second), 60)
    };
    assert_eq!(done(&stage, fail(0)).await.count, 1);
    assert_eq!(done(&stage, fail(10)).await.count, 2);
    let third = done(&stage, fail(59)).await;
    assert_eq!((third.count, third.first_at, third.last_at), (3, at(0), at(59)));
    let get =
        |second: u64| move |sql: &mut dyn Sql| login_throttle::get(sql, "login:holder1", at(second), 60);
    assert_eq!(done(&stage, get(59)).await, Some(third));
    assert_eq!(done(&stage, get(60)).await, None);
    let anew = done(&stage, fail(60)).await;
    assert_eq!((anew.count, anew.first_at), (1, at(60)));
    assert_eq!(done(&stage, |sql| login_throttle::delete_older_than(sql, at(60))).await, 0);
    done(&stage, |sql| login_throttle::clear(sql, "login:holder1")).await;
    assert_eq!(done(&stage, get(60)).await, None);
}

pub(crate) async fn a_wallet_is_opened_once(stage: Stage) {
    let owner = HolderId::new(1);
    done(&stage, |sql| principals::insert(sql, &holder(1))).await;
    let open = |currency: Currency| {
        move |sql: &mut dyn Sql| wallets::open(sql, owner, currency, at(u64::from(currency.numeric())))
    };
    let yen = Currency::from_code("JPY").expect("a currency");
    assert!(done(&stage, open(Currency::CNY)).await);
    assert!(!done(&stage, open(Currency::CNY)).await);
    assert!(done(&stage, open(yen)).await);
    let list = done(&stage, move |sql| wallets::list(sql, owner)).await;
    assert_eq!(list.iter().map(|wallet| wallet.currency).collect::<Vec<_>>(), [Currency::CNY, yen]);
    assert_eq!(done(&stage, wallets::currencies).await, [Currency::CNY, yen]);
    let frozen = WalletStatus::Frozen;
    assert!(done(&stage, move |sql| wallets::set_status(sql, owner, yen, frozen, at(1))).await);
    let found = done(&stage, move |sql| wallets::get(sql, owner, yen)).await;
    assert_eq!(found.map(|wallet| wallet.status), Some(frozen));
    let first = done(&stage, |sql| wallets::list_after(sql, None, 1)).await;
    let rest = done(&stage, move |sql| wallets::list_after(sql, Some((owner, Currency::CNY)), 10)).await;
    assert_eq!((first.len(), rest.len()), (1, 1));
    assert_eq!(rest.first().map(|wallet| wallet.currency), Some(yen));
}

fn card(number: u128) -> Card {
    Card {
        id: CardId::new(number),
        holder: HolderId::new(1),
        bank: BankId::new(1),
        token: "tok_1".to_owned(),
        brand: CardBrand::UnionPay,
        masked_number: "6222 **** **** 0018".to_owned(),
        label: String::new(),
        expiry: ExpiryMonth { year: 2031, month: 12 },
        state: CardState::Active,
        created_at: at(0),
        updated_at: at(0),
        deleted_at: None,
        frozen_at: None,
    }
}

fn bank(number: u128) -> Bank {
    Bank {
        id: BankId::new(number),
        code: format!("bank{number}"),
        name_zh: "清流商业银行".to_owned(),
        name_en: "Qingliu Commercial Bank".to_owned(),
        created_at: at(0),
    }
}

pub(crate) async fn a_card_is_bound_once_until_it_is_deleted_and_its_operations_stay(stage: Stage) {
    let owner = HolderId::new(1);
    done(&stage, |sql| {
        principals::insert(sql, &holder(1))?;
        banks::put(sql, &bank(1))?;
        banks::put(sql, &bank(1))?;
        cards::insert(sql, &card(1))
    })
    .await;
    assert_eq!(done(&stage, banks::list).await, [bank(1)]);
    assert_eq!(done(&stage, |sql| banks::get(sql, BankId::new(1))).await, Some(bank(1)));
    let twice = refused(&stage, |sql| cards::insert(sql, &card(2))).await;
    assert!(twice.is_conflict(cards::ALREADY_BOUND), "{twice}");
    let top_up = NewOperation {
        kind: OperationKind::TopUp,
        payer: Some(BankId::new(1).into()),
        payee: Some(owner.into()),
        merchant: None,
        card: Some(CardId::new(1)),
        ..payment(1)
    };
    done(&stage, move |sql| operations::insert(sql, &top_up)).await;
    let label = move |sql: &mut dyn Sql| cards::set_label(sql, owner, CardId::new(1), "工资卡", at(1));
    assert!(done(&stage, label).await);
    let frozen = CardState::Frozen;
    assert!(done(&stage, move |sql| cards::set_state(sql, CardId::new(1), frozen, at(2))).await);
    let listed = done(&stage, move |sql| cards::list(sql, owner)).await;
    let expected = Card { label: "工资卡".to_owned(), state: frozen, updated_at: at(2), ..card(1) };
    assert_eq!(listed, std::slice::from_ref(&expected));
    assert_eq!(done(&stage, move |sql| cards::find_by_token(sql, owner, "tok_1")).await, Some(expected));
    let stranger = HolderId::new(2);
    assert!(!done(&stage, move |sql| cards::delete(sql, stranger, CardId::new(1), at(3))).await);
    assert!(done(&stage, move |sql| cards::delete(sql, owner, CardId::new(1), at(3))).await);
    assert!(!done(&stage, move |sql| cards::delete(sql, owner, CardId::new(1), at(4))).await);
    assert_eq!(done(&stage, move |sql| cards::list(sql, owner)).await, []);
    let deleted = done(&stage, |sql| cards::get(sql, CardId::new(1))).await;
    assert_eq!(deleted.and_then(|card| card.deleted_at), Some(at(3)));
    let by_card = Filter { card: Some(CardId::new(1)), ..Filter::default() };
    let page = done(&stage, move |sql| operations::history(sql, &by_card, None, 10)).await;
    assert_eq!(page.operations.len(), 1);
    done(&stage, |sql| cards::insert(sql, &card(2))).await;
}

pub(crate) async fn a_key_is_found_by_its_hash_until_it_is_revoked(stage: Stage) {
    let owner = PrincipalId::new(1);
    let key = ApiKey {
        id: ApiKeyId::new(1),
        principal: owner,
        key_hash: [3; 32],
        label: "till".to_owned(),
        created_at: at(0),
        used_at: None,
        revoked_at: None,
        scopes: "read orders".to_owned(),
        expires_at: None,
    };
    let new = key.clone();
    done(&stage, move |sql| {
        principals::insert(sql, &holder(1))?;
        api_keys::insert(sql, &new)
    })
    .await;
    assert_eq!(done(&stage, |sql| api_keys::find_valid(sql, &[3; 32], at(8))).await, Some(key.clone()));
    assert_eq!(done(&stage, |sql| api_keys::find_valid(sql, &[4; 32], at(8))).await, None);
    done(&stage, |sql| api_keys::touch(sql, ApiKeyId::new(1), at(8))).await;
    let listed = done(&stage, move |sql| api_keys::list_valid(sql, owner)).await;
    assert_eq!(listed, [ApiKey { used_at: Some(at(8)), ..key }]);
    assert!(done(&stage, move |sql| api_keys::revoke(sql, owner, ApiKeyId::new(1), at(9))).await);
    assert!(!done(&stage, move |sql| api_keys::revoke(sql, owner, ApiKeyId::new(1), at(9))).await);
    assert_eq!(done(&stage, |sql| api_keys::find_valid(sql, &[3; 32], at(8))).await, None);
}

pub(crate) async fn an_operation_is_known_from_its_insertion_on(stage: Stage) {
    let is_known =
        |number| stage.records.read(move |sql| operations::is_known(sql, OperationId::new(number)));
    assert_eq!(is_known(1).await, Ok(false));
    done(&stage, insert_payment(1)).await;
    assert_eq!(is_known(1).await, Ok(true));
}

pub(crate) async fn a_second_insert_of_an_operation_gives_the_first(stage: Stage) {
    let first = NewOperation { memo: "两碗面".to_owned(), ..payment(1) };
    let second = NewOperation { fingerprint: 8, amount: yuan(999), ..payment(1) };
    assert_eq!(done(&stage, move |sql| operations::insert(sql, &first)).await, Inserted::New);
    let Inserted::Existing(found) = done(&stage, move |sql| operations::insert(sql, &second)).await else {
        panic!("the id was known");
    };
    assert_eq!((found.fingerprint, found.amount, found.memo.as_str()), (7, yuan(100), "两碗面"));
    assert_eq!((found.state, found.reason), (OperationState::Started, None));
    let known = done(&stage, |sql| {
        operations::insert_in_state(sql, &payment(2), OperationState::Declined, Some("exceeds_credits"))
    })
    .await;
    assert!(known);
    let rebuilt = done(&stage, |sql| operations::get(sql, OperationId::new(2))).await.expect("there");
    assert_eq!(
        (rebuilt.state, rebuilt.reason.as_deref()),
        (OperationState::Declined, Some("exceeds_credits"))
    );
}

pub(crate) async fn a_lost_memo_is_filled_once_and_only_by_the_request_that_it_belongs_to(stage: Stage) {
    done(&stage, insert_payment(1)).await;
    let fill = |fingerprint, memo: &str| {
        let new = NewOperation { memo: memo.to_owned(), fingerprint, ..payment(1) };
        move |sql: &mut dyn Sql| operations::fill_memo(sql, &new)
    };
    assert!(!done(&stage, fill(8, "another request")).await);
    assert!(done(&stage, fill(7, "两碗面")).await);
    assert!(!done(&stage, fill(7, "a second thought")).await);
    let unknown = NewOperation { memo: "两碗面".to_owned(), ..payment(2) };
    assert!(!done(&stage, move |sql| operations::fill_memo(sql, &unknown)).await);
    let operation = done(&stage, |sql| operations::get(sql, OperationId::new(1))).await.expect("there");
    assert_eq!((operation.memo.as_str(), operation.updated_at), ("两碗面", at(1)));
}

pub(crate) async fn a_finished_operation_does_not_change_again(stage: Stage) {
    done(&stage, insert_payment(1)).await;
    let finish = |state, second| {
        move |sql: &mut dyn Sql| operations::finish(sql, OperationId::new(1), state, Some("why"), at(second))
    };
    assert!(done(&stage, finish(OperationState::Unknown, 5)).await);
    assert!(done(&stage, finish(OperationState::Reversed, 6)).await);
    assert!(!done(&stage, finish(OperationState::Completed, 7)).await);
    let operation = done(&stage, |sql| operations::get(sql, OperationId::new(1))).await.expect("there");
    assert_eq!(operation.state, OperationState::Reversed);
    assert_eq!((operation.created_at, operation.updated_at), (at(1), at(6)));
}

pub(crate) async fn open_operations_are_listed_until_they_end(stage: Stage) {
    done(&stage, |sql| {
        for number in 1..=5 {
            operations::insert(sql, &payment(number))?;
        }
        operations::finish(sql, OperationId::new(2), OperationState::Completed, None, at(9))?;
        operations::finish(sql, OperationId::new(3), OperationState::Unknown, None, at(9))
    })
    .await;
    let first = done(&stage, |sql| operations::open_after(sql, 0, 2)).await;
    let last = first.last().expect("two").seq;
    let rest = done(&stage, move |sql| operations::open_after(sql, last, 10)).await;
    let numbers: Vec<u128> = first.iter().chain(&rest).map(|operation| operation.id.bits()).collect();
    assert_eq!(numbers, [1, 3, 4, 5]);
    assert_eq!(done(&stage, operations::count_open).await, 4);
}

pub(crate) async fn pages_have_no_gap_and_no_duplicate_while_rows_are_inserted(stage: Stage) {
    // Holder 1 pays and is paid in turns, and once pays itself.
    done(&stage, |sql| {
        for number in 1..=57 {
            let (payer, payee) = if number % 3 == 0 { (2, 1) } else { (1, 2) };
            operations::insert(sql, &transfer(number, payer, payee))?;
        }
        operations::insert(sql, &transfer(58, 1, 1))?;
        operations::insert(sql, &transfer(59, 2, 3))
    })
    .await;
    let mut seen = Vec::new();
    let mut cursor: Option<Cursor> = None;
    for round in 0.. {
        let filter = Filter { party: Some(HolderId::new(1).into()), ..Filter::default() };
        let page = done(&stage, move |sql| operations::history(sql, &filter, cursor, 10)).await;
        seen.extend(page.operations.iter().map(|operation| operation.id.bits()));
        done(&stage, move |sql| operations::insert(sql, &transfer(100 + round, 1, 2))).await;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=58).rev().collect::<Vec<u128>>());
}

pub(crate) async fn a_history_page_is_the_newest_that_pass_every_filter(stage: Stage) {
    done(&stage, |sql| {
        for number in 1..=120 {
            operations::insert(sql, &payment(number))?;
        }
        operations::insert(sql, &NewOperation { memo: "100% Tea_set!".to_owned(), ..transfer(121, 1, 2) })?;
        operations::insert(
            sql,
            &NewOperation { memo: "100 percent teaXset".to_owned(), ..transfer(122, 1, 2) },
        )?;
        operations::finish(sql, OperationId::new(7), OperationState::Completed, None, at(7))
    })
    .await;
    let found = async |filter: Filter| -> Vec<u128> {
        let page = done(&stage, move |sql| operations::history(sql, &filter, None, 1000)).await;
        page.operations.iter().map(|operation| operation.id.bits()).collect()
    };
    let all = Filter::default;
    assert_eq!(found(all()).await.len(), 100);
    assert_eq!(found(Filter { kind: Some(OperationKind::Transfer), ..all() }).await, [122, 121]);
    assert_eq!(found(Filter { state: Some(OperationState::Completed), ..all() }).await, [7]);
    assert_eq!(found(Filter { currency: Currency::from_code("JPY").ok(), ..all() }).await, [0; 0]);
    let shop = Some(MerchantId::new(1000));
    let span = Filter { merchant: shop, from: Some(at(3)), until: Some(at(6)), ..all() };
    assert_eq!(found(span).await, [5, 4, 3]);
    assert_eq!(found(Filter { text: Some("% tEA_".to_owned()), ..all() }).await, [121]);
    assert_eq!(found(Filter { text: Some("SET!".to_owned()), ..all() }).await, [121]);
    let payee = Filter {
        party: Some(HolderId::new(2).into()),
        kind: Some(OperationKind::Transfer),
        text: Some("percent".to_owned()),
        ..all()
    };
    assert_eq!(found(payee).await, [122]);
    assert_eq!(found(Filter { party: Some(HolderId::new(3).into()), ..all() }).await, [0; 0]);
}

pub(crate) async fn the_refunds_of_a_payment_add_up(stage: Stage) {
    let refund = |number: u64, minor: u64| NewOperation {
        kind: OperationKind::Refund,
        payer: payment(1).payee,
        payee: payment(1).payer,
        parent: Some(OperationId::new(1)),
        amount: yuan(minor),
        ..payment(number)
    };
    done(&stage, move |sql| {
        operations::insert(sql, &payment(1))?;
        for (number, minor, state) in [
            (2, 30, OperationState::Completed),
            (3, 40, OperationState::Completed),
            (4, 90, OperationState::Declined),
        ] {
            operations::insert_in_state(sql, &refund(number, minor), state, None)?;
        }
        Ok(())
    })
    .await;
    let refunds = done(&stage, |sql| operations::refunds_of(sql, OperationId::new(1))).await;
    assert_eq!(refunds.iter().map(|refund| refund.id.bits()).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(done(&stage, |sql| operations::refunded(sql, OperationId::new(1))).await, Amount(70));
    assert_eq!(done(&stage, |sql| operations::refunded(sql, OperationId::new(9))).await, Amount(0));
}

pub(crate) async fn a_merchants_days_begin_at_local_midnight(stage: Stage) {
    let eight_hours = 8 * 3600;
    done(&stage, move |sql| {
        // In China, 2026-01-01 ends at 16:00 UTC.
        for (number, second) in [(1, 0), (2, 15 * 3600), (3, 16 * 3600), (4, 17 * 3600)] {
            let sale = NewOperation { created_at: at(second), ..payment(number) };
            operations::insert_in_state(sql, &sale, OperationState::Completed, None)?;
        }
        let elsewhere = NewOperation { merchant: Some(MerchantId::new(5)), created_at: at(0), ..payment(5) };
        operations::insert_in_state(sql, &elsewhere, OperationState::Completed, None)?;
        operations::insert(sql, &NewOperation { created_at: at(1), ..payment(6) }).map(|_| ())
    })
    .await;
    let query = VolumeQuery {
        from: at(0),
        until: at(86_400),
        span_seconds: 86_400,
        ahead_of_utc_seconds: eight_hours,
    };
    let shop = MerchantId::new(1000);
    let days = done(&stage, move |sql| operations::merchant_volumes(sql, shop, &query)).await;
    let starts: Vec<_> = days.iter().map(|day| (day.start, day.count, day.sum)).collect();
    let midnight = ledger::Timestamp(at(0).0 - 8 * 3600 * 1_000_000_000);
    assert_eq!(starts, [(midnight, 2, Amount(200)), (at(16 * 3600), 2, Amount(200))]);
    let hours = VolumeQuery { span_seconds: 3600, ahead_of_utc_seconds: 0, ..query };
    let hours = done(&stage, move |sql| operations::volumes(sql, &hours)).await;
    assert_eq!(hours.iter().map(|hour| hour.count).collect::<Vec<_>>(), [2, 1, 1, 1]);
    assert!(hours.iter().all(|hour| hour.kind == OperationKind::Payment && hour.currency == Currency::CNY));
    let counts = done(&stage, |sql| operations::counts(sql, at(0), at(86_400))).await;
    let counts: Vec<_> = counts.iter().map(|count| (count.state, count.count)).collect();
    assert_eq!(counts, [(OperationState::Completed, 5), (OperationState::Started, 1)]);
}

pub(crate) async fn amounts_of_any_size_add_up(stage: Stage) {
    done(&stage, |sql| {
        for number in 1..=20 {
            let great = NewOperation { amount: yuan(money::MAX_MINOR), ..payment(number) };
            operations::insert_in_state(sql, &great, OperationState::Completed, None)?;
        }
        Ok(())
    })
    .await;
    let query = VolumeQuery { from: at(0), until: at(100), span_seconds: 3600, ahead_of_utc_seconds: 0 };
    let volumes = done(&stage, move |sql| operations::volumes(sql, &query)).await;
    let sums: Vec<Amount> = volumes.iter().map(|volume| volume.sum).collect();
    assert_eq!(sums, [Amount(20 * u128::from(money::MAX_MINOR))]);
    let read = done(&stage, |sql| operations::get(sql, OperationId::new(1))).await.expect("there");
    assert_eq!(read.amount, yuan(money::MAX_MINOR));
    let beyond = done(&stage, |sql| {
        sql.execute("UPDATE operations SET amount = $1 WHERE id = $2", &[Value::Int(-1), 1_u128.into()])
    })
    .await;
    assert_eq!(beyond, 1);
    let error = refused(&stage, |sql| operations::get(sql, OperationId::new(1))).await;
    assert!(matches!(error, RecordsError::Unreadable(_)), "{error}");
}

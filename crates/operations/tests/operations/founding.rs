//! The first people of an installation are recorded together, once.

use crate::world::{World, now};
use operations::OperationError;
use operations::founding::{Founding, check, found, is_founded};
use operations::merchants::{self, NewMerchant};
use operations::staff::NewStaff;
use records::principals::{self, Language, Role};

fn founding(operator: &str, owner: &str) -> Founding {
    let merchant = NewMerchant {
        code: "noodles".to_owned(),
        name_zh: "老王面馆".to_owned(),
        name_en: "Old Wang's Noodles".to_owned(),
        category: "noodles".to_owned(),
    };
    let operator = NewStaff {
        login: operator.to_owned(),
        name: "Operator".to_owned(),
        latin_name: None,
        language: Language::English,
        password_hash: None,
    };
    Founding { operator, owner: merchant.owner(owner.to_owned(), "no password fits".to_owned()), merchant }
}

fn has(world: &World, login: &'static str) -> bool {
    let records = &world.operations.services().records;
    let found = now(records.read(move |sql| principals::find_by_login(sql, login)));
    found.expect("nothing was injected").is_some()
}

#[test]
fn operator_merchant_and_owner_are_recorded_in_one_step_and_only_once() {
    let world = World::new();
    assert!(!now(is_founded(&world.operations)).unwrap());
    let shop = now(found(&world.operations, founding("Boss", "wang"))).unwrap();
    assert!(now(is_founded(&world.operations)).unwrap());
    let records = &world.operations.services().records;
    let staff = now(records.read(move |sql| principals::staff_of(sql, shop))).unwrap();
    assert_eq!(staff.iter().map(|owner| owner.login.as_str()).collect::<Vec<_>>(), ["wang"]);
    let operators = now(records.read(|sql| principals::list(sql, Role::Operator, "", 9))).unwrap();
    assert_eq!(operators.iter().map(|operator| operator.login.as_str()).collect::<Vec<_>>(), ["boss"]);
    let mut second = founding("other", "else");
    second.merchant.code = "elsewhere".to_owned();
    assert_eq!(now(found(&world.operations, second)), Err(OperationError::Taken { field: "operator" }));
    assert!(!has(&world, "other") && !has(&world, "else"));
    assert!(now(merchants::find(&world.operations, "elsewhere")).is_err());
}

#[test]
fn a_founding_that_the_rules_refuse_records_nothing() {
    let world = World::new();
    let taken = |field| Err(OperationError::Taken { field });
    let too_short = Err(OperationError::TextLength { field: "login" });
    assert_eq!(now(check(&world.operations, &founding("alice", "wang"))), taken("login"));
    assert_eq!(now(check(&world.operations, &founding("boss", "BOSS"))), taken("login"));
    assert_eq!(now(check(&world.operations, &founding("boss", "w"))), too_short);
    let mut same_code = founding("boss", "wang");
    same_code.merchant.code = "willow-tea".to_owned();
    assert_eq!(now(found(&world.operations, same_code)), Err(OperationError::Taken { field: "code" }));
    assert!(!now(is_founded(&world.operations)).unwrap());
    assert!(!has(&world, "boss") && !has(&world, "wang"));
}

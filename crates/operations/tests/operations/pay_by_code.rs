//! Codes to pay by: what a merchant shows, and what a payer shows.

use std::sync::Arc;

use crate::world::{CNY, World, cny, key, now};
use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use messages::emv_qr::{MerchantCode, crc_16_ccitt_false};
use operations::merchant_code::{self, NewCode};
use operations::payer_code::{self, ChargeRequest, Charged};
use operations::payment::PaymentRequest;
use operations::{CodeRefusal, KeyKeeper, OperationError, Origin, Reason, Receipt, paid_once};
use records::merchants::MerchantStatus;
use records::operations::OperationState;
use wallet::ids::HolderId;

fn at(world: &World, seconds_from_now: u64) -> Timestamp {
    let clock = &world.operations.services().clock;
    Timestamp(clock.now().0 + seconds_from_now * NANOSECONDS_PER_SECOND)
}

fn poster(world: &World) -> String {
    let new = NewCode { merchant: world.shop, currency: CNY, amount: None, once: None };
    now(merchant_code::create(&world.operations, &new)).expect("a code of this merchant")
}

fn order(world: &World, reference: &str, minor: u64) -> String {
    let once = Some((reference.to_owned(), at(world, 600)));
    let new = NewCode { merchant: world.shop, currency: CNY, amount: Some(cny(minor)), once };
    now(merchant_code::create(&world.operations, &new)).expect("a code of this merchant")
}

fn refusal(world: &World, text: &str) -> CodeRefusal {
    match now(merchant_code::verify(&world.operations, text)) {
        Err(OperationError::CodeRefused(refusal)) => refusal,
        other => panic!("{text} gave {other:?}"),
    }
}

/// The text with another checksum, which is right again.
fn resealed(text: &str) -> String {
    let guarded = &text[..text.len() - 4];
    format!("{guarded}{:04X}", crc_16_ccitt_false(guarded.as_bytes()))
}

fn pay_order(
    world: &World,
    payer: HolderId,
    name: &str,
    reference: &str,
    minor: u64,
) -> Result<Receipt, OperationError> {
    let request = PaymentRequest {
        payer,
        merchant: world.shop,
        amount: cny(minor),
        memo: String::new(),
        origin: Origin::default(),
    };
    now(paid_once::start(&world.operations, &key(name), reference, request))
}

fn charge(world: &World, digits: &str, minor: u64) -> Result<Charged, OperationError> {
    let request = ChargeRequest {
        merchant: world.shop,
        digits: digits.to_owned(),
        amount: cny(minor),
        memo: String::new(),
    };
    now(payer_code::charge(&world.operations, request))
}

fn shown(world: &World) -> String {
    now(payer_code::show(&world.operations, world.alice, CNY, 1_000)).expect("a code of this payer").digits
}

fn ended(charged: Result<Charged, OperationError>) -> Receipt {
    match charged {
        Ok(Charged::Ended(receipt)) => receipt,
        other => panic!("{other:?}"),
    }
}

const fn code(refusal: CodeRefusal) -> Result<Charged, OperationError> {
    Err(OperationError::CodeRefused(refusal))
}

#[test]
fn a_poster_says_whom_to_pay_and_leaves_the_amount_open() {
    let world = World::new();
    let text = poster(&world);
    let good = now(merchant_code::verify(&world.operations, &format!(" {text}\n"))).unwrap();
    assert_eq!((good.merchant.id, good.currency, good.amount, good.reference), (world.shop, CNY, None, None));
    let read = MerchantCode::decode(&text).unwrap();
    assert_eq!((read.name.as_str(), read.category.as_str()), ("Willow Tea", "5812"));
    assert_eq!(read.local.unwrap().name, "柳茶");
}

#[test]
fn an_order_says_amount_and_reference_until_it_expires() {
    let world = World::new();
    let text = order(&world, "A-17", 850);
    let good = now(merchant_code::verify(&world.operations, &text)).unwrap();
    assert_eq!((good.amount, good.reference.as_deref()), (Some(cny(850)), Some("A-17")));
    world.clock.pass(601);
    assert_eq!(refusal(&world, &text), CodeRefusal::Expired);
}

#[test]
fn a_changed_code_is_refused_with_the_reason() {
    let world = World::new();
    let text = order(&world, "A-17", 850);
    assert_eq!(refusal(&world, &text.replace("8.50", "0.50")), CodeRefusal::Damaged);
    for (from, to) in
        [("8.50", "0.50"), ("A-17", "A-18"), ("Willow", "Wilted"), ("柳茶", "柳荼"), ("5303156", "5303392")]
    {
        assert!(text.contains(from), "{from} in {text}");
        let changed =
            resealed(&text.replace(from, to).replace("0.50", if to == "5303392" { "850" } else { "0.50" }));
        let found = now(merchant_code::verify(&world.operations, &changed));
        let expected = if to == "5303392" { CodeRefusal::NotACode } else { CodeRefusal::Forged };
        assert_eq!(found, Err(OperationError::CodeRefused(expected)), "{changed}");
    }
    assert_eq!(refusal(&world, "https://shop.test"), CodeRefusal::NotACode);
    let foreign = resealed("000201010211269900000000000000");
    assert_eq!(refusal(&world, &foreign), CodeRefusal::NotACode);
    let foreign = MerchantCode { accounts: vec![], ..MerchantCode::decode(&text).unwrap() };
    let account =
        messages::emv_qr::DataObject::new(messages::emv_qr::ObjectId::new(26).unwrap(), "0008com.shop");
    let foreign = MerchantCode { accounts: vec![account.unwrap()], ..foreign };
    assert_eq!(refusal(&world, &foreign.encode().unwrap()), CodeRefusal::Foreign);
}

#[test]
fn a_code_of_another_installation_is_forged_here() {
    let text = order(&World::new(), "A-17", 850);
    let other = World::new();
    other.keys.put("installation-key", &[9; 32]).unwrap();
    assert_eq!(refusal(&other, &text), CodeRefusal::Forged);
}

#[test]
fn codes_from_before_the_key_left_the_records_are_good_and_the_records_hold_it_no_more() {
    let mut world = World::new();
    let text = order(&world, "A-17", 850);
    let key = world.keys.get("installation-key").unwrap().unwrap();
    let earlier = blake3::Hash::from_slice(&key).unwrap().to_hex().to_string();
    world.keys = Arc::default();
    let records = &world.operations.services().records;
    now(records.write(move |sql| records::meta::set(sql, "merchant_code_key", &earlier))).unwrap();
    world.restart(Arc::clone(&world.records));
    assert_eq!(now(merchant_code::verify(&world.operations, &text)).unwrap().amount, Some(cny(850)));
    let records = &world.operations.services().records;
    assert_eq!(now(records.read(|sql| records::meta::get(sql, "merchant_code_key"))), Ok(None));
}

#[test]
fn an_installation_that_lost_the_key_of_codes_says_so() {
    let mut world = World::new();
    let text = order(&world, "A-17", 850);
    world.keys = Arc::default();
    world.restart(Arc::clone(&world.records));
    let lost = now(merchant_code::verify(&world.operations, &text));
    assert!(matches!(lost, Err(OperationError::Inconsistent(_))));
}

#[test]
fn a_suspended_merchant_cannot_be_paid_by_code() {
    let world = World::new();
    let text = poster(&world);
    let set = operations::merchants::set_status(&world.operations, world.shop, MerchantStatus::Suspended);
    now(set).unwrap();
    assert!(now(merchant_code::verify(&world.operations, &text)).is_err());
}

#[test]
fn an_order_is_paid_once_whoever_pays_it() {
    let world = World::new();
    world.transfer("for-bob", 2_000).unwrap();
    let receipt = pay_order(&world, world.alice, "a", "A-17", 850).unwrap();
    assert_eq!(receipt.state, OperationState::Completed);
    assert_eq!(pay_order(&world, world.alice, "a", "A-17", 850).unwrap(), receipt);
    assert_eq!(pay_order(&world, world.alice, "b", "A-17", 850), Err(OperationError::AlreadyPaid));
    assert_eq!(pay_order(&world, world.bob, "c", "A-17", 850), Err(OperationError::AlreadyPaid));
    let found = now(paid_once::find(&world.operations, world.shop, "A-17")).unwrap();
    assert_eq!(found, Some(receipt.id));
    assert_eq!(world.money().shop, 3_000 + 850);
    world.check_equation();
}

#[test]
fn a_payer_with_too_little_does_not_use_the_order_up() {
    let world = World::new();
    let declined = pay_order(&world, world.bob, "a", "A-17", 850).unwrap();
    assert_eq!(declined.reason, Some(Reason::InsufficientFunds));
    assert_eq!(pay_order(&world, world.bob, "a", "A-17", 850).unwrap(), declined);
    assert_eq!(now(paid_once::find(&world.operations, world.shop, "A-17")).unwrap(), None);
    assert_eq!(pay_order(&world, world.alice, "b", "A-17", 850).unwrap().state, OperationState::Completed);
    world.transfer("for-bob", 2_000).unwrap();
    assert_eq!(pay_order(&world, world.bob, "c", "A-17", 850), Err(OperationError::AlreadyPaid));
    assert_eq!(world.money().shop, 3_000 + 850);
    world.check_equation();
}

#[test]
fn a_payer_code_is_charged_once() {
    let world = World::new();
    let digits = shown(&world);
    assert!(!digits.contains(&world.alice.to_string()));
    let receipt = ended(charge(&world, &digits, 1_200));
    assert_eq!(receipt.state, OperationState::Completed);
    assert_eq!(ended(charge(&world, &digits, 1_200)), receipt);
    assert_eq!(charge(&world, &digits, 1_300), code(CodeRefusal::Used));
    let bob_at_another_shop = ChargeRequest {
        merchant: now(operations::merchants::admit(
            &world.operations,
            operations::merchants::NewMerchant {
                code: "other".into(),
                name_zh: "别家".into(),
                name_en: "Other".into(),
                category: "tea".into(),
            },
        ))
        .unwrap(),
        digits,
        amount: cny(1_200),
        memo: String::new(),
    };
    assert_eq!(now(payer_code::charge(&world.operations, bob_at_another_shop)), code(CodeRefusal::Used));
    assert_eq!(world.money().alice, 10_000 - 1_200);
    world.check_equation();
}

#[test]
fn a_payer_code_expires_and_has_a_limit() {
    let world = World::new();
    let digits = shown(&world);
    assert_eq!(charge(&world, &digits, 100_001), code(CodeRefusal::OverLimit { most: 100_000 }));
    world.clock.pass(61);
    assert_eq!(charge(&world, &digits, 1_200), code(CodeRefusal::Expired));
    assert_eq!(charge(&world, "62000000000000000000", 1_200), code(CodeRefusal::NotACode));
    assert_eq!(charge(&world, "1234", 1_200), code(CodeRefusal::NotACode));
    assert_eq!(world.money().alice, 10_000);
}

#[test]
fn above_a_small_sum_the_payer_confirms_on_their_own_device() {
    let world = World::new();
    world.top_up("more", 70_000).unwrap();
    let digits = shown(&world);
    let Ok(Charged::Waiting { id, .. }) = charge(&world, &digits, 60_000) else { panic!("must wait") };
    assert_eq!(world.money().alice, 80_000);
    assert_eq!(charge(&world, &digits, 50_000), code(CodeRefusal::Used));
    let news = now(payer_code::news(&world.operations, world.alice, Timestamp(0))).unwrap();
    assert_eq!(news.waiting.map(|charge| charge.id), Some(id));
    let by_bob = now(payer_code::confirm(&world.operations, world.bob, id, Origin::default()));
    assert!(matches!(by_bob, Err(OperationError::NotFound(_))));
    let receipt = now(payer_code::confirm(&world.operations, world.alice, id, Origin::default())).unwrap();
    assert_eq!(receipt.state, OperationState::Completed);
    assert_eq!(ended(charge(&world, &digits, 60_000)), receipt);
    let news = now(payer_code::news(&world.operations, world.alice, Timestamp(0))).unwrap();
    assert_eq!((news.waiting, news.paid), (None, Some(id)));
    assert_eq!(world.money().alice, 20_000);
    world.check_equation();
}

#[test]
fn a_rejected_charge_never_happens() {
    let world = World::new();
    let digits = shown(&world);
    let Ok(Charged::Waiting { id, .. }) = charge(&world, &digits, 60_000) else { panic!("must wait") };
    now(payer_code::reject(&world.operations, world.alice, id)).unwrap();
    assert_eq!(charge(&world, &digits, 60_000), code(CodeRefusal::Rejected));
    let late = now(payer_code::confirm(&world.operations, world.alice, id, Origin::default()));
    assert_eq!(late, Err(OperationError::CodeRefused(CodeRefusal::Rejected)));
    assert_eq!(world.money().alice, 10_000);
}

#[test]
fn a_charge_that_nobody_confirms_lapses() {
    let world = World::new();
    let digits = shown(&world);
    let Ok(Charged::Waiting { id, .. }) = charge(&world, &digits, 60_000) else { panic!("must wait") };
    world.clock.pass(181);
    assert_eq!(charge(&world, &digits, 60_000), code(CodeRefusal::Expired));
    let late = now(payer_code::confirm(&world.operations, world.alice, id, Origin::default()));
    assert_eq!(late, Err(OperationError::CodeRefused(CodeRefusal::Expired)));
}

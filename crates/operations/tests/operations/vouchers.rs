//! Vouchers: sold from the merchant's own money, ended once, whoever tries at the same time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use crate::world::{CNY, World, cny, key, now};
use ledger::Timestamp;
use operations::vouchers::{self, SaleRequest, VoucherCode};
use operations::{OperationError, Party, Reason, Receipt, till};
use records::operations::OperationState;
use records::till::StaffRole;
use records::vouchers::VoucherState;
use wallet::ids::{HolderId, PrincipalId, VoucherId};

const CASHIER: PrincipalId = PrincipalId::new(77);
const MANAGER: PrincipalId = PrincipalId::new(78);
const MANY: usize = 64;

fn sell(world: &World, name: &str, minor: u64) -> (Receipt, VoucherCode) {
    let request = SaleRequest { seller: CASHIER, merchant: world.shop, amount: cny(minor) };
    now(vouchers::sell(&world.operations, &key(name), request)).unwrap()
}

fn redeem(
    world: &World,
    name: &str,
    holder: HolderId,
    code: &VoucherCode,
) -> Result<Receipt, OperationError> {
    now(vouchers::redeem(&world.operations, &key(name), holder, code))
}

fn take_back(world: &World, role: StaffRole, sale: &Receipt) -> Result<Receipt, OperationError> {
    let who = if role == StaffRole::Cashier { CASHIER } else { MANAGER };
    let id = VoucherId::new(sale.id.bits());
    now(vouchers::take_back(&world.operations, (who, role), world.shop, id))
}

fn completed(answer: &Result<Receipt, OperationError>) -> bool {
    matches!(answer, Ok(receipt) if receipt.state == OperationState::Completed)
}

fn listed(world: &World) -> Vec<VoucherState> {
    let found = now(vouchers::of_merchant(&world.operations, world.shop, 10)).unwrap();
    found.into_iter().map(|voucher| voucher.state).collect()
}

#[test]
fn of_64_who_redeem_one_voucher_or_take_it_back_one_does() {
    let world = World::new();
    let before = world.money();
    let (sale, code) = sell(&world, "sale", 500);
    assert_eq!(world.money().shop, before.shop - 500);
    let (world, sale, code) = (&world, &sale, &code);
    let ended: usize = std::thread::scope(|scope| {
        let attempt = |number: usize| match number % 3 {
            0 => completed(&redeem(world, &format!("a-{number}"), world.alice, code)),
            1 => completed(&redeem(world, &format!("b-{number}"), world.bob, code)),
            // Of one member of staff every attempt has the same answer, so only one is counted.
            _ => completed(&take_back(world, StaffRole::Manager, sale)) && number == 2,
        };
        let threads: Vec<_> = (0..MANY).map(|number| scope.spawn(move || attempt(number))).collect();
        threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
    });
    assert_eq!(ended, 1);
    let after = world.money();
    assert_eq!(after.alice + after.bob + after.shop, before.alice + before.bob + before.shop);
    assert_eq!(redeem(world, "late", world.bob, code), Err(OperationError::VoucherEnded));
    world.check_equation();
}

#[test]
fn a_sale_that_is_repeated_has_the_same_code_and_sells_once() {
    let world = World::new();
    let (first, code) = sell(&world, "sale", 500);
    let (again, same) = sell(&world, "sale", 500);
    assert_eq!((first.id, code), (again.id, same));
    assert_eq!(listed(&world), [VoucherState::Sold]);
    let request = SaleRequest { seller: CASHIER, merchant: world.shop, amount: cny(600) };
    let other = now(vouchers::sell(&world.operations, &key("sale"), request));
    assert_eq!(other.map(|(receipt, _)| receipt), Err(OperationError::KeyReused));
}

#[test]
fn a_redemption_that_is_repeated_has_the_same_answer() {
    let world = World::new();
    let before = world.money();
    let (_, code) = sell(&world, "sale", 500);
    let first = redeem(&world, "r", world.bob, &code);
    assert!(completed(&first));
    assert_eq!(redeem(&world, "r", world.bob, &code), first);
    assert_eq!(redeem(&world, "r", world.alice, &code), Err(OperationError::VoucherEnded));
    assert_eq!(world.money().bob, before.bob + 500);
    assert_eq!(listed(&world), [VoucherState::Redeemed]);
}

#[test]
fn a_voucher_that_the_shop_could_not_pay_for_is_worth_nothing() {
    let world = World::new();
    let (sale, code) = sell(&world, "sale", 900_000);
    assert_eq!((sale.state, sale.reason), (OperationState::Declined, Some(Reason::InsufficientFunds)));
    let unknown = Err(OperationError::NotFound(Party::Voucher));
    assert_eq!(redeem(&world, "r", world.bob, &code), unknown);
    assert_eq!(listed(&world), []);
    world.check_equation();
}

#[test]
fn a_code_that_nobody_sold_is_unknown() {
    let world = World::new();
    sell(&world, "sale", 500);
    let code = VoucherCode::read("0000-0000-0000-0000").unwrap();
    assert_eq!(redeem(&world, "r", world.bob, &code), Err(OperationError::NotFound(Party::Voucher)));
}

#[test]
fn after_ten_minutes_it_takes_a_manager_to_take_a_voucher_back() {
    let world = World::new();
    let before = world.money();
    let (young, _) = sell(&world, "young", 100);
    assert!(completed(&take_back(&world, StaffRole::Cashier, &young)));
    let (old, code) = sell(&world, "old", 100);
    world.clock.pass(till::UNDO_SECONDS);
    assert_eq!(take_back(&world, StaffRole::Cashier, &old), Err(OperationError::NotPermitted));
    assert!(completed(&take_back(&world, StaffRole::Manager, &old)));
    assert_eq!(redeem(&world, "r", world.bob, &code), Err(OperationError::VoucherEnded));
    assert_eq!(world.money(), before);
    world.check_equation();
}

#[test]
fn a_sale_whose_end_was_not_noted_is_listed() {
    let world = World::new();
    sell(&world, "sale", 500);
    let records = &world.operations.services().records;
    let unnoted =
        records.write(|sql| sql.execute("UPDATE vouchers SET state = $1", &["offered".into()]).map(drop));
    now(unnoted).unwrap();
    assert_eq!(listed(&world), [VoucherState::Sold]);
}

#[test]
fn the_sums_of_the_till_equal_the_ledger_while_vouchers_are_sold_and_taken_back() {
    let world = World::new();
    let equal = || now(till::equals_ledger(&world.operations, world.shop, CNY)).unwrap();
    assert!(equal());
    let (_, code) = sell(&world, "kept", 300);
    let (other, _) = sell(&world, "returned", 200);
    assert!(equal());
    assert!(completed(&redeem(&world, "r", world.bob, &code)));
    assert!(completed(&take_back(&world, StaffRole::Cashier, &other)));
    assert!(equal());
    let all = (Timestamp::ZERO, Timestamp::LAST);
    let sums = now(till::sums(&world.operations, world.shop, CNY, all)).unwrap();
    assert_eq!((sums.sold, sums.vouchers_sold, sums.vouchers_returned), (3_000, 500, 200));
}

//! What is told of cards when their records were lost, and what is told of one operation.

use std::sync::Arc;

use operations::card_purses::{CardPurseRefusal, Direction};
use operations::{explain, start_up_check};
use records::operations::{Filter, Operation, OperationKind, OperationState};
use records::simulated::SimulatedRecords;

use super::stage::{Stage, refused, stage};
use super::till::Mishap;
use super::world::{cny, now};

fn of_cards(stage: &Stage) -> Vec<(OperationKind, OperationState, u64)> {
    let page = now(operations::history::page(stage.operations(), Filter::default(), None, 100)).unwrap();
    let is_of_cards = |row: &&Operation| row.kind.code().starts_with("card_");
    let mut told: Vec<_> = page
        .operations
        .iter()
        .filter(is_of_cards)
        .map(|row| (row.kind, row.state, row.amount.minor()))
        .collect();
    told.sort_unstable();
    told
}

fn sell_and_upload(stage: &mut Stage) {
    let Stage { tills, cards, .. } = stage;
    tills[0].sell(&mut cards[0], 300, Mishap::None);
    tills[0].sell(&mut cards[0], 45, Mishap::None);
    stage.upload(0, 1).unwrap();
}

#[test]
fn records_that_were_restored_are_completed_from_the_ledger() {
    let mut stage = stage(1, 1);
    let backup = stage.world.records.image().unwrap();
    stage.load("a", 0, 2_000);
    sell_and_upload(&mut stage);
    let (operation, code) = stage.deliver(0, Direction::Unload, 500, None);
    stage.confirm(operation, code.unwrap()).unwrap();
    let told = of_cards(&stage);
    assert_eq!(told.len(), 3);
    stage.check_settled();
    stage.restart(Arc::new(SimulatedRecords::from_image(&backup, Box::new(|_| false)).unwrap()));
    now(start_up_check::run(stage.operations())).unwrap();
    assert_eq!(of_cards(&stage), told);
    assert_eq!(stage.view(0).shadow, cny(1_155));
    stage.check_settled();
    now(start_up_check::run(stage.operations())).unwrap();
    assert_eq!(of_cards(&stage), told, "again, nothing is added");
    let request = stage.cards[0].initialise(Direction::Unload, 1, None);
    assert_eq!(stage.begin(request), refused(CardPurseRefusal::CardAhead));
}

#[test]
fn a_load_that_only_the_ledger_knows_waits_where_it_is() {
    let mut stage = stage(1, 0);
    let backup = stage.world.records.image().unwrap();
    let order = stage.order("a", 0, 700).id;
    let (load, _) = stage.deliver(0, Direction::Load, 700, Some(order));
    stage.restart(Arc::new(SimulatedRecords::from_image(&backup, Box::new(|_| false)).unwrap()));
    let report = now(start_up_check::run(stage.operations())).unwrap();
    assert_eq!((report.rebuilt, report.unknown), (1, 1));
    assert_eq!(stage.world.row(load).unwrap().state, OperationState::Unknown);
    stage.check_settled();
}

#[test]
fn an_operation_is_explained_by_all_its_transfers() {
    let mut stage = stage(1, 1);
    let load = stage.load("a", 0, 2_000);
    sell_and_upload(&mut stage);
    let postings = |id| {
        let told = now(explain::explain(stage.operations(), id)).unwrap().postings;
        told.iter()
            .map(|posting| (posting.debit, posting.credit, posting.transfer.amount.0))
            .collect::<Vec<_>>()
    };
    use explain::AccountOwner as Owner;
    let alice = Owner::Wallet(stage.world.alice.into());
    let expected = [(alice, Owner::CardLoad, 2_000), (Owner::CardLoad, Owner::CardPurse, 2_000)];
    assert_eq!(postings(load), expected);
    let filter = Filter { kind: Some(OperationKind::CardTakings), ..Filter::default() };
    let page = now(operations::history::page(stage.operations(), filter, None, 10)).unwrap();
    let shop = Owner::Merchant(stage.world.shop.into());
    let expected = [(Owner::CardPurse, shop, 300), (Owner::CardPurse, shop, 45)];
    assert_eq!(postings(page.operations[0].id), expected);
}

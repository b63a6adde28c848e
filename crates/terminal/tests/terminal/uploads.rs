//! Day-end: batches, receipts, lists; and what a full disk does.

use messages::card::{Outcome, signed_list::ListRefusal};
use pki::{KeyPair, SubjectId};
use purse::fields::DateTime;
use terminal::{
    Station,
    book::{Answer, State},
    entry::{List, RecordNumber},
    gate::Way,
    journal::JournalError,
    lists::ListError,
    refusal::{Failure, Refusal},
    simulated_disk::{DiskFault, SimulatedDisk},
    terminal::Terminal,
    upload::{Host, SyncError},
};

use crate::shop::{
    Leaves, Restless, Till, asn, at, card, field, held, hold_again, issuer,
    issuer::{Line, Office},
    module, now, refused, restart, sale, settings, start, sums, till,
};

/// A terminal with three sales of three cards, the second unknown.
fn three_sales() -> (Till, [crate::shop::Field; 3]) {
    let mut till = till(1);
    let mut fields = [1, 2, 3].map(|number| field(card(number, 1_000), u64::from(number)));
    for (number, field) in [0_u8, 1, 2].into_iter().zip(&mut fields) {
        let leaves = if number == 1 { Leaves::After(2) } else { Leaves::After(99) };
        let mut restless = Restless::new(field, leaves);
        let _ = till.sell(&mut restless, &sale(number, 100 + u32::from(number)), &at(9, number));
    }
    (till, fields)
}

#[test]
fn records_go_up_once_and_leave_the_journal_after_their_receipt() {
    let (mut till, mut fields) = three_sales();
    let mut office = Office::new();
    let uploaded = till.day_end(&mut office, &now(20, 0)).unwrap();
    assert_eq!((uploaded.batches, uploaded.received, uploaded.refused), (1, 3, 0));
    assert_eq!((office.paid(), till.book().queue().count()), (100 + 102, 0));
    assert_eq!(till.book().records().count(), 3, "its tills may ask again");
    let mut later = now(20, 0);
    later.local = DateTime([0x20, 0x26, 0x11, 0x24, 0, 0, 0]);
    till.tidy_up(&later).unwrap();
    // The unknown one stays for its card, and the last one to be cancelled.
    let kept: Vec<_> = till.book().records().map(|record| record.intent.number).collect();
    assert_eq!(kept, [RecordNumber(1), RecordNumber(2)]);
    assert_eq!(till.day_end(&mut office, &now(20, 1)).unwrap().batches, 0);
    let mut till = restart(till);
    hold_again(&mut fields[1]);
    assert!(till.sell(&mut fields[1], &sale(1, 101), &at(20, 2)).unwrap().is_recovered);
    till.day_end(&mut office, &now(20, 3)).unwrap();
    assert_eq!((office.paid(), office.records.len()), (100 + 101 + 102, 3));
    let numbers: Vec<u32> = office.headers.iter().map(|header| header.number.0).collect();
    assert_eq!(numbers, [1, 2]);
    let shift = till.book().summary().shift.totals;
    assert_eq!((shift.sales, shift.sold), (3, 303), "rewriting keeps the sums");
}

#[test]
fn a_lost_receipt_a_forged_one_and_no_line_delete_nothing() {
    let (mut till, _) = three_sales();
    let mut office = Office::new();
    for line in [Line::Down, Line::LosesReceipts, Line::Forged] {
        office.line = line;
        let error = till.day_end(&mut office, &now(20, 0)).unwrap_err();
        assert_eq!(matches!(error, SyncError::Receipt(_)), line == Line::Forged);
        till = restart(till);
        assert_eq!(till.book().queue().count(), 3, "{line:?}");
    }
    office.line = Line::Works;
    till.day_end(&mut office, &now(20, 1)).unwrap();
    assert_eq!((office.records.len(), till.book().queue().count()), (3, 0));
    let numbers: Vec<u32> = office.headers.iter().map(|header| header.number.0).collect();
    assert_eq!(numbers, [2, 3, 4], "no number twice");
}

/// A batch is on its way while a card comes back, and another pays.
#[test]
fn what_a_card_proves_while_its_batch_is_on_the_way_goes_up_again() {
    let (mut till, mut fields) = three_sales();
    let mut office = Office::new();
    let batch = till.next_batch(&now(20, 0)).unwrap().unwrap();
    hold_again(&mut fields[1]);
    assert!(till.sell(&mut fields[1], &sale(1, 101), &at(20, 1)).unwrap().is_recovered);
    till.sell(&mut fields[0], &sale(9, 50), &at(20, 2)).unwrap();
    let receipt = office.upload(batch.bytes()).unwrap();
    let uploaded = till.take_receipt(&batch, &receipt).unwrap();
    assert_eq!(
        (uploaded.received, till.book().queue().count()),
        (2, 2),
        "the proved one and the new one wait"
    );
    let mut till = restart(till);
    till.upload(&mut office, &now(20, 3)).unwrap();
    assert_eq!((office.paid(), till.book().queue().count()), (100 + 101 + 102 + 50, 0));
    // The receipt of another batch is none.
    till.sell(&mut fields[0], &sale(10, 1), &at(20, 4)).unwrap();
    let other = till.next_batch(&now(20, 5)).unwrap().unwrap();
    assert!(matches!(till.take_receipt(&other, &receipt), Err(SyncError::Receipt(_))));
    assert_eq!(till.book().queue().count(), 1);
}

#[test]
fn one_record_that_the_issuer_refuses_stays_and_blocks_no_other() {
    let (mut till, _) = three_sales();
    let mut office = Office { stranger: Some(asn(1)), ..Office::new() };
    let uploaded = till.day_end(&mut office, &now(20, 0)).unwrap();
    assert_eq!((uploaded.received, uploaded.refused), (2, 1));
    let till = restart(till);
    let refused = till.book().record(RecordNumber(0)).unwrap();
    assert_eq!(refused.answer, Answer::NotPaid(0x12));
    assert_eq!((till.book().queue().count(), sums(&till).0), (0, 100 + 102));
}

#[test]
fn a_cancelled_sale_goes_up_as_cancelled_also_when_it_was_uploaded_before() {
    let (mut till, mut field, mut office) = (till(1), field(card(1, 1_000), 1), Office::new());
    till.sell(&mut field, &sale(1, 300), &at(9, 0)).unwrap();
    till.day_end(&mut office, &now(9, 1)).unwrap();
    let mut till = restart(till);
    let receipt = till.cancel_last(&mut field, &at(9, 2)).unwrap();
    assert_eq!((receipt.amount.units(), receipt.balance.units(), held(&field)), (300, 1_000, 1_000));
    assert!(till.cancel_last(&mut field, &at(9, 3)).unwrap().is_recovered, "once");
    assert_eq!(held(&field), 1_000);
    till.day_end(&mut office, &now(9, 4)).unwrap();
    assert_eq!((office.records.len(), office.paid()), (1, 0));
    assert!(matches!(office.records.values().next().unwrap().outcome, Outcome::Cancelled { .. }));
    assert_eq!(till.book().summary().shift.totals.given_back, 300);
}

/// Hard case 27.
#[test]
fn only_the_last_sale_is_cancelled_by_its_card_at_its_terminal() {
    let (mut till, mut other) = (till(1), till(2));
    let (mut first, mut second) = (field(card(1, 1_000), 1), field(card(2, 1_000), 2));
    till.sell(&mut first, &sale(1, 300), &at(9, 0)).unwrap();
    assert_eq!(refused(other.cancel_last(&mut first, &at(9, 1))), Refusal::NothingToCancel);
    assert_eq!(refused(till.cancel_last(&mut second, &at(9, 1))), Refusal::NothingToCancel);
    other.sell(&mut first, &sale(2, 10), &at(9, 2)).unwrap();
    assert!(matches!(refused(till.cancel_last(&mut first, &at(9, 3))), Refusal::Card(_)), "it paid since");
    till.sell(&mut second, &sale(3, 10), &at(9, 4)).unwrap();
    assert_eq!(refused(till.cancel_last(&mut first, &at(9, 5))), Refusal::NothingToCancel);
    assert_eq!((held(&first), held(&second)), (690, 990));
}

#[test]
fn a_trip_is_paid_at_its_end_by_where_it_began() {
    let (mut till, mut field) = (till(1), field(card(1, 1_000), 1));
    let (from, to) = (Station { line: 9, station: 2 }, Station { line: 9, station: 7 });
    let fare = |entrance: &terminal::Entrance| {
        purse::amount::Amount::new(100 * u32::from(to.station - entrance.station.station))
    };
    let out = Way::Out(&fare);
    assert_eq!(refused(till.pass(&mut field, (to, &out), &at(9, 0))), Refusal::Trip);
    assert_eq!(till.pass(&mut field, (from, &Way::In), &at(9, 1)).unwrap().amount.units(), 0);
    assert_eq!(refused(till.pass(&mut field, (from, &Way::In), &at(9, 2))), Refusal::Trip);
    let receipt = till.pass(&mut field, (to, &out), &at(9, 30)).unwrap();
    assert_eq!((receipt.amount.units(), held(&field)), (500, 500));
    let mut poor = crate::shop::field(card(2, 100), 2);
    till.pass(&mut poor, (from, &Way::In), &at(9, 31)).unwrap();
    assert!(matches!(refused(till.pass(&mut poor, (to, &out), &at(9, 40))), Refusal::Card(_)));
    let mut office = Office::new();
    till.day_end(&mut office, &now(20, 0)).unwrap();
    assert_eq!((office.records.len(), office.paid()), (3, 500));
}

/// Hard cases 19 and 20.
#[test]
fn an_older_list_or_one_of_somebody_else_is_not_taken_also_after_a_restart() {
    let mut till = till(1);
    till.take_list(List::Status, &issuer::status_list(5, &[asn(1)]), &now(9, 0)).unwrap();
    let take = |till: &mut Till, bytes: &[u8]| till.take_list(List::Status, bytes, &now(9, 1)).unwrap_err();
    let older = ListError::Refused(ListRefusal::Older);
    assert_eq!(take(&mut till, &issuer::status_list(4, &[])), older);
    let forked = ListError::Refused(ListRefusal::Forked);
    assert_eq!(take(&mut till, &issuer::status_list(5, &[])), forked);
    let mut till = restart(till);
    assert_eq!(take(&mut till, &issuer::status_list(4, &[])), older);
    assert_eq!(take(&mut till, &issuer::status_list(5, &[])), forked);
    let mut changed = issuer::status_list(6, &[asn(1)]);
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(take(&mut till, &changed), ListError::Refused(ListRefusal::Malformed));
    // Somebody puts the old file back on the disk: it is no list.
    let (mut disk, module) = till.stop();
    *disk.durable_mut("status-list").unwrap() = issuer::status_list(4, &[]);
    *disk.durable_mut("status-list.next").unwrap() = issuer::status_list(4, &[]);
    let mut till = start(disk, module);
    let mut field = field(card(1, 1_000), 1);
    assert_eq!(refused(till.sell(&mut field, &sale(1, 10), &at(9, 2))), Refusal::StatusList);
    assert_eq!(take(&mut till, &issuer::status_list(4, &[])), older);
    let stranger = terminal::terminal::Settings {
        issuer_key: KeyPair::from_seed(&[0x44; 32]).public(),
        issuer: SubjectId([7; 16]),
        ..settings()
    };
    let mut till =
        Terminal::start(SimulatedDisk::new(), module_of(2), stranger).map_err(|(e, ..)| e).unwrap();
    let refusal = till.take_list(List::Parameters, &issuer::parameters(1), &now(9, 0)).unwrap_err();
    assert_eq!(refusal, ListError::Refused(ListRefusal::Signature));
}

fn module_of(number: u8) -> card_reader::in_process::InProcess<crate::shop::Module> {
    module(number, 1_000)
}

#[test]
fn a_crash_while_a_list_is_taken_leaves_the_old_one_or_the_new_one() {
    for step in 0..6 {
        for kept_bytes in [0, 50, u32::MAX] {
            let mut till = till(1);
            till.disk_mut().fail_at(step, DiskFault::Crash { kept_bytes, keeps_earlier: true });
            let taken = till.take_list(List::Status, &issuer::status_list(2, &[asn(1)]), &now(9, 0));
            let mut till = restart(till);
            let outcome = till.sell(&mut field(card(1, 1_000), 1), &sale(1, 10), &at(9, 1));
            let is_refused = matches!(outcome, Err(Failure::Refused(Refusal::Listed(_))));
            assert!(is_refused || outcome.is_ok() && taken.is_err(), "{step}: {outcome:?}");
        }
    }
}

#[test]
fn a_full_disk_refuses_the_sale_and_the_card_keeps_its_money() {
    let mut till = start(SimulatedDisk::with_capacity(80_000), module(1, 10_000_000));
    till.take_list(List::Parameters, &issuer::parameters(1), &now(8, 0)).unwrap();
    till.take_list(List::Status, &issuer::status_list(1, &[]), &now(8, 0)).unwrap();
    let mut field = field(card(1, 100_000), 1);
    let mut sold = 0;
    let refusal = loop {
        let mut id = sale(0, 10);
        id.id.0[..4].copy_from_slice(&i32::to_be_bytes(sold));
        match till.sell(&mut field, &id, &at(9, 0)) {
            Ok(_) => sold += 1,
            Err(failure) => break failure,
        }
    };
    assert_eq!(refusal, Failure::Journal(JournalError::Full));
    assert!(sold > 50, "{sold}");
    assert_eq!(
        (i64::from(held(&field)), sums(&till)),
        (100_000 - i64::from(sold) * 10, (i64::from(sold) * 10, 0))
    );
    // It hands in what it has, and sells again when there is room.
    let mut office = Office::new();
    till.upload(&mut office, &now(9, 1)).unwrap();
    assert_eq!((office.paid(), till.book().queue().count()), (i64::from(sold) * 10, 0));
    assert!(till.sell(&mut field, &sale(200, 10), &at(9, 2)).is_err());
    till.disk_mut().make_room();
    till.sell(&mut field, &sale(200, 10), &at(9, 3)).unwrap();
}

#[test]
fn rewriting_the_journal_forgets_nothing_wherever_it_is_cut() {
    for step in 0..12 {
        for (kept_bytes, keeps_earlier) in [(0, false), (40, true), (u32::MAX, true)] {
            let (mut till, fields) = three_sales();
            let mut office = Office::new();
            till.disk_mut().fail_at(step, DiskFault::Crash { kept_bytes, keeps_earlier });
            let _ = till.day_end(&mut office, &now(20, 0));
            let mut till = restart(till);
            till.day_end(&mut office, &now(20, 1)).unwrap();
            let debited: i64 = fields.iter().map(|field| 1_000 - i64::from(held(field))).sum();
            assert_eq!((office.records.len(), office.paid()), (3, debited - 101));
            assert!(till.book().records().any(|record| record.state == State::Open(None)));
        }
    }
}

#[test]
fn an_unknown_record_waits_for_its_card_some_days_and_not_for_ever() {
    let (mut till, _) = three_sales();
    let mut office = Office::new();
    till.day_end(&mut office, &now(20, 0)).unwrap();
    assert_eq!(till.book().records().filter(|record| record.state.is_unknown()).count(), 1);
    let mut late = now(20, 0);
    late.local = DateTime([0x20, 0x26, 0x11, 0x30, 0, 0, 0]);
    till.day_end(&mut office, &late).unwrap();
    assert_eq!(till.book().records().filter(|record| record.state.is_unknown()).count(), 0);
}

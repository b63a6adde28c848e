//! The simulated store: crashes on demand.

use std::sync::Arc;

use records::simulated::{Moment, SimulatedRecords};
use records::{Records, RecordsError, operations};

use crate::samples::payment;
use crate::stage::wait;

fn start(crash_when: impl FnMut(Moment) -> bool + Send + 'static) -> (Arc<SimulatedRecords>, Records) {
    let store = Arc::new(SimulatedRecords::new(Box::new(crash_when)).expect("opens"));
    let records = Records::new(Arc::clone(&store) as _);
    (store, records)
}

fn insert(records: &Records, number: u64) -> Result<(), RecordsError> {
    wait(records.write(move |sql| operations::insert(sql, &payment(number)).map(|_| ())))
}

fn insert_later(records: &Records, number: u64) {
    records.write_later(move |sql| operations::insert(sql, &payment(number)).map(|_| ()));
}

fn payments(records: &Records) -> Vec<u128> {
    let open = wait(records.read(|sql| operations::open_after(sql, 0, 100))).expect("reads");
    open.iter().map(|operation| operation.id.bits()).collect()
}

#[test]
fn a_crash_leaves_exactly_the_kept_jobs() {
    for kept in 1..=4 {
        let (store, records) = start(|_| false);
        insert(&records, 1).expect("inserts");
        (2..=4).for_each(|number| insert_later(&records, number));
        assert_eq!((store.durable_jobs(), store.jobs()), (1, 4));
        assert_eq!(payments(&records), [1, 2, 3, 4]);
        store.crash(kept).expect("within the range");
        assert_eq!((store.durable_jobs(), store.jobs()), (kept, kept));
        assert_eq!(payments(&records), (1..=u128::from(kept)).collect::<Vec<_>>());
        insert(&records, 9).expect("works again");
    }
}

#[test]
fn an_awaited_job_makes_everything_before_it_durable() {
    let (store, records) = start(|_| false);
    insert_later(&records, 1);
    insert(&records, 2).expect("inserts");
    assert_eq!(store.durable_jobs(), 2);
    insert_later(&records, 3);
    let failed = wait(records.write(|_| Err::<(), _>(RecordsError::Statement("no".to_owned()))));
    assert!(failed.is_err());
    assert_eq!((store.durable_jobs(), store.jobs()), (3, 3));
    assert!(store.crash(2).is_err());
    assert!(store.crash(4).is_err());
    store.crash(3).expect("within the range");
    assert_eq!(payments(&records), [1, 2, 3]);
}

#[test]
fn a_crash_before_the_commit_loses_the_job_and_one_after_it_keeps_it() {
    for (moment, left) in [(Moment::BeforeCommit, vec![1]), (Moment::AfterCommit, vec![1, 2])] {
        let (store, records) = start(|_| false);
        insert(&records, 1).expect("inserts");
        store.set_crash_when(Box::new(move |now| now == moment));
        assert_eq!(insert(&records, 2), Err(RecordsError::Crashed));
        assert!(store.has_crashed());
        assert_eq!(insert(&records, 3), Err(RecordsError::Crashed));
        let read = wait(records.read(operations::count_open));
        assert_eq!(read, Err(RecordsError::Crashed));
        store.set_crash_when(Box::new(|_| false));
        store.crash(store.jobs()).expect("within the range");
        assert_eq!(payments(&records), left);
    }
}

#[test]
fn a_job_that_nobody_waits_for_may_crash_too() {
    let (store, records) = start(|_| false);
    store.set_crash_when(Box::new(|now| now == Moment::AfterCommit));
    insert_later(&records, 1);
    assert!(store.has_crashed());
    assert_eq!((store.durable_jobs(), store.jobs()), (0, 1));
    store.set_crash_when(Box::new(|_| false));
    store.crash(0).expect("within the range");
    assert_eq!(payments(&records), [0_u128; 0]);
}

#[test]
fn an_image_begins_another_life() {
    let (store, records) = start(|_| false);
    insert(&records, 1).expect("inserts");
    insert_later(&records, 2);
    let image = store.image().expect("runs");
    insert(&records, 3).expect("inserts");
    let other = SimulatedRecords::from_image(&image, Box::new(|_| false)).expect("opens");
    let other = Records::new(Arc::new(other));
    assert_eq!(payments(&other), [1, 2]);
    insert(&other, 4).expect("inserts");
    assert_eq!(payments(&other), [1, 2, 4]);
    let not_one = SimulatedRecords::from_image(b"not an image", Box::new(|_| false));
    assert!(matches!(not_one, Err(RecordsError::Damaged(_))), "{not_one:?}");
}

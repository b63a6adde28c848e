//! Founding a town: fast, and durable when it says so.

use std::sync::Arc;

use records::direct::DirectRecords;
use records::{Records, RecordsError, operations};
use wallet::ids::OperationId;

use crate::samples::payment;
use crate::stage::{Directory, wait};

#[test]
fn what_was_not_committed_is_gone_and_what_was_is_there() {
    let directory = Directory::new();
    let path = directory.file("records.sqlite");
    let direct = Arc::new(DirectRecords::open(&path).expect("opens"));
    let records = Records::new(Arc::clone(&direct) as _);
    wait(records.write(|sql| operations::insert(sql, &payment(1)))).expect("inserts");
    direct.commit().expect("commits");
    wait(records.write(|sql| operations::insert(sql, &payment(2)))).expect("inserts");
    let failed = wait(records.write(|sql| {
        operations::insert(sql, &payment(3))?;
        Err::<(), _>(RecordsError::Statement("no".to_owned()))
    }));
    assert!(failed.is_err());
    let seen = wait(records.read(operations::count_open)).expect("reads");
    assert_eq!(seen, 2);
    assert!(matches!(Records::open_sqlite(&path), Err(RecordsError::InUse(_))));
    drop((records, direct));
    let records = Records::open_sqlite(&path).expect("opens");
    let left = wait(records.read(|sql| operations::open_after(sql, 0, 10))).expect("reads");
    assert_eq!(left.iter().map(|operation| operation.id).collect::<Vec<_>>(), [OperationId::new(1)]);
}

//! The server: shared with others, and sometimes away.

use std::time::Duration;

use ::postgres::{Client, NoTls};
use records::{Records, RecordsError, Sql, Value, meta, migrations, operations};

use crate::samples::payment;
use crate::stage::wait;

fn insert(records: &Records, number: u64) -> Result<(), RecordsError> {
    wait(records.write(move |sql| operations::insert(sql, &payment(number)).map(|_| ())))
}

fn increment(sql: &mut dyn Sql, name: &str) -> Result<(), RecordsError> {
    sql.execute(
        "UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = $1",
        &[name.into()],
    )?;
    Ok(())
}

#[test]
fn several_servers_may_start_at_once() {
    let url = postgres_cluster::test_database();
    let servers: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            std::thread::spawn(move || Records::open_postgres(&url))
        })
        .collect();
    let servers: Vec<Records> =
        servers.into_iter().map(|server| server.join().expect("ends").expect("opens")).collect();
    for (number, records) in (1..).zip(&servers) {
        insert(records, number).expect("inserts");
    }
    assert_eq!(wait(servers[0].read(operations::count_open)), Ok(4));
}

#[test]
fn jobs_that_deadlock_are_run_again() {
    let url = postgres_cluster::test_database();
    let servers =
        [Records::open_postgres(&url).expect("opens"), Records::open_postgres(&url).expect("opens")];
    let names = ["left", "right"];
    wait(servers[0].write(move |sql| names.iter().try_for_each(|name| meta::set(sql, name, "0"))))
        .expect("sets");
    let orders = [["left", "right"], ["right", "left"]];
    let threads: Vec<_> = servers
        .into_iter()
        .zip(orders)
        .map(|(records, [first, second])| {
            std::thread::spawn(move || {
                wait(records.write(move |sql| {
                    increment(sql, first)?;
                    std::thread::sleep(Duration::from_millis(100));
                    increment(sql, second)
                }))
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("ends").expect("succeeds at last");
    }
    let records = Records::open_postgres(&url).expect("opens");
    for name in names {
        let value = wait(records.read(move |sql| meta::get(sql, name))).expect("reads");
        assert_eq!(value.as_deref(), Some("2"));
    }
}

#[test]
fn a_broken_connection_is_unavailable_and_then_made_anew() {
    let url = postgres_cluster::test_database();
    let records = Records::open_postgres(&url).expect("opens");
    insert(&records, 1).expect("inserts");
    let mut admin = Client::connect(&url, NoTls).expect("connects");
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let broken = wait(records.write(move |sql| {
        admin.batch_execute(kill).expect("kills");
        operations::insert(sql, &payment(2))
    }));
    assert!(matches!(broken, Err(RecordsError::Unavailable(_))), "{broken:?}");
    insert(&records, 3).expect("inserts");
    let open = wait(records.read(|sql| operations::open_after(sql, 0, 10))).expect("reads");
    assert_eq!(open.iter().map(|operation| operation.id.bits()).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn an_answer_means_synced() {
    let records = Records::open_postgres(&postgres_cluster::test_database()).expect("opens");
    let rows = wait(records.write(|sql| sql.query("SELECT current_setting('synchronous_commit')", &[])));
    assert_eq!(rows.expect("answers")[0].text(0), Ok("on"));
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let url = postgres_cluster::test_database();
    let newer = migrations::known_version() + 1;
    let records = Records::open_postgres(&url).expect("opens");
    wait(records.write(move |sql| {
        sql.execute("INSERT INTO schema_version (version) VALUES ($1)", &[Value::from(newer)])
    }))
    .expect("inserts");
    let error = Records::open_postgres(&url).map(|_| ()).expect_err("refused");
    assert_eq!(error, RecordsError::NewerVersion { found: newer, known: migrations::known_version() });
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    for url in ["postgres://nobody@127.0.0.1:1/nothing", "not a url"] {
        let error = Records::open_postgres(url).map(|_| ()).expect_err("refused");
        assert!(matches!(error, RecordsError::Unavailable(_)), "{error}");
    }
}

#[test]
fn it_opens_inside_a_runtime() {
    let url = postgres_cluster::test_database();
    let opened = wait(async move { Records::open_postgres(&url).map(|_| ()) });
    assert_eq!(opened, Ok(()));
}

//! History, receipts and statements.

use serde_json::Value;

use crate::world::{World, call};

async fn pay(world: &World, minor: u64, memo: &str) -> String {
    let mut body = world.payment(minor);
    body["memo"] = Value::from(memo);
    world.post("/api/v1/payments", &world.lilin, &body).await.assert_status(201).text_of("id")
}

#[tokio::test]
async fn pages_join_without_gap_or_duplicate_while_more_is_paid() {
    let world = World::with_balance(50_000).await;
    let mut expected = Vec::new();
    for number in 1..=25 {
        expected.push(pay(&world, number, "tea").await);
    }
    expected.reverse();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/operations?kind=payment&limit=10{cursor}");
        let page = world.get(&path, &world.lilin).await.assert_status(200).json();
        seen.extend(
            page["operations"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        pay(&world, 1, "later").await;
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn history_is_filtered_by_kind_text_and_day() {
    let world = World::with_balance(50_000).await;
    pay(&world, 800, "Oolong").await;
    pay(&world, 900, "龙井").await;
    let count = async |query: &str| {
        let page =
            world.get(&format!("/api/v1/operations?{query}"), &world.lilin).await.assert_status(200).json();
        page["operations"].as_array().unwrap().len()
    };
    assert_eq!(count("").await, 3);
    assert_eq!(count("kind=top_up").await, 1);
    assert_eq!(count("q=oolong").await, 1);
    assert_eq!(count("q=%E9%BE%99").await, 1);
    assert_eq!(count("q=%25").await, 0);
    assert_eq!(count("state=declined").await, 0);
    assert_eq!(count("currency=USD").await, 0);
    assert_eq!(count(&format!("merchant={}", world.tea)).await, 2);
    assert_eq!(count("from=1970-01-01&to=1970-01-02").await, 0);
    assert_eq!(count("from=2020-01-01&to=2199-12-31").await, 3);
}

#[tokio::test]
async fn each_side_sees_its_own_direction_and_no_full_name_of_a_stranger() {
    let world = World::with_balance(5_000).await;
    let id = pay(&world, 800, "").await;
    let operation = async |person| {
        world.get(&format!("/api/v1/operations/{id}"), person).await.assert_status(200).json()["operation"]
            .clone()
    };
    let own = operation(&world.lilin).await;
    assert_eq!((&own["direction"], &own["payer"]["name"]), (&Value::from("out"), &Value::from("李林")));
    assert_eq!(own["payee"]["latin_name"], "Willow Tea");
    let merchants = operation(&world.tea_staff).await;
    assert_eq!(
        (&merchants["direction"], &merchants["payer"]["name"]),
        (&Value::from("in"), &Value::from("李*"))
    );
    assert_eq!(operation(&world.operator).await["payer"]["name"], "李林");
}

#[tokio::test]
async fn a_receipt_is_json_or_plain_text() {
    let world = World::with_balance(5_000).await;
    let id = pay(&world, 850, "two cups").await;
    let path = format!("/api/v1/operations/{id}/receipt");
    let receipt = world.get(&path, &world.lilin).await.assert_status(200).json();
    assert_eq!((&receipt["amount"], &receipt["currency"]), (&Value::from("8.50"), &Value::from("CNY")));
    let plain = call("GET", path).by(&world.lilin).header("accept", "text/plain").send(&world.router).await;
    assert_eq!(plain.headers["content-type"], "text/plain; charset=utf-8");
    for line in [format!("No.      {id}"), "Amount   8.50 CNY".to_owned(), "Memo     two cups".to_owned()] {
        assert!(plain.text.lines().any(|found| found == line), "{line} in {}", plain.text);
    }
}

#[tokio::test]
async fn a_statement_is_csv_that_no_spreadsheet_takes_for_a_formula() {
    let world = World::with_balance(5_000).await;
    pay(&world, 850, "=cmd|' /C calc'!A0").await;
    let path = "/api/v1/statement.csv?from=2026-01-01&to=2026-12-31&currency=CNY";
    let csv = world.get(path, &world.lilin).await.assert_status(200);
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    let lines: Vec<&str> = csv.text.split("\r\n").collect();
    assert_eq!(lines[0], "time,id,kind,counterparty,memo,currency,amount");
    assert!(lines[1].ends_with(",CNY,50.00"), "{}", csv.text);
    assert!(lines[2].contains("\"'=cmd|' /C calc'!A0\"") && lines[2].ends_with(",-8.50"), "{}", csv.text);
    for (query, field) in [
        ("from=2026-01-01&to=2025-12-31&currency=CNY", "to"),
        ("from=2020-01-01&to=2026-12-31&currency=CNY", "to"),
        ("from=2026-01-01&to=2026-12-31&currency=RMB", "currency"),
        ("to=2026-12-31&currency=CNY", "from"),
    ] {
        let answer =
            world.get(&format!("/api/v1/statement.csv?{query}"), &world.lilin).await.assert_status(400);
        assert_eq!(answer.json()["field"], field, "{query}");
    }
}

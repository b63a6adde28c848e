//! Control as the operator's people use it: through the API and through forms without scripts.

use std::sync::Arc;

use records::principals::Role;
use serde_json::{Value, json};

use crate::world::{Answer, Person, World, call, hire, log_in};

/// The world with a second of the operator's people.
async fn staffed(minor: u64) -> (World, Person) {
    let world = World::with_balance(minor).await;
    let second = hire(&world.app, "second-operator", Role::Operator, None).await;
    let second = log_in(&world.app, second).await;
    (world, second)
}

async fn page(world: &World, person: &Person, path: &str) -> String {
    world.get(path, person).await.assert_status(200).text
}

/// Sends a form with the token of a page.
async fn send(world: &World, person: &Person, (from, to): (&str, &str), fields: &[(&str, &str)]) -> Answer {
    let token = form_token(world, person, from).await;
    let mut all = vec![("form_token", token.as_str())];
    all.extend_from_slice(fields);
    let body = serde_urlencoded::to_string(all).unwrap();
    let kind = "application/x-www-form-urlencoded";
    call("POST", to).by(person).text(kind, body).send(&world.router).await
}

async fn form_token(world: &World, person: &Person, from: &str) -> String {
    let text = page(world, person, from).await;
    let (_, rest) = text.split_once("name=\"form_token\" value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// Sends the form of `/operator/reconciliation`, with a file where one is given: its name and its bytes.
async fn import(world: &World, fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Answer {
    let to = "/operator/reconciliation";
    let token = form_token(world, &world.operator, to).await;
    let mut body = Vec::new();
    for (name, value) in fields.iter().chain([&("form_token", token.as_str())]) {
        let part = format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.into_bytes());
    }
    let (name, bytes) = file.unwrap_or_default();
    let part =
        format!("--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
    body.extend(part.into_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    call("POST", to)
        .by(&world.operator)
        .bytes("multipart/form-data; boundary=edge", body)
        .send(&world.router)
        .await
}

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status.as_u16(), 303, "{answer:?}");
    let location = answer.headers["location"].to_str().unwrap();
    location.split_once('?').map_or(location, |(path, _)| path).to_owned()
}

/// Writes a rule through the form and has two people switch it on.
async fn switch_on(world: &World, second: &Person, fields: &[(&str, &str)]) {
    let written = send(world, &world.operator, ("/operator/rules", "/operator/rules"), fields).await;
    let rule = location(&written);
    let to = format!("{rule}/on");
    let asked = send(world, &world.operator, (&rule, &to), &[("version", "1"), ("reason", "tested")]).await;
    assert_eq!(location(&asked), "/operator/approvals");
    let list = world.get("/api/v1/operator/approvals", second).await.assert_status(200).json();
    let id = list["approvals"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/operator/approvals/{id}");
    let verdict = json!({"approved": true, "reason": "seen"});
    assert_eq!(world.post(&path, &world.operator, &verdict).await.assert_status(403).problem(), "forbidden");
    let done = world.post(&path, second, &verdict).await.assert_status(200);
    assert_eq!(done.text_of("state"), "executed");
}

const HOLD_LARGE: [(&str, &str); 4] =
    [("name", "large"), ("outcome", "hold"), ("amount", "50.00"), ("currency", "CNY")];

#[tokio::test]
async fn a_held_payment_is_released_by_a_person_and_explained_step_by_step() {
    let (world, second) = staffed(20_000).await;
    switch_on(&world, &second, &HOLD_LARGE).await;
    let held = world.post("/api/v1/payments", &world.lilin, &world.payment(6_000)).await.assert_status(202);
    assert_eq!(held.text_of("state"), "held");
    let id = held.text_of("id");
    assert_eq!(world.balance(&world.lilin).await, 14_000, "what is held cannot be spent");
    assert!(page(&world, &world.lilin, &format!("/transactions/{id}")).await.contains("Under review"));
    assert!(page(&world, &world.operator, "/operator/risk").await.contains(&id));
    let to = format!("/operator/risk/{id}");
    let fields = [("choice", "release"), ("reason", "called back")];
    assert_eq!(location(&send(&world, &second, ("/operator/risk", &to), &fields).await), "/operator/risk");
    let again = send(&world, &world.operator, ("/operator/rules", &to), &fields).await;
    assert_eq!(again.status.as_u16(), 422, "a second decision is refused");
    let story = page(&world, &world.operator, &format!("/operator/explain/{id}")).await;
    for words in ["large", "Reserved", "Reservation made final", "called back", "review.released"] {
        assert!(story.contains(words), "{words}");
    }
    let own = page(&world, &world.lilin, &format!("/transactions/{id}/explain")).await;
    assert!(own.contains("Reserved") && !own.contains("review.released") && !own.contains("large"));
    world.get(&format!("/transactions/{id}/explain"), &world.hanmei).await.assert_status(404);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn of_64_decisions_at_once_one_wins_and_the_rest_are_told() {
    let (world, second) = staffed(20_000).await;
    switch_on(&world, &second, &HOLD_LARGE).await;
    let held = world.post("/api/v1/payments", &world.lilin, &world.payment(6_000)).await.assert_status(202);
    let path = format!("/api/v1/operator/reviews/{}", held.text_of("id"));
    let world = Arc::new(world);
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let (world, second, path) = (Arc::clone(&world), second.clone(), path.clone());
            let verdict = json!({"approved": number % 2 == 0, "reason": "decided"});
            tokio::spawn(async move { world.post(&path, &second, &verdict).await.status.as_u16() })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|status| matches!(status, 200 | 409)), "{answers:?}");
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_payment_that_a_rule_declines_moves_nothing() {
    let (world, second) = staffed(20_000).await;
    let rule = [("name", "none"), ("outcome", "decline"), ("kind", "payment"), ("currency", "CNY")];
    switch_on(&world, &second, &rule).await;
    let refused = world.post("/api/v1/payments", &world.lilin, &world.payment(100)).await;
    assert_eq!((refused.status.as_u16(), refused.problem()), (422, "refused".to_owned()));
    assert_eq!(world.balance(&world.lilin).await, 20_000);
}

#[tokio::test]
async fn a_correction_needs_two_people_and_happens_once() {
    let (world, second) = staffed(1_000).await;
    let order = json!({
        "holder": world.lilin.id.to_string(), "amount": 250, "currency": "CNY", "to_holder": true, "reason": "lost cash",
    });
    let asked = world.post("/api/v1/operator/approvals", &world.operator, &order).await.assert_status(201);
    let path = format!("/api/v1/operator/approvals/{}", asked.text_of("id"));
    let verdict = json!({"approved": true, "reason": "counted"});
    world.post(&path, &world.operator, &verdict).await.assert_status(403);
    assert_eq!(world.balance(&world.lilin).await, 1_000);
    world.post(&path, &second, &verdict).await.assert_status(200);
    world.post(&path, &second, &verdict).await.assert_status(409);
    assert_eq!(world.balance(&world.lilin).await, 1_250);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_merchant_is_admitted_by_two_people_through_forms() {
    let (world, second) = staffed(1_000).await;
    let fields = [
        ("name_zh", "晨光书店"),
        ("name_en", "Dawn Books"),
        ("category", "books"),
        ("login", "dawn-books"),
        ("password", "a long first password"),
        ("reason", "contract signed"),
    ];
    let asked = send(&world, &world.operator, ("/operator/merchants", "/operator/merchants"), &fields).await;
    assert_eq!(location(&asked), "/operator/approvals");
    assert!(!page(&world, &world.operator, "/operator/merchants").await.contains("dawn-books"));
    let list = world.get("/api/v1/operator/approvals", &second).await.json();
    let to = format!("/operator/approvals/{}", list["approvals"][0]["id"].as_str().unwrap());
    let verdict = [("choice", "approve"), ("reason", "contract seen")];
    location(&send(&world, &second, ("/operator/approvals", &to), &verdict).await);
    assert!(page(&world, &world.operator, "/operator/merchants").await.contains("dawn-books"));
    let log = page(&world, &world.operator, "/operator/audit-log").await;
    assert!(log.contains("approval.executed") && !log.contains("argon2"), "no secret is in the log");
}

#[tokio::test]
async fn an_auditor_sees_everything_and_changes_nothing() {
    let (world, _) = staffed(1_000).await;
    let fields = [
        ("login", "he-jing"),
        ("display_name", "何静"),
        ("password", "a long first password"),
        ("role", "auditor"),
    ];
    let hired = send(&world, &world.operator, ("/operator/people", "/operator/people"), &fields).await;
    assert_eq!(location(&hired), "/operator/people");
    let found = world
        .app
        .records()
        .read(|sql| records::principals::find_by_login(sql, "he-jing"))
        .await
        .unwrap()
        .unwrap();
    let auditor = log_in(&world.app, found.id).await;
    for path in
        ["/operator", "/operator/risk", "/operator/audit-log", "/operator/approvals", "/operator/days"]
    {
        page(&world, &auditor, path).await;
    }
    let list = [("kind", "holder"), ("subject", "lilin"), ("reason", "because")];
    let refused = send(&world, &auditor, ("/operator/people", "/operator/black-list"), &list).await;
    assert_eq!(refused.status.as_u16(), 422);
    let closed =
        send(&world, &auditor, ("/operator/people", "/operator/merchants"), &[("password", "x")]).await;
    assert_eq!(closed.status.as_u16(), 422);
    let status = format!("/api/v1/operator/merchants/{}/status", world.tea);
    world.post(&status, &auditor, &json!({"status": "suspended"})).await.assert_status(403);
    assert_eq!(world.balance(&world.lilin).await, 1_000);
}

#[tokio::test]
async fn the_pages_of_control_are_for_operators_only() {
    let (world, _) = staffed(1_000).await;
    for path in [
        "/operator/control",
        "/operator/risk",
        "/operator/rules",
        "/operator/black-list",
        "/operator/approvals",
        "/operator/people",
        "/operator/merchants",
        "/operator/audit-log",
        "/operator/audit-log.csv",
        "/operator/days",
        "/operator/reconciliation",
    ] {
        world.get(path, &world.operator).await.assert_status(200);
        for other in [&world.lilin, &world.tea_staff] {
            world.get(path, other).await.assert_status(403);
        }
    }
}

#[tokio::test]
async fn a_tampered_row_of_the_log_is_shown() {
    let (world, second) = staffed(1_000).await;
    switch_on(&world, &second, &HOLD_LARGE).await;
    let whole = page(&world, &world.operator, "/operator/audit-log").await;
    assert!(whole.contains("The whole log is in order"));
    let proof = page(&world, &world.operator, "/operator/audit-log/0").await;
    assert!(proof.contains("The proof verifies"));
    world
        .app
        .records()
        .write(|sql| {
            sql.execute("UPDATE audit_entries SET subject = 'another' WHERE place = 0", &[]).map(drop)
        })
        .await
        .unwrap();
    assert!(page(&world, &world.operator, "/operator/audit-log").await.contains("The log was changed"));
    let api: Value = world.get("/api/v1/operator/audit-log", &world.operator).await.assert_status(200).json();
    assert!(api["entries"].as_array().unwrap().len() >= 3);
}

#[tokio::test]
async fn a_day_is_closed_reported_and_opened_again() {
    let (world, second) = staffed(1_000).await;
    let text = page(&world, &world.operator, "/operator/days").await;
    let (_, rest) = text.split_once("name=\"date\" value=\"").unwrap();
    let today = rest.split_once('"').unwrap().0.to_owned();
    let closed =
        send(&world, &world.operator, ("/operator/people", "/operator/days"), &[("date", &today)]).await;
    assert_eq!(location(&closed), format!("/operator/days/{today}"));
    let again = send(&world, &second, ("/operator/people", "/operator/days"), &[("date", &today)]).await;
    assert_eq!(again.status.as_u16(), 422);
    let csv = page(&world, &world.operator, &format!("/operator/days/{today}.csv")).await;
    assert!(csv.contains("completed,top_up,CNY,1,1000"), "{csv}");
    let to = format!("/operator/days/{today}/reopen");
    location(&send(&world, &second, ("/operator/people", &to), &[("reason", "late refund")]).await);
}

#[tokio::test]
async fn a_statement_is_imported_and_its_fee_corrected() {
    let (world, second) = staffed(5_000).await;
    let from = "/operator/reconciliation";
    let text = page(&world, &world.operator, from).await;
    let (_, rest) = text.split_once("/operator/reconciliation/statement/").unwrap();
    let bank = rest.split_once(".csv").unwrap().0.to_owned();
    let export = format!("/operator/reconciliation/statement/{bank}.csv");
    let mut statement = page(&world, &world.operator, &export).await;
    let day = statement.lines().nth(1).unwrap().split(',').nth(1).unwrap().to_owned();
    statement.push_str(&format!("FEE-1,{day},CNY,12.50,out,monthly fee\n"));
    let bank = ("bank", bank.as_str());
    let sent = import(&world, &[bank], Some(("C:\\books\\november.CSV", statement.as_bytes()))).await;
    let file = location(&sent);
    let pasted = import(&world, &[bank, ("name", "again"), ("statement", &statement)], None).await;
    assert_eq!(location(&pasted), file, "the same content is the same import");
    let shown = page(&world, &world.operator, &file).await;
    assert!(shown.contains("<h1>november</h1>"), "{shown}");
    assert!(shown.contains("Missing in the ledger") && shown.contains("12.50"), "{shown}");
    let to = format!("{file}/1");
    let asked = send(&world, &world.operator, (&file, &to), &[("reason", "bank fee")]).await;
    assert_eq!(location(&asked), "/operator/approvals");
    let list = world.get("/api/v1/operator/approvals", &second).await.json();
    let path = format!("/api/v1/operator/approvals/{}", list["approvals"][0]["id"].as_str().unwrap());
    world.post(&path, &second, &json!({"approved": true, "reason": "seen"})).await.assert_status(200);
    assert!(page(&world, &world.operator, &file).await.contains("Corrected"));
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_statement_that_cannot_be_imported_says_why_and_keeps_what_was_pasted() {
    let (world, _) = staffed(5_000).await;
    let from = "/operator/reconciliation";
    let text = page(&world, &world.operator, from).await;
    let (_, rest) = text.split_once("/operator/reconciliation/statement/").unwrap();
    let bank = ("bank", rest.split_once(".csv").unwrap().0);
    let header = "reference,booked,currency,amount,direction,text\n";
    let third =
        format!("{header}FEE-1,2026-11-01,CNY,12.50,out,fee\nFEE-2,2026-11-31,CNY,1.00,out,no such day\n");
    let many = format!("{header}{}", "FEE-1,2026-11-01,CNY,12.50,out,fee\n".repeat(100_001));
    let large = vec![b' '; 17 << 20];
    let cases: [(&[u8], &str); 6] = [
        (third.as_bytes(), "Line 3 is not of the form"),
        (many.as_bytes(), "A file may have 100,000 lines"),
        (&large, "A file may have 100,000 lines"),
        (b"\xd2\xf8\xd0\xd0", "not UTF-8"),
        (b"", "Fill in this field"),
        (b"PK\x03\x04", "Line 1 is not of the form"),
    ];
    for (content, words) in cases {
        let answer = import(&world, &[bank], Some(("a.csv", content))).await;
        assert_eq!(answer.status.as_u16(), 422);
        assert!(answer.text.contains(words), "{words}");
    }
    let pasted = import(&world, &[bank, ("name", "x"), ("statement", &third)], None).await.text;
    assert!(pasted.contains("no such day") && pasted.contains("<details open"), "{pasted}");
    let nameless = import(&world, &[bank, ("statement", header)], None).await.text;
    assert!(nameless.contains("name-error"), "{nameless}");
    assert!(page(&world, &world.operator, from).await.contains("No statement has been imported yet"));
}

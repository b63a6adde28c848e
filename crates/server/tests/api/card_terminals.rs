//! Who may speak for a terminal, and what is done with bytes that are no batch.

use serde_json::json;

use crate::plastic::{TERMINAL, batch, bearer, open_key, post_as, register};
use crate::world::{Call, World, call};

/// A world with a registered terminal of the tea house, and the key of its staff.
async fn stage() -> (World, String) {
    let world = World::new().await;
    open_key(&world).await;
    register(&world, &world.operator).await.assert_status(201);
    let key = bearer(&world, &world.tea_staff, &json!(["terminals"])).await;
    (world, key)
}

fn upload(key: &str, bytes: Vec<u8>) -> Call {
    let path = format!("/api/v1/terminals/{TERMINAL}/batches");
    call("POST", path).header("authorization", key).octets(bytes)
}

#[tokio::test]
async fn only_staff_of_its_own_merchant_speak_for_a_terminal() {
    let (world, key) = stage().await;
    let rival = bearer(&world, &world.bakery_staff, &json!(["terminals"])).await;
    let holder = bearer(&world, &world.lilin, &json!([])).await;
    let orders = bearer(&world, &world.tea_staff, &json!(["orders"])).await;
    let list = format!("/api/v1/terminals/{TERMINAL}/lists/white?newer_than=4294967295");
    for (key, status) in [(&key, 204), (&rival, 404), (&holder, 403), (&orders, 403)] {
        let asked = call("GET", list.clone()).header("authorization", key.as_str()).send(&world.router).await;
        asked.assert_status(status);
        let sent = upload(key, batch(1, &[])).send(&world.router).await;
        sent.assert_status(if status == 204 { 200 } else { status });
    }
    for elsewhere in ["0000a1000002", "a1", "zz00a1000001"] {
        let path = format!("/api/v1/terminals/{elsewhere}/lists/white?newer_than=4294967295");
        call("GET", path).header("authorization", key.as_str()).send(&world.router).await.assert_status(404);
    }
    let open = format!("/api/v1/terminals/{TERMINAL}/batches");
    call("POST", open).octets(Vec::new()).send(&world.router).await.assert_status(401);
}

#[tokio::test]
async fn bytes_that_are_no_batch_are_refused_and_say_why() {
    let (world, key) = stage().await;
    for bytes in [Vec::new(), vec![0; 10], vec![0xFF; 4_096], batch(1, &[])[..40].to_vec()] {
        let refused = upload(&key, bytes).send(&world.router).await.assert_status(400);
        assert_eq!(refused.json()["code"], json!("not_a_batch"), "{refused:?}");
    }
    let mut forged = batch(1, &[]);
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let refused = upload(&key, forged).send(&world.router).await.assert_status(422);
    assert_eq!(refused.json()["code"], json!("bad_signature"));
    upload(&key, vec![0; 1024 * 1024 + 1]).send(&world.router).await.assert_status(413);
    let text =
        call("POST", format!("/api/v1/terminals/{TERMINAL}/batches")).header("authorization", key.as_str());
    text.text("text/plain", "x").send(&world.router).await.assert_status(415);
}

#[tokio::test]
async fn what_a_terminal_sends_in_json_is_read_strictly() {
    let (world, key) = stage().await;
    let good = json!({
        "direction": "unload", "card": "0".repeat(20), "issuer": "0".repeat(16), "amount": 1, "old_balance": 1,
        "sequence": 1, "random": "00000000", "key_version": 1, "algorithm": 0, "mac1": "00000000",
    });
    let unknown = post_as(&world, &key, "/loads", &good).await;
    assert!(unknown.status.is_client_error(), "{unknown:?}");
    for (field, value) in [
        ("card", json!("12")),
        ("mac1", json!("zz000000")),
        ("amount", json!(-1)),
        ("sequence", json!(65_536)),
        ("direction", json!("sideways")),
        ("order", json!("1".repeat(32))),
        ("surplus", json!(1)),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let refused = post_as(&world, &key, "/loads", &body).await.assert_status(400);
        assert_eq!(refused.json()["field"], json!(field), "{refused:?}");
    }
    let missing = format!("/loads/{}/confirmation", "1".repeat(32));
    let refused = post_as(&world, &key, &missing, &json!({"code": "00000000"})).await;
    assert!(refused.status.is_client_error(), "{refused:?}");
}

#[tokio::test]
async fn a_blocked_terminal_uploads_nothing() {
    let (world, key) = stage().await;
    let block = operations::card_purses::terminals::block;
    let id = messages::card::TerminalId([0, 0, 0xa1, 0, 0, 1]);
    block(world.app.operations(), world.operator.id, id).await.unwrap();
    let refused = upload(&key, batch(1, &[])).send(&world.router).await.assert_status(403);
    assert_eq!(refused.json()["code"], json!("terminal_blocked"));
}

#[tokio::test]
async fn two_terminals_never_share_a_number() {
    let (world, _) = stage().await;
    register(&world, &world.operator).await.assert_status(409);
}

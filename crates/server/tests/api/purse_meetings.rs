//! Two devices at two places exchange frames that the server does not understand.

use serde_json::{Value, json};

use crate::world::{Answer, World, call};

struct Meeting {
    world: World,
    code: String,
}

impl Meeting {
    async fn open() -> Self {
        let world = World::new().await;
        let opened = world.post("/api/v1/purse-meetings", &world.lilin, &json!({})).await.assert_status(201);
        let code = opened.text_of("code");
        Self { world, code }
    }

    /// A device that nobody has logged in at.
    async fn put(&self, place: &str, body: &Value) -> Answer {
        let path = format!("/api/v1/purse-meetings/{}/{place}", self.code);
        call("PUT", path).json(body).send(&self.world.router).await
    }

    async fn get(&self, place: &str) -> Answer {
        let path = format!("/api/v1/purse-meetings/{}/{place}", self.code);
        call("GET", path).send(&self.world.router).await
    }
}

#[tokio::test]
async fn frames_go_to_the_other_device_and_back() {
    let meeting = Meeting::open().await;
    assert_eq!(meeting.get("payer/0").await.assert_status(200).json(), json!({"frame": null}));
    meeting.put("payer/0", &json!({"frame": "01FF"})).await.assert_status(204);
    meeting.put("payee/0", &json!({"frame": "02"})).await.assert_status(204);
    assert_eq!(meeting.get("payer/0").await.assert_status(200).json(), json!({"frame": "01ff"}));
    assert_eq!(meeting.get("payee/0").await.assert_status(200).json(), json!({"frame": "02"}));
    // Sent again, as after an answer that was lost.
    meeting.put("payer/0", &json!({"frame": "01ff"})).await.assert_status(204);
    meeting.put("payer/0", &json!({"frame": "0100"})).await.assert_status(409);
    meeting.put("payer/2", &json!({"frame": "01"})).await.assert_status(409);
}

#[tokio::test]
async fn what_is_no_frame_is_refused_by_name() {
    let meeting = Meeting::open().await;
    for wrong in [json!({"frame": ""}), json!({"frame": "0"}), json!({"frame": "0g"}), json!({"frame": 1})] {
        let refused = meeting.put("payer/0", &wrong).await.assert_status(400).json();
        assert_eq!(refused["field"], "frame", "{wrong}");
    }
    meeting.put("payer/0", &json!({"frame": "00".repeat(1_025)})).await.assert_status(400);
    meeting.put("payer/0", &json!({"frame": "00".repeat(1_024)})).await.assert_status(204);
    meeting.put("payer/1", &json!({"frame": "00", "more": 1})).await.assert_status(400);
    assert_eq!(meeting.get("payer/1").await.assert_status(200).json(), json!({"frame": null}));
}

#[tokio::test]
async fn nobody_opens_a_meeting_without_a_log_in_and_no_code_is_guessed() {
    let meeting = Meeting::open().await;
    let world = &meeting.world;
    call("POST", "/api/v1/purse-meetings").send(&world.router).await.assert_status(401);
    for place in ["somebody/0", "payer/-1", "payer/4294967296", "payer/x"] {
        meeting.get(place).await.assert_status(404);
    }
    let other = Meeting { code: "00000-00000".to_owned(), world: World::new().await };
    other.get("payer/0").await.assert_status(404);
    other.put("payer/0", &json!({"frame": "01"})).await.assert_status(404);
}

//! The description in the repository is the one the code gives.

use serde_json::Value;

use crate::world::{World, call};

#[test]
fn the_checked_in_description_is_current() {
    let checked_in = include_str!("../../../../docs/openapi.json");
    assert!(
        checked_in == server::openapi_json(),
        "docs/openapi.json is out of date: run `cargo xtask codegen`"
    );
}

#[test]
fn each_route_describes_its_refusals_as_problems() {
    let description: Value = serde_json::from_str(&server::openapi_json()).unwrap();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            let problems =
                responses.iter().filter(|(status, _)| status.starts_with('4') || status.starts_with('5'));
            let kinds: Vec<&Value> = problems.map(|(_, response)| &response["content"]).collect();
            assert!(kinds.len() >= 3, "{method} {path}");
            assert!(
                kinds.iter().all(|content| content.get("application/problem+json").is_some()),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn the_server_tells_its_own_description() {
    let world = World::new().await;
    let answer = call("GET", "/api/v1/openapi.json").send(&world.router).await.assert_status(200);
    let told = answer.json();
    assert_eq!(told, serde_json::from_str::<Value>(&server::openapi_json()).unwrap());
}

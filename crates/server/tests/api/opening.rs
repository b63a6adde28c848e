//! Opening a data directory: what was acknowledged is there again, and what cannot be opened is refused in a sentence.

use server::{App, ServeOptions};

use crate::world::{Directory, Person, World, call};

async fn refusal(directory: &Directory) -> String {
    match server::open(ServeOptions::embedded(&directory.0)).await {
        Ok(_) => panic!("was opened"),
        Err(error) => error.to_string(),
    }
}

async fn balance(app: &App, person: &Person) -> serde_json::Value {
    let router = server::router(app.clone());
    let wallets = call("GET", "/api/v1/wallets").by(person).send(&router).await.assert_status(200).json();
    wallets["wallets"][0]["available"].clone()
}

#[tokio::test]
async fn a_directory_is_open_once_and_keeps_money_and_sessions() {
    let world = World::with_balance(5_000).await;
    world.post("/api/v1/payments", &world.lilin, &world.payment(700)).await.assert_status(201);
    let refused = refusal(&world.directory).await;
    assert!(refused.contains("in use"), "{refused}");
    let World { app, router, lilin, directory, .. } = world;
    drop((app, router));
    let app = server::open(ServeOptions::embedded(&directory.0)).await.unwrap();
    assert_eq!(balance(&app, &lilin).await, 4_300);
}

#[tokio::test]
async fn a_damaged_directory_is_refused_with_advice() {
    let world = World::with_balance(5_000).await;
    let World { app, router, directory, .. } = world;
    drop((app, router));
    std::fs::write(
        directory.0.join("records.sqlite"),
        b"this is no database, but it is long enough to be one",
    )
    .unwrap();
    let refused = refusal(&directory).await;
    assert!(refused.contains("damaged") && refused.contains("backup"), "{refused}");
}

#[tokio::test]
async fn a_directory_of_a_newer_version_is_refused_with_advice() {
    let world = World::new().await;
    let World { app, router, directory, .. } = world;
    drop((app, router));
    let format = directory.0.join("ledger").join("format");
    std::fs::write(&format, "sycee ledger journal 99\n").unwrap();
    let refused = refusal(&directory).await;
    assert!(refused.contains("version"), "{refused}");
}

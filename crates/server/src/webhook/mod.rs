//! The delivery of webhooks: takes what is due, posts it signed, and notes how that went.

mod address;
mod post;

use std::time::Duration;

use ledger::NANOSECONDS_PER_SECOND;
use operations::OperationError;
use operations::webhooks::{self, Outcome};
use records::webhooks::{Delivery, Endpoint};
use tokio::task::JoinSet;

use crate::App;

/// How often deliveries that are due are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Delivers webhooks until dropped; [`serve`](crate::serve()) does it by itself.
pub async fn run(app: App) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        if let Err(error) = deliver_due(&app).await {
            eprintln!("sycee: webhooks were not delivered: {error}");
        }
    }
}

/// Delivers what is due, all at the same time, and waits for the slowest: an endpoint has some seconds.
async fn deliver_due(app: &App) -> Result<(), OperationError> {
    let due = webhooks::due(app.operations()).await?;
    let mut deliveries = JoinSet::new();
    for (delivery, endpoint) in due {
        let app = app.clone();
        deliveries.spawn(async move {
            let outcome = deliver(&app, &delivery, &endpoint).await?;
            webhooks::note_attempt(app.operations(), &delivery, &endpoint, &outcome).await
        });
    }
    while let Some(noted) = deliveries.join_next().await {
        if let Ok(Err(error)) = noted {
            eprintln!("sycee: an attempt to deliver a webhook was not noted: {error}");
        }
    }
    Ok(())
}

async fn deliver(app: &App, delivery: &Delivery, endpoint: &Endpoint) -> Result<Outcome, OperationError> {
    let now = app.now();
    let seconds = now.0 / NANOSECONDS_PER_SECOND;
    let id = webhooks::message_id(delivery.message.id);
    let body = &delivery.message.body;
    let signature = webhooks::sign(app.operations(), endpoint, (&id, now), body).await?;
    let headers =
        [("webhook-id", id), ("webhook-timestamp", seconds.to_string()), ("webhook-signature", signature)];
    let reach = if app.settings().webhooks_to_loopback {
        address::Reach::PublicAndLoopback
    } else {
        address::Reach::Public
    };
    let started = tokio::time::Instant::now();
    let answer = post::post(&endpoint.url, &headers, body.clone(), reach).await;
    let milliseconds = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
    Ok(match answer {
        Ok(status) => {
            let code = match status {
                200..=299 => "ok",
                300..=399 => "redirect",
                _ => "status",
            };
            Outcome { status: Some(status), code, milliseconds }
        }
        Err(failure) => Outcome { status: None, code: failure.code(), milliseconds },
    })
}

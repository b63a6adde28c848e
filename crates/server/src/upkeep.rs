//! What a server does from time to time by itself.

use std::time::Duration;

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use operations::start_up_check::resume_open;
use records::{login_throttle, sessions};

use crate::App;

/// How often operations whose bank did not answer are asked about.
const RESUME_EVERY: Duration = Duration::from_secs(5);
/// How long an operation must have been quiet before it is asked about.
const QUIET_NANOSECONDS: u64 = 5 * NANOSECONDS_PER_SECOND;
/// How often what has expired is deleted.
const CLEAN_EVERY: Duration = Duration::from_secs(3_600);
/// How long what has expired is kept.
const KEPT_NANOSECONDS: u64 = 48 * 3_600 * NANOSECONDS_PER_SECOND;

/// Runs until dropped.
pub(crate) async fn run(app: App) {
    let mut resume = tokio::time::interval(RESUME_EVERY);
    let mut clean = tokio::time::interval(CLEAN_EVERY);
    loop {
        tokio::select! {
            _ = resume.tick() => {
                let quiet_since = Timestamp(app.now().0.saturating_sub(QUIET_NANOSECONDS));
                if let Err(error) = resume_open(app.operations(), quiet_since).await {
                    eprintln!("sycee: open operations were not finished: {error}");
                }
            }
            _ = clean.tick() => {
                let before = Timestamp(app.now().0.saturating_sub(KEPT_NANOSECONDS));
                app.records().write_later(move |sql| {
                    sessions::delete_expired_before(sql, before)?;
                    login_throttle::delete_older_than(sql, before).map(drop)
                });
            }
        }
    }
}

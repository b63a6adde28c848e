//! What a server does from time to time by itself.

use std::time::Duration;

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use operations::orders;
use operations::start_up_check::resume_open;
use records::{known_devices, login_throttle, passkeys, second_factors, sessions, step_up_challenges};

use crate::App;

/// How often operations whose bank did not answer are asked about.
const RESUME_EVERY: Duration = Duration::from_secs(5);
/// How long an operation must have been quiet before it is asked about.
const QUIET_NANOSECONDS: u64 = 5 * NANOSECONDS_PER_SECOND;
/// How often what has expired is deleted.
const CLEAN_EVERY: Duration = Duration::from_secs(3_600);
/// How long what has expired is kept.
const KEPT_NANOSECONDS: u64 = 48 * 3_600 * NANOSECONDS_PER_SECOND;
/// How long a device is known that nobody logs in from: as long as its cookie.
const KNOWN_NANOSECONDS: u64 = 400 * 86_400 * NANOSECONDS_PER_SECOND;

/// Runs until dropped.
pub(crate) async fn run(app: App) {
    let mut resume = tokio::time::interval(RESUME_EVERY);
    let mut clean = tokio::time::interval(CLEAN_EVERY);
    loop {
        tokio::select! {
            _ = resume.tick() => {
                operations::vaults::lock_idle(app.operations());
                app.purse_meetings().forget_ended(app.now());
                let quiet_since = Timestamp(app.now().0.saturating_sub(QUIET_NANOSECONDS));
                if let Err(error) = resume_open(app.operations(), quiet_since).await {
                    eprintln!("sycee: open operations were not finished: {error}");
                }
                if let Err(error) = orders::run_due(app.operations()).await {
                    eprintln!("sycee: orders were not expired or released: {error}");
                }
            }
            _ = clean.tick() => {
                let before = Timestamp(app.now().0.saturating_sub(KEPT_NANOSECONDS));
                let unknown_before = Timestamp(app.now().0.saturating_sub(KNOWN_NANOSECONDS));
                app.records().write_later(move |sql| {
                    sessions::delete_expired_before(sql, before)?;
                    passkeys::delete_expired_before(sql, before)?;
                    second_factors::delete_expired_before(sql, before)?;
                    step_up_challenges::delete_expired_before(sql, before)?;
                    known_devices::delete_unseen_since(sql, unknown_before)?;
                    login_throttle::delete_older_than(sql, before).map(drop)
                });
            }
        }
    }
}

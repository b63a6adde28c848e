//! How many payees one holder may look up, so that nobody copies the register of names and phone numbers.
//!
//! It is kept in memory: a restart gives a new budget, which helps no one who needs many thousands of look-ups.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use wallet::ids::HolderId;

use crate::problem::{Kind, Problem};

/// Look-ups within one window.
const LOOK_UPS: u32 = 60;
/// The window.
const WINDOW_SECONDS: u64 = 3_600;
/// Holders remembered at the same time; beyond, all begin anew.
const HOLDERS_MAX: usize = 100_000;

/// What is left of each holder's look-ups.
#[derive(Debug, Default)]
pub(crate) struct LookUpBudget {
    used: Mutex<HashMap<HolderId, Used>>,
}

#[derive(Clone, Copy, Debug)]
struct Used {
    since: Timestamp,
    look_ups: u32,
}

impl LookUpBudget {
    /// Counts one look-up.
    ///
    /// # Errors
    /// A 429 with the time to wait where none is left.
    pub(crate) fn spend(&self, holder: HolderId, now: Timestamp) -> Result<(), Problem> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= HOLDERS_MAX {
            used.clear();
        }
        let entry = used.entry(holder).or_insert(Used { since: now, look_ups: 0 });
        let ends = Timestamp(entry.since.0.saturating_add(WINDOW_SECONDS * NANOSECONDS_PER_SECOND));
        if ends <= now {
            *entry = Used { since: now, look_ups: 0 };
        }
        if entry.look_ups >= LOOK_UPS {
            let wait = ends.0.saturating_sub(now.0).div_ceil(NANOSECONDS_PER_SECOND);
            let detail = format!("too many payees were looked up; try again in {wait} s");
            return Err(Problem::new(Kind::THROTTLED, detail).at("payee").retry_after(wait));
        }
        entry.look_ups += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_looks_up_sixty_payees_an_hour_and_others_are_not_touched() {
        let budget = LookUpBudget::default();
        let at = |seconds: u64| Timestamp(seconds * NANOSECONDS_PER_SECOND);
        for _ in 0..LOOK_UPS {
            budget.spend(HolderId::new(1), at(10)).unwrap();
        }
        let refused = budget.spend(HolderId::new(1), at(20)).unwrap_err();
        assert_eq!(refused.retry_after_seconds(), Some(3_590));
        assert!(budget.spend(HolderId::new(2), at(20)).is_ok());
        assert!(budget.spend(HolderId::new(1), at(3_610)).is_ok());
    }
}

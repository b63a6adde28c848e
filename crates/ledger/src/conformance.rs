//! One suite that every ledger engine passes, written in the ledger's own words.
//!
//! A case is a short play: rows of accounts and transfers with the status each must get, and between them balances,
//! look-ups and ticks of the clock. An engine's crate names its engine once and gets one test for each case:
//!
//! ```
//! use ledger::memory::MemoryEngine;
//!
//! ledger::conformance_suite!(MemoryEngine::new());
//! ```
//!
//! # The language
//! Rows of `account` or `transfer` (also `post`, `void`, `accounts`, `transfers`) that stand together are one batch; an
//! empty line or any other row ends it. `#` begins a comment.
//!
//! | row | meaning |
//! |---|---|
//! | `account A1 history code=7 -> created` | account with id 1; flags and fields by their names in the model |
//! | `accounts 3 from A1 -> created` | the rows for A1, A2 and A3 |
//! | `transfer T1 A1 A2 15 pending timeout=3 -> created` | transfer with id 1 of 15 from A1 to A2 |
//! | `post T2 of T1 amount=9 -> created` | posts T1, in whole unless an amount is given |
//! | `void T2 of T1 -> created` | voids T1 |
//! | `no_accounts`, `no_transfers` | an empty batch |
//! | `tick 3 seconds`, `tick -1 nanosecond` | moves the clock, which the engine sees with the next batch |
//! | `advance` | shows the engine the clock |
//! | `balance A1 debits 0+15 credits 2+0 closed` | pending and posted of each side, and whether it is closed |
//! | `stored T1 A1 A2 15 code=7` | the stored transfer or account is exactly that |
//! | `lookup_accounts A2 A1 -> A2 A1` | likewise `lookup_transfers`, `get_account_transfers`, `query_accounts`, `query_transfers` |
//! | `get_account_balances A1 debits -> T1:0+15:2+0` | debits and credits just after each transfer |
//!
//! Numbers may be `max`, `last` (timestamp), `now`, or the timestamp of `A1` or `T1`, and then `+1` or `-1`. A row
//! without `ledger` or `code` means ledger 156 and code 1. A batch of accounts is followed by one second. At the
//! end of each case, debits equal credits.

mod run;
mod script;

use std::collections::BTreeMap;

use crate::{CreateAccountStatus, CreateTransferStatus, Engine};
use run::Play;

/// The texts of all cases, by topic.
const TOPICS: &[&str] = &[
    include_str!("conformance/cases/accounts.txt"),
    include_str!("conformance/cases/transfers.txt"),
    include_str!("conformance/cases/limits.txt"),
    include_str!("conformance/cases/chains.txt"),
    include_str!("conformance/cases/two_phase.txt"),
    include_str!("conformance/cases/expiry.txt"),
    include_str!("conformance/cases/balancing.txt"),
    include_str!("conformance/cases/closing.txt"),
    include_str!("conformance/cases/imported.txt"),
    include_str!("conformance/cases/past.txt"),
    include_str!("conformance/cases/batches.txt"),
];

/// Plays one case on an empty engine.
///
/// # Panics
/// Where the engine does anything else than the case says: the message holds the row.
pub fn check(case: &str, engine: &mut dyn Engine) {
    let text = cases().remove(case).unwrap_or_else(|| panic!("no case `{case}`"));
    Play::new(engine).run(text);
}

/// The name and text of every case.
///
/// # Panics
/// Where two cases have the same name.
#[must_use]
pub fn cases() -> BTreeMap<&'static str, &'static str> {
    let mut cases = BTreeMap::new();
    for topic in TOPICS {
        for section in topic.split("\n== ").skip(1) {
            let (name, text) = section.split_once('\n').unwrap_or((section, ""));
            assert!(cases.insert(name.trim(), text).is_none(), "two cases are named `{name}`");
        }
    }
    cases
}

/// The statuses that no case expects: there must be none.
#[must_use]
pub fn statuses_without_a_case() -> Vec<&'static str> {
    let (mut accounts, mut transfers) = (Vec::new(), Vec::new());
    for text in TOPICS {
        let (of_accounts, of_transfers) = run::expected_statuses(text);
        accounts.extend(of_accounts);
        transfers.extend(of_transfers);
    }
    let missing_accounts = CreateAccountStatus::ALL.iter().filter(|status| !accounts.contains(status));
    let missing_transfers = CreateTransferStatus::ALL.iter().filter(|status| !transfers.contains(status));
    missing_accounts
        .map(|status| status.name())
        .chain(missing_transfers.map(|status| status.name()))
        .collect()
}

/// Makes the macro below, and the list of its tests, from one list of names.
macro_rules! suite {
    ($dollar:tt $($case:ident)*) => {
        /// The cases that [`conformance_suite`](crate::conformance_suite) turns into tests: all of them.
        pub const NAMES: &[&str] = &[$(stringify!($case)),*];

        /// One test for each case of the [conformance suite](crate::conformance), each on a new engine from `$make`.
        #[macro_export]
        macro_rules! conformance_suite {
            ($dollar make:expr) => {
                $(
                    #[test]
                    fn $case() {
                        $dollar crate::conformance::check(stringify!($case), &mut $dollar make);
                    }
                )*
            };
        }
    };
}

suite! { $
    an_account_begins_with_nothing
    every_field_of_an_account_takes_its_greatest_value
    the_first_broken_rule_of_an_account_is_the_answer
    the_same_account_again_is_the_same_account
    an_account_id_with_other_content_is_refused_by_its_first_difference
    a_repeated_account_matches_whatever_its_balances_became
    accounts_of_a_chain_are_created_together
    accounts_of_a_broken_chain_are_not_created
    an_open_chain_of_accounts_fails
    an_account_may_be_created_closed
    a_transfer_moves_value_from_debit_to_credit
    a_transfer_of_nothing_is_a_fact_without_effect
    every_field_of_a_transfer_takes_its_greatest_value
    the_first_broken_rule_of_a_transfer_is_the_answer
    the_same_transfer_again_is_the_same_transfer
    a_transfer_id_with_other_content_is_refused_by_its_first_difference
    a_transfer_that_failed_for_a_passing_reason_never_succeeds_later
    a_transfer_that_failed_for_a_lasting_reason_may_be_corrected
    accounts_of_two_ledgers_never_meet
    an_account_is_not_overdrawn
    what_is_reserved_cannot_be_spent_and_what_is_promised_neither
    the_mirrored_limit_holds_for_credits
    the_debit_limit_is_checked_before_the_credit_limit
    two_transfers_that_together_overdraw_do_not_both_happen
    no_pending_sum_overflows
    no_posted_sum_overflows
    no_sum_of_pending_and_posted_overflows
    an_overflow_is_found_before_a_limit
    a_timeout_that_ends_after_the_last_moment_overflows
    a_chain_happens_whole
    a_broken_chain_leaves_nothing
    the_last_of_a_chain_can_break_it
    a_chain_sees_its_own_effects
    two_chains_in_a_batch_stand_alone
    the_last_event_of_a_batch_cannot_be_linked
    a_chain_that_is_broken_and_open_says_both
    only_the_transfer_that_failed_by_itself_is_remembered_as_failed
    a_repeat_breaks_a_chain
    a_transfer_undone_with_its_chain_can_be_made_in_the_same_batch
    a_hold_undone_with_its_chain_never_was
    a_post_undone_with_its_chain_leaves_the_hold
    a_hold_and_its_post_fit_in_one_chain
    a_closing_undone_with_its_chain_leaves_the_account_open
    a_pending_transfer_reserves
    a_post_moves_the_whole_hold
    a_partial_post_moves_a_part_and_releases_the_rest
    a_post_of_nothing_releases_the_hold
    a_void_releases_the_hold
    a_hold_is_resolved_once
    a_hold_can_be_resolved_in_the_batch_that_makes_it
    the_first_broken_rule_of_a_post_is_the_answer
    a_post_again_is_the_same_post
    a_void_again_is_the_same_void
    the_hold_again_is_the_same_hold_whatever_became_of_it
    a_post_cannot_resolve_a_post
    a_post_may_pass_a_limit_that_the_hold_kept
    a_hold_stands_until_its_tick
    a_post_just_before_the_tick_succeeds
    a_post_at_the_tick_is_too_late
    a_void_at_the_tick_is_too_late
    a_batch_that_reaches_the_tick_within_itself_finds_the_hold_expired
    an_expired_hold_stays_expired
    a_voided_hold_does_not_expire_again
    a_hold_without_timeout_never_expires
    the_longest_timeout_is_not_yet_over_one_nanosecond_before
    an_expired_hold_frees_the_money_for_the_same_batch
    a_batch_of_accounts_expires_what_is_due_too
    holds_expire_each_at_its_own_tick
    a_clock_that_goes_back_revives_nothing
    a_clock_that_goes_back_does_not_turn_the_order_of_events
    a_balancing_debit_moves_what_there_is
    a_balancing_debit_moves_no_more_than_asked
    a_balancing_debit_counts_what_is_reserved
    a_balancing_debit_of_an_overdrawn_account_moves_nothing
    a_balancing_credit_moves_what_is_owed
    balancing_both_sides_moves_the_lesser
    a_balancing_transfer_may_be_pending
    a_balancing_transfer_again_is_the_same_one_where_its_amount_allows_it
    a_balancing_debit_keeps_within_the_other_sides_limit
    a_closed_account_takes_no_transfer
    the_credit_side_can_be_closed
    both_sides_can_be_closed_at_once
    a_void_reopens_the_account
    a_timeout_reopens_the_account
    the_closing_transfer_itself_cannot_be_posted
    a_hold_of_a_closed_account_can_be_voided_but_not_posted
    a_closed_account_still_tells_its_past
    an_import_keeps_its_timestamps
    a_batch_is_imported_whole_or_not_at_all
    an_imported_timestamp_lies_in_the_past
    imported_accounts_come_in_order_and_at_free_moments
    imported_transfers_come_in_order_and_at_free_moments
    an_imported_transfer_comes_after_its_accounts
    an_imported_hold_has_no_timeout
    an_imported_post_avoids_the_moments_of_accounts
    an_imported_event_again_is_the_same_event
    an_import_undone_with_its_chain_frees_its_moments
    a_look_up_finds_what_exists_in_the_order_asked
    the_transfers_of_an_account_are_told_by_side_and_order
    the_transfers_of_an_account_are_told_by_time
    the_transfers_of_an_account_are_told_by_their_fields
    an_invalid_filter_finds_nothing
    balances_are_kept_where_the_account_asks_for_history
    balances_follow_a_hold_through_its_life
    balances_of_an_undone_chain_are_not_kept
    balances_hold_the_greatest_amount
    accounts_are_found_by_their_fields
    transfers_are_found_by_their_fields
    failed_transfers_are_not_found
    an_empty_batch_changes_nothing
    the_greatest_batch_is_taken
    a_greater_batch_is_refused_whole
    a_batch_of_repeats_among_new_transfers_tells_them_apart
    the_greatest_chain_is_undone_whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_a_test_and_every_test_a_case() {
        let mut names = NAMES.to_vec();
        names.sort_unstable();
        assert_eq!(names, cases().into_keys().collect::<Vec<_>>());
    }

    #[test]
    fn every_status_is_expected_by_a_case() {
        assert_eq!(statuses_without_a_case(), Vec::<&str>::new());
    }
}

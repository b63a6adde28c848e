//! The records, on every store: one suite of facts, and what is particular to each store.

mod access_facts;
mod card_facts;
mod direct;
mod facts;
mod grade_facts;
mod holder_facts;
mod postgres;
mod samples;
mod simulated;
mod sqlite;
mod stage;

use stage::wait;

/// Every fact, as tests of one store.
macro_rules! suite {
    ($module:ident, $store:path) => {
        mod $module {
            suite! { @facts $store,
                a_card_is_bound_once_until_it_is_deleted_and_its_operations_stay
                a_failed_job_that_nobody_waits_for_says_so_and_persists_nothing
                a_failed_login_counts_until_its_window_has_passed
                a_failing_job_persists_nothing_while_its_neighbours_persist
                a_finished_operation_does_not_change_again
                a_history_page_is_the_newest_that_pass_every_filter
                a_job_that_hides_a_failed_statement_fails
                a_key_is_found_by_its_hash_until_it_is_revoked
                a_lost_memo_is_filled_once_and_only_by_the_request_that_it_belongs_to
                a_merchants_days_begin_at_local_midnight
                a_principal_keeps_what_it_changed
                a_read_sees_what_was_handed_over_before
                a_reading_job_cannot_write
                a_second_insert_of_an_operation_gives_the_first
                a_session_is_valid_until_it_ends_or_is_revoked
                a_statement_with_another_number_of_values_is_refused
                a_taken_login_phone_or_code_is_named
                a_wallet_is_opened_once
                amounts_of_any_size_add_up
                an_operation_is_known_from_its_insertion_on
                an_unknown_code_is_unreadable
                facts_of_the_installation_can_be_replaced
                open_operations_are_listed_until_they_end
                pages_have_no_gap_and_no_duplicate_while_rows_are_inserted
                placeholders_may_stand_in_any_order
                reopening_keeps_everything
                the_refunds_of_a_payment_add_up
                the_schema_has_the_newest_version
                what_refers_to_nothing_is_refused
                what_is_kept_about_a_person_is_told_and_about_others_is_not
                a_locked_session_is_valid_and_unlocks
                a_proven_challenge_lets_through_one_operation_of_its_payee_and_amount
                attempts_at_a_pin_are_counted_until_one_is_right
                a_code_of_a_time_step_and_a_recovery_code_count_once
                a_key_of_a_webhook_too_short_to_be_sealed_is_replaced_where_it_stands
                a_challenge_of_a_passkey_is_taken_once_for_what_it_was_asked
                a_passkey_belongs_to_one_credential_and_never_counts_back
                month_sums_count_each_side_and_kind_in_its_span
                a_holder_finds_operations_by_note_tag_and_name
                what_a_holder_sets_is_kept_in_place_of_what_was_set_before
                a_fact_is_told_once_and_read_once
                requests_bills_and_posts_turn_once
                a_card_is_written_only_as_it_was_read
                a_batch_of_cards_has_numbers_that_no_other_has
                places_of_a_card_are_found_by_sequence_and_by_number
                a_load_order_changes_only_from_the_state_that_it_was_read_in
                an_owed_part_changes_only_from_where_it_was_read
                owed_parts_are_counted_as_on_time_late_or_failed
                a_version_of_a_grade_is_kept_once_and_borne_once
                what_was_checked_last_of_a_holder_counts
                conduct_is_counted_and_not_valued
                a_version_of_a_list_is_kept_once
                a_terminal_keeps_what_was_noted_of_it
                a_batch_of_a_terminal_has_one_receipt
                transfers_that_are_to_be_made_are_told_in_their_order_until_they_are_made
            }
        }
    };
    (@facts $store:path, $($fact:ident)*) => {
        $(#[test]
        fn $fact() {
            crate::wait(crate::facts::$fact($store()));
        })*
    };
}

suite!(on_sqlite, crate::stage::sqlite);
suite!(on_postgres, crate::stage::postgres);
suite!(on_simulated, crate::stage::simulated);

//! What every store must do, as tests that any store can be put through.
//!
//! A store brings a [`Rig`], a fresh state that can be opened several times, and [`conformance_tests!`](crate::conformance_tests)
//! makes one test of each case. Stores share these tests, not code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod countdown;
mod grants;
mod leases;
mod limits;
mod log;
mod once;
mod people;
mod preconditions;
mod races;
mod reads;
mod requests;
mod rushes;
pub mod samples;
mod steps;

use std::sync::Arc;

use lastlook_ledger::VerifierKey;

use crate::{Fault, Store};

pub use countdown::*;
pub use grants::*;
pub use leases::*;
pub use limits::*;
pub use log::*;
pub use once::*;
pub use people::*;
pub use preconditions::*;
pub use races::*;
pub use reads::*;
pub use requests::*;
pub use rushes::*;
pub use steps::*;

/// One fresh state, and the way to open stores on it.
pub trait Rig {
    /// Opens a store for the lowest free writer number, as another process would.
    ///
    /// Dropping the store ends that process: its number is free again.
    fn open(&self, fault: Option<Arc<dyn Fault>>) -> Arc<dyn Store>;

    /// The key that this state's checkpoints verify with.
    fn verifier(&self) -> VerifierKey;
}

/// Makes a test of every case, each on a fresh [`Rig`](crate::conformance::Rig) made by the expression.
#[macro_export]
macro_rules! conformance_tests {
    ($rig:expr) => {
        $crate::conformance_tests!($rig;
            a_free_subject_is_taken_once_and_the_loser_learns_by_whom,
            taking_a_held_subject_fails_as_its_precondition_would,
            a_subject_may_be_taken_only_if_free,
            an_attempt_must_be_in_one_of_the_states_asked_for,
            a_failed_precondition_writes_nothing,
            a_commit_that_makes_no_sense_is_taken_back_whole,
            released_subjects_are_free,
            a_subject_can_change_hands_in_one_commit,
            indices_have_no_gaps_and_keep_the_order_given,
            every_commit_leaves_a_log_that_verifies,
            a_commit_without_entries_signs_nothing,
            a_log_is_continued_by_the_next_writer_of_its_slot,
            each_writer_has_a_log_of_its_own,
            entries_are_read_by_page_and_by_attempt,
            values_are_those_of_the_newest_entry_of_the_kind,
            attempts_are_found_by_prefix,
            every_commit_shows_in_the_version_of_every_store,
            open_attempts_are_the_armed_and_the_unknown,
            a_key_is_taken_once_for_ever,
            a_key_taken_twice_by_one_attempt_stays_taken_for_the_longer_of_the_two,
            a_key_taken_until_an_instant_is_free_from_then_on,
            a_settled_attempt_keeps_its_key_or_gives_it_back,
            a_key_can_change_hands_in_one_commit,
            a_senseless_guard_write_is_taken_back_whole,
            a_lease_is_held_by_one_attempt_and_the_loser_learns_by_which,
            fencing_tokens_of_a_key_only_grow,
            an_attempt_holds_several_leases_and_frees_them_together,
            a_limit_is_reserved_then_spent_or_given_back,
            what_was_spent_leaves_a_sliding_window_by_the_time_it_was_reserved,
            what_is_not_settled_never_leaves_a_window,
            a_clock_that_goes_backwards_frees_nothing,
            demands_of_one_commit_on_one_limit_add_up,
            amounts_are_exact,
            what_is_reserved_without_asking_counts_all_the_same,
            a_long_window_slides_exactly,
            a_step_is_found_under_its_keys_as_it_stands,
            what_happened_since_is_found_by_its_end,
            steps_are_read_page_by_page_without_a_gap,
            attempts_are_found_by_their_tool_newest_first,
            a_mark_keeps_the_value_last_set,
            a_commit_depends_on_a_mark,
            requests_are_found_by_prefix,
            requests_are_listed_by_state_newest_first,
            a_request_moves_with_the_attempt_that_has_it,
            a_request_must_be_in_one_of_the_states_asked_for,
            an_approver_votes_once_on_a_request,
            a_principal_has_fewer_pending_requests_than_asked,
            an_open_request_for_an_action_is_known_as_such,
            requests_of_one_action_are_told_apart_by_their_keys,
            an_approvers_name_is_never_given_twice,
            a_grant_stands_until_it_is_taken_back,
            grants_are_found_by_their_tool_while_they_may_count,
            nothing_is_armed_on_a_grant_that_was_taken_back,
            a_senseless_use_of_a_grant_is_taken_back_whole,
            a_halt_is_in_force_until_it_ends,
            a_senseless_decision_is_taken_back_whole,
            one_of_two_writers_takes_a_subject,
            many_writers_never_pass_a_limit,
            one_of_many_writers_takes_a_key_and_one_a_lease,
            one_of_many_commits_in_flight_takes_a_subject,
            one_of_many_writers_claims_an_approved_request,
            one_of_many_votes_of_an_approver_counts,
            many_writers_never_pass_a_bound_on_pending_requests,
            one_of_many_writers_opens_a_request_for_an_action,
            one_of_many_writers_gives_out_an_approvers_name,
            nothing_is_armed_after_a_mark_has_changed,
            one_of_many_writers_sets_a_mark_for_the_first_time,
            whoever_takes_a_grant_back_learns_of_all_who_were_armed_on_it,
            what_was_committed_before_closing_is_there_after,
            whichever_operation_fails_nothing_is_half_done,
            whichever_operation_fails_for_good_nothing_is_half_done,
            whichever_operation_finds_the_disk_full_nothing_is_half_done,
            the_store_goes_on_after_any_failure,
        );
    };
    ($rig:expr; $($case:ident),* $(,)?) => {
        $(
            #[test]
            fn $case() {
                $crate::conformance::$case(&$rig);
            }
        )*
    };
}

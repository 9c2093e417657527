//! What every store must do, as tests that any store can be put through.
//!
//! A store brings a [`Rig`], a fresh state that can be opened several times, and [`conformance_tests!`](crate::conformance_tests)
//! makes one test of each case. Stores share these tests, not code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod countdown;
mod log;
mod preconditions;
mod races;
mod reads;
pub mod samples;

use std::sync::Arc;

use lastlook_ledger::VerifierKey;

use crate::{Fault, Store};

pub use countdown::*;
pub use log::*;
pub use preconditions::*;
pub use races::*;
pub use reads::*;

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
            open_attempts_are_the_armed_and_the_unknown,
            one_of_two_writers_takes_a_subject,
            one_of_many_commits_in_flight_takes_a_subject,
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

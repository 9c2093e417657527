//! The kernel beside the reference model, on generated input.
//!
//! A property that fails prints the smallest case it found and a line `cc …`, and keeps that line in
//! `proptest-regressions/`: the next run replays it first. `PROPTEST_CASES` sets the number of cases of every property.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop where it stands"
)]

#[macro_use]
mod support;

mod answers;
mod approvals;
mod boundary;
mod coverage;
mod i02_unknown;
mod i03_pure;
mod i04_identity;
mod i10_once;
mod i17_unchanged;
mod i18_relevant;
mod i30_replay;
mod known;
mod races;
mod readings;
mod subjects;
mod totality;
mod world;

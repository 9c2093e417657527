//! The rules of the boundary once more: plain, slow, and written from the documents instead of the kernel.
//!
//! Sources: the design's *life of an action* and *where "was" comes from*, `docs/concepts/tracked-readings.md`,
//! `docs/reference/configuration.md` and `docs/reference/reason-codes.md`. There are lists and linear scans here, no
//! index; words, no enums of the kernel; and one rule for each sentence of the text. Where kernel and model differ, one
//! of them does not say what the text says.

pub mod answer;
pub mod class;
pub mod course;
pub mod meaning;
pub mod memory;
pub mod path;
pub mod subjects;
pub mod verdict;

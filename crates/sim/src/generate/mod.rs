//! Generators over small alphabets: few names, few values, so that things collide often.
//!
//! (`gen` is a word of the language in this edition.)

pub mod answer;
pub mod case;
pub mod course;
pub mod json;
pub mod reads;
pub mod spelling;
pub mod story;

use lastlook_canon::Digest;

/// The digest that stands for a value known by a short label.
pub fn digest_of(label: &str) -> Digest {
    Digest::of("lastlook/sim/v1", &[label.as_bytes()])
}

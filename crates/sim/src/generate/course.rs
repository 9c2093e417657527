//! Courses of one attempt: any order of events, often enough the expected one.

use proptest::prelude::*;

use crate::model::course::{Course, Happening};

/// Numbers that become happenings as the attempt goes: most choose among the replies that are waited for.
pub fn courses() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 1..40)
}

/// The happening that a number chooses at this point of the course.
pub fn happening(choice: u8, course: &Course) -> Happening {
    let replies = course.owed.replies();
    let of = |all: &[Happening], number: u8| all.get(usize::from(number) % all.len().max(1)).copied();
    let chosen = match choice {
        0..130 => replies.first().copied(),
        130..200 => of(&replies, choice),
        200..212 => Some(Happening::Cancelled),
        _ => of(&Happening::ALL, choice),
    };
    chosen.unwrap_or(Happening::Cancelled)
}

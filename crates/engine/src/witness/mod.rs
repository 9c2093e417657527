//! Asking witnesses to cosign the checkpoints, beside the actions and never on their path.
//!
//! A witness that is down, hangs or lies costs nobody anything but its cosignature: what it said is kept and told, and it is
//! asked again. What it cosigned is kept in the state, and goes into receipts.
//!
//! - [`Kept`]: the cosigned checkpoints of one log, and how each witness stands to it.
//! - [`round`]: asks every witness about one log, once.
//! - [`Asker`]: a thread that does so while a boundary runs.

mod ask;
mod asker;
mod kept;
mod round;

pub use asker::Asker;
pub use kept::{Kept, Said, Stands};
pub use round::{Asked, Round, RoundError, round};

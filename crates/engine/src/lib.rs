//! The shell that runs one attempt end to end; also the library for embedding the boundary.
//!
//! [`Boundary`] stands between one client and one server: [`Boundary::propose`] takes a call with the basis it had
//! when it arrived, [`Boundary::run`] carries it through *arm, look, gate, act, record* and says what the caller gets.
//! The order is the kernel's ([`lastlook_kernel::step`]); this crate carries it out, one file per command.

mod answer;
pub mod approvers;
mod attempt;
mod boundary;
pub mod catalog;
pub mod check;
pub mod claims;
pub mod clock;
pub mod config;
pub mod credential;
mod deciding;
pub mod delegated;
pub mod doctor;
pub mod entry;
mod explain;
mod facts;
mod fit;
mod gate;
pub mod grants;
mod guarding;
pub mod halts;
pub mod held;
pub mod ids;
mod key;
pub mod keys;
pub mod notify;
mod reader;
pub mod reads;
pub mod recovery;
pub mod reload;
pub mod replay;
pub mod restored;
pub mod retention;
mod rulebook;
mod seen;
mod settings;
pub mod shown;
mod slip;
pub mod standing;
mod steps;
pub mod survey;
pub mod window;
mod withhold;
pub mod witness;

pub use attempt::{Caller, Delivery, Held, Proposal, Refusal};
pub use boundary::{Boundary, Parts};
pub use catalog::Catalog;
pub use explain::text_of;
pub use facts::Sources;
pub use gate::{Cancellation, Control, Gate};
pub use key::{BadKey, Key};
pub use reader::{Giving, Reader};
pub use rulebook::{Listed, Rulebook};
pub use settings::Settings;
pub use slip::{SlipError, SlipRefused};
pub use window::{Period, PeriodKey, Resolved, Why, Window, WindowProblem, tz_version};

#[cfg(test)]
mod fuzz;

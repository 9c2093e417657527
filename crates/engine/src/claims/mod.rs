//! Claims: whether what an agent says it did is on record, and still stands.
//!
//! An agent's word weighs nothing here (I21, I27): a claim is confirmed by receipts or it is flagged.

mod check;
mod procedure;
mod report;

pub use check::check;
pub use procedure::procedure;
pub use report::{Checked, Claim, Claimed, Finding, Lacking, Report, ReportError};

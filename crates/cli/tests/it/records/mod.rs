//! Looking at the record: `log`, `show`, `receipt`, `keys`, `verify`, `resolve`, on records that real boundaries made.

mod log;
mod receipts;
mod resolve;
pub(crate) mod rig;
mod second;
mod show;
mod verify;

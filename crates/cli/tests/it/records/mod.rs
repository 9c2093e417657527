//! Looking at the record: `log`, `show`, `receipt`, `keys`, `verify`, `resolve`, on records that real boundaries made.

mod forms;
mod keys;
mod large;
mod log;
mod reads;
mod receipts;
mod resolve;
pub(crate) mod rig;
mod second;
mod show;
mod tampering;
mod verify;

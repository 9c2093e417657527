//! `lastlook wrap` and `lastlook unwrap`, on the files that clients have.

mod asking;
mod files;
pub(crate) mod rig;
mod running;

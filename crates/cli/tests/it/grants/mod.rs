//! Standing permission: in place of asking, and of nothing else.

mod forged;
mod races;
pub mod rig;
mod scenes;
mod scope;

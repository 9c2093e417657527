//! Whoever is told that something waits: what they hear, and that nobody waits for them.

mod hearing;
mod patience;
pub mod rig;

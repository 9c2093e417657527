//! The console: a page that lets people decide, and nobody else do anything.

pub mod browser;
mod deciding;
mod fences;
pub mod rig;
mod showing;

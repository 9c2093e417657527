//! The console: a page that lets people decide, and nobody else do anything.

mod deciding;
mod fences;
mod rig;
mod showing;

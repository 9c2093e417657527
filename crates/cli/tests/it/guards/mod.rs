//! Guards on real parts: a notes server with an effect log of its own, a rate server over HTTP, files, the clock.

mod claims;
mod matrix;
mod meeting;
mod races;
mod recorded;
mod reload;
pub mod served;
pub mod world;

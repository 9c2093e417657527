//! Held actions: what people approve runs once, as they saw it, and nothing else does.

mod asking;
mod deciding;
mod fill;
mod hostile;
mod keys;
mod many;
pub mod people;
mod races;

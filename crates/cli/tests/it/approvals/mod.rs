//! Held actions: what people approve runs once, as they saw it, and nothing else does.

pub mod people;
mod races;
mod scenes;

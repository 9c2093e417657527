//! Witnesses: real ones, ones that lie, and records that were cut short or made twice.

mod cut;
mod handed;
mod lying;
mod rig;
mod seen;
mod tiles;

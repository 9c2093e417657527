//! The boundary against misbehaving clients, servers and disks.
//!
//! The server is `examples/rogue`, which does what each call tells it to and writes every effect to a log of its own.
//! That log and the boundary's record are the oracle ([`oracle`]); the engine's state is never looked at.

mod client;
mod oracle;
pub mod rig;

mod answers;
mod calls;
mod cancels;
mod disks;
mod endings;
mod frames;
mod ids;
mod servers;
mod starts;
mod states;

//! Telling people that an action waits for them, and what became of it.
//!
//! A [`Notice`] goes out after what it tells of is durable, in the background: nobody waits for a receiver, and nothing
//! depends on one. It can only tell: nothing in it approves anything. It is kept in memory alone; who dies before it was
//! delivered has told nobody.
//!
//! - [`Hook`]: one receiver, its address and key at hand.
//! - [`Notifier`]: one queue for each hook, and who empties it.

mod hook;
mod json;
mod notice;
mod notifier;
mod sign;
mod slack;

pub use hook::{Hook, Undelivered};
pub use notice::{Happened, Notice};
pub use notifier::Notifier;
pub use sign::{KeyProblem, SigningKey};

#[cfg(test)]
mod tests;

//! Everything the boundary calls: MCP servers over standard input and output, the sources of facts, and whom it tells.
//!
//! - [`frames`]: newline-delimited frames from a blocking reader, cut without copying.
//! - [`message`]: what a frame is, from its top-level members alone.
//! - [`child`]: the server as a child process that dies with its writer.
//! - [`pipe`]: whole frames into a pipe, from threads and from the runtime alike.
//! - [`Link`]: one connection to a server: bytes in order, and the boundary's own calls beside the client's.
//! - [`hook`]: one POST of a message to whoever is to be told.
//! - [`source`]: what the boundary reads for itself, wherever it is.

pub mod child;
pub mod frames;
pub mod hook;
pub mod message;
pub mod pipe;
pub mod source;

mod link;
mod params;
mod salvage;

pub use link::{CallError, Link};
pub use params::{without_members, without_progress_token};
pub use salvage::salvage_id;

#[cfg(test)]
mod fuzz;

//! The MCP proxy over standard input and output.
//!
//! Two threads copy bytes: [`from_client`] reads the client and writes to the server, [`from_server`] the other way
//! round. Frames that are not ours to judge pass byte for byte, in runs, without a task or a copy of their own. A call
//! of an effect leaves that path and becomes an attempt; its answer comes back through [`deliver`].

mod claims_tool;
mod deliver;
mod elicit;
mod from_client;
mod from_server;
mod in_flight;
mod listing;
mod reads;
mod reply;
mod serve;
mod session;

pub use serve::{End, Serve, ServeError, serve};

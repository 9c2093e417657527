//! Everything that others call: an MCP client over standard input and output, people at the console, and logs that ask a
//! witness.

pub mod console;
pub mod mcp;
pub mod witness;

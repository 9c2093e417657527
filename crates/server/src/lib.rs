//! Everything that calls the boundary: an MCP client over standard input and output, and people at the console.

pub mod console;
pub mod mcp;

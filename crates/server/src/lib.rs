//! Everything that calls the boundary: today, an MCP client over standard input and output.

pub mod mcp;

//! Where the real servers and clients are.

use std::path::{Path, PathBuf};

/// The filesystem server's script, run by `node`.
pub fn filesystem_server() -> PathBuf {
    installed("node/node_modules/@modelcontextprotocol/server-filesystem/dist/index.js")
}

/// The Python that has the official client and the servers written in it.
pub fn python() -> PathBuf {
    installed("python/bin/python")
}

/// The memory server's script, run by `node`.
pub fn memory_server() -> PathBuf {
    installed("node/node_modules/@modelcontextprotocol/server-memory/dist/index.js")
}

/// The SQLite server's program.
pub fn sqlite_server() -> PathBuf {
    installed("python-mcp1/bin/mcp-server-sqlite")
}

/// The Python that has agentbarrier.
pub fn agentbarrier() -> PathBuf {
    installed("agentbarrier/bin/python")
}

/// The folder everything is installed in.
pub fn folder() -> PathBuf {
    installed("")
}

/// A file beside these tests.
pub fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/real").join(name)
}

/// A tool that is absent fails the test: what was not run was not shown.
fn installed(name: &str) -> PathBuf {
    let workspace = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools");
    let file = std::env::var_os("LASTLOOK_TOOLS").map_or_else(workspace, PathBuf::from).join(name);
    assert!(
        file.exists(),
        "`{}` is not installed; run `cargo xtask test`, which installs it",
        file.display()
    );
    std::path::absolute(file).unwrap()
}

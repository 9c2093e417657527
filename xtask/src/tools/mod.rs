//! `cargo xtask tools`: what the tests run against, pinned, in the ignored folder `.tools/` and nowhere else.
//!
//! The commands it needs come from the machine (Debian packages); the servers and clients come from their registries,
//! exactly as the lock files beside this crate say. A second run reads four stamps and returns.

mod debian;
mod packages;

use std::fs::File;
use std::path::PathBuf;

use anyhow::Context;

pub use debian::Missing;

use crate::command::root;

/// The folder everything is installed into.
pub fn folder() -> PathBuf {
    root().join(".tools")
}

/// Installs what is absent or no longer what the lock files say. One process at a time.
pub fn install() -> anyhow::Result<()> {
    let folder = folder();
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    let turn = File::create(folder.join("lock")).context("cannot make `.tools/lock`")?;
    turn.lock().context("cannot lock `.tools/lock`")?;
    debian::require()?;
    // Each waits for its own registry most of the time.
    std::thread::scope(|scope| {
        let installs = [
            scope.spawn(|| packages::node(&folder)),
            scope.spawn(|| packages::python(&folder, "python")),
            scope.spawn(|| packages::python(&folder, "python-mcp1")),
            scope.spawn(|| packages::python(&folder, "agentbarrier")),
        ];
        installs.into_iter().try_for_each(|install| {
            install.join().unwrap_or_else(|_| anyhow::bail!("an installation did not end by itself"))
        })
    })
}

//! The effect log: what the notes server really did, told by itself and to nobody but the test that asked.
//!
//! It is half of the oracle (the files are the other half): the boundary never sees it, so it cannot agree with it by mistake.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// One line of an effect log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// When the line was written, RFC 3339 in UTC.
    pub time: String,
    /// The tool that was called.
    pub tool: String,
    /// The note it was called for, relative to the folder.
    pub path: String,
    /// The process that did it.
    pub pid: u32,
}

/// An open effect log; several servers may append to the same file.
#[derive(Debug)]
pub struct EffectLog(File);

impl EffectLog {
    /// Opens the log for appending, and creates it when it is missing.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        Ok(Self(file.with_context(|| format!("cannot open the effect log `{}`", path.display()))?))
    }

    /// Appends one line in one write, so that lines of two servers never mix.
    pub fn append(&self, tool: &str, path: &str) -> std::io::Result<()> {
        let time = jiff::Timestamp::now().to_string();
        let effect = Effect { time, tool: tool.to_owned(), path: path.to_owned(), pid: std::process::id() };
        let mut line = serde_json::to_vec(&effect)?;
        line.push(b'\n');
        (&self.0).write_all(&line)
    }
}

/// Reads every line of an effect log; a missing file is an empty log.
pub fn read(path: &Path) -> anyhow::Result<Vec<Effect>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    // A line without its end is still being written.
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    whole.map(|line| Ok(serde_json::from_str(line)?)).collect()
}

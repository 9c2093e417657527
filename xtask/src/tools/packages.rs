//! The pinned packages of two registries, each in a folder of its own with a stamp beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::command::{output, root, run};

/// A folder that is as its inputs say, or has to be made again.
///
/// The stamp is a copy of the inputs themselves: nothing to collide, and `diff` shows what moved.
struct Stamp {
    file: PathBuf,
    inputs: String,
}

impl Stamp {
    fn new(folder: &Path, name: &str, inputs: String) -> Stamp {
        Stamp { file: folder.join(format!("{name}.stamp")), inputs }
    }

    fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|old| old == self.inputs)
    }

    /// Takes the stamp away before the work, so that work cut short is work not done.
    fn lift(&self) -> anyhow::Result<()> {
        if self.file.exists() {
            fs::remove_file(&self.file)?;
        }
        Ok(())
    }

    fn set(&self) -> anyhow::Result<()> {
        fs::write(&self.file, &self.inputs).with_context(|| format!("cannot write `{}`", self.file.display()))
    }
}

/// The MCP servers and the client that run on Node, into `.tools/node/node_modules`.
///
/// Their install scripts do not run: none needs one, and a test machine is no place for other people's scripts.
pub fn node(tools: &Path) -> anyhow::Result<()> {
    let source = root().join("xtask/tools/node");
    let manifest = read(&source.join("package.json"))?;
    let lock = read(&source.join("package-lock.json"))?;
    let stamp = Stamp::new(tools, "node", format!("{manifest}{lock}"));
    let into = tools.join("node");
    if stamp.is_current() && into.join("node_modules").is_dir() {
        eprintln!("tools: node packages are as locked");
        return Ok(());
    }
    stamp.lift()?;
    eprintln!("tools: node packages, from xtask/tools/node/package-lock.json");
    fs::create_dir_all(&into)?;
    fs::write(into.join("package.json"), manifest)?;
    fs::write(into.join("package-lock.json"), lock)?;
    run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&into))?;
    stamp.set()
}

/// Packages of Python, into the virtual environment of the same name: `python` for most, `python-mcp1` for what
/// needs the SDK's previous major version, `agentbarrier` for a suite.
pub fn python(tools: &Path, name: &str) -> anyhow::Result<()> {
    let pins = root().join("xtask/tools").join(name).join("requirements.txt");
    let base =
        output("python3", &["-c", "import sys; print(sys.version, sys.base_prefix)"]).unwrap_or_default();
    let stamp = Stamp::new(tools, name, format!("{base}\n{}", read(&pins)?));
    let into = tools.join(name);
    let python = into.join("bin/python");
    if stamp.is_current() && output(&python.to_string_lossy(), &["--version"]).is_some() {
        eprintln!("tools: {name} packages are as pinned");
        return Ok(());
    }
    stamp.lift()?;
    eprintln!("tools: {name} packages, from xtask/tools/{name}/requirements.txt");
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&into))?;
    let pip = || {
        let mut command = Command::new(&python);
        command.args(["-m", "pip", "--disable-pip-version-check", "--no-input"]);
        command
    };
    // The pins are complete: nothing may be resolved here, and `check` says if something is lacking after all.
    run(pip().args(["install", "--quiet", "--no-deps", "--requirement"]).arg(&pins))?;
    run(pip().arg("check"))?;
    stamp.set()
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}

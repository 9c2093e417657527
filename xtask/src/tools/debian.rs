//! The commands the tests need from the machine itself.

use std::fmt;
use std::process::Command;

use anyhow::bail;

use crate::command::{output, run};

/// A command, how its presence and age are seen, and the Debian package that brings it.
struct Need {
    name: &'static str,
    package: &'static str,
    /// A program and arguments that print a version when the command is usable.
    probe: (&'static str, &'static [&'static str]),
    /// The oldest version that was tried, as major and minor.
    at_least: (u32, u32),
}

const NEEDS: &[Need] = &[
    Need { name: "chromium", package: "chromium", probe: ("chromium", &["--version"]), at_least: (120, 0) },
    Need { name: "git", package: "git", probe: ("git", &["--version"]), at_least: (2, 30) },
    Need { name: "node", package: "nodejs", probe: ("node", &["--version"]), at_least: (18, 0) },
    Need { name: "openssl", package: "openssl", probe: ("openssl", &["version"]), at_least: (1, 1) },
    Need { name: "npm", package: "npm", probe: ("npm", &["--version"]), at_least: (9, 0) },
    Need {
        name: "python3 with venv",
        package: "python3-venv",
        // Debian splits the standard library: without `ensurepip` an environment is made without pip.
        probe: ("python3", &["-c", "import ensurepip, venv, sys; print(*sys.version_info[:3], sep='.')"]),
        at_least: (3, 11),
    },
    Need {
        name: "postgres",
        package: "postgresql",
        // Debian keeps the programs of each version in a folder of their own, off the path.
        probe: (
            "sh",
            &["-c", "PATH=\"$PATH:$(echo /usr/lib/postgresql/*/bin | tr ' ' ':')\" postgres --version"],
        ),
        at_least: (13, 0),
    },
];

/// What has to be installed by somebody who may: ends the program with code 2.
#[derive(Debug)]
pub struct Missing(String);

impl fmt::Display for Missing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

/// Finds every needed command; as root on Debian installs what is absent, otherwise says which line would.
pub fn require() -> anyhow::Result<()> {
    let absent: Vec<&Need> = NEEDS.iter().filter(|need| version_of(need).is_none()).collect();
    if !absent.is_empty() {
        install(&absent)?;
    }
    for need in NEEDS {
        let Some(found) = version_of(need) else {
            bail!(Missing(format!(
                "`{}` is absent after its package `{}` was installed",
                need.name, need.package
            )));
        };
        if parsed(&found).is_none_or(|version| version < need.at_least) {
            let (major, minor) = need.at_least;
            bail!(Missing(format!("`{}` is {found}; the tests need {major}.{minor} or newer", need.name)));
        }
        eprintln!("tools: {} {found}", need.name);
    }
    Ok(())
}

fn install(absent: &[&Need]) -> anyhow::Result<()> {
    let names = absent.iter().map(|need| need.name).collect::<Vec<_>>().join(", ");
    let packages: Vec<&str> = absent.iter().map(|need| need.package).collect();
    let get = ["apt-get", "install", "-y", "--no-install-recommends"];
    if output("apt-get", &["--version"]).is_none() {
        bail!(Missing(format!("not on this machine: {names}\nhint: install them, then run this again")));
    }
    if output("id", &["-u"]).as_deref() != Some("0") {
        let line = format!("sudo {} {}", get.join(" "), packages.join(" "));
        bail!(Missing(format!(
            "not on this machine: {names}\nhint: run this line, then this command again:\n{line}"
        )));
    }
    eprintln!("tools: not on this machine: {names}");
    run(Command::new("apt-get").args(["update", "-q"]))?;
    let [program, rest @ ..] = get;
    run(Command::new(program).args(rest).args(packages).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn version_of(need: &Need) -> Option<String> {
    let (program, args) = need.probe;
    let line = output(program, args)?;
    let start = line.find(|c: char| c.is_ascii_digit())?;
    let version = line.get(start..)?.split_whitespace().next()?;
    Some(version.to_owned())
}

fn parsed(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

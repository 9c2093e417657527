//! Which program a command starts.

use std::collections::BTreeSet;

use crate::config::document::{Section, Sink};

/// The words by which a server is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Detect {
    /// Package names, as given to `npx` or `uvx`, without a version.
    packages: BTreeSet<String>,
    /// File names of its program.
    programs: BTreeSet<String>,
    /// Python modules, as given to `python -m`.
    modules: BTreeSet<String>,
    /// Ends of paths to its script.
    scripts: BTreeSet<String>,
    /// Subcommands of this very program.
    subcommands: BTreeSet<String>,
}

/// What stands in the program's place.
#[derive(Debug, PartialEq, Eq)]
enum Program<'c> {
    Module(&'c str),
    Word { word: &'c str, next: Option<&'c str> },
}

/// Programs whose first operand is the program they run.
const RUNNERS: &[&str] = &[
    "env", "npx", "npm", "pnpm", "pnpx", "yarn", "bun", "bunx", "deno", "node", "nodejs", "tsx", "uv", "uvx",
    "pipx", "py", "python", "python3",
];
/// Words between a runner and what it runs.
const SUBCOMMANDS: &[&str] = &["exec", "x", "dlx", "run", "tool"];
/// Runners' options that take the next word.
const WITH_VALUE: &[&str] = &[
    "-p",
    "--package",
    "--from",
    "--with",
    "--with-editable",
    "--with-requirements",
    "--spec",
    "--python",
    "--directory",
    "--project",
    "--index",
    "--index-url",
    "--default-index",
    "--extra-index-url",
    "--env-file",
    "--registry",
    "--prefix",
    "-w",
    "--workspace",
    "-r",
    "--require",
    "--import",
    "--loader",
    "-C",
    "--cwd",
    "--unset",
    "--cache-dir",
    "--config-file",
    "-W",
    "-X",
];
/// Runners' options that make the program text, not a file.
const INLINE: &[&str] = &["-c", "--call", "-e", "--eval", "--print", "-pe", "-S", "--split-string"];

impl Detect {
    pub(super) fn read(mut section: Section<'_>, sink: &mut Sink) -> Self {
        let mut words = |key| {
            let texts = section.take(key).and_then(|item| item.texts("[\"…\"]", sink));
            texts.into_iter().flatten().map(|word| word.text.to_owned()).collect()
        };
        let detect = Self {
            packages: words("packages"),
            programs: words("programs"),
            modules: words("modules"),
            scripts: words("scripts"),
            subcommands: words("subcommands"),
        };
        section.finish(sink);
        detect
    }

    pub(super) fn matches(&self, command: &[String]) -> bool {
        match program(command) {
            None => false,
            Some(Program::Module(module)) => self.modules.contains(module),
            Some(Program::Word { word, next }) => {
                let name = file_name(word);
                self.packages.contains(package(word))
                    || self.programs.contains(name)
                    || self.scripts.iter().any(|script| is_path_end(word, script))
                    || (name == "lastlook" && next.is_some_and(|next| self.subcommands.contains(next)))
            }
        }
    }
}

/// The program after all runners, with the operand that follows it.
fn program(command: &[String]) -> Option<Program<'_>> {
    let mut runner: Option<&str> = None;
    let mut words = command.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if let Some(runner) = runner
            && word.starts_with('-')
        {
            let python = runner.starts_with("py");
            let node_prints = word == "-p" && matches!(runner, "node" | "nodejs" | "bun" | "deno");
            match word {
                "-m" if python => return words.next().map(Program::Module),
                _ if INLINE.contains(&word) || node_prints => return None,
                _ if WITH_VALUE.contains(&word) => drop(words.next()),
                _ => {}
            }
            continue;
        }
        let name = file_name(word);
        let assignment = runner == Some("env") && word.contains('=');
        let between = runner.is_some() && SUBCOMMANDS.contains(&word);
        if is_runner(name) {
            runner = Some(name);
        } else if !assignment && !between {
            return Some(Program::Word { word, next: words.find(|word| !word.starts_with('-')) });
        }
    }
    None
}

fn is_runner(name: &str) -> bool {
    let versioned = name.strip_prefix("python3.").is_some_and(|minor| minor.parse::<u8>().is_ok());
    versioned || RUNNERS.contains(&name)
}

/// The last component of a path, without the endings Windows gives to programs.
fn file_name(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.strip_suffix(".exe").or_else(|| name.strip_suffix(".cmd")).unwrap_or(name)
}

/// `@scope/name@1.2`, `name==1.2`, `name[extra]`, `npm:name` without what is not the name.
fn package(word: &str) -> &str {
    let word = word.strip_prefix("npm:").unwrap_or(word);
    let is_end = |(at, c): &(usize, char)| *at > 0 && matches!(c, '@' | '=' | '<' | '>' | '!' | '~' | '[');
    let end = word.char_indices().find(is_end).map_or(word.len(), |(at, _)| at);
    word.get(..end).unwrap_or(word)
}

/// True when `path` ends with the whole components of `end`.
fn is_path_end(path: &str, end: &str) -> bool {
    let path = path.replace('\\', "/");
    path.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

//! The files of the repository, as the rules see them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

/// Where the rules live. They and their samples must spell what they forbid, so rules about words leave them out.
const RULES_FOLDER: &str = "xtask/src/tidy/";

/// Paths relative to the top of the repository, with `/`, each with its text.
pub struct Tree {
    /// A file that is not UTF-8 is there without a text.
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Every file git tracks or would track: ignored ones are not the project's.
    pub fn of_repository(root: &Path) -> anyhow::Result<Tree> {
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .context("`git` does not start")?;
        if !listed.status.success() {
            bail!("`git ls-files`: {}", String::from_utf8_lossy(&listed.stderr).trim());
        }
        let names = String::from_utf8_lossy(&listed.stdout);
        let mut files = BTreeMap::new();
        for name in names.split_terminator('\0') {
            // A tracked file that was deleted, and a link to a folder, have no bytes to read.
            if let Ok(bytes) = std::fs::read(root.join(name)) {
                files.insert(name.to_owned(), String::from_utf8(bytes).ok());
            }
        }
        Ok(Tree { files })
    }

    /// A tree made by hand, for the tests of the rules.
    #[cfg(test)]
    pub fn sample(files: &[(&str, &str)]) -> Tree {
        Tree {
            files: files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned()))).collect(),
        }
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// The text of one file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether a file or a folder has this path; the empty path is the top folder.
    pub fn has(&self, path: &str) -> bool {
        path.is_empty()
            || self.files.contains_key(path)
            || self
                .files
                .range(format!("{path}/")..)
                .next()
                .is_some_and(|(next, _)| next.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    }

    /// The path of every file.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Every file that has a text.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// Every file with this ending, e.g. `.md`.
    pub fn ending<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.texts().filter(move |(path, _)| path.ends_with(ending))
    }

    /// Every Rust file but those of the rules.
    pub fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.ending(".rs").filter(|(path, _)| !is_rule(path))
    }
}

/// Whether a file belongs to the rules themselves.
pub fn is_rule(path: &str) -> bool {
    path.starts_with(RULES_FOLDER)
}

/// The lines of a text with their numbers, from 1.
pub fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// A line of Rust without what follows `//`: what is said about a thing is not the thing.
pub fn code(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

/// Whether `word` stands in `text` on its own, not as a part of a longer name.
pub fn has_word(text: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|tail| tail.chars().next());
        !before.is_some_and(is_name) && !after.is_some_and(is_name)
    })
}

/// Whether a Rust file holds tests only: `tests.rs` beside a module, or a file below a `tests` folder.
pub fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

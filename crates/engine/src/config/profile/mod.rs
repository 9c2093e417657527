//! Profiles: what is known of servers that many people run, shipped with the boundary.
//!
//! A profile is a file in the operator's own vocabulary, written after reading the server's source; each says which
//! version that was and why. Which profile applies follows from the operator's own command words, never from what
//! a server says of itself.

mod detect;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::document::{Section, Sink};
use super::{ConfigError, ToolConfig, read};
use detect::Detect;

/// What is known of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    name: &'static str,
    detect: Detect,
    tools: BTreeMap<String, ToolConfig>,
}

const FILES: &[(&str, &str)] = &[
    ("filesystem", include_str!("../profiles/filesystem.toml")),
    ("git", include_str!("../profiles/git.toml")),
    ("lastlook-notes", include_str!("../profiles/lastlook-notes.toml")),
    ("memory", include_str!("../profiles/memory.toml")),
    ("sqlite", include_str!("../profiles/sqlite.toml")),
    ("time", include_str!("../profiles/time.toml")),
];

// A file that did not parse would be left out, which can only tighten; a test holds that none is.
static SHIPPED: LazyLock<Vec<Profile>> =
    LazyLock::new(|| FILES.iter().filter_map(|(name, text)| Profile::parse(name, text).ok()).collect());

impl Profile {
    /// Every profile of this version, by name.
    pub fn shipped() -> &'static [Profile] {
        &SHIPPED
    }

    /// The profile of this name.
    pub fn named(name: &str) -> Option<&'static Profile> {
        Self::shipped().iter().find(|profile| profile.name == name)
    }

    /// The profile of the server that `command` starts, as far as its words tell.
    ///
    /// Only the place of the program counts, after runners such as `npx -y` or `python -m`: a folder among the
    /// arguments that is called like a server does not. Commands that reach further than this machine's own processes
    /// (`ssh`, `docker`, a shell line) are not seen through, because there an effect can outlive the child.
    pub fn detect(command: &[String]) -> Option<&'static Profile> {
        Self::shipped().iter().find(|profile| profile.detect.matches(command))
    }

    /// Its name, as in `profile = "filesystem"`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it says of a tool.
    pub fn tool(&self, tool: &str) -> Option<&ToolConfig> {
        self.tools.get(tool)
    }

    /// Everything it says, by tool.
    pub fn tools(&self) -> impl Iterator<Item = (&str, &ToolConfig)> {
        self.tools.iter().map(|(name, tool)| (name.as_str(), tool))
    }

    pub(super) fn parse(name: &'static str, text: &str) -> Result<Profile, ConfigError> {
        read::document(text, name, |mut root, sink| {
            let detect =
                root.table("detect", sink).map(|section| Detect::read(section, sink)).unwrap_or_default();
            let tools = root.table("tool", sink).map(|table| tools(&table, sink)).unwrap_or_default();
            root.finish(sink);
            Profile { name, detect, tools }
        })
    }
}

fn tools(table: &Section<'_>, sink: &mut Sink) -> BTreeMap<String, ToolConfig> {
    let mut tools = BTreeMap::new();
    for (name, item) in table.entries() {
        if let Some(section) = item.section(format!("[tool.{}]", name.text), sink) {
            tools.insert(name.text.to_owned(), read::shipped_tool(section, sink));
        }
    }
    tools
}

//! What a setting is called.

use std::fmt;

use crate::config::Place;

/// The keys that lead to a setting, from the top level on.
///
/// It prints as TOML has it, with numbers for the elements of arrays: `guard.refund.after[0].tool`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingName(Vec<Key>);

/// One key on the way to a setting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The key of a table.
    Name(String),
    /// The place of an element in an array, from 0.
    Index(usize),
}

/// Sections in the order in which one would read them; top-level settings go first.
const SECTIONS: [&str; 13] = [
    "principal",
    "policy",
    "claims",
    "record",
    "defaults",
    "upstream",
    "tool",
    "database",
    "fact",
    "procedure",
    "guard",
    "notify",
    "witness",
];

impl SettingName {
    /// The name with these keys.
    pub fn of<'k>(keys: impl IntoIterator<Item = &'k str>) -> SettingName {
        SettingName(keys.into_iter().map(|key| Key::Name(key.to_owned())).collect())
    }

    /// The keys.
    pub fn keys(&self) -> &[Key] {
        &self.0
    }

    pub(super) fn key(&self, key: &str) -> SettingName {
        self.and(Key::Name(key.to_owned()))
    }

    pub(super) fn index(&self, n: usize) -> SettingName {
        self.and(Key::Index(n))
    }

    /// Whether it is below `other`, or `other` itself.
    pub(super) fn is_within(&self, other: &SettingName) -> bool {
        self.0.starts_with(&other.0)
    }

    fn and(&self, key: Key) -> SettingName {
        SettingName(self.0.iter().cloned().chain([key]).collect())
    }

    fn section(&self) -> usize {
        let first = self.0.first();
        let is_it = |section: &&str| matches!(first, Some(Key::Name(name)) if name == *section);
        SECTIONS.iter().position(is_it).map_or(0, |at| at + 1)
    }
}

impl Ord for SettingName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.section(), &self.0).cmp(&(other.section(), &other.0))
    }
}

impl PartialOrd for SettingName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for SettingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, key) in self.0.iter().enumerate() {
            match key {
                Key::Index(index) => write!(f, "[{index}]")?,
                Key::Name(name) => {
                    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
                    let dot = if n == 0 { "" } else { "." };
                    match !name.is_empty() && name.chars().all(bare) {
                        true => write!(f, "{dot}{name}")?,
                        false => write!(f, "{dot}{}", serde_json::Value::from(name.as_str()))?,
                    }
                }
            }
        }
        Ok(())
    }
}

impl From<&SettingName> for Place {
    fn from(name: &SettingName) -> Place {
        Place::of(name.0.iter().map(|key| match key {
            Key::Name(name) => name.clone(),
            Key::Index(index) => index.to_string(),
        }))
    }
}

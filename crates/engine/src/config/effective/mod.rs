//! Every setting with its value, and whose word it is.

mod defaults;
mod name;

use serde_json::Value;

use super::{Config, Place};

pub use name::{Key, SettingName};

/// One setting: a key of the file, or one that is left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Where it stands, or would stand.
    pub name: SettingName,
    /// Its value as JSON, `***` for a secret.
    pub value: Value,
    /// Whose word it is.
    pub origin: Origin,
}

/// Whose word a setting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The file's, in this line, from 1.
    File {
        /// The line of its key.
        line: usize,
    },
    /// A shipped profile's, by its name.
    Profile(&'static str),
    /// Nobody's.
    Default,
}

impl Config {
    /// What the file says, in its own order; secrets are struck out.
    pub fn written(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        leaves(self, self.places.document(), &SettingName::default(), &mut settings);
        settings.sort_by_key(|setting| self.places.start(&Place::from(&setting.name)));
        settings
    }

    /// Every setting that holds, by name: what the file says, what profiles say, and defaults; secrets are struck out.
    ///
    /// `user` is who acts when the file does not say. What a server lists counts for its tools as well, and is not known
    /// here.
    pub fn effective(&self, user: &str) -> Vec<Setting> {
        let mut settings = self.written();
        defaults::add(self, user, &mut settings);
        settings.sort_by(|one, other| one.name.cmp(&other.name));
        settings
    }
}

/// Tables are gone into, and so are arrays with tables in them.
fn leaves(config: &Config, value: &Value, name: &SettingName, settings: &mut Vec<Setting>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, member) in members {
                leaves(config, member, &name.key(key), settings);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (n, item) in items.iter().enumerate() {
                leaves(config, item, &name.index(n), settings);
            }
        }
        _ => {
            let line = config.places.line(&Place::from(name)).unwrap_or(1);
            let origin = Origin::File { line };
            settings.push(Setting { name: name.clone(), value: value.clone(), origin });
        }
    }
}

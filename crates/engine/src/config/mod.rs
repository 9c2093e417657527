//! The operator's configuration: what runs, what it may do, and how the boundary looks.
//!
//! A file is read once, whole: [`Config::find`] says which, [`Config::load`] reads it, and every mistake in it is
//! reported together, each with its line and a way out. Nothing here is ever found in the working directory: a folder
//! that somebody else made must not bring commands.
//!
//! - [`Config`] is the file as written; [`ToolConfig`] holds only what was said of a tool.
//! - [`Profile`] is the same vocabulary, shipped, for servers many people run.
//! - [`UpstreamRules`] is both put together: what holds for the tools of one upstream.

mod database;
mod document;
mod effective;
mod error;
mod find;
mod hook;
mod inside;
mod places;
mod policy;
mod profile;
mod read;
mod restart;
mod rules;
mod schema;
mod secrets;
mod value;
mod weaker;
mod withhold;
mod witness;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lastlook_canon::Digest;
use lastlook_kernel::{
    BlindWrites, Class, DEFAULT_NOT_SUBJECTS, FactSpec, Guard, Ignore, Mode, Procedure, ToolName,
};

pub use database::{DatabaseConfig, Secret};
pub use effective::{Key, Origin, Setting, SettingName};
pub use error::{ConfigError, FileKind, Invalid, NamedBy, Problem};
pub use hook::{HookConfig, HookFormat};
pub use places::{Place, Places};
pub use policy::{PoliciesRead, PolicyFiles};
pub use profile::Profile;
pub use rules::UpstreamRules;
pub use schema::{schema, schema_text};
pub use value::parse_duration as duration_of;
pub use weaker::weaker;
pub use withhold::{FieldOf, FieldPlace, FieldStep};
pub use witness::{WitnessConfig, WitnessesConfig};

pub(crate) use restart::at_restart;
pub(crate) use value::parse_duration;

/// The largest configuration file that is read, in bytes.
pub const MAX_BYTES: u64 = 1 << 20;

/// One configuration file, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whether the tools' own annotations count for their class; off unless the operator turns it on.
    pub trust_annotations: bool,
    /// Who acts, as a Cedar entity such as `User::"deploy-bot"`; `None` leaves it to the session.
    pub principal: Option<String>,
    /// The groups the principal is in, as Cedar entities such as `Role::"deployers"`.
    pub groups: Vec<String>,
    /// Where the policies are.
    pub policy: Option<PolicyFiles>,
    /// What holds where nothing more special is said.
    pub defaults: Defaults,
    /// The servers that can be run, by name.
    pub upstreams: BTreeMap<String, UpstreamConfig>,
    /// What the operator said of single tools.
    pub tools: BTreeMap<ToolKey, ToolConfig>,
    /// The databases that facts are read from, by name.
    pub databases: BTreeMap<String, DatabaseConfig>,
    /// How the boundary reads the world, by name.
    pub facts: BTreeMap<String, FactSpec>,
    /// What must hold for which tools, by name.
    pub guards: BTreeMap<String, Guard>,
    /// The steps that jobs must have, by name.
    pub procedures: BTreeMap<String, Procedure>,
    /// Whether the proxy offers agents a tool that checks their claims.
    pub claims_tool: bool,
    /// How long values are kept beside the record; `None`: for ever.
    pub keep_values: Option<Duration>,
    /// Who is told of held actions, by name.
    pub hooks: BTreeMap<String, HookConfig>,
    /// Who is asked to cosign the checkpoints, and how many must have.
    pub witnesses: WitnessesConfig,
    /// Where in the file everything stands.
    pub places: Places,
    /// The file it came from, or the name it was parsed under.
    pub path: PathBuf,
}

/// What holds where nothing more special is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// What a `write` tool may do to something that was never read.
    pub blind_writes: BlindWrites,
    /// Names of arguments that never name a subject; already the whole list, additions included.
    pub not_subjects: BTreeSet<String>,
    /// Whether the receipt's id is spliced into the `_meta` of results.
    pub receipt_meta: bool,
    /// Whether the boundary refuses, or only records what it would have refused.
    pub mode: Mode,
    /// How long one reading may take at the look; longer than zero.
    pub fact_timeout: Duration,
    /// How old the oldest reading of a look may be at the gate; longer than zero.
    pub max_gap: Duration,
    /// How long an effect waits for another one in flight on the same subject; zero refuses at once.
    pub wait_for_subject: Duration,
    /// How long a call that people must approve waits for them before it is answered that it is held; zero: not at all.
    pub wait_for_approval: Duration,
    /// Whether a client that can put something before its user is asked to tell them of a call that people must approve.
    pub elicit: bool,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            blind_writes: BlindWrites::Allow,
            not_subjects: DEFAULT_NOT_SUBJECTS.iter().map(|name| (*name).to_owned()).collect(),
            receipt_meta: true,
            mode: Mode::Enforce,
            fact_timeout: Duration::from_secs(5),
            max_gap: Duration::from_secs(2),
            wait_for_subject: Duration::from_secs(10),
            wait_for_approval: Duration::ZERO,
            elicit: true,
        }
    }
}

/// A server the boundary may start, or a program that embeds the boundary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamConfig {
    /// The program and its arguments, run without a shell; empty for a program that embeds the boundary, and for nothing else.
    pub command: Vec<String>,
    /// Whether it is a program that embeds the boundary and acts by itself: there is nothing to start.
    pub program: bool,
    /// Its working directory, absolute; `None` keeps the boundary's own.
    pub cwd: Option<PathBuf>,
    /// Variables added to the boundary's own environment.
    pub env: BTreeMap<String, String>,
    /// Which shipped profile speaks for its tools.
    pub profile: ProfileChoice,
}

/// Which shipped profile speaks for an upstream's tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileChoice {
    /// The one that knows its command, if any; the classes it gives do not count beside a configuration file.
    Detected,
    /// This one, chosen by name: all it says counts.
    Named(&'static Profile),
    /// None at all.
    Off,
}

/// Which tool of which upstream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolKey {
    /// The name of a declared upstream; it has no dot.
    pub upstream: String,
    /// The tool's own name; it may have dots.
    pub tool: String,
}

/// What was said of one tool; `None` where nothing was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolConfig {
    /// What it may do.
    pub class: Option<Class>,
    /// JSON Pointers (RFC 6901) into the arguments that name its subjects; replaces the general rule.
    pub subjects: Option<Vec<String>>,
    /// Tools of the same upstream whose readings its effects move without sharing a subject.
    pub touches: Option<Vec<String>>,
    /// Parts of its answers that may move freely.
    pub ignore: Option<Vec<Ignore>>,
    /// Whether it may be called again for a look; false gives no basis.
    pub retake: Option<bool>,
    /// Whether its effect cannot land after the server's process has ended.
    pub local: Option<bool>,
    /// What an error answer means.
    pub errors: Option<ErrorAnswers>,
    /// Tools whose steps its effects undo.
    pub undoes: Vec<ToolName>,
    /// What of its values is never kept nor shown.
    pub redact: Vec<FieldPlace>,
    /// What of its values is kept as a salted commitment only.
    pub digest_only: Vec<FieldPlace>,
}

/// What an error answer to an effect means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorAnswers {
    /// Nothing happened.
    NoEffect,
    /// Something may have happened: the outcome is unknown.
    Unknown,
}

impl Config {
    /// The configuration that applies: the explicit file, else `LASTLOOK_CONFIG`, else the user's own folder.
    ///
    /// The user's own file is `$XDG_CONFIG_HOME/lastlook/lastlook.toml`, or `~/.config/lastlook/lastlook.toml`; `None`
    /// when it does not exist. The working directory is never looked at.
    ///
    /// # Errors
    ///
    /// A file that was named does not exist, `LASTLOOK_CONFIG` is a relative path, or [`Config::load`] fails.
    pub fn find(explicit: Option<&Path>) -> Result<Option<Config>, ConfigError> {
        find::find(explicit, |name| std::env::var_os(name))
    }

    /// Reads the configuration file at `path`.
    ///
    /// # Errors
    ///
    /// It is missing, not a file, over [`MAX_BYTES`], writable by the group or by everybody (on Unix), not UTF-8, or
    /// [`Config::parse`] fails.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        find::load(path, NamedBy::Argument)
    }

    /// A digest of what stands in the configuration file at `path` and in these policy files; of what is wrong with a
    /// file where it cannot be read.
    ///
    /// It tells whether to read them again, which costs much more. Never put it on record: it covers secrets.
    pub(crate) fn on_disk(path: &Path, policy: Option<&PolicyFiles>) -> Digest {
        let text = |read: Result<String, ConfigError>| match read {
            Ok(text) => format!("+{text}"),
            Err(error) => format!("-{error}"),
        };
        let configuration = text(find::read(path, FileKind::Configuration, NamedBy::Argument));
        let policy = policy.map(|files| match files.read() {
            Ok((policies, entities)) => {
                [text(Ok(policies)), entities.map_or_else(String::new, |e| text(Ok(e)))]
            }
            Err(error) => [text(Err(error)), String::new()],
        });
        let [policies, entities] = policy.unwrap_or_default();
        Digest::of("lastlook/files/v1", &[configuration.as_bytes(), policies.as_bytes(), entities.as_bytes()])
    }

    /// Reads configuration text; `name` stands for the file in messages.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`], with every mistake found: not TOML, unknown keys, wrong types, values out of range,
    /// names of what is not declared, and guards that could never do what they say.
    pub fn parse(text: &str, name: &str) -> Result<Config, ConfigError> {
        read::config(text, name, Path::new(name))
    }

    /// What was said of a tool.
    pub fn tool(&self, upstream: &str, tool: &str) -> Option<&ToolConfig> {
        self.tools.get(&ToolKey { upstream: upstream.to_owned(), tool: tool.to_owned() })
    }
}

#[cfg(test)]
mod tests;

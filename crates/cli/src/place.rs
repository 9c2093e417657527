//! Where state and configuration are: the options every subcommand has.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use lastlook_engine::config::Config;
use lastlook_store::{StateDir, StateError};

use crate::credentials;
use crate::failure::Failure;

/// The options every subcommand has.
#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// The folder that holds the record and its key [default: lastlook in the user's state folder]
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "DIR", env = "LASTLOOK_STATE")]
    pub state: Option<PathBuf>,
    /// The folder in which the newest signed head of each log is kept too, so that a record that was put back to an earlier
    /// one is noticed; empty: nowhere [default: lastlook-heads in the user's state folder]
    ///
    /// Best on another disk, or wherever the record's back-ups do not reach: what is put back together with the record
    /// tells nobody anything.
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "DIR", env = "LASTLOOK_HEADS")]
    #[arg(value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub heads: Option<PathBuf>,
    /// The configuration file [default: LASTLOOK_CONFIG, else lastlook/lastlook.toml in the user's configuration folder]
    ///
    /// Never looked for in the working directory: a cloned repository must not bring commands.
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
}

impl Place {
    /// The state folder: `--state`, else `LASTLOOK_STATE`, else `$XDG_STATE_HOME/lastlook` or `~/.local/state/lastlook`.
    ///
    /// Source of the default: XDG Base Directory Specification 0.8.
    pub fn state_folder(&self) -> Result<PathBuf, Failure> {
        if let Some(state) = &self.state {
            return Ok(state.clone());
        }
        users_state_folder().map(|folder| folder.join("lastlook")).ok_or_else(|| {
            Failure::usage("there is no state folder: neither XDG_STATE_HOME nor HOME is set")
                .hint("name one with `--state DIR`")
        })
    }

    /// The folder of the heads: `--heads`, else `LASTLOOK_HEADS`, else `lastlook-heads` beside the default state folder.
    /// Nothing if that is empty, or there is no such place.
    pub fn heads_folder(&self) -> Option<PathBuf> {
        match &self.heads {
            Some(heads) => (!heads.as_os_str().is_empty()).then(|| heads.clone()),
            None => users_state_folder().map(|folder| folder.join("lastlook-heads")),
        }
    }

    /// Opens the state in this folder, and keeps its heads where they are kept.
    pub fn open_at(&self, folder: &Path) -> Result<StateDir, StateError> {
        let state = StateDir::open(folder)?;
        Ok(match self.heads_folder() {
            Some(heads) => state.keeping_heads(&heads),
            None => state,
        })
    }

    /// Opens the state, making it when it is not there yet, and asks nobody for the passphrase of its key: whoever started
    /// this may be a program.
    pub fn open_unattended(&self) -> Result<StateDir, Failure> {
        Ok(self.open_at(&self.state_folder()?)?)
    }

    /// Opens the state, making it when it is not there yet.
    pub fn open_state(&self) -> Result<StateDir, Failure> {
        Ok(self.open_unattended()?.asking(Arc::new(credentials::state_passphrase)))
    }

    /// Opens the state only if it is there: for commands that look and must not leave a folder behind.
    pub fn existing_state(&self) -> Result<StateDir, Failure> {
        Ok(self.existing_unattended()?.asking(Arc::new(credentials::state_passphrase)))
    }

    /// The same, for a program that nobody sits in front of: it asks nobody for a passphrase.
    pub fn existing_unattended(&self) -> Result<StateDir, Failure> {
        Ok(self.open_at(&self.existing_folder()?)?)
    }

    /// The state folder, if a record was ever begun there.
    pub fn existing_folder(&self) -> Result<PathBuf, Failure> {
        let folder = self.state_folder()?;
        let is_there = |name: &str| folder.join(name).exists();
        let empty = !["version", "key", "lastlook.db"].into_iter().any(is_there);
        if !folder.exists() || folder.is_dir() && empty {
            return Err(Failure::usage(format!("there is no record at `{}`", folder.display()))
                .hint("name the folder with `--state DIR`; `lastlook mcp` makes it"));
        }
        Ok(folder)
    }

    /// The configuration, if there is one.
    pub fn load_config(&self) -> Result<Option<Config>, Failure> {
        Config::find(self.config.as_deref()).map_err(Failure::config)
    }
}

/// Where programs keep their state for this user.
fn users_state_folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
}

/// The operating system's name for whoever runs this process, as a Cedar entity.
pub fn os_user() -> String {
    let uid = rustix::process::getuid().as_raw();
    // The environment's word would be the agent's to change; the user database is not.
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid.to_string()).then(|| name.to_owned())
    });
    let name = name.unwrap_or_else(|| format!("uid-{uid}"));
    format!("User::\"{}\"", name.replace(['\\', '"'], "_"))
}

//! Which file is the configuration, and whether it may be believed.

use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::error::FileKind;
use super::{Config, ConfigError, NamedBy, read as reading};

/// [`Config::find`], with the environment as a parameter.
pub(super) fn find(
    explicit: Option<&Path>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<Config>, ConfigError> {
    let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = explicit {
        return load(path, NamedBy::Argument).map(Some);
    }
    if let Some(path) = set("LASTLOOK_CONFIG") {
        if !path.is_absolute() {
            return Err(ConfigError::Relative { path });
        }
        return load(&path, NamedBy::Environment).map(Some);
    }
    // A relative XDG_CONFIG_HOME is invalid and ignored (XDG Base Directory Specification); so is a relative HOME.
    let absolute = |path: &PathBuf| path.is_absolute();
    let folder = set("XDG_CONFIG_HOME")
        .filter(absolute)
        .or_else(|| Some(set("HOME").filter(absolute)?.join(".config")));
    let Some(folder) = folder else { return Ok(None) };
    match load(&folder.join("lastlook").join("lastlook.toml"), NamedBy::Convention) {
        Err(ConfigError::Missing { named_by: NamedBy::Convention, .. }) => Ok(None),
        other => other.map(Some),
    }
}

/// [`Config::load`], saying who named the file.
pub(super) fn load(path: &Path, named_by: NamedBy) -> Result<Config, ConfigError> {
    let text = read(path, FileKind::Configuration, named_by)?;
    reading::config(&text, &path.display().to_string(), path)
}

/// The text of a file that may be believed.
pub(super) fn read(path: &Path, kind: FileKind, named_by: NamedBy) -> Result<String, ConfigError> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            ConfigError::Missing { kind, path: path.to_owned(), named_by }
        }
        _ => ConfigError::Unreadable { kind, path: path.to_owned(), error },
    };
    // Opening a named pipe would wait for its writer, so what it is comes first; the rest is asked of the open file,
    // so that nobody can change it between the check and the reading.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(ConfigError::NotAFile { kind, path: path.to_owned() });
    }
    let file = File::open(path).map_err(unreadable)?;
    refuse_if_others_can_write(&file, path, kind)?;
    let mut bytes = Vec::new();
    file.take(kind.max_bytes() + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > kind.max_bytes() {
        return Err(ConfigError::TooLarge { kind, path: path.to_owned() });
    }
    String::from_utf8(bytes).map_err(|error| ConfigError::NotText {
        kind,
        path: path.to_owned(),
        at: error.utf8_error().valid_up_to(),
    })
}

#[cfg(unix)]
fn refuse_if_others_can_write(file: &File, path: &Path, kind: FileKind) -> Result<(), ConfigError> {
    use std::os::unix::fs::PermissionsExt as _;

    const GROUP_OR_OTHERS_WRITE: u32 = 0o022;
    let metadata =
        file.metadata().map_err(|error| ConfigError::Unreadable { kind, path: path.to_owned(), error })?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & GROUP_OR_OTHERS_WRITE != 0 {
        return Err(ConfigError::Writable { kind, path: path.to_owned(), mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_if_others_can_write(_: &File, _: &Path, _: FileKind) -> Result<(), ConfigError> {
    Ok(())
}

//! Where the starting file goes, and how it gets there.

use std::fs::{DirBuilder, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::commands::wrap::Original;
use crate::failure::Failure;
use crate::place::Place;

/// Where the file goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// To standard output.
    Stdout,
    /// To a file.
    File {
        /// Its path.
        path: PathBuf,
        /// Whether it is the one that is read when nobody names another.
        is_default: bool,
    },
}

impl Output {
    /// `--output`, else `--config`, else `LASTLOOK_CONFIG`, else the user's own folder: where the file will be read.
    ///
    /// Source of the default: `Config::find`, and XDG Base Directory Specification 0.8.
    pub fn find(output: Option<&Path>, place: &Place) -> Result<Output, Failure> {
        if output.is_some_and(|output| output.as_os_str() == "-") {
            return Ok(Output::Stdout);
        }
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(path) = output.or(place.config.as_deref()) {
            return Ok(Output::File { path: path.to_owned(), is_default: false });
        }
        let absolute = |name: &str| set(name).filter(|path| path.is_absolute());
        if let Some(path) = set("LASTLOOK_CONFIG") {
            if !path.is_absolute() {
                return Err(Failure::usage(format!(
                    "`LASTLOOK_CONFIG` is the relative path `{}`",
                    path.display()
                ))
                .hint("write the whole path, or say `--output FILE`"));
            }
            return Ok(Output::File { path, is_default: true });
        }
        let folder =
            absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")));
        let folder = folder.ok_or_else(|| {
            Failure::usage("there is no configuration folder: neither XDG_CONFIG_HOME nor HOME is set")
                .hint("name a file with `--output FILE`")
        })?;
        Ok(Output::File { path: folder.join("lastlook").join("lastlook.toml"), is_default: true })
    }

    /// Refuses early what would be refused at the end, before any server is started.
    pub fn check(&self, force: bool) -> Result<(), Failure> {
        let Output::File { path, .. } = self else { return Ok(()) };
        if std::fs::symlink_metadata(path).is_err() {
            return Ok(());
        }
        if !force {
            return Err(taken(path));
        }
        let mode = std::fs::metadata(path).map(|metadata| metadata.permissions().mode() & 0o7777)?;
        if mode & 0o022 != 0 {
            let path = path.display();
            return Err(Failure::usage(format!("`{path}` can be changed by other users (mode {mode:04o})"))
                .hint(format!("it names commands that run as you: chmod go-w '{path}'")));
        }
        Ok(())
    }

    /// Writes the file whole or not at all, for this user alone; gives the back-up of one that was replaced.
    pub fn write(&self, text: &str, force: bool, now: Timestamp) -> Result<Option<PathBuf>, Failure> {
        let Output::File { path, .. } = self else { return Ok(None) };
        if force && path.exists() {
            self.check(force)?;
            return Original::read(path)?.replace(text, now).map(Some);
        }
        let failed = |error: std::io::Error| {
            Failure::unavailable(format!("`{}` cannot be written: {error}", path.display()))
                .hint("name another file with `--output FILE`, or `-` for standard output")
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let mut new = tempfile::Builder::new().prefix(".lastlook-").tempfile_in(folder).map_err(failed)?;
        new.as_file().set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
        new.write_all(text.as_bytes()).and_then(|()| new.as_file().sync_all()).map_err(failed)?;
        new.persist_noclobber(path).map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => taken(path),
            _ => failed(error.error),
        })?;
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(None)
    }
}

fn taken(path: &Path) -> Failure {
    Failure::usage(format!("there is a file `{}` already", path.display())).hint(
        "`--output -` prints the new one, to be put into it by hand; `--output FILE` writes another; `--force` replaces it",
    )
}

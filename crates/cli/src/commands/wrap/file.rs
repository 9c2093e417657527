//! A file that is read, shown, and replaced whole: with a back-up, and only if nobody changed it meanwhile.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::failure::Failure;

/// The largest file that is read, in bytes: far more than any client's settings.
const MOST_BYTES: u64 = 64 << 20;
/// How many back-ups one second can have.
const MOST_BACKUPS: u32 = 100;
/// A mark that some editors put before UTF-8 text.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A file as it was read.
#[derive(Debug)]
pub struct Original {
    named: PathBuf,
    path: PathBuf,
    metadata: Metadata,
    whole: String,
}

impl Original {
    /// Reads the file; of a link, the file it leads to.
    pub fn read(named: &Path) -> Result<Original, Failure> {
        let path = std::fs::canonicalize(named).map_err(|error| not_read(named, &error))?;
        // Opening a named pipe would wait for its writer, so what it is comes first.
        let is_file = |metadata: &Metadata| metadata.is_file();
        if !std::fs::metadata(&path).as_ref().is_ok_and(is_file) {
            return Err(Failure::usage(format!("`{}` is not a file", named.display()))
                .hint("name the client's settings file itself, such as `.mcp.json`"));
        }
        let (bytes, metadata) = read_whole(&path).map_err(|error| not_read(named, &error))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(Failure::usage(format!("`{}` is larger than 64 MiB", named.display()))
                .hint("is it the right file?"));
        }
        let whole = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Failure::usage(format!("`{}` is not UTF-8 text from byte {at} on", named.display()))
                .hint("save it as UTF-8")
        })?;
        Ok(Original { named: named.to_owned(), path, metadata, whole })
    }

    /// Its text, without a byte order mark.
    pub fn text(&self) -> &str {
        self.whole.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.whole)
    }

    /// The file itself: where a link leads to.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts `text` in the place of what was read, and gives the path of the back-up.
    ///
    /// Readers see the old file or the new one, never a part. Permissions and owner stay.
    pub fn replace(&self, text: &str, now: Timestamp) -> Result<PathBuf, Failure> {
        let failed = |what: &str, error: std::io::Error| {
            Failure::unavailable(format!("{what} cannot be written: {error}"))
                .hint("nothing was changed; check the permissions of the folder and the room on its disk")
        };
        let mark = if self.text().len() < self.whole.len() { BYTE_ORDER_MARK } else { "" };
        let new = self.prepare(&format!("{mark}{text}"));
        let new = new.map_err(|error| failed(&format!("`{}`", self.path.display()), error))?;
        let backup = self.back_up(now).map_err(|error| failed("the back-up", error))?;
        let given_up = |failure: Failure| {
            // It says what the file still says.
            let _ = std::fs::remove_file(&backup);
            failure
        };
        // Next to the rename, so that the least can come between.
        self.refuse_if_changed().map_err(given_up)?;
        new.persist(&self.path)
            .map_err(|error| given_up(failed(&format!("`{}`", self.path.display()), error.error)))?;
        // The rename is done; a folder that cannot be flushed can only bring the old file back.
        let _ = File::open(self.folder()).and_then(|folder| folder.sync_all());
        Ok(backup)
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// The new file beside the old one, flushed, with its permissions and owner.
    fn prepare(&self, text: &str) -> std::io::Result<tempfile::NamedTempFile> {
        let mut new = tempfile::Builder::new().prefix(".lastlook-").tempfile_in(self.folder())?;
        let made = new.as_file().metadata()?;
        if (made.uid(), made.gid()) != (self.metadata.uid(), self.metadata.gid()) {
            std::os::unix::fs::fchown(new.as_file(), Some(self.metadata.uid()), Some(self.metadata.gid()))?;
        }
        new.as_file().set_permissions(Permissions::from_mode(self.metadata.mode() & 0o7777))?;
        new.write_all(text.as_bytes())?;
        new.as_file().sync_all()?;
        Ok(new)
    }

    /// Writes what was read to a file of its own name; one that is there already is never touched.
    fn back_up(&self, now: Timestamp) -> std::io::Result<PathBuf> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let date = now.strftime("%Y%m%dT%H%M%SZ");
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(self.metadata.mode() & 0o777);
        for number in 1..=MOST_BACKUPS {
            let more = if number == 1 { String::new() } else { format!("-{number}") };
            let path = self.folder().join(format!("{name}.lastlook-backup-{date}{more}"));
            match options.open(&path) {
                Ok(mut file) => {
                    file.write_all(self.whole.as_bytes())?;
                    file.sync_all()?;
                    return Ok(path);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// What is about to be replaced must be what was read and shown.
    fn refuse_if_changed(&self) -> Result<(), Failure> {
        let same_file = std::fs::canonicalize(&self.named).is_ok_and(|path| path == self.path);
        let same = same_file
            && read_whole(&self.path).is_ok_and(|(bytes, metadata)| {
                bytes == self.whole.as_bytes() && metadata.mode() == self.metadata.mode()
            });
        if same {
            return Ok(());
        }
        Err(Failure::unavailable(format!("`{}` was changed since it was read", self.named.display()))
            .hint("nothing was written: close the client if it writes this file itself, and run this again"))
    }
}

fn read_whole(path: &Path) -> std::io::Result<(Vec<u8>, Metadata)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok((bytes, metadata))
}

fn not_read(named: &Path, error: &std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::NotFound => Failure::usage(format!("there is no file `{}`", named.display()))
            .hint("name the file in which your client keeps its MCP servers"),
        _ => Failure::unavailable(format!("`{}` cannot be read: {error}", named.display()))
            .hint("check its permissions and those of its folders"),
    }
}

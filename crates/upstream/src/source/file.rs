//! What lies at a path, and where that path really leads.
//!
//! A regular file is `{exists, sha256, size, mtime}`, `mtime` as RFC 3339 with nine digits of a second. Anything else
//! that is there is `{exists, kind}` with `kind` one of `folder`, `fifo`, `socket`, `device`, and is not opened; nothing
//! there is `{exists: false}`. When a symbolic link stood anywhere on the way, `target` is the absolute path the links
//! lead to, also where nothing is at their end.
//!
//! The version is the SHA-256 of the contents, and the source's own time is the `mtime`.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use lastlook_canon::Json;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::{Bounds, Got, SourceError, beside};

/// How often a file that changes under the reading is tried again.
const TRIES: usize = 4;

/// Bytes read between two looks at the clock.
const CHUNK: usize = 256 << 10;

/// Links on one path before it counts as a circle (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// A file written more recently than this may be written again without its `mtime` moving: file systems stamp with
/// the clock of the last timer tick.
const TICK: Duration = Duration::from_millis(50);

/// Looks at `path`, which must be absolute.
///
/// [`Bounds::max_bytes`] does not bound the file: its contents are digested and not kept, and what takes too long ends
/// with [`SourceError::Late`]. A file that keeps changing while it is read is [`SourceError::NotPlain`]: its digest would
/// be that of contents that never were.
pub async fn read(path: &Path, bounds: &Bounds) -> Result<Got, SourceError> {
    if !path.is_absolute() {
        return Err(SourceError::Refused("the path of a file has to be absolute".to_owned()));
    }
    let path = path.to_owned();
    let deadline = Instant::now() + bounds.timeout;
    beside(bounds, move || look(&path, deadline)).await
}

fn look(path: &Path, deadline: Instant) -> Result<Got, SourceError> {
    for _ in 0..TRIES {
        if let Some(got) = try_once(path, deadline)? {
            return Ok(got);
        }
    }
    Err(SourceError::NotPlain("the file kept changing while it was read".to_owned()))
}

/// `None` when the file changed meanwhile.
fn try_once(path: &Path, deadline: Instant) -> Result<Option<Got>, SourceError> {
    // A handle that only names the file: opening a pipe or a device for reading may block, or do something.
    let handle = match rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) {
        Ok(handle) => handle,
        Err(Errno::NOENT | Errno::NOTDIR) => return absent(path).map(Some),
        Err(error) => return Err(unreadable(error)),
    };
    let before = rustix::fs::fstat(&handle).map_err(unreadable)?;
    let place = std::fs::read_link(own_name(&handle)).map_err(|_| lost())?;
    let target = (place != path.components().collect::<PathBuf>()).then_some(place);
    let kind = match FileType::from_raw_mode(before.st_mode) {
        FileType::RegularFile => None,
        FileType::Directory => Some("folder"),
        FileType::Fifo => Some("fifo"),
        FileType::Socket => Some("socket"),
        _ => Some("device"),
    };
    if let Some(kind) = kind {
        let value = object(true, vec![("kind", kind.into())], target)?;
        return Ok(Some(Got { value, version: None, as_of_ns: None }));
    }
    let (sha256, size) = digest(&handle, &before, deadline)?;
    if !is_still(path, &handle, &before)? {
        return Ok(None);
    }
    let Some(sha256) = sha256 else { return Ok(None) };
    let mtime =
        mtime(&before).ok_or_else(|| SourceError::NotPlain("the file's `mtime` is no time".into()))?;
    let members = vec![
        ("sha256", sha256.clone().into()),
        ("size", size.into()),
        ("mtime", format!("{mtime:.9}").into()),
    ];
    Ok(Some(Got {
        value: object(true, members, target)?,
        version: Some(sha256),
        as_of_ns: i64::try_from(mtime.as_nanosecond()).ok(),
    }))
}

/// The digest and the size of the very file that `handle` names; no digest when two readings of it differ.
fn digest(handle: &OwnedFd, before: &Stat, deadline: Instant) -> Result<(Option<String>, u64), SourceError> {
    let mut file = File::open(own_name(handle))
        .map_err(|error| unreadable(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
    let (first, size) = digest_once(&mut file, deadline)?;
    if is_hot(before) {
        file.rewind().map_err(|_| lost())?;
        if digest_once(&mut file, deadline)? != (first.clone(), size) {
            return Ok((None, size));
        }
    }
    Ok((Some(first), size))
}

fn digest_once(file: &mut File, deadline: Instant) -> Result<(String, u64), SourceError> {
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        if Instant::now() >= deadline {
            return Err(SourceError::Late);
        }
        match file.read(&mut buffer) {
            Ok(0) => return Ok((hex::encode(hash.finalize()), size)),
            Ok(count) => {
                hash.update(buffer.get(..count).unwrap_or_default());
                size += count as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Err(lost()),
        }
    }
}

/// Whether the file is as it was, and is still what the path leads to.
fn is_still(path: &Path, handle: &OwnedFd, before: &Stat) -> Result<bool, SourceError> {
    let after = rustix::fs::fstat(handle).map_err(unreadable)?;
    let stamps =
        |stat: &Stat| (stat.st_size, stat.st_mtime, stat.st_mtime_nsec, stat.st_ctime, stat.st_ctime_nsec);
    if stamps(&after) != stamps(before) {
        return Ok(false);
    }
    let there = rustix::fs::stat(path);
    Ok(there.is_ok_and(|there| (there.st_dev, there.st_ino) == (before.st_dev, before.st_ino)))
}

/// Written so recently that its stamps do not tell one write from the next.
fn is_hot(stat: &Stat) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let written =
        mtime(stat).and_then(|mtime| Duration::try_from(mtime.duration_since(Timestamp::UNIX_EPOCH)).ok());
    written.is_none_or(|written| written + TICK >= now)
}

fn mtime(stat: &Stat) -> Option<Timestamp> {
    Timestamp::new(stat.st_mtime, i32::try_from(stat.st_mtime_nsec).ok()?).ok()
}

fn absent(path: &Path) -> Result<Got, SourceError> {
    Ok(Got { value: object(false, Vec::new(), leads_to(path))?, version: None, as_of_ns: None })
}

/// Where a path without anything at its end leads, when a symbolic link stands on the way.
fn leads_to(path: &Path) -> Option<PathBuf> {
    let mut at = PathBuf::from("/");
    let mut ahead = vec![path.to_owned()];
    let mut links = 0;
    while let Some(next) = ahead.pop() {
        let mut parts = next.components();
        match parts.next() {
            None => continue,
            Some(Component::RootDir | Component::Prefix(_)) => at = PathBuf::from("/"),
            Some(Component::CurDir) => {}
            Some(Component::ParentDir) => drop(at.pop()),
            Some(Component::Normal(name)) => match std::fs::read_link(at.join(name)) {
                Ok(_) if links == MOST_LINKS => return None,
                Ok(link) => {
                    links += 1;
                    ahead.push(parts.as_path().to_owned());
                    ahead.push(link);
                    continue;
                }
                Err(_) => at.push(name),
            },
        }
        ahead.push(parts.as_path().to_owned());
    }
    (links > 0).then_some(at)
}

fn object(exists: bool, members: Vec<(&str, Json)>, target: Option<PathBuf>) -> Result<Json, SourceError> {
    let target = target.map(|target| target.into_os_string().into_string()).transpose();
    let target =
        target.map_err(|_| SourceError::NotPlain("the path the links lead to is not UTF-8".into()))?;
    let target = target.map(|target| ("target", target.into()));
    Ok(Json::object([("exists", exists.into())].into_iter().chain(members).chain(target)))
}

/// The name that the kernel gives to an open file of ours.
fn own_name(handle: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", handle.as_fd().as_raw_fd())
}

fn unreadable(error: Errno) -> SourceError {
    match error {
        Errno::ACCESS | Errno::PERM => SourceError::Gone("the boundary may not read the file".to_owned()),
        Errno::LOOP => SourceError::NotPlain("the symbolic links on the path lead in a circle".to_owned()),
        Errno::NAMETOOLONG | Errno::INVAL => SourceError::Refused("the path is none that can be".to_owned()),
        error => SourceError::Gone(format!("the file could not be read: {error}")),
    }
}

fn lost() -> SourceError {
    SourceError::Gone("the file could not be read to its end".to_owned())
}

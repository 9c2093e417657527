//! The `key` file: the state's id and its signing key, in the clear or encrypted under a passphrase.
//!
//! ```text
//! state ID                    state ID
//! seed HEX                    public VERIFIER KEY
//!                             -----BEGIN ENCRYPTED PRIVATE KEY-----
//! ```
//!
//! The public half of an encrypted key stands beside it, so that whoever only looks needs no passphrase.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use lastlook_ledger::{SigningKey, VerifierKey};
use zeroize::Zeroizing;

use super::{StateError, StatePaths, files};
use crate::sealed::{Passphrase, SealedSeed, seal};

/// How long a state id is, in hexadecimal digits.
const ID_DIGITS: usize = 16;
/// The most bytes of a key file: ours have at most about 600.
const LARGEST: u64 = 16 * 1024;

/// The state's id and key, as the file holds them.
pub(super) struct KeyFile {
    /// 16 hexadecimal digits, drawn when the state was made.
    pub state_id: String,
    /// The public half of the key, called `lastlook/<state-id>`.
    pub public: VerifierKey,
    /// The private half.
    pub seed: Seed,
}

/// The private half of a key at rest.
pub(super) enum Seed {
    /// In the clear.
    Plain(Zeroizing<[u8; 32]>),
    /// Under a passphrase.
    Sealed(SealedSeed),
}

impl Seed {
    /// Whether opening it takes a passphrase.
    pub fn is_sealed(&self) -> bool {
        matches!(self, Seed::Sealed(_))
    }
}

/// Reads a key file, if it is there.
///
/// Others must not be able to read or replace it: whoever can, can sign a log of their own making.
pub(super) fn read(paths: &StatePaths, path: &Path) -> Result<Option<KeyFile>, StateError> {
    let open = OpenOptions::new().read(true).custom_flags(libc_nofollow()).open(path);
    let file = match open {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(_) if fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink()) => {
            return Err(StateError::KeyNotAFile { path: path.to_owned() });
        }
        Err(e) => return Err(paths.error("read", path, e)),
    };
    // Of the file that is open, not of whatever has this name by now.
    let meta = file.metadata().map_err(|e| paths.error("read", path, e))?;
    if !meta.is_file() {
        return Err(StateError::KeyNotAFile { path: path.to_owned() });
    }
    if meta.mode() & 0o077 != 0 {
        return Err(StateError::KeyExposed { path: path.to_owned(), mode: meta.mode() & 0o777 });
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(StateError::NotYours { path: path.to_owned() });
    }
    let mut text = Zeroizing::new(String::new());
    match file.take(LARGEST).read_to_string(&mut text) {
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::InvalidData => return Err(damaged(path, "it is not text")),
        // The directory is writable (checked before), so this is about the file alone.
        Err(source) => return Err(StateError::Io { doing: "read", path: path.to_owned(), source }),
    }
    parse(&text).map(Some).map_err(|what| damaged(path, what))
}

fn libc_nofollow() -> i32 {
    i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default()
}

/// Draws a state id and a key, and makes them durable.
pub(super) fn create(paths: &StatePaths) -> Result<KeyFile, StateError> {
    let id: [u8; ID_DIGITS / 2] = random(paths)?;
    let (state_id, seed) = (hex::encode(id), draw(paths)?);
    let text = text(paths, &state_id, &seed, None)?;
    write(paths, &paths.key, &text)?;
    parse(&text).map_err(|what| damaged(&paths.key, what))
}

/// A new seed.
pub(super) fn draw(paths: &StatePaths) -> Result<Zeroizing<[u8; 32]>, StateError> {
    Ok(Zeroizing::new(random::<32>(paths)?))
}

fn random<const N: usize>(paths: &StatePaths) -> Result<[u8; N], StateError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| paths.error("draw random bytes for", &paths.key, e.into()))?;
    Ok(bytes)
}

/// What the file of this key says, encrypted when there is a passphrase.
pub(super) fn text(
    paths: &StatePaths,
    state_id: &str,
    seed: &[u8; 32],
    passphrase: Option<&Passphrase>,
) -> Result<Zeroizing<String>, StateError> {
    let Some(passphrase) = passphrase else {
        let seed = Zeroizing::new(hex::encode(seed));
        return Ok(Zeroizing::new(format!("state {state_id}\nseed {}\n", *seed)));
    };
    let public = signing(state_id, seed).map_err(|what| damaged(&paths.key, what))?.verifier();
    let pem = seal(seed, passphrase, &random(paths)?, random(paths)?)
        .map_err(|e| paths.error("encrypt", &paths.key, io::Error::other(e)))?;
    Ok(Zeroizing::new(format!("state {state_id}\npublic {public}\n{}", *pem)))
}

/// Puts a key file in its place, whole, durable and for its owner only, whatever was there before.
pub(super) fn write(paths: &StatePaths, path: &Path, text: &str) -> Result<(), StateError> {
    files::write_whole(path, &[text.as_bytes()]).map_err(|e| paths.error("write", path, e))
}

/// The private half, opened with the passphrase where it takes one.
pub(super) fn open(
    file: &KeyFile,
    path: &Path,
    passphrase: impl FnOnce() -> Result<Passphrase, StateError>,
) -> Result<Zeroizing<[u8; 32]>, StateError> {
    let seed = match &file.seed {
        Seed::Plain(seed) => seed.clone(),
        Seed::Sealed(sealed) => {
            let passphrase = passphrase()?;
            let wrong = || StateError::KeyPassphrase { path: path.to_owned() };
            sealed.open(&passphrase).ok_or_else(wrong)?
        }
    };
    let key = signing(&file.state_id, &seed).map_err(|what| damaged(path, what))?;
    if !key.verifier().is_same(&file.public) {
        return Err(damaged(path, "its public key is not that of its private one"));
    }
    Ok(seed)
}

/// The key of this seed.
pub(super) fn signing(state_id: &str, seed: &[u8; 32]) -> Result<SigningKey, &'static str> {
    SigningKey::from_seed(&super::key_name(state_id), seed).map_err(|_| "its seed gives no usable key")
}

fn parse(text: &str) -> Result<KeyFile, &'static str> {
    let mut lines = text.splitn(3, '\n');
    let mut line = |missing| lines.next().ok_or(missing);
    let state_id =
        line("it is empty")?.strip_prefix("state ").ok_or("its first line is not `state ID`")?.to_owned();
    let second = line("it is cut short")?;
    let rest = line("it is cut short")?;
    if state_id.len() != ID_DIGITS || !state_id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err("its state id is not 16 hexadecimal digits");
    }
    if let Some(public) = second.strip_prefix("public ") {
        let public: VerifierKey = public.parse().map_err(|_| "its second line is not a public key")?;
        if public.name() != super::key_name(&state_id) {
            return Err("its public key is another state's");
        }
        if !rest.ends_with("-----END ENCRYPTED PRIVATE KEY-----\n") {
            return Err("it is cut short, or something follows the key");
        }
        return Ok(KeyFile { state_id, public, seed: Seed::Sealed(SealedSeed::from_pem(rest)?) });
    }
    let seed =
        second.strip_prefix("seed ").ok_or("its second line is neither `seed HEX` nor `public KEY`")?;
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(seed, &mut *bytes).map_err(|_| "its seed is not 64 hexadecimal digits")?;
    if !rest.is_empty() {
        return Err("it is cut short, or something follows the seed");
    }
    let public = signing(&state_id, &bytes)?.verifier();
    Ok(KeyFile { state_id, public, seed: Seed::Plain(bytes) })
}

fn damaged(path: &Path, what: &'static str) -> StateError {
    StateError::KeyDamaged { path: path.to_owned(), what }
}

/// Removes what a process left that died while it wrote a key; it means nothing to anybody.
pub(super) fn sweep(paths: &StatePaths) -> Result<(), StateError> {
    for path in [files::beside(&paths.key), files::beside(&paths.next_key)] {
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(paths.error("remove", &path, e)),
        }
    }
    Ok(())
}

/// Moves the key that a rotation drew into its place, or forgets it, and makes that durable.
pub(super) fn settle(paths: &StatePaths, takes_over: bool) -> Result<(), StateError> {
    let done = match takes_over {
        true => fs::rename(&paths.next_key, &paths.key),
        false => fs::remove_file(&paths.next_key),
    };
    done.and_then(|()| File::open(&paths.root)?.sync_all())
        .map_err(|e| paths.error("move", &paths.next_key, e))
}

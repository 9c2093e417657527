//! The `key` file: the state's id and the seed of the key that signs its checkpoints.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;

use lastlook_ledger::SigningKey;

use super::{StateError, StatePaths, files};

/// How long a state id is, in hexadecimal digits.
const ID_DIGITS: usize = 16;

/// The state's id and key, as the file holds them.
pub(super) struct KeyFile {
    /// 16 hexadecimal digits, drawn when the state was made.
    pub state_id: String,
    /// The key called `lastlook/<state-id>`.
    pub key: SigningKey,
}

/// Reads the key file, if it is there.
///
/// Others must not be able to read it: whoever can, can sign a log of their own making.
pub(super) fn read(paths: &StatePaths) -> Result<Option<KeyFile>, StateError> {
    let path = &paths.key;
    let mode = match fs::metadata(path) {
        Ok(meta) => meta.permissions().mode() & 0o777,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(paths.error("read", path, e)),
    };
    if mode & 0o077 != 0 {
        return Err(StateError::KeyExposed { path: path.clone(), mode });
    }
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::InvalidData => return Err(damaged(paths, "it is not text")),
        // The directory is writable (checked before), so this is about the file alone.
        Err(source) => return Err(StateError::Io { doing: "read", path: path.clone(), source }),
    };
    parse(&text).map(Some).map_err(|what| damaged(paths, what))
}

/// Draws a state id and a key, and makes them durable.
pub(super) fn create(paths: &StatePaths) -> Result<KeyFile, StateError> {
    let mut id = [0; ID_DIGITS / 2];
    let mut seed = [0; 32];
    let random = getrandom::fill(&mut id).and_then(|()| getrandom::fill(&mut seed));
    random.map_err(|e| paths.error("draw random bytes for", &paths.key, e.into()))?;
    let text = format!("state {}\nseed {}\n", hex::encode(id), hex::encode(seed));
    files::write_whole(&paths.key, &[text.as_bytes()]).map_err(|e| paths.error("write", &paths.key, e))?;
    parse(&text).map_err(|what| damaged(paths, what))
}

fn parse(text: &str) -> Result<KeyFile, &'static str> {
    let mut lines = text.split('\n');
    let mut line = |name, missing| lines.next().and_then(|line| line.strip_prefix(name)).ok_or(missing);
    let state_id = line("state ", "its first line is not `state ID`")?.to_owned();
    let seed = line("seed ", "its second line is not `seed HEX`")?;
    if state_id.len() != ID_DIGITS || !state_id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err("its state id is not 16 hexadecimal digits");
    }
    let seed = hex::decode(seed).ok().and_then(|seed| <[u8; 32]>::try_from(seed).ok());
    let seed = seed.ok_or("its seed is not 64 hexadecimal digits")?;
    if lines.next() != Some("") || lines.next().is_some() {
        return Err("it is cut short, or something follows the seed");
    }
    let key = SigningKey::from_seed(&super::key_name(&state_id), &seed);
    Ok(KeyFile { state_id, key: key.map_err(|_| "its seed gives no usable key")? })
}

fn damaged(paths: &StatePaths, what: &'static str) -> StateError {
    StateError::KeyDamaged { path: paths.key.clone(), what }
}

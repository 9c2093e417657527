//! The keys somebody decided to trust.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use lastlook_ledger::{MAX_KEY_FILE_BYTES, VerifierKey, parse_keys};

use crate::failure::Failure;

/// The keys in these files; nothing when no file was named.
pub fn read(files: &[PathBuf]) -> Result<Option<Vec<VerifierKey>>, Failure> {
    if files.is_empty() {
        return Ok(None);
    }
    let mut keys = Vec::new();
    for file in files {
        let name = file.display();
        let bytes = bytes(file)
            .map_err(|error| Failure::usage(format!("the key file `{name}` cannot be read: {error}")))?;
        keys.extend(parse_keys(&bytes).map_err(|error| {
            Failure::usage(format!("`{name}` is not a file of keys: {error} ({})", error.code()))
                .hint("`lastlook keys export` prints a key")
        })?);
    }
    Ok(Some(keys))
}

/// The file's bytes; no more than one too many, since a file that large is refused anyway.
fn bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX_KEY_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

//! The keys somebody decided to trust.

use std::path::PathBuf;

use lastlook_ledger::{VerifierKey, parse_keys};

use crate::failure::Failure;

/// A file of keys is a few lines; anything larger is something else.
const LARGEST: u64 = 1 << 20;

/// The keys in these files; nothing when no file was named.
pub fn read(files: &[PathBuf]) -> Result<Option<Vec<VerifierKey>>, Failure> {
    if files.is_empty() {
        return Ok(None);
    }
    let mut keys = Vec::new();
    for file in files {
        let name = file.display();
        let text = match std::fs::metadata(file) {
            Ok(meta) if meta.len() > LARGEST => Err("it is larger than 1 MiB".to_owned()),
            Ok(_) | Err(_) => std::fs::read_to_string(file).map_err(|error| error.to_string()),
        };
        let text =
            text.map_err(|why| Failure::usage(format!("the key file `{name}` cannot be read: {why}")))?;
        let found = parse_keys(&text).map_err(|error| {
            Failure::usage(format!("`{name}` is not a file of keys: {error} ({})", error.code()))
        })?;
        if found.is_empty() {
            return Err(Failure::usage(format!("the key file `{name}` holds no key"))
                .hint("`lastlook keys export` prints one"));
        }
        keys.extend(found);
    }
    Ok(Some(keys))
}

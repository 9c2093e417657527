//! `lastlook keys encrypt` and `keys decrypt`: the signing key under a passphrase, or in the clear.

use std::path::PathBuf;

use lastlook_engine::keys::crash_after;
use serde_json::json;

use crate::credentials::new_passphrase;
use crate::failure::Failure;
use crate::place::Place;
use crate::record::print::print;
use crate::record::text;

/// Encrypt the key that signs under a passphrase, or under another one
///
/// What appends to the record then needs the passphrase: boundaries take it from the first line of the file that
/// LASTLOOK_PASSPHRASE_FILE names, which nobody but its owner may read; commands on a terminal ask for it. What only looks
/// needs none. It protects copies of the folder: back-ups, a disk that is lost. It does not protect from whoever can read
/// the passphrase file too.
#[derive(Debug, clap::Args)]
pub struct EncryptArgs {
    /// The file whose first line is the new passphrase; without it, it is asked on the terminal
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
}

/// Keep the key that signs in the clear again, in a file for its owner alone
#[derive(Debug, clap::Args)]
pub struct DecryptArgs {}

/// Encrypts it.
pub fn encrypt(place: &Place, args: &EncryptArgs) -> Result<(), Failure> {
    let state = place.existing_state()?;
    let passphrase = new_passphrase(args.new_passphrase_file.as_deref(), "the signing key")?;
    state.reseal_key(Some(&passphrase), &crash_after)?;
    done(place, true)
}

/// Decrypts it.
pub fn decrypt(place: &Place, _: &DecryptArgs) -> Result<(), Failure> {
    let state = place.existing_state()?;
    if !state.key_is_encrypted()? {
        return Err(Failure::usage("the signing key is not encrypted").hint("there is nothing to do"));
    }
    state.reseal_key(None, &crash_after)?;
    done(place, false)
}

fn done(place: &Place, encrypted: bool) -> Result<(), Failure> {
    print(&match (place.json, encrypted) {
        (true, encrypted) => text::json(&json!({"encrypted": encrypted}))?,
        (false, true) => {
            "the signing key is encrypted; a back-up made before still has it in the clear\n".to_owned()
        }
        (false, false) => "the signing key is in the clear, in a file for its owner alone\n".to_owned(),
    })?;
    Ok(())
}

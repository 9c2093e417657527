//! Finding an approver's key file, and asking for its passphrase.

use std::path::{Path, PathBuf};

use lastlook_engine::approvers::{Approver, Registry};
use lastlook_engine::credential::{CredentialError, Passphrase, Sealed, usual_file};
use lastlook_ledger::approval::ApproverKey;
use lastlook_store::sealed::PassphraseError;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::secret::Terminal;

/// Where an approver's key and passphrase are, where they are not where they usually are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// The key file; without it, `NAME.pem` in the user's own folder.
    pub key: Option<&'a Path>,
    /// The file whose first line is the passphrase; without it, somebody is asked.
    pub passphrase: Option<&'a Path>,
}

/// The approver of this name and their key, unlocked: the proof that whoever is here knows the passphrase.
///
/// Nobody is asked before it is clear that the answer could be of use.
pub fn unlock<'a>(
    registry: &'a Registry,
    name: &str,
    given: Given<'_>,
) -> Result<(&'a Approver, ApproverKey), Failure> {
    let approver = registry.approver(name).ok_or_else(|| {
        Failure::refused(format!("`{}` is not an approver", name.escape_debug()))
            .hint("`lastlook approvers list` says who is")
    })?;
    Ok((approver, unlock_as(approver, given)?))
}

/// This approver's key, unlocked.
pub fn unlock_as(approver: &Approver, given: Given<'_>) -> Result<ApproverKey, Failure> {
    let sealed = Sealed::read(&key_file(&approver.name, given.key)?)?;
    let passphrase = passphrase(given.passphrase, &format!("passphrase of {}", approver.name))?;
    Ok(sealed.open_as(approver, &passphrase)?)
}

/// The key file of this approver: the one given, else the [usual](usual_file) one.
pub fn key_file(name: &str, given: Option<&Path>) -> Result<PathBuf, Failure> {
    given.map(Path::to_owned).or_else(|| usual_file(name)).ok_or_else(|| {
        Failure::usage("there is no folder for keys: neither XDG_CONFIG_HOME nor HOME is set")
            .hint("name the key's file")
    })
}

/// The passphrase in a file, else the one that somebody types.
pub fn passphrase(file: Option<&Path>, question: &str) -> Result<Passphrase, Failure> {
    match file {
        Some(file) => Ok(Passphrase::from_file(file).map_err(CredentialError::from)?),
        None => Ok(typed(terminal()?.ask(question)?)?),
    }
}

/// A passphrase for a new key: typed twice, since nobody can see what was typed.
pub fn new_passphrase(file: Option<&Path>, name: &str) -> Result<Passphrase, Failure> {
    let Some(file) = file else {
        let terminal = terminal()?;
        let first = typed(terminal.ask(&format!("new passphrase for {name}"))?)?;
        let again = terminal.ask("the same again")?;
        return match Passphrase::new(again) {
            Ok(again) if again.is(&first) => Ok(first),
            _ => Err(Failure::usage("the two passphrases differ").hint("try again")),
        };
    };
    Ok(Passphrase::from_file(file).map_err(CredentialError::from)?)
}

/// The passphrase of a state's key, if somebody sits at a terminal.
pub fn state_passphrase() -> Option<Result<Passphrase, PassphraseError>> {
    let typed = Terminal::open()?.ask("passphrase of the signing key");
    Some(
        typed
            .map_err(|failure| PassphraseError::Asked(failure.message().to_owned()))
            .and_then(Passphrase::new),
    )
}

fn typed(text: Zeroizing<String>) -> Result<Passphrase, CredentialError> {
    Ok(Passphrase::new(text)?)
}

/// There is no environment variable and no option for the passphrase itself: both can be read by other processes.
fn terminal() -> Result<Terminal, Failure> {
    Terminal::open().ok_or_else(|| {
        Failure::usage("there is no terminal to ask for the passphrase on")
            .hint("run it on a terminal, or give the file that has it: see `--help`")
    })
}

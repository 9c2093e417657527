//! `lastlook approvers add`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lastlook_engine::approvers::{self, Approver, ChangeError, Newcomer, Registry, Signer};
use lastlook_engine::credential::{self, Sealed};
use lastlook_kernel::Principal;
use lastlook_ledger::approval::ApproverKey;
use lastlook_store::SqliteStore;
use serde_json::json;

use super::ByArgs;
use crate::credentials::{self, key_file};
use crate::failure::Failure;
use crate::place::{Place, os_user};
use crate::record::print::print;
use crate::record::text::{self, clean};

/// Add an approver, and make their key
///
/// The passphrase is asked twice, and protects the key from now on; nobody can recover it. If the key file is there
/// already (from another state directory), that key is used and its passphrase asked once.
#[derive(Debug, clap::Args)]
pub struct AddArgs {
    /// The name: 1 to 64 of A-Z a-z 0-9 - _ . and never used twice
    name: String,
    /// A group they approve for, as a Cedar entity: 'Role::"finance"'; may be given several times
    #[arg(long = "group", value_name = "ENTITY")]
    groups: Vec<String>,
    /// Where their key is, or is to be [default: NAME.pem in lastlook/approvers in the user's configuration folder]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A file whose first line is their passphrase; without it, it is asked on the terminal
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// The approver who introduces them; only the first approver of a state directory needs none
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    signer: ByArgs,
}

/// Adds them.
pub fn run(place: &Place, args: &AddArgs) -> Result<ExitCode, Failure> {
    let state = place.open_state()?;
    let registry = approvers::load(&state.reader()?)?;
    approvers::check_name(&args.name, &args.groups, &registry)?;
    let introducer = introducer(&registry, args)?;
    let own = Own::of(args)?;
    let added = {
        let newcomer =
            Newcomer { name: args.name.clone(), key: own.key.public(), groups: args.groups.clone() };
        let signer = match &introducer {
            Some((name, key)) => Signer { name, key },
            None => Signer { name: &args.name, key: &own.key },
        };
        let store = SqliteStore::open(&state, state.writer()?, None)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let operator = Principal { id: os_user(), asserted: true };
        runtime.block_on(approvers::add(&store, newcomer, signer, &operator))
    };
    let approver = added.inspect_err(|error| own.forget_after(error))?;
    say(place, &approver, &own.path)
}

/// The approver who introduces the newcomer, unlocked; nobody, if there is none yet.
fn introducer(registry: &Registry, args: &AddArgs) -> Result<Option<(String, ApproverKey)>, Failure> {
    let first = registry.all().next().is_none();
    match &args.by {
        Some(by) if first => Err(Failure::refused(format!("`{}` is not an approver", clean(by)))
            .hint("this state directory has none yet: leave out `--by` to add the first")),
        Some(by) => {
            let (approver, key) = credentials::unlock(registry, by, args.signer.given())?;
            Ok(Some((approver.name.clone(), key)))
        }
        None if first => Ok(None),
        None => Err(ChangeError::NotFirst.into()),
    }
}

/// The newcomer's key, and its file.
struct Own {
    path: PathBuf,
    key: ApproverKey,
    new: bool,
}

impl Own {
    /// The key that is there, else a new one.
    fn of(args: &AddArgs) -> Result<Own, Failure> {
        let path = key_file(&args.name, args.key.as_deref())?;
        let file = args.passphrase_file.as_deref();
        if path.symlink_metadata().is_ok() {
            let sealed = Sealed::read(&path)?;
            let question = format!("passphrase of {}, whose key is there already", args.name);
            let key = sealed.open(&credentials::passphrase(file, &question)?)?;
            return Ok(Own { path, key, new: false });
        }
        let passphrase = credentials::new_passphrase(file, &args.name)?;
        let key = credential::create(&path, &passphrase)?;
        Ok(Own { path, key, new: true })
    }

    /// Takes away the file of a key that was made in vain; not if it may be on record after all.
    fn forget_after(&self, error: &ChangeError) {
        if self.new && !matches!(error, ChangeError::Commit(_)) {
            // If it stays, the next try finds a key and asks for its passphrase.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn say(place: &Place, approver: &Approver, path: &Path) -> Result<ExitCode, Failure> {
    let Approver { name, key, groups, by, .. } = approver;
    let fingerprint = key.fingerprint().to_hex();
    let first = by == name;
    let line = match place.json {
        true => text::json(&json!({
            "approver": name, "first": first, "by": (!first).then_some(by), "groups": groups,
            "key": key.to_string(), "fingerprint": fingerprint, "key_file": path,
        }))?,
        false => {
            let how = match first {
                true => {
                    "the first of this state directory: trusted on first use, on nobody's word".to_owned()
                }
                false => format!("introduced by {by}"),
            };
            let groups: Vec<String> = groups.iter().map(|group| clean(group)).collect();
            let groups = if groups.is_empty() { "none".to_owned() } else { groups.join(", ") };
            format!(
                "{name} is an approver now, {how}\n  groups  {groups}\n  key     {fingerprint}\n  file    {}\n\
                 hint: keep file and passphrase, nobody can recover them; let the others compare the key with `lastlook approvers list`\n",
                clean(&path.display().to_string())
            )
        }
    };
    print(&line)?;
    Ok(ExitCode::SUCCESS)
}

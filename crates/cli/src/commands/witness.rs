//! `lastlook witness`: a second party that cosigns other people's checkpoints.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lastlook_ledger::{KeyError, VerifierKey};
use lastlook_server::witness::{Memory, MemoryError, Witness, WitnessError};
use serde_json::json;

use super::verify::keys;
use crate::failure::Failure;
use crate::place::Place;
use crate::record::print::print;
use crate::record::text;

/// Be a witness: cosign the checkpoints of the logs you were given, and never two that contradict each other
///
/// Run it where those who run the boundary cannot reach its files: it is there to notice when they cut their record short,
/// or show it to different people differently. Give them the key it prints, and give it to whoever verifies.
///
///   lastlook witness --dir ./witness --name witness.example/w1 --listen 127.0.0.1:8780 --log lastlook.pub
///
/// It speaks the C2SP protocol tlog-witness over plain HTTP; put TLS before it when it leaves this machine. It remembers the
/// last checkpoint of each log in `--dir`, flushed before it answers: keep that folder, and never bring back an old copy of it.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct WitnessArgs {
    /// The folder that holds its key and its memory; made if it is not there
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Its name, which stands in every cosignature: needed the first time, and the same ever after
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8780")]
    listen: SocketAddr,
    /// A log's key, or a file of such keys, as `lastlook keys export` prints them: whose checkpoints are cosigned; may be
    /// given several times
    #[arg(long = "log", value_name = "KEY|FILE", required_unless_present = "print_key")]
    logs: Vec<String>,
    /// Print its key, and do not listen
    #[arg(long)]
    print_key: bool,
}

/// Serves until somebody ends it.
pub fn run(place: &Place, args: &WitnessArgs) -> Result<ExitCode, Failure> {
    let WitnessArgs { dir, name, listen, logs, print_key } = args;
    let memory = Memory::open(dir, name.as_deref())?;
    let key = memory.verifier().to_string();
    if *print_key {
        print(&if place.json { text::json(&json!({"key": key}))? } else { format!("{key}\n") })?;
        return Ok(ExitCode::SUCCESS);
    }
    let logs = log_keys(logs)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let witness = Witness::bind(*listen, memory, logs, |warning| eprintln!("warning: {warning}")).await?;
        let address = format!("http://{}/", witness.address());
        witness
            .serve(|| {
                let line = match place.json {
                    true => text::json(&json!({"address": address, "key": key})).unwrap_or_default(),
                    false => format!("the witness listens at {address}\nits key is {key}\n"),
                };
                // Whoever reads it may have gone; the witness is there all the same.
                let _ = print(&line);
            })
            .await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Keys, each given as it is or in a file.
fn log_keys(given: &[String]) -> Result<Vec<VerifierKey>, Failure> {
    let mut all = Vec::new();
    for given in given {
        match given.parse::<VerifierKey>() {
            Ok(key) => all.push(key),
            // What is no key in form may be a file.
            Err(KeyError::Form(_)) => {
                all.extend(keys::read(&[Path::new(given).to_owned()])?.unwrap_or_default());
            }
            Err(error) => {
                return Err(Failure::usage(format!("{error} ({})", error.code()))
                    .hint("`lastlook keys export` prints a log's key where the boundary runs"));
            }
        }
    }
    Ok(all)
}

impl From<MemoryError> for Failure {
    fn from(error: MemoryError) -> Failure {
        let message = error.to_string();
        let failure = match &error {
            MemoryError::Io { .. } | MemoryError::Busy(_) => Failure::unavailable(message),
            MemoryError::Altered { .. } => Failure::refused(message),
            MemoryError::Nameless(_)
            | MemoryError::OtherName { .. }
            | MemoryError::Exposed { .. }
            | MemoryError::Key { .. } => Failure::usage(message),
        };
        failure.hint(error.hint())
    }
}

impl From<WitnessError> for Failure {
    fn from(error: WitnessError) -> Failure {
        Failure::unavailable(error.to_string()).hint("`--listen 127.0.0.1:0` takes a free port")
    }
}

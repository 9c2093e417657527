//! `lastlook approvers remove`.

use std::process::ExitCode;

use lastlook_engine::approvers::{self, Signer};
use lastlook_engine::held;
use lastlook_kernel::Principal;
use lastlook_store::SqliteStore;
use serde_json::json;

use super::ByArgs;
use crate::credentials;
use crate::failure::Failure;
use crate::place::{Place, os_user};
use crate::record::print::print;
use crate::record::text;

/// Remove an approver for good
///
/// From now on nothing they signed counts, also what they signed before. The answer lists the attempts that had passed the gate
/// on their word already. The name is not given to anybody again. The last
/// approver cannot be removed.
#[derive(Debug, clap::Args)]
pub struct RemoveArgs {
    /// Who
    name: String,
    /// The approver on whose word; may be the same
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why; it stands in the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    signer: ByArgs,
}

/// Removes them.
pub fn run(place: &Place, args: &RemoveArgs) -> Result<ExitCode, Failure> {
    let reason = args.reason.trim();
    if reason.is_empty() || reason.len() > 4096 {
        return Err(Failure::usage("the reason must have 1 to 4096 bytes").hint("say why"));
    }
    let state = place.existing_state()?;
    let registry = approvers::load(&state.reader()?)?;
    approvers::removable(&registry, &args.name)?;
    let (by, key) = credentials::unlock(&registry, &args.by, args.signer.given())?;
    let (removed, in_flight) = {
        let store = SqliteStore::open(&state, state.writer()?, None)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let operator = Principal { id: os_user(), asserted: true };
        let signer = Signer { name: &by.name, key: &key };
        let removed = runtime.block_on(approvers::remove(&store, &args.name, reason, signer, &operator))?;
        // What was looked at while their word counted is looked at again.
        let in_flight = held::shut_out(&store, &state, &removed.name).map_err(|error| {
            Failure::unavailable(format!(
                "{} is removed, and {error}: what it is about to do may still be done",
                removed.name
            ))
            .hint(error.hint())
        })?;
        (removed, in_flight)
    };
    let line = match place.json {
        true => text::json(
            &json!({"removed": removed.name, "by": by.name, "reason": reason, "in_flight": in_flight}),
        )?,
        false => {
            let passed = in_flight.iter().map(|attempt| {
                format!("attempt {attempt} had passed the gate on it already: `lastlook show {attempt}` tells how it ended\n")
            });
            let line = format!(
                "{} is not an approver any more, on the word of {}; nothing they signed counts from now on\n",
                removed.name, by.name
            );
            std::iter::once(line).chain(passed).collect()
        }
    };
    print(&line)?;
    Ok(ExitCode::SUCCESS)
}

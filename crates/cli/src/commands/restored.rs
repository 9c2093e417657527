//! `lastlook restored`: an operator's word that the record was put back from a back-up, and later that the doubt has ended.

use std::process::ExitCode;

use lastlook_engine::approvers;
use lastlook_engine::halts;
use lastlook_engine::restored::{self, Outcome, RestoreError};
use lastlook_kernel::Principal;
use lastlook_store::{SqliteStore, StateDir};
use serde_json::json;

use super::halts::given_reason;
use crate::failure::Failure;
use crate::place::{Place, os_user};
use crate::record::print::print;
use crate::record::text::{self, clean};

/// Go on with a record that was put back from a back-up
///
/// Say it once all programs that use the record have ended. The logs end as they are, and new ones begin. Requests and approvals
/// are void, grants are taken back, a new epoch begins, and what was under way is unknown. Whatever asks the record whether something
/// was done (once, limits, leases, steps, keys of callers) is refused as `in-doubt`: the record does not know what happened after the
/// back-up was made.
///
/// Then look at what happened meanwhile, and say --doubt-ended: from then on those guards count what the record has.
#[derive(Debug, clap::Args)]
pub struct RestoredArgs {
    /// Why; it stands in the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// What the record does not know of was looked at: guards may rest on it again
    #[arg(long)]
    doubt_ended: bool,
}

/// Records it.
pub fn run(place: &Place, args: &RestoredArgs) -> Result<ExitCode, Failure> {
    let reason = given_reason(&args.reason)?;
    let state = place.existing_state()?;
    let by = Principal { id: os_user(), asserted: true };
    match args.doubt_ended {
        true => end_doubt(place, &state, reason, &by)?,
        false => restore(place, &state, reason, &by)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn restore(place: &Place, state: &StateDir, reason: &str, by: &Principal) -> Result<(), Failure> {
    let done = restored::restore(state, reason, by).map_err(failed)?;
    let reader = state.reader()?;
    let known: Vec<String> = approvers::load(&reader)
        .map(|registry| registry.active().map(|approver| approver.name.clone()).collect())
        .unwrap_or_default();
    let halted: Vec<String> = halts::active(&reader)?.into_iter().map(|halt| halt.id).collect();
    let Outcome { restored, id, requests, grants, epoch } = done;
    let found = &restored.found;
    if place.json {
        let heads = |heads: &[lastlook_ledger::Checkpoint]| -> Vec<_> {
            heads
                .iter()
                .map(|it| json!({"origin": it.origin, "size": it.size, "root": it.root.to_hex()}))
                .collect()
        };
        print(&text::json(&json!({
            "restored": id, "log": restored.origin, "epoch": epoch, "heads": heads(&found.heads), "lost": heads(&found.lost),
            "copied": found.copied, "requests": requests, "grants": grants, "approvers": known, "halts": halted,
        }))?)?;
        return Ok(());
    }
    let mut words = format!("{id}: the record goes on in log {}\n", clean(&restored.origin));
    match (&found.copied, found.lost.is_empty()) {
        (Some(made), _) => words.push_str(&format!("it is a back-up of {}\n", clean(made))),
        (None, true) => {
            words.push_str("nothing says that it was put back; it is on record that you say so\n")
        }
        (None, false) => {}
    }
    for lost in &found.lost {
        let here = found.heads.iter().find(|head| head.origin == lost.origin).map_or(0, |head| head.size);
        words.push_str(&format!(
            "log {} had {} entries when its head was kept, and has {here}\n",
            clean(&lost.origin),
            lost.size
        ));
    }
    words.push_str(&format!(
        "epoch {epoch} begins: {} requests are void, {} grants are taken back\n",
        requests.len(),
        grants.len()
    ));
    words.push_str(&format!("approvers here: {}\n", listed(&known)));
    words.push_str(&format!("halts in force here: {}\n", listed(&halted)));
    print(&words)?;
    eprintln!(
        "note: approvers, halts and the configuration are as they were then; see whether one was changed since"
    );
    eprintln!("hint: look at what was done meanwhile, then `lastlook restored --doubt-ended --reason TEXT`");
    Ok(())
}

fn end_doubt(place: &Place, state: &StateDir, reason: &str, by: &Principal) -> Result<(), Failure> {
    if restored::doubt(&state.reader()?)?.is_none() {
        return Err(failed(RestoreError::NoDoubt));
    }
    let store = SqliteStore::open(state, state.writer()?, None)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let id = runtime.block_on(restored::end_doubt(&store, reason, by)).map_err(failed)?;
    print(&match place.json {
        true => text::json(&json!({"doubt_ended": id}))?,
        false => format!("{id}: the doubt has ended; guards rest on the record again\n"),
    })?;
    Ok(())
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.iter().map(|name| clean(name)).collect::<Vec<_>>().join(", "),
    }
}

fn failed(error: RestoreError) -> Failure {
    let message = error.to_string();
    match error {
        RestoreError::State(error) => error.into(),
        RestoreError::Store(error) => error.into(),
        RestoreError::NoDoubt => Failure::usage(message)
            .hint("`lastlook log --kind operator` shows what was restored, and when its doubt ended"),
        RestoreError::Shut(error) => Failure::unavailable(message).hint(error.hint()),
        RestoreError::Commit(_) | RestoreError::Draft(_) | RestoreError::Randomness(_) => {
            Failure::unavailable(message)
                .hint("see what stands in the log, `lastlook log --kind operator`, then try again")
        }
    }
}

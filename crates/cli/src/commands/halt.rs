//! `lastlook halt`: stops effects in every process on the state.

use std::process::ExitCode;

use lastlook_engine::clock;
use lastlook_engine::halts::{self, Halt, Passed, Past, Scope};
use lastlook_kernel::Principal;
use lastlook_store::{SqliteStore, Store, StoreError};
use serde_json::json;

use crate::commands::halts::{failed, given_reason, json_of, time};
use crate::failure::Failure;
use crate::place::{Place, os_user};
use crate::record::print::print;
use crate::record::text::{self, clean, duration};

/// Stop everything, or one tool, principal, upstream or agent, now
///
/// Your word becomes an entry with your name and reason. Once this command has answered, nothing in its scope passes the
/// gate, in any process on this state: neither calls that come later nor those that were just being looked at. The answer
/// lists what had passed before: `in_flight` are effects under way, which may still happen, `unknown` are earlier ones whose
/// outcome nobody knows. Nothing but these will happen.
///
/// It talks to the state directory alone, so it works when a server hangs or an agent does not cooperate. Agents are refused
/// with the code `halted`, in audit mode too; what only reads goes on. `lastlook halts` shows what holds, and `lastlook
/// resume` ends it.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("scope").required(true))]
pub struct HaltArgs {
    /// Every effect
    #[arg(long, group = "scope")]
    all: bool,
    /// One tool
    #[arg(long, value_name = "UPSTREAM.TOOL", group = "scope")]
    tool: Option<String>,
    /// Whatever this principal does: a Cedar entity as `lastlook log --json` has it, for example 'User::"ada"'
    #[arg(long, value_name = "ID", group = "scope")]
    principal: Option<String>,
    /// Every tool of one upstream
    #[arg(long, value_name = "NAME", group = "scope")]
    upstream: Option<String>,
    /// Whatever comes from clients that call themselves so: their own word, so use another scope for one that may lie
    #[arg(long, value_name = "NAME", group = "scope")]
    agent: Option<String>,
    /// Why; it stands in the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Halts, and says what had passed the gate.
pub fn run(place: &Place, args: &HaltArgs) -> Result<ExitCode, Failure> {
    let reason = given_reason(&args.reason)?;
    let scope = scope(args)?;
    let state = place.existing_state()?;
    let store = SqliteStore::open(&state, state.writer()?, None)?;
    let by = Principal { id: os_user(), asserted: true };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let halt = runtime.block_on(halts::open(&store, scope, reason, &by)).map_err(failed)?;
    let passed = halts::shut(&store, &state, &halt.scope).map_err(|error| {
        let message = format!(
            "halt `{}` is on record and holds, but nobody can say what had passed the gate: {error}",
            halt.id
        );
        Failure::unavailable(message).hint(error.hint())
    })?;
    let at = clock::wall();
    if !is_known(&store, &halt.scope)? {
        eprintln!(
            "note: the record knows no {} yet; if that is a slip, `lastlook log --json` has the names\n",
            clean(&halt.scope.to_string())
        );
    }
    print(&match place.json {
        true => {
            let Passed { in_flight, unknown } = &passed;
            let more = [("at", json!(at)), ("in_flight", json!(in_flight)), ("unknown", json!(unknown))];
            text::json(&json_of(&halt, more))?
        }
        false => words(&halt, &passed),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn words(halt: &Halt, passed: &Passed) -> String {
    let Halt { id, scope, by, .. } = halt;
    let mut text = format!("{id}: {} is halted, by the word of {}\n", clean(&scope.to_string()), clean(by));
    let Passed { in_flight, unknown } = passed;
    if in_flight.is_empty() {
        text.push_str("in flight: nothing\n");
    } else {
        text.push_str("in flight: past the gate before, and may still happen\n");
        in_flight.iter().for_each(|past| text.push_str(&line(past)));
    }
    if !unknown.is_empty() {
        text.push_str("unknown: nobody knows how these ended; `lastlook resolve` takes your word\n");
        unknown.iter().for_each(|past| text.push_str(&line(past)));
    }
    text.push_str(&format!("hint: `lastlook resume {id} --reason …` ends it\n"));
    text
}

fn line(past: &Past) -> String {
    let Past { receipt, upstream, tool, since_ns } = past;
    let age = u64::try_from(clock::unix_ns().saturating_sub(*since_ns)).unwrap_or_default();
    format!("  {receipt}  {}.{}, since {}\n", clean(upstream), clean(tool), ago(*since_ns, age))
}

fn ago(since_ns: i64, age_ns: u64) -> String {
    const HOUR_NS: u64 = 3_600_000_000_000;
    if age_ns < HOUR_NS { format!("{} ago", duration(age_ns)) } else { time(since_ns) }
}

fn scope(args: &HaltArgs) -> Result<Scope, Failure> {
    let HaltArgs { all: _, tool, principal, upstream, agent, reason: _ } = args;
    let named = |name: &String, what: &str| match name.trim().is_empty() {
        true => Err(Failure::usage(format!("the name of {what} is empty"))),
        false => Ok(name.clone()),
    };
    Ok(match (tool, principal, upstream, agent) {
        (Some(name), ..) if !name.trim_matches('.').contains('.') => {
            return Err(Failure::usage(format!("`{}` does not say whose tool it is", clean(name)))
                .hint("name it UPSTREAM.TOOL, as in `shop.refund`; `lastlook log --json` has both names"));
        }
        (Some(name), ..) => Scope::Tool(name.clone()),
        (_, Some(id), ..) if !is_entity(id) => {
            return Err(Failure::usage(format!("`{}` is not how a principal is written", clean(id)))
                .hint("write the entity as `lastlook log --json` has it under `principal`, for example 'User::\"ada\"'"));
        }
        (_, Some(id), ..) => Scope::Principal(id.clone()),
        (_, _, Some(name), _) => Scope::Upstream(named(name, "the upstream")?),
        (_, _, _, Some(name)) => Scope::Agent(named(name, "the agent")?),
        (None, None, None, None) => Scope::All,
    })
}

/// `Type::"id"`: anything else is the name of no principal, and a halt of it would stop nothing.
fn is_entity(text: &str) -> bool {
    text.split_once("::\"").is_some_and(|(kind, id)| !kind.is_empty() && id.len() > 1 && id.ends_with('"'))
}

/// Whether the record has ever seen what a halt names; a slip in a name stops nothing, and nobody would notice.
fn is_known(store: &dyn Store, scope: &Scope) -> Result<bool, StoreError> {
    match scope {
        Scope::Upstream(name) => Ok(!store.tools_of(name)?.is_empty()),
        Scope::Tool(name) => {
            // Either part may have dots in it.
            for (at, _) in name.match_indices('.') {
                let (upstream, tool) = name.split_at(at);
                if store.tools_of(upstream)?.iter().any(|known| tool.strip_prefix('.') == Some(known)) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Scope::All | Scope::Principal(_) | Scope::Agent(_) => Ok(true),
    }
}

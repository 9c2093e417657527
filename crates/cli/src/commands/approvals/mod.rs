//! `lastlook approvals`: what waits for people, and one request in full.

mod again;
mod page;

use std::process::ExitCode;
use std::time::Duration;

use lastlook_engine::clock;
use lastlook_engine::held::{self, Asked, Tally, is_late, stands, until};
use lastlook_store::{RequestRow, RequestState, SqliteReader, Store as _};
use serde_json::{Value, json};

use self::again::Again;
use crate::failure::Failure;
use crate::place::Place;
use crate::record::Record;
use crate::record::print::{Audience, print};
use crate::record::text::{self, clean};

/// How many requests are listed at most where what was decided is listed too, and how many are watched.
const MOST_LISTED: usize = 1_000;
/// How many are read at once.
const PAGE: usize = 250;
/// How often `--watch` looks.
const EVERY: Duration = Duration::from_secs(1);

/// See what waits for people's approval, and one request in full
///
/// Without an id: what waits, newest first; `--all` also what was decided. With one: the action in full, what was true when
/// it was asked for, who is asked and who has said what. Characters that cannot be seen, or turn text around, are shown as
/// \u{…}. `lastlook approve`, `reject` and `revoke` decide.
#[derive(Debug, clap::Args)]
pub struct ApprovalsArgs {
    /// A request's id, or as much of its beginning as is unique
    request: Option<String>,
    /// Read the facts once more, and say what is different by now
    #[arg(long, requires = "request")]
    now: bool,
    /// Also what was decided, ran out or was used
    #[arg(long, conflicts_with = "request")]
    all: bool,
    /// Go on showing what comes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["request", "all"])]
    watch: bool,
}

/// Lists, watches or shows.
pub fn run(place: &Place, args: &ApprovalsArgs) -> Result<ExitCode, Failure> {
    let store = Record::open(place)?.store;
    match &args.request {
        Some(id) if args.now => {
            let (row, asked) = held::find(&store, id)?;
            let again = again::read(place, &row, &asked)?;
            page_of(&store, id, Some(&again), place.json)?;
        }
        Some(id) => show(&store, id, place.json)?,
        None if args.watch => watch(&store, place.json)?,
        None => list(&store, args.all, place.json)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what waits, all of it; of what was decided as well, the newest.
fn list(store: &SqliteReader, all: bool, as_json: bool) -> Result<(), Failure> {
    let (mut before, mut listed) = (None, 0);
    loop {
        let page = store.requests(states(all), PAGE, before)?;
        before = page.last().map(|row| (row.opened_at_ns, row.id.clone()));
        let ended = page.len() < PAGE;
        let rows = page.iter().filter(|row| all || !is_late(row));
        let lines: Vec<String> = match as_json {
            true => rows.map(|row| text::json(&to_json(row))).collect::<Result<_, _>>()?,
            false => rows.map(line).collect(),
        };
        listed += lines.len();
        if print(&lines.concat())? == Audience::Gone {
            return Ok(());
        }
        if ended {
            break;
        }
        if all && listed >= MOST_LISTED {
            eprintln!("note: these are the newest {listed}; there may be more");
            break;
        }
    }
    if listed == 0 && !as_json {
        print("nothing waits for approval\n")?;
    }
    Ok(())
}

/// Prints each request once, as it comes.
fn watch(store: &SqliteReader, as_json: bool) -> Result<(), Failure> {
    let mut told = std::collections::BTreeSet::new();
    loop {
        let rows = store.requests(states(false), MOST_LISTED, None)?;
        for row in rows.iter().rev().filter(|row| row.state == RequestState::Pending && !is_late(row)) {
            if told.insert(row.id.clone()) {
                let told = if as_json { text::json(&to_json(row))? } else { line(row) };
                if print(&told)? == Audience::Gone {
                    return Ok(());
                }
            }
        }
        std::thread::sleep(EVERY); // backoff: another process writes
    }
}

fn states(all: bool) -> &'static [RequestState] {
    let open = &[RequestState::Pending, RequestState::Approved, RequestState::Claimed];
    if all { &RequestState::ALL } else { open }
}

/// One request in full, as it was asked.
pub fn show(store: &SqliteReader, id: &str, as_json: bool) -> Result<(), Failure> {
    page_of(store, id, None, as_json)
}

fn page_of(store: &SqliteReader, id: &str, again: Option<&[Again]>, as_json: bool) -> Result<(), Failure> {
    let (row, asked) = held::find(store, id)?;
    let tally = Tally::of(store, &row, &asked).map_err(Failure::unavailable)?;
    let before = asked.after.as_ref().and_then(|after| held::find(store, after).ok());
    if as_json {
        let mut value = to_json(&row);
        let facts: Vec<Value> = asked
            .facts
            .iter()
            .map(|fact| json!({"fact": fact.fact, "value": value_of(fact.value.as_deref()), "version": fact.version}))
            .collect();
        let voices = |voices: &[held::Voice]| -> Vec<Value> {
            voices
                .iter()
                .map(|voice| json!({"approver": voice.approver, "key": voice.key, "reason": voice.reason}))
                .collect()
        };
        let missing: Vec<Value> = tally
            .missing
            .iter()
            .map(|(guard, left)| json!({"guard": guard.guard, "by": guard.by, "left": left}))
            .collect();
        if let Some(members) = value.as_object_mut() {
            members.insert("arguments".into(), value_of(Some(&asked.arguments)));
            members.insert("arguments_text".into(), json!(asked.arguments));
            members.insert("facts".into(), facts.into());
            members.insert("readings".into(), json!(asked.readings));
            members.insert("void".into(), json!(tally.void));
            members.insert("approved".into(), voices(&tally.yes).into());
            members.insert("rejected".into(), voices(&tally.no).into());
            members.insert("missing".into(), missing.into());
            members.insert("after".into(), json!(asked.after));
            if let Some(again) = again {
                members.insert("now".into(), again.iter().map(Again::to_json).collect());
            }
        }
        print(&text::json(&value)?)?;
        return Ok(());
    }
    let mut text = page::page(&row, &asked, &tally, before.as_ref().map(|(_, asked)| asked));
    if let Some(again) = again {
        text.push_str(&page::again(again));
    }
    print(&text)?;
    Ok(())
}

fn value_of(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}

fn to_json(row: &RequestRow) -> Value {
    let asked = Asked::of(row);
    let guards = asked.map(|asked| asked.guards).unwrap_or_default();
    json!({
        "request": row.id,
        "state": stands(row),
        "upstream": row.upstream,
        "tool": row.tool,
        "principal": row.principal,
        "action": row.action.to_hex(),
        "key": row.key,
        "opened": clock::wall_at(row.opened_at_ns),
        "expires": row.expires_at_ns.map(clock::wall_at),
        "attempt": row.attempt,
        "guards": guards.iter().map(|guard| json!({"guard": guard.guard, "by": guard.by, "quorum": guard.quorum}))
            .collect::<Vec<_>>(),
    })
}

/// One request as one line.
fn line(row: &RequestRow) -> String {
    let arguments = Asked::of(row).map(|asked| asked.arguments).unwrap_or_default();
    format!(
        "{}  {:8}  {}.{} {}  {}  {}\n",
        row.id,
        stands(row),
        clean(&row.upstream),
        clean(&row.tool),
        text::shortened(&clean(&arguments), 60),
        clean(&row.principal),
        if row.state.is_open() { until(row) } else { String::new() },
    )
}

//! Reading facts: one source asked once, all facts of a look asked together, rounds until two agree.

use std::sync::Arc;

use futures_util::future::join_all;
use lastlook_canon::{Json, Limits, lexical, parse};
use lastlook_kernel::{FactSpec, FactValue, Now, Place, Scope, ToolName, Was};
use lastlook_upstream::source::{Bounds, Got, SourceError, mcp};

use super::{Ask, PlannedFact, Taken, was};
use crate::boundary::Boundary;
use crate::clock;
use crate::facts::ask::NoAsk;
use crate::rulebook::Rulebook;

/// The most bytes of one reading, where the operator does not say.
const MOST_BYTES: usize = 256 << 10;

impl PlannedFact {
    /// Plans one fact for an action: fills its templates, and takes what the agent saw of it.
    pub(crate) fn new(
        boundary: &Boundary,
        spec: &Arc<FactSpec>,
        scope: &Scope<'_>,
    ) -> Result<PlannedFact, NoAsk> {
        let ask = Ask::new(spec, scope)?;
        let (was, seen_ns) = was::was(&boundary.reader, &boundary.upstream, spec, scope);
        let mut fact = PlannedFact { spec: Arc::clone(spec), ask, was, seen_ns };
        if let Some((value, at_ns)) = boundary.reader.confirmed(&fact.question())
            && fact.seen_ns.is_none_or(|seen| seen < at_ns)
        {
            (fact.was, fact.seen_ns) = (Was::Seen(value), Some(at_ns));
        }
        Ok(fact)
    }

    /// Whether a tracked reading by this call is one of this fact: a guard that compares the fact compares it in its place.
    pub(crate) fn covers(&self, upstream: &str, scope: &Scope<'_>, tool: &str, args: &Json) -> bool {
        self.spec
            .views()
            .into_iter()
            .filter(|view| view.tool.upstream == upstream && view.tool.tool == tool)
            .any(|view| {
                let Ok(wanted) = view.args.fill(scope, Place::Value) else { return false };
                let wanted = wanted.as_object().unwrap_or_default();
                let given = args.as_object().unwrap_or_default();
                wanted
                    .iter()
                    .all(|(name, value)| args.get(name).is_some_and(|given| lexical(given) == lexical(value)))
                    && (!view.exact || wanted.len() == given.len())
            })
    }
}

/// On whose behalf facts are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) boundary: &'a Boundary,
    pub(crate) book: &'a Rulebook,
    pub(crate) args: &'a Json,
    /// The attempt that asks: it is none of the earlier ones.
    pub(crate) own: &'a str,
}

/// Reads every fact once, together; with `rounds`, again until two rounds in a row agree, at most that often.
pub(crate) async fn take_all(asking: Asking<'_>, facts: &[PlannedFact], rounds: Option<u32>) -> Vec<Taken> {
    let mut last = join_all(facts.iter().map(|fact| take(asking, fact))).await;
    let Some(rounds) = rounds else { return last };
    for _ in 1..rounds {
        let next = join_all(facts.iter().map(|fact| take(asking, fact))).await;
        let agree = facts.iter().zip(last.iter().zip(&next)).all(|(fact, (a, b))| agrees(&fact.spec, a, b));
        // A value is as old as the first time it was asked for in the rounds that agree.
        let asked: Vec<_> = last.iter().map(|taken| taken.asked_at).collect();
        last = next;
        if agree {
            for (taken, asked_at) in last.iter_mut().zip(asked) {
                taken.asked_at = asked_at;
            }
            return last;
        }
    }
    last.into_iter().map(|taken| Taken { now: Now::Unstable, ..taken }).collect()
}

fn agrees(spec: &FactSpec, a: &Taken, b: &Taken) -> bool {
    let counts = |value: &Json| -> Vec<Option<Vec<u8>>> {
        match spec.select.is_empty() {
            true => vec![Some(lexical(value))],
            false => spec.select.iter().map(|pointer| value.pointer(pointer).map(lexical)).collect(),
        }
    };
    match (&a.now, &b.now) {
        (Now::Read(a), Now::Read(b)) => counts(&a.value) == counts(&b.value) && a.version == b.version,
        (a, b) => a == b,
    }
}

/// Reads one fact once.
async fn take(asking: Asking<'_>, fact: &PlannedFact) -> Taken {
    let timeout = fact.spec.timeout.unwrap_or(asking.boundary.settings.fact_timeout);
    let bounds = Bounds { timeout, max_bytes: fact.spec.max_bytes.unwrap_or(MOST_BYTES) };
    let asked_at = clock::moment();
    let got = ask(asking, &fact.ask, &bounds).await;
    let answered_at = clock::moment();
    let now = match got {
        Ok(got) => Now::Read(valued(&fact.spec, got)),
        Err(SourceError::Absent) => Now::Absent,
        Err(error) => Now::Unreadable(error.to_string()),
    };
    Taken { now, asked_at, answered_at }
}

async fn ask(asking: Asking<'_>, ask: &Ask, bounds: &Bounds) -> Result<Got, SourceError> {
    let Asking { boundary, book, args, own } = asking;
    match ask {
        Ask::Mcp { tool, args } if tool.upstream == boundary.upstream => {
            own_tool(boundary, tool, args, bounds).await
        }
        Ask::Mcp { tool, args } => book.sources.mcp(tool, args, bounds).await,
        Ask::Http(ask) => book.sources.http().await?.get(ask, bounds).await,
        Ask::Sql { database, ask } => book.sources.sql(database)?.read(ask, bounds).await,
        Ask::File(path) => lastlook_upstream::source::file::read(path, bounds).await,
        Ask::Command(ask) => lastlook_upstream::source::command::run(book.sources.exe(), ask, bounds).await,
        Ask::Ledger { tool, matching, within } => {
            crate::steps::ledger_fact(boundary, tool, matching.as_ref(), *within, args, own)
        }
    }
}

/// A read tool of the server behind this boundary, on the client's own connection.
async fn own_tool(
    boundary: &Boundary,
    tool: &ToolName,
    args: &Json,
    bounds: &Bounds,
) -> Result<Got, SourceError> {
    let params = boundary.call_params(&tool.tool, args);
    let frame =
        boundary.link.call("tools/call", &params, bounds.timeout).await.map_err(|error| match error {
            lastlook_upstream::CallError::Late => SourceError::Late,
            lastlook_upstream::CallError::Gone => SourceError::Gone("the server is gone".to_owned()),
        })?;
    if frame.len() > bounds.max_bytes {
        return Err(SourceError::TooLarge { at_most: bounds.max_bytes });
    }
    let answer = parse(&frame, &Limits::default())
        .map_err(|error| SourceError::NotPlain(format!("its answer is not strict JSON: {error}")))?;
    let result = answer
        .get("result")
        .ok_or_else(|| SourceError::NotPlain(format!("`{tool}` answered with an error")))?;
    Ok(Got { value: mcp::reduce(result)?, version: None, as_of_ns: None })
}

/// A reading under the fact's own words: where its version and its source's time stand.
fn valued(spec: &FactSpec, got: Got) -> FactValue {
    let Got { value, version, as_of_ns } = got;
    let version = match &spec.version {
        Some(pointer) => value.pointer(pointer).and_then(text_of_version),
        None => version,
    };
    let as_of_ns = match &spec.as_of {
        Some(pointer) => value.pointer(pointer).and_then(clock::instant_of),
        None => as_of_ns,
    };
    FactValue { value, version, as_of_ns }
}

/// A version as text, whatever its source writes it as.
pub(super) fn text_of_version(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(String::from_utf8_lossy(&lexical(other)).into_owned()),
    }
}

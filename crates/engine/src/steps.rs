//! Steps on record: under which keys attempts are noted, and which of them prove what a guard asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lastlook_canon::{Digest, Json, Limits, canonical, parse};
use lastlook_kernel::{
    After, Condition, Confirmation, Done, DoneOutcome, Operand, Source, Step, StepCase, StepView, ToolName,
    World, WorldInput, scalar_key,
};
use lastlook_store::{AttemptState, StepRow, Store, StoreError};
use lastlook_upstream::source::{Got, SourceError};

use crate::boundary::Boundary;
use crate::clock;
use crate::config::Config;
use crate::replay::case::{RecordedDone, RecordedStep, Unknown};

/// How many earlier attempts are looked through for one step.
const MOST_CANDIDATES: usize = 256;
/// How many earlier attempts are looked through for what must not have happened since.
const MOST_BLOCKERS: usize = 4096;
/// How many are read from the store at a time.
const PAGE: usize = 64;

/// Under which keys the attempts of which tools are noted.
///
/// A step that is tied to the action by `step.args.X == …` is looked up by those values, so that finding it costs the
/// same however long the record is.
#[derive(Debug, Clone, Default)]
pub(crate) struct StepIndex {
    /// For each tool that some rule names, the sets of pointers by which its attempts are looked up.
    pointers: BTreeMap<ToolName, BTreeSet<Vec<String>>>,
    /// Which tools undo the steps by which.
    undoers: BTreeMap<ToolName, Vec<ToolName>>,
    /// Guards that ask for spacing.
    spaced: BTreeSet<String>,
}

impl StepIndex {
    pub(crate) fn new(config: &Config) -> StepIndex {
        let mut index = StepIndex::default();
        let procedures = config.procedures.values().flat_map(|procedure| &procedure.steps);
        let after = config.guards.values().flat_map(|guard| &guard.after).filter_map(|after| match after {
            After::Step(step) => Some(step),
            After::Procedure(_) => None,
        });
        for step in procedures.chain(after) {
            index.add(&step.tool, step.matching.as_ref());
            step.none_since.iter().for_each(|tool| index.add(tool, None));
        }
        for fact in config.facts.values() {
            if let Source::Ledger { tool, matching, .. } = &fact.source {
                index.add(tool, matching.as_ref());
            }
        }
        for (key, tool) in &config.tools {
            let undoer = ToolName::new(&key.upstream, &key.tool);
            for undone in &tool.undoes {
                index.add(&undoer, None);
                index.undoers.entry(undone.clone()).or_default().push(undoer.clone());
            }
        }
        let spaced = config
            .guards
            .values()
            .filter(|guard| guard.window.as_ref().is_some_and(|window| window.min_spacing.is_some()));
        index.spaced = spaced.map(|guard| guard.name.clone()).collect();
        index
    }

    fn add(&mut self, tool: &ToolName, matching: Option<&Condition>) {
        let sets = self.pointers.entry(tool.clone()).or_default();
        sets.insert(Vec::new());
        sets.insert(tying(matching).into_keys().collect());
    }

    /// Whether some rule names this tool as a step, or as what must not have happened.
    pub(crate) fn names(&self, tool: &ToolName) -> bool {
        self.pointers.contains_key(tool)
    }

    /// The keys under which an attempt of this tool is noted.
    pub(crate) fn keys<'a>(
        &self,
        tool: &ToolName,
        args: &Json,
        guards: impl Iterator<Item = &'a str>,
    ) -> Vec<String> {
        let mut keys: Vec<String> = self
            .pointers
            .get(tool)
            .into_iter()
            .flatten()
            .filter_map(|pointers| {
                let values = pointers.iter().map(|pointer| Some((pointer.as_str(), args.pointer(pointer)?)));
                key(tool, &values.collect::<Option<Vec<_>>>()?)
            })
            .collect();
        keys.extend(guards.filter(|guard| self.spaced.contains(*guard)).map(spacing_key));
        keys.sort();
        keys.dedup();
        keys
    }
}

/// The key under which the actions that one guard spaces out are noted.
pub(crate) fn spacing_key(guard: &str) -> String {
    format!("guard {guard}")
}

/// The equalities that tie a step to an action, by pointer.
fn tying(matching: Option<&Condition>) -> BTreeMap<String, Operand> {
    matching.map(Condition::equalities).into_iter().flatten().collect()
}

fn plain_key(tool: &ToolName) -> String {
    format!("step {tool}")
}

/// `None` when some value is none that an equality could find.
fn key(tool: &ToolName, values: &[(&str, &Json)]) -> Option<String> {
    if values.is_empty() {
        return Some(plain_key(tool));
    }
    let mut parts = Vec::with_capacity(values.len() * 2);
    for (pointer, value) in values {
        parts.push((*pointer).to_owned());
        parts.push(scalar_key(value)?);
    }
    let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
    Some(format!("step {tool} {}", Digest::of("lastlook/step/v1", &parts).to_hex()))
}

/// The key that finds the attempts a condition could match; `None` when it can match none.
fn key_of(tool: &ToolName, matching: Option<&Condition>, args: &Json) -> Option<String> {
    let tying = tying(matching);
    let values = tying.iter().map(|(pointer, operand)| {
        let value = match operand {
            Operand::Argument(from) => args.pointer(from)?,
            Operand::Literal(value) => value,
        };
        Some((pointer.as_str(), value))
    });
    let values = values.collect::<Option<Vec<_>>>()?;
    // What equality cannot look up, the whole condition still decides.
    Some(key(tool, &values).unwrap_or_else(|| plain_key(tool)))
}

/// What is on record of one required step.
#[derive(Debug, Clone)]
pub(crate) struct StepFound {
    step: Step,
    candidates: Vec<Done>,
    blockers: Vec<Done>,
    undoers: Vec<Done>,
}

impl StepFound {
    /// The attempts that bear on the step, and how they stand: what must still be so at the gate.
    fn bearing(&self) -> impl Iterator<Item = &Done> {
        let candidates = self.candidates.iter().filter(|done| done.matches);
        candidates.chain(&self.blockers).chain(&self.undoers)
    }

    /// Whether the record says of the step what it said before.
    pub(crate) fn says_the_same(&self, before: &StepFound) -> bool {
        self.bearing().eq(before.bearing())
    }

    /// The attempts that bear on the step, as they are recorded.
    pub(crate) fn recorded(&self) -> RecordedStep {
        let proving = self.candidates.iter().filter(|done| done.matches);
        RecordedStep {
            tool: self.step.tool.to_string(),
            candidates: proving.map(RecordedDone::of).collect(),
            blockers: self.blockers.iter().map(RecordedDone::of).collect(),
            undoers: self.undoers.iter().map(RecordedDone::of).collect(),
        }
    }

    /// What was recorded of this step.
    ///
    /// # Errors
    ///
    /// The record says what this version does not know.
    pub(crate) fn read(step: &Step, recorded: &RecordedStep) -> Result<StepFound, Unknown> {
        let all = |done: &[RecordedDone]| done.iter().map(RecordedDone::read).collect::<Result<_, _>>();
        Ok(StepFound {
            step: step.clone(),
            candidates: all(&recorded.candidates)?,
            blockers: all(&recorded.blockers)?,
            undoers: all(&recorded.undoers)?,
        })
    }

    pub(crate) fn case(&self) -> StepCase<'_> {
        StepCase {
            step: &self.step,
            name: self.step.tool.to_string(),
            candidates: &self.candidates,
            blockers: &self.blockers,
            undoers: &self.undoers,
        }
    }
}

/// Looks up what is on record of a required step, leaving out the attempt that asks.
pub(crate) fn find(
    store: &dyn Store,
    index: &StepIndex,
    step: &Step,
    args: &Json,
    world: &World,
    own: &str,
) -> Result<StepFound, StoreError> {
    let Step { tool, matching, none_since, .. } = step;
    let mut candidates = Vec::new();
    if let Some(key) = key_of(tool, matching.as_ref(), args) {
        for row in rows(store, &key, MOST_CANDIDATES, own)? {
            let matches = matching.as_ref().is_none_or(|matching| matched(matching, &row, world));
            candidates.push(done(row, matches));
        }
    }
    // Only what can prove the step matters: nothing that ended before the first of it began can block it.
    let first = candidates.iter().filter(|done| done.matches).map(|done| done.armed_at_ns).min();
    let mut blockers = Vec::new();
    for tool in none_since.iter().filter(|_| first.is_some()) {
        let since = first.unwrap_or(i64::MIN);
        // Two, because one may be the attempt that asks: what has not ended comes first, then what ended last, and that
        // blocks whatever an earlier one would.
        // What ended in that very instant counts: nobody knows the order.
        let rows = store.steps_since(&plain_key(tool), since.saturating_sub(1), 2)?;
        blockers.extend(rows.into_iter().filter(|row| row.attempt != own).map(|row| done(row, true)));
    }
    let undoers = index.undoers.get(tool).map(Vec::as_slice).unwrap_or_default();
    // An attempt that undoes counts for the step it is about: the same values where the step is tied by values.
    let tied: Vec<String> = tying(matching.as_ref()).into_keys().collect();
    let mut undone = Vec::new();
    for undoer in undoers {
        let since = first.unwrap_or(i64::MAX);
        let rows = store.steps_since(&plain_key(undoer), since.saturating_sub(1), MOST_BLOCKERS)?;
        for row in rows.into_iter().filter(|row| row.attempt != own) {
            let their_args = parse(&row.arguments, &Limits::default()).ok();
            let about = tied.iter().all(|pointer| {
                let theirs = their_args.as_ref().and_then(|args| args.pointer(pointer));
                let wanted = tying(matching.as_ref()).get(pointer).cloned();
                match (theirs, wanted) {
                    // Nothing says what it undid: it may have been this.
                    (None, _) | (_, None) => true,
                    (Some(theirs), Some(Operand::Argument(from))) => {
                        args.pointer(&from).is_none_or(|ours| equal(ours, theirs))
                    }
                    (Some(theirs), Some(Operand::Literal(value))) => equal(&value, theirs),
                }
            });
            if about {
                undone.push(done(row, true));
            }
        }
    }
    Ok(StepFound { step: step.clone(), candidates, blockers, undoers: undone })
}

fn equal(a: &Json, b: &Json) -> bool {
    matches!((canonical(a), canonical(b)), (Ok(a), Ok(b)) if a == b)
}

/// When the last action under a spaced guard ended, or was armed if it has not; the attempt that asks does not count.
pub(crate) fn last_spaced(boundary: &Boundary, guard: &str, own: &str) -> Result<Option<i64>, StoreError> {
    // Without those that were refused or failed, however many there are: trying again and again forgets nothing.
    let acted = boundary.store.steps_since(&spacing_key(guard), i64::MIN, PAGE)?;
    let others = acted.into_iter().filter(|row| row.attempt != own);
    Ok(others.map(|row| row.ended_at_ns.unwrap_or(row.armed_at_ns)).max())
}

/// The newest attempts noted under a key, at most `most`.
fn rows(store: &dyn Store, key: &str, most: usize, own: &str) -> Result<Vec<StepRow>, StoreError> {
    let mut all: Vec<StepRow> = Vec::new();
    let mut before = None;
    while all.len() < most {
        let page = store.steps(key, PAGE, before)?;
        let last = page.len() < PAGE;
        before = page.last().map(|row| row.armed_at_ns);
        all.extend(page.into_iter().filter(|row| row.attempt != own));
        if last {
            break;
        }
    }
    Ok(all)
}

fn matched(matching: &Condition, row: &StepRow, world: &World) -> bool {
    let Ok(args) = parse(&row.arguments, &Limits::default()) else { return false };
    // What cannot be evaluated proves nothing.
    let tool = ToolName::new(&row.upstream, &row.tool).to_string();
    let view = StepView {
        tool: &tool,
        args: &args,
        args_shape: None,
        at: at_ms(row),
        outcome: row.state.as_str(),
        confirmation: row.confirmation.map_or("", |confirmation| confirmation.as_str()),
        receipt: &row.attempt,
    };
    matching.eval(&world.with_step(&view)).unwrap_or(false)
}

fn step_json(row: &StepRow, args: Json) -> Json {
    let tool = ToolName::new(&row.upstream, &row.tool).to_string();
    Json::object([
        ("tool", Json::from(tool)),
        ("args", args),
        ("at_ms", Json::from(at_ms(row))),
        ("outcome", Json::from(row.state.as_str())),
        ("confirmation", row.confirmation.map_or(Json::Null, |it| Json::from(it.as_str()))),
        ("receipt", Json::from(row.attempt.as_str())),
    ])
}

/// When it ended, or was armed if it has not, in Unix milliseconds.
fn at_ms(row: &StepRow) -> i64 {
    row.ended_at_ns.unwrap_or(row.armed_at_ns) / 1_000_000
}

fn done(row: StepRow, matches: bool) -> Done {
    Done {
        attempt: row.attempt,
        armed_at_ns: row.armed_at_ns,
        ended_at_ns: row.ended_at_ns,
        outcome: match row.state {
            AttemptState::Armed => DoneOutcome::Armed,
            AttemptState::Refused => DoneOutcome::Refused,
            AttemptState::Succeeded => DoneOutcome::Succeeded,
            AttemptState::Failed => DoneOutcome::Failed,
            AttemptState::Unknown => DoneOutcome::Unknown,
        },
        confirmation: row.confirmation.map(|confirmation| match confirmation {
            lastlook_store::Confirmation::Confirmed => Confirmation::Confirmed,
            lastlook_store::Confirmation::Contradicted => Confirmation::Contradicted,
            lastlook_store::Confirmation::Unconfirmed => Confirmation::Unconfirmed,
        }),
        matches,
    }
}

/// A `ledger` fact: how many earlier attempts match, and the last of them. The attempt that asks is none of them.
pub(crate) fn ledger_fact(
    boundary: &Boundary,
    tool: &ToolName,
    matching: Option<&Condition>,
    within: Option<Duration>,
    args: &Json,
    own: &str,
) -> Result<Got, SourceError> {
    let gone = |error: StoreError| SourceError::Gone(error.to_string());
    let since = within
        .map(|within| clock::unix_ns().saturating_sub(i64::try_from(within.as_nanos()).unwrap_or(i64::MAX)));
    let action = tool.to_string();
    let book = boundary.rulebook();
    let world = World::new(&WorldInput {
        principal: &boundary.principal.id,
        groups: &book.groups,
        action: &action,
        resource: None,
        args,
        args_shape: None,
        was: &[],
        now: &[],
        fact_shapes: &[],
        steps: &[],
        entities: None,
    });
    let mut count: i64 = 0;
    let mut last = Json::Null;
    if let Some(key) = key_of(tool, matching, args) {
        for row in rows(&*boundary.store, &key, MOST_BLOCKERS, own).map_err(gone)? {
            let at = row.ended_at_ns.unwrap_or(row.armed_at_ns);
            let counts = !matches!(row.state, AttemptState::Refused | AttemptState::Failed)
                && since.is_none_or(|since| at >= since)
                && matching.is_none_or(|matching| matched(matching, &row, &world));
            if counts {
                count += 1;
                if last.is_null() {
                    let args = parse(&row.arguments, &Limits::default()).unwrap_or(Json::Null);
                    last = step_json(&row, args);
                }
            }
        }
    }
    Ok(Got {
        value: Json::object([("count", Json::from(count)), ("last", last)]),
        version: None,
        as_of_ns: None,
    })
}

//! One claim at a time against the record.

use lastlook_canon::{Json, Limits, canonical, parse};
use lastlook_kernel::{SubjectRules, Subjects, ToolName};
use lastlook_ledger::{Entry, Kind};
use lastlook_store::{AttemptRow, AttemptState, Store, StoreError};

use super::procedure::procedure;
use super::report::{Checked, Claim, Claimed, Finding, Report};
use crate::config::Config;

/// How many attempts of one tool are looked through for one claim.
const MOST: usize = 10_000;
const PAGE: usize = 256;

/// Checks every claim of a report against the record. `since_ns`: nothing older counts.
///
/// # Errors
///
/// The record cannot be read.
pub fn check(
    store: &dyn Store,
    config: Option<&Config>,
    report: &Report,
    since_ns: Option<i64>,
    now_ns: i64,
) -> Result<Checked, StoreError> {
    let claims = report.claims.iter().map(|claim| match claim {
        Claim::Tool { tool, args } => tool_claim(store, config, claim, tool, args, since_ns),
        Claim::Procedure { name, subject } => procedure(store, config, name, subject, now_ns),
    });
    Ok(Checked { claims: claims.collect::<Result<_, _>>()? })
}

/// An attempt that a claim may be about.
struct Found {
    row: AttemptRow,
    confirmation: Option<String>,
    args: Option<Json>,
}

fn tool_claim(
    store: &dyn Store,
    config: Option<&Config>,
    claim: &Claim,
    tool: &ToolName,
    args: &Json,
    since_ns: Option<i64>,
) -> Result<Claimed, StoreError> {
    let mut best: Option<(Finding, Found)> = None;
    let mut unreadable = 0;
    for row in attempts(store, tool, since_ns)? {
        let given = arguments(store, &row)?;
        let Some(given) = given else {
            unreadable += 1;
            continue;
        };
        if !covers(&given, args) {
            continue;
        }
        let confirmation = confirmation(store, &row)?;
        let finding = match (row.state, confirmation.as_deref()) {
            (AttemptState::Succeeded, Some("confirmed")) => Finding::Confirmed,
            (AttemptState::Succeeded, Some("contradicted")) => Finding::Contradicted,
            (AttemptState::Refused | AttemptState::Failed, _) => Finding::Contradicted,
            (AttemptState::Succeeded | AttemptState::Unknown | AttemptState::Armed, _) => {
                Finding::Unconfirmed
            }
        };
        let found = Found { row, confirmation, args: Some(given) };
        // The best there is speaks for the claim; of equals, the newest, which comes first.
        if best.as_ref().is_none_or(|(known, _)| rank(finding) > rank(*known)) {
            best = Some((finding, found));
        }
        if finding == Finding::Confirmed {
            break;
        }
    }
    let claimed = |finding, receipts, says| Claimed {
        claim: claim.clone(),
        finding,
        receipts,
        says,
        lacking: Vec::new(),
    };
    let Some((finding, found)) = best else {
        let says = format!("nothing of the kind is on record{}", not_compared(unreadable));
        return Ok(claimed(Finding::Missing, Vec::new(), says));
    };
    let mut receipts = vec![found.row.id.clone()];
    if matches!(finding, Finding::Confirmed | Finding::Unconfirmed)
        && found.row.state == AttemptState::Succeeded
        && let Some(later) = changed_since(store, config, &found)?
    {
        receipts.push(later.row.id.clone());
        return Ok(claimed(Finding::Outdated, receipts, later.says()));
    }
    let says = match (finding, found.row.state, found.confirmation.as_deref()) {
        (Finding::Confirmed, ..) => "it ran, and its effect was seen".to_owned(),
        (Finding::Contradicted, AttemptState::Succeeded, _) => {
            "the tool said that it succeeded, and its effect does not show".to_owned()
        }
        (Finding::Contradicted, AttemptState::Refused, _) => "it was refused: nothing was sent".to_owned(),
        (Finding::Contradicted, ..) => "it failed: nothing happened".to_owned(),
        (_, AttemptState::Armed, _) => "it is still under way".to_owned(),
        (_, AttemptState::Unknown, _) => "nobody knows how it ended".to_owned(),
        _ => "the tool said that it succeeded; nobody has seen the effect".to_owned(),
    };
    // What is confirmed is so whatever the others were.
    let others = if finding == Finding::Confirmed { String::new() } else { not_compared(unreadable) };
    Ok(claimed(finding, receipts, says + &others))
}

/// Attempts of the tool that may have been what is claimed, and nobody can say.
fn not_compared(unreadable: usize) -> String {
    match unreadable {
        0 => String::new(),
        some => format!("; {some} attempts could not be compared, because their values were pruned"),
    }
}

fn rank(finding: Finding) -> u8 {
    match finding {
        Finding::Missing => 0,
        Finding::Contradicted => 1,
        Finding::Outdated => 2,
        Finding::Unconfirmed => 3,
        Finding::Confirmed => 4,
    }
}

/// The attempts of a tool, newest first.
fn attempts(
    store: &dyn Store,
    tool: &ToolName,
    since_ns: Option<i64>,
) -> Result<Vec<AttemptRow>, StoreError> {
    let mut all: Vec<AttemptRow> = Vec::new();
    let mut before = None;
    loop {
        let page = store.attempts_of(&tool.upstream, &tool.tool, PAGE, before.clone())?;
        let is_last = page.len() < PAGE;
        before = page.last().map(|row| (row.opened_at_ns, row.id.clone()));
        let fresh = page.into_iter().take_while(|row| since_ns.is_none_or(|since| row.opened_at_ns >= since));
        let taken = all.len();
        all.extend(fresh);
        if is_last || all.len() - taken < PAGE || all.len() >= MOST {
            return Ok(all);
        }
    }
}

/// The arguments of an attempt, from the values beside its first entry; nothing when they were pruned.
fn arguments(store: &dyn Store, row: &AttemptRow) -> Result<Option<Json>, StoreError> {
    for kind in [Kind::Armed, Kind::Refused] {
        let Some(values) = store.values(&row.id, kind)? else { continue };
        let bytes = values.rows.iter().find(|(label, _)| label == "arguments").map(|(_, value)| value);
        if let Some(args) = bytes.and_then(|bytes| parse(bytes, &Limits::default()).ok()) {
            return Ok(Some(args));
        }
    }
    Ok(None)
}

/// The last word on whether the effect showed.
fn confirmation(store: &dyn Store, row: &AttemptRow) -> Result<Option<String>, StoreError> {
    let entries = store.entries_of(&row.id)?;
    let words = entries.iter().filter_map(|stored| {
        let entry = Entry::from_payload(&stored.payload).ok()?;
        Some((entry.time.clone(), entry.body.get("confirmation")?.as_str()?.to_owned()))
    });
    Ok(words.max().map(|(_, word)| word))
}

/// Whether every claimed argument is among the given ones, whatever its spelling.
fn covers(given: &Json, claimed: &Json) -> bool {
    let claimed = claimed.as_object().unwrap_or_default();
    claimed.iter().all(|(name, value)| {
        given.get(name).is_some_and(|given| match (canonical(given), canonical(value)) {
            (Ok(given), Ok(value)) => given == value,
            _ => false,
        })
    })
}

/// An attempt that changed, or may have changed, what another was about.
struct Later {
    row: AttemptRow,
    /// Whether its arguments, and so what it is about, can still be read.
    readable: bool,
}

impl Later {
    /// How much is known: that it acted on the same thing, that it may have, or that it may have been the same thing.
    fn rank(&self) -> u8 {
        match (self.readable, self.row.state) {
            (true, AttemptState::Succeeded) => 2,
            (true, _) => 1,
            (false, _) => 0,
        }
    }

    fn says(&self) -> String {
        let tool = &self.row.tool;
        let acted = match self.row.state {
            AttemptState::Armed => format!("`{tool}` is under way"),
            AttemptState::Unknown => format!("nobody knows how `{tool}` ended"),
            AttemptState::Succeeded | AttemptState::Refused | AttemptState::Failed => {
                format!("`{tool}` has acted")
            }
        };
        match (self.readable, self.row.state) {
            (true, AttemptState::Succeeded) => {
                format!("it happened, and `{tool}` has acted on the same thing since")
            }
            (true, _) => format!("it happened, and {acted}, which is about the same thing"),
            (false, _) => {
                format!(
                    "it happened, and {acted} since, on what cannot be read any more: it may be the same thing"
                )
            }
        }
    }
}

/// What changed, or may have changed, what an attempt was about since it began; the one that is known best.
///
/// Both are about the same thing when they share a subject that names something by itself: a path, or an identifier. What is
/// not known counts as changed (I2): an attempt that has not ended, whenever it began, and a later one whose arguments are
/// gone.
fn changed_since(
    store: &dyn Store,
    config: Option<&Config>,
    found: &Found,
) -> Result<Option<Later>, StoreError> {
    let Some(args) = &found.args else { return Ok(None) };
    let about = subjects(config, &found.row, args);
    if about.resources().next().is_none() {
        return Ok(None);
    }
    let upstream = &found.row.upstream;
    let mut rows = store.open_attempts()?;
    rows.retain(|row| row.upstream == *upstream);
    for tool in store.tools_of(upstream)? {
        let since = attempts(store, &ToolName::new(upstream, tool), Some(found.row.opened_at_ns))?;
        rows.extend(since.into_iter().filter(|row| row.state == AttemptState::Succeeded));
    }
    let mut known: Option<Later> = None;
    for row in rows.into_iter().filter(|row| row.id != found.row.id && !only_reads(config, row)) {
        let same = match arguments(store, &row)? {
            Some(args) => {
                let theirs = subjects(config, &row, &args);
                Some(about.resources().any(|subject| theirs.resources().any(|other| other == subject)))
            }
            None => None,
        };
        let (readable, is_later) = (same.is_some(), row.opened_at_ns >= found.row.opened_at_ns);
        let same = same.unwrap_or(is_later);
        let later = Later { row, readable };
        if same && known.as_ref().is_none_or(|known| later.rank() > known.rank()) {
            known = Some(later);
        }
    }
    Ok(known)
}

fn subjects(config: Option<&Config>, row: &AttemptRow, args: &Json) -> Subjects {
    match config
        .and_then(|config| config.tool(&row.upstream, &row.tool))
        .and_then(|tool| tool.subjects.as_ref())
    {
        Some(pointers) => Subjects::at(args, pointers),
        None => Subjects::of(args, None, &SubjectRules::default()),
    }
}

fn only_reads(config: Option<&Config>, row: &AttemptRow) -> bool {
    let class = config.and_then(|config| config.tool(&row.upstream, &row.tool)).and_then(|tool| tool.class);
    class == Some(lastlook_kernel::Class::Read)
}

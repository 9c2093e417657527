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
        let pruned = match unreadable {
            0 => String::new(),
            some => format!("; {some} attempts could not be compared, because their values were pruned"),
        };
        return Ok(claimed(
            Finding::Missing,
            Vec::new(),
            format!("nothing of the kind is on record{pruned}"),
        ));
    };
    let mut receipts = vec![found.row.id.clone()];
    if matches!(finding, Finding::Confirmed | Finding::Unconfirmed)
        && found.row.state == AttemptState::Succeeded
        && let Some(later) = changed_since(store, config, &found)?
    {
        receipts.push(later.id.clone());
        let says = format!("it happened, and `{}` has acted on the same thing since", later.tool);
        return Ok(claimed(Finding::Outdated, receipts, says));
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
    Ok(claimed(finding, receipts, says))
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

/// A later attempt that changed, or may have changed, what this one was about.
///
/// Both are about the same thing when they share a subject that names something by itself: a path, or an identifier.
fn changed_since(
    store: &dyn Store,
    config: Option<&Config>,
    found: &Found,
) -> Result<Option<AttemptRow>, StoreError> {
    let Some(args) = &found.args else { return Ok(None) };
    let about = subjects(config, &found.row, args);
    if about.resources().next().is_none() {
        return Ok(None);
    }
    let since = found.row.opened_at_ns;
    for tool in store.tools_of(&found.row.upstream)? {
        let tool = ToolName::new(&found.row.upstream, tool);
        for row in attempts(store, &tool, Some(since))? {
            let may_have_acted = matches!(row.state, AttemptState::Succeeded | AttemptState::Unknown);
            let is_later = row.opened_at_ns > since && row.id != found.row.id;
            if !is_later || !may_have_acted || only_reads(config, &row) {
                continue;
            }
            let Some(args) = arguments(store, &row)? else { continue };
            let theirs = subjects(config, &row, &args);
            if about.resources().any(|subject| theirs.resources().any(|other| other == subject)) {
                return Ok(Some(row));
            }
        }
    }
    Ok(None)
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

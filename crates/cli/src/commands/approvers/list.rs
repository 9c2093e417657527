//! `lastlook approvers list`.

use std::process::ExitCode;

use jiff::Timestamp;
use lastlook_engine::approvers::{Approver, Registry};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::place::Place;
use crate::record::print::print;
use crate::record::text::{self, clean};

/// List the approvers, their groups and the fingerprints of their keys
///
/// Every signature is verified first, back to the first approver; if one does not verify, nobody is listed, and nothing is
/// approved.
#[derive(Debug, clap::Args)]
pub struct ListArgs {}

/// Prints them.
pub fn run(place: &Place, args: &ListArgs) -> Result<ExitCode, Failure> {
    let ListArgs {} = args;
    let registry = Registry::load(&place.existing_state()?.reader()?)?;
    let text = match place.json {
        true => text::json(&json!({ "approvers": registry.all().map(object).collect::<Vec<_>>() }))?,
        false if registry.all().next().is_none() => {
            "nobody is an approver\nhint: `lastlook approvers add NAME` adds the first\n".to_owned()
        }
        false => registry.all().map(lines).collect(),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn object(approver: &Approver) -> Value {
    let Approver { name, key, groups, since_ns, by, removed } = approver;
    let removed = removed.as_ref().map(|it| json!({"at": time(it.at_ns), "by": it.by, "reason": it.reason}));
    json!({
        "name": name, "groups": groups, "key": key.to_string(), "fingerprint": key.fingerprint().to_hex(),
        "since": time(*since_ns), "by": (by != name).then_some(by), "removed": removed,
    })
}

fn lines(approver: &Approver) -> String {
    let Approver { name, key, groups, since_ns, by, removed } = approver;
    let how = if by == name { "trusted on first use".to_owned() } else { format!("introduced by {by}") };
    let groups: Vec<String> = groups.iter().map(|group| clean(group)).collect();
    let groups = if groups.is_empty() { "none".to_owned() } else { groups.join(", ") };
    let removed = removed
        .as_ref()
        .map(|it| format!("  removed {} by {}: {}\n", time(it.at_ns), it.by, clean(&it.reason)));
    format!(
        "{name}\n{}  since   {}, {how}\n  groups  {groups}\n  key     {}\n",
        removed.unwrap_or_default(),
        time(*since_ns),
        key.fingerprint(),
    )
}

/// RFC 3339, UTC, whole seconds.
fn time(ns: i64) -> String {
    Timestamp::from_nanosecond(ns.into()).map_or_else(|_| "?".to_owned(), |at| format!("{at:.0}"))
}

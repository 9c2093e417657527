//! `lastlook approvers list`.

use std::process::ExitCode;

use jiff::Timestamp;
use lastlook_engine::approvers::{self, Approver};
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
    let registry = approvers::load(&place.existing_state()?.reader()?)?;
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
    let Approver { name, key, groups, since, by, removed } = approver;
    let removed = removed.as_ref().map(|it| json!({"at": time(&it.at), "by": it.by, "reason": it.reason}));
    json!({
        "name": name, "groups": groups, "key": key.to_string(), "fingerprint": key.fingerprint().to_hex(),
        "since": time(since), "by": (by != name).then_some(by), "removed": removed,
    })
}

fn lines(approver: &Approver) -> String {
    let Approver { name, key, groups, since, by, removed } = approver;
    let how = if by == name { "trusted on first use".to_owned() } else { format!("introduced by {by}") };
    let groups: Vec<String> = groups.iter().map(|group| clean(group)).collect();
    let groups = if groups.is_empty() { "none".to_owned() } else { groups.join(", ") };
    let removed = removed
        .as_ref()
        .map(|it| format!("  removed {} by {}: {}\n", time(&it.at), it.by, clean(&it.reason)));
    format!(
        "{name}\n{}  since   {}, {how}\n  groups  {groups}\n  key     {}\n",
        removed.unwrap_or_default(),
        time(since),
        key.fingerprint(),
    )
}

/// RFC 3339, UTC, whole seconds.
fn time(text: &str) -> String {
    text.parse::<Timestamp>().map_or_else(|_| "?".to_owned(), |at| format!("{at:.0}"))
}

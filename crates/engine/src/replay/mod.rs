//! Deciding again: recorded inputs, the same rules or others, and what comes of it. No network, no effect, no clock.
//!
//! Under the rules an attempt was decided under, the verdict and every reason must come out byte for byte as they were
//! recorded. Under other rules the outcome is a what-if: what they would have stopped, or let through.

pub mod case;
mod decide;
pub(crate) mod kept;
mod recorded;
mod rules;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

pub use decide::{Ruling, Verdict};
pub use kept::NotKept;
pub use recorded::{NotReplayable, Recorded, Told};
pub use rules::{Replayer, Rules, WhatIf};

/// The versions that decide, as entries name them.
pub fn versions() -> Value {
    json!({
        "lastlook": env!("CARGO_PKG_VERSION"),
        "cedar": lastlook_kernel::CEDAR_VERSION,
        "tz": crate::window::tz_version(),
    })
}

/// The versions of an entry that differ from ours in more than details, as `cedar 5.0.0`: deciding again under them is a
/// what-if.
pub fn other_versions(recorded: &Value) -> Vec<String> {
    let ours = versions();
    let version =
        |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    ["lastlook", "cedar"]
        .into_iter()
        .map(|name| (name, version(recorded, name), version(&ours, name)))
        .filter(|(_, theirs, ours)| major(theirs) != major(ours))
        .map(|(name, theirs, _)| format!("{name} {theirs}"))
        .collect()
}

/// What of a version tells of incompatible changes (Semantic Versioning): of `0.4.1` that is `0.4`.
fn major(version: &str) -> &str {
    let mut parts = version.match_indices('.').map(|(at, _)| at);
    let end = match version.starts_with("0.") {
        true => parts.nth(1),
        false => parts.next(),
    };
    end.and_then(|end| version.get(..end)).unwrap_or(version)
}

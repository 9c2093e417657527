//! Facts: *was* beside *now*, and what of them counts.

use lastlook_canon::{Json, canonical, lexical};

use crate::verdict::Code;
use crate::{FactSpec, Reason, fresh};

/// One fact of a guard at the look.
#[derive(Debug, Clone)]
pub struct FactCase<'a> {
    /// How it is read.
    pub spec: &'a FactSpec,
    /// What the agent was seen to read.
    pub was: Was,
    /// What it is.
    pub now: Now,
}

/// A value as its source gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactValue {
    /// The value.
    pub value: Json,
    /// Its version, where the source has one.
    pub version: Option<String>,
    /// The source's own time, in nanoseconds since the Unix epoch.
    pub as_of_ns: Option<i64>,
}

/// What the decider saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Was {
    /// Nothing: the boundary saw no reading of it, or holds it no longer.
    Unseen,
    /// It was taken again by the boundary after the agent's own effect: the agent never saw it.
    Rebased,
    /// That there is no such thing: what people were shown when they approved.
    Absent,
    /// What the agent read, with the selected parts at the places the fact itself has them.
    Seen(FactValue),
}

/// What a source says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Now {
    /// This.
    Read(FactValue),
    /// That there is no such thing: absence is a fact.
    Absent,
    /// Nothing that counts, and why.
    Unreadable(String),
    /// Different things in rounds taken one right after the other.
    Unstable,
}

impl FactCase<'_> {
    /// What a condition sees under `now.NAME`.
    pub fn now_value(&self) -> Option<&Json> {
        match &self.now {
            Now::Read(read) => Some(&read.value),
            Now::Absent | Now::Unreadable(_) | Now::Unstable => None,
        }
    }

    /// What a condition sees under `was.NAME`: what the agent itself read, and nothing else.
    pub fn was_value(&self) -> Option<&Json> {
        match &self.was {
            Was::Seen(seen) => Some(&seen.value),
            Was::Unseen | Was::Rebased | Was::Absent => None,
        }
    }

    /// Why the fact cannot be judged at all; `None` when it can.
    pub(super) fn unusable(&self) -> Option<Reason> {
        let name = &self.spec.name;
        match &self.now {
            Now::Read(_) | Now::Absent => None,
            Now::Unreadable(why) => Some(
                Reason::about(Code::FactUnreadable, name)
                    .saying(format!("fact `{name}` can be read"), why.clone(), false)
                    .hint("see `lastlook doctor`"),
            ),
            Now::Unstable => Some(Reason::about(Code::FactUnstable, name).saying(
                format!("two rounds of reading `{name}` agree"),
                "it kept changing while it was read",
                true,
            )),
        }
    }

    /// Whether *now* equals *was*; the reason when it does not, or nobody can say.
    ///
    /// Versions count where both sides have one and the operator's words do not narrow the fact to some of its parts
    /// (`select` without `version`): a value that went away and came back is a change. Otherwise the selected values
    /// count, in canonical form, and nothing outside of them (I18).
    pub(super) fn unchanged(&self) -> Option<Reason> {
        let name = &self.spec.name;
        let seen = match &self.was {
            Was::Seen(seen) => seen,
            Was::Absent => return self.appeared(),
            Was::Unseen => {
                return Some(
                    Reason::about(Code::BasisMissing, name)
                        .saying(format!("you have read `{name}`"), "no reading of it was seen", true)
                        .hint("read it first, then decide again"),
                );
            }
            Was::Rebased => {
                return Some(
                    Reason::about(Code::BasisMissing, name)
                        .saying(
                            format!("you have read `{name}` since your own change to it"),
                            "only the boundary has",
                            true,
                        )
                        .hint("read it again, then decide again"),
                );
            }
        };
        let now = match &self.now {
            Now::Read(now) => Some(now),
            Now::Absent => None,
            Now::Unreadable(_) | Now::Unstable => return None,
        };
        let changed = self.differing(seen, now);
        match changed {
            Differing::No => None,
            Differing::Nowhere(pointer) => Some(
                Reason::about(Code::FactUnreadable, name)
                    .saying(
                        format!("`{name}` has `{pointer}`"),
                        "it was there neither when you read it nor now",
                        true,
                    )
                    .hint("the configuration selects something that the source does not have"),
            ),
            Differing::Yes { place, was, now } => Some(
                Reason::about(Code::FactChanged, name)
                    .saying(
                        format!("`{name}{place}` is still {was}"),
                        format!("it is {now}"),
                        self.spec.show_agent,
                    )
                    .hint("read it again, then decide again"),
            ),
            Differing::Version => Some(
                Reason::about(Code::FactChanged, name)
                    .saying(
                        format!("`{name}` has the version you read"),
                        "it has another one: it changed since, even if it looks the same",
                        true,
                    )
                    .hint("read it again, then decide again"),
            ),
        }
    }

    /// Why what there was not when people approved refuses, if there is one now.
    fn appeared(&self) -> Option<Reason> {
        let Now::Read(_) = &self.now else { return None };
        let name = &self.spec.name;
        Some(
            Reason::about(Code::FactChanged, name)
                .saying(
                    format!("there is no `{name}`, as when it was approved"),
                    "there is one now",
                    self.spec.show_agent,
                )
                .hint("people must decide again"),
        )
    }

    fn differing(&self, seen: &FactValue, now: Option<&FactValue>) -> Differing {
        let whole = [String::new()];
        let places = if self.spec.select.is_empty() { &whole[..] } else { &self.spec.select[..] };
        for place in places {
            let was = seen.value.pointer(place).filter(|value| !value.is_null());
            let is = now.and_then(|now| now.value.pointer(place)).filter(|value| !value.is_null());
            match (was, is) {
                (None, None) => return Differing::Nowhere(place.clone()),
                (Some(was), Some(is)) if same(was, is) => {}
                (was, is) => {
                    return Differing::Yes { place: place.clone(), was: shown(was), now: shown(is) };
                }
            }
        }
        let versions = seen.version.as_ref().zip(now.and_then(|now| now.version.as_ref()));
        match versions {
            Some((was, is)) if self.versions_count() && was != is => Differing::Version,
            _ => Differing::No,
        }
    }

    fn versions_count(&self) -> bool {
        !self.spec.aba_allowed && (self.spec.select.is_empty() || self.spec.has_named_version())
    }

    /// Whether it is younger than `max_age_ns` by its source's own time; also until when it will be.
    pub(super) fn fresh(&self, wall_ns: i64, max_age_ns: u64) -> Result<i64, Reason> {
        let name = &self.spec.name;
        let expected = format!("`{name}` is at most {} old", span(max_age_ns));
        let stale =
            |actual: String| Reason::about(Code::FactStale, name).saying(expected.clone(), actual, true);
        let as_of = match &self.now {
            Now::Read(read) => read.as_of_ns,
            Now::Absent => None,
            // Said already, as unreadable.
            Now::Unreadable(_) | Now::Unstable => return Ok(i64::MAX),
        };
        let Some(as_of) = as_of else {
            return Err(Reason::about(Code::FactUnreadable, name).saying(
                expected,
                "its source does not say from when it is",
                true,
            ));
        };
        match fresh(wall_ns, as_of, max_age_ns) {
            Ok(()) => Ok(as_of.saturating_add_unsigned(max_age_ns)),
            Err(stale_by) => Err(stale(stale_by.to_string())),
        }
    }
}

enum Differing {
    No,
    Nowhere(String),
    Yes { place: String, was: String, now: String },
    Version,
}

/// The same value whatever its spelling; numbers too large for an exact canonical form count by their text.
pub(super) fn same(a: &Json, b: &Json) -> bool {
    match (canonical(a), canonical(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => lexical(a) == lexical(b),
    }
}

/// The longest value quoted in a reason, in characters.
const LONGEST_SHOWN: usize = 120;

/// A value as a sentence quotes it.
pub(super) fn shown(value: Option<&Json>) -> String {
    let Some(value) = value else { return "absent".to_owned() };
    let text = String::from_utf8_lossy(&lexical(value)).into_owned();
    let mut kept: String = text.chars().take(LONGEST_SHOWN).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    format!("`{kept}`")
}

/// A length of time as a person says it.
pub(super) fn span(ns: u64) -> String {
    let ms = ns / 1_000_000;
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..120_000 if ms.is_multiple_of(1_000) => format!("{} s", ms / 1_000),
        1_000..120_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        120_000..7_200_000 => format!("{} min", ms / 60_000),
        7_200_000..172_800_000 => format!("{} h", ms / 3_600_000),
        _ => format!("{} days", ms / 86_400_000),
    }
}

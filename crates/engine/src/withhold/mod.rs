//! What of an action's values is not kept: taken out of every value before anything is committed to or stored.
//!
//! The tool is sent what the caller said, and rules see everything: only what stays behind is another. What was taken out of
//! one value is looked for in all others of the same attempt too, since tools like to repeat what they were told.

mod key;
mod take;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use lastlook_canon::{Json, Limits, lexical, parse};
use lastlook_kernel::{FactSpec, Source, ToolName};

use crate::config::{Config, FieldOf, FieldPlace};

pub(crate) use key::PrivateKey;
use take::Taking;

/// What stands in place of what was taken out.
const MARK: &str = "redacted";

/// Commits to a text at a pointer; what stands in its place.
pub(crate) type Seal<'a> = dyn Fn(&str, &[u8]) -> Json + 'a;

/// What the configuration says of every tool.
#[derive(Debug, Default)]
pub(crate) struct Rules(BTreeMap<ToolName, Vec<(FieldPlace, How)>>);

/// What is left of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Nothing.
    Redacted,
    /// A salted commitment.
    DigestOnly,
}

/// What a value is, and so which places are in it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What<'a> {
    /// The arguments of a tool's call.
    Arguments(&'a str),
    /// The whole `params` of a tool's call.
    Params(&'a str),
    /// The part of a tool's answer that is compared.
    Reading(&'a str),
    /// The frame of a tool's answer.
    Frame(&'a str),
    /// A fact.
    Fact(&'a FactSpec),
    /// Text about any of them.
    Text,
}

/// One attempt's view of the rules: those of its tool, those of the tools it rests on, and what was taken out so far.
#[derive(Debug, Clone)]
pub(crate) struct Withhold {
    rules: Arc<Rules>,
    upstream: String,
    tool: String,
    /// Text that was taken out.
    secrets: Vec<String>,
    /// Text that was redacted.
    redacted: Vec<String>,
    /// Whether something was taken out that is too short to be found elsewhere.
    short: bool,
    /// Whether anything at all was taken out.
    took: bool,
}

/// A value without what is not kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) bytes: Vec<u8>,
    /// The same, where it is JSON.
    pub(crate) json: Option<Json>,
    /// The pointers of what was redacted.
    pub(crate) redacted: Vec<String>,
    /// The pointers of what is committed to in its place.
    pub(crate) sealed: Vec<String>,
}

impl Rules {
    pub(crate) fn new(config: &Config) -> Rules {
        let rules = config.tools.iter().filter_map(|(key, tool)| {
            let places: Vec<_> = tool
                .withheld()
                .map(|(place, redacts)| {
                    (place.clone(), if redacts { How::Redacted } else { How::DigestOnly })
                })
                .collect();
            (!places.is_empty()).then(|| (ToolName::new(&key.upstream, &key.tool), places))
        });
        Rules(rules.collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(&self, tool: &ToolName, of: impl Fn(&FieldOf) -> bool) -> Vec<(&FieldPlace, How)> {
        let places = self.0.get(tool).into_iter().flatten().filter(|(place, _)| of(&place.of));
        places.map(|(place, how)| (place, *how)).collect()
    }
}

impl Withhold {
    /// The view of one attempt; nothing when nothing is withheld at all.
    pub(crate) fn new(rules: &Arc<Rules>, upstream: &str, tool: &str) -> Option<Withhold> {
        (!rules.is_empty()).then(|| Withhold {
            rules: Arc::clone(rules),
            upstream: upstream.to_owned(),
            tool: tool.to_owned(),
            secrets: Vec::new(),
            redacted: Vec::new(),
            short: false,
            took: false,
        })
    }

    /// Learns what is taken out of this value, so that it is found elsewhere.
    pub(crate) fn learn(&mut self, what: What<'_>, value: &[u8]) {
        let Ok(mut json) = parse(value, &Limits::default()) else { return };
        let mut taken = Vec::new();
        let mut taking = Taking { taken: Some(&mut taken), ..Taking::default() };
        self.go(what, &mut json, &mut taking);
        self.took |= !taken.is_empty();
        for (value, how) in taken {
            self.learn_all(&value, how);
        }
    }

    /// Whether something is taken out of this value.
    pub(crate) fn touches(&self, what: What<'_>, value: &[u8]) -> bool {
        !self.left(what, value, None, false).redacted.is_empty()
    }

    /// Whether anything was taken out of what was learned.
    pub(crate) fn has_taken(&self) -> bool {
        self.took
    }

    /// Whether something of this value would not be kept even while people decide on it.
    pub(crate) fn hides(&self, what: What<'_>, value: &[u8]) -> bool {
        !self.left(what, value, None, true).redacted.is_empty()
    }

    /// The value without what is not kept. With a `seal`, which commits to a text at a pointer, digest-only members are
    /// replaced by that, without one by the mark. `shown` leaves them where they are: people decide on them.
    pub(crate) fn left(&self, what: What<'_>, value: &[u8], seal: Option<&Seal<'_>>, shown: bool) -> Left {
        let Ok(mut json) = parse(value, &Limits { max_bytes: usize::MAX, ..Limits::default() }) else {
            return self.unread(what, value);
        };
        let mut taking = Taking { seal, shown, ..Taking::default() };
        self.go(what, &mut json, &mut taking);
        let Taking { mut redacted, sealed, .. } = taking;
        let secrets = if shown { &self.redacted } else { &self.secrets };
        take::echoes(&mut json, secrets, &mut String::new(), &sealed, &mut redacted);
        if redacted.is_empty() && sealed.is_empty() {
            return Left { bytes: value.to_vec(), json: Some(json), redacted, sealed };
        }
        if redacted.iter().chain(&sealed).map(String::len).sum::<usize>() > MOST_NAMED {
            return Left::nothing();
        }
        Left { bytes: lexical(&json), json: Some(json), redacted, sealed }
    }

    /// Text without what was taken out elsewhere.
    pub(crate) fn text(&self, text: &str) -> String {
        match self.short || self.secrets.iter().any(|secret| text.contains(secret)) {
            true => format!("[{MARK}]"),
            false => text.to_owned(),
        }
    }

    /// Whether something was taken out that is too short to be found in text.
    pub(crate) fn is_blunt(&self) -> bool {
        self.short
    }

    /// The same, line by line.
    pub(crate) fn lines(&self, text: &str) -> String {
        text.split('\n').map(|line| self.text(line)).collect::<Vec<_>>().join("\n")
    }

    /// What cannot be read cannot be searched: nothing of it is kept where something might have to be taken out.
    fn unread(&self, what: What<'_>, value: &[u8]) -> Left {
        let text = String::from_utf8_lossy(value);
        let suspect =
            !self.places(what).is_empty() || self.secrets.iter().any(|secret| text.contains(secret));
        match suspect {
            false => Left { bytes: value.to_vec(), json: None, redacted: Vec::new(), sealed: Vec::new() },
            true => Left::nothing(),
        }
    }

    fn places(&self, what: What<'_>) -> Vec<(&FieldPlace, How)> {
        let tool = |name: &str| ToolName::new(&self.upstream, name);
        match what {
            What::Arguments(name) | What::Params(name) => {
                self.rules.of(&tool(name), |of| *of == FieldOf::Args)
            }
            What::Reading(name) | What::Frame(name) => {
                self.rules.of(&tool(name), |of| *of == FieldOf::Answer)
            }
            What::Fact(fact) => {
                let mut places = self
                    .rules
                    .of(&tool(&self.tool), |of| matches!(of, FieldOf::Fact(name) if *name == fact.name));
                // What a tool's answer must not leave behind, a fact that is read by it must not either.
                if let Source::Mcp { tool, .. } = &fact.source {
                    places.extend(self.rules.of(tool, |of| *of == FieldOf::Answer));
                }
                places
            }
            What::Text => Vec::new(),
        }
    }

    fn go(&self, what: What<'_>, json: &mut Json, taking: &mut Taking<'_>) {
        let mut places = self.places(what);
        if places.is_empty() {
            return;
        }
        // What is redacted is gone before anything around it is committed to.
        places.sort_by_key(|(_, how)| *how != How::Redacted);
        let base: &[&str] = match what {
            What::Arguments(_) | What::Fact(_) | What::Text => &[],
            What::Params(_) => &["arguments"],
            What::Reading(_) => &["structuredContent"],
            What::Frame(_) => &["result", "structuredContent"],
        };
        for (place, how) in &places {
            taking.at(json, base, &place.path, *how);
        }
        match what {
            What::Reading(_) => taking.copies(json, "", &places),
            What::Frame(_) => {
                if let Some(result) = take::member(json, "result") {
                    taking.copies(result, "/result", &places);
                }
                // An error may say anything.
                if let Some(error) = take::member(json, "error") {
                    taking.whole(error, "/error");
                }
            }
            What::Arguments(_) | What::Params(_) | What::Fact(_) | What::Text => {}
        }
    }

    fn learn_all(&mut self, value: &Json, how: How) {
        match value {
            Json::String(text) => self.learn_text(text, how),
            Json::Number(number) => self.learn_text(number.as_str(), how),
            Json::Array(items) => items.iter().for_each(|item| self.learn_all(item, how)),
            Json::Object(members) => members.iter().for_each(|(_, inner)| self.learn_all(inner, how)),
            Json::Null | Json::Bool(_) => {}
        }
    }

    fn learn_text(&mut self, text: &str, how: How) {
        match text.chars().count() {
            0 => {}
            1..SHORTEST => self.short = true,
            _ => {
                self.secrets.push(text.to_owned());
                if how == How::Redacted {
                    self.redacted.push(text.to_owned());
                }
            }
        }
    }
}

impl Left {
    /// A value as it is.
    pub(crate) fn whole(value: &[u8]) -> Left {
        let json = parse(value, &Limits { max_bytes: usize::MAX, ..Limits::default() }).ok();
        Left { bytes: value.to_vec(), json, redacted: Vec::new(), sealed: Vec::new() }
    }

    /// Only that there was a value.
    fn nothing() -> Left {
        let json = take::mark();
        Left { bytes: lexical(&json), json: Some(json), redacted: vec![String::new()], sealed: Vec::new() }
    }
}

/// How many bytes the names of what was taken out of one value may have; beyond that nothing is left of it.
const MOST_NAMED: usize = 4096;
/// Shorter text than this is found everywhere, and so looked for nowhere.
const SHORTEST: usize = 4;

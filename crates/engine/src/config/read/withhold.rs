//! `redact = ["/args/password"]` and `digest_only = ["/now/customer/email"]`

use std::collections::BTreeMap;
use std::ops::Range;

use lastlook_kernel::{After, By, Condition, Guard, Source, Step, Template, ToolName};

use super::known::Known;
use crate::config::document::{Sink, Word};
use crate::config::value::pointer;
use crate::config::{Config, FieldOf, FieldPlace, FieldStep, ToolConfig, ToolKey};

/// A place in a tool's values; `known` are the facts there are.
pub(super) fn place(word: Word<'_>, known: Option<&Known<'_>>, sink: &mut Sink) -> Option<FieldPlace> {
    let text = pointer(Word { text: word.text, span: word.span.clone() }, sink)?;
    let mut steps = text.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    let of = match steps.next().unwrap_or_default().as_str() {
        "args" => FieldOf::Args,
        "answer" => FieldOf::Answer,
        "now" | "was" => {
            let Some(fact) = steps.next().filter(|fact| !fact.is_empty()) else {
                sink.report(
                    word.span,
                    format!("`{text}` does not say of which fact"),
                    "a fact's name is missing",
                    "write it after the first word: \"/now/customer/email\"",
                );
                return None;
            };
            if known.is_some_and(|known| !known.is_fact(&fact, &word, sink)) {
                return None;
            }
            FieldOf::Fact(fact)
        }
        _ => {
            sink.report(
                word.span,
                format!("`{text}` is in nothing that is kept"),
                "where does it begin?",
                "begin with `/args`, `/answer`, or `/now/FACT` (which means `/was/FACT` too): \"/args/password\"",
            );
            return None;
        }
    };
    let step = |step: String| if step == "*" { FieldStep::Each } else { FieldStep::Name(step) };
    Some(FieldPlace { of, path: steps.map(step).collect(), text })
}

/// Reports what would keep, elsewhere and in the clear, what a tool's rules say must not be kept.
pub(super) fn check(config: &Config, spans: &Spans, sink: &mut Sink) {
    for (key, tool) in &config.tools {
        let name = ToolName::new(&key.upstream, &key.tool);
        let guards: Vec<&Guard> = config.guards.values().filter(|guard| guard.on.contains(&name)).collect();
        for (place, redacts) in tool.withheld() {
            let Some(span) = spans.get(&(key.clone(), place.text.clone())) else { continue };
            let conflict = guards
                .iter()
                .find_map(|guard| in_the_clear(guard, place).or_else(|| shown(guard, place, redacts)))
                .or_else(|| looked_up(config, &name, place));
            if let Some((what, help)) = conflict {
                sink.report(span.clone(), format!("{what} `{}`", place.text), "it would be kept there", help);
            }
        }
    }
}

/// Where each place of each tool is written.
pub(super) type Spans = BTreeMap<(ToolKey, String), Range<usize>>;

/// What the guard keeps of the arguments as names and amounts.
fn in_the_clear(guard: &Guard, place: &FieldPlace) -> Option<(String, &'static str)> {
    if place.of != FieldOf::Args {
        return None;
    }
    let uses = |template: &Template| {
        template.holes().any(|hole| {
            let steps: Vec<&str> = hole.split(['.', '/', '[', ']']).filter(|step| !step.is_empty()).collect();
            steps.split_first().is_some_and(|(first, rest)| *first == "args" && place.overlaps(rest))
        })
    };
    let keyed = guard.limit.iter().any(|limit| matches!(&limit.by, By::Key(key) if uses(key)));
    let summed = guard.limit.iter().filter_map(|limit| limit.sum.as_deref()).any(|sum| {
        let steps: Vec<&str> = sum.split('/').skip(1).collect();
        place.overlaps(&steps)
    });
    let part = if guard.resource.as_ref().is_some_and(uses) {
        "resource"
    } else if guard.once.as_ref().is_some_and(|once| uses(&once.key)) {
        "once"
    } else if guard.lease.as_ref().is_some_and(|lease| uses(&lease.key)) {
        "lease"
    } else if keyed || summed {
        "limit"
    } else {
        return None;
    };
    let help = "name the action by something that may be kept, or take the place out of the list";
    Some((format!("`{part}` of guard `{}` needs", guard.name), help))
}

/// People could not be held to what they were shown if part of it was never kept.
fn shown(guard: &Guard, place: &FieldPlace, redacts: bool) -> Option<(String, &'static str)> {
    let FieldOf::Fact(fact) = &place.of else { return None };
    let asks = guard.approve.is_some() && guard.facts_before().contains(fact);
    (redacts && asks).then(|| {
        let help = "people decide on what the fact said, and it is compared when they have: use `digest_only`, which keeps it until then";
        (format!("guard `{}` asks people, and shows them", guard.name), help)
    })
}

/// Earlier attempts are found by their arguments.
fn looked_up(config: &Config, name: &ToolName, place: &FieldPlace) -> Option<(String, &'static str)> {
    if place.of != FieldOf::Args {
        return None;
    }
    let reads = |condition: Option<&Condition>| {
        condition.is_some_and(|condition| {
            condition.members(lastlook_kernel::Root::Step).iter().any(|members| {
                let members: Vec<&str> = members.iter().map(String::as_str).collect();
                matches!(members.split_first(), Some((&"args", rest)) if place.overlaps(rest))
            })
        })
    };
    let step_reads = |step: &Step| step.tool == *name && reads(step.matching.as_ref());
    let help = "compare by something that may be kept, or take the place out of the list";
    let guard = config
        .guards
        .values()
        .find(|guard| guard.after.iter().any(|after| matches!(after, After::Step(step) if step_reads(step))));
    if let Some(guard) = guard {
        return Some((format!("`after` of guard `{}` compares", guard.name), help));
    }
    if let Some(procedure) = config.procedures.values().find(|it| it.steps.iter().any(step_reads)) {
        return Some((format!("procedure `{}` compares", procedure.name), help));
    }
    let fact = config.facts.values().find(|fact| {
        matches!(&fact.source, Source::Ledger { tool, matching, .. } if tool == name && reads(matching.as_ref()))
    });
    fact.map(|fact| (format!("fact `{}` compares", fact.name), help))
}

impl ToolConfig {
    /// Every place that is not kept, and whether it is redacted.
    pub(crate) fn withheld(&self) -> impl Iterator<Item = (&FieldPlace, bool)> {
        let redact = self.redact.iter().map(|place| (place, true));
        redact.chain(self.digest_only.iter().map(|place| (place, false)))
    }
}

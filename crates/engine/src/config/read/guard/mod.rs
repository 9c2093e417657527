//! `[guard.NAME]`: one file for each part.

mod after;
mod approve;
mod confirm;
mod fresh;
mod limit;
mod once;
mod period;
mod resource;
mod window;

use std::collections::BTreeMap;

use lastlook_kernel::{By, Guard, Mode, ToolName};

use super::condition::{AT_THE_LOOK, condition, no_was};
use super::known::Known;
use super::names::plain_name;
use crate::config::document::{Item, Section, Sink, Word};

pub(super) use after::entry;

/// Rounds that `stable = true` allows.
const ROUNDS: u32 = 3;
/// What a guard can ask for.
const ASKS: &[&str] =
    &["unchanged", "fresh", "when", "after", "window", "once", "limit", "lease", "approve", "confirm"];

pub(super) fn guards(table: &Section<'_>, known: &mut Known<'_>, sink: &mut Sink) -> BTreeMap<String, Guard> {
    let mut guards = BTreeMap::new();
    for (name, item) in table.entries() {
        plain_name(&name, "a guard", sink);
        let Some(section) = item.section(format!("[guard.{}]", name.text), sink) else { continue };
        guards.insert(name.text.to_owned(), guard(&name, section, known, sink));
    }
    guards
}

fn guard(name: &Word<'_>, mut section: Section<'_>, known: &mut Known<'_>, sink: &mut Sink) -> Guard {
    let on = on(name, section.take("on"), known, sink);
    known.learn_guarded(&on);
    let known = &*known;
    let modes = [("enforce", Mode::Enforce), ("audit", Mode::Audit)];
    let title = |part: &str| format!("guard.{}.{part}", name.text);
    let guard = Guard {
        name: name.text.to_owned(),
        on,
        mode: section.take("mode").and_then(|item| item.one_of(&modes, sink)),
        resource: section.take("resource").and_then(|item| resource::resource(&item, sink)),
        unchanged: unchanged(section.take("unchanged"), known, sink),
        fresh: section
            .take("fresh")
            .map(|i| fresh::fresh(&title("fresh"), &i, known, sink))
            .unwrap_or_default(),
        facts: facts(section.take("facts"), known, sink),
        stable: section.take("stable").and_then(|item| stable(&item, sink)),
        when: condition(section.take("when"), "now.order.status == \"paid\"", AT_THE_LOOK, known, sink),
        after: section
            .take("after")
            .map(|i| after::after(&title("after"), &i, known, sink))
            .unwrap_or_default(),
        window: section.take("window").and_then(|item| window::window(&title("window"), &item, sink)),
        once: section.take("once").and_then(|item| once::once(&title("once"), &item, sink)),
        limit: section.take("limit").map(|i| limit::limits(&title("limit"), &i, sink)).unwrap_or_default(),
        lease: section.take("lease").and_then(|item| once::lease(&title("lease"), &item, sink)),
        approve: section.take("approve").and_then(|i| approve::approve(&title("approve"), &i, known, sink)),
        confirm: section.take("confirm").and_then(|i| confirm::confirm(&title("confirm"), &i, known, sink)),
    };
    asks_for_something(name, &section, known, sink);
    names_what_it_needs(name, &section, &guard, sink);
    section.finish(sink);
    guard
}

fn on(name: &Word<'_>, item: Option<Item<'_>>, known: &Known<'_>, sink: &mut Sink) -> Vec<ToolName> {
    const EXAMPLE: &str = "[\"shop.refund\"]";
    let span = item.as_ref().map_or(name.span.clone(), |item| item.span());
    let empty = item.as_ref().is_none_or(|item| item.as_list().is_some_and(|list| list.is_empty()));
    if empty {
        let message = format!("guard `{}` guards nothing", name.text);
        sink.report(span, message, "on which tools?", format!("write the tools it guards: on = {EXAMPLE}"));
        return Vec::new();
    }
    let tools = item.and_then(|item| item.each(EXAMPLE, sink, |word, sink| known.tool(&word, sink)));
    tools.unwrap_or_default()
}

fn unchanged(item: Option<Item<'_>>, known: &Known<'_>, sink: &mut Sink) -> Vec<String> {
    let facts = item.and_then(|item| {
        item.each("[\"order\"]", sink, |word, sink| {
            let name = known.fact(&word, sink)?;
            if !known.has_was(&name) {
                sink.report(
                    word.span,
                    format!("fact `{name}` has no *was* to compare with"),
                    "nobody is seen reading it",
                    no_was(&name),
                );
            }
            Some(name)
        })
    });
    facts.unwrap_or_default()
}

fn facts(item: Option<Item<'_>>, known: &Known<'_>, sink: &mut Sink) -> Vec<String> {
    let facts = item.and_then(|item| item.each("[\"order\"]", sink, |word, sink| known.fact(&word, sink)));
    facts.unwrap_or_default()
}

fn stable(item: &Item<'_>, sink: &mut Sink) -> Option<u32> {
    if let Some(flag) = item.as_flag() {
        return flag.then_some(ROUNDS);
    }
    if item.as_digits().is_none() {
        item.mistyped("true or a number of rounds", "stable = true", sink);
        return None;
    }
    item.whole(2..=10, "3", sink).and_then(|rounds| u32::try_from(rounds).ok())
}

fn asks_for_something(name: &Word<'_>, section: &Section<'_>, known: &Known<'_>, sink: &mut Sink) {
    let asks = |keys: &[&str]| keys.iter().filter_map(|key| section.peek(key)).any(|item| !item.is_empty());
    // Most often what it asks for is there, misspelt: one mistake, not two.
    if section.has_unknown() || asks(ASKS) || known.policies && asks(&["resource", "facts"]) {
        return;
    }
    let help = match asks(&["resource", "facts"]) {
        true => {
            "a resource and facts alone are for policies: [policy] file = \"policy.cedar\"; or write one of: "
        }
        false => "write what must hold, with one or more of: ",
    };
    sink.report(
        name.span.clone(),
        format!("guard `{}` asks for nothing", name.text),
        "nothing would ever be refused",
        format!("{help}{}", ASKS.join(", ")),
    );
}

/// What one part needs of another.
fn names_what_it_needs(name: &Word<'_>, section: &Section<'_>, guard: &Guard, sink: &mut Sink) {
    let by_resource = guard.limit.iter().any(|limit| limit.by == By::Resource);
    if by_resource && !section.has_any(&["resource"]) {
        let span = section.peek("limit").map_or(name.span.clone(), |item| item.name.span);
        sink.report(
            span,
            format!("guard `{}` limits by resource and names none", name.text),
            "whose limit is it?",
            "write what is acted on: resource = 'Order::\"${args.order_id}\"'",
        );
    }
    let reads = section.has_any(&["unchanged", "fresh", "facts", "when", "approve", "confirm"]);
    if let Some(item) = section.peek("stable").filter(|_| !reads) {
        sink.report(
            item.name.span,
            format!("guard `{}` reads nothing that could be stable", name.text),
            "no fact is named",
            "name the facts: facts = [\"order\"]; or leave `stable` out",
        );
    }
}

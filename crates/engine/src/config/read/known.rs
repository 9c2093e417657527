//! The names a file declares, and what is known of them.

use std::collections::{BTreeMap, BTreeSet};

use lastlook_kernel::{Class, FactSpec, Source, ToolName, Vocabulary};

use super::kernel_api;
use crate::config::document::{Section, Sink, Word, suggest};
use crate::config::{ProfileChoice, ToolConfig, ToolKey, UpstreamConfig};

/// The names a file declares, and what was read of them so far.
///
/// What is broken is still declared: those who name it should not be reported as well.
#[derive(Debug, Default)]
pub(super) struct Known<'d> {
    upstreams: BTreeSet<&'d str>,
    databases: BTreeSet<&'d str>,
    facts: BTreeSet<&'d str>,
    procedures: BTreeSet<&'d str>,
    /// Tools whose effects some guard confirms.
    confirmed: BTreeSet<&'d str>,
    /// Whether there are policies, for which alone a guard may name a resource or read a fact.
    pub(super) policies: bool,
    /// The facts that were read.
    pub(super) specs: BTreeMap<String, FactSpec>,
    /// What conditions may name; `None` only if Cedar itself does not work.
    pub(super) vocabulary: Option<Vocabulary>,
    reads: BTreeSet<ToolName>,
    /// The upstreams that are programs.
    programs: BTreeSet<String>,
    /// Whether the guard that is being read is on actions of programs only.
    on_programs: bool,
}

impl<'d> Known<'d> {
    /// Looks through the whole file for names.
    pub(super) fn scan(root: &Section<'d>) -> Known<'d> {
        Known {
            upstreams: names(root, "upstream"),
            databases: names(root, "database"),
            facts: names(root, "fact"),
            procedures: names(root, "procedure"),
            confirmed: confirmed(root),
            policies: root.peek("policy").is_some(),
            vocabulary: kernel_api::vocabulary(),
            ..Known::default()
        }
    }

    /// Takes in what was said of tools.
    pub(super) fn learn_tools(
        &mut self,
        upstreams: &BTreeMap<String, UpstreamConfig>,
        tools: &BTreeMap<ToolKey, ToolConfig>,
    ) {
        for (key, tool) in tools {
            if tool.class == Some(Class::Read) {
                self.reads.insert(ToolName::new(&key.upstream, &key.tool));
            }
        }
        let programs = upstreams.iter().filter(|(_, upstream)| upstream.program);
        self.programs = programs.map(|(name, _)| name.clone()).collect();
        for (name, upstream) in upstreams {
            let ProfileChoice::Named(profile) = upstream.profile else { continue };
            let own = |tool: &str| tools.get(&ToolKey { upstream: name.clone(), tool: tool.to_owned() });
            let reads = profile.tools().filter(|(tool, shipped)| {
                own(tool).and_then(|own| own.class).or(shipped.class) == Some(Class::Read)
            });
            self.reads.extend(reads.map(|(tool, _)| ToolName::new(name, tool)));
        }
    }

    /// Takes in which tools the next guard is on.
    pub(super) fn learn_guarded(&mut self, on: &[ToolName]) {
        self.on_programs = !on.is_empty() && on.iter().all(|tool| self.programs.contains(&tool.upstream));
    }

    /// Whether there is a *was* of a fact that is declared rightly: the agent can be seen reading it, or all who rest on it
    /// are programs, which are given it.
    pub(super) fn has_was(&self, fact: &str) -> bool {
        self.on_programs || self.specs.get(fact).is_none_or(has_was)
    }

    /// The declared upstreams.
    pub(super) fn upstreams(&self) -> &BTreeSet<&'d str> {
        &self.upstreams
    }

    /// Whether the operator, or a profile the operator named, says that the tool changes nothing.
    pub(super) fn is_read(&self, tool: &ToolName) -> bool {
        self.reads.contains(tool)
    }

    /// Whether some guard confirms the effects of the tool.
    pub(super) fn is_confirmed(&self, tool: &ToolName) -> bool {
        self.confirmed.contains(tool.to_string().as_str())
    }

    /// A tool of a declared upstream.
    pub(super) fn tool(&self, word: &Word<'_>, sink: &mut Sink) -> Option<ToolName> {
        let Some(tool) = ToolName::parse(word.text) else {
            let upstream = self.upstreams.first().copied().unwrap_or("shop");
            let example = word.text.trim_matches('.');
            sink.report(
                word.span.clone(),
                format!("`{}` does not say which tool of which upstream", word.text),
                "no upstream and tool",
                format!("write the upstream, a dot and the tool's own name: \"{upstream}.{example}\""),
            );
            return None;
        };
        let what = format!("tool `{tool}` belongs to an upstream that is not declared");
        declared(&tool.upstream, "upstream", &self.upstreams, word, &what, sink).then_some(tool)
    }

    /// A declared fact.
    pub(super) fn fact(&self, word: &Word<'_>, sink: &mut Sink) -> Option<String> {
        self.named(word, "fact", &self.facts, sink)
    }

    /// Whether there is such a fact; the mistake is shown at `word`.
    pub(super) fn is_fact(&self, name: &str, word: &Word<'_>, sink: &mut Sink) -> bool {
        declared(name, "fact", &self.facts, word, &format!("there is no fact `{name}`"), sink)
    }

    /// A declared procedure.
    pub(super) fn procedure(&self, word: &Word<'_>, sink: &mut Sink) -> Option<String> {
        self.named(word, "procedure", &self.procedures, sink)
    }

    /// A declared database.
    pub(super) fn database(&self, word: &Word<'_>, sink: &mut Sink) -> Option<String> {
        self.named(word, "database", &self.databases, sink)
    }

    fn named(&self, word: &Word<'_>, kind: &str, names: &BTreeSet<&str>, sink: &mut Sink) -> Option<String> {
        let what = format!("there is no {kind} `{}`", word.text);
        declared(word.text, kind, names, word, &what, sink).then(|| word.text.to_owned())
    }
}

/// Whether the agent can be seen reading the fact: only then is there a *was*.
fn has_was(fact: &FactSpec) -> bool {
    !fact.seen_as.is_empty() || matches!(fact.source, Source::Mcp { .. })
}

fn declared(
    name: &str,
    kind: &str,
    names: &BTreeSet<&str>,
    word: &Word<'_>,
    message: &str,
    sink: &mut Sink,
) -> bool {
    if names.contains(name) {
        return true;
    }
    let suggestion = suggest(name, names.iter().copied());
    let list = names.iter().copied().collect::<Vec<_>>().join(", ");
    let help = match list.is_empty() {
        true => format!("declare it: [{kind}.{name}]"),
        false => format!("{suggestion}declared {kind}s: {list}"),
    };
    sink.report(word.span.clone(), message, format!("there is no `[{kind}.{name}]`"), help);
    false
}

fn names<'d>(root: &Section<'d>, key: &str) -> BTreeSet<&'d str> {
    let table = root.peek(key).and_then(|item| item.as_table());
    table.into_iter().flat_map(|table| table.iter()).map(|(name, _)| name.get_ref().as_ref()).collect()
}

/// The tools in `on` of every guard that has a `confirm`.
fn confirmed<'d>(root: &Section<'d>) -> BTreeSet<&'d str> {
    let guards = root.peek("guard").and_then(|item| item.as_table());
    let guards = guards.into_iter().flat_map(|guards| guards.iter()).filter_map(|(_, guard)| {
        let guard = Section::new("", guard.get_ref().as_table()?);
        guard.peek("confirm").and(guard.peek("on"))
    });
    guards.flat_map(|on| on.words()).map(|word| word.text).collect()
}

//! What guards name: which guards a tool has, which tools are steps, which facts a guard reads.

use std::collections::BTreeSet;

use lastlook_kernel::{After, Condition, FactSpec, Guard, Root, Source, Step, ToolName};

use super::{Config, ToolConfig, ToolKey};

impl Config {
    /// The guards of a tool, in the order of their names.
    pub fn guards_on(&self, tool: &ToolName) -> Vec<&Guard> {
        self.guards.values().filter(|guard| guard.on.contains(tool)).collect()
    }

    /// What was said of a tool.
    pub fn tool(&self, upstream: &str, tool: &str) -> Option<&ToolConfig> {
        self.tools.get(&ToolKey { upstream: upstream.to_owned(), tool: tool.to_owned() })
    }

    /// Every tool whose attempts count for somebody: named in `after`, `none_since`, a procedure, `undoes` (on either
    /// side) or a `ledger` fact.
    pub fn step_tools(&self) -> BTreeSet<ToolName> {
        let mut tools = BTreeSet::new();
        let in_guards = self.guards.values().flat_map(|guard| &guard.after).filter_map(|after| match after {
            After::Step(step) => Some(step),
            After::Procedure(_) => None,
        });
        let in_procedures = self.procedures.values().flat_map(|procedure| &procedure.steps);
        in_guards.chain(in_procedures).for_each(|step| add_step(step, &mut tools));
        for (key, tool) in &self.tools {
            if !tool.undoes.is_empty() {
                tools.insert(ToolName::new(&key.upstream, &key.tool));
                tools.extend(tool.undoes.iter().cloned());
            }
        }
        tools.extend(self.facts.values().filter_map(|fact| match &fact.source {
            Source::Ledger { tool, .. } => Some(tool.clone()),
            _ => None,
        }));
        tools
    }

    /// The facts a guard names: in `unchanged`, `fresh`, `facts` and its conditions; each once, by name.
    pub fn facts_of(&self, guard: &Guard) -> Vec<&FactSpec> {
        let mut names: BTreeSet<&str> = guard.unchanged.iter().map(String::as_str).collect();
        names.extend(guard.fresh.iter().map(|fresh| fresh.fact.as_str()));
        names.extend(guard.facts.iter().map(String::as_str));
        let in_conditions: BTreeSet<String> =
            conditions(guard).into_iter().flat_map(Condition::names).filter_map(fact_named).collect();
        names.extend(in_conditions.iter().map(String::as_str));
        names.into_iter().filter_map(|name| self.facts.get(name)).collect()
    }
}

/// The conditions of a guard that are about facts.
fn conditions(guard: &Guard) -> Vec<&Condition> {
    let approve = guard.approve.as_ref().and_then(|approve| approve.when.as_ref());
    let confirm =
        guard.confirm.iter().flat_map(|confirm| [Some(&confirm.when), confirm.refute.as_ref()]).flatten();
    guard.when.as_ref().into_iter().chain(approve).chain(confirm).collect()
}

/// The fact a path such as `now.order` begins with.
fn fact_named((root, member): (Root, Option<String>)) -> Option<String> {
    matches!(root, Root::Now | Root::Was).then_some(member).flatten()
}

fn add_step(step: &Step, tools: &mut BTreeSet<ToolName>) {
    tools.insert(step.tool.clone());
    tools.extend(step.none_since.iter().cloned());
}

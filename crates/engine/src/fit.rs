//! Whether the rules fit the tools as their server lists them.

use std::collections::BTreeMap;
use std::sync::Arc;

use lastlook_kernel::{
    After, Condition, Guard, Member, PolicyProblem, PolicySchema, SchemaInput, Shape, Source, Step, ToolName,
    ToolTypes, Types, Vocabulary, VocabularyInput, entity_type,
};

use crate::replay::kept;
use crate::rulebook::{Fit, Listed, Rulebook};

/// The rules under the tools of `upstream`.
///
/// Conditions are checked where the types of everything they touch are known; policies against the schema made of all
/// tools and facts.
pub(crate) fn fit(book: &Rulebook, upstream: &str, tools: &[Listed]) -> Fit {
    let mut misfits = Vec::new();
    let shapes: BTreeMap<&ToolName, &Shape> = tools.iter().map(|tool| (&tool.name, &tool.args)).collect();
    match vocabulary(book, tools) {
        Ok(vocabulary) => {
            let bench = Bench { book, vocabulary, shapes: &shapes };
            for rules in &book.guards {
                for tool in rules.guard.on.iter().filter(|tool| tool.upstream == upstream) {
                    match shapes.get(tool) {
                        Some(args) => misfits.extend(bench.guard(&rules.guard, tool, args)),
                        None => misfits.push(unlisted(&format!("guard `{}`", rules.guard.name), tool)),
                    }
                }
            }
        }
        Err(problem) => misfits.push(problem.message),
    }
    for fact in book.facts.values() {
        let own = match &fact.source {
            Source::Mcp { tool, .. } => Some(tool),
            _ => None,
        };
        let seen = fact.seen_as.iter().map(|seen| &seen.tool);
        let absent = own
            .into_iter()
            .chain(seen)
            .filter(|tool| tool.upstream == upstream && !shapes.contains_key(tool));
        misfits.extend(absent.map(|tool| unlisted(&format!("fact `{}`", fact.name), tool)));
    }
    let authority = book.authority(tools).unwrap_or_else(|problems| {
        misfits.extend(problems.iter().map(policy_misfit));
        None
    });
    let authority = authority.map(Arc::new);
    let tools = Arc::new(kept::tools(upstream, book.principal.as_deref(), tools));
    Fit { misfits, authority, tools: Some(tools) }
}

fn unlisted(what: &str, tool: &ToolName) -> String {
    format!("{what}: `{}` lists no tool `{}`", tool.upstream, tool.tool)
}

fn policy_misfit(problem: &PolicyProblem) -> String {
    let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("policy, in `{}`: {}{help}", problem.file, problem.message)
}

/// What the conditions of guards are checked against.
struct Bench<'a> {
    book: &'a Rulebook,
    vocabulary: Vocabulary,
    /// The arguments of the tools that are listed.
    shapes: &'a BTreeMap<&'a ToolName, &'a Shape>,
}

impl Bench<'_> {
    /// What of a guard does not fit this tool.
    fn guard(&self, guard: &Guard, tool: &ToolName, args: &Shape) -> Vec<String> {
        let mut misfits = Vec::new();
        let mut types = self.types(guard, tool, args);
        let confirm =
            guard.confirm.iter().flat_map(|confirm| std::iter::once(&confirm.when).chain(&confirm.refute));
        let approve = guard.approve.iter().filter_map(|approve| approve.when.as_ref());
        for condition in guard.when.iter().chain(confirm).chain(approve) {
            misfits.extend(self.misfit(guard, tool, condition, &types));
        }
        let steps = guard.after.iter().flat_map(|after| -> Vec<&Step> {
            match after {
                After::Step(step) => vec![step],
                After::Procedure(name) => self.book.procedures.get(name).into_iter().flatten().collect(),
            }
        });
        for step in steps {
            let step_args = self.shapes.get(&step.tool).copied();
            if step.tool.upstream == tool.upstream && step_args.is_none() {
                misfits.push(unlisted(&format!("guard `{}`", guard.name), &step.tool));
            }
            if let Some(matching) = &step.matching {
                types.step_args = Some(step_args.unwrap_or(&Shape::Unknown).clone());
                misfits.extend(self.misfit(guard, tool, matching, &types));
            }
        }
        misfits
    }

    /// What is known of the types in a guard's conditions; of a step's arguments nothing.
    fn types(&self, guard: &Guard, tool: &ToolName, args: &Shape) -> Types {
        let facts: BTreeMap<String, Member> = guard
            .fact_names()
            .into_iter()
            .filter_map(|name| {
                let fact = self.book.facts.get(&name)?;
                Some((name, Member::required(fact.shape.clone().unwrap_or(Shape::Unknown))))
            })
            .collect();
        Types {
            args: Some(args.clone()),
            was: facts.clone(),
            now: facts,
            step_args: Some(Shape::Unknown),
            action: tool.to_string(),
            resources: resource_type(guard).into_iter().collect(),
        }
    }

    fn misfit(&self, guard: &Guard, tool: &ToolName, condition: &Condition, types: &Types) -> Option<String> {
        let problem = condition.check(&self.vocabulary, types).err()?;
        Some(format!("guard `{}`, for `{tool}`: {} in `{}`", guard.name, problem.message, condition.text()))
    }
}

/// What the conditions of this configuration may name.
fn vocabulary(book: &Rulebook, tools: &[Listed]) -> Result<Vocabulary, PolicyProblem> {
    let of_type = |entities: &[String]| entities.iter().filter_map(|entity| entity_type(entity)).collect();
    let mut resources: Vec<String> =
        book.guards.iter().filter_map(|rules| resource_type(&rules.guard)).collect();
    // Some guards are about the tool itself.
    resources.push("Tool".to_owned());
    Vocabulary::new(&VocabularyInput {
        actions: tools.iter().map(|tool| tool.name.to_string()).collect(),
        principals: book.principal.iter().filter_map(|principal| entity_type(principal)).collect(),
        resources,
        groups: of_type(&book.groups),
        entities: book.policies.as_ref().map(|policies| policies.entities()),
    })
}

/// The entity type of what a guard says is acted on.
fn resource_type(guard: &Guard) -> Option<String> {
    guard.resource.as_ref().and_then(|template| template.source().as_str()).and_then(entity_type)
}

/// The schema of all tools known here, with the facts and resources that guards give them.
pub(crate) fn schema(book: &Rulebook, tools: &[Listed]) -> Result<PolicySchema, PolicyProblem> {
    let types: Vec<ToolTypes> = tools.iter().map(|tool| tool_types(book, tool)).collect();
    let principals: Vec<String> = book.principal.iter().cloned().collect();
    PolicySchema::generate(&SchemaInput {
        tools: &types,
        principals: &principals,
        groups: &book.groups,
        entities: book.policies.as_ref().map(|policies| policies.entities()),
    })
}

fn tool_types(book: &Rulebook, tool: &Listed) -> ToolTypes {
    let mut types = ToolTypes {
        name: tool.name.clone(),
        class: tool.class,
        args: tool.args.clone(),
        resources: Vec::new(),
        was: BTreeMap::new(),
        now: BTreeMap::new(),
    };
    for rules in book.guards_on(&tool.name) {
        for name in rules.guard.fact_names() {
            let shape = book.facts.get(&name).and_then(|fact| fact.shape.clone()).unwrap_or(Shape::Unknown);
            // What the agent has not read, or the source does not have, is absent.
            types.was.insert(name.clone(), Member::optional(shape.clone()));
            types.now.insert(name, Member::optional(shape));
        }
        types.resources.extend(resource_type(&rules.guard));
    }
    types.resources.sort();
    types.resources.dedup();
    types
}

//! Whether the rules fit the tools as their server lists them.

use std::collections::BTreeMap;
use std::sync::Arc;

use lastlook_kernel::{
    After, Condition, Guard, Member, PolicyProblem, PolicySchema, SchemaInput, Shape, Source, Step, ToolName,
    ToolTypes, Types, entity_type,
};

use crate::rulebook::{Fit, Listed, Rulebook};

/// The rules under the tools of `upstream`.
///
/// Conditions are checked where the types of everything they touch are known; policies against the schema made of all
/// tools and facts.
pub(crate) fn fit(book: &Rulebook, upstream: &str, tools: &[Listed]) -> Fit {
    let mut misfits = Vec::new();
    let shapes: BTreeMap<&ToolName, &Shape> = tools.iter().map(|tool| (&tool.name, &tool.args)).collect();
    for rules in &book.guards {
        for tool in rules.guard.on.iter().filter(|tool| tool.upstream == upstream) {
            match shapes.get(tool) {
                Some(args) => misfits.extend(guard_misfits(book, &rules.guard, tool, args, &shapes)),
                None => misfits.push(unlisted(&format!("guard `{}`", rules.guard.name), tool)),
            }
        }
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
    Fit { misfits, authority }
}

fn unlisted(what: &str, tool: &ToolName) -> String {
    format!("{what}: `{}` lists no tool `{}`", tool.upstream, tool.tool)
}

fn policy_misfit(problem: &PolicyProblem) -> String {
    let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("policy, in `{}`: {}{help}", problem.file, problem.message)
}

fn guard_misfits(
    book: &Rulebook,
    guard: &Guard,
    tool: &ToolName,
    args: &Shape,
    shapes: &BTreeMap<&ToolName, &Shape>,
) -> Vec<String> {
    let mut misfits = Vec::new();
    let confirm =
        guard.confirm.iter().flat_map(|confirm| std::iter::once(&confirm.when).chain(&confirm.refute));
    let approve = guard.approve.iter().filter_map(|approve| approve.when.as_ref());
    for condition in guard.when.iter().chain(confirm).chain(approve) {
        misfits.extend(misfit(
            &guard.name,
            tool,
            condition,
            &types(book, guard, condition, tool, args, &Shape::Unknown, shapes),
        ));
    }
    let steps = guard.after.iter().flat_map(|after| -> Vec<&Step> {
        match after {
            After::Step(step) => vec![step],
            After::Procedure(name) => book.procedures.get(name).into_iter().flatten().collect(),
        }
    });
    for step in steps {
        let step_args = shapes.get(&step.tool);
        if step.tool.upstream == tool.upstream && step_args.is_none() {
            misfits.push(unlisted(&format!("guard `{}`", guard.name), &step.tool));
        }
        let step_args = step_args.copied().unwrap_or(&Shape::Unknown);
        if let Some(matching) = &step.matching {
            misfits.extend(misfit(
                &guard.name,
                tool,
                matching,
                &types(book, guard, matching, tool, args, step_args, shapes),
            ));
        }
    }
    misfits
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
        let resource = rules.guard.resource.as_ref().and_then(|template| template.source().as_str());
        types.resources.extend(resource.and_then(entity_type));
    }
    types.resources.sort();
    types.resources.dedup();
    types
}

fn types<'a>(
    book: &'a Rulebook,
    guard: &Guard,
    condition: &Condition,
    tool: &ToolName,
    args: &Shape,
    step_args: &Shape,
    tools: &BTreeMap<&ToolName, &Shape>,
) -> Types<'a> {
    let facts: BTreeMap<String, Member> = guard
        .fact_names()
        .into_iter()
        .filter_map(|name| {
            let fact = book.facts.get(&name)?;
            Some((name, Member::required(fact.shape.clone().unwrap_or(Shape::Unknown))))
        })
        .collect();
    let resource =
        guard.resource.as_ref().and_then(|template| template.source().as_str()).and_then(entity_type);
    let of_type = |entities: &[String]| entities.iter().filter_map(|entity| entity_type(entity)).collect();
    Types {
        args: Some(args.clone()),
        was: facts.clone(),
        now: facts,
        step_args: Some(step_args.clone()),
        action: tool.to_string(),
        // Each name costs with every condition: only those that are named here have to be known.
        actions: tools
            .keys()
            .map(ToString::to_string)
            .filter(|name| condition.text().contains(name.as_str()))
            .collect(),
        principals: book.principal.iter().filter_map(|principal| entity_type(principal)).collect(),
        resources: resource.into_iter().collect(),
        groups: of_type(&book.groups),
        entities: book.policies.as_ref().map(|policies| policies.entities()),
    }
}

fn misfit(guard: &str, tool: &ToolName, condition: &Condition, types: &Types<'_>) -> Option<String> {
    let problem = condition.check(types).err()?;
    Some(format!("guard `{guard}`, for `{tool}`: {} in `{}`", problem.message, condition.text()))
}

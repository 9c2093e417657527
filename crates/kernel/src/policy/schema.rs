//! The schema that policies are checked against, from the tools and facts of a configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cedar_policy_core::entities::Entities;
use cedar_policy_core::extensions::Extensions;
use cedar_policy_core::validator::{Validator, ValidatorSchema};

use super::entities::{chain_text, entity_type};
use super::{Declarations, EntityStore, PolicyProblem, action_text};
use crate::shape::{Member, Shape, known, quoted, type_text};
use crate::{Class, ToolName};

/// What a tool's calls look like to a policy.
#[derive(Debug, Clone)]
pub struct ToolTypes {
    /// The tool.
    pub name: ToolName,
    /// Its class, which is an action group: `action in Action::"destructive"`.
    pub class: Class,
    /// Its arguments.
    pub args: Shape,
    /// The types of what is acted on, from the guards on it; empty for the tool itself.
    pub resources: Vec<String>,
    /// The facts as they were, by name; not required where a basis may be missing.
    pub was: BTreeMap<String, Member>,
    /// The facts as they are, by name.
    pub now: BTreeMap<String, Member>,
}

/// What a schema is made of.
#[derive(Debug, Clone, Copy, Default)]
pub struct SchemaInput<'a> {
    /// The tools, each once.
    pub tools: &'a [ToolTypes],
    /// The principals of the configuration, as entities.
    pub principals: &'a [String],
    /// The groups of the configuration, as entities.
    pub groups: &'a [String],
    /// The entities file.
    pub entities: Option<&'a EntityStore>,
}

/// What policies may name, and of which type it is.
#[derive(Clone)]
pub struct PolicySchema {
    text: String,
    validator: Validator,
    actions: BTreeMap<String, ActionTypes>,
    action_entities: Entities,
}

/// What one action's requests hold: the known part of its types.
#[derive(Debug, Clone)]
pub(super) struct ActionTypes {
    pub(super) args: Shape,
    pub(super) was: BTreeMap<String, Member>,
    pub(super) now: BTreeMap<String, Member>,
    pub(super) resources: BTreeSet<String>,
    pub(super) principals: BTreeSet<String>,
}

/// The name under which problems of the schema itself are told.
const FILE: &str = "policy schema";

impl PolicySchema {
    /// The schema of these tools, principals and entities; the same input gives the same text.
    ///
    /// What is not known is left out, and a comment says so: a policy that names it is refused.
    ///
    /// # Errors
    ///
    /// A principal, group or resource type that is no name for an entity, or one that Cedar keeps for itself.
    pub fn generate(input: &SchemaInput<'_>) -> Result<PolicySchema, PolicyProblem> {
        let principals = types_of(input.principals)?;
        let groups = types_of(input.groups)?;
        let resources: Vec<String> = input.tools.iter().flat_map(|tool| tool.resources.clone()).collect();
        let declarations = Declarations::gather(&principals, &groups, &resources, input.entities);
        if let Some(name) = declarations.reserved() {
            return Err(problem(format!("`{name}` cannot be a type of entities in Cedar")));
        }
        let mut tools: Vec<&ToolTypes> = input.tools.iter().collect();
        tools.sort_by(|one, other| one.name.cmp(&other.name));
        tools.dedup_by(|next, first| next.name == first.name);

        let mut text = String::from("// What policies may name, and of which type it is.\n\n");
        comment(&mut text, "of no one type, and therefore left out:", declarations.left_out());
        text.push_str(&declarations.text());
        text.push_str("\n// The classes of tools.\n");
        for class in [Class::Read, Class::Write, Class::Destructive] {
            text.push_str(&format!("action {};\n", quoted(class.as_str())));
        }
        let mut actions = BTreeMap::new();
        for tool in tools {
            let types = ActionTypes::of(tool, &declarations, &mut text);
            actions.insert(tool.name.to_string(), types);
        }
        let parsed = ValidatorSchema::from_cedarschema_str(&text, Extensions::all_available());
        let schema = parsed.map(|(schema, _)| schema).map_err(|error| problem(chain_text(&error)))?;
        let action_entities = schema.action_entities().map_err(|error| problem(chain_text(&error)))?;
        Ok(PolicySchema { text, validator: Validator::new(schema), actions, action_entities })
    }

    /// The schema in Cedar's syntax.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn validator(&self) -> &Validator {
        &self.validator
    }

    pub(super) fn action(&self, name: &str) -> Option<&ActionTypes> {
        self.actions.get(name)
    }

    pub(super) fn action_entities(&self) -> &Entities {
        &self.action_entities
    }
}

impl fmt::Debug for PolicySchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicySchema").field("text", &self.text).finish_non_exhaustive()
    }
}

impl ActionTypes {
    /// The types of a tool's requests, and their declaration, which is added to `text`.
    fn of(tool: &ToolTypes, declarations: &Declarations, text: &mut String) -> ActionTypes {
        let mut left_out = Vec::new();
        let args = match known(&tool.args, "args", &mut left_out) {
            Some(Shape::Record(members)) => Shape::Record(members),
            _ => Shape::Record(BTreeMap::new()),
        };
        let mut facts = |root: &str, facts: &BTreeMap<String, Member>| match known(
            &Shape::Record(facts.clone()),
            root,
            &mut left_out,
        ) {
            Some(Shape::Record(members)) => members,
            _ => BTreeMap::new(),
        };
        let (was, now) = (facts("was", &tool.was), facts("now", &tool.now));
        let resources: Vec<&str> = match tool.resources.as_slice() {
            [] => vec!["Tool"],
            types => types.iter().map(String::as_str).collect(),
        };
        let context = Shape::record([
            ("args", Member::required(args.clone())),
            ("was", Member::required(Shape::Record(was.clone()))),
            ("now", Member::required(Shape::Record(now.clone()))),
            ("steps", Member::required(Shape::set(Shape::String))),
        ]);
        text.push('\n');
        comment(text, "not known, and therefore left out:", &left_out);
        let (name, class) = (tool.name.to_string(), Some(tool.class.as_str()));
        let context = type_text(&context, "", 1);
        text.push_str(&action_text(&name, class, &declarations.principals(), &resources, &context));
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        ActionTypes {
            args,
            was,
            now,
            resources: owned(&resources),
            principals: owned(&declarations.principals()),
        }
    }
}

fn comment(text: &mut String, before: &str, names: &[String]) {
    if !names.is_empty() {
        // A name may hold anything, a line's end too.
        let listed: Vec<String> = names.iter().map(|name| name.escape_debug().to_string()).collect();
        text.push_str(&format!("// {before} {}\n", listed.join(", ")));
    }
}

fn types_of(entities: &[String]) -> Result<Vec<String>, PolicyProblem> {
    let read = |entity: &String| {
        entity_type(entity).ok_or_else(|| {
            let mut problem = problem(format!("`{entity}` is no entity"));
            problem.help = Some("an entity is written `User::\"ada\"`".to_owned());
            problem
        })
    };
    entities.iter().map(read).collect()
}

fn problem(message: String) -> PolicyProblem {
    PolicyProblem::new(FILE, None, message, None)
}

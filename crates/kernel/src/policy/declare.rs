//! Entity types and actions in Cedar's schema language.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy_core::ast::EntityType;

use super::entities::{EntityStore, EntityTypeSeen};
use crate::shape::{name, quoted};

/// What a schema's own types are called: an entity type with such a name would stand in their place.
const RESERVED: [&str; 13] = [
    "Action",
    "Bool",
    "Boolean",
    "Entity",
    "Extension",
    "Long",
    "Record",
    "Set",
    "String",
    "datetime",
    "decimal",
    "duration",
    "ipaddr",
];

/// The entity types of a schema, with who may act and what may be acted on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Declarations {
    entities: BTreeMap<String, Declared>,
    principals: BTreeSet<String>,
    resources: BTreeSet<String>,
    left_out: Vec<String>,
}

#[derive(Debug, Clone, Default)]
struct Declared {
    parents: BTreeSet<String>,
    attributes: Vec<String>,
    tags: Option<String>,
}

impl Declarations {
    /// What every schema has (`User`, `Agent`, `Role`, `Tool`), these types, and those of the entities file.
    pub(crate) fn gather(
        principals: &[String],
        groups: &[String],
        resources: &[String],
        store: Option<&EntityStore>,
    ) -> Declarations {
        let mut declarations = Declarations::default();
        let own = |names: &[&str], more: &[String]| -> BTreeSet<String> {
            names.iter().map(|&name| name.to_owned()).chain(more.iter().cloned()).collect()
        };
        declarations.principals = own(&["Agent", "User"], principals);
        declarations.resources = if resources.is_empty() { own(&["Tool"], &[]) } else { own(&[], resources) };
        let groups = own(&["Role"], groups);
        for name in groups.iter().chain(&declarations.resources).chain(["Tool".to_owned()].iter()) {
            declarations.entities.entry(name.clone()).or_default();
        }
        for name in &declarations.principals {
            declarations.entities.entry(name.clone()).or_default().parents.extend(groups.iter().cloned());
        }
        declarations.entities.entry("Role".to_owned()).or_default().parents.insert("Role".to_owned());
        for (name, seen) in store.into_iter().flat_map(EntityStore::types) {
            declarations.learn(name, seen);
        }
        declarations
    }

    /// Declares a type that has nothing.
    pub(crate) fn entity(&mut self, name: &str) {
        self.entities.entry(name.to_owned()).or_default();
    }

    fn learn(&mut self, entity: &str, seen: &EntityTypeSeen) {
        let mut mentioned = seen.parents.clone();
        let mut attributes = Vec::new();
        // An entity of these types may be named by a call, and then nobody has written its attributes.
        let open = self.resources.contains(entity) || self.principals.contains(entity);
        for (attribute, (kind, required)) in &seen.attributes {
            match kind.as_ref().and_then(|kind| Some((kind, kind.text()?))) {
                Some((kind, text)) => {
                    kind.entity_types(&mut mentioned);
                    let optional = if *required && !open { "" } else { "?" };
                    attributes.push(format!("{}{optional}: {text}", name(attribute)));
                }
                None => self.left_out.push(format!("{entity}.{}", name(attribute))),
            }
        }
        if let Some(kind) = &seen.tags {
            kind.entity_types(&mut mentioned);
        }
        let declared = self.entities.entry(entity.to_owned()).or_default();
        declared.parents.extend(seen.parents.iter().cloned());
        declared.attributes = attributes;
        declared.tags = seen.tags.as_ref().and_then(|kind| kind.text());
        mentioned.iter().for_each(|name| self.entity(name));
    }

    /// A type that has a name which means something else in a schema, or that is no name at all.
    pub(crate) fn reserved(&self) -> Option<&str> {
        let is_name = |name: &str| {
            let parsed: Result<EntityType, _> = name.parse();
            parsed.is_ok_and(|parsed| parsed.to_string() == name)
        };
        let names = self.entities.keys().map(String::as_str);
        names.into_iter().find(|name| RESERVED.contains(name) || !is_name(name))
    }

    pub(crate) fn principals(&self) -> Vec<&str> {
        self.principals.iter().map(String::as_str).collect()
    }

    /// Attributes whose type differs from entity to entity.
    pub(crate) fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// All declarations, by namespace.
    pub(crate) fn text(&self) -> String {
        let mut spaces: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (full, declared) in &self.entities {
            let (space, short) = full.rsplit_once("::").unwrap_or(("", full));
            spaces.entry(space).or_default().push(declared.text(short));
        }
        let mut text = String::new();
        for (space, lines) in spaces {
            match space {
                "" => lines.iter().for_each(|line| text.push_str(&format!("{line}\n"))),
                _ => {
                    let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
                    text.push_str(&format!("namespace {space} {{\n{lines}}}\n"));
                }
            }
        }
        text
    }
}

impl Declared {
    fn text(&self, short: &str) -> String {
        let mut text = format!("entity {short}");
        if !self.parents.is_empty() {
            let parents: Vec<&str> = self.parents.iter().map(String::as_str).collect();
            text.push_str(&format!(" in [{}]", parents.join(", ")));
        }
        if !self.attributes.is_empty() {
            text.push_str(&format!(" {{ {} }}", self.attributes.join(", ")));
        }
        if let Some(tags) = &self.tags {
            text.push_str(&format!(" tags {tags}"));
        }
        text.push(';');
        text
    }
}

/// The declaration of one action.
pub(crate) fn action_text(
    action: &str,
    group: Option<&str>,
    principals: &[&str],
    resources: &[&str],
    context: &str,
) -> String {
    let group = group.map(|group| format!(" in [{}]", quoted(group))).unwrap_or_default();
    format!(
        "action {}{group} appliesTo {{\n  principal: [{}],\n  resource: [{}],\n  context: {context},\n}};\n",
        quoted(action),
        principals.join(", "),
        resources.join(", "),
    )
}

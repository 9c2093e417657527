//! The types of entities' attributes, learnt from the entities file.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy_core::ast::{Literal, Value, ValueKind};

use crate::shape::name;

/// A type that Cedar's schema language can write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Attribute {
    Bool,
    Long,
    String,
    /// `decimal`, `ipaddr`, `datetime` or `duration`.
    Extension(String),
    Entity(String),
    /// `None` while only empty sets were seen.
    Set(Option<Box<Attribute>>),
    /// Members, each with whether every record had it.
    Record(BTreeMap<String, (Attribute, bool)>),
}

impl Attribute {
    /// The type of a value; `None` when a set in it holds more than one.
    pub(super) fn of(value: &Value) -> Option<Attribute> {
        match value.value_kind() {
            ValueKind::Lit(Literal::Bool(_)) => Some(Attribute::Bool),
            ValueKind::Lit(Literal::Long(_)) => Some(Attribute::Long),
            ValueKind::Lit(Literal::String(_)) => Some(Attribute::String),
            ValueKind::Lit(Literal::EntityUID(uid)) => Some(Attribute::Entity(uid.entity_type().to_string())),
            ValueKind::ExtensionValue(value) => Some(Attribute::Extension(value.typename().to_string())),
            ValueKind::Set(set) => {
                let mut elements = None;
                for value in set.iter() {
                    let element = Attribute::of(value)?;
                    elements = match elements {
                        None => Some(element),
                        Some(seen) => Some(Attribute::merge(seen, element)?),
                    };
                }
                Some(Attribute::Set(elements.map(Box::new)))
            }
            ValueKind::Record(members) => {
                let typed = |(name, value): (_, &Value)| Some((name_of(name), (Attribute::of(value)?, true)));
                members.iter().map(typed).collect::<Option<_>>().map(Attribute::Record)
            }
        }
    }

    /// The type that has both; `None` when there is none.
    pub(super) fn merge(one: Attribute, other: Attribute) -> Option<Attribute> {
        match (one, other) {
            (one, other) if one == other => Some(one),
            (Attribute::Set(None), Attribute::Set(some)) | (Attribute::Set(some), Attribute::Set(None)) => {
                Some(Attribute::Set(some))
            }
            (Attribute::Set(Some(one)), Attribute::Set(Some(other))) => {
                Some(Attribute::Set(Some(Box::new(Attribute::merge(*one, *other)?))))
            }
            (Attribute::Record(mut one), Attribute::Record(other)) => {
                for (name, (_, required)) in &mut one {
                    *required &= other.contains_key(name);
                }
                for (name, (attribute, required)) in other {
                    let merged = match one.remove(&name) {
                        Some((seen, both)) => (Attribute::merge(seen, attribute)?, both && required),
                        None => (attribute, false),
                    };
                    one.insert(name, merged);
                }
                Some(Attribute::Record(one))
            }
            _ => None,
        }
    }

    /// As a schema writes it; `None` while a set's elements are not known.
    pub(super) fn text(&self) -> Option<String> {
        Some(match self {
            Attribute::Bool => "Bool".to_owned(),
            Attribute::Long => "Long".to_owned(),
            Attribute::String => "String".to_owned(),
            Attribute::Extension(name) | Attribute::Entity(name) => name.clone(),
            Attribute::Set(elements) => format!("Set<{}>", elements.as_ref()?.text()?),
            Attribute::Record(members) => {
                let written = members.iter().map(|(member, (attribute, required))| {
                    let optional = if *required { "" } else { "?" };
                    Some(format!("{}{optional}: {}", name(member), attribute.text()?))
                });
                format!("{{ {} }}", written.collect::<Option<Vec<_>>>()?.join(", "))
            }
        })
    }

    /// The entity types it refers to.
    pub(super) fn entity_types(&self, found: &mut BTreeSet<String>) {
        match self {
            Attribute::Bool | Attribute::Long | Attribute::String | Attribute::Extension(_) => {}
            Attribute::Entity(name) => {
                found.insert(name.clone());
            }
            Attribute::Set(elements) => elements.iter().for_each(|element| element.entity_types(found)),
            Attribute::Record(members) => members.values().for_each(|(member, _)| member.entity_types(found)),
        }
    }
}

fn name_of(name: impl AsRef<str>) -> String {
    name.as_ref().to_owned()
}

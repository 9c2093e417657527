//! The entities that policies know beside the principal of a request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use cedar_policy_core::ast::{Entity, EntityUID, PartialValue};
use cedar_policy_core::entities::{Dereference, Entities, EntityJsonParser, NoEntitiesSchema, TCComputation};
use cedar_policy_core::extensions::Extensions;
use lastlook_canon::{Limits, parse};

use super::PolicyProblem;
use super::attribute::Attribute;
use crate::condition::plain_message;

/// Entities with their attributes and parents, as the entities file lists them.
#[derive(Debug, Clone)]
pub struct EntityStore {
    entities: Arc<Entities>,
    types: BTreeMap<String, EntityTypeSeen>,
    /// The last principal that was asked about with its groups, and all entities with it: nearly always the next one too.
    last: Arc<RwLock<Option<WithPrincipal>>>,
}

#[derive(Debug, Clone)]
struct WithPrincipal {
    uid: EntityUID,
    groups: Vec<EntityUID>,
    entities: Arc<Entities>,
}

/// What the entities of one type have in common.
#[derive(Debug, Clone, Default)]
pub(super) struct EntityTypeSeen {
    pub(super) parents: BTreeSet<String>,
    /// The attributes; `None` where they differ in type. The flag says whether every entity has it.
    pub(super) attributes: BTreeMap<String, (Option<Attribute>, bool)>,
    /// The tags' type; `None` when there are none or they differ.
    pub(super) tags: Option<Attribute>,
    ids: BTreeSet<String>,
}

impl Default for EntityStore {
    fn default() -> EntityStore {
        EntityStore { entities: Arc::new(Entities::new()), types: BTreeMap::new(), last: Arc::default() }
    }
}

impl EntityStore {
    /// Reads a Cedar entities file: a JSON array of `{"uid": …, "attrs": …, "parents": …}`.
    ///
    /// # Errors
    ///
    /// Anything that is not strict JSON or no list of entities; a hierarchy that is a circle; actions, which are the
    /// tools and nothing else.
    pub fn parse(json: &str, file: &str) -> Result<EntityStore, PolicyProblem> {
        // Cedar reads the text itself; that nobody can read it in two ways is known only after this.
        parse(json.as_bytes(), &Limits::default()).map_err(|error| {
            PolicyProblem::new(file, Some(error.at..error.at + 1), error.to_string(), None)
        })?;
        let extensions = Extensions::all_available();
        let parser: EntityJsonParser<'_, '_, NoEntitiesSchema> =
            EntityJsonParser::new(None, extensions, TCComputation::ComputeNow);
        let entities = parser.from_json_str(json).map_err(|error| {
            let help = miette::Diagnostic::help(&error).map(|help| help.to_string());
            PolicyProblem::new(file, None, plain_message(&chain_text(&error)), help)
        })?;
        if let Some(action) = entities.iter().find(|entity| entity.uid().is_action()) {
            let help = "leave it out: the tools and their classes are the actions".to_owned();
            let message = format!("`{}` is an action, and actions are the tools", action.uid());
            return Err(PolicyProblem::new(file, None, message, Some(help)));
        }
        let mut types = BTreeMap::new();
        for entity in entities.iter() {
            let seen = types.entry(entity.uid().entity_type().to_string());
            seen.or_insert_with(EntityTypeSeen::default).learn(entity);
        }
        Ok(EntityStore { entities: Arc::new(entities), types, last: Arc::default() })
    }

    /// Whether the entities, their attributes and their parents are the same.
    pub(super) fn is_same(&self, other: &EntityStore) -> bool {
        self.entities.deep_eq(&other.entities)
    }

    /// No entities: where there are no policies.
    pub(crate) fn none() -> &'static EntityStore {
        static NONE: LazyLock<EntityStore> = LazyLock::new(EntityStore::default);
        &NONE
    }

    /// The types in it, with what their entities have in common.
    pub(super) fn types(&self) -> &BTreeMap<String, EntityTypeSeen> {
        &self.types
    }

    /// The same with more entities, whose hierarchy is complete in itself.
    pub(super) fn with(&self, more: &Entities) -> Result<EntityStore, String> {
        let more = more.iter().map(|entity| Arc::new(entity.clone()));
        let entities = add(&self.entities, more, TCComputation::AssumeAlreadyComputed)?;
        Ok(EntityStore { entities: Arc::new(entities), types: self.types.clone(), last: Arc::default() })
    }

    /// All entities and the principal, who belongs to `groups` beside what the file says.
    pub(crate) fn with_principal(
        &self,
        uid: &EntityUID,
        groups: Vec<EntityUID>,
    ) -> Result<Arc<Entities>, String> {
        let known = self.last.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = known.as_ref().filter(|last| last.uid == *uid && last.groups == groups) {
            return Ok(Arc::clone(&last.entities));
        }
        drop(known);
        let entities = self.made_with_principal(uid, groups.clone())?;
        let last = WithPrincipal { uid: uid.clone(), groups, entities: Arc::clone(&entities) };
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some(last);
        Ok(entities)
    }

    fn made_with_principal(&self, uid: &EntityUID, groups: Vec<EntityUID>) -> Result<Arc<Entities>, String> {
        let listed = match self.entities.entity(uid) {
            Dereference::Data(entity) => Some(entity),
            _ => None,
        };
        if listed.is_some_and(|entity| groups.iter().all(|group| entity.is_descendant_of(group))) {
            return Ok(Arc::clone(&self.entities));
        }
        let mut principal = listed.cloned().unwrap_or_else(|| Entity::with_uid(uid.clone()));
        for group in groups {
            if let Dereference::Data(entity) = self.entities.entity(&group) {
                entity.ancestors().for_each(|ancestor| principal.add_indirect_ancestor(ancestor.clone()));
            }
            principal.add_parent(group);
        }
        let one = std::iter::once(Arc::new(principal));
        let entities = match listed {
            // Whoever belongs to this principal belongs to the groups too.
            Some(_) => {
                let schema = None::<&NoEntitiesSchema>;
                let all = Entities::clone(&self.entities);
                all.upsert_entities(one, schema, TCComputation::ComputeNow, Extensions::all_available())
                    .map_err(|error| chain_text(&error))
            }
            None => add(&self.entities, one, TCComputation::AssumeAlreadyComputed),
        };
        entities.map(Arc::new)
    }
}

fn add(
    entities: &Entities,
    more: impl IntoIterator<Item = Arc<Entity>>,
    closure: TCComputation,
) -> Result<Entities, String> {
    let schema = None::<&NoEntitiesSchema>;
    let added = entities.clone().add_entities(more, schema, closure, Extensions::all_available());
    added.map_err(|error| chain_text(&error))
}

impl EntityTypeSeen {
    fn learn(&mut self, entity: &Entity) {
        let first = self.ids.is_empty();
        self.ids.insert(entity.uid().eid().escaped().to_string());
        self.parents.extend(entity.ancestors().map(|parent| parent.entity_type().to_string()));
        for (name, (_, required)) in &mut self.attributes {
            *required &= entity.get(name).is_some();
        }
        for (name, value) in entity.attrs() {
            let attribute = typed(value);
            let merged = match self.attributes.remove(name.as_str()) {
                Some((seen, required)) => (both(seen, attribute), required),
                None => (attribute, first),
            };
            self.attributes.insert(name.to_string(), merged);
        }
        for (_, value) in entity.tags() {
            self.tags = match self.tags.take() {
                None => typed(value),
                seen => both(seen, typed(value)),
            };
        }
    }
}

fn both(one: Option<Attribute>, other: Option<Attribute>) -> Option<Attribute> {
    Attribute::merge(one?, other?)
}

fn typed(value: &PartialValue) -> Option<Attribute> {
    match value {
        PartialValue::Value(value) => Attribute::of(value),
        PartialValue::Residual(_) => None,
    }
}

/// An error and what caused it, in one line.
pub(super) fn chain_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

/// An entity as text, its id escaped: `Order::"42"`.
///
/// For ids that come from a caller: whatever is in `id`, the result names the entity with exactly that id, if `kind` is
/// an entity type.
pub fn entity_text(kind: &str, id: &str) -> String {
    format!("{kind}::{}", crate::shape::quoted(id))
}

/// The type in an entity's text: `Order` in `Order::"42"`; `None` when it is no entity.
pub fn entity_type(text: &str) -> Option<String> {
    let uid: EntityUID = text.parse().ok()?;
    Some(uid.entity_type().to_string())
}

/// An entity's text in the one spelling that the same entity always has; `None` when it is no entity.
pub fn entity_normal(text: &str) -> Option<String> {
    let uid: EntityUID = text.parse().ok()?;
    Some(uid.to_string())
}

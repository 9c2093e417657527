//! What conditions are evaluated against.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use cedar_policy_core::ast::{
    Context, Eid, EntityType, EntityUID, EntityUIDEntry, Request, Value, ValueKind,
};
use cedar_policy_core::entities::Entities;
use cedar_policy_core::evaluator::Evaluator;
use cedar_policy_core::extensions::Extensions;
use lastlook_canon::Json;

use super::{Condition, ConditionError, Path, Root};
use crate::policy::EntityStore;
use crate::shape::{Converter, Lost, Members, Shape};

/// What a [`World`] is made of.
#[derive(Debug, Clone, Copy)]
pub struct WorldInput<'a> {
    /// Who acts: an entity such as `User::"ada"`.
    pub principal: &'a str,
    /// The entities the principal belongs to, such as `Role::"deployers"`.
    pub groups: &'a [String],
    /// The tool's full name, such as `shop.refund`.
    pub action: &'a str,
    /// The entity acted on; `None` stands for the tool itself.
    pub resource: Option<&'a str>,
    /// The arguments, an object.
    pub args: &'a Json,
    /// What is known of their types.
    pub args_shape: Option<&'a Shape>,
    /// The facts as the agent was seen to read them, by name.
    pub was: &'a [(String, Json)],
    /// The facts as they are, by name.
    pub now: &'a [(String, Json)],
    /// What is known of the facts' types, by name.
    pub fact_shapes: &'a [(String, Shape)],
    /// The full names of the steps that are proven.
    pub steps: &'a [String],
    /// The entities that policies know, if there are any.
    pub entities: Option<&'a EntityStore>,
}

/// An earlier attempt, as `step` shows it.
#[derive(Debug, Clone, Copy)]
pub struct StepView<'a> {
    /// Its tool's full name.
    pub tool: &'a str,
    /// Its arguments.
    pub args: &'a Json,
    /// What is known of their types.
    pub args_shape: Option<&'a Shape>,
    /// When it was armed, in Unix milliseconds.
    pub at: i64,
    /// `succeeded`, `failed` or `unknown`.
    pub outcome: &'a str,
    /// `confirmed`, `contradicted`, `unconfirmed`, or the empty text when nothing is to be confirmed.
    pub confirmation: &'a str,
    /// Its receipt's id.
    pub receipt: &'a str,
}

/// What conditions are evaluated against, prepared once and shared by all conditions of a look.
#[derive(Debug, Clone)]
pub struct World {
    request: Request,
    entities: Arc<Entities>,
    lost: Vec<Lost>,
    /// Why nothing can be evaluated, when that is so.
    broken: Option<String>,
}

impl World {
    /// Converts everything to Cedar's values.
    ///
    /// What cannot be converted is remembered: evaluating a condition that touches it is an error, and so is any
    /// condition when principal or resource is no entity.
    pub fn new(input: &WorldInput<'_>) -> World {
        let mut converter = Converter::new(Members::Open);
        let mut top = BTreeMap::new();
        if let Some(args) =
            converter.read(Root::Args, &[], input.args, input.args_shape.unwrap_or(&Shape::Unknown))
        {
            top.insert("args".into(), args);
        }
        for (root, facts) in [(Root::Was, input.was), (Root::Now, input.now)] {
            let mut values = Vec::with_capacity(facts.len());
            for (name, json) in facts {
                let shape = input.fact_shapes.iter().find(|(fact, _)| fact == name).map(|(_, shape)| shape);
                if let Some(value) = converter.read(root, &[name], json, shape.unwrap_or(&Shape::Unknown)) {
                    values.push((name.as_str(), value));
                }
            }
            top.insert(root.as_str().into(), Value::record(values, None));
        }
        top.insert("steps".into(), Value::set(input.steps.iter().map(|step| step.as_str().into()), None));
        let parties =
            Parties::read(input.principal, input.groups, input.action, input.resource, input.entities);
        let (request, entities, broken) = match parties {
            Ok(parties) => (parties.request(Context::Value(Arc::new(top))), parties.entities, None),
            Err(message) => (nobody(), Arc::new(Entities::new()), Some(message)),
        };
        World { request, entities, lost: converter.into_lost(), broken }
    }

    /// The same world with `step` in it. Costs no more than the step does.
    pub fn with_step(&self, step: &StepView<'_>) -> World {
        let mut converter = Converter::new(Members::Open);
        let shape = step.args_shape.unwrap_or(&Shape::Unknown);
        let args = converter.read(Root::Step, &["args"], step.args, shape);
        let mut members: Vec<(&str, Value)> = vec![
            ("tool", step.tool.into()),
            ("at", step.at.into()),
            ("outcome", step.outcome.into()),
            ("confirmation", step.confirmation.into()),
            ("receipt", step.receipt.into()),
        ];
        members.extend(args.map(|args| ("args", args)));
        let mut top = match self.request.context() {
            Some(Context::Value(top)) => BTreeMap::clone(top),
            _ => BTreeMap::new(),
        };
        top.insert("step".into(), Value::record(members, None));
        let request = Request::new_unchecked(
            self.request.principal().clone(),
            self.request.action().clone(),
            self.request.resource().clone(),
            Some(Context::Value(Arc::new(top))),
        );
        let mut lost: Vec<Lost> = self.lost.iter().filter(|lost| lost.root != Root::Step).cloned().collect();
        lost.extend(converter.into_lost());
        World { request, entities: Arc::clone(&self.entities), lost, broken: self.broken.clone() }
    }

    pub(super) fn eval(&self, condition: &Condition) -> Result<bool, ConditionError> {
        if let Some(message) = &self.broken {
            return Err(ConditionError { message: message.clone() });
        }
        if let Some(message) = self.lost_in(&condition.paths) {
            return Err(ConditionError { message });
        }
        let evaluator = Evaluator::new(self.request.clone(), &self.entities, Extensions::all_available());
        match evaluator.interpret(&condition.expr, &Default::default()) {
            Ok(value) => match truth(&value) {
                Some(truth) => Ok(truth),
                None => Err(ConditionError { message: "the condition is neither true nor false".to_owned() }),
            },
            Err(error) => Err(ConditionError { message: condition.evaluation_message(&error) }),
        }
    }

    fn lost_in(&self, paths: &[Path]) -> Option<String> {
        let touched = |path: &&Path| self.lost.iter().any(|lost| lost.touches(path.root, &path.members));
        let path = paths.iter().find(touched)?;
        let lost = self.lost.iter().find(|lost| lost.touches(path.root, &path.members))?;
        Some(format!("`{}` {}", lost_text(lost), lost.why))
    }

    pub(super) fn explain(&self, condition: &Condition) -> Vec<(String, String)> {
        let mut told: Vec<(String, String)> = Vec::new();
        for path in &condition.paths {
            let name = path.text();
            if !told.iter().any(|(known, _)| *known == name) {
                let value = self.value_text(path);
                told.push((name, value));
            }
        }
        told
    }

    fn value_text(&self, path: &Path) -> String {
        if let Some(lost) = self.lost.iter().find(|lost| lost.touches(path.root, &path.members)) {
            return format!("not comparable: it {}", lost.why);
        }
        let entity = |entry: &EntityUIDEntry| entry.uid().map(ToString::to_string);
        let text = match path.root {
            Root::Principal if path.members.is_empty() => entity(self.request.principal()),
            Root::Action if path.members.is_empty() => entity(self.request.action()),
            Root::Resource if path.members.is_empty() => entity(self.request.resource()),
            Root::Principal | Root::Action | Root::Resource => Some("an attribute of an entity".to_owned()),
            Root::Args | Root::Was | Root::Now | Root::Step | Root::Steps => self.find(path).map(shown),
        };
        text.unwrap_or_else(|| "absent".to_owned())
    }

    fn find(&self, path: &Path) -> Option<&Value> {
        let Some(Context::Value(top)) = self.request.context() else { return None };
        path.members.iter().try_fold(top.get(path.root.as_str())?, |value, member| match value.value_kind() {
            ValueKind::Record(members) => members.get(member.as_str()),
            ValueKind::Lit(_) | ValueKind::Set(_) | ValueKind::ExtensionValue(_) => None,
        })
    }
}

impl Condition {
    /// What Cedar says, and the operator's own words it says it about.
    fn evaluation_message(&self, error: &cedar_policy_core::evaluator::EvaluationError) -> String {
        let at = super::error::span(error).map(|span| self.bound.back(span));
        let words = at.and_then(|at| self.text.get(at)).filter(|words| !words.is_empty());
        let message = super::plain_message(&error.to_string());
        match words {
            Some(words) if words.len() < self.text.len() => format!("{message} (at `{words}`)"),
            _ => message,
        }
    }
}

/// The entities of a request.
pub(crate) struct Parties {
    principal: EntityUID,
    action: EntityUID,
    resource: EntityUID,
    pub(crate) entities: Arc<Entities>,
}

impl Parties {
    /// Reads them; an error says which is no entity.
    pub(crate) fn read(
        principal: &str,
        groups: &[String],
        action: &str,
        resource: Option<&str>,
        store: Option<&EntityStore>,
    ) -> Result<Parties, String> {
        let principal = entity(principal)?;
        let groups = groups.iter().map(|group| entity(group)).collect::<Result<Vec<_>, _>>()?;
        let named = |kind: &str| match type_named(kind) {
            Some(kind) => Ok(EntityUID::from_components(kind, Eid::new(action), None)),
            None => Err(format!("`{kind}` is no type of entities")),
        };
        let resource = match resource {
            Some(resource) => entity(resource)?,
            None => named("Tool")?,
        };
        let entities = match store {
            Some(store) => store.with_principal(&principal, groups)?,
            None => EntityStore::none().with_principal(&principal, groups)?,
        };
        Ok(Parties { principal, action: named("Action")?, resource, entities })
    }

    pub(crate) fn request(&self, context: Context) -> Request {
        Request::new_unchecked(
            EntityUIDEntry::known(self.principal.clone(), None),
            EntityUIDEntry::known(self.action.clone(), None),
            EntityUIDEntry::known(self.resource.clone(), None),
            Some(context),
        )
    }

    pub(crate) fn principal_type(&self) -> String {
        self.principal.entity_type().to_string()
    }

    pub(crate) fn resource_type(&self) -> String {
        self.resource.entity_type().to_string()
    }
}

/// Reads `Type::"id"`.
///
/// Cedar's own parser costs more than a policy does; it is left to read what is not plainly written.
pub(crate) fn entity(text: &str) -> Result<EntityUID, String> {
    if let Some((kind, id)) = plainly_written(text)
        && let Some(kind) = type_named(kind)
    {
        return Ok(EntityUID::from_components(kind, Eid::new(id), None));
    }
    text.parse().map_err(|_| format!("`{text}` is no entity; an entity is written `User::\"ada\"`"))
}

/// The type and the id of an entity whose id has nothing escaped in it.
fn plainly_written(text: &str) -> Option<(&str, &str)> {
    let (kind, rest) = text.split_once("::\"")?;
    let id = rest.strip_suffix('"')?;
    (!id.contains(['"', '\\']) && !id.chars().any(char::is_control)).then_some((kind, id))
}

/// How many names of types are remembered: configurations name a handful.
const MOST_TYPES: usize = 256;

/// The entity type of this name, parsed once: the same name is the same type, so that remembering changes no answer.
fn type_named(kind: &str) -> Option<EntityType> {
    static KNOWN: RwLock<BTreeMap<String, EntityType>> = RwLock::new(BTreeMap::new());
    if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(kind) {
        return Some(known.clone());
    }
    let parsed: EntityType = kind.parse().ok()?;
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() < MOST_TYPES {
        known.insert(kind.to_owned(), parsed.clone());
    }
    Some(parsed)
}

/// A request that is never evaluated.
fn nobody() -> Request {
    Request::new_unchecked(
        EntityUIDEntry::unknown(),
        EntityUIDEntry::unknown(),
        EntityUIDEntry::unknown(),
        None,
    )
}

pub(crate) fn truth(value: &Value) -> Option<bool> {
    match value.value_kind() {
        ValueKind::Lit(cedar_policy_core::ast::Literal::Bool(truth)) => Some(*truth),
        _ => None,
    }
}

pub(crate) fn lost_text(lost: &Lost) -> String {
    Path { root: lost.root, members: lost.path.clone(), presence: false, at: (0, 0) }.text()
}

/// The longest text of a value that is shown, in characters.
const LONGEST_SHOWN: usize = 200;

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

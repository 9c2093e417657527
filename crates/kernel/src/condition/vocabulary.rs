//! What the conditions of one configuration may name beside values: who acts, on what, and the tools.
//!
//! It is prepared once for all of them: reading a schema costs Cedar more than checking a condition against it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use cedar_policy_core::ast::{Effect, Eid, EntityType, EntityUID, Expr, Policy, PolicyID};
use cedar_policy_core::extensions::Extensions;
use cedar_policy_core::validator::typecheck::{PolicyCheck, Typechecker};
use cedar_policy_core::validator::types::{AttributeType, EntityKind, EntityLUB, OpenTag, RequestEnv, Type};
use cedar_policy_core::validator::{
    ValidationError, ValidationMode, Validator, ValidatorSchema, confusable_string_checks,
};

use crate::policy::{Declarations, EntityStore, PolicyProblem};
use crate::shape::{Shape, quoted};

/// What a [`Vocabulary`] is made of.
#[derive(Debug, Clone, Default)]
pub struct VocabularyInput<'a> {
    /// The full names of all tools that a condition may name, its own among them.
    pub actions: Vec<String>,
    /// The entity types of principals, beside `User` and `Agent`.
    pub principals: Vec<String>,
    /// The entity types of what is acted on, beside `Tool`.
    pub resources: Vec<String>,
    /// The entity types of groups, beside `Role`.
    pub groups: Vec<String>,
    /// The entities that policies know.
    pub entities: Option<&'a EntityStore>,
}

/// What conditions may name beside values, prepared for checking many of them.
#[derive(Clone)]
pub struct Vocabulary {
    schema: ValidatorSchema,
    principals: Vec<EntityType>,
    decimal: Arc<Type>,
    unknown: Arc<Type>,
}

/// What is wrong with an expression.
pub(super) enum Wrong {
    /// These, in no particular order; never empty.
    Errors(Vec<ValidationError>),
    /// It is false whatever the values are.
    NeverTrue,
    /// Something else, in a sentence.
    Other(String),
}

/// The file that problems of a vocabulary are told under: they are the configuration's own.
const FILE: &str = "configuration";

/// The entity type that stands for what is not known.
const UNKNOWN: &str = "LastlookUnknown";

impl Vocabulary {
    /// Prepares these names.
    ///
    /// # Errors
    ///
    /// A type that is no name for an entity, or one that Cedar keeps for itself.
    pub fn new(input: &VocabularyInput<'_>) -> Result<Vocabulary, PolicyProblem> {
        let mut declarations =
            Declarations::gather(&input.principals, &input.groups, &input.resources, input.entities);
        declarations.entity(UNKNOWN);
        if let Some(name) = declarations.reserved() {
            return Err(problem(format!("`{name}` is a name of Cedar's own and no type of entities")));
        }
        let mut text = declarations.text();
        for action in BTreeSet::from_iter(&input.actions) {
            text.push_str(&format!("action {};\n", quoted(action)));
        }
        let (schema, _) = ValidatorSchema::from_cedarschema_str(&text, Extensions::all_available())
            .map_err(|error| problem(error.to_string()))?;
        let principals = declarations.principals().into_iter().map(entity_type).collect::<Result<_, _>>()?;
        let decimal = "decimal".parse().map_err(|_| problem("Cedar has no decimals".to_owned()))?;
        let unknown = EntityLUB::single_entity(entity_type(UNKNOWN)?);
        Ok(Vocabulary {
            schema,
            principals,
            decimal: Arc::new(Type::ExtensionType { name: decimal }),
            unknown: Arc::new(Type::Entity(EntityKind::Entity(unknown))),
        })
    }

    /// Checks an expression in which `context` holds a record of these types.
    ///
    /// It is for one tool, which acts on entities of the types `resources`, or on itself when there are none.
    pub(super) fn check(
        &self,
        expr: Expr,
        action: &str,
        resources: &[String],
        context: &Shape,
    ) -> Result<(), Wrong> {
        let policy = Policy::from_when_clause(Effect::Permit, expr, PolicyID::from_string("condition"), None);
        let template = policy.template();
        let mut errors: Vec<ValidationError> =
            Validator::validate_entity_types_and_literals(&self.schema, template).collect();
        let checker = Typechecker::new(&self.schema, ValidationMode::Strict);
        let (action, resources, context) =
            self.request(action, resources, context).map_err(|problem| Wrong::Other(problem.message))?;
        let (mut may_be_true, mut has_types) = (false, true);
        for (principal, resource) in
            self.principals.iter().flat_map(|principal| resources.iter().map(move |one| (principal, one)))
        {
            let env = RequestEnv::DeclaredAction {
                principal,
                action: &action,
                resource,
                context: &context,
                principal_slot: None,
                resource_slot: None,
            };
            match checker.typecheck_by_single_request_env(template, &env) {
                PolicyCheck::Success(_) => may_be_true = true,
                PolicyCheck::Irrelevant(more, _) => errors.extend(more),
                PolicyCheck::Fail(more) => {
                    has_types = false;
                    errors.extend(more);
                }
            }
        }
        if !errors.is_empty() {
            return Err(Wrong::Errors(errors));
        }
        if !has_types {
            return Err(Wrong::Other("its types cannot be told".to_owned()));
        }
        if !may_be_true {
            return Err(Wrong::NeverTrue);
        }
        let warnings = confusable_string_checks(std::iter::once(template));
        warnings.map(|warning| warning.to_string()).min().map_or(Ok(()), |warning| Err(Wrong::Other(warning)))
    }

    /// The action, the types of what is acted on, and the type of the context, in Cedar's own words.
    fn request(
        &self,
        action: &str,
        resources: &[String],
        context: &Shape,
    ) -> Result<(EntityUID, Vec<EntityType>, Type), PolicyProblem> {
        let action = EntityUID::from_components(entity_type("Action")?, Eid::new(action), None);
        let resources = match resources {
            [] => vec![entity_type("Tool")?],
            types => types.iter().map(|name| entity_type(name)).collect::<Result<_, _>>()?,
        };
        Ok((action, resources, Type::clone(&self.type_of(context))))
    }

    fn type_of(&self, shape: &Shape) -> Arc<Type> {
        match shape {
            Shape::Unknown => Arc::clone(&self.unknown),
            Shape::Decimal => Arc::clone(&self.decimal),
            Shape::Bool => Arc::new(Type::primitive_boolean()),
            Shape::Long => Arc::new(Type::primitive_long()),
            Shape::String => Arc::new(Type::primitive_string()),
            Shape::Set(elements) => Arc::new(Type::set(self.type_of(elements))),
            Shape::Record(members) => {
                let members = members.iter().map(|(name, member)| {
                    (name.as_str().into(), AttributeType::new(self.type_of(&member.shape), member.required))
                });
                Arc::new(Type::record_with_attributes(members, OpenTag::ClosedAttributes))
            }
        }
    }
}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vocabulary").finish_non_exhaustive()
    }
}

fn entity_type(name: &str) -> Result<EntityType, PolicyProblem> {
    name.parse().map_err(|_| problem(format!("`{name}` is no name for a type of entities")))
}

fn problem(message: String) -> PolicyProblem {
    PolicyProblem::new(FILE, None, message, None)
}

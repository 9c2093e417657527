//! Policies under a schema, asked about one request.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy_core::ast::{Context, Expr, PolicyID, Request, Value};
use cedar_policy_core::authorizer::{AuthorizationError, Authorizer, Decision};
use cedar_policy_core::entities::Entities;
use cedar_policy_core::evaluator::Evaluator;
use cedar_policy_core::extensions::Extensions;
use lastlook_canon::Json;

use super::parse::Rule;
use super::schema::ActionTypes;
use super::{EntityStore, Policies, PolicyProblem, PolicySchema};
use crate::condition::{Parties, Root, lost_text, plain_message, truth};
use crate::shape::{Converter, Lost, Member, Members};

/// Who wants what, and what the boundary read.
#[derive(Debug, Clone, Copy)]
pub struct PolicyRequest<'a> {
    /// Who acts: an entity such as `User::"ada"`.
    pub principal: &'a str,
    /// The entities the principal belongs to, beside what the entities file says.
    pub groups: &'a [String],
    /// The tool's full name, such as `shop.refund`.
    pub action: &'a str,
    /// The entity acted on; `None` stands for the tool itself.
    pub resource: Option<&'a str>,
    /// The arguments, an object.
    pub args: &'a Json,
    /// The facts as the agent was seen to read them, by name.
    pub was: &'a [(String, Json)],
    /// The facts as they are, by name.
    pub now: &'a [(String, Json)],
    /// The full names of the steps that are proven.
    pub steps: &'a [String],
}

/// What the policies say of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDecision {
    /// True when at least one policy permits, none forbids, and none erred.
    pub allow: bool,
    /// The policies that made it so, by id: those that permit, or those that forbid. None when nothing permits.
    pub determining: Vec<PolicyReason>,
    /// What went wrong; any error denies. Names policies and places, never a value.
    pub errors: Vec<String>,
}

/// A policy that determined an answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyReason {
    /// Its id.
    pub id: String,
    /// Its `@reason`.
    pub reason: Option<String>,
    /// Its `@hint`.
    pub hint: Option<String>,
}

/// What the policies say before anything is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyFirst {
    /// Denied whatever the facts are: nothing needs to be read.
    Deny(PolicyDecision),
    /// Allowed whatever the facts are.
    Allow(PolicyDecision),
    /// The facts decide.
    Undecided,
}

/// Policies, the schema they hold under, and all entities: what answers who may.
#[derive(Debug, Clone)]
pub struct Authority {
    policies: Policies,
    schema: PolicySchema,
    store: EntityStore,
    authorizer: Authorizer,
}

impl Authority {
    /// Policies that are valid under a schema.
    ///
    /// # Errors
    ///
    /// Those of [`Policies::validate`]: no policy is ever asked that could err for a tool it applies to.
    pub fn new(policies: Policies, schema: PolicySchema) -> Result<Authority, Vec<PolicyProblem>> {
        let problems = policies.validate(&schema);
        if !problems.is_empty() {
            return Err(problems);
        }
        let store = policies.entities().with(schema.action_entities());
        let store = store.map_err(|message| vec![PolicyProblem::new("entities", None, message, None)])?;
        Ok(Authority { policies, schema, store, authorizer: Authorizer::new() })
    }

    /// The policies.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The schema.
    pub fn schema(&self) -> &PolicySchema {
        &self.schema
    }

    /// Answers on principal, action, resource and arguments alone; `was`, `now` and `steps` of the request are not used.
    ///
    /// Denied when a policy on arguments forbids or errs, or when none permits and no policy on facts that applies to
    /// this principal, action and resource could.
    pub fn first(&self, request: &PolicyRequest<'_>) -> PolicyFirst {
        let asked = match self.ask(request, false) {
            Ok(asked) => asked,
            Err(message) => return PolicyFirst::Deny(PolicyDecision::failed(vec![message])),
        };
        let (mut permits, mut forbids) = (Vec::new(), Vec::new());
        let (mut errors, mut facts_permit, mut facts_forbid) =
            (asked.errors(&self.policies.rules), false, false);
        for rule in &self.policies.rules {
            match rule.on_facts {
                true if !asked.is_head_met(rule) => {}
                true if rule.permits => facts_permit = true,
                true => facts_forbid = true,
                false => match asked.holds(&rule.whole) {
                    Ok(false) => {}
                    Ok(true) if rule.permits => permits.push(rule.told()),
                    Ok(true) => forbids.push(rule.told()),
                    Err(message) => errors.push(format!("policy `{}`: {message}", rule.id)),
                },
            }
        }
        let permitted = !permits.is_empty();
        if !forbids.is_empty() || !errors.is_empty() || !permitted && !facts_permit {
            return PolicyFirst::Deny(PolicyDecision::of(false, forbids, errors));
        }
        match permitted && !facts_forbid && !facts_permit {
            true => PolicyFirst::Allow(PolicyDecision::of(true, permits, errors)),
            false => PolicyFirst::Undecided,
        }
    }

    /// Answers on everything.
    pub fn decide(&self, request: &PolicyRequest<'_>) -> PolicyDecision {
        let asked = match self.ask(request, true) {
            Ok(asked) => asked,
            Err(message) => return PolicyDecision::failed(vec![message]),
        };
        let mut errors = asked.errors(&self.policies.rules);
        let response = self.authorizer.is_authorized(asked.request, &self.policies.set, &asked.entities);
        for error in &response.diagnostics.errors {
            let AuthorizationError::PolicyEvaluationError { id, error } = error;
            errors.push(format!("policy `{id}`: {}", plain_message(&error.to_string())));
        }
        let allow = response.decision == Decision::Allow;
        let told = |id: &PolicyID| {
            let rule = self.policies.rules.iter().find(|rule| *rule.id == *AsRef::<str>::as_ref(id))?;
            Some(rule.told())
        };
        // What permits determines nothing once an error denies.
        let determining = match allow && !errors.is_empty() {
            true => Vec::new(),
            false => response.diagnostics.reason.iter().filter_map(told).collect(),
        };
        PolicyDecision::of(allow, determining, errors)
    }

    fn ask(&self, request: &PolicyRequest<'_>, with_facts: bool) -> Result<Asked, String> {
        let PolicyRequest { principal, groups, action, resource, .. } = *request;
        let types = self
            .schema
            .action(action)
            .ok_or_else(|| format!("the policies do not know the tool `{action}`"))?;
        let parties = Parties::read(principal, groups, action, resource, Some(&self.store))?;
        if !types.principals.contains(&parties.principal_type()) {
            return Err(format!(
                "the policies do not know principals of type `{}`",
                parties.principal_type()
            ));
        }
        if !types.resources.contains(&parties.resource_type()) {
            let kind = parties.resource_type();
            return Err(format!("the policies do not know `{kind}` as something that `{action}` acts on"));
        }
        let (context, lost) = context(request, types, with_facts);
        Ok(Asked { request: parties.request(context), entities: parties.entities, lost })
    }
}

/// A request as Cedar has it.
struct Asked {
    request: Request,
    entities: Arc<Entities>,
    lost: Vec<Lost>,
}

impl Asked {
    fn holds(&self, expr: &Expr) -> Result<bool, String> {
        let evaluator = Evaluator::new(self.request.clone(), &self.entities, Extensions::all_available());
        let value = evaluator.interpret(expr, &Default::default());
        let value = value.map_err(|error| plain_message(&error.to_string()))?;
        truth(&value).ok_or_else(|| "neither true nor false".to_owned())
    }

    /// Whether the policy applies to this principal, action and resource; a head that errs applies.
    fn is_head_met(&self, rule: &Rule) -> bool {
        self.holds(&rule.head).unwrap_or(true)
    }

    /// The policies that would read something that is there and has no value in Cedar.
    fn errors(&self, rules: &[Rule]) -> Vec<String> {
        let mut errors = Vec::new();
        for lost in &self.lost {
            let touching =
                |rule: &&Rule| rule.paths.iter().any(|path| lost.touches(path.root, &path.members));
            for rule in rules.iter().filter(touching).filter(|rule| self.is_head_met(rule)) {
                errors.push(format!("policy `{}`: `{}` {}", rule.id, lost_text(lost), lost.why));
            }
        }
        errors
    }
}

impl PolicyDecision {
    fn failed(errors: Vec<String>) -> PolicyDecision {
        PolicyDecision::of(false, Vec::new(), errors)
    }

    fn of(allow: bool, mut determining: Vec<PolicyReason>, mut errors: Vec<String>) -> PolicyDecision {
        determining.sort();
        errors.sort();
        errors.dedup();
        PolicyDecision { allow: allow && errors.is_empty(), determining, errors }
    }
}

impl Rule {
    fn told(&self) -> PolicyReason {
        PolicyReason { id: self.id.clone(), reason: self.reason.clone(), hint: self.hint.clone() }
    }
}

/// The context of a request, which conforms to the schema by how it is made: what the schema has not is dropped, and what
/// it has and is not so is lost.
pub(super) fn context(
    request: &PolicyRequest<'_>,
    types: &ActionTypes,
    with_facts: bool,
) -> (Context, Vec<Lost>) {
    let mut converter = Converter::new(Members::Closed);
    let mut top = BTreeMap::new();
    if request.args.is_null() {
        converter.missing(Root::Args, &[]);
    } else if let Some(args) = converter.read(Root::Args, &[], request.args, &types.args) {
        top.insert("args".into(), args);
    }
    if with_facts {
        let was = facts(&mut converter, Root::Was, request.was, &types.was);
        let now = facts(&mut converter, Root::Now, request.now, &types.now);
        top.insert("was".into(), was);
        top.insert("now".into(), now);
        top.insert("steps".into(), Value::set(request.steps.iter().map(|step| step.as_str().into()), None));
    }
    (Context::Value(Arc::new(top)), converter.into_lost())
}

fn facts<'a>(
    converter: &mut Converter<'a>,
    root: Root,
    given: &'a [(String, Json)],
    types: &'a BTreeMap<String, Member>,
) -> Value {
    let mut values = Vec::with_capacity(types.len());
    for (name, member) in types {
        let json = given.iter().find(|(fact, _)| fact == name).map(|(_, json)| json);
        match json.filter(|json| !json.is_null()) {
            Some(json) => values.extend(
                converter.read(root, &[name], json, &member.shape).map(|value| (name.as_str(), value)),
            ),
            None if member.required => converter.missing(root, &[name]),
            None => {}
        }
    }
    Value::record(values, None)
}

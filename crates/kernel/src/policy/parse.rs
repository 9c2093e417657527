//! A policy file, parsed and understood.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use cedar_policy_core::ast::{ActionConstraint, AnyId, Effect, EntityUID, Expr, Policy, PolicyID, PolicySet};
use cedar_policy_core::parser::parse_policyset;
use cedar_policy_core::validator::ValidationMode;
use miette::Diagnostic;

use super::{EntityStore, PolicyProblem, PolicySchema};
use crate::condition::{Path, Root, paths, plain_message};

/// A set of Cedar policies and the entities they know, parsed once.
#[derive(Debug, Clone)]
pub struct Policies {
    file: String,
    pub(super) set: PolicySet,
    pub(super) rules: Vec<Rule>,
    entities: Arc<EntityStore>,
}

/// One policy.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) permits: bool,
    pub(super) reason: Option<String>,
    pub(super) hint: Option<String>,
    /// Principal, action and resource, as the head asks for them.
    pub(super) head: Expr,
    /// Head and conditions.
    pub(super) whole: Expr,
    /// What the conditions touch.
    pub(super) paths: Vec<Path>,
    /// Whether it touches anything but arguments: facts, or the steps that are proven.
    pub(super) on_facts: bool,
}

impl Policies {
    /// Reads policies, and the entities they know: `entities` is that file's text and name.
    ///
    /// A policy's id is its `@id`, or `policy0`, `policy1`, … by its place; `@reason` and `@hint` are told with a
    /// decision it determines.
    ///
    /// # Errors
    ///
    /// Everything found: what does not parse, templates (nothing here links them), ids that come twice, and what is
    /// wrong with the entities.
    pub fn parse(
        text: &str,
        file: &str,
        entities: Option<(&str, &str)>,
    ) -> Result<Policies, Vec<PolicyProblem>> {
        let mut problems = Vec::new();
        let store = match entities.map(|(text, file)| EntityStore::parse(text, file)) {
            Some(Ok(store)) => store,
            Some(Err(problem)) => {
                problems.push(problem);
                EntityStore::default()
            }
            None => EntityStore::default(),
        };
        if let Some(at) = crate::condition::too_deep(text) {
            let message = "brackets are nested too deep".to_owned();
            let help = "write the policy in parts, several policies or several `when`".to_owned();
            problems.push(PolicyProblem::new(file, Some(at), message, Some(help)));
            return Err(problems);
        }
        let parsed = parse_policyset(text).map_err(|errors| {
            let found = errors.iter().map(|error| {
                let help = error.help().map(|help| help.to_string());
                let at = crate::condition::span(error).map(|at| crate::condition::visible(at, text));
                PolicyProblem::new(file, at, error.to_string(), help)
            });
            problems.extend(found);
            problems.sort();
            std::mem::take(&mut problems)
        })?;
        for template in parsed.templates() {
            let at = template.loc().map(|loc| loc.start()..loc.end());
            let message = "this is a template, and nothing here links templates".to_owned();
            let help = "name an entity in the place of `?principal` or `?resource`".to_owned();
            problems.push(PolicyProblem::new(file, at, message, Some(help)));
        }
        let (set, rules) = named(&parsed, file, &mut problems);
        if !problems.is_empty() {
            problems.sort();
            return Err(problems);
        }
        Ok(Policies { file: file.to_owned(), set, rules, entities: Arc::new(store) })
    }

    /// The policies without those whose head names only actions of upstreams that are `elsewhere`.
    ///
    /// A boundary stands in front of one server and knows the tools of no other: such a policy can apply to no call that
    /// is asked about there, and is no mistake. An upstream nobody configured is one, so only those that are go.
    pub fn without(&self, elsewhere: impl Fn(&str) -> bool) -> Policies {
        let mut set = PolicySet::new();
        for policy in self.set.static_policies().filter(|policy| !is_elsewhere(policy, &elsewhere)) {
            // Its id is taken by no other: `parse` saw to that.
            let _ = set.add(policy.clone());
        }
        let stays = |rule: &&Rule| set.get(&PolicyID::from_string(&rule.id)).is_some();
        let rules = self.rules.iter().filter(stays).cloned().collect();
        Policies { file: self.file.clone(), set, rules, entities: Arc::clone(&self.entities) }
    }

    /// How many policies there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none, so that everything is denied.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The policies' ids, each with whether it is decided on principal, action, resource and arguments alone.
    pub fn ids(&self) -> Vec<(&str, bool)> {
        self.rules.iter().map(|rule| (rule.id.as_str(), !rule.on_facts)).collect()
    }

    /// The first members of a name that some policy uses: for [`Root::Now`], the facts that must be read. `None` stands
    /// for the name as a whole.
    pub fn names(&self, root: Root) -> Vec<Option<String>> {
        let used = self.rules.iter().flat_map(|rule| &rule.paths).filter(|path| path.root == root);
        let names = used.map(|path| (path.members.first().cloned(), ()));
        BTreeMap::from_iter(names).into_keys().collect()
    }

    /// The entities they know.
    pub fn entities(&self) -> &EntityStore {
        &self.entities
    }

    /// What is wrong with the policies for these tools, by Cedar's strict rules.
    ///
    /// A misspelt attribute, a policy that could err, one that can never apply, and characters that look like others are
    /// problems alike.
    pub fn validate(&self, schema: &PolicySchema) -> Vec<PolicyProblem> {
        let result = schema.validator().validate(&self.set, ValidationMode::Strict);
        let errors = result.validation_errors().map(|error| self.problem(error));
        let warnings = result.validation_warnings().map(|warning| self.problem(warning));
        let mut problems: Vec<PolicyProblem> = errors.chain(warnings).collect();
        // One mistake shows once for each tool the policy applies to: tell it once.
        problems.sort();
        problems.dedup_by(|next, first| next == first || next.at.is_some() && next.at == first.at);
        problems
    }

    fn problem(&self, diagnostic: &dyn Diagnostic) -> PolicyProblem {
        let text = diagnostic.to_string();
        let id = text.split('`').nth(1).unwrap_or_default();
        let known = self.rules.iter().any(|rule| rule.id == id);
        let message = match known && text.starts_with("for policy") {
            true => format!("policy `{id}`: {}", plain_message(&text)),
            false => text.clone(),
        };
        let help = diagnostic.help().map(|help| help.to_string());
        PolicyProblem::new(&self.file, crate::condition::span(diagnostic), message, help)
    }
}

/// The policies under their own ids.
fn named(parsed: &PolicySet, file: &str, problems: &mut Vec<PolicyProblem>) -> (PolicySet, Vec<Rule>) {
    let mut ordered: Vec<&Policy> = parsed.static_policies().collect();
    ordered.sort_by_key(|policy| place(policy).start);
    let (mut set, mut rules) = (PolicySet::new(), Vec::<Rule>::with_capacity(ordered.len()));
    for (index, policy) in ordered.into_iter().enumerate() {
        let id = annotation(policy, "id").unwrap_or_else(|| format!("policy{index}"));
        let at = Some(place(policy));
        if id.is_empty() {
            problems.push(PolicyProblem::new(file, at, "`@id` has no text".to_owned(), None));
            continue;
        }
        let policy = policy.new_id(PolicyID::from_string(&id));
        if set.add(policy.clone()).is_err() {
            let help = "a verdict names policies by their ids, so each needs its own".to_owned();
            problems.push(PolicyProblem::new(file, at, format!("the id `{id}` comes twice"), Some(help)));
            continue;
        }
        rules.push(Rule::of(id, &policy));
    }
    (set, rules)
}

/// Whether a policy's head names actions, and only those of upstreams that are elsewhere.
fn is_elsewhere(policy: &Policy, elsewhere: impl Fn(&str) -> bool) -> bool {
    let of = |action: &EntityUID| {
        let id: &str = action.eid().as_ref();
        id.split_once('.').is_some_and(|(upstream, _)| elsewhere(upstream))
    };
    match policy.action_constraint() {
        ActionConstraint::Any => false,
        ActionConstraint::In(actions) => !actions.is_empty() && actions.iter().all(|action| of(action)),
        ActionConstraint::Eq(action) => of(action),
    }
}

impl Rule {
    fn of(id: String, policy: &Policy) -> Rule {
        let paths = policy.non_scope_constraints().map(paths).unwrap_or_default();
        let template = policy.template();
        let head = [
            template.principal_constraint().as_expr(),
            template.action_constraint().as_expr(),
            template.resource_constraint().as_expr(),
        ];
        let on_facts = |path: &Path| matches!(path.root, Root::Was | Root::Now | Root::Step | Root::Steps);
        Rule {
            id,
            permits: policy.effect() == Effect::Permit,
            reason: annotation(policy, "reason"),
            hint: annotation(policy, "hint"),
            head: head.into_iter().reduce(Expr::and).unwrap_or_else(|| Expr::val(true)),
            whole: policy.condition(),
            on_facts: paths.iter().any(on_facts),
            paths,
        }
    }
}

fn place(policy: &Policy) -> Range<usize> {
    policy.loc().map_or(0..0, |loc| loc.start()..loc.end())
}

fn annotation(policy: &Policy, key: &str) -> Option<String> {
    let key: AnyId = key.parse().ok()?;
    policy.annotation(&key).map(|annotation| annotation.val.to_string())
}

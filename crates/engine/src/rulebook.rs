//! The rules in force: guards, facts, policies and procedures, compiled once and swapped whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use lastlook_canon::{Digest, Json};
use lastlook_kernel::{
    After, Authority, Class, FactSpec, Guard, Policies, PolicyProblem, Shape, Step, ToolName,
};

use lastlook_upstream::child::ChildSpec;
use lastlook_upstream::source::sql::Database;

use crate::config::{Config, ConfigError, DatabaseConfig, PoliciesRead, UpstreamConfig};
use crate::facts::Sources;
use crate::replay::kept::{self, Document};
use crate::steps::StepIndex;
use crate::window::Window;
use crate::withhold;

/// The rules in force.
///
/// Built from one configuration file and the policy files it names; a reload makes another one.
#[derive(Debug)]
pub struct Rulebook {
    pub(crate) guards: Vec<Arc<GuardRules>>,
    pub(crate) facts: BTreeMap<String, Arc<FactSpec>>,
    pub(crate) policies: Option<Policies>,
    pub(crate) procedures: BTreeMap<String, Vec<Step>>,
    pub(crate) sources: Sources,
    pub(crate) index: StepIndex,
    pub(crate) groups: Vec<String>,
    pub(crate) principal: Option<String>,
    pub(crate) config: Option<Config>,
    /// What of values is not kept.
    pub(crate) withheld: Arc<withhold::Rules>,
    digest: Option<Digest>,
    /// What is kept of them in the state.
    pub(crate) kept: Option<Document>,
    /// What the tools as their server lists them make of it; `None` until they were listed.
    fit: RwLock<Option<Fit>>,
}

/// The rules under the tools as their server lists them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fit {
    /// What does not fit, in sentences.
    pub(crate) misfits: Vec<String>,
    /// The policies under the schema of these tools; `None` without policies, or when they do not fit.
    pub(crate) authority: Option<Arc<Authority>>,
    /// What is kept of these tools in the state; nothing while there are none.
    pub(crate) tools: Option<Arc<Document>>,
}

/// One guard, compiled.
#[derive(Debug)]
pub(crate) struct GuardRules {
    pub(crate) guard: Guard,
    pub(crate) window: Option<Window>,
    /// Its `after`, procedures resolved.
    pub(crate) steps: Vec<Step>,
}

impl Rulebook {
    /// The rules of a configuration; without one there are none.
    ///
    /// `exe` is our own executable. Reads the policy files the configuration names.
    ///
    /// # Errors
    ///
    /// A policy file is missing, unreadable or wrong.
    pub fn new(config: Option<&Config>, exe: &Path) -> Result<Rulebook, ConfigError> {
        let Some(config) = config else { return Ok(Rulebook::empty(exe)) };
        Ok(Rulebook::of(config, config.read_policies()?, exe))
    }

    /// The rules of a configuration and of policies that were read already.
    pub(crate) fn of(config: &Config, policies: Option<PoliciesRead>, exe: &Path) -> Rulebook {
        let digest = policies.as_ref().map_or_else(|| config.digest(None, None), |read| read.digest);
        let kept = kept::rules(config, policies.as_ref(), digest);
        let guards = config.guards.values().map(|guard| Arc::new(GuardRules::new(guard, config))).collect();
        let facts = config.facts.iter().map(|(name, fact)| (name.clone(), Arc::new(fact.clone()))).collect();
        let procedures = config
            .procedures
            .iter()
            .map(|(name, procedure)| (name.clone(), procedure.steps.clone()))
            .collect();
        Rulebook {
            guards,
            facts,
            digest: Some(digest),
            kept: Some(kept),
            policies: policies.map(|read| read.policies),
            groups: config.groups.clone(),
            principal: config.principal.clone(),
            config: Some(config.clone()),
            withheld: Arc::new(withhold::Rules::new(config)),
            procedures,
            sources: sources(config, exe),
            index: StepIndex::new(config),
            fit: RwLock::new(None),
        }
    }

    /// No rules at all.
    pub(crate) fn empty(exe: &Path) -> Rulebook {
        Rulebook {
            guards: Vec::new(),
            facts: BTreeMap::new(),
            policies: None,
            procedures: BTreeMap::new(),
            sources: Sources::new(exe.to_owned(), BTreeMap::new(), BTreeMap::new()),
            index: StepIndex::default(),
            groups: Vec::new(),
            principal: None,
            config: None,
            withheld: Arc::default(),
            digest: None,
            kept: None,
            fit: RwLock::new(Some(Fit::default())),
        }
    }

    /// The digest of the configuration and its policies; `None` without a configuration.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// Whether the proxy offers agents a tool that checks their claims.
    pub fn offers_claims_tool(&self) -> bool {
        self.config.as_ref().is_some_and(|config| config.claims_tool)
    }

    /// The policies; `None` without.
    pub(crate) fn policies(&self) -> Option<&Policies> {
        self.policies.as_ref()
    }

    /// The guards on a tool.
    pub(crate) fn guards_on(&self, tool: &ToolName) -> impl Iterator<Item = &Arc<GuardRules>> {
        self.guards.iter().filter(|rules| rules.guard.on.contains(tool))
    }

    /// Whether calls of a tool are judged and recorded even if it only reads.
    ///
    /// Some guard is on it, some guard's steps name it, or there is a policy, which is asked about every tool.
    pub fn judges_reads_of(&self, tool: &ToolName) -> bool {
        self.policies.is_some() || self.index.names(tool) || self.guards_on(tool).next().is_some()
    }

    /// The tools of an upstream in whose answers agents see facts.
    pub(crate) fn fact_tools(&self, upstream: &str) -> BTreeSet<String> {
        let views = self.facts.values().flat_map(|fact| fact.views());
        views.filter(|view| view.tool.upstream == upstream).map(|view| view.tool.tool.clone()).collect()
    }

    /// The rules under the tools as listed; `None`: nobody knows yet.
    pub(crate) fn fit(&self) -> Option<Fit> {
        self.fit.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Checks the rules against the tools of an upstream as its server lists them; returns what does not fit.
    ///
    /// What does not fit refuses every effect until it is put right: a policy that could err for a tool it applies to
    /// would otherwise fail when it is needed.
    pub fn check_fit(&self, upstream: &str, tools: &[Listed]) -> Vec<String> {
        let fit = crate::fit::fit(self, upstream, tools);
        let misfits = fit.misfits.clone();
        *self.fit.write().unwrap_or_else(PoisonError::into_inner) = Some(fit);
        misfits
    }

    /// The schema that policies are checked against, in Cedar's syntax, for these tools.
    ///
    /// # Errors
    ///
    /// A principal, group or resource type that is no name for an entity.
    pub fn schema(&self, tools: &[Listed]) -> Result<String, String> {
        let schema = crate::fit::schema(self, tools).map_err(|problem| problem.to_string())?;
        Ok(schema.text().to_owned())
    }

    /// The policies under the schema of these tools; `None` without policies. Those on other upstreams alone are left out.
    ///
    /// # Errors
    ///
    /// What does not fit: see [`Authority::new`].
    pub fn authority(&self, tools: &[Listed]) -> Result<Option<Authority>, Vec<PolicyProblem>> {
        let Some(policies) = &self.policies else { return Ok(None) };
        let schema = crate::fit::schema(self, tools).map_err(|problem| vec![problem])?;
        let configured = |upstream: &str| {
            self.config.as_ref().is_some_and(|config| config.upstreams.contains_key(upstream))
        };
        let here = |upstream: &str| tools.iter().any(|tool| tool.name.upstream == upstream);
        // Tools under a name nobody configured may be those of an upstream that is, under another name: nothing is left out.
        if !tools.iter().all(|tool| configured(&tool.name.upstream)) {
            return Authority::new(policies.clone(), schema).map(Some);
        }
        let policies = policies.without(|upstream| configured(upstream) && !here(upstream));
        Authority::new(policies, schema).map(Some)
    }
}

/// A tool as its server lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its full name.
    pub name: ToolName,
    /// What it may do.
    pub class: Class,
    /// What is known of the types of its arguments.
    pub args: Shape,
    /// The `inputSchema` that says so.
    pub schema: Option<Json>,
}

impl Listed {
    /// A tool with this `inputSchema`.
    pub fn new(name: ToolName, class: Class, schema: Option<Json>) -> Listed {
        let args = schema.as_ref().map_or(Shape::Unknown, Shape::from_json_schema);
        Listed { name, class, args, schema }
    }
}

/// Where the facts of a configuration are read.
fn sources(config: &Config, exe: &Path) -> Sources {
    let databases = config.databases.iter().map(|(name, database)| {
        let database = match database {
            DatabaseConfig::Postgres { url } => url
                .value(|variable| std::env::var(variable).ok())
                .map(|url| Database::Postgres { url })
                .map_err(|variable| format!("the variable `{variable}` is not set")),
            DatabaseConfig::Sqlite(path) => Ok(Database::Sqlite { path: path.clone() }),
        };
        (name.clone(), database)
    });
    let upstreams = config.upstreams.iter().map(|(name, upstream)| {
        let UpstreamConfig { command, cwd, env, .. } = upstream.clone();
        (name.clone(), ChildSpec { command, cwd, env })
    });
    Sources::new(exe.to_owned(), databases.collect(), upstreams.collect())
}

impl GuardRules {
    fn new(guard: &Guard, config: &Config) -> GuardRules {
        let steps = guard
            .after
            .iter()
            .flat_map(|after| match after {
                After::Step(step) => vec![step.clone()],
                After::Procedure(name) => {
                    config.procedures.get(name).map(|procedure| procedure.steps.clone()).unwrap_or_default()
                }
            })
            .collect();
        // Checked when the file was read: a window that does not parse never gets here.
        let window = guard.window.as_ref().and_then(|spec| Window::parse(spec).ok());
        GuardRules { guard: guard.clone(), window, steps }
    }
}

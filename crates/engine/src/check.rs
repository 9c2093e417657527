//! What would be said of an action now: every guard with every part, the facts, the policies.
//!
//! [`Bench`] starts the upstream and puts a boundary in front of it that has no client; [`Boundary::check`] judges one call
//! by the code that attempts go through, and stops where an attempt would be armed.

mod parts;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lastlook_kernel::{Class, ClassSource, FactValue, Mode, Now, Principal, Reason, Was};
use lastlook_store::{StateDir, StateError, StoreError};
use lastlook_upstream::child::ChildSpec;
use lastlook_upstream::source::mcp::McpClient;
use lastlook_upstream::source::{Bounds, SourceError};

use crate::attempt::Run;
use crate::boundary::{Boundary, Parts};
use crate::catalog::Catalog;
use crate::config::{Config, ConfigError, UpstreamRules};
use crate::ids::NoRandomness;
use crate::notify::Notifier;
use crate::rulebook::Rulebook;
use crate::settings::Settings;
use crate::survey;

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The configuration declares no such upstream.
    #[error("the configuration declares no upstream `{0}`")]
    NoUpstream(String),
    /// It is a program: only it knows its actions.
    #[error("upstream `{0}` is a program that embeds the boundary, and only it knows what it can do")]
    Program(String),
    /// The policies are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server does not start, or does not answer.
    #[error("the upstream `{upstream}` cannot be asked: {why}")]
    Upstream {
        /// Its name.
        upstream: String,
        /// What happened.
        why: SourceError,
    },
    /// The state cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The record cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Without randomness there is no id.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// An upstream that was started, and a boundary in front of it that records nothing.
#[derive(Debug)]
pub struct Bench {
    /// The boundary.
    pub boundary: Arc<Boundary>,
    client: McpClient,
}

impl Bench {
    /// Starts an upstream of the configuration, lists its tools, and checks the rules against them.
    ///
    /// `exe` is our own executable. The state is only read; it says what was done already.
    ///
    /// # Errors
    ///
    /// The upstream is not declared, does not start or does not list its tools; the policies are wrong; the state cannot
    /// be read.
    pub async fn open(
        config: &Config,
        upstream: &str,
        principal: Principal,
        exe: &Path,
        state: Arc<StateDir>,
        bounds: &Bounds,
    ) -> Result<Bench, CheckError> {
        let declared = config.upstreams.get(upstream);
        let declared = declared.ok_or_else(|| CheckError::NoUpstream(upstream.to_owned()))?;
        if declared.program {
            return Err(CheckError::Program(upstream.to_owned()));
        }
        let rulebook = Rulebook::new(Some(config), exe)?;
        let store = state.reader()?;
        let spec = ChildSpec {
            command: declared.command.clone(),
            cwd: declared.cwd.clone(),
            env: declared.env.clone(),
        };
        let failed = |why| CheckError::Upstream { upstream: upstream.to_owned(), why };
        let client = McpClient::start(exe, &spec, bounds).await.map_err(failed)?;
        let tools = client.tools(bounds).await.map_err(failed)?;
        let boundary = Arc::new(Boundary::new(Parts {
            store,
            state,
            settings: Settings::new(Some(config), false),
            principal,
            upstream: upstream.to_owned(),
            link: Arc::clone(client.link()),
            group: client.group().clone(),
            catalog: Catalog::new(UpstreamRules::new(Some(config), upstream, &declared.command)),
            rulebook,
            notifier: Arc::new(Notifier::new(|_| {})),
        }));
        boundary.take_listing(boundary.catalog().generation(), survey::definitions(&tools));
        Ok(Bench { boundary, client })
    }

    /// Lets the server end.
    pub async fn close(self) {
        self.client.close().await;
    }
}

/// What would become of one call.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The tool's full name.
    pub tool: String,
    /// What it may do, and whose word that is.
    pub class: (Class, ClassSource),
    /// Who would act.
    pub principal: String,
    /// Whether its calls are judged at all: a tool that only reads passes unless some rule is on it.
    pub judged: bool,
    /// Whether anything was read: what refuses before is told alone.
    pub looked: bool,
    /// The guards on the tool.
    pub guards: Vec<CheckedGuard>,
    /// The facts they name, as they were read.
    pub facts: Vec<CheckedFact>,
    /// What the policies say; `None` without policies.
    pub policies: Option<CheckedPolicies>,
    /// What refuses and is no guard's or policy's.
    pub others: Vec<Reason>,
    /// Everything that refuses; none, and it would run.
    pub enforced: Vec<Reason>,
    /// What would refuse if it were enforced.
    pub audited: Vec<Reason>,
    /// The attempts that prove the steps.
    pub proofs: Vec<String>,
    /// Until when this holds, if time alone ends it, in nanoseconds since the Unix epoch.
    pub until_ns: Option<i64>,
}

/// A guard, part by part.
#[derive(Debug, Clone)]
pub struct CheckedGuard {
    /// Its name.
    pub name: String,
    /// Whether it refuses, or only says so.
    pub mode: Mode,
    /// What it acts on.
    pub resource: Option<String>,
    /// Its parts, in the order in which they are judged.
    pub parts: Vec<CheckedPart>,
}

/// One part of a guard.
#[derive(Debug, Clone)]
pub struct CheckedPart {
    /// Its key, and what it is about: `unchanged order`, `when`.
    pub part: String,
    /// What it asks.
    pub asks: String,
    /// What was found.
    pub found: Found,
}

/// What was found of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It holds; more words where there are some.
    Holds(Option<String>),
    /// It refuses, for these reasons; and how long an attempt would wait for that to change.
    Refuses(Vec<Reason>, Option<Duration>),
    /// Nobody asked it; why.
    NotAsked(&'static str),
}

/// A fact as it was read.
#[derive(Debug, Clone)]
pub struct CheckedFact {
    /// Its name.
    pub name: String,
    /// The digest of what was asked, hexadecimal, as a request has it.
    pub question: String,
    /// What its source said.
    pub now: Now,
    /// What the agent is taken to have read.
    pub was: Option<FactValue>,
    /// How long it took, in nanoseconds.
    pub took_ns: u64,
}

/// What the policies say.
#[derive(Debug, Clone)]
pub struct CheckedPolicies {
    /// The policies that decided.
    pub decided: Vec<String>,
    /// Why they refuse; none, and they permit.
    pub reasons: Vec<Reason>,
    /// Whether they were asked.
    pub asked: bool,
}

/// What a guard would claim at arming, and whether it is free.
#[derive(Debug, Clone)]
pub(crate) struct Claimed {
    pub(crate) guard: String,
    pub(crate) what: ClaimFound,
    pub(crate) state: Option<String>,
    pub(crate) refused: Option<Reason>,
    pub(crate) wait: Option<Duration>,
    /// Its guard only watches.
    pub(crate) waived: bool,
}

/// Which claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClaimFound {
    Once,
    /// By the plan's key.
    Limit(String),
    Lease,
}

impl Found {
    /// Whether it was not asked because something refused before.
    pub fn is_cut_off(&self) -> bool {
        *self == Found::NotAsked(parts::BEFORE)
    }
}

impl Claimed {
    /// Why it refuses, if it does.
    pub(crate) fn reason(&self) -> Option<&Reason> {
        self.refused.as_ref().filter(|_| !self.waived)
    }
}

impl Checked {
    pub(crate) fn gather(
        run: &Run<'_>,
        looked: bool,
        claimed: Vec<Claimed>,
        enforced: Vec<Reason>,
        audited: Vec<Reason>,
    ) -> Checked {
        let (boundary, proposal, taken, judgement) = run.seen();
        let tool = &proposal.tool;
        let guarding = proposal.guarding.as_deref();
        let facts: Vec<CheckedFact> = guarding
            .iter()
            .flat_map(|guarding| guarding.facts.iter().zip(taken))
            .map(|(fact, taken)| CheckedFact {
                name: fact.spec.name.clone(),
                question: fact.question_digest(),
                now: taken.now.clone(),
                was: match &fact.was {
                    Was::Seen(seen) => Some(seen.clone()),
                    Was::Unseen | Was::Rebased | Was::Absent => None,
                },
                took_ns: taken.answered_at.since(taken.asked_at),
            })
            .collect();
        let full_name = lastlook_kernel::ToolName::new(&boundary.upstream, &tool.name);
        let reasons: Vec<&Reason> = enforced.iter().chain(&audited).collect();
        let guards = proposal.book.guards_on(&full_name).map(|rules| {
            let plans = guarding.iter().flat_map(|guarding| &guarding.guards);
            let seen = parts::Seen {
                plan: plans.into_iter().find(|plan| plan.rules.guard.name == rules.guard.name),
                facts: &facts,
                reasons: &reasons,
                claimed: &claimed,
                looked,
            };
            parts::guard(rules, rules.guard.mode_under(boundary.settings.mode), &seen)
        });
        let guards: Vec<CheckedGuard> = guards.collect();
        let of_policies = |reason: &&Reason| reason.guard.is_none() && parts::is_of_policies(reason);
        let policies = proposal.book.policies.as_ref().map(|_| CheckedPolicies {
            decided: judgement.map(|judgement| judgement.policies.clone()).unwrap_or_default(),
            reasons: reasons.iter().copied().filter(of_policies).cloned().collect(),
            asked: looked || reasons.iter().any(of_policies),
        });
        let others = enforced.iter().filter(|reason| reason.guard.is_none() && !of_policies(reason));
        Checked {
            tool: full_name.to_string(),
            class: (tool.class, tool.class_by),
            principal: boundary.principal.id.clone(),
            judged: tool.class != Class::Read || proposal.book.judges_reads_of(&full_name),
            looked,
            guards,
            facts,
            policies,
            others: others.cloned().collect(),
            proofs: judgement.map(|judgement| judgement.proofs.clone()).unwrap_or_default(),
            until_ns: judgement.and_then(|judgement| judgement.until_ns).filter(|until| *until < i64::MAX),
            enforced,
            audited,
        }
    }
}

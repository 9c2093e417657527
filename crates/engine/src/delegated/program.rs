//! A program that embeds the boundary: it has actions of its own, and no server.

use std::path::Path;
use std::sync::Arc;

use lastlook_canon::{Json, lexical};
use lastlook_kernel::{Definition, FactValue, Now, Principal, Tool};
use lastlook_store::{SqliteStore, StateDir, StateError};
use lastlook_upstream::Link;
use lastlook_upstream::child::ProcessGroup;

use crate::attempt::Proposal;
use crate::boundary::{Boundary, Parts};
use crate::catalog::Catalog;
use crate::config::{Config, ConfigError, UpstreamRules};
use crate::facts::{Asking, take_all};
use crate::guarding::Guarding;
use crate::ids::NoRandomness;
use crate::notify::Notifier;
use crate::rulebook::Rulebook;
use crate::settings::Settings;
use crate::{recovery, retention};

/// A program with actions of its own, as a configuration declares it: `[upstream.NAME] program = true`.
#[derive(Debug, Clone)]
pub struct Program<'a> {
    /// The rules.
    pub config: &'a Config,
    /// Its name there.
    pub name: &'a str,
    /// What it can do, each as MCP's `tools/list` describes a tool: `name`, and `inputSchema` where there is one.
    pub tools: &'a [Json],
    /// Who acts.
    pub principal: Principal,
    /// The `lastlook` executable, which runs the programs that facts are read with.
    pub exe: &'a Path,
}

/// Why a program has no boundary.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The configuration declares no such program.
    #[error("the configuration declares no program `{0}`; write: [upstream.{0}] program = true")]
    Undeclared(String),
    /// One of its tools has no name.
    #[error("tool {0} of the program has no `name`")]
    Nameless(usize),
    /// The rules are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The state cannot be written.
    #[error(transparent)]
    State(#[from] StateError),
    /// This process cannot be seen in `/proc`.
    #[error("this process cannot be told from others: {0}")]
    Process(#[from] std::io::Error),
}

impl Program<'_> {
    /// Opens a boundary for it, as a writer of its own on this state, and marks what dead writers left armed.
    ///
    /// Must be called inside of a Tokio runtime.
    ///
    /// # Errors
    ///
    /// The program is not declared, its tools or the rules are wrong, or the state cannot be written.
    pub async fn open(self, state: Arc<StateDir>) -> Result<Arc<Boundary>, ProgramError> {
        let Program { config, name, tools, principal, exe } = self;
        if !config.upstreams.get(name).is_some_and(|upstream| upstream.program) {
            return Err(ProgramError::Undeclared(name.to_owned()));
        }
        let read = |(index, tool)| Definition::from_listed(tool).ok_or(ProgramError::Nameless(index));
        let listed = tools.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        let store = SqliteStore::open(&state, state.writer()?, None)?;
        let boundary = Arc::new(Boundary::new(Parts {
            store,
            settings: Settings::new(Some(config), false),
            principal,
            upstream: name.to_owned(),
            link: Arc::new(Link::none()),
            group: ProcessGroup::own()?,
            catalog: Catalog::new(UpstreamRules::new(Some(config), name, &[])),
            rulebook: Rulebook::new(Some(config), exe)?,
            notifier: Arc::new(Notifier::new(|warning| tracing::warn!("{warning}"))),
            state,
        }));
        boundary.take_listing(boundary.catalog().generation(), listed);
        recovery::mark_own(&boundary).await;
        recovery::mark_dead(&boundary).await;
        tokio::spawn(retention::keep_to(Arc::downgrade(&boundary)));
        Ok(boundary)
    }
}

/// What a caller was given to decide on: from here on it is what its action rests on.
#[derive(Debug, Clone)]
pub struct Given {
    /// The facts that the guards on the action name, in their order.
    pub facts: Vec<GivenFact>,
}

/// One fact as it was read for a caller.
#[derive(Debug, Clone)]
pub struct GivenFact {
    /// Its name.
    pub name: String,
    /// What its source said.
    pub now: Now,
}

impl Given {
    /// A fact's value; nothing when there is no such fact, or it was not read.
    pub fn value(&self, fact: &str) -> Option<&Json> {
        let found = self.facts.iter().find(|given| given.name == fact)?;
        match &found.now {
            Now::Read(read) => Some(&read.value),
            Now::Absent | Now::Unreadable(_) | Now::Unstable => None,
        }
    }
}

impl Boundary {
    /// Reads the facts that the guards on an action name, for the caller to decide on.
    ///
    /// What was read is *was* of the same action proposed later: if it has changed by then, the action is refused. What
    /// could not be read, or was not there, is no basis.
    pub async fn consult(&self, tool: &str, args: &Json) -> Given {
        let tool = self.listed(tool);
        let Some(guarding) = Guarding::plan(self, self.rulebook(), &tool, args) else {
            return Given { facts: Vec::new() };
        };
        let asking = Asking { boundary: self, book: &guarding.book, args, own: "" };
        let taken = take_all(asking, &guarding.facts, guarding.rounds).await;
        let read: Vec<(String, FactValue)> = guarding
            .facts
            .iter()
            .zip(&taken)
            .filter_map(|(fact, taken)| match &taken.now {
                Now::Read(read) => Some((fact.question(), read.clone())),
                Now::Absent | Now::Unreadable(_) | Now::Unstable => None,
            })
            .collect();
        self.reader.confirm(read);
        let facts = guarding.facts.iter().zip(taken);
        let facts = facts.map(|(fact, taken)| GivenFact { name: fact.spec.name.clone(), now: taken.now });
        Given { facts: facts.collect() }
    }

    /// Takes a call of a program's own action, resting on what it was [given](Boundary::consult).
    ///
    /// `args` is the source text of a JSON object, kept byte for byte. Never fails on what the call says: a call that is
    /// no action becomes a proposal that is refused.
    ///
    /// # Errors
    ///
    /// There is no randomness.
    pub fn propose_own(&self, tool: &str, args: &str) -> Result<Proposal, NoRandomness> {
        let name = lexical(&Json::from(tool));
        let mut params = Vec::from(b"{\"name\":");
        params.extend_from_slice(&name);
        params.extend_from_slice(b",\"arguments\":");
        params.extend_from_slice(args.as_bytes());
        params.push(b'}');
        let mut frame = Vec::from(b"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"tools/call\",\"params\":");
        frame.extend_from_slice(&params);
        frame.extend_from_slice(b"}\n");
        let mut proposal = self.propose(self.listed(tool), params.into(), frame.into())?;
        let guarding = proposal.guarding.as_deref();
        // What the caller was given is what it rests on: so it is not blind.
        let seen = guarding.into_iter().flat_map(|guarding| &guarding.facts);
        proposal.touched.basis.covered += seen.filter(|fact| fact.seen_ns.is_some()).count();
        Ok(proposal)
    }

    fn listed(&self, tool: &str) -> Arc<Tool> {
        self.catalog.tool(tool).unwrap_or_else(|| self.catalog.unlisted(tool))
    }
}

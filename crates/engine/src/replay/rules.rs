//! Under which rules: those of the record, or others in their place.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use lastlook_kernel::{Class, Shape};
use lastlook_store::Store;

use super::kept::{self, NotKept, Tools};
use super::recorded::Recorded;
use crate::config::{Config, ConfigError, PoliciesRead, PolicyFiles};
use crate::rulebook::Rulebook;

/// The rules an attempt is decided under.
#[derive(Debug)]
pub struct Rules {
    pub(super) book: Arc<Rulebook>,
    shapes: BTreeMap<String, Arc<Shape>>,
}

/// What takes the place of the recorded rules.
#[derive(Debug, Clone)]
pub struct WhatIf {
    /// A whole configuration, with its policies.
    config: Option<(Config, Option<PoliciesRead>)>,
    /// The text of policies, in place of those the configuration names.
    policies: Option<String>,
}

impl WhatIf {
    /// A whole configuration, and a file of policies in place of those it names.
    ///
    /// # Errors
    ///
    /// What is refused of the policy files that a configuration names is refused of these too; also that they, or those
    /// the configuration names, do not parse.
    pub fn new(config: Option<Config>, policies: Option<&Path>) -> Result<WhatIf, ConfigError> {
        let config = match config {
            Some(config) => {
                let named = config.read_policies()?;
                Some((config, named))
            }
            None => None,
        };
        let policies = policies.map(PolicyFiles::read_alone).transpose()?;
        Ok(WhatIf { config, policies })
    }
}

/// Finds rules for attempts, and keeps them compiled.
pub struct Replayer<'a> {
    store: &'a dyn Store,
    what_if: Option<WhatIf>,
    known: Mutex<BTreeMap<Key, Arc<Rules>>>,
}

/// The configuration and the tools, by their digests.
type Key = (Option<String>, Option<String>);

impl std::fmt::Debug for Replayer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replayer").field("what_if", &self.what_if).finish_non_exhaustive()
    }
}

impl<'a> Replayer<'a> {
    /// Decides by the rules kept in `store`.
    pub fn new(store: &'a dyn Store) -> Replayer<'a> {
        Replayer { store, what_if: None, known: Mutex::default() }
    }

    /// Decides by other rules, read against the tools as they were recorded.
    #[must_use]
    pub fn under(self, what_if: WhatIf) -> Replayer<'a> {
        Replayer { what_if: Some(what_if), known: Mutex::default(), ..self }
    }

    /// Whether it decides by other rules than the recorded ones.
    pub fn is_what_if(&self) -> bool {
        self.what_if.is_some()
    }

    /// The rules an attempt is decided under.
    ///
    /// # Errors
    ///
    /// They are not kept in the state, or do not read any more.
    pub fn rules(&self, recorded: &Recorded) -> Result<Arc<Rules>, NotKept> {
        let key = (recorded.configuration().map(str::to_owned), recorded.case.tools.clone());
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(known));
        }
        let rules = Arc::new(self.compile(&key, recorded)?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(known.entry(key).or_insert(rules)))
    }

    fn compile(&self, (configuration, tools): &Key, recorded: &Recorded) -> Result<Rules, NotKept> {
        let tools = tools.as_ref().map(|tools| kept::find_tools(self.store, tools)).transpose()?;
        let book = match &self.what_if {
            None => kept::rulebook(self.store, configuration.as_deref(), tools.as_ref())?,
            Some(what_if) => self.other(what_if, configuration.as_deref(), tools.as_ref())?,
        };
        let mut shapes = BTreeMap::new();
        match tools {
            Some(Tools { upstream, listed, .. }) => {
                book.check_fit(&upstream, &listed);
                shapes.extend(listed.into_iter().map(|tool| (tool.name.tool, Arc::new(tool.args))));
            }
            // Rules that were decided under before any tool was known were decided under so.
            None if configuration.is_none() && self.what_if.is_none() => {
                book.check_fit(recorded.upstream(), &[]);
            }
            None => {}
        }
        Ok(Rules { book: Arc::new(book), shapes })
    }

    fn other(
        &self,
        what_if: &WhatIf,
        configuration: Option<&str>,
        tools: Option<&Tools>,
    ) -> Result<Rulebook, NotKept> {
        let read = |error: ConfigError| NotKept::from(Box::new(error));
        let (mut config, mut policies) = match (&what_if.config, configuration) {
            (Some((config, policies)), _) => (config.clone(), policies.clone()),
            (None, Some(digest)) => kept::find_rules(self.store, digest)?,
            // Policies alone, where there was no configuration: everything else stays as it was without one.
            (None, None) => (Config::parse("", "no configuration").map_err(read)?, None),
        };
        if let Some(text) = &what_if.policies {
            let entities = policies.take().and_then(|read| read.entities);
            policies = Some(config.take_policies(text.clone(), entities).map_err(read)?);
        }
        if let Some(tools) = tools.filter(|_| config.principal.is_none()) {
            config.principal.clone_from(&tools.principal);
        }
        Ok(Rulebook::of(&config, policies, Path::new("")))
    }
}

impl Rules {
    pub(super) fn args_shape(&self, tool: &str) -> Arc<Shape> {
        self.shapes.get(tool).cloned().unwrap_or_else(|| Arc::new(Shape::Unknown))
    }

    /// The class that the configuration gives a tool; nothing where it does not say.
    pub(super) fn class(&self, upstream: &str, tool: &str) -> Option<Class> {
        self.book.config.as_ref()?.tool(upstream, tool)?.class
    }
}

//! Whether an action is in a grant's scope, and what it takes of it.

use lastlook_canon::{Digest, Json};
use lastlook_kernel::{Amount, Tool, World, entity_normal};

use super::{Counts, sum_key, uses_key};

/// What an action is, as far as the record of a grant goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) principal: &'a str,
    pub(crate) agent: Option<&'a str>,
    pub(crate) upstream: &'a str,
    pub(crate) tool: &'a Tool,
    /// The digests of all guards on the tool, as they are now.
    pub(crate) guards: &'a [Digest],
}

impl Scope<'_> {
    /// Whether a grant may be about this action, before anything is read.
    pub(crate) fn fits(&self, grant: &Counts) -> bool {
        let said = &grant.said;
        let definition = self.tool.definition.as_ref().map(|definition| definition.digest);
        same_principal(&said.principal, self.principal)
            && said.agent.as_deref().is_none_or(|agent| self.agent == Some(agent))
            && said.upstream == self.upstream
            && said.tool == self.tool.name
            && definition == Some(said.definition)
            && grant.is_under(self.guards)
    }
}

/// Whether two spellings are of one principal.
pub(crate) fn same_principal(one: &str, other: &str) -> bool {
    match (entity_normal(one), entity_normal(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one == other,
        _ => false,
    }
}

/// What one action takes of a grant: an amount of what a key counts, and the most there may be.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) key: String,
    pub(crate) amount: Amount,
    /// Nothing: as much as comes, and it is counted all the same.
    pub(crate) max: Option<Amount>,
}

impl Counts {
    /// Whether its condition holds, with the facts of the guard it is to stand for.
    ///
    /// # Errors
    ///
    /// Nobody can say: then it does not cover the action.
    pub(crate) fn holds(&self, world: &World) -> Result<bool, String> {
        self.when.as_ref().map_or(Ok(true), |when| when.eval(world)).map_err(|error| error.to_string())
    }

    /// What an action with these arguments takes of it.
    ///
    /// # Errors
    ///
    /// What is to be summed up is no amount.
    pub(crate) fn takes(&self, args: &Json) -> Result<Vec<Part>, String> {
        let id = &self.said.grant;
        let uses = self.said.uses.map(Amount::of_count);
        let mut parts = vec![Part { key: uses_key(id), amount: Amount::of_count(1), max: uses }];
        if let Some((pointer, max)) = self.said.sum.as_ref().zip(self.said.max.as_ref()) {
            let value = args.pointer(pointer).ok_or_else(|| format!("there is no `{pointer}`"))?;
            let amount = Amount::of(value).map_err(|error| format!("`{pointer}`: {error}"))?;
            let max = max.parse::<Amount>().map_err(|error| format!("its limit: {error}"))?;
            parts.push(Part { key: sum_key(id), amount, max: Some(max) });
        }
        Ok(parts)
    }
}

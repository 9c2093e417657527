//! What an action takes of a grant, and whether the grant's condition holds for it.

use lastlook_canon::Json;
use lastlook_kernel::{Amount, World};

use super::{Counts, sum_key, uses_key};

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

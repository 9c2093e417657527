//! What people are asked, without what is not kept: while they decide, and afterwards.

use super::Run;
use crate::held::Asked;
use crate::withhold::{What, Withhold};

impl Run<'_> {
    /// What people are shown, and what is kept of it once the request is over. `None` where it could not be asked again, or
    /// not be compared, for what is missing in it.
    pub(super) fn without(&self, withhold: &Withhold, asked: Asked) -> Option<(Asked, Asked)> {
        let facts = || self.proposal.guarding.iter().flat_map(|guarding| &guarding.facts);
        let hides = |what: What<'_>, text: &str| withhold.hides(what, text.as_bytes());
        if asked.readings.iter().any(|reading| hides(What::Params(&reading.tool), &reading.params)) {
            tracing::error!("nobody was asked: what the agent read was asked for by what must not be kept");
            return None;
        }
        for (fact, seen) in facts().zip(&asked.facts) {
            if seen.value.as_deref().is_some_and(|value| hides(What::Fact(&fact.spec), value)) {
                tracing::error!("nobody was asked: part of fact `{}` must not be kept", seen.fact);
                return None;
            }
        }
        let mut shown = self.leaving(withhold, asked.clone(), true);
        shown.redacted = shown.arguments != asked.arguments;
        let mut over = self.leaving(withhold, asked, false);
        over.redacted = shown.redacted;
        Some((shown, over))
    }

    fn leaving(&self, withhold: &Withhold, mut asked: Asked, shown: bool) -> Asked {
        let left = |what: What<'_>, text: &str| {
            String::from_utf8_lossy(&withhold.left(what, text.as_bytes(), None, shown).bytes).into_owned()
        };
        asked.arguments = left(self.proposal.arguments_are(), &asked.arguments);
        let facts = self.proposal.guarding.iter().flat_map(|guarding| &guarding.facts);
        for (fact, seen) in facts.zip(&mut asked.facts) {
            seen.value = seen.value.as_deref().map(|value| left(What::Fact(&fact.spec), value));
        }
        for reading in &mut asked.readings {
            reading.value = reading.value.as_deref().map(|value| left(What::Reading(&reading.tool), value));
            reading.params = left(What::Params(&reading.tool), &reading.params);
        }
        asked
    }
}

//! The logs of a state folder against its rosters: each that they tell of is there, and each that is there is told of.

use std::collections::{BTreeMap, BTreeSet};

use lastlook_ledger::roster::{Rosters, Walk, is_roster};
use lastlook_ledger::{LogVerifier, RosterError, VerifierKey};
use lastlook_store::Store;

use super::state::Problem;
use crate::failure::Failure;
use crate::record::{PAGE, Record};

/// What the rosters say, and the logs there are.
pub struct Gathered {
    pub said: Rosters,
    /// All logs, rosters among them.
    pub origins: Vec<String>,
    /// Logs that may have come since the rosters were read.
    since: BTreeSet<String>,
    /// The first entry that does not belong in a roster.
    wrong: Option<RosterError>,
}

impl Gathered {
    /// Reads the rosters. Whether they are what was signed is told when they are verified as the logs they are.
    pub fn read(record: &Record, keys: &[VerifierKey]) -> Result<Gathered, Failure> {
        // The logs first: whoever was begun before the rosters are read is in them.
        let before: BTreeSet<String> = record.store.origins()?.into_iter().collect();
        let (mut said, mut wrong) = (Rosters::default(), None);
        for origin in before.iter().filter(|origin| is_roster(origin)) {
            let note = record.store.checkpoint(origin)?.unwrap_or_default();
            let Ok(verifier) = LogVerifier::new(&note, keys) else { continue };
            said.begin();
            let mut from = 0;
            while from < verifier.checkpoint().size {
                let page = record.store.entries(origin, from, PAGE)?;
                let Some(last) = page.last() else { break };
                from = last.index.saturating_add(1);
                for stored in page.iter().filter(|stored| stored.index < verifier.checkpoint().size) {
                    let Ok((entry, _)) = verifier.read(&stored.payload) else { continue };
                    wrong = wrong.or_else(|| said.take(&entry).err());
                }
            }
        }
        let origins = record.store.origins()?;
        let since = origins.iter().filter(|origin| !before.contains(*origin)).cloned().collect();
        Ok(Gathered { said, origins, since, wrong })
    }

    /// Whether there is a roster.
    pub fn is_any(&self) -> bool {
        self.said.is_any()
    }

    /// What does not fit, once every log is known to be the one that was signed.
    pub fn compare(
        &self,
        record: &Record,
        walked: &BTreeMap<String, Walk<'_>>,
    ) -> Result<Vec<Problem>, Failure> {
        let problem = |error: &RosterError| Problem {
            code: error.code(),
            at: error.origin.clone(),
            message: format!("it {}", error.problem),
        };
        if let Some(wrong) = &self.wrong {
            return Ok(vec![problem(wrong)]);
        }
        if !self.is_any() && !record.state.has_roster()? {
            return Ok(Vec::new());
        }
        let state = format!("lastlook/{}", record.state.state_id());
        Ok(self.said.check(&state, walked, &self.since).iter().map(problem).collect())
    }
}

//! A procedure: whether all of its steps are on record about one subject, and what is missing.

use lastlook_canon::Json;
use lastlook_kernel::{World, WorldInput, entity_text, prove};
use lastlook_store::{Store, StoreError};

use super::report::{Claim, Claimed, Finding, Lacking};
use crate::config::Config;
use crate::steps::{self, StepIndex};

/// What is found of a procedure about a subject.
///
/// # Errors
///
/// The record cannot be read.
pub fn procedure(
    store: &dyn Store,
    config: Option<&Config>,
    name: &str,
    subject: &Json,
    now_ns: i64,
) -> Result<Claimed, StoreError> {
    let claim = Claim::Procedure { name: name.to_owned(), subject: subject.clone() };
    let claimed = |finding, receipts, says, lacking| Claimed { claim, finding, receipts, says, lacking };
    let Some((config, procedure)) = config.and_then(|config| Some((config, config.procedures.get(name)?)))
    else {
        let says = format!("no `[procedure.{name}]` is configured");
        return Ok(claimed(Finding::Missing, Vec::new(), says, Vec::new()));
    };
    let index = StepIndex::new(config);
    let action = format!("procedure.{name}");
    // Nobody acts here: a step's `where` is about arguments.
    let nobody = entity_text("User", "nobody");
    let world = World::new(&WorldInput {
        principal: config.principal.as_deref().unwrap_or(&nobody),
        groups: &config.groups,
        action: &action,
        resource: None,
        args: subject,
        args_shape: None,
        was: &[],
        now: &[],
        fact_shapes: &[],
        steps: &[],
        entities: None,
    });
    let found = procedure
        .steps
        .iter()
        .map(|step| steps::find(store, &index, step, subject, &world, ""))
        .collect::<Result<Vec<_>, _>>()?;
    let cases: Vec<_> = found.iter().map(steps::StepFound::case).collect();
    match prove(&cases, now_ns) {
        Ok(proofs) => {
            let receipts = proofs.into_iter().map(|proof| proof.attempt).collect();
            Ok(claimed(
                Finding::Confirmed,
                receipts,
                "every step is on record, in order".to_owned(),
                Vec::new(),
            ))
        }
        Err(lacks) => {
            let lacking: Vec<Lacking> = lacks
                .into_iter()
                .filter_map(|lack| {
                    let step = cases.get(lack.step)?.name.clone();
                    Some(Lacking { step, why: lack.why.to_string() })
                })
                .collect();
            let steps: Vec<&str> = lacking.iter().map(|lacking| lacking.step.as_str()).collect();
            let says = format!("not proven: {}", steps.join(", "));
            Ok(claimed(Finding::Missing, Vec::new(), says, lacking))
        }
    }
}

//! The facts of a request, read once more.

use std::time::Duration;

use lastlook_canon::{Limits, parse};
use lastlook_engine::held::{Asked, SeenFact};
use lastlook_kernel::{Now, Principal, ToolName};
use lastlook_store::RequestRow;
use serde_json::{Value, json};

use crate::commands::check::{Call, look};
use crate::failure::Failure;
use crate::place::Place;

/// How long the upstream may take to start, and for its list of tools.
const PATIENCE: Duration = Duration::from_secs(60);

/// A fact as people were shown it, and as it is now; why it cannot be read, if so.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) fact: SeenFact,
    pub(super) now: Result<SeenFact, String>,
}

/// Reads the facts of a request as the boundary would at the look; nothing is sent, recorded or reserved.
pub(super) fn read(place: &Place, row: &RequestRow, asked: &Asked) -> Result<Vec<Again>, Failure> {
    let Some(config) = place.load_config()? else {
        return Err(Failure::usage("there is no configuration file, so no fact that could be read")
            .hint("name it with `--config FILE`"));
    };
    let arguments = parse(asked.arguments.as_bytes(), &Limits::default()).map_err(|error| {
        Failure::unavailable(format!("the arguments of `{}` are damaged: {error}", row.id))
    })?;
    let call = Call {
        tool: ToolName::new(&asked.upstream, &asked.tool),
        arguments,
        who: Principal { id: asked.principal.clone(), asserted: true },
        as_if_read: true,
    };
    let checked = look(place, &config, &call, PATIENCE)?;
    let again = asked.facts.iter().map(|fact| {
        let found = checked.facts.iter().find(|found| found.name == fact.fact);
        let now = match found.map(|found| &found.now) {
            // Under the same name something else is asked: whatever it says is no *now* of what people saw.
            Some(_) if found.is_some_and(|found| found.question != fact.question) => {
                Err("it asks something else by now: its rules were changed".to_owned())
            }
            Some(Now::Read(read)) => Ok(fact.as_read(Some(read))),
            Some(Now::Absent) => Ok(fact.as_read(None)),
            Some(Now::Unreadable(why)) => Err(format!("it cannot be read: {why}")),
            Some(Now::Unstable) => Err("it keeps changing while it is read".to_owned()),
            None => Err("it was not read: something refuses before".to_owned()),
        };
        Again { fact: fact.clone(), now }
    });
    Ok(again.collect())
}

impl Again {
    pub(super) fn to_json(&self) -> Value {
        let name = &self.fact.fact;
        match &self.now {
            Ok(now) => {
                let value = now.value.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
                json!({"fact": name, "same": self.fact.is_same(now), "value": value, "version": now.version})
            }
            Err(why) => json!({"fact": name, "same": null, "unreadable": why}),
        }
    }
}

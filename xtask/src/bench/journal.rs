//! What the boundary wrote down about its own haste: `decide_ns` of every effect of the bench.

use anyhow::Context as _;
use serde_json::Value;

use super::cells::{Bench, Variant, state_of};

/// From the last answer of the look to the gate, over all effects that rested on a reading.
pub struct Decide {
    /// How many effects.
    pub count: usize,
    /// Half took no longer.
    pub p50_ns: f64,
    /// Ninety-nine of a hundred took no longer.
    pub p99_ns: f64,
}

/// Reads it out of the log.
pub fn decide(bench: &Bench) -> anyhow::Result<Decide> {
    let printed = bench.lastlook(&["log", "--json"], state_of(Variant::Touched))?;
    let lines = serde_json::Deserializer::from_slice(&printed).into_iter::<Value>();
    let mut taken = Vec::new();
    for line in lines {
        let line = line.context("`lastlook log --json` printed something else")?;
        taken.extend(line.get("decide_ns").and_then(Value::as_f64));
    }
    taken.sort_by(f64::total_cmp);
    let at = |share: usize| taken.get(taken.len() * share / 100).copied().unwrap_or(f64::NAN);
    Ok(Decide { count: taken.len(), p50_ns: at(50), p99_ns: at(99) })
}

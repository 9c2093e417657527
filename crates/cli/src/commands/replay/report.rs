//! What came of deciding again: counted, and what is different named.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use lastlook_engine::replay::{NotReplayable, Told, Verdict};
use serde_json::{Value, json};

use super::attempts::Replayed;
use crate::failure::Failure;
use crate::record::text::{self, clean};

/// How many single attempts the text names under each head.
const NAMED: usize = 20;

/// Counts, and the attempts that came out differently.
#[derive(Debug, Default)]
pub struct Report {
    /// The rules they were decided by, where those are not the recorded ones.
    what_if: Option<String>,
    replayed: usize,
    same: usize,
    /// Of those, how many the record or the gate decided.
    as_recorded: usize,
    /// Codes that those were refused with, and how many attempts.
    taken: BTreeMap<String, usize>,
    /// Verdict on record, verdict that came out.
    moved: BTreeMap<(Verdict, Verdict), usize>,
    /// Guard (or nothing) and code of what newly refuses or holds.
    reasons: BTreeMap<(String, String), usize>,
    /// What was asked for and not on record.
    missing: BTreeMap<String, usize>,
    /// Why, and how many.
    not_replayable: BTreeMap<String, usize>,
    /// Versions that decided, and how many attempts.
    versions: BTreeMap<String, usize>,
    changed: Vec<Changed>,
}

/// An attempt that came out differently.
#[derive(Debug)]
struct Changed {
    id: String,
    time: String,
    tool: String,
    was: Verdict,
    now: Verdict,
    recorded: Told,
    came: Told,
    missing: Vec<String>,
}

impl Report {
    /// Nothing yet; `what_if` names the other rules.
    pub fn new(what_if: Option<String>) -> Report {
        Report { what_if, ..Report::default() }
    }

    /// Adds one attempt.
    pub fn add(&mut self, came: Result<Box<Replayed>, NotReplayable>) {
        let replayed = match came {
            Ok(replayed) => *replayed,
            Err(why) => {
                *self.not_replayable.entry(why.to_string()).or_default() += 1;
                return;
            }
        };
        self.replayed += 1;
        let (was, now) = (replayed.was(), replayed.now());
        *self.moved.entry((was, now)).or_default() += 1;
        if replayed.ruling.as_recorded {
            self.as_recorded += 1;
            let codes: BTreeSet<&str> = replayed.recorded.codes().into_iter().map(|(_, code)| code).collect();
            for code in codes {
                *self.taken.entry(code.to_owned()).or_default() += 1;
            }
        }
        for version in &replayed.versions {
            *self.versions.entry(version.clone()).or_default() += 1;
        }
        for missing in &replayed.ruling.missing {
            *self.missing.entry(missing.clone()).or_default() += 1;
        }
        if replayed.is_same() {
            self.same += 1;
            return;
        }
        // Under other rules the same verdict for other reasons is no change of what happens.
        if self.what_if.is_some() && was == now {
            return;
        }
        if now != Verdict::Allow && now != Verdict::Undecided {
            for (guard, code) in replayed.ruling.told.codes() {
                let key = (guard.unwrap_or_default().to_owned(), code.to_owned());
                *self.reasons.entry(key).or_default() += 1;
            }
        }
        let Replayed { id, time, tool, recorded, ruling, versions: _ } = replayed;
        self.changed.push(Changed {
            id,
            time,
            tool,
            was,
            now,
            recorded,
            came: ruling.told,
            missing: ruling.missing,
        });
    }

    /// Whether something came out that was not recorded, though it should have. What other versions decided is a what-if.
    pub fn differs(&self) -> bool {
        self.what_if.is_none() && self.versions.is_empty() && self.same < self.replayed
    }

    /// As it is printed.
    pub fn text(&self, json: bool) -> Result<String, Failure> {
        match json {
            true => text::json(&self.as_json()),
            false => Ok(self.lines()),
        }
    }

    fn as_json(&self) -> Value {
        let counts = |counts: &BTreeMap<String, usize>| json!(counts);
        let moved = self
            .moved
            .iter()
            .map(|((was, now), count)| json!({"was": was.as_str(), "now": now.as_str(), "attempts": count}));
        let reasons = self.reasons.iter().map(|((guard, code), count)| {
            let guard = (!guard.is_empty()).then_some(guard);
            json!({"guard": guard, "code": code, "attempts": count})
        });
        json!({
            "what_if": self.what_if,
            "other_versions": counts(&self.versions),
            "replayed": self.replayed,
            "same": self.same,
            "as_recorded": self.as_recorded,
            "taken": counts(&self.taken),
            "verdicts": moved.collect::<Vec<_>>(),
            "reasons": reasons.collect::<Vec<_>>(),
            "missing": counts(&self.missing),
            "not_replayable": counts(&self.not_replayable),
            "changed": self.changed.iter().map(Changed::as_json).collect::<Vec<_>>(),
        })
    }

    fn lines(&self) -> String {
        let mut out = String::new();
        // Writing to a text cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let Report { replayed, same, as_recorded, .. } = self;
        match &self.what_if {
            None => {
                writeln!(
                    out,
                    "{} decided again by the rules they were decided by: {same} as recorded, {} differ",
                    attempts(*replayed),
                    replayed - same
                )?;
            }
            Some(rules) => {
                writeln!(out, "{} decided again by {}", attempts(*replayed), clean(rules))?;
                self.write_verdicts(out)?;
            }
        }
        if *as_recorded > 0 {
            writeln!(
                out,
                "  of {as_recorded} the record or the gate decided (limits, once, what others held, what moved): taken as it was"
            )?;
        }
        for (version, count) in &self.versions {
            writeln!(out, "  what-if: {count} were decided by {}", clean(version))?;
        }
        self.write_changed(out)?;
        for (what, count) in &self.missing {
            writeln!(out, "undecided: {count} for want of {}", clean(what))?;
        }
        for (why, count) in &self.not_replayable {
            writeln!(out, "not replayable: {count}, {}", clean(why))?;
        }
        Ok(())
    }

    fn write_verdicts(&self, out: &mut String) -> std::fmt::Result {
        const VERDICTS: [Verdict; 4] = [Verdict::Allow, Verdict::Hold, Verdict::Deny, Verdict::Undecided];
        writeln!(out, "  {:<10}{:>10}{:>10}{:>10}{:>11}", "", "allow", "hold", "deny", "undecided")?;
        for was in [Verdict::Allow, Verdict::Hold, Verdict::Deny] {
            write!(out, "  was {:<6}", was.as_str())?;
            for now in VERDICTS {
                let width = if now == Verdict::Undecided { 11 } else { 10 };
                write!(out, "{:>width$}", self.moved.get(&(was, now)).copied().unwrap_or_default())?;
            }
            writeln!(out)?;
        }
        for ((guard, code), count) in &self.reasons {
            let by =
                if guard.is_empty() { "no guard".to_owned() } else { format!("guard `{}`", clean(guard)) };
            writeln!(out, "  {count:>6}  {code}, {by}")?;
        }
        Ok(())
    }

    fn write_changed(&self, out: &mut String) -> std::fmt::Result {
        let head = |was: Verdict, now: Verdict| match (self.what_if.is_some(), now) {
            (false, _) => "differs".to_owned(),
            (true, Verdict::Allow) => "newly allowed".to_owned(),
            (true, Verdict::Deny) => "newly refused".to_owned(),
            (true, Verdict::Hold) => "newly held".to_owned(),
            (true, Verdict::Undecided) => format!("undecided, was {}", was.as_str()),
        };
        let mut heads: BTreeMap<String, Vec<&Changed>> = BTreeMap::new();
        for changed in &self.changed {
            heads.entry(head(changed.was, changed.now)).or_default().push(changed);
        }
        for (head, changed) in heads {
            writeln!(out, "{head}: {}", changed.len())?;
            for one in changed.iter().take(NAMED) {
                let Changed { id, time, tool, .. } = one;
                let day = time.get(..19).unwrap_or(time);
                writeln!(out, "  {}  {day}  {}  {}", clean(id), clean(tool), one.why())?;
            }
            if changed.len() > NAMED {
                writeln!(out, "  … and {} more; `--json` has all of them", changed.len() - NAMED)?;
            }
        }
        Ok(())
    }
}

impl Changed {
    fn why(&self) -> String {
        let told = |told: &Told, verdict: Verdict| {
            let mut codes: Vec<&str> = told.codes().into_iter().map(|(_, code)| code).collect();
            codes.dedup();
            format!("{} {}", verdict.as_str(), codes.join(" ")).trim_end().to_owned()
        };
        clean(&format!("was {}, now {}", told(&self.recorded, self.was), told(&self.came, self.now)))
    }

    fn as_json(&self) -> Value {
        let Changed { id, time, tool, was, now, recorded, came, missing } = self;
        json!({
            "receipt": id, "time": time, "tool": tool, "was": was.as_str(), "now": now.as_str(),
            "recorded": recorded.0, "replayed": came.0, "missing": missing,
        })
    }
}

fn attempts(count: usize) -> String {
    match count {
        1 => "1 attempt".to_owned(),
        count => format!("{count} attempts"),
    }
}

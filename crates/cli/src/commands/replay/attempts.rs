//! Which attempts, and what comes of each.

use std::collections::BTreeMap;
use std::path::Path;

use lastlook_engine::replay::{NotReplayable, Recorded, Replayer, Ruling, Told, Verdict, other_versions};
use lastlook_ledger::{Kind, VerifierKey, verify_receipt};
use lastlook_store::Store as _;
use rayon::prelude::*;

use super::report::Report;
use crate::commands::log::filter::Filter;
use crate::failure::Failure;
use crate::progress::Counted;
use crate::record::row::Row;
use crate::record::text::clean;
use crate::record::{Placed, Record};

/// How many attempts are decided at once.
const BATCH: usize = 1024;

/// What is decided again, and by what.
pub struct Bench<'a> {
    pub record: &'a Record,
    pub replayer: &'a Replayer<'a>,
    pub filter: &'a Filter,
    pub keys: &'a [VerifierKey],
}

/// One attempt, decided again.
pub struct Replayed {
    /// Its id.
    pub id: String,
    /// When it was decided: RFC 3339, UTC.
    pub time: String,
    /// Its tool's full name.
    pub tool: String,
    /// What the record says.
    pub recorded: Told,
    /// What came out.
    pub ruling: Ruling,
    /// Versions that decided it, where they are others than ours.
    pub versions: Vec<String>,
}

/// What came of one of them: nothing where it was not asked for.
type Came = Option<Result<Box<Replayed>, NotReplayable>>;

impl Bench<'_> {
    /// Every attempt of the record that the filter wants.
    pub fn all(&self, quiet: bool, report: &mut Report) -> Result<(), Failure> {
        let mut progress = Counted::on("attempts", 0, quiet);
        let (mut after, mut done) = (String::new(), 0_u64);
        loop {
            let ids = self.record.store.entry_ids(&after, BATCH)?;
            let Some(last) = ids.last() else { return Ok(()) };
            after.clone_from(last);
            let came: Vec<Result<Came, Failure>> = ids.par_iter().map(|id| self.one(id)).collect();
            for came in came {
                if let Some(came) = came? {
                    report.add(came);
                }
            }
            done = done.saturating_add(ids.len() as u64);
            progress.at(done);
        }
    }

    /// These attempts, by id or in receipt files.
    pub fn these(&self, asked: &[String], report: &mut Report) -> Result<(), Failure> {
        for asked in asked {
            let came = match Path::new(asked).is_file() {
                true => Some(self.file(asked)?),
                false => self.one(&self.record.find(asked)?.id)?,
            };
            match came {
                Some(came) => report.add(came),
                None => {
                    return Err(Failure::usage(format!("nothing was decided in `{}`", clean(asked)))
                        .hint("only what was refused, held or let through was decided: see `lastlook log`"));
                }
            }
        }
        Ok(())
    }

    fn one(&self, id: &str) -> Result<Came, Failure> {
        let entries = self.record.entries_of(id)?;
        let decides =
            |placed: &&Placed| matches!(placed.entry.kind, Kind::Refused | Kind::Held | Kind::Outcome);
        let has_case = |placed: &&Placed| placed.entry.body.get("case").is_some();
        let decided = entries.iter().filter(decides).find(has_case).or_else(|| entries.iter().find(decides));
        let Some(placed) = decided else { return Ok(None) };
        if !self.filter.wants(&Row::of(placed)) {
            return Ok(None);
        }
        let attempt = &placed.entry.attempt;
        let values = self.record.store.values(attempt, placed.entry.kind)?.unwrap_or_default();
        let arguments = match placed.entry.kind {
            Kind::Outcome => self.record.store.values(attempt, Kind::Armed)?,
            _ => None,
        };
        let arguments = arguments.as_ref().and_then(|values| {
            values.rows.iter().find(|(label, _)| label == "arguments").map(|(_, value)| value.as_slice())
        });
        let recorded = Recorded::new(placed.entry.clone(), &values, arguments);
        Ok(Some(recorded.and_then(|recorded| self.decided(recorded))))
    }

    fn file(&self, path: &str) -> Result<Result<Box<Replayed>, NotReplayable>, Failure> {
        let bytes = crate::commands::verify::receipts::read(Path::new(path))
            .map_err(|error| Failure::usage(format!("`{}` cannot be read: {error}", clean(path))))?;
        let verified = verify_receipt(&bytes, self.keys).map_err(|error| {
            let why = clean(&error.to_string());
            Failure::refused(format!("`{}` does not verify: {why} ({})", clean(path), error.code()))
                .hint("`--key FILE` pins the key of another state")
        })?;
        let mut values = BTreeMap::new();
        let mut arguments = None;
        for value in verified.values {
            if value.of == verified.entry.kind {
                values.insert(value.label, (value.salt, value.value));
            } else if value.label == "arguments" {
                arguments = Some(value.value);
            }
        }
        let recorded = Recorded::opened(verified.entry, values, arguments.as_deref());
        Ok(recorded.and_then(|recorded| self.decided(recorded)))
    }

    fn decided(&self, recorded: Recorded) -> Result<Box<Replayed>, NotReplayable> {
        let rules = self.replayer.rules(&recorded)?;
        let (told, ruling) = match self.replayer.is_what_if() {
            true => (recorded.told()?, recorded.under(&rules)?),
            false => (recorded.to_compare()?, recorded.again(&rules)?),
        };
        Ok(Box::new(Replayed {
            id: recorded.entry.attempt.clone(),
            time: recorded.entry.time.clone(),
            tool: format!("{}.{}", recorded.upstream(), recorded.tool()),
            versions: other_versions(recorded.versions()),
            recorded: told,
            ruling,
        }))
    }
}

impl Replayed {
    /// Whether exactly what was recorded came out.
    pub fn is_same(&self) -> bool {
        self.recorded.bytes() == self.ruling.told.bytes()
    }

    /// The verdict on record.
    pub fn was(&self) -> Verdict {
        match self.recorded.verdict() {
            "allow" => Verdict::Allow,
            "hold" => Verdict::Hold,
            _ => Verdict::Deny,
        }
    }

    /// The verdict that came out.
    pub fn now(&self) -> Verdict {
        self.ruling.verdict()
    }
}

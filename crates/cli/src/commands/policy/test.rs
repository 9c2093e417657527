//! `lastlook policy test`.

use std::collections::BTreeSet;
use std::process::ExitCode;

use lastlook_engine::Rulebook;
use lastlook_engine::config::Config;
use lastlook_kernel::Reason;
use serde_json::{Value, json};

use super::cases::{Case, Cases, Expect};
use super::judge::{Outcome, outcome};
use super::tools::Tools;
use super::{TestArgs, chosen};
use crate::failure::{Failure, REFUSED};
use crate::place::Place;
use crate::record::print::print;
use crate::record::text::{self, clean};

/// A case, and what came of it.
struct Tried<'a> {
    case: &'a Case,
    outcome: Result<Outcome, String>,
}

pub(super) fn run(
    place: &Place,
    config: &Config,
    book: &Rulebook,
    args: &TestArgs,
) -> Result<ExitCode, Failure> {
    let cases = Cases::read(&args.cases)?;
    let live = match cases.live.is_empty() {
        true => Tools::default(),
        false => {
            let upstreams = chosen(config, &cases.live)?;
            Tools::live(book, &upstreams, args.patience.limit(), place.json)?
        }
    };
    let tools = cases.listed(&args.cases, config, &live)?;
    let authority = book.authority(&tools).map_err(|problems| {
        let report = config.show_policy_problems(&problems);
        report.map_or_else(Failure::config, Failure::config)
    })?;
    let tried: Vec<Tried<'_>> = cases
        .cases
        .iter()
        .map(|case| Tried { case, outcome: outcome(case, config, &tools, authority.as_ref()) })
        .collect();
    let failed = tried.iter().filter(|tried| !tried.is_as_expected()).count();
    print(&match place.json {
        true => {
            let cases: Vec<Value> = tried.iter().map(Tried::json).collect();
            text::json(&json!({"ok": failed == 0, "failed": failed, "cases": cases}))?
        }
        false => {
            let lines: String = tried.iter().map(Tried::lines).collect();
            let count = tried.len();
            let sum = match (count, failed) {
                (1, 0) => "the only case came out as expected".to_owned(),
                (_, 0) => format!("all {count} cases came out as expected"),
                (_, _) => format!("{failed} of {count} cases did not come out as expected"),
            };
            format!("{lines}\n{sum}\n")
        }
    })?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

impl Tried<'_> {
    fn is_as_expected(&self) -> bool {
        let Ok(outcome) = &self.outcome else { return false };
        outcome.found == self.case.expect && self.wanted().is_none_or(|wanted| wanted == outcome.by)
    }

    fn wanted(&self) -> Option<BTreeSet<String>> {
        self.case.by.as_ref().map(|by| by.iter().cloned().collect())
    }

    fn lines(&self) -> String {
        let name = clean(&self.case.name);
        if self.is_as_expected() {
            return format!("ok      {name}\n");
        }
        let mut lines = vec![format!("failed  {name}")];
        let aside = |text: String| format!("        {text}");
        match &self.outcome {
            Err(why) => lines.push(aside(format!("it cannot be tried: {}", clean(why)))),
            Ok(outcome) => {
                let expected = sentence(self.case.expect, self.wanted().as_ref());
                lines.push(aside(format!("expected: {expected}")));
                lines.push(aside(format!("found:    {}", sentence(outcome.found, Some(&outcome.by)))));
                lines.extend(
                    outcome.reasons.iter().map(|reason| aside(format!("          {}", words(reason)))),
                );
            }
        }
        lines.join("\n") + "\n"
    }

    fn json(&self) -> Value {
        let outcome = self.outcome.as_ref().ok();
        let reasons: Option<Vec<String>> = outcome.map(|outcome| outcome.reasons.iter().map(words).collect());
        json!({
            "case": self.case.name, "ok": self.is_as_expected(), "expected": self.case.expect.as_str(),
            "expected_by": self.wanted(), "found": outcome.map(|outcome| outcome.found.as_str()),
            "by": outcome.map(|outcome| &outcome.by), "reasons": reasons,
            "mistake": self.outcome.as_ref().err(),
        })
    }
}

/// What comes out, and who decides.
fn sentence(what: Expect, by: Option<&BTreeSet<String>>) -> String {
    let Some(by) = by else { return what.as_str().to_owned() };
    let names: Vec<String> = by.iter().map(|name| clean(name)).collect();
    match (what, names.is_empty()) {
        (_, false) => format!("{}, by {}", what.as_str(), names.join(", ")),
        (Expect::Deny, true) => "deny, since nothing permits it".to_owned(),
        (Expect::Allow, true) => "allow, without policies".to_owned(),
    }
}

fn words(reason: &Reason) -> String {
    let guard = reason.guard.as_ref().map(|guard| format!("guard {}: ", clean(guard))).unwrap_or_default();
    match &reason.said {
        None => format!("{guard}{}", reason.code),
        Some(said) => {
            format!("{guard}{}: {}: {}", reason.code, clean(&said.expected), clean(&said.actual))
        }
    }
}

//! One attempt as a page of text.

use serde_json::Value;

use super::sides::{bounded, side_by_side};
use super::view::{Found, Reading, View};
use crate::record::text::{clean, clean_lines, duration, local_time, padded, shortened, wrapped};
use crate::record::values::Shown;

/// How wide the names of members are.
const NAMES: usize = 11;
/// The most of an answer that is shown, in lines.
const ANSWER_LINES: usize = 24;
/// The most of a call that is quoted, in characters.
const CALL: usize = 200;

/// The page, at most `width` characters wide where its lines can be broken.
pub fn text(view: &View, width: usize) -> String {
    let mut page = Page { text: String::new(), width };
    page.head(view);
    page.section("arguments", &pretty(&view.arguments));
    page.readings(view);
    if view.answer != Shown::Nothing {
        let mut lines = clean_lines(&view.answer.text());
        let more = lines.len().saturating_sub(ANSWER_LINES);
        lines.truncate(ANSWER_LINES);
        lines.extend((more > 0).then(|| format!("… {more} more lines; `--json` has everything")));
        page.section("answer", &lines);
    }
    page.entries(view);
    page.text
}

struct Page {
    text: String,
    width: usize,
}

impl Page {
    fn head(&mut self, view: &View) {
        let row = &view.row;
        let or = |text: &Option<String>| clean(text.as_deref().unwrap_or("?"));
        self.member("receipt", &clean(&row.receipt));
        self.member("tool", &format!("{} of {}", or(&row.tool), or(&row.upstream)));
        let blind = if row.blind == Some(true) { ", blind: nobody had read what it acts on" } else { "" };
        self.member("class", &format!("{} ({}){blind}", or(&row.class), or(&view.class_by)));
        let asserted = if view.asserted == Some(true) { " (asserted)" } else { "" };
        self.member("principal", &format!("{}{asserted}", or(&row.principal)));
        self.member("mode", &or(&row.mode));
        self.member("verdict", &verdict(view));
        self.people(view);
        self.member("outcome", &outcome(view));
        if let Some(closure) = &row.closure {
            self.member("closure", &format!("{}: {}", clean(closure), timings(view)));
        } else if let Some(look) = view.look_ns {
            self.member("look", &format!("took {}", duration(look)));
        }
        if let Some(operator) = &view.operator {
            let by = operator.by.as_deref().unwrap_or("?");
            self.member("operator", &clean(&format!("{}, says {by}: {}", operator.word, operator.reason)));
            if let Some(approver) = &operator.approver {
                let of = |name: &str| approver.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
                let who = format!("{}, key {}, signed by {}", of("name"), of("fingerprint"), of("by"));
                self.member("approver", &clean(&who));
            }
        }
        self.member("action", &format!("sha256:{}", view.action));
        if let Some(sent) = &view.sent {
            self.member("sent", &format!("sha256:{}", clean(sent)));
        }
    }

    /// Who said yes to it: each one asked, or each one who gave permission in advance.
    fn people(&mut self, view: &View) {
        let text =
            |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
        if let Some(approval) = &view.approval {
            let by = approval.get("by").and_then(Value::as_array).into_iter().flatten();
            let by: Vec<String> = by.map(|by| text(by, "approver")).collect();
            self.member("approved", &clean(&format!("by {} ({})", by.join(", "), text(approval, "request"))));
        }
        for grant in view.grants.iter().filter_map(Value::as_array).flatten() {
            let said = format!("by grant {} of {}", text(grant, "grant"), text(grant, "approver"));
            self.member("approved", &clean(&said));
        }
    }

    fn member(&mut self, name: &str, text: &str) {
        for (line, piece) in wrapped(text, self.width.saturating_sub(NAMES)).iter().enumerate() {
            let name = if line == 0 { name } else { "" };
            self.line(&format!("{}{piece}", padded(name, NAMES)));
        }
    }

    fn section(&mut self, title: &str, lines: &[String]) {
        self.line("");
        self.line(title);
        for line in lines {
            for piece in wrapped(line, self.width.saturating_sub(2)) {
                self.line(&format!("  {piece}"));
            }
        }
    }

    fn readings(&mut self, view: &View) {
        if view.row.kind == "refused" && view.compared.is_none() {
            return;
        }
        let (uncompared, missing) = (view.uncompared.unwrap_or_default(), view.missing.unwrap_or_default());
        let mut title = match view.readings.len() {
            0 => "rests on no reading".to_owned(),
            1 => "rests on 1 reading".to_owned(),
            many => format!("rests on {many} readings"),
        };
        if uncompared > 0 {
            title.push_str(&format!("; {uncompared} that name nothing were not compared"));
        }
        if missing > 0 {
            title.push_str(&format!("; {missing} were no longer held"));
        }
        self.section(&title, &[]);
        for reading in &view.readings {
            self.reading(reading);
        }
    }

    fn reading(&mut self, reading: &Reading) {
        let rebased = reading.rebased_ms.map(|ms| {
            let after = duration(ms.saturating_mul(1_000_000));
            format!(" (rebased: read by the boundary {after} after the agent's own effect)")
        });
        let call = format!("{} {}{}", reading.tool, call(&reading.params), rebased.unwrap_or_default());
        for piece in wrapped(&clean(&call), self.width.saturating_sub(2)) {
            self.line(&format!("  {piece}"));
        }
        let (was, now) = (reading.was.text(), reading.now.text());
        let lines = match reading.found {
            Found::Changed if was == now => {
                vec!["read anew, the same; the agent had to read it again".to_owned()]
            }
            Found::Changed => side_by_side(&was, &now, self.width.saturating_sub(4)),
            Found::Same => {
                let mut lines = vec!["now the same as it was:".to_owned()];
                lines.extend(clean_lines(&was));
                bounded(lines)
            }
            Found::Unreadable => {
                let mut lines = vec!["now unreadable; it was:".to_owned()];
                lines.extend(clean_lines(&was));
                bounded(lines)
            }
            Found::NotLooked => {
                let mut lines = vec!["no look is on record; it was:".to_owned()];
                lines.extend(clean_lines(&was));
                bounded(lines)
            }
        };
        for line in lines {
            for piece in wrapped(&line, self.width.saturating_sub(4)) {
                self.line(&format!("    {piece}"));
            }
        }
    }

    fn entries(&mut self, view: &View) {
        let entry = |entry: &super::view::EntryView| {
            let place = format!("entry {} of {}", entry.index, clean(&entry.origin));
            format!("{}  {}  {place}", local_time(&entry.time), padded(entry.kind, 9))
        };
        self.section("entries", &view.entries.iter().map(entry).collect::<Vec<_>>());
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

fn verdict(view: &View) -> String {
    let Some(verdict) = &view.row.verdict else { return "none on record".to_owned() };
    let would = if view.row.kind == "outcome" && verdict == "deny" { "would have been " } else { "" };
    let reasons: Vec<String> = view
        .reasons
        .iter()
        .map(|reason| match &reason.about {
            Some(about) => format!("{} ({about})", reason.code),
            None => reason.code.clone(),
        })
        .collect();
    let because = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
    clean(&format!("{would}{verdict}{because}"))
}

/// How it ended, step by step: an unknown outcome may have been settled since.
fn outcome(view: &View) -> String {
    let text = |body: &Value, name: &str| body.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
    let steps: Vec<String> = view
        .entries
        .iter()
        .filter_map(|entry| match entry.kind {
            "refused" => Some("nothing was sent".to_owned()),
            "outcome" => Some(format!(
                "{} ({}), {}",
                text(&entry.body, "outcome"),
                text(&entry.body, "evidence"),
                text(&entry.body, "confirmation")
            )),
            "operator" => Some(format!("{} by an operator's word", text(&entry.body, "as"))),
            _ => None,
        })
        .collect();
    if steps.is_empty() { "under way, or not known yet".to_owned() } else { clean(&steps.join("; then ")) }
}

fn timings(view: &View) -> String {
    let row = &view.row;
    let mut timings = Vec::new();
    timings.extend(row.gap_ns.map(|ns| format!("gap {}", duration(ns))));
    timings.extend(row.decide_ns.map(|ns| format!("decided in {}", duration(ns))));
    timings.extend(row.tail_ns.map(|ns| format!("answered after {}", duration(ns))));
    timings.join(", ")
}

/// The arguments of a call that reads, as one would write them.
fn call(params: &Shown) -> String {
    let Shown::Value(bytes) = params else { return params.text() };
    let arguments = lastlook_canon::scan(bytes, &lastlook_canon::Limits::default())
        .ok()
        .and_then(|params| params.get("arguments"))
        .unwrap_or(b"{}");
    shortened(&String::from_utf8_lossy(arguments), CALL)
}

/// JSON over several lines, or whatever it is.
fn pretty(shown: &Shown) -> Vec<String> {
    let Shown::Value(bytes) = shown else { return clean_lines(&shown.text()) };
    let parsed: Option<Value> = serde_json::from_slice(bytes).ok();
    let text = parsed.and_then(|value| serde_json::to_string_pretty(&value).ok());
    bounded(clean_lines(&text.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())))
}

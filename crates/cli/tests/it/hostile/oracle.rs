//! What really happened, from the server's own log, and what the record says of it.

use std::collections::BTreeMap;
use std::io::BufRead as _;

use lastlook_canon::Digest;
use lastlook_ledger::roster::is_roster;
use lastlook_ledger::{Entry, Kind, open_checkpoint, verify_log};
use lastlook_store::{StateDir, Store as _};
use serde_json::Value;

use super::rig::World;

/// One effect as the server saw it.
#[derive(Debug)]
pub struct Effect {
    /// The line that brought it, with its line break.
    pub frame: String,
}

impl World {
    /// Every effect, in order.
    pub fn effects(&self) -> Vec<Effect> {
        let log = std::fs::read_to_string(self.folder().join("effects.log")).unwrap_or_default();
        let effect = |line: &str| {
            let effect: Value = serde_json::from_str(line).unwrap();
            Effect { frame: effect["frame"].as_str().unwrap().to_owned() }
        };
        log.lines().map(effect).collect()
    }

    /// Every line the server was sent.
    pub fn seen(&self) -> Vec<String> {
        let log = std::fs::read(self.folder().join("seen.log")).unwrap_or_default();
        String::from_utf8_lossy(&log).lines().map(str::to_owned).collect()
    }

    /// Every entry of every log, each log verified against its signed checkpoint: no gap, nothing altered (I28).
    pub fn record(&self) -> Vec<Entry> {
        let dir = StateDir::open(self.state()).unwrap();
        let (reader, key) = (dir.reader().unwrap(), dir.verifier_key());
        let mut entries = Vec::new();
        for origin in reader.origins().unwrap() {
            let Some(note) = reader.checkpoint(&origin).unwrap() else { continue };
            // What a boundary appends meanwhile is the next checkpoint's.
            let size = open_checkpoint(&note, std::slice::from_ref(&key)).unwrap().size;
            let entries_of_it = reader.entries(&origin, 0, usize::try_from(size).unwrap()).unwrap();
            let payloads: Vec<Vec<u8>> = entries_of_it.into_iter().map(|entry| entry.payload).collect();
            verify_log(payloads.iter().cloned(), &note, std::slice::from_ref(&key)).unwrap();
            // The roster is about the logs themselves.
            if is_roster(&origin) {
                continue;
            }
            entries.extend(payloads.iter().map(|payload| Entry::from_payload(payload).unwrap()));
        }
        entries
    }

    /// Checks every effect against the record and the record against the effects; returns the record.
    ///
    /// I1: each effect maps to one attempt and each success to one effect. I25: no effect without an armed entry, none
    /// twice. I28: a refusal and an outcome never stand for the same attempt's end.
    pub fn check(&self) -> Vec<Entry> {
        let (entries, effects) = (self.record(), self.effects());
        let mut attempts: BTreeMap<&str, Attempt<'_>> = BTreeMap::new();
        // A summary of reads is about no attempt.
        for entry in entries.iter().filter(|entry| entry.kind != Kind::Reads) {
            attempts.entry(entry.attempt.as_str()).or_default().take(entry);
        }
        let mut frames: Vec<&str> = effects.iter().map(|effect| effect.frame.as_str()).collect();
        frames.sort_unstable();
        frames
            .windows(2)
            .for_each(|pair| assert_ne!(pair[0], pair[1], "the same frame had its effect twice"));

        let mut without_digest = 0;
        for effect in &effects {
            let sent = Digest::of("lastlook/sent/v1", &[effect.frame.as_bytes()]).to_hex();
            let on_record = attempts.values().filter(|attempt| attempt.sent == Some(&sent)).count();
            assert!(on_record <= 1, "{effect:?} is on record {on_record} times");
            without_digest += 1 - on_record;
        }
        // Whoever died before the outcome could not say what it had sent: its intent stands for it.
        let open = attempts
            .values()
            .filter(|attempt| attempt.armed && !attempt.refused && attempt.sent.is_none())
            .count();
        assert!(
            without_digest <= open,
            "{without_digest} effects are not on record; {open} attempts are open"
        );
        for (id, attempt) in &attempts {
            let ends = attempt.outcomes + usize::from(attempt.refused);
            assert!(
                attempt.armed || attempt.outcomes == 0,
                "attempt {id} has an outcome and was never armed"
            );
            assert!(!attempt.refused || attempt.outcomes == 0, "attempt {id} was refused and has an outcome");
            assert!(ends > 0 || attempt.armed, "attempt {id} has neither beginning nor end");
            if attempt.succeeded {
                let of_it = |effect: &&Effect| {
                    Some(&Digest::of("lastlook/sent/v1", &[effect.frame.as_bytes()]).to_hex()) == attempt.sent
                };
                assert_eq!(
                    effects.iter().filter(of_it).count(),
                    1,
                    "attempt {id} succeeded without an effect"
                );
            }
        }
        self.check_log(&attempts);
        entries
    }

    /// Checks that `lastlook log --json` tells of every attempt, and of its end as the entries do.
    fn check_log(&self, attempts: &BTreeMap<&str, Attempt<'_>>) {
        let output = self.lastlook(&["log", "--json"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let lines: Vec<Value> =
            output.stdout.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        for (id, attempt) in attempts {
            let told: Vec<&Value> = lines.iter().filter(|line| line["receipt"] == *id).collect();
            // A second line is about what settled it later.
            assert!((1..=2).contains(&told.len()), "{id} in {lines:?}");
            let verdict = if attempt.refused { "deny" } else { "allow" };
            if (attempt.refused || attempt.succeeded) && told[0]["mode"] == "enforce" {
                assert_eq!(told[0]["verdict"], verdict, "{told:?}");
                assert_eq!(told[0]["outcome"] == "succeeded", attempt.succeeded, "{told:?}");
            }
        }
    }

    /// The last entry about the attempt that an answer names.
    pub fn entry_of(&self, answer: &Value) -> Entry {
        let receipt = receipt_of(answer);
        let mut entries = self.record();
        entries.retain(|entry| entry.attempt == receipt);
        entries.pop().unwrap_or_else(|| panic!("nothing is on record about {answer}"))
    }

    /// Checks that an answer is a refusal for this reason that an agent can act on, and that the record says the same.
    pub fn refused(&self, answer: &Value, code: &str) -> String {
        let result = &answer["result"];
        assert_eq!(result["isError"], true, "{answer}");
        let verdict = &result["_meta"]["dev.lastlook/verdict"];
        assert_eq!(verdict["verdict"], "deny", "{answer}");
        assert!(verdict["codes"].as_array().unwrap().iter().any(|it| it == code), "not `{code}`: {answer}");
        let entry = self.entry_of(answer);
        assert_eq!(entry.kind, Kind::Refused);
        let codes: Vec<&Value> =
            entry.body["reasons"].as_array().unwrap().iter().map(|it| &it["code"]).collect();
        assert_eq!(codes, verdict["codes"].as_array().unwrap().iter().collect::<Vec<_>>());
        sentence(answer)
    }

    /// Checks that an answer is the tool's own, that it names its receipt, and that the record has this outcome.
    pub fn ran(&self, answer: &Value, outcome: &str, evidence: &str) -> Entry {
        let entry = self.entry_of(answer);
        assert_eq!(entry.kind, Kind::Outcome, "{answer}");
        assert_eq!(
            (&entry.body["outcome"], &entry.body["evidence"]),
            (&outcome.into(), &evidence.into()),
            "{answer}"
        );
        entry
    }

    /// Checks that the caller was told that nobody knows how it ended, and that the record says the same.
    pub fn lost(&self, answer: &Value, evidence: &str) -> String {
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        assert_eq!(answer["result"]["_meta"]["dev.lastlook/verdict"]["outcome"], "unknown", "{answer}");
        self.ran(answer, "unknown", evidence);
        let sentence = sentence(answer);
        assert!(sentence.contains("It may have happened"), "{sentence}");
        sentence
    }
}

/// What the entries say of one attempt.
#[derive(Debug, Default)]
struct Attempt<'a> {
    armed: bool,
    refused: bool,
    outcomes: usize,
    succeeded: bool,
    sent: Option<&'a String>,
}

impl<'a> Attempt<'a> {
    fn take(&mut self, entry: &'a Entry) {
        match entry.kind {
            Kind::Armed => {
                assert!(!std::mem::replace(&mut self.armed, true), "armed twice: {}", entry.attempt)
            }
            Kind::Refused => {
                assert!(!std::mem::replace(&mut self.refused, true), "refused twice: {}", entry.attempt)
            }
            Kind::Outcome => {
                self.outcomes += 1;
                self.succeeded |= entry.body["outcome"] == "succeeded";
                if let Some(Value::String(sent)) = entry.body.get("sent") {
                    assert!(self.sent.replace(sent).is_none(), "sent twice: {}", entry.attempt);
                }
            }
            Kind::Held | Kind::Confirmation | Kind::Operator | Kind::Reads => {}
        }
    }
}

/// The receipt's id in an answer, from the verdict or the result's own `_meta`.
pub fn receipt_of(answer: &Value) -> String {
    let meta = &answer["result"]["_meta"];
    let named = meta["dev.lastlook/verdict"]["receipt"].as_str().or(meta["dev.lastlook/receipt"].as_str());
    named.unwrap_or_else(|| panic!("no receipt: {answer}")).to_owned()
}

/// The first text of an answer: one sentence or two for whoever called.
fn sentence(answer: &Value) -> String {
    let text =
        answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no sentence: {answer}"));
    assert!(text.ends_with('.') && text.len() > 40, "{text}");
    text.to_owned()
}

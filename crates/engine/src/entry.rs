//! What the boundary writes down: bodies of entries, with their values committed to beside them.

use lastlook_canon::Digest;
use lastlook_kernel::{Mode, Principal, Reason, Tool};
use lastlook_ledger::{Commitment, Entry, EntryError, Kind, Salt};
use lastlook_store::{CommitError, NewEntry, Values};
use serde_json::{Map, Value, json};

use crate::{clock, ids};

/// Why there is no entry.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// No randomness for the salts.
    #[error(transparent)]
    Randomness(#[from] ids::NoRandomness),
    /// The entry would not verify.
    #[error("the entry could not be written: {0}")]
    Entry(#[from] EntryError),
}

/// Why an operator's or a recovery's word did not get on record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The entry could not be written.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// Somebody else was first, or the store refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store can only be read.
    #[error("the state is open for reading only")]
    ReadOnly,
}

/// An entry being written: members, and the values they commit to.
#[derive(Debug)]
pub struct Draft {
    kind: Kind,
    body: Map<String, Value>,
    values: Values,
}

impl Draft {
    /// An entry with the members every kind has.
    pub fn new(kind: Kind, mode: Mode, principal: &Principal) -> Result<Draft, DraftError> {
        let mut body = Map::new();
        body.insert("mode".into(), mode.as_str().into());
        body.insert("principal".into(), principal_json(principal));
        Ok(Draft { kind, body, values: Values { seed: ids::random()?, rows: Vec::new() } })
    }

    /// Says which call it is about: the upstream, and the tool as it was judged.
    pub fn about(&mut self, upstream: &str, tool: &Tool) {
        self.about_named(upstream, &tool.name);
        let definition = tool.definition.as_ref().map(|definition| definition.digest.to_hex());
        self.set("definition", definition);
        self.set("class", json!({"is": tool.class.as_str(), "by": tool.class_by.as_str()}));
    }

    /// Says which call it is about, by name only: how the tool was judged stands in the armed entry.
    pub fn about_named(&mut self, upstream: &str, tool: &str) {
        self.set("upstream", upstream);
        self.set("tool", tool);
    }

    /// Sets a member.
    pub fn set(&mut self, member: &str, value: impl Into<Value>) {
        self.body.insert(member.to_owned(), value.into());
    }

    /// Sets a member when there is something to say.
    pub fn set_some(&mut self, member: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(member, value);
        }
    }

    /// Commits to a value that is kept beside the log: the member holds only the salted commitment.
    pub fn commit(&mut self, label: &str, value: &[u8]) -> Value {
        let salt = Salt::derive(&self.values.seed, label);
        self.values.rows.push((label.to_owned(), value.to_vec()));
        Commitment::of(&salt, value).to_json()
    }

    /// The finished entry.
    pub fn finish(self, origin: &str, attempt: &str, action: Digest) -> Result<NewEntry, DraftError> {
        let entry = Entry {
            kind: self.kind,
            origin: origin.to_owned(),
            attempt: attempt.to_owned(),
            time: clock::wall(),
            action,
            body: Value::Object(self.body),
        };
        let values = (!self.values.rows.is_empty()).then_some(self.values);
        Ok(NewEntry {
            attempt: entry.attempt.clone(),
            kind: entry.kind,
            payload: entry.to_payload()?,
            values,
        })
    }
}

/// A principal as entries write it.
pub fn principal_json(principal: &Principal) -> Value {
    json!({"id": principal.id, "asserted": principal.asserted})
}

impl Draft {
    /// Sets a member to reasons: codes and names in the clear; what was expected and found only by commitment.
    pub fn set_reasons(&mut self, member: &str, reasons: &[Reason]) {
        let written: Vec<Value> =
            reasons.iter().enumerate().map(|(index, reason)| self.reason(member, index, reason)).collect();
        self.set(member, written);
    }

    fn reason(&mut self, member: &str, index: usize, reason: &Reason) -> Value {
        let mut written = Map::new();
        written.insert("code".into(), reason.code.as_str().into());
        for (name, value) in [("about", &reason.about), ("guard", &reason.guard)] {
            if let Some(value) = value {
                written.insert(name.into(), value.as_str().into());
            }
        }
        if let Some(said) = &reason.said {
            let said = json!({"expected": said.expected, "actual": said.actual, "hint": said.hint});
            let said = self.commit(&format!("{member}/{index}/said"), said.to_string().as_bytes());
            written.insert("said".into(), said);
        }
        Value::Object(written)
    }
}

//! What the boundary writes down: bodies of entries, with their values committed to beside them.

use lastlook_canon::{Digest, Json};
use lastlook_kernel::{Mode, Principal, Reason, Said, Tool};
use lastlook_ledger::{Commitment, Entry, EntryError, Fields, Kind, Salt};
use lastlook_store::{CommitError, NewEntry, Values};
use serde_json::{Map, Value, json};

use crate::withhold::{Left, What, Withhold};
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
    fields: Fields,
    /// Whether the seed is kept though no value is.
    keeps_seed: bool,
    withhold: Option<Withhold>,
    /// The labels of what was redacted, and of what is kept as a digest only.
    withheld: [Vec<String>; 2],
}

impl Draft {
    /// An entry with the members every kind has.
    pub fn new(kind: Kind, mode: Mode, principal: &Principal) -> Result<Draft, DraftError> {
        let mut body = Map::new();
        body.insert("mode".into(), mode.as_str().into());
        body.insert("principal".into(), principal_json(principal));
        let values = Values { seed: ids::random()?, rows: Vec::new() };
        let (fields, withheld) = (Fields::default(), Default::default());
        Ok(Draft { kind, body, values, fields, keeps_seed: false, withhold: None, withheld })
    }

    /// Takes what is not kept out of every value that it commits to.
    pub(crate) fn withholding(&mut self, withhold: Option<Withhold>) {
        self.withhold = withhold;
    }

    /// Whether something is taken out of what it commits to.
    pub(crate) fn withholds(&self) -> bool {
        self.withhold.as_ref().is_some_and(Withhold::has_taken)
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
        self.commit_as(What::Text, label, value)
    }

    /// The same, of a value in which something may be that is not kept.
    pub(crate) fn commit_as(&mut self, what: What<'_>, label: &str, value: &[u8]) -> Value {
        let seed = self.values.seed;
        let seal = |pointer: &str, text: &[u8]| {
            let salt = Salt::derive(&seed, &format!("{label}{pointer}"));
            Json::object([("commitment", Commitment::of(&salt, text).to_string().into())])
        };
        let left = match &self.withhold {
            None => Left::whole(value),
            Some(withhold) => withhold.left(what, value, Some(&seal), false),
        };
        if let Some(json) = &left.json {
            self.fields.add(&seed, label, json, &left.sealed);
        }
        let named = |pointers: Vec<String>| pointers.into_iter().map(|pointer| format!("{label}{pointer}"));
        let [redacted, sealed] = &mut self.withheld;
        redacted.extend(named(left.redacted));
        sealed.extend(named(left.sealed));
        let commitment = Commitment::of(&Salt::derive(&seed, label), &left.bytes).to_json();
        self.values.rows.push((label.to_owned(), left.bytes));
        commitment
    }

    /// Commits to bytes that are not kept: whoever has them can be given the salt.
    pub(crate) fn commit_unkept(&mut self, label: &str, value: &[u8]) -> Value {
        self.keeps_seed = true;
        Commitment::of(&Salt::derive(&self.values.seed, label), value).to_json()
    }

    /// The finished entry.
    pub fn finish(mut self, origin: &str, attempt: &str, action: Digest) -> Result<NewEntry, DraftError> {
        let head = std::mem::take(&mut self.fields).sorted().head();
        self.set_some("fields", head.map(|head| head.to_json()));
        let [redacted, digest_only] = std::mem::take(&mut self.withheld);
        if !redacted.is_empty() || !digest_only.is_empty() {
            self.set("withheld", json!({"redacted": redacted, "digest_only": digest_only}));
        }
        let entry = Entry {
            kind: self.kind,
            origin: origin.to_owned(),
            attempt: attempt.to_owned(),
            time: clock::wall(),
            action,
            body: Value::Object(self.body),
        };
        let values = (self.keeps_seed || !self.values.rows.is_empty()).then_some(self.values);
        Ok(NewEntry {
            attempt: entry.attempt.clone(),
            kind: entry.kind,
            payload: entry.to_payload()?,
            values,
        })
    }
}

/// What was expected and found, as reasons commit to it.
pub(crate) fn said_json(said: &Said) -> String {
    json!({"expected": said.expected, "actual": said.actual, "hint": said.hint}).to_string()
}

/// A reason as entries write it, its members in canonical order; `say` makes what stands for what was expected and found.
pub(crate) fn reason_json(reason: &Reason, say: impl FnOnce(&Said) -> Value) -> Value {
    let mut written = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            written.insert(name.to_owned(), value);
        }
    };
    set("about", reason.about.as_deref().map(Value::from));
    set("code", Some(reason.code.as_str().into()));
    set("guard", reason.guard.as_deref().map(Value::from));
    set("said", reason.said.as_deref().map(say));
    Value::Object(written)
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
        reason_json(reason, |said| {
            let said = match self.withhold.as_ref().is_some_and(Withhold::is_blunt) {
                true => json!({"expected": "[redacted]", "actual": "[redacted]"}).to_string(),
                false => said_json(said),
            };
            self.commit(&format!("{member}/{index}/said"), said.as_bytes())
        })
    }
}

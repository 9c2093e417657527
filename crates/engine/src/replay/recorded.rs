//! An attempt as the record has it: its entry, the values it commits to, and what was said of it.

use std::collections::BTreeMap;

use lastlook_canon::{Json, Limits, parse};
use lastlook_kernel::{Action, Definition, Mode, Now, Principal, Reason, Was};
use lastlook_ledger::{Commitment, Entry, Kind, Salt};
use lastlook_store::{StoreError, Values};
use serde_json::{Value, json};

use super::case::{Case, RecordedNow, RecordedWas, Unknown};
use super::kept::NotKept;
use crate::entry::{reason_json, said_json};
use crate::held::AskedGuard;

/// Why an attempt cannot be decided again.
#[derive(Debug, thiserror::Error)]
pub enum NotReplayable {
    /// Its entry is of a kind that decides nothing, or nobody decided it.
    #[error("nothing was decided: {0}")]
    NoDecision(&'static str),
    /// It was recorded by a version that recorded no inputs.
    #[error("its entry has no recorded case: an older version wrote it")]
    NoCase,
    /// A value it was decided on is not there any more.
    #[error("`{0}` was pruned, or never kept")]
    Pruned(String),
    /// A value is not the one that was committed to.
    #[error("`{0}` is not the value that its entry commits to")]
    Differs(String),
    /// What is kept of the arguments is not what it acted on.
    #[error("fields of what it was decided on are not kept")]
    LeftOut,
    /// The case is of another form.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// The rules are not there.
    #[error(transparent)]
    Rules(#[from] NotKept),
    /// The state cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An attempt as the record has it.
#[derive(Debug)]
pub struct Recorded {
    /// Its entry.
    pub entry: Entry,
    /// What it was decided on.
    pub case: Case,
    /// The arguments in canonical form; of a call that is no action, its parameters.
    canonical: Vec<u8>,
    arguments: Json,
    spelt: Option<Json>,
    values: BTreeMap<String, Vec<u8>>,
}

/// What was said of an attempt, or comes out for it: two are the same when their bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told(pub Value);

impl Recorded {
    /// Takes in an entry with the values it commits to, and the canonical arguments where those stand in another entry.
    ///
    /// # Errors
    ///
    /// Nothing was decided in it, or something that is needed to decide it again is not there.
    pub fn new(entry: Entry, values: &Values, arguments: Option<&[u8]>) -> Result<Recorded, NotReplayable> {
        let labelled = values
            .rows
            .iter()
            .map(|(label, value)| (label.clone(), (Salt::derive(&values.seed, label), value.clone())));
        Recorded::opened(entry, labelled.collect(), arguments)
    }

    /// The same, with the salts of single values.
    ///
    /// # Errors
    ///
    /// Those of [`Recorded::new`].
    pub fn opened(
        entry: Entry,
        values: BTreeMap<String, (Salt, Vec<u8>)>,
        arguments: Option<&[u8]>,
    ) -> Result<Recorded, NotReplayable> {
        match (entry.kind, entry.body.get("verdict")) {
            (Kind::Refused | Kind::Held, _) => {}
            (Kind::Outcome, Some(Value::String(_))) => {}
            (Kind::Outcome, _) => {
                return Err(NotReplayable::NoDecision("its writer ended before a verdict was recorded"));
            }
            _ => {
                return Err(NotReplayable::NoDecision(
                    "only what was refused, held or let through was decided",
                ));
            }
        }
        match entry.body.get("case") {
            None => return Err(NotReplayable::NoCase),
            Some(case) if case.get("withheld").is_some() => return Err(NotReplayable::LeftOut),
            Some(_) => {}
        }
        let mut opened = BTreeMap::new();
        for (label, (salt, value)) in values {
            let pointer = format!("/{label}");
            match entry.body.pointer(&pointer).and_then(Commitment::from_json) {
                Some(commitment) if commitment == Commitment::of(&salt, &value) => {
                    opened.insert(label, value)
                }
                _ => return Err(NotReplayable::Differs(label)),
            };
        }
        let pruned = |label: &str| NotReplayable::Pruned(label.to_owned());
        let case = Case::read(opened.get("case").ok_or_else(|| pruned("case"))?)?;
        let canonical = opened.get("arguments").map(Vec::as_slice).or(arguments);
        let mut canonical = canonical.ok_or_else(|| pruned("arguments"))?.to_vec();
        let mut arguments = parse(&canonical, &Limits::default()).unwrap_or(Json::Null);
        // What people are asked about stands as it will be sent, byte for byte.
        if entry.kind == Kind::Held
            && let Ok(spelt) = lastlook_canon::canonical(&arguments)
        {
            arguments = parse(&spelt, &Limits::default()).unwrap_or(Json::Null);
            canonical = spelt;
        }
        let mut recorded = Recorded { entry, case, canonical, arguments, spelt: None, values: opened };
        let action = recorded.wanted();
        // Something may be left out of them only where the case is.
        if action.digest() != recorded.entry.action {
            return Err(NotReplayable::Differs("arguments".to_owned()));
        }
        recorded.spelt = match &recorded.case.arguments {
            Some(spelt) => parse(spelt.as_bytes(), &Limits::default()).ok(),
            // A call that is no action has parameters, and no arguments that were seen.
            None => (!action.arguments().is_null()).then(|| recorded.arguments.clone()),
        };
        Ok(recorded)
    }

    /// The action it was about.
    pub(super) fn wanted(&self) -> Action {
        let definition = self.definition().map(|definition| definition.digest);
        let (upstream, tool) = (self.upstream(), self.tool());
        Action::new(upstream, tool, definition, self.principal(), self.arguments.clone())
            .ok()
            .filter(|action| action.digest() == self.entry.action)
            .unwrap_or_else(|| {
                Action::unreadable(upstream, tool, definition, self.principal(), &self.canonical)
            })
    }

    fn text(&self, member: &str) -> &str {
        self.entry.body.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    /// The upstream of the tool.
    pub fn upstream(&self) -> &str {
        self.text("upstream")
    }

    /// The tool's name at that upstream.
    pub fn tool(&self) -> &str {
        self.text("tool")
    }

    /// The digest of the configuration it was decided under, hexadecimal; nothing without one.
    pub fn configuration(&self) -> Option<&str> {
        self.entry.body.get("configuration").and_then(Value::as_str)
    }

    /// The versions that decided.
    pub fn versions(&self) -> &Value {
        self.entry.body.get("versions").unwrap_or(&Value::Null)
    }

    pub(super) fn principal(&self) -> Principal {
        let principal = self.entry.body.get("principal");
        let member = |name: &str| principal.and_then(|principal| principal.get(name));
        Principal {
            id: member("id").and_then(Value::as_str).unwrap_or_default().to_owned(),
            asserted: member("asserted").and_then(Value::as_bool).unwrap_or(true),
        }
    }

    pub(super) fn mode(&self) -> Mode {
        if self.text("mode") == "audit" { Mode::Audit } else { Mode::Enforce }
    }

    pub(super) fn definition(&self) -> Option<Definition> {
        let digest = lastlook_canon::Digest::from_hex(self.text("definition"))?;
        Some(Definition { digest, input_schema: None, read_only_hint: false })
    }

    /// The class it was judged as.
    pub(super) fn class(&self) -> &str {
        self.entry.body.pointer("/class/is").and_then(Value::as_str).unwrap_or_default()
    }

    /// The arguments as guards saw them; nothing where they saw none.
    pub(super) fn args(&self) -> Option<&Json> {
        self.spelt.as_ref()
    }

    /// *Was* and *now* of a guard's fact at the look; nothing when it was not read.
    pub(super) fn fact(&self, name: &str) -> Result<Option<(Was, Now)>, NotReplayable> {
        let facts = self.case.look.iter().flat_map(|look| &look.facts);
        let Some((index, fact)) = facts.enumerate().find(|(_, fact)| fact.fact == name) else {
            return Ok(None);
        };
        let was = match &fact.was {
            RecordedWas::Unseen => Was::Unseen,
            RecordedWas::Rebased => Was::Rebased,
            RecordedWas::Absent => Was::Absent,
            RecordedWas::Seen(version) => Was::Seen(version.with(self.value(index, "was")?)),
        };
        let now = match &fact.now {
            RecordedNow::Read(version) => Now::Read(version.with(self.value(index, "now")?)),
            RecordedNow::Absent => Now::Absent,
            RecordedNow::Unreadable(why) => Now::Unreadable(why.clone()),
            RecordedNow::Unstable => Now::Unstable,
        };
        Ok(Some((was, now)))
    }

    fn value(&self, index: usize, side: &str) -> Result<Json, NotReplayable> {
        let label = format!("snapshot/{index}/{side}");
        let value = self.values.get(&label).and_then(|value| parse(value, &Limits::default()).ok());
        value.ok_or(NotReplayable::Pruned(label))
    }

    /// What the record says of it.
    ///
    /// # Errors
    ///
    /// What was expected and found is not there any more.
    pub fn told(&self) -> Result<Told, NotReplayable> {
        let body = &self.entry.body;
        let list = |member: &str| body.get(member).cloned().unwrap_or_else(|| json!([]));
        Ok(Told::of(
            self.text("verdict"),
            self.reasons("reasons")?,
            self.reasons("audited")?,
            list("policies"),
            list("steps"),
        )
        .asking(self.is_held().then(|| list("asks"))))
    }

    /// Whether people were asked about it, and so nothing is armed.
    pub(super) fn is_held(&self) -> bool {
        self.entry.kind == Kind::Held
    }

    fn reasons(&self, member: &str) -> Result<Value, NotReplayable> {
        let reasons = self.entry.body.get(member).and_then(Value::as_array).map(Vec::as_slice);
        let reasons = reasons.unwrap_or_default().iter().enumerate().map(|(index, reason)| {
            let mut reason = reason.clone();
            if let Some(said) = reason.get_mut("said") {
                let label = format!("{member}/{index}/said");
                let text = self.values.get(&label).ok_or(NotReplayable::Pruned(label))?;
                *said = Value::String(String::from_utf8_lossy(text).into_owned());
            }
            Ok(reason)
        });
        reasons.collect::<Result<Vec<_>, NotReplayable>>().map(Value::Array)
    }
}

impl Told {
    pub(super) fn of(verdict: &str, reasons: Value, audited: Value, policies: Value, steps: Value) -> Told {
        Told(json!({
            "audited": audited, "policies": policies, "reasons": reasons, "steps": steps, "verdict": verdict,
        }))
    }

    /// Adds whom what holds it asks.
    pub(super) fn asking(mut self, asks: Option<Value>) -> Told {
        if let (Some(members), Some(asks)) = (self.0.as_object_mut(), asks) {
            members.insert("asks".to_owned(), asks);
        }
        self
    }

    /// The verdict: `allow`, `deny` or `hold`.
    pub fn verdict(&self) -> &str {
        self.0.get("verdict").and_then(Value::as_str).unwrap_or_default()
    }

    /// The codes of the reasons, each with the guard it comes from.
    pub fn codes(&self) -> Vec<(Option<&str>, &str)> {
        let reasons = self.0.get("reasons").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        reasons
            .iter()
            .map(|reason| {
                let guard = reason.get("guard").and_then(Value::as_str);
                (guard, reason.get("code").and_then(Value::as_str).unwrap_or_default())
            })
            .collect()
    }

    /// The bytes that are compared.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }
}

/// Who asks whom, as entries have it, its members in canonical order.
pub(super) fn asks_json(asked: &AskedGuard) -> Value {
    let AskedGuard { guard, digest, by, quorum } = asked;
    json!({"by": by, "digest": digest, "guard": guard, "quorum": quorum})
}

/// Reasons as entries have them, with what was said in the clear.
pub(super) fn reasons_json(reasons: &[Reason]) -> Value {
    let one = |reason: &Reason| reason_json(reason, |said| said_json(said).into());
    Value::Array(reasons.iter().map(one).collect())
}

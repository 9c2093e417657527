//! What people are asked to approve, as it stands in the state.

use lastlook_canon::{Digest, Json, Limits, lexical, parse};
use lastlook_kernel::{BasisReading, FactValue, Mode, Moment, Reason, Was};
use lastlook_store::RequestRow;
use serde::{Deserialize, Serialize};

use crate::facts::PlannedFact;
use crate::guarding::{GuardPlan, Guarding};

/// What people are asked to approve: the action as it will be sent, who must say yes, and what was true when they were
/// asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Who acts.
    pub principal: String,
    /// The upstream.
    pub upstream: String,
    /// The tool's name at that upstream.
    pub tool: String,
    /// The arguments, byte for byte as they will be sent.
    pub arguments: String,
    /// The caller's own key for it: an approval is good for what carries the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The guards that ask, in the order of their names; never empty.
    pub guards: Vec<AskedGuard>,
    /// The facts as they were.
    pub facts: Vec<SeenFact>,
    /// What else the action rests on: answers that the agent was given.
    pub readings: Vec<SeenReading>,
    /// The epoch: what was approved in an earlier one is void.
    pub epoch: u64,
    /// Whether something of the arguments is never kept, and so not shown: the call that is approved is sent as it came.
    #[serde(default, skip_serializing_if = "is_false")]
    pub redacted: bool,
    /// The request that this one was opened in place of, because the world or a guard had changed.
    pub after: Option<String>,
}

/// A guard that asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedGuard {
    /// Its name.
    pub guard: String,
    /// The digest of what it says, hexadecimal.
    pub digest: String,
    /// Who may say yes: a Cedar entity.
    pub by: String,
    /// How many different people.
    pub quorum: u32,
}

/// A fact as the boundary read it when people were asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenFact {
    /// Its name.
    pub fact: String,
    /// The digest of what was asked, hexadecimal: another question is another fact.
    pub question: String,
    /// Its value, JSON; nothing when there was no such thing.
    pub value: Option<String>,
    /// Its version, where the source has one.
    pub version: Option<String>,
}

/// An answer that the agent was given, and that was still true when people were asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenReading {
    /// The tool it came from.
    pub tool: String,
    /// The params of that call, JSON.
    pub params: String,
    /// The digest of what is compared, hexadecimal.
    pub digest: String,
    /// What is compared, JSON, while there was room for it.
    pub value: Option<String>,
}

impl Asked {
    /// What a request asks; nothing when it is damaged.
    pub fn of(row: &RequestRow) -> Option<Asked> {
        serde_json::from_slice(&row.detail).ok()
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // INVARIANT(plain): strings and numbers only, which always serialize.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Whether every guard that asked still says what it said, among the guards that may ask now.
    pub(crate) fn is_asked_by(&self, guards: &[AskedGuard]) -> bool {
        self.guards.iter().all(|guard| guards.contains(guard))
    }

    /// The basis that an attempt rests on when it runs on this request's approval.
    pub(crate) fn readings(&self, at: Moment) -> Option<Vec<BasisReading>> {
        let reading = |seen: &SeenReading| {
            Some(BasisReading {
                tool: seen.tool.clone(),
                params: seen.params.as_bytes().into(),
                was: Digest::from_hex(&seen.digest)?,
                value: seen.value.as_ref().map(|value| value.as_bytes().into()),
                answered_at: at,
                rebased: None,
                outdated: false,
            })
        };
        self.readings.iter().map(reading).collect()
    }

    /// What people saw of a fact.
    pub(crate) fn was(&self, fact: &PlannedFact) -> Was {
        let question = fact.question_digest();
        let seen = self.facts.iter().find(|seen| seen.fact == fact.spec.name && seen.question == question);
        let Some(seen) = seen else { return Was::Unseen };
        let Some(text) = &seen.value else { return Was::Absent };
        match parse(text.as_bytes(), &Limits::default()) {
            Ok(value) => Was::Seen(FactValue { value, version: seen.version.clone(), as_of_ns: None }),
            Err(_) => Was::Unseen,
        }
    }
}

impl Guarding {
    /// The guards that want people asked.
    pub(crate) fn asking(&self) -> impl Iterator<Item = &GuardPlan> {
        self.guards.iter().filter(|plan| plan.mode == Mode::Enforce && plan.rules.guard.approve.is_some())
    }

    /// The same, as people are told of them, in the order of their names.
    pub(crate) fn asked(&self) -> Vec<AskedGuard> {
        let config = self.book.config.as_ref();
        let mut asked: Vec<AskedGuard> = self
            .asking()
            .filter_map(|plan| {
                let guard = &plan.rules.guard;
                let approve = guard.approve.as_ref()?;
                Some(AskedGuard {
                    guard: guard.name.clone(),
                    digest: config?.guard_digest(guard).to_hex(),
                    by: approve.by.clone(),
                    quorum: approve.quorum.max(1),
                })
            })
            .collect();
        asked.sort();
        asked
    }

    /// Those of them that ask for these reasons: a guard whose condition does not hold asks nobody.
    pub(crate) fn asked_for(&self, reasons: &[Reason]) -> Vec<AskedGuard> {
        let asks = |name: &str| reasons.iter().any(|reason| reason.guard.as_deref() == Some(name));
        self.asked().into_iter().filter(|guard| asks(&guard.guard)).collect()
    }
}

impl SeenFact {
    /// The same fact with what it was found to be now; nothing: there is no such thing any more.
    pub fn as_read(&self, read: Option<&FactValue>) -> SeenFact {
        SeenFact {
            value: read.map(|read| text(&read.value)),
            version: read.and_then(|read| read.version.clone()),
            ..self.clone()
        }
    }

    /// Whether both say the same of one thing.
    pub fn is_same(&self, other: &SeenFact) -> bool {
        self.value == other.value && self.version == other.version
    }

    pub(crate) fn new(fact: &PlannedFact, read: Option<&FactValue>) -> SeenFact {
        SeenFact {
            fact: fact.spec.name.clone(),
            question: fact.question_digest(),
            value: read.map(|read| text(&read.value)),
            version: read.and_then(|read| read.version.clone()),
        }
    }
}

impl SeenReading {
    /// Nothing when what was asked or answered is no text.
    pub(crate) fn new(reading: &BasisReading) -> Option<SeenReading> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        Some(SeenReading {
            tool: reading.tool.clone(),
            params: text(&reading.params)?,
            digest: reading.was.to_hex(),
            value: reading.value.as_deref().and_then(text),
        })
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn text(value: &Json) -> String {
    String::from_utf8_lossy(&lexical(value)).into_owned()
}

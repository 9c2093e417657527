//! What one attempt was decided on, as it is recorded: the value that an entry's `case` commits to.
//!
//! Values that the entry commits to elsewhere (arguments, *was*, *now*) are not repeated.

use lastlook_canon::Digest;
use lastlook_kernel::{
    Basis, BasisReading, BlindWrites, Code, Confirmation, Done, DoneOutcome, Fact, FactValue, GuardSet,
    Moment, Now, Reason, Rebased, Said, Snapshot, Standing, Unreadable, Value, Was,
};
use serde::{Deserialize, Serialize};

/// The first line of what is written now. What follows is JSON, and the whole is not: nobody discloses fields of it.
pub const FORMAT: &str = "lastlook-case/v1";

/// What one attempt was decided on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What decided it.
    pub decided: Decided,
    /// The digest of the list of tools it was judged under, hexadecimal; nothing where no list was kept.
    pub tools: Option<String>,
    /// The arguments as they were spelt, where that says more than their canonical form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<String>,
    /// When the call arrived, in nanoseconds since the Unix epoch.
    pub arrived_ns: i64,
    /// What a `write` tool may do unread.
    pub blind: Blind,
    /// The most facts one look may read.
    pub max_facts: usize,
    /// What it rests on.
    pub basis: RecordedBasis,
    /// For each guard on the tool, when the decision it speaks of was made, in nanoseconds since the Unix epoch.
    pub decided_ns: Vec<(String, i64)>,
    /// The variables that facts needed and that were not set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unset: Vec<String>,
    /// What was known before anything was read.
    pub opening: Opening,
    /// What was found at the look that counted; nothing when it was decided without.
    pub look: Option<Look>,
}

/// What decided an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// What refuses before anything is read.
    Opening,
    /// The look.
    Look,
    /// The record or the gate: what others hold, what was used up, what moved in the last instant. These are taken as
    /// they were found.
    Record,
}

/// What a `write` tool may do unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blind {
    /// Run.
    Allow,
    /// Be refused.
    Refuse,
}

/// What it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedBasis {
    /// The touched readings, in their order.
    pub readings: Vec<RecordedReading>,
    /// Touched readings that were no longer held.
    pub missing: usize,
    /// Readings about nothing.
    pub uncompared: u64,
    /// Touched readings that a guard compares.
    pub covered: usize,
}

/// One reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedReading {
    /// The tool it came from.
    pub tool: String,
    /// The digest of what was compared, hexadecimal.
    pub was: String,
    /// Whether it was taken again after an own effect.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rebased: bool,
    /// Whether an earlier refusal had found it outdated.
    #[serde(default, skip_serializing_if = "is_false")]
    pub outdated: bool,
}

/// What was known before anything was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The time on the wall, in nanoseconds since the Unix epoch.
    pub wall_ns: i64,
    /// What stood for or against it.
    pub standing: RecordedStanding,
    /// What refused it because of what people said, or because they could not be asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<RecordedReason>,
    /// Why nobody could say whether it was halted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halts: Option<RecordedReason>,
}

/// What was found at one look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The time on the wall, in nanoseconds since the Unix epoch.
    pub wall_ns: i64,
    /// What stood for or against it.
    pub standing: RecordedStanding,
    /// The readings of the basis, as they were then.
    pub readings: Vec<RecordedFact>,
    /// The facts of the guards, in the order of the entry's `snapshot`.
    pub facts: Vec<RecordedGuardFact>,
    /// What was found for each guard.
    pub guards: Vec<RecordedGuard>,
    /// Guards of which the record could not be read, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<(String, String)>,
    /// The instant that claims were counted at, in nanoseconds since the Unix epoch.
    pub claimed_ns: Option<i64>,
    /// For how long leases had been held, in nanoseconds.
    pub held_ns: Option<u64>,
    /// What guards that only watch would have refused before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audited: Vec<RecordedReason>,
    /// The request whose approval it ran on.
    pub request: Option<String>,
    /// Whether that approval still stood.
    pub approved: bool,
}

/// [`Standing`], recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordedStanding {
    epoch: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_doubt: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    cancelled: bool,
    #[serde(skip_serializing_if = "is_false")]
    as_task: bool,
    #[serde(skip_serializing_if = "is_false")]
    tool_changed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<RecordedReason>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    halted: Vec<String>,
}

/// One reading of the basis, as it was at the look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedFact {
    /// Its place in the basis.
    pub index: usize,
    /// What was read.
    pub now: RecordedValue,
    /// What was read right after, where that was needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<RecordedValue>,
}

/// What a source answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedValue {
    /// Something with this digest, hexadecimal.
    Digest(String),
    /// Nothing in time.
    Late,
    /// Nothing that could be compared.
    NotPlain,
    /// Nothing: it was gone.
    Gone,
}

/// A fact of a guard at the look. Its values stand under `snapshot/N/was` and `snapshot/N/now`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedGuardFact {
    /// Its name.
    pub fact: String,
    /// What the agent was seen to read of it.
    pub was: RecordedWas,
    /// What its source said.
    pub now: RecordedNow,
}

/// [`Was`], without the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedWas {
    /// Nothing.
    Unseen,
    /// Nothing since the boundary took it again.
    Rebased,
    /// That there was no such thing.
    Absent,
    /// The committed value.
    Seen(RecordedVersion),
}

/// [`Now`], without the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedNow {
    /// The committed value.
    Read(RecordedVersion),
    /// There was no such thing.
    Absent,
    /// Why it could not be read.
    Unreadable(String),
    /// It kept changing.
    Unstable,
}

/// What a value comes with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordedVersion {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of_ns: Option<i64>,
}

/// What was found for one guard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordedGuard {
    /// Its name.
    pub guard: String,
    /// What was on record of each of its steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<RecordedStep>,
    /// When the last action it spaces out was, in nanoseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spaced_ns: Option<i64>,
    /// Whether people had approved this action for it.
    #[serde(skip_serializing_if = "is_false")]
    pub approved: bool,
    /// Whether grants stood in place of people.
    #[serde(skip_serializing_if = "is_false")]
    pub granted: bool,
}

/// What was on record of one step: the attempts that bore on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedStep {
    /// The step's tool.
    pub tool: String,
    /// Attempts that could prove it.
    pub candidates: Vec<RecordedDone>,
    /// Attempts that came between.
    pub blockers: Vec<RecordedDone>,
    /// Attempts that undid it.
    pub undoers: Vec<RecordedDone>,
}

/// An earlier attempt, as it stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedDone {
    attempt: String,
    armed_at_ns: i64,
    ended_at_ns: Option<i64>,
    outcome: String,
    confirmation: Option<String>,
}

/// A reason, with what was expected and found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedReason {
    code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    said: Option<(String, String, Option<String>, bool)>,
}

/// What is recorded does not mean anything to this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the recorded case has {0}")]
pub struct Unknown(String);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Case {
    /// Reads a recorded case.
    ///
    /// # Errors
    ///
    /// It is no case, or of a form this version does not know.
    pub fn read(bytes: &[u8]) -> Result<Case, Unknown> {
        let form = |form: &[u8]| String::from_utf8_lossy(form).chars().take(40).collect::<String>();
        let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
        match (lines.next(), lines.next()) {
            (Some(first), Some(json)) if first == FORMAT.as_bytes() => serde_json::from_slice(json)
                .map_err(|error| Unknown(format!("another form than it says: {error}"))),
            (first, _) => {
                let first = form(first.unwrap_or_default());
                Err(Unknown(format!("the form `{first}`, and this version knows `{FORMAT}`")))
            }
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // INVARIANT(plain): strings, numbers and lists only, which always serialize.
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{FORMAT}\n{json}").into_bytes()
    }

    pub(crate) fn guard_set(&self) -> GuardSet {
        let blind_writes = match self.blind {
            Blind::Allow => BlindWrites::Allow,
            Blind::Refuse => BlindWrites::Refuse,
        };
        GuardSet { blind_writes, max_facts: self.max_facts }
    }
}

impl RecordedBasis {
    pub(crate) fn of(basis: &Basis) -> RecordedBasis {
        let reading = |reading: &BasisReading| RecordedReading {
            tool: reading.tool.clone(),
            was: reading.was.to_hex(),
            rebased: reading.rebased.is_some(),
            outdated: reading.outdated,
        };
        RecordedBasis {
            readings: basis.readings.iter().map(reading).collect(),
            missing: basis.missing,
            uncompared: basis.uncompared,
            covered: basis.covered,
        }
    }

    pub(crate) fn read(&self) -> Result<Basis, Unknown> {
        let reading = |reading: &RecordedReading| {
            Ok(BasisReading {
                tool: reading.tool.clone(),
                params: [].into(),
                was: digest(&reading.was)?,
                value: None,
                answered_at: Moment(0),
                rebased: reading.rebased.then(|| Rebased { after: String::new(), since_act_ns: 0 }),
                outdated: reading.outdated,
            })
        };
        Ok(Basis {
            readings: self.readings.iter().map(reading).collect::<Result<_, Unknown>>()?,
            missing: self.missing,
            uncompared: self.uncompared,
            covered: self.covered,
        })
    }
}

impl RecordedStanding {
    pub(crate) fn of(standing: &Standing) -> RecordedStanding {
        let Standing { epoch, in_doubt, cancelled, as_task, tool_changed, unreadable, halted } = standing;
        RecordedStanding {
            epoch: *epoch,
            in_doubt: in_doubt.clone(),
            cancelled: *cancelled,
            as_task: *as_task,
            tool_changed: *tool_changed,
            unreadable: unreadable.as_ref().map(RecordedReason::of),
            halted: halted.clone(),
        }
    }

    pub(crate) fn read(&self) -> Result<Standing, Unknown> {
        Ok(Standing {
            epoch: self.epoch,
            in_doubt: self.in_doubt.clone(),
            cancelled: self.cancelled,
            as_task: self.as_task,
            tool_changed: self.tool_changed,
            unreadable: self.unreadable.as_ref().map(RecordedReason::read).transpose()?,
            halted: self.halted.clone(),
        })
    }
}

impl RecordedFact {
    pub(crate) fn of(fact: &Fact) -> RecordedFact {
        RecordedFact {
            index: fact.index,
            now: RecordedValue::of(fact.now),
            again: fact.again.map(RecordedValue::of),
        }
    }

    fn read(&self) -> Result<Fact, Unknown> {
        Ok(Fact {
            index: self.index,
            now: self.now.read()?,
            again: self.again.as_ref().map(RecordedValue::read).transpose()?,
            asked_at: Moment(0),
            answered_at: Moment(0),
        })
    }
}

impl Look {
    pub(crate) fn snapshot(&self) -> Result<Snapshot, Unknown> {
        let facts = self.readings.iter().map(RecordedFact::read).collect::<Result<_, Unknown>>()?;
        Ok(Snapshot { facts, also: Vec::new() })
    }
}

impl RecordedValue {
    fn of(value: Value) -> RecordedValue {
        match value {
            Value::Read(digest) => RecordedValue::Digest(digest.to_hex()),
            Value::Unreadable(Unreadable::Late) => RecordedValue::Late,
            Value::Unreadable(Unreadable::NotPlain) => RecordedValue::NotPlain,
            Value::Unreadable(Unreadable::Gone) => RecordedValue::Gone,
        }
    }

    fn read(&self) -> Result<Value, Unknown> {
        Ok(match self {
            RecordedValue::Digest(hex) => Value::Read(digest(hex)?),
            RecordedValue::Late => Value::Unreadable(Unreadable::Late),
            RecordedValue::NotPlain => Value::Unreadable(Unreadable::NotPlain),
            RecordedValue::Gone => Value::Unreadable(Unreadable::Gone),
        })
    }
}

impl RecordedWas {
    pub(crate) fn of(was: &Was) -> RecordedWas {
        match was {
            Was::Unseen => RecordedWas::Unseen,
            Was::Rebased => RecordedWas::Rebased,
            Was::Absent => RecordedWas::Absent,
            Was::Seen(value) => RecordedWas::Seen(RecordedVersion::of(value)),
        }
    }
}

impl RecordedNow {
    pub(crate) fn of(now: &Now) -> RecordedNow {
        match now {
            Now::Read(value) => RecordedNow::Read(RecordedVersion::of(value)),
            Now::Absent => RecordedNow::Absent,
            Now::Unreadable(why) => RecordedNow::Unreadable(why.clone()),
            Now::Unstable => RecordedNow::Unstable,
        }
    }
}

impl RecordedVersion {
    fn of(value: &FactValue) -> RecordedVersion {
        RecordedVersion { version: value.version.clone(), as_of_ns: value.as_of_ns }
    }

    /// With the value it belongs to.
    pub(crate) fn with(&self, value: lastlook_canon::Json) -> FactValue {
        FactValue { value, version: self.version.clone(), as_of_ns: self.as_of_ns }
    }
}

impl RecordedDone {
    pub(crate) fn of(done: &Done) -> RecordedDone {
        RecordedDone {
            attempt: done.attempt.clone(),
            armed_at_ns: done.armed_at_ns,
            ended_at_ns: done.ended_at_ns,
            outcome: outcome_name(done.outcome).to_owned(),
            confirmation: done.confirmation.map(|confirmation| confirmation.as_str().to_owned()),
        }
    }

    pub(crate) fn read(&self) -> Result<Done, Unknown> {
        let unknown = |what: &str| Unknown(format!("`{what}`, which is no way to have ended"));
        let outcome = OUTCOMES.into_iter().find(|outcome| outcome_name(*outcome) == self.outcome);
        let confirmation = |name: &String| {
            const ALL: [Confirmation; 3] =
                [Confirmation::Confirmed, Confirmation::Contradicted, Confirmation::Unconfirmed];
            ALL.into_iter().find(|one| one.as_str() == name).ok_or_else(|| unknown(name))
        };
        Ok(Done {
            attempt: self.attempt.clone(),
            armed_at_ns: self.armed_at_ns,
            ended_at_ns: self.ended_at_ns,
            outcome: outcome.ok_or_else(|| unknown(&self.outcome))?,
            confirmation: self.confirmation.as_ref().map(confirmation).transpose()?,
            matches: true,
        })
    }
}

const OUTCOMES: [DoneOutcome; 5] = [
    DoneOutcome::Armed,
    DoneOutcome::Succeeded,
    DoneOutcome::Failed,
    DoneOutcome::Refused,
    DoneOutcome::Unknown,
];

fn outcome_name(outcome: DoneOutcome) -> &'static str {
    match outcome {
        DoneOutcome::Armed => "armed",
        DoneOutcome::Succeeded => "succeeded",
        DoneOutcome::Failed => "failed",
        DoneOutcome::Refused => "refused",
        DoneOutcome::Unknown => "unknown",
    }
}

impl RecordedReason {
    pub(crate) fn of(reason: &Reason) -> RecordedReason {
        let said =
            |said: &Said| (said.expected.clone(), said.actual.clone(), said.hint.clone(), said.for_agent);
        RecordedReason {
            code: reason.code.as_str().to_owned(),
            about: reason.about.clone(),
            guard: reason.guard.clone(),
            said: reason.said.as_deref().map(said),
        }
    }

    pub(crate) fn read(&self) -> Result<Reason, Unknown> {
        let code = Code::parse(&self.code).ok_or_else(|| Unknown(format!("the code `{}`", self.code)))?;
        let said = self
            .said
            .clone()
            .map(|(expected, actual, hint, for_agent)| Box::new(Said { expected, actual, hint, for_agent }));
        Ok(Reason { code, about: self.about.clone(), guard: self.guard.clone(), said })
    }
}

/// All of them, recorded.
pub(crate) fn recorded(reasons: &[Reason]) -> Vec<RecordedReason> {
    reasons.iter().map(RecordedReason::of).collect()
}

/// All of them, read.
pub(crate) fn reasons(recorded: &[RecordedReason]) -> Result<Vec<Reason>, Unknown> {
    recorded.iter().map(RecordedReason::read).collect()
}

fn digest(hex: &str) -> Result<Digest, Unknown> {
    Digest::from_hex(hex).ok_or_else(|| Unknown(format!("`{hex}` for a digest")))
}

//! Between what the kernel decides on and what is recorded of it.

use lastlook_canon::Digest;
use lastlook_kernel::{
    Basis, BasisReading, BlindWrites, Code, Confirmation, Done, DoneOutcome, Fact, FactValue, GuardSet,
    Moment, Now, Reason, Rebased, Said, Snapshot, Standing, Unreadable, Value, Was,
};

use super::{
    Blind, Case, FORMAT, Look, RecordedBasis, RecordedDone, RecordedFact, RecordedNow, RecordedReading,
    RecordedReason, RecordedStanding, RecordedValue, RecordedVersion, RecordedWas, Unknown,
};

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

//! From a record to the kernel's types.

use lastlook_canon::{Digest, Json, Limits, parse};
use lastlook_kernel::{
    Action, Basis, BasisReading, BlindWrites, Class, ClassSource, Code, Definition, Fact, GuardSet, Ignore,
    Mode, Moment, Principal, Reason, Rebased, Snapshot, Standing, Tool, ToolRules, Unreadable, Value,
};

use super::record::*;
use super::{CaseError, Inputs, RecordedReason};

impl TryFrom<&RecordedCase> for Inputs {
    type Error = CaseError;

    fn try_from(recorded: &RecordedCase) -> Result<Self, CaseError> {
        let RecordedCase { action, tool, basis, snapshot, standing, guards, mode, at } = recorded;
        let RecordedGuards { blind_writes, max_facts } = guards;
        Ok(Inputs {
            action: to_action(action)?,
            tool: to_tool(tool)?,
            basis: to_basis(basis)?,
            snapshot: to_snapshot(snapshot)?,
            standing: to_standing(standing)?,
            guards: GuardSet {
                blind_writes: match blind_writes {
                    RecordedBlindWrites::Allow => BlindWrites::Allow,
                    RecordedBlindWrites::Refuse => BlindWrites::Refuse,
                },
                max_facts: to_usize(*max_facts, "max_facts")?,
            },
            mode: match mode {
                RecordedMode::Enforce => Mode::Enforce,
                RecordedMode::Audit => Mode::Audit,
            },
            at: Moment(*at),
        })
    }
}

fn to_action(recorded: &RecordedAction) -> Result<Action, CaseError> {
    let RecordedAction { upstream, tool, definition, principal, asserted, call } = recorded;
    let definition = definition.as_deref().map(to_digest).transpose()?;
    let principal = Principal { id: principal.clone(), asserted: *asserted };
    match call {
        RecordedCall::Arguments(text) => {
            Ok(Action::new(upstream, tool, definition, principal, to_json(text, "arguments")?)?)
        }
        RecordedCall::Unreadable(params) => {
            Ok(Action::unreadable(upstream, tool, definition, principal, params.as_bytes()))
        }
    }
}

fn to_tool(recorded: &RecordedTool) -> Result<Tool, CaseError> {
    let RecordedTool { name, class, class_by, definition, rules } = recorded;
    let RecordedRules { subjects, touches, ignore, retake, local, errors_mean_no_effect } = rules;
    Ok(Tool {
        name: name.clone(),
        class: match class {
            RecordedClass::Read => Class::Read,
            RecordedClass::Write => Class::Write,
            RecordedClass::Destructive => Class::Destructive,
        },
        class_by: match class_by {
            RecordedClassSource::Declared => ClassSource::Declared,
            RecordedClassSource::Profile => ClassSource::Profile,
            RecordedClassSource::Hinted => ClassSource::Hinted,
            RecordedClassSource::Default => ClassSource::Default,
        },
        definition: definition.as_ref().map(to_definition).transpose()?,
        rules: ToolRules {
            subjects: subjects.clone(),
            touches: touches.clone(),
            ignore: ignore.iter().map(to_ignore).collect(),
            retake: *retake,
            local: *local,
            errors_mean_no_effect: *errors_mean_no_effect,
        },
    })
}

fn to_definition(recorded: &RecordedDefinition) -> Result<Definition, CaseError> {
    let RecordedDefinition { digest, input_schema, read_only_hint } = recorded;
    Ok(Definition {
        digest: to_digest(digest)?,
        input_schema: input_schema.as_deref().map(|schema| to_json(schema, "input_schema")).transpose()?,
        read_only_hint: *read_only_hint,
    })
}

fn to_ignore(recorded: &RecordedIgnore) -> Ignore {
    let RecordedIgnore { pointer, line_prefix } = recorded;
    Ignore { pointer: pointer.clone(), line_prefix: line_prefix.clone() }
}

fn to_basis(recorded: &RecordedBasis) -> Result<Basis, CaseError> {
    let RecordedBasis { readings, missing, uncompared } = recorded;
    Ok(Basis {
        readings: readings.iter().map(to_reading).collect::<Result<_, _>>()?,
        missing: to_usize(*missing, "missing")?,
        uncompared: *uncompared,
        covered: 0,
    })
}

fn to_reading(recorded: &RecordedReading) -> Result<BasisReading, CaseError> {
    let RecordedReading { tool, params, was, value, answered_at, rebased, outdated } = recorded;
    Ok(BasisReading {
        tool: tool.clone(),
        params: params.as_bytes().into(),
        was: to_digest(was)?,
        value: value.as_ref().map(|value| value.as_bytes().into()),
        answered_at: Moment(*answered_at),
        rebased: rebased.as_ref().map(|RecordedRebased { after, since_act_ns }| Rebased {
            after: after.clone(),
            since_act_ns: *since_act_ns,
        }),
        outdated: *outdated,
    })
}

fn to_snapshot(recorded: &RecordedSnapshot) -> Result<Snapshot, CaseError> {
    let RecordedSnapshot { facts } = recorded;
    let to_fact = |fact: &RecordedFact| {
        let RecordedFact { index, now, again, asked_at, answered_at } = fact;
        Ok(Fact {
            index: to_usize(*index, "index")?,
            now: to_value(now)?,
            again: again.as_ref().map(to_value).transpose()?,
            asked_at: Moment(*asked_at),
            answered_at: Moment(*answered_at),
        })
    };
    Ok(Snapshot { facts: facts.iter().map(to_fact).collect::<Result<_, CaseError>>()?, also: Vec::new() })
}

fn to_value(recorded: &RecordedValue) -> Result<Value, CaseError> {
    Ok(match recorded {
        RecordedValue::Read(digest) => Value::Read(to_digest(digest)?),
        RecordedValue::Unreadable(RecordedUnreadable::Late) => Value::Unreadable(Unreadable::Late),
        RecordedValue::Unreadable(RecordedUnreadable::NotPlain) => Value::Unreadable(Unreadable::NotPlain),
        RecordedValue::Unreadable(RecordedUnreadable::Gone) => Value::Unreadable(Unreadable::Gone),
    })
}

fn to_standing(recorded: &RecordedStanding) -> Result<Standing, CaseError> {
    let RecordedStanding { epoch, in_doubt, cancelled, as_task, tool_changed, unreadable, halted } = recorded;
    Ok(Standing {
        epoch: *epoch,
        in_doubt: in_doubt.clone(),
        cancelled: *cancelled,
        as_task: *as_task,
        tool_changed: *tool_changed,
        unreadable: unreadable.as_ref().map(to_reason).transpose()?,
        halted: halted.clone(),
    })
}

fn to_reason(recorded: &RecordedReason) -> Result<Reason, CaseError> {
    let RecordedReason { code, about } = recorded;
    let code = Code::parse(code).ok_or_else(|| CaseError::Code(code.clone()))?;
    Ok(Reason { about: about.clone(), ..Reason::of(code) })
}

fn to_digest(hex: &str) -> Result<Digest, CaseError> {
    Digest::from_hex(hex).ok_or_else(|| CaseError::Digest(hex.to_owned()))
}

fn to_json(text: &str, what: &'static str) -> Result<Json, CaseError> {
    parse(text.as_bytes(), &Limits::default())
        .map_err(|error| CaseError::Json { what, why: error.to_string() })
}

fn to_usize(number: u64, what: &'static str) -> Result<usize, CaseError> {
    usize::try_from(number).map_err(|_| CaseError::TooLarge(what))
}

//! From the kernel's types to a record.

use lastlook_canon::{Digest, Json, lexical};
use lastlook_kernel::{
    Action, Basis, BasisReading, BlindWrites, Class, ClassSource, Definition, Fact, GuardSet, Ignore, Mode,
    Moment, Rebased, Snapshot, Standing, Tool, ToolRules, Unreadable, Value,
};

use super::record::*;
use super::{CaseError, Inputs, RecordedReason};

impl TryFrom<&Inputs> for RecordedCase {
    type Error = CaseError;

    fn try_from(inputs: &Inputs) -> Result<Self, CaseError> {
        let Inputs { action, tool, basis, snapshot, standing, guards, mode, at } = inputs;
        let GuardSet { blind_writes, max_facts } = guards;
        Ok(RecordedCase {
            action: recorded_action(action)?,
            tool: recorded_tool(tool)?,
            basis: recorded_basis(basis)?,
            snapshot: recorded_snapshot(snapshot),
            standing: recorded_standing(standing),
            guards: RecordedGuards {
                blind_writes: match blind_writes {
                    BlindWrites::Allow => RecordedBlindWrites::Allow,
                    BlindWrites::Refuse => RecordedBlindWrites::Refuse,
                },
                max_facts: *max_facts as u64,
            },
            mode: match mode {
                Mode::Enforce => RecordedMode::Enforce,
                Mode::Audit => RecordedMode::Audit,
            },
            at: at.0,
        })
    }
}

/// Arguments are recorded in their canonical form: what the digest binds.
fn recorded_action(action: &Action) -> Result<RecordedAction, CaseError> {
    Ok(RecordedAction {
        upstream: action.upstream().to_owned(),
        tool: action.tool().to_owned(),
        definition: action.definition().as_ref().map(Digest::to_hex),
        principal: action.principal().id.clone(),
        asserted: action.principal().asserted,
        call: match action.arguments() {
            Json::Object(_) => RecordedCall::Arguments(text(action.canonical_arguments(), "arguments")?),
            _ => RecordedCall::Unreadable(text(action.canonical_arguments(), "params")?),
        },
    })
}

fn recorded_tool(tool: &Tool) -> Result<RecordedTool, CaseError> {
    let Tool { name, class, class_by, definition, rules } = tool;
    let ToolRules { subjects, touches, ignore, retake, local, errors_mean_no_effect } = rules;
    Ok(RecordedTool {
        name: name.clone(),
        class: match class {
            Class::Read => RecordedClass::Read,
            Class::Write => RecordedClass::Write,
            Class::Destructive => RecordedClass::Destructive,
        },
        class_by: match class_by {
            ClassSource::Declared => RecordedClassSource::Declared,
            ClassSource::Profile => RecordedClassSource::Profile,
            ClassSource::Hinted => RecordedClassSource::Hinted,
            ClassSource::Default => RecordedClassSource::Default,
        },
        definition: definition.as_ref().map(recorded_definition).transpose()?,
        rules: RecordedRules {
            subjects: subjects.clone(),
            touches: touches.clone(),
            ignore: ignore.iter().map(recorded_ignore).collect(),
            retake: *retake,
            local: *local,
            errors_mean_no_effect: *errors_mean_no_effect,
        },
    })
}

fn recorded_definition(definition: &Definition) -> Result<RecordedDefinition, CaseError> {
    let Definition { digest, input_schema, read_only_hint } = definition;
    Ok(RecordedDefinition {
        digest: digest.to_hex(),
        input_schema: input_schema
            .as_ref()
            .map(|schema| text(&lexical(schema), "input_schema"))
            .transpose()?,
        read_only_hint: *read_only_hint,
    })
}

fn recorded_ignore(ignore: &Ignore) -> RecordedIgnore {
    let Ignore { pointer, line_prefix } = ignore;
    RecordedIgnore { pointer: pointer.clone(), line_prefix: line_prefix.clone() }
}

fn recorded_basis(basis: &Basis) -> Result<RecordedBasis, CaseError> {
    // Readings that a guard covers belong to its own cases.
    let Basis { readings, missing, uncompared, covered: _ } = basis;
    Ok(RecordedBasis {
        readings: readings.iter().map(recorded_reading).collect::<Result<_, _>>()?,
        missing: *missing as u64,
        uncompared: *uncompared,
    })
}

fn recorded_reading(reading: &BasisReading) -> Result<RecordedReading, CaseError> {
    let BasisReading { tool, params, was, value, answered_at, rebased, outdated } = reading;
    Ok(RecordedReading {
        tool: tool.clone(),
        params: text(params, "params")?,
        was: was.to_hex(),
        value: value.as_ref().map(|value| text(value, "value")).transpose()?,
        answered_at: answered_at.0,
        rebased: rebased.as_ref().map(|Rebased { after, since_act_ns }| RecordedRebased {
            after: after.clone(),
            since_act_ns: *since_act_ns,
        }),
        outdated: *outdated,
    })
}

fn recorded_snapshot(snapshot: &Snapshot) -> RecordedSnapshot {
    let Snapshot { facts, also: _ } = snapshot;
    let recorded = |fact: &Fact| {
        let Fact { index, now, again, asked_at: Moment(asked_at), answered_at: Moment(answered_at) } = fact;
        RecordedFact {
            index: *index as u64,
            now: recorded_value(now),
            again: again.as_ref().map(recorded_value),
            asked_at: *asked_at,
            answered_at: *answered_at,
        }
    };
    RecordedSnapshot { facts: facts.iter().map(recorded).collect() }
}

fn recorded_value(value: &Value) -> RecordedValue {
    match value {
        Value::Read(digest) => RecordedValue::Read(digest.to_hex()),
        Value::Unreadable(Unreadable::Late) => RecordedValue::Unreadable(RecordedUnreadable::Late),
        Value::Unreadable(Unreadable::NotPlain) => RecordedValue::Unreadable(RecordedUnreadable::NotPlain),
        Value::Unreadable(Unreadable::Gone) => RecordedValue::Unreadable(RecordedUnreadable::Gone),
    }
}

fn recorded_standing(standing: &Standing) -> RecordedStanding {
    let Standing { epoch, in_doubt, cancelled, as_task, tool_changed, unreadable, halted } = standing;
    RecordedStanding {
        epoch: *epoch,
        in_doubt: in_doubt.clone(),
        cancelled: *cancelled,
        as_task: *as_task,
        tool_changed: *tool_changed,
        unreadable: unreadable.as_ref().map(RecordedReason::from),
        halted: halted.clone(),
    }
}

fn text(bytes: &[u8], what: &'static str) -> Result<String, CaseError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| CaseError::NotText(what))
}

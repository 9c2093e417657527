//! `[guard.NAME]` and `[procedure.NAME]`

use serde_json::{Value, json};

use super::{choice, duration, list, reference, set, table, whole};

pub(super) fn guard() -> Value {
    let facts = |what: &str| list(json!({ "type": "string" }), what);
    table(
        "What must hold for a kind of action",
        &["on"],
        [
            ("on", on()),
            ("mode", choice("audit lets what it would refuse run, and records that", &["enforce", "audit"])),
            (
                "resource",
                reference("template", "What is acted on, as a Cedar entity: Order::\"${args.order_id}\""),
            ),
            ("unchanged", facts("Facts that must be as the agent saw them")),
            (
                "fresh",
                json!({
                    "type": "object",
                    "additionalProperties": { "$ref": "#/definitions/duration" },
                    "description": "The greatest age of facts, by their sources' own time",
                }),
            ),
            ("facts", facts("Facts that are read although nothing here names them, for the policies")),
            (
                "stable",
                json!({
                    "anyOf": [{ "type": "boolean" }, { "type": "integer", "minimum": 2, "maximum": 10 }],
                    "description": "Read until two rounds agree, at most this many; true is 3",
                }),
            ),
            (
                "when",
                reference(
                    "condition",
                    "What must be true over args, was, now, steps, principal, action, resource",
                ),
            ),
            (
                "after",
                json!({
                    "type": "array",
                    "items": entry(),
                    "description": "What must have happened before, in this order",
                }),
            ),
            ("window", window()),
            (
                "once",
                text_or_table(
                    "At most once for a key",
                    table(
                        "At most once for a key",
                        &["key"],
                        [("key", reference("template", "The key")), ("per", per()), ("tz", tz())],
                    ),
                ),
            ),
            ("limit", json!({ "type": "array", "items": limit(), "description": "How much, or how often" })),
            (
                "lease",
                text_or_table(
                    "No two at a time",
                    table(
                        "No two at a time",
                        &["key"],
                        [
                            ("key", reference("template", "The key")),
                            ("wait", duration("How long to wait for it", Some("10s"))),
                            ("hold", duration("How long it may be held before the gate", Some("30s"))),
                        ],
                    ),
                ),
            ),
            ("approve", approve()),
            ("confirm", confirm()),
        ],
    )
}

pub(super) fn procedure() -> Value {
    let steps = json!({ "type": "array", "items": { "$ref": "#/definitions/step" }, "minItems": 1 });
    table("The steps a job must have, in order", &["steps"], [("steps", steps)])
}

pub(super) fn step() -> Value {
    table(
        "One earlier attempt that must be on record",
        &["tool"],
        [
            ("tool", reference("tool", "The tool that must have run")),
            ("where", reference("condition", "Which of its attempts count, over `step` and `args`")),
            ("within", duration("How long ago it may have ended", None)),
            (
                "accept",
                choice(
                    "What proves it: its effect was seen, or the tool said so",
                    &["confirmed", "succeeded"],
                ),
            ),
            (
                "none_since",
                list(reference("tool", "A tool"), "Tools that must not have run since it started"),
            ),
        ],
    )
}

fn on() -> Value {
    let mut on = list(reference("tool", "A tool"), "The tools it guards");
    set(&mut on, "minItems", json!(1));
    on
}

fn entry() -> Value {
    let procedure = json!({ "type": "string", "description": "The steps of [procedure.NAME]" });
    json!({
        "anyOf": [
            { "$ref": "#/definitions/step" },
            table("All the steps of a procedure", &["procedure"], [("procedure", procedure)]),
        ],
    })
}

fn text_or_table(what: &str, table: Value) -> Value {
    json!({ "description": what, "anyOf": [{ "$ref": "#/definitions/template" }, table] })
}

fn one_or_several(what: &str) -> Value {
    json!({
        "description": what,
        "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "uniqueItems": true }],
    })
}

fn instant(what: &str) -> Value {
    json!({ "type": "string", "description": what })
}

fn window() -> Value {
    table(
        "When it may run",
        &[],
        [
            ("open", one_or_several("Weekly hours such as Mon-Fri 09:00-17:30")),
            ("tz", tz()),
            (
                "closed",
                one_or_several("Dates 2026-12-24 or ranges 2026-12-24..2027-01-02, both ends included"),
            ),
            ("not_before", instant("RFC 3339 instant before which nothing runs")),
            ("not_after", instant("RFC 3339 instant from which nothing runs")),
            ("max_age", duration("The greatest age of the decision", None)),
            ("min_spacing", duration("The least time since the last such action was sent", None)),
        ],
    )
}

fn tz() -> Value {
    json!({ "type": "string", "description": "The zone's IANA name, such as Europe/Paris" })
}

fn per() -> Value {
    json!({
        "description": "A duration for the time up to now, or a calendar unit",
        "anyOf": [
            { "$ref": "#/definitions/duration" },
            { "enum": ["hour", "day", "week", "month", "year"] },
        ],
    })
}

fn limit() -> Value {
    let max = json!({
        "type": ["integer", "string"],
        "exclusiveMinimum": 0,
        "pattern": "^[0-9]+(\\.[0-9]+)?$",
        "description": "The most the sum may come to: a whole number, or a decimal in quotes",
    });
    let by = json!({
        "type": "string",
        "pattern": "^(principal|tool|resource|guard|key:.+)$",
        "default": "principal",
        "description": "Whose limit it is: principal, tool, resource, guard, or key:TEMPLATE",
    });
    let mut limit = table(
        "How much, or how often",
        &["per"],
        [
            ("sum", reference("pointer", "What is summed up, in the arguments")),
            ("max", max),
            ("count", whole("The most calls", 1)),
            ("per", per()),
            ("tz", tz()),
            ("by", by),
        ],
    );
    set(&mut limit, "oneOf", json!([{ "required": ["sum", "max"] }, { "required": ["count"] }]));
    limit
}

fn approve() -> Value {
    let mut quorum = whole("How many different people", 1);
    set(&mut quorum, "default", json!(1));
    table(
        "A person's yes",
        &["by"],
        [
            ("when", reference("condition", "When it is needed; always when left out")),
            ("by", reference("entity", "Who may give it")),
            ("quorum", quorum),
            ("expires", duration("How long it holds", None)),
        ],
    )
}

fn confirm() -> Value {
    table(
        "How the effect shows",
        &["when"],
        [
            ("when", reference("condition", "True once the effect shows")),
            ("refute", reference("condition", "True only if it can not, or not any more, have happened")),
            ("within", duration("How long to look for it before the answer is given", Some("5s"))),
            ("settle", duration("From when on the request can no longer land, counted from the gate", None)),
        ],
    )
}

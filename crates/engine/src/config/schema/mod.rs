//! A JSON Schema of the configuration file, for editors.
//!
//! It knows the keys, their types and their choices, and says of each what it is. What only the whole file can tell
//! (names of facts, what a fact can do) is [`Config::parse`](super::Config::parse)'s to say.

mod fact;
mod guard;
mod tool;

use serde_json::{Map, Value, json};

/// The schema, in the dialect that TOML editors read (JSON Schema draft 7).
pub fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "lastlook.toml",
        "description": "What runs, what it may do, and what must hold when it does",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "trust_annotations": flag("Whether the servers' own annotations count for their tools' class", Some(false)),
            "principal": principal(),
            "policy": policy(),
            "defaults": defaults(),
            "upstream": named(PLAIN, "A server that can be run, or a program that embeds the boundary", upstream()),
            "tool": named("^[A-Za-z0-9_-]+\\..+$", "What one tool may do, as \"upstream.tool\"", tool::tool()),
            "database": named(PLAIN, "A database that facts are read from", database()),
            "fact": named("^[A-Za-z_][A-Za-z0-9_]*$", "How the boundary reads one thing of the world", fact::fact()),
            "procedure": named(PLAIN, "The steps a job must have", guard::procedure()),
            "claims": table(
                "What agents say they did",
                &[],
                [("tool", flag("Whether agents are offered a tool that checks their claims", Some(false)))],
            ),
            "record": table(
                "What stays beside the record",
                &[],
                [("keep_values", reference("duration", "How long values are kept; left out: for ever"))],
            ),
            "notify": named(PLAIN, "Who is told when an action is held or decided", notify()),
            "witness": witness(),
            "guard": named(PLAIN, "What must hold for a kind of action", guard::guard()),
        },
        "definitions": {
            "duration": {
                "type": "string",
                "pattern": "^[0-9]+(ms|s|m|h|d)$",
                "description": "A whole number and a unit: 250ms, 5s, 10m, 1h, 1d",
            },
            "pointer": {
                "type": "string",
                "pattern": "^(/([^~]|~[01])*)?$",
                "description": "A JSON Pointer (RFC 6901), such as /status",
            },
            "tool": {
                "type": "string",
                "pattern": "^[A-Za-z0-9_-]+\\..+$",
                "description": "An upstream, a dot, and the tool's own name",
            },
            "entity": {
                "type": "string",
                "pattern": "^[A-Za-z_][A-Za-z0-9_]*(::[A-Za-z_][A-Za-z0-9_]*)*::\".+\"$",
                "description": "A Cedar entity, such as User::\"deploy-bot\"",
            },
            "condition": { "type": "string", "minLength": 1, "description": "A Cedar expression" },
            "template": { "type": "string", "minLength": 1, "description": "Text with holes such as ${args.order_id}" },
            "type": {
                "description": "A type: a name, [TYPE] for an array, { name = TYPE } for an object",
                "anyOf": [
                    { "enum": ["String", "Long", "Decimal", "Bool"] },
                    { "type": "array", "items": { "$ref": "#/definitions/type" }, "minItems": 1, "maxItems": 1 },
                    { "type": "object", "additionalProperties": { "$ref": "#/definitions/type" } },
                ],
            },
            "step": guard::step(),
        },
    })
}

/// The schema as it is committed and printed.
pub fn schema_text() -> String {
    format!("{:#}\n", sorted(schema()))
}

/// The same with members in the order of their names, whatever order the builder of the value keeps.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

const PLAIN: &str = "^[A-Za-z0-9_-]+$";

fn principal() -> Value {
    table(
        "Who acts",
        &["id"],
        [
            ("id", reference("entity", "The principal's Cedar entity")),
            ("groups", list(reference("entity", "A group"), "The groups the principal is in")),
        ],
    )
}

fn policy() -> Value {
    let path = |what: &str| json!({ "type": "string", "minLength": 1, "description": what });
    table(
        "Cedar policies; paths are absolute, or relative to this file's folder",
        &["file"],
        [("file", path("The policies")), ("entities", path("The entities, as Cedar's JSON"))],
    )
}

fn defaults() -> Value {
    let names = |what: &str| list(json!({ "type": "string" }), what);
    table(
        "What holds where nothing more special is said",
        &[],
        [
            (
                "blind_writes",
                choice("What a write tool may do to something that was never read", &["allow", "refuse"]),
            ),
            (
                "not_subjects",
                names("Names of arguments that never name a subject; replaces the shipped list"),
            ),
            ("not_subjects_add", names("Names of arguments that never name a subject, beside the others")),
            ("receipt_meta", flag("Whether the receipt's id is put into the `_meta` of results", Some(true))),
            (
                "elicit",
                flag(
                    "Whether a client that can put something before its user is asked to tell them of a call that people must approve",
                    Some(true),
                ),
            ),
            (
                "mode",
                choice(
                    "Whether the boundary refuses, or only records what it would refuse",
                    &["enforce", "audit"],
                ),
            ),
            ("fact_timeout", duration("How long one reading may take", Some("5s"))),
            (
                "max_gap",
                duration("How old the oldest reading of a look may be when the call is sent", Some("2s")),
            ),
            (
                "wait_for_approval",
                duration(
                    "How long a call that people must approve waits for them before it is answered that it is held",
                    Some("0s"),
                ),
            ),
            (
                "wait_for_subject",
                duration("How long an effect waits for another one on the same subject", Some("10s")),
            ),
        ],
    )
}

fn upstream() -> Value {
    let mut upstream = table(
        "A server that can be run, or a program that embeds the boundary",
        &[],
        [
            (
                "program",
                flag(
                    "It is a program that embeds the boundary and acts by itself, in place of a command",
                    Some(false),
                ),
            ),
            ("command", words("The program and its arguments, run without a shell")),
            (
                "cwd",
                json!({ "type": "string", "pattern": "^/", "description": "Its working directory, absolute" }),
            ),
            (
                "env",
                json!({
                    "type": "object",
                    "additionalProperties": { "type": "string" },
                    "description": "Variables added to the boundary's own environment",
                }),
            ),
            ("profile", choice("Which shipped profile speaks for its tools", &profiles())),
        ],
    );
    set(&mut upstream, "anyOf", json!([{ "required": ["command"] }, { "required": ["program"] }]));
    upstream
}

fn database() -> Value {
    let mut table = table(
        "A database that facts are read from",
        &[],
        [
            (
                "url",
                json!({
                    "type": "string",
                    "pattern": "^(env:[A-Za-z_][A-Za-z0-9_]*|postgres(ql)?://.*)$",
                    "description": "The address of a PostgreSQL server, or env:NAME",
                }),
            ),
            (
                "sqlite",
                json!({ "type": "string", "pattern": "^/", "description": "The absolute path of a SQLite file" }),
            ),
        ],
    );
    set(&mut table, "oneOf", json!([{ "required": ["url"] }, { "required": ["sqlite"] }]));
    table
}

fn witness() -> Value {
    let key = json!({
        "type": "string",
        "pattern": "^[!-*,-~]+\\+[0-9a-f]{8}\\+B[A-Za-z0-9+/]+=*$",
        "description": "Its public key, as `lastlook witness` prints it",
    });
    let url = json!({
        "type": "string",
        "pattern": "^https?://.*$",
        "description": "Where it listens; calls stand below it",
    });
    let one = table(
        "One witness",
        &["url", "key"],
        [
            ("url", url),
            ("key", key),
            ("private", flag("Whether it may be in a private network, or on this machine", Some(false))),
        ],
    );
    json!({
        "type": "object",
        "description": "Who is asked to cosign the checkpoints, each by a name",
        "properties": {
            "quorum": {
                "type": "integer", "minimum": 1, "maximum": 32,
                "description": "How many of them must have cosigned; all of them when left out",
            },
        },
        // What is said of all of them stands beside their names.
        "patternProperties": { "^(?!quorum$)[A-Za-z0-9_-]+$": one },
        "additionalProperties": false,
    })
}

fn notify() -> Value {
    let told: Vec<&str> = crate::notify::Happened::TOLD.iter().map(|(name, _)| *name).collect();
    table(
        "Who is told when an action is held or decided",
        &["url"],
        [
            (
                "url",
                json!({
                    "type": "string",
                    "pattern": "^(env:[A-Za-z_][A-Za-z0-9_]*|https?://.*)$",
                    "description": "Where messages are sent, or env:NAME",
                }),
            ),
            ("format", choice("How messages are written", &["json", "slack"])),
            (
                "secret",
                json!({
                    "type": "string",
                    "pattern": "^env:[A-Za-z_][A-Za-z0-9_]*$",
                    "description": "The key that messages are signed with, whsec_…, as env:NAME; not for slack",
                }),
            ),
            ("on", list(json!({ "enum": told }), "What it is told of; everything when left out")),
            (
                "show_arguments",
                flag("Whether messages hold the arguments, which may hold secrets", Some(false)),
            ),
            ("private", flag("Whether it may be in a private network, or on this machine", Some(false))),
        ],
    )
}

fn profiles() -> Vec<&'static str> {
    super::Profile::shipped().iter().map(super::Profile::name).chain(["none"]).collect()
}

fn table<const N: usize>(what: &str, required: &[&str], properties: [(&str, Value); N]) -> Value {
    let properties: Map<String, Value> =
        properties.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut table = json!({
        "type": "object",
        "description": what,
        "additionalProperties": false,
        "properties": properties,
    });
    if !required.is_empty() {
        set(&mut table, "required", json!(required));
    }
    table
}

fn set(schema: &mut Value, key: &str, value: Value) {
    if let Value::Object(members) = schema {
        members.insert(key.to_owned(), value);
    }
}

fn named(pattern: &str, what: &str, each: Value) -> Value {
    json!({
        "type": "object",
        "description": what,
        "patternProperties": { pattern: each },
        "additionalProperties": false,
    })
}

/// Editors ignore what stands beside a bare `$ref`, so that it goes into an `allOf`.
fn reference(definition: &str, what: &str) -> Value {
    json!({ "description": what, "allOf": [{ "$ref": format!("#/definitions/{definition}") }] })
}

fn duration(what: &str, default: Option<&str>) -> Value {
    let mut duration = reference("duration", what);
    if let Some(default) = default {
        set(&mut duration, "default", json!(default));
    }
    duration
}

fn flag(what: &str, default: Option<bool>) -> Value {
    let mut flag = json!({ "type": "boolean", "description": what });
    if let Some(default) = default {
        set(&mut flag, "default", json!(default));
    }
    flag
}

/// The first is the default.
fn choice(what: &str, choices: &[&str]) -> Value {
    json!({ "enum": choices, "description": what })
}

fn list(each: Value, what: &str) -> Value {
    json!({ "type": "array", "items": each, "uniqueItems": true, "description": what })
}

fn words(what: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string" }, "minItems": 1, "description": what })
}

fn whole(what: &str, least: u64) -> Value {
    json!({ "type": "integer", "minimum": least, "description": what })
}

//! `[fact.NAME]`

use serde_json::{Value, json};

use super::{choice, duration, flag, list, reference, set, table, whole, words};

const SOURCES: [&str; 6] = ["mcp", "http", "sql", "file", "command", "ledger"];

pub(super) fn fact() -> Value {
    let mut fact = table(
        "How the boundary reads one thing of the world; exactly one source",
        &[],
        [
            ("mcp", mcp()),
            ("http", http()),
            ("sql", sql()),
            ("file", table("A file's digest, size and time", &["path"], [("path", path())])),
            ("command", command()),
            ("ledger", ledger()),
            ("select", pointers("What `unchanged` compares; all of it when left out")),
            ("version", reference("pointer", "The version inside the value")),
            (
                "on_aba",
                choice("What to do about a value that changed and changed back", &["refuse", "allow"]),
            ),
            (
                "as_of",
                reference(
                    "pointer",
                    "The source's own time inside the value: RFC 3339 text, or Unix seconds",
                ),
            ),
            ("shape", reference("type", "Its types, for conditions and policies")),
            ("seen_as", seen_as()),
            ("timeout", duration("How long one reading may take", None)),
            ("max_bytes", whole("The most bytes one reading may have", 1)),
            ("show", choice("Who may see its values", &["operator", "agent"])),
        ],
    );
    let one = |source: &&str| json!({ "required": [source] });
    set(&mut fact, "oneOf", SOURCES.iter().map(one).collect());
    fact
}

fn mcp() -> Value {
    table(
        "A read tool of an upstream",
        &["tool"],
        [("tool", reference("tool", "The tool")), ("args", args())],
    )
}

fn args() -> Value {
    json!({ "type": "object", "description": "Its arguments; strings may have holes such as ${args.order_id}" })
}

fn pointers(what: &str) -> Value {
    list(reference("pointer", "Into the value"), what)
}

fn seen_as() -> Value {
    let view = view();
    json!({
        "description": "In whose answers the agent sees it: where *was* comes from; one, or several in an array",
        "anyOf": [view, { "type": "array", "minItems": 1, "items": view }],
    })
}

fn view() -> Value {
    table(
        "A tool in whose answers the agent sees it",
        &["tool"],
        [
            ("tool", reference("tool", "The tool")),
            ("args", args()),
            (
                "select",
                json!({
                    "type": "array",
                    "items": { "$ref": "#/definitions/pointer" },
                    "description": "One pointer for each of the fact's `select`, in order; none: the same",
                }),
            ),
            ("version", reference("pointer", "Where the version stands in its answer")),
        ],
    )
}

fn http() -> Value {
    table(
        "A GET request",
        &["url"],
        [
            (
                "url",
                json!({ "type": "string", "pattern": "^https?://", "description": "Holes only in path and query" }),
            ),
            (
                "headers",
                json!({
                    "type": "object",
                    "additionalProperties": { "type": "string" },
                    "description": "env:NAME takes the value from the environment",
                }),
            ),
            ("redirects", flag("Whether redirects within the same origin are followed", Some(false))),
            ("private", flag("Whether private and loopback addresses may be asked", Some(false))),
        ],
    )
}

fn sql() -> Value {
    let params = json!({
        "type": "array",
        "items": { "type": ["string", "number", "boolean"] },
        "description": "The values of $1, $2, …; strings may have holes",
    });
    table(
        "One read-only statement",
        &["database", "query"],
        [
            ("database", json!({ "type": "string", "description": "The name of a [database.NAME]" })),
            (
                "query",
                json!({ "type": "string", "description": "The statement, with $1, $2, … for its parameters" }),
            ),
            ("params", params),
            ("rows", choice("One record, or all with their count", &["one", "many"])),
            ("version", json!({ "type": "string", "description": "The column that is the version" })),
        ],
    )
}

fn path() -> Value {
    json!({ "type": "string", "pattern": "^/", "description": "Its path, absolute; holes fill whole names" })
}

fn command() -> Value {
    let cwd = json!({ "type": "string", "pattern": "^/", "description": "Its working directory, absolute" });
    table(
        "A program's output",
        &["argv"],
        [
            ("argv", words("The program and its arguments, run without a shell; arguments may have holes")),
            ("cwd", cwd),
            ("env", list(json!({ "type": "string" }), "Names of variables it may see, beside PATH")),
        ],
    )
}

fn ledger() -> Value {
    table(
        "Earlier attempts on record",
        &["tool"],
        [
            ("tool", reference("tool", "The tool")),
            ("where", reference("condition", "Which attempts count, over `step` and `args`")),
            ("within", duration("How far back", None)),
        ],
    )
}

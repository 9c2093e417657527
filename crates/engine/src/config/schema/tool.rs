//! `[tool."UPSTREAM.TOOL"]`

use serde_json::{Value, json};

use super::{choice, flag, list, reference, table};

pub(super) fn tool() -> Value {
    let part = json!({ "type": "string", "pattern": "^/(content|structuredContent)" });
    let withheld = json!({ "type": "string", "pattern": "^/(args|answer|now|was)" });
    table(
        "What one tool may do",
        &[],
        [
            (
                "class",
                choice(
                    "read: changes nothing. write: may be blind. destructive: never blind",
                    &["read", "write", "destructive"],
                ),
            ),
            (
                "subjects",
                list(
                    reference("pointer", "Into the arguments"),
                    "What names the subjects; replaces the general rule",
                ),
            ),
            (
                "touches",
                list(
                    json!({ "type": "string" }),
                    "Tools of the same upstream whose readings its effects move",
                ),
            ),
            (
                "ignore",
                list(
                    part,
                    "Parts of its answers that may move freely; `#` and the start of lines may follow",
                ),
            ),
            ("retake", flag("Whether it may be called again for a look", Some(true))),
            (
                "local",
                flag("Whether its effect cannot land after the server's process has ended", Some(false)),
            ),
            ("errors", choice("What an error answer means", &["unknown", "no-effect"])),
            (
                "redact",
                list(withheld.clone(), "What of its values is never kept nor shown; `*` is each item"),
            ),
            ("digest_only", list(withheld, "What of its values is kept as a salted commitment only")),
            ("undoes", list(reference("tool", "A tool"), "Tools whose steps its effects undo")),
        ],
    )
}

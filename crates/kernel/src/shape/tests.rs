use lastlook_canon::{Json, Limits};

use super::{Member, Shape};

fn json(text: &str) -> Json {
    lastlook_canon::parse(text.as_bytes(), &Limits::default()).unwrap()
}

#[track_caller]
fn schema(text: &str, expected: &str) {
    assert_eq!(Shape::from_json_schema(&json(text)).to_string(), expected);
}

#[test]
fn types_of_a_json_schema_are_read() {
    schema(r#"{"type": "string"}"#, "String");
    schema(r#"{"type": "integer"}"#, "Long");
    schema(r#"{"type": "number"}"#, "Decimal");
    schema(r#"{"type": "boolean"}"#, "Bool");
    schema(r#"{"type": "array", "items": {"type": "string"}}"#, "Set<String>");
    schema(r#"{"type": "array"}"#, "Set<?>");
    schema(r#"{"type": "array", "items": {"type": ["string", "null"]}}"#, "Set<?>");
    schema(r#"{"type": "array", "prefixItems": [], "items": {"type": "string"}}"#, "Set<?>");
    schema(
        r#"{"type": "object", "properties": {"a": {"type": "string"}, "b-c": {"type": "integer"}}, "required": ["a"]}"#,
        "{ a: String, \"b-c\"?: Long }",
    );
    schema(r#"{"properties": {"a": {"type": "string"}}}"#, "{ a?: String }");
    schema(r#"{"type": "object", "properties": {}}"#, "{}");
    schema(r#"{"type": "object", "additionalProperties": false}"#, "{}");
}

#[test]
fn null_makes_a_member_optional() {
    let member =
        |schema: &str| format!(r#"{{"type": "object", "properties": {{"a": {schema}}}, "required": ["a"]}}"#);
    schema(&member(r#"{"type": ["string", "null"]}"#), "{ a?: String }");
    schema(&member(r#"{"anyOf": [{"type": "integer"}, {"type": "null"}]}"#), "{ a?: Long }");
    schema(&member(r#"{"oneOf": [{"type": "null"}, {"type": "boolean"}]}"#), "{ a?: Bool }");
    schema(&member(r#"{"type": "string", "nullable": true}"#), "{ a?: String }");
    schema(&member(r#"{"enum": ["x", null]}"#), "{ a?: String }");
    schema(&member(r#"{"type": "null"}"#), "{ a?: ? }");
    schema(&member(r#"{"anyOf": [{"anyOf": [{}, {"type": "null"}]}, {"type": "string"}]}"#), "{ a?: ? }");
}

#[test]
fn branches_must_agree() {
    schema(r#"{"anyOf": [{"type": "string"}, {"type": "string"}]}"#, "String");
    schema(r#"{"anyOf": [{"type": "integer"}, {"type": "number"}]}"#, "Decimal");
    schema(r#"{"anyOf": [{"type": "string"}, {"type": "integer"}]}"#, "?");
    schema(r#"{"type": ["string", "integer"]}"#, "?");
    schema(r#"{"enum": ["a", "b"]}"#, "String");
    schema(r#"{"enum": [1, 2.0]}"#, "Long");
    schema(r#"{"enum": [1, 2.5]}"#, "Decimal");
    schema(r#"{"enum": ["a", 1]}"#, "?");
    schema(r#"{"const": true}"#, "Bool");
    schema(
        r#"{"type": "object", "properties": {"a": {"type": "string"}}, "anyOf": [{"required": ["a"]}]}"#,
        "{ a?: String }",
    );
}

#[test]
fn references_are_followed_inside_the_document() {
    schema(r##"{"$defs": {"id": {"type": "string"}}, "$ref": "#/$defs/id"}"##, "String");
    schema(
        r##"{"$defs": {"n": {"type": "object", "properties": {"next": {"$ref": "#/$defs/n"}}}}, "$ref": "#/$defs/n"}"##,
        "{ next?: ? }",
    );
    schema(r##"{"$ref": "#"}"##, "?");
    schema(r##"{"$ref": "#/$defs/none"}"##, "?");
    schema(r#"{"$ref": "https://example.org/s.json"}"#, "?");
    schema(
        r##"{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}"##,
        "?",
    );
}

#[test]
fn what_is_not_understood_is_unknown() {
    for text in [
        "{}",
        "true",
        "[]",
        "1",
        r#"{"type": "float"}"#,
        r#"{"type": 1}"#,
        r#"{"allOf": [{"type": "string"}]}"#,
    ] {
        schema(text, "?");
    }
    schema(r#"{"type": "object"}"#, "?");
    schema(r#"{"type": "object", "additionalProperties": {"type": "string"}}"#, "?");
}

#[test]
fn depth_and_size_are_bounded() {
    let deep =
        format!("{}{{\"type\": \"string\"}}{}", r#"{"type": "array", "items": "#.repeat(60), "}".repeat(60));
    assert!(Shape::from_json_schema(&json(&deep)).has_unknown());
    // Each definition refers twice to the next: 2^40 schemas, if all were followed.
    let defs: Vec<String> = (0..40)
        .map(|n| {
            let next = format!("{{\"$ref\": \"#/$defs/d{}\"}}", n + 1);
            format!("\"d{n}\": {{\"type\": \"object\", \"properties\": {{\"a\": {next}, \"b\": {next}}}}}")
        })
        .collect();
    let bomb = format!("{{\"$defs\": {{{}}}, \"$ref\": \"#/$defs/d0\"}}", defs.join(","));
    assert!(Shape::from_json_schema(&json(&bomb)).has_unknown());
}

#[track_caller]
fn declared(text: &str, expected: &str) {
    assert_eq!(Shape::declared(&json(text)).unwrap().to_string(), expected);
}

#[track_caller]
fn not_declared(text: &str, at: &str, message: &str, help: &str) {
    let problem = Shape::declared(&json(text)).unwrap_err();
    assert_eq!(problem.at, at);
    assert!(problem.message.contains(message), "{problem:?}");
    assert!(problem.help.as_deref().unwrap_or_default().contains(help), "{problem:?}");
}

#[test]
fn declared_shapes_are_read() {
    declared(r#""String""#, "String");
    declared(r#"["Long"]"#, "Set<Long>");
    declared(
        r#"{"status": "String", "note?": "String", "lines": ["String"], "nested": {"a": "Bool", "b": "Decimal"}}"#,
        "{ lines: Set<String>, nested: { a: Bool, b: Decimal }, note?: String, status: String }",
    );
    declared("{}", "{}");
}

#[test]
fn a_declaration_that_is_none_says_where_and_what_to_write() {
    not_declared(r#""string""#, "", "`string` is no shape", "did you mean `String`?");
    not_declared(r#"{"a": "Strng"}"#, "/a", "`Strng` is no shape", "did you mean `String`?");
    not_declared(r#"{"a": "Integer"}"#, "/a", "`Integer` is no shape", "`Long`");
    not_declared(r#"{"a": []}"#, "/a", "a list of one", "[\"String\"]");
    not_declared(r#"{"a": ["Long", "Long"]}"#, "/a", "a list of one", "");
    not_declared(r#"{"a": {"b": 1}}"#, "/a/b", "no shape", "NAME = SHAPE");
    not_declared(r#"{"a": "Long", "a?": "Long"}"#, "/a?", "declared twice", "may be absent");
    let deep = format!("{}\"Long\"{}", "[".repeat(30), "]".repeat(30));
    not_declared(&deep, &"/0".repeat(17), "16 levels", "");
}

#[test]
fn the_unknown_is_found_at_any_depth() {
    let shape = Shape::record([("a", Member::optional(Shape::set(Shape::Unknown)))]);
    assert!(shape.has_unknown());
    assert!(!Shape::record([("a", Member::required(Shape::Long))]).has_unknown());
}

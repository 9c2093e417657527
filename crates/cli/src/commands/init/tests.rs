//! Proposals as functions of what was listed and answered.

use lastlook_canon::{Json, Limits, parse};
use lastlook_engine::config::{Config, Profile};
use lastlook_kernel::{Class, Ignore};

use super::arguments::offered;
use super::compare::{Moved, moved, spelt};
use super::document::{Start, toml};
use super::propose::{Proposal, propose};
use super::{Listed, Tried, name_of};

fn json(text: &str) -> Json {
    parse(text.as_bytes(), &Limits::default()).unwrap()
}

#[track_caller]
fn check_class(name: &str, annotations: &str, expect: Class, review: bool) {
    let tool = json(&format!(r#"{{"name": "{name}", "annotations": {annotations}}}"#));
    let proposal = propose(name, &tool, Profile::named("git"));
    assert_eq!((proposal.class, proposal.review.is_some()), (expect, review), "{name}: {proposal:?}");
}

#[test]
fn a_profile_speaks_first_then_the_server_and_a_name_only_tightens() {
    check_class("git_status", r#"{"readOnlyHint": false}"#, Class::Read, false);
    check_class("git_commit", r#"{"readOnlyHint": true}"#, Class::Write, false);
    check_class("get_x", r#"{"readOnlyHint": true}"#, Class::Read, true);
    check_class("fetchCommit", r#"{"readOnlyHint": true}"#, Class::Read, true);
    check_class("commitFetched", r#"{"readOnlyHint": true}"#, Class::Destructive, true);
    check_class("DeleteX", r#"{"readOnlyHint": true}"#, Class::Destructive, true);
    check_class("db.drop-table", r#"{"readOnlyHint": true}"#, Class::Destructive, true);
    check_class("x", r#"{"readOnlyHint": true, "destructiveHint": true}"#, Class::Destructive, true);
    check_class("x", r#"{"readOnlyHint": false}"#, Class::Destructive, true);
    check_class("x", r#"{"readOnlyHint": false, "destructiveHint": false}"#, Class::Write, true);
    check_class("x", r#"{"destructiveHint": true}"#, Class::Destructive, true);
    // Nobody says anything: a name that sounds harmless proves nothing.
    for annotations in ["{}", "null", "7", r#"{"readOnlyHint": "true"}"#, r#"{"title": "Read"}"#] {
        check_class("get_x", annotations, Class::Destructive, true);
        check_class("x", annotations, Class::Destructive, true);
    }
}

#[track_caller]
fn check_arguments(schema: &str, expect: Result<&str, &str>) {
    let offered = offered(Some(&json(schema)));
    assert_eq!(
        offered.as_ref().map(ToString::to_string).map_err(String::as_str),
        expect.map(str::to_owned),
        "{schema}"
    );
}

#[test]
fn arguments_are_never_made_up() {
    assert_eq!(offered(None).unwrap().to_string(), "{}");
    check_arguments("{}", Ok("{}"));
    check_arguments("true", Ok("{}"));
    check_arguments(r#"{"properties": {"a": {"type": "string"}}}"#, Ok("{}"));
    check_arguments(r#"{"required": ["a"], "properties": {"a": {"type": "string"}}}"#, Err("a"));
    check_arguments(r#"{"required": ["a"]}"#, Err("a"));
    check_arguments(r#"{"required": ["a"], "properties": {"a": {"default": null}}}"#, Ok(r#"{"a":null}"#));
    check_arguments(
        r#"{"required": ["a", "b", "c"], "properties": {"a": {"const": 1}, "b": {"examples": ["x", "y"]}, "c": {"enum": [true]}}}"#,
        Ok(r#"{"a":1,"b":"x","c":true}"#),
    );
    check_arguments(r#"{"required": ["a"], "properties": {"a": {"enum": []}}}"#, Err("a"));
    let long =
        format!(r#"{{"required": ["a"], "properties": {{"a": {{"default": "{}"}}}}}}"#, "x".repeat(3000));
    check_arguments(&long, Err("a large argument"));
}

fn answer(content: &str, structured: &str) -> Json {
    let text = serde_json::to_string(content).unwrap();
    json(&format!(
        r#"{{"result": {{"content": [{{"type": "text", "text": {text}}}], "structuredContent": {structured}, "_meta": {{"n": {}}}}}}}"#,
        content.len()
    ))
}

/// What moved between two answers of the same shape; parts as the configuration spells them.
#[track_caller]
fn check_moved(was: (&str, &str), now: (&str, &str), expect: Result<&[&str], Moved>) {
    match moved(&answer(was.0, was.1), &answer(now.0, now.1), &[]) {
        Moved::Parts(parts) => {
            let parts: Vec<_> = parts.iter().map(|part| spelt(part).unwrap()).collect();
            assert_eq!(Ok(parts.iter().map(String::as_str).collect::<Vec<_>>()), expect.map(<[_]>::to_vec));
        }
        other => assert_eq!(Err(other), expect.map(<[_]>::to_vec)),
    }
}

#[test]
fn what_moved_is_said_as_narrowly_as_it_can_be() {
    check_moved(("a", "{}"), ("a", "{}"), Err(Moved::Nothing));
    check_moved(("a", r#"{"x": 1, "y": 1}"#), ("a", r#"{"y": 2, "x": 1}"#), Ok(&["/structuredContent/y"]));
    check_moved(
        ("size: 3\naccessed: 10:01\n", "{}"),
        ("size: 3\naccessed: 10:02\n", "{}"),
        Ok(&["/content/0/text#accessed:"]),
    );
    check_moved(("took 3.1 s\nrow", "{}"), ("took 3.2 s\nrow", "{}"), Ok(&["/content/0/text#took "]));
    check_moved(
        ("{\n  \"at\": 1,\n  \"b\": 2\n}", "{}"),
        ("{\n  \"at\": 3,\n  \"b\": 2\n}", "{}"),
        Ok(&["/content/0/text#  \"at\":"]),
    );
    check_moved(
        ("a", r#"{"a/b": {"c~": 1}, "d": 2}"#),
        ("a", r#"{"a/b": {"c~": 2}, "d": 2}"#),
        Ok(&["/structuredContent/a~1b/c~0"]),
    );
    // A line that begins with what moves names nothing: the text as a whole does, and the rest is still compared.
    check_moved(("10:01 x\ny", r#"{"k": 1}"#), ("10:02 x\ny", r#"{"k": 1}"#), Ok(&["/content/0/text"]));
    check_moved(("a\nb", r#"{"k": 1}"#), ("a\nb\nc", r#"{"k": 1}"#), Ok(&["/content/0/text"]));
    check_moved(
        ("a", r#"{"k": [1, 2], "j": 1}"#),
        ("a", r#"{"k": [1], "j": 1}"#),
        Ok(&["/structuredContent/k"]),
    );
    check_moved(
        ("a", r#"{"x": {"p#q": 1, "r": 2}, "j": 1}"#),
        ("a", r#"{"x": {"p#q": 2, "r": 2}, "j": 1}"#),
        Ok(&["/structuredContent/x"]),
    );
    check_moved(
        ("a", r#"{"k": {"was": 1}, "j": 1}"#),
        ("a", r#"{"k": {"now": 1}, "j": 1}"#),
        Ok(&["/structuredContent/k"]),
    );
}

#[test]
fn many_parts_are_said_by_what_holds_them() {
    let rows = |n: usize| {
        let rows: Vec<String> = (0..20).map(|row| format!(r#"{{"id": {row}, "at": {n}}}"#)).collect();
        format!(r#"{{"rows": [{}], "name": "x"}}"#, rows.join(","))
    };
    check_moved(("a", &rows(1)), ("a", &rows(2)), Ok(&["/structuredContent/rows"]));
}

#[test]
fn a_reading_of_which_nothing_is_left_is_no_reading() {
    check_moved(("10:01", "null"), ("10:02", "null"), Err(Moved::Everything));
    check_moved(("10:01", r#"{"at": 1}"#), ("10:02", r#"{"at": 2}"#), Err(Moved::Everything));
    let error = json(r#"{"error": {"code": 1, "message": "x"}}"#);
    assert_eq!(moved(&error, &error, &[]), Moved::Unread);
    let blocks = |count: usize| {
        let blocks = vec![r#"{"type": "text", "text": "x"}"#; count];
        json(&format!(r#"{{"result": {{"content": [{}]}}}}"#, blocks.join(",")))
    };
    assert_eq!(moved(&blocks(1), &blocks(2), &[]), Moved::Everything);
}

#[test]
fn what_may_move_anyway_stays_among_the_parts() {
    let known = [Ignore { pointer: "/content/0/text".to_owned(), line_prefix: Some("accessed:".to_owned()) }];
    let read = |accessed: u8, load: u8| answer(&format!("size: 3\naccessed: {accessed}\nload: {load}"), "{}");
    assert_eq!(moved(&read(1, 1), &read(2, 1), &known), Moved::Nothing);
    let Moved::Parts(parts) = moved(&read(1, 1), &read(2, 2), &known) else { panic!() };
    let parts: Vec<_> = parts.iter().map(|part| spelt(part).unwrap()).collect();
    assert_eq!(parts, ["/content/0/text#accessed:", "/content/0/text#load:"]);
}

#[test]
fn whatever_a_server_calls_its_tools_the_file_reads_back_the_same() {
    let names = [
        "a",
        "a.b",
        "\"",
        "\\",
        "'''",
        "x\ny = 1",
        "\r\n[upstream.evil]",
        "\u{7f}\u{0}\u{1b}",
        "é😀",
        " ",
        "#",
        "]",
    ];
    let tools: Vec<Listed> = names
        .iter()
        .map(|name| Listed {
            name: (*name).to_owned(),
            description: Some(format!("{name}\n[tool.\"s.evil\"]\r\nclass = \"read\"\u{2028}x")),
            schema: None,
            proposal: Proposal {
                class: Class::Write,
                why: format!("because\n{name}"),
                review: Some(format!("see\r{name}")),
            },
            tried: Tried::Twice(Moved::Parts(vec![Ignore {
                pointer: "/content/0/text".to_owned(),
                line_prefix: Some(format!("{name}:")),
            }])),
        })
        .collect();
    let command = ["/bin/é \"x\"".to_owned(), "-\n".to_owned(), "\u{7f}".to_owned()];
    let start = Start {
        upstream: "s",
        command: &command,
        cwd: None,
        profile: None,
        server: "evil\n[defaults]\nmode = \"audit\"",
        date: "2026-01-01".to_owned(),
        tools: &tools,
    };
    let config = Config::parse(&toml(&start).unwrap(), "test").unwrap();
    assert_eq!(config.upstreams["s"].command, command);
    assert_eq!(config.upstreams.len(), 1);
    let mut read: Vec<&str> = config.tools.keys().map(|key| key.tool.as_str()).collect();
    let mut wrote = names.to_vec();
    read.sort_unstable();
    wrote.sort_unstable();
    assert_eq!(read, wrote);
    for (key, tool) in &config.tools {
        assert_eq!(tool.class, Some(Class::Write));
        let ignore = tool.ignore.as_ref().unwrap();
        assert_eq!(ignore[0].line_prefix, Some(format!("{}:", key.tool)));
    }
    assert_eq!(config.defaults, lastlook_engine::config::Defaults::default());
}

#[test]
fn a_server_is_called_after_its_command() {
    let check = |command: &str, expect: &str| {
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        assert_eq!(name_of(None, &words).unwrap(), expect, "{command}");
    };
    check("npx -y @modelcontextprotocol/server-filesystem .", "filesystem");
    check("lastlook demo-notes-server .", "notes");
    check("npx -y @acme/mcp-shop@1.2", "shop");
    check("uvx shop-mcp==1.0", "shop");
    check("/opt/shop/bin/shop-mcp --port 1", "shop");
    check("python3 /srv/billing.py", "billing");
    check("node", "server");
}

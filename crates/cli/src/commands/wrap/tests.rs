//! Wrapping and unwrapping as functions of text.

use super::document::{parse, servers};
use super::edit::apply;
use super::entry::Launch;

const PROGRAMS: &[&str] = &["/opt/boundary"];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The text with its first server wrapped; or why it is not.
fn wrapped(text: &str) -> Result<String, String> {
    let root = parse(text, "test").unwrap();
    let launch = Launch::read(servers(&root)[0].value)?;
    if launch.is_wrapped(&words(PROGRAMS)) {
        return Err("wrapped already".to_owned());
    }
    let edits = launch.wrap(text, &words(&["/bin/lastlook", "mcp", "--state", "/s"])).unwrap();
    Ok(apply(text, &edits).unwrap())
}

/// The text with its first server unwrapped, and the words that it starts; or why it is not.
fn unwrapped(text: &str) -> Result<(String, Vec<String>), String> {
    let root = parse(text, "test").unwrap();
    let launch = Launch::read(servers(&root)[0].value)?;
    if !launch.is_wrapped(&words(PROGRAMS)) {
        return Err("not wrapped".to_owned());
    }
    let (words, edits) = launch.unwrap(text)?;
    Ok((apply(text, &edits).unwrap(), words))
}

fn file(entry: &str) -> String {
    format!("{{\"mcpServers\": {{\"s\": {entry}}}}}")
}

#[track_caller]
fn check_wrap(entry: &str, expect: &str) {
    assert_eq!(wrapped(&file(entry)), Ok(file(expect)));
    assert_eq!(unwrapped(&file(expect)).map(|(text, _)| text), Ok(file(entry)));
}

#[track_caller]
fn check_left_alone(entry: &str, why: &str) {
    let reason = wrapped(&file(entry)).unwrap_err();
    assert!(reason.contains(why), "`{reason}` does not say `{why}`");
}

#[test]
fn words_come_before_the_arguments_and_go_again() {
    let cases = [
        (
            r#"{"command": "npx", "args": ["-y", "x"]}"#,
            r#"{"command": "/bin/lastlook", "args": ["mcp", "--state", "/s", "--", "npx", "-y", "x"]}"#,
        ),
        (
            r#"{"args":["x"],"command":"a\u0062c","env":{}}"#,
            r#"{"args":["mcp", "--state", "/s", "--", "a\u0062c", "x"],"command":"/bin/lastlook","env":{}}"#,
        ),
        (
            "{\n  \"command\": \"npx\",\n  \"args\": [\n    \"-y\",\n    \"x\"\n  ]\n}",
            "{\n  \"command\": \"/bin/lastlook\",\n  \"args\": [\n    \"mcp\",\n    \"--state\",\n    \"/s\",\n    \"--\",\n    \"npx\",\n    \"-y\",\n    \"x\"\n  ]\n}",
        ),
        (
            r#"{"command": "npx", "args": []}"#,
            r#"{"command": "/bin/lastlook", "args": ["mcp", "--state", "/s", "--", "npx" ]}"#,
        ),
        (
            r#"{"command": "npx", "type": "stdio"}"#,
            r#"{"command": "/bin/lastlook", "args": ["mcp", "--state", "/s", "--", "npx"], "type": "stdio"}"#,
        ),
        (
            "{\n\t\"command\": \"npx\",\n}",
            "{\n\t\"command\": \"/bin/lastlook\",\n\t\"args\": [\"mcp\", \"--state\", \"/s\", \"--\", \"npx\"],\n}",
        ),
        (
            "{\"command\": /* which */ \"npx\", // here\n \"args\": [ // none\n ]}",
            "{\"command\": /* which */ \"/bin/lastlook\", // here\n \"args\": [\"mcp\", \"--state\", \"/s\", \"--\", \"npx\"  // none\n ]}",
        ),
    ];
    cases.into_iter().for_each(|(entry, expect)| check_wrap(entry, expect));
}

#[test]
fn whatever_stands_between_the_words_comes_back_as_it_was() {
    let gaps = ["", " ", "\n  ", "\r\n\t", " // said\n ", "/* \" , ] */", "\n\n"];
    let lists = ["", "[]", "[@]", "[@\"é\\n\"@]", "[@\"-y\"@,@\"x\"@]", "[@\"--\",\"mcp\"@,@]", "[@\"x\",@]"];
    let mut cases = 0;
    for outer in gaps {
        for inner in gaps {
            for list in lists {
                let list = list.replace('@', inner);
                let args = if list.is_empty() { String::new() } else { format!(",@\"args\"@:@{list}") };
                for entry in [
                    format!("{{@\"env\":{{}},@\"command\"@:@\"run\\u0020é\"{args}@}}"),
                    format!("{{@\"command\":\"npx\"@{args},@\"cwd\": \"/\",@}}"),
                ] {
                    let text = file(&entry.replace('@', outer));
                    let there = wrapped(&text).unwrap();
                    assert_eq!(wrapped(&there), Err("wrapped already".to_owned()), "{text}");
                    assert_eq!(unwrapped(&there).unwrap().0, text, "by way of {there}");
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(cases, 7 * 7 * 7 * 2);
}

#[test]
fn a_file_that_was_formatted_meanwhile_gives_the_same_command_back() {
    let starts = |entry: &str| unwrapped(&file(entry)).unwrap();
    let formatted = "{\n \"args\": [\n  \"mcp\",\n  \"--\",\n  \"npx\",\n ],\n \"command\": \"lastlook\"\n}";
    let (text, words) = starts(formatted);
    assert_eq!(words, ["npx"]);
    assert_eq!(text, file("{\n \"args\": [\n  \n ],\n \"command\": \"npx\"\n}"));
    let (text, words) = starts(r#"{"command":"lastlook","args":["mcp","--","npx"]}"#);
    assert_eq!((text, words), (file(r#"{"command":"npx"}"#), vec!["npx".to_owned()]));
}

#[test]
fn wraps_by_hand_are_known() {
    let known = |entry: &str| wrapped(&file(entry)) == Err("wrapped already".to_owned());
    assert!(known(r#"{"command": "lastlook", "args": ["mcp", "--", "npx"]}"#));
    assert!(known(
        r#"{"command": "/usr/bin/lastlook", "args": ["--state", "mcp", "mcp", "--audit", "--", "x"]}"#
    ));
    assert!(known(r#"{"command": "C:\\bin\\lastlook.exe", "args": ["mcp", "--upstream", "x"]}"#));
    assert!(known(r#"{"command": "/opt/boundary", "args": ["--json", "mcp", "--", "npx"]}"#));
    assert!(!known(r#"{"command": "lastlook", "args": ["demo-notes-server", "mcp"]}"#));
    assert!(!known(r#"{"command": "lastlook", "args": ["--state", "mcp"]}"#));
    assert!(!known(r#"{"command": "lastlook", "args": ["--", "mcp"]}"#));
    assert!(!known(r#"{"command": "npx", "args": ["lastlook", "mcp"]}"#));
    assert!(!known(r#"{"command": "lastlook"}"#));
}

#[test]
fn what_cannot_be_wrapped_says_why() {
    for (entry, why) in [
        (r#"{"url": "http://x"}"#, "reached by its `url`"),
        (r#"{"serverUrl": "http://x"}"#, "reached by its `serverUrl`"),
        (r#"{"command": "x", "url": "http://x"}"#, "which one counts"),
        (r#"{"type": "http"}"#, "its type is `http`"),
        (r#"{"type": "sse", "command": "x"}"#, "its type is `sse`"),
        ("{}", "no `command`"),
        ("7", "no object"),
        (r#"{"command": ""}"#, "empty"),
        (r#"{"command": ["npx"]}"#, "not text"),
        (r#"{"command": "x", "args": "y"}"#, "no array"),
        (r#"{"command": "x", "args": null}"#, "no array"),
        (r#"{"command": "x", "args": ["y", 7]}"#, "not all text"),
        (r#"{"command": "x", "command": "y"}"#, "`command` stands there twice"),
        (r#"{"command": "x", "args": [], "args": []}"#, "`args` stands there twice"),
    ] {
        check_left_alone(entry, why);
    }
    let configured = unwrapped(&file(r#"{"command": "lastlook", "args": ["mcp", "--upstream", "x"]}"#));
    assert!(configured.unwrap_err().contains("the configuration has it"));
    let nothing = unwrapped(&file(r#"{"command": "lastlook", "args": ["mcp", "--"]}"#));
    assert!(nothing.is_err());
}

#[test]
fn every_table_of_servers_is_found() {
    let tables = |text: &str| {
        let root = parse(text, "test").unwrap();
        servers(&root).into_iter().map(|found| format!("{}:{}", found.table, found.name)).collect::<Vec<_>>()
    };
    assert_eq!(tables(r#"{"mcpServers": {"a": {}, "b": {}}}"#), ["mcpServers:a", "mcpServers:b"]);
    assert_eq!(tables(r#"{"servers": {"a": {}}, "inputs": []}"#), ["servers:a"]);
    assert_eq!(tables(r#"{"mcp": {"inputs": [], "servers": {"a": {}}}}"#), ["mcp.servers:a"]);
    assert_eq!(tables(r#"{"mcp.servers": {"a": {}}}"#), ["mcp.servers:a"]);
    let projects = r#"{"mcpServers": {"a": {}}, "projects": {"/p": {"mcpServers": {"a": {}}}, "/q": {}}}"#;
    assert_eq!(tables(projects), ["mcpServers:a", "projects./p.mcpServers:a"]);
    assert_eq!(tables(r#"{"mcpServers": [], "servers": 7, "mcp": null}"#), [""; 0]);
}

#[test]
fn only_comments_and_trailing_commas_are_more_than_json() {
    for text in ["{\"a\": 1,} // x", "/* x */ {\"a\": [1,],}"] {
        assert!(parse(text, "test").is_ok(), "{text}");
    }
    for text in [
        "",
        "[]",
        "7",
        "{'a': 1}",
        "{a: 1}",
        "{\"a\": 0x1}",
        "{\"a\": 1 \"b\": 2}",
        "{} {}",
        "{\"a\"}",
        "{\"a\": 1",
    ] {
        assert!(parse(text, "test").is_err(), "{text}");
    }
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(parse(&deep, "test").is_err());
}

#[test]
fn secrets_are_not_shown_and_everything_that_changes_is() {
    let entry = r#"{"command": "x", "args": ["y"], "env": {"TOKEN": "s3cret"}, "headers": {"Authorization": "s3cret"}}"#;
    let (old, new) = (file(entry), wrapped(&file(entry)).unwrap());
    let diff = super::diff::unified("f", &old, &new, super::diff::Colour::Off);
    assert!(!diff.contains("s3cret") && diff.contains("\"TOKEN\": \"***\""), "{diff}");
    assert!(diff.contains("-{\"mcpServers\"") && diff.contains("/bin/lastlook"), "{diff}");
    assert!(!diff.contains('\u{1b}'));
    assert!(super::diff::unified("f", &old, &new, super::diff::Colour::On).contains("\u{1b}[32m+"));
}

#[test]
fn a_file_that_was_changed_since_it_was_read_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mcp.json");
    std::fs::write(&path, "{}").unwrap();
    let original = super::Original::read(&path).unwrap();
    std::fs::write(&path, "{ }").unwrap();
    assert!(original.replace("new", jiff::Timestamp::UNIX_EPOCH).is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{ }");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "something was left behind");
}

#[test]
fn a_back_up_never_takes_the_place_of_an_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mcp.json");
    let now = jiff::Timestamp::UNIX_EPOCH;
    let texts = ["one", "two", "three"];
    std::fs::write(&path, "zero").unwrap();
    let backups: Vec<_> =
        texts.iter().map(|text| super::Original::read(&path).unwrap().replace(text, now).unwrap()).collect();
    let names = backups.iter().map(|path| path.file_name().unwrap().to_str().unwrap());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["19700101T000000Z", "19700101T000000Z-2", "19700101T000000Z-3"]
            .map(|date| format!("mcp.json.lastlook-backup-{date}"))
    );
    let kept: Vec<_> = backups.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    assert_eq!(kept, ["zero", "one", "two"]);
}

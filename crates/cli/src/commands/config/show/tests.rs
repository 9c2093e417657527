use lastlook_engine::config::Config;

use super::*;

const TEXT: &str = r#"
[upstream.git]
command = ["mcp-server-git"]
env = { TOKEN = "hunter2" }
[tool."git.git_commit"]
class = "write"
[database.shop]
url = "postgres://u:hunter2@h/shop"
[fact.row]
sql = { database = "shop", query = "select 1" }
[fact.rate]
http = { url = "https://rates.example/", headers = { accept = "hunter2" } }
[guard.commit]
on = ["git.git_commit"]
when = 'now.row.status == "open"'
after = [{ tool = "git.git_add", accept = "succeeded" }]
limit = [{ count = 5, per = "day" }]
lease = "repo"
"#;

fn shown(effective: bool) -> String {
    let config = Config::parse(TEXT, "/etc/lastlook/lastlook.toml").unwrap();
    let settings = if effective { config.effective("User::\"ada\"") } else { config.written() };
    table(&settings, Some(&config))
}

#[test]
fn the_file_is_shown_line_by_line_without_secrets() {
    let shown = shown(false);
    assert!(!shown.contains("hunter2"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn every_setting_that_holds_says_whose_word_it_is() {
    let shown = shown(true);
    assert!(!shown.contains("hunter2"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_row_says_where_it_comes_from() {
    let config = Config::parse(TEXT, "lastlook.toml").unwrap();
    let written = config.written();
    let row = row(&written[0], Some("lastlook.toml"));
    assert_eq!(
        row,
        json!({
            "name": "upstream.git.command", "value": ["mcp-server-git"], "origin": "file",
            "file": "lastlook.toml", "line": 3, "profile": null,
        })
    );
}

#[test]
fn values_are_written_as_toml_has_them() {
    for (value, expect) in [
        (json!("a"), r#""a""#),
        (json!("a \"b\""), r#"'a "b"'"#),
        (json!("it's \"b\""), r#""it's \"b\"""#),
        (json!(["a", 1, true]), r#"["a", 1, true]"#),
        (json!({}), "{}"),
        (json!(null), "(left out)"),
        (json!({"a b": {"c": 1}}), r#"{ "a b" = { "c" = 1 } }"#),
    ] {
        assert_eq!(toml(&value), expect);
    }
}

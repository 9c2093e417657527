use super::mistakes::shown;
use super::*;

/// Each line stands for `[fact.f]` with this in it, after an upstream with one read and a database.
fn check(name: &str, facts: &[&str]) {
    let texts: Vec<String> = facts
        .iter()
        .map(|fact| {
            format!(
                "database.shop.sqlite = \"/srv/shop.db\"\nupstream.shop.command = [\"x\"]\n\
                 tool.\"shop.get\".class = \"read\"\n[fact.f]\n{fact}"
            )
        })
        .collect();
    snapshot(name, &shown(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
}

const FILE: &str = "file = { path = \"/srv/a\" }";

#[test]
fn a_fact_has_exactly_one_source() {
    check(
        "a_fact_has_exactly_one_source",
        &[
            "select = [\"/a\"]",
            "file = { path = \"/srv/a\" }\ncommand = { argv = [\"a\"] }",
            "mcp = \"shop.get\"",
            "mpc = { tool = \"shop.get\" }",
        ],
    );
}

#[test]
fn a_fact_must_not_act() {
    check(
        "a_fact_must_not_act",
        &[
            "mcp = { tool = \"shop.refund\" }",
            "mcp = { tool = \"shpo.get\" }",
            "mcp = { tool = \"get\" }",
            "mcp = { args = {} }",
            "mcp = { tool = \"shop.get\", args = \"x\" }",
            "mcp = { tool = \"shop.get\", args = { at = 2026-01-01 } }",
            "mcp = { tool = \"shop.get\", args = { id = \"${arg.id}\" } }",
        ],
    );
}

#[test]
fn urls_and_headers_hold_no_secret() {
    check(
        "urls_and_headers_hold_no_secret",
        &[
            "http = { url = \"ftp://rates.example/x\" }",
            "http = { url = \"https://bob:hunter2@rates.example/x\" }",
            "http = { url = \"https://rates.example/\", headers = { Authorization = \"Bearer hunter2\" } }",
            "http = { url = \"https://rates.example/\", headers = { X-Api-Key = \"hunter2\" } }",
            "http = { url = \"https://rates.example/\", headers = { \"a b\" = \"x\", Host = \"x\", accept = \"${args.x}\", b = \"env:1\" } }",
            "http = { url = \"https://${args.host}/\" }",
            "http = {}",
        ],
    );
}

#[test]
fn queries_have_a_value_for_each_parameter() {
    check(
        "queries_have_a_value_for_each_parameter",
        &[
            "sql = { database = \"shpo\", query = \"select 1\" }",
            "sql = { database = \"shop\", query = \"select $1\" }",
            "sql = { database = \"shop\", query = \"select $1\", params = [1, 2] }",
            "sql = { database = \"shop\", query = \"select '${args.id}'\" }",
            "sql = { database = \"shop\", query = \" \" }",
            "sql = { database = \"shop\", query = \"select $1\", params = [{}] }",
            "sql = { database = \"shop\", query = \"select 1\", rows = \"many\", version = \"v\" }",
            "sql = { database = \"shop\", query = \"select 1\", version = \"v\" }\nversion = \"/v\"",
        ],
    );
}

#[test]
fn paths_and_programs_are_whole() {
    check(
        "paths_and_programs_are_whole",
        &[
            "file = { path = \"notes/${args.name}\" }",
            "command = { argv = [] }",
            "command = { argv = [\"./a\"] }",
            "command = { argv = [\"${args.program}\"] }",
            "command = { argv = [\"a\"], cwd = \"srv\", env = [\"A B\"] }",
        ],
    );
}

#[test]
fn parts_of_a_fact_fit_together() {
    let with_file = |rest: &str| format!("{FILE}\n{rest}");
    check(
        "parts_of_a_fact_fit_together",
        &[
            "ledger = { tool = \"shop.refund\", where = \"now.f == 1\" }\nas_of = \"/last/at\"",
            &with_file("select = [\"status\", \"/a\", \"/a\"]"),
            &with_file("on_aba = \"deny\"\nshow = \"all\"\ntimeout = \"0s\"\nmax_bytes = 0"),
            &with_file("seen_as = { tool = \"shop.get\", select = [\"/a\"] }"),
            &with_file("seen_as = { tool = \"shpo.get\" }"),
            &with_file("seen_as = [{ tool = \"shop.get\", slect = [] }, { args = 1 }, \"shop.get\"]"),
            &with_file("seen_as = []"),
            &with_file(
                "shape = { a = \"Int\", b = [\"String\", \"Long\"], c = 1, \"d?\" = \"Bool\", d = \"Bool\" }",
            ),
        ],
    );
}

#[test]
fn facts_have_names_that_conditions_can_say() {
    let shown = shown(&[
        "[fact.order-line]\nfile = { path = \"/a\" }",
        "[fact.2nd]\nfile = { path = \"/a\" }",
        "[fact.in]\nfile = { path = \"/a\" }",
    ]);
    snapshot("facts_have_names_that_conditions_can_say", &shown);
}

#[test]
fn databases_need_an_address() {
    let shown = shown(&[
        "[database.shop]",
        "[database.shop]\nurl = \"mysql://bob:hunter2@h/x\"",
        "[database.shop]\nurl = \"env:\"",
        "[database.shop]\nsqlite = \"shop.db\"",
        "[database.shop]\nurl = \"postgres://bob:hunter2@h/x\"\nsqlite = \"/srv/shop.db\"",
        "[database.shop]\nuri = \"env:SHOP_DB\"",
    ]);
    snapshot("databases_need_an_address", &shown);
}

#[test]
fn no_message_shows_a_secret() {
    for text in [
        // Not even where it is not TOML, and nobody can say where values begin and end.
        "[upstream.shop]\ncommand = [\"a\"]\nenv = { TOKEN = \"hunter2 }\nprofile = 1",
        "[upstream.shop.env]\nA = hunter2\nB = 'x'",
        "[upstream.shop.env]\n'A' = 'hunter2\nB = 'x'",
        "[database.shop]\nurl = \"postgres://bob:hunter2@h/x",
        "[database.shop]\nurl = postgres://bob:hunter2@h/x",
        "[fact.f.http.headers]\nx = hunter2",
        "[database.shop]\nurl = \"mysql://bob:hunter2@h/x\"",
        "[database.shop]\nurl = \"postgres://bob:hunter2@h/x\"\nurll = 1",
        "database.shop = { url = \"hunter2\" , url2 = 1 }",
        "[fact.f]\nhttp = { url = \"https://hunter2@h/\" }",
        "[fact.f]\nhttp = { url = \"https://h/\", headers = { cookie = \"hunter2\" } }",
        "[fact.f]\nhttp = { url = \"https://h/\", headers = { accept = \"hunter2\", b = 1 } }",
        "[fact.f.http]\nurl = \"https://h/\"\n[fact.f.http.headers]\nx-y = \"hunter2\u{e9}\"",
        "[upstream.shop]\ncommand = [\"a\"]\nenv = { A = [\"hunter2\"] }",
        "[fact.f]\ncommand = { argv = [\"a\"], env = [\"A=hunter2\"] }",
        "[fact.f]\ncommand = { argv = [\"a\"], env = { A = \"hunter2\" } }",
    ] {
        let shown = shown(&[text]);
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

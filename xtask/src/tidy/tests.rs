//! Every rule is shown one bad sample, and must say so, and good ones, and must be silent.

use super::generated;
use super::tree::Tree;
use super::{Finding, RULES};

type Files = &'static [(&'static str, &'static str)];

/// For every rule a tree that breaks it once, and where it must be found.
const RED: &[(&str, Files, &str)] = &[
    (
        "edges",
        &[("crates/kernel/Cargo.toml", "[dependencies]\nlastlook-store.workspace = true\n")],
        "crates/kernel/Cargo.toml:2: `kernel` may not use `store`",
    ),
    (
        "pure-dependencies",
        &[("crates/ledger/Cargo.toml", "[dependencies]\ngetrandom.workspace = true\n")],
        "crates/ledger/Cargo.toml:2: `ledger` is pure and may not use `getrandom`",
    ),
    (
        "pure-calls",
        &[("crates/kernel/src/a.rs", "fn f() {\n    let _ = std::time::SystemTime::now();\n}\n")],
        "crates/kernel/src/a.rs:2: `std::time` in a pure crate",
    ),
    (
        "lints",
        &[("crates/store/Cargo.toml", "[package]\n")],
        "crates/store/Cargo.toml: the workspace's lints are not inherited",
    ),
    (
        "permit",
        &[("crates/server/src/a.rs", "permit.spend(&action);\n")],
        "crates/server/src/a.rs:1: a `Permit` is spent outside `engine`",
    ),
    (
        "dependencies",
        &[
            ("Cargo.toml", "[workspace.dependencies]\nhex = \"0.4\"\n"),
            ("crates/store/Cargo.toml", "[dependencies]\nhex.workspace = true\n"),
            ("docs/internals/dependencies.md", "nothing\n"),
        ],
        "Cargo.toml:2: `hex` has no line in docs/internals/dependencies.md",
    ),
    ("links", &[("docs/a.md", "See [b](b.md).\n")], "docs/a.md:1: `b.md` leads to no file"),
    (
        "generated",
        &[("ARCHITECTURE.md", "# A\n<!-- generated: edges -->\nold\n<!-- end -->\n")],
        "ARCHITECTURE.md:2: the block `edges` is out of date; run `cargo xtask tidy --write`",
    ),
    (
        "tests",
        &[("crates/store/src/tests.rs", "sleep(Duration::from_millis(5));\n")],
        "crates/store/src/tests.rs:1: a test sleeps; wait for the condition itself",
    ),
    (
        "unfinished",
        &[("crates/cli/src/a.rs", "\ntodo!()\n")],
        "crates/cli/src/a.rs:2: `todo!(` was left behind",
    ),
    (
        "fuzz",
        &[
            ("crates/kernel/src/fuzz.rs", "\nbolero::check!(name = \"json\")"),
            ("crates/kernel/src/json/corpus/a", ""),
        ],
        "crates/kernel/src/fuzz.rs:2: `crates/kernel/src/__fuzz__/json/corpus` is missing: nothing is replayed",
    ),
    (
        "fuzz",
        &[("crates/kernel/src/__fuzz__/json/corpus/a", "{}")],
        "crates/kernel/src/__fuzz__/json/corpus/a:1: no fuzz target replays it",
    ),
    (
        "machine",
        &[("docs/a.md", "Start it in /work/main\n")],
        "docs/a.md:1: `/work/` is a path of one machine",
    ),
];

fn findings(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let tree = Tree::sample(files);
    let rule = RULES.iter().find(|known| known.name == rule).expect("no such rule");
    (rule.run)(&tree).iter().map(Finding::to_string).collect()
}

fn green(rule: &str, files: &[(&str, &str)]) {
    assert_eq!(findings(rule, files), Vec::<String>::new(), "{rule} on {files:?}");
}

fn red(rule: &str, files: &[(&str, &str)], expected: &str) {
    let found = findings(rule, files);
    assert!(found.iter().any(|line| line == expected), "{rule}: expected `{expected}`, found {found:?}");
}

#[test]
fn every_rule_is_red_on_its_bad_sample() {
    for rule in RULES.iter().filter(|rule| rule.name != "length") {
        let (_, files, expected) = RED.iter().find(|(name, ..)| *name == rule.name).expect(rule.name);
        assert_eq!(findings(rule.name, files).first().map(String::as_str), Some(*expected));
    }
}

#[test]
fn a_file_may_have_600_lines_and_not_one_more() {
    green("length", &[("crates/store/src/a.rs", &"//\n".repeat(600))]);
    let expected = "crates/store/src/a.rs: 601 lines; a folder would read better";
    red("length", &[("crates/store/src/a.rs", &"//\n".repeat(601))], expected);
}

#[test]
fn an_edge_is_found_under_every_kind_of_dependency() {
    let path = "crates/canon/Cargo.toml";
    let expected = "crates/canon/Cargo.toml:2: `canon` may not use `ledger`";
    for kind in ["build-dependencies", "dev-dependencies", "target.'cfg(unix)'.dependencies"] {
        red("edges", &[(path, &format!("[{kind}]\nlastlook-ledger.workspace = true\n"))], expected);
    }
}

#[test]
fn sim_is_for_tests_only() {
    let path = "crates/cli/Cargo.toml";
    green("edges", &[(path, "[dev-dependencies]\nlastlook-sim.workspace = true\n")]);
    let expected = "crates/cli/Cargo.toml:2: `cli` may not use `sim`";
    red("edges", &[(path, "[dependencies]\nlastlook-sim.workspace = true\n")], expected);
}

#[test]
fn a_crate_nobody_planned_is_found() {
    red(
        "edges",
        &[("crates/utils/Cargo.toml", "")],
        "crates/utils/Cargo.toml: crate `utils` is not in the table of crates",
    );
}

#[test]
fn a_pure_crate_may_speak_of_what_it_may_not_call() {
    green("pure-calls", &[("crates/kernel/src/a.rs", "/// No `std::fs`, no tokio here.\nuse std::fmt;\n")]);
    green(
        "pure-calls",
        &[("crates/kernel/src/tests.rs", "use std::fs;\n"), ("crates/store/src/a.rs", "use std::fs;\n")],
    );
}

#[test]
fn a_grouped_import_hides_nothing() {
    let text = "use std::{\n    collections::{BTreeMap, HashMap},\n    net::IpAddr,\n};\n";
    red(
        "pure-calls",
        &[("crates/canon/src/a.rs", text)],
        "crates/canon/src/a.rs: `std::net` in a pure crate",
    );
    green("pure-calls", &[("crates/canon/src/a.rs", "use std::{fmt, str::{self, FromStr}};\n")]);
}

#[test]
fn the_pure_crates_share_one_list_of_what_is_disallowed() {
    let list = "disallowed-methods = []\n";
    green("lints", &[("crates/canon/clippy.toml", list), ("crates/kernel/clippy.toml", list)]);
    red(
        "lints",
        &[
            ("crates/canon/clippy.toml", list),
            ("crates/kernel/clippy.toml", "disallowed-methods = [\"a\"]\n"),
        ],
        "crates/kernel/clippy.toml: differs from the settings of the other pure crates",
    );
    let expected = "crates/ledger/clippy.toml: a pure crate without its own lint settings";
    red("lints", &[("crates/ledger/src/lib.rs", "")], expected);
}

#[test]
fn the_engine_spends_and_others_may_speak_of_it() {
    green(
        "permit",
        &[("crates/engine/src/a.rs", "permit.spend();"), ("crates/cli/src/a.rs", "// permit.spend()\n")],
    );
}

#[test]
fn a_dependency_is_declared_once_used_and_reasoned() {
    let reasons = ("docs/internals/dependencies.md", "| `hex` | digests are read by people |\n");
    let root = (
        "Cargo.toml",
        "[workspace.dependencies]\nhex = \"0.4\"\nlastlook-canon = { path = \"crates/canon\" }\n",
    );
    let user = (
        "crates/store/Cargo.toml",
        "[dependencies]\nhex.workspace = true\nlastlook-canon.workspace = true\n",
    );
    green("dependencies", &[root, user, reasons]);
    red("dependencies", &[root, reasons], "Cargo.toml:2: `hex` is used by no crate");
    let alone = ("crates/store/Cargo.toml", "[dependencies]\nhex = \"0.4\"\n");
    let expected =
        "crates/store/Cargo.toml:2: `hex` is not taken from the root manifest (`workspace = true`)";
    red("dependencies", &[root, alone, reasons], expected);
    let old = ("docs/internals/dependencies.md", "| `hex` | a |\n| `md5` | b |\n");
    let expected = "docs/internals/dependencies.md:2: `md5` is not a dependency any more";
    red("dependencies", &[root, user, old], expected);
}

#[test]
fn links_that_lead_somewhere_are_left_alone() {
    let there = (
        "docs/b.md",
        "# Was & *now*: `x`\n## Twice\n## Twice\n<a id=\"here\"></a>\n```sh\n# not a heading\n```\n",
    );
    for link in [
        "[b](b.md)",
        "[b](../docs/b.md#was--now-x)",
        "[b](b.md#twice-1 \"title\")",
        "[b](/docs/b.md#here)",
        "[top](..)",
        "[web](https://example.com/nothing)",
        "`[code](nowhere.md)`",
        "```text\n[fenced](nowhere.md)\n```",
        "[r]: b.md#twice",
        "## Own heading\n[own](#own-heading)",
    ] {
        green("links", &[("docs/a.md", link), there]);
    }
}

#[test]
fn links_that_lead_nowhere_are_found() {
    let there = ("docs/b.md", "# Was\n```sh\n# fenced\n```\n");
    let cases = [
        ("[b](B.md)", "docs/a.md:1: `B.md` leads to no file"),
        ("[b](../../docs/b.md)", "docs/a.md:1: `../../docs/b.md` leads to no file"),
        ("[b](b.md#fenced)", "docs/a.md:1: `b.md#fenced`: no heading `#fenced` there"),
        ("[own](#absent)", "docs/a.md:1: `#absent`: no heading `#absent` there"),
        ("\n[r]: c.md", "docs/a.md:2: `c.md` leads to no file"),
        ("<img src=\"c.png\">", "docs/a.md:1: `c.png` leads to no file"),
    ];
    for (link, expected) in cases {
        red("links", &[("docs/a.md", link), there], expected);
    }
}

#[test]
fn a_pause_in_a_retry_loop_says_so() {
    green(
        "tests",
        &[("crates/a/tests/it/main.rs", "sleep(pause); // backoff: the lock is another process's\n")],
    );
    green("tests", &[("crates/a/src/lib.rs", "sleep(pause);\n#[cfg(test)]\nmod tests;\n")]);
    let inline = "fn f() {}\nmod tests {\n    sleep(pause);\n}\n";
    red(
        "tests",
        &[("crates/a/src/lib.rs", inline)],
        "crates/a/src/lib.rs:3: a test sleeps; wait for the condition itself",
    );
}

#[test]
fn an_ignored_test_is_found() {
    let expected = "crates/a/src/tests.rs:1: an ignored test is a test nobody has";
    red("tests", &[("crates/a/src/tests.rs", "#[ignore = \"slow\"]\n")], expected);
}

#[test]
fn hosts_are_found_and_paths_of_other_things_are_not() {
    let lock = ("xtask/tools/node/package-lock.json", "\"resolved\": \"https://registry.npmjs.org/a\"\n");
    let expected =
        "xtask/tools/node/package-lock.json:1: `registry.npmjs.org` is a host; name the package instead";
    red("machine", &[lock], expected);
    green("machine", &[("docs/a.md", "see ./work/ and home/root/ and a.b/work/\n")]);
}

#[test]
fn generated_blocks_are_what_their_source_says() {
    red(
        "generated",
        &[("ARCHITECTURE.md", "# A\n")],
        "ARCHITECTURE.md: the generated block `edges` is absent",
    );
    green("generated", &[("docs/internals/other.md", "")]);
    let source = "codes! {\n    /// It moved,\n    /// twice.\n    Moved = \"moved\",\n}\n";
    let table = "<!-- generated: codes -->\n| code | why |\n|---|---|\n| `moved` | It moved, twice. |\n<!-- end -->\n";
    green(
        "generated",
        &[("crates/kernel/src/verdict.rs", source), ("docs/reference/reason-codes.md", table)],
    );
    assert_eq!(generated::RULES_DOCUMENT, "docs/internals/testing.md");
}

use super::mistakes::shown;
use super::*;

/// Every fact a mistake can be made with.
const FACTS: &str = r#"upstream.shop.command = ["x"]
tool."shop.get".class = "read"
fact.order.mcp = { tool = "shop.get", args = { id = "${args.id}" } }
fact.page.http = { url = "https://rates.example/" }
fact.head.command = { argv = ["git"] }
fact.past.ledger = { tool = "shop.refund" }
fact.typed = { file = { path = "/a" }, shape = { total = "Long", "note?" = "String" } }
"#;

/// Each stands for `[guard.g]` on `shop.refund` with this in it.
fn check(name: &str, guards: &[&str]) {
    let texts: Vec<String> =
        guards.iter().map(|guard| format!("{FACTS}[guard.g]\non = [\"shop.refund\"]\n{guard}")).collect();
    snapshot(name, &shown(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
}

/// Each stands for the whole of `[guard.g]`.
fn check_whole(name: &str, guards: &[&str]) {
    let texts: Vec<String> = guards.iter().map(|guard| format!("{FACTS}{guard}")).collect();
    snapshot(name, &shown(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
}

#[test]
fn a_guard_guards_something_and_asks_for_something() {
    check_whole(
        "a_guard_guards_something_and_asks_for_something",
        &[
            "[guard.g]\nonce = \"a\"",
            "[guard.g]\non = []\nonce = \"a\"",
            "[guard.g]\non = \"shop.refund\"\nonce = \"a\"",
            "[guard.g]\non = [\"shop.refund\"]",
            "[guard.g]\non = [\"shop.refund\"]\nunchanged = []\nmode = \"audit\"",
            "[guard.g]\non = [\"shop.refund\"]\nfacts = [\"order\"]",
            "[guard.g]\non = [\"refund\", \"shpo.refund\", \"shop.pay\", \"shop.pay\"]\nonce = \"a\"",
            "[guard.g]\non = [\"shop.refund\"]\nonec = \"a\"",
            "[guard.\"a b\"]\non = [\"shop.refund\"]\nonce = \"a\"",
        ],
    );
    let policies = "policy.file = \"p.cedar\"\n[guard.g]\non = [\"shop.refund\"]\nresource = 'A::\"x\"'";
    parse(&format!("{FACTS}{policies}"));
}

#[test]
fn facts_that_are_named_exist_and_can_do_it() {
    check(
        "facts_that_are_named_exist_and_can_do_it",
        &[
            "unchanged = [\"ordr\"]",
            "unchanged = [\"page\"]",
            "fresh = { order = \"30s\" }",
            "fresh = { past = \"30s\" }",
            "fresh = { page = \"0s\", nothing = \"1s\" }",
            "facts = [\"x\"]\nonce = \"a\"",
            "stable = true\nonce = \"a\"",
            "stable = 1\nfacts = [\"order\"]\nonce = \"a\"",
            "stable = \"yes\"\nfacts = [\"order\"]\nonce = \"a\"",
        ],
    );
}

#[test]
fn conditions_name_what_there_is() {
    check(
        "conditions_name_what_there_is",
        &[
            "when = \"now.ordr.status == \\\"paid\\\"\"",
            "when = 'was.page.status == 200'",
            "when = '''\nnow.order.x == 1 &&\nnow.nothing.y == 2'''",
            "when = 'step.args.id == 1'",
            "approve = { when = 'now.x.y == 1', by = 'Role::\"a\"' }",
            "confirm = { when = 'now.x.y == 1', refute = 'was.head.exit == 0' }",
            "when = 'now == was'",
            "when = 'now.typed.total == \"paid\"'",
            "when = 'args.x == 1 && now.typed.totl > 5'",
            "when = 'now.typed.note == \"x\"'",
            "when = 'now.order.status = \"paid\"'",
        ],
    );
}

#[test]
fn steps_can_be_proven() {
    check(
        "steps_can_be_proven",
        &[
            "after = [{ tool = \"shop.verify\" }]",
            "after = [{ tool = \"shop.verify\", accept = \"confirmed\" }]",
            "after = [{ tool = \"shpo.verify\", none_since = [\"edit\"] }]",
            "after = [{ procedure = \"release\" }]",
            "after = [{}]",
            "after = [{ tool = \"shop.verify\", procedure = \"release\" }]",
            "after = [\"shop.verify\"]",
            "after = { tool = \"shop.verify\" }",
            "after = [{ tool = \"shop.verify\", accept = \"success\", within = \"0s\", were = \"x\" }]",
            "after = [{ tool = \"shop.verify\", where = 'now.order.x == 1', accept = \"succeeded\" }]",
        ],
    );
    let text = "[guard.g]\non = ['shop.refund']\nafter = [{ tool = 'shop.verify' }]\n\
                [guard.h]\non = ['shop.verify']\nconfirm = { when = 'now.order.x == 1' }";
    parse(&format!("{FACTS}{text}"));
}

#[test]
fn procedures_have_steps() {
    check_whole(
        "procedures_have_steps",
        &[
            "[procedure.p]",
            "[procedure.p]\nsteps = []",
            "[procedure.p]\nsteps = [{ procedure = \"p\" }]",
            "[procedure.p]\nsteps = [{ tool = \"shop.a\", accept = \"succeeded\" }, { tool = \"ci.b\" }]",
            "[procedure.\"a.b\"]\nsteps = [{ tool = \"shop.a\", accept = \"succeeded\" }]",
        ],
    );
}

#[test]
fn limits_say_how_much_of_what() {
    check(
        "limits_say_how_much_of_what",
        &[
            "limit = [{ per = \"1d\" }]",
            "limit = [{ count = 1, sum = \"/a\", max = 1, per = \"1d\" }]",
            "limit = [{ count = 1, max = 1, per = \"1d\" }]",
            "limit = [{ sum = \"/a\", per = \"1d\" }]",
            "limit = [{ sum = \"a\", max = 0, per = \"1d\" }]",
            "limit = [{ sum = \"/a\", max = 1.5, per = \"1d\" }]",
            "limit = [{ sum = \"/a\", max = \"-1\", per = \"1d\" }]",
            "limit = [{ count = 0, per = \"1d\" }]",
            "limit = [{ count = 1 }]",
            "limit = [{ count = 1, per = \"dya\" }]",
            "limit = [{ count = 1, per = \"1d\", tz = \"UTC\" }]",
            "limit = [{ count = 1, per = \"day\", tz = \"Europe/Pariss\" }]",
            "limit = [{ count = 1, per = \"0s\", by = \"user\" }]",
            "limit = [{ count = 1, per = \"1d\", by = \"key:${x}\" }]",
            "limit = [{ count = 1, per = \"1d\", by = \"resource\" }]",
            "limit = { count = 1, per = \"1d\" }",
        ],
    );
}

#[test]
fn keys_and_resources_are_templates() {
    check(
        "keys_and_resources_are_templates",
        &[
            "once = \"\"",
            "once = \"a:${args.\"",
            "once = 1",
            "once = { per = \"1d\" }",
            "lease = { key = \"a\", hold = \"0s\", wait = \"x\" }",
            "once = \"a\"\nresource = \"order:${args.id}\"",
            "once = \"a\"\nresource = 'Order::\"${id}\"'",
        ],
    );
}

#[test]
fn a_yes_comes_from_somebody() {
    check(
        "a_yes_comes_from_somebody",
        &[
            "approve = {}",
            "approve = { by = \"finance\" }",
            "approve = { by = 'Role::\"finance\"', quorum = 0, expires = \"0s\" }",
            "confirm = { within = \"5s\" }",
            "confirm = true",
        ],
    );
}

#[test]
fn windows_open_at_some_time() {
    check(
        "windows_open_at_some_time",
        &[
            "window = {}",
            "window = { open = 9 }",
            "window = { open = \"Mon-Fri 09:00-17:30\", tz = \"Europe/Pariss\" }",
            "window = { open = [\"Mon-Fri 09:00-17:30\", \"Fry 10:00-11:00\"], tz = \"UTC\" }",
            "window = { closed = [\"2026-02-30\"], tz = \"UTC\" }",
            "window = { max_age = \"0s\", openn = \"x\" }",
        ],
    );
}

#[test]
fn groups_and_policies_are_named() {
    let shown = shown(&[
        "[principal]\nid = 'User::\"a\"'\ngroups = [\"deployers\"]",
        "[principal]\ngroups = ['Role::\"a\"', 'Role::\"a\"']",
        "[policy]",
        "[policy]\nfile = \"\"\nentity = \"x\"",
        "upstream.shop.command = [\"x\"]\n[tool.\"shop.a\"]\nundoes = [\"b\", \"ci.b\"]",
    ]);
    snapshot("groups_and_policies_are_named", &shown);
}

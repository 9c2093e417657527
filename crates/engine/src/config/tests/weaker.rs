use super::guards::GUARDED;
use super::*;

/// What replacing `before` by `after` in the guarded example takes away.
fn change(before: &str, after: &str) -> Vec<String> {
    assert!(GUARDED.contains(before), "{before}");
    weaker(&parse(GUARDED), &parse(&GUARDED.replacen(before, after, 1)))
}

fn check(before: &str, after: &str, expect: &str) {
    assert_eq!(
        change(before, after),
        if expect.is_empty() { vec![] } else { vec![expect] },
        "{before} → {after}"
    );
}

#[test]
fn what_is_equal_or_stronger_is_not_listed() {
    assert_eq!(weaker(&parse(GUARDED), &parse(GUARDED)), Vec::<String>::new());
    for (before, after) in [
        // What a person reads is not what rules.
        ("[guard.deploy]\n", "# a comment\n[guard.deploy]\n"),
        ("mode = \"audit\"", "mode = \"enforce\""),
        ("facts = [\"all\"]", "facts = [\"all\", \"note\"]"),
        ("unchanged = [\"order\", \"row\"]", "unchanged = [\"row\", \"order\"]"),
        ("rate = \"30s\"", "rate = \"29s\""),
        ("stable = 5", "stable = 4"),
        ("within = \"10m\"", "within = \"9m\""),
        (
            "{ tool = \"shop.refund\" }]",
            "{ tool = \"ci.a\", accept = \"succeeded\" }, { tool = \"shop.refund\" }]",
        ),
        ("none_since = [\"shop.edit_customer\"]", "none_since = [\"shop.edit_customer\", \"shop.x\"]"),
        ("max_age = \"15m\"", "max_age = \"14m\""),
        ("min_spacing = \"10s\"", "min_spacing = \"11s\""),
        ("closed = [\"2026-12-24..2027-01-02\"]", "closed = [\"2026-12-24..2027-01-02\", \"2027-05-01\"]"),
        (
            "{ key = \"refund:${args.order_id}\", per = \"day\", tz = \"Europe/Paris\" }",
            "\"refund:${args.order_id}\"",
        ),
        ("max = \"5000.50\"", "max = 5000"),
        ("count = 20", "count = 19"),
        ("wait = \"1s\", hold = \"2s\"", "wait = \"2s\", hold = \"1s\""),
        ("when = 'args.amount_cents > 10000', by", "by"),
        ("quorum = 2", "quorum = 3"),
        ("expires = \"15m\"", "expires = \"10m\""),
        (", refute = 'was.order.status == \"paid\"'", ""),
        ("settle = \"30s\"", "settle = \"31s\""),
        ("timeout = \"2s\"\nmax_bytes = 65536\nshow = \"agent\"", "timeout = \"3s\"\nmax_bytes = 65537"),
        ("on_aba = \"allow\"\n", ""),
        ("select = [\"/status\", \"/total_cents\"]\n", ""),
        ("[upstream.shop]", "[defaults]\nblind_writes = \"refuse\"\nmax_gap = \"1s\"\n[upstream.shop]"),
        ("[guard.deploy]\n", "[guard.other]\non = [\"ci.deploy\"]\nonce = \"a\"\n[guard.deploy]\n"),
    ] {
        check(before, after, "");
    }
}

#[test]
fn what_a_guard_loses_is_listed() {
    for (before, after, expect) in [
        (
            "on = [\"ci.deploy\", \"shop.refund\"]",
            "on = [\"ci.deploy\"]",
            "guard `deploy` no longer guards `shop.refund`",
        ),
        ("stable = 5", "mode = \"audit\"\nstable = 5", "guard `deploy` only watches"),
        (
            "resource = 'Order::\"${args.order_id}\"'",
            "resource = 'Order::\"1\"'",
            "guard `refund` has another resource, or none",
        ),
        (
            "unchanged = [\"order\", \"row\"]",
            "unchanged = [\"order\"]",
            "guard `refund` lets fact `row` change",
        ),
        ("rate = \"30s\"", "rate = \"31s\"", "guard `refund` lets fact `rate` be older"),
        ("facts = [\"all\"]\n", "", "guard `refund` no longer reads fact `all` for the policies"),
        ("stable = 5\n", "", "guard `deploy` asks for less stability"),
        ("stable = 5", "stable = 6", "guard `deploy` asks for less stability"),
        ("now.note.exists && ", "", "guard `refund` has another `when`, or none"),
        (
            "within = \"10m\", accept",
            "within = \"11m\", accept",
            "guard `refund` no longer asks for step `shop.verify_customer` as it did, or not in this order",
        ),
        (
            ", none_since = [\"shop.edit_customer\"]",
            "",
            "guard `refund` no longer asks for step `shop.verify_customer` as it did, or not in this order",
        ),
        (
            "{ tool = \"shop.refund\" }]",
            "{ tool = \"shop.refund\", accept = \"succeeded\" }]",
            "guard `refund` no longer asks for step `shop.refund` as it did, or not in this order",
        ),
        (
            "{ procedure = \"release\" }, { tool = \"shop.refund\" }",
            "{ tool = \"shop.refund\" }, { procedure = \"release\" }",
            "guard `refund` no longer asks for step `shop.refund` as it did, or not in this order",
        ),
        ("tz = \"UTC\"", "tz = \"Europe/Paris\"", "guard `deploy` has another window, or none"),
        ("17:00\", \"Fri", "17:01\", \"Fri", "guard `deploy` has another window, or none"),
        (", min_spacing = \"10s\"", "", "guard `refund` has another window, or none"),
        ("once = \"deploy:${args.sha}\"\n", "", "guard `deploy` has another `once`, or none"),
        (
            "per = \"day\", tz = \"Europe/Paris\"",
            "per = \"week\", tz = \"Europe/Paris\"",
            "guard `refund` has another `once`, or none",
        ),
        (
            "count = 20",
            "count = 21",
            "guard `refund` has a limit that is higher, counts otherwise, or is gone",
        ),
        (
            "per = \"1d\", by",
            "per = \"2d\", by",
            "guard `refund` has a limit that is higher, counts otherwise, or is gone",
        ),
        ("lease = \"deploy\"\n", "", "guard `deploy` has another lease, or none"),
        ("quorum = 2", "quorum = 1", "guard `refund` asks for other approval, or none"),
        (
            "when = 'args.amount_cents > 10000'",
            "when = 'args.amount_cents > 1000'",
            "guard `refund` asks for other approval, or none",
        ),
        ("settle = \"30s\"", "settle = \"29s\"", "guard `refund` confirms otherwise, or not at all"),
        (
            "'was.order.status == \"paid\"'",
            "'was.order.status == \"p\"'",
            "guard `refund` confirms otherwise, or not at all",
        ),
    ] {
        check(before, after, expect);
    }
}

#[test]
fn what_else_is_loosened_is_listed() {
    for (before, after, expect) in [
        (
            "[upstream.shop]",
            "trust_annotations = true\n[upstream.shop]",
            "annotations of servers count for the class of their tools",
        ),
        ("[upstream.shop]", "[principal]\nid = 'User::\"x\"'\n[upstream.shop]", "the principal is another"),
        (
            "[upstream.shop]",
            "[defaults]\nmax_gap = \"3s\"\n[upstream.shop]",
            "a look may be older at the gate",
        ),
        (
            "[upstream.shop]",
            "[defaults]\nnot_subjects_add = [\"x\"]\n[upstream.shop]",
            "other names of arguments name no subject",
        ),
        ("command = [\"ci-mcp\"]", "command = [\"ci-mcp\", \"-v\"]", "upstream `ci` is started differently"),
        ("class = \"write\"", "class = \"read\"", "tool `shop.edit_customer` is read, and was write"),
        (
            "class = \"write\"",
            "class = \"write\"\nlocal = true",
            "effects of tool `shop.edit_customer` are taken to end with its process",
        ),
        (
            "class = \"write\"",
            "class = \"write\"\nerrors = \"no-effect\"",
            "an error of tool `shop.edit_customer` is taken to mean that nothing happened",
        ),
        (
            "class = \"write\"",
            "class = \"write\"\ntouches = [\"a\"]",
            "tool `shop.edit_customer` touches readings it did not touch",
        ),
        (
            "class = \"write\"",
            "class = \"write\"\nsubjects = [\"/a\"]",
            "tool `shop.edit_customer` has other subjects",
        ),
        (
            "class = \"read\"",
            "class = \"read\"\nretake = false",
            "readings by tool `shop.get_order` are no basis any more",
        ),
        (
            "class = \"read\"",
            "class = \"read\"\nignore = [\"/content\"]",
            "more of what tool `shop.get_order` answers is ignored",
        ),
        (
            "undoes = [\"shop.verify_customer\"]\n",
            "",
            "`shop.edit_customer` no longer undoes `shop.verify_customer`",
        ),
        ("hunter2", "hunter3", "database `shop` is another"),
        ("argv = [\"git\"", "argv = [\"hg\"", "fact `head` is read elsewhere"),
        (
            "select = [\"/status\", \"/total_cents\"]",
            "select = [\"/status\"]",
            "less of fact `order` is compared",
        ),
        ("[fact.note]", "[fact.note]\nselect = [\"/sha256\"]", "less of fact `note` is compared"),
        ("version = \"/version\"\non_aba", "on_aba", "fact `order` has another version, or none"),
        ("[fact.note]", "[fact.note]\non_aba = \"allow\"", "fact `note` may have changed and changed back"),
        (
            "as_of = \"/updated_at\"",
            "as_of = \"/created_at\"",
            "the time of fact `order` is taken from elsewhere",
        ),
        ("total_cents = \"Long\"", "total_cents = \"Decimal\"", "fact `order` has other types"),
        (
            "seen_as = { tool = \"shop.get_order\", args = { id = \"${args.order_id}\" }",
            "seen_as = { tool = \"shop.get_order\"",
            "the *was* of fact `row` is taken from elsewhere",
        ),
        ("[fact.note]", "[fact.note]\nshow = \"agent\"", "values of fact `note` are shown to agents"),
        (
            ", { tool = \"ci.run_tests\", accept = \"succeeded\", none_since = [\"ci.commit\"] }",
            "",
            "procedure `release` no longer asks for step `ci.run_tests` as it did, or not in this order",
        ),
    ] {
        check(before, after, expect);
    }
}

#[test]
fn what_is_gone_is_listed() {
    let without = |start: &str| {
        let at = GUARDED.find(start).unwrap();
        let end = GUARDED[at + 1..].find("\n[").map_or(GUARDED.len(), |next| at + 1 + next);
        weaker(&parse(GUARDED), &parse(&format!("{}{}", &GUARDED[..at], &GUARDED[end..])))
    };
    assert_eq!(without("[guard.deploy]"), ["guard `deploy` is gone"]);
    assert_eq!(without("[fact.rows]"), ["fact `rows` is gone"]);
    assert_eq!(without("[database.far]"), ["database `far` is gone"]);
    let policy = |text: &str| parse(&format!("{text}\n{GUARDED}"));
    let (one, other) = ("policy.file = 'a.cedar'", "policy.file = 'b.cedar'");
    assert_eq!(weaker(&policy(one), &policy("")), ["the policies are gone"]);
    assert_eq!(weaker(&policy(one), &policy(other)), ["the policies are other files"]);
    assert_eq!(weaker(&policy(""), &policy(one)), Vec::<String>::new());
}

#[test]
fn fewer_or_other_witnesses_are_listed() {
    let key =
        |n: u8| lastlook_ledger::CosigningKey::from_seed(&format!("w{n}"), &[n; 32]).unwrap().verifier();
    let of = |quorum: usize, keys: &[(&str, u8)]| {
        let one = |(name, n): &(&str, u8)| {
            format!("[witness.{name}]\nurl = \"https://w.example.com\"\nkey = \"{}\"\n", key(*n))
        };
        parse(&format!("[witness]\nquorum = {quorum}\n{}", keys.iter().map(one).collect::<String>()))
    };
    let (one, two) = (of(1, &[("a", 1)]), of(2, &[("a", 1), ("b", 2)]));
    assert_eq!(weaker(&one, &two), Vec::<String>::new());
    assert_eq!(weaker(&parse(""), &one), Vec::<String>::new());
    assert_eq!(weaker(&two, &one), ["witness `b` is gone", "fewer witnesses are wanted"]);
    assert_eq!(weaker(&one, &of(1, &[("a", 2)])), ["witness `a` has another key"]);
    assert_eq!(weaker(&two, &of(1, &[("a", 1), ("b", 2)])), ["fewer witnesses are wanted"]);
}

#[test]
fn what_is_kept_that_was_not_is_listed() {
    let tool = |text: &str| {
        parse(&format!("[upstream.a]\ncommand = [\"a\"]\n[tool.\"a.b\"]\nclass = \"write\"\n{text}"))
    };
    let check = |before: &str, after: &str, expect: &[&str]| {
        assert_eq!(weaker(&tool(before), &tool(after)), expect, "{before} → {after}");
    };
    let card = "redact = [\"/args/card\"]";
    check("", card, &[]);
    check(card, card, &[]);
    check(card, "", &["`/args/card` of tool `a.b` is kept"]);
    check(card, "redact = [\"/args/cards\"]", &["`/args/card` of tool `a.b` is kept"]);
    check(card, "redact = [\"/args/card/number\"]", &["`/args/card` of tool `a.b` is kept"]);
    check(card, "redact = [\"/answer/card\"]", &["`/args/card` of tool `a.b` is kept"]);
    check(card, "digest_only = [\"/args/card\"]", &["of `/args/card` of tool `a.b` a commitment is kept"]);
    let both = "redact = [\"/args/card\"]\ndigest_only = [\"/args/mail\"]";
    check(both, card, &["`/args/mail` of tool `a.b` is kept"]);
    check(both, "redact = [\"/args/mail\", \"/args/card\"]", &[]);
    // A place that holds the other, or each like it, is as good.
    check("redact = [\"/args/card/number\"]", card, &[]);
    check("redact = [\"/args/cards/0/n\"]", "redact = [\"/args/cards/*/n\"]", &[]);
    check(
        "redact = [\"/args/cards/*/n\"]",
        "redact = [\"/args/cards/0/n\"]",
        &["`/args/cards/*/n` of tool `a.b` is kept"],
    );
    // With the tool's section all of it is gone.
    let without = parse("[upstream.a]\ncommand = [\"a\"]\n");
    assert!(weaker(&tool(both), &without).contains(&"`/args/mail` of tool `a.b` is kept".to_owned()));
}

#[test]
fn values_that_are_kept_longer_are_listed() {
    let kept = |text: &str| parse(&format!("[record]\n{text}\n"));
    let check = |before: &str, after: &str, longer: bool| {
        let expect: &[&str] = if longer { &["values are kept longer"] } else { &[] };
        assert_eq!(weaker(&kept(before), &kept(after)), expect, "{before} → {after}");
    };
    let (day, week) = ("keep_values = \"1d\"", "keep_values = \"7d\"");
    check(day, week, true);
    check(day, "", true);
    check(week, day, false);
    check(day, "keep_values = \"24h\"", false);
    check("", day, false);
}

#[test]
fn a_mode_that_is_left_out_is_that_of_the_file() {
    let audit = GUARDED.replacen("[upstream.shop]", "[defaults]\nmode = \"audit\"\n[upstream.shop]", 1);
    assert_eq!(
        weaker(&parse(GUARDED), &parse(&audit)),
        ["the mode is audit: nothing is refused", "guard `deploy` only watches"]
    );
}

#[test]
fn a_profile_that_speaks_for_a_tool_counts() {
    let git = |profile: &str| parse(&format!("[upstream.git]\ncommand = ['mcp-server-git']\n{profile}"));
    let said = weaker(&git(""), &git("profile = 'git'"));
    assert!(said.iter().any(|s| s == "tool `git.git_status` is read, and was destructive"), "{said:?}");
    assert!(!said.iter().any(|s| s.contains("`git.*`")), "{said:?}");
}

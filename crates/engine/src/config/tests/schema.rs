use serde_json::Value;

use super::guards::GUARDED;
use super::*;

const COMMITTED: &str = include_str!("../../../../../docs/reference/lastlook.schema.json");

#[test]
fn the_committed_schema_is_the_one_that_is_made() {
    if std::env::var_os("LASTLOOK_WRITE_SCHEMA").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/lastlook.schema.json");
        std::fs::write(path, schema_text()).unwrap();
        return;
    }
    let way_out = "out of date: lastlook config schema > docs/reference/lastlook.schema.json";
    assert!(COMMITTED == schema_text(), "{way_out}");
}

/// The keys that the parser names when it meets one it does not know.
fn known_keys(text: &str) -> Vec<String> {
    let Err(ConfigError::Invalid(invalid)) = Config::parse(text, "x") else {
        panic!("zzz is no key: {text}")
    };
    let help = &invalid.problems().iter().find(|p| p.message.contains("zzz")).unwrap().help;
    help.split_once("known keys: ").unwrap().1.split(", ").map(str::to_owned).collect()
}

fn properties(schema: &Value, pointer: &str) -> Vec<String> {
    let table = schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
    let mut keys: Vec<_> = table["properties"].as_object().unwrap().keys().cloned().collect();
    keys.sort_unstable();
    keys
}

#[test]
fn the_schema_has_the_keys_the_parser_knows() {
    let schema = schema();
    let each = |section: &str| {
        let table = schema["properties"][section]["patternProperties"].as_object().unwrap();
        let pattern = table.keys().next().unwrap().replace('~', "~0").replace('/', "~1");
        format!("/properties/{section}/patternProperties/{pattern}")
    };
    let below = |section: &str, rest: &str| format!("{}{rest}", each(section));
    let upstream = "upstream.a.command = ['a']\n";
    let guard = |part: &str| format!("{upstream}[guard.g]\non = ['a.b']\n{part}");
    for (text, pointer) in [
        ("zzz = 1".to_owned(), String::new()),
        ("principal.zzz = 1".to_owned(), "/properties/principal".to_owned()),
        ("policy.zzz = 1".to_owned(), "/properties/policy".to_owned()),
        ("claims.zzz = 1".to_owned(), "/properties/claims".to_owned()),
        ("defaults.zzz = 1".to_owned(), "/properties/defaults".to_owned()),
        ("upstream.a.zzz = 1".to_owned(), each("upstream")),
        (format!("{upstream}[tool.'a.b']\nzzz = 1"), each("tool")),
        ("database.a.zzz = 1".to_owned(), each("database")),
        ("fact.f.zzz = 1".to_owned(), each("fact")),
        ("fact.f.mcp.zzz = 1".to_owned(), below("fact", "/properties/mcp")),
        ("fact.f.http.zzz = 1".to_owned(), below("fact", "/properties/http")),
        ("fact.f.sql.zzz = 1".to_owned(), below("fact", "/properties/sql")),
        ("fact.f.file.zzz = 1".to_owned(), below("fact", "/properties/file")),
        ("fact.f.command.zzz = 1".to_owned(), below("fact", "/properties/command")),
        ("fact.f.ledger.zzz = 1".to_owned(), below("fact", "/properties/ledger")),
        ("fact.f.seen_as.zzz = 1".to_owned(), below("fact", "/properties/seen_as/anyOf/0")),
        ("procedure.p.zzz = 1".to_owned(), each("procedure")),
        ("notify.n.zzz = 1".to_owned(), each("notify")),
        ("witness.w.zzz = 1".to_owned(), each("witness")),
        (guard("zzz = 1"), each("guard")),
        (guard("window.zzz = 1"), below("guard", "/properties/window")),
        (guard("once.zzz = 1"), below("guard", "/properties/once/anyOf/1")),
        (guard("lease.zzz = 1"), below("guard", "/properties/lease/anyOf/1")),
        (guard("limit = [{ zzz = 1 }]"), below("guard", "/properties/limit/items")),
        (guard("approve.zzz = 1"), below("guard", "/properties/approve")),
        (guard("confirm.zzz = 1"), below("guard", "/properties/confirm")),
    ] {
        assert_eq!(properties(&schema, &pointer), known_keys(&text), "{text}");
    }
    // A step has what an entry of `after` has, but for `procedure`.
    let entry = known_keys(&guard("after = [{ tool = 'a.b', accept = 'succeeded', zzz = 1 }]"));
    let step: Vec<_> = entry.into_iter().filter(|key| key != "procedure").collect();
    assert_eq!(properties(&schema, "/definitions/step"), step);
}

#[test]
fn every_choice_of_the_schema_is_one() {
    let schema = schema();
    let tool = &schema["properties"]["tool"]["patternProperties"]["^[A-Za-z0-9_-]+\\..+$"]["properties"];
    for class in tool["class"]["enum"].as_array().unwrap() {
        parse(&format!("upstream.a.command = ['a']\n[tool.'a.b']\nclass = {class}"));
    }
    for mode in schema["properties"]["defaults"]["properties"]["mode"]["enum"].as_array().unwrap() {
        parse(&format!("defaults.mode = {mode}"));
    }
    let upstream = &schema["properties"]["upstream"]["patternProperties"]["^[A-Za-z0-9_-]+$"]["properties"];
    for profile in upstream["profile"]["enum"].as_array().unwrap() {
        parse(&format!("[upstream.a]\ncommand = ['a']\nprofile = {profile}"));
    }
}

#[test]
fn the_effective_settings_are_all_there() {
    let settings = parse(GUARDED).effective("User::\"ada\"");
    let value = |name: &str| {
        let found = settings.iter().find(|setting| setting.name.to_string() == name);
        found.map(|setting| (setting.value.to_string(), setting.origin))
    };
    let line = |text: &str| 1 + GUARDED[..GUARDED.find(text).unwrap()].matches('\n').count();
    for (name, expect, origin) in [
        ("principal.id", r#""User::\"ada\"""#, Origin::Default),
        ("database.shop.url", r#""***""#, Origin::File { line: line("url = \"postgres") }),
        ("database.far.url", r#""env:SHOP_DB""#, Origin::File { line: line("url = \"env:SHOP") }),
        ("fact.rate.http.headers.accept", r#""***""#, Origin::File { line: line("http = {") }),
        ("fact.rate.http.headers.Authorization", r#""env:TOKEN""#, Origin::File { line: line("http = {") }),
        ("fact.note.timeout", r#""5s""#, Origin::Default),
        ("fact.head.command.env", r#"["HOME"]"#, Origin::File { line: line("command = { argv") }),
        ("guard.refund.after[1].procedure", r#""release""#, Origin::File { line: line("after = [") }),
        ("guard.refund.after[2].accept", r#""confirmed""#, Origin::Default),
        ("guard.refund.limit[1].by", r#""principal""#, Origin::Default),
        ("guard.refund.limit[1].tz", r#""UTC""#, Origin::Default),
        ("guard.deploy.lease", r#""deploy""#, Origin::File { line: line("lease = \"deploy\"") }),
        ("guard.deploy.lease.hold", r#""30s""#, Origin::Default),
        ("guard.deploy.mode", r#""enforce""#, Origin::Default),
        (r#"tool."shop.edit_customer".local"#, "false", Origin::Default),
    ] {
        assert_eq!(value(name), Some((expect.to_owned(), origin)), "{name}");
    }
    let others = parse(
        "[upstream.a]\ncommand = ['a']\n[tool.'a.b']\nredact = ['/args/x']\n[notify.n]\nurl = 'env:URL'\nformat = 'slack'\n\
         [witness.w]\nurl = 'https://w.example'\nkey = 'witness.example/w1+f643e1d3+BLo7YR4o'\n"
            .replace("witness.example/w1+f643e1d3+BLo7YR4o", &witness_key())
            .as_str(),
    )
    .effective("User::\"ada\"");
    for (name, expect, by_file) in [
        ("record.keep_values", "null", false),
        ("tool.\"a.b\".redact", "[\"/args/x\"]", true),
        ("tool.\"a.b\".digest_only", "[]", false),
        ("tool.\"a.b\".undoes", "[]", false),
        ("notify.n.format", "\"slack\"", true),
        ("notify.n.show_arguments", "false", false),
        ("notify.n.private", "false", false),
        ("witness.quorum", "1", false),
        ("witness.w.private", "false", false),
    ] {
        let found = others.iter().find(|setting| setting.name.to_string() == name);
        let found = found.unwrap_or_else(|| panic!("{name} is not shown"));
        assert_eq!(found.value.to_string(), expect, "{name}");
        assert_eq!(matches!(found.origin, Origin::File { .. }), by_file, "{name}");
    }
    let on = others.iter().find(|setting| setting.name.to_string() == "notify.n.on").unwrap();
    assert!(on.value.as_array().unwrap().contains(&serde_json::json!("held")), "{on:?}");
    let git =
        parse("upstream.git = { command = ['mcp-server-git'], profile = 'git' }").effective("User::\"ada\"");
    let class = git.iter().find(|s| s.name.to_string() == r#"tool."git.git_log".class"#).unwrap();
    assert_eq!((class.value.as_str(), class.origin), (Some("read"), Origin::Profile("git")));
}

fn witness_key() -> String {
    lastlook_ledger::CosigningKey::from_seed("w", &[1; 32]).unwrap().verifier().to_string()
}

/// Every key of the schema with a default is shown when it is left out: whoever adds one must think of it.
#[test]
fn every_default_of_the_schema_is_shown() {
    let schema = schema();
    let config = parse(
        "[upstream.a]\ncommand = ['a']\n[tool.'a.b']\n[notify.n]\nurl = 'env:URL'\nformat = 'slack'\n\
         [witness.w]\nurl = 'https://w.example'\nkey = 'KEY'\n"
            .replace("KEY", &witness_key())
            .as_str(),
    );
    let shown: Vec<String> =
        config.effective("User::\"ada\"").iter().map(|setting| setting.name.to_string()).collect();
    // What says nothing when it is left out, and what holds something else than one value.
    let silent = ["cwd", "env", "subjects", "not_subjects_add", "secret"];
    for (section, name, pointer) in [
        ("claims", "claims", "/properties/claims"),
        ("record", "record", "/properties/record"),
        ("defaults", "defaults", "/properties/defaults"),
        ("upstream", "upstream.a", ""),
        ("tool", "tool.\"a.b\"", ""),
        ("notify", "notify.n", ""),
        ("witness", "witness.w", ""),
    ] {
        let table = match pointer {
            "" => schema["properties"][section]["patternProperties"]
                .as_object()
                .unwrap()
                .values()
                .next()
                .unwrap(),
            _ => schema.pointer(pointer).unwrap(),
        };
        for key in
            table["properties"].as_object().unwrap().keys().filter(|key| !silent.contains(&key.as_str()))
        {
            assert!(shown.contains(&format!("{name}.{key}")), "{name}.{key} is not shown");
        }
    }
}

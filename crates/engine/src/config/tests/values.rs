use lastlook_kernel::{ClassSource, ToolRules};

use super::*;

pub(super) const EVERYTHING: &str = r##"
trust_annotations = true
[principal]
id = 'User::"deploy-bot"'
groups = ['Role::"deployers"']
[policy]
file = "policy.cedar"
entities = "/etc/lastlook/entities.json"
[defaults]
blind_writes = "refuse"
not_subjects = ["limit"]
not_subjects_add = ["trace_id"]
receipt_meta = false
mode = "audit"
fact_timeout = "250ms"
max_gap = "1m"
wait_for_subject = "0s"
wait_for_approval = "2m"
elicit = false
[upstream.notes]
command = ["npx", "-y", "@modelcontextprotocol/server-filesystem", "/srv/notes"]
cwd = "/srv"
env = { TOKEN = "x" }
profile = "filesystem"
[tool."notes.edit_file"]
class = "write"
subjects = ["/path"]
touches = ["list_directory"]
ignore = ["/structuredContent/accessed", "/content/0/text#accessed:"]
retake = false
local = true
errors = "no-effect"
undoes = ["notes.sign"]
"##;

#[test]
fn every_key_is_read() {
    let config = parse(EVERYTHING);
    assert!(config.trust_annotations);
    assert_eq!(config.principal.as_deref(), Some("User::\"deploy-bot\""));
    assert_eq!(config.path, Path::new("lastlook.toml"));
    assert_eq!(config.groups, ["Role::\"deployers\""]);
    let policy = config.policy.as_ref().unwrap();
    assert_eq!(policy.file, Path::new("policy.cedar"));
    assert_eq!(policy.entities.as_deref(), Some(Path::new("/etc/lastlook/entities.json")));
    let expect = Defaults {
        blind_writes: BlindWrites::Refuse,
        not_subjects: ["limit", "trace_id"].map(str::to_owned).into(),
        receipt_meta: false,
        mode: Mode::Audit,
        fact_timeout: Duration::from_millis(250),
        max_gap: Duration::from_secs(60),
        wait_for_subject: Duration::ZERO,
        wait_for_approval: Duration::from_secs(120),
        elicit: false,
    };
    assert_eq!(config.defaults, expect);
    let notes = &config.upstreams["notes"];
    assert_eq!(notes.command, words("npx -y @modelcontextprotocol/server-filesystem /srv/notes"));
    assert_eq!(notes.cwd.as_deref(), Some(Path::new("/srv")));
    assert_eq!(notes.env["TOKEN"], "x");
    assert!(matches!(notes.profile, ProfileChoice::Named(profile) if profile.name() == "filesystem"));
    let ignore = |pointer: &str, prefix: Option<&str>| Ignore {
        pointer: pointer.to_owned(),
        line_prefix: prefix.map(str::to_owned),
    };
    let expect = ToolConfig {
        class: Some(Class::Write),
        subjects: Some(vec!["/path".into()]),
        touches: Some(vec!["list_directory".into()]),
        ignore: Some(vec![
            ignore("/structuredContent/accessed", None),
            ignore("/content/0/text", Some("accessed:")),
        ]),
        retake: Some(false),
        local: Some(true),
        errors: Some(ErrorAnswers::NoEffect),
        undoes: vec![ToolName::new("notes", "sign")],
        redact: Vec::new(),
        digest_only: Vec::new(),
    };
    assert_eq!(config.tools[&ToolKey { upstream: "notes".into(), tool: "edit_file".into() }], expect);
}

#[test]
fn an_empty_file_is_every_default() {
    let config = parse("");
    assert!(!config.trust_annotations && config.principal.is_none());
    assert!(config.upstreams.is_empty() && config.tools.is_empty());
    assert_eq!(config.defaults, Defaults::default());
    assert_eq!(Defaults::default().not_subjects.len(), DEFAULT_NOT_SUBJECTS.len());
}

#[test]
fn additions_extend_the_shipped_names() {
    let names = parse("defaults.not_subjects_add = ['trace_id']").defaults.not_subjects;
    assert!(names.contains("trace_id") && names.contains("limit"));
}

#[test]
fn a_tool_name_may_have_dots() {
    let config = parse("upstream.a.command = ['x']\n[tool.'a.b.c']\nclass = 'read'");
    assert!(config.tools.contains_key(&ToolKey { upstream: "a".into(), tool: "b.c".into() }));
}

#[test]
fn durations_have_whole_numbers_and_units() {
    let gap = |text: &str| {
        let config = Config::parse(&format!("defaults.max_gap = '{text}'"), "x").ok()?;
        Some(config.defaults.max_gap)
    };
    for (text, expect) in [
        ("250ms", Some(Duration::from_millis(250))),
        ("5s", Some(Duration::from_secs(5))),
        ("10m", Some(Duration::from_secs(600))),
        ("1h", Some(Duration::from_secs(3600))),
        ("1d", Some(Duration::from_secs(86400))),
        ("5", None),
        ("", None),
        ("s", None),
        ("1.5s", None),
        ("5 s", None),
        ("-5s", None),
        ("5sec", None),
        ("0s", None),
        ("99999999999999999999s", None),
        ("18446744073709551615d", None),
    ] {
        assert_eq!(gap(text), expect, "{text}");
    }
}

#[test]
fn principals_are_cedar_entities() {
    let ok = |id: &str| Config::parse(&format!("principal.id = '{id}'"), "x").is_ok();
    for id in [r#"User::"a""#, r#"Shop::Agent::"a b""#, r#"User::"say \"hi\"""#] {
        assert!(ok(id), "{id}");
    }
    for id in [
        "",
        "deploy-bot",
        r#""a""#,
        r#"User::"""#,
        r#"User::"a"b""#,
        r#"1User::"a""#,
        r#"User::"a\""#,
        "User::a",
    ] {
        assert!(!ok(id), "{id}");
    }
}

#[test]
fn the_operator_replaces_what_the_profile_says_key_by_key() {
    let config = parse(
        r#"
        [upstream.notes]
        command = ["anything"]
        profile = "filesystem"
        [tool."notes.edit_file"]
        class = "destructive"
        errors = "unknown"
        "#,
    );
    let rules = UpstreamRules::new(Some(&config), "notes", &words("anything"));
    assert_eq!(rules.classify("edit_file", true), (Class::Destructive, ClassSource::Declared));
    assert_eq!(rules.classify("read_file", false), (Class::Read, ClassSource::Profile));
    assert_eq!(rules.classify("other", true), (Class::Destructive, ClassSource::Default));
    let edit = rules.rules("edit_file");
    assert!(!edit.errors_mean_no_effect && edit.local);
    assert_eq!(edit.subjects, Some(vec!["/path".to_owned()]));
    assert_eq!(rules.rules("other"), ToolRules::default());
    assert_eq!(rules.declared().collect::<Vec<_>>(), ["edit_file"]);
}

#[test]
fn whose_word_a_class_is_depends_on_the_file() {
    let npx = words("npx -y @modelcontextprotocol/server-filesystem /srv");
    let class = |config: Option<&str>, tool: &str| {
        let config = config.map(parse);
        UpstreamRules::new(config.as_ref(), "notes", &npx).classify(tool, true)
    };
    let command =
        r#"upstream.notes.command = ["npx", "-y", "@modelcontextprotocol/server-filesystem", "/srv"]"#;
    // No file: the profile, then hints.
    assert_eq!(class(None, "read_file"), (Class::Read, ClassSource::Profile));
    assert_eq!(class(None, "other"), (Class::Read, ClassSource::Hinted));
    // A file: neither, unless it says so.
    assert_eq!(class(Some(command), "read_file"), (Class::Destructive, ClassSource::Default));
    let named = format!("{command}\nupstream.notes.profile = 'filesystem'");
    assert_eq!(class(Some(&named), "read_file"), (Class::Read, ClassSource::Profile));
    let trusted = format!("trust_annotations = true\n{command}");
    assert_eq!(class(Some(&trusted), "other"), (Class::Read, ClassSource::Hinted));
}

#[test]
fn beside_a_file_a_detected_profile_still_says_how_readings_are_compared() {
    let command = words("mcp-server-filesystem /srv");
    let ignores = |text: &str| {
        let config = parse(&format!("[upstream.notes]\ncommand = ['mcp-server-filesystem', '/srv']\n{text}"));
        UpstreamRules::new(Some(&config), "notes", &command).rules("get_file_info").ignore.len()
    };
    assert_eq!(ignores(""), 2);
    assert_eq!(ignores("profile = 'none'"), 0);
}

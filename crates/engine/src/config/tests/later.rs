use super::*;

const TEXT: &str = r#"
[upstream.shop]
command = ["shop-mcp"]
env = { TOKEN = "hunter2" }
[fact.head]
command = { argv = ["git"] }
[guard.refund]
on = ["shop.refund"]
when = "args.note == \"é\" && now.head.exitt == 0"
after = [
    { tool = "shop.verify", accept = "succeeded" },
]
"#;

#[test]
fn a_mistake_found_later_is_shown_at_its_place() {
    let config = parse(TEXT);
    let when = Place::guard("refund", "when");
    let condition = config.places.document().pointer("/guard/refund/when").unwrap().as_str().unwrap();
    let at = condition.find("exitt").unwrap();
    let mut shown = render(&config.problem(
        &when.clone().part(at..at + 5),
        "there is no `exitt`",
        "a command has `exit`",
    ));
    shown += &render(&config.problem(&Place::guard("refund", "after").at("0").at("accept"), "m", "h"));
    shown += &render(&config.problem(&Place::guard("refund", ""), "m", "h"));
    // What is not there is shown at what is around it.
    shown += &render(&config.problem(&Place::guard("refund", "window").at("open"), "m", "h"));
    let two =
        [(Place::fact("head", ""), "a".to_owned(), "b".to_owned()), (when, "c".to_owned(), "d".to_owned())];
    shown += &render(&config.problems(two));
    shown += &render(&config.problem(&Place::of(["upstream", "shop", "env"]), "m", "h"));
    assert!(!shown.contains("hunter2"), "{shown}");
    snapshot("a_mistake_found_later_is_shown_at_its_place", &shown);
}

#[test]
fn lines_are_those_of_the_keys() {
    let places = parse(TEXT).places;
    let line = |place: Place| places.line(&place);
    assert_eq!(line(Place::guard("refund", "")), Some(7));
    assert_eq!(line(Place::guard("refund", "when")), Some(9));
    assert_eq!(line(Place::guard("refund", "after").at("0").at("tool")), Some(11));
    assert_eq!(line(Place::guard("refund", "window")), None);
}

#[test]
fn the_digest_covers_everything_but_secrets() {
    let digest = |text: &str, policies, entities| parse(text).digest(policies, entities);
    let plain = digest(TEXT, None, None);
    assert_eq!(plain, digest(TEXT, None, None));
    assert_eq!(plain, digest(&TEXT.replace("hunter2", "other"), None, None));
    for (policies, entities) in
        [(Some(""), None), (None, Some("")), (Some("permit"), None), (None, Some("permit"))]
    {
        assert_ne!(plain, digest(TEXT, policies, entities));
    }
    assert_ne!(plain, digest(&TEXT.replace("exitt", "exit"), None, None));
    assert!(parse(TEXT).is_same_text(&parse(TEXT)));
    assert!(!parse(TEXT).is_same_text(&parse(&TEXT.replace("hunter2", "other"))));
}

#[test]
fn what_is_kept_of_a_file_has_no_secrets_and_reads_as_the_same_rules() {
    let text = format!(
        "{TEXT}{}",
        r#"
[database.shop]
url = "postgres://ada:hunter2@db.example/shop"
[fact.rate]
http = { url = "http://rates.example/x", headers = { accept = "text/hunter2" } }
[notify.ops]
url = 'https://hooks.example/hunter2'
secret = "env:HOOK"
[witness.kim]
url = "http://127.0.0.1:1/hunter2"
private = true
key = "witness.example/w1+f643e1d3+BLo7YR4ogsG2qksq4+x46gc2462ZI4NTRQFxUHpLnxW1"
"#
    );
    let config = parse(&text);
    let kept = config.places.kept();
    assert!(!kept.contains("hunter2") && kept.contains("args.note"), "{kept}");
    let again = parse(kept);
    assert_eq!(again.digest(None, None), config.digest(None, None));
    assert_eq!(format!("{:?}", again.guards), format!("{:?}", config.guards));
    assert_eq!(again.places.kept(), kept);
}

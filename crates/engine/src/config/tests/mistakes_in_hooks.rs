use super::mistakes::shown;
use super::*;
use crate::notify::Happened;

fn hook(lines: &str) -> String {
    format!("[notify.ops]\n{lines}")
}

const WHOLE: &str = "url = 'https://hooks.example.com/a'\nsecret = 'env:KEY'\n";

#[test]
fn hooks_can_be_told_and_hold_no_secret() {
    let with = |lines: &str| hook(&format!("{WHOLE}{lines}"));
    let at = |url: &str| hook(&format!("url = '{url}'\nsecret = 'env:KEY'"));
    let texts = [
        hook("secret = 'env:KEY'"),
        hook("ulr = 'https://hooks.example.com/a'\nsecret = 'env:KEY'"),
        at("ftp://hooks.example.com/hidden"),
        at("http://hooks.example.com/hidden"),
        at("https://me:hidden@hooks.example.com/"),
        at("http://127.0.0.1:8080/hidden"),
        at("https://[::ffff:10.0.0.1]/hidden"),
        at("http://localhost/hidden"),
        at("env:NOT-A-NAME"),
        hook("url = 'https://hooks.example.com/a'"),
        hook("url = 'https://hooks.example.com/a'\nsecret = 'whsec_aGlkZGVuaGlkZGVuaGlkZGVuaGlkZGVu'"),
        hook("url = 'https://hooks.example.com/a'\nsecret = 'env:KEY'\nformat = 'slack'"),
        with("format = 'teams'"),
        with("on = ['hold']"),
        with("on = []"),
        with("on = ['held', 'held']"),
        with("show_arguments = 'no'"),
        "[notify.'a b']\nurl = 'https://hooks.example.com/a'\nsecret = 'env:KEY'".to_owned(),
    ];
    let shown = shown(&texts.each_ref().map(String::as_str));
    assert!(!shown.contains("hidden") && !shown.contains("aGlkZGVu"), "{shown}");
    snapshot("hooks_can_be_told_and_hold_no_secret", &shown);
}

#[test]
fn what_is_left_out_of_a_hook_is_strict() {
    let config = parse(&hook(WHOLE));
    let HookConfig { url, format, secret, on, show_arguments, private } = config.hooks["ops"].clone();
    assert_eq!(url, Secret::Literal("https://hooks.example.com/a".to_owned()));
    assert_eq!(secret, Some(Secret::Env("KEY".to_owned())));
    assert_eq!((format, show_arguments, private), (HookFormat::Json, false, false));
    assert_eq!(on, Happened::TOLD.map(|(_, happened)| happened).into());
    // On this machine, when the operator says so.
    for url in ["http://127.0.0.1:8080/", "http://[::1]/", "http://localhost/", "https://10.0.0.1/"] {
        parse(&hook(&format!("url = '{url}'\nsecret = 'env:KEY'\nprivate = true")));
    }
}

#[test]
fn an_address_is_not_shown() {
    let config = parse(&hook("url = 'https://hooks.slack.com/services/hidden'\nformat = 'slack'"));
    assert!(!format!("{config:?}").contains("hidden"));
    let other = parse(&hook("url = 'https://hooks.slack.com/services/other'\nformat = 'slack'"));
    assert_eq!(config.digest(None, None), other.digest(None, None));
    assert!(!config.is_same_text(&other));
}

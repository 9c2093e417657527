#![allow(clippy::string_slice, clippy::indexing_slicing)] // places in texts of our own
use serde_json::Value;

use super::*;
use crate::config::Config;
use crate::held::AskedGuard;

/// A key of 24 bytes that is nobody's.
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn notice(arguments: &str) -> Notice {
    Notice {
        happened: Happened::Held,
        request: "ask-272fe284aa8ffd2617e2".to_owned(),
        state: "pending".to_owned(),
        upstream: "shop".to_owned(),
        tool: "refund".to_owned(),
        principal: "User::\"agent\"".to_owned(),
        asks: vec![AskedGuard {
            guard: "refund".to_owned(),
            digest: "00".to_owned(),
            by: "Role::\"finance\"".to_owned(),
            quorum: 1,
        }],
        expires: Some("2026-11-26T08:00:00Z".to_owned()),
        facts: vec!["order".to_owned()],
        arguments: arguments.to_owned(),
        ..Notice::test()
    }
}

fn parsed(body: &str) -> Value {
    serde_json::from_str(body).unwrap()
}

/// Every text in a Slack message, and its bound.
fn texts(body: &Value) -> Vec<(String, usize)> {
    let mut texts = vec![(body["text"].as_str().unwrap().to_owned(), 3000)];
    for block in body["blocks"].as_array().unwrap() {
        let most = if block["type"] == "header" { 150 } else { 3000 };
        assert_eq!(block["text"]["type"], "plain_text", "{block}");
        texts.push((block["text"]["text"].as_str().unwrap().to_owned(), most));
    }
    texts
}

#[test]
fn signatures_are_those_of_the_scheme() {
    // From the tests of the reference libraries of Standard Webhooks.
    let key = SigningKey::parse(KEY).unwrap();
    let headers = key.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
    let values = headers.map(|(name, value)| format!("{name}: {value}"));
    assert_eq!(
        values,
        [
            "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp: 1614265330",
            "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ]
    );
}

#[test]
fn a_key_has_its_form_and_is_never_shown() {
    let of = |bytes: usize| {
        format!(
            "whsec_{}",
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, vec![7; bytes])
        )
    };
    for good in [of(24), of(64), format!("{}\n", of(32))] {
        assert_eq!(format!("{:?}", SigningKey::parse(&good).unwrap()), "SigningKey(***)");
    }
    for bad in [of(23), of(65), KEY.replace("whsec_", ""), "whsec_%".to_owned(), String::new()] {
        let problem = SigningKey::parse(&bad).unwrap_err().to_string();
        assert_eq!(problem, "it is not `whsec_` and the base64 of 24 to 64 bytes");
    }
}

#[test]
fn arguments_are_told_only_where_the_operator_says_so() {
    let notice = notice(r#"{"card":"4111"}"#);
    for (body, told) in [
        (json::body(&notice, false), false),
        (json::body(&notice, true), true),
        (slack::body(&notice, false), false),
        (slack::body(&notice, true), true),
    ] {
        assert_eq!(body.contains("4111"), told, "{body}");
        for word in [
            "ask-272fe284aa8ffd2617e2",
            "refund",
            "finance",
            "lastlook approvals ask-272f",
            "order",
            "2026-11-26T08",
        ] {
            assert!(body.contains(word), "{word}: {body}");
        }
    }
}

#[test]
fn nothing_in_a_slack_message_mentions_anybody() {
    let mut notice = notice(r#"{"a":"<!channel> <@U1> & `x` *b*"}"#);
    notice.tool = "<!here>".to_owned();
    notice.principal = "User::\"<@U2>\"".to_owned();
    notice.facts = vec!["<#C1>".to_owned()];
    let body = parsed(&slack::body(&notice, true));
    for (text, _) in texts(&body) {
        assert!(!text.contains(['<', '>']), "{text}");
        let entities = ["&lt;", "&gt;", "&amp;"].map(|entity| text.matches(entity).count());
        assert_eq!(text.matches('&').count(), entities.iter().sum::<usize>(), "{text}");
    }
    let all = body["blocks"].to_string();
    assert!(all.contains("&lt;!channel&gt; &lt;@U1&gt; &amp; `x` *b*"), "{all}");
    assert_eq!(
        (&body["parse"], &body["mrkdwn"], &body["link_names"]),
        (&"none".into(), &false.into(), &false.into())
    );
}

#[test]
fn a_slack_message_keeps_slacks_bounds_and_says_what_it_cut() {
    for (arguments, cut) in [
        ("x".repeat(2800), false),
        ("x".repeat(100_000), true),
        ("<".repeat(2000), true),
        ("&".repeat(570), false),
        ("😀".repeat(1500), true),
    ] {
        let mut notice = notice(&arguments);
        notice.tool = "t".repeat(200);
        let body = parsed(&slack::body(&notice, true));
        for (text, most) in texts(&body) {
            assert!(text.encode_utf16().count() <= most, "{}", text.len());
        }
        let last = texts(&body).pop().unwrap().0;
        let mark =
            "… what follows of the arguments is cut: lastlook approvals ask-272fe284aa8ffd2617e2 shows all";
        assert_eq!(last.ends_with(mark), cut, "{last}");
        // No entity is cut in two.
        let rest = last.replace("&lt;", "").replace("&amp;", "").replace("&gt;", "");
        assert!(!rest.contains('&'), "{last}");
    }
}

#[test]
fn what_was_cut_before_is_said_too() {
    let mut notice = notice("{\"a\":\"x");
    notice.is_cut = true;
    let last = texts(&parsed(&slack::body(&notice, true))).pop().unwrap().0;
    assert!(last.ends_with("shows all"), "{last}");
    assert_eq!(parsed(&json::body(&notice, true))["data"]["arguments_cut"], true);
}

#[test]
fn what_a_hook_lacks_is_said_without_its_secrets() {
    let config = |lines: &str| {
        let config = Config::parse(&format!("[notify.ops]\n{lines}"), "x").unwrap();
        config.hooks["ops"].clone()
    };
    let env = |name: &str| match name {
        "URL" => Some("https://hooks.example.com/hidden".to_owned()),
        "HERE" => Some("http://127.0.0.1/hidden".to_owned()),
        "BAD" => Some("hidden".to_owned()),
        "KEY" => Some(KEY.to_owned()),
        _ => None,
    };
    let check = |lines: &str, expect: Result<&str, &str>| {
        let hook = Hook::new(&config(lines), env);
        let shown = format!("{hook:?}");
        assert!(!shown.contains("hidden") && !shown.contains("MfKQ"), "{shown}");
        let host = hook.map(|hook| hook.host());
        assert_eq!(host.as_deref().map_err(String::as_str), expect);
    };
    check("url = 'env:URL'\nsecret = 'env:KEY'", Ok("hooks.example.com"));
    check("url = 'env:URL'\nsecret = 'env:NONE'", Err("the variable `NONE` is not set"));
    check("url = 'env:NONE'\nsecret = 'env:KEY'", Err("the variable `NONE` is not set"));
    check("url = 'env:BAD'\nformat = 'slack'", Err("its address cannot be used: the address is no URL"));
    check(
        "url = 'env:HERE'\nformat = 'slack'",
        Err(
            "its address cannot be used: `127.0.0.1` leads to an address that is not public; `private = true` allows that",
        ),
    );
    check(
        "url = 'env:URL'\nsecret = 'env:BAD'",
        Err("its secret cannot be used: it is not `whsec_` and the base64 of 24 to 64 bytes"),
    );
}

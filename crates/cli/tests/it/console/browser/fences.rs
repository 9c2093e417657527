//! What comes from elsewhere: text of others, forms of others.

use serde_json::json;

use super::rig::{Browser, Heard};
use crate::approvals::people::{asks, finance, held, introduce, request_of, state_of};
use crate::console::rig::passphrase;
use crate::guards::world::World;

/// What a page must not run, load, or be turned around by.
const EVIL: &str = "</pre></code></title><script>alert(1)</script><img src=http://evil.example/x.png onerror=alert(2)>\
                    <iframe src=javascript:alert(3)></iframe><style>@import 'http://evil.example/';*{display:none}</style>\
                    <base href=http://evil.example/><meta http-equiv=refresh content='0;url=http://evil.example/'>\
                    \"'><a autofocus onfocus=alert(4) href=javascript:alert(5)>\u{202e}txt.exe\u{2066}\u{200b}\u{1b}[2J";

#[test]
fn text_of_others_runs_nothing_loads_nothing_and_turns_nothing_around() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"', quorum = 2 }\nunchanged = [\"rate\"]"));
    introduce(&world, "ada", "finance", None);
    let told = json!({"status": EVIL, "n": 5}).to_string();
    world.rate.json(&told);
    world.note("plan.md", &told);
    let mut agent = world.agent();
    agent.call("read_note", json!({"path": "plan.md"}));
    let turned = ['\u{202e}', '\u{2066}', '\u{200b}', '\u{1b}'];
    // Arguments with such characters are refused; what facts say is not the agent's to choose.
    let plain = EVIL.replace(turned, "");
    let request = request_of(&agent.call("write_note", json!({"path": "plan.md", "content": plain})));
    let mut browser = Browser::open(&world);
    assert!(browser.see("main").contains("<script>alert(1)"), "the list");
    browser.go(&format!("/requests/{request}"));
    // Typed by a person, refused and said back; then taken.
    for name in [EVIL, "ada"] {
        for (field, text) in [("name", name), ("passphrase", &passphrase("ada")), ("reason", EVIL)] {
            browser.fill(&format!("#approve input[name={field}]"), text);
        }
        browser.click("#approve button");
        let note = browser.see(if name == "ada" { ".note.good" } else { ".note.bad" });
        assert!(!note.contains(turned), "{note:?}");
    }
    let page = browser.see("main");
    assert!(page.matches("<script>alert(1)").count() >= 3, "arguments, fact and reason: {page}");
    assert!(page.contains(r"\u{202e}txt.exe") && !page.contains(turned), "{page:?}");
    assert_eq!(browser.count("main script, main img, main iframe, main style, base, meta[http-equiv]"), 0);
    browser.was_quiet();
    // In an address, where the browser itself says that there is no such page.
    assert_eq!(browser.go("/requests/%3Cscript%3Ealert(6)%3C%2Fscript%3E%E2%80%AEtxt.exe"), 404);
    assert!(!browser.see("main").contains(turned));
    let Heard { dialogs, requests, .. } = browser.heard();
    assert_eq!(dialogs, [""; 0]);
    assert!(!requests.iter().any(|origin| origin.contains("evil")), "{requests:?}");
}

#[test]
fn a_form_of_another_site_changes_nothing_whatever_it_knows() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let request = held(&mut world.agent());
    let mut browser = Browser::open(&world);
    let origin = browser.origin();
    let at = format!("/requests/{request}");
    // As much as anybody could steal: the seal of the page's own form, and even the passphrase. Another port of this machine
    // is the same site to a browser, so that the session's cookie goes along.
    browser.go(&at);
    let mut fields: Vec<(&str, String)> = vec![("name", "ada".into()), ("passphrase", passphrase("ada"))];
    fields.push(("reason", "x".into()));
    let post = |browser: &mut Browser, word: &str, seal: &str| {
        let inputs: String =
            fields.iter().map(|(name, value)| format!("<input name={name} value='{value}'>")).collect();
        let action = format!("{origin}{at}/{word}");
        let html = format!(
            "<form method=post action='{action}'><input name=seal value='{seal}'>{inputs}<button>go</button></form>"
        );
        let elsewhere = browser.stand(&html);
        browser.visit(&elsewhere);
        browser.click("button");
        assert!(browser.see("main").contains("does not come from a page of this console"));
    };
    for word in ["approve", "reject", "revoke"] {
        browser.go(&at);
        let seal = browser.look(&format!("document.querySelector('#{word} [name=seal]').value"));
        post(&mut browser, word, seal.as_str().unwrap());
        assert_eq!(state_of(&world, &request), "pending", "{word}");
    }
    // The same by script, and in a frame.
    let elsewhere = browser.stand(&format!("<iframe src='{origin}{at}'></iframe>"));
    browser.visit(&elsewhere);
    browser.look(&format!(
        "fetch('{origin}{at}/revoke', {{method: 'POST', mode: 'no-cors', credentials: 'include', \
         body: new URLSearchParams({{seal: 'x', reason: 'x'}})}}).then(() => null, () => null)"
    ));
    let Heard { messages, .. } = browser.heard();
    assert!(messages.iter().any(|said| said.contains("frame")), "it was framed: {messages:?}");
    assert_eq!(state_of(&world, &request), "pending");
    assert_eq!(world.effects(), [""; 0]);
}

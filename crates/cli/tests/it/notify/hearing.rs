//! What receivers hear.

use serde_json::{Value, json};

use super::rig::{KEY, body, world};
use crate::approvals::people::{again, approve, finance, held, json_of, request_of, says, state_of};
use crate::console::rig::{Console, passphrase};
use crate::guards::world::write_args;

#[test]
fn signed_messages_tell_what_waits_and_what_becomes_of_it() {
    let (world, receiver) = world(|receiver| receiver.hook("ops", "ok/hidden-path"));
    let mut agent = world.agent();
    let request = held(&mut agent);
    // Asked again, it is the same request, of which people were told.
    assert_eq!(held(&mut agent), request);
    receiver.hears(1);
    assert_eq!(approve(&world, &request, "ada"), "approved");
    assert_eq!(again(&mut agent), "ran");
    let no = request_of(&agent.call("write_note", write_args(2)));
    receiver.hears(3);
    assert!(says(&world, "reject", &no, "ada").status.success());
    let back = request_of(&agent.call("write_note", write_args(3)));
    receiver.hears(5);
    for _ in 0..2 {
        let revoke = world.lastlook(&["revoke", &back, "--reason", "a mistake"]).output().unwrap();
        assert!(revoke.status.success() && revoke.stderr.is_empty(), "{revoke:?}");
    }
    assert!(agent.close().success());

    let heard = receiver.hears(6);
    let mut ids: Vec<&str> = Vec::new();
    for message in &heard {
        assert_eq!(message["verified"], json!(true), "{message}");
        assert_eq!(message["headers"]["content-type"], json!("application/json"));
        ids.push(message["headers"]["webhook-id"].as_str().unwrap());
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 6);
    let told: Vec<Value> = heard.iter().map(body).collect();
    let of = |n: usize| [told[n]["type"].as_str().unwrap(), told[n]["data"]["request"].as_str().unwrap()];
    assert_eq!(of(0), ["request.held", request.as_str()]);
    assert_eq!(of(1), ["request.approved", request.as_str()]);
    assert_eq!(of(2), ["request.held", no.as_str()]);
    assert_eq!(of(3), ["request.rejected", no.as_str()]);
    assert_eq!(of(4), ["request.held", back.as_str()]);
    assert_eq!(of(5), ["request.revoked", back.as_str()]);

    let first = &told[0]["data"];
    assert_eq!(first["tool"], json!("write_note"));
    assert_eq!(first["asks"], json!([{"guard": "paid", "by": "Role::\"finance\"", "quorum": 1}]));
    assert_eq!(first["look"], json!(format!("lastlook approvals {request}")));
    assert!(first["principal"].is_string() && first["expires"].is_string(), "{first}");
    assert_eq!((&told[1]["data"]["by"], &told[1]["data"]["left"]), (&json!("ada"), &json!(0)));
    // Arguments may hold secrets: nobody said that they may be told.
    assert!(!told.iter().any(|told| told.to_string().contains("plan.md")), "{told:?}");
    world.verifies();
}

#[test]
fn the_page_tells_too_and_hooks_hear_only_what_they_want() {
    let (world, receiver) = world(|receiver| {
        format!(
            "{}on = [\"rejected\"]\n{}on = [\"approved\"]\nshow_arguments = true\n",
            receiver.hook("one", "ok/one"),
            receiver.hook("two", "ok/two")
        )
    });
    let mut agent = world.agent();
    let request = held(&mut agent);
    let console = Console::open(&world);
    assert_eq!(console.says("approve", &request, "ada", &passphrase("ada")).status, 303);
    let heard = receiver.hears(1);
    assert_eq!((&heard[0]["path"], &heard[0]["verified"]), (&json!("ok/two"), &json!(true)));
    let told = body(&heard[0]);
    assert_eq!((&told["type"], &told["data"]["by"]), (&json!("request.approved"), &json!("ada")));
    assert!(told["data"]["arguments"].as_str().unwrap().contains("plan.md"), "{told}");
    assert_eq!(console.interrupt(), Some(0));
}

#[test]
fn a_message_is_tried_again_under_its_id_and_a_redirect_is_not_followed() {
    let (world, receiver) = world(|receiver| {
        [receiver.hook("again", "busy-once"), receiver.hook("away", "redirect"), receiver.hook("no", "gone")]
            .concat()
    });
    let mut agent = world.agent();
    held(&mut agent);
    receiver.hears(4);
    assert!(agent.close().success());
    let heard = receiver.heard();
    let ids = |path: &str| -> Vec<&str> {
        let to = heard.iter().filter(|message| message["path"] == path);
        to.map(|message| message["headers"]["webhook-id"].as_str().unwrap()).collect()
    };
    let again = ids("busy-once");
    assert!(again.len() == 2 && again[0] == again[1], "{again:?}");
    assert!(heard.iter().all(|message| message["verified"] == json!(true)), "{heard:?}");
    assert_eq!((ids("redirect").len(), ids("gone").len(), ids("ok/followed").len()), (1, 1, 0));
}

#[test]
fn slack_is_sent_text_in_which_nothing_is_hidden_or_mentions_anybody() {
    let (world, receiver) = world(|receiver| {
        let url = format!("http://127.0.0.1:{}/ok/slack", receiver.port);
        format!("[notify.chat]\nurl = \"{url}\"\nformat = \"slack\"\nprivate = true\nshow_arguments = true\n")
    });
    let mut agent = world.agent();
    let content = format!("<!channel> <@U1> & `code` \u{2028}{}", "x".repeat(100_000));
    let request = request_of(&agent.call("write_note", json!({"path": "plan.md", "content": content})));
    let heard = receiver.hears(1);
    let told = body(&heard[0]);
    let blocks = told["blocks"].as_array().unwrap();
    let texts: Vec<&str> = blocks.iter().map(|block| block["text"]["text"].as_str().unwrap()).collect();
    for text in texts.iter().copied().chain([told["text"].as_str().unwrap()]) {
        assert!(text.len() <= 3000 && !text.contains(['<', '>', '\u{2028}']), "{text}");
    }
    assert!(texts.iter().any(|text| text.contains(&format!("lastlook approvals {request}"))), "{told}");
    let arguments = texts.last().unwrap();
    assert!(arguments.contains("&lt;!channel&gt; &lt;@U1&gt; &amp; `code` \\u{2028}xxx"), "{arguments}");
    assert!(arguments.ends_with(&format!("is cut: lastlook approvals {request} shows all")), "{arguments}");
    // And that command does.
    let page = world.lastlook(&["approvals", &request]).output().unwrap();
    assert!(String::from_utf8(page.stdout).unwrap().matches('x').count() >= 100_000);
}

#[test]
fn a_hook_that_joins_while_a_session_runs_is_told_from_then_on() {
    let (world, receiver) = world(|_| String::new());
    let mut agent = world.agent();
    held(&mut agent);
    world.configure(&format!("{}{}", finance(), receiver.hook("ops", "ok")));
    let mut n = 100;
    while receiver.heard().is_empty() {
        assert!(n < 190, "{}", agent.complaints());
        n += 1;
        request_of(&agent.call("write_note", write_args(n)));
        std::thread::sleep(std::time::Duration::from_millis(200)); // backoff: files are looked at once a second
    }
    assert_eq!(body(&receiver.heard()[0])["type"], json!("request.held"));
}

#[test]
fn a_test_message_says_what_came_back_and_no_secret_is_shown_anywhere() {
    let (world, receiver) = world(|receiver| {
        [
            receiver.hook("good", "ok/hidden-path"),
            receiver.hook("gone", "gone/hidden-path"),
            receiver.hook("mute", "ok/hidden-path").replace("HOOK_KEY", "NO_SUCH_KEY"),
        ]
        .concat()
    });
    let said = world.lastlook(&["notify", "test", "good", "--json"]).output().unwrap();
    assert!(said.status.success(), "{said:?}");
    let said = json_of(&said);
    assert_eq!((&said["hook"], &said["status"], &said["error"]), (&json!("good"), &json!(204), &Value::Null));
    assert_eq!(said["host"], json!(format!("127.0.0.1:{}", receiver.port)));
    assert_eq!(body(&receiver.hears(1)[0])["type"], json!("request.test"));
    let all = world.lastlook(&["notify", "test"]).output().unwrap();
    assert_eq!(all.status.code(), Some(1));
    let text = String::from_utf8(all.stdout).unwrap();
    assert!(text.contains("did not take it: it answered 410"), "{text}");
    assert!(text.contains("mute: nothing was sent: the variable `NO_SUCH_KEY` is not set"), "{text}");
    let unknown = world.lastlook(&["notify", "test", "nobody"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));

    let mut agent = world.agent();
    let request = held(&mut agent);
    // Two that are not there when the end comes, and one that is gone.
    let decided = says(&world, "approve", &request, "ada");
    let warnings = String::from_utf8(decided.stderr.clone()).unwrap();
    assert!(warnings.contains("hook `gone` was not told"), "{warnings}");
    assert!(warnings.contains("hook `mute` was not told") && warnings.contains("NO_SUCH_KEY"), "{warnings}");
    assert_eq!(state_of(&world, &request), "approved");
    assert_eq!(again(&mut agent), "ran");

    let mut shown = vec![agent.complaints(), text, warnings];
    assert!(agent.close().success());
    for words in [
        &["config", "show"][..],
        &["doctor", "--json"],
        &["log", "--json"],
        &["approvals", &request, "--json"],
        &["receipt", "--help"],
    ] {
        let said = world.lastlook(words).output().unwrap();
        shown.extend([said.stdout, said.stderr].map(|bytes| String::from_utf8(bytes).unwrap()));
    }
    let mut stored = Vec::new();
    for file in std::fs::read_dir(world.at("state")).unwrap() {
        stored.extend(std::fs::read(file.unwrap().path()).unwrap_or_default());
    }
    shown.push(String::from_utf8_lossy(&stored).into_owned());
    for text in shown {
        assert!(!text.contains(KEY) && !text.contains("hidden-path"), "{text}");
    }
    world.verifies();
}

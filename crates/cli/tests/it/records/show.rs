//! `lastlook show`.

use serde_json::{Value, json};

use super::rig::{World, edit, receipt};

fn shown(world: &World, id: &str) -> Value {
    serde_json::from_str(&world.ok(&["show", id, "--json"])).unwrap()
}

/// What differs from run to run replaced by a name: ids, digests, times, durations.
fn redacted(text: &str, id: &str) -> String {
    let line = |line: &str| {
        let mut words: Vec<String> = line.replace(id, "ID").split(' ').map(str::to_owned).collect();
        for word in &mut words {
            if let Some((head, _)) = word.split_once("sha256:") {
                *word = format!("{head}sha256:HEX");
            } else if word.starts_with("lastlook/") {
                *word = "LOG".to_owned();
            } else if word.starts_with("lastlook-") {
                *word = "UPSTREAM".to_owned();
            }
        }
        let line = words.join(" ");
        match line.split_once("took ") {
            Some((head, _)) => format!("{head}took TIME"),
            None if line.starts_with("principal") => "principal  WHO (asserted)".to_owned(),
            None if line.starts_with("  20") => format!("  TIME{}", &line[21..]),
            None => line,
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn was_and_now_stand_side_by_side() {
    let world = World::new();
    let mut client = world.client();
    let id = world.refused(&mut client, "plan.md");
    let text = world.ok(&["show", &id, "--width", "90"]);
    insta::assert_snapshot!(redacted(&text, &id), @r#"
    receipt    ID
    tool       edit_note of UPSTREAM
    class      write (profile)
    principal  WHO (asserted)
    mode       enforce
    verdict    deny: fact-changed (read_note)
    outcome    nothing was sent
    look       took TIME
    action     sha256:HEX

    arguments
      {
        "new_text": "Plans",
        "old_text": "Plan",
        "path": "plan.md"
      }

    rests on 1 reading
      read_note {"path":"plan.md"}
        was                                         now
        -----------------------------------------   -----------------------------------------
        # Plan                                      # Plan
        Day: to be set                            | CANCELLED

    entries
      TIME  armed      entry 0 of LOG
      TIME  refused    entry 1 of LOG
    "#);
}

#[test]
fn an_allowed_attempt_shows_gap_timings_and_answer() {
    let world = World::new();
    let mut client = world.client();
    let id = world.edited(&mut client, "plan.md");
    let text = world.ok(&["show", &id[..10]]);
    for part in [
        "verdict    allow\n",
        "outcome    succeeded (answer), unconfirmed\n",
        "closure    adjacent: gap ",
        "decided in ",
        "answered after ",
        "  read_note {\"path\":\"plan.md\"}\n    now the same as it was:\n    a line\n    old\n",
        "answer\n  edit_note: `plan.md` is done\n",
        "armed      entry 0 of lastlook/",
        "outcome    entry 1 of lastlook/",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    let view = shown(&world, &id);
    assert_eq!((&view["state"], &view["receipt"]), (&json!("succeeded"), &json!(id)));
    assert_eq!(view["arguments"], json!({"kept": "value", "value": edit("plan.md", "old", "new")}));
    let reading = &view["readings"][0];
    assert_eq!(
        (&reading["tool"], &reading["found"], &reading["now"]),
        (&json!("read_note"), &json!("same"), &Value::Null)
    );
    assert_eq!(reading["params"]["value"]["arguments"], json!({"path": "plan.md"}));
    assert_eq!(reading["was"]["value"]["content"][0]["text"], "a line\nold\n");
    assert_eq!(view["answer"]["value"]["result"]["content"][0]["text"], "edit_note: `plan.md` is done");
    assert_eq!(view["entries"].as_array().unwrap().len(), 2);
}

#[test]
fn a_rebased_reading_says_so() {
    let world = World::new();
    let mut client = world.client();
    world.edited(&mut client, "plan.md");
    let id = receipt(&client.call("edit_note", edit("plan.md", "new", "newer")));
    let text = world.ok(&["show", &id]);
    assert!(
        text.contains("(rebased: read by the boundary ") && text.contains("after the agent's own effect)"),
        "{text}"
    );
    assert!(shown(&world, &id)["readings"][0]["rebased_ms"].is_u64());
}

#[test]
fn what_was_pruned_is_said_to_be() {
    let world = World::new();
    let mut client = world.client();
    let id = world.refused(&mut client, "plan.md");
    client.close();
    world.tamper("DELETE FROM \"values\"");
    let text = world.ok(&["show", &id]);
    assert!(text.contains("arguments\n  [pruned]\n") && !text.contains("CANCELLED"), "{text}");
    let view = shown(&world, &id);
    assert_eq!(view["arguments"], json!({"kept": "pruned"}));
    assert_eq!(view["readings"][0]["was"], json!({"kept": "pruned"}));
    let said = world.run(&["verify"]);
    assert!(said.code == 0 && said.out.contains("those of 2 entries are pruned"), "{said:?}");
}

#[test]
fn values_cannot_drive_the_terminal() {
    let world = World::new();
    let mut client = world.client();
    world.put("a.md", "\u{1b}[2J\u{1b}]0;title\u{7} \u{9b}31m \u{202e}hidden\u{200b}\r\n");
    client.call("read_note", json!({"path": "a.md"}));
    world.put("a.md", "\u{1b}[31mred\u{0}\n");
    let id = receipt(&client.call("edit_note", edit("a.md", "\u{1b}[8m", "\u{2066}new\u{7f}")));
    for words in [&["show", &id] as &[&str], &["show", &id, "--json"]] {
        let printed = world.ok(words);
        let obeyed = |c: char| c != '\n' && (c.is_control() || "\u{202e}\u{200b}\u{2066}".contains(c));
        assert!(!printed.contains(obeyed), "{printed:?}");
    }
    let text = world.ok(&["show", &id, "--width", "200"]);
    assert!(text.contains(r"\u{1b}[2J\u{1b}]0;title\u{7} \u{9b}31m \u{202e}hidden\u{200b}"), "{text}");
}

#[test]
fn lines_fit_the_width_that_was_asked_for() {
    let world = World::new();
    let mut client = world.client();
    let id = world.refused(&mut client, &format!("{}.md", "long-name-".repeat(12)));
    let text = world.ok(&["show", &id, "--width", "50"]);
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(50), "{text}");
    world.run(&["show", &id, "--width", "0"]).fails(2, "--width");
}

#[test]
fn an_id_must_name_exactly_one_attempt() {
    let world = World::new();
    let mut client = world.client();
    // More attempts than there are digits: two ids begin alike. None of them was armed.
    let ids: Vec<String> = (0..17).map(|_| receipt(&client.call("no_such_tool", json!({})))).collect();
    let alike = |prefix: &str| ids.iter().filter(|id| id.starts_with(prefix)).collect::<Vec<_>>();
    let prefix = ids.iter().map(|id| &id[..1]).find(|prefix| alike(prefix).len() > 1).unwrap();
    for command in ["show", "receipt"] {
        let said = world.run(&[command, prefix]);
        said.fails(2, &format!("`{prefix}` is the beginning of {} ids", alike(prefix).len()));
        for id in alike(prefix) {
            assert!(said.err.contains(id.as_str()), "{said:?}");
        }
        world.run(&[command, ""]).fails(2, "cannot be empty");
        world.run(&[command, "not-an-id"]).fails(2, "hint: `lastlook log` lists the attempts");
        world.run(&[command, "%"]).fails(2, "no attempt");
        world.run(&[command, "\u{1b}[2J"]).fails(2, r"\u{1b}[2J");
        world.run(&[command, "g\u{10ffff}"]).fails(2, "no attempt");
    }
    let longer = ids[0][..16].to_owned();
    assert!(world.ok(&["show", &longer]).contains("verdict    deny: tool-unknown (no_such_tool)"));
    let said = world.run(&["show", "not-an-id", "--json"]);
    let error: Value = serde_json::from_str(&said.err).unwrap();
    assert_eq!((said.code, &error["error"]["exit"]), (2, &json!(2)));
}

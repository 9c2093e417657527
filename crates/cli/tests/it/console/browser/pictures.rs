//! The pictures of the guide, taken of what it describes.

use std::path::Path;

use serde_json::json;

use super::rig::{Browser, PHONE, Window};
use crate::approvals::people::{approve, asks, introduce, request_of, says, waiting};
use crate::guards::world::{World, became};

/// All of them together, in bytes.
const MOST: usize = 400_000;

/// With `LASTLOOK_WRITE_PICTURES` set they are written to the guide.
#[test]
fn the_pictures_of_the_guide_can_be_taken() {
    let world = World::new();
    world.configure(&format!(
        "[principal]\nid = 'Agent::\"quotes\"'\n{}",
        asks("approve = { by = 'Role::\"finance\"', expires = \"45m\" }\nunchanged = [\"rate\"]")
    ));
    introduce(&world, "ada", "finance", None);
    let rate = |usd: &str| json!({"status": format!("1 EUR = {usd} USD"), "source": "ECB"}).to_string();
    let moves = |usd: &str| {
        world.rate.json(&rate(usd));
        world.note("plan.md", &rate(usd));
    };
    moves("1.0800");
    let mut agent = world.agent();
    let mut quotes = |number: u32, eur: &str, usd: &str| {
        agent.call("read_note", json!({"path": "plan.md"}));
        let text = format!("We charge {usd} USD for {eur} EUR.");
        let arguments = json!({"path": format!("quote-{number}.md"), "content": text});
        (agent.call("write_note", arguments.clone()), arguments)
    };
    let ran = request_of(&quotes(4709, "250.00", "270.00").0);
    approve(&world, &ran, "ada");
    assert_eq!(became(&quotes(4709, "250.00", "270.00").0), "ran");
    let no = request_of(&quotes(4710, "90000.00", "97200.00").0);
    assert!(says(&world, "reject", &no, "ada").status.success());
    let (held, arguments) = quotes(4711, "1000.00", "1080.00");
    approve(&world, &request_of(&held), "ada");
    moves("1.1400");
    assert_eq!(became(&agent.call("write_note", arguments)), "fact-changed");
    let again = waiting(&world).remove(0);
    agent.call("read_note", json!({"path": "plan.md"}));
    request_of(&agent.call("write_note", json!({"path": "terms.md", "content": "Quotes hold for 14 days."})));

    let mut browser = Browser::open(&world);
    let folder = world.at("pictures");
    std::fs::create_dir(&folder).unwrap();
    let at = format!("/requests/{again}");
    for (name, path, window) in [
        ("list", "/", Window { dark: false, width: 760, height: 600, script: true }),
        ("request", &at, Window { dark: false, width: 760, height: 600, script: true }),
        ("request-phone", &at, PHONE),
    ] {
        browser.window(window);
        browser.go(path);
        browser.see("h1");
        browser.picture(&folder.join(format!("approvals-{name}.png")), window.width > PHONE.width);
    }
    let mut bytes = 0;
    for file in std::fs::read_dir(&folder).unwrap() {
        let picture = std::fs::read(file.as_ref().unwrap().path()).unwrap();
        assert!(picture.starts_with(b"\x89PNG"));
        bytes += picture.len();
        if std::env::var_os("LASTLOOK_WRITE_PICTURES").is_some() {
            let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/images");
            std::fs::create_dir_all(&guide).unwrap();
            std::fs::write(guide.join(file.unwrap().file_name()), picture).unwrap();
        }
    }
    assert!((1..MOST).contains(&bytes), "{bytes}");
    browser.was_quiet();
}

//! That everybody can use it: in either colour scheme, at any width, with any means.

use serde_json::json;

use super::rig::{Browser, DESKTOP, PHONE, Window};
use crate::approvals::people::{approve, asks, held, introduce, says, waiting};
use crate::guards::world::{World, became, write_args};

#[test]
fn every_page_can_be_used_by_everybody_in_either_colour_scheme_and_on_a_phone() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"' }\nunchanged = [\"rate\"]"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    agent.call("read_note", json!({"path": "plan.md"}));
    // One that is void, one with was beside now, one that was decided, one under way.
    let void = held(&mut agent);
    approve(&world, &void, "ada");
    world.rate.json(r#"{"status":"open","n":5}"#);
    assert_eq!(became(&agent.call("write_note", write_args(1))), "fact-changed");
    let asked_again = waiting(&world).remove(0);
    world.note("plan.md", r#"{"status":"open","n":5}"#);
    agent.call("read_note", json!({"path": "plan.md"}));
    let mut ask = |path: &str| {
        let long = "an_unbroken_line_".repeat(40);
        agent.call("write_note", json!({"path": path, "content": long}));
        waiting(&world).remove(0)
    };
    let (approved, rejected) = (ask("approved.md"), ask("rejected.md"));
    approve(&world, &approved, "ada");
    assert!(says(&world, "reject", &rejected, "ada").status.success());
    let pending = ask("a_name_of_a_note_that_is_much_too_long_for_a_phone_and_has_no_place_to_break_it.md");

    let mut browser = Browser::open(&world);
    for window in [DESKTOP, Window { dark: true, ..DESKTOP }, PHONE, Window { dark: false, ..PHONE }] {
        browser.window(window);
        let mut looks = |what: &str, path: &str, status: u64| {
            assert_eq!(browser.go(path), status, "{what}");
            let what = format!("{what} in {window:?}");
            browser.see("h1");
            browser.is_accessible(&what);
            browser.fits(&what);
        };
        looks("list", "/", 200);
        looks("pending", &format!("/requests/{pending}"), 200);
        looks("was and now", &format!("/requests/{asked_again}"), 200);
        looks("approved", &format!("/requests/{approved}"), 200);
        looks("rejected", &format!("/requests/{rejected}"), 200);
        looks("void", &format!("/requests/{void}"), 200);
        looks("no request", "/requests/ask-none", 404);
        if window.width == PHONE.width {
            continue;
        }
        // What is said when a form achieved nothing.
        browser.go(&format!("/requests/{pending}"));
        browser.click("#reject summary");
        for (field, text) in [("name", "ada"), ("passphrase", "a wrong one"), ("reason", "x")] {
            browser.fill(&format!("#reject input[name={field}]"), text);
        }
        browser.click("#reject button");
        browser.see("[role=alert]");
        browser.is_accessible(&format!("a wrong passphrase in {window:?}"));
    }
    browser.was_quiet();
    std::fs::rename(world.at("state"), world.at("away")).unwrap();
    assert_eq!(browser.go("/"), 503);
    browser.is_accessible("nothing to show");
}

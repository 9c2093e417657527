//! A kill at every command boundary of the attempt machine.

use serde_json::json;

use super::world::{World, look_at};

/// Every command an effect comes by, and whether the bytes have left on each side of it.
const ON_THE_WAY: &[(&str, Sent, Sent)] = &[
    ("arm", Sent::Never, Sent::Never),
    ("look", Sent::Never, Sent::Never),
    ("gate", Sent::Never, Sent::Never),
    ("send", Sent::Never, Sent::Once),
    ("rebase", Sent::Once, Sent::Once),
    ("record-outcome", Sent::Once, Sent::Once),
    ("deliver", Sent::Once, Sent::Once),
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Sent {
    Never,
    Once,
}

/// Kills a writer at one boundary while another lives, restarts, and checks everything.
fn kill_at(world: &World, boundary: &str, note: &str, sent: Sent) {
    let mut living = world.boundary(None, 0);
    living.initialize();
    look_at(&mut living, "other.md");

    let mut victim = world.boundary(Some(boundary), 0);
    victim.initialize();
    look_at(&mut victim, note);
    victim.ask("write_note", json!({"path": note, "content": "once"}));
    assert!(!victim.wait().success(), "{boundary} was not reached");

    let other = living.call("write_note", json!({"path": format!("beside-{note}"), "content": "x"}));
    assert!(
        other.get("isError").is_none_or(|error| error == false),
        "{boundary} stopped the other writer: {other}"
    );
    assert!(living.close().success());

    let mut next = world.boundary(None, 0);
    next.initialize();
    look_at(&mut next, "nothing.md");
    assert!(next.close().success());

    if sent == Sent::Never {
        assert!(!world.arrivals().contains_key(note), "{boundary}: the bytes left too early");
    }
    let armed = world.told().into_iter().filter(|told| told.path == note).collect::<Vec<_>>();
    for told in &armed {
        let end = told.end();
        let expected = if world.exists(note) { &["succeeded", "unknown"][..] } else { &["failed"][..] };
        assert!(end.is_some_and(|end| expected.contains(&end)), "{boundary}: {told:?}");
    }
    assert_eq!(armed.is_empty(), boundary == "before:arm", "{boundary}");
    world.check();
}

#[test]
fn a_writer_killed_at_any_command_boundary_leaves_an_attempt_with_an_end() {
    let world = World::new();
    for (command, before, after) in ON_THE_WAY {
        kill_at(&world, &format!("before:{command}"), &format!("before-{command}.md"), *before);
        // Nothing comes after the delivery but the answer itself.
        if *command != "deliver" {
            kill_at(&world, &format!("after:{command}"), &format!("after-{command}.md"), *after);
        }
    }
}

#[test]
fn a_writer_killed_around_a_refusal_leaves_nothing_done() {
    for boundary in ["before:record-refusal", "after:record-refusal"] {
        let world = World::new();
        let mut victim = world.boundary(Some(boundary), 0);
        victim.initialize();
        look_at(&mut victim, "plan.md");
        world.write("plan.md", "somebody else");
        victim.ask("write_note", json!({"path": "plan.md", "content": "mine"}));
        assert!(!victim.wait().success(), "{boundary} was not reached");

        let mut next = world.boundary(None, 0);
        next.initialize();
        look_at(&mut next, "nothing.md");
        assert!(next.close().success());
        assert!(world.arrivals().is_empty());
        assert_eq!(world.read("plan.md"), "somebody else");
        let told = world.told();
        // Somebody wrote the note meanwhile: that it is there proves nothing of our own effect.
        let expected = if boundary.starts_with("after") { "refused" } else { "unknown" };
        assert_eq!(told.iter().map(|told| told.end()).collect::<Vec<_>>(), [Some(expected)]);
    }
}

#[test]
fn a_writer_killed_around_a_forwarded_cancellation_leaves_a_way_out() {
    for boundary in ["before:forward-cancel", "after:forward-cancel"] {
        let world = World::new();
        let mut victim = world.boundary(Some(boundary), 2_000);
        victim.initialize();
        let asked = victim.ask("write_note", json!({"path": "plan.md", "content": "mine"}));
        world.wait_for_arrival("plan.md");
        victim.notify("notifications/cancelled", json!({"requestId": asked.0}));
        assert!(!victim.wait().success(), "{boundary} was not reached");

        let mut next = world.boundary(None, 0);
        next.initialize();
        look_at(&mut next, "nothing.md");
        assert!(next.close().success());
        // It was never read: nothing could show it, so it waits for an operator.
        assert_eq!(world.told().iter().map(|told| told.end()).collect::<Vec<_>>(), [Some("unknown")]);
        assert_eq!(world.resolve_unknown(), 1);
        world.check();
    }
}

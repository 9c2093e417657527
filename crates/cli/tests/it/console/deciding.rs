//! Yes, no, and not any more.

use super::rig::{Console, passphrase};
use crate::approvals::people::{again, asks, finance, held, introduce, state_of, waiting};
use crate::guards::world::World;

#[test]
fn what_is_approved_on_the_page_runs_once() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    let console = Console::open(&world);
    let list = console.get("/");
    assert!(list.body.contains(&format!("href=\"/requests/{request}\"")), "{list:?}");
    let answer = console.says("approve", &request, "ada", &passphrase("ada"));
    assert_eq!((answer.status, answer.header("location")), (303, format!("/requests/{request}").as_str()));
    let page = console.get(answer.header("location"));
    assert!(page.body.contains("runs, once, if nothing has changed"), "{page:?}");
    assert!(page.body.contains("said yes") && page.body.contains("looked at it"), "{page:?}");
    assert!(!console.get(&format!("/requests/{request}")).body.contains("runs, once, if"), "told once");
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(held(&mut agent), waiting(&world)[0]);
    assert_eq!(world.effects().len(), 1);
    assert_eq!(state_of(&world, &request), "used");
    drop((agent, console));
    world.verifies();
}

#[test]
fn what_is_rejected_on_the_page_never_runs() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    let console = Console::open(&world);
    assert_eq!(console.says("reject", &request, "ada", &passphrase("ada")).status, 303);
    assert_eq!(again(&mut agent), "approval-rejected");
    assert_eq!(state_of(&world, &request), "rejected");
    let page = console.get(&format!("/requests/{request}")).body;
    assert!(page.contains("said no") && !page.contains("<form"), "{page}");
    assert!(console.get("/").body.contains("Decided lately"));
    assert_eq!(world.effects(), Vec::<String>::new());
    drop((agent, console));
    world.verifies();
}

#[test]
fn what_is_taken_back_on_the_page_never_runs() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    let console = Console::open(&world);
    assert_eq!(console.says("approve", &request, "ada", &passphrase("ada")).status, 303);
    assert_eq!(console.says("revoke", &request, "", "").status, 303);
    let page = console.get(&format!("/requests/{request}")).body;
    assert!(page.contains("revoked: prevented, nothing runs on it"), "{page}");
    assert_ne!(held(&mut agent), request);
    assert_eq!(state_of(&world, &request), "revoked");
    assert_eq!(world.effects(), Vec::<String>::new());
    drop((agent, console));
    world.verifies();
}

#[test]
fn a_session_alone_approves_nothing() {
    let world = World::new();
    world.configure(&format!(
        "[principal]\nid = 'User::\"ada\"'\n{}",
        asks("approve = { by = 'Role::\"finance\"' }")
    ));
    for (name, role, by) in
        [("ada", "finance", None), ("bob", "finance", Some("ada")), ("dee", "sales", Some("ada"))]
    {
        introduce(&world, name, role, by);
    }
    let mut agent = world.agent();
    let request = held(&mut agent);
    let console = Console::open(&world);
    let refused = |name: &str, passphrase: &str, says: &str| {
        let answer = console.says("approve", &request, name, passphrase);
        assert!((400..500).contains(&answer.status) && answer.body.contains(says), "{answer:?}");
    };
    refused("ada", &passphrase("ada"), "somebody else must decide");
    refused("dee", &passphrase("dee"), "not among those who are asked");
    refused("eve", "the passphrase of eve", "eve");
    refused("../bob", &passphrase("bob"), "bob");
    refused("bob", "", "the passphrase is empty");
    refused("bob", "short", "fewer than 8");
    refused("bob", &passphrase("ada"), "does not open");
    assert_eq!(held(&mut agent), request);
    assert_eq!(console.says("approve", &request, "bob", &passphrase("bob")).status, 303);
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(world.effects().len(), 1);
}

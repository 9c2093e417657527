//! Every condition in every state: what is refused, and with which code. No cell allows on *unknown*.
//!
//! The states: it holds; it is violated; nobody can know; something errs; the world changes between arming and the look; the
//! world changes at the last instant, after the look. What is only read (a fact) may change in that last gap, which the
//! receipt measures; what runs out by time, or is held in the record, is still caught at the gate.

mod rows;

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use self::rows::Cell::{At, None as Nothing, Now};
use self::rows::{Change, Prepare, on, policy, rows};
use super::served::Says;
use super::world::{World, became, write_args};

/// Plays one cell: what became of the call. The server's own log must say the same.
fn play(guard: fn(&World) -> String, prepare: Prepare, at: Option<&str>, change: Change) -> String {
    let world = World::new();
    world.configure(&guard(&world));
    let mut agent = match at {
        Some(point) => world.paused_at(point),
        None => world.agent(),
    };
    prepare(&world, &mut agent);
    let before = world.effects().iter().filter(|note| *note == "plan.md").count();
    let is_edit = guard(&world).contains("on = [\"notes.edit_note\"]\n");
    let (tool, args) = match is_edit {
        true => ("edit_note", json!({"path": "plan.md", "old_text": "paid", "new_text": "void"})),
        false => ("write_note", write_args(6)),
    };
    let told = match at {
        None => {
            change(&world);
            became(&agent.call(tool, args))
        }
        Some(_) => {
            let asked = agent.ask(tool, args);
            world.reached();
            change(&world);
            world.go();
            became(&agent.result(asked))
        }
    };
    let after = world.effects().iter().filter(|note| *note == "plan.md").count();
    assert_eq!(after - before, usize::from(told == "ran"), "the server's log says otherwise: {told}");
    drop(agent);
    let verified = world.lastlook(&["verify", "--state"]).arg(world.at("state")).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
    told
}

#[test]
fn no_condition_allows_on_unknown() {
    const STATES: [&str; 6] = [
        "holds",
        "violated",
        "unknown",
        "error",
        "changes between arm and look",
        "changes at the last instant",
    ];
    let mut table = String::new();
    for row in rows() {
        writeln!(table, "{}", row.condition).unwrap();
        for (state, cell) in STATES.iter().zip(row.cells) {
            let told = match cell {
                Nothing(why) => format!("- ({why})"),
                Now(prepare, change) => play(row.guard, prepare, None, change),
                At(point, prepare, change) => play(row.guard, prepare, Some(point), change),
            };
            if matches!(*state, "violated" | "unknown" | "error") && !told.starts_with('-') {
                let by_other = row.condition == "lease" && *state == "violated";
                assert!(told != "ran" || by_other, "{}, {state}: it ran", row.condition);
            }
            writeln!(table, "  {state:<30}{told}").unwrap();
        }
    }
    insta::assert_snapshot!("matrix", table);
}

#[test]
fn who_may_not_is_told_so_before_anything_is_read() {
    let world = World::new();
    let forbid = "@id(\"plan\") @reason(\"the plan is frozen\") @hint(\"ask ada\") \
                  forbid(principal, action == Action::\"notes.write_note\", resource);";
    world.configure(&policy(&world, forbid));
    let mut agent = world.agent();
    let refused = agent.call("write_note", write_args(6));
    assert_eq!(became(&refused), "policy-denied");
    assert_eq!(world.rate.asked(), 0, "a fact was read for somebody who may not");
    let told = refused["content"].to_string();
    assert!(told.contains("the plan is frozen") && told.contains("ask ada"), "{told}");
    world.configure(&policy(&world, ""));
    assert_eq!(became(&world.agent().call("write_note", write_args(6))), "ran");
    assert_eq!(world.rate.asked(), 1);
}

/// A look takes as long as its slowest source, not as the sum: four sources that never answer are four time-outs at once.
#[test]
fn facts_are_read_together() {
    let world = World::new();
    let fact = |name: &str| {
        format!(
            "[fact.{name}]\nhttp = {{ url = \"{}\", private = true }}\ntimeout = \"2s\"\n\n",
            world.rate.url()
        )
    };
    let facts: String = ["a", "b", "c", "d"].map(fact).concat();
    world.configure(&format!(
        "{facts}{}",
        on("facts = [\"a\", \"b\", \"c\", \"d\"]\nwhen = 'args.path != \"no.md\"'")
    ));
    world.rate.say(Says::Nothing);
    let mut agent = world.agent();
    let began = std::time::Instant::now();
    assert_eq!(became(&agent.call("write_note", write_args(6))), "fact-unreadable");
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    assert_eq!(world.rate.asked(), 4, "some source was not asked");
}

//! The conditions, each with its guard and its cells.

use std::time::Duration;

use serde_json::json;

use super::super::served::Says;
use super::super::world::{World, became};
use crate::client::Client;

pub(super) type Change = fn(&World);
pub(super) type Prepare = fn(&World, &mut Client);

/// One cell: how it is brought about.
pub(super) enum Cell {
    /// There is no such state.
    None(&'static str),
    /// Prepared, then the world changes, then the call.
    Now(Prepare, Change),
    /// The call stands still at this point while the world changes.
    At(&'static str, Prepare, Change),
}

use Cell::{At, None as Nothing, Now};

const AFTER_ARM: &str = "after:arm";
const LAST: &str = "before:gate";

/// A condition, its guard, and its six cells.
pub(super) struct Row {
    pub(super) condition: &'static str,
    pub(super) guard: fn(&World) -> String,
    pub(super) cells: [Cell; 6],
}

pub(super) fn on(parts: &str) -> String {
    format!("[guard.g]\non = [\"notes.write_note\"]\n{parts}\n")
}

fn nothing(_: &World, _: &mut Client) {}
fn still(_: &World) {}
fn reads(_: &World, agent: &mut Client) {
    agent.call("read_note", json!({"path": "plan.md"}));
}
fn moves(world: &World) {
    world.rate.json(r#"{"status":"void","n":9}"#);
}
fn falls_silent(world: &World) {
    world.rate.say(Says::Nothing);
}
fn talks_nonsense(world: &World) {
    world.rate.say(Says::Plain(200, String::new(), "{\"status\": 7".to_owned()));
}
fn dated(world: &World, age: Duration) {
    let at = jiff::Timestamp::now() - jiff::SignedDuration::try_from(age).unwrap();
    let at = at.strftime("%a, %d %b %Y %H:%M:%S GMT");
    let body = r#"{"status":"paid","n":5}"#.to_owned();
    world.rate.say(Says::Plain(200, format!("last-modified: {at}\r\n"), body));
}
fn is_young(world: &World, _: &mut Client) {
    dated(world, Duration::ZERO);
}
fn is_old(world: &World) {
    dated(world, Duration::from_secs(3600));
}
/// The boundary's clocks move on, past every instant that the guards of these rows name.
fn time_passes(world: &World) {
    world.passes(Duration::from_secs(7_200));
}
/// Never the same twice in a row, and never what the guard would refuse.
fn alternates(world: &World) {
    let turn = [r#"{"status":"paid","n":5}"#, r#"{"status":"void","n":5}"#];
    world.rate.say(Says::InTurn(turn.map(str::to_owned).into()));
}
/// Another agent, at a boundary of its own.
fn somebody_else_calls(world: &World, tool: &str, args: serde_json::Value) -> String {
    became(&world.agent().call(tool, args))
}
fn the_step_is_done(world: &World, _: &mut Client) {
    assert_eq!(somebody_else_calls(world, "write_note", json!({"path": "step.md", "content": "x"})), "ran");
}
fn the_step_is_undone(world: &World) {
    assert_eq!(somebody_else_calls(world, "delete_note", json!({"path": "step.md"})), "ran");
}
/// An edit of what is not there is an error that may mean anything: the outcome stays unknown.
fn its_outcome_is_unknown(world: &World, _: &mut Client) {
    let edit = json!({"path": "plan.md", "old_text": "not there", "new_text": "x"});
    world.agent().call("edit_note", edit);
}
fn it_was_done(world: &World, _: &mut Client) {
    world.note("other.md", "x");
    assert_eq!(somebody_else_calls(world, "write_note", json!({"path": "other.md", "content": "y"})), "ran");
}

fn not_after(world: &World) -> String {
    let _ = world;
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    on(&format!("window = {{ not_after = \"{at}\" }}"))
}

pub(super) fn policy(world: &World, more: &str) -> String {
    let text = format!("@id(\"all\") permit(principal, action, resource);\n{more}\n");
    let file = world.file("policy.cedar", &text);
    format!("[policy]\nfile = {file:?}\n\n{}", on("facts = [\"rate\"]"))
}

/// A policy that reads a fact, which says of which type it is.
fn policy_on_fact(world: &World, when: &str) -> String {
    let forbid = format!(
        "@id(\"order\") forbid(principal, action == Action::\"notes.write_note\", resource) when {{ {when} }};"
    );
    let fact = format!(
        "[fact.order]\nhttp = {{ url = \"{}\", private = true }}\ntimeout = \"1s\"\n\
         shape = {{ status = \"Long\", body = {{ status = \"String\", n = \"Long\" }} }}\n\n",
        world.rate.url()
    );
    format!("{fact}{}", policy(world, &forbid)).replace("facts = [\"rate\"]", "facts = [\"order\"]")
}

const STEP: &str = "after = [{ tool = \"notes.write_note\", where = 'step.args.path == \"step.md\"', accept = \"succeeded\", none_since = [\"notes.delete_note\"] }]";

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row {
            condition: "unchanged",
            guard: |_| on("unchanged = [\"rate\"]"),
            cells: [
                Now(reads, still),
                Now(reads, moves),
                Now(nothing, still),
                Now(reads, falls_silent),
                At(AFTER_ARM, reads, moves),
                At(LAST, reads, moves),
            ],
        },
        Row {
            condition: "stable",
            guard: |_| on("unchanged = [\"rate\"]\nstable = 3"),
            cells: [
                Now(reads, still),
                Now(reads, moves),
                Now(nothing, still),
                Now(reads, talks_nonsense),
                At(AFTER_ARM, reads, falls_silent),
                At(LAST, reads, moves),
            ],
        },
        // What the other conditions would let pass: only that it moves between two looks refuses.
        Row {
            condition: "stable alone",
            guard: |_| on("facts = [\"rate\"]\nwhen = 'args.path != \"no.md\"'\nstable = true"),
            cells: [
                Now(nothing, moves),
                Now(nothing, alternates),
                Nothing("see `stable`"),
                Nothing("see `stable`"),
                At(AFTER_ARM, nothing, alternates),
                At(LAST, nothing, alternates),
            ],
        },
        Row {
            condition: "stable not asked for",
            guard: |_| on("facts = [\"rate\"]\nwhen = 'args.path != \"no.md\"'\nstable = false"),
            cells: [
                Now(nothing, alternates),
                Nothing("see `when`"),
                Nothing("see `when`"),
                Nothing("see `when`"),
                At(AFTER_ARM, nothing, alternates),
                At(LAST, nothing, alternates),
            ],
        },
        Row {
            condition: "fresh",
            guard: |_| on("fresh = { rate = \"30m\" }"),
            cells: [
                Now(is_young, still),
                Now(nothing, is_old),
                Now(nothing, still),
                Now(nothing, falls_silent),
                At(AFTER_ARM, is_young, time_passes),
                At(LAST, is_young, time_passes),
            ],
        },
        Row {
            condition: "when",
            guard: |_| on("when = 'now.rate.body.status == \"paid\" && now.rate.body.n < 7'"),
            cells: [
                Now(nothing, still),
                Now(nothing, moves),
                Now(nothing, falls_silent),
                Now(nothing, |world| world.rate.json(r#"{"status":"paid","n":"5"}"#)),
                At(AFTER_ARM, nothing, moves),
                At(LAST, nothing, moves),
            ],
        },
        Row {
            condition: "after",
            guard: |_| on(STEP),
            cells: [
                Nothing("see `steps`: the step is guarded as well"),
                Now(nothing, still),
                Nothing("see `steps`"),
                Nothing("see `steps`"),
                Nothing("see `steps`"),
                Nothing("see `steps`"),
            ],
        },
        Row {
            condition: "steps",
            guard: |_| on(STEP).replace("[\"notes.write_note\"]\n", "[\"notes.edit_note\"]\n"),
            cells: [
                Now(the_step_is_done, still),
                Now(nothing, still),
                Now(
                    |world, agent| {
                        the_step_is_done(world, agent);
                        // Deleting what is not there is an error: nobody knows what it did.
                        world.agent().call("delete_note", json!({"path": "gone.md"}));
                    },
                    still,
                ),
                Now(the_step_is_done, the_step_is_undone),
                At(AFTER_ARM, the_step_is_done, the_step_is_undone),
                At(LAST, the_step_is_done, the_step_is_undone),
            ],
        },
        Row {
            condition: "window.closed",
            guard: |_| {
                on(
                    "window = { open = \"00:00-24:00\", tz = \"Europe/Paris\", closed = [\"2020-01-01..2020-01-02\"] }",
                )
            },
            cells: [
                Now(nothing, still),
                Nothing("see `window.hours`"),
                Nothing("the clock is always known"),
                Nothing("refused when the file is read"),
                Nothing("see `window.not_after`"),
                Nothing("see `window.not_after`"),
            ],
        },
        Row {
            condition: "window.hours",
            guard: |_| {
                on("window = { open = \"00:00-24:00\", tz = \"UTC\", closed = [\"2020-01-01..2100-01-01\"] }")
            },
            cells: [
                Nothing("see `window.closed`"),
                Now(nothing, still),
                Nothing("the clock is always known"),
                Nothing("refused when the file is read"),
                Nothing("see `window.not_after`"),
                Nothing("see `window.not_after`"),
            ],
        },
        Row {
            condition: "window.not_after",
            guard: not_after,
            cells: [
                Now(nothing, still),
                Now(nothing, time_passes),
                Nothing("the clock is always known"),
                Nothing("refused when the file is read"),
                At(AFTER_ARM, nothing, time_passes),
                At(LAST, nothing, time_passes),
            ],
        },
        Row {
            condition: "window.max_age",
            guard: |_| on("window = { max_age = \"1h\" }"),
            cells: [
                Now(reads, still),
                Now(reads, time_passes),
                Nothing("without a reading, the call itself is the decision"),
                Nothing("the clock is always known"),
                At(AFTER_ARM, reads, time_passes),
                At(LAST, reads, time_passes),
            ],
        },
        Row {
            condition: "window.min_spacing",
            guard: |_| on("window = { min_spacing = \"1h\" }"),
            cells: [
                Now(nothing, still),
                Now(it_was_done, still),
                Nothing("see `once`"),
                Nothing("see `once`"),
                Nothing("nobody else can act meanwhile"),
                Nothing("nobody else can act meanwhile"),
            ],
        },
        Row {
            condition: "once",
            guard: |_| {
                on("once = \"the one\"")
                    .replace("\"notes.write_note\"", "\"notes.write_note\", \"notes.edit_note\"")
            },
            cells: [
                Now(nothing, still),
                Now(it_was_done, still),
                Now(its_outcome_is_unknown, still),
                Nothing("see `template`"),
                At(AFTER_ARM, nothing, |world| {
                    let other =
                        somebody_else_calls(world, "write_note", json!({"path": "b.md", "content": "x"}));
                    assert_eq!(other, "in-doubt", "the key is taken from arming on");
                }),
                Nothing("the key is taken from arming on"),
            ],
        },
        Row {
            condition: "template",
            guard: |_| on("once = \"${args.nothing}\""),
            cells: [
                Nothing("see `once`"),
                Now(nothing, still),
                Nothing("a missing argument is never an empty text"),
                Nothing("a missing argument is never an empty text"),
                Nothing("arguments do not change"),
                Nothing("arguments do not change"),
            ],
        },
        Row {
            condition: "limit",
            guard: |_| {
                on("limit = [{ count = 1, per = \"1h\" }]")
                    .replace("\"notes.write_note\"", "\"notes.write_note\", \"notes.edit_note\"")
            },
            cells: [
                Now(nothing, still),
                Now(it_was_done, still),
                Now(
                    |world, _| {
                        let edit = json!({"path": "other.md", "old_text": "not there", "new_text": "x"});
                        world.agent().call("edit_note", edit);
                    },
                    still,
                ),
                Nothing("see `limit.sum`"),
                At(AFTER_ARM, nothing, |world| {
                    let other =
                        somebody_else_calls(world, "write_note", json!({"path": "b.md", "content": "x"}));
                    assert_eq!(other, "limit-reserved", "it is reserved from arming on");
                }),
                Nothing("it is reserved from arming on"),
            ],
        },
        Row {
            condition: "limit.sum",
            guard: |_| on("limit = [{ sum = \"/content\", max = 5, per = \"1h\" }]"),
            cells: [
                Nothing("see `limit`"),
                Nothing("see `limit`"),
                Nothing("see `limit`"),
                Now(nothing, still),
                Nothing("see `limit`"),
                Nothing("see `limit`"),
            ],
        },
        Row {
            condition: "lease",
            guard: |_| {
                on("lease = { key = \"plan\", wait = \"0s\", hold = \"1h\" }")
                    .replace("\"notes.write_note\"", "\"notes.write_note\", \"notes.edit_note\"")
            },
            cells: [
                Now(nothing, still),
                At(AFTER_ARM, nothing, |world| {
                    let other =
                        somebody_else_calls(world, "write_note", json!({"path": "b.md", "content": "x"}));
                    assert_eq!(other, "lease-taken", "somebody else has it");
                }),
                Now(
                    |world, _| {
                        let edit = json!({"path": "other.md", "old_text": "not there", "new_text": "x"});
                        world.agent().call("edit_note", edit);
                    },
                    still,
                ),
                Nothing("see `template`"),
                At(AFTER_ARM, nothing, time_passes),
                At(LAST, nothing, time_passes),
            ],
        },
        Row {
            condition: "approve",
            guard: |_| on("approve = { when = 'now.rate.body.n > 5', by = 'Role::\"finance\"' }"),
            cells: [
                Now(nothing, still),
                Now(nothing, moves),
                Now(nothing, falls_silent),
                Now(nothing, |world| world.rate.json(r#"{"status":"paid","n":"5"}"#)),
                At(AFTER_ARM, nothing, moves),
                At(LAST, nothing, moves),
            ],
        },
        Row {
            condition: "policy",
            guard: |world| {
                policy(
                    world,
                    "@id(\"long\") forbid(principal, action == Action::\"notes.write_note\", resource) when { context.args.path == \"no.md\" };",
                )
            },
            cells: [
                Now(nothing, still),
                Nothing("see `policy.forbid`"),
                Nothing("see `policy.error`"),
                Nothing("see `policy.error`"),
                Nothing("arguments do not change"),
                Nothing("arguments do not change"),
            ],
        },
        Row {
            condition: "policy.forbid",
            guard: |world| {
                policy(
                    world,
                    "@id(\"plan\") @reason(\"the plan is frozen\") forbid(principal, action == Action::\"notes.write_note\", resource);",
                )
            },
            cells: [
                Nothing("see `policy`"),
                Now(nothing, still),
                Nothing("see `policy.error`"),
                Nothing("see `policy.error`"),
                Nothing("arguments do not change"),
                Nothing("arguments do not change"),
            ],
        },
        Row {
            condition: "policy.error",
            guard: |world| {
                policy(
                    world,
                    "@id(\"odd\") forbid(principal, action == Action::\"notes.write_note\", resource) when { context.args.nothing == 1 };",
                )
            },
            cells: [
                Nothing("see `policy`"),
                Nothing("see `policy.forbid`"),
                Nothing("an attribute nobody knows is an error"),
                Now(nothing, still),
                Nothing("arguments do not change"),
                Nothing("arguments do not change"),
            ],
        },
        Row {
            condition: "policy on a fact",
            guard: |world| {
                policy_on_fact(
                    world,
                    "context.now has order && context.now.order has body && context.now.order.body.status == \"void\"",
                )
            },
            cells: [
                Now(nothing, still),
                Now(nothing, moves),
                Now(nothing, falls_silent),
                Now(nothing, |world| world.rate.json(r#"{"status":7,"n":5}"#)),
                At(AFTER_ARM, nothing, moves),
                At(LAST, nothing, moves),
            ],
        },
        // Typed as it should be, and still not to be evaluated: the sum does not fit.
        Row {
            condition: "policy.error at run time",
            guard: |world| {
                policy_on_fact(
                    world,
                    "context.now has order && context.now.order.body.n + 9223372036854775800 < 0",
                )
            },
            cells: [
                Now(nothing, still),
                Nothing("see `policy on a fact`"),
                Nothing("see `policy on a fact`"),
                Now(nothing, moves),
                At(AFTER_ARM, nothing, moves),
                At(LAST, nothing, moves),
            ],
        },
    ]
}

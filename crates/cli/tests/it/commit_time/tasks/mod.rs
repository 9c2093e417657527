//! The twenty tasks: what the agent reads, what it does, and what others do meanwhile.

mod files;
mod git;
mod memory;
mod sqlite;
mod tau2;

use serde_json::Value;

use super::place::Place;

/// A tool and its arguments.
pub type Call = (&'static str, Value);

/// One job of an agent at one server.
///
/// Everything beside `reads`, `acts` and `swapped` happens around the server: by another process, in the file, the
/// repository or the database itself.
pub struct Task {
    /// Its name in the table.
    pub name: &'static str,
    /// What others change that the decision rests on, in words.
    pub changed: &'static str,
    /// The world as every run begins.
    pub before: fn(&Place),
    /// What the agent looks at.
    pub reads: fn(&Place) -> Vec<Call>,
    /// What it decides to do.
    pub acts: fn(&Place) -> Call,
    /// What it does in its place when the arguments are swapped.
    pub swapped: fn(&Place) -> Call,
    /// Somebody else changes what the decision rests on; the server would act all the same.
    pub moves: fn(&Place),
    /// Somebody else changes something that it does not rest on.
    pub aside: fn(&Place),
    /// The world, as far as any of this may change it.
    pub sees: fn(&Place) -> String,
}

/// A server, how its world is made, and the tasks there.
pub struct Group {
    pub server: &'static str,
    pub open: fn() -> Place,
    pub tasks: fn() -> Vec<Task>,
}

/// All servers.
pub fn groups() -> Vec<Group> {
    vec![
        Group { server: "server-filesystem", open: files::open, tasks: files::tasks },
        Group { server: "mcp-server-git", open: git::open, tasks: git::tasks },
        Group { server: "mcp-server-sqlite", open: sqlite::open, tasks: sqlite::tasks },
        Group { server: "server-memory", open: memory::open, tasks: memory::tasks },
        Group { server: "tau2 retail", open: tau2::retail, tasks: tau2::retail_tasks },
        Group { server: "tau2 airline", open: tau2::airline, tasks: tau2::airline_tasks },
    ]
}

//! Two tasks at the memory server.

use serde_json::{Value, json};

use super::{Call, Task};
use crate::commit_time::place::Place;
use crate::real::rig::Rig;
use crate::real::tools;

const RULES: &str = r#"profile = "memory"

[fact.customer]
mcp = { tool = "memory.open_nodes", args = { names = ["Ada"] } }
select = ["/entities"]

[fact.nodes]
mcp = { tool = "memory.open_nodes", args = { names = "${args.entityNames}" } }
select = ["/entities"]

[guard.observe]
on = ["memory.add_observations"]
unchanged = ["customer"]
approve = { by = 'Role::"owner"', expires = "15m" }

[guard.delete]
on = ["memory.delete_entities"]
unchanged = ["nodes"]
approve = { by = 'Role::"owner"', expires = "15m" }
"#;

/// A graph of customers and projects.
pub fn open() -> Place {
    let rig = Rig::new();
    let command = vec!["node".to_owned(), tools::memory_server().to_str().unwrap().to_owned()];
    let memory = rig.path("memory.jsonl");
    Place::new("memory", rig, command).with("MEMORY_FILE_PATH", memory).configured("Service::\"desk\"", RULES)
}

fn remembers(place: &Place, customer: &str, project: &str, other: &str) {
    let node = |name: &str, kind: &str, observation: &str| {
        json!({"type": "entity", "name": name, "entityType": kind, "observations": [observation]}).to_string()
    };
    let nodes = [
        node("Ada", "customer", customer),
        node("Old project", "project", project),
        node("Bob", "customer", other),
    ];
    place.put("memory.jsonl", &nodes.join("\n"));
}

fn before(place: &Place) {
    remembers(place, "pays in time", "closed", "is new");
}

/// What is remembered, whatever the order of its members.
fn sees(place: &Place) -> String {
    let nodes: Vec<Value> =
        place.text("memory.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    format!("{nodes:?}")
}

fn observes(text: &str) -> Call {
    ("add_observations", json!({"observations": [{"entityName": "Ada", "contents": [text]}]}))
}

pub fn tasks() -> Vec<Task> {
    vec![
        Task {
            name: "note a credit line",
            changed: "what is remembered of the customer",
            before,
            reads: |_| vec![("open_nodes", json!({"names": ["Ada"]}))],
            acts: |_| observes("may buy on credit"),
            swapped: |_| observes("may buy everything on credit"),
            moves: |place| remembers(place, "does not pay", "closed", "is new"),
            aside: |place| remembers(place, "pays in time", "closed", "left"),
            sees,
        },
        Task {
            name: "forget a closed project",
            changed: "the project was opened again",
            before,
            reads: |_| vec![("open_nodes", json!({"names": ["Old project"]}))],
            acts: |_| ("delete_entities", json!({"entityNames": ["Old project"]})),
            swapped: |_| ("delete_entities", json!({"entityNames": ["Ada"]})),
            moves: |place| remembers(place, "pays in time", "open again", "is new"),
            aside: |place| remembers(place, "pays late", "closed", "is new"),
            sees,
        },
    ]
}

//! Two tasks at a shop's service desk and two at an airline's: servers that keep their data in their own memory, with a
//! second way in (`real/tau2/world.py`).

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Call, Task};
use crate::commit_time::place::Place;
use crate::real::rig::Rig;
use crate::real::tools;

/// Parts of every answer that move by themselves: the server numbers its calls.
const MOVING: &str = r#"["/content", "/structuredContent/state", "/structuredContent/tau2_tool_call", "/structuredContent/tau2_tool_message"]"#;

fn open(domain: &'static str, principal: &str, reads: &str, writes: &[&str], subject: &str) -> Place {
    let path = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    let command = vec![path(tools::python()), path(tools::here("tau2/world.py")), domain.to_owned()];
    let mut rules = format!(
        "profile = \"none\"\n\n[tool.\"{domain}.{reads}\"]\nclass = \"read\"\nignore = {MOVING}\n\n\
         [fact.record]\nmcp = {{ tool = \"{domain}.{reads}\", args = {{ {subject} = \"${{args.{subject}}}\" }} }}\n\
         select = [\"/parsed_content\"]\ntimeout = \"5s\"\n\n"
    );
    for tool in writes {
        writeln!(
            rules,
            "[tool.\"{domain}.{tool}\"]\nclass = \"write\"\nsubjects = [\"/{subject}\"]\nlocal = true\n\
             errors = \"no-effect\"\n\n[guard.{tool}]\non = [\"{domain}.{tool}\"]\nunchanged = [\"record\"]\n\
             approve = {{ by = 'Role::\"owner\"', expires = \"15m\" }}\n"
        )
        .unwrap();
    }
    Place::new(domain, Rig::new(), command).configured(principal, &rules)
}

/// A shop's service desk.
pub fn retail() -> Place {
    let writes = ["cancel_pending_order", "return_delivered_order_items"];
    open("retail", "User::\"desk\"", "get_order_details", &writes, "order_id")
}

/// An airline's.
pub fn airline() -> Place {
    let writes = ["cancel_reservation", "update_reservation_baggages"];
    open("airline", "Agent::\"desk\"", "get_reservation_details", &writes, "reservation_id")
}

const ORDERS: [&str; 4] = ["#W5199551", "#W8665881", "#W6390527", "#W2378156"];
const RESERVATIONS: [&str; 4] = ["XEHM4B", "59XX6W", "FQ8APE", "OBUT9V"];

/// Puts the records back as the server was started with them.
///
/// The first time they are kept in a file beside the world; whoever acted on them may have changed a customer too, which
/// nothing here reads.
fn before(place: &Place, table: &str, records: [&str; 4]) {
    for record in records {
        let kept = format!("{table}-{record}.json");
        if place.text(&kept) == "-" {
            place.put(&kept, &get(place, table, record).to_string());
        }
        let value: Value = serde_json::from_str(&place.text(&kept)).unwrap();
        place.ask(&json!({"do": "set", "path": [table, record], "value": value}));
    }
}

fn get(place: &Place, table: &str, record: &str) -> Value {
    place.ask(&json!({"do": "get", "path": [table, record]}))
}

fn sees(place: &Place, table: &str, records: [&str; 4]) -> String {
    records.map(|record| get(place, table, record).to_string()).join("\n")
}

fn sets(place: &Place, path: &Value, value: &Value) {
    let was = place.ask(&json!({"do": "set", "path": path, "value": value}));
    assert_ne!(was, *value, "nothing changed");
}

fn reads_order(order: &str) -> Vec<Call> {
    vec![("get_order_details", json!({"order_id": order}))]
}

fn cancels(reason: &str) -> Call {
    ("cancel_pending_order", json!({"order_id": ORDERS[0], "reason": reason}))
}

fn returns(order: usize, items: &[&str], method: &str) -> Call {
    let order = ORDERS[order];
    (
        "return_delivered_order_items",
        json!({"order_id": order, "item_ids": items, "payment_method_id": method}),
    )
}

pub fn retail_tasks() -> Vec<Task> {
    vec![
        Task {
            name: "cancel a pending order",
            changed: "the address it goes to",
            before: |place| before(place, "orders", ORDERS),
            reads: |_| reads_order(ORDERS[0]),
            acts: |_| cancels("no longer needed"),
            swapped: |_| cancels("ordered by mistake"),
            moves: |place| sets(place, &json!(["orders", ORDERS[0], "address", "zip"]), &json!("00000")),
            aside: |place| sets(place, &json!(["orders", ORDERS[1], "address", "zip"]), &json!("00000")),
            sees: |place| sees(place, "orders", ORDERS),
        },
        Task {
            name: "take back an item",
            changed: "what was paid for it",
            before: |place| before(place, "orders", ORDERS),
            reads: |_| reads_order(ORDERS[2]),
            acts: |_| returns(2, &["8538875209"], "paypal_7644869"),
            swapped: |_| returns(3, &["4602305039"], "credit_card_9513926"),
            moves: |place| sets(place, &json!(["orders", ORDERS[2], "items", 0, "price"]), &json!(1.5)),
            aside: |place| sets(place, &json!(["orders", ORDERS[3], "items", 0, "price"]), &json!(1.5)),
            sees: |place| sees(place, "orders", ORDERS),
        },
    ]
}

fn reads_reservation(reservation: &str) -> Vec<Call> {
    vec![("get_reservation_details", json!({"reservation_id": reservation}))]
}

fn bags(total: u64) -> Call {
    let arguments = json!({"reservation_id": RESERVATIONS[2], "total_baggages": total, "nonfree_baggages": 0,
                           "payment_id": "gift_card_8190333"});
    ("update_reservation_baggages", arguments)
}

pub fn airline_tasks() -> Vec<Task> {
    vec![
        Task {
            name: "cancel a reservation",
            changed: "its cabin",
            before: |place| before(place, "reservations", RESERVATIONS),
            reads: |_| reads_reservation(RESERVATIONS[0]),
            acts: |_| ("cancel_reservation", json!({"reservation_id": RESERVATIONS[0]})),
            swapped: |_| ("cancel_reservation", json!({"reservation_id": RESERVATIONS[1]})),
            moves: |place| sets(place, &json!(["reservations", RESERVATIONS[0], "cabin"]), &json!("none")),
            aside: |place| sets(place, &json!(["reservations", RESERVATIONS[1], "cabin"]), &json!("none")),
            sees: |place| sees(place, "reservations", RESERVATIONS),
        },
        Task {
            name: "add a bag",
            changed: "the bags it has",
            before: |place| before(place, "reservations", RESERVATIONS),
            reads: |_| reads_reservation(RESERVATIONS[2]),
            acts: |_| bags(3),
            swapped: |_| bags(9),
            moves: |place| {
                sets(place, &json!(["reservations", RESERVATIONS[2], "total_baggages"]), &json!(7))
            },
            aside: |place| {
                sets(place, &json!(["reservations", RESERVATIONS[3], "total_baggages"]), &json!(7))
            },
            sees: |place| sees(place, "reservations", RESERVATIONS),
        },
    ]
}

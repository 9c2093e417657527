//! Twenty tasks at real servers under eight conditions, without a boundary, with a yes to the tool, and with the boundary.
//!
//! Whether something ran is asked of the world (files, repositories, databases, a server's data), never of whoever stood
//! before it. The table that comes out is `docs/internals/commit-time-matrix.md`.

mod hands;
mod place;
mod play;
mod table;
mod tasks;

use std::sync::Mutex;

use hands::{ApproveOnce, Boundary, Hand, Straight};
use play::{Condition, Played, play};
use table::{Row, render};
use tasks::{Group, groups};

/// The document with the table.
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/internals/commit-time-matrix.md");

#[test]
fn nothing_runs_on_what_is_not_so_any_more_and_everything_else_runs() {
    let rows = played();
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let table = render(&rows);
    println!("{table}");
    for (place, name) in ["no boundary", "approve once", "lastlook"].iter().enumerate() {
        assert_eq!(rows[0].hands[place].0, *name);
    }
    for row in &rows {
        let [(_, straight), _, (_, guarded)] = &row.hands;
        for (straight, guarded) in straight.iter().zip(guarded) {
            let cell = format!("{}, {}: {}", row.task, guarded.condition.name(), guarded.told);
            assert_eq!(guarded.ran, guarded.condition.is_authorized(), "{cell}\n{table}");
            assert!(straight.ran, "without a boundary it does not run: {cell}");
            assert_eq!(guarded.told == "ran", guarded.ran, "the agent is told otherwise: {cell}");
            // What was authorized did the same as without a boundary.
            assert!(
                !guarded.ran || guarded.left == straight.left,
                "{cell}\n{}\n{}",
                straight.left,
                guarded.left
            );
        }
    }
    let (before, old, after) = table::split(&document);
    if std::env::var_os("LASTLOOK_WRITE_EXPECTED").is_some() {
        std::fs::write(DOCUMENT, format!("{before}{table}{after}")).unwrap();
    } else {
        assert_eq!(old, table, "with LASTLOOK_WRITE_EXPECTED set, this test writes the table anew");
    }
}

/// All runs: two threads take one server after the other.
fn played() -> Vec<Row> {
    let waiting: Mutex<Vec<(usize, Group)>> = Mutex::new(groups().into_iter().enumerate().collect());
    let done: Mutex<Vec<(usize, Vec<Row>)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((order, group)) = { next(&waiting) } {
                    let rows = play_all(&group);
                    done.lock().unwrap().push((order, rows));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(order, _)| *order);
    let rows: Vec<Row> = done.into_iter().flat_map(|(_, rows)| rows).collect();
    assert_eq!(rows.len(), 20);
    rows
}

/// The next server, those with the most tasks first.
fn next(waiting: &Mutex<Vec<(usize, Group)>>) -> Option<(usize, Group)> {
    let mut waiting = waiting.lock().unwrap();
    (!waiting.is_empty()).then(|| waiting.remove(0))
}

/// The tasks of one server by all hands. Its record is whole afterwards, and has as many effects as the world.
fn play_all(group: &Group) -> Vec<Row> {
    let place = (group.open)();
    let began = std::time::Instant::now();
    let tasks = (group.tasks)();
    let mut by_hand = Vec::new();
    for made in [
        (|place| Box::new(Straight(place.straight())) as Box<dyn Hand>) as fn(&place::Place) -> Box<dyn Hand>,
        |place| Box::new(ApproveOnce::before(place.straight())),
        |place| Box::new(Boundary::through(place.guarded())),
    ] {
        let mut hand = made(&place);
        place.world_of(if hand.name() == "lastlook" { "guarded" } else { "straight" });
        let played: Vec<Vec<Played>> = tasks
            .iter()
            .map(|task| Condition::ALL.map(|condition| play(&place, task, condition, &mut *hand)).into())
            .collect();
        by_hand.push((hand.name(), played));
    }
    let guarded = &by_hand[2].1;
    let effects = guarded.iter().flatten().filter(|played| played.ran).count();
    assert_eq!(place.on_record(), effects, "{}: the record says otherwise", group.server);
    let verified = place.lastlook(&["verify"]);
    assert!(verified.status.success(), "{}: {verified:?}", group.server);
    eprintln!("{}: {} s", group.server, began.elapsed().as_secs());
    tasks
        .iter()
        .enumerate()
        .map(|(at, task)| Row {
            server: group.server,
            task: task.name,
            changed: task.changed,
            hands: [0, 1, 2].map(|hand| (by_hand[hand].0, by_hand[hand].1[at].clone())),
        })
        .collect()
}

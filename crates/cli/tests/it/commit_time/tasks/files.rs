//! Five tasks at the filesystem server.

use serde_json::json;

use super::Task;
use crate::commit_time::place::Place;
use crate::real::rig::Rig;
use crate::real::tools;

const RULES: &str = r#"profile = "filesystem"

[fact.text]
mcp = { tool = "files.read_text_file", args = { path = "${args.path}" } }

[fact.source]
mcp = { tool = "files.read_text_file", args = { path = "${args.source}" } }

[fact.build]
command = { argv = ["cat", "BUILD"] }
select = ["/json/state"]

[fact.version]
file = { path = "VERSION" }
select = ["/sha256"]

[guard.edit]
on = ["files.edit_file"]
unchanged = ["text"]
approve = { by = 'Role::"owner"', expires = "15m" }

[guard.write]
on = ["files.write_file"]
unchanged = ["text"]
facts = ["build"]
approve = { by = 'Role::"owner"', expires = "15m" }

[guard.move]
on = ["files.move_file"]
unchanged = ["source"]
approve = { by = 'Role::"owner"', expires = "15m" }

[guard.folder]
on = ["files.create_directory"]
facts = ["version"]
approve = { by = 'Role::"owner"', expires = "15m" }
"#;

/// A folder of plans, prices and drafts.
pub fn open() -> Place {
    let rig = Rig::new();
    let server = tools::filesystem_server().to_str().unwrap().to_owned();
    let command = vec!["node".to_owned(), server, rig.folder().to_str().unwrap().to_owned()];
    let place = Place::new("files", rig, command);
    let rules = RULES
        .replace("\"BUILD\"", &json!(place.at("build.json")).to_string())
        .replace("\"VERSION\"", &json!(place.at("VERSION")).to_string());
    place.configured("User::\"desk\"", &rules)
}

fn before(place: &Place) {
    for folder in ["releases", "published"] {
        let _ = std::fs::remove_dir_all(place.at(folder));
        std::fs::create_dir(place.at(folder)).unwrap();
    }
    for (name, text) in [
        ("plan.md", "Ship on Monday\nCall the press\n"),
        ("other.md", "as it was\n"),
        ("prices.csv", "tea,300\ncoffee,450\n"),
        ("marker.txt", "none\n"),
        ("build.json", r#"{"state":"green","looked_at":"monday"}"#),
        ("draft.md", "Dear customers\n"),
        ("VERSION", "2.0.0\n"),
    ] {
        place.put(name, text);
    }
}

fn sees(place: &Place) -> String {
    let mut names = Vec::new();
    for folder in ["", "releases", "published"] {
        let entries = std::fs::read_dir(place.at(folder)).unwrap();
        names.extend(entries.map(|entry| entry.unwrap().path()).filter_map(|path| {
            let text =
                if path.is_dir() { "folder".to_owned() } else { std::fs::read_to_string(&path).ok()? };
            Some(format!("{}: {text}", path.strip_prefix(place.at("")).unwrap().display()))
        }));
    }
    names.sort();
    names.join("\n")
}

fn reads(place: &Place, name: &str) -> super::Call {
    ("read_text_file", json!({"path": place.at(name)}))
}

fn edit(place: &Place, to: &str) -> super::Call {
    let edits = json!([{"oldText": "Ship on", "newText": to}]);
    ("edit_file", json!({"path": place.at("plan.md"), "edits": edits}))
}

fn write(place: &Place, name: &str, text: &str) -> super::Call {
    ("write_file", json!({"path": place.at(name), "content": text}))
}

fn publish(place: &Place, name: &str) -> super::Call {
    ("move_file", json!({"source": place.at("draft.md"), "destination": place.at(name)}))
}

pub fn tasks() -> Vec<Task> {
    vec![
        Task {
            name: "edit a plan",
            changed: "a line of the plan",
            before,
            reads: |place| vec![reads(place, "plan.md"), reads(place, "other.md")],
            acts: |place| edit(place, "Ship it on"),
            swapped: |place| edit(place, "Never ship on"),
            moves: |place| place.put("plan.md", "Ship on Friday\nCall the press\n"),
            aside: |place| place.put("other.md", "somebody else's\n"),
            sees,
        },
        Task {
            name: "overwrite a price list",
            changed: "a price, added to the list",
            before,
            reads: |place| vec![reads(place, "prices.csv")],
            acts: |place| write(place, "prices.csv", "tea,310\ncoffee,450\n"),
            swapped: |place| write(place, "prices.csv", "tea,3\ncoffee,4\n"),
            moves: |place| place.put("prices.csv", "tea,300\ncoffee,450\nmilk,90\n"),
            aside: |place| place.put("plan.md", "Ship on Tuesday\n"),
            sees,
        },
        Task {
            name: "mark a green build",
            changed: "the build's state, in another file",
            before,
            reads: |place| vec![reads(place, "marker.txt")],
            acts: |place| write(place, "marker.txt", "released\n"),
            swapped: |place| write(place, "marker.txt", "released twice\n"),
            moves: |place| place.put("build.json", r#"{"state":"red","looked_at":"monday"}"#),
            aside: |place| place.put("build.json", r#"{"looked_at":"tuesday","state":"green"}"#),
            sees,
        },
        Task {
            name: "publish a draft",
            changed: "the draft",
            before,
            reads: |place| vec![reads(place, "draft.md")],
            acts: |place| publish(place, "published/letter.md"),
            swapped: |place| publish(place, "published/all.md"),
            moves: |place| place.put("draft.md", "Dear customers, you are fired\n"),
            aside: |place| place.put("published/older.md", "Dear all\n"),
            sees,
        },
        Task {
            name: "make the folder of a release",
            changed: "the version, in another file",
            before,
            reads: |place| vec![reads(place, "VERSION")],
            acts: |place| ("create_directory", json!({"path": place.at("releases/2.0.0")})),
            swapped: |place| ("create_directory", json!({"path": place.at("releases/9.9.9")})),
            moves: |place| place.put("VERSION", "2.0.1\n"),
            // The same text again: the file's time moves, what it says does not.
            aside: |place| place.put("VERSION", "2.0.0\n"),
            sees,
        },
    ]
}

//! A world in which some of what is said must not be kept, and who looks for it everywhere.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::guards::world::{Lost, World};
use crate::real::tools;
use crate::records::rig::Said;

/// What must not be found: quotes and slashes would be spelt in several ways.
pub const SECRET: &str = "Zanzibar-7341-Quince";

/// The world, with more rules on the tool that writes.
pub fn world(on_write: &str, more: &str) -> World {
    let world = World::new();
    configure(&world, on_write, more);
    world
}

pub fn configure(world: &World, on_write: &str, more: &str) {
    let file = world.configure(more);
    let plain = "[tool.\"notes.write_note\"]\nclass = \"write\"";
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(plain));
    world.file("lastlook.toml", &text.replace(plain, &format!("{plain}\n{on_write}")));
    if !on_write.is_empty() {
        world.loses(Lost::Withheld);
    }
}

pub fn secret_args() -> Value {
    json!({"path": "plan.md", "content": format!("pay {SECRET} 5")})
}

/// The files below a folder in whose bytes this text stands.
pub fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = item.path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        if has(text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[track_caller]
pub fn nowhere(world: &World, text: &str) {
    assert_eq!(files_with(&world.at("state"), text), Vec::<String>::new());
}

/// What a command says, which must succeed.
#[track_caller]
pub fn ok(world: &World, words: &[&str]) -> String {
    let said = run(world, words);
    assert_eq!(said.code, 0, "{words:?}: {said:?}");
    said.out
}

pub fn run(world: &World, words: &[&str]) -> Said {
    Said::of(world.lastlook(words).output().unwrap())
}

/// That both verifiers take this file.
#[track_caller]
pub fn both_verify(world: &World, file: &str) {
    let key = world.file("lastlook.pub", &ok(world, &["keys", "export"]));
    let key = key.to_str().unwrap();
    ok(world, &["verify", file, "--key", key]);
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/python");
    let mut python = Command::new(tools::python());
    python.args(["-m", "lastlook_verify", file, "--key", key]).env("PYTHONPATH", package);
    let said = Said::of(python.env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap());
    assert_eq!(said.code, 0, "{said:?}");
}

/// Writes a receipt into a file; the file's name and what it says.
#[track_caller]
pub fn receipt_file(world: &World, words: &[&str]) -> (String, Value) {
    let text = ok(world, &[&["receipt"], words].concat());
    let file = world.file("r.json", &text).display().to_string();
    (file, serde_json::from_str(&text).unwrap())
}

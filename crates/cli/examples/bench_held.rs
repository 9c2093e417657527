//! What it costs that calls wait for people: processor time of a boundary whose calls wait; memory and time of whatever
//! looks at ten thousand requests.
//!
//! `cargo build --release -p lastlook --bins && cargo run --release -p lastlook --example bench_held [SECONDS] [REQUESTS]`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

#[path = "../tests/it/approvals/fill.rs"]
mod fill;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

fn main() {
    let mut words = std::env::args().skip(1).map(|word| word.parse::<u64>().expect("a number"));
    let (seconds, requests) = (words.next().unwrap_or(20), words.next().unwrap_or(10_000));
    println!("processor time of one `lastlook mcp` in {seconds} s");
    for waiting in [0, 1, 50] {
        let world = World::new("600s");
        let mut boundary = world.boundary();
        for n in 0..waiting {
            boundary.send(n + 2, n);
        }
        while world.listed() < waiting {}
        let before = cpu(boundary.0.id());
        std::thread::sleep(Duration::from_secs(seconds));
        let used = cpu(boundary.0.id()) - before;
        println!("  {waiting:>6} calls wait: {used:>8.1?}");
    }

    println!("with {requests} requests that wait");
    let world = World::new("0s");
    let mut boundary = world.boundary();
    boundary.send(2, 0);
    boundary.answer();
    fill::fill(&world.at("state"), usize::try_from(requests).unwrap());
    let began = Instant::now();
    let listed = world.listed();
    println!("  `lastlook approvals`: {listed} listed in {:.2?}", began.elapsed());
    // A boundary that begins with them, and is asked for one more.
    let mut late = world.boundary();
    let began = Instant::now();
    late.send(2, 1);
    late.answer();
    println!(
        "  `lastlook mcp`: one more is held in {:.2?}, {} kB at most",
        began.elapsed(),
        peak(late.0.id())
    );
    let console = world.console();
    let began = Instant::now();
    let bytes = console.list();
    println!(
        "  `lastlook console`: the list ({bytes} bytes) in {:.2?}, {} kB at most",
        began.elapsed(),
        peak(console.child.id())
    );
}

/// A folder of notes and a configuration that holds every change of one.
struct World(tempfile::TempDir);

impl World {
    fn new(wait: &str) -> World {
        let world = World(tempfile::tempdir().expect("a folder"));
        std::fs::create_dir(world.at("notes")).expect("a folder");
        let command = json!([lastlook(), "demo-notes-server", world.at("notes")]);
        let text = format!(
            "[upstream.notes]\ncommand = {command}\nprofile = \"none\"\n\
             [tool.\"notes.write_note\"]\nclass = \"write\"\n[defaults]\nwait_for_approval = \"{wait}\"\n\
             [guard.people]\non = [\"notes.write_note\"]\napprove = {{ by = 'Role::\"finance\"' }}\n"
        );
        std::fs::write(world.at("lastlook.toml"), text).expect("a file");
        world
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn lastlook(&self, words: &[&str]) -> Command {
        let mut command = Command::new(lastlook());
        command.arg("--state").arg(self.at("state")).arg("--config").arg(self.at("lastlook.toml"));
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    /// How many requests `lastlook approvals` lists.
    fn listed(&self) -> u64 {
        let said = self.lastlook(&["approvals", "--json"]).output().expect("a list");
        u64::try_from(said.stdout.iter().filter(|byte| **byte == b'\n').count()).unwrap()
    }

    fn boundary(&self) -> Boundary {
        let mut command = self.lastlook(&["mcp", "--upstream", "notes"]);
        let mut child = command.stdin(Stdio::piped()).spawn().expect("a boundary");
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut boundary = Boundary(child, output);
        let info = json!({"name": "a bench", "version": "0"});
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info});
        boundary.write(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}));
        boundary.answer();
        boundary.write(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        boundary
    }

    fn console(&self) -> Console {
        let mut child = self.lastlook(&["console", "--json"]).spawn().expect("a console");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let (host, token) = said["address"].as_str().unwrap().split_once("/?t=").unwrap();
        let mut console = Console { child, host: host[7..].to_owned(), cookie: String::new() };
        let entered = console.get(&format!("/?t={token}"));
        let cookie = entered.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        console.cookie = cookie.split(';').next().unwrap().to_owned();
        console
    }
}

/// A boundary and what it says.
struct Boundary(Child, BufReader<std::process::ChildStdout>);

impl Boundary {
    /// Calls the tool that is held.
    fn send(&mut self, id: u64, n: u64) {
        let arguments = json!({"path": format!("note-{n}.md"), "content": "what an agent would write"});
        let params = json!({"name": "write_note", "arguments": arguments});
        self.write(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}));
    }

    fn write(&mut self, message: &Value) {
        writeln!(self.0.stdin.as_mut().unwrap(), "{message}").expect("it listens");
    }

    fn answer(&mut self) {
        let mut line = String::new();
        self.1.read_line(&mut line).expect("an answer");
    }
}

impl Drop for Boundary {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Console {
    child: Child,
    host: String,
    cookie: String,
}

impl Console {
    /// Loads the list; gives its size.
    fn list(&self) -> usize {
        let page = self.get("/");
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        page.len()
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).expect("it listens");
        let Console { host, cookie, .. } = self;
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program beside this one.
fn lastlook() -> PathBuf {
    let own = std::env::current_exe().expect("a program");
    own.parent().and_then(Path::parent).expect("a folder").join("lastlook")
}

/// Processor time of all threads of a process so far (proc_pid_schedstat: nanoseconds on a processor).
fn cpu(pid: u32) -> Duration {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("it lives");
    let nanoseconds = tasks.flatten().filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// The most memory a process needed so far, in kilobytes.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

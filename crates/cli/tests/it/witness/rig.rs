//! A world whose boundary has its checkpoints cosigned, and witnesses as processes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::client::Client;
use crate::guards::world::{World, became, write_args};
use crate::records::rig::{Said, lines, until};

/// A witness process; it ends with the test.
pub struct Witness {
    child: Child,
    pub port: u16,
    pub key: String,
    dir: PathBuf,
}

impl Witness {
    /// A witness of this name and folder, which watches the logs of the world's state.
    pub fn start(world: &World, name: &str) -> Witness {
        Witness::start_at(world, name, 0, None)
    }

    /// The same at a port, dying where a test says.
    pub fn start_at(world: &World, name: &str, port: u16, crash: Option<&str>) -> Witness {
        let dir = world.at(name);
        let mut command = Witness::command(world, name);
        command.args(["--json", "--listen", &format!("127.0.0.1:{port}")]);
        command.env_remove("LASTLOOK_CRASH_AT").envs(crash.map(|at| ("LASTLOOK_CRASH_AT", at)));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no witness: {line}"));
        let address = said["address"].as_str().unwrap();
        let port = address.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
        Witness { child, port, key: said["key"].as_str().unwrap().to_owned(), dir }
    }

    /// `lastlook witness` on the folder of this name.
    pub fn command(world: &World, name: &str) -> Command {
        let key = ok(world, &["keys", "export"]);
        let mut command = world.lastlook(&["witness", "--name", &format!("witness.example/{name}")]);
        command.arg("--dir").arg(world.at(name)).arg("--log").arg(key.trim());
        command
    }

    /// Its section of the configuration.
    pub fn section(&self, name: &str) -> String {
        section(name, self.port, &self.key)
    }

    /// Kills it as a power cut would.
    pub fn kill(mut self) -> PathBuf {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.dir.clone()
    }

    /// Waits until it was killed by the signal.
    pub fn died(&mut self) {
        assert_eq!(self.child.wait().unwrap().signal(), Some(9));
    }

    /// The body is sent as a request to cosign; gives the status and the answer.
    pub fn add(&self, body: &str) -> (u16, String) {
        post(self.port, "/add-checkpoint", body.as_bytes())
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn section(name: &str, port: u16, key: &str) -> String {
    format!("[witness.{name}]\nurl = \"http://127.0.0.1:{port}\"\nkey = \"{key}\"\nprivate = true\n")
}

/// One request, and the status and body that came back.
pub fn post(port: u16, path: &str, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: w\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.split(' ').nth(1).map_or(0, |status| status.parse().unwrap());
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

/// A world with a state, and no witness yet.
pub fn world() -> World {
    let world = World::new();
    world.configure("");
    world.agent().close();
    world
}

pub fn run(world: &World, words: &[&str]) -> Said {
    Said::of(world.lastlook(words).output().unwrap())
}

#[track_caller]
pub fn ok(world: &World, words: &[&str]) -> String {
    let said = run(world, words);
    assert_eq!(said.code, 0, "{words:?}: {said:?}");
    said.out
}

/// The `n`-th effect runs; gives its receipt's id.
#[track_caller]
pub fn act(agent: &mut Client, n: u64) -> String {
    let result = agent.call("write_note", write_args(n));
    assert_eq!(became(&result), "ran", "{result}");
    crate::records::rig::receipt(&result)
}

/// What `log witness` says of the one log, and its exit code.
pub fn asked(world: &World) -> (i32, Value) {
    let said = run(world, &["log", "witness", "--json"]);
    let all = lines(&said.out);
    let first = all.into_iter().find(|line| line["size"].as_u64() > Some(0));
    (said.code, first.unwrap_or_else(|| panic!("{said:?}")))
}

/// The receipt as a file, once it carries as many cosignatures.
pub fn receipt_with(world: &World, id: &str, cosignatures: usize) -> String {
    until("the receipt is cosigned", || {
        let file = ok(world, &["receipt", id]);
        let receipt: Value = serde_json::from_str(&file).unwrap();
        let note = receipt["checkpoint"].as_str().unwrap().to_owned();
        (note.matches('\u{2014}').count() == cosignatures + 1).then_some(file)
    })
}

/// The checkpoint of the only log that is not the roster.
pub fn checkpoint(world: &World) -> String {
    let all = ok(world, &["log", "checkpoints"]);
    let end = all.find("\n\n").unwrap() + 2;
    let line = all[end..].find('\n').unwrap() + 1;
    all[..end + line].to_owned()
}

/// A file in the world's folder.
pub fn put(world: &World, name: &str, text: &str) -> String {
    world.file(name, text).display().to_string()
}

/// The world's key, pinned.
pub fn key(world: &World) -> String {
    put(world, "lastlook.pub", &ok(world, &["keys", "export"]))
}

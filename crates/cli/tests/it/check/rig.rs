//! Notes behind a boundary with guards: facts from a read tool, a database and a web server, and policies.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use crate::records::rig::{Said, World};

/// Guards on the notes server; `RATE` is the web server's address.
const CONFIG: &str = r#"
[principal]
id = 'User::"ada"'
groups = ['Role::"writers"']

[policy]
file = "policy.cedar"

[upstream.notes]
command = ["PROGRAM", "demo-notes-server", "NOTES"]

[database.shop]
sqlite = "SHOP"

[tool."notes.read_note"]
class = "read"
[tool."notes.list_notes"]
class = "read"
[tool."notes.write_note"]
class = "destructive"
[tool."notes.edit_note"]
class = "destructive"
[tool."notes.delete_note"]
class = "destructive"

[fact.note]
mcp = { tool = "notes.read_note", args = { path = "${args.path}" } }

[fact.row]
sql = { database = "shop", query = "select owner, locked from notes where path = $1", params = ["${args.path}"] }
shape = { owner = "String", locked = "Long" }

[fact.rate]
http = { url = "RATE/rate", private = true }

[guard.write]
on = ["notes.write_note"]
resource = 'Note::"${args.path}"'
unchanged = ["note"]
facts = ["rate"]
when = 'now.row.locked == 0 && args.content != ""'
once = { key = "write:${args.path}", per = "1h" }
limit = [{ count = 2, per = "1d" }]
lease = "note:${args.path}"
"#;

const POLICY: &str = r#"@id("writers-write")
permit (principal in Role::"writers", action == Action::"notes.write_note", resource);

@id("all-read")
permit (principal, action in Action::"read", resource);

@id("no-secrets")
@reason("secrets are nobody's to write")
forbid (principal, action == Action::"notes.write_note", resource)
when { context.args.path == "secret.md" };
"#;

/// What guards look at, and the program.
pub struct Rig {
    pub world: World,
    pub web: Web,
}

impl Rig {
    pub fn new() -> Rig {
        Rig::changed(|text| text)
    }

    /// With a change of the operator's mind.
    pub fn changed(change: impl Fn(String) -> String) -> Rig {
        let rig = Rig { world: World::new(), web: Web::new(r#"{"rate": 3}"#) };
        rig.world.put("a.md", "hello\n");
        rig.sql("create table notes (path text primary key, owner text, locked integer); insert into notes values ('a.md', 'ada', 0)");
        rig.write("policy.cedar", POLICY);
        rig.configure(&change(CONFIG.to_owned()));
        rig
    }

    /// The configuration, its words filled in.
    pub fn configure(&self, text: &str) {
        let notes = self.world.path("notes");
        let shop = self.world.path("shop.db");
        let words = [
            ("PROGRAM", env!("CARGO_BIN_EXE_lastlook").to_owned()),
            ("NOTES", notes.display().to_string()),
            ("SHOP", shop.display().to_string()),
            ("RATE", format!("http://{}", self.web.address)),
        ];
        let text = words.into_iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, &value));
        self.write("lastlook.toml", &text);
    }

    /// A file for its owner alone.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.world.path(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub fn sql(&self, text: &str) {
        rusqlite::Connection::open(self.world.path("shop.db")).unwrap().execute_batch(text).unwrap();
    }

    /// The program on this configuration and this state.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.world.lastlook(words);
        command.arg("--config").arg(self.world.path("lastlook.toml"));
        command
    }

    pub fn run(&self, words: &[&str]) -> Said {
        Said::of(self.command(words).output().unwrap())
    }

    /// What a command printed, without what differs from run to run; it must end with this code.
    #[track_caller]
    pub fn says(&self, code: i32, words: &[&str]) -> String {
        let said = self.run(words);
        assert_eq!(said.code, code, "{said:?}");
        self.plain(&said.out)
    }

    /// Text without what differs from run to run and from machine to machine.
    pub fn plain(&self, text: &str) -> String {
        let text = text.replace(self.world.temp.path().to_str().unwrap(), "…");
        let text = text.replace(env!("CARGO_BIN_EXE_lastlook"), "lastlook");
        let text = text.replace(&self.web.address.to_string(), "web");
        let lines = text.lines().filter(|line| {
            // Clock, disk and user differ from machine to machine, and so does the advice about them.
            let own = ["clock: ", "time zones: ", "disk: ", "user: "];
            let advice = ["timedatectl", "as a user of its own", "make room"];
            !own.iter().chain(&advice).any(|word| line.contains(word))
        });
        // And so does how many warnings there are in all.
        let lines = lines.map(|line| match line.split_once(", ") {
            Some((problems, _)) if line.ends_with(" warning") || line.ends_with(" warnings") => problems,
            _ => line,
        });
        lines.map(|line| without_numbers(line) + "\n").collect()
    }

    /// Every file below the folder and when it was changed.
    pub fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect(self.world.temp.path(), &mut files);
        files.sort();
        files
    }
}

/// Times and sizes, which differ from run to run, as dots.
fn without_numbers(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let units = ["ms", "ms)", "µs", "µs)", "MiB", "s)"];
    let shown = words.iter().enumerate().map(|(at, word)| {
        let counted = words.get(at + 1).is_some_and(|next| units.contains(next));
        if counted && word.starts_with(|c: char| c.is_ascii_digit()) { "#" } else { word }
    });
    shown.collect::<Vec<_>>().join(" ").replace("# µs", "# ms")
}

fn collect(folder: &Path, files: &mut Vec<String>) {
    for item in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let meta = item.metadata().unwrap();
        match meta.is_dir() {
            true => collect(&item.path(), files),
            false => files.push(format!("{} {:?}", item.path().display(), meta.modified().unwrap())),
        }
    }
}

/// A web server on loopback with one answer.
pub struct Web {
    pub address: SocketAddr,
    asked: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Web {
    pub fn new(body: &'static str) -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (asked_in, over_in) = (Arc::clone(&asked), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over_in.load(Ordering::SeqCst) {
                    return;
                }
                answer(stream.unwrap(), body, &asked_in);
            }
        });
        Web { address, asked, over, thread: Some(thread) }
    }

    /// How many requests came.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// One request, one answer, and goodbye.
fn answer(mut stream: TcpStream, body: &str, asked: &AtomicUsize) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.extend(byte),
            _ => return,
        }
    }
    asked.fetch_add(1, Ordering::SeqCst);
    let length = body.len();
    let _ = write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
}

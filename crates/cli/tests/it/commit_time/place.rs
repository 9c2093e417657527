//! A server with the part of the world that it acts on, and everything of it that somebody else can reach.

use std::cell::{Cell, RefCell};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::real::rig::{Rig, clean, succeeded};

/// How long a yes counts, in every guard here and for whoever approves once.
pub const EXPIRES: Duration = Duration::from_secs(15 * 60);

/// The name the agent acts under, and that of an approver with a key of their own.
pub const REQUESTER: &str = "desk";

/// Who says yes.
pub const OWNER: &str = "ada";

/// One server, its world, and one state that the boundary in front of it writes to.
pub struct Place {
    rig: Rig,
    upstream: &'static str,
    command: Vec<String>,
    variables: Vec<(&'static str, String)>,
    ahead: Cell<u64>,
    socket: RefCell<PathBuf>,
}

impl Place {
    /// A place whose server is started by `command`.
    pub fn new(upstream: &'static str, rig: Rig, command: Vec<String>) -> Place {
        let socket = RefCell::new(rig.beside("no.sock"));
        Place { rig, upstream, command, variables: Vec::new(), ahead: Cell::new(0), socket }
    }

    /// The same with a variable for the server.
    pub fn with(mut self, name: &'static str, value: String) -> Place {
        self.variables.push((name, value));
        self
    }

    /// Writes the configuration (who acts, the server, then `more`) and makes the two people known.
    pub fn configured(self, principal: &str, more: &str) -> Place {
        let (upstream, command) = (self.upstream, json!(self.command));
        let text = format!(
            "[principal]\nid = '{principal}'\n\n[defaults]\nmax_gap = \"1m\"\n\n\
             [upstream.{upstream}]\ncommand = {command}\n{more}"
        );
        self.private("lastlook.toml", &text);
        for (name, by) in [(OWNER, None), (REQUESTER, Some(OWNER))] {
            self.private(&format!("{name}.pass"), &format!("the passphrase of {name}\n"));
            let mut words = vec!["approvers", "add", name, "--group", "Role::\"owner\"", "--passphrase-file"];
            let (own, other) = (self.pass(name), by.map(|by| self.pass(by)));
            words.push(&own);
            if let (Some(by), Some(other)) = (by, &other) {
                words.extend(["--by", by, "--by-passphrase-file", other]);
            }
            succeeded("approvers add", self.lastlook(&words));
        }
        self
    }

    /// The file with the passphrase of somebody.
    pub fn pass(&self, name: &str) -> String {
        self.rig.beside(&format!("{name}.pass")).to_str().unwrap().to_owned()
    }

    fn private(&self, name: &str, text: &str) {
        let file = self.rig.beside(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The server with nothing before it.
    pub fn straight(&self) -> Client {
        let [program, words @ ..] = &self.command[..] else { panic!("no command") };
        let mut command = self.clean(program);
        command.args(words).env("TAU2_SOCKET", self.socket_of("straight"));
        opened(command)
    }

    /// The server behind a boundary.
    pub fn guarded(&self) -> Client {
        let mut command = self.command();
        command.args(["mcp", "--upstream", self.upstream]);
        command.env("TAU2_SOCKET", self.socket_of("guarded"));
        opened(command)
    }

    /// Runs `lastlook …` on the state of this place.
    pub fn lastlook(&self, words: &[&str]) -> Output {
        self.command().args(words).output().unwrap()
    }

    fn command(&self) -> Command {
        let mut command = self.clean(env!("CARGO_BIN_EXE_lastlook"));
        command.arg("--state").arg(self.rig.state());
        command.arg("--config").arg(self.rig.beside("lastlook.toml"));
        command.env("LASTLOOK_CLOCK_AHEAD", self.rig.beside("ahead"));
        command
    }

    /// A command without anybody's own settings.
    pub fn clean(&self, program: &str) -> Command {
        let mut command = clean(program, &self.rig.beside("home"), &self.rig.beside("unused"));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// So much time passes, by the clocks of the boundary.
    pub fn passes(&self, time: Duration) {
        self.ahead.set(self.ahead.get() + time.as_secs());
        let (whole, new) = (self.rig.beside("ahead"), self.rig.beside("ahead.new"));
        // Moved into its place: half a number is a number too.
        std::fs::write(&new, self.ahead.get().to_string()).unwrap();
        std::fs::rename(new, whole).unwrap();
    }

    /// The folder of the world, outside of which the record and the rules lie.
    pub fn at(&self, name: &str) -> String {
        self.rig.path(name)
    }

    /// Writes a file around every server.
    pub fn put(&self, name: &str, text: &str) {
        self.rig.put(name, text);
    }

    /// A file as it is; `-` where there is none.
    pub fn text(&self, name: &str) -> String {
        self.rig.text(name).unwrap_or_else(|| "-".to_owned())
    }

    /// How many effects the record says happened.
    pub fn on_record(&self) -> usize {
        let printed = succeeded("log", self.lastlook(&["log", "--json"]));
        let lines = serde_json::Deserializer::from_slice(&printed).into_iter::<Value>();
        lines.map(Result::unwrap).filter(|line| line["outcome"] == json!("succeeded")).count()
    }

    /// From here on the world of a server that keeps it in its memory is that of this one: `straight` or `guarded`.
    pub fn world_of(&self, who: &str) {
        *self.socket.borrow_mut() = self.socket_of(who);
    }

    fn socket_of(&self, who: &str) -> PathBuf {
        self.rig.beside(&format!("{who}.sock"))
    }

    /// Asks the second way into such a server's memory.
    pub fn ask(&self, question: &Value) -> Value {
        let mut stream = UnixStream::connect(&*self.socket.borrow()).unwrap();
        stream.write_all(format!("{question}\n").as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

fn opened(mut command: Command) -> Client {
    let mut client = Client::spawn(&mut command);
    client.initialize();
    client
}

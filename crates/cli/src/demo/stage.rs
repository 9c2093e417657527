//! What a story is told with: a folder of notes, processes around it, and ways to find out what really happened.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use serde_json::Value;

use super::client::{Answer, Client, Era};
use super::notes_server::{Effect, read_effects};
use super::timeline::Timeline;

/// The file in a story's folder that gets the error streams of its processes.
pub const STDERR: &str = "stderr.log";

/// How long anything that is waited for may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// One story's folder, program and voice.
#[derive(Debug)]
pub struct Stage<'a> {
    exe: &'a Path,
    root: PathBuf,
    /// Where the story is told.
    pub timeline: &'a mut Timeline,
}

/// One line of `lastlook log --json`, as far as the stories need it.
#[derive(Debug, Clone)]
pub struct Logged {
    /// The receipt's id.
    pub receipt: String,
    /// `refused`, `outcome`, `operator`, …
    pub kind: String,
    /// `allow`, `hold` or `deny`; empty when the line has none.
    pub verdict: String,
    /// The reasons' codes.
    pub codes: Vec<String>,
    /// `succeeded`, `failed` or `unknown`; empty when the line has none.
    pub outcome: String,
}

impl<'a> Stage<'a> {
    /// Makes the story's folders.
    pub fn set(exe: &'a Path, root: &Path, timeline: &'a mut Timeline) -> anyhow::Result<Self> {
        for folder in ["notes", "home", "receipts"] {
            std::fs::create_dir_all(root.join(folder))?;
        }
        Ok(Self { exe, root: root.to_owned(), timeline })
    }

    /// Writes a note directly, around every server: what "somebody else" does.
    pub fn put(&self, note: &str, text: &str) -> std::io::Result<()> {
        std::fs::write(self.root.join("notes").join(note), text)
    }

    /// The note as it is on disk.
    pub fn note(&self, note: &str) -> anyhow::Result<String> {
        std::fs::read_to_string(self.root.join("notes").join(note))
            .with_context(|| format!("cannot read `{note}`"))
    }

    /// What the notes servers of this story did, in order.
    pub fn effects(&self) -> anyhow::Result<Vec<Effect>> {
        read_effects(&self.root.join("effects.jsonl"))
    }

    /// What the notes servers of this story did to one note.
    pub fn effects_on(&self, note: &str) -> anyhow::Result<Vec<Effect>> {
        Ok(self.effects()?.into_iter().filter(|effect| effect.path == note).collect())
    }

    /// The calls that reached a server started with `--arrivals`.
    pub fn arrivals(&self) -> anyhow::Result<Vec<Effect>> {
        read_effects(&self.arrivals_file())
    }

    /// Where a server's arrivals are logged.
    pub fn arrivals_file(&self) -> PathBuf {
        self.root.join("arrivals.jsonl")
    }

    /// A client whose server stands behind a boundary of its own; all boundaries of a story share one state.
    pub fn agent(&self, name: &'static str, era: Era) -> anyhow::Result<Client> {
        self.slow_agent(name, era, &[])
    }

    /// The same, with variables that make its server slow: see [`super::notes_server`].
    pub fn slow_agent(
        &self,
        name: &'static str,
        era: Era,
        variables: &[(&str, &OsStr)],
    ) -> anyhow::Result<Client> {
        let mut command = self.command();
        command
            .arg("mcp")
            .arg("--state")
            .arg(self.state())
            .arg("--")
            .arg(self.exe)
            .envs(variables.iter().copied());
        self.notes_server(&mut command);
        Client::start(name, era, &mut command, &self.stderr())
    }

    /// A client directly at the server, with no boundary between.
    pub fn unguarded(&self, name: &'static str, era: Era) -> anyhow::Result<Client> {
        let mut command = self.command();
        self.notes_server(&mut command);
        Client::start(name, era, &mut command, &self.stderr())
    }

    /// Runs `lastlook …` on this story's state.
    pub fn lastlook(&self, args: &[&str]) -> anyhow::Result<Output> {
        let mut command = self.command();
        let output = command.args(args).arg("--state").arg(self.state()).output();
        output.with_context(|| format!("cannot run `lastlook {}`", args.join(" ")))
    }

    /// Runs `lastlook …` on this story's state; anything but success is an error.
    pub fn lastlook_ok(&self, args: &[&str]) -> anyhow::Result<Vec<u8>> {
        let output = self.lastlook(args)?;
        let (said, complained) = (text(&output.stdout), text(&output.stderr));
        anyhow::ensure!(output.status.success(), "`lastlook {}` failed\n{said}{complained}", args.join(" "));
        Ok(output.stdout)
    }

    /// The lines of `lastlook log` that are receipts or operators' words, oldest first.
    pub fn log(&self) -> anyhow::Result<Vec<Logged>> {
        let printed = self.lastlook_ok(&["log", "--json"])?;
        let lines: Result<Vec<Value>, _> =
            serde_json::Deserializer::from_slice(&printed).into_iter().collect();
        let logged = lines
            .context("`lastlook log --json` printed something else")?
            .iter()
            .map(logged)
            .collect::<Vec<_>>();
        Ok(logged
            .into_iter()
            .filter(|line| matches!(line.kind.as_str(), "refused" | "outcome" | "operator"))
            .collect())
    }

    /// The newest line of the log, once it is one that `wanted` accepts.
    pub fn log_until(&self, what: &str, wanted: impl Fn(&Logged) -> bool) -> anyhow::Result<Logged> {
        self.until(what, || Ok(self.log()?.into_iter().rev().find(&wanted)))
    }

    /// Looks again and again until there is something to see.
    pub fn until<T>(
        &self,
        what: &str,
        mut look: impl FnMut() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(seen) = look()? {
                return Ok(seen);
            }
            if Instant::now() > deadline {
                bail!("waited {} s in vain until {what}", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Exports a receipt, verifies it as a stranger would, and returns what it states (its predicate).
    ///
    /// A copy with one character changed must not verify: a verifier that says yes to everything proves nothing.
    pub fn proven(&mut self, receipt: &str) -> anyhow::Result<Value> {
        let folder = self.root.join("receipts");
        let key = folder.join("lastlook.pub");
        std::fs::write(&key, self.lastlook_ok(&["keys", "export"])?)?;
        let exported = self.lastlook_ok(&["receipt", receipt])?;
        let statement = statement(&exported)?;
        let verdict = |bytes: &[u8], name: &str| -> anyhow::Result<Output> {
            let file = folder.join(name);
            std::fs::write(&file, bytes)?;
            // No `--state`: the receipt and the pinned key must be enough.
            let output = self.command().arg("verify").arg(&file).arg("--key").arg(&key).output();
            output.context("cannot run `lastlook verify`")
        };
        let genuine = verdict(&exported, &format!("{receipt}.json"))?;
        let forged = verdict(&forge(&exported)?, &format!("{receipt}.forged.json"))?;
        let told = format!("receipt {} verifies offline; a changed copy does not", short(receipt));
        let held = genuine.status.success() && forged.status.code() == Some(1);
        self.timeline.holds(&told, held, || {
            format!(
                "genuine: {}{}changed: {}{}",
                genuine.status,
                text(&genuine.stderr),
                forged.status,
                text(&forged.stderr)
            )
        })?;
        Ok(statement)
    }

    /// Has an agent read a note, and says so.
    pub fn reads(&mut self, agent: &mut Client, note: &str) -> anyhow::Result<()> {
        let answer = agent.call("read_note", serde_json::json!({"path": note}))?;
        anyhow::ensure!(!answer.is_error, "{} cannot read `{note}`: {}", agent.name, answer.text);
        self.timeline.does(agent.name, &format!("reads {note}"))?;
        Ok(())
    }

    /// Prints a refusal or an answer.
    pub fn hears(&mut self, answer: &Answer) -> std::io::Result<()> {
        self.timeline.says(if answer.is_error { "refused" } else { "answer" }, &answer.text)
    }

    fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    fn stderr(&self) -> PathBuf {
        self.root.join(STDERR)
    }

    /// The program, with nothing of the user's own settings.
    fn command(&self) -> Command {
        let mut command = Command::new(self.exe);
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LASTLOOK_"))
        {
            command.env_remove(name);
        }
        let home = self.root.join("home");
        command.env("HOME", &home).env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
        command
    }

    fn notes_server(&self, command: &mut Command) {
        command.arg("demo-notes-server").arg(self.root.join("notes"));
        command.arg("--effects").arg(self.root.join("effects.jsonl"));
    }
}

/// The first characters of an id: enough to find it again.
pub fn short(receipt: &str) -> &str {
    receipt.get(..12).unwrap_or(receipt)
}

/// Waits for nothing: tells whether a process has ended (a zombie has).
pub fn has_ended(pid: u32) -> bool {
    if let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) {
        return status.lines().any(|line| line.starts_with("State:") && line.contains(['Z', 'X']));
    }
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_none_or(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

fn logged(line: &Value) -> Logged {
    let member = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let codes = line.get("codes").and_then(Value::as_array).into_iter().flatten();
    Logged {
        receipt: member("receipt"),
        kind: member("kind"),
        verdict: member("verdict"),
        codes: codes.filter_map(|code| code.as_str().map(str::to_owned)).collect(),
        outcome: member("outcome"),
    }
}

/// Reads the predicate inside a receipt, without any code of the ledger.
fn statement(receipt: &[u8]) -> anyhow::Result<Value> {
    let receipt: Value = serde_json::from_slice(receipt).context("the exported receipt is not JSON")?;
    let payload = receipt.get("payload").and_then(Value::as_str).context("the receipt has no payload")?;
    let mut statement: Value =
        serde_json::from_slice(&base64::engine::general_purpose::STANDARD.decode(payload)?)?;
    statement.get_mut("predicate").map(Value::take).context("the receipt states nothing")
}

/// The same receipt with one character of its payload changed.
fn forge(receipt: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut receipt: Value = serde_json::from_slice(receipt)?;
    let payload = receipt.get_mut("payload").context("the receipt has no payload")?;
    let mut letters: Vec<char> = payload.as_str().unwrap_or_default().chars().collect();
    let middle = letters.len() / 2;
    if let Some(letter) = letters.get_mut(middle) {
        *letter = if *letter == 'A' { 'B' } else { 'A' };
    }
    *payload = Value::String(letters.into_iter().collect());
    Ok(serde_json::to_vec(&receipt)?)
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

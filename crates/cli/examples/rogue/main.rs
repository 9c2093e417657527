//! A misbehaving MCP server, for the boundary's tests: `rogue FOLDER [TRICK…]`.
//!
//! It keeps a few values in FOLDER (`get` reads one, `set` writes one) and does to its client what its tricks, and the
//! `mode` member of each call, say. It is as lenient as servers come: it takes batches, calls without an id, the last of
//! two equal keys, and, like a Python text stream, a carriage return for the end of a line. So whatever gets past the
//! boundary has its effect, and FOLDER tells of it:
//!
//! ```text
//! FOLDER/KEY.value     a value
//! FOLDER/effects.log   one JSON line for each effect, written when it happens: the oracle of the tests
//! FOLDER/seen.log      every line that came in, as it came
//! FOLDER/gate          a named pipe: `mode: wait` goes on when somebody opens it for writing
//! ```

mod call;
mod list;

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, Write as _};
use std::path::PathBuf;

use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut words = std::env::args().skip(1);
    let folder = PathBuf::from(words.next().ok_or(io::ErrorKind::InvalidInput)?);
    let tricks: Vec<String> = words.collect();
    let mut rogue = Rogue { folder, tricks, version: 1, held: Vec::new(), asking: None, times: Vec::new() };
    rogue.version = rogue.number("version").and_then(|n| n.try_into().ok()).unwrap_or(1);
    if rogue.has("die") {
        return Ok(());
    }
    if rogue.has("noise") {
        rogue.write("Listening on stdio…\n{\"not\": \"closed\"\n\u{1b}[32mready\u{1b}[0m\n\n[1, 2]\n7\n")?;
    }
    if rogue.has("deaf") {
        // Never reads, and ends only with its process.
        loop {
            std::thread::park();
        }
    }
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        rogue.append("seen.log", &line)?;
        for piece in line.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|piece| !piece.is_empty()) {
            match serde_json::from_slice(piece) {
                Ok(Value::Array(batch)) => batch.iter().try_for_each(|message| rogue.take(message, &line))?,
                Ok(message) => rogue.take(&message, &line)?,
                Err(error) => rogue.error(&Value::Null, -32700, &error.to_string())?,
            }
        }
        line.clear();
    }
    Ok(())
}

/// The server.
struct Rogue {
    folder: PathBuf,
    tricks: Vec<String>,
    /// Which version of its tools it lists.
    version: u32,
    /// Answers that wait for `notifications/go`.
    held: Vec<String>,
    /// An answer that waits for the client to answer first.
    asking: Option<String>,
    /// Every call so far, to count repetitions.
    times: Vec<Value>,
}

impl Rogue {
    fn has(&self, trick: &str) -> bool {
        self.tricks.iter().any(|word| word == trick)
    }

    /// The number behind `TRICK=`, if that trick was asked for.
    fn number(&self, trick: &str) -> Option<usize> {
        self.tricks.iter().find_map(|word| word.strip_prefix(trick)?.strip_prefix('=')?.parse().ok())
    }

    fn take(&mut self, message: &Value, line: &[u8]) -> io::Result<()> {
        let id = as_javascript_writes_it(message.get("id").unwrap_or(&Value::Null));
        let params = message.get("params").unwrap_or(&Value::Null);
        match message.get("method").and_then(Value::as_str) {
            Some("initialize") => {
                let result = json!({
                    "protocolVersion": params.get("protocolVersion"),
                    "capabilities": {"tools": {"listChanged": true}},
                    "serverInfo": {"name": "rogue", "version": "1"},
                });
                self.result(&id, &result)
            }
            Some("tools/list") => self.list(&id, params),
            Some("tools/call") => self.call(&id, params, line),
            Some("ping") => self.result(&id, &json!({})),
            Some("notifications/go") => {
                let held = std::mem::take(&mut self.held);
                held.iter().try_for_each(|answer| self.write(answer))
            }
            Some("notifications/change") => {
                self.version += 1;
                self.notify("notifications/tools/list_changed", &json!({}))
            }
            Some("notifications/change-silently") => {
                self.version += 1;
                Ok(())
            }
            Some("notifications/cancelled") => self.notify("notifications/cancel-arrived", params),
            Some("notifications/die") => std::process::exit(3),
            Some(method) if !id.is_null() => self.error(&id, -32601, &format!("no method `{method}`")),
            Some(_) => Ok(()),
            None => self.answered(&id),
        }
    }

    /// The client has answered a question of ours.
    fn answered(&mut self, id: &Value) -> io::Result<()> {
        match self.asking.take() {
            Some(answer) if id == "rogue-asks" => self.write(&answer),
            kept => {
                self.asking = kept;
                Ok(())
            }
        }
    }

    fn result(&self, id: &Value, result: &Value) -> io::Result<()> {
        self.write(frame(id, result))
    }

    fn error(&self, id: &Value, code: i32, message: &str) -> io::Result<()> {
        self.write(line_of(&json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})))
    }

    fn notify(&self, method: &str, params: &Value) -> io::Result<()> {
        self.write(line_of(&json!({"jsonrpc": "2.0", "method": method, "params": params})))
    }

    fn write(&self, text: impl AsRef<[u8]>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_ref())?;
        out.flush()
    }

    fn append(&self, log: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file: File = OpenOptions::new().create(true).append(true).open(self.folder.join(log))?;
        file.write_all(bytes)
    }
}

fn frame(id: &Value, result: &Value) -> String {
    line_of(&json!({"jsonrpc": "2.0", "id": id, "result": result}))
}

fn line_of(message: &Value) -> String {
    format!("{message}\n")
}

/// Numbers are doubles there: `1.0` comes back as `1`, and a large integer as the double next to it.
fn as_javascript_writes_it(id: &Value) -> Value {
    match id.as_f64() {
        Some(number) if number.fract() == 0.0 && number.abs() < 1e21 => {
            serde_json::from_str(&format!("{:.0}", number + 0.0)).unwrap_or_default()
        }
        Some(number) => json!(number),
        None => id.clone(),
    }
}

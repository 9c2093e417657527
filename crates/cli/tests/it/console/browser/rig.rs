//! A real Chromium, and what its pages did.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::console::rig::{Console, passphrase};
use crate::guards::world::World;
use crate::real::tools;

/// A browser with one window.
pub struct Browser {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    console: Console,
}

/// What a window is like.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub dark: bool,
    pub width: u32,
    pub height: u32,
    pub script: bool,
}

pub const DESKTOP: Window = Window { dark: false, width: 1000, height: 800, script: true };
pub const PHONE: Window = Window { dark: true, width: 375, height: 812, script: true };

/// What the pages did by themselves.
#[derive(Debug)]
pub struct Heard {
    /// The origins that requests went to, or would have.
    pub requests: Vec<String>,
    pub dialogs: Vec<String>,
    /// What stands on the browser's own console: errors of scripts, policies that were violated.
    pub messages: Vec<String>,
}

impl Browser {
    /// Starts a console and a browser, and opens the address that the console printed.
    pub fn open(world: &World) -> Browser {
        let console = Console::start(world);
        let mut driver = Command::new("node");
        driver.arg(tools::here("../console/browser/drive.mjs")).arg("chromium");
        driver.env("LASTLOOK_TOOLS", tools::folder()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = driver.spawn().unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let token = console.token.clone();
        let mut browser = Browser { child, input, output, console };
        browser.window(DESKTOP);
        browser.go(&format!("/?t={token}"));
        browser.at("/");
        browser
    }

    /// The console's own origin.
    pub fn origin(&self) -> String {
        format!("http://{}", self.console.host())
    }

    /// Another window in place of the one there is; the session goes along.
    pub fn window(&mut self, Window { dark, width, height, script }: Window) {
        self.tell("open", json!({"dark": dark, "width": width, "height": height, "script": script}));
    }

    /// Goes to a page of the console; gives the answer's status.
    pub fn go(&mut self, path: &str) -> u64 {
        let url = format!("{}{path}", self.origin());
        self.visit(&url)
    }

    /// Goes anywhere.
    pub fn visit(&mut self, url: &str) -> u64 {
        self.tell("go", json!({"url": url})).as_u64().unwrap()
    }

    /// Waits until it is at this page of the console.
    pub fn at(&mut self, path: &str) {
        let url = format!("{}{path}", self.origin());
        self.tell("at", json!({"url": url}));
    }

    /// Waits until this can be seen; gives its text.
    pub fn see(&mut self, what: &str) -> String {
        self.tell("see", json!({"what": what})).as_str().unwrap().to_owned()
    }

    /// How many there are of this, seen or not.
    pub fn count(&mut self, what: &str) -> u64 {
        self.tell("count", json!({"what": what})).as_u64().unwrap()
    }

    pub fn key(&mut self, key: &str) {
        self.tell("key", json!({"key": key}));
    }

    /// Types into whatever has the focus.
    pub fn types(&mut self, text: &str) {
        self.tell("type", json!({"text": text}));
    }

    pub fn click(&mut self, what: &str) {
        self.tell("click", json!({"what": what}));
    }

    pub fn fill(&mut self, what: &str, text: &str) {
        self.tell("fill", json!({"what": what, "text": text}));
    }

    /// The value of an expression in the page.
    pub fn look(&mut self, script: &str) -> Value {
        self.tell("look", json!({"script": script}))
    }

    /// Stands another site on this machine; gives its address.
    pub fn stand(&mut self, html: &str) -> String {
        self.tell("stand", json!({"html": html})).as_str().unwrap().to_owned()
    }

    pub fn picture(&mut self, file: &Path, whole: bool) {
        self.tell("picture", json!({"file": file, "whole": whole}));
    }

    /// axe-core finds nothing serious or critical on the page as it is, contrast included.
    #[track_caller]
    pub fn is_accessible(&mut self, what: &str) {
        let found = self.tell("axe", json!({}));
        assert_eq!(found, json!([]), "{what}");
    }

    /// Nothing of the page reaches past the window's right edge.
    #[track_caller]
    pub fn fits(&mut self, what: &str) {
        let widths = self.look("[document.documentElement.scrollWidth, window.innerWidth]");
        assert!(widths[0].as_u64() <= widths[1].as_u64(), "{what}: {widths}");
    }

    /// What the pages did by themselves so far.
    pub fn heard(&mut self) -> Heard {
        let told = self.tell("heard", json!({}));
        let texts = |name: &str| -> Vec<String> { serde_json::from_value(told[name].clone()).unwrap() };
        Heard { requests: texts("requests"), dialogs: texts("dialogs"), messages: texts("messages") }
    }

    /// The pages asked nobody but the console for anything, and did nothing that the browser complained about.
    #[track_caller]
    pub fn was_quiet(&mut self) {
        let Heard { requests, dialogs, messages } = self.heard();
        let own = self.origin();
        assert!(!requests.is_empty() && requests.iter().all(|origin| *origin == own), "{requests:?}");
        // Which status an answer has is nothing that a page did.
        let of_status =
            |said: &String| said.starts_with("Failed to load resource: the server responded with");
        let messages: Vec<String> = messages.into_iter().filter(|said| !of_status(said)).collect();
        assert_eq!((dialogs, messages), (Vec::new(), Vec::new()));
    }

    /// By keyboard alone, from the page of a request: `a` or `r`, then who, the passphrase and why.
    pub fn signs(&mut self, key: &str, name: &str) {
        self.key(key);
        for text in [name, &passphrase(name), "looked at it"] {
            self.types(text);
            self.key("Tab");
        }
        self.key("Enter");
    }

    fn tell(&mut self, what: &str, mut more: Value) -> Value {
        more["do"] = json!(what);
        writeln!(self.input.as_mut().unwrap(), "{more}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{what}: `{line}`"));
        assert!(told.get("failed").is_none(), "{what} {more}: {told}");
        told["is"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends the browser when nothing more can come.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

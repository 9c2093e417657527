//! A console, and a browser of the simplest kind.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::client::PATIENCE;
use crate::guards::world::World;

/// A console, opened by whoever got its address.
pub struct Console {
    child: Child,
    pub port: u16,
    pub token: String,
    pub cookie: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Console {
    /// Starts it; nobody has opened its address yet.
    pub fn start(world: &World) -> Console {
        let mut command = world.lastlook(&["console", "--json"]);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let address = said["address"].as_str().unwrap();
        let (host, token) = address.split_once("/?t=").unwrap();
        let port = host.strip_prefix("http://127.0.0.1:").unwrap().parse().unwrap();
        Console { child, port, token: token.to_owned(), cookie: String::new() }
    }

    /// Starts it and opens its address.
    pub fn open(world: &World) -> Console {
        let mut console = Console::start(world);
        let entered = console.get(&format!("/?t={}", console.token));
        assert_eq!(entered.status, 200, "{entered:?}");
        console.cookie = entered.header("set-cookie").split(';').next().unwrap().to_owned();
        console
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[("Host", &self.host()), ("Cookie", &self.cookie)], "")
    }

    /// A form as the page's own would be sent.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = format!("http://{}", self.host());
        self.post_with(path, &[("Host", &self.host()), ("Cookie", &self.cookie), ("Origin", &origin)], fields)
    }

    pub fn post_with(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let mut headers = headers.to_vec();
        headers.push(("Content-Type", "application/x-www-form-urlencoded"));
        self.ask("POST", path, &headers, &encoded(fields))
    }

    /// Sends this and nothing else.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = self.send(method, path, headers, body);
        let mut answer = Vec::new();
        // A server that refuses a body it did not read may reset the connection once it has answered.
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// Sends this, and does not wait.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        stream.write_all(text.as_bytes()).unwrap();
        stream
    }

    /// The seal of a form on a request's page.
    pub fn seal(&self, request: &str, word: &str) -> String {
        let page = self.get(&format!("/requests/{request}"));
        let form = page.body.split(&format!("action=\"/requests/{request}/{word}\"")).nth(1);
        let form = form.unwrap_or_else(|| panic!("no form to {word}: {page:?}"));
        form.split("name=\"seal\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    /// Fills a form in and sends it.
    pub fn says(&self, word: &str, request: &str, name: &str, passphrase: &str) -> Answer {
        let seal = self.seal(request, word);
        let fields =
            [("seal", seal.as_str()), ("name", name), ("passphrase", passphrase), ("reason", "looked at it")];
        self.post(&format!("/requests/{request}/{word}"), &fields)
    }

    /// Ctrl-C; how it ended.
    pub fn interrupt(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let found = self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        });
        found.unwrap_or_else(|| panic!("no {name}: {}", self.head))
    }
}

/// The passphrase that `introduce` gives.
pub fn passphrase(name: &str) -> String {
    format!("the passphrase of {name}")
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect::<Vec<_>>().join("&")
}

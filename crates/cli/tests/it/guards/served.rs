//! A rate server over HTTP whose word a test can change, or take away, between two questions.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// What the server answers.
#[derive(Debug, Clone)]
pub enum Says {
    /// A status line's code, headers and a body.
    Plain(u16, String, String),
    /// Nothing: the connection stays open.
    Nothing,
    /// One JSON after the other, and then all over again.
    InTurn(VecDeque<String>),
}

impl Says {
    /// This JSON.
    pub fn json(body: &str) -> Says {
        Says::Plain(200, String::new(), body.to_owned())
    }

    /// The answer to the next question.
    fn next(&mut self) -> Says {
        match self {
            Says::InTurn(turn) => {
                turn.rotate_left(1);
                turn.back().map_or(Says::Nothing, |body| Says::json(body))
            }
            says => says.clone(),
        }
    }
}

/// The server; it ends with the test's process.
pub struct Served {
    port: u16,
    says: Arc<Mutex<Says>>,
    asked: Arc<Mutex<usize>>,
}

impl Served {
    /// Starts it on a free port of the loopback interface.
    pub fn new(body: &str) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let says = Arc::new(Mutex::new(Says::json(body)));
        let asked = Arc::new(Mutex::new(0));
        let (word, count) = (Arc::clone(&says), Arc::clone(&asked));
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                let mut stream = stream;
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                *count.lock().unwrap() += 1;
                match word.lock().unwrap().next() {
                    Says::Nothing | Says::InTurn(_) => silent.push(stream),
                    Says::Plain(code, headers, body) => {
                        let head = format!(
                            "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
                            body.len()
                        );
                        let _ = stream
                            .write_all(head.as_bytes())
                            .and_then(|()| stream.write_all(body.as_bytes()));
                    }
                }
            }
        });
        Served { port, says, asked }
    }

    /// What it answers from now on.
    pub fn say(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    /// This JSON from now on.
    pub fn json(&self, body: &str) {
        self.say(Says::json(body));
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/rate", self.port)
    }
}

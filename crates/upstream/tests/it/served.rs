//! An HTTP server of the test's own on loopback: answers are bytes, written as the test says.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Gets the head of a request and writes the answer.
type Answer = dyn Fn(&str, &mut TcpStream) + Send + Sync;

/// A server that answers until it is dropped.
pub struct Served {
    pub address: SocketAddr,
    /// The heads of the requests that came.
    pub heads: Arc<Mutex<Vec<String>>>,
    /// How many connections were made.
    pub connections: Arc<AtomicUsize>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    pub fn new(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (heads, connections) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicUsize>::default());
        let (open, over) = (Arc::<Mutex<Vec<TcpStream>>>::default(), Arc::<AtomicBool>::default());
        let answer: Arc<Answer> = Arc::new(answer);
        let (heads_in, connections_in) = (Arc::clone(&heads), Arc::clone(&connections));
        let (open_in, over_in) = (Arc::clone(&open), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over_in.load(Ordering::SeqCst) {
                    return;
                }
                let stream = stream.unwrap();
                connections_in.fetch_add(1, Ordering::SeqCst);
                open_in.lock().unwrap().push(stream.try_clone().unwrap());
                let (answer, heads) = (Arc::clone(&answer), Arc::clone(&heads_in));
                std::thread::spawn(move || attend(stream, &*answer, &heads));
            }
        });
        Served { address, heads, connections, open, over, thread: Some(thread) }
    }

    /// One answer for every request.
    pub fn always(answer: impl Into<Vec<u8>>) -> Served {
        let answer = answer.into();
        Served::new(move |_, stream| drop(stream.write_all(&answer)))
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Requests have no bodies here: a head ends with an empty line.
fn attend(mut stream: TcpStream, answer: &Answer, heads: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while let Ok(1) = stream.read(&mut byte) {
        head.push(byte[0]);
        if head.ends_with(b"\r\n\r\n") {
            let text = String::from_utf8(std::mem::take(&mut head)).unwrap();
            heads.lock().unwrap().push(text.clone());
            answer(&text, &mut stream);
        }
    }
}

/// A whole answer with these header lines (each without its line end) and this body.
pub fn answer(status: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

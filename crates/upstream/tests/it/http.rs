use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::Instant;

use lastlook_upstream::source::http::{HttpAsk, HttpClient};
use lastlook_upstream::source::{Bounds, Got, SourceError};

use crate::certificate::{Certificate, run_again};
use crate::served::{Served, answer};
use crate::{BOUNDS, SHORT, refused, run, value};

fn ask(url: String) -> HttpAsk {
    HttpAsk { url, headers: Vec::new(), redirects: false, private: true }
}

fn get(ask: &HttpAsk, bounds: &Bounds) -> Result<Got, SourceError> {
    run(async { HttpClient::new().unwrap().get(ask, bounds).await })
}

fn check(reply: Vec<u8>, expect: &str) {
    let served = Served::always(reply);
    assert_eq!(value(get(&ask(served.url("/")), &BOUNDS)), expect);
}

#[test]
fn a_body_is_json_when_it_parses_strictly_and_else_text() {
    check(
        answer("200 OK", &[], r#"{"a":1.50,"b":[1e400]}"#),
        r#"{"body":{"a":1.50,"b":[1e400]},"status":200}"#,
    );
    check(answer("200 OK", &[], r#"{"a":1,"a":2}"#), r#"{"body":"{\"a\":1,\"a\":2}","status":200}"#);
    check(answer("200 OK", &["content-type: text/plain"], "hello\n"), r#"{"body":"hello\n","status":200}"#);
    check(answer("200 OK", &[], ""), r#"{"body":"","status":200}"#);
}

#[test]
fn absence_and_failure_are_facts() {
    check(answer("404 Not Found", &[], "{}"), r#"{"body":{},"status":404}"#);
    check(answer("503 Busy", &[], "later"), r#"{"body":"later","status":503}"#);
    check(answer("302 Found", &["location: /other"], ""), r#"{"body":"","status":302}"#);
    check(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), r#"{"body":"","status":204}"#);
}

#[test]
fn the_version_and_the_time_come_from_the_headers() {
    let headers = ["etag: \"v7\"", "last-modified: Sun, 06 Nov 1994 08:49:37 GMT"];
    let served = Served::always(answer("200 OK", &headers, "1"));
    let got = get(&ask(served.url("/")), &BOUNDS).unwrap();
    assert_eq!(got.version.as_deref(), Some("\"v7\""));
    assert_eq!(got.as_of_ns, Some(784_111_777_000_000_000));
}

#[test]
fn headers_are_sent_and_never_shown() {
    let served = Served::always(answer("200 OK", &[], "1"));
    let mut ask = ask(served.url("/rates?key=hidden"));
    ask.headers.push(("Authorization".to_owned(), "Bearer hidden".to_owned()));
    get(&ask, &BOUNDS).unwrap();
    let head = served.heads.lock().unwrap()[0].to_lowercase();
    assert!(head.starts_with("get /rates?key=hidden http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nauthorization: bearer hidden\r\n"), "{head}");
    assert!(!head.contains("accept-encoding"), "{head}");
    assert!(!format!("{ask:?}").contains("hidden"));
    ask.headers.push(("x-bad".to_owned(), "hidden\r\nx: y".to_owned()));
    assert_eq!(refused(get(&ask, &BOUNDS)), "the header `x-bad` cannot be sent");
}

#[test]
fn no_error_shows_the_address() {
    let served = Served::new(|_, stream| drop(stream.write_all(b"nonsense\r\n\r\n")));
    let Err(SourceError::Gone(broken)) = get(&ask(served.url("/?key=hidden")), &BOUNDS) else { panic!() };
    let dead = served.url("/?key=hidden");
    drop(served);
    let Err(SourceError::Gone(nobody)) = get(&ask(dead), &BOUNDS) else { panic!() };
    assert!(nobody.starts_with("no connection: "), "{nobody}");
    assert!(!broken.contains("hidden") && !nobody.contains("hidden"), "{broken} / {nobody}");
}

#[test]
fn what_is_no_text_is_no_fact() {
    let mut bytes = answer("200 OK", &[], "xx");
    let end = bytes.len();
    bytes[end - 2..].copy_from_slice(&[0xff, 0xfe]);
    let served = Served::always(bytes);
    assert!(matches!(get(&ask(served.url("/")), &BOUNDS), Err(SourceError::NotPlain(_))));
    let served = Served::always(answer("200 OK", &["content-encoding: gzip"], "1"));
    assert!(matches!(get(&ask(served.url("/")), &BOUNDS), Err(SourceError::NotPlain(_))));
    let served = Served::always(answer("200 OK", &["etag: \"a\"", "etag: \"b\""], "1"));
    assert!(matches!(get(&ask(served.url("/")), &BOUNDS), Err(SourceError::NotPlain(_))));
}

#[test]
fn a_body_is_bounded_whether_it_says_its_length_or_not() {
    let ten = Bounds { max_bytes: 10, ..BOUNDS };
    let too_large = Err(SourceError::TooLarge { at_most: 10 });
    let served = Served::always(answer("200 OK", &[], "0123456789"));
    assert_eq!(value(get(&ask(served.url("/")), &ten)), r#"{"body":"0123456789","status":200}"#);
    let served = Served::always(answer("200 OK", &[], "0123456789a"));
    assert_eq!(get(&ask(served.url("/")), &ten), too_large);
    let endless = Served::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        while stream.write_all(b"4\r\nbomb\r\n").is_ok() {}
    });
    assert_eq!(get(&ask(endless.url("/")), &ten), too_large);
}

#[test]
fn silence_and_dripping_end_with_the_time() {
    let silent = Served::new(|_, _| {});
    let dripping = Served::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(20)); // backoff: a body that never stops and never gets anywhere.
        }
    });
    let heads = Served::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"x: y\r\n").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(20)); // backoff: a head that never stops.
        }
    });
    for served in [silent, dripping, heads] {
        let begun = Instant::now();
        assert_eq!(get(&ask(served.url("/")), &SHORT), Err(SourceError::Late));
        assert!(begun.elapsed() < SHORT.timeout * 20);
    }
}

#[test]
fn an_answer_that_breaks_off_is_no_fact() {
    let served = Served::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345");
        let _ = stream.shutdown(std::net::Shutdown::Both);
    });
    assert!(matches!(get(&ask(served.url("/")), &BOUNDS), Err(SourceError::Gone(_))));
}

#[test]
fn redirects_are_followed_within_their_origin_and_a_few_times() {
    let served = Served::new(|head, stream| {
        let path = head.split(' ').nth(1).unwrap();
        let step: Option<u32> = path.trim_start_matches('/').parse().ok();
        let reply = match step {
            Some(0) | None => answer("200 OK", &[], "\"there\""),
            Some(step) => answer("307 Temporary Redirect", &[&format!("location: {}", step - 1)], ""),
        };
        let _ = stream.write_all(&reply);
    });
    let follow = |path: &str| get(&HttpAsk { redirects: true, ..ask(served.url(path)) }, &BOUNDS);
    assert_eq!(value(follow("/5")), r#"{"body":"there","status":200}"#);
    assert_eq!(refused(follow("/6")), "more than 5 redirects");
}

#[test]
fn a_redirect_to_another_origin_is_refused_and_nothing_is_sent_there() {
    let other = Served::always(answer("200 OK", &[], "1"));
    for location in [
        other.url("/"),
        format!("http://localhost:{}/", other.address.port()),
        format!("//{}/", other.address),
        "https://127.0.0.1/".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
    ] {
        let served = Served::always(answer("302 Found", &[&format!("location: {location}")], ""));
        let mut ask = HttpAsk { redirects: true, ..ask(served.url("/")) };
        ask.headers.push(("authorization".to_owned(), "hidden".to_owned()));
        assert!(refused(get(&ask, &BOUNDS)).contains("another origin"), "{location}");
    }
    for location in ["file:///etc/passwd", "http://name:hidden@127.0.0.1/", "http://127.0.0.1:x/"] {
        let served = Served::always(answer("302 Found", &[&format!("location: {location}")], ""));
        let error = get(&HttpAsk { redirects: true, ..ask(served.url("/")) }, &BOUNDS).unwrap_err();
        assert!(!error.to_string().contains("hidden"), "{error}");
    }
    assert_eq!(other.connections.load(Ordering::SeqCst), 0);
}

#[test]
fn a_private_address_is_not_reached_in_any_spelling_or_by_any_name() {
    let served = Served::always(answer("200 OK", &[], "1"));
    let port = served.address.port();
    let hosts = [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "017700000001",
        "127.1",
        "0",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::]",
        "127。0。0。1",
    ];
    for host in hosts {
        let ask = HttpAsk { private: false, ..ask(format!("http://{host}:{port}/")) };
        match get(&ask, &BOUNDS) {
            Err(SourceError::Refused(why)) => assert!(why.contains("not public"), "{host}: {why}"),
            // Not every system resolves these.
            Err(SourceError::Gone(_)) if ["LOCALHOST.", "a.localhost"].contains(&host) => {}
            other => panic!("{host}: {other:?}"),
        }
    }
    assert_eq!(served.connections.load(Ordering::SeqCst), 0);
    let ask = HttpAsk { private: true, ..ask(format!("http://localhost:{port}/")) };
    assert_eq!(value(get(&ask, &BOUNDS)), r#"{"body":1,"status":200}"#);
}

#[test]
fn a_connection_to_a_private_address_is_not_used_for_a_public_request() {
    let served = Served::always(answer("200 OK", &[], "1"));
    let url = format!("http://localhost:{}/", served.address.port());
    run(async {
        let client = HttpClient::new().unwrap();
        client.get(&ask(url.clone()), &BOUNDS).await.unwrap();
        client.get(&ask(url.clone()), &BOUNDS).await.unwrap();
        assert_eq!(served.connections.load(Ordering::SeqCst), 1);
        let public = HttpAsk { private: false, ..ask(url) };
        assert!(refused(client.get(&public, &BOUNDS).await).contains("not public"));
    });
}

/// Python's own server, with TLS when it gets a certificate and a key.
struct Python {
    process: std::process::Child,
    port: String,
}

impl Python {
    fn new(folder: &Path, tls: Option<&Certificate>) -> Python {
        let script = "import functools, http.server, ssl, sys\n\
            handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])\n\
            server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)\n\
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n\
            if len(sys.argv) > 2:\n    \
                context.load_cert_chain(sys.argv[2], sys.argv[3])\n    \
                server.socket = context.wrap_socket(server.socket, server_side=True)\n\
            print(server.server_port, flush=True)\n\
            server.serve_forever()";
        let mut command = Command::new("python3");
        command.args(["-c", script]).arg(folder);
        if let Some(tls) = tls {
            command.arg(&tls.certificate).arg(&tls.key);
        }
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut port = String::new();
        let mut output = std::io::BufReader::new(process.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut output, &mut port).unwrap();
        Python { process, port: port.trim().to_owned() }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn a_server_that_nobody_here_wrote_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rate.json"), r#"{"rate": 1.10}"#).unwrap();
    let server = Python::new(folder.path(), None);
    let got = get(&ask(format!("http://127.0.0.1:{}/rate.json", server.port)), &BOUNDS).unwrap();
    assert_eq!(crate::shown(&got.value), r#"{"body":{"rate":1.10},"status":200}"#);
    assert!(got.as_of_ns.is_some());
}

/// Set for the run of this test's own program that trusts the certificate.
const TRUSTING: &str = "LASTLOOK_TEST_HTTPS_URL";

#[test]
fn https_is_verified() {
    if let Ok(url) = std::env::var(TRUSTING) {
        assert_eq!(value(get(&ask(url), &BOUNDS)), r#"{"body":1,"status":200}"#);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.json"), "1").unwrap();
    let certificate = Certificate::new();
    let server = Python::new(folder.path(), Some(&certificate));
    let url = format!("https://localhost:{}/one.json", server.port);
    let Err(SourceError::Gone(why)) = get(&ask(url.clone()), &BOUNDS) else { panic!() };
    assert!(why.contains("certificate"), "{why}");
    let trusting = |url: &str| run_again("http::https_is_verified", TRUSTING, url, &certificate.certificate);
    let good = trusting(&url);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stdout));
    let other_name = trusting(&url.replace("localhost", "127.0.0.1"));
    assert!(!other_name.status.success());
    assert!(String::from_utf8_lossy(&other_name.stdout).contains("certificate"));
}

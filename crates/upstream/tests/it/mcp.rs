use std::path::Path;
use std::time::{Duration, Instant};

use lastlook_upstream::child::ChildSpec;
use lastlook_upstream::source::mcp::McpClient;
use lastlook_upstream::source::{Bounds, SourceError};

use crate::command::exe;
use crate::{BOUNDS, SHORT, json, run, shown, value};

/// A server of few lines that writes down what happens to it.
const SERVER: &str = r#"
import json, os, sys
log = open(sys.argv[1], "a")
mode = sys.argv[2] if len(sys.argv) > 2 else ""
print(os.getpid(), file=log, flush=True)
def send(message): print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
def text(value): return {"content": [{"type": "text", "text": value}]}
for line in sys.stdin:
    message = json.loads(line)
    print(message.get("method", "answer " + json.dumps(message.get("result", message.get("error", {}).get("code")))), file=log, flush=True)
    method, id, params = message.get("method"), message.get("id"), message.get("params", {})
    if method == "initialize":
        if mode == "mute": continue
        send({"id": "theirs-1", "method": "ping"})
        send({"id": 2, "method": "roots/list"})
        send({"method": "notifications/message", "params": {"level": "info", "data": "noise"}})
        print("this is no frame", flush=True)
        version = "1999-01-01" if mode == "old" else params["protocolVersion"]
        send({"id": id, "result": {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": {"name": "few-lines", "version": "1"}}})
    elif method == "tools/list":
        page = int(params.get("cursor", "0"))
        if mode == "circle": send({"id": id, "result": {"tools": [], "nextCursor": "0"}})
        else:
            more = {"nextCursor": str(page + 1)} if page < 2 else {}
            send({"id": id, "result": {"tools": [{"name": "tool%d" % page, "inputSchema": {"type": "object"}}], **more}})
    elif method == "tools/call":
        name = params["name"]
        if name == "echo": send({"id": id, "result": {"structuredContent": {"seen": params["arguments"]}, "content": []}})
        elif name == "large": send({"id": id, "result": text("x" * 200000)})
        elif name == "fail": send({"id": id, "error": {"code": -32602, "message": "no such order"}})
        elif name == "error": send({"id": id, "result": {"isError": True, **text("not today")}})
        elif name == "twice": print('{"jsonrpc":"2.0","id":%s,"result":{"content":[],"content":[]}}' % json.dumps(id), flush=True)
        elif name == "die": os._exit(3)
        elif name == "silent": pass
print("end of input", file=log, flush=True)
if mode == "stay":
    while True: pass
"#;

struct Server {
    folder: tempfile::TempDir,
    mode: &'static str,
}

impl Server {
    fn new(mode: &'static str) -> Server {
        Server { folder: tempfile::tempdir().unwrap(), mode }
    }

    fn spec(&self) -> ChildSpec {
        let log = self.folder.path().join("log").display().to_string();
        let command = ["python3", "-c", SERVER, &log, self.mode].map(str::to_owned).to_vec();
        ChildSpec { command, cwd: None, env: Default::default() }
    }

    async fn client(&self) -> McpClient {
        McpClient::start(&exe(), &self.spec(), &BOUNDS).await.unwrap()
    }

    fn log(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn is_gone(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.log()[0])).unwrap_or_default();
        stat.rsplit_once(')').is_none_or(|(_, rest)| matches!(rest.trim().chars().next(), Some('Z' | 'X')))
    }

    fn wait_until_gone(&self) {
        let begun = Instant::now();
        while !self.is_gone() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the server lives on");
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_server_is_started_asked_and_ended() {
    let server = Server::new("");
    run(async {
        let client = server.client().await;
        assert_eq!(
            client.server().pointer("/serverInfo/name").and_then(|name| name.as_str()),
            Some("few-lines")
        );
        let tools = client.tools(&BOUNDS).await.unwrap();
        let names: Vec<_> = tools.iter().map(|tool| tool.get("name").unwrap().as_str().unwrap()).collect();
        assert_eq!(names, ["tool0", "tool1", "tool2"]);
        let asked = json(r#"{"id": 7, "amount": 1.50}"#);
        let got = client.call("echo", &asked, &BOUNDS).await;
        assert_eq!(value(got), r#"{"seen":{"amount":1.5,"id":7}}"#);
        // Answers to the server's own requests are sent beside all this, each when its turn comes.
        let begun = Instant::now();
        while server.log().iter().filter(|line| line.starts_with("answer ")).count() < 2 {
            assert!(begun.elapsed() < Duration::from_secs(60), "not answered: {:?}", server.log());
            tokio::task::yield_now().await;
        }
        client.close().await;
    });
    assert!(server.is_gone());
    let log = server.log();
    assert_eq!(log[1], "initialize");
    assert!(log.iter().any(|line| line == "notifications/initialized"), "{log:?}");
    assert!(log.iter().any(|line| line == "answer {}"), "the ping was answered: {log:?}");
    assert!(log.iter().any(|line| line == "answer -32601"), "the roots were declined: {log:?}");
    assert_eq!(log.last().unwrap(), "end of input");
}

#[test]
fn what_is_no_fact_says_why() {
    let server = Server::new("");
    run(async {
        let client = server.client().await;
        let none = json("{}");
        let not_plain = |why: &str| Err(SourceError::NotPlain(why.to_owned()));
        let failed = client.call("fail", &none, &BOUNDS).await;
        assert_eq!(failed, not_plain("the server answered with an error: no such order"));
        let error = client.call("error", &none, &BOUNDS).await;
        assert_eq!(error, not_plain("the tool answered with an error: not today"));
        assert_eq!(client.call("silent", &none, &SHORT).await, Err(SourceError::Late));
        let bounds = Bounds { max_bytes: 100_000, ..BOUNDS };
        assert_eq!(
            client.call("large", &none, &bounds).await,
            Err(SourceError::TooLarge { at_most: 100_000 })
        );
        // Not read as an answer at all: two readers could see two things in it.
        assert_eq!(client.call("twice", &none, &SHORT).await, Err(SourceError::Late));
        assert_eq!(value(client.call("echo", &none, &BOUNDS).await), r#"{"seen":{}}"#);
        let gone = client.call("die", &none, &BOUNDS).await;
        assert_eq!(gone, Err(SourceError::Gone("the server is gone".to_owned())));
        assert!(matches!(client.call("echo", &none, &BOUNDS).await, Err(SourceError::Gone(_))));
        client.close().await;
    });
}

#[test]
fn a_handshake_that_fails_leaves_nothing_running() {
    let server = Server::new("old");
    let error = run(async { McpClient::start(&exe(), &server.spec(), &BOUNDS).await.unwrap_err() });
    assert!(matches!(error, SourceError::NotPlain(_)), "{error:?}");
    server.wait_until_gone();
    let error =
        run(async { McpClient::start(&exe(), &Server::new("mute").spec(), &SHORT).await.unwrap_err() });
    assert_eq!(error, SourceError::Late);
    let spec = ChildSpec { command: vec!["no-such-server".to_owned()], cwd: None, env: Default::default() };
    let error = run(async { McpClient::start(&exe(), &spec, &BOUNDS).await.unwrap_err() });
    assert!(error.to_string().contains("was not found"), "{error}");
}

#[test]
fn a_handshake_that_nobody_waits_for_leaves_nothing_running() {
    let server = Server::new("mute");
    let spec = server.spec();
    run(async {
        let waiting = tokio::spawn(async move { McpClient::start(&exe(), &spec, &BOUNDS).await.map(drop) });
        let deadline = Instant::now() + Duration::from_secs(60);
        while !server.log().iter().any(|line| line == "initialize") {
            assert!(Instant::now() < deadline, "nobody said `initialize`: {:?}", server.log());
            tokio::task::yield_now().await;
        }
        waiting.abort();
    });
    server.wait_until_gone();
}

#[test]
fn a_tool_list_that_goes_in_circles_ends() {
    let server = Server::new("circle");
    run(async {
        let client = server.client().await;
        let error = client.tools(&BOUNDS).await.unwrap_err();
        assert_eq!(error, SourceError::NotPlain("the server's tool list does not end".to_owned()));
        client.close().await;
    });
}

#[test]
fn a_server_that_stays_is_ended_and_a_dropped_client_ends_its_own() {
    let server = Server::new("stay");
    run(async { server.client().await.close().await });
    assert!(server.is_gone());
    let server = Server::new("");
    run(async { drop(server.client().await) });
    server.wait_until_gone();
}

#[test]
fn several_calls_are_under_way_at_once() {
    let server = Server::new("");
    run(async {
        let client = server.client().await;
        let arguments: Vec<_> = (0..50).map(|n| json(&format!("{{\"n\":{n}}}"))).collect();
        let calls = arguments.iter().map(|arguments| client.call("echo", arguments, &BOUNDS));
        for (arguments, got) in arguments.iter().zip(futures_util::future::join_all(calls).await) {
            assert_eq!(shown(got.unwrap().value.get("seen").unwrap()), shown(arguments));
        }
        client.close().await;
    });
}

#[test]
fn a_server_that_nobody_here_wrote_is_read() {
    let tools =
        Path::new(&std::env::var_os("LASTLOOK_TOOLS").expect("`cargo xtask tools` sets the tools up"))
            .to_owned();
    let server = tools.join("node/node_modules/@modelcontextprotocol/server-filesystem/dist/index.js");
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().canonicalize().unwrap();
    std::fs::write(real.join("a.json"), r#"{"status": "paid"}"#).unwrap();
    let command = vec!["node".to_owned(), server.display().to_string(), real.display().to_string()];
    run(async {
        let spec = ChildSpec { command, cwd: None, env: Default::default() };
        let client = McpClient::start(&exe(), &spec, &BOUNDS).await.unwrap();
        let tools = client.tools(&BOUNDS).await.unwrap();
        assert!(tools.iter().any(|tool| tool.get("name").unwrap().as_str() == Some("read_text_file")));
        let asked = json(&format!(r#"{{"path": "{}"}}"#, real.join("a.json").display()));
        let got = client.call("read_text_file", &asked, &BOUNDS).await.unwrap();
        assert_eq!(shown(&got.value), r#"{"content":"{\"status\": \"paid\"}"}"#);
        client.close().await;
    });
}

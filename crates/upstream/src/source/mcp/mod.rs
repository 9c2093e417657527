//! A read tool of an MCP server: the one content of its answer.
//!
//! [`McpClient`] starts a server for the boundary's own use and speaks `2025-11-25` to it. [`reduce`] makes a value of a
//! `CallToolResult`, whoever asked for it.

mod reader;
mod reduce;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lastlook_canon::{Json, Limits, lexical, parse};

use super::{Bounds, Got, SourceError, quoted, within};
use crate::child::{ChildSpec, ProcessGroup};
use crate::{CallError, Link};
use reader::Server;

pub use reduce::reduce;

/// The revision of MCP that the boundary asks servers of its own for.
pub const REVISION: &str = "2025-11-25";

/// Revisions in which lists of tools, calls of tools and their answers are what they are in [`REVISION`], that one included.
pub const KNOWN_REVISIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", REVISION];

/// Pages of a tool list: more are a server that goes round in circles.
const MOST_PAGES: usize = 1000;

/// How long a server has to end by itself once its standard input is closed.
const GRACE: Duration = Duration::from_secs(2);

/// A server that the boundary started for itself.
///
/// Dropping it ends the server at once; [`McpClient::close`] lets it end by itself first.
#[derive(Debug)]
pub struct McpClient {
    server: Server,
    said: Json,
}

impl McpClient {
    /// Starts a server and shakes hands with it. `exe` is our own executable; [`Bounds`] are for the handshake.
    ///
    /// Must be called inside the runtime; the server lives as long as the client, whatever thread this is called on.
    pub async fn start(exe: &Path, spec: &ChildSpec, bounds: &Bounds) -> Result<McpClient, SourceError> {
        let server = within(bounds, reader::start(exe, spec)).await?;
        let mut client = McpClient { server, said: Json::Null };
        client.said = client.shake_hands(bounds).await?;
        Ok(client)
    }

    /// True once the server has ended, or closed its side.
    pub fn is_gone(&self) -> bool {
        self.server.link.is_gone() || *self.server.ended.borrow()
    }

    /// The connection, for whoever judges calls on it.
    pub fn link(&self) -> &Arc<Link> {
        &self.server.link
    }

    /// The server's process group.
    pub fn group(&self) -> &ProcessGroup {
        &self.server.group
    }

    /// What the server said of itself: its `initialize` result.
    pub fn server(&self) -> &Json {
        &self.said
    }

    /// Every tool the server lists, all pages, each as the server wrote it. [`Bounds`] are for all pages together.
    pub async fn tools(&self, bounds: &Bounds) -> Result<Vec<Json>, SourceError> {
        within(bounds, async {
            let (mut tools, mut cursor, mut left) = (Vec::new(), None, bounds.max_bytes);
            for _ in 0..MOST_PAGES {
                let params = Json::object(cursor.clone().map(|cursor: Json| ("cursor", cursor)));
                let at_most = Bounds { max_bytes: left, ..*bounds };
                let (page, size) = self.ask("tools/list", &params, &at_most).await?;
                left = left.saturating_sub(size);
                let listed = page.get("tools").and_then(Json::as_array);
                tools.extend_from_slice(listed.ok_or_else(|| not_plain("the server's tool list is none"))?);
                match page.get("nextCursor") {
                    None | Some(Json::Null) => return Ok(tools),
                    Some(next) if cursor.as_ref() == Some(next) => break,
                    Some(next) => cursor = Some(next.clone()),
                }
            }
            Err(not_plain("the server's tool list does not end"))
        })
        .await
    }

    /// Calls a tool and reduces its answer. [`Bounds::max_bytes`] bounds the whole answer frame.
    pub async fn call(&self, tool: &str, arguments: &Json, bounds: &Bounds) -> Result<Got, SourceError> {
        let params = Json::object([("name", tool.into()), ("arguments", arguments.clone())]);
        let (result, _) = self.ask("tools/call", &params, bounds).await?;
        Ok(Got { value: reduce(&result)?, version: None, as_of_ns: None })
    }

    /// Ends the server: closes its standard input, gives it two seconds, and ends what is left of its process group.
    pub async fn close(mut self) {
        self.server.link.close();
        if tokio::time::timeout(GRACE, self.server.ended.wait_for(|ended| *ended)).await.is_err() {
            self.server.kill();
        }
        // The reader waits for the process: nothing is left of it after this.
        let _ = self.server.ended.wait_for(|ended| *ended).await;
    }

    async fn shake_hands(&self, bounds: &Bounds) -> Result<Json, SourceError> {
        let us = Json::object([("name", "lastlook".into()), ("version", env!("CARGO_PKG_VERSION").into())]);
        let params = Json::object([
            ("protocolVersion", REVISION.into()),
            ("capabilities", Json::Object(Vec::new())),
            ("clientInfo", us),
        ]);
        let (said, _) = self.ask("initialize", &params, bounds).await?;
        let version = said.get("protocolVersion").and_then(Json::as_str).unwrap_or_default();
        if !KNOWN_REVISIONS.contains(&version) {
            let version = quoted(version);
            return Err(not_plain(&format!(
                "the server speaks version `{version}` of the protocol, and we do not"
            )));
        }
        let ready: &[u8] = b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n";
        self.server.link.notify(ready.into()).await.map_err(|_| gone())?;
        Ok(said)
    }

    /// The result of one request, and the size of its frame.
    async fn ask(&self, method: &str, params: &Json, bounds: &Bounds) -> Result<(Json, usize), SourceError> {
        let frame = self.server.link.call(method, &lexical(params), bounds.timeout).await.map_err(
            |error| match error {
                CallError::Late => SourceError::Late,
                CallError::Gone => gone(),
            },
        )?;
        if frame.is_empty() || frame.len() > bounds.max_bytes {
            return Err(SourceError::TooLarge { at_most: bounds.max_bytes });
        }
        let answer = parse(&frame, &Limits::default());
        let answer = answer.map_err(|error| not_plain(&format!("the answer is not strict JSON: {error}")))?;
        if let Some(error) = answer.get("error") {
            let message = quoted(error.get("message").and_then(Json::as_str).unwrap_or("no message"));
            return Err(not_plain(&format!("the server answered with an error: {message}")));
        }
        let result = answer.get("result").cloned();
        Ok((result.ok_or_else(|| not_plain("the answer has no result"))?, frame.len()))
    }
}

fn not_plain(why: &str) -> SourceError {
    SourceError::NotPlain(why.to_owned())
}

fn gone() -> SourceError {
    SourceError::Gone("the server is gone".to_owned())
}

//! What the two directions share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use lastlook_canon::{members, string_of};
use lastlook_engine::{Boundary, recovery};
use lastlook_upstream::pipe::Pipe;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio_util::task::TaskTracker;

use super::elicit::Asks;
use super::in_flight::InFlight;
use super::listing::Lister;

/// The `_meta` key under which MCP 2026-07-28 names the revision of each request.
const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// The one under which it names the client.
const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";

/// The client's end of the proxy: everything that is written to it goes through here.
pub(super) type ClientPipe = Pipe<std::fs::File>;

/// One client's session with one server.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) boundary: Arc<Boundary>,
    pub(super) client: Arc<ClientPipe>,
    pub(super) in_flight: InFlight,
    pub(super) lister: Lister,
    /// Set when one side has gone, or the process is to end: nobody is waited for any more.
    pub(super) ends: AtomicBool,
    /// What the client was asked.
    pub(super) asks: Asks,
    /// What the slips of this state begin with.
    pub(super) slip_prefix: String,
    pub(super) runtime: Handle,
    /// Attempts under way, and whatever else must not be cut off at the end.
    pub(super) attempts: TaskTracker,
    /// Set once what dead writers left armed has been marked.
    recovered: OnceCell<()>,
    /// How often the server was complained of.
    complaints: AtomicU32,
}

/// How many complaints about the server are shown: nobody may be reading them, and a full pipe would hold us up.
const MOST_COMPLAINTS: u32 = 10;

/// Which era a request belongs to: what its answer must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Era {
    /// Revisions with a handshake, up to 2025-11-25.
    Session,
    /// 2026-07-28 and later: each request names its revision, each result its type.
    Stateless,
}

impl Session {
    pub(super) fn new(
        boundary: Arc<Boundary>,
        client: Arc<ClientPipe>,
        asks: Asks,
        runtime: Handle,
    ) -> Session {
        Session {
            ends: AtomicBool::new(false),
            asks,
            slip_prefix: boundary.slip_prefix(),
            boundary,
            client,
            in_flight: InFlight::default(),
            lister: Lister::default(),
            runtime,
            attempts: TaskTracker::new(),
            recovered: OnceCell::new(),
            complaints: AtomicU32::new(0),
        }
    }

    /// Writes frames to the client; false when it takes nothing any more.
    pub(super) fn give(&self, frames: &[u8]) -> bool {
        let given = self.client.write(frames);
        if let Err(error) = &given {
            tracing::debug!("the client is gone: {error}");
        }
        given.is_ok()
    }

    /// Sends the server a frame of ours, without waiting until it takes it.
    pub(super) fn tell_server(&self, frame: Vec<u8>) {
        let link = Arc::clone(self.boundary.link());
        self.runtime.spawn(async move {
            if let Err(error) = link.notify(frame.into()).await {
                tracing::debug!("the server no longer reads: {error}");
            }
        });
    }

    /// Says what the server did wrong, the first few times.
    pub(super) fn complain(&self, what: &str) {
        match self.complaints.fetch_add(1, Ordering::Relaxed) {
            before if before < MOST_COMPLAINTS => tracing::warn!("{what}"),
            MOST_COMPLAINTS => tracing::warn!("the server goes on like that; no more of these are shown"),
            _ => tracing::debug!("{what}"),
        }
    }

    /// Marks what dead writers left armed: once a session, and whoever needs it done waits for it.
    pub(super) async fn recovered(&self) {
        self.recovered.get_or_init(|| recovery::mark_dead(&self.boundary)).await;
    }

    /// The era of a request, from its raw params; remembers what the boundary's own requests must carry.
    pub(super) fn era(&self, params: Option<&[u8]>) -> Era {
        let Some(meta) = params.and_then(members).and_then(|params| params.get("_meta")) else {
            return Era::Session;
        };
        let names_revision = members(meta).is_some_and(|meta| meta.get(PROTOCOL_VERSION).is_some());
        if !names_revision {
            return Era::Session;
        }
        self.boundary.note_meta(meta);
        self.note_agent(members(meta).and_then(|meta| meta.get(CLIENT_INFO)));
        Era::Stateless
    }

    /// Remembers what the client calls itself, from its raw `Implementation`.
    pub(super) fn note_agent(&self, info: Option<&[u8]>) {
        if let Some(name) = info.and_then(members).and_then(|info| info.get("name")).and_then(string_of) {
            self.boundary.note_agent(&name);
        }
    }

    /// The params of one of the boundary's own requests: the client's `_meta`, and a cursor.
    pub(super) fn own_params(&self, cursor: Option<&str>) -> Vec<u8> {
        let meta = self.boundary.meta();
        let mut params = Vec::from(b"{");
        if let Some(meta) = &meta {
            params.extend_from_slice(b"\"_meta\":");
            params.extend_from_slice(meta);
        }
        if let Some(cursor) = cursor {
            if meta.is_some() {
                params.push(b',');
            }
            params.extend_from_slice(b"\"cursor\":");
            params.extend_from_slice(serde_json::Value::from(cursor).to_string().as_bytes());
        }
        params.push(b'}');
        lastlook_upstream::without_progress_token(&params)
    }
}

//! The connections over which facts are read, made when they are first needed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lastlook_canon::Json;
use lastlook_kernel::ToolName;
use lastlook_upstream::child::ChildSpec;
use lastlook_upstream::source::http::HttpClient;
use lastlook_upstream::source::mcp::McpClient;
use lastlook_upstream::source::sql::{Database, SqlSource};
use lastlook_upstream::source::{Bounds, Got, SourceError};
use tokio::sync::{Mutex, OnceCell};

/// Where facts are read: databases, other MCP servers, HTTP.
#[derive(Debug)]
pub struct Sources {
    http: OnceCell<HttpClient>,
    databases: BTreeMap<String, Result<SqlSource, String>>,
    upstreams: BTreeMap<String, Upstream>,
    /// Our own executable, through which servers are started.
    exe: PathBuf,
}

#[derive(Debug)]
struct Upstream {
    spec: ChildSpec,
    client: Mutex<Option<Arc<McpClient>>>,
}

impl Sources {
    /// Nothing is connected yet. A database whose address could not be told is an error only when a fact asks for it.
    pub fn new(
        exe: PathBuf,
        databases: BTreeMap<String, Result<Database, String>>,
        upstreams: BTreeMap<String, ChildSpec>,
    ) -> Sources {
        let databases = databases
            .into_iter()
            .map(|(name, database)| {
                let source = database.and_then(|it| SqlSource::new(it).map_err(|error| error.to_string()));
                (name, source)
            })
            .collect();
        let upstreams = upstreams
            .into_iter()
            .map(|(name, spec)| (name, Upstream { spec, client: Mutex::new(None) }))
            .collect();
        Sources { http: OnceCell::new(), databases, upstreams, exe }
    }

    /// Our own executable, through which programs are started so that they die with us.
    pub(crate) fn exe(&self) -> &Path {
        &self.exe
    }

    pub(crate) async fn http(&self) -> Result<&HttpClient, SourceError> {
        self.http.get_or_try_init(|| async { HttpClient::new() }).await
    }

    pub(crate) fn sql(&self, name: &str) -> Result<&SqlSource, SourceError> {
        match self.databases.get(name) {
            Some(Ok(source)) => Ok(source),
            Some(Err(why)) => Err(SourceError::Gone(why.clone())),
            None => Err(SourceError::Gone(format!("there is no `[database.{name}]`"))),
        }
    }

    /// Asks a read tool of another upstream; one that has ended is started again.
    pub(crate) async fn mcp(
        &self,
        tool: &ToolName,
        args: &Json,
        bounds: &Bounds,
    ) -> Result<Got, SourceError> {
        let client = self.client(&tool.upstream, bounds).await?;
        client.call(&tool.tool, args, bounds).await
    }

    /// The connection to another upstream.
    pub async fn client(&self, upstream: &str, bounds: &Bounds) -> Result<Arc<McpClient>, SourceError> {
        let known = self
            .upstreams
            .get(upstream)
            .ok_or_else(|| SourceError::Gone(format!("there is no `[upstream.{upstream}]`")))?;
        let mut client = known.client.lock().await;
        if let Some(client) = client.as_ref().filter(|client| !client.is_gone()) {
            return Ok(Arc::clone(client));
        }
        let started = McpClient::start(&self.exe, &known.spec, bounds).await?;
        let started = Arc::new(started);
        *client = Some(Arc::clone(&started));
        Ok(started)
    }
}

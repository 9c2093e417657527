//! The MCP face of the notes, on the official SDK; the only file of the project that names it.
//!
//! The SDK speaks both lifecycles over standard input and output by itself: a client that opens with `initialize` gets a session of
//! at most 2025-11-25, one whose requests carry their own protocol version in `_meta` (or ask `server/discover` first) gets 2026-07-28.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock, Implementation, ServerCapabilities, ServerConfig};
use rmcp::{ErrorData, ServerHandler, ServiceExt as _, schemars, tool, tool_handler, tool_router};

use super::effects::EffectLog;
use super::folder::{Folder, NoteError, NotePath};

/// How long the server dawdles; tests use it to hit the moments between arrival, effect and answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    /// Between the arrival of a call and its effect.
    pub before_effect: Duration,
    /// Between the effect and the answer.
    pub before_answer: Duration,
}

/// The notes server.
#[derive(Debug)]
pub struct NotesServer {
    folder: Folder,
    effects: Option<EffectLog>,
    arrivals: Option<EffectLog>,
    pace: Pace,
    /// Held for an effect and its line in the log, so that the log has the order in which things happened.
    one_at_a_time: Mutex<()>,
    tool_router: ToolRouter<Self>,
}

/// Serves until the client closes its end.
pub async fn serve(notes: NotesServer) -> anyhow::Result<()> {
    serve_on(notes, rmcp::transport::io::stdio_pipes()).await
}

pub(super) async fn serve_on<R, W>(notes: NotesServer, pipes: (R, W)) -> anyhow::Result<()>
where
    R: tokio::io::AsyncRead + Send + Unpin + 'static,
    W: tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    use rmcp::service::ServerInitializeError::ConnectionClosed;
    match notes.serve(pipes).await {
        Ok(running) => Ok(running.waiting().await.map(drop)?),
        // A client that only looked whether the server starts.
        Err(ConnectionClosed(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Which note.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// The note's path, relative to the folder.
    path: String,
}

/// A whole note.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Whole {
    /// The note's path, relative to the folder.
    path: String,
    /// The whole new text.
    content: String,
}

/// One replacement.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Edit {
    /// The note's path, relative to the folder.
    path: String,
    /// The text to replace; it must occur exactly once.
    old_text: String,
    /// The text to put there.
    new_text: String,
}

/// Nothing to say.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

type Answer = Result<CallToolResult, ErrorData>;

#[tool_router]
impl NotesServer {
    /// Puts a server in front of a folder.
    pub fn new(folder: Folder, effects: Option<EffectLog>, arrivals: Option<EffectLog>, pace: Pace) -> Self {
        let tool_router = Self::tool_router();
        Self { folder, effects, arrivals, pace, one_at_a_time: Mutex::new(()), tool_router }
    }

    #[tool(
        description = "Read a note.",
        annotations(read_only_hint = true, idempotent_hint = true, open_world_hint = false)
    )]
    async fn read_note(&self, Parameters(Which { path }): Parameters<Which>) -> Answer {
        answer(NotePath::parse(&path).and_then(|path| self.folder.read(&path)))
    }

    #[tool(
        description = "List the paths of all notes.",
        annotations(read_only_hint = true, idempotent_hint = true, open_world_hint = false)
    )]
    async fn list_notes(&self, Parameters(Nothing {}): Parameters<Nothing>) -> Answer {
        answer(self.folder.list().map(|notes| notes.join("\n")))
    }

    #[tool(
        description = "Create a note, or replace its whole text.",
        annotations(
            read_only_hint = false,
            destructive_hint = true,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn write_note(&self, Parameters(Whole { path, content }): Parameters<Whole>) -> Answer {
        self.effect("write_note", &path, |folder, path| folder.write(path, &content)).await
    }

    #[tool(
        description = "Replace a piece of text that occurs exactly once in a note.",
        annotations(
            read_only_hint = false,
            destructive_hint = true,
            idempotent_hint = false,
            open_world_hint = false
        )
    )]
    async fn edit_note(&self, Parameters(Edit { path, old_text, new_text }): Parameters<Edit>) -> Answer {
        self.effect("edit_note", &path, |folder, path| folder.edit(path, &old_text, &new_text)).await
    }

    #[tool(
        description = "Delete a note.",
        annotations(
            read_only_hint = false,
            destructive_hint = true,
            idempotent_hint = true,
            open_world_hint = false
        )
    )]
    async fn delete_note(&self, Parameters(Which { path }): Parameters<Which>) -> Answer {
        self.effect("delete_note", &path, Folder::delete).await
    }
}

impl NotesServer {
    /// Does one effect. An error answer means that nothing happened; what happened and cannot be logged gets no answer at all.
    async fn effect(
        &self,
        tool: &str,
        path: &str,
        act: impl FnOnce(&Folder, &NotePath) -> Result<(), NoteError>,
    ) -> Answer {
        if let Some(Err(error)) = self.arrivals.as_ref().map(|log| log.append(tool, path)) {
            return answer(Err(format!("the log of arrivals cannot be written: {error}")));
        }
        pause(self.pace.before_effect).await;
        let done = NotePath::parse(path).and_then(|path| self.act_and_log(tool, &path, act));
        if done.is_ok() {
            pause(self.pace.before_answer).await;
        }
        answer(done.map(|()| format!("{tool}: `{path}` is done")))
    }

    fn act_and_log(
        &self,
        tool: &str,
        path: &NotePath,
        act: impl FnOnce(&Folder, &NotePath) -> Result<(), NoteError>,
    ) -> Result<(), NoteError> {
        let _alone = self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        act(&self.folder, path)?;
        if let Some(Err(error)) = self.effects.as_ref().map(|log| log.append(tool, &path.to_string())) {
            eprintln!("the effect log cannot be written, and its reader must not believe it: {error}");
            std::process::exit(1);
        }
        Ok(())
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for NotesServer {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("lastlook-demo-notes", env!("CARGO_PKG_VERSION")))
            .with_instructions("Notes are text files in one folder.")
    }
}

fn answer(said: Result<String, impl std::fmt::Display>) -> Answer {
    Ok(match said {
        Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
        Err(error) => CallToolResult::error(vec![ContentBlock::text(error.to_string())]),
    })
}

async fn pause(how_long: Duration) {
    if !how_long.is_zero() {
        tokio::time::sleep(how_long).await;
    }
}

//! Where facts come from: the boundary reads the world itself.
//!
//! One file or folder for each kind of source. Nothing here knows guards or templates: a request comes in with every
//! value filled in, and one [`Got`] or one [`SourceError`] goes out.
//!
//! - [`http`]: one GET, with private addresses refused at the connection itself.
//! - [`sql`]: one statement that reads, held to reading by the database.
//! - [`file`]: what lies at a path, and where that path really leads.
//! - [`command`]: one program, run to its end, never through a shell.
//! - [`mcp`]: a read tool of an MCP server.
//!
//! Every source is bounded in time and size by [`Bounds`], and none of them repeats what it could not read: whether to
//! look again is for whoever asked.

pub mod command;
pub mod file;
pub mod http;
pub mod mcp;
pub mod sql;

use std::future::Future;
use std::time::Duration;

use lastlook_canon::Json;

/// What a source answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    /// The value; its shape depends on the source.
    pub value: Json,
    /// The source's own name for this state of the value: equal versions are equal states.
    pub version: Option<String>,
    /// When the value was true by the source's own clock, in nanoseconds since the Unix epoch.
    pub as_of_ns: Option<i64>,
}

/// How long a reading may take and how large it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// From the question to the whole answer, connecting and queueing included.
    pub timeout: Duration,
    /// The most bytes of an answer; what is counted stands at each source.
    pub max_bytes: usize,
}

/// Why a source brought nothing, in one sentence for an operator.
///
/// No sentence holds a secret, a bound value or a full address: only names that stand in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// No answer in time.
    #[error("no answer in time")]
    Late,
    /// Nobody is there to answer, or it went away while it did.
    #[error("{0}")]
    Gone(String),
    /// The answer is larger than was allowed.
    #[error("the answer is larger than {at_most} bytes")]
    TooLarge {
        /// What was allowed.
        at_most: usize,
    },
    /// There is an answer, and it cannot be taken as a fact.
    #[error("{0}")]
    NotPlain(String),
    /// The request is one that the boundary, or the source, does not carry out.
    #[error("{0}")]
    Refused(String),
    /// The source answered that there is no such thing.
    #[error("there is no such record")]
    Absent,
}

/// Ends `work` when its time is over.
pub(crate) async fn within<T>(
    bounds: &Bounds,
    work: impl Future<Output = Result<T, SourceError>>,
) -> Result<T, SourceError> {
    tokio::time::timeout(bounds.timeout, work).await.unwrap_or(Err(SourceError::Late))
}

/// Runs what blocks beside the runtime. It has to end by itself: nothing waits for it once its time is over.
async fn beside<T: Send + 'static>(
    bounds: &Bounds,
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    within(bounds, async {
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|_| Err(SourceError::Gone("the reading was broken off".to_owned())))
    })
    .await
}

/// Somebody else's words in a sentence of ours: one line, no control characters, not for ever.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 200;
    let line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(LONGEST).and_then(|(end, _)| line.get(..end)) {
        Some(start) => format!("{start}…"),
        None => line,
    }
}

/// The cause behind all causes: what the operating system or the peer said.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    quoted(&cause.to_string())
}

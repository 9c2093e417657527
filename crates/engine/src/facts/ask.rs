//! From a fact's templates to what is asked of its source.

use std::path::PathBuf;
use std::time::Duration;

use lastlook_canon::{Digest, Json};
use lastlook_kernel::{Condition, FactSpec, Place, Scope, Source, ToolName, Unfilled};
use lastlook_upstream::source::command::CommandAsk;
use lastlook_upstream::source::http::HttpAsk;
use lastlook_upstream::source::sql::SqlAsk;

/// A fact's question, its holes filled.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    /// A read tool.
    Mcp { tool: ToolName, args: Json },
    /// A GET request.
    Http(HttpAsk),
    /// A statement.
    Sql { database: String, ask: SqlAsk },
    /// A file.
    File(PathBuf),
    /// A program.
    Command(CommandAsk),
    /// Earlier attempts.
    Ledger { tool: ToolName, matching: Option<Condition>, within: Option<Duration> },
}

/// Why a fact could not be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAsk {
    /// An argument is missing or may not stand there.
    #[error(transparent)]
    Unfilled(#[from] Unfilled),
    /// A variable that holds a secret is not set.
    #[error("the variable `{0}` is not set")]
    NoVariable(String),
}

impl Ask {
    /// A digest of what the `Debug` of a question keeps to itself, because it may hold secrets.
    pub(super) fn unshown(&self) -> Digest {
        match self {
            Ask::Http(ask) => {
                let headers =
                    ask.headers.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
                let parts: Vec<&[u8]> = std::iter::once(ask.url.as_bytes()).chain(headers).collect();
                Digest::of("lastlook/question/v1", &parts)
            }
            Ask::Mcp { .. } | Ask::Sql { .. } | Ask::File(_) | Ask::Command(_) | Ask::Ledger { .. } => {
                Digest::of("lastlook/question/v1", &[])
            }
        }
    }

    /// Fills the templates of `spec`.
    pub(crate) fn new(spec: &FactSpec, scope: &Scope<'_>) -> Result<Ask, NoAsk> {
        Ask::with(spec, scope, |name| std::env::var(name).ok())
    }

    /// The same; `variable` says what stands in the environment.
    pub(crate) fn with(
        spec: &FactSpec,
        scope: &Scope<'_>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Ask, NoAsk> {
        Ok(match &spec.source {
            Source::Mcp { tool, args } => {
                Ask::Mcp { tool: tool.clone(), args: args.fill(scope, Place::Value)? }
            }
            Source::Http { url, headers, redirects, private } => Ask::Http(HttpAsk {
                url: url.text(scope, Place::Url)?,
                headers: headers
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), secret(value, &variable)?)))
                    .collect::<Result<_, NoAsk>>()?,
                redirects: *redirects,
                private: *private,
            }),
            Source::Sql { database, query, params, many, version } => Ask::Sql {
                database: database.clone(),
                ask: SqlAsk {
                    query: query.clone(),
                    params: params
                        .iter()
                        .map(|param| param.fill(scope, Place::Value))
                        .collect::<Result<_, _>>()?,
                    many: *many,
                    version: version.clone(),
                },
            },
            Source::File { path } => Ask::File(PathBuf::from(path.text(scope, Place::Path)?)),
            Source::Command { argv, cwd, env } => Ask::Command(CommandAsk {
                argv: argv.iter().map(|word| word.text(scope, Place::Word)).collect::<Result<_, _>>()?,
                cwd: cwd.as_ref().map(PathBuf::from),
                env: env.clone(),
            }),
            Source::Ledger { tool, matching, within } => {
                Ask::Ledger { tool: tool.clone(), matching: matching.clone(), within: *within }
            }
        })
    }
}

/// A header's value: itself, or that of a variable when it is `env:NAME`.
fn secret(value: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, NoAsk> {
    match value.strip_prefix("env:") {
        Some(name) => variable(name).ok_or_else(|| NoAsk::NoVariable(name.to_owned())),
        None => Ok(value.to_owned()),
    }
}

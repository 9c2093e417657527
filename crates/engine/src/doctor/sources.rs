//! Whether the sources of facts answer: read once where nothing has to be filled in, else reached as far as they go.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use lastlook_canon::Json;
use lastlook_kernel::{FactSpec, Scope, Source, Template, ToolName};
use lastlook_upstream::child::can_be_found;
use lastlook_upstream::source::sql::SqlAsk;
use lastlook_upstream::source::{Bounds, SourceError, command, file};

use super::templates::templates_of;
use super::{Finding, some};
use crate::facts::Ask;
use crate::rulebook::{Listed, Rulebook};

/// How long a source that is only reached for may take.
const REACH: Duration = Duration::from_secs(5);
/// The most bytes of one reading, where the operator does not say.
const MOST_BYTES: usize = 256 << 10;

/// Whether each fact can be read, or its source at least be reached; all at once.
///
/// `principal` is who facts would be read for; `tools` those of all upstreams that could be asked, `silent` the others.
pub async fn sources(
    book: &Rulebook,
    principal: &str,
    tools: &[Listed],
    silent: &BTreeSet<String>,
) -> Vec<Finding> {
    let facts = book.facts.values().map(|fact| one(book, principal, fact, tools, silent));
    join_all(facts).await.into_iter().flatten().collect()
}

async fn one(
    book: &Rulebook,
    principal: &str,
    fact: &Arc<FactSpec>,
    tools: &[Listed],
    silent: &BTreeSet<String>,
) -> Vec<Finding> {
    let about = format!("fact `{}`", fact.name);
    if let Some(found) = unlisted(&about, fact, tools, silent) {
        return vec![found];
    }
    let holes: BTreeSet<&str> = templates_of(fact).into_iter().flat_map(Template::holes).collect();
    if let Source::Ledger { tool, .. } = &fact.source {
        return vec![Finding::ok(about, format!("it is read from the record of `{tool}`"))];
    }
    let literal = holes.iter().all(|hole| *hole == "principal");
    let began = Instant::now();
    let found = if literal { read(book, principal, fact).await } else { reach(book, fact).await };
    let took = began.elapsed().as_millis();
    let needs: Vec<&str> = holes.into_iter().filter(|hole| *hole != "principal").collect();
    vec![match found {
        Ok(says) if literal => Finding::ok(about, format!("{says} in {took} ms")),
        Ok(says) => Finding::ok(about, format!("{says}; to be read it needs {}", some(&needs))),
        Err((why, hint)) => Finding::problem(about, why, hint),
    }]
}

fn unlisted(about: &str, fact: &FactSpec, tools: &[Listed], silent: &BTreeSet<String>) -> Option<Finding> {
    let Source::Mcp { tool, .. } = &fact.source else { return None };
    if silent.contains(&tool.upstream) {
        let says = format!("not read: `{}` could not be asked", tool.upstream);
        return Some(Finding::warning(about, says, "see what is said of that upstream above"));
    }
    let is = |listed: &Listed, tool: &ToolName| listed.name == *tool;
    let known = tools.iter().any(|listed| is(listed, tool));
    let hint = "correct the name of the tool";
    (!known)
        .then(|| Finding::problem(about, format!("`{}` lists no tool `{}`", tool.upstream, tool.tool), hint))
}

type Looked = Result<String, (String, String)>;

/// Reads a fact whose templates need no arguments.
async fn read(book: &Rulebook, principal: &str, fact: &FactSpec) -> Looked {
    let nothing = Json::Object(Vec::new());
    let scope = Scope { args: &nothing, principal };
    let hint = |why: &str| match why.contains("variable") {
        true => "set it where the boundary runs".to_owned(),
        false => hint_of(fact),
    };
    let failed = |why: String| (why.clone(), hint(&why));
    let ask = Ask::new(fact, &scope).map_err(|why| failed(format!("it cannot be asked for: {why}")))?;
    let timeout = fact.timeout.unwrap_or(REACH);
    let bounds = Bounds { timeout, max_bytes: fact.max_bytes.unwrap_or(MOST_BYTES) };
    let got = match &ask {
        Ask::Mcp { tool, args } => book.sources.mcp(tool, args, &bounds).await,
        Ask::Http(ask) => match book.sources.http().await {
            Ok(http) => http.get(ask, &bounds).await,
            Err(error) => Err(error),
        },
        Ask::Sql { database, ask } => match book.sources.sql(database) {
            Ok(sql) => sql.read(ask, &bounds).await,
            Err(error) => Err(error),
        },
        Ask::File(path) => file::read(path, &bounds).await,
        Ask::Command(ask) => command::run(book.sources.exe(), ask, &bounds).await,
        Ask::Ledger { .. } => return Ok("it is on record".to_owned()),
    };
    match got {
        Ok(got) => {
            let selected = fact.select.iter().filter(|place| got.value.pointer(place).is_none());
            let lacking: Vec<&str> = selected.map(String::as_str).collect();
            match lacking.is_empty() {
                true => Ok("it was read".to_owned()),
                false => Err((
                    format!("it was read, and does not have {}", some(&lacking)),
                    "correct `select`: what is selected must be there".to_owned(),
                )),
            }
        }
        Err(SourceError::Absent) => Ok("it was read, and there is no such record".to_owned()),
        Err(SourceError::Late) => {
            Err((format!("no answer within {} s", timeout.as_secs_f64()), hint_of(fact)))
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Reaches for the source of a fact that needs arguments, as far as that goes without them.
async fn reach(book: &Rulebook, fact: &FactSpec) -> Looked {
    match &fact.source {
        Source::Mcp { tool, .. } => Ok(format!("`{tool}` is listed")),
        Source::Http { url, headers, private, .. } => {
            unset(headers.values())?;
            host(&text(url), *private).await
        }
        Source::Sql { database, query, params, many, .. } => {
            let bounds = Bounds { timeout: REACH, max_bytes: MOST_BYTES };
            // Nothing stands for every parameter: what is looked for is whether the statement can run at all.
            let params = vec![Json::Null; params.len()];
            let ask = SqlAsk { query: query.clone(), params, many: *many, version: None };
            let answered = match book.sources.sql(database) {
                Ok(sql) => sql.read(&ask, &bounds).await,
                Err(error) => Err(error),
            };
            match answered {
                Ok(_) | Err(SourceError::Absent) => {
                    Ok(format!("database `{database}` answers, and the query runs"))
                }
                Err(error) => Err((
                    format!("database `{database}`, with null for each parameter: {error}"),
                    hint_of(fact),
                )),
            }
        }
        Source::File { path } => {
            let text = text(path);
            let own = text.split("${").next().unwrap_or_default();
            let folder = own.rfind('/').and_then(|at| own.get(..=at)).unwrap_or("/");
            match Path::new(folder).is_dir() {
                true => Ok(format!("folder `{folder}` is there")),
                false => Err((format!("there is no folder `{folder}`"), hint_of(fact))),
            }
        }
        Source::Command { argv, cwd, .. } => {
            let cwd = cwd.as_deref().map(Path::new);
            if let Some(cwd) = cwd.filter(|cwd| !cwd.is_dir()) {
                return Err((format!("there is no folder `{}`", cwd.display()), hint_of(fact)));
            }
            match argv.first().filter(|program| program.is_literal()).map(text) {
                Some(program) if can_be_found(&program, cwd) => Ok(format!("program `{program}` is there")),
                Some(program) => Err((format!("there is no program `{program}`"), hint_of(fact))),
                None => Ok("its program is named by an argument".to_owned()),
            }
        }
        Source::Ledger { .. } => Ok("it is read from the record".to_owned()),
    }
}

/// A header whose variable is not set.
fn unset<'a>(values: impl Iterator<Item = &'a String>) -> Result<(), (String, String)> {
    let names = values.filter_map(|value| value.strip_prefix("env:"));
    let unset: Vec<&str> = names.filter(|name| std::env::var_os(name).is_none()).collect();
    match unset.is_empty() {
        true => Ok(()),
        false => Err((
            format!("a header needs {}, which is not set", some(&unset)),
            "set it where the boundary runs".to_owned(),
        )),
    }
}

/// Resolves the host of an address and connects to it; sends nothing.
async fn host(url: &str, private: bool) -> Looked {
    let hint = "check the host's name and the way to it".to_owned();
    let Some((name, port)) = authority(url) else {
        return Err((format!("`{url}` has no host"), hint));
    };
    let shown = format!("{name}:{port}");
    let failed = |why: String| Err((format!("host `{shown}`: {why}"), hint.clone()));
    let asked = name.clone();
    let look = tokio::task::spawn_blocking(move || -> Result<SocketAddr, String> {
        let found: Vec<SocketAddr> =
            (asked.as_str(), port).to_socket_addrs().map_err(|error| error.to_string())?.collect();
        let mut last = "it has no address".to_owned();
        for address in found {
            match TcpStream::connect_timeout(&address, REACH / 2) {
                Ok(_) => return Ok(address),
                Err(error) => last = error.to_string(),
            }
        }
        Err(last)
    });
    match tokio::time::timeout(REACH, look).await {
        Err(_) => failed(format!("no answer within {} s", REACH.as_secs())),
        Ok(Err(_)) => failed("the look was broken off".to_owned()),
        Ok(Ok(Err(why))) => failed(why),
        Ok(Ok(Ok(address))) if !private && address.ip().is_loopback() => Err((
            format!("host `{shown}` is this machine, and private addresses are refused"),
            "say private = true if it is meant".to_owned(),
        )),
        Ok(Ok(Ok(_))) => Ok(format!("host `{shown}` answers")),
    }
}

/// The host and port of an `http` or `https` URL.
fn authority(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let default = if scheme == "https" { 443 } else { 80 };
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (host, rest) = v6.split_once(']')?;
            (host, rest.strip_prefix(':').map_or(Some(default), |port| port.parse().ok())?)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, default),
        },
    };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

fn text(template: &Template) -> String {
    template.source().as_str().unwrap_or_default().to_owned()
}

fn hint_of(fact: &FactSpec) -> String {
    match &fact.source {
        Source::Mcp { tool, .. } => format!("call `{tool}` by hand, and see what it answers"),
        Source::Http { .. } => "ask the address by hand, and check the headers it needs".to_owned(),
        Source::Sql { database, .. } => {
            format!("check [database.{database}] and the rights of its role; then run the query by hand")
        }
        Source::File { .. } => "check the path, and who may read it".to_owned(),
        Source::Command { .. } => "run it by hand, with nothing but PATH in its environment".to_owned(),
        Source::Ledger { .. } => "see `lastlook log`".to_owned(),
    }
}

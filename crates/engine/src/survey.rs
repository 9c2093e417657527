//! What upstreams offer, asked for an operator: each started once, its tools listed.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::future::join_all;
use lastlook_canon::Json;
use lastlook_kernel::{Class, Definition, ToolName};
use lastlook_upstream::source::{Bounds, SourceError};

use crate::config::{Config, UpstreamRules};
use crate::rulebook::{Listed, Rulebook};

/// A server that was started, and what it lists.
#[derive(Debug, Clone)]
pub struct Surveyed {
    /// Its name and version, as it says.
    pub server: String,
    /// Every tool, as the server wrote it.
    pub tools: Vec<Json>,
    /// How long start and list took, in nanoseconds.
    pub took_ns: u64,
}

/// Starts these upstreams of the rules' configuration, all at once, and lists their tools.
///
/// The servers go on running as long as the rulebook lives: facts are read from the same ones.
pub async fn survey(
    book: &Rulebook,
    upstreams: &[String],
    bounds: &Bounds,
) -> BTreeMap<String, Result<Surveyed, SourceError>> {
    let asked = upstreams.iter().map(|name| async move { (name.clone(), one(book, name, bounds).await) });
    join_all(asked).await.into_iter().collect()
}

async fn one(book: &Rulebook, upstream: &str, bounds: &Bounds) -> Result<Surveyed, SourceError> {
    let began = Instant::now();
    let client = book.sources.client(upstream, bounds).await?;
    let tools = client.tools(bounds).await?;
    let text = |pointer: &str| client.server().pointer(pointer).and_then(Json::as_str).unwrap_or_default();
    let server = format!("{} {}", text("/serverInfo/name"), text("/serverInfo/version")).trim().to_owned();
    Ok(Surveyed { server, tools, took_ns: u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX) })
}

/// The tools of a listing, each once: of a name that comes twice the first counts.
pub fn definitions(tools: &[Json]) -> Vec<(String, Definition)> {
    let mut known: Vec<(String, Definition)> = Vec::with_capacity(tools.len());
    for (name, definition) in tools.iter().filter_map(Definition::from_listed) {
        if known.iter().all(|(other, _)| *other != name) {
            known.push((name, definition));
        }
    }
    known
}

/// The tools of an upstream as rules are checked against them: their classes by this configuration.
pub fn listed(config: &Config, upstream: &str, tools: &[Json]) -> Vec<Listed> {
    let command = config.upstreams.get(upstream).map(|upstream| upstream.command.as_slice());
    let rules = UpstreamRules::new(Some(config), upstream, command.unwrap_or_default());
    let one = |(name, definition): (String, Definition)| {
        let class = class(&rules, &name, &definition);
        Listed::new(ToolName::new(upstream, name), class, definition.input_schema)
    };
    definitions(tools).into_iter().map(one).collect()
}

fn class(rules: &UpstreamRules, name: &str, definition: &Definition) -> Class {
    rules.classify(name, definition.read_only_hint).0
}

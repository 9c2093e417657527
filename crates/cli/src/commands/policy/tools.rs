//! The tools that policies are about: from running servers, or from a file that was written from them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use lastlook_canon::{Json, Limits, lexical, parse};
use lastlook_engine::config::Config;
use lastlook_engine::survey::{listed, survey};
use lastlook_engine::{Listed, Rulebook};
use lastlook_upstream::source::Bounds;

use crate::failure::Failure;
use crate::progress::Progress;

/// The most bytes of a server's answer, or of a file.
const MOST_BYTES: usize = 16 << 20;

/// Tools as their servers list them, by upstream.
#[derive(Debug, Default)]
pub struct Tools(pub BTreeMap<String, Vec<Json>>);

impl Tools {
    /// Starts the upstreams, and asks each for its list.
    pub fn live(
        book: &Rulebook,
        upstreams: &[String],
        patience: Duration,
        quiet: bool,
    ) -> Result<Tools, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let bounds = Bounds { timeout: patience, max_bytes: MOST_BYTES };
        let progress = Progress::on(&format!("starting {}", upstreams.join(", ")), quiet);
        let surveyed = runtime.block_on(survey(book, upstreams, &bounds));
        drop(progress);
        let mut tools = BTreeMap::new();
        for (name, surveyed) in surveyed {
            let surveyed = surveyed.map_err(|why| {
                Failure::unavailable(format!("the upstream `{name}` cannot be asked: {why}"))
                    .hint("see whether its command runs by itself; `lastlook doctor` looks at all of them")
            })?;
            tools.insert(name, surveyed.tools);
        }
        Ok(Tools(tools))
    }

    /// Reads a file that [`Tools::write`] wrote.
    pub fn read(path: &Path) -> Result<Tools, Failure> {
        let shown = path.display();
        let bytes = std::fs::read(path).map_err(|error| {
            Failure::usage(format!("the tools cannot be read from `{shown}`: {error}"))
                .hint("`lastlook policy schema --tools-to FILE` writes it")
        })?;
        let wrong = |why: &str| {
            Failure::usage(format!("`{shown}` is no list of tools: {why}"))
                .hint("`lastlook policy schema --tools-to FILE` writes it")
        };
        let limits = Limits { max_bytes: MOST_BYTES, ..Limits::default() };
        let file = parse(&bytes, &limits).map_err(|error| wrong(&error.to_string()))?;
        let upstreams = file.get("upstreams").and_then(Json::as_object);
        let upstreams = upstreams.ok_or_else(|| wrong("it has no `upstreams`"))?;
        let mut tools = BTreeMap::new();
        for (name, list) in upstreams {
            let list = list.as_array().ok_or_else(|| wrong("an upstream is no array"))?;
            tools.insert(name.clone(), list.to_vec());
        }
        Ok(Tools(tools))
    }

    /// Writes them to a file, one tool a line, so that changes to them can be read.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = |json: &Json| String::from_utf8_lossy(&lexical(json)).into_owned();
        let upstreams = self.0.iter().map(|(name, tools)| {
            let tools: Vec<String> = tools.iter().map(|tool| format!("      {}", text(tool))).collect();
            format!("    {}: [\n{}\n    ]", text(&Json::from(name.as_str())), tools.join(",\n"))
        });
        let upstreams: Vec<String> = upstreams.collect();
        let file = format!("{{\n  \"upstreams\": {{\n{}\n  }}\n}}\n", upstreams.join(",\n"));
        std::fs::write(path, file)
            .map_err(|error| Failure::unavailable(format!("`{}` cannot be written: {error}", path.display())))
    }

    /// As rules are checked against them, with their classes by this configuration.
    pub fn listed(&self, config: &Config) -> Vec<Listed> {
        self.0.iter().flat_map(|(upstream, tools)| listed(config, upstream, tools)).collect()
    }
}

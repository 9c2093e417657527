//! `lastlook policy schema`.

use std::process::ExitCode;

use lastlook_engine::Rulebook;
use lastlook_engine::config::Config;
use serde_json::json;

use super::tools::Tools;
use super::{SchemaArgs, chosen};
use crate::failure::Failure;
use crate::place::Place;
use crate::record::print::print;
use crate::record::text;

pub(super) fn run(
    place: &Place,
    config: &Config,
    book: &Rulebook,
    args: &SchemaArgs,
) -> Result<ExitCode, Failure> {
    let upstreams = chosen(config, &args.upstream)?;
    let tools = Tools::live(book, &upstreams, args.patience.limit(), place.json)?;
    let listed = tools.listed(config);
    let schema = book.schema(&listed).map_err(|why| {
        Failure::usage(format!("there is no schema for these tools: {why}"))
            .hint("principals, groups and resources are entities such as User::\"ada\"")
    })?;
    if let Some(path) = &args.tools_to {
        tools.write(path)?;
    }
    print(&match place.json {
        true => {
            let names: Vec<String> = listed.iter().map(|tool| tool.name.to_string()).collect();
            text::json(&json!({"tools": names, "schema": schema}))?
        }
        false => schema,
    })?;
    Ok(ExitCode::SUCCESS)
}

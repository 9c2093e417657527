//! `lastlook config check`

use std::process::ExitCode;

use lastlook_engine::config::{Config, ConfigError};
use serde_json::{Value, json};

use crate::failure::{Failure, USAGE};
use crate::place::Place;
use crate::record::print::print;
use crate::record::text;

pub(super) fn run(place: &Place) -> Result<ExitCode, Failure> {
    let checked = match Config::find(place.config.as_deref()) {
        Ok(None) => return Err(super::none()),
        Ok(Some(config)) => config.read_policies().map(|policies| {
            let policies = policies.map_or(0, |read| read.policies.len());
            (config, policies)
        }),
        Err(error) => Err(error),
    };
    match checked {
        Ok((config, policies)) => {
            let line = match place.json {
                true => text::json(&json!({"ok": true, "file": config.path, "problems": []}))?,
                false => summary(&config, policies),
            };
            print(&line)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if place.json => {
            print(&text::json(
                &json!({"ok": false, "file": file_of(&error), "problems": problems(&error)}),
            )?)?;
            Ok(ExitCode::from(USAGE))
        }
        Err(error) => Err(Failure::config(error)),
    }
}

fn summary(config: &Config, policies: usize) -> String {
    let counts = [
        (config.upstreams.len(), "upstream", "upstreams"),
        (config.tools.len(), "tool", "tools"),
        (config.databases.len(), "database", "databases"),
        (config.facts.len(), "fact", "facts"),
        (config.procedures.len(), "procedure", "procedures"),
        (config.guards.len(), "guard", "guards"),
        (policies, "policy", "policies"),
    ];
    let counts = counts.iter().filter(|(count, ..)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect();
    let what = if counts.is_empty() { "nothing but defaults".to_owned() } else { counts.join(", ") };
    format!("{}: no mistakes; {what}\n", text::clean(&config.path.display().to_string()))
}

fn file_of(error: &ConfigError) -> Option<&str> {
    match error {
        ConfigError::Invalid(invalid) => Some(invalid.name()),
        _ => None,
    }
}

fn problems(error: &ConfigError) -> Vec<Value> {
    let ConfigError::Invalid(invalid) = error else {
        let help = miette::Diagnostic::help(error).map(|help| help.to_string());
        return vec![json!({"line": null, "column": null, "message": error.to_string(), "help": help})];
    };
    let each = invalid.problems().iter().map(|problem| {
        let (line, column) = invalid.position(problem);
        json!({"line": line, "column": column, "message": problem.message, "help": problem.help})
    });
    each.collect()
}

#[cfg(test)]
mod tests;

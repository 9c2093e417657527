//! `lastlook policy check`.

use std::process::ExitCode;

use lastlook_canon::Json;
use lastlook_engine::Rulebook;
use lastlook_engine::config::Config;
use lastlook_kernel::PolicyProblem;
use serde_json::{Value, json};

use super::tools::Tools;
use super::{CheckArgs, chosen};
use crate::failure::{Failure, REFUSED};
use crate::place::Place;
use crate::record::print::print;
use crate::record::text::{self, clean};

pub(super) fn run(
    place: &Place,
    config: &Config,
    book: &Rulebook,
    args: &CheckArgs,
) -> Result<ExitCode, Failure> {
    let Some(files) = &config.policy else {
        return Err(Failure::usage(format!("`{}` names no policies", config.path.display()))
            .hint("name them: [policy] file = \"policy.cedar\""));
    };
    let tools = match &args.tools {
        Some(path) => Tools::read(path)?,
        None => {
            let upstreams = chosen(config, &args.upstream)?;
            Tools::live(book, &upstreams, args.patience.limit(), place.json)?
        }
    };
    let problems = problems(config, book, &tools);
    let file = files.file.display().to_string();
    if place.json {
        let found: Vec<Value> = problems
            .iter()
            .flat_map(|(upstream, problems)| problems.iter().map(move |problem| (upstream, problem)))
            .map(|(upstream, problem)| {
                json!({"upstream": upstream, "file": problem.file, "at": problem.at, "message": problem.message, "help": problem.help})
            })
            .collect();
        print(&text::json(&json!({"ok": found.is_empty(), "file": file, "problems": found}))?)?;
    } else if problems.is_empty() {
        let listed = tools.listed(config).len();
        print(&format!("{}: the policies fit all {listed} tools\n", clean(&file)))?;
    } else {
        for (upstream, problems) in &problems {
            eprintln!("for the tools of `{}`:", clean(upstream));
            show(config, problems)?;
        }
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

/// What is wrong, for the boundary of each upstream: it knows the tools of its own server alone.
fn problems(config: &Config, book: &Rulebook, tools: &Tools) -> Vec<(String, Vec<PolicyProblem>)> {
    let one = |(upstream, list): (&String, &Vec<Json>)| {
        let own = Tools([(upstream.clone(), list.clone())].into());
        Some((upstream.clone(), book.authority(&own.listed(config)).err()?))
    };
    tools.0.iter().filter_map(one).collect()
}

/// In their files, with lines; what stands in none, one line each.
fn show(config: &Config, problems: &[PolicyProblem]) -> Result<(), Failure> {
    let mut files: Vec<&str> = problems.iter().map(|problem| problem.file.as_str()).collect();
    files.dedup();
    for file in files {
        let own: Vec<PolicyProblem> =
            problems.iter().filter(|problem| problem.file == file).cloned().collect();
        if own.iter().any(|problem| problem.at.is_some()) {
            let shown = config.show_policy_problems(&own).map_err(Failure::config)?;
            eprintln!("{:?}", miette::Report::new(shown));
            continue;
        }
        for problem in own {
            eprintln!("error: {}: {}", clean(&problem.file), clean(&problem.message));
            if let Some(help) = &problem.help {
                eprintln!("hint: {}", clean(help));
            }
        }
    }
    Ok(())
}

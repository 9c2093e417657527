//! A load generator for MCP servers on standard input and output.
//!
//! It starts the given command, opens a session, keeps a number of calls in flight for a time or a count, and prints one JSON object:
//! latencies, calls per second, and how much memory the started process keeps.

mod drive;
mod memory;
mod peer;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde::Serialize;

use drive::{Driven, Plan};
use memory::resident_kb;
use peer::Peer;

/// Call a tool of an MCP server, many times, and say how long it took.
#[derive(Parser)]
#[command(name = "load")]
struct Args {
    /// The tool to call
    #[arg(long, default_value = "look")]
    tool: String,
    /// Call `look` with the same id first, so that every call of the tool touches a reading
    #[arg(long)]
    touched: bool,
    /// How many calls are in flight
    #[arg(long, default_value_t = 1)]
    in_flight: usize,
    /// Stop after this many calls
    #[arg(long, value_name = "N", required_unless_present = "for_ms")]
    calls: Option<u64>,
    /// Stop after this many milliseconds
    #[arg(long, value_name = "N")]
    for_ms: Option<u64>,
    /// Calls before measuring begins
    #[arg(long, default_value_t = 200)]
    warm_up: u64,
    /// The arguments of a call; `{n}` becomes the call's number
    #[arg(long, default_value = r#"{"id":"item-{n}"}"#)]
    arguments: String,
    /// Use the numbers below N again and again; 0 uses each once
    #[arg(long, value_name = "N", default_value_t = 0)]
    among: u64,
    /// The server's command
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// What is printed. Latencies are of the tool alone, not of the `look` before it.
#[derive(Serialize)]
struct Report {
    calls: u64,
    errors: u64,
    first_error: Option<String>,
    p50_ns: u64,
    p90_ns: u64,
    p99_ns: u64,
    per_second: f64,
    rss_kb_start: u64,
    rss_kb_half: u64,
    rss_kb_end: u64,
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> anyhow::Result<String> {
    let mut peer = Peer::start(&args.command)?;
    let plan = Plan {
        tool: args.tool,
        touched: args.touched,
        in_flight: args.in_flight,
        calls: args.calls,
        time: args.for_ms.map(Duration::from_millis),
        warm_up: args.warm_up,
        arguments: args.arguments,
        among: args.among,
    };
    let driven = drive::drive(&mut peer, &plan)?;
    let rss_kb_end = resident_kb(peer.pid());
    Ok(serde_json::to_string(&report(driven, rss_kb_end))?)
}

fn report(mut driven: Driven, rss_kb_end: u64) -> Report {
    driven.latencies_ns.sort_unstable();
    let calls = driven.latencies_ns.len();
    let at = |share: usize| driven.latencies_ns.get(calls * share / 100).copied().unwrap_or_default();
    Report {
        calls: calls as u64,
        errors: driven.errors,
        p50_ns: at(50),
        p90_ns: at(90),
        p99_ns: at(99),
        per_second: calls as f64 / driven.elapsed.as_secs_f64(),
        first_error: driven.first_error,
        rss_kb_start: driven.rss_kb_start,
        rss_kb_half: driven.rss_kb_half,
        rss_kb_end,
    }
}

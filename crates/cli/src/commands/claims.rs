//! `lastlook claims`: whether what an agent says it did is on record, and still stands.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use lastlook_canon::{Json, Limits, parse};
use lastlook_engine::claims::{Claimed, Finding, Report, check, procedure};
use lastlook_engine::clock;

use crate::failure::{Failure, REFUSED};
use crate::place::Place;
use crate::record::print::print;
use crate::record::text::{clean, json};

/// The longest report, in bytes.
const LONGEST: u64 = 1 << 20;

/// Check what an agent says it did against the record
///
/// The record knows what ran, how it ended and whether its effect was seen; an agent's word weighs nothing. Each claim is
/// confirmed, contradicted, unconfirmed, missing, or outdated (it happened, and its subject changed since, or may have).
#[derive(Debug, clap::Args)]
pub struct ClaimsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(CheckArgs),
    Procedure(ProcedureArgs),
}

/// Check every claim of a report
///
/// The report is JSON: {"claims": [{"tool": "shop.refund", "args": {"order_id": "42"}}, {"procedure": "release",
/// "subject": {"version": "1.4"}}]}. A claim names as many arguments as it likes; the call may have had others. Exits with
/// 1 unless every claim is confirmed.
#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// The report, `-` for standard input
    report: PathBuf,
    /// The upstream of tools that are named without one
    #[arg(long, value_name = "NAME")]
    upstream: Option<String>,
    /// Nothing older than this counts: 90s, 15m, 8h, 7d
    #[arg(long, value_name = "AGE")]
    within: Option<String>,
}

/// Say which steps of a procedure are proven about a subject, and which are missing
///
/// Exits with 1 unless all are.
#[derive(Debug, clap::Args)]
struct ProcedureArgs {
    /// The procedure's name, as in `[procedure.NAME]`
    name: String,
    /// What it is about, as its steps' `where` names it: `id=o-1`, `order_id=42`, `args={"a":1}`; text that looks like a
    /// number is quoted: `'version="1.4"'`
    #[arg(long, value_name = "NAME=VALUE")]
    subject: Vec<String>,
}

/// Checks claims.
pub fn run(place: &Place, args: &ClaimsArgs) -> Result<ExitCode, Failure> {
    let config = place.load_config()?;
    let store = place.existing_state()?.reader()?;
    let now_ns = clock::unix_ns();
    let claims = match &args.command {
        Command::Check(args) => {
            let report = Report::read(&report(&args.report)?, args.upstream.as_deref()).map_err(|error| {
                Failure::usage(error.to_string()).hint("see `lastlook claims check --help`")
            })?;
            let since_ns = args.within.as_deref().map(|age| since(age, now_ns)).transpose()?;
            let checked = check(&store, config.as_ref(), &report, since_ns, now_ns)?;
            if place.json {
                print(&json(&checked.to_json())?)?;
            }
            checked.claims
        }
        Command::Procedure(args) => {
            let subject = subject(&args.subject)?;
            if !config.as_ref().is_some_and(|config| config.procedures.contains_key(&args.name)) {
                let known: Vec<&str> =
                    config.iter().flat_map(|config| config.procedures.keys()).map(String::as_str).collect();
                return Err(Failure::usage(format!("no procedure `{}` is configured", args.name)).hint(
                    match known.is_empty() {
                        true => "declare it: [procedure.NAME] with its steps".to_owned(),
                        false => format!("configured: {}", known.join(", ")),
                    },
                ));
            }
            let claimed = procedure(&store, config.as_ref(), &args.name, &subject, now_ns)?;
            let checked = lastlook_engine::claims::Checked { claims: vec![claimed] };
            if place.json {
                print(&json(&checked.to_json())?)?;
            }
            checked.claims
        }
    };
    if !place.json {
        print(&claims.iter().map(line).collect::<String>())?;
    }
    let all = claims.iter().all(|claimed| claimed.finding == Finding::Confirmed);
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

fn line(claimed: &Claimed) -> String {
    let mut line = format!(
        "{:<13}{}\n             {}",
        claimed.finding.as_str(),
        clean(&claimed.claim.to_string()),
        claimed.says
    );
    if !claimed.receipts.is_empty() {
        line.push_str(&format!(" ({})", claimed.receipts.join(", ")));
    }
    for lacking in &claimed.lacking {
        line.push_str(&format!("\n             - {}: {}", clean(&lacking.step), clean(&lacking.why)));
    }
    line.push('\n');
    line
}

fn report(path: &PathBuf) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::usage(format!("the report `{}` cannot be read: {error}", path.display()))
            .hint("give the file's path, or `-` for standard input")
    };
    let mut bytes = Vec::new();
    let from: Box<dyn std::io::Read> = match path.as_os_str() == "-" {
        true => Box::new(std::io::stdin()),
        false => Box::new(std::fs::File::open(path).map_err(unreadable)?),
    };
    from.take(LONGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::usage(format!("the report is longer than {LONGEST} bytes")).hint("split it"));
    }
    Ok(bytes)
}

/// `NAME=VALUE`s as an object: a value is JSON when it reads as such and is no bare word, else text.
fn subject(words: &[String]) -> Result<Json, Failure> {
    let mut members: Vec<(String, Json)> = Vec::with_capacity(words.len());
    for word in words {
        let Some((name, value)) = word.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Failure::usage(format!("`{word}` is not NAME=VALUE")).hint(
                "for example `--subject order_id=42`; quote text that looks like a number: 'id=\"42\"'",
            ));
        };
        let value = parse(value.as_bytes(), &Limits::default()).unwrap_or_else(|_| Json::from(value));
        if members.iter().any(|(known, _)| known == name) {
            return Err(Failure::usage(format!("`{name}` is given twice")).hint("give each name once"));
        }
        members.push((name.to_owned(), value));
    }
    Ok(Json::Object(members))
}

/// The instant `age` ago.
fn since(age: &str, now_ns: i64) -> Result<i64, Failure> {
    let wrong = || {
        Failure::usage(format!("`{age}` is not an age"))
            .hint("write a whole number and a unit: 90s, 15m, 8h, 7d")
    };
    let at = age.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (digits, unit) = age.split_at_checked(at).ok_or_else(wrong)?;
    let number: i64 = digits.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let ns = number
        .checked_mul(seconds)
        .and_then(|seconds| seconds.checked_mul(1_000_000_000))
        .ok_or_else(wrong)?;
    Ok(now_ns.saturating_sub(ns))
}

//! `lastlook grant`: permission in advance, in one's own name.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use lastlook_canon::Digest;
use lastlook_engine::Rulebook;
use lastlook_engine::approvers;
use lastlook_engine::config::Config;
use lastlook_engine::grants::{self, GrantError, Wanted};
use lastlook_engine::survey::definitions;
use lastlook_kernel::{Amount, ToolName};
use lastlook_store::SqliteStore;
use serde_json::json;

use super::sheet::sheet;
use crate::commands::check::tool_named;
use crate::commands::halts::given_reason;
use crate::commands::policy::tools::Tools;
use crate::credentials::{self, Given};
use crate::failure::Failure;
use crate::place::Place;
use crate::record::print::print;
use crate::record::text;

/// Give permission in advance, in your own name, so that you need not be asked each time
///
/// A grant stands for your yes to the actions in its scope, and for nothing else: the guard that would ask you still has to
/// hold in full when each of them runs. You are shown all of it before your passphrase is asked for. It ends by itself, is
/// taken back with `lastlook revoke`, and counts no more when the tool or a guard on it changes, or a halt is lifted. The
/// upstream is started to list its tools.
#[derive(Debug, clap::Args)]
pub struct GrantArgs {
    /// The tool, as the configuration names it: `shop.refund`
    #[arg(long, value_name = "UPSTREAM.TOOL")]
    tool: String,
    /// Who may act on it: exactly this principal, a Cedar entity such as `User::"agent"`
    #[arg(long, value_name = "PRINCIPAL")]
    to: String,
    /// Only for clients that call themselves so
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// Only for this resource of the guard, a Cedar entity; may be given several times
    #[arg(long, value_name = "ENTITY")]
    resource: Vec<String>,
    /// Only while this condition holds, over `args`, the facts of the guard as they are `now`, and `resource`
    #[arg(long, value_name = "CONDITION")]
    when: Option<String>,
    /// For so many actions
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    uses: Option<u64>,
    /// For no more than this in all: an argument that is summed up, as in `args.amount_cents=100000`
    #[arg(long, value_name = "args.PATH=MAX")]
    limit: Option<String>,
    /// How long it lasts, at most `30d`
    #[arg(long, value_name = "DURATION")]
    expires: String,
    /// Why; it stands in the record and in every receipt
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who you are: the name you have among `lastlook approvers`
    #[arg(long = "as", value_name = "NAME")]
    name: String,
    /// Your key [default: lastlook/approvers/NAME.pem in your configuration folder]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A file whose first line is the passphrase, where there is no terminal to ask at
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// How many seconds the server may take to start, and for its list of tools
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

/// Gives one.
pub fn run(place: &Place, args: &GrantArgs) -> Result<ExitCode, Failure> {
    let Some(config) = place.load_config()? else {
        return Err(Failure::usage("there is no configuration file, so no guard that asks anybody")
            .hint("name it with `--config FILE`"));
    };
    let tool = tool_named(&args.tool, &config)?;
    let reason = given_reason(&args.reason)?.to_owned();
    let limit = args.limit.as_deref().map(limit).transpose()?;
    let lasts = grants::duration(&args.expires).ok_or_else(|| {
        Failure::usage(format!("`{}` is not a duration", args.expires.escape_debug()))
            .hint("a whole number and a unit: 30m, 8h, 5d; at most 30d")
    })?;
    let state = place.existing_state()?;
    let store = SqliteStore::open(&state, state.writer()?, None)?;
    let registry = approvers::load(&store).map_err(GrantError::from)?;
    let mut wanted = Wanted {
        approver: args.name.clone(),
        principal: args.to.clone(),
        agent: args.agent.clone(),
        tool: tool.clone(),
        // Of no tool: the server is started only once everything else is in order.
        definition: Digest::of("lastlook/no-definition", &[]),
        resources: args.resource.clone(),
        when: args.when.clone(),
        uses: args.uses,
        limit,
        lasts_ns: i64::try_from(lasts.as_nanos()).unwrap_or(i64::MAX),
        reason,
    };
    grants::statement(&store, &registry, &config, wanted.clone())?;
    wanted.definition = definition(&config, &tool, Duration::from_secs(args.timeout), place.json)?;
    let grant = grants::statement(&store, &registry, &config, wanted)?;
    let given = Given { key: args.key.as_deref(), passphrase: args.passphrase_file.as_deref() };
    // To whoever types the passphrase, whatever becomes of standard output.
    eprint!("you sign this grant:\n\n{}\n", sheet(&grant));
    let (_, key) = credentials::unlock(&registry, &args.name, given)?;
    let signed = grant.sign(&key).map_err(GrantError::from)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let row = runtime.block_on(grants::give(&store, &signed))?;
    let said = signed.claimed();
    print(&match place.json {
        true => text::json(&json!({"grant": row.id, "by": said.approver, "expires": said.expires}))?,
        false => format!(
            "`{}` is given, until {}; `lastlook revoke {0}` takes it back\n",
            row.id,
            text::local_time(&said.expires)
        ),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The digest of the tool's definition, as its server lists it now.
fn definition(config: &Config, tool: &ToolName, patience: Duration, quiet: bool) -> Result<Digest, Failure> {
    let book = Rulebook::new(Some(config), &std::env::current_exe()?).map_err(Failure::config)?;
    let tools = Tools::live(&book, std::slice::from_ref(&tool.upstream), patience, quiet)?;
    let listed = tools.0.get(&tool.upstream).map(|tools| definitions(tools)).unwrap_or_default();
    let found = listed.into_iter().find(|(name, _)| *name == tool.tool);
    found.map(|(_, definition)| definition.digest).ok_or_else(|| {
        Failure::usage(format!("the server of `{}` lists no tool `{}`", tool.upstream, tool.tool))
            .hint("`lastlook policy schema` shows what it lists")
    })
}

/// `args.amount_cents=100000` as a JSON Pointer and an amount.
fn limit(text: &str) -> Result<(String, String), Failure> {
    let wrong = || {
        Failure::usage(format!("`--limit {}` is not args.PATH=MAX", text.escape_debug())).hint(
            "name the argument that is summed up, and the most it may come to: args.amount_cents=100000",
        )
    };
    let (path, max) = text.rsplit_once('=').ok_or_else(wrong)?;
    let path = path
        .trim()
        .strip_prefix("args.")
        .filter(|path| !path.split('.').any(str::is_empty))
        .ok_or_else(wrong)?;
    let max: Amount = max.trim().parse().map_err(|_| wrong())?;
    let step = |step: &str| format!("/{}", step.replace('~', "~0").replace('/', "~1"));
    Ok((path.split('.').map(step).collect(), max.to_string()))
}

#[cfg(test)]
mod tests {
    use super::limit;

    #[test]
    fn a_limit_is_a_path_below_the_arguments_and_an_amount() {
        let read = |text| limit(text).ok();
        let is = |path: &str, max: &str| Some((path.to_owned(), max.to_owned()));
        assert_eq!(read("args.amount_cents=100000"), is("/amount_cents", "100000"));
        assert_eq!(read("args.order.total = 12.50"), is("/order/total", "12.5"));
        assert_eq!(read("args.a/b=1"), is("/a~1b", "1"));
        for bad in ["amount=1", "args.=1", "args.a..b=1", "args.a", "args.a=-1", "args.a=1e3", "args.a=", ""]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}

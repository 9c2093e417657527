//! `lastlook config show`

use std::process::ExitCode;

use lastlook_engine::config::{Config, Origin, Setting};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::place::{Place, os_user};
use crate::record::print::print;
use crate::record::text;

#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// Every setting that holds: what profiles say, and defaults, as well
    #[arg(long)]
    effective: bool,
}

pub(super) fn run(place: &Place, args: &ShowArgs) -> Result<ExitCode, Failure> {
    let config = match (place.load_config()?, args.effective) {
        (Some(config), _) => config,
        // Without a file, defaults are all there is.
        (None, true) => {
            return print_all(
                place,
                &Config::parse("", "no file").map_err(Failure::config)?.effective(&os_user()),
                None,
            );
        }
        (None, false) => return Err(super::none()),
    };
    let settings = if args.effective { config.effective(&os_user()) } else { config.written() };
    print_all(place, &settings, Some(&config))
}

fn print_all(place: &Place, settings: &[Setting], config: Option<&Config>) -> Result<ExitCode, Failure> {
    let path = config.map(|config| config.path.display().to_string());
    let text = match place.json {
        true => {
            let rows: Vec<Value> = settings.iter().map(|setting| row(setting, path.as_deref())).collect();
            text::json(&rows)?
        }
        false => table(settings, config),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn row(setting: &Setting, path: Option<&str>) -> Value {
    let (kind, file, line, profile) = match setting.origin {
        Origin::File { line } => ("file", path, Some(line), None),
        Origin::Profile(name) => ("profile", None, None, Some(name)),
        Origin::Default => ("default", None, None, None),
    };
    json!({
        "name": setting.name.to_string(),
        "value": setting.value,
        "origin": kind,
        "file": file,
        "line": line,
        "profile": profile,
    })
}

/// One line a setting: where it comes from, then what it says, as TOML would have it.
fn table(settings: &[Setting], config: Option<&Config>) -> String {
    let file =
        config.and_then(|config| config.path.file_name()).map(|name| name.to_string_lossy().into_owned());
    let origin = |setting: &Setting| match setting.origin {
        Origin::File { line } => format!("{}:{line}", text::clean(file.as_deref().unwrap_or("file"))),
        Origin::Profile(name) => format!("profile {name}"),
        Origin::Default => "default".to_owned(),
    };
    let width = settings.iter().map(|setting| origin(setting).chars().count()).max().unwrap_or_default();
    let mut table = String::new();
    if let Some(config) = config {
        table.push_str(&format!("# {}\n", text::clean(&config.path.display().to_string())));
    }
    for setting in settings {
        let line = text::clean(&format!("{} = {}", setting.name, toml(&setting.value)));
        table.push_str(&format!("{:width$}  {line}\n", origin(setting)));
    }
    table
}

/// A value as one would write it in the file.
fn toml(value: &Value) -> String {
    match value {
        // What holds double quotes reads better in single ones, which nothing can be escaped in.
        Value::String(text)
            if text.contains('"') && !text.contains(|c: char| c == '\'' || c.is_control()) =>
        {
            format!("'{text}'")
        }
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let each = members.iter().map(|(key, value)| format!("{} = {}", json!(key), toml(value)));
            format!("{{ {} }}", each.collect::<Vec<_>>().join(", "))
        }
        // TOML has no word for it.
        Value::Null => "(left out)".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests;
